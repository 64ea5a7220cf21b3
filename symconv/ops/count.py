"""Searching and counting in vectors; imports ops of axes, shapes and indexing.

    SearchSorted   where values would have to be inserted
    Unique         the distinct elements; its size depends on values
    Bincount       how often each number occurs; so does its size
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.axes import normalised_axis
from symconv.ops.elemwise_rows import zeros_like
from symconv.ops.index.functions import getitem, inc_subtensor
from symconv.ops.index.selection import take
from symconv.ops.shape import flatten, reshape, shape


@frozen
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
            raise RankError(
                f"searchsorted needs a sorted vector, got {x.ndim} dimensions",
                hint="flatten it, or search each row by itself",
            )
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


@frozen
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
            if not 0 <= self.axis < x.ndim:
                raise RankError(f"unique along axis {self.axis} of {x.ndim} dimensions")
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


@frozen
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
            raise DTypeError(
                f"bincount needs a vector of integers, got {x}",
                hint="flatten and cast it: x.flatten().astype('int64')",
            )
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
    outputs = Unique(None if axis is None else normalised_axis(axis, x))(x)
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


METHODS.update(searchsorted=searchsorted)

__all__ = ["bincount", "searchsorted", "unique"]
