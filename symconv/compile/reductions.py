"""Kernels with reductions: one pass over blocks of what is reduced; imports the builder and its neighbours.

All reductions of a kernel combine elements of one space, the shape of their operands. Some axes of it are
walked in blocks, the rest of a block is in one piece:

    in the loop     elementwise work before a reduction, on the hot tile; the reduction of the tile; and
                    whatever goes on with results that are complete (no walked axis was reduced)
    after the loop  where walked axes were reduced, each block has left a partial result: these are combined
                    in the order of the blocks, and what uses the results follows

Which axes are walked and where blocks end depends on sizes and ``tile_bytes``, never on the number of
threads: any number of threads gives the same bits. What reads each element once, in one call, has few and
long blocks; there is no cache to fit.

Sums over an axis before the last are products with ones, which add one row after the other, as NumPy does;
those over the last have as many sums at once as NumPy's pairs begin with, or are pairwise. So no element
takes part in more roundings than in NumPy's own sum of the whole: n over an axis of n elements before the
last, n / 32 and a few over the last. A product that nothing else needs is added up by the call that makes it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from symconv.compile.blocks import WIDE, Axis, Machine, nanoseconds
from symconv.compile.builder import Builder
from symconv.compile.elementwise import Recorder, Result
from symconv.compile.program import summed_in_rows
from symconv.compile.region import Position
from symconv.compile.values import ALL, Buffer, Size, Value, order_of
from symconv.graph.nodes import Apply, Variable

READ = 0.02  # nanoseconds for a byte that is added up
LONG_RUN = 256  # elements: a run along the last axis that costs little more than its elements
LONG_STREAM = 2048  # the same where bytes are only read
STARTS = ("start", "row", "column")


@dataclass(eq=False, repr=False)
class Reductions:
    """The writing of one kernel; mutable: it notes where the values are.

    Attributes
    ----------
    k : Builder
        Where the instructions go; its region holds the members.
    shapes : dict
        The concrete shape of each member's output.
    """

    k: Builder
    shapes: dict[Variable, tuple[int, ...]]

    def __post_init__(self) -> None:
        self.members = self.k.region.members
        self.reductions = [node for node in self.members if node.op.role == "reduction"]
        self.made = {output for node in self.members for output in node.outputs}
        operand = self.reductions[0].inputs[0]
        self.space: tuple[int, ...] = self.shape_of(operand)
        self.ones = tuple(dim == 1 for dim in operand.type.shape)
        dropped = {axis for node in self.reductions if not keeps(node) for axis in axes_of(node)}
        self.left = tuple(axis for axis in range(len(self.space)) if axis not in dropped)
        orders = (order_of(value) for value in self.k.region.values.values() if isinstance(value, Value))
        plain = tuple(range(len(self.space)))
        # The axes as memory runs along them, the slowest first.
        self.order = next((order for order in orders if len(order) == len(plain)), plain)

    def shape_of(self, variable: Variable) -> tuple[int, ...]:
        """The concrete shape of a variable, from within or without."""
        if variable in self.shapes:
            return self.shapes[variable]
        value = self.k.region.values[variable]
        return tuple(map(int, value.shape)) if isinstance(value, Value) else ()  # type: ignore[arg-type]

    # Where to walk

    def local_axes(self) -> set[int]:
        """Axes of reductions whose results go back to the space: they are not walked."""
        behind: dict[Variable, frozenset[Apply]] = {}
        local: set[int] = set()
        for node in self.members:
            found = frozenset[Apply]().union(*(behind.get(variable, ()) for variable in node.inputs))
            whole = node.op.role == "reduction" or self.is_whole(node.outputs[0])
            if whole:
                local.update(axis for reduction in found for axis in axes_of(reduction))
            behind[node.outputs[0]] = found | {node} if node.op.role == "reduction" else found
        return local

    def is_whole(self, variable: Variable) -> bool:
        """Whether a variable has the shape of the space."""
        return tuple(dim == 1 for dim in variable.type.shape) == self.ones

    def is_stream(self) -> bool:
        """Whether each element is read once, by the call that combines it, as memory runs."""
        if not self.is_plain():
            return False
        uses = Counter(variable for node in self.members for variable in node.inputs)
        return all(
            node.op.role == "reduction"
            or not self.is_whole(node.outputs[0])
            or (uses[node.outputs[0]] == 1 and self.is_summed_product(node))
            for node in self.members
        )

    def is_plain(self) -> bool:
        """Whether memory runs along the axes in their own order."""
        return self.order == tuple(range(len(self.space)))

    def is_summed_product(self, node: Apply) -> bool:
        """Whether a product is made and added up by one call: see ``contractible``."""
        (product,) = node.outputs
        user = next((other for other in self.reductions if other.inputs[0] is product), None)
        if user is None or user.op.ufunc != "add" or node.op.row.ufunc not in ("square", "multiply"):  # type: ignore[attr-defined]
            return False
        dtypes = {variable.dtype for variable in (*node.inputs, product, user.outputs[0])}
        last = len(self.space) - 1
        rows = last not in axes_of(user) or summed_in_rows(product.dtype, self.space)
        whole = all(self.shape_of(variable) == self.space for variable in node.inputs)
        return rows and whole and len(dtypes) == 1 and product.dtype in ("float32", "float64")

    def nanoseconds(self, node: Apply) -> float:
        """What a member takes for an element of the space, beyond reading it."""
        if node.op.role == "reduction":
            add = node.op.ufunc == "add"  # type: ignore[attr-defined]
            last = len(self.space) - 1
            rows = 1 / max(self.space[last], 1) if last in axes_of(node) else 0.0
            return 4.0 * rows if add else 0.1 + 40.0 * rows
        return nanoseconds(node) if self.is_whole(node.outputs[0]) else 0.0

    def bytes_each(self) -> int:
        """Bytes that are touched for an element of the space."""
        region = self.k.region
        values = [*region.values.values(), *region.outputs.values()]
        whole = prod(self.space)
        touched = [v.dtype for v in values if isinstance(v, Value) and prod(map(int, v.shape)) == whole]  # type: ignore[arg-type]
        scratch = [node.inputs[0].dtype for node in self.reductions if node.inputs[0] in self.made]
        scratch = [] if self.is_stream() else scratch
        return max(sum(np.dtype(dtype).itemsize for dtype in [*touched, *scratch[:1]]), 1)

    # Writing

    def write(self) -> None:
        """The loop, and what follows it."""
        each, stream = self.bytes_each(), self.is_stream()
        work = prod(self.space) * (READ * each + sum(map(self.nanoseconds, self.members)))
        machine = self.k.machine.streaming if stream else self.k.machine
        reduced = {axis for node in self.reductions for axis in axes_of(node)}
        walked = self.walked(each, machine)
        brief = stream and self.k.is_brief(work)
        if brief:  # one thread in one go; BLAS is held to it in a loop
            walked = walked[:1] if self.wants_one_blas_thread() else []
        mixed = 0 < len(reduced.intersection(walked)) < len(walked)
        axes = [
            Axis(
                self.space[axis],
                STARTS[min(position, 2)],
                "length",
                most=None if mixed or axis == walked[-1] else 1,  # so that blocks have no gaps
                last=axis == self.order[-1],
                counted=axis in reduced,
                length=-(-self.space[axis] // 2) if brief else None,
            )
            for position, axis in enumerate(walked)
        ]
        inner = prod(size for axis, size in enumerate(self.space) if axis not in walked)
        # There are many short calls, at which threads wait for one another.
        calls = (len(self.members) + 3) * self.k.machine.SHARED
        with self.k.blocks(
            *axes, bytes_each=each * max(inner, 1), calls=calls, machine=machine, work=work
        ) as blocks:
            self.blocks = dict(zip(walked, blocks, strict=True))
            later = self.later()
            partial = self.write_block(later)
        if later:
            self.write_rest(later, partial)

    def walked(self, each: int, machine: Machine) -> list[int]:
        """The axes to cut; where bytes are only read, blocks may be long, and so are to be runs of memory."""
        aim, run = min(machine.tile_bytes, machine.PARALLEL_BYTES) * WIDE, LONG_RUN
        if self.is_stream():
            aim = max(aim, min(machine.tile_bytes, each * prod(self.space) // machine.PARTS))
            run = LONG_STREAM
        reduced = {axis for node in self.reductions for axis in axes_of(node)}
        return walked_axes(self.space, self.order, self.local_axes(), reduced, each, aim, run)

    def wants_one_blas_thread(self) -> bool:
        """Whether sums may become products with ones, which are for a loop."""
        last = len(self.space) - 1
        return any(node.op.ufunc == "add" and last not in axes_of(node) for node in self.reductions)  # type: ignore[attr-defined]

    def later(self) -> list[Apply]:
        """Reductions whose blocks give partial results, and all members of such spaces, in order."""
        cut = {axis for axis, block in self.blocks.items() if block.parts > 1}
        return [
            node
            for node in self.members
            if not all(axis in self.axes(node.outputs[0]) for axis in cut)
        ]

    def axes(self, variable: Variable) -> dict[int, int]:
        """The axes of the space in which a variable extends, and which of its own they are."""
        shape = self.shape_of(variable)
        whose = range(len(self.space)) if len(shape) == len(self.space) else self.left
        return {
            axis: own
            for own, (axis, size) in enumerate(zip(whose, shape, strict=True))
            if size == self.space[axis]
        }

    def position(self, ndim: int) -> Position:
        """Where the block stands in a variable of that many dimensions, in the space or in what is left."""
        axes = range(len(self.space)) if ndim == len(self.space) else self.left
        return tuple(self.blocks[axis].slice if axis in self.blocks else ALL for axis in axes)

    def tile_shape(self, variable: Variable) -> tuple[Size, ...]:
        """The shape of a member's part in a block."""
        sizes: list[Size] = list(self.shape_of(variable))
        for axis, own in self.axes(variable).items():
            if axis in self.blocks:
                sizes[own] = self.blocks[axis].size
        return tuple(sizes)

    def partial_shape(self, node: Apply) -> tuple[Size, ...]:
        """The shape of what a block leaves of a reduction: 1 along reduced axes that stay."""
        if keeps(node):
            tile = self.tile_shape(node.inputs[0])
            return tuple(1 if axis in axes_of(node) else size for axis, size in enumerate(tile))
        return self.tile_shape(node.outputs[0])

    def write_block(self, later: Sequence[Apply]) -> dict[Apply, Buffer]:
        """The work on one block; gives the partial results."""
        k, region = self.k, self.k.region
        recorder = Recorder(k.constant)
        known: dict[Variable, Any] = {}
        results: list[tuple[Any, Value]] = []
        partial: dict[Apply, Buffer] = {}

        def look(variable: Variable, ndim: int) -> Any:
            """A member's operand within the block."""
            if variable in known:
                return known[variable]
            value = region.values[variable]
            return k.part(value, self.position(ndim)) if isinstance(value, Value) else value

        for node in self.members:
            if node in later and node.op.role != "reduction":
                continue
            if node.op.role == "reduction":
                shape = self.partial_shape(node) if node in later else self.tile_shape(node.outputs[0])
                tile = self.tile_shape(node.inputs[0])
                operand = recorder.spread(look(node.inputs[0], len(self.space)), tile)
                recorder.shape = shape
                term: Any = reduced(recorder, node, operand)
                if node in later:
                    partial[node], part = self.partial(node, term, shape)
                    results.append((term, part))
                    continue
                term = recorder.cast(term, node.outputs[0].dtype)
            else:
                recorder.shape = self.tile_shape(node.outputs[0])
                ndim = len(recorder.shape)
                term = recorder.apply(node, [look(variable, ndim) for variable in node.inputs])
            known[node.outputs[0]] = term
        needed = {variable for node in later if node not in partial for variable in node.inputs}
        for variable, term in known.items():
            if variable in region.outputs:
                whole = region.outputs[variable]
            elif variable in needed:
                whole = memory(k, self.shape_of(variable), variable.dtype, "rows")
            else:
                continue
            region.values[variable] = whole
            results.append((term, k.part(whole, self.position(whole.ndim))))
        if self.is_plain():
            recorder.contract(results)
        k.record(recorder, results, k.result_order)
        return partial

    def partial(self, node: Apply, term: Result, shape: tuple[Size, ...]) -> tuple[Buffer, Value]:
        """Room for the partial results of all blocks of a reduction, and the current block's in it."""
        gone = axes_of(node)
        blocks = [self.blocks[axis] for axis in gone if axis in self.blocks]
        sizes = [size if axis in gone else self.space[axis] for axis, size in self.sized(node, shape)]
        counts = [block.parts for block in blocks]
        whole = memory(self.k, (*counts, *map(int, sizes)), term.dtype, "partial")  # type: ignore[arg-type]
        at: list[Any] = [block.number for block in blocks]
        for axis, _ in self.sized(node, shape):
            inside = axis in self.blocks and axis not in gone
            at.append(self.blocks[axis].slice if inside else ALL)
        return whole, whole[tuple(at)]

    def sized(self, node: Apply, shape: tuple[Size, ...]) -> list[tuple[int, Size]]:
        """The sizes of a reduction's result with the axes of the space that they belong to."""
        axes = range(len(self.space))
        stay = axes if keeps(node) else [axis for axis in axes if axis not in axes_of(node)]
        return list(zip(stay, shape, strict=True))

    def write_rest(self, later: Sequence[Apply], partial: dict[Apply, Buffer]) -> None:
        """Combine the partial results, in order, and go on."""
        k, region = self.k, self.k.region
        recorder = Recorder(k.constant)
        known: dict[Variable, Any] = dict(region.values)
        for node in later:
            (output,) = node.outputs
            recorder.shape = self.shape_of(output)
            if node in partial:
                parts = partial[node]
                axes = tuple(range(parts.ndim - len(recorder.shape)))
                total = recorder.reduce(node.op.ufunc, parts, parts.dtype, axes, False)  # type: ignore[attr-defined]
                known[output] = recorder.cast(total, output.dtype)
            else:
                known[output] = recorder.apply(node, [known[variable] for variable in node.inputs])
        outputs = {output for node in later for output in node.outputs}
        k.record(recorder, [(known[v], whole) for v, whole in region.outputs.items() if v in outputs])


def reduced(recorder: Recorder, node: Apply, operand: Any) -> Result:
    """Record the reduction of a tile, in the dtype that it is combined in."""
    op: Any = node.op
    dtype = op.accumulator(node.outputs[0].dtype)
    if op.ufunc in ("maximum", "minimum"):
        dtype = recorder.dtype(operand)
    return recorder.reduce(op.ufunc, operand, dtype, op.axes, op.keepdims)


def axes_of(node: Apply) -> tuple[int, ...]:
    """The axes that a reduction combines."""
    return node.op.axes  # type: ignore[attr-defined, no-any-return]


def keeps(node: Apply) -> bool:
    """Whether the result of a reduction has as many dimensions as its operand."""
    return bool(node.op.keepdims) or not axes_of(node)  # type: ignore[attr-defined]


def memory(k: Builder, shape: Sequence[Size], dtype: str, name: str) -> Buffer:
    """Memory that outlives the loop."""
    return Buffer(tuple(shape), dtype, len(shape), k.names(name), "memory")


def walked_axes(
    space: tuple[int, ...],
    order: tuple[int, ...],
    local: set[int],
    reduced: set[int],
    bytes_each: int,
    aim: int,
    long_run: int,
) -> list[int]:
    """The axes to cut so that what remains of a block has so many bytes, the slowest in memory first.

    First those that stay, for their blocks need nothing of each other; the last of them only where runs
    of memory remain long. Then those that are reduced.
    """
    last = order[-1] if order else -1
    kept = [axis for axis in order if axis not in reduced and axis not in local and axis != last]
    rest = [axis for axis in order if axis in reduced and axis not in local and axis != last]
    row = bytes_each * prod(size for axis, size in enumerate(space) if axis not in kept and axis != last)
    run = aim // max(row, 1)
    ends = [] if last in local or last < 0 else [last]
    wanted = kept + (ends + rest if last not in reduced and run >= long_run else rest + ends)
    walked: list[int] = []
    left = bytes_each * prod(space)
    for axis in wanted:
        if left <= aim:
            break
        walked.append(axis)
        left //= max(space[axis], 1)
    return sorted(walked, key=order.index)
