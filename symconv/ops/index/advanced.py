"""Indexing by arrays of integers, mixed with slices, as NumPy places the axes; imports basic.

    AdvancedSubtensor     x[:, i, j]
    AdvancedIncSubtensor  x with x[:, i, j] set to y, or y added there, or y added up in zeros
    Nonzero               where a mask holds; a mask is an index by these positions
    Positions             the position of each element along an axis
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import DTypeError, IndexingError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, Dim, TensorType, broadcast
from symconv.ops.elemwise import sum_to
from symconv.ops.elemwise_rows import eq, switch, zeros_like
from symconv.ops.index.basic import Kind, applied, check_fits, check_scalars, start, subtensor, taken
from symconv.ops.index.pattern import (
    HOLE,
    WHOLE,
    Pattern,
    Piece,
    canonical,
    emptied,
    filled,
    holes,
    index,
    shape_of,
    text,
)

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

SMALL = 1 << 14  # bytes: below this a temporary costs less than looking through the indices


@frozen
class AdvancedSubtensor(Op):
    """What arrays of integers, mixed with integers, slices and new axes, take from a tensor.

    The inputs are the tensor and, for each hole of the pattern, an array of integers, or a scalar for a
    bound of a slice. The arrays broadcast; their axes stand where the first of them stood if they are
    neighbours, else in front.

    Attributes
    ----------
    pattern : tuple
        What stands between the brackets, see ``symconv.ops.index.pattern``.
    """

    pattern: Pattern

    def __post_init__(self) -> None:
        bounds = holes(self.pattern)
        object.__setattr__(self, "argument_names", ("x", *["index"] * len(bounds)))
        object.__setattr__(self, "role", "opaque" if any(bounds) else "anchor")
        read = tuple(position for position, bound in enumerate(bounds, 1) if bound)
        object.__setattr__(self, "reads_values", read)

    def out_types(self, x: TensorType, *indices: TensorType) -> TensorType:
        return x.with_shape(part_shape(self.pattern, x.shape, indices))

    def perform(self, x: Array, *indices: Array) -> Array:
        return taken(x, array_index(self.pattern, indices))

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Rows by NumPy's ``take`` into place; what is mixed by NumPy's indexing, and copied."""
        at = k.whole(outputs[0].ndim)
        tile = k.tile(at)
        axis = taken_axis(self.pattern)
        pattern = self.pattern

        def gather(x: Array, *rest: Array) -> None:
            *indices, out = rest
            out[...] = taken(x, array_index(pattern, indices))

        def gather_rows(x: Array, positions: Array, out: Array) -> None:
            if out.nbytes > SMALL:
                # NumPy buffers ``out`` where it looks for errors itself.
                check_all(positions, axis, x.shape[axis])
                np.take(x, positions, axis=axis, out=out, mode="wrap")
            else:
                out[...] = taken(x, index((WHOLE,) * axis + (positions,)))

        k.into(gather if axis < 0 else gather_rows, inputs, tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """The gradient added up where it came from."""
        x, *indices = inputs
        rest = [None] * len(indices)
        if gradients[0] is None or x.type.is_discrete:
            return [None, *rest]
        return [applied(AdvancedIncSubtensor(self.pattern, "place"), x, gradients[0], *indices), *rest]

    def fold(self, node: Apply) -> Variable | None:
        """Constant scalars move into the pattern; with no array left it is an ordinary part."""
        x, *indices = node.inputs
        entries = settled(self.pattern, indices, x)
        pattern, left = emptied(entries)
        if not any(arrays(entries)):
            return subtensor(x, entries)
        return None if pattern == self.pattern else applied(AdvancedSubtensor(pattern), x, *left)

    @property
    def details(self) -> tuple[str, ...]:
        """The entries."""
        return text(self.pattern)


@frozen
class AdvancedIncSubtensor(Op):
    """A tensor in which elements that arrays of integers name are replaced, or increased.

    The inputs are the tensor x, the part y, and what fills the holes of the pattern. The result has the
    shape and dtype of x.

    Attributes
    ----------
    pattern : tuple
        Which part, see ``symconv.ops.index.pattern``.
    kind : {"set", "inc", "place"}
        y instead of the part, of several for one place the last; y added, all of them; y added up in zeros
        of the shape of x, whose values do not matter.
    stretched : tuple of int
        The axes of y that have size 1 and stretch.
    """

    pattern: Pattern
    kind: Kind
    stretched: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        count = len(holes(self.pattern))
        object.__setattr__(self, "argument_names", ("x", "y", *["index"] * count))
        if self.kind == "place":
            object.__setattr__(self, "ignores_values", (0,))
        else:
            object.__setattr__(self, "overwrites", 0)

    def out_types(self, x: TensorType, y: TensorType, *indices: TensorType) -> TensorType:
        check_fits(x, y, part_shape(self.pattern, x.shape, indices), self.stretched)
        return x.with_value(None)

    def perform(self, x: Array, y: Array, *indices: Array) -> Array:
        result = np.empty(x.shape, x.dtype)
        self._write(x, y, *indices, result)
        return result

    def _write(self, x: Array, y: Array, *rest: Array) -> None:
        *indices, out = rest
        types = [TensorType(i.dtype.name, i.shape, i if i.ndim == 0 else None) for i in indices]
        check_fits(x, y, part_shape(self.pattern, x.shape, types), self.stretched)
        start(self.kind, x, out)
        entries = array_index(self.pattern, in_c_order(self.pattern, indices))
        try:
            if self.kind == "set":
                out[entries] = y
            else:
                np.add.at(out, entries, y)
        except IndexError as error:
            raise IndexingError(str(error)) from None

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """One copy of x, or x itself, or zeros, into which NumPy writes."""

        def scatter(*arrays: Array) -> None:
            self._write(*arrays)

        k.into(scatter, inputs, outputs[0])

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """What was replaced has no influence; of what was written to one place, only what stayed has."""
        x, y, *indices = inputs
        gradient = gradients[0]
        rest = [None] * len(indices)
        if gradient is None or x.type.is_discrete:
            return [None, None, *rest]
        part = applied(AdvancedSubtensor(self.pattern), gradient, *indices)
        if self.kind == "set":
            if not are_distinct(indices):
                part = switch(self._stayed(x, part, indices), part, Constant(np.zeros((), part.dtype)))
            zero = Constant(np.zeros((1,) * y.ndim, gradient.dtype))
            everywhere = AdvancedIncSubtensor(self.pattern, "set", tuple(range(y.ndim)))
            gradient = applied(everywhere, gradient, zero, *indices)
        return [None if self.kind == "place" else gradient, sum_to(part, y.type), *rest]

    def _stayed(self, x: Variable, part: Variable, indices: Sequence[Variable]) -> Variable:
        """Which elements of what was written were not written over: their numbers, written, are read back."""
        numbers = applied(Positions(None), part)
        written = applied(
            AdvancedIncSubtensor(self.pattern, "set"), zeros_like(x, "int64"), numbers, *indices
        )
        return eq(applied(AdvancedSubtensor(self.pattern), written, *indices), numbers)

    def fold(self, node: Apply) -> Variable | None:
        """Constant scalars move into the pattern."""
        x, y, *indices = node.inputs
        pattern, left = emptied(settled(self.pattern, indices, x))
        if pattern == self.pattern or not any(not bound for bound in holes(pattern)):
            return None
        return applied(AdvancedIncSubtensor(pattern, self.kind, self.stretched), x, y, *left)

    @property
    def details(self) -> tuple[str, ...]:
        """Set or increased, and the entries."""
        return (self.kind, *text(self.pattern))


@frozen
class Nonzero(Op):
    """Where a tensor is not 0: for each of its axes the positions, in C order, int64[count].

    Attributes
    ----------
    axis : int or None
        Where it is a mask for a second input, the first axis that it stands for: the sizes must agree.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("mask", "x")
    reads_values: ClassVar[tuple[int, ...]] = (0,)
    ignores_values: ClassVar[tuple[int, ...]] = (1,)
    axis: int | None = None

    def out_types(self, mask: TensorType, *masked: TensorType) -> tuple[TensorType, ...]:
        if mask.ndim == 0:
            raise RankError("nonzero needs at least 1 dimension, got a scalar", hint="reshape it to (1,)")
        for x in masked:
            assert self.axis is not None
            for number, size in enumerate(mask.shape):
                wanted = x.shape[self.axis + number]
                if None not in (size, wanted) and size != wanted:
                    raise IndexingError(
                        f"a mask with {size} elements along its axis {number} cannot index axis "
                        f"{self.axis + number} of size {wanted}",
                        hint="a mask has the sizes of the axes that it indexes",
                    )
        count = None if mask.value is None else int(np.count_nonzero(mask.value))
        return (TensorType("int64", (count,)),) * mask.ndim

    def perform(self, mask: Array, *masked: Array) -> tuple[Array, ...]:
        return tuple(positions.astype("int64", copy=False) for positions in np.nonzero(mask))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)


@frozen
class Positions(Op):
    """The position of each element of a tensor, int64.

    Attributes
    ----------
    axis : int or None
        Along this axis, the other axes having size 1; None numbers all elements in C order.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    ignores_values: ClassVar[tuple[int, ...]] = (0,)
    axis: int | None

    def out_types(self, x: TensorType) -> TensorType:
        if self.axis is None:
            return TensorType("int64", x.shape)
        return TensorType("int64", tuple(s if a == self.axis else 1 for a, s in enumerate(x.shape)))

    def perform(self, x: Array) -> Array:
        if self.axis is None:
            return np.arange(x.size, dtype="int64").reshape(x.shape)
        shape = [1] * x.ndim
        shape[self.axis] = -1
        return np.arange(x.shape[self.axis], dtype="int64").reshape(shape)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]


# What the ops share


def arrays(entries: Pattern) -> list[bool]:
    """Whether each entry is an array."""
    return [isinstance(entry, Variable) and entry.ndim > 0 for entry in entries]


def settled(pattern: Pattern, indices: Sequence[Variable], x: Variable) -> Pattern:
    """The entries, constant scalars as integers, in their canonical form."""
    values = [i.data.item() if isinstance(i, Constant) and i.ndim == 0 else i for i in indices]
    return canonical(filled(pattern, values), x.type.shape)


def part_shape(pattern: Pattern, shape: Sequence[Dim], indices: Sequence[TensorType]) -> tuple[Dim, ...]:
    """The shape of what arrays, integers, slices and new axes take from a tensor."""
    bounds = holes(pattern)
    check_scalars([i for i, bound in zip(indices, bounds, strict=True) if bound])
    for type in indices:
        if type.dtype[0] not in "iu":
            raise DTypeError(f"an index must be an integer, got {type.dtype}")
    values = [
        type if not bound else HOLE if type.value is None else int(type.value)
        for type, bound in zip(indices, bounds, strict=True)
    ]
    entries = filled(pattern, values)
    # The axes of integers and arrays go, and where they were, or in front, come the axes of the arrays.
    shape_of(tuple(HOLE if isinstance(e, TensorType) else e for e in entries), shape)
    plain = tuple(e if e is None or isinstance(e, Piece) else HOLE for e in entries)
    rest = shape_of(plain, shape)
    try:
        together = broadcast([e.shape for e in entries if isinstance(e, TensorType)])
    except ShapeError as error:
        raise ShapeError(f"indices do not broadcast: {error.what}", hint=error.hint) from None
    place = array_place(plain)
    return (*rest[:place], *together, *rest[place:])


def array_place(plain: Pattern) -> int:
    """Where the axes of the arrays go: in place of their holes if these are neighbours, else in front."""
    positions = [position for position, entry in enumerate(plain) if entry == HOLE]
    if positions[-1] - positions[0] + 1 != len(positions):
        return 0
    return positions[0]


def array_index(pattern: Pattern, indices: Sequence[Array]) -> tuple[Any, ...]:
    """The index that NumPy takes."""
    bounds = holes(pattern)
    values = [int(i) if bound else i for i, bound in zip(indices, bounds, strict=True)]
    return index(filled(pattern, values))


def in_c_order(pattern: Pattern, indices: Sequence[Array]) -> list[Array]:
    """The arrays broadcast and laid out row by row: NumPy goes through them as they lie in memory."""
    bounds = holes(pattern)
    together = np.broadcast_arrays(*(i for i, bound in zip(indices, bounds, strict=True) if not bound))
    ordered = iter(together)
    return [
        i if bound else np.asarray(next(ordered), order="C") for i, bound in zip(indices, bounds, strict=True)
    ]


def taken_axis(pattern: Pattern) -> int:
    """The one axis that an array indexes where all others are whole; else -1."""
    *before, last = pattern
    return len(before) if last == HOLE and all(entry == WHOLE for entry in before) else -1


def check_all(positions: Array, axis: int, size: Dim) -> None:
    """Refuse indices that leave an axis of known size."""
    if size is not None and positions.size and (positions.min() < -size or positions.max() >= size):
        wrong = positions[(positions < -size) | (positions >= size)].flat[0]
        raise IndexingError(f"index {wrong} is out of bounds for axis {axis} with size {size}")


def are_distinct(indices: Sequence[Variable]) -> bool:
    """Whether no two elements of the indices are known to name one place."""
    if len(indices) > 0 and all(i.owner is not None and isinstance(i.owner.op, Nonzero) for i in indices):
        return len({i.owner for i in indices}) == 1
    if len(indices) != 1 or not isinstance(indices[0], Constant):
        return False
    data = indices[0].data
    return bool((data >= 0).all() and np.unique(data).size == data.size)
