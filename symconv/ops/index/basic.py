"""Indexing by integers, slices and new axes: what is taken, what is written there; imports shape, elemwise.

    Subtensor     x[2:5, i]               a view where all bounds are known
    IncSubtensor  x with x[2:5, i] set to y, or y added there, or y there and zeros around it
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from symconv.errors import DTypeError, IndexingError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.elemwise import sum_to
from symconv.ops.elemwise_rows import cast
from symconv.ops.index.pattern import (
    WHOLE,
    Entry,
    Pattern,
    Piece,
    canonical,
    composed,
    emptied,
    filled,
    holes,
    index,
    resolved,
    shape_of,
    text,
)
from symconv.ops.shape import MakeVector, Shape, ShapeAt

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

Kind = Literal["set", "inc", "place"]


@frozen
class Subtensor(Op):
    """What integers, slices and new axes take from a tensor: ``x[2:5, i]``.

    The inputs are the tensor and an integer scalar for each hole of the pattern. Where all bounds of slices
    are known it is a view and costs nothing. Where one is not, the graph is cut here, and what follows is
    planned for the size that comes out, not for the bounds.

    Attributes
    ----------
    pattern : tuple
        What stands between the brackets, see ``symconv.ops.index.pattern``.
    """

    keeps_promises: ClassVar[bool] = True
    pattern: Pattern

    def __post_init__(self) -> None:
        inside = holes(self.pattern)
        object.__setattr__(self, "argument_names", ("x", *["index"] * len(inside)))
        # With integers alone the shape is known, and an element or a row is sooner copied than cut around.
        object.__setattr__(self, "role", "opaque" if inside and not any(inside) else "view")
        if any(inside):
            object.__setattr__(self, "reads_values", tuple(range(1, 1 + len(inside))))

    def out_types(self, x: TensorType, *numbers: TensorType) -> TensorType:
        check_scalars(numbers)
        return x.with_shape(shape_of(known(self.pattern, numbers), x.shape))

    def perform(self, x: Array, *numbers: Array) -> Array:
        return taken(x, index(filled(self.pattern, [int(number) for number in numbers])))

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """A copy of the part that the numbers name."""

        def read(x: Array, *rest: Any) -> None:
            *numbers, out = rest
            out[...] = taken(x, index(filled(self.pattern, list(map(int, numbers)))))

        k.into(read, inputs, outputs[0])

    def knowing(self, types: Sequence[TensorType]) -> Op:
        """Numbers that are known move into the pattern."""
        return Subtensor(known(self.pattern, types[1:]))

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """The part itself."""
        return viewed(k, value, self.pattern)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """The gradient in its place, zeros around it."""
        x, *numbers = inputs
        rest = [None] * len(numbers)
        if gradients[0] is None or x.type.is_discrete:
            return [None, *rest]
        return [IncSubtensor(self.pattern, "place")(x, gradients[0], *numbers), *rest]

    def fold(self, node: Apply) -> Variable | None:
        """Constants move into the pattern; two patterns are one; sizes are read off."""
        x, *numbers = node.inputs
        entries = simplified(self.pattern, numbers, x)
        if not entries:
            return x
        pattern, left = emptied(entries)
        if pattern != self.pattern:
            return applied(Subtensor(pattern), x, *left)
        if x.owner is None:
            return None
        op = x.owner.op
        if isinstance(op, Subtensor):
            source, *first = x.owner.inputs
            both = composed(filled(op.pattern, first), entries, source.type.shape)
            return None if both is None else subtensor(source, both)
        if isinstance(op, IncSubtensor):
            written = op.read(x.owner, self.pattern, numbers)
            # What was written may be known to have size 1 where what is read is not.
            fits = written is not None and written.broadcastable == node.outputs[0].broadcastable
            return written if fits else None
        return _of_sizes(x, entries)

    @property
    def details(self) -> tuple[str, ...]:
        """The entries."""
        return text(self.pattern)


@frozen
class IncSubtensor(Op):
    """A tensor in which a part is replaced, or increased; or zeros around a part.

    The inputs are the tensor x, the part y, and an integer scalar for each hole of the pattern. The result
    has the shape and dtype of x.

    Attributes
    ----------
    pattern : tuple
        Which part, see ``symconv.ops.index.pattern``.
    kind : {"set", "inc", "place"}
        y instead of the part; y added to it; y in zeros of the shape of x, whose values do not matter.
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

    def out_types(self, x: TensorType, y: TensorType, *numbers: TensorType) -> TensorType:
        check_scalars(numbers)
        check_fits(x, y, shape_of(known(self.pattern, numbers), x.shape), self.stretched)
        return x.with_value(None)

    def perform(self, x: Array, y: Array, *numbers: Array) -> Array:
        result = np.empty(x.shape, x.dtype)
        self._write(x, y, *numbers, result)
        return result

    def _write(self, x: Array, y: Array, *rest: Array) -> None:
        *numbers, out = rest
        start(self.kind, x, out)
        entries = index(filled(self.pattern, [int(number) for number in numbers]))
        part = taken(out, entries)
        check_fits(x, y, part.shape, self.stretched)
        out[entries] = part + y if self.kind == "inc" else y

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """One copy of x, or x itself, or zeros; then the part is written."""
        x, y, *numbers = inputs
        (out,) = outputs
        if numbers:
            k.into(self._write, inputs, out)
            return
        if self.kind == "place":
            k.fill(0, out)
        elif out is not x:
            k.copy(x, out)
        part = viewed(k, out, self.pattern)
        if 0 in part.shape:
            return
        if self.kind == "inc":
            k.call("add", part, y, out=part)
        else:
            k.copy(y, part)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """What was replaced has no influence; what was written has that of its part."""
        x, y, *numbers = inputs
        gradient = gradients[0]
        rest = [None] * len(numbers)
        if gradient is None or x.type.is_discrete:
            return [None, None, *rest]
        part = sum_to(applied(Subtensor(self.pattern), gradient, *numbers), y.type)
        if self.kind == "set":
            zero = Constant(np.zeros((1,) * y.ndim, gradient.dtype))
            gradient = applied(
                IncSubtensor(self.pattern, "set", tuple(range(y.ndim))), gradient, zero, *numbers
            )
        return [None if self.kind == "place" else gradient, part, *rest]

    def fold(self, node: Apply) -> Variable | None:
        """Constants move into the pattern; all of x replaced is y."""
        x, y, *numbers = node.inputs
        entries = simplified(self.pattern, numbers, x)
        pattern, left = emptied(entries)
        if pattern != self.pattern:
            return applied(IncSubtensor(pattern, self.kind, self.stretched), x, y, *left)
        if not pattern and self.kind != "inc" and y.type == node.outputs[0].type and None not in y.type.shape:
            return y
        return None

    def read(self, node: Apply, pattern: Pattern, numbers: Sequence[Variable]) -> Variable | None:
        """What the same pattern reads from where this op has just written: y."""
        _, y, *mine = node.inputs
        same = pattern == self.pattern and list(numbers) == mine
        return y if same and self.kind != "inc" and not self.stretched else None

    @property
    def details(self) -> tuple[str, ...]:
        """Set or increased, and the entries."""
        return (self.kind, *text(self.pattern))


# What the ops share


def applied(op: Op, *inputs: Variable) -> Variable:
    """The only output of an op."""
    return op.apply(*inputs).outputs[0]


def subtensor(x: Variable, entries: Pattern) -> Variable:
    """What entries, with variables or constants for unknown numbers, take from a tensor."""
    constants = [e.data.item() if isinstance(e, Constant) else e for e in emptied(entries)[1]]
    entries = canonical(filled(emptied(entries)[0], constants), x.type.shape)
    pattern, numbers = emptied(entries)
    return applied(Subtensor(pattern), x, *numbers)


def simplified(pattern: Pattern, numbers: Sequence[Variable], x: Variable) -> Pattern:
    """The entries, constants as integers, in their canonical form."""
    values = [n.data.item() if isinstance(n, Constant) else n for n in numbers]
    return canonical(filled(pattern, values), x.type.shape)


def known(pattern: Pattern, numbers: Sequence[TensorType]) -> Pattern:
    """The pattern with the numbers that are known."""
    return filled(pattern, ["?" if n.value is None else int(n.value) for n in numbers])


def check_scalars(numbers: Sequence[TensorType]) -> None:
    """Refuse what is no integer scalar."""
    for number in numbers:
        if number.ndim != 0:
            raise RankError(f"an index of a slice must be a scalar, got {number}")
        if number.dtype[0] not in "iu":
            raise DTypeError(f"an index must be an integer, got {number.dtype}")


def check_fits(
    x: TensorType | Array, y: TensorType | Array, part: Sequence[Dim], stretched: tuple[int, ...]
) -> None:
    """Refuse a y that is not of the part's shape; only axes that were known to be 1 stretch."""
    if str(x.dtype) != str(y.dtype):
        raise DTypeError(f"cannot write {y.dtype} into {x.dtype}", hint="convert it with cast")
    offset = len(part) - len(y.shape)
    for axis, size in enumerate(y.shape):
        wanted = part[axis + offset] if offset >= 0 else None
        if offset < 0 or (size != wanted and None not in (size, wanted) and axis not in stretched):
            raise ShapeError(
                f"what is written has shape {_sizes(y.shape)}, where it goes has {_sizes(part)}",
                hint="an unknown size never broadcasts: state the 1, as in shape=(None, 1)"
                if size == 1 and offset >= 0 else None,
            )


def _sizes(shape: Sequence[Dim]) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in shape) + ")"


def start(kind: Kind, x: Array, out: Array) -> None:
    """What is there before a part is written."""
    if kind == "place":
        out.fill(0)
    elif out is not x:
        np.copyto(out, x)


def taken(x: Array, entries: Any) -> Array:
    """``x[entries]``, its errors ours."""
    try:
        return np.asarray(x[entries])
    except IndexError as error:
        raise IndexingError(str(error)) from None
    except ValueError as error:
        raise OptionError(str(error)) from None


def viewed(k: "Builder", value: "Value", pattern: Pattern) -> "Value":
    """The part of a value, of concrete shape, that a pattern without holes takes."""
    parts: list[Any] = []
    sizes = iter(value.shape)
    for entry in pattern:
        if entry is None:
            parts.append(None)
            continue
        size = next(sizes)
        assert isinstance(size, int)
        if isinstance(entry, Piece):
            parts.append(slice(None) if entry == WHOLE else k.steps(*resolved(entry, size)))
        else:
            parts.append(entry % size)
    return value[tuple(parts)]


def _of_sizes(x: Variable, entries: Pattern) -> Variable | None:
    """Sizes taken from a shape, or from scalars that were made a vector."""
    assert x.owner is not None
    op = x.owner.op
    entry: Entry = entries[0] if len(entries) == 1 else None
    constant = type(entry) is int or (isinstance(entry, Piece) and entry.exact)
    if not constant or not isinstance(op, Shape | MakeVector):
        return None
    if isinstance(op, Shape):
        shaped = x.owner.inputs[0]
        sizes = [applied(ShapeAt(axis), shaped) for axis in range(shaped.ndim)]
        sizes = [size if (value := size.type.value) is None else Constant(value) for size in sizes]
    else:
        sizes = [cast(size, "int64") for size in x.owner.inputs]
    if isinstance(entry, Piece):
        chosen = sizes[entry.slice]
        if all(isinstance(size, Constant) for size in chosen):
            return Constant(np.array([size.data for size in chosen if isinstance(size, Constant)], "int64"))
        return applied(MakeVector(len(chosen)), *chosen)
    return sizes[entry]
