"""Winograd's algorithm with larger tiles: F(4 x 4, 3 x 3), 36 multiplications for 16 outputs, not 144.

Nothing but the transforms differs from ``winograd``. They take the points 0, 3/4, -3/4, 3/2, -3/2 and
infinity: with the usual 0, 1, -1, 2, -2 errors are twice as large.

**Error.** The bound of ``winograd`` with (C + 56) for (C + 20) and 752 for 64: at least 9.3 times that of
plain summation, so ``error`` is 10.3 and more. On normal numbers the error is about twice that of plain
summation. It is taken where ``conv_error`` allows as much.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from symconv.ops.conv.algorithms import winograd
from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

NAME = "winograd 4x4"
SIZE = 4
POINTS = (Fraction(0), Fraction(3, 4), Fraction(-3, 4), Fraction(3, 2), Fraction(-3, 2))
ROUNDINGS = 56
unfit = winograd.unfit


def work(problem: Problem) -> list[Work]:
    """The transforms of pixels and products, and the products."""
    return winograd.work_of(problem, SIZE)


def error(problem: Problem) -> float:
    """As the heading says."""
    return winograd.error_of(problem, winograd.transforms(POINTS), ROUNDINGS)


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """As ``winograd``, with larger tiles."""
    winograd.lower_tiles(k, problem, image, filters, winograd.transforms(POINTS))
