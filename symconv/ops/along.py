"""One element along an axis for each position along the others: taking it, adding to it; imports shape.

    TakeAlong  picks the elements
    AddAlong   adds to them; the gradient of picking
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.types import Array, TensorType
from symconv.ops.elemwise_rows import cast, zeros_like
from symconv.ops.shape import normalised_axis

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


def _check(op: str, x: TensorType, indices: TensorType, axis: int) -> None:
    if indices.dtype[0] not in "iu":
        raise DTypeError(f"{op} needs integer indices, got {indices.dtype}")
    if x.ndim != indices.ndim:
        raise RankError(f"{op} needs indices of {x.ndim} dimensions, as x has, got {indices.ndim}")
    for position, (mine, theirs) in enumerate(zip(x.shape, indices.shape, strict=True)):
        if position != axis and None not in (mine, theirs) and mine != theirs:
            raise ShapeError(f"axis {position} of x has size {mine}, that of the indices {theirs}")


def _joined(x: TensorType, indices: TensorType, axis: int) -> tuple[Any, ...]:
    """The shape of the indices, with what is known of x."""
    return tuple(
        theirs if position == axis or mine is None else mine
        for position, (mine, theirs) in enumerate(zip(x.shape, indices.shape, strict=True))
    )


def _where(indices: Array, axis: int) -> tuple[Array, ...]:
    """The index, for all axes, of the elements that the indices along one axis mean."""
    grid = _grid(indices.shape)
    return (*grid[:axis], indices, *grid[axis + 1 :])


def _places(indices: "Value", axis: int) -> Callable[[Array], tuple[Array, ...]]:
    """The same, as a function of indices of a shape that is known."""
    grid = _grid([int(size) for size in indices.shape])  # type: ignore[arg-type]
    return lambda indices: (*grid[:axis], indices, *grid[axis + 1 :])


def _grid(shape: Sequence[int]) -> list[Array]:
    """For each axis the positions along it, which broadcast to the shape."""
    count = len(shape)
    return [np.arange(size).reshape((-1,) + (1,) * (count - 1 - axis)) for axis, size in enumerate(shape)]


@frozen
class TakeAlong(Op):
    """The elements of ``x`` at ``indices`` along an axis.

    Attributes
    ----------
    axis : int
        The axis that the indices number; along the others both inputs have the same sizes.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "indices")
    axis: int

    def out_types(self, x: TensorType, indices: TensorType) -> TensorType:
        _check("take_along_axis", x, indices, self.axis)
        return TensorType(x.dtype, _joined(x, indices, self.axis))

    def perform(self, x: Array, indices: Array) -> Array:
        return np.asarray(x[_where(indices, self.axis)])

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """NumPy's indexing, with the positions on the other axes made once."""
        where = _places(inputs[1], self.axis)

        def take_along(x: Array, indices: Array, out: Array) -> None:
            out[...] = x[where(indices)]

        k.into(take_along, inputs, outputs[0])

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (x, indices), g = inputs, gradients[0]
        if g is None or x.type.is_discrete:
            return [None, None]
        return [AddAlong(self.axis)(zeros_like(x), indices, g), None]


@frozen
class AddAlong(Op):
    """``x`` with values added to its elements at ``indices`` along an axis; repeated indices accumulate.

    Attributes
    ----------
    axis : int
        The axis that the indices number; along the others all inputs have the same sizes.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "indices", "values")
    overwrites: ClassVar[int | None] = 0
    axis: int

    def out_types(self, x: TensorType, indices: TensorType, values: TensorType) -> TensorType:
        _check("add_along_axis", x, indices, self.axis)
        if values.dtype != x.dtype:
            raise DTypeError(f"add_along_axis needs values of the dtype of x, {x.dtype}, got {values.dtype}")
        pairs = zip(values.shape, _joined(x, indices, self.axis), strict=False)
        if values.ndim != x.ndim or any(None not in pair and pair[0] != pair[1] for pair in pairs):
            raise ShapeError("add_along_axis needs values of the shape of the indices")
        return x

    def perform(self, x: Array, indices: Array, values: Array) -> Array:
        result = x.copy()
        where = _where(indices, self.axis)
        if indices.shape[self.axis] == 1:  # then no element is meant twice
            result[where] += values
        else:
            np.add.at(result, where, values)
        return result

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """One copy of x, or x itself, to which NumPy adds."""
        where = _places(inputs[1], self.axis)
        once = inputs[1].shape[self.axis] == 1  # then no element is meant twice

        def add_along(x: Array, indices: Array, values: Array, out: Array) -> None:
            if out is not x:
                out[...] = x
            if once:
                out[where(indices)] += values
            else:
                np.add.at(out, where(indices), values)

        k.into(add_along, inputs, outputs[0])

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        if g is None or inputs[0].type.is_discrete:
            return [None, None, None]
        return [g, None, TakeAlong(self.axis)(g, inputs[1])]


def taken_along(x: Operand, indices: Operand, axis: int = -1) -> Variable:
    """The elements of ``x`` at ``indices`` along an axis by one op, where no other axis stretches."""
    x, indices = as_variable(x), as_variable(indices)
    result: Variable = TakeAlong(normalised_axis(axis, x))(x, indices)
    return result


def add_along_axis(x: Operand, indices: Operand, values: Operand, axis: int = -1) -> Variable:
    """``x`` with ``values`` added at ``indices`` along an axis; where indices repeat, all are added.

    Parameters
    ----------
    x : variable or array_like
    indices : integer variable or array_like
        As for ``take_along_axis``.
    values : variable or array_like
        Of the shape of ``indices``; converted to the dtype of ``x``.
    axis : int
        The axis that the indices number.

    Returns
    -------
    Variable
        Of the type of ``x``.

    Raises
    ------
    DTypeError, ShapeError, IndexError
        As ``take_along_axis``.
    """
    x, indices = as_variable(x), as_variable(indices)
    axis = normalised_axis(axis, x)
    result: Variable = AddAlong(axis)(x, indices, cast(values, x.dtype))
    return result


__all__ = ["AddAlong", "TakeAlong", "add_along_axis", "taken_along"]
