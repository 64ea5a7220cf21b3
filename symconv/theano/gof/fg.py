"""``theano.gof.fg``: graphs of functions and their errors; imports symconv's graph."""

from symconv.errors import ArgumentError, MissingInputError
from symconv.graph.function_graph import FunctionGraph
from symconv.theano._names import refuses


class InconsistencyError(ArgumentError):
    """A graph that does not hang together; symconv checks each when it is made."""


class CachedConstantError(InconsistencyError):
    """A constant that is in another graph; here constants are shared."""


__getattr__ = refuses("theano.gof.fg", globals())

__all__ = ["CachedConstantError", "FunctionGraph", "InconsistencyError", "MissingInputError"]
