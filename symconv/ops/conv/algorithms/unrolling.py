"""Image rows shifted to each column of the filters, straight from the image; imports the problem.

What the rows of an image give, kw times shifted, is all that an algorithm needs which goes row by row. It is
copied once, zeros around the image included: no padded image is laid out before.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


def unroll(
    k: "Builder", problem: Problem, image: "Value", blocks: "Sequence[Block]", phases: int, out: "Value"
) -> None:
    """Write to ``out`` [images, C, *kernel, rows, *outputs] what a block's outputs see, row by row.

    The kernel is that of all axes but the first; C may be split in groups. Rows of the image ``phases`` apart
    stand together.
    """
    spatial = blocks[1:]
    starts = [
        block.start * stride - low
        for block, stride, (low, _) in zip(spatial, problem.stride, problem.pads, strict=True)
    ]
    numbers = (phases, *starts, *problem.stride[1:], *problem.dilation[1:])
    k.into(unrolled_rows, [problem.images(k, image, blocks), *map(k.number, numbers)], out)


def unrolled_rows(image: Any, phases: int, *numbers_and_out: Any) -> None:
    """Copy the rows of an image, shifted to each column of the filters; what lies outside is zero.

    Parameters
    ----------
    image : ndarray
        [..., *sizes]; the result may have leading axes split.
    phases : int
        Of R rows of the result each R // phases follow one another in the image at that distance.
    *numbers_and_out
        Where the result starts on each axis, possibly before the image; stride and dilation of each axis but
        the first; the result [..., *kernel, R, *outputs].
    """
    *numbers, out = numbers_and_out
    others = len(numbers) // 3
    lead = out.shape[: out.ndim - 1 - 2 * others]
    image = image.reshape(*lead, *image.shape[image.ndim - 1 - others :])
    (top, *starts), steps = numbers[: 1 + others], numbers[1 + others :]
    each = out.shape[-1 - others] // phases
    for phase in range(phases):
        first, size = top + phase, image.shape[-1 - others]
        low, high = inside(first, phases, each, size)
        part = _along(out, others, slice(phase * each, (phase + 1) * each))
        rows = _along(image, others, slice(first + low * phases, first + high * phases, phases))
        if low > 0:
            _along(part, others, slice(0, low))[...] = 0
        if high < each:
            _along(part, others, slice(high, None))[...] = 0
        if low < high:
            _shifted(rows, starts, steps[:others], steps[others:], _along(part, others, slice(low, high)))


def inside(first: int, step: int, count: int, size: int) -> tuple[int, int]:
    """Which of the pixels first, first + step, ..., so many, lie on an axis of a size: from, and up to."""
    low = min(max(-(first // step), 0), count)
    return low, min(max(-((first - size) // step), low), count)


def _along(array: Any, behind: int, part: slice) -> Any:
    """Part of the axis with so many behind it."""
    return array[(..., part, *(slice(None),) * behind)]


def _shifted(
    rows: Any, starts: Sequence[int], strides: Sequence[int], dilations: Sequence[int], out: Any
) -> None:
    """out [..., *kernel, R, *outputs] of rows [..., R, *sizes]: in one copy where all pixels are inside."""
    others = len(starts)
    lead = rows.ndim - 1 - others
    kernel, outputs = out.shape[lead : lead + others], out.shape[out.ndim - others :]
    axes = list(zip(starts, strides, dilations, rows.shape[lead + 1 :], outputs, strict=True))
    if all(
        start >= 0 and start + d * (taps - 1) + s * (count - 1) < size
        for (start, s, d, size, count), taps in zip(axes, kernel, strict=True)
    ):
        window = rows[(..., *(slice(start, None) for start in starts))]
        steps = window.strides[lead + 1 :]
        taps = [step * d for step, d in zip(steps, dilations, strict=True)]
        along = [step * s for step, s in zip(steps, strides, strict=True)]
        strides_ = (*window.strides[:lead], *taps, window.strides[lead], *along)
        np.copyto(out, as_strided(window, out.shape, strides_, writeable=False))
        return
    for tap in np.ndindex(*kernel):
        part, source = out[(*(slice(None),) * lead, *tap)], rows
        for behind, (position, (start, s, d, size, count)) in enumerate(
            zip(reversed(tap), reversed(axes), strict=True)
        ):
            first = start + position * d
            low, high = inside(first, s, count, size)
            if low > 0:
                _along(part, behind, slice(0, low))[...] = 0
            if high < count:
                _along(part, behind, slice(high, None))[...] = 0
            part = _along(part, behind, slice(low, high))
            source = _along(
                source, behind, slice(first + low * s, first + high * s, s) if low < high else slice(0)
            )
        np.copyto(part, source)
