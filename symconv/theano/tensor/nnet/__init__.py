"""``theano.tensor.nnet``: what neural networks are made of; imports symconv."""

import warnings
from typing import Any

import symconv as sc
from symconv.errors import OptionError, RankError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import adopted, as_tensor_variable, one_adopted, theirs
from symconv.theano.tensor import basic, elemwise
from symconv.theano.tensor.nnet import abstract_conv, bn, conv, conv3d2d, neighbours
from symconv.theano.tensor.nnet.abstract_conv import (
    conv2d_grad_wrt_inputs,
    conv2d_grad_wrt_weights,
    conv3d,
    separable_conv2d,
)
from symconv.theano.tensor.nnet.bn import batch_normalization


def conv2d(
    input: Variable,
    filters: Variable,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    image_shape: Any = None,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
    **options: Any,
) -> Variable:
    """``abstract_conv.conv2d``, with the older name ``image_shape`` for ``input_shape``.

    An unknown option is ignored with a warning, as in Theano.

    Raises
    ------
    OptionError
        For both names of the input's shape at once; for ``imshp_logical`` and ``kshp_logical``, which would
        change the result.
    """
    if image_shape is not None and input_shape is not None:
        raise OptionError("input_shape and image_shape are the same thing", hint="give input_shape alone")
    for name in options:
        if name in ("imshp_logical", "kshp_logical"):
            raise OptionError(f"conv2d has no option {name} any more", hint="write the resampling yourself")
        warnings.warn(f"conv2d ignores the option {name}", stacklevel=2)
    return abstract_conv.conv2d(
        input,
        filters,
        input_shape if image_shape is None else image_shape,
        filter_shape,
        border_mode,
        subsample,
        filter_flip,
        filter_dilation,
        num_groups,
        unshared,
    )


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


def conv2d_transpose(
    input: Variable,
    filters: Variable,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """The transpose of ``conv2d``: its gradient by images of ``output_shape``."""
    return conv2d_grad_wrt_inputs(
        input, filters, output_shape, filter_shape, border_mode, input_dilation, filter_flip, filter_dilation,
        num_groups, unshared,
    )  # fmt: skip


def h_softmax(
    x: Any,
    batch_size: Any,
    n_outputs: int,
    n_classes: int,
    n_outputs_per_class: int,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    target: Any = None,
) -> Variable:
    """Softmax in two levels, ``symconv.h_softmax``: the sizes are those of ``W1`` and ``W2``."""
    parts = [as_tensor_variable(value) for value in (W1, b1, W2, b2)]
    wanted = None if target is None else basic.flatten(target)
    return one_adopted(sc.h_softmax(as_tensor_variable(x), n_outputs, *parts, wanted))


def softmax_graph(c: Any) -> Variable:
    """``softmax``, of any rank."""
    return one_adopted(sc.softmax(elemwise.floating(c), axis=-1))


def softmax_with_bias(x: Any, b: Any) -> Variable:
    """``softmax`` of the rows of x + b."""
    return softmax(as_tensor_variable(x) + as_tensor_variable(b))


def crossentropy_categorical_1hot(coding_dist: Any, true_one_of_n: Any) -> Variable:
    """-log p at the labels."""
    return categorical_crossentropy(coding_dist, true_one_of_n)


def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> list[Variable]:
    """The cross-entropy of softmax(x + b) at the labels, the softmax, and the class that is largest."""
    p = softmax_with_bias(x, b)
    return [categorical_crossentropy(p, y_idx), p, basic.argmax(p, axis=1)]  # type: ignore[attr-defined]


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> list[Variable]:
    """The cross-entropy of softmax(x + b) at the labels, and the softmax."""
    return crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx)[:2]


def crossentropy_softmax_1hot(x: Any, y_idx: Any) -> list[Variable]:
    """The cross-entropy of softmax(x) at the labels, and the softmax."""
    p = softmax(x)
    return [categorical_crossentropy(p, y_idx), p]


def crossentropy_softmax_max_and_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> list[Variable]:
    """The cross-entropy, the softmax, its largest value, and the class that has it."""
    loss, p, most = crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx)
    return [loss, p, basic.max(p, axis=1), most]  # type: ignore[attr-defined]


def crossentropy_softmax_max_and_argmax_1hot(x: Any, y_idx: Any) -> list[Variable]:
    """The cross-entropy, the softmax, its largest value, and the class that has it."""
    loss, p = crossentropy_softmax_1hot(x, y_idx)
    return [loss, p, basic.max(p, axis=1), basic.argmax(p, axis=1)]  # type: ignore[attr-defined]


def prepend_scalar_to_each_row(val: Any, mat: Any) -> Variable:
    """A first column that holds one number."""
    mat = as_tensor_variable(mat)
    column = basic.alloc(elemwise.cast(as_tensor_variable(val), mat.dtype), mat.shape[0], 1)
    return basic.concatenate([column, mat], axis=1)


def prepend_0_to_each_row(mat: Any) -> Variable:
    """A first column of zeros."""
    return prepend_scalar_to_each_row(0, mat)


def prepend_1_to_each_row(mat: Any) -> Variable:
    """A first column of ones."""
    return prepend_scalar_to_each_row(1, mat)


def confusion_matrix(actual: Any, pred: Any) -> list[Variable]:
    """How often each class (row) was predicted as each (column), and the classes, in order.

    Raises
    ------
    RankError
        For anything but vectors.
    """
    actual, pred = as_tensor_variable(actual), as_tensor_variable(pred)
    for name, labels in (("actual", actual), ("pred", pred)):
        if labels.ndim != 1:
            raise RankError(f"{name} must be a vector", arguments=[(name, labels.type)])
    order = sc.unique(basic.concatenate([actual, pred]))
    rows, columns = (
        elemwise.cast(elemwise.eq(labels.dimshuffle(0, "x"), order.dimshuffle("x", 0)), "int64")
        for labels in (actual, pred)
    )
    return [basic.dot(rows.T, columns), adopted(order)]


sigmoid, softplus = elemwise.sigmoid, elemwise.softplus
ultra_fast_sigmoid, hard_sigmoid = elemwise.ultra_fast_sigmoid, elemwise.hard_sigmoid
softsign, selu = theirs(sc.softsign), theirs(sc.selu)

sigmoid_inplace, abstract_conv2d = sigmoid, abstract_conv.conv2d

__getattr__ = refuses("theano.tensor.nnet", globals())

__all__ = [
    "abstract_conv", "abstract_conv2d", "batch_normalization", "binary_crossentropy", "bn",
    "categorical_crossentropy", "confusion_matrix", "conv", "conv2d", "conv2d_grad_wrt_inputs",
    "conv2d_grad_wrt_weights", "conv2d_transpose", "conv3d", "conv3d2d", "crossentropy_categorical_1hot",
    "crossentropy_softmax_1hot", "crossentropy_softmax_1hot_with_bias",
    "crossentropy_softmax_argmax_1hot_with_bias", "crossentropy_softmax_max_and_argmax_1hot",
    "crossentropy_softmax_max_and_argmax_1hot_with_bias", "elu", "h_softmax", "hard_sigmoid", "logsoftmax",
    "neighbours", "prepend_0_to_each_row", "prepend_1_to_each_row", "prepend_scalar_to_each_row", "relu",
    "selu", "separable_conv2d", "sigmoid", "sigmoid_binary_crossentropy", "sigmoid_inplace", "softmax",
    "softmax_graph", "softmax_with_bias", "softplus", "softsign", "ultra_fast_sigmoid",
]  # fmt: skip
