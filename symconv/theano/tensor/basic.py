"""``theano.tensor.basic``: constructors, reductions, shapes, products and indexing; imports symconv."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, OptionError
from symconv.graph.nodes import Variable
from symconv.graph.traverse import leaves
from symconv.ops.random.legacy import PermuteRowElements
from symconv.theano._variables import (
    METHODS,
    TensorType,
    adopted,
    as_tensor_variable,
    called,
    constant,
    noted,
    theirs,
    upcast,
)
from symconv.theano.tensor.elemwise import cast, pow, sqrt, sub

SAME = {
    name: theirs(getattr(sc, name))
    for name in (
        "scalar", "vector", "row", "col", "matrix", "tensor3", "tensor4", "tensor5", "squeeze", "swapaxes",
        "shape_padleft", "shape_padright", "addbroadcast", "unbroadcast", "patternbroadcast", "tensordot",
        "batched_dot", "outer", "set_subtensor", "inc_subtensor", "concatenate", "diag", "tril", "triu",
        "roll", "take", "choose", "compress", "nonzero", "nonzero_values", "flatnonzero", "searchsorted",
        "min", "any", "all", "ptp", "identity_like",
        "repeat", "shape", "atleast_nd", "fill_diagonal", "fill_diagonal_offset",
        "bincount", "topk", "argtopk",
        "topk_and_argtopk",
    )
    if hasattr(sc, name)
}  # fmt: skip
"""Functions of the same name and meaning."""

PATTERNS: dict[str, tuple[bool, ...]] = {
    "scalar": (), "vector": (False,), "row": (True, False), "col": (False, True), "matrix": (False, False),
    **{f"tensor{ndim}": (False,) * ndim for ndim in range(3, 8)},
}  # fmt: skip
KINDS = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64", "c": "complex64",
    "z": "complex128",
}  # fmt: skip
PREFIXED = {
    letter + name: TensorType(dtype, pattern)
    for letter, dtype in KINDS.items()
    for name, pattern in PATTERNS.items()
}
"""Types by name; calling one makes a variable."""
PLURALS = {
    prefix + name: theirs(getattr(sc, prefix + name))
    for prefix in ("", *"bwilfdcz")
    for name in ("scalars", "vectors", "rows", "cols", "matrices", "tensor3s", "tensor4s")
}
globals().update(SAME, **PREFIXED, **PLURALS)


class Grid:
    """Coordinates of a grid, by slices: ``mgrid[0:2, 0:3]``."""

    def __init__(self, grid: Any) -> None:
        self._grid = grid

    def __getitem__(self, key: Any) -> Any:
        return adopted(self._grid[key])


mgrid, ogrid = Grid(sc.mgrid), Grid(sc.ogrid)


# Making tensors


def zeros(shape: Any, dtype: Any = None) -> Variable:
    """Zeros, of ``floatX`` if not told."""
    return adopted(sc.zeros(shape, dtype))


def ones(shape: Any, dtype: Any = None) -> Variable:
    """Ones, of ``floatX`` if not told."""
    return adopted(sc.ones(shape, dtype))


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> Variable:
    """Zeros of the shape, and dtype, of ``model``."""
    return adopted(cast(sc.zeros_like(as_tensor_variable(model)), dtype or model.dtype))


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> Variable:
    """Ones of the shape, and dtype, of ``model``."""
    return adopted(cast(sc.ones_like(as_tensor_variable(model)), dtype or model.dtype))


def fill(a: Any, b: Any) -> Variable:
    """``b`` in the shape of ``a``."""
    return adopted(sc.second(as_tensor_variable(a), as_tensor_variable(b)))


def alloc(value: Any, *shape: Any) -> Variable:
    """A tensor of this shape, filled with ``value``."""
    return adopted(sc.alloc(as_tensor_variable(value), *shape))


def eye(n: Any, m: Any = None, k: Any = 0, dtype: Any = None) -> Variable:
    """Ones on a diagonal, of ``floatX`` if not told."""
    return adopted(sc.eye(n, m, k, dtype or sc.config.floatX))


def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Variable:
    """Ones at and below a diagonal."""
    return adopted(sc.tri(N, M, k, dtype or sc.config.floatX))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Variable:
    """Numbers in steps; int64 of integers, else the widest of the bounds' dtypes."""
    first, last = (0, start) if stop is None else (start, stop)
    bounds = tuple(as_tensor_variable(bound) for bound in (first, last, step))
    if dtype is None:
        dtype = upcast(*(bound.dtype for bound in bounds))
        if dtype[0] in "biu":
            dtype = "int64" if dtype != "uint64" else dtype
        elif sc.config.floatX == "float32" and not builtins.any(bound.dtype == "float64" for bound in bounds):
            dtype = "float32"
    first, last, step = (cast(bound, dtype) for bound in bounds)
    return adopted(sc.arange(first, last, step, dtype))


def join(axis: Any, *tensors_list: Any) -> Variable:
    """Tensors one behind the other along an axis."""
    return adopted(sc.join(axis, *map(as_tensor_variable, tensors_list)))


def concatenate(tensor_list: Any, axis: Any = 0) -> Variable:
    """Tensors one behind the other along an axis."""
    return join(axis, *tensor_list)


def stack(*tensors: Any, axis: int = 0) -> Variable:
    """Tensors along a new axis: a list of them, and the axis; or the tensors alone, as in old programs."""
    parts: Any = tensors
    if isinstance(tensors[0], list | tuple):
        parts = tensors[0]
        axis = axis if len(tensors) == 1 else tensors[1]
    return adopted(sc.stack([as_tensor_variable(part) for part in parts], axis))


def tile(x: Any, reps: Any, ndim: int | None = None) -> Variable:
    """``x`` again and again."""
    return adopted(sc.tile(as_tensor_variable(x), reps, ndim))


def split(x: Any, splits_size: Any, n_splits: int, axis: int = 0) -> list[Variable]:
    """Parts of these sizes along an axis."""
    return adopted(sc.split(as_tensor_variable(x), splits_size, n_splits, axis))


# Shapes


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> Variable:
    """The same elements in another shape."""
    return adopted(sc.reshape(as_tensor_variable(x), newshape, ndim))


def flatten(x: Any, ndim: int | None = None, outdim: int | None = None) -> Variable:
    """The first axes as they are, all others made into one; ``outdim`` is the older name of ``ndim``."""
    return adopted(sc.flatten(as_tensor_variable(x), ndim or outdim or 1))


def transpose(x: Any, axes: Any = None) -> Variable:
    """The axes in another order, reversed if not told; then ``x.T`` is the name."""
    x = as_tensor_variable(x)
    result: Variable = adopted(sc.transpose(x, *(() if axes is None else (axes,))))
    if isinstance(x.name, str) and axes is None and result is not x:
        result.name = x.name + ".T"
    return result


max, argmax, argmin = (called(name, function) for name, function in (
    ("max", sc.max), ("argmax", sc.argmax), ("argmax", sc.argmin),
))  # fmt: skip


def max_and_argmax(a: Any, axis: Any = None, keepdims: bool = False) -> list[Variable]:
    """The largest elements over axes, and where they are."""
    return [max(a, axis=_axes(axis), keepdims=keepdims), argmax(a, axis=_axes(axis), keepdims=keepdims)]


def shape_padaxis(t: Any, axis: int) -> Variable:
    """A new axis of size 1 that stands at ``axis``."""
    return adopted(sc.shape_padaxis(as_tensor_variable(t), axis))


class SpecifiedShapeError(sc.ShapeError, AssertionError):
    """A shape that is not what was specified."""


def specify_shape(x: Any, shape: Any) -> Variable:
    """Promise sizes."""
    return adopted(sc.specify_shape(as_tensor_variable(x), shape))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """The elements on a diagonal."""
    return adopted(sc.diagonal(as_tensor_variable(a), offset, axis1, axis2))


# Reductions


def _reduced(
    function: Callable[..., Variable], x: Any, axis: Any, dtype: Any, keepdims: bool, acc: Any
) -> Variable:
    x = as_tensor_variable(x)
    if acc is not None:
        result = function(x, axis=_axes(axis), keepdims=keepdims, dtype=acc)
        return cast(result, dtype or function(x, axis=_axes(axis)).dtype)
    result = adopted(function(x, axis=_axes(axis), keepdims=keepdims, dtype=dtype))
    return result if keepdims or result is x else noted(result, axis=_said(axis, x.ndim))


def _said(axis: Any, ndim: int) -> tuple[int, ...] | None:
    """The axes as a program said them, none if it named none."""
    listed = axis if axis is None or isinstance(axis, list | tuple) else [axis]
    return None if listed is None else tuple(int(one) % ndim for one in listed)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def sum(
    input: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
) -> Variable:
    """The sum over axes; ``acc_dtype`` is the dtype of the additions."""
    return _reduced(sc.sum, input, axis, dtype, keepdims, acc_dtype)


def prod(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    acc_dtype: Any = None,
    no_zeros_in_input: bool = False,
) -> Variable:
    """The product over axes; ``no_zeros_in_input`` is accepted, and changes nothing."""
    return _reduced(sc.prod, input, axis, dtype, keepdims, acc_dtype)


def mean(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    op: bool = False,
    keepdims: bool = False,
    acc_dtype: Any = None,
) -> Variable:
    """The mean over axes; ``op`` is without meaning."""
    x = as_tensor_variable(input)
    result = _reduced(sc.mean, x, axis, dtype, keepdims, acc_dtype)
    if result.name is None:
        result.name = "mean"
    if result.owner is not None and result.owner.inputs[0].owner is not None:
        noted(result.owner.inputs[0], axis=_said(axis, x.ndim))
    return result


def var(
    input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> Variable:
    """The variance over axes."""
    x = as_tensor_variable(input)
    axes = tuple(range(x.ndim)) if axis is None else axis
    if not x.type.is_float or ddof or corrected or not x.ndim:
        result: Variable = called("var", sc.var)(x, _axes(axis), ddof, keepdims)
        return result
    squares = pow(sub(x, mean(x, axis=axes, keepdims=True)), constant(2, dtype=x.dtype))
    result = mean(squares, axis=axes, keepdims=keepdims)
    result.name = "var"
    return result


def std(
    input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> Variable:
    """The standard deviation over axes."""
    result: Variable = sqrt(var(input, axis, ddof, keepdims, corrected))
    result.name = "std"
    return result


# Order


def sort(a: Any, axis: Any = -1, kind: str | None = "quicksort", order: Any = None) -> Variable:
    """The elements in ascending order along an axis."""
    return _ordered(sc.sort, a, axis, kind, order)


def argsort(a: Any, axis: Any = -1, kind: str | None = "quicksort", order: Any = None) -> Variable:
    """The positions of the elements in ascending order along an axis, int64."""
    return _ordered(sc.argsort, a, axis, kind, order)


def _ordered(function: Callable[..., Variable], a: Any, axis: Any, kind: Any, order: Any) -> Variable:
    if order is not None:
        raise OptionError("order= is for records, which tensors do not hold", hint="leave it out")
    return adopted(function(as_tensor_variable(a), axis, kind))


def cumsum(x: Any, axis: int | None = None) -> Variable:
    """Sums of all elements up to each, of the dtype of ``x``."""
    x = as_tensor_variable(x)
    return cast(sc.cumsum(x, axis), x.dtype)


def cumprod(x: Any, axis: int | None = None) -> Variable:
    """Products of all elements up to each, of the dtype of ``x``."""
    x = as_tensor_variable(x)
    return cast(sc.cumprod(x, axis), x.dtype)


def to_one_hot(y: Any, nb_class: Any, dtype: Any = None) -> Variable:
    """A row for each label, 1 at its place; of ``floatX`` if not told."""
    answer: Variable = adopted(sc.to_one_hot(as_tensor_variable(y), nb_class, dtype or sc.config.floatX))
    return answer


# Products


def dot(a: Any, b: Any) -> Variable:
    """The product of vectors and matrices, of the dtype that both are promoted to."""
    return adopted(sc.dot(as_tensor_variable(a), as_tensor_variable(b)))


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> Variable:
    """``tensordot`` of each element of a batch; axes count the batch as 0."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if isinstance(axes, int):
        pairs = list(range(x.ndim - axes, x.ndim)), list(range(1, axes + 1))
    else:
        pairs = tuple([axis] if isinstance(axis, int) else list(axis) for axis in axes)  # type: ignore[assignment]
    (of_x, of_y), batch = pairs, sc.size_of(x, 0)
    rows = [axis for axis in range(1, x.ndim) if axis not in of_x]
    columns = [axis for axis in range(1, y.ndim) if axis not in of_y]
    left = x.dimshuffle(0, *rows, *of_x).reshape((batch, _size(x, rows), _size(x, of_x)))
    right = y.dimshuffle(0, *of_y, *columns).reshape((batch, _size(y, of_y), _size(y, columns)))
    shape = [batch, *(sc.size_of(x, axis) for axis in rows), *(sc.size_of(y, axis) for axis in columns)]
    return reshape(sc.batched_dot(left, right), shape)


def _size(x: Variable, axes: Sequence[int]) -> Any:
    return sc.prod(sc.stack([sc.size_of(x, axis) for axis in axes])) if axes else 1


def norm(x: Any, ord: Any, axis: Any = None) -> Variable:
    """The ``ord``-norm of all elements, or over axes."""
    powers = sc.pow(sc.abs(as_tensor_variable(x)), ord)
    result: Variable = sc.pow(sc.sum(powers, axis=axis), 1.0 / ord)
    return adopted(result)


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Variable:
    """Whether all elements are nearly equal."""
    return adopted(
        sc.all(sc.isclose(as_tensor_variable(a), as_tensor_variable(b), rtol, atol, equal_nan))
    )


def permute_row_elements(x: Any, y: Any, inverse: int = 0) -> Variable:
    """Each row of ``x`` in the order of the row of ``y``, or back from it."""
    result: Variable = PermuteRowElements(bool(inverse))(as_tensor_variable(x), as_tensor_variable(y))
    return adopted(result)


def get_scalar_constant_value(v: Any) -> Any:
    """The number that an expression of constants is.

    Raises
    ------
    ArgumentError
        For anything that is not known while building.
    """
    v = as_tensor_variable(v)
    if not builtins.all(isinstance(leaf, sc.Constant) for leaf in leaves([v], frozenset())):
        raise ArgumentError(f"{v} is no constant")
    return np.asarray(v.eval())[()]


def _transposed(x: Any, *axes: Any) -> Variable:
    """The method: axes one by one, or in a list."""
    several = len(axes) != 1 or not isinstance(axes[0], list | tuple)
    return transpose(x, None if not axes else axes if several else axes[0])


METHODS.update(
    max=max, argmax=argmax, argmin=argmin, max_and_argmax=max_and_argmax, transpose=_transposed,
    sum=sum, prod=prod, mean=mean, var=var, std=std, reshape=reshape, flatten=flatten, sort=sort,
    argsort=argsort, cumsum=cumsum, cumprod=cumprod, norm=norm, dot=dot, zeros_like=zeros_like,
    ones_like=ones_like, fill=fill, diagonal=diagonal,
)  # fmt: skip

__all__ = [
    *SAME, *PREFIXED, *PLURALS,
    "TensorType", "alloc", "allclose", "arange", "argmax", "argmin", "argsort",
    "batched_tensordot", "concatenate", "cumprod",
    "cumsum", "diagonal", "dot", "eye", "fill", "flatten", "get_scalar_constant_value",
    "join", "max", "max_and_argmax", "mean",
    "mgrid", "norm", "ogrid", "ones", "ones_like", "permute_row_elements", "prod", "reshape",
    "shape_padaxis", "sort", "specify_shape", "split", "stack", "std", "sum", "tile", "to_one_hot",
    "transpose", "tri", "var", "zeros", "zeros_like",
]  # fmt: skip
