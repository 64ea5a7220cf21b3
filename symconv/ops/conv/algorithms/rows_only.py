"""Unrolling along all axes but the first (memory-efficient convolution, Cho and Brand 2017).

    unrolled  [C kw, rows, Wo]        the pixels that each column of the filters meets
    products  [kh K, rows Wo]         one matrix product with the filters, row by row: [kh K, C kw]
    output    [K, rows, Wo]           the kh products, each shifted by its filter row, added up

It moves kh times less than columns do, and its matrix has kh times more rows: the best for few filters
and large ones, such as the chapter's. In three dimensions the "rows" are those along the first axis.

The gradient by the filters unrolls likewise, and multiplies the output's gradient by what each filter row
meets: kh products of [K, rows Wo] and [rows Wo, C kw], views of what was unrolled once. Each block leaves a
partial sum, and these are added in the order of the blocks.
"""

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem, elements, shifts
from symconv.ops.conv.algorithms.products import products_in_pieces
from symconv.ops.conv.algorithms.summed import columns_first, products_summed_over_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symconv.compile.builder import Block, Builder
    from symconv.compile.program import Value

NAME = "rows only"


def unfit(problem: Problem) -> str:
    """One group; by the filters a row stride of 1: a product takes other rows only as a copy."""
    if problem.groups > 1:
        return f"{problem.groups} groups, needs 1"
    if problem.kind == "filters" and problem.stride[0] > 1:
        return f"stride {problem.stride[0]} along the first axis, needs 1"
    return ""


def work(problem: Problem) -> list[Work]:
    """The unrolled rows, the product, and adding up its kh parts."""
    batch, count, rows, *others = problem.output
    channels, height, *kernel = problem.filters[1:]
    inner = channels * prod(kernel)
    made = count if problem.kind == "filters" else height * count
    row = (inner + made) * problem.stride[0] * prod(others)
    blocks = batch * problem.tall_tiles(row * rows)
    pixels = (batch * rows * problem.stride[0] + blocks * (problem.extents[0] - 1)) * prod(others)
    maps = float(batch * problem.pixels * count)
    strided = problem.ndim > 1 and problem.stride[-1] > 1
    calls = blocks * (prod(kernel) + height + 4)
    unrolled = problem.copied(pixels * inner, problem.output[-1], strided)
    if problem.kind == "filters":
        product = Work(
            summed=maps * inner * height * problem.skinny(count),
            read=height * (maps + batch * problem.pixels * inner),
            moved=maps,
        )
        calls += 2 * height * blocks  # each product is cut
        return [problem.padding(), unrolled, product, Work(products=blocks * height, calls=calls)]
    return [
        problem.padding(),
        unrolled,
        Work(height * count * inner * pixels, read=inner * pixels, written=height * count * pixels),
        problem.copied(max(1, height - 1) * maps, problem.pixels),
        Work(products=blocks, calls=calls),
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
    count = problem.output[1]
    channels, height, *kernel = problem.filters[1:]
    width = prod(kernel)
    turn = columns_first(problem.item, count, channels * width)
    sides = (channels * width, count) if turn else (count, channels * width)
    with problem.blocks(
        k,
        bytes_each=problem.item * (channels * width + count),
        calls=width + height + 8,
        summed=True,
        halo=max(1, problem.extents[0] - 1),
    ) as (one, block, *others):
        unrolled = _unrolled(k, problem, image, (one, block, *others))
        sizes = [block.size, *(other.size for other in others)]
        flat = elements(sizes)
        some = k.buffer((count, *sizes), problem.dtype, "gradients")
        k.copy(gradient[one.start, :, block.slice, *(other.slice for other in others)], some)
        lined = unrolled.reshape(channels * width, *unrolled.shape[1 + len(kernel) :])
        axes = (one, block, *others)
        parts = (part.parts for part in axes)
        partial = k.keep((*parts, height, *sides), problem.dtype, "partial")
        at = tuple(part.number for part in axes)
        for row in range(height):
            met = lined[:, k.steps(row * problem.dilation[0], block.size, 1)]
            both = [some.reshape(count, flat), met.reshape(channels * width, flat)]
            k.into(products_summed_over_pixels, both[::-1] if turn else both, partial[(*at, row)])
    total = k.buffer((height, *sides), problem.dtype, "total")
    k.call("add.reduce", partial, out=total, axis=tuple(range(len(axes))))
    whole = k.whole(2 + problem.ndim)
    tile = k.tile(whole)
    if turn:
        found = total.reshape(height, channels, *kernel, count)
        places = (2 + len(kernel), 1, 0, *range(2, 2 + len(kernel)))
    else:
        found = total.reshape(height, count, channels, *kernel)
        places = (1, 2, 0, *range(3, 2 + problem.ndim))
    k.copy(problem.bank(found.transpose(*places)), tile)
    k.epilogue(tile, whole)


def _unrolled(k: "Builder", problem: Problem, image: "Value", blocks: "Sequence[Block]") -> "Value":
    """What the columns of the filters meet in the rows that a block of one image sees."""
    channels, _, *kernel = problem.filters[1:]
    window = problem.window(k, image, blocks)[0]
    sizes = [block.size for block in blocks[2:]]
    unrolled = k.buffer((channels, *kernel, window.shape[1], *sizes), problem.dtype, "unrolled")
    steps = [k.number(step) for step in (1, *problem.stride[1:], 1, *problem.dilation[1:])]
    k.into(shifts, [window, *steps], unrolled[:, None])
    return unrolled


def add_shifted(products: Any, dilation: int, stride: int, out: Any) -> None:
    """out [K, rows, ...] = the sum of products [kh, K, all rows, ...], each shifted by its filter row."""
    height, _, _, *others = products.shape
    row, maps, line, *steps = products.strides
    strides = (row + dilation * line, maps, stride * line, *steps)
    shifted = np.ndarray((height, *out.shape[:2], *others), products.dtype, products, 0, strides)
    np.add.reduce(shifted, axis=0, out=out)

