"""Gamma, inverse error and Bessel functions, elementwise, as SciPy computes them; imports rows.

NumPy has none of these, and SciPy's are the well-kept ones: so they need SciPy, the extra
``symconv[special]``, which is imported when the first of them is computed, in double precision. Each is a
kernel of its own; gradients are written with the others of the table and with rows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, DTypeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, NoGradient, Op, Terms, argument, as_tuple, as_variable, weak_constant
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType, broadcast
from symconv.ops.dtypes import common_dtype, floating_of
from symconv.ops.elemwise import sum_to
from symconv.ops.elemwise_rows import exp, neg, sqr
from symconv.ops.special import xlogy


@frozen(repr=False)
class Formula:
    """What there is to know about one function; compared by name.

    Attributes
    ----------
    name : str
        Its name here.
    operands : tuple of str
        Names of the operands.
    text : str
        What it computes, for people.
    scipy : str
        Its name in ``scipy.special``; it takes the operands in this order.
    gradient : callable
        ``gradient(*operands, result, g)``: a term for each operand.
    """

    name: str
    operands: tuple[str, ...] = field(compare=False)
    text: str = field(compare=False)
    scipy: str = field(compare=False)
    gradient: Callable[..., Any] = field(compare=False)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return formula_named, (self.name,)


def formula_named(name: str) -> Formula:
    """The function of this name."""
    return FORMULAS[name]


@frozen
class ScipyFunction(Op):
    """An elementwise function of ``scipy.special`` of tensors that broadcast.

    Attributes
    ----------
    formula : Formula
        Which.
    """

    core_ndim: ClassVar[int | None] = 0
    formula: Formula

    def __post_init__(self) -> None:
        object.__setattr__(self, "argument_names", self.formula.operands)

    def out_types(self, *types: TensorType) -> TensorType:
        """Floating point: of bool, int8 and uint8 float32, of other integers float64, else promoted."""
        if any(type.is_complex for type in types):
            raise DTypeError(f"{self.formula} needs real numbers", hint="say which part you mean: real(x)")
        common = floating_of(common_dtype(tuple(type.dtype for type in types)))
        return TensorType(common, broadcast([type.shape for type in types]))

    def perform(self, *arrays: Array) -> Array:
        dtype = self.out_types(*(TensorType(a.dtype.name, a.shape) for a in arrays)).dtype
        function = getattr(import_module("scipy.special"), self.formula.scipy)
        with np.errstate(all="ignore"):
            computed = function(*(array.astype("float64", copy=False) for array in arrays))
            return np.asarray(computed).astype(dtype, copy=False)

    def grad(self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients) -> Terms:
        """The formula's gradient, summed over what was broadcast; nothing for integers."""
        if gradients[0] is None:
            return [None] * len(inputs)
        terms = as_tuple(self.formula.gradient(*inputs, outputs[0], gradients[0]))
        results: list[Any] = []
        for variable, term in zip(inputs, terms, strict=True):
            if isinstance(term, NoGradient):
                results.append(term)
            else:
                results.append(None if variable.type.is_discrete else sum_to(term, variable.type))
        return results

    @property
    def label(self) -> str:
        """The function's name."""
        return self.formula.name

    @property
    def details(self) -> tuple[str, ...]:
        """Nothing: the name says it all."""
        return ()


@cache
def _has_scipy() -> bool:
    return find_spec("scipy") is not None


def _apply(name: str, *operands: Operand) -> Variable:
    formula = FORMULAS[name]
    # Python numbers adapt to the tensors beside them, as in every elementwise function.
    weak = [type(operand) in (bool, int, float) for operand in operands]
    given = [as_variable(operand) for operand in operands]
    dtypes = [floating_of(v.dtype) for v, is_weak in zip(given, weak, strict=True) if not is_weak]
    variables = [
        weak_constant(operand, dtypes) if is_weak and dtypes else variable
        for operand, variable, is_weak in zip(operands, given, weak, strict=True)
    ]
    if not _has_scipy():
        raise ArgumentError(
            f"{name} is computed by SciPy, which is not installed",
            arguments=[argument(o, v) for o, v in zip(formula.operands, variables, strict=True)],
            where=here(),
            hint='pip install "symconv[special]"',
        )
    result: Variable = ScipyFunction(formula)(*variables)
    return result


# The functions


def gammaln(x: Operand) -> Variable:
    """log |Γ(x)|, elementwise."""
    return _apply("gammaln", x)


def gamma(x: Operand) -> Variable:
    """Γ(x), elementwise."""
    return _apply("gamma", x)


def psi(x: Operand) -> Variable:
    """The derivative of log Γ(x), elementwise: the digamma function."""
    return _apply("psi", x)


def polygamma(n: Operand, x: Operand) -> Variable:
    """The n-th derivative of ``psi(x)``, elementwise; n is a whole number from 0 on."""
    return _apply("polygamma", n, x)


def tri_gamma(x: Operand) -> Variable:
    """The first derivative of ``psi(x)``, elementwise."""
    return polygamma(1, x)


def erfinv(x: Operand) -> Variable:
    """The number whose ``erf`` is x, elementwise, for -1 < x < 1."""
    return _apply("erfinv", x)


def erfcinv(x: Operand) -> Variable:
    """The number whose ``erfc`` is x, elementwise, for 0 < x < 2."""
    return _apply("erfcinv", x)


def erfcx(x: Operand) -> Variable:
    """exp(x²) erfc(x), elementwise: finite where erfc is nearly 0."""
    return _apply("erfcx", x)


def jv(order: Operand, x: Operand) -> Variable:
    """The Bessel function of the first kind J of real order at x, elementwise."""
    return _apply("jv", order, x)


def j0(x: Operand) -> Variable:
    """The Bessel function J of order 0, elementwise."""
    return _apply("j0", x)


def j1(x: Operand) -> Variable:
    """The Bessel function J of order 1, elementwise."""
    return _apply("j1", x)


def iv(order: Operand, x: Operand) -> Variable:
    """The modified Bessel function of the first kind I of real order at x, elementwise."""
    return _apply("iv", order, x)


def i0(x: Operand) -> Variable:
    """The modified Bessel function I of order 0, elementwise."""
    return _apply("i0", x)


def i1(x: Operand) -> Variable:
    """The modified Bessel function I of order 1, elementwise."""
    return _apply("i1", x)


def chi2sf(x: Operand, k: Operand) -> Variable:
    """The chance that a chi-squared number of k degrees of freedom is above x, elementwise."""
    return _apply("chi2sf", k, x)


ORDER = NoGradient("a Bessel function has no derivative by its order here")
FREEDOM = NoGradient("chi2sf has no derivative by the degrees of freedom here")


def _density(k: Variable, x: Variable) -> Variable:
    """The density of the chi-squared distribution."""
    half = k / 2
    return exp(xlogy(half - 1, x) - x / 2 - half * math.log(2) - gammaln(half))


FORMULAS = {
    formula.name: formula
    for formula in (
        Formula("gammaln", ("x",), "log |Γ(x)|", "gammaln", lambda x, z, g: g * psi(x)),
        Formula("gamma", ("x",), "Γ(x)", "gamma", lambda x, z, g: g * z * psi(x)),
        Formula("psi", ("x",), "the derivative of log Γ(x)", "psi", lambda x, z, g: g * tri_gamma(x)),
        Formula("polygamma", ("n", "x"), "the n-th derivative of psi(x)", "polygamma",
                lambda n, x, z, g: (NoGradient("n is a whole number"), g * polygamma(n + 1, x))),
        Formula("erfinv", ("x",), "the number whose erf is x", "erfinv",
                lambda x, z, g: g * exp(sqr(z)) * (math.sqrt(math.pi) / 2)),
        Formula("erfcinv", ("x",), "the number whose erfc is x", "erfcinv",
                lambda x, z, g: neg(g) * exp(sqr(z)) * (math.sqrt(math.pi) / 2)),
        Formula("erfcx", ("x",), "exp(x²) erfc(x)", "erfcx",
                lambda x, z, g: g * (2 * x * z - 2 / math.sqrt(math.pi))),
        Formula("jv", ("order", "x"), "the Bessel function J of an order", "jv",
                lambda v, x, z, g: (ORDER, g * (jv(v - 1, x) - jv(v + 1, x)) / 2)),
        Formula("j0", ("x",), "the Bessel function J of order 0", "j0", lambda x, z, g: neg(g) * j1(x)),
        Formula("j1", ("x",), "the Bessel function J of order 1", "j1",
                lambda x, z, g: g * (j0(x) - jv(2, x)) / 2),
        Formula("iv", ("order", "x"), "the modified Bessel function I of an order", "iv",
                lambda v, x, z, g: (ORDER, g * (iv(v - 1, x) + iv(v + 1, x)) / 2)),
        Formula("i0", ("x",), "the modified Bessel function I of order 0", "i0", lambda x, z, g: g * i1(x)),
        Formula("i1", ("x",), "the modified Bessel function I of order 1", "i1",
                lambda x, z, g: g * (i0(x) + iv(2, x)) / 2),
        Formula("chi2sf", ("k", "x"), "the chance of more than x with k degrees of freedom", "chdtrc",
                lambda k, x, z, g: (FREEDOM, neg(g) * _density(k, x))),
    )
}  # fmt: skip
"""All functions by name: the table as data, for documentation and tests."""

__all__ = [
    "chi2sf", "erfcinv", "erfcx", "erfinv", "gamma", "gammaln", "i0", "i1", "iv", "j0", "j1", "jv",
    "polygamma", "psi", "tri_gamma",
]  # fmt: skip
