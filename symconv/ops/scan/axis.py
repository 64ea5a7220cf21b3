"""Parts of the leading axis, which a loop walks along; imports ops of shapes.

    Crop    some entries                                  a view
    Embed   the entries among zeros: Crop's transpose
    Flip    the entries from last to first                a view
    Newest  the last entry of a loop that has run          a view
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from symconv.errors import RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Gradients, Op, Role
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.shape import MakeVector, Reshape, size_of

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


def known_size(type: TensorType) -> int | None:
    """The integer that a scalar is, where it is known."""
    return None if type.value is None else int(type.value)


def _check(x: TensorType, count: TensorType) -> None:
    if x.ndim == 0:
        raise RankError("a scalar has no leading axis")
    if count.ndim != 0 or not count.is_discrete:
        raise RankError(f"a number of entries must be an integer scalar, got {count}")


@frozen
class Crop(Op):
    """``count`` entries of the leading axis; the inputs are the tensor and ``count``.

    Attributes
    ----------
    skip : int
        How many entries come before them; or after them.
    from_end : bool
        Whether ``skip`` counts from the end.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x", "count")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    skip: int
    from_end: bool = False

    def out_types(self, x: TensorType, count: TensorType) -> TensorType:
        _check(x, count)
        wanted, size = known_size(count), x.shape[0]
        if wanted is not None and size is not None and not 0 <= wanted <= size - self.skip:
            raise ShapeError(
                f"{wanted} entries of the leading axis"
                + (f" besides {self.skip}" if self.skip else "")
                + f" are needed, and there are {size} entries"
            )
        return x.with_shape((wanted, *x.shape[1:]))

    def perform(self, x: Array, count: Array) -> Array:
        start = self.start(x.shape[0], int(count))
        return x[start : start + int(count)]

    def start(self, size: int, count: int) -> int:
        """Where the entries begin."""
        return size - self.skip - count if self.from_end else self.skip

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """A slice."""
        return value[k.steps(self.start(int(value.shape[0]), shape[0]), shape[0], 1)]  # type: ignore[arg-type]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else Embed(self.skip, self.from_end)(g, size_of(inputs[0], 0)), None]

    def fold(self, node: Apply) -> Variable | None:
        """All entries are the tensor itself."""
        x = node.inputs[0]
        return x if x.type.shape[0] is not None and x.type == node.outputs[0].type else None


@frozen
class Embed(Op):
    """The entries of a tensor among zeros, ``length`` entries in all: the transpose of ``Crop``.

    Attributes
    ----------
    skip : int
        How many zeros come before them; or after them.
    from_end : bool
        Whether ``skip`` counts from the end.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "length")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    skip: int
    from_end: bool = False

    def out_types(self, x: TensorType, length: TensorType) -> TensorType:
        _check(x, length)
        size = known_size(length)
        if size is not None and x.shape[0] is not None and x.shape[0] > size - self.skip:
            raise ShapeError(f"{x.shape[0]} entries do not fit into {size} besides {self.skip}")
        return x.with_shape((size, *x.shape[1:]))

    def perform(self, x: Array, length: Array) -> Array:
        result = np.zeros((int(length), *x.shape[1:]), x.dtype)
        start = self.start(int(length), x.shape[0])
        result[start : start + x.shape[0]] = x
        return result

    def start(self, length: int, count: int) -> int:
        """Where the entries begin."""
        return length - self.skip - count if self.from_end else self.skip

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Zeros before, the entries, zeros after."""
        x, out = inputs[0], outputs[0]
        length, count = int(out.shape[0]), int(x.shape[0])  # type: ignore[arg-type]
        start = self.start(length, count)
        for first, size in ((0, start), (start + count, length - start - count)):
            if size:
                k.fill(0, out[k.steps(first, size, 1)])
        if count:
            k.copy(x, out[k.steps(start, count, 1)])

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else Crop(self.skip, self.from_end)(g, size_of(inputs[0], 0)), None]

    def fold(self, node: Apply) -> Variable | None:
        """Among no zeros the entries are the tensor itself."""
        x = node.inputs[0]
        return x if x.type.shape[0] is not None and x.type == node.outputs[0].type else None


class Flip(Op):
    """The entries of the leading axis from last to first."""

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        if x.ndim == 0:
            raise RankError("a scalar has no leading axis")
        return x

    def perform(self, x: Array) -> Array:
        return x[::-1]

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """The axis with step -1."""
        return value.flip(0) if shape[0] else value

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None if gradients[0] is None else self(gradients[0])]

    def fold(self, node: Apply) -> Variable | None:
        """Twice is not at all."""
        owner = node.inputs[0].owner
        return owner.inputs[0] if owner is not None and isinstance(owner.op, Flip) else None


class Newest(Op):
    """The last entry of a window, of a loop that must have run ``count`` > 0 times."""

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("window", "count")
    reads_values: ClassVar[tuple[int, ...]] = (1,)

    def out_types(self, x: TensorType, count: TensorType) -> TensorType:
        _check(x, count)
        if known_size(count) == 0:
            raise ShapeError(
                "a loop that ran no times has no last result",
                hint="the initial state is the result then: choose it where the number of steps is 0",
            )
        return x.with_shape(x.shape[1:])

    def perform(self, x: Array, count: Array) -> Array:
        return x[-1, ...]

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """The last entry."""
        return value[int(value.shape[0]) - 1]  # type: ignore[arg-type]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        if g is None:
            return [None, None]
        return [Embed(0, True)(lead(g), size_of(inputs[0], 0)), None]


def integer(value: int) -> Constant:
    """A size as a constant."""
    return Constant(np.array(value, "int64"))


def lead(x: Variable) -> Variable:
    """The tensor as the only entry of a new leading axis."""
    return x.dimshuffle("x", *range(x.ndim))  # type: ignore[no-any-return]


def only(x: Variable) -> Variable:
    """The only entry of a leading axis that is known to have size 1."""
    return x.dimshuffle(*range(1, x.ndim))  # type: ignore[no-any-return]


def crop(x: Variable, skip: int, count: Variable, from_end: bool = False) -> Variable:
    """``count`` entries of the leading axis, or the tensor itself where it is known to have no others."""
    if skip == 0 and has_length(x, count):
        return x
    result: Variable = Crop(skip, from_end)(x, count)
    return result


def embed(x: Variable, skip: int, length: Variable, from_end: bool = False) -> Variable:
    """The entries among zeros, or the tensor itself where it is known to have that length."""
    if skip == 0 and has_length(x, length):
        return x
    result: Variable = Embed(skip, from_end)(x, length)
    return result


def has_length(x: Variable, count: Variable) -> bool:
    """Whether the leading axis is known to have this length: both are constant, or made from one another."""
    size: Dim = x.type.shape[0]
    if isinstance(count, Constant) and size is not None:
        return size == int(count.data)
    return same_size(length_of(x), count)


def length_of(x: Variable) -> Variable:
    """The size of the leading axis, told by what made the tensor where that says it."""
    while x.owner is not None and x.type.shape[0] is None:
        op, inputs = x.owner.op, x.owner.inputs
        if isinstance(op, Crop | Embed):
            return inputs[1]
        if isinstance(op, Reshape) and inputs[1].owner is not None:
            if isinstance(inputs[1].owner.op, MakeVector):
                return inputs[1].owner.inputs[0]
            break
        if isinstance(op, Flip):
            x = inputs[0]
            continue
        if op.role == "control":
            return op.length_of(x.owner, x.index) if hasattr(op, "length_of") else size_of(x, 0)
        alike = [v for v in inputs if v.ndim == x.ndim and v.type.shape[0] != 1]
        if op.role != "elementwise" or not alike:
            break
        x = alike[0]
    return size_of(x, 0)


def same_size(a: Variable, b: Variable) -> bool:
    """Whether two sizes are the same: one variable, equal constants, or the same axis of one tensor."""
    if a is b:
        return True
    if isinstance(a, Constant) and isinstance(b, Constant):
        return bool(a.data == b.data)
    if a.owner is None or b.owner is None or a.owner.op != b.owner.op or not a.owner.op.ignores_values:
        return False
    return a.owner.inputs == b.owner.inputs
