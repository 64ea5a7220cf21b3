"""``theano.scalar``: what dtype holds several; imports symconv."""

from symconv.theano._names import refuses
from symconv.theano._variables import upcast

__getattr__ = refuses("theano.scalar", globals())

__all__ = ["upcast"]
