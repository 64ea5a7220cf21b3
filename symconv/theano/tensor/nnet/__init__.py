"""``theano.tensor.nnet``: what neural networks are made of; imports symconv."""

import warnings
from typing import Any

import symconv as sc
from symconv.errors import OptionError, RankError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import adopted, as_tensor_variable, theirs
from symconv.theano.tensor import basic, elemwise
from symconv.theano.tensor.nnet import abstract_conv, bn, conv
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


sigmoid, softplus = elemwise.sigmoid, elemwise.softplus
ultra_fast_sigmoid, hard_sigmoid = elemwise.ultra_fast_sigmoid, elemwise.hard_sigmoid
softsign, selu = theirs(sc.softsign), theirs(sc.selu)

__getattr__ = refuses("theano.tensor.nnet", globals())

__all__ = [
    "abstract_conv", "batch_normalization", "binary_crossentropy", "bn", "categorical_crossentropy", "conv",
    "conv2d", "elu", "hard_sigmoid", "logsoftmax", "relu", "selu", "sigmoid", "sigmoid_binary_crossentropy",
    "softmax", "softplus", "softsign", "ultra_fast_sigmoid",
]  # fmt: skip
