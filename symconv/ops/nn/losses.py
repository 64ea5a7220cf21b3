"""Losses, before they are averaged: cross-entropies, hinge, squares, Huber; imports rows and sums."""

from symconv.errors import DTypeError, OptionError, RankError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.along import taken_along
from symconv.ops.elemwise_rows import abs, eq, le, log, maximum, minimum, softplus, sqr, switch
from symconv.ops.nn.activations import floated
from symconv.ops.nn.softmaxes import log_softmax
from symconv.ops.reduce import sum as total
from symconv.ops.shape import dimshuffle
from symconv.ops.special import xlog1py, xlogy


def categorical_crossentropy(probabilities: Operand, targets: Operand) -> Variable:
    """-sum of t log p over the last axis, or -log p of the class that an index names.

    Parameters
    ----------
    probabilities : variable or array_like
        [..., K]: along the last axis one probability a class. Where they are ``softmax(x)``, loss and
        gradient are computed from x, without overflow, and the gradient is softmax(x) - t.
    targets : variable or array_like
        [..., K]: a distribution for each row, 0 log 0 counting as 0; or integers [...]: a class for each row,
        negative ones counted from the end.

    Returns
    -------
    Variable
        [...]: one number for each row, of the dtype of ``probabilities``.

    Raises
    ------
    RankError
        For targets of another rank.
    DTypeError
        For indices that are no integers.
    IndexError
        When run, for an index beyond the classes.

    Examples
    --------
    >>> import symconv as sc
    >>> x, labels = sc.matrix("x"), sc.lvector("labels")
    >>> loss = sc.categorical_crossentropy(sc.softmax(x), labels).mean()
    >>> float(loss.eval({x: [[1000.0, 0.0]], labels: [1]}))
    1000.0
    """
    p, t = floated(probabilities), as_variable(targets)
    if _are_indices("categorical_crossentropy", p, t):
        return -log(_picked(p, t))
    return -total(xlogy(t, p), -1)


def softmax_crossentropy(logits: Operand, targets: Operand) -> Variable:
    """``categorical_crossentropy`` of softmax(``logits``), by log_softmax; parameters as there.

    Its gradient is softmax(logits) - t.
    """
    x, t = floated(logits), as_variable(targets)
    if _are_indices("softmax_crossentropy", x, t):
        return -_picked(log_softmax(x), t)
    return -total(switch(eq(t, 0), 0, t * log_softmax(x)), -1)


def _are_indices(name: str, p: Variable, t: Variable) -> bool:
    """Whether the targets are indices and no distributions; errors where they are neither."""
    given = [("the first argument", p.type), ("targets", t.type)]
    if p.ndim == 0 or t.ndim not in (p.ndim, p.ndim - 1):
        raise RankError(
            f"{name} of {p.ndim} dimensions needs targets of {p.ndim} or {p.ndim - 1}, got {t.ndim}",
            arguments=given,
            where=here(),
            hint="give one class a row, as an integer, or one distribution a row",
        )
    if t.ndim == p.ndim:
        return False
    if t.dtype[0] not in "iu":
        raise DTypeError(
            f"{name} needs integers as classes, got {t.dtype}",
            arguments=given,
            where=here(),
            hint="convert them with cast(targets, 'int64')",
        )
    return True


def _picked(x: Variable, classes: Variable) -> Variable:
    """The element of each row that an index names."""
    indices = dimshuffle(classes, *range(classes.ndim), "x")
    return dimshuffle(taken_along(x, indices), *range(classes.ndim))


def binary_crossentropy(probabilities: Operand, targets: Operand) -> Variable:
    """-(t log p + (1 - t) log(1 - p)), elementwise, 0 log 0 counting as 0.

    Parameters
    ----------
    probabilities : variable or array_like
        p in [0, 1]. Where they are ``sigmoid(x)``, loss and gradient are computed from x, without overflow.
    targets : variable or array_like
        t in [0, 1]; they broadcast.
    """
    p, t = floated(probabilities), as_variable(targets)
    return -(xlogy(t, p) + xlog1py(1 - floated(t), -p))


def sigmoid_binary_crossentropy(logits: Operand, targets: Operand) -> Variable:
    """``binary_crossentropy`` of sigmoid(x): t softplus(-x) + (1 - t) softplus(x), elementwise.

    No digits are lost, however large x is; the gradient is sigmoid(x) - t.
    """
    x, t = floated(logits), floated(targets)
    return t * softplus(-x) + (1 - t) * softplus(x)


def hinge(predictions: Operand, targets: Operand, margin: float = 1.0) -> Variable:
    """max(0, ``margin`` - t y) for targets t of -1 and 1, elementwise; the gradient at the edge is 0."""
    return maximum(0, margin - floated(predictions) * targets)


def squared_error(predictions: Operand, targets: Operand) -> Variable:
    """(y - t)², elementwise."""
    return sqr(floated(predictions) - targets)


def absolute_error(predictions: Operand, targets: Operand) -> Variable:
    """|y - t|, elementwise; the gradient at 0 is 0."""
    return abs(floated(predictions) - targets)


def huber(predictions: Operand, targets: Operand, delta: float = 1.0) -> Variable:
    """d²/2 where d = |y - t| <= ``delta``, else ``delta`` (d - ``delta``/2) (Huber 1964), elementwise.

    Raises
    ------
    OptionError
        For a ``delta`` that is not positive.
    """
    if not delta > 0:
        raise OptionError(f"huber needs a positive delta, got {delta}", where=here())
    size = abs(floated(predictions) - targets)
    # Without the minimum the square would overflow in the branch that is not taken, and spoil the gradient.
    return switch(le(size, delta), sqr(minimum(size, delta)) * 0.5, (size - 0.5 * delta) * delta)


__all__ = [
    "absolute_error", "binary_crossentropy", "categorical_crossentropy", "hinge", "huber",
    "sigmoid_binary_crossentropy", "softmax_crossentropy", "squared_error",
]  # fmt: skip
