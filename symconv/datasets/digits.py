"""The 1,797 handwritten digits that come with symconv; imports the images.

Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, 1998, CC BY 4.0: see
``symconv/data/README.md``.
"""

from importlib.resources import files

import numpy as np

from symconv.datasets.images import Images, Split, enlarge
from symconv.errors import OptionError

COUNT, SIDE, MOST_INK = 1797, 8, 16


def digits(
    size: int = 8, *, seed: int = 0, dtype: str = "float32", shares: tuple[int, int] = (1297, 250)
) -> Split:
    """Handwritten digits, split at random but always alike.

    Parameters
    ----------
    size : int
        8, as they are, or larger: 28 is the size that the chapters expect.
    seed : int
        Another split for each; each class has nearly its share in each part.
    dtype : {"float32", "float64"}
        dtype of the images.
    shares : (int, int)
        How many to train and to validate with; the rest, 250 by default, is the test set.

    Returns
    -------
    Split
        Images [n, size, size] from 0 to 1, labels int64 from 0 to 9.

    Raises
    ------
    OptionError
        For a size below 8, another dtype, or shares that leave a part without images.

    Notes
    -----
    Optical Recognition of Handwritten Digits, by E. Alpaydin and C. Kaynak (1998), UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49, licensed CC BY 4.0. All writers are in all three parts.

    Examples
    --------
    >>> data = digits()
    >>> data.train.images.shape, len(data.valid.labels), len(data.test.labels)
    ((1297, 8, 8), 250, 250)
    """
    if size < SIDE or dtype not in ("float32", "float64"):
        raise OptionError(
            f"there are no digits of {size} x {size} pixels in {dtype}",
            hint=f"the size is at least {SIDE}, the dtype float32 or float64",
        )
    train, valid = shares
    if train < 1 or valid < 1 or train + valid >= COUNT:
        raise OptionError(
            f"{train} and {valid} of {COUNT} digits leave {COUNT - train - valid} for the test",
            hint="each part needs one at least",
        )
    with files("symconv").joinpath("data/digits.npz").open("rb") as file, np.load(file) as arrays:
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    order = _evenly(labels, seed)
    pictures = (images[order] / MOST_INK).astype(dtype)
    labels = labels[order]
    if size != SIDE:
        pictures = enlarge(pictures, size)
    parts = [slice(0, train), slice(train, train + valid), slice(train + valid, None)]
    return Split(*(Images(pictures[part], labels[part]) for part in parts))


def _evenly(labels: "np.typing.NDArray[np.int64]", seed: int) -> "np.typing.NDArray[np.int64]":
    """A random order in which any stretch has nearly its share of each class."""
    random = np.random.RandomState(seed)  # its numbers never change, unlike those of newer generators
    place = np.empty(len(labels))
    for label in range(10):
        those = np.flatnonzero(labels == label)
        ranks = random.permutation(len(those))
        place[those] = (ranks + random.random_sample(len(those))) / len(those)
    return np.argsort(place, kind="stable")
