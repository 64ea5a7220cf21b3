"""The ways to compute a convolution, and the choice among them; a file each; imports nothing of the compiler.

An algorithm is a module with

    NAME                          what the setting ``conv_algorithm`` and the generated source call it
    unfit(problem)                why it cannot compute this problem; empty where it can
    work(problem)                 how much of what it does (see costs.py, which says what that costs)
    error(problem)                its error bound, as a multiple of that of plain summation (see below)
    lower(k, problem, first, second)     the instructions, written with the builder
    READS                         optional: the kinds of problems whose operands it takes by ``k.read``

and an entry in ``PORTFOLIO``. ``problem.kind`` says what the two operands are: image and filters of a
"forward" problem, image and output gradient of a "filters" problem. The gradient by the image reaches an
algorithm as forward problems on the output's gradient (backward.py). A lowering walks ``problem.blocks``,
takes the pixels from ``problem.window`` and hands its tile over: ``k.epilogue(tile, problem.at(blocks))``.
The tile may lie with gaps in the result.

The cheapest that fits is taken, or the one that the settings name. The costs are deterministic. All of them,
and why others do not fit, are in ``f.profile()``.

Summing n products one after the other is wrong by at most n eps sum |x w|: an algorithm is wrong by at most
``error`` times that. One that mixes neighbouring pixels can be held only against the largest pixel that it
mixes and the largest weight, in each channel, in place of every x and w; its ``error`` is above 1. One above
the setting ``conv_error`` is taken only when asked for by name.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from types import ModuleType
from typing import TYPE_CHECKING

from symconv.config import Settings
from symconv.ops.conv.algorithms import (
    backward,
    columns,
    costs,
    fft,
    images_last,
    pointwise,
    row_by_row,
    rows_only,
    winograd,
    winograd_large,
)
from symconv.ops.conv.algorithms.costs import Cost, Work
from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

PORTFOLIO: tuple[ModuleType, ...] = (
    pointwise, row_by_row, rows_only, columns, images_last, fft, winograd, winograd_large,
)  # fmt: skip
MOST_ERROR = Settings().conv_error


def estimate(module: ModuleType, problem: Problem) -> Cost:
    """What an algorithm's work takes, and turning what is not laid out as it needs it."""
    return _total(problem, work(module, problem))


def work(module: ModuleType, problem: Problem) -> list[Work]:
    """What an algorithm does, and turning what does not lie as it needs it."""
    return [*module.work(problem), problem.turned(module is images_last)]


def _total(problem: Problem, works: Sequence[Work]) -> Cost:
    parts = [costs.cost(problem.dtype, work) for work in works]
    return Cost(*map(sum, zip(*parts, strict=True)))


def offer(
    module: ModuleType, problem: Problem, wanted: str = "auto", most: float = MOST_ERROR
) -> tuple[str, float | None, str]:
    """An algorithm's name, its cost, and what that is made of; no cost, and why, where it is refused."""
    name, unfit = module.NAME, module.unfit(problem)
    if unfit:
        return name, None, unfit
    unwise = module.unwise(problem) if module is images_last and name != wanted else ""
    if unwise:
        return name, None, unwise
    error = module.error(problem)
    if error > most and name != wanted:
        if error == inf:
            return name, None, "its error is no multiple of that of plain summation"
        return name, None, f"its error bound is {error:.2g} times that of plain summation, not {most:g}"
    cost = estimate(module, problem)
    return name, cost.total, str(cost)


def cheapest(problem: Problem, besides: str = "") -> float:
    """What the best algorithm takes, without the one of a name."""
    offers = [offer(module, problem) for module in PORTFOLIO if module.NAME != besides]
    return min(cost for _, cost, _ in offers if cost is not None)


def memory_order(problem: Problem, wanted: str, by_image: bool = False) -> tuple[int, ...]:
    """How memory should run along what a convolution computes, if what it reads can be laid out alike."""
    if not _may_turn(problem, wanted) or not problem.multiplies:
        return ()
    alike = replace(problem, image_last=True, maps_last=True)
    if by_image:
        forward = [estimate(images_last, one).total for one in backward.problems(alike)]
        cost = min(_overlapping(alike)[1], sum(forward))
        others = sum(cheapest(one, images_last.NAME) for one in backward.problems(problem))
    else:
        cost = estimate(images_last, alike).total
        others = cheapest(problem, images_last.NAME)
    ordered = images_last.order(len(problem.image))
    return ordered if wanted == images_last.NAME or cost < others else ()


def _may_turn(problem: Problem, wanted: str) -> bool:
    """Whether memory may run along the images: where it fits, for several images, or asked for by name."""
    several = not images_last.unwise(problem) and wanted == "auto"
    return (several or wanted == images_last.NAME) and not images_last.unfit(problem)


def _overlapping(problem: Problem) -> tuple[str, float, str]:
    cost = _total(problem, [*images_last.work_by_image(problem), problem.turned(True)])
    return images_last.NAME, cost.total, str(cost)


def lower_by_image(k: "Builder", problem: Problem, gradient: "Value", filters: "Value") -> None:
    """Write the gradient by the image: by patches of many images, or as forward convolutions."""
    wanted, gradient = k.machine.conv_algorithm, k.stored(gradient)
    if _may_turn(problem, wanted):
        forward = sum(cheapest(one) for one in backward.problems(problem))
        offers = [
            _overlapping(problem),
            ("forward convolutions", forward, "of the output's gradient"),
        ]
        if k.choose(f"by the image: {problem}", offers, wanted) == images_last.NAME:
            images_last.by_image(k, problem, gradient, filters)
            return
    backward.lower(k, problem, gradient, filters, lower)


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Write a problem by the algorithm that costs least, or the one that the settings name."""
    wanted, most = k.machine.conv_algorithm, k.machine.conv_error
    chosen = k.choose(str(problem), [offer(module, problem, wanted, most) for module in PORTFOLIO], wanted)
    module = next(module for module in PORTFOLIO if module.NAME == chosen)
    reads = problem.kind in getattr(module, "READS", ())
    if not reads:
        first, second = k.stored(first), k.stored(second)
    if module is not images_last:
        first, second = (k.stored(value) if k.order(value) else value for value in (first, second))
        first = k.plain_in_parts(first) if reads else k.plain(first)
        second = k.plain_in_parts(second) if reads and problem.kind == "filters" else k.plain(second)
    module.lower(k, problem, first, second)
