"""What neural networks use, composed of other functions; no ops of its own; imports rows and reductions.

The compiler fuses these like anything else, and its rules know their stable forms.
"""

import math

from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.ops.cut import disconnected_grad
from symconv.ops.elemwise import floating_of
from symconv.ops.elemwise_rows import (
    abs,
    cast,
    clip,
    eq,
    exp,
    expm1,
    gt,
    identity,
    isfinite,
    isnan,
    le,
    log,
    maximum,
    minimum,
    sigmoid,
    softplus,
    switch,
    tanh,
)
from symconv.ops.reduce import max as largest
from symconv.ops.reduce import sum as total


def _floating(x: Operand) -> Variable:
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


def leaky_relu(x: Operand, slope: Operand = 0.01) -> Variable:
    """x where x > 0, else ``slope`` · x."""
    return relu(_floating(x), slope)


def hard_sigmoid(x: Operand) -> Variable:
    """clip(0.2 x + 0.5, 0, 1): straight lines near the sigmoid."""
    return clip(_floating(x) * 0.2 + 0.5, 0, 1)


def elu(x: Operand, alpha: Operand = 1.0) -> Variable:
    """x where x > 0, else ``alpha`` (eˣ - 1)."""
    x = _floating(x)
    # Without the minimum a large x would overflow in the branch that is not taken, and spoil the gradient.
    return switch(gt(x, 0), x, expm1(minimum(x, 0)) * alpha)


def selu(x: Operand) -> Variable:
    """The scaled elu that keeps mean 0 and variance 1 (Klambauer et al. 2017, section 2)."""
    return elu(x, 1.6732632423543772) * 1.0507009873554805


def softsign(x: Operand) -> Variable:
    """x / (1 + |x|)."""
    value = _floating(x)
    return value / (1 + abs(value))


def swish(x: Operand, beta: Operand = 1.0) -> Variable:
    """x · sigmoid(``beta`` x), also called silu."""
    value = _floating(x)
    return value * sigmoid(value if isinstance(beta, float) and beta == 1.0 else value * beta)


def gelu(x: Operand) -> Variable:
    """x Φ(x), where tanh stands for Φ (Hendrycks and Gimpel 2016, section 2)."""
    value = _floating(x)
    inner = (value + value * value * value * 0.044715) * math.sqrt(2 / math.pi)
    return value * 0.5 * (1 + tanh(inner))


def softmax(x: Operand, axis: int = -1) -> Variable:
    """eˣ / sum of eˣ along an axis, for x of any size.

    Parameters
    ----------
    x : variable or array_like
    axis : int
        The axis along which the results sum to 1.

    Returns
    -------
    Variable
        Of the shape of ``x``.
    """
    powers = exp(_shifted(_floating(x), axis))
    return powers / total(powers, axis, keepdims=True)


def logsoftmax(x: Operand, axis: int = -1) -> Variable:
    """log(softmax(x)), without the loss where softmax is nearly 0."""
    shifted = _shifted(_floating(x), axis)
    return shifted - log(total(exp(shifted), axis, keepdims=True))


def _shifted(x: Variable, axis: int) -> Variable:
    # Softmax does not change when a constant is added to x, so no gradient need go through the largest.
    return x - disconnected_grad(largest(x, axis, keepdims=True))


def logsumexp(x: Operand, axis: int | None = None, keepdims: bool = False) -> Variable:
    """log(sum of eˣ) over axes, without overflow; -∞ and ∞ are right too."""
    x = _floating(x)
    peak = disconnected_grad(largest(x, axis, keepdims=True))
    shift = switch(isfinite(peak), peak, 0.0)
    result = log(total(exp(x - shift), axis, keepdims=True)) + shift
    return result if keepdims else total(result, axis)


def isclose(
    x: Operand, y: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Variable:
    """|x - y| <= atol + rtol |y|, as ``numpy.isclose``; infinities are close to themselves."""
    x, y = _floating(x), _floating(y)
    close = (isfinite(y) & le(abs(x - y), atol + rtol * abs(y))) | eq(x, y)
    return close | (isnan(x) & isnan(y)) if equal_nan else close


linear = identity
silu = swish

__all__ = [
    "elu", "gelu", "hard_sigmoid", "isclose", "leaky_relu", "linear", "logsoftmax", "logsumexp", "relu",
    "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip
