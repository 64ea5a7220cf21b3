"""Matrix products whose columns are pixels, cut to what BLAS does best; imports NumPy only.

OpenBLAS first copies the operands of a product into an order of its own; up to a million multiplications it
multiplies where they lie. Over many columns the second is faster: 1.1 to 1.8 times, the more the fewer terms
each result sums. So columns are taken in pieces below that limit, rows too where one would be too narrow,
all in one call.
"""

from typing import Any

import numpy as np

MULTIPLICATIONS = 1_000_000
WIDTH = 16  # columns: pieces are multiples of what one register of single numbers holds
LEAST_ROWS = 32  # of a piece


def products_in_pieces(left: Any, right: Any, out: Any) -> None:
    """out [..., M, N] = left [..., M, L] times right [..., L, N], whatever NumPy would compute."""
    rows, terms = left.shape[-2:]
    columns = right.shape[-1]
    height, width = piece(rows, terms, columns)
    if width == columns and height == rows:
        np.matmul(left, right, out=out)
        return
    inside, high, wide = columns // width * width, rows // height, columns // width
    lefts = left.reshape(*left.shape[:-2], high, 1, height, terms)
    rights = right[..., :inside].reshape(*right.shape[:-1], wide, width).swapaxes(-3, -2)
    outs = out[..., :inside].reshape(*out.shape[:-2], high, height, wide, width).swapaxes(-3, -2)
    np.matmul(lefts, rights[..., None, :, :, :], out=outs)
    if inside < columns:
        np.matmul(left, right[..., inside:], out=out[..., inside:])


def piece(rows: int, terms: int, columns: int) -> tuple[int, int]:
    """How many rows and columns to compute at a time: all of them where cutting gains nothing."""
    if rows * terms * columns <= MULTIPLICATIONS:
        return rows, columns
    height = rows
    while height * terms * WIDTH > MULTIPLICATIONS:
        if height % 2 or height // 2 < LEAST_ROWS:
            return rows, columns
        height //= 2
    most = MULTIPLICATIONS // (height * terms)
    if most >= columns:
        return height, columns
    even = -(-columns // -(-columns // most))
    return height, min(most // WIDTH, -(-even // WIDTH)) * WIDTH
