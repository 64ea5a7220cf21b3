"""What kernels of pooling are written with, through the builder; imports the geometry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.ops.pool.arrays import lowest
from symconv.ops.pool.geometry import PoolGeometry

if TYPE_CHECKING:  # the builder is handed in
    from contextlib import AbstractContextManager

    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Size, Slice, Value


def last(value: "Value", *index: Any) -> "Value":
    """A part of the last axes."""
    return value[((slice(None),) * (value.ndim - len(index)) + index)]


def item(x: "Value") -> int:
    """Bytes of an element."""
    return np.dtype(x.dtype).itemsize


def lead_of(x: "Value", geometry: PoolGeometry) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The leading sizes and the pooled ones."""
    sizes = tuple(int(size) for size in x.shape)  # type: ignore[arg-type]
    return sizes[: len(sizes) - geometry.ndim], sizes[len(sizes) - geometry.ndim :]


def too_large(k: "Builder", geometry: PoolGeometry, like: "Value") -> bool:
    """Whether one map alone is more than a block may touch: then see rows.py."""
    lead, sizes = lead_of(like, geometry)
    each = item(like) * (prod(geometry.covered(sizes)) * 2 + prod(sizes))
    return each * prod(lead[2:]) > k.machine.scratch_bytes


@contextmanager
def _turned(found: "AbstractContextManager[tuple[Block, ...]]") -> "Iterator[tuple[Block, ...]]":
    with found as (second, first):
        yield first, second


def blocks_of(
    k: "Builder", lead: tuple[int, ...], each: int, calls: int, order: tuple[int, ...] = ()
) -> "AbstractContextManager[tuple[Block, ...]]":
    """Blocks of the leading axes: of the first, or of the second where one of the first is too much.

    Of the second, then of the first, where that is how memory runs.
    """
    if not lead:
        return nullcontext(())
    if len(lead) > 1 and order[:1] == (1,) and order[-1:] == (0,):
        axes = k.axis(lead[1], "c", "maps"), k.axis(lead[0], "n", "images", last=True)
        return _turned(k.blocks(*axes, bytes_each=each * prod(lead[2:]), calls=calls))
    if len(lead) == 1 or each * prod(lead[1:]) <= k.machine.tile_bytes:
        return k.blocks(k.axis(lead[0], "n", "images"), bytes_each=each * prod(lead[1:]), calls=calls)
    axes = k.axis(lead[0], "n", "images", most=1), k.axis(lead[1], "c", "maps")
    return k.blocks(*axes, bytes_each=each * prod(lead[2:]), calls=calls)


def surround(
    k: "Builder", laid: "Value", inside: "Sequence[tuple[int, Size]]", around: Any
) -> None:
    """Fill what lies around the inside of a buffer."""
    ndim = len(inside)
    for axis, (start, length) in enumerate(inside):
        before = (slice(None),) * (laid.ndim - ndim + axis)
        size = laid.shape[laid.ndim - ndim + axis]
        if start:
            k.fill(around, laid[(*before, slice(0, start))])
        if start + length != size:
            k.fill(around, laid[(*before, k.steps(start + length, size - (start + length), 1))])


def scattered(
    k: "Builder",
    geometry: PoolGeometry,
    like: "Value",
    gradient: "Value",
    share: Any,
    pooled: "Value | None",
    winners: "Value | None" = None,
) -> None:
    """Add each window's share to its cells: to all of them, those that equal ``pooled``, or ``winners``."""
    lead, sizes = lead_of(like, geometry)
    order = k.order(like if winners is None else gradient)
    covered, inside = geometry.covered(sizes), geometry.inside(sizes)
    apart = all(stride >= window for stride, window in zip(geometry.stride, geometry.window, strict=True))
    whole = covered == sizes and all(start == 0 for start, _ in inside)
    full = whole and apart and geometry.stride == geometry.window
    each = item(gradient) * (prod(covered) * 2 + prod(sizes))
    with blocks_of(k, lead, each, 4 * prod(geometry.window), order) as blocks:
        some = tuple(block.slice for block in blocks) + (slice(None),) * (like.ndim - len(blocks))
        tile = k.tile(some)
        kept = tile.shape[: tile.ndim - geometry.ndim]
        target = tile if whole else k.buffer((*kept, *covered), gradient.dtype, "padded_gradient", order)
        if not full:
            k.fill(0, target)
        given = share(some)
        places = list(places_of(k, geometry, given.shape[given.ndim - geometry.ndim :]))
        if winners is not None:
            give_to_winners(k, geometry, given, last(winners, *some), target, places, order)
        elif pooled is not None:
            cells = like[some] if whole else _laid_out(k, like[some], covered, inside, order)
            _give_to_largest(k, cells, pooled[some], given, target, places, full, order)
        else:
            for place in places:
                if apart:
                    k.copy(given, last(target, *place))
                else:
                    k.call("add", last(target, *place), given, out=last(target, *place))
        if not whole:
            bare = last(tile, *(slice(0, length) for _, length in inside))
            if any(length != size for (_, length), size in zip(inside, sizes, strict=True)):
                k.fill(0, tile)
            k.copy(last(target, *(slice(start, start + length) for start, length in inside)), bare)
        k.epilogue(tile, some)


def places_of(
    k: "Builder", geometry: PoolGeometry, outputs: "Sequence[Size]"
) -> "Iterator[tuple[Slice, ...]]":
    """For each element of a window, the cells that it meets in all windows."""
    for offsets in np.ndindex(*geometry.window):
        yield tuple(
            k.steps(offset, count, stride)
            for offset, count, stride in zip(offsets, outputs, geometry.stride, strict=True)
        )


def _laid_out(
    k: "Builder",
    part: "Value",
    covered: Sequence[int],
    inside: Sequence[tuple[int, int]],
    order: tuple[int, ...],
) -> "Value":
    """The cells that windows cover, with what loses every comparison around them."""
    cells = k.buffer((*part.shape[: part.ndim - len(covered)], *covered), part.dtype, "padded", order)
    surround(k, cells, inside, lowest(np.dtype(part.dtype)))
    source = last(part, *(slice(0, length) for _, length in inside))
    k.copy(source, last(cells, *(slice(start, start + length) for start, length in inside)))
    return cells


def _give_to_largest(
    k: "Builder",
    cells: "Value",
    pooled: "Value",
    given: "Value",
    target: "Value",
    places: "Sequence[tuple[Slice, ...]]",
    assign: bool,
    order: tuple[int, ...],
) -> None:
    """Give each window's share to those of its cells that equal its maximum."""
    largest = k.buffer(given.shape, "bool", "largest", order)
    term = None if assign else k.buffer(given.shape, given.dtype, "term", order)
    for place in places:
        k.call("equal", last(cells, *place), pooled, out=largest)
        out = last(target, *place)
        k.into(where_or_zero, [largest, given], out if term is None else term)
        if term is not None:
            k.call("add", out, term, out=out)


def give_to_winners(
    k: "Builder",
    geometry: PoolGeometry,
    given: "Value",
    winners: "Value",
    target: "Value",
    places: "Sequence[tuple[Slice, ...]]",
    order: tuple[int, ...],
) -> None:
    """Give each window's share to those of its cells that have its maximum, by masks of all bits or none."""
    if geometry.stride == geometry.window:
        k.into(awarded, [given, winners], target)
        return
    term = k.buffer(given.shape, given.dtype, "term", order)
    for place, offset in zip(places, np.ndindex(*geometry.window), strict=True):
        out = last(target, *place)
        k.into(masked, [given, winners[offset]], term)
        k.call("add", out, term, out=out)


def winners_of(cells: Any, pooled: Any, *strides_and_out: Any) -> None:
    """Which cells of each window have its maximum: all bits where one has, else none.

    The last argument is where to, [*window, ..., *outputs]; before it stand the windows' strides.
    """
    *steps, out = strides_and_out
    np.equal(_windowed(cells, out.shape, steps), pooled, out=out.view(bool))
    np.negative(out, out=out)


def awarded(given: Any, winners: Any, out: Any) -> None:
    """``given`` where a cell of its window won, else 0, bit by bit: windows lie side by side."""
    bits = f"i{out.dtype.itemsize}"
    window = winners.shape[: winners.ndim - given.ndim]
    cells = _windowed(out.view(bits), winners.shape, window)
    np.bitwise_and(given.view(bits), winners, out=cells)


def _windowed(cells: Any, shape: tuple[int, ...], steps: Sequence[int]) -> Any:
    """Cells [..., *sizes] as what windows, so far apart, cover: [*window, ..., *outputs] of a shape."""
    ndim = len(steps)
    lead, along = cells.strides[: cells.ndim - ndim], cells.strides[cells.ndim - ndim :]
    outputs = [step * stride for step, stride in zip(steps, along, strict=True)]
    return as_strided(cells, shape, (*along, *lead, *outputs))


def masked(given: Any, mask: Any, out: Any) -> None:
    """``given`` where the mask is -1, 0 where it is 0, bit by bit."""
    bits = f"i{out.dtype.itemsize}"
    np.bitwise_and(given.view(bits), mask, out=out.view(bits))


def where_or_zero(mask: Any, given: Any, out: Any) -> None:
    """``given`` where the mask holds, else 0, bit by bit: a masked copy takes seven times longer.

    The mask is used up.
    """
    bits = f"i{out.dtype.itemsize}"
    ones = mask.view("i1")
    np.negative(ones, out=ones)
    np.bitwise_and(given.view(bits), ones, out=out.view(bits))
