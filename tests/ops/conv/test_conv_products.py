"""Products whose columns are pixels: cut in pieces, they are what NumPy makes of the whole."""

import numpy as np
import pytest

from symconv.ops.conv.algorithms.products import MULTIPLICATIONS, WIDTH, piece, products_in_pieces

SHAPES = [
    ((18, 27), (27, 5000)),  # pieces of columns, and what is left over
    ((64, 256), (256, 784)),  # narrow pieces
    ((256, 256), (256, 288)),  # of rows too
    ((256, 2304), (2304, 70)),  # none are small enough
    ((20, 25), (7, 25, 576)),  # a product for each image
    ((3, 50, 500), (5, 3, 500, 64)),  # and for each group
    ((4, 5), (5, 0)),
    ((4, 0), (0, 5)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_pieces_make_the_product(left, right, dtype):
    random = np.random.default_rng(0)
    a, b = random.standard_normal(left).astype(dtype), random.standard_normal(right).astype(dtype)
    expected = np.matmul(a.astype("complex128"), b)
    wide = np.full((*expected.shape[:-1], expected.shape[-1] + 3), 7, dtype)
    out = wide[..., 1:-2]  # with gaps between rows
    products_in_pieces(a, b, out)
    room = 3 * left[-1] * np.finfo(dtype).eps * np.matmul(abs(a), abs(b))
    assert (abs(out - expected) <= room).all()
    assert (wide[..., 0] == 7).all()
    assert (wide[..., -2:] == 7).all()


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_pieces_stay_below_the_limit(left, right):
    (rows, terms), columns = left[-2:], right[-1]
    height, width = piece(rows, terms, columns)
    assert rows % height == 0
    if (height, width) != (rows, columns):
        assert height * terms * width <= MULTIPLICATIONS
        assert width == columns or width % WIDTH == 0


def test_what_no_piece_is_small_enough_for_stays_whole():
    assert piece(256, 2304, 300) == (256, 300)
    assert piece(1, 2_000_000, 20) == (1, 20)
    assert piece(18, 27, 600) == (18, 600)
