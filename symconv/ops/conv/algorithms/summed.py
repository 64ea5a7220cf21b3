"""Matrix products that sum over pixels, cut to what BLAS and threads do well; imports NumPy only.

OpenBLAS prepares its operands as for large matrices, and where the result is small that takes 2 to 10 times
longer than multiplying. Up to a million multiplications and 1200 results it does without: cut to that, large
results too are 1.1 to 1.5 times faster. So results are computed in pieces, all of them in one call, or pixels
are cut in parts too, which are then added up. And NumPy lets other threads run only while it computes more
than 500 results.
"""

from math import prod
from typing import Any

import numpy as np

MULTIPLICATIONS = 1_000_000
RESULTS = 1200
SIDE = 32  # rows of a piece where there are more than twice as many
LEAST_COLUMNS, LEAST_PIXELS = 8, 64  # of a piece or a part: fewer use the multipliers badly
WIDE_ENOUGH = 12  # columns of a piece, for one part instead of several
BUFFER_BYTES = 1 << 16  # of what the parts leave before they are added up
SHORT = 300_000  # multiplications that are over before another thread could begin
FREE = 501  # results of a call for which other threads may run


def products_summed_over_pixels(left: Any, right: Any, out: Any) -> None:
    """out [..., M, N] = left [..., M, pixels] times right [..., N, pixels] transposed.

    Sums are of the parts' sums, in order: which parts, depends on the sizes alone.
    """
    *before, rows, columns = out.shape
    pixels = left.shape[-1]
    if out.size * pixels <= SHORT:
        _product(left, right, out)
        return
    height, width = piece(rows, columns, pixels)
    high, wide = rows // height, columns // width
    parts = parts_of(pixels, height, width, prod(before) * high * wide)
    lefts = left[..., : high * height, :].reshape(*left.shape[:-2], 1, high, height, pixels)
    each = wide
    if parts > 1:
        each = max(1, BUFFER_BYTES // (out.itemsize * prod(before) * high * height * width * parts))
    for first in range(0, wide, each):
        some = slice(first * width, min(first + each, wide) * width)
        pieces, target = right[..., some, :], out[..., : high * height, some]
        pieces = pieces.reshape(*pieces.shape[:-2], -1, 1, width, pixels)
        target = target.reshape(*before, high, height, -1, width)
        _in_parts(lefts, pieces, np.moveaxis(target, -2, -4), parts)
    if high * height < rows:
        rest = slice(high * height, None)
        products_summed_over_pixels(left[..., rest, :], right, out[..., rest, :])
    if wide * width < columns:
        rest = slice(wide * width, None)
        _in_parts(left[..., : high * height, :], right[..., rest, :], out[..., : high * height, rest], parts)


def piece(rows: int, columns: int, pixels: int) -> tuple[int, int]:
    """How many rows and columns of the result to compute at a time, all or even shares of them."""
    if rows * columns <= RESULTS:
        return rows, columns
    height = -(-rows // (-(-rows // SIDE))) if rows > 2 * SIDE else rows
    most = max(LEAST_COLUMNS, RESULTS // height)
    whole = MULTIPLICATIONS // (height * pixels)  # columns for which pixels need no parts
    most = whole if WIDE_ENOUGH <= whole < most else most
    even = -(-columns // -(-columns // most))
    return height, next((width for width in range(even, even // 2, -1) if columns % width == 0), even)


def parts_of(pixels: int, rows: int, columns: int, products: int) -> int:
    """In how many parts to sum over the pixels: where it can, a divisor of them."""
    area = rows * columns
    parts = -(-area * pixels // MULTIPLICATIONS) if area <= RESULTS else 1
    parts = min(max(parts, -(-FREE // (area * products))), pixels // LEAST_PIXELS)
    if parts <= 1:
        return 1
    return next((more for more in range(parts, parts + parts // 2 + 1) if pixels % more == 0), parts)


def _in_parts(left: Any, right: Any, out: Any, parts: int) -> None:
    """The product, from those of the parts of the pixels and of what is left over."""
    if parts == 1:
        _product(left, right, out)
        return
    pixels = left.shape[-1]
    each = pixels // parts
    inside = slice(0, parts * each)
    lefts, rights = (
        one[..., inside].reshape(*one.shape[:-1], parts, each).swapaxes(-3, -2) for one in (left, right)
    )
    np.add.reduce(_product(lefts, rights), axis=-3, out=out)
    if parts * each < pixels:
        rest = slice(parts * each, None)
        out += _product(left[..., rest], right[..., rest])


def _product(left: Any, right: Any, out: Any = None) -> Any:
    """left [..., M, pixels] times right [..., N, pixels] transposed.

    One row or column is made of inner products: BLAS takes 1.3 to 1.6 times longer for a matrix and a vector.
    """
    if left.dtype.kind == "f" and left.shape[-2] == 1:
        found = np.vecdot(left, right, out=None if out is None else out[..., 0, :])
        return found[..., None, :]
    if left.dtype.kind == "f" and right.shape[-2] == 1:
        found = np.vecdot(left, right, out=None if out is None else out[..., 0])
        return found[..., None]
    return np.matmul(left, right.swapaxes(-1, -2), out=out)
