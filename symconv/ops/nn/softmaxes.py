"""Softmax, its logarithm, and logarithms of sums of exponentials, over any axes; imports softmax, shape."""

from symconv.errors import RankError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.origin import here
from symconv.ops.nn.activations import floated
from symconv.ops.reduce import Axes
from symconv.ops.shape import dimshuffle, normalised_axes
from symconv.ops.softmax import LogSoftmax, LogSumExp, Softmax


def softmax(x: Operand, axis: Axes = -1) -> Variable:
    """eˣ / sum of eˣ along axes, for x of any size.

    Parameters
    ----------
    x : variable or array_like
    axis : int, sequence of int, or None
        The axes along which the results sum to 1; None means all.

    Returns
    -------
    Variable
        Of the shape of ``x``; of its dtype, or floating point for booleans and integers. A row that is -∞
        throughout gives NaN.

    Raises
    ------
    RankError
        For a scalar, and for an axis that does not exist.

    Notes
    -----
    The logarithm of it, cross-entropies and their gradients are computed as of ``log_softmax``, however they
    are written: ``log(softmax(x))`` is finite where softmax(x) rounds to 0.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.matrix("x")
    >>> sc.softmax(x, axis=1).eval({x: [[0.0, 0.0], [1000.0, 0.0]]})
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    x, axes = _along("softmax", x, axis)
    result: Variable = Softmax(axes)(x)
    return result


def log_softmax(x: Operand, axis: Axes = -1) -> Variable:
    """x - log(sum of eˣ) along axes: log(softmax(x)), without the loss where softmax is nearly 0.

    Parameters, dtypes and errors are those of ``softmax``.
    """
    x, axes = _along("log_softmax", x, axis)
    result: Variable = LogSoftmax(axes)(x)
    return result


def logsumexp(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """log(sum of eˣ) over axes, without overflow.

    Parameters
    ----------
    x : variable or array_like
    axis : int, sequence of int, or None
        The axes to sum over; None means all.
    keepdims : bool
        Whether they stay, with size 1.

    Returns
    -------
    Variable
        Of the dtype of ``x``, or floating point for booleans and integers. Of nothing, and where all is -∞,
        it is -∞; where one is ∞, ∞. Its gradient is softmax(x).
    """
    x = floated(x)
    axes = normalised_axes(axis, x.ndim)
    result: Variable = LogSumExp(axes)(x)
    if keepdims:
        return result
    return dimshuffle(result, *(index for index in range(x.ndim) if index not in axes))


def _along(name: str, x: Operand, axis: Axes) -> tuple[Variable, tuple[int, ...]]:
    x = floated(x)
    if x.ndim == 0:
        raise RankError(
            f"{name} needs at least one axis, got a scalar", arguments=[("x", x.type)], where=here()
        )
    return x, normalised_axes(axis, x.ndim)


logsoftmax = log_softmax

__all__ = ["log_softmax", "logsoftmax", "logsumexp", "softmax"]
