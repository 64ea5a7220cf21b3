"""Matrix products that sum over pixels, cut to what BLAS and threads do well; imports NumPy only.

OpenBLAS prepares its operands as for large matrices, and where the result is small that takes 2 to 10 times
longer than multiplying. Up to a million multiplications and 1200 results it does without: cut to that, large
results too are 1.1 to 1.5 times faster. So results are computed in pieces and pixels are cut in parts; the
pieces of a strip of rows are one call, and the parts are then added up. And NumPy lets other threads run only
while it computes more than 500 results.
"""

from math import prod
from typing import Any

import numpy as np

MULTIPLICATIONS = 1_000_000
RESULTS = 1200
SIDE = 32  # rows of a piece where there are more than twice as many
LEAST_COLUMNS, LEAST_PIXELS = 8, 64  # of a piece or a part: fewer use the multipliers badly
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
    height, width = piece(rows, columns)
    count = columns // width
    parts = parts_of(pixels, height, width, prod(before) * count)
    for top in range(0, rows, height):
        some, part = left[..., top : top + height, :], out[..., top : top + height, :]
        pieces = right[..., : count * width, :].reshape(*right.shape[:-2], count, width, pixels)
        target = part[..., : count * width].reshape(*part.shape[:-1], count, width).swapaxes(-3, -2)
        _in_parts(some[..., None, :, :], pieces, target, parts)
        if count * width < columns:
            _in_parts(some, right[..., count * width :, :], part[..., count * width :], parts)


def piece(rows: int, columns: int) -> tuple[int, int]:
    """How many rows and columns of the result to compute at a time, all or even shares of them."""
    if rows * columns <= RESULTS:
        return rows, columns
    strips = -(-rows // SIDE) if rows > 2 * SIDE else 1
    height = -(-rows // strips)
    most = max(LEAST_COLUMNS, RESULTS // height)
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
