"""``theano.tensor.signal``: pooling; imports its modules."""

from symconv.theano._names import refuses
from symconv.theano.tensor.signal import downsample, pool

__getattr__ = refuses("theano.tensor.signal", globals())

__all__ = ["downsample", "pool"]
