"""Enlarging images by linear interpolation, along any axes; imports indexing, shapes and sizes."""

from math import gcd
from operator import index
from typing import Any

import numpy as np

from symconv.errors import OptionError, RankError
from symconv.graph.about import about
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.graph.types import Array
from symconv.ops.axes import shape_padright
from symconv.ops.conv.sizes import plain, size_along
from symconv.ops.elemwise_rows import cast, maximum, minimum
from symconv.ops.fill import arange
from symconv.ops.index.selection import take


def bilinear_upsampling(
    input: Operand,
    ratio: Any = None,
    frac_ratio: Any = None,
    batch_size: int | None = None,
    num_input_channels: int | None = None,
    use_1D_kernel: bool = True,
) -> Variable:
    """Enlarge images by a ratio, interpolating linearly along rows and columns; edges are repeated.

    Along each axis, with ratio p / q, output j is the input at the place (j q - (p - 1) // 2) / p.

    Parameters
    ----------
    input : tensor_like, [N, C, H, W]
    ratio : int or integer scalar variable
        How many times larger the result is.
    frac_ratio : (int, int) or pair of (int, int)
        Instead: numerator and denominator, for both axes or for each.
    batch_size, num_input_channels : int, optional
        Known sizes; without effect.
    use_1D_kernel : bool
        Chose between two ways to compute it in Theano; there is one here. Must be False beside
        ``frac_ratio``, as there.

    Returns
    -------
    Variable, [N, C, ceil(H p / q), ceil(W p / q)]

    Raises
    ------
    OptionError
        Unless exactly one ratio is given; for ratios below 1 / 1 in their terms.

    Examples
    --------
    >>> import numpy as np
    >>> bilinear_upsampling(np.arange(4.0).reshape(1, 1, 2, 2), ratio=2).eval()[0, 0]
    array([[0. , 0.5, 1. , 1. ],
           [1. , 1.5, 2. , 2. ],
           [2. , 2.5, 3. , 3. ],
           [2. , 2.5, 3. , 3. ]])
    """
    x = as_variable(input)
    with about(input=x):
        if (ratio is None) == (frac_ratio is None):
            raise OptionError("bilinear_upsampling needs either ratio or frac_ratio",
                              hint="ratio=2 doubles, frac_ratio=(3, 2) is one and a half times")  # fmt: skip
        if frac_ratio is not None:
            if use_1D_kernel:
                raise OptionError("fractional ratios need use_1D_kernel=False",
                                  hint="or call frac_bilinear_upsampling(x, (3, 2))")  # fmt: skip
            return frac_bilinear_upsampling(x, frac_ratio)
        whole = plain(ratio)
        if isinstance(whole, int) and whole < 1:
            raise OptionError(f"a ratio must be at least 1, got {whole}",
                              hint="pool makes images smaller, frac_ratio=(1, 2) too")  # fmt: skip
    return _upsampled(x, ((whole, 1), (whole, 1)))


def frac_bilinear_upsampling(input: Operand, frac_ratio: Any) -> Variable:
    """``bilinear_upsampling`` by a fraction (p, q), or by one for rows and one for columns."""
    try:
        pairs = frac_ratio if isinstance(frac_ratio[0], tuple) else (frac_ratio, frac_ratio)
        terms = [(index(p), index(q)) for p, q in pairs]
    except (TypeError, ValueError, IndexError):
        terms = []
    if not isinstance(frac_ratio, tuple) or len(terms) != 2 or min(map(min, terms)) < 1:
        raise OptionError(f"frac_ratio needs a pair (numerator, denominator), or two, got {frac_ratio!r}",
                          arguments=[("input", as_variable(input).type)], where=here(),
                          hint="(3, 2) is one and a half times; two pairs differ by axis")  # fmt: skip
    return _upsampled(input, [(p // gcd(p, q), q // gcd(p, q)) for p, q in terms])


def _upsampled(input: Operand, ratios: Any) -> Variable:
    x = as_variable(input)
    if x.ndim != 4:
        raise RankError(
            f"upsampling needs 4-d images [batch, channels, rows, cols], got {x.ndim}-d",
            arguments=[("input", x.type)],
            where=here(),
            hint="one image of one channel needs two ones: image[None, None]",
        )
    dtype = x.type.dtype if not x.type.is_discrete else "float64"
    for axis, (p, q) in zip((2, 3), ratios, strict=True):
        size = size_along(x, axis)
        place = arange(0, (size * p + q - 1) // q) * q - (p - 1) // 2
        before = place // p
        share = shape_padright(cast(place - before * p, dtype) / cast(as_variable(p), dtype), 3 - axis)
        low, high = (minimum(maximum(at, 0), size - 1) for at in (before, before + 1))
        x = take(x, low, axis=axis) * (1 - share) + take(x, high, axis=axis) * share
    return x


def bilinear_kernel_1D(ratio: int, normalize: bool = True) -> Array:
    """The triangle 1, 2 .. ratio .. 2, 1, divided by ``ratio`` where normalised.

    Examples
    --------
    >>> bilinear_kernel_1D(2)
    array([0.5, 1. , 0.5])
    """
    whole = plain(ratio)
    if whole < 1:
        raise OptionError(f"a ratio must be at least 1, got {ratio!r}", where=here(),
                          hint="2 doubles the image")  # fmt: skip
    rising = np.arange(1.0, whole + 1)
    triangle = np.concatenate([rising, rising[-2::-1]])
    return triangle / whole if normalize else triangle


def bilinear_kernel_2D(ratio: int | tuple[int, int], normalize: bool = True) -> Array:
    """The outer product of two triangles, one for rows and one for columns."""
    rows, columns = ratio if isinstance(ratio, tuple) else (ratio, ratio)
    return np.outer(bilinear_kernel_1D(rows, normalize), bilinear_kernel_1D(columns, normalize))


__all__ = ["bilinear_kernel_1D", "bilinear_kernel_2D", "bilinear_upsampling", "frac_bilinear_upsampling"]
