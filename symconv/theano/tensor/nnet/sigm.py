"""``theano.tensor.nnet.sigm``: sigmoids and what replaces them; imports symconv."""

from symconv.theano._names import refuses
from symconv.theano.tensor import elemwise

sigmoid, softplus = elemwise.sigmoid, elemwise.softplus
sigmoid_inplace, scalar_sigmoid = sigmoid, sigmoid  # the compiler decides what is done in place
ultra_fast_sigmoid, hard_sigmoid = elemwise.ultra_fast_sigmoid, elemwise.hard_sigmoid

__getattr__ = refuses("theano.tensor.nnet.sigm", globals())

__all__ = [
    "hard_sigmoid", "scalar_sigmoid", "sigmoid", "sigmoid_inplace", "softplus", "ultra_fast_sigmoid",
]  # fmt: skip
