"""The ways to compute a convolution, and the choice among them; a file each; imports nothing of the compiler.

An algorithm is a module with

    NAME                          what the setting ``conv_algorithm`` and the generated source call it
    unfit(problem)                why it cannot compute this problem; empty where it can
    work(problem)                 how much of what it does (see costs.py, which says what that costs)
    error(problem)                its error bound, as a multiple of that of plain summation (see below)
    lower(k, problem, first, second)     the instructions, written with the builder

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

from math import inf
from types import ModuleType
from typing import TYPE_CHECKING

from symconv.config import Settings
from symconv.ops.conv.algorithms import (
    columns,
    costs,
    depthwise,
    fft,
    pointwise,
    rows_only,
    winograd,
    winograd_large,
)
from symconv.ops.conv.algorithms.costs import Cost
from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

PORTFOLIO: tuple[ModuleType, ...] = (
    pointwise, depthwise, rows_only, columns, fft, winograd, winograd_large,
)  # fmt: skip
MOST_ERROR = Settings().conv_error


def estimate(module: ModuleType, problem: Problem) -> Cost:
    """What an algorithm's work takes."""
    parts = [costs.cost(problem.dtype, work) for work in module.work(problem)]
    return Cost(*map(sum, zip(*parts, strict=True)))


def offer(
    module: ModuleType, problem: Problem, wanted: str = "auto", most: float = MOST_ERROR
) -> tuple[str, float | None, str]:
    """An algorithm's name, its cost, and what that is made of; no cost, and why, where it is refused."""
    name, unfit = module.NAME, module.unfit(problem)
    if unfit:
        return name, None, unfit
    error = module.error(problem)
    if error > most and name != wanted:
        if error == inf:
            return name, None, "its error is no multiple of that of plain summation"
        return name, None, f"its error bound is {error:.2g} times that of plain summation, not {most:g}"
    cost = estimate(module, problem)
    return name, cost.total, str(cost)


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Write a problem by the algorithm that costs least, or the one that the settings name."""
    wanted, most = k.machine.conv_algorithm, k.machine.conv_error
    chosen = k.choose(str(problem), [offer(module, problem, wanted, most) for module in PORTFOLIO], wanted)
    module = next(module for module in PORTFOLIO if module.NAME == chosen)
    module.lower(k, problem, first, second)
