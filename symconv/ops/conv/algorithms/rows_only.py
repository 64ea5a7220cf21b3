"""Unrolling along all axes but the first (memory-efficient convolution, Cho and Brand 2017).

    unrolled  [C kw, rows, Wo]        the pixels that each column of the filters meets
    products  [kh K, rows Wo]         one matrix product with the filters, row by row: [kh K, C kw]
    output    [K, rows, Wo]           the kh products, each shifted by its filter row, added up

It moves kh times less than columns do, and its matrix has kh times more rows: the best for few filters
and large ones, such as the chapter's. In three dimensions the "rows" are those along the first axis.

The gradient by the filters unrolls likewise, and multiplies the output's gradient by what each filter row
meets: kh products of [K, rows Wo] and [rows Wo, C kw], or as many for each group, views of what was unrolled
once. Rows of several images stand side by side, and rows that are a stride apart stand together, so that each
product has one matrix. Each block leaves a partial sum, and these are added in the order of the blocks.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import gcd, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem, elements
from symconv.ops.conv.algorithms.products import products_in_pieces
from symconv.ops.conv.algorithms.summed import products_summed_over_pixels
from symconv.ops.conv.algorithms.unrolling import unroll

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

NAME = "rows only"
READS = ("forward", "filters")
REGISTER_BYTES = 32  # of the columns of a sum over pixels that are computed at once


def unfit(problem: Problem) -> str:
    """One group, but by the filters."""
    if problem.groups > 1 and problem.kind == "forward":
        return f"{problem.groups} groups, needs 1"
    return ""


def work(problem: Problem) -> list[Work]:
    """The unrolled rows, the product, and adding up its kh parts."""
    if problem.kind == "filters":
        return _work_by_filters(problem)
    batch, count, rows, *others = problem.output
    channels, height, *kernel = problem.filters[1:]
    inner = channels * prod(kernel)
    row = (inner + height * count) * problem.stride[0] * prod(others)
    blocks = batch * problem.tall_tiles(row * rows)
    pixels = (batch * rows * problem.stride[0] + blocks * (problem.extents[0] - 1)) * prod(others)
    maps = float(batch * problem.pixels * count)
    strided = problem.ndim > 1 and problem.stride[-1] > 1
    return [
        problem.copied(pixels * inner, problem.output[-1], strided),
        Work(height * count * inner * pixels, read=inner * pixels, written=height * count * pixels),
        problem.copied(max(1, height - 1) * maps, problem.pixels),
        Work(products=blocks, calls=blocks * (prod(kernel) + height + 4)),
    ]


def _work_by_filters(problem: Problem) -> list[Work]:
    """The unrolled rows, and a product for each filter row."""
    batch, count, rows, *others = problem.output
    depth, height, *kernel = problem.filters[1:]
    inner, groups = depth * prod(kernel), problem.groups
    row = (groups * inner * problem.stride[0] + count) * prod(others)
    blocks = problem.tiles(batch * row * rows)
    cut = max(0.0, blocks - batch)  # where an image is larger than a tile
    pixels = (
        (batch * rows + cut * problem.extents[0]) * problem.stride[0] + batch * problem.extents[0]
    ) * prod(others)
    maps = float(batch * problem.pixels * count)
    strided = problem.ndim > 1 and problem.stride[-1] > 1
    each = count // groups
    slower = problem.skinny(each) if each == 1 else problem.unfilled(inner, REGISTER_BYTES)
    return [
        problem.copied(pixels * groups * inner, problem.output[-1], strided),
        Work(
            summed=maps * inner * height * slower,
            read=height * (maps + batch * problem.pixels * groups * inner),
            moved=maps * (blocks < batch),  # several images, laid side by side
        ),
        Work(products=blocks * height * groups, calls=blocks * (prod(kernel) + 8)),
    ]


def error(problem: Problem) -> float:
    """That of plain summation: the sum of a pixel's terms is one of kh sums."""
    return 1.0


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Forward, or by the filters."""
    if problem.kind == "forward":
        _forward(k, problem, first, second)
    else:
        _by_filters(k, problem, first, second)


def _forward(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
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
        unrolled = _unrolled(k, problem, image, (one, block, *others))
        all_rows, *sizes = unrolled.shape[1 + len(kernel) :]
        flat = elements((all_rows, *sizes))
        products = k.buffer((height, count, all_rows, *sizes), problem.dtype, "products")
        k.into(
            products_in_pieces,
            [bank, unrolled.reshape(channels * width, flat)],
            products.reshape(height * count, flat),
        )
        at = (one.start, *problem.at((one, block, *others))[1:])
        tile = k.tile(at)
        k.into(add_shifted, [products, k.number(row_dilation), k.number(row_stride)], tile)
        k.epilogue(tile, at)


def _by_filters(k: "Builder", problem: Problem, image: "Value", gradient: "Value") -> None:
    """Block by block of the output's gradient, each filter row with the rows that it meets."""
    count, groups = problem.output[1], problem.groups
    depth, height, *kernel = problem.filters[1:]
    inner, maps = depth * prod(kernel), count // groups
    with _summed_blocks(k, problem) as blocks:
        unrolled = _lines(k, problem, image, blocks)
        given = _gradients(k, problem, gradient, blocks)
        partial = k.keep(
            (*(block.parts for block in blocks), height, groups, maps, inner), problem.dtype, "partial"
        )
        part = partial[tuple(block.number for block in blocks)]
        numbers = (problem.dilation[0], problem.stride[0])
        k.into(products_of_rows, [unrolled, given, *map(k.number, numbers)], part)
    total = partial[(0,) * len(blocks)]
    if prod(block.parts for block in blocks) > 1:
        total = k.buffer((height, groups, maps, inner), problem.dtype, "total")
        k.call("add.reduce", partial, out=total, axis=tuple(range(len(blocks))))
    whole = k.whole(2 + problem.ndim)
    tile = k.tile(whole)
    found = k.buffer((groups, maps, depth, height, *kernel), problem.dtype, "found")
    places = (1, 2, 3, 0, *range(4, 4 + len(kernel)))
    k.copy(total.reshape(height, groups, maps, depth, *kernel).transpose(*places), found)
    k.copy(problem.bank(found.reshape(*problem.filters)), tile)
    k.epilogue(tile, whole)


@contextmanager
def _summed_blocks(k: "Builder", problem: Problem) -> "Iterator[tuple[Block, ...]]":
    """Blocks of images, or of rows of one."""
    kernel = problem.filters[3:]
    each = problem.item * (problem.image[1] * prod(kernel) * problem.stride[0] + 2 * problem.output[1])
    small = each * problem.pixels <= k.machine.tile_bytes
    halo = 0 if small else max(1, -(-problem.extents[0] // problem.stride[0]) - 1)
    with problem.blocks(k, each, calls=prod(kernel) + 6, summed=True, halo=halo) as blocks:
        yield blocks


def _lines(k: "Builder", problem: Problem, image: "Value", blocks: "Sequence[Block]") -> "Value":
    """What the columns of the filters meet: [C, *kernel, rows, images, *outputs].

    With a row stride of s, the rows that are s apart stand together.
    """
    one, block, *others = blocks
    height, *kernel = problem.filters[2:]
    apart = problem.stride[0]
    rows = (block.size + (height - 1) * problem.dilation[0] // apart) * apart
    sizes = [other.size for other in others]
    lines = k.buffer((problem.image[1], *kernel, rows, one.size, *sizes), problem.dtype, "unrolled")
    before, behind = range(1 + len(kernel)), range(3 + len(kernel), lines.ndim)
    unroll(
        k, problem, image, blocks, apart, lines.transpose(2 + len(kernel), *before, 1 + len(kernel), *behind)
    )
    return lines


def _gradients(k: "Builder", problem: Problem, gradient: "Value", blocks: "Sequence[Block]") -> "Value":
    """The block's part of the gradient [K, rows images outputs]: where it has no gaps, as it lies."""
    one, *spatial = blocks
    inside = [block.slice for block in spatial]
    count, sizes = problem.output[1], [block.size for block in spatial]
    if one.size == 1:
        part = k.read(gradient[one.start, :, *inside])
        if part.dense >= problem.ndim and part.dtype == problem.dtype:
            return part.reshape(count, elements(sizes))
    rows, *others = sizes
    some = k.buffer((count, rows, one.size, *others), problem.dtype, "gradients")
    places = (1, 2, 0, *range(3, 2 + problem.ndim))
    k.copy(k.read(gradient[one.slice, :, *inside]).transpose(*places), some)
    return some.reshape(count, elements((*sizes, one.size)))


def products_of_rows(lines: Any, gradients: Any, dilation: int, phases: int, out: Any) -> None:
    """For each filter row the gradient times the lines that it meets, summed over pixels.

    Parameters
    ----------
    lines, gradients : ndarray
        [C, *kernel, rows, n, *outputs], the rows of each phase together, and [K, pixels].
    dilation, phases : int
        Of filter rows; the stride of rows.
    out : ndarray
        Where to, [kh, groups, K/groups, C/groups kw].
    """
    height, groups, maps, inner = out.shape
    ndim, pixels = lines.ndim // 2, gradients.shape[-1]
    given, run = gradients.reshape(groups, maps, pixels), prod(lines.shape[ndim + 1 :])
    matrix = lines.reshape(groups, inner, -1)
    each = lines.shape[ndim] // phases

    apart = phases // gcd(phases, dilation)  # filter rows of one phase
    strides = (apart * dilation // phases * run * matrix.itemsize, *matrix.strides)
    for row in range(min(apart, height)):
        start = row * dilation % phases * each + row * dilation // phases
        part = out[row::apart]
        shape = (len(part), *matrix.shape[:2], pixels)
        met = as_strided(matrix[..., start * run :], shape, strides, writeable=False)
        products_summed_over_pixels(given, met, part)


def _unrolled(k: "Builder", problem: Problem, image: "Value", blocks: "Sequence[Block]") -> "Value":
    """What the columns of the filters meet in the rows that a block of one image sees."""
    _, block, *others = blocks
    channels, _, *kernel = problem.filters[1:]
    rows = (block.size - 1) * problem.stride[0] + problem.extents[0]
    shape = (channels, *kernel, rows, *(other.size for other in others))
    unrolled = k.buffer(shape, problem.dtype, "unrolled")
    unroll(k, problem, image, blocks, 1, unrolled[None])
    return unrolled


def add_shifted(products: Any, dilation: int, stride: int, out: Any) -> None:
    """out [K, rows, ...] = the sum of products [kh, K, all rows, ...], each shifted by its filter row."""
    height, _, _, *others = products.shape
    row, maps, line, *steps = products.strides
    strides = (row + dilation * line, maps, stride * line, *steps)
    shifted = np.ndarray((height, *out.shape[:2], *others), products.dtype, products, 0, strides)
    np.add.reduce(shifted, axis=0, out=out)
