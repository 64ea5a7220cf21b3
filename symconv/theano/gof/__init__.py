"""``theano.gof``: graphs and their nodes, and ops of a program's own; imports symconv."""

from symconv.errors import MissingInputError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Constant, Variable
from symconv.graph.types import TensorType as Type
from symconv.theano._names import refuses
from symconv.theano.gof import graph, null_type, op
from symconv.theano.gof.null_type import NullType
from symconv.theano.gof.op import Apply, MethodNotDefined, Op, PureOp

__getattr__ = refuses("theano.gof", globals())

__all__ = [
    "Apply", "Constant", "FunctionGraph", "MethodNotDefined", "MissingInputError", "NullType", "Op", "PureOp",
    "Type", "Variable", "graph", "null_type", "op",
]  # fmt: skip
