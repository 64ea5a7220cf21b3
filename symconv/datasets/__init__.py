"""Images to learn from: the digits that come with symconv, and MNIST for who has it; imports its modules."""

from symconv.datasets.digits import digits
from symconv.datasets.images import Images, Split, enlarge
from symconv.datasets.mnist import mnist, read_idx, read_mnist_pickle, write_mnist_pickle

__all__ = [
    "Images", "Split", "digits", "enlarge", "mnist", "read_idx", "read_mnist_pickle", "write_mnist_pickle",
]  # fmt: skip
