"""Convolution backwards: transposed convolution and the two adjoints; imports functions, ops and sizes.

A stride of s lets s sizes of image give the same output. So the way back needs to be told which of them is
meant: by the shape of the result, or by ``output_padding``, how many pixels it has more than the smallest.
"""

from collections.abc import Sequence
from typing import Any

from symconv.errors import OptionError, RankError, ShapeError
from symconv.graph.about import about
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.conv.functions import ShapeHint, Steps, _hinted, _per_axis
from symconv.ops.conv.geometry import BorderMode, ConvGeometry
from symconv.ops.conv.ops import ConvGradFilters, ConvGradInput
from symconv.ops.conv.sizes import Size, plain, size_along, smallest_image
from symconv.ops.fill import zeros


def conv_transpose(
    input: Operand,
    filters: Operand,
    output_shape: Sequence[Size] | None = None,
    filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    input_dilation: Steps = 1,
    filter_flip: bool = True,
    filter_dilation: Steps = 1,
    num_groups: int = 1,
    output_padding: Steps | None = None,
) -> Variable:
    """The transposed convolution, in as many dimensions as the operands have.

    It is the adjoint of ``conv`` with the same parameters, ``input_dilation`` being its stride: what that
    takes from an image to an output, this takes from an output to an image. Learned upsampling.

    Parameters
    ----------
    input : tensor_like, [N, K, *spatial]
    filters : tensor_like, [K, C / num_groups, *kernel]
        As of the forward convolution: the first axis is the *input's* channels here.
    output_shape : sequence of (int, None or integer scalar variable), optional
        [N, C, *sizes], None where it follows from the rest. By default the smallest that there is.
    border_mode
        Of the forward convolution: what it pads, this crops.
    input_dilation : int or one an axis
        The stride of the forward convolution: how far apart the input's pixels land.
    output_padding : int or one an axis, optional
        Instead of ``output_shape``: pixels more than the smallest size, fewer than the stride.
    filter_flip : bool
        Of the forward convolution. So a filter is laid down as it is where this is False, and reversed
        where it is True, the default.
    filter_shape, filter_dilation, num_groups
        As of ``conv2d``.

    Returns
    -------
    Variable, [N, C, *sizes]
        sizes (i - 1) s + d (k - 1) + 1 - a - b + output_padding.

    Raises
    ------
    ShapeError
        For a shape that no forward convolution could have had.
    OptionError, RankError, DTypeError
        As ``conv2d``; for both ``output_shape`` and ``output_padding``.

    Examples
    --------
    >>> import numpy as np
    >>> from symconv.ops.conv.transposed import conv_transpose
    >>> conv_transpose(np.ones((1, 1, 3)), np.array([[[1.0, 10.0]]]), input_dilation=2,
    ...                filter_flip=False).eval()
    array([[[ 1., 10.,  1., 10.,  1., 10.]]])
    """
    x, bank = as_variable(input), as_variable(filters)
    ndim = x.ndim - 2
    with about(input=x, filters=bank):
        if ndim < 1:
            raise RankError(
                f"a transposed convolution needs [batch, channels, spatial axes], got {x.ndim}-d"
            )
        geometry = _stated(ndim, border_mode, input_dilation, filter_flip, filter_dilation, num_groups)
        bank = _hinted(bank, filter_shape, "filter_shape", ndim)
        op = ConvGradInput(geometry)
        op._check_filters(bank.type)
        shape = _result_shape(geometry, x, bank, output_shape, output_padding)
    result: Variable = op(x, bank, zeros(shape, x.type.dtype))
    return result


def conv1d_transpose(input: Operand, filters: Operand, *arguments: Any, **options: Any) -> Variable:
    """``conv_transpose`` of signals [N, K, time]."""
    return _of_rank(1, input, filters, arguments, options)


def conv2d_transpose(input: Operand, filters: Operand, *arguments: Any, **options: Any) -> Variable:
    """``conv_transpose`` of images [N, K, rows, columns]."""
    return _of_rank(2, input, filters, arguments, options)


def conv3d_transpose(input: Operand, filters: Operand, *arguments: Any, **options: Any) -> Variable:
    """``conv_transpose`` of volumes [N, K, depth, rows, columns]."""
    return _of_rank(3, input, filters, arguments, options)


def conv_grad_wrt_inputs(
    output_grad: Operand,
    filters: Operand,
    input_shape: Sequence[Size],
    filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = 1,
    filter_flip: bool = True,
    filter_dilation: Steps = 1,
    num_groups: int = 1,
) -> Variable:
    """The gradient of a convolution by its images, given the gradient by its output [N, K, *output].

    ``input_shape`` is [N, C, *spatial], sizes that follow from the rest may be None; all else as of
    ``conv2d``. The same as ``conv_transpose`` with ``input_dilation=subsample``.
    """
    return conv_transpose(output_grad, filters, input_shape, filter_shape, border_mode, subsample,
                          filter_flip, filter_dilation, num_groups)  # fmt: skip


def conv_grad_wrt_weights(
    input: Operand,
    output_grad: Operand,
    filter_shape: Sequence[Size],
    input_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = 1,
    filter_flip: bool = True,
    filter_dilation: Steps = 1,
    num_groups: int = 1,
) -> Variable:
    """The gradient of a convolution by its filters [K, C / num_groups, *kernel], given that by its output.

    Parameters
    ----------
    input : tensor_like, [N, C, *spatial]
    output_grad : tensor_like, [N, K, *output]
    filter_shape : sequence of (int, None or integer scalar variable)
        Of the result; the first two may be None.

    Raises
    ------
    ShapeError
        For filters that do not take such images to such outputs.

    Examples
    --------
    >>> import numpy as np
    >>> x, g = np.arange(4.0).reshape(1, 1, 4), np.ones((1, 1, 3))
    >>> conv_grad_wrt_weights(x, g, (1, 1, 2), filter_flip=False).eval()
    array([[[3., 6.]]])
    """
    x, gradient = as_variable(input), as_variable(output_grad)
    ndim = x.ndim - 2
    with about(input=x, output_grad=gradient):
        geometry = _stated(ndim, border_mode, subsample, filter_flip, filter_dilation, num_groups)
        x = _hinted(x, input_shape, "input_shape", ndim)
        sizes = [plain(size) for size in filter_shape]
        if len(sizes) != ndim + 2 or None in sizes[2:]:
            raise OptionError(f"filter_shape needs {ndim + 2} sizes, the last {ndim} of them known or "
                              f"symbolic, got {filter_shape!r}",
                              hint="several sizes of filters may give the same output")  # fmt: skip
        op = ConvGradFilters(geometry)
        op._check_gradient(gradient.type)
    count = size_along(gradient, 1) if sizes[0] is None else sizes[0]
    depth = size_along(x, 1) // num_groups if sizes[1] is None else sizes[1]
    result: Variable = op(x, gradient, zeros((count, depth, *sizes[2:]), x.type.dtype))
    return result


def _of_rank(ndim: int, input: Operand, filters: Operand, arguments: Any, options: Any) -> Variable:
    x = as_variable(input)
    if x.ndim != ndim + 2:
        raise RankError(
            f"conv{ndim}d_transpose needs {ndim + 2}-d input, got {x.ndim}-d",
            arguments=[("input", x.type)],
            where=here(),
            hint="the first two axes are batch and channels",
        )
    return conv_transpose(x, filters, *arguments, **options)


def _stated(ndim: int, border_mode: Any, stride: Steps, flip: bool, dilation: Steps, groups: int) -> Any:
    return ConvGeometry(
        stride=_per_axis(stride, ndim, "the stride"),
        border_mode=border_mode,
        dilation=_per_axis(dilation, ndim, "filter_dilation"),
        groups=groups,
        flip=flip,
    )


def _result_shape(
    geometry: ConvGeometry, x: Variable, filters: Variable, stated: Any, padding: Any
) -> list[Size]:
    ndim = geometry.ndim
    kernel = [size_along(filters, axis) for axis in range(2, 2 + ndim)]
    output = [size_along(x, axis) for axis in range(2, 2 + ndim)]
    follows = [size_along(x, 0), size_along(filters, 1) * geometry.groups]
    smallest = smallest_image(geometry, kernel, output)
    if stated is not None:
        if padding is not None:
            raise OptionError("output_shape and output_padding say the same thing twice",
                              hint="give one of them")  # fmt: skip
        if len(stated) != ndim + 2:
            raise OptionError(f"output_shape needs {ndim + 2} entries, each a size or None, got {stated!r}",
                              hint="[batch, channels, spatial axes]; None where it follows")  # fmt: skip
        sizes = [plain(size) for size in stated]
        return [b if a is None else a for a, b in zip(sizes, [*follows, *smallest], strict=True)]
    more = (0,) * ndim if padding is None else _per_axis(padding, ndim, "output_padding")
    if any(not 0 <= pixels < stride for pixels, stride in zip(more, geometry.stride, strict=True)):
        raise OptionError(
            f"output_padding must be at least 0 and less than the stride {geometry.stride}, got {more}",
            hint="a size further away comes from another number of outputs",
        )
    sizes = [size + pixels for size, pixels in zip(smallest, more, strict=True)]
    if any(isinstance(size, int) and size < 1 for size in sizes):
        raise ShapeError(f"the border {geometry.border_mode!r} crops all of the result: sizes {sizes}",
                         hint="no forward convolution has such a border; pad less")  # fmt: skip
    return [*follows, *sizes]


__all__ = [
    "conv1d_transpose", "conv2d_transpose", "conv3d_transpose", "conv_grad_wrt_inputs",
    "conv_grad_wrt_weights", "conv_transpose",
]  # fmt: skip
