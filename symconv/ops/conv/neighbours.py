"""Neighbourhoods of pixels as rows of a matrix, and back; imports patches, indexing and sizes."""

from typing import Any

from symconv.errors import CoverError, OptionError, RankError
from symconv.graph.about import about
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.axes import dimshuffle
from symconv.ops.conv.geometry import ConvGeometry
from symconv.ops.conv.patches import Fold, Unfold
from symconv.ops.conv.sizes import Size, plain, size_along
from symconv.ops.fill import arange, zeros
from symconv.ops.index.selection import take
from symconv.ops.shape import reshape

MODES = ("valid", "ignore_borders", "wrap_centered", "half", "full")


def images2neibs(
    ten4: Operand, neib_shape: Any, neib_step: Any = None, mode: str = "valid"
) -> Variable:
    """The neighbourhoods of the pixels of images, each as a row of a matrix.

    Parameters
    ----------
    ten4 : tensor_like, [N, C, H, W]
    neib_shape : (int, int), or integer vector
        Rows and columns of a neighbourhood.
    neib_step : (int, int), optional
        Steps between neighbourhoods; by default they lie side by side. Numbers, as a plan of strided views
        is made for them.
    mode : {"valid", "ignore_borders", "half", "full", "wrap_centered"}
        "valid": they must fill the image exactly; "ignore_borders": what is over is left out; "half", "full":
        the image has zeros around it, as in ``conv2d``, and they must fill that; "wrap_centered": one centred
        at each step, the image continued periodically, sizes odd.

    Returns
    -------
    Variable, [N C rows columns, neib_shape[0] neib_shape[1]]
        Rows by image, channel, row and column.

    Raises
    ------
    ShapeError
        Where neighbourhoods do not fit, or do not fill the image and have to; for even sizes to be centred.
    OptionError
        For a mode that does not exist, steps below 1.

    Examples
    --------
    >>> import numpy as np
    >>> images2neibs(np.arange(8.0).reshape(1, 1, 2, 4), (2, 2)).eval()
    array([[0., 1., 4., 5.],
           [2., 3., 6., 7.]])
    """
    x = as_variable(ten4)
    with about(ten4=x):
        _check(x, mode)
        shape = _pair("neib_shape", neib_shape)
        step = _pair("neib_step", neib_shape if neib_step is None else neib_step)
        rows, columns = shape
        if mode == "wrap_centered":
            places = _wrapped(x, shape, step)
        else:
            border = mode if mode in ("half", "full") else "valid"
            geometry = ConvGeometry(_numbers(step), border, flip=False)
            unfold = Unfold(geometry, exact=mode != "ignore_borders")
            patches = unfold(x, zeros(shape, x.type.dtype))  # [N, C, r, c, rows, columns]
            places = dimshuffle(patches, 0, 1, 4, 5, 2, 3)
    count: Size = 1
    for axis in range(4):
        count = count * size_along(places, axis)
    return reshape(places, (count, rows * columns))


def neibs2images(
    neibs: Operand, neib_shape: Any, original_shape: Any, mode: str = "valid"
) -> Variable:
    """Images of neighbourhoods that lie side by side: the inverse of ``images2neibs`` without a step.

    Parameters
    ----------
    neibs : tensor_like, [patches, neib_shape[0] neib_shape[1]]
    neib_shape : (int, int), or integer vector
    original_shape : four sizes
        [N, C, H, W] of the images.
    mode : {"valid", "ignore_borders"}
        With "ignore_borders" the border that no neighbourhood covers is 0.

    Returns
    -------
    Variable, [N, C, H, W]

    Examples
    --------
    >>> import numpy as np
    >>> neibs2images(np.arange(8.0).reshape(2, 4), (2, 2), (1, 1, 2, 4)).eval()
    array([[[[0., 1., 4., 5.],
             [2., 3., 6., 7.]]]])
    """
    x = as_variable(neibs)
    with about(neibs=x):
        if mode not in ("valid", "ignore_borders"):
            raise OptionError(f"neibs2images has no mode {mode!r}", hint="choose 'valid' or 'ignore_borders'")
        rows, columns = _pair("neib_shape", neib_shape)
        batch, channels, high, wide = _sizes("original_shape", original_shape, 4)
        fold = Fold(ConvGeometry(_numbers((rows, columns)), flip=False), exact=mode == "valid")
    patches = reshape(x, (batch, channels, high // rows, wide // columns, rows, columns))
    image = zeros((batch, channels, high, wide), x.type.dtype)
    result: Variable = fold(dimshuffle(patches, 0, 1, 4, 5, 2, 3), image)
    return result


def _wrapped(x: Variable, shape: tuple[Size, ...], step: tuple[Size, ...]) -> Variable:
    """[N, C, rows, columns, r, c], pixels taken around."""
    for size, known in zip(shape, x.type.shape[2:], strict=True):
        if isinstance(size, int) and size % 2 == 0:
            raise CoverError(f"a neighbourhood of {size} pixels has no centre",
                             hint="wrap_centered needs odd sizes")  # fmt: skip
        if isinstance(size, int) and known is not None and known < size:
            raise CoverError(f"a neighbourhood of {size} pixels does not fit on {known}",
                             hint="take a smaller one")  # fmt: skip
    places = x
    for axis, size, by in zip((2, 4), shape, step, strict=True):  # the second axis has moved by one
        length = size_along(places, axis)
        centres = dimshuffle(arange(0, length, by), 0, "x")
        around = dimshuffle(arange(size), "x", 0) - size // 2
        places = take(places, (centres + around) % length, axis=axis)
    return dimshuffle(places, 0, 1, 2, 4, 3, 5)


def _check(x: Variable, mode: str) -> None:
    if x.ndim != 4:
        raise RankError(
            f"images2neibs needs 4-d images [batch, channels, rows, cols], got {x.ndim}-d",
            arguments=[("ten4", x.type)],
            where=here(),
            hint="one image of one channel needs two ones: image[None, None]",
        )
    if mode not in MODES:
        hint = "choose one of " + ", ".join(map(repr, MODES))
        raise OptionError(f"images2neibs has no mode {mode!r}", where=here(), hint=hint)


def _pair(name: str, value: Any) -> tuple[Size, ...]:
    sizes = _sizes(name, value, 2)
    if any(isinstance(size, int) and size < 1 for size in sizes):
        raise OptionError(f"{name} needs sizes of at least 1, got {tuple(sizes)}", where=here(),
                          hint="neib_step=(1, 1) gives one for each pixel")  # fmt: skip
    return sizes


def _sizes(name: str, value: Any, count: int) -> tuple[Size, ...]:
    if isinstance(value, Constant):
        value = value.data.tolist()
    if isinstance(value, Variable):
        return tuple(value[place] for place in range(count))
    try:
        sizes = tuple(plain(entry) for entry in value)
    except TypeError:
        sizes = ()
    if len(sizes) != count or None in sizes:
        raise OptionError(f"{name} needs {count} sizes, got {value!r}", where=here(),
                          hint="rows and columns, or the four sizes of images")  # fmt: skip
    return sizes


def _numbers(sizes: tuple[Size, ...]) -> tuple[int, ...]:
    if not all(isinstance(size, int) for size in sizes):
        raise OptionError("the steps between neighbourhoods must be numbers", where=here(),
                          hint="give neib_step=(rows, columns)")  # fmt: skip
    return tuple(sizes)


__all__ = ["images2neibs", "neibs2images"]
