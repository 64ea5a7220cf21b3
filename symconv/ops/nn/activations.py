"""Activations: elementwise functions composed of rows; imports rows.

Each is of the shape of its argument; of its dtype where that is floating point, else of floating point.
"""

import math

from symconv.errors import OptionError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.dtypes import floating_of
from symconv.ops.elemwise_rows import (
    abs,
    cast,
    clip,
    eq,
    expm1,
    gt,
    identity,
    isfinite,
    isnan,
    le,
    lt,
    maximum,
    minimum,
    sigmoid,
    softplus,
    switch,
    tanh,
)
from symconv.ops.special import erf


def floated(x: Operand) -> Variable:
    """Itself where it is floating point; booleans and integers converted as the functions of rows do."""
    x = as_variable(x)
    return cast(x, floating_of(x.dtype))


def relu(x: Operand, slope: Operand = 0) -> Variable:
    """max(x, 0), or ``slope`` · x where x <= 0; its gradient at 0 is ``slope``.

    Parameters
    ----------
    x : variable or array_like
    slope : number or variable
        The derivative for negative x.

    Returns
    -------
    Variable
        Of the shape and dtype of ``x``.
    """
    x = as_variable(x)
    if isinstance(slope, int | float) and slope == 0:
        return maximum(0, x)  # a tie goes to the first argument: the gradient at 0 is 0
    return switch(gt(x, 0), x, x * slope)


def prelu(x: Operand, slope: Operand) -> Variable:
    """x where x > 0, else ``slope`` · x with a slope that is learnt (He et al. 2015, section 2.1).

    Parameters
    ----------
    x : variable or array_like
    slope : variable
        A scalar, or what broadcasts to ``x``: for one slope a channel of [N, C, H, W] the shape
        (C, 1, 1), its ones known.
    """
    return relu(floated(x), slope)


def leaky_relu(x: Operand, slope: Operand = 0.01) -> Variable:
    """x where x > 0, else ``slope`` · x."""
    return relu(floated(x), slope)


def hard_sigmoid(x: Operand) -> Variable:
    """clip(0.2 x + 0.5, 0, 1): straight lines near the sigmoid."""
    return clip(floated(x) * 0.2 + 0.5, 0, 1)


def ultra_fast_sigmoid(x: Operand) -> Variable:
    """Theano's piecewise approximation of the sigmoid: (s + 1) / 2 for an s that is odd in h = x / 2.

    For h >= 0, s is 1.5 h / (1 + h) below 1.7, 0.935409070603099 + 0.0458812946797165 (h - 1.7) below 3, and
    0.99505475368673 beyond. It is off by at most 0.028.
    """
    half = floated(x) * 0.5
    size = abs(half)
    curve = size * 1.5 / (1 + size)
    line = (size - 1.7) * 0.0458812946797165 + 0.935409070603099
    odd = switch(lt(size, 1.7), curve, switch(lt(size, 3), line, 0.99505475368673))
    return (switch(lt(half, 0), -odd, odd) + 1) * 0.5


def elu(x: Operand, alpha: Operand = 1.0) -> Variable:
    """x where x > 0, else ``alpha`` (eˣ - 1)."""
    x = floated(x)
    # Without the minimum a large x would overflow in the branch that is not taken, and spoil the gradient.
    return switch(gt(x, 0), x, expm1(minimum(x, 0)) * alpha)


def selu(x: Operand) -> Variable:
    """The scaled elu that keeps mean 0 and variance 1 (Klambauer et al. 2017, section 2)."""
    return elu(x, 1.6732632423543772) * 1.0507009873554805


def softsign(x: Operand) -> Variable:
    """x / (1 + |x|)."""
    value = floated(x)
    return value / (1 + abs(value))


def swish(x: Operand, beta: Operand = 1.0) -> Variable:
    """x · sigmoid(``beta`` x), also called silu."""
    value = floated(x)
    return value * sigmoid(value if isinstance(beta, float) and beta == 1.0 else value * beta)


def gelu(x: Operand, approximate: str = "tanh") -> Variable:
    """x Φ(x), where Φ is the normal distribution function (Hendrycks and Gimpel 2016, section 2).

    Parameters
    ----------
    x : variable or array_like
    approximate : {"tanh", "none"}
        "tanh": Φ(x) = (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, several times faster, off by at most 0.0005;
        "none": Φ(x) = (1 + erf(x / √2)) / 2.

    Raises
    ------
    OptionError
        For another approximation.
    """
    value = floated(x)
    if approximate == "none":
        return value * 0.5 * (1 + erf(value * math.sqrt(0.5)))
    if approximate != "tanh":
        raise OptionError(
            f"gelu knows no approximation {approximate!r}",
            where=here(),
            hint="choose 'tanh' or 'none'",
        )
    inner = (value + value * value * value * 0.044715) * math.sqrt(2 / math.pi)
    return value * 0.5 * (1 + tanh(inner))


def mish(x: Operand) -> Variable:
    """x tanh(softplus(x)) (Misra 2019, equation 1)."""
    value = floated(x)
    return value * tanh(softplus(value))


def hard_swish(x: Operand) -> Variable:
    """x · clip(x / 6 + 1/2, 0, 1) (Howard et al. 2019, section 5.2)."""
    value = floated(x)
    return value * clip(value / 6 + 0.5, 0, 1)


def isclose(
    x: Operand, y: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Variable:
    """|x - y| <= atol + rtol |y|, as ``numpy.isclose``; infinities are close to themselves."""
    x, y = floated(x), floated(y)
    close = (isfinite(y) & le(abs(x - y), atol + rtol * abs(y))) | eq(x, y)
    return close | (isnan(x) & isnan(y)) if equal_nan else close


linear = identity
silu = swish

__all__ = [
    "elu", "gelu", "hard_sigmoid", "hard_swish", "isclose", "leaky_relu", "linear", "mish", "prelu", "relu",
    "selu", "sigmoid", "silu", "softplus", "softsign", "swish", "tanh", "ultra_fast_sigmoid",
]  # fmt: skip
