"""Convolutions made of convolutions: depthwise, separable, causal, and of matrices; imports functions."""

from typing import Any

from symconv.errors import OptionError, RankError
from symconv.graph.about import about
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.axes import dimshuffle
from symconv.ops.conv.functions import ShapeHint, Steps, _hint_sizes, conv1d, conv2d, conv3d
from symconv.ops.conv.geometry import BorderMode
from symconv.ops.conv.sizes import size_along
from symconv.ops.fill import zeros
from symconv.ops.join import concatenate

CONV = {1: conv1d, 2: conv2d, 3: conv3d}


def _conv(x: Variable) -> Any:
    if x.ndim - 2 not in CONV:
        raise RankError(
            f"a convolution needs [batch, channels] and one to three spatial axes, got {x.ndim}-d",
            arguments=[("input", x.type)],
            where=here(),
            hint="one image of one channel needs two ones: image[None, None]",
        )
    return CONV[x.ndim - 2]


def depthwise_conv(
    input: Operand,
    filters: Operand,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = 1,
    filter_flip: bool = True,
    filter_dilation: Steps = 1,
) -> Variable:
    """Each channel convolved with filters of its own: a convolution in as many groups as channels.

    Parameters
    ----------
    input : tensor_like, [N, C, *spatial]
        The number of channels must be known.
    filters : tensor_like, [C M, 1, *kernel]
        M filters for the first channel, then M for the second, and so on.
    border_mode, subsample, filter_flip, filter_dilation
        As of ``conv2d``.

    Returns
    -------
    Variable, [N, C M, *output]

    Examples
    --------
    >>> import numpy as np
    >>> depthwise_conv(np.ones((1, 3, 8, 8)), np.ones((6, 1, 3, 3))).type
    TensorType(float64[1,6,6,6])
    """
    x = as_variable(input)
    conv = _conv(x)
    channels = x.type.shape[1]
    if channels is None:
        raise OptionError(
            "a depthwise convolution needs to know the number of channels",
            arguments=[("input", x.type)],
            where=here(),
            hint="promise it: sc.specify_shape(x, (None, channels, None, None))",
        )
    result: Variable = conv(
        x, filters, border_mode=border_mode, subsample=subsample, filter_flip=filter_flip,
        filter_dilation=filter_dilation, num_groups=channels,
    )  # fmt: skip
    return result


def separable_conv(
    input: Operand,
    depthwise_filters: Operand,
    pointwise_filters: Operand,
    num_channels: int,
    input_shape: ShapeHint = None,
    depthwise_filter_shape: ShapeHint = None,
    pointwise_filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = 1,
    filter_flip: bool = True,
    filter_dilation: Steps = 1,
) -> Variable:
    """Each channel convolved by itself, then the channels mixed pixel by pixel.

    Parameters
    ----------
    input : tensor_like, [N, C, *spatial]
    depthwise_filters : tensor_like, [C M, 1, *kernel]
        As of ``depthwise_conv``. Border, stride and dilation belong to this stage.
    pointwise_filters : tensor_like, [K, C M, 1, ...]
    num_channels : int
        C.
    input_shape, depthwise_filter_shape, pointwise_filter_shape : sequence of (int or None), optional
        What is known of the shapes.

    Returns
    -------
    Variable, [N, K, *output]

    Raises
    ------
    OptionError
        For pointwise filters that are known to be larger than one pixel.

    Notes
    -----
    F. Chollet, Xception: deep learning with depthwise separable convolutions, 2017.
    """
    x, mixing = as_variable(input), as_variable(pointwise_filters)
    conv = _conv(x)
    if any(size not in (1, None) for size in mixing.type.shape[2:]):
        raise OptionError(
            "pointwise filters of a separable convolution have one pixel",
            arguments=[("pointwise_filters", mixing.type)],
            where=here(),
            hint="filters [K, C M, 1, 1]",
        )
    between = conv(
        x, depthwise_filters, input_shape, depthwise_filter_shape, border_mode, subsample, filter_flip,
        filter_dilation, num_channels,
    )  # fmt: skip
    result: Variable = conv(between, mixing, filter_shape=pointwise_filter_shape)
    return result


def causal_conv1d(
    input: Operand,
    filters: Operand,
    filter_shape: ShapeHint = None,
    input_shape: ShapeHint = None,
    subsample: int = 1,
    filter_flip: bool = True,
    filter_dilation: int = 1,
    num_groups: int = 1,
) -> Variable:
    """Convolve signals so that an output sees its own time and the past, nothing after it.

    Parameters
    ----------
    input : tensor_like, [N, C, time]
    filters : tensor_like, [K, C / num_groups, taps]
    filter_shape, input_shape, subsample, filter_flip, filter_dilation, num_groups
        As of ``conv1d``.

    Returns
    -------
    Variable, [N, K, (time - 1) // subsample + 1]

    Notes
    -----
    A. van den Oord et al., WaveNet: a generative model for raw audio, 2016, section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> causal_conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 10.0]]])).eval()
    array([[[ 1., 12., 24.]]])
    """
    x, bank = as_variable(input), as_variable(filters)
    for name, variable in (("input", x), ("filters", bank)):
        if variable.ndim != 3:
            raise RankError(
                f"causal_conv1d needs 3-d {name} [., channels, time], got {variable.ndim}-d",
                arguments=[("input", x.type), ("filters", bank.type)],
                where=here(),
                hint="one signal of one channel needs two ones: signal[None, None]",
            )
    with about(input=x, filters=bank):
        said = None if filter_shape is None else _hint_sizes(filter_shape, "filter_shape", 3)[2]
    taps = bank.type.shape[2] if said is None else said
    if isinstance(taps, int):
        past: Any = ((filter_dilation * (taps - 1), 0),)
        return conv1d(x, bank, input_shape, filter_shape, past, subsample, filter_flip, filter_dilation,
                      num_groups)  # fmt: skip
    reach = filter_dilation * (size_along(bank, 2) - 1)
    before = zeros((size_along(x, 0), size_along(x, 1), reach), x.type.dtype)
    return conv1d(concatenate([before, x], axis=2), bank, None, filter_shape, "valid", subsample, filter_flip,
                  filter_dilation, num_groups)  # fmt: skip


def signal_conv2d(
    input: Operand,
    filters: Operand,
    image_shape: ShapeHint = None,
    filter_shape: ShapeHint = None,
    border_mode: str = "valid",
    subsample: tuple[int, int] = (1, 1),
) -> Variable:
    """Convolve each image with each filter, both plain matrices or stacks of them; no sum over channels.

    Parameters
    ----------
    input : tensor_like, [H, W] or [N, H, W]
    filters : tensor_like, [h, w] or [K, h, w]
        They are flipped, as in mathematics.
    image_shape, filter_shape : sequence of (int or None), optional
        What is known of the shapes.
    border_mode : {"valid", "full"}
        Where a filter fits, or wherever it touches the image.
    subsample : (int, int)
        The stride.

    Returns
    -------
    Variable
        [N, K, rows, columns], without the axes that the operands do not have.

    Examples
    --------
    >>> import numpy as np
    >>> signal_conv2d(np.ones((4, 9, 9)), np.ones((3, 3))).type
    TensorType(float64[4,7,7])
    """
    x, bank = as_variable(input), as_variable(filters)
    for name, variable in (("input", x), ("filters", bank)):
        if variable.ndim not in (2, 3):
            raise RankError(
                f"signal_conv2d needs {name} as a matrix or a stack of matrices, got {variable.ndim}-d",
                arguments=[("input", x.type), ("filters", bank.type)],
                where=here(),
                hint="conv2d sums over channels: images [N, C, H, W]",
            )
    if border_mode not in ("valid", "full"):
        raise OptionError(
            f"signal_conv2d has no border_mode {border_mode!r}",
            arguments=[("input", x.type), ("filters", bank.type)],
            where=here(),
            hint="choose 'valid' or 'full'",
        )
    images = dimshuffle(x, *((0,) if x.ndim == 3 else ("x",)), "x", x.ndim - 2, x.ndim - 1)
    banks = dimshuffle(bank, *((0,) if bank.ndim == 3 else ("x",)), "x", bank.ndim - 2, bank.ndim - 1)
    both = conv2d(
        images, banks, _stack(image_shape, x.ndim), _stack(filter_shape, bank.ndim), border_mode, subsample
    )
    return dimshuffle(both, *((0,) if x.ndim == 3 else ()), *((1,) if bank.ndim == 3 else ()), 2, 3)


def _stack(hint: Any, ndim: int) -> Any:
    if hint is None:
        return None
    *count, rows, columns = hint
    return (count[0] if ndim == 3 and count else 1, 1, rows, columns)


__all__ = ["causal_conv1d", "depthwise_conv", "separable_conv", "signal_conv2d"]
