"""Sorting, searching and counting; imports ops of axes, shapes, indexing and filling.

    Sort, ArgSort  along one axis, in ascending order; NaN comes last
    ArgTopK        where the largest or smallest are
    SearchSorted   where values would have to be inserted
    Unique         the distinct elements; its size depends on values
    Bincount       how often each number occurs; so does its size
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.axes import dimshuffle, expand_dims, normalised_axes, normalised_axis
from symconv.ops.elemwise_rows import cast, floor, isnan, minimum, switch, zeros_like
from symconv.ops.index.functions import getitem, inc_subtensor
from symconv.ops.index.selection import take, take_along_axis
from symconv.ops.reduce import max as largest
from symconv.ops.reduce import min as smallest
from symconv.ops.shape import flatten, reshape, shape, size_of

Kind = Literal["quicksort", "mergesort", "heapsort", "stable"]


def _check_axis(x: TensorType, axis: int, what: str) -> None:
    if not 0 <= axis < x.ndim:
        raise RankError(f"{what} along axis {axis} of {x.ndim} dimensions")


@dataclass(frozen=True)
class Sort(Op):
    """The elements along an axis in ascending order.

    Attributes
    ----------
    axis : int
        The axis, from 0.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    axis: int

    def out_types(self, x: TensorType) -> TensorType:
        _check_axis(x, self.axis, "sort")
        return x.with_value(None)

    def perform(self, x: Array) -> Array:
        return np.sort(x, self.axis)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (x,), gradient = inputs, gradients[0]
        if gradient is None or x.type.is_discrete:
            return [None]
        # Where an element went is the inverse of where each came from.
        place = ArgSort(self.axis)(ArgSort(self.axis)(x))
        return [take_along_axis(gradient, place, self.axis)]


@dataclass(frozen=True)
class ArgSort(Op):
    """The positions along an axis in the order of their elements; equal ones keep their order.

    Attributes
    ----------
    axis : int
        The axis, from 0.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    axis: int

    def out_types(self, x: TensorType) -> TensorType:
        _check_axis(x, self.axis, "argsort")
        return TensorType("int64", x.shape)

    def perform(self, x: Array) -> Array:
        return np.argsort(x, self.axis, kind="stable").astype("int64", copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]


@dataclass(frozen=True)
class ArgTopK(Op):
    """The positions of the k largest elements along an axis, the largest first.

    The inputs are the tensor and k; a negative k asks for the smallest, the smallest first. Of equal
    elements the first counts first; NaN counts as larger than any number.

    Attributes
    ----------
    axis : int
        The axis, from 0.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "k")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    axis: int

    def out_types(self, x: TensorType, k: TensorType) -> TensorType:
        _check_axis(x, self.axis, "topk")
        if k.ndim or not k.is_discrete:
            raise DTypeError(f"topk needs an integer k, got {k}")
        size, count = x.shape[self.axis], None if k.value is None else abs(int(k.value))
        if size is not None and count is not None and count > size:
            raise ShapeError(f"topk of {count} elements along axis {self.axis}, which has {size}")
        return TensorType("int64", (*x.shape[: self.axis], count, *x.shape[self.axis + 1 :]))

    def perform(self, x: Array, k: Array) -> Array:
        rows = np.moveaxis(x, self.axis, -1)
        if k < 0:
            order = np.argsort(rows, -1, kind="stable")
        else:  # from behind, so that of equal elements the first comes first
            order = rows.shape[-1] - 1 - np.argsort(rows[..., ::-1], -1, kind="stable")[..., ::-1]
        return np.moveaxis(order[..., : abs(int(k))], -1, self.axis).astype("int64")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None, None]


@dataclass(frozen=True)
class SearchSorted(Op):
    """Where values would have to be inserted into a sorted vector.

    The inputs are the vector, the values, and where ``sorted_by`` is true, the order that sorts the vector.

    Attributes
    ----------
    side : {"left", "right"}
        Before or behind equal elements.
    sorted_by : bool
        Whether there is a third input.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "values", "sorter")
    side: Literal["left", "right"]
    sorted_by: bool = False

    def out_types(self, x: TensorType, values: TensorType, *sorter: TensorType) -> TensorType:
        if x.ndim != 1:
            raise RankError(f"searchsorted needs a sorted vector, got {x.ndim} dimensions")
        for order in sorter:
            if order.ndim != 1 or order.dtype[0] not in "iu":
                raise DTypeError(f"the order that sorts must be an integer vector, got {order}")
            if order.shape[0] != x.shape[0] and None not in (order.shape[0], x.shape[0]):
                raise ShapeError(f"an order of {order.shape[0]} elements for {x.shape[0]}")
        return TensorType("int64", values.shape)

    def perform(self, x: Array, values: Array, *sorter: Array) -> Array:
        found = np.searchsorted(x, values, self.side, *sorter)
        return np.asarray(found, "int64")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)


@dataclass(frozen=True)
class Unique(Op):
    """The distinct elements in ascending order; the first place of each; which one each is; how many.

    Attributes
    ----------
    axis : int or None
        The axis whose slices are compared; None: the elements.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    reads_values: ClassVar[tuple[int, ...]] = (0,)
    axis: int | None = None

    def out_types(self, x: TensorType) -> tuple[TensorType, ...]:
        if x.value is not None:
            results = self.perform(x.value)
            return tuple(TensorType(result.dtype.name, result.shape) for result in results)
        counted = TensorType("int64", (None,))
        if self.axis is None:
            inverse: tuple[Dim, ...] = x.shape
            distinct: tuple[Dim, ...] = (None,)
        else:
            _check_axis(x, self.axis, "unique")
            inverse = (x.shape[self.axis],)
            distinct = (*x.shape[: self.axis], None, *x.shape[self.axis + 1 :])
        return x.with_shape(distinct), counted, TensorType("int64", inverse), counted

    def perform(self, x: Array) -> Any:
        values, index, inverse, counts = np.unique(x, True, True, True, axis=self.axis)
        inverse = inverse.reshape(x.shape if self.axis is None else (-1,))
        return values, *(array.astype("int64") for array in (index, inverse, counts))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        x, gradient = inputs[0], gradients[0]
        if gradient is None or x.type.is_discrete:
            return [None]
        # Each distinct element is taken from its first place.
        flat = flatten(x) if self.axis is None else x
        before = () if self.axis is None else (slice(None),) * self.axis
        placed = inc_subtensor(getitem(zeros_like(flat), (*before, outputs[1])), gradient)
        return [placed if self.axis is not None else reshape(placed, shape(x))]


@dataclass(frozen=True)
class Bincount(Op):
    """How often each of the numbers 0, 1, ... occurs, or the sum of the weights where it does.

    The inputs are the numbers and, if there are any, the weights.

    Attributes
    ----------
    minlength : int
        The least length of the result.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "weights")
    reads_values: ClassVar[tuple[int, ...]] = (0,)
    minlength: int = 0

    def out_types(self, x: TensorType, *weights: TensorType) -> TensorType:
        if x.ndim != 1 or not x.is_discrete:
            raise DTypeError(f"bincount needs a vector of integers, got {x}")
        for weight in weights:
            if weight.ndim != 1 or weight.is_complex:
                raise DTypeError(f"the weights must be a vector of real numbers, got {weight}")
            if weight.shape[0] != x.shape[0] and None not in (weight.shape[0], x.shape[0]):
                raise ShapeError(f"{weight.shape[0]} weights for {x.shape[0]} numbers")
        length = None
        if x.value is not None:
            if x.value.size and x.value.min() < 0:
                raise ShapeError(
                    f"bincount counts no negative numbers, got {int(x.value.min())}",
                    hint="shift them, or drop them with a mask",
                )
            length = max(int(x.value.max()) + 1 if x.value.size else 0, self.minlength)
        dtype = "int64" if not weights else "float64" if weights[0].is_discrete else weights[0].dtype
        return TensorType(dtype, (length,))

    def perform(self, x: Array, *weights: Array) -> Array:
        dtype = self.out_types(*(TensorType(one.dtype.name, one.shape) for one in (x, *weights))).dtype
        weight = weights[0] if weights else None
        return np.bincount(x.astype("int64"), weight, self.minlength).astype(dtype)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        if len(inputs) == 1:
            return [None]
        return [None, None if gradients[0] is None else take(gradients[0], inputs[0])]


# Sorting


def _along(x: Operand, axis: int | None) -> tuple[Variable, int]:
    """The tensor and its axis from 0; flattened where there is no axis."""
    x = as_variable(x)
    return (flatten(x), 0) if axis is None else (x, normalised_axis(axis, x.ndim))


def _check_kind(kind: str | None) -> None:
    if kind not in (None, "quicksort", "mergesort", "heapsort", "stable"):
        raise OptionError(
            f"there is no sorting of the kind {kind!r}",
            where=here(),
            hint="choose one of quicksort, mergesort, heapsort, stable",
        )


def sort(x: Operand, axis: int | None = -1, kind: Kind | None = None) -> Variable:
    """The elements along an axis in ascending order; NaN comes last.

    Parameters
    ----------
    x : variable or array_like
    axis : int or None
        None: all elements, flat.
    kind : str, optional
        For NumPy's sake: all kinds give the same result.

    Returns
    -------
    Variable
        The gradient goes back to where each element came from; among equal ones the order is kept.
    """
    _check_kind(kind)
    x, along = _along(x, axis)
    result: Variable = Sort(along)(x)
    return result


def argsort(x: Operand, axis: int | None = -1, kind: Kind | None = None) -> Variable:
    """The positions along an axis in the order of their elements, int64; parameters as of ``sort``.

    Equal elements keep their order, whatever the kind.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.argsort([3.0, 1.0, 2.0]).eval()
    array([1, 2, 0])
    """
    _check_kind(kind)
    x, along = _along(x, axis)
    result: Variable = ArgSort(along)(x)
    return result


def argtopk(x: Operand, k: Operand, axis: int | None = -1) -> Variable:
    """The positions of the ``k`` largest elements along an axis, int64, the largest first; as ``topk``."""
    x, along = _along(x, axis)
    result: Variable = ArgTopK(along)(x, k)
    return result


def topk(x: Operand, k: Operand, axis: int | None = -1) -> Variable:
    """The ``k`` largest elements along an axis, the largest first.

    Parameters
    ----------
    x : variable or array_like
    k : int or integer scalar variable
        How many; a negative number asks for the smallest, the smallest first.
    axis : int or None
        None: of all elements.

    Returns
    -------
    Variable
        Of equal elements the first comes first; NaN counts as larger than any number.

    Raises
    ------
    ShapeError
        For more elements than there are.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.topk([3.0, 1.0, 2.0], 2).eval()
    array([3., 2.])
    """
    return topk_and_argtopk(x, k, axis)[0]


def topk_and_argtopk(x: Operand, k: Operand, axis: int | None = -1) -> tuple[Variable, Variable]:
    """The ``k`` largest elements along an axis, and their positions."""
    x, along = _along(x, axis)
    positions = argtopk(x, k, along)
    return take_along_axis(x, positions, along), positions


def searchsorted(
    x: Operand, v: Operand, side: Literal["left", "right"] = "left", sorter: Operand = None
) -> Variable:
    """Where values would have to be inserted into a sorted vector to keep it sorted, int64.

    Parameters
    ----------
    x : variable or array_like
        A vector in ascending order, or one that ``sorter`` brings into it.
    v : variable or array_like
        The values, of any shape.
    side : {"left", "right"}
        Before or behind equal elements.
    sorter : integer vector, optional
        What ``argsort`` gives for ``x``.
    """
    if side not in ("left", "right"):
        raise OptionError(f"searchsorted has no side {side!r}", where=here(), hint="choose left or right")
    more = () if sorter is None else (sorter,)
    result: Variable = SearchSorted(side, sorter is not None)(x, v, *more)
    return result


def unique(
    x: Operand,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any:
    """The distinct elements in ascending order, and what else is asked for, as ``numpy.unique`` has it.

    Parameters
    ----------
    x : variable or array_like
    return_index, return_inverse, return_counts : bool
        Whether to give the first place of each, which one each element is, and how often each occurs.
    axis : int, optional
        Compare the slices along this axis; by default all elements, flat.

    Returns
    -------
    Variable or list of Variable
        The gradient of an element flows to its first place.
    """
    x = as_variable(x)
    outputs = Unique(None if axis is None else normalised_axis(axis, x.ndim))(x)
    asked = (True, return_index, return_inverse, return_counts)
    wanted = [output for output, wish in zip(outputs, asked, strict=True) if wish]
    return wanted[0] if len(wanted) == 1 else wanted


def bincount(x: Operand, weights: Operand = None, minlength: int | None = None) -> Variable:
    """How often each of the numbers 0, 1, ... occurs in a vector.

    Parameters
    ----------
    x : integer vector
        None of its elements is negative.
    weights : vector, optional
        Counted instead of 1 for each element; the gradient flows to it.
    minlength : int, optional
        The least length of the result.

    Returns
    -------
    Variable
        A vector, int64 or of the weights' dtype (float64 where that is discrete).

    Raises
    ------
    ShapeError
        For negative numbers, when run.
    """
    least = 0 if minlength is None else minlength
    if not hasattr(least, "__index__") or least.__index__() < 0:
        raise ArgumentError(f"minlength must be an integer >= 0, got {minlength!r}", where=here())
    more = () if weights is None else (weights,)
    result: Variable = Bincount(least.__index__())(x, *more)
    return result


# What follows from sorting


def ptp(x: Operand, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Variable:
    """The largest minus the smallest element over axes."""
    x = as_variable(x)
    return largest(x, axis, keepdims) - smallest(x, axis, keepdims)


def quantile(
    x: Operand, q: Operand, axis: int | Sequence[int] | None = None, keepdims: bool = False
) -> Variable:
    """The q-quantile over axes, linear between neighbours; NaN where there is one.

    Parameters
    ----------
    x : variable or array_like
    q : scalar or vector, variable or number
        From 0 to 1. The axis of a vector comes first in the result.
    axis : int, sequence of int, optional
        The axes, counted from either end; all of them if not given.
    keepdims : bool
        Whether the axes stay, with size 1.

    Returns
    -------
    Variable
        Floating: booleans and integers give float64.

    Raises
    ------
    OptionError
        For a number q outside 0 <= q <= 1.
    """
    x, q = as_variable(x), as_variable(q)
    if isinstance(q, Constant) and not ((q.data >= 0) & (q.data <= 1)).all():
        raise OptionError(f"a quantile is between 0 and 1, got {q}", where=here())
    if q.ndim > 1 or q.type.is_complex or x.type.is_complex:
        raise DTypeError(
            "quantiles are real scalars or vectors, of real tensors",
            arguments=[("x", x.type), ("q", q.type)],
            where=here(),
        )
    axes = normalised_axes(axis, x.ndim)
    kept = [index for index in range(x.ndim) if index not in axes]
    rows = flatten(dimshuffle(x, *kept, *axes), len(kept) + 1) if len(axes) != 1 else x
    along = axes[0] if len(axes) == 1 else len(kept)
    rows = cast(rows, "float64") if x.type.is_discrete else rows
    ordered = dimshuffle(sort(rows, along), along, *(a for a in range(rows.ndim) if a != along))
    last = size_of(rows, along) - 1
    position = cast(q, "float64") * last
    below = floor(position)
    low = cast(below, "int64")
    weight = cast(position - below, rows.dtype)
    if q.ndim:
        weight = dimshuffle(weight, 0, *["x"] * len(kept))
    first, second = take(ordered, low, 0), take(ordered, minimum(low + 1, last), 0)
    found = switch(weight > 0, first + (second - first) * weight, first)
    highest = take(ordered, last, 0)
    found = switch(isnan(highest), highest, found)
    if not keepdims:
        return found
    return expand_dims(found, [index + q.ndim for index in axes])


def percentile(
    x: Operand, q: Operand, axis: int | Sequence[int] | None = None, keepdims: bool = False
) -> Variable:
    """The q-th percentile over axes: the quantile q / 100."""
    q = as_variable(q)
    share = Constant(q.data / 100.0) if isinstance(q, Constant) else cast(q, "float64") / 100
    return quantile(x, share, axis, keepdims)


def median(x: Operand, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Variable:
    """The median over axes: the element in the middle, or the mean of the two; NaN where there is one."""
    return quantile(x, 0.5, axis, keepdims)


METHODS.update(sort=sort, argsort=argsort, searchsorted=searchsorted, ptp=ptp)

__all__ = [
    "argsort", "argtopk", "bincount", "median", "percentile", "ptp", "quantile", "searchsorted", "sort",
    "topk", "topk_and_argtopk", "unique",
]  # fmt: skip
