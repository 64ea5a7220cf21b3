"""Sizes as values: reading them off tensors, and taking what a user states; imports the graph and axes.

    Shape, ShapeAt  all sizes of a tensor, or one; int64
    MakeVector      integer scalars as a vector
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Operand, Variable, constant
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.axes import normalised_axis


class Shape(Op):
    """The sizes of a tensor, int64[ndim]."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    ignores_values: ClassVar[tuple[int, ...]] = (0,)

    def out_types(self, x: TensorType) -> TensorType:
        value = None if None in x.shape else np.array(x.shape, "int64")
        return TensorType("int64", (x.ndim,), value)

    def perform(self, x: Array) -> Array:
        return np.array(x.shape, "int64")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]

    def fold(self, node: Apply) -> Variable | None:
        """Sizes that are known are a constant."""
        value = node.op.out_types(node.inputs[0].type)
        return Constant(value.value) if isinstance(value, TensorType) and value.value is not None else None


@frozen
class ShapeAt(Op):
    """One size of a tensor, int64[].

    Attributes
    ----------
    axis : int
        Which one, from 0.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    ignores_values: ClassVar[tuple[int, ...]] = (0,)
    axis: int

    def out_types(self, x: TensorType) -> TensorType:
        size = x.shape[self.axis]
        return TensorType("int64", (), None if size is None else np.array(size, "int64"))

    def perform(self, x: Array) -> Array:
        return np.array(x.shape[self.axis], "int64")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]

    def fold(self, node: Apply) -> Variable | None:
        """A size that is known is a constant."""
        size = node.inputs[0].type.shape[self.axis]
        return None if size is None else Constant(np.array(size, "int64"))


@frozen
class MakeVector(Op):
    """Integer scalars as one vector, int64[length].

    Attributes
    ----------
    length : int
        Number of scalars.
    """

    length: int

    def __post_init__(self) -> None:
        # All values count, however many there are.
        object.__setattr__(self, "reads_values", tuple(range(self.length)))

    def out_types(self, *sizes: TensorType) -> TensorType:
        for size in sizes:
            if size.ndim != 0:
                raise RankError(f"a size must be a scalar, got {size}")
            if size.dtype[0] not in "iu":
                raise DTypeError(f"a size must be an integer, got {size}")
        values = [size.value for size in sizes if size.value is not None]
        known = np.array(values, "int64") if len(values) == self.length else None
        return TensorType("int64", (self.length,), known)

    def perform(self, *sizes: Array) -> Array:
        return np.array(sizes, "int64")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)

    def fold(self, node: Apply) -> Variable | None:
        """A vector of constants is a constant."""
        values = [variable.data for variable in node.inputs if isinstance(variable, Constant)]
        return Constant(np.array(values, "int64")) if len(values) == self.length else None


def shape(x: Operand) -> Variable:
    """The sizes of ``x`` as an int64 vector; a constant where all of them are known."""
    x = as_variable(x)
    known = Shape().out_types(x.type).value
    result: Variable = Shape()(x) if known is None else constant(known)
    return result


def size_of(x: Operand, axis: int) -> Variable:
    """The size of one axis of ``x`` as an int64 scalar; a constant where it is known."""
    x = as_variable(x)
    axis = normalised_axis(axis, x)
    size = x.type.shape[axis]
    result: Variable = ShapeAt(axis)(x) if size is None else Constant(np.array(size, "int64"))
    return result


def count_of(x: Operand, axes: Sequence[int] | None = None) -> Variable:
    """The number of elements of ``x``, or of its part along ``axes``, as an int64 scalar: ``x.size``."""
    x = as_variable(x)
    axes = range(x.ndim) if axes is None else axes
    known = [x.type.shape[axis] for axis in axes]
    count: Variable = Constant(np.array(math.prod(size for size in known if size is not None), "int64"))
    for axis, size in zip(axes, known, strict=True):
        if size is None:
            count = count * size_of(x, axis) if not _is_one(count) else size_of(x, axis)
    return count


def _is_one(x: Variable) -> bool:
    return isinstance(x, Constant) and bool(x.data == 1)


def stated_shape(shape: Any, ndim: int | None = None) -> tuple[Variable, tuple[Dim, ...]]:
    """What a user states as a shape: its sizes as an int64 vector, and what is known of them.

    Parameters
    ----------
    shape : int, sequence of (int or integer scalar variable), or integer vector
        The sizes.
    ndim : int, optional
        Their number, needed where ``shape`` is a vector of unknown length.

    Raises
    ------
    RankError
        Where the number of sizes is not known, or not ``ndim``.
    DTypeError
        For sizes that are no integers.
    """
    if isinstance(shape, Variable) and shape.ndim == 1:
        return _stated_vector(shape, ndim)
    sizes = list(shape) if isinstance(shape, tuple | list | np.ndarray) else [shape]
    if ndim is not None and ndim != len(sizes):
        raise RankError(f"a shape of {len(sizes)} sizes does not go with ndim={ndim}", where=here())
    known = tuple(_static_size(size) for size in sizes)
    if None not in known:
        return Constant(np.array(known, "int64")), known
    return MakeVector(len(sizes))(*sizes), known


def _stated_vector(shape: Variable, ndim: int | None) -> tuple[Variable, tuple[Dim, ...]]:
    if shape.dtype[0] not in "iu":
        raise DTypeError("sizes must be integers", arguments=[("shape", shape.type)], where=here())
    length = shape.type.shape[0]
    if length is None and ndim is None:
        raise RankError(
            "a shape that is a vector of unknown length needs the number of dimensions",
            arguments=[("shape", shape.type)],
            where=here(),
            hint="pass ndim=, or promise its length with specify_shape",
        )
    if length is not None and ndim not in (None, length):
        raise RankError(
            f"a shape of {length} sizes does not go with ndim={ndim}",
            arguments=[("shape", shape.type)],
            where=here(),
        )
    if isinstance(shape, Constant):
        return Constant(shape.data.astype("int64")), tuple(map(int, shape.data))
    known: tuple[Dim, ...] = (None,) * (length if length is not None else ndim or 0)
    if shape.owner is not None and isinstance(shape.owner.op, Shape):
        known = shape.owner.inputs[0].type.shape
    elif shape.owner is not None and isinstance(shape.owner.op, MakeVector):
        known = tuple(_static_size(size) for size in shape.owner.inputs)
    return shape, known


def _static_size(size: Any) -> int | None:
    """The number that a size is, None where it is symbolic."""
    if isinstance(size, Variable) and not isinstance(size, Constant):
        return None
    value = size.data if isinstance(size, Constant) else size
    try:
        return int(value.__index__())
    except (AttributeError, TypeError):
        raise DTypeError(
            f"a size must be an integer, got {size!r}", where=here(), hint="or an integer scalar variable"
        ) from None


def check_count(count: Any, what: str) -> None:
    """A number of elements that is known must not be negative.

    Raises
    ------
    ShapeError
    """
    known = count.data.item() if isinstance(count, Constant) else count
    if isinstance(known, int | np.integer) and known < 0:
        raise ShapeError(f"{what} got the size {int(known)}", where=here(), hint="a size is 0 or more")


__all__ = ["MakeVector", "Shape", "ShapeAt", "check_count", "count_of", "shape", "size_of", "stated_shape"]
