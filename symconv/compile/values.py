"""Sizes, buffers and views: what the calls of a kernel read and write; imports errors.

    value    = buffer | value "[" index* "]" | value ".reshape" sizes | value ".transpose" axes
    size     = integer | polynomial in the symbols of the enclosing loop

A buffer has a name; everything else is a view of one and never allocates.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from math import prod
from typing import Any, Literal, NamedTuple

from symconv.errors import CompileError


class Symbolic(NamedTuple):
    """An integer known up to the symbols of a loop: constant + sum of coefficient * product of symbols."""

    terms: tuple[tuple[tuple[str, ...], int], ...]
    constant: int = 0

    def __add__(self, other: "Size") -> "Size":  # type: ignore[override]
        if isinstance(other, int):
            return Symbolic(self.terms, self.constant + other)
        return _gathered([*self.terms, *other.terms], self.constant + other.constant)

    def __radd__(self, other: int) -> "Size":
        return self + other

    def __mul__(self, other: "Size") -> "Size":  # type: ignore[override]
        right = [((), other)] if isinstance(other, int) else [*other.terms, ((), other.constant)]
        pairs = product([*self.terms, ((), self.constant)], right)
        return _gathered([((*a, *b), f * g) for (a, f), (b, g) in pairs], 0)

    def __rmul__(self, other: int) -> "Size":  # type: ignore[override]
        return self * other

    def __sub__(self, other: "Size") -> "Size":
        return self + (-1 * other)

    def __rsub__(self, other: int) -> "Size":
        return self * -1 + other

    def at(self, symbols: dict[str, int]) -> int:
        """The integer that it is for given symbols."""
        return self.constant + sum(
            factor * prod(symbols[symbol] for symbol in names) for names, factor in self.terms
        )

    def __str__(self) -> str:
        parts = [
            " * ".join(names if factor == 1 else (str(factor), *names)) for names, factor in self.terms
        ]
        text = " + ".join(parts)
        if self.constant:
            text += f" {'+' if self.constant > 0 else '-'} {abs(self.constant)}"
        return text.replace("+ -", "- ")


Size = int | Symbolic


def _gathered(terms: Sequence[tuple[tuple[str, ...], int]], constant: int) -> Size:
    """Terms with the same symbols as one; an integer where none is left."""
    total: dict[tuple[str, ...], int] = {}
    for names, factor in terms:
        key = tuple(sorted(names))
        total[key] = total.get(key, 0) + factor
    constant += total.pop((), 0)
    left = tuple((names, factor) for names, factor in total.items() if factor)
    return Symbolic(left, constant) if left else constant


def concrete(size: Size, symbols: dict[str, int]) -> int:
    """A size as an integer, for given symbols."""
    return size if isinstance(size, int) else size.at(symbols)


def divided(size: Size, by: int) -> Size:
    """A size divided by a number that divides it, whatever its symbols are.

    Raises
    ------
    CompileError
        Where it does not divide it.
    """
    parts = [size] if isinstance(size, int) else [size.constant, *(factor for _, factor in size.terms)]
    if any(part % by for part in parts):
        raise CompileError(f"cannot divide {size} by {by}")
    if isinstance(size, int):
        return size // by
    return Symbolic(tuple((names, factor // by) for names, factor in size.terms), size.constant // by)


def times(sizes: Iterable[Size]) -> Size:
    """The product of sizes."""
    result: Size = 1
    for size in sizes:
        result = result * size
    return result


class Slice(NamedTuple):
    """``start : start + size * step : step``; the whole axis where start is 0 and the size is the axis'."""

    start: Size
    size: Size
    step: int = 1


Kind = Literal["input", "shared", "constant", "output", "memory", "scratch"]
ORDER = ("input", "shared", "constant", "memory", "scratch", "output")  # of a kernel's parameters
How = Literal["index", "reshape", "transpose", "declare"]
Index = int | Symbolic | Slice | None  # None inserts an axis of length 1
ALL = Slice(0, -1)  # the whole axis, whatever its size


class Value:
    """A buffer or a view; never changed, compared by identity.

    Attributes
    ----------
    shape : tuple of Size
        Sizes, symbolic inside a loop whose last block is shorter.
    dtype : str
        Name of the dtype.
    dense : int
        How many trailing axes are known to be laid out row by row without gaps among themselves.
    """

    __slots__ = ("dense", "dtype", "shape")

    def __init__(self, shape: tuple[Size, ...], dtype: str, dense: int) -> None:
        self.shape = shape
        self.dtype = dtype
        self.dense = dense

    @property
    def contiguous(self) -> bool:
        """Whether it is known to be laid out row by row without gaps."""
        return self.dense >= self.ndim

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def buffer(self) -> "Buffer":
        """The buffer that it lies in."""
        raise NotImplementedError

    def __getitem__(self, index: Any) -> "Value":
        if not isinstance(index, tuple) or isinstance(index, Slice | Symbolic):
            index = (index,)
        return _indexed(self, tuple(_plain(item) for item in index))

    def reshape(self, *shape: Size) -> "Value":
        """A view of the same elements in another shape; only dense trailing axes can change.

        Raises
        ------
        CompileError
            Where the view would be a copy.
        """
        if shape == self.shape:
            return self
        if times(shape) != times(self.shape):
            raise CompileError(f"cannot view {self} of shape {self.shape} as {shape}")
        kept = 0
        while kept < min(len(shape), self.ndim - self.dense) and shape[kept] == self.shape[kept]:
            kept += 1
        if self.ndim - kept > self.dense:
            raise CompileError(f"cannot view {self} of shape {self.shape} as {shape}: it has gaps")
        return View(shape, self.dtype, len(shape) - kept, self, "reshape", shape)

    def flip(self, *axes: int) -> "Value":
        """A view with axes reversed."""
        whole: list[Index] = [ALL] * self.ndim
        for axis in axes:
            size = self.shape[axis]
            whole[axis] = Slice(size - 1, size, -1)
        return self[tuple(whole)] if axes else self

    def transpose(self, *axes: int) -> "Value":
        """A view with permuted axes."""
        if axes == tuple(range(self.ndim)):
            return self
        shape = tuple(self.shape[axis] for axis in axes)
        dense = self.ndim if isinstance(self, Buffer) and self.order == axes else 0
        return View(shape, self.dtype, dense, self, "transpose", axes)


class Buffer(Value):
    """Memory with a name.

    Attributes
    ----------
    name : str
        A Python identifier, unique within the program.
    kind : str
        "input" and "shared" come from the caller, "constant" from the graph, "output" is fresh for each
        call, "memory" lives in the workspace, "scratch" belongs to one worker of one loop.
    order : tuple of int
        The axes as memory runs along them, the slowest first; empty where that is their own order.
    """

    __slots__ = ("kind", "name", "order")

    def __init__(
        self,
        shape: tuple[Size, ...],
        dtype: str,
        dense: int,
        name: str,
        kind: Kind,
        order: tuple[int, ...] = (),
    ) -> None:
        self.order = () if order == tuple(range(len(shape))) else order
        super().__init__(shape, dtype, 0 if self.order else dense)
        self.name = name
        self.kind = kind

    @property
    def buffer(self) -> "Buffer":
        """Itself."""
        return self

    @property
    def laid_out(self) -> tuple[Size, ...]:
        """The sizes in the order of memory."""
        return tuple(self.shape[axis] for axis in self.order) if self.order else self.shape

    @property
    def elements(self) -> Size:
        """Number of elements."""
        return times(self.shape)

    def __str__(self) -> str:
        return self.name


class View(Value):
    """Another look at a value's memory.

    Attributes
    ----------
    base : Value
        The value looked at.
    how : str
        "index", "reshape", "transpose", or "declare" where the caller made the array contiguous.
    argument : tuple
        Indices, sizes or axes.
    """

    __slots__ = ("argument", "base", "how")

    def __init__(
        self,
        shape: tuple[Size, ...],
        dtype: str,
        dense: int,
        base: Value,
        how: How,
        argument: tuple[Any, ...],
    ) -> None:
        super().__init__(shape, dtype, dense)
        self.base = base
        self.how = how
        self.argument = argument

    @property
    def buffer(self) -> Buffer:
        """The buffer at its root."""
        value: Value = self.base
        while isinstance(value, View):
            value = value.base
        return value.buffer

    def __str__(self) -> str:
        return render(self)


def order_of(value: Value) -> tuple[int, ...]:
    """The axes of a value as memory runs along them, if that is not their own order."""
    return value.order if isinstance(value, Buffer) else ()


def _plain(item: Any) -> Index:
    """Python's own slices, as far as they state a size, become ``Slice``."""
    if isinstance(item, slice):
        if item == slice(None):
            return ALL
        step = 1 if item.step is None else item.step
        start = 0 if item.start is None else item.start
        if not (isinstance(item.stop, int) and isinstance(start, int) and step > 0):
            raise CompileError(f"state the size of {item} with Slice(start, size, step)")
        return Slice(start, -(-(item.stop - start) // step), step)
    return item  # type: ignore[no-any-return]


def _indexed(value: Value, index: tuple[Index, ...]) -> Value:
    axes = sum(item is not None for item in index)
    if axes > value.ndim:
        raise CompileError(f"{axes} indices for {value} of {value.ndim} dimensions")
    index += (ALL,) * (value.ndim - axes)
    shape: list[Size] = []
    resolved: list[Index] = []
    sizes = iter(value.shape)
    for item in index:
        if item is None:
            shape.append(1)
        else:
            whole = next(sizes)
            if isinstance(item, Slice):
                if item == ALL or (item.start == 0 and item.size == whole and item.step == 1):
                    item = ALL
                shape.append(whole if item == ALL else item.size)
        resolved.append(item)
    dense = _dense(value, resolved)
    if all(item == ALL for item in resolved):
        return value
    if isinstance(value, View) and value.how == "index":
        merged = _composed(value, resolved)
        if merged is not None:
            value = value.base
            resolved = merged
            if all(item == ALL for item in resolved):
                return value
    while resolved and resolved[-1] == ALL:
        resolved.pop()
    return View(tuple(shape), value.dtype, dense, value, "index", tuple(resolved))


def _dense(value: Value, index: list[Index]) -> int:
    """How many trailing axes of an indexed value have no gaps: whole ones, and part of one before them.

    An axis of length 1 has none; but where it is one of several, what lies before it is further apart.
    """
    dense, left = 0, value.dense
    for item in reversed(index):
        if item is None or (isinstance(item, Slice) and item.size == 1):
            if item is not None:
                left = max(left - 1, 0) if item == ALL else 0
            dense += 1
        elif left == 0 or not isinstance(item, Slice) or item.step != 1:
            break
        else:
            dense, left = dense + 1, left - 1 if item == ALL else 0
    return dense


def _composed(view: View, index: list[Index]) -> list[Index] | None:
    """One index that does what an index of an indexed view does; None where none can."""
    first = list(view.argument)
    first += [ALL] * (view.base.ndim - sum(item is not None for item in first))
    second = iter(index)
    result: list[Index] = []

    def pass_inserted() -> Index:
        for item in second:
            if item is not None:
                return item
            result.append(None)
        return ALL

    for old in first:
        if old is not None and not isinstance(old, Slice):
            result.append(old)  # this axis is gone already
            continue
        new = pass_inserted()
        if old is None:
            if isinstance(new, Slice):
                if new != ALL and new.size != 1:
                    return None  # nothing of an inserted axis
                result.append(None)
        elif new == ALL:
            result.append(old)
        elif old == ALL:
            result.append(new)
        elif isinstance(new, Slice):
            result.append(Slice(old.start + new.start * old.step, new.size, old.step * new.step))
        else:
            result.append(old.start + new * old.step)  # type: ignore[operator]
    result.extend(item for item in second)
    return result


def render(value: Value) -> str:
    """A value as the source of an expression."""
    if isinstance(value, Buffer):
        return value.name
    assert isinstance(value, View)
    base = render(value.base)
    if value.how == "declare":
        return base
    if value.how == "index":
        return base + _render_indices(value)
    return f"{base}.{value.how}({', '.join(map(str, value.argument))})"


def _render_indices(view: View) -> str:
    """The indices of a view: those that go forward, then the axes that are reversed."""
    forward: list[str] = []
    backward: list[str] = []
    sizes = iter(view.base.shape)
    for item in view.argument:
        size = None if item is None else next(sizes)
        if not isinstance(item, Slice):
            forward.append(str(item))
            backward += [":"] if item is None else []
            continue
        if item.step > 0:
            forward.append(_render_slice(item))
            backward.append(":")
            continue
        # Counted from its other end: Python's -1 would mean the last element, where it should mean none.
        turned = Slice(item.start + (item.size - 1) * item.step, item.size, -item.step)
        forward.append(":" if turned == (0, size, 1) else _render_slice(turned))
        backward.append("::-1")
    if not view.shape:
        forward.append("...")  # an array without axes, where NumPy would give a number
    forward_text = f"[{', '.join(forward)}]"
    if "::-1" not in backward:
        return forward_text
    while backward[-1] == ":":
        backward.pop()
    backward_text = f"[{', '.join(backward)}]"
    return backward_text if set(forward) == {":"} else forward_text + backward_text


def _render_slice(item: Slice) -> str:
    if item == ALL:
        return ":"
    stop = item.start + (item.size - 1) * item.step + 1
    step = f":{item.step}" if item.step != 1 else ""
    return f"{'' if item.start == 0 else item.start}:{stop}{step}"


class Number(NamedTuple):
    """A literal operand."""

    text: str

    def __str__(self) -> str:
        return self.text


Operand = Value | Number


def sizes_text(sizes: Sequence[Size]) -> str:
    """Sizes as a tuple's source."""
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"
