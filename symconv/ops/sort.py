"""Sorting, and what follows from it: the largest, quantiles; imports ops of axes, shapes and indexing.

    Sort, ArgSort  along one axis, in ascending order; NaN comes last
    ArgTopK        where the largest or smallest are
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from symconv.errors import DTypeError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import dimshuffle, expand_dims, normalised_axes, normalised_axis
from symconv.ops.elemwise_rows import cast, floor, isnan, minimum, switch
from symconv.ops.index.selection import take, take_along_axis
from symconv.ops.reduce import max as largest
from symconv.ops.reduce import min as smallest
from symconv.ops.shape import flatten, size_of

Kind = Literal["quicksort", "mergesort", "heapsort", "stable"]


def _check_axis(x: TensorType, axis: int, what: str) -> None:
    if not 0 <= axis < x.ndim:
        raise RankError(f"{what} along axis {axis} of {x.ndim} dimensions")


@frozen
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


@frozen
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


@frozen
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


# Sorting


def _along(x: Operand, axis: int | None) -> tuple[Variable, int]:
    """The tensor and its axis from 0; flattened where there is no axis."""
    x = as_variable(x)
    return (flatten(x), 0) if axis is None else (x, normalised_axis(axis, x))


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
        raise OptionError(
            f"a quantile is between 0 and 1, got {q}", where=here(), hint="percentile takes 0 to 100"
        )
    if q.ndim > 1 or q.type.is_complex or x.type.is_complex:
        raise DTypeError(
            "quantiles are real scalars or vectors, of real tensors",
            arguments=[("x", x.type), ("q", q.type)],
            where=here(),
        )
    axes = normalised_axes(axis, x)
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


METHODS.update(sort=sort, argsort=argsort, ptp=ptp)

__all__ = [
    "argsort", "argtopk", "median", "percentile", "ptp", "quantile", "sort", "topk", "topk_and_argtopk",
]  # fmt: skip
