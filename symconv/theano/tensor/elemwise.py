"""``theano.tensor.elemwise``: the elementwise functions, with Theano's rules for dtypes; imports symconv."""

from collections.abc import Callable
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import DTypeError, OptionError
from symconv.graph.nodes import Variable
from symconv.graph.operators import METHODS as CORE_METHODS
from symconv.theano._functions import noted
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import METHODS, adopted

Function = Callable[..., Any]

ANY: dict[str, Function] = {
    "add": sc.add, "mul": sc.mul, "int_div": sc.floordiv, "mod": sc.mod, "pow": sc.pow, "neg": sc.neg,
    "sqr": sc.sqr, "abs_": sc.abs, "sgn": sc.sign, "maximum": sc.maximum, "minimum": sc.minimum,
    "switch": sc.switch, "eq": sc.eq, "neq": sc.neq, "lt": sc.lt, "le": sc.le, "gt": sc.gt, "ge": sc.ge,
    "isnan": sc.isnan, "isinf": sc.isinf, "invert": sc.invert, "and_": sc.bitwise_and,
    "or_": sc.bitwise_or, "xor": sc.bitwise_xor, "conj": sc.conj, "real": sc.real, "imag": sc.imag,
    "angle": sc.angle, "second": sc.second, "clip": sc.clip,
}  # fmt: skip
"""Functions of any dtype: what promotion gives."""

FLOAT = {
    name: getattr(sc, name)
    for name in (
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "arcsin",
        "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "deg2rad", "rad2deg",
        "floor", "ceil", "trunc", "inv", "erf", "erfc", "sigmoid", "softplus", "ultra_fast_sigmoid",
        "hard_sigmoid", "gammaln", "gamma", "psi", "tri_gamma", "erfinv", "erfcinv", "erfcx", "j0", "j1",
        "i0", "i1",
    )
}  # fmt: skip
"""Functions whose result is floating point: float32 of integers of up to 16 bits, float64 of others."""


def of_any(function: Function) -> Function:
    """A function whose numbers take Theano's dtypes."""

    def call(*operands: Any) -> Any:
        return adopted(function(*map(as_tensor_variable, operands)))

    call.__name__, call.__doc__ = str(getattr(function, "__name__", function)), function.__doc__
    return call


def floating(x: Any) -> Variable:
    """An operand of a float function: integers of up to 16 bits become float32, others float64."""
    operand = as_tensor_variable(x)
    if not operand.type.is_discrete:
        return operand
    result: Variable = sc.cast(operand, "float32" if np.dtype(operand.dtype).itemsize <= 2 else "float64")
    return result


def of_float(function: Function) -> Function:
    """A function of operands that become floating point."""

    def call(x: Any) -> Any:
        return adopted(function(floating(x)))

    call.__name__, call.__doc__ = str(getattr(function, "__name__", function)), function.__doc__
    return call


def variadic(function: Function) -> Function:
    """A function of two operands, of any number of them."""

    def call(first: Any, *others: Any) -> Any:
        operands = [as_tensor_variable(operand) for operand in (first, *others)]
        result = operands[0]
        for operand in operands[1:]:
            result = function(result, operand)
        return noted(adopted(result), operands=operands) if len(operands) > 2 else adopted(result)

    call.__name__, call.__doc__ = str(getattr(function, "__name__", function)), function.__doc__
    return call


globals().update({name: of_any(function) for name, function in ANY.items()})
globals().update({name: of_float(function) for name, function in FLOAT.items()})
globals().update(add=variadic(sc.add), mul=variadic(sc.mul))


def sub(a: Any, b: Any) -> Variable:
    """a - b; not of two booleans."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.dtype == b.dtype == "bool":
        raise DTypeError(
            "the difference of two booleans is not defined", arguments=[("a", a.type), ("b", b.type)]
        )
    result: Variable = adopted(sc.sub(a, b))
    return result


def true_div(a: Any, b: Any) -> Variable:
    """a / b; ``floatX`` of two integers."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.type.is_discrete and b.type.is_discrete:
        a, b = sc.cast(a, sc.config.floatX), sc.cast(b, sc.config.floatX)
    result: Variable = adopted(sc.true_div(a, b))
    return result


def arctan2(a: Any, b: Any) -> Variable:
    """The angle of the point (b, a)."""
    result: Variable = adopted(sc.arctan2(floating(a), floating(b)))
    return result


def jv(v: Any, x: Any) -> Variable:
    """The Bessel function J of order v at x."""
    result: Variable = adopted(sc.jv(floating(v), floating(x)))
    return result


def iv(v: Any, x: Any) -> Variable:
    """The modified Bessel function I of order v at x."""
    result: Variable = adopted(sc.iv(floating(v), floating(x)))
    return result


def chi2sf(x: Any, k: Any) -> Variable:
    """The chance that a chi-squared number of k degrees of freedom is above x."""
    result: Variable = adopted(sc.chi2sf(floating(x), floating(k)))
    return result


def round(a: Any, mode: str | None = None) -> Variable:
    """Round to whole numbers, halves to the even one; ``mode="half_away_from_zero"`` does what it says."""
    modes = {None: sc.round, "half_to_even": sc.round, "half_away_from_zero": sc.round_half_away_from_zero}
    if mode not in modes:
        raise OptionError(f"round has no mode {mode!r}", hint="choose one of " + ", ".join(map(repr, modes)))
    a = as_tensor_variable(a)
    if a.type.is_discrete:
        raise DTypeError(f"round needs floating point, got {a.type}", hint="integers are round already")
    result: Variable = adopted(modes[mode](a))
    return result


def cast(x: Any, dtype: Any) -> Variable:
    """Convert to a dtype; "floatX" is the setting."""
    result: Variable = adopted(sc.cast(as_tensor_variable(x), dtype))
    return result


def where(cond: Any, ift: Any, iff: Any) -> Variable:
    """``ift`` where the condition holds, else ``iff``."""
    result: Variable = adopted(sc.switch(*map(as_tensor_variable, (cond, ift, iff))))
    return result


def _method(name: str) -> Function:
    return globals()[name]  # type: ignore[no-any-return]


OPERATORS = {
    "__add__": "add", "__sub__": "sub", "__mul__": "mul", "__truediv__": "true_div",
    "__floordiv__": "int_div", "__mod__": "mod", "__pow__": "pow", "__neg__": "neg", "__abs__": "abs_",
    "__invert__": "invert", "__and__": "and_", "__or__": "or_", "__xor__": "xor",
    "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge",
}  # fmt: skip
"""The function that each operator is."""

METHODS.update({method: _method(name) for method, name in OPERATORS.items()})
METHODS.update({name: _method(name) for name in FLOAT if name in CORE_METHODS})
METHODS.update(round=round, astype=cast)
METHODS.update({name: _method(name) for name in ("clip", "conj", "real", "imag")})
METHODS["conjugate"] = _method("conj")

__getattr__ = refuses("theano.tensor.elemwise", globals())

__all__ = [
    *ANY, *FLOAT, "arctan2", "cast", "chi2sf", "iv", "jv", "round", "sub", "true_div", "where",
]  # fmt: skip
