"""Convolution whose filters are not shared between places (locally connected); imports patches and einsum."""

from symconv.errors import OptionError, RankError
from symconv.graph.about import about
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.ops.conv.functions import ShapeHint, Steps, _hint_sizes, _per_axis
from symconv.ops.conv.geometry import BorderMode, ConvGeometry
from symconv.ops.conv.patches import UnsharedUnfold
from symconv.ops.conv.sizes import size_along
from symconv.ops.einsum import einsum
from symconv.ops.shape import reshape, specify_shape

_OUTPUT, _KERNEL = "xyz", "abd"


def unshared_conv(
    input: Operand,
    filters: Operand,
    input_shape: ShapeHint = None,
    filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = 1,
    filter_flip: bool = True,
    filter_dilation: Steps = 1,
    num_groups: int = 1,
) -> Variable:
    """A convolution with filters of its own for each pixel of the output: a locally connected layer.

        y[n,k,j] = sum over c, t of w[k,j,c,t] x[n,c, j s + d (T - 1 - t) - a]

    and t instead of T - 1 - t where filters are not flipped.

    Parameters
    ----------
    input : tensor_like, [N, C, *spatial]
        One to three spatial axes.
    filters : tensor_like, [K, *output, C / num_groups, *kernel]
    input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups
        As of ``conv2d``.

    Returns
    -------
    Variable, [N, K, *output]

    Raises
    ------
    RankError, ShapeError, OptionError
        As ``conv2d``; where the output does not have as many pixels as there are filters.

    Notes
    -----
    It costs as many multiplications as a convolution, but reads each filter once for an image, and holds all
    patches in memory.

    Examples
    --------
    >>> import numpy as np
    >>> import symconv as sc
    >>> x, w = np.ones((1, 1, 3)), np.array([[1.0, 1.0], [2.0, 2.0]]).reshape(1, 2, 1, 2)
    >>> unshared_conv(x, w).eval()
    array([[[2., 4.]]])
    """
    x, bank = as_variable(input), as_variable(filters)
    with about(input=x, filters=bank):
        return _unshared(x, bank, input_shape, filter_shape, border_mode, subsample, filter_flip,
                         filter_dilation, num_groups)  # fmt: skip


def _unshared(
    x: Variable, bank: Variable, input_shape: ShapeHint, filter_shape: ShapeHint,
    border_mode: BorderMode | int, subsample: Steps, flip: bool, dilation: Steps, groups: int,
) -> Variable:  # fmt: skip
    ndim = x.ndim - 2
    if not 1 <= ndim <= 3:
        raise RankError(f"an unshared convolution needs [batch, channels, spatial axes], got {x.ndim}-d",
                        hint="one image of one channel needs two ones: image[None, None]")  # fmt: skip
    if bank.ndim != 2 * ndim + 2:
        raise RankError(
            f"unshared filters for {ndim} spatial axes need {2 * ndim + 2} axes "
            f"[out, *output, in, *kernel], got {bank.ndim}-d",
            hint="filters that are the same everywhere: conv2d",
        )
    if input_shape is not None:
        x = specify_shape(x, _hint_sizes(input_shape, "input_shape", x.ndim))
    if filter_shape is not None:
        bank = specify_shape(bank, _hint_sizes(filter_shape, "filter_shape", bank.ndim))
    geometry = ConvGeometry(
        stride=_per_axis(subsample, ndim, "subsample"),
        border_mode=border_mode,  # type: ignore[arg-type]  # the geometry brings it to its normal form
        dilation=_per_axis(dilation, ndim, "filter_dilation"),
        flip=flip,
    )
    if not isinstance(groups, int) or groups < 1:
        raise OptionError(f"the number of groups must be an integer >= 1, got {groups!r}",
                          hint="num_groups=1 lets every filter see every channel")  # fmt: skip
    patches = UnsharedUnfold(geometry, groups=groups)(x, bank)
    places, taps = _OUTPUT[:ndim], _KERNEL[:ndim]
    if groups == 1:
        return einsum(f"nc{taps}{places},k{places}c{taps}->nk{places}", patches, bank)
    count = size_along(bank, 0)
    patches = _grouped(patches, 1, groups)
    by_group = einsum(f"ngc{taps}{places},gk{places}c{taps}->ngk{places}", patches, _grouped(bank, 0, groups))
    rest = [size_along(by_group, axis) for axis in range(3, by_group.ndim)]
    return reshape(by_group, (size_along(x, 0), count, *rest))


def _grouped(x: Variable, axis: int, groups: int) -> Variable:
    """The axis as two: groups, and what is in each."""
    sizes = [size_along(x, place) for place in range(x.ndim)]
    return reshape(x, (*sizes[:axis], groups, sizes[axis] // groups, *sizes[axis + 1 :]))


__all__ = ["unshared_conv"]
