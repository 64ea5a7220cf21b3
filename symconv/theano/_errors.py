"""Errors of Theano's kinds that symconv itself has no use for; imports symconv's errors."""

from symconv.errors import DTypeError, SymconvError


class UnsupportedError(SymconvError, NotImplementedError):
    """What Theano refused with ``NotImplementedError``."""


class AssertedError(SymconvError, AssertionError):
    """What Theano refused with ``assert``: an argument, or a value when it is computed."""


class LabelsError(DTypeError, ValueError):
    """Labels that are no integers: a ``ValueError`` or ``TypeError`` of Theano's, by function."""
