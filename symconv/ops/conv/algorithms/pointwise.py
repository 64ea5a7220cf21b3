"""Filters of one pixel: the matrix product alone, [K, C] times [C, pixels], nothing unrolled.

By the filters it is [K, pixels] times [pixels, C], of image and gradient as they lie. Each block leaves a
partial sum, and these are added in the order of the blocks, which depend on sizes alone.
"""

from math import prod
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.algorithms.products import products_in_pieces
from symconv.ops.conv.algorithms.summed import products_summed_over_pixels

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.region import Position
    from symconv.compile.values import Size, Value

NAME = "pointwise"
READS = ("forward", "filters")


def unfit(problem: Problem) -> str:
    """Filters of one pixel, one group, stride 1, no padding, nothing to convert."""
    needs = (
        ("filters of one pixel", prod(problem.filters[2:]) == 1),
        ("one group", problem.groups == 1),
        ("stride 1", prod(problem.stride) == 1),
        ("no padding", not problem.padded),
        ("operands of one dtype", problem.same_dtype),
    )
    return next((f"needs {what}" for what, has in needs if not has), "")


def work(problem: Problem) -> list[Work]:
    """The product."""
    batch, count = problem.output[:2]
    pixels, channels = batch * problem.pixels, problem.filters[1]
    blocks = batch * max(1.0, problem.tiles(problem.pixels * (channels + count)))
    if problem.kind == "filters":
        summed = pixels * channels * count * problem.skinny(count)
        read = pixels * (channels + count)
        return [
            Work(summed=summed, read=read, moved=2 * blocks * channels * count),
            Work(products=blocks, calls=blocks * 3),
        ]
    return [
        Work(multiplied=pixels * channels * count, read=pixels * channels, written=pixels * count),
        Work(products=blocks, calls=blocks * 3),
    ]


def error(problem: Problem) -> float:
    """That of plain summation: the product adds the terms one after the other, or in several sums."""
    return 1.0


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Forward, or by the filters."""
    if problem.kind == "forward":
        _forward(k, problem, first, second)
    else:
        _by_filters(k, problem, first, second)


def _by_filters(k: "Builder", problem: Problem, image: "Value", gradient: "Value") -> None:
    """A partial sum for each block of rows of one image, then all of them added up."""
    batch, count, rows, *others = problem.output
    channels, rest = problem.filters[1], prod(others)
    pixels, given = k.contiguous(image, "image"), k.contiguous(gradient, "gradient")
    with k.blocks(
        k.axis(batch, "n", most=1, counted=True),
        k.axis(rows, "top", "rows", counted=True, unit=problem.unit(0)),
        bytes_each=problem.item * rest * (channels + count),
        fixed=True,
    ) as (one, block):
        flat = block.size * rest
        both = [
            k.read(given[one.start, :, block.slice]).reshape(count, flat),
            k.read(pixels[one.start, :, block.slice]).reshape(channels, flat),
        ]
        partial = k.keep((one.parts, block.parts, count, channels), problem.dtype, "partial")
        part = partial[one.number, block.number]
        k.into(products_summed_over_pixels, both, part)
    total = k.buffer((count, channels), problem.dtype, "total")
    k.call("add.reduce", partial, out=total, axis=(0, 1))
    whole = k.whole(2 + problem.ndim)
    tile = k.tile(whole)
    k.copy(total[(slice(None), slice(None), *(None for _ in range(problem.ndim)))], tile)
    k.epilogue(tile, whole)


def _forward(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of rows of one image, or of images that are small."""
    batch, count, rows, *others = problem.output
    channels, rest = problem.filters[1], prod(others)
    source = k.contiguous(image, "image")
    bank = k.contiguous(filters, "bank").reshape(count, channels)
    row = problem.item * rest * (channels + count)
    if batch > 1 and row * rows <= k.machine.tile_bytes:
        with k.blocks(k.axis(batch, "n", "images"), bytes_each=row * rows, calls=3, fixed=True) as (one,):
            whole = (one._replace(start=0, size=size, number=0, parts=1) for size in (rows, *others))
            at = problem.at((one, *whole))
            tile = _tile(k, problem, at, (one.size, count, rows, *others))
            pixels = k.read(source[one.slice]).reshape(one.size, channels, rows * rest)
            k.into(products_in_pieces, [bank, pixels], tile.reshape(one.size, count, rows * rest))
            k.epilogue(tile, at)
        return
    with k.blocks(
        k.axis(batch, "n", most=1),
        k.axis(rows, "top", "rows", unit=problem.unit(0)),
        bytes_each=row,
        fixed=True,
    ) as (one, block):
        spatial = [block, *(block._replace(start=0, size=size, number=0, parts=1) for size in others)]
        at = (one.start, *problem.at((one, *spatial))[1:])
        tile = _tile(k, problem, at, (count, block.size, *others))
        flat = block.size * rest
        pixels = k.read(source[one.start, :, block.slice]).reshape(channels, flat)
        k.into(products_in_pieces, [bank, pixels], tile.reshape(count, flat))
        k.epilogue(tile, at)


def _tile(k: "Builder", problem: Problem, at: "Position", shape: "tuple[Size, ...]") -> "Value":
    """Where to compute a tile: without gaps within a map."""
    tile = k.tile(at)
    return k.buffer(shape, problem.dtype, "products") if tile.dense < problem.ndim else tile
