"""Shapes: reading them, changing them, permuting and adding axes; imports the graph.

    DimShuffle    permutes, drops and adds axes         a view
    Reshape       the same elements in another shape    a view of a contiguous array
    SpecifyShape  promises sizes                        a view
    Shape, ShapeAt, MakeVector                          sizes as values, of dtype int64
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, DTypeError, RankError, ShapeError
from symconv.graph.nodes import Apply, Constant, Operand, Variable, constant
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType, type_of

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

Axis = int | str  # an axis of the input, or "x" for a new one


@dataclass(frozen=True)
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
            raise ShapeError(f"dimshuffle pattern {self.order} names an axis twice", where=here())

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


@dataclass(frozen=True)
class Reshape(Op):
    """The same elements, in C order, in another shape.

    The inputs are the tensor and its new shape, an integer vector in which one -1 stands for what is left.

    Attributes
    ----------
    sizes : tuple of (int or None)
        What was known of the new shape when the expression was written.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x", "shape")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    sizes: tuple[Dim, ...]

    def out_types(self, x: TensorType, shape: TensorType) -> TensorType:
        if shape.ndim != 1 or shape.dtype[0] not in "iu" or shape.shape[0] not in (None, len(self.sizes)):
            raise RankError(f"reshape to {len(self.sizes)} dimensions needs an integer vector of that length")
        if shape.value is None:
            return x.with_shape(self.sizes)
        sizes = resolved(tuple(map(int, shape.value)), x.shape)
        for known, size in zip(self.sizes, sizes, strict=True):
            if known is not None and size is not None and known != size:
                raise ShapeError(f"reshape to {_text(sizes)}, but {_text(self.sizes)} was expected")
        return x.with_shape(
            known if size is None else size for known, size in zip(self.sizes, sizes, strict=True)
        )

    def perform(self, x: Array, shape: Array) -> Array:
        return x.reshape([size or 0 for size in resolved(tuple(map(int, shape)), x.shape)])

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """A view where the input has no gaps, else of a copy that has none."""
        contiguous = k.contiguous(value)
        return contiguous.reshape(*shape) if shape else contiguous[(0,) * value.ndim]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        x, gradient = inputs[0], gradients[0]
        return [None if gradient is None else Reshape(x.type.shape)(gradient, shape(x)), None]

    def fold(self, node: Apply) -> Variable | None:
        """A reshape of a reshape is one; one to the shape that the input has already vanishes."""
        x, lengths = node.inputs
        old, new = x.type.shape, node.outputs[0].type.shape
        # With one size unknown and no size 0, the number of elements decides that size.
        if old == new and old.count(None) <= 1 and 0 not in old:
            return x
        if x.owner is not None and isinstance(x.owner.op, Reshape):
            return self.apply(x.owner.inputs[0], lengths).outputs[0]
        return None

    @property
    def label(self) -> str:
        """Op and new shape."""
        return "Reshape"

    @property
    def details(self) -> tuple[str, ...]:
        """What is known of the new shape."""
        return tuple("?" if size is None else str(size) for size in self.sizes)


def resolved(wanted: tuple[int, ...], old: Sequence[Dim]) -> tuple[Dim, ...]:
    """The sizes that a reshape to ``wanted``, where one may be -1, gives to an array of shape ``old``.

    Raises
    ------
    ShapeError
        Where the numbers of elements differ, or what -1 stands for is not defined.
    """
    texts = f"{_text(old)} to {_text(wanted)}"
    if any(size < -1 for size in wanted) or wanted.count(-1) > 1:
        raise ShapeError(f"cannot reshape {texts}", hint="sizes must be >= 0, but for one -1 at most")
    total = None if None in old else math.prod(size for size in old if size is not None)
    rest = math.prod(size for size in wanted if size != -1)
    if total is None:
        return tuple(None if size == -1 else size for size in wanted)
    if -1 not in wanted:
        if rest != total:
            raise ShapeError(f"cannot reshape {texts}: {total} elements are not {rest}")
        return wanted
    if rest == 0 or total % rest:
        raise ShapeError(f"cannot reshape {texts}: no size for -1 makes {total} elements")
    return tuple(total // rest if size == -1 else size for size in wanted)


def _text(sizes: Sequence[Dim]) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in sizes) + ")"


@dataclass(frozen=True)
class SpecifyShape(Op):
    """Promise sizes, which are checked when the function runs.

    Attributes
    ----------
    sizes : tuple of (int or None)
        The sizes; None promises nothing.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    sizes: tuple[Dim, ...]

    def out_types(self, x: TensorType) -> TensorType:
        if x.ndim != len(self.sizes):
            raise RankError(f"the shape promised has {len(self.sizes)} dimensions, the tensor {x.ndim}")
        for promised, size in zip(self.sizes, x.shape, strict=True):
            if promised is not None and size is not None and promised != size:
                raise ShapeError(f"the shape promised is {_text(self.sizes)}, the shape is {_text(x.shape)}")
        return x.with_shape(
            size if promised is None else promised for promised, size in zip(self.sizes, x.shape, strict=True)
        )

    def perform(self, x: Array) -> Array:
        self.out_types(type_of(x))
        return x

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """The input itself: the promise was checked while planning."""
        return value

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [gradients[0]]

    def fold(self, node: Apply) -> Variable | None:
        """A promise of what is known vanishes."""
        return node.inputs[0] if node.inputs[0].type == node.outputs[0].type else None


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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


# Sizes


def shape(x: Operand) -> Variable:
    """The sizes of ``x`` as an int64 vector; a constant where all of them are known."""
    x = as_variable(x)
    known = Shape().out_types(x.type).value
    result: Variable = Shape()(x) if known is None else constant(known)
    return result


def size_of(x: Operand, axis: int) -> Variable:
    """The size of one axis of ``x`` as an int64 scalar; a constant where it is known."""
    x = as_variable(x)
    axis = normalised_axis(axis, x.ndim)
    size = x.type.shape[axis]
    result: Variable = ShapeAt(axis)(x) if size is None else Constant(np.array(size, "int64"))
    return result


def count_of(x: Operand, axes: Sequence[int] | None = None) -> Variable:
    """The number of elements of ``x``, or of its part along ``axes``, as an int64 scalar."""
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


def normalised_axis(axis: Any, ndim: int, what: str = "axis") -> int:
    """An axis counted from the front.

    Raises
    ------
    RankError
        For an axis that does not exist.
    """
    try:
        number = axis.__index__()
    except AttributeError:
        raise ArgumentError(f"{what} must be an integer, got {axis!r}", where=here()) from None
    if not -ndim <= number < ndim:
        raise RankError(
            f"{what} {number} does not exist among {ndim} dimensions",
            where=here(),
            hint=f"axes go from {-ndim} to {ndim - 1}" if ndim else "a scalar has no axes",
        )
    return int(number % ndim)


def normalised_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, sorted; None means all of them."""
    if axes is None:
        return tuple(range(ndim))
    if isinstance(axes, np.ndarray):
        axes = axes.tolist()
    listed = axes if isinstance(axes, tuple | list) else (axes,)
    result = tuple(sorted(normalised_axis(axis, ndim) for axis in listed))
    if len(set(result)) != len(result):
        raise ShapeError(f"an axis is named twice in {tuple(listed)}", where=here())
    return result


# Axes


def _shuffled(x: Variable, order: Sequence[Axis]) -> Variable:
    result: Variable = DimShuffle(tuple(order), x.ndim)(x)
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
    order = [normalised_axis(axis, x.ndim) for axis in axes] or list(reversed(range(x.ndim)))
    if len(order) != x.ndim:
        raise RankError(f"transpose of {x.ndim} dimensions got {len(order)} axes", where=here())
    return _shuffled(x, order)


def swapaxes(x: Operand, first: int, second: int) -> Variable:
    """Exchange two axes; the result is a view."""
    x = as_variable(x)
    first, second = normalised_axis(first, x.ndim), normalised_axis(second, x.ndim)
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
        drop = normalised_axes(axis, x.ndim)
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


# Sizes that change


def reshape(x: Operand, shape: Any, ndim: int | None = None) -> Variable:
    """The elements of ``x``, in C order, in another shape.

    Parameters
    ----------
    x : variable or array_like
    shape : int, sequence of (int or integer scalar variable), or integer vector
        The new sizes; one of them may be -1 and is then what is left.
    ndim : int, optional
        The number of dimensions, needed where ``shape`` is a vector of unknown length.

    Returns
    -------
    Variable

    Raises
    ------
    ShapeError
        Where the numbers of elements differ, as early as they are known.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.tensor("float64", (6, None)).reshape((2, 3, 1, -1)).type
    TensorType(float64[2,3,1,?])
    """
    x = as_variable(x)
    if isinstance(shape, Variable) and shape.ndim == 1:
        return _reshape_to_vector(x, shape, ndim)
    sizes = list(shape) if isinstance(shape, tuple | list | np.ndarray) else [shape]
    if ndim is not None and ndim != len(sizes):
        raise RankError(f"reshape got {len(sizes)} sizes and ndim={ndim}", where=here())
    known = tuple(_static_size(size) for size in sizes)
    return _reshape(x, sizes, known)


def _reshape_to_vector(x: Variable, shape: Variable, ndim: int | None) -> Variable:
    length = shape.type.shape[0] if ndim is None else ndim
    if length is None:
        raise RankError(
            "reshape to a vector of unknown length needs the number of dimensions",
            arguments=[("shape", shape.type)],
            where=here(),
            hint="pass ndim=",
        )
    if isinstance(shape, Constant):
        return _reshape(x, shape.data.tolist(), tuple(shape.data.tolist()))
    result: Variable = Reshape((None,) * length)(x, shape)
    return result


def _static_size(size: Any) -> int | None:
    """The number that a size is, None where it is symbolic."""
    if isinstance(size, Variable) and not isinstance(size, Constant):
        return None
    value = size.data if isinstance(size, Constant) else size
    try:
        return int(value.__index__())
    except (AttributeError, TypeError):
        raise DTypeError(f"a size must be an integer, got {size!r}", where=here()) from None


def _reshape(x: Variable, sizes: list[Any], known: tuple[int | None, ...]) -> Variable:
    # What -1 stands for, the op finds where it can.
    static = tuple(None if size == -1 else size for size in known)
    if None in known:
        lengths: Variable = MakeVector(len(sizes))(*sizes)
    else:
        lengths = Constant(np.array(known, "int64"))
    result: Variable = Reshape(static)(x, lengths)
    return result


def flatten(x: Operand, ndim: int = 1) -> Variable:
    """The first ``ndim - 1`` axes as they are, all others made into one.

    Parameters
    ----------
    x : variable or array_like
    ndim : int
        The number of dimensions of the result, from 1 to that of ``x`` (1 for a scalar).

    Returns
    -------
    Variable
    """
    x = as_variable(x)
    if not 1 <= ndim <= max(x.ndim, 1):
        raise RankError(
            f"flatten to {ndim} dimensions of a tensor that has {x.ndim}",
            where=here(),
            hint=f"choose 1 to {max(x.ndim, 1)}",
        )
    kept = range(ndim - 1)
    return reshape(x, [*(size_of(x, axis) for axis in kept), count_of(x, range(ndim - 1, x.ndim))])


def specify_shape(x: Operand, shape: Sequence[int | None]) -> Variable:
    """Promise sizes that are not known; the promise is checked when the function runs.

    Parameters
    ----------
    x : variable or array_like
    shape : sequence of (int or None)
        The sizes; None promises nothing.

    Returns
    -------
    Variable
        The same tensor, with those sizes known. A size of 1 may be broadcast from here on.

    Raises
    ------
    ShapeError
        Where a size is known to differ; when run, where it does differ.
    """
    result: Variable = SpecifyShape(tuple(shape))(as_variable(x))
    return result


def addbroadcast(x: Operand, *axes: int) -> Variable:
    """Promise that axes have size 1, so that they may be broadcast."""
    x = as_variable(x)
    ones = normalised_axes(axes, x.ndim)
    return specify_shape(x, [1 if axis in ones else None for axis in range(x.ndim)])


METHODS.update(
    shape=shape, dimshuffle=dimshuffle, transpose=transpose, swapaxes=swapaxes, squeeze=squeeze,
    reshape=reshape, flatten=flatten,
)  # fmt: skip
