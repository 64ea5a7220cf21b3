"""``theano.tensor.signal.downsample``: what pooling was called before Theano 0.8; imports the newer names."""

from symconv.theano._names import refuses
from symconv.theano.tensor.signal.pool import max_pool_2d_same_size
from symconv.theano.tensor.signal.pool import pool_2d as max_pool_2d

__getattr__ = refuses("theano.tensor.signal.downsample", globals())

__all__ = ["max_pool_2d", "max_pool_2d_same_size"]
