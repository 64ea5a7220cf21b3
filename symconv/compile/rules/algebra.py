"""The algebra and the stabilisations of elementwise functions, written as equations; imports rows.

Each equation holds for every value of its variables that the condition admits, NaN and infinity included,
up to rounding; what the right side gains is digits, range or time. One keeps a sign that NumPy loses:
-0.0 + 0 is 0.0, and ``x + 0 = x`` leaves -0.0.
"""

from typing import Any

import numpy as np

from symconv.compile.rewrite import AnyRule, NodeRule, Rule, pattern
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.ops.elemwise import Elemwise
from symconv.ops.elemwise_rows import (
    abs,
    add,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    reciprocal,
    sigmoid,
    softplus,
    sqr,
    sqrt,
    sub,
    true_div,
)
from symconv.ops.shape import DimShuffle
from symconv.ops.special import erf, erfc

x, y = pattern("x", "y")


def is_float(**variables: Variable) -> bool:
    """Whether all variables are real floating-point ones: integers wrap and complex numbers have branches."""
    return all(variable.type.is_float for variable in variables.values())


def is_numeric(**variables: Variable) -> bool:
    """Whether all variables are numbers of any kind, not truth values."""
    return all(variable.dtype != "bool" for variable in variables.values())


def is_real(**variables: Variable) -> bool:
    """Whether all variables are numbers with an order, not truth values."""
    return all(variable.dtype != "bool" and not variable.type.is_complex for variable in variables.values())


def is_negated_safely(x: Variable, y: Variable) -> bool:
    """Whether -y is a number and does not wrap before it meets x: wrapped in int8 it is wrong in int64."""
    return is_numeric(x=x, y=y) and (not y.type.is_discrete or x.dtype == y.dtype)


def _exponent_by_hand(node: Apply) -> Variable | None:
    """Powers by small constants as products and roots."""
    base, exponent = node.inputs
    if not isinstance(exponent, Constant) or exponent.ndim or not base.type.is_float:
        return None
    if base.dtype != node.outputs[0].dtype:
        return None
    simpler: dict[Any, Any] = {
        1.0: lambda: base,
        2.0: lambda: sqr(base),
        -1.0: lambda: reciprocal(base),
    }
    make = simpler.get(exponent.data.item())
    return make() if make is not None else None


def _division_by_power_of_two(node: Apply) -> Variable | None:
    """Dividing by a constant whose reciprocal is exact is multiplying by it, which is faster."""
    numerator, divisor = node.inputs
    if not isinstance(divisor, Constant) or divisor.ndim or not divisor.type.is_float:
        return None
    mantissa, _ = np.frexp(divisor.data)
    with np.errstate(all="ignore"):
        inverse = 1 / divisor.data
    normal = np.finfo(divisor.data.dtype).tiny
    if mantissa not in (0.5, -0.5) or not np.isfinite(inverse) or -normal < inverse < normal:
        return None
    result: Variable = mul(numerator, Constant(np.asarray(inverse, divisor.dtype)))
    return result


def _views_last(node: Apply) -> Variable | None:
    """f(view of x) = view of f(x) where f has no other tensor: so that f joins what computes x."""
    tensors = [variable for variable in node.inputs if not isinstance(variable, Constant)]
    if len(tensors) != 1 or any(v.ndim for v in node.inputs if isinstance(v, Constant)):
        return None
    (tensor,) = tensors
    view = tensor.owner
    if view is None or not isinstance(view.op, DimShuffle) or view.inputs[0].owner is None:
        return None
    if view.inputs[0].owner.op.role not in ("elementwise", "anchor", "reduction"):
        return None
    inside = node.op(*(view.inputs[0] if variable is tensor else variable for variable in node.inputs))
    result: Variable = view.op(inside)
    return result


def _negated_constant(node: Apply) -> Variable | None:
    """The sign of a product with a constant, or of a quotient, is the constant's."""
    product = node.inputs[0].owner
    if product is None or product.op not in (mul, true_div) or not node.outputs[0].type.is_float:
        return None
    left, right = product.inputs
    if product.op == mul and isinstance(left, Constant):
        left, right = right, left
    if not isinstance(right, Constant) or not right.type.is_float or isinstance(left, Constant):
        return None
    result: Variable = product.op(left, Constant(-right.data))
    return result


CANONICAL: tuple[AnyRule, ...] = (
    Rule("x + 0 = x", add(x, 0), x, when=is_numeric),
    Rule("x - 0 = x", sub(x, 0), x, when=is_numeric),
    Rule("0 - x = -x", sub(0, x), neg(x), when=lambda x: x.type.is_discrete and x.dtype != "bool"),
    Rule("x * 1 = x", mul(x, 1), x, when=is_numeric),
    Rule("x / 1 = x", true_div(x, 1), x, when=is_float),
    Rule("x * -1 = -x", mul(x, -1), neg(x), when=is_real),
    Rule("-(-x) = x", neg(neg(x)), x, when=is_numeric),
    Rule("x + (-y) = x - y", add(x, neg(y)), sub(x, y), when=is_negated_safely),
    Rule("x - (-y) = x + y", sub(x, neg(y)), add(x, y), when=is_negated_safely),
    Rule("(-x) * (-y) = x * y", mul(neg(x), neg(y)), mul(x, y), when=is_float),
    Rule("(-x) * y = -(x * y)", mul(neg(x), y), neg(mul(x, y)), when=is_float),
    Rule("(-x) / y = -(x / y)", true_div(neg(x), y), neg(true_div(x, y)), when=is_float),
    Rule("x / (-y) = -(x / y)", true_div(x, neg(y)), neg(true_div(x, y)), when=is_float),
    NodeRule("-(x * c) = x * (-c), -(x / c) = x / (-c)", neg, _negated_constant),
    Rule("abs(abs(x)) = abs(x)", abs(abs(x)), abs(x), when=is_real),
    Rule("abs(-x) = abs(x)", abs(neg(x)), abs(x), when=is_float),
    Rule("maximum(x, x) = x", maximum(x, x), x),
    Rule("minimum(x, x) = x", minimum(x, x), x),
)

STABLE: tuple[AnyRule, ...] = (
    Rule("log(exp(x)) = x", log(exp(x)), x, when=is_float),
    Rule("log(1 + x) = log1p(x)", log(add(1, x)), log1p(x), when=is_float),
    Rule("log1p(exp(x)) = softplus(x)", log1p(exp(x)), softplus(x), when=is_float),
    Rule("exp(x) - 1 = expm1(x)", sub(exp(x), 1), expm1(x), when=is_float),
    Rule("1 / (1 + exp(-x)) = sigmoid(x)", true_div(1, add(1, exp(neg(x)))), sigmoid(x), when=is_float),
    Rule("reciprocal(1 + exp(-x)) = sigmoid(x)", reciprocal(add(1, exp(neg(x)))), sigmoid(x), when=is_float),
    Rule("log(sigmoid(x)) = -softplus(-x)", log(sigmoid(x)), neg(softplus(neg(x))), when=is_float),
    Rule("1 - sigmoid(x) = sigmoid(-x)", sub(1, sigmoid(x)), sigmoid(neg(x)), when=is_float),
    Rule("log1p(-sigmoid(x)) = -softplus(x)", log1p(neg(sigmoid(x))), neg(softplus(x)), when=is_float),
    Rule("sqrt(sqr(x)) = abs(x)", sqrt(sqr(x)), abs(x), when=is_float),
    Rule("1 - erf(x) = erfc(x)", sub(1, erf(x)), erfc(x), when=is_float),
    Rule("1 - erfc(x) = erf(x)", sub(1, erfc(x)), erf(x), when=is_float),
    Rule("1 + erf(x) = erfc(-x)", add(1, erf(x)), erfc(neg(x)), when=is_float),
    Rule(
        "y / (1 + exp(x)) * exp(x) = y * sigmoid(x)",
        mul(true_div(y, add(1, exp(x))), exp(x)),
        mul(y, sigmoid(x)),
        when=is_float,
    ),
)

SPECIALISED: tuple[AnyRule, ...] = (
    Rule("x * x = sqr(x)", mul(x, x), sqr(x), when=is_float),
    Rule("1 / x = reciprocal(x)", true_div(1, x), reciprocal(x), when=is_float),
    NodeRule("x ** 1, 2, -1 = x, sqr(x), reciprocal(x)", pow, _exponent_by_hand),
    NodeRule("x / 2**n = x * 2**-n", true_div, _division_by_power_of_two),
    NodeRule("f(view(x)) = view(f(x))", Elemwise, _views_last),
)
