"""Columns, or im2col (Chellapilla, Puri and Simard 2006): every pixel of a filter's field in a column.

    columns   [C kh kw, images pixels]     what each output pixel sees
    output    [K, images pixels]           one matrix product with the filters [K, C kh kw]

The matrix product does all the arithmetic: the best for many channels and filters. A block is several small
images, or rows of one large image. Groups are a batch of smaller products.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Block, Builder
    from symconv.compile.program import Size, Slice, Value

NAME = "columns"


def fits(problem: Problem) -> bool:
    """Two spatial axes."""
    return problem.planar


def cost(problem: Problem) -> float:
    """Filling the columns, and the product."""
    batch, count, rows, columns = problem.output
    depth, height, width = problem.filters[1:]
    groups = problem.geometry.groups
    pixels = batch * rows * columns
    field = depth * height * width
    return (
        problem.padding()
        + problem.moved(pixels * field * groups)
        + problem.product(count // groups, field, pixels) * groups
        + problem.moved(pixels * count)
        + groups * height * width * 700
    )


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of images, or of rows of one image."""
    batch, count, rows, columns = problem.output
    depth, height, width = problem.filters[1:]
    groups = problem.geometry.groups
    field = depth * height * width
    source = problem.pad(k, image)
    bank = k.buffer((groups, count // groups, field), problem.dtype, "bank")
    k.copy(problem.bank(filters), bank.reshape(count, depth, height, width))

    row_bytes = problem.item * columns * (groups * field + count)
    small = row_bytes * rows <= k.machine.tile_bytes
    with k.blocks(
        k.axis(batch, "n", "images", most=None if small else 1),
        *(() if small else (k.axis(rows, "top", "rows"),)),
        bytes_each=row_bytes * (rows if small else 1),
        calls=height * width + 5,
    ) as blocks:
        if small:
            _images(k, problem, source, bank, blocks[0])
        else:
            _rows(k, problem, source, bank, *blocks)


def _rows(
    k: "Builder", problem: Problem, source: "Value", bank: "Value", one: "Block", block: "Block"
) -> None:
    """Columns of some rows of one image; the product is laid out as the output is."""
    _, count, _, columns = problem.output
    depth, height, width = problem.filters[1:]
    groups = problem.geometry.groups
    at = (one.start, slice(None), block.slice, slice(None))
    window = source[one.start, :, block.window(problem.geometry.stride[0], problem.extents[0])]
    met = k.buffer((groups * depth, height, width, block.size, columns), problem.dtype, "columns")
    for (row, column), pixels in _taps(k, problem, block.size):
        k.copy(window[:, *pixels], met[:, row, column])
    tile = k.tile(at)
    flat = block.size * columns
    matrix = met.reshape(groups, depth * height * width, flat)
    if groups == 1:
        k.matmul(bank[0], matrix[0], tile.reshape(count, flat))
        k.epilogue(tile, at)
        return
    products = k.buffer((groups, count // groups, flat), problem.dtype, "products")
    k.matmul(bank, matrix, products)
    k.epilogue(products.reshape(count, block.size, columns), at)


def _images(k: "Builder", problem: Problem, source: "Value", bank: "Value", some: "Block") -> None:
    """Columns of several images side by side: one product for all of them."""
    _, count, rows, columns = problem.output
    depth, height, width = problem.filters[1:]
    groups = problem.geometry.groups
    images = source[some.slice].transpose(1, 0, 2, 3)
    met = k.buffer((groups * depth, height, width, some.size, rows, columns), problem.dtype, "columns")
    for (row, column), pixels in _taps(k, problem, rows):
        k.copy(images[:, :, *pixels], met[:, row, column])
    flat = some.size * (rows * columns)
    products = k.buffer((groups, count // groups, flat), problem.dtype, "products")
    matrix = met.reshape(groups, depth * height * width, flat)
    if groups == 1:
        k.matmul(bank[0], matrix[0], products[0])
    else:
        k.matmul(bank, matrix, products)
    at = (some.slice, slice(None), slice(None), slice(None))
    k.epilogue(products.reshape(count, some.size, rows, columns), at, order=(1, 0, 2, 3))


def _taps(
    k: "Builder", problem: Problem, rows: "Size"
) -> "Iterator[tuple[tuple[int, int], tuple[Slice, Slice]]]":
    """Each filter element, and the rows and columns of the padded image that it meets."""
    (row_stride, stride), (row_dilation, dilation) = problem.geometry.stride, problem.geometry.dilation
    height, width = problem.filters[2:]
    columns = problem.output[3]
    for row in range(height):
        for column in range(width):
            down = k.steps(row * row_dilation, rows, row_stride)
            across = k.steps(column * dilation, columns, stride)
            yield (row, column), (down, across)
