"""What ``theano.tensor`` has besides: stacking, flat positions, covariance, classes; imports symconv."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, IndexingError, OptionError, RankError
from symconv.graph.nodes import Constant, Variable
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import TensorType, TensorVariable, adopted
from symconv.theano.gof.utils import hashtype
from symconv.theano.tensor import basic, elemwise

Tensor = TensorType  # by its oldest name
int_dtypes = ("int8", "int16", "int32", "int64")
uint_dtypes = ("uint8", "uint16", "uint32", "uint64")
float_dtypes = continuous_dtypes = ("float16", "float32", "float64")
complex_dtypes = ("complex64", "complex128")
discrete_dtypes = ("bool", *int_dtypes, *uint_dtypes)
integer_dtypes = (*int_dtypes, *uint_dtypes)
all_dtypes = (*discrete_dtypes, *float_dtypes, *complex_dtypes)


class NoneConstant:
    """``None`` where Theano has a variable for it."""

    data = None

    def equals(self, other: Any) -> bool:
        """Whether it is none either."""
        return other is None or isinstance(other, NoneConstant)


NoneConst = NoneConstant()

NotScalarConstantError = ArgumentError
EmptyConstantError = ArgumentError
ShapeError = sc.ShapeError
AdvancedIndexingError = IndexingError


def tensor(dtype: Any, broadcastable: Sequence[bool], name: str | None = None) -> TensorVariable:
    """A variable of a dtype and pattern."""
    return TensorType(dtype, broadcastable)(name)


def power(x: Any, y: Any) -> Variable:
    """x to the power of y."""
    result: Variable = elemwise.pow(x, y)
    return result


def divmod(x: Any, y: Any) -> tuple[Variable, Variable]:
    """The quotient rounded down, and what remains."""
    return elemwise.int_div(x, y), elemwise.mod(x, y)


def iround(a: Any, mode: str | None = None) -> Variable:
    """Round to whole numbers, int64."""
    return elemwise.cast(elemwise.round(a, mode), "int64")


def ceil_intdiv(a: Any, b: Any) -> Variable:
    """The quotient of integers, rounded up."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    rest: Variable = elemwise.neq(elemwise.mod(a, b), 0)
    whole: Variable = elemwise.int_div(a, b)
    result: Variable = elemwise.add(whole, elemwise.cast(rest, whole.dtype))
    return result


def stacklists(arg: Any) -> Variable:
    """Nested lists of tensors as one tensor, an axis for each level."""
    if isinstance(arg, list | tuple):
        return basic.stack([stacklists(part) for part in arg])
    return as_tensor_variable(arg)


def horizontal_stack(*args: Any) -> Variable:
    """Matrices side by side."""
    return basic.concatenate([_matrix("horizontal_stack", value) for value in args], axis=1)


def vertical_stack(*args: Any) -> Variable:
    """Matrices one below the other."""
    return basic.concatenate([_matrix("vertical_stack", value) for value in args], axis=0)


def _matrix(name: str, value: Any) -> Variable:
    found = as_tensor_variable(value)
    if found.ndim != 2:
        raise RankError(f"{name} needs matrices, got {found.ndim} dimensions", arguments=[("x", found.type)])
    return found


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Variable:
    """The covariance of variables, a row of ``m`` each; see ``numpy.cov``.

    Raises
    ------
    OptionError
        For weights, which are not supported.
    """
    if fweights is not None or aweights is not None:
        raise OptionError("cov takes no weights", hint="leave fweights and aweights out")
    m = as_tensor_variable(m)
    rows = m if rowvar or m.ndim < 2 else m.T
    rows = sc.reshape(rows, (1, -1), 2) if rows.ndim < 2 else rows
    if y is not None:
        other = as_tensor_variable(y)
        other = other if rowvar or other.ndim < 2 else other.T
        rows = sc.concatenate([rows, sc.reshape(other, (1, -1), 2) if other.ndim < 2 else other], 0)
    centred = rows - sc.mean(rows, 1, keepdims=True)
    divisor = sc.size_of(rows, 1) - (ddof if ddof is not None else int(not bias))
    return adopted(sc.dot(centred, centred.T) / sc.cast(divisor, centred.dtype))


def bartlett(M: Any) -> Variable:
    """A triangular window of M points; see ``numpy.bartlett``."""
    count = as_tensor_variable(M)
    if count.ndim != 0 or not count.type.is_discrete:
        raise RankError(f"bartlett needs a whole number, got {count.type}", arguments=[("M", count.type)])
    places, last = sc.cast(sc.arange(count), "float64"), sc.cast(count - 1, "float64")
    rising = sc.switch(sc.eq(last, 0), 1.0, 2 * places / sc.maximum(last, 1.0))
    return adopted(sc.minimum(rising, sc.switch(sc.eq(last, 0), 1.0, 2 - rising)))


def unravel_index(indices: Any, dims: Any, order: str = "C", ndim: int | None = None) -> list[Variable]:
    """The index along each axis of flat positions in a tensor of shape ``dims``."""
    sizes = _sizes(dims, ndim)
    rest, found = as_tensor_variable(indices), []
    for size in sizes if order == "F" else reversed(sizes):
        found.append(elemwise.cast(sc.mod(rest, size), "int64"))
        rest = sc.floordiv(rest, size)
    return found if order == "F" else found[::-1]


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Variable:
    """Flat positions in a tensor of shape ``dims``, of an index along each axis.

    With ``mode="raise"`` an index out of range is not noticed; "wrap" and "clip" bring it back.
    """
    parts = [as_tensor_variable(part) for part in multi_index]
    sizes = _sizes(dims, len(parts))
    if mode == "wrap":
        parts = [sc.mod(part, size) for part, size in zip(parts, sizes, strict=True)]
    elif mode == "clip":
        parts = [sc.clip(part, 0, size - 1) for part, size in zip(parts, sizes, strict=True)]
    pairs = list(zip(parts, sizes, strict=True))
    flat: Any = 0
    for part, size in pairs if order == "C" else reversed(pairs):
        flat = flat * size + part
    return elemwise.cast(flat, "int64")


def _sizes(dims: Any, ndim: int | None) -> list[Any]:
    if isinstance(dims, list | tuple):
        return list(dims)
    vector = as_tensor_variable(dims)
    length = ndim if ndim is not None else vector.type.shape[0]
    if length is None:
        raise ArgumentError("the number of dimensions is not known", hint="say ndim=")
    return [vector[axis] for axis in range(length)]


def inverse_permutation(perm: Any) -> Variable:
    """For each place the position that has it in a permutation."""
    return adopted(sc.argsort(as_tensor_variable(perm), -1))


def get_vector_length(v: Any) -> int:
    """The length of a vector that is known while building.

    Raises
    ------
    RankError
        For what is no vector; a TypeError.
    UnknownLengthError
        Where it is not known; a ValueError.
    """
    found = as_tensor_variable(v)
    if found.ndim != 1:
        raise RankError(f"a vector is needed, got {found.ndim} dimensions", arguments=[("v", found.type)])
    if found.type.shape[0] is None:
        raise UnknownLengthError(f"the length of {found} is not known", where=found.origin)
    return found.type.shape[0]


class UnknownLengthError(ArgumentError, ValueError):
    """A length that is known only when the function is called."""


def is_flat(var: Variable, outdim: int = 1) -> bool:
    """Whether a tensor has this many dimensions."""
    return var.ndim == outdim


def extract_constant(x: Any, elemwise: bool = True, only_process_constants: bool = False) -> Any:
    """The number that an expression is, or the expression."""
    try:
        return basic.get_scalar_constant_value(x)
    except ArgumentError:
        return x


def tensor_copy(a: Any) -> Variable:
    """The tensor itself: nothing can be written to it."""
    return as_tensor_variable(a)


def transfer(var: Any, target: Any) -> Variable:
    """The tensor itself, on the one device there is.

    Raises
    ------
    OptionError
        For a target other than "cpu".
    """
    if target not in (None, "cpu"):
        raise OptionError(f"there is no device {target!r}", hint='the one device is "cpu"')
    return as_tensor_variable(var)


def as_index_variable(idx: Any) -> Any:
    """An index as a scalar integer variable; slices and None as they are."""
    if idx is None or isinstance(idx, slice):
        return idx
    found = as_tensor_variable(idx)
    if found.ndim or not found.type.is_discrete:
        raise RankError(f"an index is a whole number, got {found.type}", arguments=[("index", found.type)])
    return found


def numpy_scalar(data: Any) -> Any:
    """The number in an array or constant of one element."""
    array = np.asarray(data.data if isinstance(data, Constant) else data)
    if array.size != 1:
        raise NotScalarConstantError(f"one element is needed, got {array.size}")
    return array.reshape(())[()]


def advanced_subtensor(x: Any, *index: Any) -> Variable:
    """``x[index]`` with arrays as indices."""
    result: Variable = as_tensor_variable(x)[index]
    return result


advanced_subtensor1 = advanced_subtensor


def advanced_inc_subtensor(x: Any, y: Any, *index: Any) -> Variable:
    """``x`` with ``y`` added at ``index``."""
    return adopted(sc.inc_subtensor(as_tensor_variable(x)[index], y))


def advanced_set_subtensor(x: Any, y: Any, *index: Any) -> Variable:
    """``x`` with ``y`` at ``index``."""
    return adopted(sc.set_subtensor(as_tensor_variable(x)[index], y))


advanced_inc_subtensor1, advanced_set_subtensor1 = advanced_inc_subtensor, advanced_set_subtensor

__all__ = [
    "AdvancedIndexingError", "EmptyConstantError", "NoneConst", "NotScalarConstantError", "ShapeError",
    "Tensor", "advanced_inc_subtensor", "advanced_inc_subtensor1", "advanced_set_subtensor",
    "advanced_set_subtensor1", "advanced_subtensor", "advanced_subtensor1", "all_dtypes",
    "as_index_variable", "bartlett", "ceil_intdiv", "complex_dtypes", "continuous_dtypes", "cov",
    "discrete_dtypes", "divmod", "extract_constant", "float_dtypes", "get_vector_length", "hashtype",
    "horizontal_stack", "int_dtypes", "integer_dtypes", "inverse_permutation", "iround", "is_flat",
    "numpy_scalar", "power", "ravel_multi_index", "stacklists", "tensor", "tensor_copy", "transfer",
    "uint_dtypes", "unravel_index", "vertical_stack",
]  # fmt: skip
