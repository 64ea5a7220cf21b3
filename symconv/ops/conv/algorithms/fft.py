"""Products of spectra instead of sums of products: for large filters (overlap-save, Stockham 1966).

    window    [C, L]          a block of the image, of a length that transforms fast, on each axis
    spectra   [C, L/2 + 1]    of that, times those of the filters, summed over the channels
    result    [K, L]          transformed back: all but the first e - 1 of each axis are outputs

A transform costs log L operations for a pixel, whatever the filters' size. What is not finite would spread
over the block; there the sum of products is computed as it is defined.

**Error.** A transform rounds relative to the norm of all that it transforms: an output is wrong by at most

    16 eps log2(prod L) sum over c of |x_c| |w_c|      norms over the window and the filter

which says nothing about a dark pixel next to bright ones, where the terms of plain summation are small. So
everything is computed in double precision. For single operands that is better than plain summation wherever
the pixels of a block differ by less than a factor of 10^7; for double ones it is taken only when asked for.
"""

from functools import lru_cache
from math import ceil, inf, log2, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem, padded_part

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

NAME = "fft"
BLOCK_BYTES = 1 << 23  # of one block's arrays, unless the settings allow less
FILTER_BYTES = 1 << 26  # of the filters' spectra
PARTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 1024, 4096)


def unfit(problem: Problem) -> str:
    """It computes forward problems, where the filters' spectra are not too large to keep."""
    if problem.kind == "filters":
        return "computes no gradients by the filters"
    spectra = prod(problem.filters[:2]) * prod(cut(problem).transforms) * 8
    return f"spectra of the filters of {spectra >> 20} MB" if spectra > FILTER_BYTES else ""


def work(problem: Problem) -> list[Work]:
    """The transforms of images, filters and maps, and the products of spectra."""
    batch, count = problem.output[:2]
    channels, depth = problem.image[1], problem.filters[1]
    plan = cut(problem)
    size, blocks = prod(plan.transforms), batch * prod(plan.parts)
    transformed = blocks * (channels + count) + count * depth
    return [
        problem.copied(blocks * size * channels + batch * problem.pixels * count, plan.transforms[-1]),
        Work(transformed=transformed * size * log2(size), spectra=blocks * count * depth * size),
        Work(calls=blocks * (2 * depth + 12)),
    ]


def error(problem: Problem) -> float:
    """For single operands that of plain summation; for double ones no multiple of it."""
    return 1.0 if problem.dtype in ("float32", "complex64") else inf


class Cut(NamedTuple):
    """How images are cut.

    Attributes
    ----------
    lengths : tuple of int
        Outputs of a block along each axis.
    parts : tuple of int
        Blocks along each axis.
    transforms : tuple of int
        Lengths of the transforms: what the outputs of a block see, or somewhat more.
    """

    lengths: tuple[int, ...]
    parts: tuple[int, ...]
    transforms: tuple[int, ...]


@lru_cache(maxsize=64)
def cut(problem: Problem, most_bytes: int = BLOCK_BYTES) -> Cut:
    """Blocks along the first axis and, where a few rows are too much, the last: those that cost least.

    They do not depend on the number of threads; but a single image is cut for a few.
    """
    outputs, last = problem.output[2:], problem.ndim - 1
    best: tuple[float, Cut | None] = (inf, None)
    for columns in PARTS if last > 0 else PARTS[:1]:
        for rows in PARTS:
            if rows > outputs[0] or columns > outputs[last]:
                break
            lengths = list(outputs)
            lengths[0] = problem.whole_units(0, ceil(outputs[0] / rows))
            if last > 0:
                lengths[last] = problem.whole_units(last, ceil(outputs[last] / columns))
            seen = zip(lengths, problem.stride, problem.extents, strict=True)
            transforms = tuple(fast((n - 1) * stride + extent) for n, stride, extent in seen)
            parts = tuple(ceil(out / n) for out, n in zip(outputs, lengths, strict=True))
            size = prod(transforms)
            work = prod(parts) * size * log2(size + 1)
            idle = max(1.0, 2 / (prod(parts) * problem.output[0]))  # a thread that has nothing to do
            if _bytes(problem, size) > most_bytes:
                idle = 1e6 * size  # only where nothing smaller is left
            if work * idle < best[0]:
                best = work * idle, Cut(tuple(lengths), parts, transforms)
        if best[1] is not None and _bytes(problem, prod(best[1].transforms)) <= most_bytes:
            break
    assert best[1] is not None
    return best[1]


def _bytes(problem: Problem, size: int) -> int:
    """Bytes of the arrays of one block: windows, spectra, products and results."""
    return 8 * size * (2 * problem.image[1] + 3 * problem.output[1])


def fast(size: int) -> int:
    """The least length from a size on that is a product of 2, 3 and 5."""
    best = 1 << (size - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            short = -(-size // three)
            best = min(best, three << (short - 1).bit_length())
            three *= 3
        five *= 5
    return best


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """Block by block: transform, multiply, transform back."""
    batch, count, *outputs = problem.output
    depth, groups = problem.filters[1], problem.groups
    plan = cut(problem, min(BLOCK_BYTES, k.machine.scratch_bytes))
    bank, spectra = _filters(k, problem, filters, plan)
    bank_groups = spectra.reshape(groups, count // groups, *spectra.shape[1:])

    whole = prod(plan.parts) == 1
    axes = [k.axis(batch, "n", "images", None if whole else 1)]
    walked = [axis for axis, parts in enumerate(plan.parts) if parts > 1]
    for axis in walked:
        start, size = (("top", "rows"), ("left", "columns"))[axis > 0]
        length, unit = plan.lengths[axis], problem.unit(axis)
        axes.append(k.axis(outputs[axis], start, size, length=length, unit=unit))
    each = _bytes(problem, prod(plan.transforms)) // prod(plan.lengths[axis] for axis in walked)
    with k.blocks(*axes, bytes_each=each, calls=2 * depth + 12, fixed=True) as (one, *found):
        spatial = [one._replace(start=0, size=size, number=0, parts=1) for size in outputs]
        for axis, block in zip(walked, found, strict=True):
            spatial[axis] = block
        window = _window(k, problem, image, (one, *spatial), plan)
        seen = _transformed(k, window, "seen")
        products = k.buffer((one.size, count, *seen.shape[2:]), seen.dtype, "products")
        _multiply(
            k,
            seen.reshape(one.size, groups, depth, *seen.shape[2:]),
            bank_groups,
            products.reshape(one.size, groups, count // groups, *seen.shape[2:]),
        )
        inside = _transformed_back(k, products, window)[:, :, *_outputs(k, problem, spatial)]
        numbers = [k.number(number) for number in (groups, *problem.stride, *problem.dilation)]
        k.into(defined_where_not_finite, [window, bank, *numbers], inside)
        at = problem.at((one, *spatial))
        tile = k.tile(at)
        k.copy(inside, tile)
        k.epilogue(tile, at)


def _filters(k: "Builder", problem: Problem, filters: "Value", plan: Cut) -> "tuple[Value, Value]":
    """The filters as they are laid on the image; their spectra, reversed, with zeros between and behind."""
    bank = problem.bank(filters)
    placed = k.buffer((*problem.filters[:2], *plan.transforms), _wide(problem), "placed")
    k.fill(0, placed)
    steps = zip(problem.filters[2:], problem.dilation, strict=True)
    k.copy(
        bank.flip(*range(2, 2 + problem.ndim)),
        placed[:, :, *(k.steps(0, size, dilation) for size, dilation in steps)],
    )
    return bank, _transformed(k, placed, "spectra")


def _wide(problem: Problem) -> str:
    """The dtype that is transformed."""
    return "complex128" if problem.dtype.startswith("complex") else "float64"


def _window(
    k: "Builder", problem: Problem, image: "Value", blocks: "tuple[Block, ...]", plan: Cut
) -> "Value":
    """What the outputs of a block see, and zeros beyond the image, in double precision."""
    one, *spatial = blocks
    window = k.buffer((one.size, problem.image[1], *plan.transforms), _wide(problem), "window")
    starts = [
        block.start * stride - low
        for block, stride, (low, _) in zip(spatial, problem.stride, problem.pads, strict=True)
    ]
    k.into(padded_part, [image[one.slice], *(k.number(start) for start in starts)], window)
    return window


def _transformed(k: "Builder", value: "Value", name: str) -> "Value":
    """The spectra of real numbers, half of them, or of complex ones."""
    real = value.dtype == "float64"
    last = value.shape[-1]
    assert isinstance(last, int)
    half = (last // 2 + 1,) if real else (last,)
    spectra = k.buffer((*value.shape[:-1], *half), "complex128", name)
    k.call("fft.rfft" if real else "fft.fft", value, out=spectra, axis=-1)
    for axis in range(2, value.ndim - 1):
        k.call("fft.fft", spectra, out=spectra, axis=axis)
    return spectra


def _transformed_back(k: "Builder", spectra: "Value", like: "Value") -> "Value":
    """The results, of the dtype and the sizes of a window."""
    for axis in range(2, spectra.ndim - 1):
        k.call("fft.ifft", spectra, out=spectra, axis=axis)
    result = k.buffer((*spectra.shape[:-1], like.shape[-1]), like.dtype, "result")
    if like.dtype == "float64":
        k.call("fft.irfft", spectra, out=result, n=like.shape[-1], axis=-1)
    else:
        k.call("fft.ifft", spectra, out=result, axis=-1)
    return result


def _multiply(k: "Builder", seen: "Value", bank: "Value", products: "Value") -> None:
    """[n, groups, C/groups, ...] times [groups, K/groups, C/groups, ...], summed over the channels."""
    depth = bank.shape[2]
    assert isinstance(depth, int)
    term = k.buffer(products.shape, products.dtype, "term") if depth > 1 else products
    for channel in range(depth):
        out = products if channel == 0 else term
        k.call("multiply", seen[:, :, channel][:, :, None], bank[:, :, channel], out=out)
        if channel > 0:
            k.call("add", products, term, out=products)


def _outputs(k: "Builder", problem: Problem, spatial: "list[Block]") -> "list[Any]":
    """Where the outputs of a block stand in its result."""
    axes = zip(spatial, problem.extents, problem.stride, strict=True)
    return [k.steps(extent - 1, block.size, stride) for block, extent, stride in axes]


def defined_where_not_finite(window: Any, bank: Any, groups: int, *numbers_and_out: Any) -> None:
    """Where a block's results are not finite, compute them as they are defined.

    A NaN in a transform makes everything NaN: a sum of products only what meets it.

    Parameters
    ----------
    window, bank : ndarray
        Images [n, C, *window] and filters [K, C/groups, *kernel], as they are laid on the image.
    groups : int
        Of channels.
    *numbers_and_out
        Strides and dilations, one each for a spatial axis; the results [n, K, *outputs], overwritten.
    """
    *numbers, out = numbers_and_out
    if np.isfinite(np.add.reduce(out, axis=None)):
        return
    kernel, sizes = bank.shape[2:], out.shape[2:]
    stride, dilation = numbers[: len(kernel)], numbers[len(kernel) :]
    images = window.reshape(len(window), groups, -1, *window.shape[2:])
    banks = bank.reshape(groups, len(bank) // groups, *bank.shape[1:])
    total = np.zeros((len(out), *banks.shape[:2], *sizes), out.dtype)
    for tap in np.ndindex(*kernel):
        axes = zip(tap, sizes, stride, dilation, strict=True)
        pixels = tuple(slice(t * d, t * d + (size - 1) * s + 1, s) for t, size, s, d in axes)
        total += np.einsum("ngc...,gkc->ngk...", images[(..., *pixels)], banks[(..., *tap)])
    out[...] = total.reshape(out.shape)
