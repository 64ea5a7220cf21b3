"""``theano.tensor.basic``: constructors, shapes, products and indexing; imports reductions, and symconv."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, OptionError
from symconv.graph.nodes import Variable
from symconv.graph.traverse import leaves
from symconv.ops.random.legacy import PermuteRowElements
from symconv.theano._functions import noted, theirs
from symconv.theano._operands import as_tensor_variable, constant, upcast
from symconv.theano._variables import METHODS, TensorType, adopted
from symconv.theano.tensor._reductions import (
    argmax,
    argmin,
    max,
    max_and_argmax,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from symconv.theano.tensor.elemwise import cast

SAME = {
    name: theirs(getattr(sc, name), signature)
    for name, signature in {
        "scalar": "", "vector": "", "row": "", "col": "", "matrix": "", "tensor3": "", "tensor4": "",
        "tensor5": "", "addbroadcast": "", "unbroadcast": "", "squeeze": "x", "swapaxes": "y, axis1, axis2",
        "shape_padleft": "t, n_ones=1", "shape_padright": "t, n_ones=1", "tensordot": "a, b, axes=2",
        "patternbroadcast": "x, broadcastable", "batched_dot": "a, b", "outer": "x, y", "diag": "v, k=0",
        "tril": "m, k=0", "triu": "m, k=0", "roll": "x, shift, axis=None", "nonzero_values": "a",
        "take": "a, indices, axis=None, mode='raise'", "compress": "condition, x, axis=None",
        "nonzero": "a, return_matrix=False", "flatnonzero": "a", "repeat": "x, repeats, axis=None",
        "searchsorted": "x, v, side='left', sorter=None",
        "ptp": "a, axis=None", "identity_like": "x", "shape": "x", "fill_diagonal": "a, val",
        "fill_diagonal_offset": "a, val, offset", "isclose": "a, b, rtol=1e-5, atol=1e-8, equal_nan=False",
        "bincount": "x, weights=None, minlength=None; assert_nonneg=False",
        "topk": "x, kth, axis=-1; sorted=True, idx_dtype='int64'",
        **dict.fromkeys(("any", "all"), "x, axis=None, keepdims=False"),
    }.items()
}  # fmt: skip
"""Functions of the same meaning, with Theano's names and defaults of their arguments."""

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


def several(make: Callable[..., Variable]) -> Callable[..., Any]:
    """A function that makes variables: as many as told, or one for each name, or character of one name."""

    def call(*names: Any) -> Any:
        if names and isinstance(names[0], int | np.integer):
            return [make() for _ in range(names[0])]
        listed = names[0] if len(names) == 1 else names
        if len(listed) == 1:
            return make(listed[0])
        return [make(name) for name in listed]

    return call


SINGULAR = {
    "scalars": "scalar", "vectors": "vector", "rows": "row", "cols": "col", "matrices": "matrix",
    **{f"tensor{ndim}s": f"tensor{ndim}" for ndim in range(3, 8)},
}  # fmt: skip
PLURALS = {
    prefix + name: several(PREFIXED[prefix + one] if prefix else SAME[one])
    for prefix in ("", *KINDS)
    for name, one in SINGULAR.items()
    if prefix or one in SAME
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


def alloc(val: Any, *shape: Any) -> Variable:
    """A tensor of this shape, filled with ``val``."""
    return adopted(sc.alloc(as_tensor_variable(val), *shape))


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


def stack(*arguments: Any, tensors: Any = None, axis: int = 0) -> Variable:
    """Tensors along a new axis: a list of them, and the axis; or the tensors alone, as in old programs."""
    parts: Any = arguments if tensors is None else tensors
    if tensors is not None and arguments:
        axis = arguments[0]
    elif arguments and isinstance(arguments[0], list | tuple):
        parts = arguments[0]
        axis = axis if len(arguments) == 1 else arguments[1]
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
    x = as_tensor_variable(x)
    left = ndim or outdim or 1
    result: Variable = adopted(sc.flatten(x, left))
    return result if result is x else noted(result, flat=left)


def transpose(x: Any, axes: Any = None) -> Variable:
    """The axes in another order, reversed if not told; then ``x.T`` is the name."""
    x = as_tensor_variable(x)
    result: Variable = adopted(sc.transpose(x, *(() if axes is None else (axes,))))
    if isinstance(x.name, str) and axes is None and result is not x:
        result.name = x.name + ".T"
    return result


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


def makeKeepDims(x: Any, y: Any, axis: Any) -> Variable:
    """The result ``y`` of a reduction of ``x`` over axes, with those axes again, of size 1."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    gone = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    kept = iter(range(y.ndim))
    result: Variable = y.dimshuffle(*("x" if place in gone else next(kept) for place in range(x.ndim)))
    return adopted(result)


# Writing


def set_subtensor(
    x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False
) -> Variable:
    """``x`` is a part of a tensor; the tensor with ``y`` in its place. Nothing is written to in place."""
    return adopted(sc.set_subtensor(x, y))


def inc_subtensor(
    x: Any,
    y: Any,
    inplace: bool = False,
    set_instead_of_inc: bool = False,
    tolerate_inplace_aliasing: bool = False,
) -> Variable:
    """``x`` is a part of a tensor; the tensor with ``y`` added there. Nothing is written to in place."""
    return adopted((sc.set_subtensor if set_instead_of_inc else sc.inc_subtensor)(x, y))


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Variable:
    """For each place the element of the choice that ``a`` names there."""
    return adopted(sc.choose(as_tensor_variable(a), choices, mode))  # type: ignore[arg-type]


# Order


def topk_and_argtopk(
    x: Any, kth: Any, axis: Any = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> tuple[Variable, Variable]:
    """The ``kth`` largest elements along an axis and their positions; see ``symconv.topk``."""
    values, places = sc.topk_and_argtopk(as_tensor_variable(x), kth, axis)
    return adopted(values), cast(places, idx_dtype)


def argtopk(x: Any, kth: Any, axis: Any = -1, sorted: bool = True, idx_dtype: str = "int64") -> Variable:
    """The positions of the ``kth`` largest elements along an axis."""
    return cast(sc.argtopk(as_tensor_variable(x), kth, axis), idx_dtype)


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


def get_scalar_constant_value(
    orig_v: Any, elemwise: bool = True, only_process_constants: bool = False, max_recur: int = 10
) -> Any:
    """The number that an expression of constants is; the options change nothing.

    Raises
    ------
    ArgumentError
        For anything that is not known while building.
    """
    v = as_tensor_variable(orig_v)
    if not builtins.all(isinstance(leaf, sc.Constant) for leaf in leaves([v], frozenset())):
        raise ArgumentError(f"{v} is no constant")
    return np.asarray(v.eval())[()]


def _transposed(x: Any, *axes: Any) -> Variable:
    """The method: axes one by one, or in a list."""
    several = len(axes) != 1 or not isinstance(axes[0], list | tuple)
    return transpose(x, None if not axes else axes if several else axes[0])


METHODS.update(
    transpose=_transposed, reshape=reshape, flatten=flatten, sort=sort, argsort=argsort, cumsum=cumsum,
    cumprod=cumprod, norm=norm, dot=dot, zeros_like=zeros_like, ones_like=ones_like, fill=fill,
    diagonal=diagonal,
)  # fmt: skip

__all__ = [
    *SAME, *PREFIXED, *PLURALS,
    "TensorType", "allclose", "alloc", "arange", "argmax", "argmin", "argsort", "argtopk",
    "batched_tensordot", "choose", "concatenate", "constant", "cumprod", "cumsum", "diagonal", "dot", "eye",
    "fill", "flatten", "get_scalar_constant_value", "inc_subtensor", "join", "makeKeepDims", "max",
    "max_and_argmax", "mean", "mgrid", "min", "norm", "ogrid", "ones", "ones_like", "permute_row_elements",
    "prod", "reshape", "set_subtensor", "shape_padaxis", "sort", "specify_shape", "split", "stack", "std",
    "sum", "tile", "to_one_hot", "topk_and_argtopk", "transpose", "tri", "var", "zeros", "zeros_like",
]  # fmt: skip
