"""The op's own ``perform``: fits everything, for the cases that no faster algorithm takes."""

from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value
    from symconv.graph.op import Op

NAME = "direct"


def fits(problem: Problem) -> bool:
    """Always."""
    return True


def cost(problem: Problem) -> float:
    """Far more than any other, so that it is the last resort."""
    taps = 1.0
    for size in (*problem.filters[1:], *problem.output):
        taps *= max(size, 1)
    return 50_000 + 10 * taps


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value", op: "Op") -> None:
    """Call ``perform``, then the epilogue on the whole."""
    whole = k.whole(len(problem.output))
    tile = k.tile(whole)
    k.perform(op, [image, filters], [tile])
    k.epilogue(tile, whole)
