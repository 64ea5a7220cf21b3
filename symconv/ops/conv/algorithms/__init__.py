"""The ways to compute a convolution, and the choice among them; a file each; imports nothing of the compiler.

An algorithm is a module with

    NAME                        what the generated source calls it
    fits(problem)               whether it can compute this problem at all
    cost(problem)               what it will cost, in nanoseconds on one core
    lower(k, problem, image, filters)    the instructions, written with the builder

The cheapest that fits is taken. The costs are those of a simple machine: so many nanoseconds for a
multiplication in a matrix product, for a byte moved, for a call; they are deterministic, and need only be
right about which algorithm is faster.
"""

from types import ModuleType
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms import columns, direct, pointwise, rows_only
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.geometry import ConvGeometry

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value
    from symconv.graph.op import Op

PORTFOLIO: tuple[ModuleType, ...] = (pointwise, rows_only, columns, direct)


def choose(problem: Problem) -> list[tuple[float, ModuleType]]:
    """The algorithms that fit, the cheapest first, with their costs."""
    fitting = [(module.cost(problem), module) for module in PORTFOLIO if module.fits(problem)]
    return sorted(fitting, key=lambda pair: pair[0])


def lower(k: "Builder", op: "Op", geometry: ConvGeometry, image: "Value", filters: "Value") -> None:
    """Write a forward convolution by the algorithm that costs least."""
    assert k.region.anchor is not None
    problem = Problem.of(geometry, image, filters, k.region.anchor.dtype)
    (cost, module), *others = choose(problem)
    considered = ", ".join(f"{other.NAME} {other_cost / 1e6:.2g} ms" for other_cost, other in others)
    k.notes.append(
        f"{module.NAME}, estimated at {cost / 1e6:.2g} ms on one core"
        + (f" (considered: {considered})" if considered else "")
    )
    if module is direct:
        direct.lower(k, problem, image, filters, op)
    else:
        module.lower(k, problem, image, filters)
