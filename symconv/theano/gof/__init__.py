"""``theano.gof``: graphs and their nodes, and ops of a program's own; imports symconv."""

from symconv.errors import MissingInputError
from symconv.graph.container import Container
from symconv.graph.nodes import Constant, Variable
from symconv.graph.types import TensorType as Type
from symconv.theano._names import refuses
from symconv.theano.gof import fg, graph, null_type, op, opt, type, utils
from symconv.theano.gof.fg import CachedConstantError, FunctionGraph, InconsistencyError
from symconv.theano.gof.null_type import NullType
from symconv.theano.gof.op import Apply, MethodNotDefined, Op, PureOp
from symconv.theano.gof.opt import LocalOptimizer, OpRemove, OpSub, PatternSub, local_optimizer, optdb
from symconv.theano.gof.utils import hashtype, object2

CLinkerType = Type


class Generic:
    """The type of what is no tensor: a name for programs to ask by, no variable has it."""


generic = Generic()

__getattr__ = refuses("theano.gof", globals())

__all__ = [
    "Apply", "CLinkerType", "CachedConstantError", "Constant", "Container", "FunctionGraph", "Generic",
    "InconsistencyError", "LocalOptimizer", "MethodNotDefined", "MissingInputError", "NullType", "Op",
    "OpRemove", "OpSub", "PatternSub", "PureOp", "Type", "Variable", "fg", "generic", "hashtype", "graph",
    "local_optimizer", "null_type", "object2", "op", "opt", "optdb", "type", "utils",
]  # fmt: skip
