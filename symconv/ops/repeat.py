"""Tensors made larger or turned round from their own elements; imports join and what it is made of.

    RepeatedPositions  for each element of a repeated axis where it comes from

All else is written with filling, joining and indexing, whose gradients it has.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import normalised_axes, normalised_axis, shape_padleft
from symconv.ops.elemwise_rows import cast, ge, maximum, minimum, mod, switch
from symconv.ops.fill import Alloc, arange, full
from symconv.ops.index.functions import getitem, set_subtensor
from symconv.ops.index.selection import take
from symconv.ops.join import join
from symconv.ops.shape import flatten, reshape, shape, size_of, stated_shape


@frozen
class RepeatedPositions(Op):
    """Positions 0, 1, ... each as often as a vector says: what ``repeat`` takes from an axis.

    The inputs are that vector and the size of the axis, which must be its length.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("repeats", "size")
    reads_values: ClassVar[tuple[int, ...]] = (0, 1)

    def out_types(self, repeats: TensorType, size: TensorType) -> TensorType:
        if repeats.ndim != 1 or not repeats.is_discrete:
            raise DTypeError(f"repeats must be an integer or a vector of integers, got {repeats}")
        known = None if size.value is None else int(size.value)
        if repeats.shape[0] is not None and known not in (None, repeats.shape[0]):
            raise ShapeError(f"{repeats.shape[0]} repeats for an axis of size {known}")
        if repeats.value is None:
            return TensorType("int64", (None,))
        if (repeats.value < 0).any():
            raise ShapeError(
                f"an element cannot be repeated {int(repeats.value.min())} times", hint="0 times or more"
            )
        return TensorType("int64", (int(repeats.value.sum()),))

    def perform(self, repeats: Array, size: Array) -> Array:
        return np.repeat(np.arange(int(size)), repeats)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None, None]


def _count(value: Any, what: str) -> Variable:
    """A number of repetitions as an integer scalar."""
    count = as_variable(value)
    if count.ndim or not count.type.is_discrete:
        raise DTypeError(f"{what} must be integers", arguments=[(what, count.type)], where=here())
    if isinstance(count, Constant) and count.data < 0:
        raise ShapeError(
            f"a tensor cannot be repeated {int(count.data)} times", where=here(), hint="0 times or more"
        )
    return count


def _blown_up(x: Variable, counts: dict[int, Variable], inside: bool) -> Variable:
    """The axes repeated: every element by itself (``inside``), or the axis as a whole."""
    sizes: list[Variable] = []
    merged: list[Variable] = []
    axes: list[int] = []
    for axis in range(x.ndim):
        size, count = size_of(x, axis), counts.get(axis)
        if count is None:
            axes.append(len(sizes))
            sizes.append(size)
            merged.append(size)
            continue
        axes.append(len(sizes) + (not inside))
        sizes += [size, count] if inside else [count, size]
        known = isinstance(size, Constant) and isinstance(count, Constant)
        merged.append(Constant(np.array(size.data * count.data, "int64")) if known else size * count)
    lengths, known_sizes = stated_shape(sizes)
    return reshape(Alloc(tuple(axes), known_sizes)(x, lengths), merged)


def repeat(x: Operand, repeats: Operand, axis: int | None = None) -> Variable:
    """Every element along an axis repeated.

    Parameters
    ----------
    x : variable or array_like
    repeats : int, integer scalar variable, or integer vector
        How often; a vector says it for each element of the axis.
    axis : int, optional
        Without one, ``x`` is flattened first.

    Raises
    ------
    ShapeError
        For a negative number, and a vector that has not the axis' size; when run, where known only then.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.repeat([1, 2, 3], [2, 0, 1]).eval()
    array([1, 1, 3])
    """
    x, repeats = as_variable(x), as_variable(repeats)
    if axis is None:
        x, axis = flatten(x), 0
    axis = normalised_axis(axis, x)
    if repeats.ndim == 1 and repeats.type.shape[0] == 1:
        repeats = Constant(repeats.data[0]) if isinstance(repeats, Constant) else reshape(repeats, ())
    if repeats.ndim == 0:
        return _blown_up(x, {axis: _count(repeats, "repeats")}, inside=True)
    return take(x, RepeatedPositions()(repeats, size_of(x, axis)), axis)


def tile(x: Operand, reps: Any, ndim: int | None = None) -> Variable:
    """The tensor as a whole repeated along its axes.

    Parameters
    ----------
    x : variable or array_like
    reps : int or integer scalar variable, or a sequence of these
        How often along each of the last axes; where there are more numbers than axes, axes are added in
        front.
    ndim : int, optional
        The number of dimensions of the result, where it shall be larger than both.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.tile([1, 2], (2, 2)).eval()
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]])
    """
    x = as_variable(x)
    if isinstance(reps, Variable) and reps.ndim == 1:
        length = reps.type.shape[0]
        if length is None:
            raise RankError(
                "tile by a vector of unknown length", arguments=[("reps", reps.type)], where=here(),
                hint="pass a list of numbers, or promise the length with specify_shape",
            )  # fmt: skip
        listed = [reps[position] for position in range(length)]
    else:
        listed = list(reps) if isinstance(reps, tuple | list | np.ndarray) else [reps]
    counts = [_count(count, "reps") for count in listed]
    wanted = max(x.ndim, len(counts), ndim or 0)
    if ndim is not None and ndim < wanted:
        raise RankError(f"tile gives {wanted} dimensions, not ndim={ndim}", where=here())
    x = shape_padleft(x, wanted - x.ndim)
    first = wanted - len(counts)
    along = {
        first + index: count
        for index, count in enumerate(counts)
        if not (isinstance(count, Constant) and count.data == 1)
    }
    return _blown_up(x, along, inside=False) if along else x


# Padding: for a position beyond the axis, where its element comes from

_SOURCES: dict[str, Callable[[Variable, Variable], Variable]] = {
    "edge": lambda i, n: maximum(0, minimum(i, n - 1)),
    "wrap": lambda i, n: mod(i, n),
    "reflect": lambda i, n: _mirrored(mod(i, maximum(2 * n - 2, 1)), n, 2 * n - 2),
    "symmetric": lambda i, n: _mirrored(mod(i, 2 * n), n, 2 * n - 1),
}


def _mirrored(position: Variable, n: Variable, total: Variable) -> Variable:
    return switch(ge(position, n), total - position, position)


def pad(x: Operand, pad_width: Any, mode: str = "constant", constant_values: Operand = 0) -> Variable:
    """The tensor with elements added at both ends of its axes.

    Parameters
    ----------
    x : variable or array_like
    pad_width : int, or (before, after), or a sequence of such a pair for each axis
        How many; integer scalar variables do as well.
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        What is added: a constant; the outermost element; the elements mirrored, the outermost one not
        repeated or repeated; those of the other end. More of them than there are go round again.
    constant_values : scalar
        For the mode "constant".

    Raises
    ------
    OptionError
        For an unknown mode.
    ShapeError
        For negative widths, and for an axis of size 0 in modes other than "constant".

    Examples
    --------
    >>> import symconv as sc
    >>> sc.pad([1, 2, 3], (2, 1), mode="reflect").eval()
    array([3, 2, 1, 2, 3, 2])
    """
    result: Variable = as_variable(x)
    if mode != "constant" and mode not in _SOURCES:
        raise OptionError(
            f"pad has no mode {mode!r}", where=here(), hint="choose one of constant, " + ", ".join(_SOURCES)
        )
    widths = _widths(pad_width, result.ndim)
    if mode == "constant":
        return _padded(result, widths, constant_values)
    for axis, (before, after) in enumerate(widths):
        if before == 0 and after == 0:
            continue
        size = result.type.shape[axis]
        if size == 0:
            raise ShapeError(f"nothing to pad axis {axis} with: its size is 0", where=here())
        positions = arange(before * -1, (size_of(result, axis) if size is None else size) + after)
        result = take(result, _SOURCES[mode](positions, size_of(result, axis)), axis)
    return result


def _widths(pad_width: Any, ndim: int) -> list[tuple[Any, Any]]:
    """What is added before and after each axis: integers where they are known."""
    if isinstance(pad_width, np.ndarray):
        pad_width = pad_width.tolist()
    listed = list(pad_width) if isinstance(pad_width, list | tuple) else [pad_width]
    if not any(isinstance(one, list | tuple) for one in listed):
        listed = [listed * 2 if len(listed) == 1 else listed]
    pairs = [list(one) * (1 if len(one) != 1 else 2) for one in listed]
    pairs = pairs * ndim if len(pairs) == 1 else pairs
    if len(pairs) != ndim or any(len(pair) != 2 for pair in pairs):
        raise ArgumentError(
            f"pad_width {pad_width!r} does not fit {ndim} dimensions",
            where=here(),
            hint="give a number, a pair (before, after), or such a pair for each axis",
        )
    known = [[_count(width, "pad_width") for width in pair] for pair in pairs]
    ints = [[int(w.data) if isinstance(w, Constant) else w for w in pair] for pair in known]
    return [(before, after) for before, after in ints]


def _padded(x: Variable, widths: Sequence[tuple[Any, Any]], value: Operand) -> Variable:
    """The tensor written into the middle of a constant."""
    fill = cast(value, x.dtype)
    if fill.ndim:
        raise RankError("pad needs a scalar", arguments=[("constant_values", fill.type)], where=here())
    sizes = [size if size is not None else size_of(x, axis) for axis, size in enumerate(x.type.shape)]
    outer = full([before + size + after for (before, after), size in zip(widths, sizes, strict=True)], fill)
    if not x.ndim:
        return x
    middle = tuple(
        slice(before, before + size) for (before, _), size in zip(widths, sizes, strict=True)
    )
    return set_subtensor(getitem(outer, middle), x)


# Turning round


def roll(x: Operand, shift: Any, axis: int | Sequence[int] | None = None) -> Variable:
    """The elements moved along axes; what leaves at one end comes in at the other.

    Parameters
    ----------
    x : variable or array_like
    shift : int or integer scalar variable, or one for each axis
    axis : int or sequence of int, optional
        Without one, the tensor is rolled as if it were flat.
    """
    result: Variable = as_variable(x)
    if axis is None:
        return reshape(roll(flatten(result), shift, 0), shape(result))
    axes = list(axis) if isinstance(axis, tuple | list) else [axis]
    shifts = list(shift) if isinstance(shift, tuple | list | np.ndarray) else [shift] * len(axes)
    if len(shifts) != len(axes):
        raise ArgumentError(f"roll got {len(shifts)} shifts for {len(axes)} axes", where=here())
    for one, along in zip(shifts, axes, strict=True):
        result = _rolled(result, one, normalised_axis(along, result))
    return result


def _rolled(x: Variable, shift: Any, axis: int) -> Variable:
    by, size = as_variable(shift), size_of(x, axis)
    if by.ndim or not by.type.is_discrete:
        raise DTypeError("roll shifts by integers", arguments=[("shift", by.type)], where=here())
    if not isinstance(by, Constant):  # a part of a size that depends on a value would cut the graph
        return take(x, mod(arange(size) - by, size), axis)
    known = x.type.shape[axis]
    cut: Any = size - mod(by, size) if known is None else known - int(by.data) % known if known else 0
    before = (slice(None),) * axis
    if cut in (0, known) and known is not None:
        return x
    rolled = join(axis, getitem(x, (*before, slice(cut, None))), getitem(x, (*before, slice(None, cut))))
    return rolled


def flip(x: Operand, axis: int | Sequence[int] | None = None) -> Variable:
    """The elements in reverse order along axes, all of them by default; a view."""
    x = as_variable(x)
    axes = normalised_axes(axis, x)
    return getitem(x, tuple(slice(None, None, -1 if index in axes else None) for index in range(x.ndim)))


METHODS.update(repeat=repeat)

__all__ = ["flip", "pad", "repeat", "roll", "tile"]
