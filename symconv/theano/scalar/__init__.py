"""``theano.scalar``: functions of single numbers, which are those of tensors here; imports ``basic``."""

from symconv.theano._names import refuses
from symconv.theano.scalar import basic
from symconv.theano.scalar.basic import *  # noqa: F403

__getattr__ = refuses("theano.scalar", globals())

__all__ = [*basic.__all__, "basic"]
