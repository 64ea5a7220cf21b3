"""Sizes of convolutions for whoever plans a network: numbers, None or symbolic; imports the geometry.

Each size of a shape may be an integer, None where it is not known (what depends on it is None too), or an
integer scalar variable (what depends on it is one too). Shapes are [batch, channels, *spatial] for images and
[filters, channels, *spatial] for filters.
"""

from collections.abc import Sequence
from operator import index
from typing import Any

from symconv.errors import OptionError, ShapeError
from symconv.graph.about import about
from symconv.graph.nodes import Constant, Variable
from symconv.graph.origin import here
from symconv.ops.conv.geometry import BorderMode, ConvGeometry
from symconv.ops.shape import size_of

Size = Any  # int, None or an integer scalar variable


def get_conv_output_shape(
    image_shape: Sequence[Size],
    kernel_shape: Sequence[Size],
    border_mode: BorderMode | int,
    subsample: Sequence[int],
    filter_dilation: Sequence[int] | None = None,
) -> tuple[Size, ...]:
    """The shape [N, K, *output] of a convolution's output.

    Parameters
    ----------
    image_shape, kernel_shape : sequence of (int, None or integer scalar variable)
        [N, C, *spatial]; filters [K, C, *kernel], or [K, *output, C, *kernel] where they are not shared.
    border_mode, subsample, filter_dilation
        As of ``conv2d``.

    Raises
    ------
    OptionError
        For a parameter with a value that does not exist.

    Examples
    --------
    >>> get_conv_output_shape((20, 3, 28, None), (8, 3, 5, 5), "valid", (2, 2))
    (20, 8, 12, None)
    """
    geometry = _geometry(border_mode, subsample, filter_dilation, len(image_shape) - 2)
    kernel = _kernel(kernel_shape, geometry.ndim)
    spatial = [plain(size) for size in tuple(image_shape)[2:]]
    sizes = [
        None if size is None or extent is None or low is None else
        (size + low + high - extent) // stride + 1
        for size, extent, (low, high), stride in zip(
            spatial, extents(geometry, kernel), pads(geometry, kernel), geometry.stride, strict=True
        )
    ]  # fmt: skip
    return (image_shape[0], kernel_shape[0], *sizes)


def get_conv_shape_1axis(
    image_shape: Size,
    kernel_shape: Size,
    border_mode: BorderMode | int,
    subsample: int,
    dilation: int = 1,
) -> Size:
    """The size of the output along one axis; ``border_mode`` may be a pair (before, behind).

    Examples
    --------
    >>> get_conv_shape_1axis(10, 3, (2, 0), 1)
    10
    """
    mode: Any = (border_mode,) if isinstance(border_mode, tuple) else border_mode
    if isinstance(mode, tuple) and len(mode[0]) == 1:
        mode = mode[0]
    shape = get_conv_output_shape(
        (None, None, image_shape), (None, None, kernel_shape), mode, (subsample,), (dilation,)
    )
    return shape[2]


def get_conv_gradinputs_shape(
    kernel_shape: Sequence[Size],
    top_shape: Sequence[Size],
    border_mode: BorderMode | int,
    subsample: Sequence[int],
    filter_dilation: Sequence[int] | None = None,
    num_groups: int = 1,
) -> tuple[Size, ...]:
    """The shape [N, C, *spatial] of images that give an output; None along axes with a stride above 1.

    Examples
    --------
    >>> get_conv_gradinputs_shape((8, 3, 5, 5), (20, 8, 24, 24), "valid", (1, 1))
    (20, 3, 28, 28)
    """
    geometry = _geometry(border_mode, subsample, filter_dilation, len(top_shape) - 2)
    kernel = _kernel(kernel_shape, geometry.ndim)
    depth = kernel_shape[-geometry.ndim - 1]
    smallest = smallest_image(geometry, kernel, [plain(size) for size in tuple(top_shape)[2:]])
    sizes = (size if stride == 1 else None for size, stride in zip(smallest, geometry.stride, strict=True))
    return (top_shape[0], None if depth is None else depth * num_groups, *sizes)


def get_conv_gradweights_shape(
    image_shape: Sequence[Size],
    top_shape: Sequence[Size],
    border_mode: BorderMode | int,
    subsample: Sequence[int],
    filter_dilation: Sequence[int] | None = None,
    num_groups: int = 1,
    unshared: bool = False,
) -> tuple[Size, ...]:
    """The shape of filters that take images to an output.

    None along axes with a stride above 1 and for the border "half": there several sizes do.

    Examples
    --------
    >>> get_conv_gradweights_shape((20, 3, 28, 28), (20, 8, 24, 24), "valid", (1, 1))
    (8, 3, 5, 5)
    """
    geometry = _geometry(border_mode, subsample, filter_dilation, len(image_shape) - 2)
    sizes: list[Size] = []
    for axis, (image, top) in enumerate(zip(image_shape[2:], top_shape[2:], strict=True)):
        image, top = plain(image), plain(top)
        if image is None or top is None or geometry.stride[axis] != 1 or geometry.border_mode == "half":
            sizes.append(None)
        elif geometry.border_mode == "full":
            sizes.append((top - image) // geometry.dilation[axis] + 1)
        else:
            low, high = pads(geometry, [1] * geometry.ndim)[axis]
            sizes.append((image + low + high - top) // geometry.dilation[axis] + 1)
    channels = plain(image_shape[1])
    depth = None if channels is None else channels // num_groups
    return (top_shape[1], *(top_shape[2:] if unshared else ()), depth, *sizes)


def check_conv_gradinputs_shape(
    image_shape: Sequence[Size],
    kernel_shape: Sequence[Size],
    output_shape: Sequence[Size],
    border_mode: BorderMode | int,
    subsample: Sequence[int],
    filter_dilation: Sequence[int] | None = None,
) -> bool:
    """Whether images of one shape can give an output of another; True where that cannot be told.

    Examples
    --------
    >>> [check_conv_gradinputs_shape((1, 1, n), (1, 1, 3), (1, 1, 4), "valid", (2,)) for n in (8, 9, 10, 11)]
    [False, True, True, False]
    """
    if len({len(image_shape), len(output_shape)}) > 1:
        return False
    expected = get_conv_output_shape(image_shape, kernel_shape, border_mode, subsample, filter_dilation)
    for size, wanted in zip(map(plain, output_shape), map(plain, expected), strict=True):
        if isinstance(size, int) and isinstance(wanted, int) and size != wanted:
            return False
        if isinstance(wanted, int) and wanted < 0:
            return False
    return True


def assert_conv_shape(shape: Sequence[Size]) -> tuple[Size, ...]:
    """The shape itself, if a convolution can have it: at least one pixel along each spatial axis.

    Raises
    ------
    ShapeError
        For a known size that is negative, or 0 along a spatial axis.
    """
    for axis, size in enumerate(map(plain, shape)):
        if isinstance(size, int) and (size < 0 or (axis >= 2 and size == 0)):
            raise ShapeError(
                f"a convolution cannot give a size of {size} along axis {axis}",
                arguments=[("shape", tuple(shape))],
                where=here(),
                hint="filters must fit on the padded image",
            )
    return tuple(shape)


def border_mode_to_pad(
    mode: BorderMode | int, convdim: int, kshp: Sequence[Size]
) -> tuple[tuple[Size, Size], ...]:
    """Zeros (before, behind) the image along each of ``convdim`` axes, for filters of the sizes ``kshp``.

    Examples
    --------
    >>> border_mode_to_pad(((1, 2), 0), 2, (3, 3))
    ((1, 2), (0, 0))
    """
    geometry = _geometry(mode, (1,) * convdim, None, convdim)
    return tuple(pads(geometry, [plain(size) for size in kshp]))


# The same algebra as ConvGeometry's, for sizes that may be symbolic


def plain(size: Size) -> Size:
    """Integers and integer constants as ``int``; None and variables as they are."""
    if isinstance(size, Constant):
        size = size.data.item()
    if size is None or isinstance(size, Variable):
        return size
    try:
        return index(size)
    except TypeError:
        raise OptionError(f"a size is an integer, None or an integer scalar variable, got {size!r}",
                          where=here(), hint="round it first: int(...)") from None  # fmt: skip


def size_along(x: Variable, axis: int) -> Size:
    """The size where it is known, else a variable."""
    known = x.type.shape[axis]
    return size_of(x, axis) if known is None else known


def extents(geometry: ConvGeometry, kernel: Sequence[Size]) -> list[Size]:
    """Pixels that dilated filters span."""
    return [
        None if size is None else step * (size - 1) + 1
        for size, step in zip(kernel, geometry.dilation, strict=True)
    ]


def pads(geometry: ConvGeometry, kernel: Sequence[Size]) -> list[tuple[Size, Size]]:
    """Zeros before and behind, along each axis."""
    match geometry.border_mode:
        case "half":
            return [(None, None) if e is None else (e // 2, e // 2) for e in extents(geometry, kernel)]
        case "full":
            return [(None, None) if e is None else (e - 1, e - 1) for e in extents(geometry, kernel)]
    return list(geometry.pads([1] * geometry.ndim))


def smallest_image(geometry: ConvGeometry, kernel: Sequence[Size], output: Sequence[Size]) -> list[Size]:
    """The smallest image that gives an output."""
    return [
        None if size is None or extent is None else (size - 1) * stride + extent - low - high
        for size, extent, (low, high), stride in zip(
            output, extents(geometry, kernel), pads(geometry, kernel), geometry.stride, strict=True
        )
    ]


def _geometry(border_mode: Any, stride: Any, dilation: Any, ndim: int) -> ConvGeometry:
    with about():
        geometry = ConvGeometry(
            stride=tuple(stride), border_mode=border_mode, dilation=tuple(dilation) if dilation else ()
        )
        if geometry.ndim != ndim:
            raise OptionError(
                f"shapes with {ndim} spatial axes need {ndim} strides, got {geometry.ndim}",
                hint="shapes are [batch, channels, spatial axes]",
            )
    return geometry


def _kernel(shape: Sequence[Size], ndim: int) -> list[Size]:
    """The spatial sizes of filters, which may have a grid of places before their channels."""
    sizes = tuple(shape)
    if len(sizes) not in (ndim + 2, 2 * ndim + 2):
        raise OptionError(
            f"filters for {ndim} spatial axes have {ndim + 2} sizes, or {2 * ndim + 2} where they are not "
            f"shared, got {len(sizes)}",
            arguments=[("kernel_shape", sizes)],
            where=here(),
            hint="[filters, channels, spatial axes]",
        )
    return [plain(size) for size in sizes[-ndim:]]


__all__ = [
    "assert_conv_shape", "border_mode_to_pad", "check_conv_gradinputs_shape", "get_conv_gradinputs_shape",
    "get_conv_gradweights_shape", "get_conv_output_shape", "get_conv_shape_1axis",
]  # fmt: skip
