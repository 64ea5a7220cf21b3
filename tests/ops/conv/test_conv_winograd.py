"""Winograd's F(2 x 2, 3 x 3): its own error bound, only when asked for, what is not finite, its blocks."""

import numpy as np
import pytest

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.types import type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.ops import Conv, ConvGradInput

B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def compiled(op, *arrays):
    """An op alone, as a function of its arrays, by this algorithm."""
    inputs = [Variable(type_of(array)) for array in arrays]
    return sc.function(inputs, op(*inputs), on_unused_input="ignore")


def bound(image, filters):
    """(C + 12) eps |A'| (|G| |w| |G'| |B'| |x| |B|) |A|, tile by tile."""
    rows, columns = image.shape[2] - 2, image.shape[3] - 2
    spectra = np.einsum("ir,js,kcrs->ijkc", abs(G), abs(G), abs(filters))
    result = np.zeros((len(image), len(filters), rows, columns))
    for top in range(0, rows, 2):
        for left in range(0, columns, 2):
            tile = abs(image[:, :, top : top + 4, left : left + 4])
            seen = np.einsum("ir,js,ncrs->ijnc", abs(B), abs(B), tile)
            products = np.einsum("ijnc,ijkc->ijnk", seen, spectra)
            result[:, :, top : top + 2, left : left + 2] = np.einsum(
                "ri,sj,ijnk->nkrs", abs(A), abs(A), products
            )
    return (image.shape[1] + 12) * float(np.finfo(image.dtype).eps) * result


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("heavy", [1, 1e7])
def test_the_error_is_within_its_bound(dtype, heavy):
    """Also where one weight is large and the pixel that it meets is small."""
    random = np.random.default_rng(0)
    image = random.standard_normal((2, 16, 14, 12))
    filters = random.standard_normal((8, 16, 3, 3))
    image[:, :, 4, 4] /= heavy
    filters[:, :, 0, 0] *= heavy
    image, filters = image.astype(dtype), filters.astype(dtype)
    op = Conv(ConvGeometry((1, 1), flip=False))
    with sc.settings(conv_algorithm="winograd"):
        function = compiled(op, image, filters)
        error = abs(function(image, filters) - exactly(op, image, filters))
    assert "winograd, estimated" in function.profile()
    assert (error <= bound(image, filters)).all()
    plain = 16 * 9 * np.finfo(dtype).eps * exactly(op, abs(image), abs(filters))
    assert (error <= plain).all() == (heavy == 1)  # so it is taken by name only


def exactly(op, image, filters):
    """The correlation in extended precision."""
    x, w = image.astype("longdouble"), filters.astype("longdouble")
    rows, columns = image.shape[2] - 2, image.shape[3] - 2
    return sum(
        np.einsum("nchw,kc->nkhw", x[:, :, r : r + rows, s : s + columns], w[:, :, r, s])
        for r in range(3) for s in range(3)
    )  # fmt: skip


def test_it_is_taken_only_when_asked_for():
    image, filters = np.ones((8, 256, 14, 14), "float32"), np.ones((256, 256, 3, 3), "float32")
    function = compiled(Conv(ConvGeometry((1, 1))), image, filters)
    function(image, filters)
    (line,) = [line for line in function.profile().splitlines() if line.strip().startswith("winograd")]
    assert "refused: its error is no multiple of that of plain summation" in line


@pytest.mark.parametrize("border", ["valid", "half", ((0, 3), (2, 1))])
@pytest.mark.parametrize("shape", [(1, 3, 41, 18), (3, 2, 9, 10), (2, 24, 64, 50), (1, 1, 3, 3)])
def test_blocks_of_rows_or_images(shape, border):
    """Whole numbers, of which halves and quarters are exact too: equal to the bit, for any threads."""
    random = np.random.default_rng(1)
    image = random.integers(-4, 5, shape).astype("float32")
    filters = random.integers(-4, 5, (5, shape[1], 3, 3)).astype("float32")
    op = Conv(ConvGeometry((1, 1), border_mode=border))
    expected = op.perform(image, filters)
    for threads in (1, 2, 5):
        with sc.settings(conv_algorithm="winograd", threads=threads):
            np.testing.assert_array_equal(compiled(op, image, filters)(image, filters), expected)


def test_the_gradient_by_the_image():
    random = np.random.default_rng(2)
    image = random.standard_normal((2, 3, 12, 11))
    filters, gradient = random.standard_normal((4, 3, 3, 3)), random.standard_normal((2, 4, 10, 9))
    op = ConvGradInput(ConvGeometry((1, 1)))
    with sc.settings(conv_algorithm="winograd"):
        function = compiled(op, gradient, filters, image)
        result = function(gradient, filters, image)
    assert "winograd, estimated" in function.profile()
    np.testing.assert_allclose(result, op.perform(gradient, filters, image), atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_where_it_is(bad):
    random = np.random.default_rng(3)
    image, filters = random.standard_normal((2, 3, 10, 11)), random.standard_normal((4, 3, 3, 3))
    image[1, 0, 5, 6] = bad
    op = Conv(ConvGeometry((1, 1)))
    with sc.settings(conv_algorithm="winograd"), np.errstate(invalid="ignore"):
        result = compiled(op, image, filters)(image, filters)
        expected = op.perform(image, filters)
    np.testing.assert_allclose(result, expected, atol=1e-12)
    assert np.isfinite(result[1]).any()
