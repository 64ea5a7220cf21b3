"""Rows only for each group: depthwise filters, and groups of few channels; imports the problem.

    unrolled  [groups, C/groups kw, rows Wp]     each image row kw times, shifted: long runs, nothing gathered
    products  [groups, kh K/groups, rows Wp]     a small matrix product for each group
    output    [K, rows, Wo]                      the kh products, each shifted by its filter row, added up

Wp is the width of the padded image: a row is copied as it stands and its end, which no output needs, is left
out when the last product is added. With a stride along it only what is needed is copied.

Columns move kh times more and multiply by a matrix of K/groups rows, a single one for depthwise filters. Here
it has kh times as many. A block is some images, some groups of one image, or some rows of one group.

The gradient by the filters is the adjoint, step by step: the output's gradient kh times, each shifted by
its filter row, times what was unrolled. Each block leaves a partial sum, and these are added in the order of
the blocks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.algorithms.summed import products_summed_over_pixels

if TYPE_CHECKING:
    from symconv.compile.builder import Block, Builder
    from symconv.compile.program import Size, Slice, Value

NAME = "depthwise"


def unfit(problem: Problem) -> str:
    """Several groups, in two dimensions or three."""
    if problem.ndim == 1:
        return "one axis only: no rows to shift"
    return "" if problem.groups > 1 else "one group, needs several"


def work(problem: Problem) -> list[Work]:
    """The unrolled rows, the small products, and adding up their kh parts."""
    batch, count, rows, *others = problem.output
    depth, height, *kernel = problem.filters[1:]
    groups, width, maps = problem.groups, prod(kernel), count // problem.groups
    runs = _runs(problem)
    sizes = _widths(problem) if runs else others
    blocks = problem.tiles(batch * problem.groups * rows * _row_bytes(problem) / problem.item)
    cut = max(0.0, blocks - batch * groups)  # where an image's group is larger than a tile
    all_rows = batch * groups * (rows * problem.stride[0] + problem.extents[0]) + cut * _halo(problem)
    pixels = all_rows * prod(sizes)
    run = pixels / (batch * groups) if runs else sizes[-1]
    unrolled = problem.copied(pixels * depth * width, run, strided=not runs)
    multiplied = pixels * height * maps * depth * width
    products, calls = max(batch * groups, blocks), blocks * (width + height + 6)
    if problem.kind == "filters":
        shifted = pixels * height * maps
        skinny = problem.skinny(height * maps)
        product = Work(summed=multiplied * skinny, read=shifted + pixels * depth * width)
        return [problem.padding(), unrolled, product, problem.copied(2 * shifted, others[-1]),
                Work(products=products, calls=calls)]  # fmt: skip
    return [
        problem.padding(),
        unrolled,
        Work(multiplied=multiplied, read=pixels * depth * width, written=pixels * height * maps),
        problem.copied(max(1, height - 1) * batch * problem.pixels * count, problem.pixels),
        Work(products=products, calls=calls),
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


class Blocks(NamedTuple):
    """The current block of each axis.

    Attributes
    ----------
    images, groups : Block
        Which of them.
    spatial : tuple of Block
        Which outputs of each spatial axis.
    """

    images: "Block"
    groups: "Block"
    spatial: "tuple[Block, ...]"

    def members(self, each: int) -> "Slice":
        """The channels or maps of the groups, so many of each."""
        part = self.groups.slice
        return part._replace(start=part.start * each, size=part.size * each)


def _widths(problem: Problem) -> list[int]:
    """The padded image's sizes along all axes but the first."""
    pads = zip(problem.image[3:], problem.pads[1:], strict=True)
    return [size + low + high for size, (low, high) in pads]


def _runs(problem: Problem) -> bool:
    """Whether image rows can be copied as they stand."""
    return prod(problem.stride[1:]) == 1


def _row_bytes(problem: Problem) -> int:
    """Bytes that an output row of one group touches."""
    depth, height, *kernel = problem.filters[1:]
    maps = problem.filters[0] // problem.groups
    lines = depth * (prod(kernel) + 1) + maps * (height + 1)
    return problem.item * lines * problem.stride[0] * prod(_widths(problem))


def _halo(problem: Problem) -> int:
    """Output rows that a block computes beyond its own."""
    stride = problem.stride[0]
    return max(1, -(-(problem.extents[0] - stride) // stride))


@contextmanager
def _blocks(k: "Builder", problem: Problem, counted: bool) -> Iterator[Blocks]:
    """Blocks of images; where one is larger than a tile, of groups; where a group is, of its rows.

    Where a few rows are larger than the scratch allows, of the last axis too.
    """
    batch, _, rows, *others = problem.output
    row, halo, tile = _row_bytes(problem), _halo(problem), k.machine.tile_bytes
    group = row * (rows + halo)
    image = group * problem.groups
    axes, bytes_each = [k.axis(batch, "n", "images", None if image <= tile else 1, counted=counted)], image
    if image > tile:
        axes.append(k.axis(problem.groups, "group", "groups", None if group <= tile else 1))
        bytes_each = group
    if group > tile:
        axes.append(k.axis(rows, "top", "rows", None, halo, counted=counted))
        bytes_each = row
    if group > tile and row * (1 + halo) > k.machine.scratch_bytes // 4:
        axes.append(k.axis(others[-1], "left", "columns", None, problem.extents[-1] - 1, True, counted))
        bytes_each = -(-row // _widths(problem)[-1])
    maps = problem.filters[0] // problem.groups if counted else 1
    calls = prod(problem.filters[3:]) + problem.filters[2] * maps + 8
    with k.blocks(*axes, bytes_each=bytes_each, calls=calls, fixed=True) as (images, *found):
        whole = [images._replace(start=0, size=size, number=0, parts=1)
                 for size in (problem.groups, rows, *others)]  # fmt: skip
        groups, *spatial = [*found[:2], *whole[len(found[:2]) :]]
        if len(found) == 3:
            spatial[-1] = found[2]
        yield Blocks(images, groups, tuple(spatial))


def _forward(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """The products of a block, then their shifted sum."""
    groups, maps = problem.groups, problem.filters[0] // problem.groups
    depth, height, *kernel = problem.filters[1:]
    width = prod(kernel)
    reversed_ = k.buffer(problem.filters, problem.dtype, "filters_copy")
    k.copy(problem.bank(filters), reversed_)
    bank = k.buffer((groups, height, maps, depth, *kernel), problem.dtype, "bank")
    axes = range(4, 3 + problem.ndim)
    k.copy(reversed_.reshape(groups, maps, depth, height, *kernel).transpose(0, 3, 1, 2, *axes), bank)
    matrices = bank.reshape(groups, height * maps, depth * width)

    image = _declared(k, image)
    with _blocks(k, problem, counted=False) as blocks:
        unrolled, sizes = _unrolled(k, problem, image, blocks)
        some, here = blocks.images.size, blocks.groups.size
        flat = unrolled.shape[-1]
        products = k.buffer((some, here, height, maps, *sizes), problem.dtype, "products")
        k.matmul(
            matrices[blocks.groups.slice], unrolled, products.reshape(some, here, height * maps, flat)
        )
        at = (blocks.images.slice, blocks.members(maps), *problem.at((blocks.images, *blocks.spatial))[2:])
        if maps == 1:
            tile = k.tile(at)
            _add_up(k, problem, [products[:, :, row, 0] for row in range(height)], tile, blocks)
        else:
            inner = [block.size for block in blocks.spatial]
            sums = k.buffer((some, here, maps, *inner), problem.dtype, "sums")
            _add_up(k, problem, [products[:, :, row] for row in range(height)], sums, blocks)
            tile = sums.reshape(some, here * maps, *inner)
        k.epilogue(tile, at)


def _add_up(
    k: "Builder", problem: Problem, products: "list[Value]", out: "Value", blocks: Blocks
) -> None:
    """The sum of the filter rows' products; what lies beyond the outputs is left out at the last."""
    before = (slice(None),) * (products[0].ndim - problem.ndim)
    steps = [_rows(k, problem, row, blocks) for row in range(len(products))]
    inside = [k.steps(0, block.size, 1) for block in blocks.spatial[1:]]
    shifted = [product[*before, step] for product, step in zip(products, steps, strict=True)]
    first, *others = shifted
    for product in others[:-1]:
        k.call("add", first, product, out=first)
    crop: tuple[Any, ...] = (*before, slice(None), *inside)
    if others:
        k.call("add", first[crop], others[-1][crop], out=out)
    else:
        k.copy(first[crop], out)


def _rows(k: "Builder", problem: Problem, row: int, blocks: Blocks) -> "Slice":
    """The image rows that a filter row meets."""
    return k.steps(row * problem.dilation[0], blocks.spatial[0].size, problem.stride[0])


def _by_filters(k: "Builder", problem: Problem, image: "Value", gradient: "Value") -> None:
    """A partial sum for each block, then all of them added up."""
    groups, maps = problem.groups, problem.filters[0] // problem.groups
    depth, height, *kernel = problem.filters[1:]
    width = prod(kernel)
    image = _declared(k, image)
    with _blocks(k, problem, counted=True) as blocks:
        unrolled, sizes = _unrolled(k, problem, image, blocks)
        some, here = blocks.images.size, blocks.groups.size
        shifted = k.buffer((some, here, height, maps, *sizes), problem.dtype, "shifted")
        k.fill(0, shifted)
        inside = [k.steps(0, block.size, 1) for block in blocks.spatial[1:]]
        places = [block.slice for block in blocks.spatial]
        first, number = blocks.groups.start * maps, blocks.groups.size
        for row in range(height):
            for one in range(maps):
                given = gradient[blocks.images.slice, k.steps(first + one, number, maps), *places]
                k.copy(given, shifted[:, :, row, one, _rows(k, problem, row, blocks), *inside])
        products = k.buffer((some, here, height * maps, depth * width), problem.dtype, "products")
        k.into(
            products_summed_over_pixels,
            [shifted.reshape(some, here, height * maps, unrolled.shape[-1]), unrolled],
            products,
        )
        cut = (blocks.images, *blocks.spatial)
        partial = k.keep(
            (*(block.parts for block in cut), groups, height * maps, depth * width), problem.dtype, "partial"
        )
        part = partial[(*(block.number for block in cut), blocks.groups.slice)]
        k.call("add.reduce", products, out=part, axis=0)
    total = k.buffer((groups, height, maps, depth, *kernel), problem.dtype, "total")
    k.call("add.reduce", partial, out=total.reshape(*partial.shape[-3:]), axis=tuple(range(len(cut))))
    found = k.buffer((groups, maps, depth, height, *kernel), problem.dtype, "found")
    k.copy(total.transpose(0, 2, 3, 1, *range(4, 3 + problem.ndim)), found)
    whole = k.whole(2 + problem.ndim)
    tile = k.tile(whole)
    k.copy(problem.bank(found.reshape(*problem.filters)), tile)
    k.epilogue(tile, whole)


def _declared(k: "Builder", image: "Value") -> "Value":
    """The image without gaps where that is the caller's to give."""
    return k.contiguous(image) if image.buffer is image else image


def _unrolled(
    k: "Builder", problem: Problem, image: "Value", blocks: Blocks
) -> "tuple[Value, list[Size]]":
    """Each row of the images shifted to each column of the filters, and the sizes of the last axis.

    The first is [images, groups, C/groups kw, rows widths].
    """
    depth, _, *kernel = problem.filters[1:]
    some, here, width = blocks.images.size, blocks.groups.size, prod(kernel)
    members = blocks.members(depth)
    window = problem.window(k, image, (blocks.images, *blocks.spatial), members)
    rows = window.shape[2]
    runs = _runs(problem) and window.dense >= problem.ndim
    sizes: list[Size] = [rows, *(window.shape[3:] if runs else (block.size for block in blocks.spatial[1:]))]
    flat: Size = 1
    for size in sizes:
        flat = flat * size
    unrolled = k.buffer((some, here * depth, *kernel, *sizes), problem.dtype, "unrolled")
    lines = unrolled.reshape(some, here * depth, *kernel, flat)
    if runs:
        source = window.reshape(some, here * depth, flat)
        furthest = _offset(problem, tuple(size - 1 for size in kernel), sizes)
        if furthest != 0:
            ends: tuple[Any, ...] = (slice(None),) * (lines.ndim - 1)
            k.fill(0, lines[*ends, k.steps(flat - furthest, furthest, 1)])
    for tap, pixels in problem.taps(k, (blocks.images, *blocks.spatial)):
        if tap[0] > 0:
            continue
        if runs:
            offset = _offset(problem, tap[1:], sizes)
            length = flat - offset
            k.copy(source[:, :, k.steps(offset, length, 1)], lines[:, :, *tap[1:], k.steps(0, length, 1)])
        else:
            k.copy(window[:, :, :, *pixels[1:]], unrolled[:, :, *tap[1:]])
    return unrolled.reshape(some, here, depth * width, flat), sizes


def _offset(problem: Problem, tap: tuple[int, ...], sizes: "list[Size]") -> "Size":
    """How far a filter element shifts the rows of a window of these sizes."""
    offset: Size = 0
    for axis, position in enumerate(tap, 1):
        offset = offset * sizes[axis] + position * problem.dilation[axis]
    return offset
