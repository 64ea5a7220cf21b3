"""The kernel language: what ``lower`` writes and ``emit`` reads; imports values.

    program  = settled kernel*, kernel*         one after the other; see settle.py
    kernel   = instr*
    instr    = call | loop
    call     = function "(" operand* ")" -> value        always writes into a value that exists
    loop     = range+ ":" instr*                         over blocks; blocks may run in parallel
    operand  = value | number                            see values.py

A buffer is assigned once, by name; everything else is a view of one and never allocates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from symconv.compile.values import ALL, ORDER, Buffer, Operand, Size, Slice, Value, View, concrete, times
from symconv.errors import CompileError

if TYPE_CHECKING:
    from symconv.graph.nodes import Apply

Results = Literal["fresh", "aliased", "given"]  # what becomes of a program's results: see ``lower``

class Call(NamedTuple):
    """One NumPy call that writes into ``out``.

    Attributes
    ----------
    function : str
        A ufunc's name, "copy", "matmul", a method of a ufunc ("add.reduce"), "where", "products.sum" (two
        operands are multiplied and added up along an axis), or the name of an
        op's ``perform`` bound in the program's namespace ("perform:solve"), or of a function there that
        takes ``out`` as its last argument ("into:gather").
    operands : tuple of Operand
        What it reads.
    out : tuple of Value
        What it writes; one value but for "perform".
    options : tuple of (str, str)
        Further keyword arguments, as source.
    """

    function: str
    operands: tuple[Operand, ...]
    out: tuple[Value, ...]
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        arguments = [*map(str, self.operands), *(f"{name}={text}" for name, text in self.options)]
        return f"{', '.join(map(str, self.out))} <- {self.function}({', '.join(arguments)})"


class Range(NamedTuple):
    """One axis that a loop walks in blocks.

    Attributes
    ----------
    extent : int
        Length of the axis.
    block : int
        Length of a block; the last one may be shorter.
    start : str
        The symbol for where a block begins.
    size : str
        The symbol for how long it is; used only where the last block is shorter.
    number : str
        The symbol for the how manieth it is, from 0 on; empty where nobody asks.
    """

    extent: int
    block: int
    start: str
    size: str
    number: str = ""

    @property
    def ragged(self) -> bool:
        """Whether the last block is shorter than the others."""
        return self.extent % self.block != 0

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """(start, size) of every block."""
        return [
            (start, min(self.block, self.extent - start)) for start in range(0, self.extent, self.block)
        ]

    @property
    def symbols(self) -> tuple[str, ...]:
        """What a block's code may refer to, in the order of its parameters."""
        return tuple(filter(None, (self.number, self.start, self.size if self.ragged else "")))

    @property
    def values(self) -> list[tuple[int, ...]]:
        """The symbols' values for every block."""
        return [
            ((number,) if self.number else ()) + (start,) + ((size,) if self.ragged else ())
            for number, (start, size) in enumerate(self.blocks)
        ]


@dataclass(frozen=True, eq=False, repr=False)
class Loop:
    """A body executed for every combination of blocks of its ranges.

    Attributes
    ----------
    ranges : tuple of Range
        From the slowest to the fastest.
    body : list of Call
        What is done for a block.
    parallel : bool
        Whether blocks may run at the same time: no two write to the same place.
    alone : bool
        Whether one thread runs them all the same: their calls are too short to be worth another.
    """

    ranges: tuple[Range, ...]
    body: "list[Call]" = field(default_factory=list)
    parallel: bool = True
    alone: bool = False

    @property
    def corners(self) -> Iterator[dict[str, int]]:
        """Values of the symbols for a full block and for the last one, to check the body with."""
        both = [(axis.symbols, axis.values) for axis in self.ranges]
        for which in (0, -1):
            yield {
                symbol: value
                for symbols, values in both
                for symbol, value in zip(symbols, values[which], strict=True)
            }


Instr = Call | Loop


class Candidate(NamedTuple):
    """A way to do what there are several ways for.

    Attributes
    ----------
    name : str
        What it is called.
    cost : float or None
        Estimated nanoseconds on one core; None where it cannot do this.
    text : str
        What the cost is made of, or why it cannot.
    """

    name: str
    cost: float | None
    text: str


class Choice(NamedTuple):
    """What was chosen among candidates, and why.

    Attributes
    ----------
    what : str
        What is to be done.
    candidates : tuple of Candidate
        The chosen one first, then by cost, then those that cannot.
    why : str
        Why it is the first.
    """

    what: str
    candidates: tuple[Candidate, ...]
    why: str

    @property
    def note(self) -> str:
        """One line: what was chosen, and what else was considered."""
        chosen, *others = [one for one in self.candidates if one.cost is not None]
        text = f"{chosen.name}, estimated at {_milliseconds(chosen)} on one core"
        considered = ", ".join(f"{one.name} {_milliseconds(one)}" for one in others)
        text += f" (considered: {considered})" if considered else ""
        return text if self.why == "the cheapest" else f"{text} ({self.why})"

    def __str__(self) -> str:
        lines = [f"{self.what}:"]
        least = self.candidates[0].cost or 1.0
        wide = max(len(one.name) for one in self.candidates)
        for place, one in enumerate(self.candidates):
            if one.cost is None:
                lines.append(f"  {one.name:<{wide}}  {'-':>8}  refused: {one.text}")
                continue
            why = f"{one.cost / least:.2g} times that" if place else self.why
            lines.append(f"  {one.name:<{wide}}  {_milliseconds(one):>8}  {why} ({one.text})")
        return "\n".join(lines)


def _milliseconds(candidate: Candidate) -> str:
    return f"{(candidate.cost or 0.0) / 1e6:.2g} ms"


class Kernel(NamedTuple):
    """The instructions of one node of the fused graph.

    Attributes
    ----------
    name : str
        A Python identifier, unique within the program.
    comment : tuple of str
        What it computes, where the user wrote it, how it is done.
    body : list of Instr
        In order of execution.
    node : Apply or None
        What may fail in it, for the text of errors.
    choices : tuple of Choice
        What was chosen where there are several ways.
    whole : Apply or None
        The apply of the fused graph that it computes; None for a copy.
    """

    name: str
    comment: tuple[str, ...]
    body: list[Instr]
    node: "Apply | None" = None
    choices: tuple[Choice, ...] = ()
    whole: "Apply | None" = None

    def calls(self) -> Iterator[tuple[Call, Loop | None]]:
        """Every call, with the loop around it."""
        for instr in self.body:
            if isinstance(instr, Loop):
                for call in instr.body:
                    yield call, instr
            else:
                yield instr, None

    @property
    def straight(self) -> bool:
        """Whether it has no loop."""
        return not any(isinstance(instr, Loop) for instr in self.body)

    @property
    def buffers(self) -> list[Buffer]:
        """Every buffer that it touches: what it reads first, what it returns last."""
        found: dict[Buffer, None] = {}
        for call, _ in self.calls():
            for value in (*call.operands, *call.out):
                if isinstance(value, Value):
                    found[value.buffer] = None
        return sorted(found, key=lambda buffer: ORDER.index(buffer.kind))

    def __str__(self) -> str:
        lines = [f"kernel {self.name}:"]
        for instr in self.body:
            if isinstance(instr, Loop):
                ranges = ", ".join(
                    f"{r.start} in 0..{r.extent} by {r.block}" + (f" ({r.size} long)" if r.ragged else "")
                    for r in instr.ranges
                )
                lines.append(f"  {'parallel ' if instr.parallel else ''}loop {ranges}:")
                lines += [f"    {call}" for call in instr.body]
            else:
                lines.append(f"  {instr}")
        return "\n".join(lines)


class Program(NamedTuple):
    """Kernels, and the values that go in and come out.

    Attributes
    ----------
    inputs : tuple of Buffer
        The caller's arrays, then the shared values, in order.
    outputs : tuple of Value
        What the call returns, in order.
    kernels : tuple of Kernel
        In order of execution.
    contiguous : frozenset of Buffer
        Inputs that must be laid out row by row: others are copied so at the call.
    constants : dict
        Arrays, and functions that call nothing but NumPy, by the name that the kernels use.
    performs : dict
        Python functions by the name that the kernels use: ops without a lowering.
    spares : dict
        For large results, by the name of the buffer, what gives the memory: its name in the source, and a
        function of shape and dtype.
    settled : tuple of Kernel
        Kernels that come first, and only where the versions of the shared values are new.
    """

    inputs: tuple[Buffer, ...]
    outputs: tuple[Value, ...]
    kernels: tuple[Kernel, ...]
    contiguous: frozenset[Buffer]
    constants: dict[str, Any]
    performs: dict[str, Any]
    spares: dict[str, tuple[str, Any]]
    settled: tuple[Kernel, ...] = ()

    @property
    def all_kernels(self) -> tuple[Kernel, ...]:
        """The settled kernels, then those of every call."""
        return self.settled + self.kernels

    @property
    def parallel(self) -> bool:
        """Whether any of its loops runs on several threads."""
        loops = (instr for kernel in self.all_kernels for instr in kernel.body if isinstance(instr, Loop))
        return any(loop.parallel and not loop.alone for loop in loops)

    def __str__(self) -> str:
        inputs = ", ".join(f"{b.name}: {b.dtype}[{','.join(map(str, b.shape))}]" for b in self.inputs)
        parts = [f"program({inputs})", *(f"settled {kernel}" for kernel in self.settled)]
        parts += map(str, self.kernels)
        return "\n".join([*parts, f"return {', '.join(map(str, self.outputs))}"])


def verify(program: Program) -> None:
    """Check a program against the grammar: names, shapes, dtypes, and that nothing read is unwritten.

    Raises
    ------
    CompileError
        Naming the kernel and the instruction that breaks a rule: a defect of a lowering.
    """
    written = set(program.inputs)
    names: dict[str, Buffer] = {buffer.name: buffer for buffer in program.inputs}
    for kernel in program.all_kernels:
        corners = {instr: list(instr.corners) for instr in kernel.body if isinstance(instr, Loop)}
        for call, loop in kernel.calls():
            for symbols in corners[loop] if loop else ({},):
                _verify_call(kernel, call, symbols)
            for value in call.operands:
                if isinstance(value, Value) and value.buffer.kind != "constant":
                    known = value.buffer in written or 0 in value.buffer.shape  # nothing is there to write
                    _require(known, kernel, call, f"{value.buffer} is read before it is written")
            for value in call.out:
                buffer = value.buffer
                ours = buffer.kind not in ("input", "shared", "constant")
                _require(ours, kernel, call, f"writes to {buffer}")
                _require(names.setdefault(buffer.name, buffer) is buffer, kernel, call, f"two named {buffer}")
                inside = buffer.kind != "scratch" or loop is not None
                _require(inside, kernel, call, f"{buffer} outside its loop")
                written.add(buffer)


def _require(condition: bool, kernel: Kernel, call: Call, what: str) -> None:
    if not condition:
        raise CompileError(f"kernel {kernel.name}, {call}: {what}")


def _verify_call(kernel: Kernel, call: Call, symbols: dict[str, int]) -> None:
    for value in (*call.operands, *call.out):
        if isinstance(value, Value):
            _verify_view(kernel, call, value, symbols)
    if call.function.startswith(("perform:", "into:", "arg")) or "." in call.function:
        return  # these change the shape as they like; NumPy checks it
    (out,) = call.out
    target = [concrete(size, symbols) for size in out.shape]
    values = [value for value in call.operands if isinstance(value, Value)]
    operands = [[concrete(size, symbols) for size in value.shape] for value in values]
    if call.function == "matmul":
        (*batch, rows, inner), (*other, depth, columns) = operands
        _require(inner == depth, kernel, call, f"multiplies {operands[0]} by {operands[1]}")
        operands = [[*batch, rows, columns], [*other, rows, columns]]
    for shape in operands:
        fits = len(shape) <= len(target) and all(
            size in (1, wanted)
            for size, wanted in zip(reversed(shape), reversed(target), strict=False)
        )
        _require(fits, kernel, call, f"shape {shape} does not fit into {target}")


def _verify_view(kernel: Kernel, call: Call, value: Value, symbols: dict[str, int]) -> None:
    while isinstance(value, View):
        if value.how == "index":
            sizes = iter(value.base.shape)
            for item in value.argument:
                if item is None:
                    continue
                whole = concrete(next(sizes), symbols)
                if isinstance(item, Slice):
                    if item != ALL:
                        first = concrete(item.start, symbols)
                        size = concrete(item.size, symbols)
                        last = first + (size - 1) * item.step
                        inside = size == 0 or (0 <= min(first, last) and max(first, last) < whole)
                        _require(inside, kernel, call, f"{value} leaves the axis of length {whole}")
                else:
                    _require(0 <= concrete(item, symbols) < whole, kernel, call, f"{value} leaves the axis")
        elif value.how == "reshape":
            before = prod(concrete(size, symbols) for size in value.base.shape)
            after = prod(concrete(size, symbols) for size in value.shape)
            _require(before == after, kernel, call, f"{value} has {after} of {before} elements")
        value = value.base


LETTERS = "ijklmnopqrstuvw"  # of axes, in subscripts
SHORTEST_ROW, LONGEST_ROW, SEVERAL_ROWS = 64, 4096, 32


def summed_in_rows(dtype: str, shape: Sequence[Size]) -> bool:
    """Whether ``einsum`` sums the last axis: three times as fast as ``add.reduce`` in single precision.

    It has 32 sums at once, each of at most LONGEST_ROW / 32 elements, as many as NumPy's pairs begin with; so
    it rounds no worse. Short rows pay for the call where there are several.
    """
    length = shape[-1] if shape else 0
    rows = times(shape[:-1])
    several = not isinstance(rows, int) or rows >= SEVERAL_ROWS
    shortest = 2 if several else SHORTEST_ROW
    return isinstance(length, int) and shortest <= length <= LONGEST_ROW and dtype in ("float32", "float64")


def reduced_axes(options: Sequence[tuple[str, str]]) -> tuple[int, ...]:
    """The axes that a reduction's options name."""
    text = dict(options).get("axis", "").strip("()")
    return tuple(int(axis) for axis in text.split(",") if axis.strip())
