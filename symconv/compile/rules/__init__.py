"""The rules of each pass; with its modules the one part of the compiler that imports ops.

    algebra     elementwise functions, as equations
    reductions  sums, products and extremes of what was permuted, scaled, negated, stretched
    loops       the last state of a loop
    matrices    inverses, determinants and linear equations
    filled      elementwise use of filled tensors
    pooling     gradients of max pooling
    quotients   log, softmax and sigmoid, and what they leave in gradients
"""

from symconv.compile.rewrite import AnyRule
from symconv.compile.rules import algebra, filled, loops, matrices, pooling, quotients, reductions

CANONICAL: tuple[AnyRule, ...] = (
    *algebra.CANONICAL, *reductions.CANONICAL, *filled.CANONICAL, *loops.CANONICAL,
    *matrices.CANONICAL,
)  # fmt: skip
STABLE: tuple[AnyRule, ...] = (*algebra.STABLE, *quotients.STABLE, *matrices.STABLE)
SPECIALISED: tuple[AnyRule, ...] = (
    *algebra.SPECIALISED, *reductions.SPECIALISED, *quotients.SPECIALISED, *pooling.SPECIALISED,
)  # fmt: skip
