"""``theano.tensor.signal``: pooling, and convolution of single images; imports its modules."""

from symconv.theano._names import refuses
from symconv.theano.tensor.signal import conv, downsample, pool

__getattr__ = refuses("theano.tensor.signal", globals())

__all__ = ["conv", "downsample", "pool"]
