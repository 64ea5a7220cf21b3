"""``theano.tensor.nnet``: what neural networks are made of; imports symconv."""

import warnings
from typing import Any

from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.tensor.nnet import abstract_conv, bn, conv, conv3d2d, corr, corr3d, neighbours, nnet, sigm
from symconv.theano.tensor.nnet.abstract_conv import conv2d as abstract_conv2d
from symconv.theano.tensor.nnet.abstract_conv import conv2d_grad_wrt_inputs, conv3d, separable_conv2d
from symconv.theano.tensor.nnet.bn import batch_normalization
from symconv.theano.tensor.nnet.nnet import (
    CrossentropyCategorical1Hot,
    CrossentropySoftmaxArgmax1HotWithBias,
    LogSoftmax,
    Prepend_scalar_constant_to_each_row,
    Softmax,
    SoftmaxGrad,
    SoftmaxWithBias,
    binary_crossentropy,
    categorical_crossentropy,
    confusion_matrix,
    crossentropy_categorical_1hot,
    crossentropy_categorical_1hot_grad,
    crossentropy_softmax_1hot,
    crossentropy_softmax_1hot_with_bias,
    crossentropy_softmax_1hot_with_bias_dx,
    crossentropy_softmax_argmax_1hot_with_bias,
    crossentropy_softmax_max_and_argmax_1hot,
    crossentropy_softmax_max_and_argmax_1hot_with_bias,
    elu,
    h_softmax,
    logsoftmax,
    logsoftmax_op,
    prepend_0_to_each_row,
    prepend_1_to_each_row,
    prepend_scalar_to_each_row,
    relu,
    selu,
    sigmoid_binary_crossentropy,
    softmax,
    softmax_grad,
    softmax_graph,
    softmax_op,
    softmax_with_bias,
    softsign,
)
from symconv.theano.tensor.nnet.sigm import (
    hard_sigmoid,
    scalar_sigmoid,
    sigmoid,
    sigmoid_inplace,
    softplus,
    ultra_fast_sigmoid,
)


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
    **kwargs: Any,
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
    for name in kwargs:
        if name in ("imshp_logical", "kshp_logical"):
            raise OptionError(f"conv2d has no option {name} any more", hint="write the resampling yourself")
        warnings.warn(f"conv2d ignores the option {name}", stacklevel=2)
    if image_shape is not None:
        warnings.warn("image_shape of conv2d is called input_shape now", stacklevel=2)
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


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """The gradient of ``conv2d`` by its input, as a layer of its own; ``input_dilation`` is the stride."""
    return conv2d_grad_wrt_inputs(
        input, filters, output_shape, filter_shape, border_mode, input_dilation, filter_flip, filter_dilation,
        num_groups, unshared,
    )  # fmt: skip


__getattr__ = refuses("theano.tensor.nnet", globals())

__all__ = [
    "CrossentropyCategorical1Hot", "CrossentropySoftmaxArgmax1HotWithBias", "LogSoftmax",
    "Prepend_scalar_constant_to_each_row", "Softmax", "SoftmaxGrad", "SoftmaxWithBias", "abstract_conv",
    "abstract_conv2d", "batch_normalization", "binary_crossentropy", "bn", "categorical_crossentropy",
    "confusion_matrix", "conv", "conv2d", "conv2d_grad_wrt_inputs", "conv2d_transpose", "conv3d",
    "conv3d2d", "corr", "corr3d", "crossentropy_categorical_1hot", "crossentropy_categorical_1hot_grad",
    "crossentropy_softmax_1hot", "crossentropy_softmax_1hot_with_bias",
    "crossentropy_softmax_1hot_with_bias_dx", "crossentropy_softmax_argmax_1hot_with_bias",
    "crossentropy_softmax_max_and_argmax_1hot", "crossentropy_softmax_max_and_argmax_1hot_with_bias", "elu",
    "h_softmax", "hard_sigmoid", "logsoftmax", "logsoftmax_op", "neighbours", "nnet",
    "prepend_0_to_each_row", "prepend_1_to_each_row", "prepend_scalar_to_each_row", "relu",
    "scalar_sigmoid", "selu", "separable_conv2d", "sigm", "sigmoid", "sigmoid_binary_crossentropy",
    "sigmoid_inplace", "softmax", "softmax_grad", "softmax_graph", "softmax_op", "softmax_with_bias",
    "softplus", "softsign", "ultra_fast_sigmoid",
]  # fmt: skip
