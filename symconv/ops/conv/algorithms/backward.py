"""The gradient by the image, as forward convolutions of the output's gradient; imports the problem.

With stride 1 it is one: pads e - 1 - a, filters reversed and their channels and maps exchanged. A stride s
divides the pixels in phases, p = r + s q. Those of one phase meet only the filter elements t with
d t = r + a modulo s, which lie s / gcd(d, s) apart; on the output's gradient these are d / gcd(d, s) apart:

    dx[r + s q] = sum over u of w[t0 + m u] g[q + base - D u]      m = s / gcd(d, s), D = d / gcd(d, s)
                                                                   base = (r + a - d t0) / s

So a phase is a forward convolution of stride 1, and no multiplication by the zeros between outputs is done.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.values import Slice, Value


class Phase(NamedTuple):
    """The pixels r + s q of one axis.

    Attributes
    ----------
    first, size : int
        r, and how many there are.
    tap, taps, apart : int
        The first filter element that they meet, how many, and their distance: t0, U, m.
    crop : (int, int)
        Which outputs the pixels see: from, and how many.
    pads : (int, int)
        Zeros around these.
    dilation : int
        D.
    """

    first: int
    size: int
    tap: int
    taps: int
    apart: int
    crop: tuple[int, int]
    pads: tuple[int, int]
    dilation: int

    @property
    def empty(self) -> bool:
        """Whether no output sees these pixels."""
        return self.taps == 0 or self.crop[1] <= 0


def phases(size: int, kernel: int, output: int, stride: int, dilation: int, low: int) -> list[Phase]:
    """The phases of one axis of an image."""
    common = gcd(dilation, stride)
    apart, closer = stride // common, dilation // common
    found = []
    for first in range(min(stride, size)):
        count = -(-(size - first) // stride)
        met = [tap for tap in range(min(kernel, apart)) if (first + low - dilation * tap) % stride == 0]
        if not met:
            found.append(Phase(first, count, 0, 0, 1, (0, 0), (0, 0), 1))
            continue
        (tap,) = met
        taps = -(-(kernel - tap) // apart)
        base = (first + low - dilation * tap) // stride
        begin, end = base - closer * (taps - 1), count + base  # of the outputs that they would see
        left, right = max(begin, 0), min(end, output)
        pads = (left - begin, end - right)
        found.append(Phase(first, count, tap, taps, apart, (left, right - left), pads, closer))
    return found


def lower(
    k: "Builder", problem: Problem, gradient: "Value", filters: "Value", forward: Callable[..., Any]
) -> None:
    """Write the gradient by the image of a forward problem: a forward convolution for each phase."""
    choices = _choices(problem)
    if len(choices) > 1:
        k.notes.append(f"{len(choices)} phases, each a convolution of stride 1")
    bank = _exchanged(k, problem, problem.bank(filters))
    for choice in choices:
        sub = _problem(problem, choice)
        if any(phase.empty for phase in choice):
            _zeros(k, sub)
            continue
        parts = [k.steps(phase.crop[0], phase.crop[1], 1) for phase in choice]
        taps: list[Slice] = [k.steps(phase.tap, phase.taps, phase.apart) for phase in choice]
        forward(k, sub, gradient[:, :, *parts], bank[:, :, *taps])


def problems(problem: Problem) -> list[Problem]:
    """The forward problems that the gradient by the image of a forward problem is."""
    full = (choice for choice in _choices(problem) if not any(phase.empty for phase in choice))
    return [_problem(problem, choice) for choice in full]


def _choices(problem: Problem) -> list[tuple[Phase, ...]]:
    """A phase for each axis, in every combination."""
    axes = zip(
        problem.image[2:], problem.filters[2:], problem.output[2:], problem.stride, problem.dilation,
        problem.pads, strict=True,
    )  # fmt: skip
    along = [phases(size, kernel, out, stride, dilation, low)
             for size, kernel, out, stride, dilation, (low, _) in axes]  # fmt: skip
    return list(product(*along))


def _problem(problem: Problem, choice: tuple[Phase, ...]) -> Problem:
    """The forward problem of one phase: filters run backwards in it."""
    batch, channels = problem.image[:2]
    maps, groups = problem.filters[0], problem.groups
    return replace(
        problem,
        image=(batch, maps, *(phase.crop[1] for phase in choice)),
        filters=(channels, maps // groups, *(phase.taps for phase in choice)),
        output=(batch, channels, *(phase.size for phase in choice)),
        stride=(1,) * problem.ndim,
        dilation=tuple(phase.dilation for phase in choice),
        pads=tuple(phase.pads for phase in choice),
        flip=True,
        start=tuple(phase.first for phase in choice),
        step=problem.stride,
        image_last=problem.maps_last,
        maps_last=problem.image_last,
    )


def _exchanged(k: "Builder", problem: Problem, filters: "Value") -> "Value":
    """Filters [K, C/groups, ...] as [C, K/groups, ...]: a view, or a copy where there are groups."""
    spatial = range(2, 2 + problem.ndim)
    groups = problem.groups
    if groups == 1:
        return filters.transpose(1, 0, *spatial)
    maps, depth, *kernel = problem.filters
    each = maps // groups
    bank = k.buffer((groups * depth, each, *kernel), problem.dtype, "exchanged")
    parts = bank.reshape(groups, depth, each, *kernel)
    for group in range(groups):
        part = filters[k.steps(group * each, each, 1)]
        k.copy(part.transpose(1, 0, *spatial), parts[group])
    return bank


def _zeros(k: "Builder", problem: Problem) -> None:
    """Pixels that no output sees."""
    places = zip(problem.start, problem.output[2:], problem.step, strict=True)
    inside = (k.steps(start, size, step) for start, size, step in places)
    at: tuple[Any, ...] = (slice(None), slice(None), *inside)
    tile = k.tile(at)
    k.fill(0, tile)
    k.epilogue(tile, at)
