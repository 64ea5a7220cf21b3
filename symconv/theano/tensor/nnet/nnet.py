"""``theano.tensor.nnet.nnet``: activations, softmax and losses; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import ArgumentError, OptionError, RankError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.ops.softmax import LogSoftmax as CoreLogSoftmax
from symconv.ops.softmax import Softmax as CoreSoftmax
from symconv.ops.softmax import SoftmaxGradient
from symconv.theano._errors import LabelsError
from symconv.theano._functions import theirs
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._stand_in import stand_in
from symconv.theano._variables import adopted, one_adopted
from symconv.theano.tensor import basic, elemwise
from symconv.theano.tensor.nnet.sigm import hard_sigmoid, sigmoid, softplus, ultra_fast_sigmoid


def relu(x: Any, alpha: Any = 0) -> Variable:
    """x where it is positive, else ``alpha`` x; the derivative at 0 is the mean of both sides'."""
    x = as_tensor_variable(x)
    if isinstance(alpha, int | float) and alpha == 0:
        half: Variable = elemwise.mul(0.5, elemwise.add(x, elemwise.abs_(x)))
        return half
    slope = as_tensor_variable(alpha)
    rising, falling = elemwise.mul(0.5, elemwise.add(1, slope)), elemwise.mul(0.5, elemwise.sub(1, slope))
    result: Variable = elemwise.add(elemwise.mul(rising, x), elemwise.mul(falling, elemwise.abs_(x)))
    return result


def elu(x: Any, alpha: Any = 1) -> Variable:
    """x where it is positive, else ``alpha`` (exp(x) - 1)."""
    x = as_tensor_variable(x)
    result: Variable = elemwise.switch(elemwise.gt(x, 0), x, elemwise.mul(alpha, elemwise.expm1(x)))
    return result


def softmax(c: Any) -> Variable:
    """``symconv.softmax`` of each row; a vector counts as a matrix of one row, as in Theano.

    Raises
    ------
    RankError
        For anything but vectors and matrices.
    """
    result: Variable = adopted(sc.softmax(_rows("softmax", c), axis=1))
    return result


def logsoftmax(c: Any) -> Variable:
    """The logarithm of ``softmax``."""
    result: Variable = adopted(sc.log_softmax(_rows("logsoftmax", c), axis=1))
    return result


def _rows(name: str, c: Any) -> Variable:
    c = as_tensor_variable(c)
    if c.ndim not in (1, 2) or c.type.is_discrete:
        raise RankError(
            f"theano.tensor.nnet.{name} needs a vector or a matrix of floating point, got {c.type}",
            arguments=[("c", c.type)],
            hint="symconv.softmax(x, axis) takes any number of dimensions",
        )
    return sc.shape_padleft(c) if c.ndim == 1 else c


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Variable:
    """-Σ t log p over the last axis, or -log p at the labels."""
    coding, true = as_tensor_variable(coding_dist), as_tensor_variable(true_dist)
    if true.ndim == coding.ndim:
        return basic.sum(elemwise.neg(elemwise.mul(true, elemwise.log(coding))), axis=coding.ndim - 1)
    result: Variable = adopted(sc.categorical_crossentropy(coding, true))
    return result


def binary_crossentropy(output: Any, target: Any) -> Variable:
    """-(t log p + (1 - t) log(1 - p))."""
    result: Variable = adopted(sc.binary_crossentropy(as_tensor_variable(output), as_tensor_variable(target)))
    return result


def sigmoid_binary_crossentropy(output: Any, target: Any) -> Variable:
    """``binary_crossentropy`` of a sigmoid, where it is saturated too."""
    result: Variable = adopted(
        sc.sigmoid_binary_crossentropy(as_tensor_variable(output), as_tensor_variable(target))
    )
    return result


softsign, selu = theirs(sc.softsign), theirs(sc.selu)
softmax_op, logsoftmax_op = softmax, logsoftmax


def softmax_graph(c: Any) -> Variable:
    """Softmax over the last axis of any number."""
    return one_adopted(sc.softmax(as_tensor_variable(c), axis=-1))


def softmax_with_bias(x: Any, b: Any) -> Variable:
    """``softmax(x + b)``, ``b`` being added to each row."""
    return softmax(_biased("softmax_with_bias", x, b))


def softmax_grad(dy: Any, sm: Any) -> Variable:
    """The gradient by x, given that by ``sm``, which is softmax(x)."""
    dy, sm = as_tensor_variable(dy), as_tensor_variable(sm)
    product = elemwise.mul(dy, sm)
    result: Variable = elemwise.sub(product, elemwise.mul(basic.sum(product, axis=1, keepdims=True), sm))
    return result


def h_softmax(
    x: Any,
    batch_size: Any,
    n_outputs: Any,
    n_classes: Any,
    n_outputs_per_class: Any,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    target: Any = None,
) -> Variable:
    """``symconv.h_softmax``, which reads the batch and the numbers of classes from the operands."""
    operands = [as_tensor_variable(value) for value in (W1, b1, W2, b2)]
    target = None if target is None else as_tensor_variable(target)
    return one_adopted(sc.h_softmax(as_tensor_variable(x), n_outputs, *operands, target))


def crossentropy_categorical_1hot(coding_dist: Any, true_one_of_n: Any) -> Variable:
    """-log of the probability in each row at the row's label."""
    p, labels = as_tensor_variable(coding_dist), _labels(true_one_of_n, "true_one_of_n")
    if p.ndim != 2:
        raise RankError("coding_dist must be a matrix", arguments=[("coding_dist", p.type)], where=here())
    return one_adopted(sc.categorical_crossentropy(p, labels))


def crossentropy_categorical_1hot_grad(g_y: Any, coding_dist: Any, true_one_of_n: Any) -> Variable:
    """The gradient of ``crossentropy_categorical_1hot`` by the probabilities."""
    p, labels = as_tensor_variable(coding_dist), _labels(true_one_of_n, "true_one_of_n")
    return one_adopted(sc.Lop(crossentropy_categorical_1hot(p, labels), p, as_tensor_variable(g_y)))


def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **kwargs: Any) -> list[Variable]:
    """Of softmax(x + b): -log at the labels, the softmax itself, and its largest column in each row."""
    scores = _biased("crossentropy_softmax_argmax_1hot_with_bias", x, b)
    labels = _labels(y_idx, "y_idx")
    if scores.ndim != 2:
        raise RankError("x must be a matrix", arguments=[("x", scores.type)], where=here())
    probabilities = softmax(scores)
    loss = one_adopted(sc.softmax_crossentropy(scores, labels))
    return [loss, probabilities, _cast(sc.argmax(scores, axis=1), labels.dtype)]


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **kwargs: Any) -> list[Variable]:
    """-log softmax(x + b) at the labels, and the softmax."""
    return crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx)[:2]


def crossentropy_softmax_1hot(x: Any, y_idx: Any, **kwargs: Any) -> list[Variable]:
    """-log softmax(x) at the labels, and the softmax."""
    x = as_tensor_variable(x)
    return crossentropy_softmax_1hot_with_bias(x, basic.zeros_like(x[0, :]), y_idx)


def crossentropy_softmax_max_and_argmax_1hot_with_bias(
    x: Any, b: Any, y_idx: Any, **kwargs: Any
) -> tuple[Variable, ...]:
    """``crossentropy_softmax_1hot_with_bias``, and the largest of each row of the softmax, and where."""
    loss, probabilities = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return (
        loss,
        probabilities,
        one_adopted(sc.max(probabilities, axis=-1)),
        one_adopted(sc.argmax(probabilities, axis=-1)),
    )


def crossentropy_softmax_max_and_argmax_1hot(x: Any, y_idx: Any, **kwargs: Any) -> tuple[Variable, ...]:
    """``crossentropy_softmax_1hot``, and the largest of each row of the softmax, and where."""
    x = as_tensor_variable(x)
    return crossentropy_softmax_max_and_argmax_1hot_with_bias(x, basic.zeros_like(x[0, :]), y_idx)


def crossentropy_softmax_1hot_with_bias_dx(dy: Any, sm: Any, y_idx: Any, **kwargs: Any) -> Variable:
    """The gradient by x + b, given that by the loss, the softmax and the labels."""
    dy, sm, labels = as_tensor_variable(dy), as_tensor_variable(sm), _labels(y_idx, "y_idx")
    columns = adopted(sc.arange(sc.size_of(sm, 1)))
    hit = _cast(elemwise.eq(labels.dimshuffle(0, "x"), columns.dimshuffle("x", 0)), sm.dtype)
    scale = dy.dimshuffle(0, "x") if dy.ndim == 1 else dy
    result: Variable = elemwise.mul(scale, elemwise.sub(sm, hit))
    return result


def prepend_scalar_to_each_row(val: Any, mat: Any) -> Variable:
    """A matrix with a column of one number before it."""
    mat = as_tensor_variable(mat)
    val = _cast(as_tensor_variable(val), mat.dtype)
    if mat.ndim != 2 or val.ndim != 0:
        raise RankError("a scalar is prepended to a matrix", arguments=[("val", val.type), ("mat", mat.type)],
                        where=here())  # fmt: skip
    column = basic.alloc(val, sc.size_of(mat, 0), 1)
    result: Variable = basic.concatenate([column, mat], axis=1)
    return result


class Prepend_scalar_constant_to_each_row:
    """``op(mat)``: a matrix with a column of a constant before it."""

    def __init__(self, val: Any = 0) -> None:
        if not isinstance(val, int | float):
            raise ArgumentError(f"a number is to be prepended, got {val!r}", where=here())
        self.val = val

    def __call__(self, mat: Any) -> Variable:
        return prepend_scalar_to_each_row(self.val, mat)


prepend_0_to_each_row = Prepend_scalar_constant_to_each_row(0.0)
prepend_1_to_each_row = Prepend_scalar_constant_to_each_row(1.0)


def confusion_matrix(actual: Any, pred: Any) -> list[Variable]:
    """How often each label (rows) was predicted as each (columns), and the labels in order.

    Raises
    ------
    OptionError
        For what is no vector.
    """
    actual, pred = as_tensor_variable(actual), as_tensor_variable(pred)
    for name, value in (("actual", actual), ("pred", pred)):
        if value.ndim != 1:
            raise OptionError(f"{name} must be a vector", arguments=[(name, value.type)], where=here())
    order = adopted(sc.unique(basic.concatenate([actual, pred])))
    hits = [_cast(elemwise.eq(one.dimshuffle(0, "x"), order), "int64") for one in (actual, pred)]
    return [basic.dot(hits[0].T, hits[1]), order]


def _cast(x: Any, dtype: str) -> Variable:
    return one_adopted(sc.cast(x, dtype))


def _biased(name: str, x: Any, b: Any) -> Variable:
    x, b = as_tensor_variable(x), as_tensor_variable(b)
    if b.ndim != 1 or b.type.is_discrete:
        raise RankError(f"{name} needs a vector of floating point for b", arguments=[("b", b.type)],
                        where=here())  # fmt: skip
    result: Variable = elemwise.add(_rows(name, x), b)
    return result


def _labels(value: Any, name: str) -> Variable:
    labels = as_tensor_variable(value)
    if labels.ndim != 1:
        raise RankError(f"{name} must be an integer vector", arguments=[(name, labels.type)], where=here())
    if not labels.type.is_discrete or labels.dtype == "bool":
        raise LabelsError(f"{name} must be an integer vector", arguments=[(name, labels.type)], where=here())
    return labels


Softmax = stand_in("Softmax", CoreSoftmax, lambda: softmax)
LogSoftmax = stand_in("LogSoftmax", CoreLogSoftmax, lambda: logsoftmax)
SoftmaxWithBias = stand_in("SoftmaxWithBias", (), lambda: softmax_with_bias)
SoftmaxGrad = stand_in("SoftmaxGrad", SoftmaxGradient, lambda: softmax_grad)
CrossentropyCategorical1Hot = stand_in(
    "CrossentropyCategorical1Hot", (), lambda: crossentropy_categorical_1hot
)
CrossentropySoftmaxArgmax1HotWithBias = stand_in(
    "CrossentropySoftmaxArgmax1HotWithBias", (), lambda: crossentropy_softmax_argmax_1hot_with_bias
)

__getattr__ = refuses("theano.tensor.nnet.nnet", globals())

__all__ = [
    "CrossentropyCategorical1Hot", "CrossentropySoftmaxArgmax1HotWithBias", "LogSoftmax",
    "Prepend_scalar_constant_to_each_row", "Softmax", "SoftmaxGrad", "SoftmaxWithBias",
    "binary_crossentropy", "categorical_crossentropy", "confusion_matrix", "crossentropy_categorical_1hot",
    "crossentropy_categorical_1hot_grad", "crossentropy_softmax_1hot",
    "crossentropy_softmax_1hot_with_bias", "crossentropy_softmax_1hot_with_bias_dx",
    "crossentropy_softmax_argmax_1hot_with_bias", "crossentropy_softmax_max_and_argmax_1hot",
    "crossentropy_softmax_max_and_argmax_1hot_with_bias", "elu", "h_softmax", "hard_sigmoid", "logsoftmax",
    "logsoftmax_op", "prepend_0_to_each_row", "prepend_1_to_each_row", "prepend_scalar_to_each_row", "relu",
    "selu", "sigmoid", "sigmoid_binary_crossentropy", "softmax", "softmax_grad", "softmax_graph",
    "softmax_op", "softmax_with_bias", "softplus", "softsign", "ultra_fast_sigmoid",
]  # fmt: skip
