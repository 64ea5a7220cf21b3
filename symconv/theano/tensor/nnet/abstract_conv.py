"""``theano.tensor.nnet.abstract_conv``: convolution with a strict set of keywords; imports symconv."""

from collections.abc import Sequence
from typing import Any

import symconv as sc
from symconv.errors import OptionError, RankError, ShapeError, SymconvError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.theano._errors import AssertedError
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted, one_adopted
from symconv.theano.tensor.nnet._abstract_ops import (
    AbstractConv,
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
    AbstractConv3d,
    AbstractConv3d_gradInputs,
    AbstractConv3d_gradWeights,
    AbstractConv_gradInputs,
    AbstractConv_gradWeights,
    BaseAbstractConv,
    checked_border_mode,
)


def conv2d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """Convolve with a bank of filters, which are flipped unless ``filter_flip`` is False.

    Parameters
    ----------
    input : tensor_like, [N, C, H, W]
    filters : tensor_like, [K, C / num_groups, ...]
        Where ``unshared``: [K, H', W', C / num_groups, h, w], filters for each pixel of the output.
    input_shape, filter_shape : sequence of (int or None), optional
        What is known of the shapes.
    border_mode : str, int, or tuple
        "valid", "full", "half", or how many zeros to put around.
    subsample, filter_dilation : tuple of int
        The strides; the distance between the taps of a filter.
    num_groups : int
        Groups of channels that do not see one another.

    Raises
    ------
    OptionError
        For a parameter with a value that does not exist; a ``ValueError``.
    RankError
        For operands of another rank; a ``TypeError``.
    ShapeError
        For sizes that do not fit; a ``ValueError``.
    """
    op = AbstractConv2d(
        input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups,
        unshared,
    )  # fmt: skip
    return op(input, filters)


def conv2d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """The gradient of ``conv2d`` by its input.

    ``input_shape`` says what is known of the input's shape; its spatial sizes may be symbolic, not None.
    """
    refused: type[SymconvError] = OptionError
    _check_sizes(refused, "input_shape", input_shape, 4, 2)
    if filter_shape is not None:
        _check_sizes(refused, "filter_shape", filter_shape, 6 if unshared else 4, 0)
    op = AbstractConv2d_gradInputs(
        _numbers(input_shape), filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups,
        unshared,
    )  # fmt: skip
    return op(filters, output_grad, tuple(input_shape)[-2:])


def conv2d_grad_wrt_weights(
    input: Any,
    output_grad: Any,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """The gradient of ``conv2d`` by its filters.

    ``filter_shape`` says what is known of their shape; their spatial sizes may be symbolic, not None.
    """
    _check_sizes(AssertedError, "filter_shape", filter_shape, 6 if unshared else 4, 2)
    if input_shape is not None:
        _check_sizes(AssertedError, "input_shape", input_shape, 4, 0)
    op = AbstractConv2d_gradWeights(
        input_shape, _numbers(filter_shape), border_mode, subsample, filter_flip, filter_dilation, num_groups,
        unshared,
    )  # fmt: skip
    return op(input, output_grad, tuple(filter_shape)[-2:])


def separable_conv2d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
) -> Variable:
    """Each channel convolved by itself, then channels mixed pixel by pixel; see ``symconv``."""
    x = as_tensor_variable(input)
    mode = checked_border_mode(border_mode, 2)
    if x.ndim != 4:
        raise RankError(f"separable_conv2d needs 4-d input, got {x.ndim}-d", arguments=[("input", x.type)])
    return one_adopted(
        sc.separable_conv(
            x, as_tensor_variable(depthwise_filters), as_tensor_variable(pointwise_filters), num_channels,
            input_shape, depthwise_filter_shape, pointwise_filter_shape, mode, subsample, filter_flip,
            filter_dilation,
        )
    )  # fmt: skip


def conv3d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """``conv2d`` of volumes: one more spatial axis, pads alike on both sides, filters shared."""
    op = AbstractConv3d(
        input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups,
    )  # fmt: skip
    return op(input, filters)


def conv3d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """The gradient of ``conv3d`` by its input.

    ``input_shape`` says what is known of the input's shape; its spatial sizes may be symbolic, not None.
    """
    refused: type[SymconvError] = AssertedError
    _check_sizes(refused, "input_shape", input_shape, 5, 3)
    if filter_shape is not None:
        _check_sizes(refused, "filter_shape", filter_shape, 5, 0)
    op = AbstractConv3d_gradInputs(
        _numbers(input_shape), filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups,
    )  # fmt: skip
    return op(filters, output_grad, tuple(input_shape)[-3:])


def conv3d_grad_wrt_weights(
    input: Any,
    output_grad: Any,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """The gradient of ``conv3d`` by its filters.

    ``filter_shape`` says what is known of their shape; their spatial sizes may be symbolic, not None.
    """
    _check_sizes(AssertedError, "filter_shape", filter_shape, 5, 3)
    if input_shape is not None:
        _check_sizes(AssertedError, "input_shape", input_shape, 5, 0)
    op = AbstractConv3d_gradWeights(
        input_shape, _numbers(filter_shape), border_mode, subsample, filter_flip, filter_dilation, num_groups,
    )  # fmt: skip
    return op(input, output_grad, tuple(filter_shape)[-3:])


def separable_conv3d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
) -> Variable:
    """Each channel convolved by itself, then channels mixed pixel by pixel; see ``symconv``."""
    x = as_tensor_variable(input)
    mode = checked_border_mode(border_mode, 3)
    if x.ndim != 5:
        raise RankError(f"separable_conv3d needs 5-d input, got {x.ndim}-d", arguments=[("input", x.type)])
    return one_adopted(
        sc.separable_conv(
            x, as_tensor_variable(depthwise_filters), as_tensor_variable(pointwise_filters), num_channels,
            input_shape, depthwise_filter_shape, pointwise_filter_shape, mode, subsample, filter_flip,
            filter_dilation,
        )
    )  # fmt: skip


def causal_conv1d(
    input: Any,
    filters: Any,
    filter_shape: Any,
    input_shape: Any = None,
    subsample: int = 1,
    filter_flip: bool = True,
    filter_dilation: int = 1,
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """Convolution of signals [N, C, time] that looks at the past alone; ``symconv.causal_conv1d``."""
    x, bank = as_tensor_variable(input), as_tensor_variable(filters)
    for name, hint in (("filter_shape", filter_shape), ("input_shape", input_shape)):
        if (name == "filter_shape" or hint is not None) and len(hint) != 3:
            raise AssertedError(f"{name} needs 3 entries, got {hint!r}", where=here())
    if unshared:
        raise RankError(
            "an unshared causal convolution is not supported",
            hint="symconv.unshared_conv(x, w, border_mode=((d * (k - 1), 0),))",
        )
    return one_adopted(
        sc.causal_conv1d(
            x, bank, filter_shape, input_shape, subsample, filter_flip, filter_dilation, num_groups
        )
    )


def bilinear_upsampling(
    input: Any,
    ratio: Any = None,
    frac_ratio: Any = None,
    batch_size: Any = None,
    num_input_channels: Any = None,
    use_1D_kernel: bool = True,
) -> Variable:
    """Images enlarged by linear interpolation, edges repeated; ``symconv.bilinear_upsampling``."""
    x = as_tensor_variable(input)
    return one_adopted(
        sc.bilinear_upsampling(x, ratio, frac_ratio, batch_size, num_input_channels, use_1D_kernel)
    )


def frac_bilinear_upsampling(input: Any, frac_ratio: Any) -> Variable:
    """``bilinear_upsampling`` by a fraction, or by one for rows and one for columns."""
    return one_adopted(sc.frac_bilinear_upsampling(as_tensor_variable(input), frac_ratio))


def bilinear_kernel_1D(ratio: Any, normalize: bool = True) -> Variable:
    """The triangle 1, 2 .. ratio .. 2, 1, divided by ``ratio`` where normalised."""
    return as_tensor_variable(sc.bilinear_kernel_1D(ratio, normalize).astype(sc.config.floatX))


def bilinear_kernel_2D(ratio: Any, normalize: bool = True) -> Variable:
    """The outer product of two triangles, one for rows and one for columns."""
    return as_tensor_variable(sc.bilinear_kernel_2D(ratio, normalize).astype(sc.config.floatX))


# Sizes

get_conv_output_shape = sc.get_conv_output_shape
get_conv_shape_1axis = sc.get_conv_shape_1axis
get_conv_gradweights_shape = sc.get_conv_gradweights_shape
get_conv_gradinputs_shape = sc.get_conv_gradinputs_shape
check_conv_gradinputs_shape = sc.check_conv_gradinputs_shape


def get_conv_gradweights_shape_1axis(
    image_shape: Any, top_shape: Any, border_mode: Any, subsample: int, dilation: int
) -> Any:
    """The size of filters along one axis; see ``get_conv_gradweights_shape``."""
    mode = (border_mode,) if isinstance(border_mode, tuple) else border_mode
    top, image = (None, None, top_shape), (None, None, image_shape)
    return get_conv_gradweights_shape(image, top, mode, (subsample,), (dilation,))[2]


def get_conv_gradinputs_shape_1axis(
    kernel_shape: Any, top_shape: Any, border_mode: Any, subsample: int, dilation: int
) -> Any:
    """The size of images along one axis; see ``get_conv_gradinputs_shape``."""
    mode = (border_mode,) if isinstance(border_mode, tuple) else border_mode
    top, kernel = (None, None, top_shape), (None, None, kernel_shape)
    return get_conv_gradinputs_shape(kernel, top, mode, (subsample,), (dilation,))[2]


@frozen
class Assert(Op):
    """A size itself, if it is at least ``least`` when it is computed; else ``AssertionError``."""

    least: int
    message: str

    def out_types(self, *types: TensorType) -> TensorType:
        return types[0]

    def perform(self, *arrays: Array) -> Any:
        if (arrays[0] < self.least).any():
            raise AssertedError(self.message)
        return arrays[0].copy()

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [gradients[0]]


def assert_conv_shape(shape: Any) -> tuple[Any, ...]:
    """The shape itself, if a convolution can have it: at least one pixel along each spatial axis.

    Raises
    ------
    ShapeError
        For a known size that is negative, or 0 along a spatial axis.
    AssertedError
        For a symbolic one, when it is computed; an ``AssertionError``.
    """
    sizes = []
    for axis, size in enumerate(shape):
        least = int(axis >= 2)
        if isinstance(size, Variable) and not isinstance(size, Constant):
            message = f"a convolution cannot have a size below {least} along axis {axis}"
            sizes.append(adopted(Assert(least, message)(size)))
            continue
        number = size.data if isinstance(size, Constant) else size
        if number < least:
            raise ShapeError(f"a convolution cannot have a size of {number} along axis {axis}", where=here())
        sizes.append(size)
    return tuple(sizes)


def assert_shape(x: Any, expected_shape: Any, msg: str = "Unexpected shape.") -> Variable:
    """The tensor, of the sizes that are expected, None where any will do; else ``ShapeError``.

    Sizes are always checked, at once where they are known.
    """
    x = as_tensor_variable(x)
    if expected_shape is None or all(size is None for size in expected_shape):
        return one_adopted(x)
    return one_adopted(sc.specify_shape(x, tuple(expected_shape)))


def border_mode_to_pad(mode: Any, convdim: int, kshp: Any) -> tuple[tuple[Any, Any], ...]:
    """Zeros (before, behind) along each axis, for filters of the sizes ``kshp``, dilated already."""
    if isinstance(mode, int):
        raise OptionError(f"border_mode_to_pad needs a word or a tuple, got {mode!r}", where=here())
    pads: tuple[tuple[Any, Any], ...] = sc.border_mode_to_pad(
        checked_border_mode(mode, convdim), convdim, kshp
    )
    return pads


# Arguments


def _check_sizes(refused: type[SymconvError], name: str, sizes: Any, count: int, symbolic: int) -> None:
    """Sizes that are constants or None; the last ``symbolic`` of them may be variables, not None."""
    if len(sizes) != count:
        raise refused(f"{name} needs {count} entries, got {len(sizes)}", where=here())
    for place, size in enumerate(sizes):
        spatial = place >= count - symbolic
        number = isinstance(size, Constant) or hasattr(size, "__index__")
        if isinstance(size, Variable):
            number = spatial or isinstance(size, Constant)
        if not (number or (size is None and not spatial)):
            needed = "a constant or a variable" if spatial else "a constant or None"
            raise refused(f"{name}[{place}] must be {needed}, got {size!r}", where=here())


def _numbers(sizes: Any) -> tuple[Any, ...]:
    """Sizes with None where they are symbolic."""
    return tuple(
        None if isinstance(size, Variable) and not isinstance(size, Constant) else size for size in sizes
    )


__getattr__ = refuses("theano.tensor.nnet.abstract_conv", globals())

__all__ = [
    "AbstractConv", "AbstractConv2d", "AbstractConv2d_gradInputs", "AbstractConv2d_gradWeights",
    "AbstractConv3d", "AbstractConv3d_gradInputs", "AbstractConv3d_gradWeights", "AbstractConv_gradInputs",
    "AbstractConv_gradWeights", "BaseAbstractConv", "assert_conv_shape", "assert_shape", "bilinear_kernel_1D",
    "bilinear_kernel_2D", "bilinear_upsampling", "border_mode_to_pad", "causal_conv1d",
    "check_conv_gradinputs_shape", "conv2d", "conv2d_grad_wrt_inputs", "conv2d_grad_wrt_weights", "conv3d",
    "conv3d_grad_wrt_inputs", "conv3d_grad_wrt_weights", "frac_bilinear_upsampling",
    "get_conv_gradinputs_shape", "get_conv_gradinputs_shape_1axis", "get_conv_gradweights_shape",
    "get_conv_gradweights_shape_1axis", "get_conv_output_shape", "get_conv_shape_1axis", "separable_conv2d",
    "separable_conv3d",
]  # fmt: skip
