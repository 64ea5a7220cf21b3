"""Filters of one pixel: the matrix product alone, [K, C] times [C, pixels], nothing unrolled."""

from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

NAME = "pointwise"


def fits(problem: Problem) -> bool:
    """1 x 1 filters, one group, stride 1, no padding, nothing to convert."""
    geometry = problem.geometry
    return (
        problem.planar
        and problem.same_dtype
        and problem.filters[2:] == (1, 1)
        and geometry.stride == (1, 1)
        and geometry.groups == 1
        and problem.padded == problem.image[2:]
    )


def cost(problem: Problem) -> float:
    """The product."""
    batch, count, rows, columns = problem.output
    return problem.product(count, problem.filters[1], batch * rows * columns) + batch * 2000


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of rows of one image."""
    batch, count, rows, columns = problem.output
    channels = problem.filters[1]
    source = k.contiguous(image, "image")
    bank = k.contiguous(filters, "bank").reshape(count, channels)
    with k.blocks(
        k.axis(batch, "n", most=1),
        k.axis(rows, "top", "rows"),
        bytes_each=problem.item * columns * (channels + count),
    ) as (one, block):
        at = (one.start, slice(None), block.slice, slice(None))
        tile = k.tile(at)
        flat = block.size * columns
        pixels = source[one.start, :, block.slice].reshape(channels, flat)
        k.matmul(bank, pixels, tile.reshape(count, flat))
        k.epilogue(tile, at)
