"""Special functions as elementwise rows: the error functions, and x log y with 0 log 0 = 0; imports rows.

The error functions are computed in float64 by the rational approximations of FDLIBM's s_erf.c (Sun
Microsystems, 1993): erf at most 2 units in the last place from the truth, erfc 5, also where it is nearly 0.
For lower precisions the result is rounded once.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symconv.graph.nodes import Variable
from symconv.ops.dtypes import Loop, floating_real
from symconv.ops.elemwise import Row
from symconv.ops.elemwise_rows import eq, exp, log, log1p, neg, row, sqr, switch

# Coefficients from the constant term upwards; each numerator is followed by its denominator.
NEAR_0 = (
    (1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
     -5.77027029648944159157e-03, -2.37630166566501626084e-05),
    (1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
     1.32494738004321644526e-04, -3.96022827877536812320e-06),
)  # fmt: skip
NEAR_1 = (
    (-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01,
     3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02,
     -2.16637559486879084300e-03),
    (1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
     1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02),
)  # fmt: skip
TO_2_86 = (
    (-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e01,
     -6.23753324503260060396e01, -1.62396669462573470355e02, -1.84605092906711035994e02,
     -8.12874355063065934246e01, -9.81432934416914548592e00),
    (1.0, 1.96512716674392571292e01, 1.37657754143519042600e02, 4.34565877475229228821e02,
     6.45387271733267880336e02, 4.29008140027567833386e02, 1.08635005541779435134e02,
     6.57024977031928170135e00, -6.04244152148580987438e-02),
)  # fmt: skip
BEYOND = (
    (-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e01,
     -1.60636384855821916062e02, -6.37566443368389627722e02, -1.02509513161107724954e03,
     -4.83519191608651397019e02),
    (1.0, 3.03380607434824582924e01, 3.25792512996573918826e02, 1.53672958608443695994e03,
     3.19985821950859553908e03, 2.55305040643316442583e03, 4.74528541206955367215e02,
     -2.24409524465858183362e01),
)  # fmt: skip
ERF_NEAR_1 = 8.45062911510467529297e-01  # erf(1), as much as float32 holds


def _ratio(u: Any, coefficients: tuple[Sequence[float], Sequence[float]], x: Any) -> Any:
    """A polynomial in x divided by another, by Horner's rule."""
    above, below = (_horner(u, terms, x) for terms in coefficients)
    return u.divide(above, below)


def _horner(u: Any, terms: Sequence[float], x: Any) -> Any:
    result: Any = terms[-1]
    for term in terms[-2::-1]:
        result = u.add(u.multiply(x, result), term)
    return result


def _pieces(u: Any, x: Any) -> tuple[Any, Any, Any]:
    """For |x|: (erf(x) - x) / x near 0, erf(x) - erf(1) near 1, and erfc(x) beyond, each right in its range.

    Beyond 1.25 erfc(x) = exp(-x² - 0.5625 + R(1/x²)) / x. The square is split at x rounded to float32, so
    that what enters the exponential is exact.
    """
    size = u.absolute(x)
    small = u.minimum(size, 1.0)
    near_0 = _ratio(u, NEAR_0, u.square(small))
    near_1 = _ratio(u, NEAR_1, u.subtract(u.minimum(u.maximum(size, 0.75), 1.25), 1.0))
    far = u.minimum(u.maximum(size, 1.25), 28.0)
    inverse = u.reciprocal(u.square(far))
    ratio = u.where(
        u.less(far, 1 / 0.35), _ratio(u, TO_2_86, inverse), _ratio(u, BEYOND, u.minimum(inverse, 0.1226))
    )
    rounded = u.cast(u.cast(far, "float32"), "float64")
    first = u.exp(u.subtract(-0.5625, u.square(rounded)))
    rest = u.add(u.multiply(u.subtract(rounded, far), u.add(rounded, far)), ratio)
    return near_0, near_1, u.divide(u.multiply(first, u.exp(rest)), far)


def _erf(u: Any, x: Any) -> Any:
    near_0, near_1, tail = _pieces(u, x)
    size = u.absolute(x)
    large = u.where(u.less(size, 1.25), u.add(near_1, ERF_NEAR_1), u.subtract(1.0, tail))
    result = u.where(u.less(size, 0.84375), u.add(x, u.multiply(x, near_0)), u.copysign(large, x))
    return u.where(u.not_equal(x, x), x, result)


def _erfc(u: Any, x: Any) -> Any:
    near_0, near_1, tail = _pieces(u, x)
    size = u.absolute(x)
    # Near 1/2 the sum of small terms first: 1 - erf(x) would lose digits.
    around_half = u.subtract(0.5, u.add(u.subtract(x, 0.5), u.multiply(x, near_0)))
    around_0 = u.subtract(1.0, u.add(x, u.multiply(x, near_0)))
    near = u.where(u.less(x, 0.25), around_0, around_half)
    positive = u.where(u.less(size, 1.25), u.subtract(1 - ERF_NEAR_1, near_1), tail)
    negative = u.where(
        u.less(size, 1.25), u.add(1.0, u.add(near_1, ERF_NEAR_1)), u.subtract(2.0, tail)
    )
    large = u.where(u.less(x, 0.0), negative, positive)
    result = u.where(u.less(size, 0.84375), near, large)
    return u.where(u.not_equal(x, x), x, result)


def _in_double(row: Row, dtypes: tuple[str, ...]) -> Loop:
    """Floating point: of bool, int8 and uint8 float32, of other integers float64; computed in float64."""
    return Loop(("float64",) * len(dtypes), floating_real(row, dtypes).result)


def _each(function: Callable[[float], float]) -> Callable[..., Any]:
    """A function of Python's own numbers, applied to each element."""
    return lambda x: np.vectorize(function, otypes=["float64"])(x)


def _slope(x: Variable, factor: float) -> Variable:
    return exp(neg(sqr(x))) * (factor * 2 / math.sqrt(math.pi))


erf = row("erf(x)", "2/√π ∫₀ˣ exp(-t²) dt, the error function", _in_double,
          lambda x, z, g: g * _slope(x, 1), steps=_erf, meaning=_each(math.erf))
erfc = row("erfc(x)", "1 - erf(x), also accurate where it is nearly 0", _in_double,
           lambda x, z, g: g * _slope(x, -1), steps=_erfc, meaning=_each(math.erfc))


# Products with logarithms


def _xlogy_gradient(x: Variable, y: Variable, z: Variable, g: Variable) -> tuple[Variable, Variable]:
    return g * log(y), switch(eq(x, 0), 0.0, g * x / y)


def _xlog1py_gradient(x: Variable, y: Variable, z: Variable, g: Variable) -> tuple[Variable, Variable]:
    return g * log1p(y), switch(eq(x, 0), 0.0, g * x / (y + 1))


def _or_0(product: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Steps and meaning of x times a function of y, which is 0 where x is 0 and y a number."""

    def steps(u: Any, x: Any, y: Any) -> Any:
        nothing = u.bitwise_and(u.equal(x, 0), u.equal(y, y))
        return u.where(nothing, 0.0, product(u, x, y))

    def meaning(x: Any, y: Any) -> Any:
        return np.where((x == 0) & ~np.isnan(y), np.zeros_like(x), product(np, x, y))

    return steps, meaning


_log_steps, _log_meaning = _or_0(lambda u, x, y: u.multiply(x, u.log(y)))
_log1p_steps, _log1p_meaning = _or_0(lambda u, x, y: u.multiply(x, u.log1p(y)))

xlogy = row("xlogy(x, y)", "x log(y), 0 where x = 0", floating_real, _xlogy_gradient,
            steps=_log_steps, meaning=_log_meaning,
            note="Gradient: 0 by y where x = 0.")
xlog1py = row("xlog1py(x, y)", "x log(1 + y), 0 where x = 0", floating_real, _xlog1py_gradient,
              steps=_log1p_steps, meaning=_log1p_meaning,
              note="Gradient: 0 by y where x = 0.")

__all__ = ["erf", "erfc", "xlog1py", "xlogy"]
