"""Filters of one pixel: the matrix product alone, [K, C] times [C, pixels], nothing unrolled."""

from math import prod
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.algorithms.products import products_in_pieces

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

NAME = "pointwise"


def unfit(problem: Problem) -> str:
    """Filters of one pixel, one group, stride 1, no padding, nothing to convert."""
    if problem.kind == "filters":
        return "computes no gradients by the filters"
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
    return [
        Work(multiplied=pixels * channels * count, read=pixels * channels, written=pixels * count),
        Work(products=blocks, calls=blocks * 3),
    ]


def error(problem: Problem) -> float:
    """That of plain summation: the product adds the terms one after the other, or in several sums."""
    return 1.0


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of rows of one image."""
    batch, count, rows, *others = problem.output
    channels = problem.filters[1]
    source = k.contiguous(image, "image")
    bank = k.contiguous(filters, "bank").reshape(count, channels)
    rest = prod(others)
    with k.blocks(
        k.axis(batch, "n", most=1),
        k.axis(rows, "top", "rows"),
        bytes_each=problem.item * rest * (channels + count),
        fixed=True,
    ) as (one, block):
        spatial = [block, *(block._replace(start=0, size=size, number=0, parts=1) for size in others)]
        at = (one.start, *problem.at((one, *spatial))[1:])
        tile = k.tile(at)
        if tile.dense < problem.ndim:
            tile = k.buffer((count, block.size, *others), problem.dtype, "products")
        flat = block.size * rest
        pixels = source[one.start, :, block.slice].reshape(channels, flat)
        k.into(products_in_pieces, [bank, pixels], tile.reshape(count, flat))
        k.epilogue(tile, at)
