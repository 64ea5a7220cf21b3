"""Convolution as people write it: conv1d, conv2d, conv3d; imports the graph and its neighbours.

By default the filters are FLIPPED, as in mathematics and in Theano: a true convolution. Most libraries of
today compute the cross-correlation and call it convolution: filters learned there need
``filter_flip=False``.
"""

from collections.abc import Sequence
from operator import index
from typing import Any

from symconv.errors import OptionError, ShapeError, SymconvError
from symconv.graph.about import about
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.types import Dim
from symconv.ops.conv.geometry import BorderMode, ConvGeometry
from symconv.ops.conv.ops import Conv
from symconv.ops.shape import specify_shape

Steps = int | Sequence[int]
ShapeHint = Sequence[Dim] | None


def conv2d(
    input: Operand,
    filters: Operand,
    input_shape: ShapeHint = None,
    filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Steps = (1, 1),
    num_groups: int = 1,
) -> Variable:
    """Convolve images with a bank of filters. **The filters are flipped**, unless ``filter_flip=False``.

    With stride s, dilation d and the pads a before the image (along both axes alike),

        y[n,k,j] = sum over c, t of w[k,c,t] x[n,c, j s + d (T - 1 - t) - a]       T: size of the filter

    and t instead of T - 1 - t where filters are not flipped; x is 0 outside the image.

    Parameters
    ----------
    input : tensor_like, [N, C, H, W]
        Images: batch, channels, rows, columns.
    filters : tensor_like, [K, C / num_groups, h, w]
        The filter bank: output channels, input channels, rows, columns.
    input_shape, filter_shape : sequence of (int or None), optional
        What is known of the shapes, None where nothing is. Sizes known beforehand let errors show while
        the expression is built. They are checked when the function runs.
    border_mode : {"valid", "half", "full"}, int, or one entry an axis
        Zeros around the image, e = d (T - 1) + 1 being the extent of a filter: "valid" none; "half" e // 2
        on each side, which keeps the size for odd e and stride 1; "full" e - 1; an integer p on all
        sides; an entry for each axis: p on both of its sides, or a pair (before, behind).
    subsample : int or (int, int)
        Stride along rows and columns.
    filter_flip : bool
        True: a true convolution. False: the cross-correlation that most libraries call convolution.
    filter_dilation : int or (int, int)
        Distance between neighbouring filter elements.
    num_groups : int
        Channels and filters are divided into this many equal blocks, the first block of filters
        sees the first block of channels, and so on.

    Returns
    -------
    Variable, [N, K, (H + a + b - e) // s + 1, (W + a + b - e) // s + 1]
        Of the dtype that both operands promote to.

    Raises
    ------
    RankError
        Unless both have four dimensions.
    ShapeError
        Where channels do not match, groups do not divide them, a filter does not fit on the padded
        image, or a hint contradicts what is known; as soon as the sizes are known.
    DTypeError
        For two integer operands.
    OptionError
        For a parameter with a value that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from symconv.ops.conv import conv2d
    >>> image = np.zeros((1, 1, 5, 5)); image[0, 0, 2, 2] = 1.0
    >>> filters = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> y = conv2d(image, filters)
    >>> y
    Conv2d.0: float64[1,1,3,3]
    >>> y.owner.op.perform(image, filters)[0, 0]  # an impulse shows the filter itself: it was flipped
    array([[1., 2., 3.],
           [4., 5., 6.],
           [7., 8., 9.]])
    """
    return _convolve(
        2, input, filters, input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation,
        num_groups,
    )  # fmt: skip


def conv1d(
    input: Operand,
    filters: Operand,
    input_shape: ShapeHint = None,
    filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = (1,),
    filter_flip: bool = True,
    filter_dilation: Steps = (1,),
    num_groups: int = 1,
) -> Variable:
    """Convolve signals [N, C, time] with filters [K, C / num_groups, time]; all else as in ``conv2d``.

    Examples
    --------
    >>> import numpy as np
    >>> from symconv.ops.conv import conv1d
    >>> conv1d(np.zeros((1, 2, 100)), np.zeros((4, 2, 7)), subsample=2).type
    TensorType(float64[1,4,47])
    """
    return _convolve(
        1, input, filters, input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation,
        num_groups,
    )  # fmt: skip


def conv3d(
    input: Operand,
    filters: Operand,
    input_shape: ShapeHint = None,
    filter_shape: ShapeHint = None,
    border_mode: BorderMode | int = "valid",
    subsample: Steps = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Steps = (1, 1, 1),
    num_groups: int = 1,
) -> Variable:
    """Convolve volumes [N, C, depth, rows, columns] with filters of five axes; all else as in ``conv2d``.

    Examples
    --------
    >>> import numpy as np
    >>> from symconv.ops.conv import conv3d
    >>> conv3d(np.zeros((1, 1, 8, 9, 10)), np.zeros((2, 1, 3, 3, 3)), border_mode="half").type
    TensorType(float64[1,2,8,9,10])
    """
    return _convolve(
        3, input, filters, input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation,
        num_groups,
    )  # fmt: skip


def _convolve(
    ndim: int,
    input: Operand,
    filters: Operand,
    input_shape: ShapeHint,
    filter_shape: ShapeHint,
    border_mode: BorderMode | int,
    subsample: Steps,
    filter_flip: bool,
    filter_dilation: Steps,
    num_groups: int,
) -> Variable:
    image, bank = as_variable(input), as_variable(filters)
    with about(image=image, filters=bank):
        geometry = ConvGeometry(
            stride=_per_axis(subsample, ndim, "subsample"),
            border_mode=border_mode,  # type: ignore[arg-type]  # the geometry brings it to its normal form
            dilation=_per_axis(filter_dilation, ndim, "filter_dilation"),
            groups=num_groups,
            flip=filter_flip,
        )
        image = _hinted(image, input_shape, "input_shape", ndim)
        bank = _hinted(bank, filter_shape, "filter_shape", ndim)
    result: Variable = Conv(geometry)(image, bank)
    return result


def _per_axis(steps: Steps, ndim: int, name: str) -> tuple[int, ...]:
    """One number for all axes, or one for each; the geometry checks the numbers themselves."""
    if hasattr(steps, "__index__") and not getattr(steps, "ndim", 0):
        return (steps,) * ndim  # type: ignore[return-value]
    try:
        entries = tuple(steps)  # type: ignore[arg-type]
    except TypeError:
        entries = ()
    if len(entries) != ndim:
        raise OptionError(
            f"{name} needs an integer, or {ndim} of them, one for each spatial axis, got {steps!r}",
            hint=f"{name}={(1,) * ndim} is every pixel",
        )
    return entries


def _hinted(variable: Variable, hint: ShapeHint, name: str, ndim: int) -> Variable:
    """The variable, its shape refined by what the user says of it."""
    if hint is None or variable.ndim != ndim + 2:  # the op says better what is wrong with the rank
        return variable
    sizes = _hint_sizes(hint, name, ndim + 2)
    for axis, (said, known) in enumerate(zip(sizes, variable.type.shape, strict=True)):
        if said is not None and known is not None and said != known:
            raise ShapeError(
                f"{name} says that axis {axis} has size {said}, but it is known to be {known}",
                arguments=[(name, tuple(sizes)), (str(variable), variable.type)],
                hint=f"leave the hint out: sizes that are known need none, {name}=None",
            )
    if all(said is None or known is not None for said, known in zip(sizes, variable.type.shape, strict=True)):
        return variable
    result: Variable = specify_shape(variable, sizes)
    return result


def _hint_sizes(hint: Sequence[Dim], name: str, ndim: int) -> tuple[Dim, ...]:
    """A shape hint as sizes; integer constants count as numbers."""
    try:
        entries = tuple(entry.data.item() if isinstance(entry, Constant) else entry for entry in hint)
        sizes = tuple(None if entry is None else index(entry) for entry in entries)
    except (TypeError, ValueError, SymconvError):
        raise _bad_hint(hint, name, ndim) from None
    if len(sizes) != ndim or any(size is not None and size < 0 for size in sizes):
        raise _bad_hint(hint, name, ndim)
    return sizes


def _bad_hint(hint: Any, name: str, ndim: int) -> OptionError:
    return OptionError(
        f"{name} needs {ndim} entries, each a size or None, got {hint!r}",
        hint="a size that is itself computed cannot be a hint: give None for it",
    )
