"""Axes: permuting, adding and dropping them, and counting them from either end; imports the graph.

    DimShuffle    permutes, drops and adds axes         a view
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, RankError, ShapeError, SymconvError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, argument, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

Axis = int | str  # an axis of the input, or "x" for a new one


@frozen
class DimShuffle(Op):
    """Permute, drop and add axes.

    Attributes
    ----------
    order : tuple of (int or "x")
        For each axis of the result the input's axis, or "x" for a new one of size 1.
    input_ndim : int
        Rank of the input. Axes that ``order`` leaves out must be known to have size 1.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    order: tuple[Axis, ...]
    input_ndim: int

    def __post_init__(self) -> None:
        axes = self.kept
        wrong = [axis for axis in axes if type(axis) is not int or not 0 <= axis < self.input_ndim]
        if wrong:
            raise RankError(
                f"dimshuffle pattern {self.order} names {wrong[0]!r}, but the axes of the input are "
                f"0 to {self.input_ndim - 1}",
                where=here(),
                hint='write axes as numbers, and "x" for a new axis of size 1',
            )
        if len(set(axes)) != len(axes):
            raise ShapeError(
                f"dimshuffle pattern {self.order} names an axis twice",
                where=here(),
                hint='each axis of the input comes once at most; "x" may come often',
            )

    @property
    def kept(self) -> tuple[int, ...]:
        """The input's axes that stay, in their new order."""
        return tuple(axis for axis in self.order if not isinstance(axis, str) or axis != "x")  # type: ignore[misc]

    @property
    def dropped(self) -> tuple[int, ...]:
        """The input's axes that vanish."""
        return tuple(axis for axis in range(self.input_ndim) if axis not in self.order)

    @property
    def inverse(self) -> "DimShuffle":
        """The op that undoes this one."""
        axes = range(self.input_ndim)
        order = tuple(self.order.index(axis) if axis in self.order else "x" for axis in axes)
        return DimShuffle(order, len(self.order))

    def out_types(self, x: TensorType) -> TensorType:
        if x.ndim != self.input_ndim:
            raise RankError(f"dimshuffle {self.order} needs {self.input_ndim} dimensions, got {x.ndim}")
        for axis in self.dropped:
            if x.shape[axis] != 1:
                size = "unknown" if x.shape[axis] is None else x.shape[axis]
                raise ShapeError(
                    f"dimshuffle {self.order} drops axis {axis}, whose size is {size} and not known to be 1",
                    hint="index it away, or promise its size with specify_shape",
                )
        return x.with_shape(1 if isinstance(axis, str) else x.shape[axis] for axis in self.order)

    def perform(self, x: Array) -> Array:
        moved = x.transpose(self.kept + self.dropped)
        new = tuple(np.newaxis if axis == "x" else slice(None) for axis in self.order)
        return moved[new + (0,) * len(self.dropped) + (Ellipsis,)]

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """The input's axes permuted, the dropped ones indexed away, the new ones inserted."""
        kept = [axis for axis in range(self.input_ndim) if axis in self.order]
        value = value[tuple(slice(None) if axis in kept else 0 for axis in range(self.input_ndim))]
        value = value.transpose(*(kept.index(axis) for axis in self.kept))
        return value[tuple(None if axis == "x" else slice(None) for axis in self.order)]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        gradient = gradients[0]
        return [None if gradient is None else self.inverse(gradient)]

    def fold(self, node: Apply) -> Variable | None:
        """Two are one, and one that changes nothing vanishes."""
        source = node.inputs[0]
        if self.kept == tuple(sorted(self.kept)) and source.type == node.outputs[0].type:
            return source  # at most, axes of size 1 were dropped and added again
        if source.owner is None or not isinstance(source.owner.op, DimShuffle):
            return None
        first = source.owner.op
        order = tuple("x" if isinstance(axis, str) else first.order[axis] for axis in self.order)
        both = DimShuffle(order, first.input_ndim)
        return both.apply(source.owner.inputs[0]).outputs[0]

    @property
    def details(self) -> tuple[str, ...]:
        """The pattern."""
        return tuple(map(str, self.order))


def normalised_axis(axis: Any, of: Variable | int, what: str = "axis") -> int:
    """An axis of a tensor, or of a number of dimensions, counted from the front.

    Raises
    ------
    RankError
        For an axis that does not exist.
    """
    ndim = of if isinstance(of, int) else of.ndim
    arguments = [] if isinstance(of, int) else [argument("x", of)]
    try:
        number = axis.__index__()
    except AttributeError:
        raise ArgumentError(
            f"{what} must be an integer, got {axis!r}",
            arguments=arguments,
            where=here(),
            hint=f"an integer from {-ndim} to {ndim - 1}" if ndim else "a scalar has no axes",
        ) from None
    if not -ndim <= number < ndim:
        raise RankError(
            f"{what} {number} does not exist among {ndim} dimensions",
            arguments=arguments,
            where=here(),
            hint=f"axes go from {-ndim} to {ndim - 1}" if ndim else "a scalar has no axes",
        )
    return int(number % ndim)


def normalised_axes(axes: Any, of: Variable | int) -> tuple[int, ...]:
    """Axes counted from the front, sorted; None means all of them."""
    if axes is None:
        return tuple(range(of if isinstance(of, int) else of.ndim))
    if isinstance(axes, np.ndarray):
        axes = axes.tolist()
    listed = axes if isinstance(axes, tuple | list) else (axes,)
    result = tuple(sorted(normalised_axis(axis, of) for axis in listed))
    if len(set(result)) != len(result):
        raise ShapeError(
            f"an axis is named twice in {tuple(listed)}",
            arguments=[] if isinstance(of, int) else [argument("x", of)],
            where=here(),
            hint="name each axis once; negative ones count from the end",
        )
    return result


# Axes


def _shuffled(x: Variable, order: Sequence[Axis]) -> Variable:
    try:
        op = DimShuffle(tuple(order), x.ndim)
    except SymconvError as error:  # the pattern is wrong for this tensor
        error.arguments = (argument("x", x),)
        raise
    result: Variable = op(x)
    return result


def dimshuffle(x: Operand, *pattern: Any) -> Variable:
    """Permute, drop and add axes.

    Parameters
    ----------
    x : variable or array_like
    *pattern : int or "x"
        For each axis of the result, the axis of ``x`` that it is, or "x" for a new one of size 1, which
        broadcasts. A list or tuple of these does as well. Axes left out must be known to have size 1.

    Returns
    -------
    Variable
        A view.

    Raises
    ------
    RankError, ShapeError
        For an axis that does not exist, comes twice, or is left out and not known to have size 1.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.dvector("b").dimshuffle("x", 0, "x", "x").type
    TensorType(float64[1,?,1,1])
    """
    if len(pattern) == 1 and isinstance(pattern[0], tuple | list):
        pattern = tuple(pattern[0])
    order = [axis.__index__() if hasattr(axis, "__index__") else axis for axis in pattern]
    return _shuffled(as_variable(x), order)


def transpose(x: Operand, *axes: Any) -> Variable:
    """Permute the axes; without ``axes`` reverse them.

    Parameters
    ----------
    x : variable or array_like
    *axes : int, or one sequence of int
        The axis of ``x`` that each axis of the result is.

    Returns
    -------
    Variable
        A view.
    """
    x = as_variable(x)
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list)):
        axes = tuple(axes[0] or ())
    order = [normalised_axis(axis, x) for axis in axes] or list(reversed(range(x.ndim)))
    if len(order) != x.ndim:
        raise RankError(
            f"transpose of {x.ndim} dimensions got {len(order)} axes",
            arguments=[argument("x", x)],
            where=here(),
            hint="name every axis once, or none to reverse them",
        )
    return _shuffled(x, order)


def swapaxes(x: Operand, first: int, second: int) -> Variable:
    """Exchange two axes; the result is a view."""
    x = as_variable(x)
    first, second = normalised_axis(first, x), normalised_axis(second, x)
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return _shuffled(x, order)


def squeeze(x: Operand, axis: int | Sequence[int] | None = None) -> Variable:
    """Drop the axes that are known to have size 1, or those named.

    Raises
    ------
    ShapeError
        For a named axis that is not known to have size 1.
    """
    x = as_variable(x)
    if axis is None:
        drop = tuple(index for index, size in enumerate(x.type.shape) if size == 1)
    else:
        drop = normalised_axes(axis, x)
    return _shuffled(x, [index for index in range(x.ndim) if index not in drop])


def expand_dims(x: Operand, axis: int | Sequence[int]) -> Variable:
    """Insert axes of size 1 that stand at ``axis`` in the result."""
    x = as_variable(x)
    listed = list(axis) if isinstance(axis, tuple | list) else [axis]
    new = normalised_axes(listed, x.ndim + len(listed))
    old = iter(range(x.ndim))
    return _shuffled(x, ["x" if index in new else next(old) for index in range(x.ndim + len(new))])


def shape_padleft(x: Operand, count: int = 1) -> Variable:
    """Add ``count`` axes of size 1 in front."""
    x = as_variable(x)
    return _shuffled(x, [*["x"] * count, *range(x.ndim)])


def shape_padright(x: Operand, count: int = 1) -> Variable:
    """Add ``count`` axes of size 1 behind."""
    x = as_variable(x)
    return _shuffled(x, [*range(x.ndim), *["x"] * count])


def shape_padaxis(x: Operand, axis: int) -> Variable:
    """Add one axis of size 1 that stands at ``axis`` in the result."""
    return expand_dims(x, axis)


def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Variable:
    """Move axes to other positions; the others keep their order."""
    x = as_variable(x)
    sources, targets = (
        [normalised_axis(axis, x) for axis in (axes if isinstance(axes, tuple | list) else [axes])]
        for axes in (source, destination)
    )
    if len(sources) != len(targets) or len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        raise ShapeError(
            f"moveaxis needs as many positions as axes, each once, got {source} and {destination}",
            arguments=[argument("x", x)],
            where=here(),
        )
    order = [axis for axis in range(x.ndim) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return _shuffled(x, order)


def rollaxis(x: Operand, axis: int, start: int = 0) -> Variable:
    """Move an axis to before the one that stands at ``start``."""
    x = as_variable(x)
    axis = normalised_axis(axis, x)
    if start < 0:
        start += x.ndim
    if not 0 <= start <= x.ndim:
        raise RankError(f"start {start} of rollaxis does not exist among {x.ndim} dimensions", where=here())
    return moveaxis(x, axis, start - 1 if axis < start else start)


def atleast_nd(x: Operand, ndim: int) -> Variable:
    """The tensor with axes of size 1 in front, so that it has at least ``ndim``."""
    x = as_variable(x)
    return x if x.ndim >= ndim else shape_padleft(x, ndim - x.ndim)


def atleast_1d(x: Operand) -> Variable:
    """The tensor with an axis of size 1 where it has none."""
    return atleast_nd(x, 1)


def atleast_2d(x: Operand) -> Variable:
    """The tensor with axes of size 1 in front, so that it has at least 2."""
    return atleast_nd(x, 2)


METHODS.update(dimshuffle=dimshuffle, transpose=transpose, swapaxes=swapaxes, squeeze=squeeze)

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_nd", "dimshuffle", "expand_dims", "moveaxis", "rollaxis",
    "shape_padaxis", "shape_padleft", "shape_padright", "squeeze", "swapaxes", "transpose",
]  # fmt: skip
