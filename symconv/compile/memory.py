"""Memory planning: when each buffer is needed, and where in one arena it lies; imports program.

Buffers whose times do not overlap share their place. A scan along time gives each buffer the smallest
hole that fits.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from symconv.compile.program import Loop, Program
from symconv.compile.values import Buffer, Value, concrete
from symconv.graph.types import Array

ALIGNMENT = 64  # bytes: a cache line, and the widest vector


class Slot(NamedTuple):
    """A buffer's place.

    Attributes
    ----------
    buffer : Buffer
        What lies there.
    offset, size : int
        Where in the arena, in bytes, and how much.
    shape : tuple of int or None
        Its shape; None where it differs from block to block, and blocks view what they need.
    """

    buffer: Buffer
    offset: int
    size: int
    shape: tuple[int, ...] | None


class Arena(NamedTuple):
    """Slots in one piece of memory of ``size`` bytes."""

    slots: tuple[Slot, ...]
    size: int

    def __str__(self) -> str:
        lines = [f"arena of {self.size} bytes"]
        lines += [f"  {s.offset:>10} + {s.size:<10} {s.buffer.name}: {s.buffer.dtype}" for s in self.slots]
        return "\n".join(lines)


@dataclass(frozen=True)
class Memory:
    """The memory of one call.

    Attributes
    ----------
    shared : Arena
        What passes from kernel to kernel, or is prepared once for a loop.
    scratch : dict
        For each loop what a worker needs.
    """

    shared: Arena
    scratch: dict[Loop, Arena]

    @property
    def scratch_bytes(self) -> int:
        """Bytes of one worker's scratch: loops follow one another and share it."""
        return max((arena.size for arena in self.scratch.values()), default=0)

    def __str__(self) -> str:
        parts = [f"shared {self.shared}"]
        parts += [f"scratch {arena}" for arena in self.scratch.values() if arena.slots]
        return "\n".join(parts)


def plan(program: Program) -> Memory:
    """A place for every buffer that is neither an input nor an output."""
    shared: dict[Buffer, list[int]] = {}
    scratch: dict[Loop, Arena] = {}
    made = {buffer for kernel in program.settled for buffer in kernel.buffers}
    time = 0
    for kernel in program.all_kernels:
        for instr in kernel.body:
            time += 1
            inner: dict[Buffer, list[int]] = {}
            for moment, call in enumerate(instr.body if isinstance(instr, Loop) else [instr]):
                for value in (*call.operands, *call.out):
                    if not isinstance(value, Value):
                        continue
                    if value.buffer.kind == "memory":
                        shared.setdefault(value.buffer, [time, time])[1] = time
                    elif value.buffer.kind == "scratch":
                        inner.setdefault(value.buffer, [moment, moment])[1] = moment
            if isinstance(instr, Loop):
                scratch[instr] = _pack(inner, _largest(instr))
    kept = {buffer for kernel in program.kernels for buffer in kernel.buffers if buffer in made}
    for buffer in [*(output.buffer for output in program.outputs), *kept]:
        if buffer in shared:
            shared[buffer][1] = time + 1
    return Memory(_pack(shared, {}), scratch)


def _largest(loop: Loop) -> dict[str, int]:
    return {span.size: span.block for span in loop.ranges}


def _pack(lifetimes: dict[Buffer, list[int]], symbols: dict[str, int]) -> Arena:
    """Offsets such that buffers alive at the same time do not overlap."""
    slots: list[Slot] = []
    holes: list[tuple[int, int]] = []  # (size, offset) of what is free below the top
    alive: list[tuple[int, int, int]] = []  # (last use, offset, size), a heap
    top = 0
    for buffer in sorted(lifetimes, key=lambda buffer: lifetimes[buffer][0]):
        first, last = lifetimes[buffer]
        while alive and alive[0][0] < first:
            _, offset, size = heappop(alive)
            _release(holes, offset, size)
        used = concrete(buffer.elements, symbols) * np.dtype(buffer.dtype).itemsize
        size = _aligned(used)
        position = bisect_left(holes, (size, 0))
        if position < len(holes):
            room, offset = holes.pop(position)
            if room > size:
                insort(holes, (room - size, offset + size))
        else:
            offset, top = top, top + size
        heappush(alive, (last, offset, size))
        exact = all(isinstance(size, int) for size in buffer.shape)
        slots.append(Slot(buffer, offset, used, tuple(map(int, buffer.shape)) if exact else None))  # type: ignore[arg-type]
    return Arena(tuple(slots), top)


def _release(holes: list[tuple[int, int]], offset: int, size: int) -> None:
    """Give a place back, joined with free neighbours."""
    for hole in [hole for hole in holes if hole[1] + hole[0] == offset or offset + size == hole[1]]:
        holes.remove(hole)
        offset, size = min(offset, hole[1]), size + hole[0]
    insort(holes, (size, offset))


def _aligned(size: int) -> int:
    return -(-max(size, 1) // ALIGNMENT) * ALIGNMENT


def allocate(size: int) -> Array:
    """``size`` fresh bytes whose address is a multiple of ``ALIGNMENT``."""
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]

