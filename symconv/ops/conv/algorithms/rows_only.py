"""Unrolling along all axes but the first (memory-efficient convolution, Cho and Brand 2017).

    unrolled  [C kw, rows, Wo]        the pixels that each column of the filters meets
    products  [kh K, rows Wo]         one matrix product with the filters, row by row: [kh K, C kw]
    output    [K, rows, Wo]           the kh products, each shifted by its filter row, added up

It moves kh times less than columns do, and its matrix has kh times more rows: the best for few filters
and large ones, such as the chapter's. In three dimensions the "rows" are those along the first axis.
"""

from math import prod
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

NAME = "rows only"


def fits(problem: Problem) -> bool:
    """One group."""
    return problem.kind == "forward" and problem.multiplies and problem.groups == 1


def cost(problem: Problem) -> float:
    """The unrolled rows, the product, and adding up its kh parts."""
    batch, count, rows, *others = problem.output
    channels, height, *kernel = problem.filters[1:]
    all_rows = rows * problem.stride[0] + problem.extents[0]
    pixels = batch * all_rows * prod(others)
    width = prod(kernel)
    return (
        problem.padding()
        + problem.moved(pixels * channels * width)
        + problem.product(height * count, channels * width, pixels)
        + problem.moved(height * count * batch * problem.pixels) * 1.5
        + batch * (width + height) * 1500
    )


def error(problem: Problem) -> float:
    """That of plain summation: the sum of a pixel's terms is one of kh sums."""
    return 1.0


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of output rows of one image."""
    count = problem.output[1]
    channels, height, *kernel = problem.filters[1:]
    width, axes = prod(kernel), range(3, 2 + problem.ndim)
    row_stride, row_dilation = problem.stride[0], problem.dilation[0]
    bank = k.buffer((height * count, channels * width), problem.dtype, "bank")
    k.copy(problem.bank(filters).transpose(2, 0, 1, *axes), bank.reshape(height, count, channels, *kernel))

    with problem.blocks(
        k,
        bytes_each=problem.item * (channels * width + height * count) * row_stride,
        calls=width + height + 8,
        halo=max(1, -(-(problem.extents[0] - row_stride) // row_stride)),
    ) as (one, block, *others):
        window = problem.window(k, image, (one, block, *others))[0]
        all_rows = window.shape[1]
        sizes = [other.size for other in others]
        flat = all_rows
        for size in sizes:
            flat = flat * size
        unrolled = k.buffer((channels, *kernel, all_rows, *sizes), problem.dtype, "unrolled")
        for tap, pixels in problem.taps(k, (one, block, *others)):
            if tap[0] == 0:
                k.copy(window[:, :, *pixels[1:]], unrolled[:, *tap[1:]])
        products = k.buffer((height, count, all_rows, *sizes), problem.dtype, "products")
        k.matmul(
            bank,
            unrolled.reshape(channels * width, flat),
            products.reshape(height * count, flat),
        )
        at = (one.start, *problem.at((one, block, *others))[1:])
        tile = k.tile(at)
        shifted = [
            products[row][:, k.steps(row * row_dilation, block.size, row_stride)] for row in range(height)
        ]
        if height == 1:
            k.copy(shifted[0], tile)
        else:
            k.call("add", shifted[0], shifted[1], out=tile)
            for product in shifted[2:]:
                k.call("add", tile, product, out=tile)
        k.epilogue(tile, at)
