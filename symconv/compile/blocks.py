"""How long blocks are: what the choice depends on, and the choice, for every op alike; imports program.

A block costs its calls and its bytes, more where they leave the cache. Lengths are chosen for which all
blocks, on the machine's threads, are estimated to take the least.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log2, prod
from typing import ClassVar, NamedTuple

import numpy as np

from symconv.compile.values import Size, Slice
from symconv.graph.nodes import Apply


class Axis(NamedTuple):
    """An axis to walk in blocks.

    Attributes
    ----------
    extent : int
        Its length.
    start, size : str
        What the generated source calls the beginning and the length of a block.
    most : int or None
        The longest block that the lowering can take.
    halo : int
        Elements beyond a block that are computed for it and again for its neighbour.
    last : bool
        Whether it is the axis along which memory runs: short blocks then mean short inner loops.
    counted : bool
        Whether partial results of its blocks are kept, one for each. The blocks then depend on the sizes
        and on ``tile_bytes``, and not on the number of threads: nor does, then, what is made of them.
    length : int or None
        How long its blocks are, where the lowering decides that.
    unit : int
        Of how many elements its blocks consist, in whole numbers; 0: of all.
    """

    extent: int
    start: str
    size: str = "size"
    most: int | None = None
    halo: int = 0
    last: bool = False
    counted: bool = False
    length: int | None = None
    unit: int = 1

    @property
    def in_units(self) -> "Axis":
        """The axis with a unit for an element."""
        if self.unit == 0:
            return self._replace(unit=max(self.extent, 1), length=None, most=None, halo=0).in_units
        if self.unit == 1:
            return self
        extent, most, halo = self.extent // self.unit, self.most, -(-self.halo // self.unit)
        length = None if self.length is None else max(1, self.length // self.unit)
        most = None if most is None else max(1, most // self.unit)
        return self._replace(extent=extent, most=most, halo=halo, length=length)


class Block(NamedTuple):
    """The current block of an axis; ``number`` is the how manieth of ``parts`` where the axis is counted."""

    start: Size
    size: Size
    number: Size = 0
    parts: int = 1

    @property
    def slice(self) -> Slice:
        """The block as an index."""
        return Slice(self.start, self.size)

    def window(self, step: int, extent: int) -> Slice:
        """The part of an input axis that windows of length ``extent``, ``step`` apart, cover."""
        return Slice(self.start * step, (self.size - 1) * step + extent)


WIDE = 4  # how much longer a block may be than a tile where it needs no cuts along another axis
STREAM = 16  # how much longer blocks may be where each byte is touched once


@dataclass(frozen=True)
class Machine:
    """What the choice of blocks depends on.

    Attributes
    ----------
    tile_bytes : int
        Bytes that a block's working set aims at.
    threads : int
        Threads that a call may use.
    scratch_bytes : int
        Bytes that a block may touch, as far as its axes can be cut.
    conv_algorithm : str
        The algorithm for convolutions that it fits; "auto": the cheapest.
    conv_error : float
        How many times the error of plain summation they may have.
    blas : bool
        Whether products are left to BLAS and its threads, because nothing else is worth another thread.
    measured : tuple of (str, float)
        Where that was chosen by measuring: the seconds of a kernel with each, the fastest first.
    """

    tile_bytes: int
    threads: int
    scratch_bytes: int = 1 << 23
    conv_algorithm: str = "auto"
    conv_error: float = 4.0
    blas: bool = False
    measured: tuple[tuple[str, float], ...] = ()

    @property
    def steady(self) -> "Machine":
        """One whose number of threads is always the same: so are, then, the blocks."""
        return replace(self, threads=self.PARTS)

    @property
    def streaming(self) -> "Machine":
        """One for work that touches each byte once: no block need fit a cache, and few are best."""
        return replace(
            self.steady, tile_bytes=STREAM * self.tile_bytes, scratch_bytes=STREAM * self.scratch_bytes
        )

    # Measured on one x86-64 core, in nanoseconds; they need only be right about which block is better.
    CALL: ClassVar[float] = 900  # a NumPy call and its views
    SHARED: ClassVar[int] = 6  # times that, where threads wait for one another's calls
    RUN: ClassVar[float] = 40  # an inner loop of NumPy: a run of memory along the last axis
    BYTE: ClassVar[float] = 0.1  # a byte of the working set, written, read and computed with
    SPILL: ClassVar[float] = 0.03  # how much more for each doubling beyond the tile
    FAR: ClassVar[float] = 0.15  # the same beyond eight tiles, which no second-level cache holds
    START: ClassVar[float] = 25_000  # waking another thread, and waiting for it
    WORTH: ClassVar[int] = 12  # times that: work of which half would not pay for it
    PARTS: ClassVar[int] = 8  # threads to cut for where blocks must not depend on how many there are
    FIXED: ClassVar[int] = 4  # the same where blocks overlap or repeat work: more of them cost more
    BRIEF: ClassVar[float] = 1.5e6  # a kernel: for half as many where it takes less
    SHORT: ClassVar[float] = 3000  # a call: where they are shorter, threads only wait for one another's
    PARALLEL_BYTES: ClassVar[int] = 1 << 18  # below this a second thread costs more than it brings


FETCH = 0.012  # nanoseconds for a byte that a chain reads or writes
CHEAP = frozenset(
    (
        "absolute", "add", "equal", "greater", "greater_equal", "less", "less_equal", "logical_and",
        "logical_not", "logical_or", "maximum", "minimum", "multiply", "negative", "not_equal", "square",
        "subtract",
    )
)  # fmt: skip


def nanoseconds(node: Apply) -> float:
    """About what an elementwise op takes one core for an element in the cache."""
    dtype = np.dtype(node.outputs[0].dtype)
    if node.op.row.ufunc in CHEAP:  # type: ignore[attr-defined]
        return 0.025 * dtype.itemsize
    return 0.4 if dtype == "float32" else 2.0


def walked(shape: tuple[int, ...], bytes_each: int, machine: Machine) -> list[Axis]:
    """The leading axes that must be cut so that what remains of a block fits into a cache.

    Where an axis is cut, blocks have one element of those before it: they are without gaps then, and NumPy
    takes half the time for them.
    """
    axes: list[Axis] = []
    rest = bytes_each * prod(shape)
    for extent in shape:
        if rest <= min(machine.tile_bytes, machine.PARALLEL_BYTES) * WIDE:
            break
        axes = [axis._replace(most=1) for axis in axes]
        axes.append(Axis(extent, _STARTS[len(axes)] if len(axes) < len(_STARTS) else "start", "length"))
        rest //= max(extent, 1)
    return axes


_STARTS = ("start", "row", "column")
ITEM = 4  # bytes: what elements are taken to have where runs are counted


def block_lengths(axes: Sequence[Axis], bytes_each: int, calls: int, machine: Machine) -> list[int]:
    """The lengths of blocks, one for each axis, for which the estimated time is least.

    A block costs its calls, and its bytes: more for each where they exceed the tile, and again for the
    halo that neighbouring blocks compute twice. Blocks of an axis are as equally long as they can be.
    """
    if not axes:
        return []
    small = bytes_each * prod(axis.extent for axis in axes) <= machine.PARALLEL_BYTES
    free = all((axis.length or axis.most or axis.extent) >= axis.extent for axis in axes)
    if small and free:
        return [max(axis.extent, 1) for axis in axes]
    best: tuple[float, list[int]] = (float("inf"), [])
    for lengths in product(*(_candidates(axis) for axis in axes)):
        cost = _cost(axes, lengths, bytes_each, calls, machine)
        touched = bytes_each * prod(n + axis.halo for axis, n in zip(axes, lengths, strict=True))
        if touched > machine.scratch_bytes:
            cost += 1e6 * touched  # only where nothing smaller is left
        if cost < best[0]:
            best = (cost, list(lengths))
    return best[1]


def _candidates(axis: Axis) -> list[int]:
    """Lengths worth trying: the whole axis, its halves, thirds, ... as far as they are allowed."""
    if axis.length is not None:
        return [axis.length]
    if axis.extent == 0:
        return [1]
    parts = sorted({*range(1, 9), 10, 12, 14, 16, 20, 24, 28, 32, *(axis.extent // n or 1 for n in _SHORT)})
    lengths = {-(-axis.extent // part) for part in parts if part <= axis.extent}
    allowed = {length for length in lengths if axis.most is None or length <= axis.most}
    return sorted(allowed, reverse=True) or [axis.most or 1]


_SHORT = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 4096)


def _cost(
    axes: Sequence[Axis], lengths: Sequence[int], bytes_each: int, calls: int, machine: Machine
) -> float:
    """Nanoseconds for all blocks on the machine's threads."""
    touched: float = bytes_each
    blocks, runs = 1, 0.0
    for axis, length in zip(axes, lengths, strict=True):
        touched *= length + axis.halo
        blocks *= -(-axis.extent // length)
    if axes[-1].last:
        runs = touched / ITEM / lengths[-1]
    spill = max(0.0, log2(max(touched, 1) / machine.tile_bytes))
    each = machine.BYTE * (1 + machine.SPILL * spill + machine.FAR * max(0.0, spill - 3))
    one = calls * machine.CALL + runs * machine.RUN + touched * each
    rounds = -(-blocks // machine.threads)
    start = machine.START if blocks > 1 and machine.threads > 1 else 0
    return start + one * (rounds + 0.15 * min(blocks, machine.threads) / machine.threads)
