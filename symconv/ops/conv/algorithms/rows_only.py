"""Unrolling along the width only (memory-efficient convolution, Cho and Brand 2017).

    unrolled  [C kw, rows, Wo]        the pixels that each column of the filters meets
    products  [kh K, rows Wo]         one matrix product with the filters, row by row: [kh K, C kw]
    output    [K, rows, Wo]           the kh products, each shifted by its filter row, added up

It moves kh times less than columns do, and its matrix has kh times more rows: the best for few filters
and large ones, such as the chapter's.
"""

from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

NAME = "rows only"


def fits(problem: Problem) -> bool:
    """Two spatial axes and one group."""
    return problem.planar and problem.geometry.groups == 1


def cost(problem: Problem) -> float:
    """The unrolled rows, the product, and adding up its kh parts."""
    batch, count, rows, columns = problem.output
    channels, height, width = problem.filters[1:]
    all_rows = rows * problem.geometry.stride[0] + problem.extents[0]
    pixels = batch * all_rows * columns
    return (
        problem.padding()
        + problem.moved(pixels * channels * width)
        + problem.product(height * count, channels * width, pixels)
        + problem.moved(height * count * batch * rows * columns) * 1.5
        + batch * (width + height) * 1500
    )


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of output rows of one image."""
    batch, count, rows, columns = problem.output
    channels, height, width = problem.filters[1:]
    (row_stride, stride), (row_dilation, dilation) = problem.geometry.stride, problem.geometry.dilation
    source = problem.pad(k, image)
    bank = k.buffer((height * count, channels * width), problem.dtype, "bank")
    k.copy(problem.bank(filters).transpose(2, 0, 1, 3), bank.reshape(height, count, channels, width))

    row_bytes = problem.item * columns * (channels * width + height * count)
    with k.blocks(
        k.axis(batch, "n", most=1),
        k.axis(rows, "top", "rows"),
        bytes_each=row_bytes * row_stride,
        bytes_fixed=row_bytes * (problem.extents[0] - 1),
    ) as (one, block):
        at = (one.start, slice(None), block.slice, slice(None))
        window = source[one.start, :, block.window(row_stride, problem.extents[0])]
        all_rows = window.shape[1]
        unrolled = k.buffer((channels, width, all_rows, columns), problem.dtype, "unrolled")
        for column in range(width):
            first = column * dilation
            met = slice(first, first + (columns - 1) * stride + 1, stride)
            k.copy(window[:, :, met], unrolled[:, column])
        products = k.buffer((height, count, all_rows, columns), problem.dtype, "products")
        k.matmul(
            bank,
            unrolled.reshape(channels * width, all_rows * columns),
            products.reshape(height * count, all_rows * columns),
        )
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
