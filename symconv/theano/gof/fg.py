"""``theano.gof.fg``: graphs of functions and their errors; imports symconv's graph."""

from collections.abc import Sequence
from typing import Any

from symconv.errors import ArgumentError, MissingInputError
from symconv.graph.function_graph import FunctionGraph as CoreGraph
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._stand_in import stand_in


def _graph(
    inputs: Sequence[Variable],
    outputs: Sequence[Variable],
    features: Any = None,
    clone: bool = True,
    update_mapping: Any = None,
) -> CoreGraph:
    """A graph of inputs and outputs, which nothing changes: it needs no clone, and no feature watches."""
    return CoreGraph(tuple(inputs), tuple(outputs))


FunctionGraph = stand_in("FunctionGraph", CoreGraph, _graph)


class InconsistencyError(ArgumentError):
    """A graph that does not hang together; symconv checks each when it is made."""


class CachedConstantError(InconsistencyError):
    """A constant that is in another graph; here constants are shared."""


__getattr__ = refuses("theano.gof.fg", globals())

__all__ = ["CachedConstantError", "FunctionGraph", "InconsistencyError", "MissingInputError"]
