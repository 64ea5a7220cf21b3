"""Columns, or im2col (Chellapilla, Puri and Simard 2006): every pixel of a filter's field in a column.

    columns   [C kh kw, images pixels]     what each output pixel sees
    output    [K, images pixels]           one matrix product with the filters [K, C kh kw]
    gradient  [K, C kh kw]                 by the filters: the output's gradient times columns transposed

The matrix product does all the arithmetic: the best for many channels and filters. A block is several small
images, or a part of one large image. Groups are a batch of smaller products.

For the gradient by the filters each block leaves a partial sum. Where blocks end depends on sizes alone, and
the partial sums are added in the order of the blocks: any number of threads gives the same bits.
"""

from math import gcd, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem, elements, shifts
from symconv.ops.conv.algorithms.products import products_in_pieces
from symconv.ops.conv.algorithms.summed import products_summed_over_pixels

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Size, Value

NAME = "columns"
READS = ("forward", "filters")
WIDE = 48  # pixels of an image, for a product of its own
SHORT = 64  # pixels of a row: copying as many takes no longer than beginning to
SHORT_IN_VOLUMES = 16  # the same in three dimensions, where a block is a slice or two, and little is shared


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
        *_filling(problem, unrolled),
        Work(multiplied=multiplied, read=unrolled, written=maps) if forward
        else Work(summed=multiplied * problem.skinny(count // groups), read=unrolled + maps, moved=maps),
        Work(products=blocks * groups, calls=blocks * (prod(problem.filters[2:]) + 4)),
    ]  # fmt: skip


def _filling(problem: Problem, unrolled: float) -> list[Work]:
    """Copying to the columns, in one step or in two."""
    width, strided = problem.output[-1], problem.stride[-1] > 1
    if _in_phases(problem):
        pixels = problem.output[0] * problem.image[1] * (width * problem.stride[0] + problem.extents[0])
        return [problem.copied(pixels, width, strided), problem.copied(unrolled, width)]
    if not _in_two_steps(problem):
        return [problem.copied(unrolled, width, strided)]
    lines = unrolled / problem.filters[2] * min(problem.extents[0], problem.stride[0])
    long = problem.pixels if problem.stride[0] == 1 else prod(problem.output[3:])
    return [problem.copied(lines, width, strided), problem.copied(unrolled, long)]


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
    field = problem.groups * problem.field
    lines = field // problem.filters[2] * problem.stride[0] if _in_two_steps(problem) else 0
    return problem.item * (field + lines + problem.output[1])


def _calls(problem: Problem) -> int:
    """About how many calls a block takes."""
    return 5 + (problem.stride[0] if _in_phases(problem) else prod(problem.filters[2:]))


def _in_two_steps(problem: Problem) -> bool:
    """Whether rows of pixels are so short, or so far apart, that what filter rows share is copied once."""
    several = problem.ndim > 1 and problem.filters[2] > 1
    short = SHORT if problem.ndim == 2 else SHORT_IN_VOLUMES
    return several and (problem.output[-1] < short or problem.stride[-1] > 1)


def _in_phases(problem: Problem) -> bool:
    """Whether there is one axis, of whose pixels those a stride apart are laid side by side first."""
    return problem.ndim == 1 and problem.stride[0] > 1


def _image_by_image(problem: Problem) -> bool:
    """Whether a product for each image is wide enough: then it lies as the output does."""
    return problem.pixels >= WIDE


def _forward(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block; where it can be, the product is laid out as the output is."""
    count, groups = problem.output[1], problem.groups
    bank = _bank(k, problem, filters)
    with problem.blocks(k, _bytes_each(problem), _calls(problem)) as blocks:
        one, *spatial = blocks
        sizes = [block.size for block in spatial]
        at = problem.at(blocks)
        if one.size == 1 or _image_by_image(problem):
            images: tuple[Size, ...] = (one.size,)
            if one.size == 1:
                images, at = (), (one.start, *at[1:])
            matrix = _columns(k, problem, image, blocks, images)
            tile = k.tile(at)
            if tile.dense < problem.ndim + (groups > 1):
                tile = k.buffer((*images, count, *sizes), problem.dtype, "products")
            maps = (count,) if groups == 1 else (groups, count // groups)
            _multiply(k, bank, matrix, tile.reshape(*images, *maps, matrix.shape[-1]))
            k.epilogue(tile, at)
            return
        matrix = _columns(k, problem, image, blocks)
        flat = matrix.shape[-1]
        products = k.buffer((groups, count // groups, flat), problem.dtype, "products")
        _multiply(k, bank, matrix, products if groups > 1 else products[0])
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
    with problem.blocks(k, _bytes_each(problem), _calls(problem), summed=True) as blocks:
        matrix = _columns(k, problem, image, blocks)
        sizes = [block.size for block in blocks]
        some = k.buffer((count, *sizes), problem.dtype, "gradients")
        part = k.read(gradient[blocks[0].slice, :, *(block.slice for block in blocks[1:])])
        k.copy(part.transpose(*turned), some)
        parts = (block.parts for block in blocks)
        partial = k.keep((*parts, groups, count // groups, field), problem.dtype, "partial")
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


def _multiply(k: "Builder", bank: "Value", matrix: "Value", out: "Value") -> None:
    """A product for each group, and where images lie apart for each of them."""
    if bank.shape[0] == 1:
        bank, matrix = bank[0], matrix[*([slice(None)] * (matrix.ndim - 3)), 0]
    k.into(products_in_pieces, [bank, matrix], out)


def _columns(
    k: "Builder",
    problem: Problem,
    image: "Value",
    blocks: "tuple[Block, ...]",
    images: "tuple[Size, ...] | None" = None,
) -> "Value":
    """What the outputs of a block see: [groups, C/groups kh kw, images pixels].

    Where ``images`` is given, it stands in front, and every image has its own columns.
    """
    one, *spatial = blocks
    sizes = [block.size for block in spatial]
    channels, kernel = problem.image[1], problem.filters[2:]
    window = problem.window(k, image, blocks)
    outside: tuple[Size, ...] = () if images is None else (one.size,)
    inside = (one.size,) if images is None else ()
    if images is None:
        window = window.transpose(1, 0, *range(2, 2 + problem.ndim))
    met = k.buffer((*outside, channels, *kernel, *inside, *sizes), problem.dtype, "columns")
    lead, ndim = len(outside) + 1, problem.ndim
    fields = met.flip(*range(lead, lead + ndim)) if problem.flip else met
    taps, rest = range(lead, lead + ndim), range(lead + ndim, met.ndim - ndim)
    order = (*range(lead), *rest, *taps, *range(met.ndim - ndim, met.ndim))
    if _in_two_steps(problem):
        _by_lines(k, problem, window, fields, lead)
    elif _in_phases(problem):
        sides = (problem.stride[0], sizes[0] + problem.extents[0] // problem.stride[0])
        phases = k.buffer((*window.shape[:-1], *sides), problem.dtype, "phases")
        k.into(phases_of, [window], phases)
        k.into(met_in_phases, [phases, k.number(problem.dilation[0])], fields.transpose(*order))
    else:
        steps = (*problem.stride, *problem.dilation)
        k.into(shifts, [window, *map(k.number, steps)], fields.transpose(*order))
    flat = elements((*inside, *sizes))
    return met.reshape(*(images or ()), problem.groups, problem.field, flat)


def _by_lines(k: "Builder", problem: Problem, window: "Value", fields: "Value", lead: int) -> None:
    """Each row of the window shifted to each column of the filters; then those that each filter row meets.

    The fields are [..., *kernel, (images), *outputs], behind ``lead`` axes.
    """
    ndim, kernel = problem.ndim, problem.filters[3:]
    before, between = fields.shape[:lead], fields.shape[lead + ndim : fields.ndim - ndim]
    rows, others = window.shape[-ndim], fields.shape[fields.ndim - ndim + 1 :]
    lines = k.buffer((*before, *kernel, *between, rows, *others), problem.dtype, "lines")
    ones = (1,) * (ndim - 1)
    middle = (*range(lead + ndim - 1, lead + ndim - 1 + len(between)), *range(lead, lead + ndim - 1))
    order = (*range(lead), *middle, *range(lines.ndim - ndim, lines.ndim))
    taps = lines.transpose(*order)[(*(slice(None),) * (lead + len(between)), None)]
    steps = (1, *problem.stride[1:], 1, *problem.dilation[1:])
    k.into(shifts, [window, *map(k.number, steps)], taps)
    axes = range(fields.ndim)
    turned = fields.transpose(*axes[:lead], *axes[lead + 1 : fields.ndim - ndim], lead, *axes[-ndim:])
    inside = (*(slice(None),) * (fields.ndim - ndim), *(None,) * (ndim - 1))
    steps = (problem.stride[0], *ones, problem.dilation[0], *ones)
    k.into(shifts, [lines, *map(k.number, steps)], turned[inside])


def phases_of(window: Any, out: Any) -> None:
    """Copy pixels a stride apart side by side: out [..., stride, pixels] of a window [..., pixels]."""
    step = out.shape[-2]
    *lead, size = window.shape
    *apart, item = window.strides
    each, rest = divmod(size, step)
    parts = as_strided(window, (*lead, step, each), (*apart, item, step * item), writeable=False)
    np.copyto(out[..., :each], parts)
    if rest:
        np.copyto(out[..., :rest, each], window[..., size - rest :])


def met_in_phases(phases: Any, dilation: int, out: Any) -> None:
    """Copy what each filter element meets: out [..., kernel, outputs] of phases [..., stride, pixels].

    Elements ``period`` apart meet the same phase, each ``apart`` pixels further on.
    """
    step = phases.shape[-2]
    period = step // gcd(step, dilation)
    apart = dilation * period // step
    for first in range(min(period, out.shape[-2])):
        ahead, phase = divmod(first * dilation, step)
        met, source = out[..., first::period, :], phases[..., phase, ahead:]
        strides = (*source.strides[:-1], apart * source.strides[-1], source.strides[-1])
        np.copyto(met, as_strided(source, met.shape, strides, writeable=False))
