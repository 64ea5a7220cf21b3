"""Columns of batches, memory running along the images: for many images, small ones above all.

    image     [C, H, W, N]                     what the kernel before leaves, or is laid out so first
    columns   [C kh kw, rows Wo N]             what each output pixel sees, in runs of Wo N numbers
    output    [K, rows Wo N]                   one matrix product with the filters, in its place at once
    gradient  [C kh kw, K]                     by the filters: columns times the output's gradient transposed
    patches   [C kh kw, Ho Wo N]               by the image: the filters transposed times the gradient, each
                                               filter element's part added where the pixels are that it met

Ordinary columns of small images are copied in runs of Wo numbers, 8 or 24 in the chapter's network, and that
takes as long as the product. Here runs are N times longer, also in the kernels around: pooling, its gradient
and elementwise work read and write whole rows of images (the layout of cuda-convnet, Krizhevsky 2012). What
kernels pass on stays so laid out: only what enters and leaves the program is turned.

Adding overlapping patches needs no multiplication by padding, of which a full convolution of an 8 x 8
gradient with 5 x 5 filters has 5 for every 4 others. The partial sums of gradients by the filters are added
in the order of the blocks, which depend on sizes alone: any number of threads gives the same bits.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem, elements
from symconv.ops.conv.algorithms.products import products_in_pieces
from symconv.ops.conv.algorithms.summed import products_summed_over_pixels

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

NAME = "images last"
READS = ("forward", "filters")
LEAST_IMAGES = 8  # for which other kernels' results are laid out so, and channels are taken together
LEAST_ROWS = 64  # of a product

HOT_TILES = 16  # that patches and pixels may take: shorter runs of images cost more than the cache saves
WIDE_BYTES = 1 << 22  # of a row of columns, from where on it is cut


def unfit(problem: Problem) -> str:
    """One group."""
    if problem.groups > 1:
        return f"{problem.groups} groups, needs 1"
    return ""


def unwise(problem: Problem) -> str:
    """Why it is taken only when asked for by name; empty where it may be."""
    batch = problem.output[0]
    return f"{batch} images, needs {LEAST_IMAGES}" if batch < LEAST_IMAGES else ""


def order(ndim: int) -> tuple[int, ...]:
    """The axes of images with so many, channels first and images last."""
    return (*range(1, ndim), 0)


def work(problem: Problem) -> list[Work]:
    """Filling the columns, and the product."""
    batch, count = problem.output[:2]
    pixels = batch * problem.pixels
    unrolled, maps = float(pixels * problem.field), float(pixels * count)
    blocks = problem.tiles(unrolled + maps)
    multiplied = maps * problem.field
    return [
        problem.padding(),
        problem.copied(unrolled, _run(problem)),
        Work(multiplied=multiplied, read=unrolled, written=maps) if problem.kind == "forward"
        else Work(summed=multiplied, read=unrolled + maps),
        Work(products=blocks, calls=blocks * 5),
    ]  # fmt: skip


def work_by_image(problem: Problem) -> list[Work]:
    """The product, and adding up its patches."""
    batch, count = problem.output[:2]
    pixels = batch * problem.pixels
    patches, maps = float(pixels * problem.field), float(pixels * count)
    blocks = problem.tiles(patches + maps)
    return [
        Work(multiplied=maps * problem.field, read=maps, written=patches),
        problem.copied(patches + 2 * prod(problem.image), _run(problem)),
        Work(products=blocks, calls=blocks * (prod(problem.filters[2:]) + 5)),
    ]


def _run(problem: Problem) -> float:
    """How long the runs of memory are that are copied."""
    return problem.output[0] * (problem.output[-1] if problem.stride[-1] == 1 else 1)


def error(problem: Problem) -> float:
    """That of plain summation: the product adds the terms one after the other, or in several sums."""
    return 1.0


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Forward, or by the filters."""
    if problem.kind == "forward":
        _forward(k, problem, first, second)
    else:
        _by_filters(k, problem, first, second)


def _forward(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block of output rows of some images."""
    count, field = problem.output[1], problem.field
    source = _laid_out(k, problem, image, problem.padded)
    bank = k.buffer((count, field), problem.dtype, "bank")
    k.copy(filters, bank.reshape(*problem.filters))
    with _blocks(k, problem) as blocks:
        matrix = _columns(k, problem, source, blocks)
        at, axes = problem.at(blocks), order(len(problem.output))
        tile = k.tile(at, axes)
        if tile.dense < tile.ndim - 1:
            tile = k.buffer(tile.shape, problem.dtype, "products")
        k.into(products_in_pieces, [bank, matrix], tile.reshape(count, matrix.shape[1]))
        k.epilogue(tile, at, axes)


def _by_filters(k: "Builder", problem: Problem, image: "Value", gradient: "Value") -> None:
    """A partial sum for each block, then all of them added up."""
    count, field = problem.output[1], problem.field
    source, given = _laid_out(k, problem, image, problem.padded), _laid_out(k, problem, gradient)
    with _blocks(k, problem, summed=True) as blocks:
        matrix = _columns(k, problem, source, blocks)
        rows = _flat(k, problem, given, blocks)
        partial = k.keep((*(block.parts for block in blocks), count, field), problem.dtype, "partial")
        part = partial[tuple(block.number for block in blocks)]
        k.into(products_summed_over_pixels, [rows, matrix], part)
    total = partial[(0,) * len(blocks)]
    if prod(block.parts for block in blocks) > 1:
        total = k.buffer((count, field), problem.dtype, "total")
        k.call("add.reduce", partial, out=total, axis=tuple(range(len(blocks))))
    whole = k.whole(2 + problem.ndim)
    tile = k.tile(whole)
    k.copy(total.reshape(*problem.filters), tile)
    k.epilogue(tile, whole)


def by_image(k: "Builder", problem: Problem, gradient: "Value", filters: "Value") -> None:
    """Block by block of channels and images: patches of some filter rows, added up where their pixels lie.

    Filter rows follow one another, so that their patches stay in the cache until they are added.
    """
    batch, count, *outputs = problem.output
    channels, height, *kernel = problem.filters[1:]
    width, sizes = prod(kernel), problem.image[2:]
    given = _laid_out(k, problem, gradient)
    bank = k.buffer((height, channels, *kernel, count), problem.dtype, "bank")
    k.copy(problem.bank(filters).transpose(2, 1, *range(3, 2 + problem.ndim), 0), bank)
    padded = [size + low + high for size, (low, high) in zip(sizes, problem.pads, strict=True)]
    group = min(height, -(-LEAST_ROWS // (channels * width)))
    each = problem.item * (group * width * problem.pixels + 2 * prod(padded))
    each += -(-problem.item * count * problem.pixels // channels)
    together = max(1, min(channels, WIDE_BYTES // (each * LEAST_IMAGES)))
    group = group if together == channels else 1
    with k.blocks(
        k.axis(channels, "channel", "channels", length=together),
        k.axis(batch, "n", "images", max(LEAST_IMAGES, HOT_TILES * k.machine.tile_bytes // (each * together)),
               last=True),
        bytes_each=each, calls=height * (width + 1) + 6, fixed=True,
    ) as (some, one):  # fmt: skip
        whole = [one._replace(start=0, size=size, number=0, parts=1) for size in outputs]
        blocks = (one, *whole)
        rows = _flat(k, problem, given, blocks)
        pixels = k.buffer((some.size, *padded, one.size), problem.dtype, "pixels")
        k.fill(0, pixels)
        patches = k.buffer((group, some.size, *kernel, *outputs, one.size), problem.dtype, "patches")
        for row in range(0, height, group):
            now = min(group, height - row)
            part = bank[k.steps(row, now, 1), some.slice].reshape(now * some.size * width, count)
            made = patches[k.steps(0, now, 1)]
            flat = made.reshape(now * some.size * width, rows.shape[1])
            k.into(products_in_pieces, [part, rows], flat)
            for tap, met in problem.taps(k, blocks):
                if row <= tap[0] < row + now:
                    place = pixels[:, *met]
                    k.call("add", place, made[tap[0] - row, :, *tap[1:]], out=place)
        inside = [k.steps(low, size, 1) for size, (low, _) in zip(sizes, problem.pads, strict=True)]
        at: tuple[Any, ...] = (one.slice, some.slice, *(slice(None) for _ in sizes))
        k.epilogue(pixels[:, *inside], at, order(len(problem.image)))


@contextmanager
def _blocks(k: "Builder", problem: Problem, summed: bool = False) -> "Iterator[tuple[Block, ...]]":
    """Blocks of the output's rows and columns, and of images: gives a block of these, then of each axis."""
    batch, sizes = problem.output[0], problem.output[2:]
    each = problem.item * (problem.field + problem.output[1])
    wide = each * prod(sizes[1:]) * batch > WIDE_BYTES
    cut = sorted({0, problem.ndim - 1}) if wide else [0]  # a row in its place has no gaps: rows are cut first
    each *= prod(size for axis, size in enumerate(sizes) if axis not in cut)
    halo = max(0, problem.extents[0] - problem.stride[0]) if problem.padded else 0
    axes = [
        k.axis(sizes[axis], *names, most=1 if len(cut) > 1 and axis == 0 else None,
               halo=halo if axis == 0 else 0, counted=summed, unit=problem.unit(axis))
        for axis, names in zip(cut, (("top", "rows"), ("left", "columns")), strict=False)
    ]  # fmt: skip
    images = k.axis(batch, "n", "images", last=True, counted=summed)
    with k.blocks(*axes, images, bytes_each=each, calls=6, fixed=True) as (*found, one):
        walked = dict(zip(cut, found, strict=True))
        yield one, *(
            walked.get(axis, one._replace(start=0, size=size, number=0, parts=1))
            for axis, size in enumerate(sizes)
        )


def _laid_out(k: "Builder", problem: Problem, value: "Value", whole: bool = False) -> "Value":
    """Images [N,C,...] as [C,...,N]: as they lie, or where they are several turned, in blocks of rows.

    Or, where they are not wanted as a ``whole``, to be read part by part.
    """
    axes = order(value.ndim)
    if (k.order(value) == axes and value.dtype == problem.dtype) or problem.output[0] < LEAST_IMAGES:
        return (k.stored(value) if whole else value).transpose(*axes)
    turned = value.transpose(*axes)
    laid = k.buffer(turned.shape, problem.dtype, "laid_out")
    channels, rows, *rest = (int(size) for size in turned.shape)  # type: ignore[arg-type]
    with k.blocks(
        k.axis(channels, "channel", "channels"),
        k.axis(rows, "top", "rows", unit=k.read_units(value)[2]),
        bytes_each=2 * problem.item * prod(rest), calls=1,
    ) as (some, block):  # fmt: skip
        k.copy(k.read(turned[some.slice, block.slice]), laid[some.slice, block.slice])
    return laid


def _flat(k: "Builder", problem: Problem, given: "Value", blocks: "Sequence[Block]") -> "Value":
    """A block's part of maps [K,...,N] as a matrix: a view where it has no gaps within a map."""
    one, *spatial = blocks
    part = k.read(given[:, *(block.slice for block in spatial), one.slice])
    if part.dense < part.ndim - 1:
        copy = k.buffer(part.shape, problem.dtype, "gradients")
        k.copy(part, copy)
        part = copy
    return part.reshape(part.shape[0], elements(part.shape[1:]))


def _columns(k: "Builder", problem: Problem, source: "Value", blocks: "Sequence[Block]") -> "Value":
    """What the outputs of a block see: [C kh kw, pixels images]."""
    one, *spatial = blocks
    steps = list(zip(spatial, problem.stride, problem.extents, strict=True))
    if problem.padded:
        sizes = [(block.size - 1) * stride + extent for block, stride, extent in steps]
        starts = [block.start * stride - low
                  for (block, stride, _), (low, _) in zip(steps, problem.pads, strict=True)]  # fmt: skip
        window: Value = k.buffer((problem.image[1], *sizes, one.size), problem.dtype, "window")
        k.into(surrounded, [source, *map(k.number, (*starts, one.start))], window)
    else:
        windows = [block.window(stride, extent) for block, stride, extent in steps]
        window = k.read(source[:, *windows, one.slice])
    kernel = problem.filters[2:]
    outputs = [block.size for block in spatial]
    met = k.buffer((problem.image[1], *kernel, *outputs, one.size), problem.dtype, "columns")
    axes = range(1, 1 + problem.ndim)
    numbers = [k.number(step) for step in (*problem.stride, *problem.dilation)]
    k.into(fields, [window, *numbers], met.flip(*axes) if problem.flip else met)
    return met.reshape(problem.field, elements([*outputs, one.size]))


def fields(image: Any, *steps_and_out: Any) -> None:
    """What filters meet: [C,*kernel,*outputs,N] of images [C,*sizes,N]; the last argument is where to.

    Before it stand the stride and the dilation of each axis.
    """
    *steps, out = steps_and_out
    ndim = len(steps) // 2
    channel, *along, run = image.strides
    kernel = [step * dilation for step, dilation in zip(along, steps[ndim:], strict=True)]
    outputs = [step * stride for step, stride in zip(along, steps[:ndim], strict=True)]
    np.copyto(out, as_strided(image, out.shape, (channel, *kernel, *outputs, run)))


def surrounded(image: Any, *starts_and_out: Any) -> None:
    """Copy a window [C,*window,n] of images [C,*sizes,N] that may reach beyond them; zeros lie outside.

    The last argument is where to; before it stands where the window starts on each axis, and the first image.
    """
    *starts, first, out = starts_and_out
    source: list[Any] = [slice(None)]
    target: list[Any] = [slice(None)]
    for axis, start in enumerate(starts, 1):
        size = out.shape[axis]
        low = min(max(-start, 0), size)
        high = max(min(image.shape[axis] - start, size), low)
        out[(*target, slice(0, low))] = 0
        out[(*target, slice(high, None))] = 0
        target.append(slice(low, high))
        source.append(slice(start + low, start + high))
    np.copyto(out[tuple(target)], image[(*source, slice(first, first + out.shape[-1]))])
