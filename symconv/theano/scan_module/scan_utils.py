"""``theano.scan_module.scan_utils``: whether expressions are the same; imports ``theano.gof``."""

from symconv.theano._names import refuses
from symconv.theano.gof.graph import equal_computations

__getattr__ = refuses("theano.scan_module.scan_utils", globals())

__all__ = ["equal_computations"]
