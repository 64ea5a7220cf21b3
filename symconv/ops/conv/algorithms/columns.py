"""Columns, or im2col (Chellapilla, Puri and Simard 2006): every pixel of a filter's field in a column.

    columns   [C kh kw, images pixels]     what each output pixel sees
    output    [K, images pixels]           one matrix product with the filters [K, C kh kw]
    gradient  [K, C kh kw]                 by the filters: the output's gradient times columns transposed

The matrix product does all the arithmetic: the best for many channels and filters. A block is several small
images, or a part of one large image. Groups are a batch of smaller products.

For the gradient by the filters each block leaves a partial sum. Where blocks end depends on sizes alone, and
the partial sums are added in the order of the blocks: any number of threads gives the same bits.
"""

from math import prod
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.algorithms.summed import products_summed_over_pixels

if TYPE_CHECKING:
    from symconv.compile.builder import Block, Builder
    from symconv.compile.program import Size, Value

NAME = "columns"


def unfit(problem: Problem) -> str:
    """It fits wherever there is something to multiply."""
    return ""


def work(problem: Problem) -> list[Work]:
    """Filling the columns, and the product."""
    batch, count = problem.output[:2]
    pixels, groups = batch * problem.pixels, problem.groups
    unrolled, maps = float(pixels * problem.field * groups), float(pixels * count)
    blocks = problem.tiles(unrolled + maps)
    multiplied, forward = maps * problem.field, problem.kind == "forward"
    return [
        problem.padding(),
        problem.copied(unrolled, problem.output[-1], problem.stride[-1] > 1),
        Work(multiplied=multiplied, read=unrolled, written=maps) if forward
        else Work(summed=multiplied * problem.skinny(count // groups), read=unrolled + maps, moved=maps),
        Work(products=blocks * groups, calls=blocks * (prod(problem.filters[2:]) + 4)),
    ]  # fmt: skip


def error(problem: Problem) -> float:
    """That of plain summation: the product adds the terms one after the other, or in several sums."""
    return 1.0


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Forward, or by the filters."""
    if problem.kind == "forward":
        _forward(k, problem, first, second)
    else:
        _by_filters(k, problem, first, second)


def _bytes_each(problem: Problem) -> int:
    return problem.item * (problem.groups * problem.field + problem.output[1])


def _forward(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block; where it is one image's, the product is laid out as the output is."""
    count, groups = problem.output[1], problem.groups
    bank = _bank(k, problem, filters)
    calls = prod(problem.filters[2:]) + 5
    with problem.blocks(k, _bytes_each(problem), calls) as blocks:
        one, *spatial = blocks
        matrix = _columns(k, problem, image, blocks)
        flat = matrix.shape[-1]
        at = problem.at(blocks)
        sizes = [block.size for block in spatial]
        if one.size == 1:
            at = (one.start, *at[1:])
            tile = k.tile(at)
            if groups == 1 and tile.dense >= problem.ndim:
                k.matmul(bank[0], matrix[0], tile.reshape(count, flat))
                k.epilogue(tile, at)
                return
        products = k.buffer((groups, count // groups, flat), problem.dtype, "products")
        _multiply(k, bank, matrix, products)
        if one.size == 1:
            k.epilogue(products.reshape(count, *sizes), at)
        else:
            order = (1, 0, *range(2, 2 + problem.ndim))
            k.epilogue(products.reshape(count, one.size, *sizes), at, order=order)


def _bank(k: "Builder", problem: Problem, filters: "Value") -> "Value":
    """The filters as matrices, one for each group: as they are given, for columns are flipped instead."""
    shape = (problem.groups, problem.filters[0] // problem.groups, problem.field)
    if filters.dtype == problem.dtype:
        return k.contiguous(filters, "bank").reshape(*shape)
    bank = k.buffer(problem.filters, problem.dtype, "bank")
    k.copy(filters, bank)
    return bank.reshape(*shape)


def _by_filters(k: "Builder", problem: Problem, image: "Value", gradient: "Value") -> None:
    """A partial sum for each block, then all of them added up."""
    count, groups, field = problem.output[1], problem.groups, problem.field
    turned = (1, 0, *range(2, 2 + problem.ndim))
    calls = prod(problem.filters[2:]) + 5
    with problem.blocks(k, _bytes_each(problem), calls, summed=True) as blocks:
        matrix = _columns(k, problem, image, blocks)
        sizes = [block.size for block in blocks]
        some = k.buffer((count, *sizes), problem.dtype, "gradients")
        k.copy(gradient[tuple(block.slice for block in blocks[:1])][:, :, *(b.slice for b in blocks[1:])]
               .transpose(*turned), some)  # fmt: skip
        partial = k.keep(
            (*(block.parts for block in blocks), groups, count // groups, field), problem.dtype, "partial"
        )
        part = partial[tuple(block.number for block in blocks)]
        rows = some.reshape(groups, count // groups, matrix.shape[-1])
        k.into(products_summed_over_pixels, [rows, matrix], part)
    total = partial[(0,) * len(blocks)]
    if prod(block.parts for block in blocks) > 1:
        total = k.buffer((groups, count // groups, field), problem.dtype, "total")
        k.call("add.reduce", partial, out=total, axis=tuple(range(len(blocks))))
    whole = k.whole(2 + problem.ndim)
    tile = k.tile(whole)
    k.copy(total.reshape(*problem.filters), tile)
    k.epilogue(tile, whole)


def _multiply(k: "Builder", left: "Value", right: "Value", out: "Value") -> None:
    """A product for each group."""
    if left.shape[0] == 1:
        k.matmul(left[0], right[0], out[0])
    else:
        k.matmul(left, right, out)


def _columns(k: "Builder", problem: Problem, image: "Value", blocks: "tuple[Block, ...]") -> "Value":
    """What the outputs of a block see: [groups, C/groups kh kw, images pixels]."""
    sizes = [block.size for block in blocks]
    window = problem.window(k, image, blocks).transpose(1, 0, *range(2, 2 + problem.ndim))
    channels, kernel = problem.image[1], problem.filters[2:]
    met = k.buffer((channels, *kernel, *sizes), problem.dtype, "columns")
    for tap, pixels in problem.taps(k, blocks):
        place = [size - 1 - t if problem.flip else t for t, size in zip(tap, kernel, strict=True)]
        k.copy(window[:, :, *pixels], met[:, *place])
    flat: Size = 1
    for size in sizes:
        flat = flat * size
    return met.reshape(problem.groups, problem.field, flat)
