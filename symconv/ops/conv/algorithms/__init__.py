"""The ways to compute a convolution, and the choice among them; a file each; imports nothing of the compiler.

An algorithm is a module with

    NAME                          what the setting ``conv_algorithm`` and the generated source call it
    fits(problem)                 whether it can compute this problem at all
    cost(problem)                 what it will cost, in nanoseconds on one core
    error(problem)                its error bound, as a multiple of that of plain summation (see below)
    lower(k, problem, first, second)     the instructions, written with the builder

and an entry in ``PORTFOLIO``. ``problem.kind`` says what the two operands are: image and filters of a
"forward" problem, image and output gradient of a "filters" problem. The gradient by the image reaches an
algorithm as forward problems on the output's gradient (backward.py). A lowering walks ``problem.blocks``,
takes the pixels from ``problem.window`` and hands its tile over: ``k.epilogue(tile, problem.at(blocks))``.
The tile may lie with gaps in the result.

The cheapest that fits is taken. The costs are those of a simple machine: so many nanoseconds for a
multiplication in a matrix product, for a byte moved, for a call; they are deterministic, and need only be
right about which algorithm is faster.

Summing n products one after the other is wrong by at most n eps sum |x w|: an algorithm is wrong by at most
``error`` times that. One above ``MOST_ERROR`` is taken only when asked for by name.
"""

from types import ModuleType
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms import columns, depthwise, pointwise, rows_only
from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

PORTFOLIO: tuple[ModuleType, ...] = (pointwise, depthwise, rows_only, columns)
MOST_ERROR = 4.0


def choose(problem: Problem, wanted: str = "auto") -> list[tuple[float, ModuleType]]:
    """The algorithms that fit, the best first, with their costs: the wanted one, then the cheapest."""
    fitting = [module for module in PORTFOLIO if module.fits(problem)]
    allowed = [module for module in fitting if module.NAME == wanted or module.error(problem) <= MOST_ERROR]
    costs = [(module.cost(problem), module) for module in allowed]
    return sorted(costs, key=lambda pair: (pair[1].NAME != wanted, pair[0]))


def lower(k: "Builder", problem: Problem, first: "Value", second: "Value") -> None:
    """Write a problem by the algorithm that costs least, or the one that the settings name."""
    wanted = k.machine.conv_algorithm
    (cost, module), *others = choose(problem, wanted)
    considered = ", ".join(f"{other.NAME} {other_cost / 1e6:.2g} ms" for other_cost, other in others)
    missing = wanted not in ("auto", module.NAME)
    k.notes.append(
        f"{module.NAME}, estimated at {cost / 1e6:.2g} ms on one core"
        + (f" (considered: {considered})" if considered else "")
        + (f" (asked for: {wanted}, which does not fit)" if missing else "")
    )
    module.lower(k, problem, first, second)
