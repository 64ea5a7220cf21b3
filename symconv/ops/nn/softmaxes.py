"""Softmax, its logarithm, and logarithms of sums of exponentials, over any axes; imports softmax, shape."""

from symconv.errors import RankError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.contract import batched_dot, tensordot
from symconv.ops.dot import dot
from symconv.ops.index import Positions
from symconv.ops.nn.activations import floated
from symconv.ops.reduce import Axes
from symconv.ops.shape import dimshuffle, flatten, normalised_axes, size_of
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
    axes = normalised_axes(axis, x)
    result: Variable = LogSumExp(axes)(x)
    if keepdims:
        return result
    return dimshuffle(result, *(index for index in range(x.ndim) if index not in axes))


def h_softmax(
    x: Operand,
    n_outputs: int,
    W1: Operand,
    b1: Operand,
    W2: Operand,
    b2: Operand,
    target: Operand | None = None,
) -> Variable:
    """Softmax in two levels: first over C classes, then over the O outputs of one class (Goodman 2001).

    Output k belongs to class k // O: its probability is softmax(x W1 + b1) at the class, times
    softmax(x W2[class] + b2[class]) at k mod O. For targets only one class a row is computed.

    Parameters
    ----------
    x : variable or array_like
        [N, F]
    n_outputs : int
        How many outputs count, at most C · O.
    W1, b1 : variable or array_like
        [F, C] and [C].
    W2, b2 : variable or array_like
        [C, F, O] and [C, O].
    target : integer variable or array_like, optional
        [N]: one output for each row.

    Returns
    -------
    Variable
        [N, n_outputs]; with ``target`` [N].

    Raises
    ------
    RankError
        For arguments of other ranks.
    """
    x, W1, b1, W2, b2 = (as_variable(value) for value in (x, W1, b1, W2, b2))
    for name, value, ndim in [("x", x, 2), ("W1", W1, 2), ("b1", b1, 1), ("W2", W2, 3), ("b2", b2, 2)]:
        if value.ndim != ndim:
            raise RankError(
                f"h_softmax needs {name} of {ndim} dimensions, got {value.ndim}",
                arguments=[(name, value.type)],
                where=here(),
            )
    classes = softmax(dot(x, W1) + b1)
    result: Variable
    if target is None:
        within = softmax(tensordot(x, W2, ((1,), (1,))) + b2)
        every = dimshuffle(classes, 0, 1, "x") * within
        result = flatten(every, 2)[:, :n_outputs]
        return result
    size = size_of(b2, 1)
    chosen = as_variable(target) // size
    rows = Positions(0)(x)[:, 0]
    within = softmax(batched_dot(x, W2[chosen]) + b2[chosen])
    result = classes[rows, chosen] * within[rows, as_variable(target) % size]
    return result


def _along(name: str, x: Operand, axis: Axes) -> tuple[Variable, tuple[int, ...]]:
    x = floated(x)
    if x.ndim == 0:
        raise RankError(
            f"{name} needs at least one axis, got a scalar", arguments=[("x", x.type)], where=here()
        )
    return x, normalised_axes(axis, x)


logsoftmax = log_softmax

__all__ = ["h_softmax", "log_softmax", "logsoftmax", "logsumexp", "softmax"]
