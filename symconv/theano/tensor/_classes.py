"""Theano's classes of tensor ops by name: for ``isinstance``, and to call; imports the ops and ``basic``."""

from collections.abc import Callable
from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.ops.axes import DimShuffle as CoreDimShuffle
from symconv.ops.cumulate import Cumulate
from symconv.ops.diagonals import Diagonal, PlaceDiagonal
from symconv.ops.dot import Dot as CoreDot
from symconv.ops.elemwise import Elemwise as CoreElemwise
from symconv.ops.fill import Alloc as CoreAlloc
from symconv.ops.fill import Arange
from symconv.ops.index import AdvancedIncSubtensor as CoreAdvancedInc
from symconv.ops.index import AdvancedSubtensor as CoreAdvanced
from symconv.ops.index import IncSubtensor as CoreInc
from symconv.ops.index import Subtensor as CoreSubtensor
from symconv.ops.index.advanced import Nonzero as CoreNonzero
from symconv.ops.join import Join as CoreJoin
from symconv.ops.join import Split as CoreSplit
from symconv.ops.reduce import ArgReduce, Reduce
from symconv.ops.repeat import RepeatedPositions
from symconv.ops.shape import Reshape as CoreReshape
from symconv.ops.shape import Shape as CoreShape
from symconv.ops.shape import SpecifyShape as CoreSpecifyShape
from symconv.ops.sizes import MakeVector as CoreMakeVector
from symconv.ops.sizes import ShapeAt
from symconv.ops.sort import ArgSort
from symconv.ops.sort import Sort as CoreSort
from symconv.theano._operands import as_tensor_variable
from symconv.theano._stand_in import stand_in
from symconv.theano._variables import adopted
from symconv.theano.tensor import basic, elemwise
from symconv.theano.tensor._elementwise import elementwise_of

Function = Callable[..., Any]


def _reduction(name: str, function: Function) -> Any:
    def make(axis: Any = None, dtype: Any = None, acc_dtype: Any = None) -> Function:
        options = {} if dtype is None else {"dtype": dtype}
        return lambda x: function(x, axis=axis, **options)

    return stand_in(name, Reduce, make, lambda op: op.kind.name == name.lower())


def _vector(dtype: str = "int64") -> Function:
    return lambda *parts: basic.stack([elemwise.cast(part, dtype) for part in parts])


def _rebroadcast(*axes: tuple[int, bool]) -> Function:
    def call(x: Any) -> Variable:
        x = as_tensor_variable(x)
        pattern = list(x.broadcastable)
        for axis, broadcasts in axes:
            pattern[axis] = broadcasts
        return adopted(sc.patternbroadcast(x, pattern))

    return call


def _setting(inplace: bool = False, set_instead_of_inc: bool = False) -> Function:
    write = sc.set_subtensor if set_instead_of_inc else sc.inc_subtensor
    return lambda x, y, *index: adopted(write(as_tensor_variable(x)[index], y))


def _getting() -> Function:
    return lambda x, *index: as_tensor_variable(x)[index]


def _cumulated(axis: Any = None, mode: str = "add") -> Function:
    function = basic.cumsum if mode == "add" else basic.cumprod
    return lambda x: function(x, axis)


ARange = stand_in(
    "ARange", Arange, lambda dtype: lambda start, stop, step: basic.arange(start, stop, step, dtype)
)
AdvancedBooleanIncSubtensor = stand_in("AdvancedBooleanIncSubtensor", CoreAdvancedInc, _setting)
AdvancedBooleanSubtensor = stand_in("AdvancedBooleanSubtensor", CoreAdvanced, _getting)
AdvancedIncSubtensor = stand_in("AdvancedIncSubtensor", CoreAdvancedInc, _setting)
AdvancedIncSubtensor1 = stand_in("AdvancedIncSubtensor1", CoreAdvancedInc, _setting)
AdvancedSubtensor = stand_in("AdvancedSubtensor", CoreAdvanced, _getting)
AdvancedSubtensor1 = stand_in("AdvancedSubtensor1", CoreAdvanced, _getting)
All = _reduction("All", basic.SAME["all"])
Alloc = stand_in("Alloc", CoreAlloc, lambda: basic.alloc)
AllocDiag = stand_in(
    "AllocDiag", PlaceDiagonal, lambda offset=0, axis1=0, axis2=1: lambda x: basic.SAME["diag"](x, offset)
)
AllocEmpty = stand_in("AllocEmpty", (), lambda dtype: lambda *shape: basic.zeros(shape, dtype))
Any_ = _reduction("Any", basic.SAME["any"])
Argmax = stand_in("Argmax", ArgReduce, lambda axis: lambda x: basic.argmax(x, axis))
ArgSortOp = stand_in(
    "ArgSortOp", ArgSort, lambda kind, order=None: lambda x, axis=-1: basic.argsort(x, axis, kind, order)
)
CAReduce = stand_in("CAReduce", Reduce)
CumOp = stand_in("CumOp", Cumulate, _cumulated)
CumprodOp = stand_in(
    "CumprodOp", Cumulate, lambda axis=None: _cumulated(axis, "mul"), lambda op: op.kind != "add"
)
CumsumOp = stand_in("CumsumOp", Cumulate, _cumulated, lambda op: op.kind == "add")
DimShuffle = stand_in(
    "DimShuffle", CoreDimShuffle,
    lambda broadcastable, order, inplace=False: lambda x: as_tensor_variable(x).dimshuffle(*order),
)  # fmt: skip
Dot = stand_in("Dot", CoreDot, lambda: basic.dot)
Elemwise = stand_in("Elemwise", CoreElemwise, elementwise_of)
ExtractDiag = stand_in(
    "ExtractDiag",
    Diagonal,
    lambda offset=0, axis1=0, axis2=1, view=False: lambda x: basic.diagonal(x, offset, axis1, axis2),
)
Eye = stand_in("Eye", (), lambda dtype=None: lambda n, m, k: basic.eye(n, m, k, dtype))
Flatten = stand_in("Flatten", CoreReshape, lambda outdim=1: lambda x: basic.flatten(x, outdim))
IncSubtensor = stand_in("IncSubtensor", CoreInc)
Join = stand_in("Join", CoreJoin, lambda view=-1: basic.join)
MakeVector = stand_in("MakeVector", CoreMakeVector, _vector)
MaxAndArgmax = stand_in("MaxAndArgmax", ArgReduce, lambda axis: lambda x: basic.max_and_argmax(x, axis))
Nonzero = stand_in("Nonzero", CoreNonzero, lambda: basic.SAME["nonzero"])
Prod = _reduction("Prod", basic.prod)
Rebroadcast = stand_in("Rebroadcast", CoreSpecifyShape, _rebroadcast)
RepeatOp = stand_in(
    "RepeatOp", RepeatedPositions, lambda axis=None: lambda x, repeats: basic.SAME["repeat"](x, repeats, axis)
)
Reshape = stand_in(
    "Reshape", CoreReshape, lambda ndim, name=None: lambda x, shape: basic.reshape(x, shape, ndim)
)
ScalarFromTensor = stand_in("ScalarFromTensor", (), lambda: as_tensor_variable)
Shape = stand_in("Shape", CoreShape, lambda: basic.SAME["shape"])
Shape_i = stand_in("Shape_i", ShapeAt, lambda i: lambda x: as_tensor_variable(x).shape[i])
SortOp = stand_in(
    "SortOp", CoreSort, lambda kind, order=None: lambda x, axis=-1: basic.sort(x, axis, kind, order)
)
SpecifyShape = stand_in("SpecifyShape", CoreSpecifyShape, lambda: basic.specify_shape)
Split = stand_in(
    "Split", CoreSplit, lambda len_splits: lambda x, axis, splits: basic.split(x, splits, len_splits, axis)
)
Subtensor = stand_in("Subtensor", CoreSubtensor)
Sum = _reduction("Sum", basic.sum)
TensorFromScalar = stand_in("TensorFromScalar", (), lambda: as_tensor_variable)
Tri = stand_in("Tri", (), lambda dtype=None: lambda n, m, k: basic.tri(n, m, k, dtype))

scalar_from_tensor = tensor_from_scalar = as_tensor_variable

NAMES = [
    "ARange", "AdvancedBooleanIncSubtensor", "AdvancedBooleanSubtensor", "AdvancedIncSubtensor",
    "AdvancedIncSubtensor1", "AdvancedSubtensor", "AdvancedSubtensor1", "Alloc", "AllocDiag", "AllocEmpty",
    "Argmax", "CAReduce", "DimShuffle", "Dot", "Elemwise", "ExtractDiag", "Eye", "Flatten", "IncSubtensor",
    "Join", "MakeVector", "MaxAndArgmax", "Nonzero", "Prod", "Rebroadcast", "Reshape", "ScalarFromTensor",
    "Shape", "Shape_i", "SpecifyShape", "Split", "Subtensor", "Sum", "TensorFromScalar", "Tri",
    "scalar_from_tensor", "tensor_from_scalar",
]  # fmt: skip
"""Those that ``theano.tensor`` has; the others belong to modules of their own."""
