"""What ``Op.lower`` writes with: buffers, calls, loops over blocks, and the epilogue; imports program.

A lowering computes one tile of its output at a time and hands it to ``epilogue``, which goes on with
the elementwise work of the kernel while the tile is still in the cache:

    with k.blocks(Axis(batch, "image", most=1), Axis(rows, "top", "rows"), bytes_each=...) as (n, r):
        tile = k.tile((n.start, ALL, r.slice, ALL))
        ...                                            # compute into the tile
        k.epilogue(tile, (n.start, ALL, r.slice, ALL))

Whether blocks run in parallel is decided here, for every op alike; how long they are, in blocks.py.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf, prod
from types import MappingProxyType
from typing import Any

import numpy as np

from symconv.compile.blocks import FETCH, WIDE, Axis, Block, Machine, block_lengths, nanoseconds, walked
from symconv.compile.elementwise import Recorder, allocate, literal_text
from symconv.compile.program import Call, Candidate, Choice, Instr, Loop, Range
from symconv.compile.region import Follower, Lead, Position, Region, in_units
from symconv.compile.summing import as_product, summed_in_columns
from symconv.compile.values import (
    ALL,
    Buffer,
    Number,
    Operand,
    Size,
    Slice,
    Symbolic,
    Value,
    View,
    concrete,
    order_of,
    times,
)
from symconv.errors import CompileError, SymconvError
from symconv.graph.meaning import explained
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import Op
from symconv.graph.types import TensorType, type_of

FEW = 8192  # elements of a matrix that BLAS multiplies by a vector with one thread


class Names:
    """Unique names for one program; mutable because it remembers which are taken."""

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self.taken: dict[str, int] = dict.fromkeys(reserved, 1)

    def __call__(self, wanted: str) -> str:
        """The wanted name, with a number where it is taken."""
        if wanted not in self.taken:
            self.taken[wanted] = 1
            return wanted
        while True:
            self.taken[wanted] += 1
            name = f"{wanted.rstrip('_')}_{self.taken[wanted]}"
            if name not in self.taken:
                self.taken[name] = 1
                return name


@dataclass(eq=False, repr=False)
class Builder:
    """Collects the instructions of one kernel; mutable because that is its purpose.

    Attributes
    ----------
    names : Names
        Shared by the kernels of a program.
    machine : Machine
        What blocks are chosen for.
    region : Region
        The elementwise work that follows each tile.
    body : list of Instr
        What was written so far.
    constants : dict
        Arrays, and functions that call nothing but NumPy, that the kernels name.
    performs : dict
        Python functions that the kernels name.
    needs_contiguous : set of Buffer
        Inputs that must be laid out row by row.
    notes : list of str
        What a reader of the source should know: the algorithm, the blocks.
    node : Apply or None
        What is lowered: errors of its ``perform`` name its arguments and the user's line.
    choices : list of Choice
        What was chosen where there are several ways.
    leads : dict
        For inputs that nothing has computed yet, what does.
    """

    names: Names
    machine: Machine
    region: Region
    constants: dict[str, Any]
    performs: dict[str, Any]
    needs_contiguous: set[Buffer]
    body: list[Instr] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    loop: Loop | None = None
    node: Apply | None = None
    choices: list[Choice] = field(default_factory=list)
    leads: dict[Buffer, Lead] = field(default_factory=dict)

    # Memory

    def buffer(
        self, shape: Sequence[Size], dtype: str, name: str, order: tuple[int, ...] = ()
    ) -> Buffer:
        """Scratch memory, laid out in the order of axes if given: inside a loop each worker has its own."""
        kind: Any = "memory" if self.loop is None else "scratch"
        return Buffer(tuple(shape), dtype, len(shape), self.names(name), kind, order)

    @staticmethod
    def order(value: Value) -> tuple[int, ...]:
        """The axes of a value as memory runs along them, if that is not their own order."""
        return order_of(value)

    @property
    def result_order(self) -> tuple[int, ...]:
        """The same of the results that the kernel fills."""
        behind = self.region.follower.region.outputs if self.region.follower else {}
        return next((order_of(value) for value in (*self.region.outputs.values(), *behind.values())), ())

    def keep(self, shape: Sequence[Size], dtype: str, name: str) -> Buffer:
        """Memory that outlives the loop: room for what its blocks leave."""
        return Buffer(tuple(shape), dtype, len(shape), self.names(name), "memory")

    def contiguous(self, value: Value, name: str = "contiguous") -> Value:
        """The value laid out row by row: itself, the caller's array made so, or a copy."""
        if value.contiguous:
            return value
        if isinstance(value, Buffer) and value.kind in ("input", "shared"):
            self.needs_contiguous.add(value)
            return View(value.shape, value.dtype, value.ndim, value, "declare", ())
        if isinstance(value, View) and value.how == "index" and _is_most(value, value.base):
            part = self.contiguous(value.base)[value.argument]
            if part.contiguous:
                return part
        copy = self.buffer(value.shape, value.dtype, name)
        self.copy(value, copy)
        return copy

    def plain(self, value: Value) -> Value:
        """The value with memory along its axes in their own order: itself, or a copy."""
        if not order_of(value):
            return value
        copy = self.buffer(value.shape, value.dtype, "plain")
        self.copy(value, copy)
        return copy

    def plain_in_parts(self, value: Value) -> Value:
        """The same for an input that is read by ``read``: there each part is copied, by whoever needs it."""
        if not order_of(value):
            return value
        whole = self.keep(value.shape, value.dtype, "plain")
        variable = Variable(TensorType(value.dtype, (None,) * value.ndim))
        calls = [Call("copy", (value,), (whole,))]

        def store() -> Value:
            before = len(self.body) - (self.loop is not None)
            self.body[before:before] = calls
            calls.clear()
            return whole

        turned = Region(None, (), {variable: value}, {})
        self.leads[whole] = Lead(variable, turned, None, (), (1,) * value.ndim, store)
        return whole

    # Inputs that are computed on the way in

    def stored(self, value: Value) -> Value:
        """An input as a whole, in memory: computed by a kernel of its own where nothing has done so yet."""
        lead = self.leads.get(value) if isinstance(value, Buffer) else None
        return value if lead is None else lead.store()

    def read(self, part: Value) -> Value:
        """A part of an input: itself, or computed now; its axes may have been turned before they were cut."""
        whole = part.buffer
        lead = self.leads.get(whole)
        if lead is None:
            return part
        at, axes = _place(part)
        shape = self.part(whole, at).shape
        made = self.buffer(shape, part.dtype, f"{whole.name}_part", axes)
        if lead.node is None:
            self._finish(lead.region, None, at, None, {lead.variable: made})
        else:
            lead.node.op.fill(self, lead.inputs, in_units(at, lead.units), made)
        return made.transpose(*axes) if axes else made

    def read_units(self, value: Value) -> tuple[int, ...]:
        """Of how many elements parts of an input must consist along each axis."""
        lead = self.leads.get(value.buffer)
        return (1,) * value.ndim if lead is None else lead.units

    # Instructions

    def call(self, function: str, *operands: Operand, out: Value, **options: Any) -> None:
        """``out <- function(operands, options)``."""
        texts = tuple((name, str(option)) for name, option in options.items())
        self.write(Call(function, operands, (out,), texts))

    def write(self, call: Call) -> None:
        """Append an instruction."""
        (self.body if self.loop is None else self.loop.body).append(call)

    def copy(self, source: Operand, out: Value) -> None:
        """``out <- source``, broadcast, converted."""
        self.call("copy", source, out=out)

    def fill(self, number: float, out: Value) -> None:
        """``out <- number``."""
        self.copy(self.number(number), out)

    @staticmethod
    def number(value: float | Symbolic) -> Number:
        """A number as an operand, or what a loop's symbols say."""
        return Number(str(value) if isinstance(value, Symbolic) else literal_text(value))

    def constant(self, array: Any) -> Buffer:
        """An array that the kernel knows, as an operand."""
        return self._constant(array)

    def matmul(self, left: Value, right: Value, out: Value) -> None:
        """Matrix product over the last two axes, batched over the others."""
        self.call("matmul", left, right, out=out)

    def perform(self, op: Op, inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        """Call the op's own ``perform``, and copy what it returns."""
        name = self.names("perform_" + re.sub(r"\W.*", "", op.label.lower()))
        self.performs[name] = op.perform if self.node is None else located(op, self.node)
        self.write(Call(f"perform:{name}", tuple(inputs), tuple(outputs)))

    def into(self, function: Callable[..., None], inputs: Sequence[Operand], out: Value) -> None:
        """Call a function that writes into its last argument and calls nothing but NumPy."""
        known = (name for name, constant in self.constants.items() if constant is function)
        name = next(known, "") or self.names(function.__name__)
        self.constants[name] = function
        self.write(Call(f"into:{name}", tuple(inputs), (out,)))

    def choose(self, what: str, offers: Sequence[tuple[str, float | None, str]], wanted: str) -> str:
        """The name of the best of several ways: the wanted one if it can, else the cheapest.

        Parameters
        ----------
        what : str
            What is to be done.
        offers : sequence of (str, float or None, str)
            The fields of ``Candidate``; of equals the first is better. One of them at least can.
        wanted : str
            A name, or "auto".
        """
        candidates = [Candidate(*one) for one in offers]
        able = sorted(
            (one for one in candidates if one.cost is not None),
            key=lambda one: (one.name != wanted, one.cost),
        )
        why = "the cheapest"
        if self.machine.measured:
            runs = ", ".join(f"{name} {seconds * 1e3:.2g} ms" for name, seconds in self.machine.measured)
            why = f"measured: {runs}"
        elif wanted != "auto":
            why = "asked for" if able[0].name == wanted else f"asked for: {wanted}, which does not fit"
        unable = [one for one in candidates if one.cost is None]
        choice = Choice(what, (*able, *unable), why)
        self.choices.append(choice)
        self.notes.append(choice.note)
        return able[0].name

    # Loops

    @staticmethod
    def axis(
        extent: int,
        start: str,
        size: str = "size",
        most: int | None = None,
        halo: int = 0,
        last: bool = False,
        counted: bool = False,
        length: int | None = None,
        unit: int = 1,
    ) -> Axis:
        """An axis for ``blocks``."""
        return Axis(extent, start, size, most, halo, last, counted, length, unit)

    def units(self, ndim: int) -> tuple[int, ...]:
        """Of how many elements blocks of each axis of the anchor's output must consist; 0: of all."""
        follower = self.region.follower
        return (1,) * ndim if follower is None else follower.node.op.units(follower.sizes)

    @staticmethod
    def steps(start: Size, size: Size, step: int) -> Slice:
        """``size`` positions from ``start`` on, ``step`` apart, as an index."""
        return Slice(start, size, step)

    @contextmanager
    def blocks(
        self,
        *axes: Axis,
        bytes_each: int,
        calls: int = 8,
        fixed: bool = False,
        machine: Machine | None = None,
        work: float = inf,
    ) -> Iterator[tuple[Block, ...]]:
        """Write what follows for every block of the axes.

        Parameters
        ----------
        *axes : Axis
            From the slowest to the fastest.
        bytes_each : int
            Bytes touched for one element of each axis.
        calls : int
            About how many NumPy calls a block takes.
        fixed : bool
            Whether blocks must not depend on the number of threads: products of other sizes may round
            otherwise.
        machine : Machine, optional
            What the blocks are chosen for, where that is not the builder's.
        work : float
            About how many nanoseconds all blocks take one core; one thread does what is not worth waking
            another for.
        """
        if self.loop is not None:
            raise CompileError("loops over blocks do not nest: give blocks several axes")
        machine = machine or self.machine
        if fixed:
            brief = self._estimated() < machine.BRIEF
            machine = replace(machine, threads=machine.FIXED // 2 if brief else machine.FIXED)
        elif any(axis.counted for axis in axes):
            machine = machine.steady
        dearer = machine.SHARED if fixed else 1
        if self.region.follower is not None:
            calls += 2 * len(axes) + len(self.region.follower.region.members)
        units = [axis.in_units for axis in axes]
        each = bytes_each * prod(unit.unit for unit in units)
        lengths = block_lengths(units, each, dearer * calls, machine)
        ranges: list[Range] = []
        blocks: list[Block] = []
        for axis, unit, length in zip(axes, units, lengths, strict=True):
            if length >= unit.extent:
                blocks.append(Block(0, axis.extent))
                continue
            ragged = unit.extent % length != 0
            size = self.names(axis.size) if ragged else ""
            number = self.names("number") if axis.counted else ""
            span = Range(unit.extent, length, self.names(axis.start), size, number)
            blocks.append(
                Block(
                    symbol(span.start) * unit.unit,
                    (symbol(span.size) if span.ragged else length) * unit.unit,
                    symbol(number) if number else 0,
                    -(-span.extent // span.block),
                )
            )
            ranges.append(span)
        if not ranges:
            yield tuple(blocks)
            return
        count = prod(-(-span.extent // span.block) for span in ranges)
        total = bytes_each * prod(axis.extent for axis in axes)
        parallel = total > self.machine.PARALLEL_BYTES
        alone = self._estimated() < count * calls * self.machine.SHORT or self.is_brief(work)
        self.notes.append(
            f"{count} blocks of " + " x ".join(f"{span.block}" for span in ranges)
            + (" in parallel" if parallel and not alone else "")
        )
        self.loop = Loop(tuple(ranges), parallel=parallel, alone=alone)
        self.body.append(self.loop)
        try:
            yield tuple(blocks)
        finally:
            self.loop = None

    def is_brief(self, work: float) -> bool:
        """Whether work of so many nanoseconds gains nothing from another thread."""
        return work < self.machine.WORTH * self.machine.START

    def work_behind(self, elements: int, bytes_each: int = 0) -> float:
        """About how many nanoseconds the elementwise work takes one core."""
        return elements * (FETCH * bytes_each + sum(map(nanoseconds, self.region.members)))

    def _estimated(self) -> float:
        """What the algorithm chosen last is estimated to cost; infinity where there was no choice."""
        cost = self.choices[-1].candidates[0].cost if self.choices else None
        return inf if cost is None else cost

    # The elementwise work that follows

    def whole(self, ndim: int) -> Position:
        """The position of the whole output."""
        return (ALL,) * ndim

    def tile(self, at: Position, order: Sequence[int] | None = None, name: str = "tile") -> Value:
        """Where to compute the anchor's tile: in the output itself if it stays there, else in scratch.

        A tile is written, read and changed again: in a large output that is memory that no cache holds. What
        comes last writes there.
        """
        return self._tile(self.region, at, order, name)

    def _tile(self, region: Region, at: Position, order: Sequence[int] | None, name: str) -> Value:
        anchor = region.anchor
        assert anchor is not None
        if anchor in region.outputs:
            return self.part(region.outputs[anchor], at, order)
        read_next = region.follower.node.inputs[0] if region.follower else None  # that must stay as it is
        for variable, whole in region.outputs.items():
            free = read_next is None or variable is read_next
            if free and variable.dtype == anchor.dtype and (self.loop is None or not region.members):
                return self.part(whole, at, order)
        some = region.whole or next(iter(region.outputs.values()))
        return self.buffer(self.part(some, at, order).shape, anchor.dtype, name)

    def part(self, whole: Value, at: Position, order: Sequence[int] | None = None) -> Value:
        """The part of an output, or of something that broadcasts to it, at a position."""
        if order is not None and whole.ndim < len(at):
            whole = whole[(None,) * (len(at) - whole.ndim)]
        if order is not None and order_of(whole) == tuple(order) and len(at) == whole.ndim:
            moved = [at[axis] for axis in order]
            if all(isinstance(item, Slice | slice) for item in moved):
                return self.part(whole.transpose(*order), tuple(moved))  # without gaps, as it lies
        index: list[Any] = []
        for size, item in zip(whole.shape, at[len(at) - whole.ndim :], strict=True):
            if isinstance(item, Slice | slice):
                index.append(ALL if size == 1 else item)
            else:
                index.append(0 if size == 1 else item)
        value = whole[tuple(index)] if index else whole
        return value if order is None else value.transpose(*order)

    def epilogue(self, tile: Value | None, at: Position, order: Sequence[int] | None = None) -> None:
        """Do the kernel's elementwise work on a finished tile and store the results.

        Parameters
        ----------
        tile : Value or None
            The anchor's tile; None where the kernel has no anchor.
        at : tuple
            Where it stands in the output: for each axis a slice or an element.
        order : sequence of int, optional
            The tile's axes, as positions among the output's axes that ``at`` keeps.
        """
        follower = self.region.follower
        if follower is None:
            self._finish(self.region, tile, at, order)
            return
        assert tile is not None
        cells = self._cells(follower, tile, at, order)
        behind = follower.at(at)
        pooled = self._tile(follower.region, behind, order, "pooled")
        others = [other[(ALL,) * (other.ndim - len(at)) + behind] for other in follower.others]
        back = () if order is None else tuple(order.index(axis) for axis in range(len(order)))
        follower.node.op.on_tile(
            self, cells.transpose(*back) if back else cells, follower.sizes,
            pooled.transpose(*back) if back else pooled, others, tuple(order or ()),
        )  # fmt: skip
        self._finish(follower.region, pooled, behind, order)

    def _cells(self, follower: Follower, tile: Value, at: Position, order: Sequence[int] | None) -> Value:
        """A tile after the work before the second anchor: where it is stored, or in its own place."""
        region, wanted = self.region, follower.node.inputs[0]
        if wanted is region.anchor and not region.outputs:
            return tile
        if wanted in region.outputs:
            self._finish(region, tile, at, order)
            return self.part(region.outputs[wanted], at, order)
        cells = tile
        if tile.dtype != wanted.dtype:
            cells = self.buffer(tile.shape, wanted.dtype, "cells")
        self._finish(region, tile, at, order, {wanted: cells})
        return cells

    def _finish(
        self,
        region: Region,
        tile: Value | None,
        at: Position,
        order: Sequence[int] | None,
        besides: Mapping[Variable, Value] = MappingProxyType({}),
    ) -> None:
        """Do the elementwise work of a region on a tile, and store its results, some ``besides``."""
        finals = {variable: self.part(whole, at, order) for variable, whole in region.outputs.items()}
        finals.update(besides)
        if not finals:
            return
        shape = next(iter(finals.values())).shape
        recorder = Recorder(self._constant, shape)
        known: dict[Variable, Any] = {
            variable: self.part(value, at, order) if isinstance(value, Value) else value
            for variable, value in region.values.items()
        }
        if region.anchor is not None and tile is not None:
            known[region.anchor] = recorder.start(tile)
        for node in region.members:
            known[node.outputs[0]] = recorder.apply(node, [known[variable] for variable in node.inputs])
        results = [(known[variable], value) for variable, value in finals.items()]
        turned: list[tuple[Value, Value]] = []
        if order is not None and region.members and self.loop is not None:
            # NumPy computes with what lies apart an element at a time, but copies it faster.
            turned = [
                (self.buffer(shape, value.dtype, "turned"), value) for _, value in results if not value.dense
            ]
            instead = {value: made for made, value in turned}
            results = [(term, instead.get(value, value)) for term, value in results]
        self.record(recorder, results, self.result_order if order is None else ())
        for made, value in turned:
            self.copy(made, value)

    def record(
        self, recorder: Recorder, results: Sequence[tuple[Any, Value]], order: tuple[int, ...] = ()
    ) -> None:
        """Write what was recorded, its results where they belong; temporary ones are laid out alike."""

        def scratch(dtype: str, shape: tuple[Size, ...]) -> Value:
            return self.buffer(shape, dtype, "temporary", order if len(order) == len(shape) else ())

        for call in allocate(recorder, results, scratch):
            self.write(self._summed(call))

    def _summed(self, call: Call) -> Call:
        """A sum as a product with ones, where that is worth it, and BLAS keeps to one thread."""
        corners = [{}] if self.loop is None else list(self.loop.corners)
        shape = summed_in_columns(call, corners)
        held = shape is not None and (prod(shape) <= FEW if self.loop is None else self.loop.parallel)
        return as_product(call, shape, self._ones) if shape is not None and held else call

    def _ones(self, count: int, dtype: str) -> Buffer:
        """A row of ones; the kernels of a program share it."""
        for name, array in self.constants.items():
            alike = isinstance(array, np.ndarray) and array.shape == (1, count) and array.dtype == dtype
            if alike and (array == 1).all():  # a constant of the user's may have any name
                return Buffer(array.shape, dtype, 2, name, "constant")
        name = self.names("ones")
        self.constants[name] = np.ones((1, count), dtype)
        return Buffer((1, count), dtype, 2, name, "constant")

    def _constant(self, array: Any) -> Buffer:
        name = self.names("constant")
        self.constants[name] = array
        return Buffer(array.shape, array.dtype.name, array.ndim, name, "constant")

    def elementwise(self, shape: Sequence[int], bytes_each: int) -> None:
        """A kernel that is elementwise work alone, in blocks of rows."""
        order = self.result_order
        shape = tuple(shape[axis] for axis in order) if order else tuple(shape)
        axes = walked(shape, bytes_each, self.machine)
        work = self.work_behind(prod(shape), bytes_each)
        # Threads wait for one another at each call.
        calls = max(8, len(self.region.members)) * (1 if self.is_brief(work) else self.machine.SHARED)
        steps = [node.op.row.steps for node in self.region.members]  # type: ignore[attr-defined]
        once = steps == [None]  # one call, which touches each byte once
        if self.is_brief(work) and (once or bytes_each * prod(shape) <= WIDE * self.machine.tile_bytes):
            axes = []
        each = bytes_each * max(prod(shape[len(axes) :]), 1)
        with self.blocks(*axes, bytes_each=each, calls=calls, work=work) as blocks:
            at: Position = tuple(block.slice for block in blocks) + (ALL,) * (len(shape) - len(axes))
            self.epilogue(None, tuple(at[order.index(axis)] for axis in range(len(at))) if order else at)


def located(op: Op, node: Apply) -> Callable[..., Any]:
    """An op's ``perform``; its errors name the node's arguments and the user's line."""

    def perform(*arrays: Any) -> Any:
        try:
            return op.perform(*arrays)
        except SymconvError as error:
            raise explained(error, node, [type_of(array) for array in arrays]) from None

    return perform


def _place(part: Value) -> tuple[Position, tuple[int, ...]]:
    """Where a part lies in its buffer, and the order of axes it was turned to, if it was."""
    whole, axes = part, ()
    index: tuple[Any, ...] = (ALL,) * part.ndim
    if isinstance(whole, View) and whole.how == "index":
        index = (*whole.argument, *(ALL,) * (whole.base.ndim - len(whole.argument)))
        whole = whole.base
    if isinstance(whole, View) and whole.how == "transpose":
        axes, whole = whole.argument, whole.base
        index = tuple(index[axes.index(axis)] for axis in range(len(axes)))
    if not isinstance(whole, Buffer) or None in index or (axes and part.ndim != len(axes)):
        raise CompileError(f"cannot compute {part} alone")
    return index, axes


def _is_most(part: Value, whole: Value) -> bool:
    """Whether a value is at least half of what the caller gave: then all of that may be laid out anew."""
    given = isinstance(whole, Buffer) and whole.kind in ("input", "shared")
    return given and 2 * concrete(times(part.shape), {}) >= concrete(times(whole.shape), {})


def symbol(name: str) -> Size:
    """An affine expression that is one symbol."""
    return Symbolic((((name,), 1),))
