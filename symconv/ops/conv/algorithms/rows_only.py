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

    with k.blocks(
        k.axis(batch, "n", most=1),
        k.axis(rows, "top", "rows", halo=-(-(problem.extents[0] - row_stride) // row_stride)),
        k.axis(columns, "left", "columns", last=True),
        bytes_each=problem.item * (channels * width + height * count) * row_stride,
        calls=width + height + 8,
    ) as (one, block, across):
        at = (one.start, slice(None), block.slice, across.slice)
        window = source[
            one.start,
            :,
            block.window(row_stride, problem.extents[0]),
            across.window(stride, problem.extents[1]),
        ]
        all_rows = window.shape[1]
        unrolled = k.buffer((channels, width, all_rows, across.size), problem.dtype, "unrolled")
        for column in range(width):
            k.copy(window[:, :, k.steps(column * dilation, across.size, stride)], unrolled[:, column])
        products = k.buffer((height, count, all_rows, across.size), problem.dtype, "products")
        k.matmul(
            bank,
            unrolled.reshape(channels * width, all_rows * across.size),
            products.reshape(height * count, all_rows * across.size),
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
