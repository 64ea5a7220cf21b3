"""Matrix products that sum over pixels, cut to what BLAS and threads do well; imports NumPy only.

OpenBLAS prepares its operands as for large matrices, and where the result is small that takes 2 to 10 times
longer than multiplying. Up to a million multiplications and 1200 results it does without. And NumPy lets
other threads run only while it computes more than 500 results. So pixels are cut in parts, whose products are
computed in one call and then added up, and the columns of the result in pieces.
"""

from math import prod
from typing import Any

import numpy as np

MULTIPLICATIONS = 1_000_000
RESULTS = 1200
SIDE = 32  # where both sides are longer, or one twice as long, the other path is as good
LEAST_COLUMNS, LEAST_PIXELS = 8, 64  # of a piece or a part: fewer use the multipliers badly
SHORT = 300_000  # multiplications that are over before another thread could begin
FREE = 501  # results of a call for which other threads may run


def products_summed_over_pixels(left: Any, right: Any, out: Any) -> None:
    """out [..., M, N] = left [..., M, pixels] times right [..., N, pixels] transposed.

    Sums are of the parts' sums, in order: which parts, depends on the sizes alone.
    """
    *before, rows, columns = out.shape
    if out.size * left.shape[-1] <= SHORT:
        _product(left, right, out)
        return
    width = piece(rows, columns)
    parts = parts_of(left.shape[-1], rows, width, prod(before))
    for start in range(0, columns, width):
        some = slice(start, start + width)
        _in_parts(left, right[..., some, :], out[..., some], parts)


def columns_first(item: int, rows: int, columns: int) -> bool:
    """Whether the transposed product, [..., N, M], is the faster one, for elements of so many bytes.

    Where it is not cut, OpenBLAS multiplies single numbers 1.25 times faster where the longer side
    comes first: 90 instead of 71 GFLOP/s for 50 x 500; for double numbers it is the other way round, 43 to 47.
    """
    if rows * columns <= RESULTS or piece(rows, columns) < columns:
        return False
    return rows < columns if item == 4 else rows > columns


def piece(rows: int, columns: int) -> int:
    """How many columns of the result to compute at a time: all of them where cutting gains nothing."""
    if rows * columns <= RESULTS or min(rows, columns) > SIDE or rows > 2 * SIDE:
        return columns
    count = -(-columns // max(LEAST_COLUMNS, RESULTS // rows))
    return -(-columns // count)


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
