"""``theano.tensor.nnet.abstract_conv``: convolution with a strict set of keywords; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.ops.conv.sizes import (
    assert_conv_shape,
    border_mode_to_pad,
    check_conv_gradinputs_shape,
    get_conv_gradinputs_shape,
    get_conv_gradweights_shape,
    get_conv_output_shape,
    get_conv_shape_1axis,
)
from symconv.theano._names import refuses
from symconv.theano._variables import adopted, as_tensor_variable, constant, one_adopted, theirs
from symconv.theano.tensor.basic import zeros


def conv2d(
    input: Variable,
    filters: Variable,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """``symconv.conv2d`` with Theano's arguments.

    Parameters
    ----------
    input : Variable [N, C, H, W]
        The images.
    filters : Variable [K, C / num_groups, h, w]
        The filters.
    input_shape, filter_shape : sequence of (int or None), optional
        Sizes, where known.
    border_mode : str, int, or tuple
        "valid", "full", "half", or how many zeros to put around the image.
    subsample, filter_dilation : (int, int)
        The strides; the distance between the taps of a filter.
    filter_flip : bool
        True: convolution; False: correlation.
    num_groups : int
        Groups of channels that do not see one another.
    unshared : bool
        Filters of their own for each position: [K, H', W', C / num_groups, h, w].

    Returns
    -------
    Variable [N, K, H', W']

    Raises
    ------
    OptionError
        As ``symconv.conv2d``.
    """
    result: Variable = (sc.unshared_conv if unshared else sc.conv2d)(
        as_tensor_variable(input),
        as_tensor_variable(filters),
        input_shape=input_shape,
        filter_shape=filter_shape,
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=filter_flip,
        filter_dilation=filter_dilation,
        num_groups=num_groups,
    )
    return result


def conv3d(
    input: Variable,
    filters: Variable,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """``symconv.conv3d`` of [N, C, D, H, W] with Theano's arguments; see ``conv2d``."""
    result: Variable = adopted(
        sc.conv3d(
            as_tensor_variable(input), as_tensor_variable(filters), input_shape, filter_shape, border_mode,
            subsample, filter_flip, filter_dilation, num_groups,
        )
    )  # fmt: skip
    return result


def conv2d_grad_wrt_inputs(
    output_grad: Variable,
    filters: Variable,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """The gradient of ``conv2d`` by images of ``input_shape``: ``symconv.conv_grad_wrt_inputs``."""
    return _by_inputs(
        2, output_grad, filters, input_shape, filter_shape, border_mode, subsample, filter_flip,
        filter_dilation, num_groups, unshared,
    )  # fmt: skip


def conv2d_grad_wrt_weights(
    input: Variable,
    output_grad: Variable,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """The gradient of ``conv2d`` by filters of ``filter_shape``: ``symconv.conv_grad_wrt_weights``."""
    return _by_weights(
        2, input, output_grad, filter_shape, input_shape, border_mode, subsample, filter_flip,
        filter_dilation, num_groups, unshared,
    )  # fmt: skip


def conv3d_grad_wrt_inputs(
    output_grad: Variable,
    filters: Variable,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """The gradient of ``conv3d`` by images of ``input_shape``."""
    return _by_inputs(
        3, output_grad, filters, input_shape, filter_shape, border_mode, subsample, filter_flip,
        filter_dilation, num_groups, False,
    )  # fmt: skip


def conv3d_grad_wrt_weights(
    input: Variable,
    output_grad: Variable,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """The gradient of ``conv3d`` by filters of ``filter_shape``."""
    return _by_weights(
        3, input, output_grad, filter_shape, input_shape, border_mode, subsample, filter_flip,
        filter_dilation, num_groups, False,
    )  # fmt: skip


def _by_inputs(
    ndim: int,
    gradient: Any,
    filters: Any,
    shape: Any,
    filter_shape: Any,
    border_mode: Any,
    stride: Any,
    flip: bool,
    dilation: Any,
    groups: int,
    unshared: bool,
) -> Variable:
    gradient, bank = as_tensor_variable(gradient), as_tensor_variable(filters)
    sizes = _sizes(shape, ndim, (None, None))
    if unshared:
        image = zeros([gradient.shape[0], groups * bank.shape[-ndim - 1], *sizes[2:]], gradient.dtype)
        made = sc.unshared_conv(image, bank, None, filter_shape, border_mode, stride, flip, dilation, groups)
        return one_adopted(sc.grad(None, image, known_grads={made: gradient}))
    result: Variable = adopted(
        sc.conv_grad_wrt_inputs(
            gradient, bank, sizes, filter_shape, border_mode, stride, flip, dilation, groups
        )
    )
    return result


def _by_weights(
    ndim: int,
    x: Any,
    gradient: Any,
    shape: Any,
    input_shape: Any,
    border_mode: Any,
    stride: Any,
    flip: bool,
    dilation: Any,
    groups: int,
    unshared: bool,
) -> Variable:
    x, gradient = as_tensor_variable(x), as_tensor_variable(gradient)
    if unshared:
        bank = zeros(_sizes(shape, 4, ()), x.dtype)
        made = sc.unshared_conv(x, bank, input_shape, None, border_mode, stride, flip, dilation, groups)
        return one_adopted(sc.grad(None, bank, known_grads={made: gradient}))
    sizes = _sizes(shape, ndim, (gradient.shape[1], x.shape[1] // groups))
    result: Variable = adopted(
        sc.conv_grad_wrt_weights(x, gradient, sizes, input_shape, border_mode, stride, flip, dilation, groups)
    )
    return result


def _sizes(shape: Any, ndim: int, leading: tuple[Any, ...]) -> list[Any]:
    """A shape as a list of sizes; one of the image's axes alone, or a vector, is completed."""
    if isinstance(shape, Variable):
        length = shape.type.shape[0]
        listed = [shape[axis] for axis in range(ndim if length is None else length)]
    else:
        listed = list(shape)
    return [*leading, *listed] if len(listed) == ndim else listed


def separable_conv2d(
    input: Variable,
    depthwise_filters: Variable,
    pointwise_filters: Variable,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
) -> Variable:
    """Each channel by filters of its own, then all of them mixed: ``symconv.separable_conv``."""
    return one_adopted(
        sc.separable_conv(
            as_tensor_variable(input), as_tensor_variable(depthwise_filters),
            as_tensor_variable(pointwise_filters), num_channels, input_shape, depthwise_filter_shape,
            pointwise_filter_shape, border_mode, subsample, filter_flip, filter_dilation,
        )
    )  # fmt: skip


def separable_conv3d(
    input: Variable,
    depthwise_filters: Variable,
    pointwise_filters: Variable,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int, int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int, int] = (1, 1, 1),
) -> Variable:
    """``separable_conv2d`` of [N, C, D, H, W]."""
    return one_adopted(
        sc.separable_conv(
            as_tensor_variable(input), as_tensor_variable(depthwise_filters),
            as_tensor_variable(pointwise_filters), num_channels, input_shape, depthwise_filter_shape,
            pointwise_filter_shape, border_mode, subsample, filter_flip, filter_dilation,
        )
    )  # fmt: skip


def causal_conv1d(
    input: Variable,
    filters: Variable,
    filter_shape: Any = None,
    input_shape: Any = None,
    subsample: int = 1,
    filter_flip: bool = True,
    filter_dilation: int = 1,
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """A convolution over time that sees the past alone: ``symconv.causal_conv1d``.

    Raises
    ------
    OptionError
        For ``unshared=True``.
    """
    if unshared:
        raise OptionError(
            "causal_conv1d has no unshared filters", hint="pad the past yourself, and call unshared_conv"
        )
    return one_adopted(
        sc.causal_conv1d(
            as_tensor_variable(input), as_tensor_variable(filters), filter_shape, input_shape, subsample,
            filter_flip, filter_dilation, num_groups,
        )
    )  # fmt: skip


def bilinear_upsampling(
    input: Variable,
    ratio: Any = None,
    frac_ratio: Any = None,
    batch_size: int | None = None,
    num_input_channels: int | None = None,
    use_1D_kernel: bool = True,
) -> Variable:
    """Images enlarged by bilinear interpolation: ``symconv.bilinear_upsampling``."""
    return one_adopted(
        sc.bilinear_upsampling(
            as_tensor_variable(input), ratio, frac_ratio, batch_size, num_input_channels, use_1D_kernel
        )
    )


frac_bilinear_upsampling = theirs(sc.frac_bilinear_upsampling)


def bilinear_kernel_1D(ratio: int, normalize: bool = True) -> Variable:
    """The weights of ``bilinear_upsampling`` along one axis."""
    return constant(sc.bilinear_kernel_1D(ratio, normalize))


def bilinear_kernel_2D(ratio: Any, normalize: bool = True) -> Variable:
    """The weights of ``bilinear_upsampling``."""
    return constant(sc.bilinear_kernel_2D(ratio, normalize))


def assert_shape(x: Any, expected_shape: Any, msg: str = "Unexpected shape.") -> Variable:
    """``x``, whose sizes are checked where they are stated and not yet known."""
    found = as_tensor_variable(x)
    stated = [size if isinstance(size, int) else None for size in expected_shape]
    return one_adopted(sc.specify_shape(found, stated)) if any(size is not None for size in stated) else found


class BaseAbstractConv:
    """A convolution, or one of its gradients, with its parameters: a callable that applies it.

    Parameters
    ----------
    convdim : int
        2 or 3.
    imshp, kshp : tuple of (int or None), optional
        The shapes of images and filters, as far as they are known.
    border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared
        As for ``conv2d``.

    Raises
    ------
    OptionError
        For other numbers of axes, and unshared filters of volumes; a ValueError.
    """

    def __init__(
        self,
        convdim: int,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = None,
        filter_flip: bool = True,
        filter_dilation: Any = None,
        num_groups: int = 1,
        unshared: bool = False,
    ) -> None:
        if convdim not in (2, 3):
            raise OptionError(f"convolutions have 2 or 3 axes here, got {convdim}", hint="conv1d has one")
        if unshared and convdim == 3:
            raise OptionError("unshared filters are for images", hint="symconv.unshared_conv takes volumes")
        self.convdim, self.imshp, self.kshp, self.border_mode = convdim, imshp, kshp, border_mode
        self.subsample = tuple(subsample or (1,) * convdim)
        self.filter_dilation = tuple(filter_dilation or (1,) * convdim)
        self.filter_flip, self.num_groups, self.unshared = filter_flip, num_groups, unshared

    @property
    def _geometry(self) -> tuple[Any, ...]:
        return (
            self.border_mode, self.subsample, self.filter_flip, self.filter_dilation, self.num_groups,
            self.unshared,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.convdim, self.subsample, self.filter_dilation, self.num_groups))

    def __str__(self) -> str:
        return f"{type(self).__name__}{{{', '.join(f'{k}={v!r}' for k, v in vars(self).items())}}}"

    __repr__ = __str__


class AbstractConv(BaseAbstractConv):
    """The convolution: ``op(images, filters)``."""

    def __call__(self, img: Any, kern: Any) -> Variable:
        """The feature maps."""
        if self.convdim == 3:
            return conv3d(img, kern, self.imshp, self.kshp, *self._geometry[:5])
        return conv2d(img, kern, self.imshp, self.kshp, *self._geometry)


class AbstractConv_gradInputs(BaseAbstractConv):
    """Its gradient by the images: ``op(filters, gradient, sizes of the images)``."""

    def __call__(self, kern: Any, topgrad: Any, shape: Any, add_assert_shape: bool = True) -> Variable:
        """The gradient; ``shape`` holds numbers, scalar variables, or is a vector."""
        return _by_inputs(self.convdim, topgrad, kern, shape, self.kshp, *self._geometry)


class AbstractConv_gradWeights(BaseAbstractConv):
    """Its gradient by the filters: ``op(images, gradient, sizes of the filters)``."""

    def __call__(self, img: Any, topgrad: Any, shape: Any, add_assert_shape: bool = True) -> Variable:
        """The gradient; ``shape`` holds numbers, scalar variables, or is a vector."""
        return _by_weights(self.convdim, img, topgrad, shape, self.imshp, *self._geometry)


def _of_images(kind: type[Any]) -> type[Any]:
    def __init__(
        self: Any,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = (1, 1),
        filter_flip: bool = True,
        filter_dilation: Any = (1, 1),
        num_groups: int = 1,
        unshared: bool = False,
    ) -> None:
        kind.__init__(
            self, 2, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared
        )

    name = kind.__name__.replace("Conv", "Conv2d")
    return type(name, (kind,), {"__init__": __init__, "__doc__": kind.__doc__, "__module__": __name__})


def _of_volumes(kind: type[Any]) -> type[Any]:
    def __init__(
        self: Any,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = (1, 1, 1),
        filter_flip: bool = True,
        filter_dilation: Any = (1, 1, 1),
        num_groups: int = 1,
    ) -> None:
        kind.__init__(
            self, 3, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups
        )

    name = kind.__name__.replace("Conv", "Conv3d")
    return type(name, (kind,), {"__init__": __init__, "__doc__": kind.__doc__, "__module__": __name__})


AbstractConv2d, AbstractConv3d = _of_images(AbstractConv), _of_volumes(AbstractConv)
AbstractConv2d_gradInputs = _of_images(AbstractConv_gradInputs)
AbstractConv3d_gradInputs = _of_volumes(AbstractConv_gradInputs)
AbstractConv2d_gradWeights = _of_images(AbstractConv_gradWeights)
AbstractConv3d_gradWeights = _of_volumes(AbstractConv_gradWeights)

__getattr__ = refuses("theano.tensor.nnet.abstract_conv", globals())

__all__ = [
    "AbstractConv", "AbstractConv2d", "AbstractConv2d_gradInputs", "AbstractConv2d_gradWeights",
    "AbstractConv3d", "AbstractConv3d_gradInputs", "AbstractConv3d_gradWeights", "AbstractConv_gradInputs",
    "AbstractConv_gradWeights", "BaseAbstractConv", "assert_conv_shape", "assert_shape",
    "bilinear_kernel_1D", "bilinear_kernel_2D", "bilinear_upsampling", "border_mode_to_pad",
    "causal_conv1d", "check_conv_gradinputs_shape", "conv2d", "conv2d_grad_wrt_inputs",
    "conv2d_grad_wrt_weights", "conv3d", "conv3d_grad_wrt_inputs", "conv3d_grad_wrt_weights",
    "frac_bilinear_upsampling", "get_conv_gradinputs_shape", "get_conv_gradweights_shape",
    "get_conv_output_shape", "get_conv_shape_1axis", "separable_conv2d", "separable_conv3d",
]  # fmt: skip
