"""``theano.gof``: graphs and their nodes; imports symconv."""

from symconv.errors import MissingInputError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op
from symconv.theano._names import refuses
from symconv.theano.gof import graph

__getattr__ = refuses("theano.gof", globals())

__all__ = ["Apply", "Constant", "FunctionGraph", "MissingInputError", "Op", "Variable", "graph"]
