"""Errors of Theano's kinds that symconv itself has no use for; imports symconv's errors."""

from symconv.errors import ShapeError, SymconvError


class UnsupportedError(SymconvError, NotImplementedError):
    """What Theano refused with ``NotImplementedError``."""


class AssertedError(SymconvError, AssertionError):
    """What Theano refused with ``assert``: an argument, or a value when it is computed."""


class CoverError(ShapeError, TypeError):
    """Neighbourhoods that do not fill an image, where Theano raised ``TypeError``."""
