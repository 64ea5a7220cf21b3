"""A product for each row of outputs, of what rows only unrolls; groups and depthwise filters too.

    lines     [groups, rows, C/groups kw, Wo]     each image row, shifted to each column of the filters
    output    [K/groups, Wo]                      for each row: filters [K/groups, kh C/groups kw] times
                                                  the lines of kh rows, which stand one behind the other

The kh rows that a row of outputs sees are one matrix without gaps, for they follow one another in memory: kh
times less is copied than for columns, nothing is added up afterwards, and products lie where the outputs do.
BLAS multiplies small matrices where they are; a row is small unless filters and channels are many. Rows
dilated by d are unrolled in d phases, those of each one behind the other.

A single filter in a group, as depthwise filters are, would make products of one row. There two rows of
outputs are computed at once, with the filter twice in a matrix, a row apart, and zeros. As a zero times an
infinity is none, blocks where something is not finite are computed without.

In three dimensions "rows" are those along the first axis, and a row is an image.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem, elements
from symconv.ops.conv.algorithms.products import MULTIPLICATIONS, piece, products_in_pieces
from symconv.ops.conv.algorithms.unrolling import unroll

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

NAME = "row by row"
READS = ("forward",)
PAIR = 2  # rows at once where a group has one filter
REGISTER_BYTES = 64  # of the numbers that are multiplied at once
FEW = 6  # bytes of filters, a number each: for how many a product takes twice as long
BRIEF = 0.4  # of many small products in one call, each: against products with calls of their own


def unfit(problem: Problem) -> str:
    """Rows, and not both stride and dilation along them; forward, for a row is short to sum over."""
    if problem.kind == "filters":
        return "computes no gradients by the filters"
    if problem.ndim == 1:
        return "one axis only: no rows"
    if problem.stride[0] > 1 and problem.dilation[0] > 1:
        return "both stride and dilation along the first axis"
    return ""


def work(problem: Problem) -> list[Work]:
    """The unrolled rows, and a product for each row of outputs."""
    batch, count, rows, *others = problem.output
    depth, height, *kernel = problem.filters[1:]
    groups, inner, pixels = problem.groups, depth * prod(kernel), prod(others)
    maps, together = count // groups, _together(problem)
    row = (inner * groups * problem.stride[0] + count) * pixels
    blocks = problem.tiles(batch * row * rows)
    seen = (batch * rows * problem.stride[0] + max(batch, blocks) * (problem.extents[0] - 1)) * pixels
    terms = (height + (together - 1) * problem.stride[0]) * inner
    products, each = batch * groups * rows / together, together * maps * terms
    packed = each if each * pixels > MULTIPLICATIONS and piece(maps, terms, pixels)[1] == pixels else 0
    few = 1 + FEW / (together * maps * problem.item)
    multiplied = products * each * pixels * problem.unfilled(pixels, REGISTER_BYTES) * few
    return [
        problem.copied(seen * groups * inner, others[-1], problem.ndim > 1 and problem.stride[-1] > 1),
        Work(multiplied, read=seen * groups * inner + products * packed,
             written=products * together * maps * pixels),
        Work(products=BRIEF * products, calls=blocks * (prod(kernel) + 8)),
    ]  # fmt: skip


def error(problem: Problem) -> float:
    """That of plain summation: the product adds the terms one after the other."""
    return 1.0


def _together(problem: Problem) -> int:
    """Rows of outputs in a product."""
    return PAIR if problem.filters[0] == problem.groups and problem.output[2] > 1 else 1


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block; where it can be, the products lie as the output does."""
    count = problem.output[1]
    bank = _bank(k, problem, filters)
    with _blocks(k, problem) as blocks:
        one, block, *others = blocks
        lines = _lines(k, problem, image, blocks)
        at = problem.at(blocks)
        tile = k.tile(at)
        if tile.dense < problem.ndim - 1:
            sizes = [part.size for part in (block, *others)]
            tile = k.buffer((one.size, count, *sizes), problem.dtype, "products")
        k.into(
            products_by_rows,
            [bank, lines, *map(k.number, (problem.filters[2], problem.stride[0], problem.dilation[0]))],
            tile,
        )
        k.epilogue(tile, at)


def _bank(k: "Builder", problem: Problem, filters: "Value") -> "Value":
    """The filters [groups, K/groups, kh C/groups kw]; where rows are computed together, for each of them."""
    groups, together, apart = problem.groups, _together(problem), problem.stride[0]
    depth, height, *kernel = problem.filters[1:]
    maps, tall = problem.filters[0] // groups, height + (together - 1) * apart
    turned = problem.bank(filters).transpose(0, 2, 1, *range(3, 2 + problem.ndim))
    times = (together,) if together > 1 else ()
    bank = k.buffer((groups * maps, *times, tall, depth, *kernel), problem.dtype, "bank")
    if together > 1:
        k.fill(0, bank)
        for row in range(together):
            k.copy(turned, bank[:, row, k.steps(row * apart, height, 1)])
    else:
        k.copy(turned, bank)
    return bank.reshape(groups, maps * together, tall * depth * prod(kernel))


@contextmanager
def _blocks(k: "Builder", problem: Problem) -> "Iterator[tuple[Block, ...]]":
    """Blocks of images, or of rows of one."""
    stride = problem.stride[0]
    depth, _, *kernel = problem.filters[1:]
    each = problem.item * (problem.groups * depth * prod(kernel) * stride + problem.output[1])
    small = each * problem.pixels <= k.machine.tile_bytes
    halo = 0 if small else max(1, -(-(problem.extents[0] - stride) // stride))
    with problem.blocks(k, each, calls=prod(kernel) + 8, halo=halo) as blocks:
        yield blocks


def _lines(k: "Builder", problem: Problem, image: "Value", blocks: "Sequence[Block]") -> "Value":
    """What each column of the filters meets: [images, groups, rows, C/groups kw, outputs of a row].

    Rows dilated by d stand in d phases, as many rows in each as the longest has.
    """
    one, block, *others = blocks
    depth, height, *kernel = problem.filters[1:]
    groups, phases = problem.groups, problem.dilation[0]
    rows = block.size * problem.stride[0] + height - problem.stride[0]
    if phases > 1:
        rows = block.size + height * phases - 1
    sizes = [other.size for other in others]
    lines = k.buffer((one.size, groups, rows, depth, *kernel, *sizes), problem.dtype, "lines")
    behind = range(4 + len(kernel), lines.ndim)
    met = lines.transpose(0, 1, 3, *range(4, 4 + len(kernel)), 2, *behind)
    unroll(k, problem, image, blocks, phases, met)
    return lines.reshape(one.size, groups, rows, depth * prod(kernel), elements(sizes))


def products_by_rows(bank: Any, lines: Any, height: int, stride: int, phases: int, out: Any) -> None:
    """For each row of outputs [n, K, rows, *outputs] the filters times the lines that it meets.

    Parameters
    ----------
    bank : ndarray
        [groups, K/groups, terms], or [groups, 2, terms] for pairs of rows.
    lines : ndarray
        [n, groups, all rows, C/groups kw, pixels], the rows of each phase together.
    height, stride, phases : int
        Rows of the filters, rows from what one row of outputs meets to the next, and the dilation of rows.
    out : ndarray
        Where to.
    """
    groups, pixels, each = len(bank), lines.shape[-1], lines.shape[2] // phases
    maps = out.shape[1] // groups
    outputs = out.reshape(len(out), groups, maps, out.shape[2], pixels).swapaxes(2, 3)
    for phase in range(phases):
        rows, part = lines[:, :, phase * each : (phase + 1) * each], outputs[:, :, phase::phases]
        if bank.shape[1] == maps:
            products_in_pieces(bank[:, None], _met(rows, height, stride, part.shape[2]), part)
        else:
            _pairs(bank, rows, height, stride, part[:, :, :, 0])


def _met(lines: Any, height: int, apart: int, count: int) -> Any:
    """What so many rows of outputs meet: a view [n, groups, count, height C/groups kw, pixels]."""
    images, groups, _, inner, pixels = lines.shape
    image, group, row, line, item = lines.strides
    shape, strides = (images, groups, count, height * inner, pixels), (image, group, apart * row, line, item)
    return as_strided(lines, shape, strides, writeable=False)


def _pairs(bank: Any, lines: Any, height: int, stride: int, out: Any) -> None:
    """Rows of outputs [n, groups, rows, pixels], two in a product, and one that is left over."""
    images, groups, rows, pixels = out.shape
    pairs, inner = rows // PAIR, lines.shape[3]
    paired = out[:, :, : PAIR * pairs].reshape(images, groups, pairs, PAIR, pixels)
    products_in_pieces(bank[:, None], _met(lines, bank.shape[-1] // inner, PAIR * stride, pairs), paired)
    alone = bank[:, 0, : height * inner]
    if rows > PAIR * pairs:
        last = _met(lines[:, :, PAIR * pairs * stride :], height, stride, 1)
        np.matmul(alone[:, None, None], last, out=out[:, :, -1:, None])
    if not np.isfinite(np.add.reduce(out, axis=None)):
        np.einsum("gt,ngrtp->ngrp", alone, _met(lines, height, stride, rows), out=out)
