"""Winograd's algorithm: its matrices, its own error bound, when it is taken, what is not finite, its blocks."""

import numpy as np
import pytest

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.types import type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms import winograd, winograd_large
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.ops import Conv, ConvGradInput

SIZES = pytest.mark.parametrize("module", [winograd, winograd_large], ids=lambda module: module.NAME)


def test_the_matrices_are_those_of_the_paper():
    A, G, B = winograd.transforms(winograd.POINTS)
    np.testing.assert_array_equal(A, [[1, 1, 1, 0], [0, 1, -1, 1]])
    np.testing.assert_array_equal(G, [[-1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
    np.testing.assert_array_equal(B, [[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
    assert winograd.transforms(winograd.POINTS).growth == 64
    assert winograd_large.error(problem(1000)) == pytest.approx(1 + 752 * 1056 / 81000, rel=1e-3)


@SIZES
def test_the_matrices_correlate(module):
    A, G, B = winograd.transforms(module.POINTS)
    random = np.random.default_rng(0)
    x, w = random.standard_normal(module.SIZE + 2), random.standard_normal(3)
    np.testing.assert_allclose(A @ ((G @ w) * (B @ x)), np.correlate(x, w), atol=1e-13)


def problem(channels, count=64, sizes=(34, 34)):
    """Filters of 3 x 3."""
    shapes = (2, channels, *sizes), (count, channels, 3, 3)
    return Problem.of("forward", ConvGeometry((1, 1)), *shapes, "float32", True)


def compiled(op, *arrays):
    """An op alone, as a function of its arrays, by this algorithm."""
    inputs = [Variable(type_of(array)) for array in arrays]
    return sc.function(inputs, op(*inputs), on_unused_input="ignore")


def bound(module, image, filters):
    """(C + roundings) eps |A'| (|G| |w| |G'| |B'| |x| |B|) |A|, tile by tile."""
    A, G, B = map(abs, winograd.transforms(module.POINTS))
    m, n = A.shape
    rows, columns = image.shape[2] - 2, image.shape[3] - 2
    spectra = np.einsum("ir,js,kcrs->ijkc", G, G, abs(filters))
    image = np.pad(abs(image), ((0, 0), (0, 0), (0, -rows % m), (0, -columns % m)))
    result = np.zeros((len(image), len(filters), rows + -rows % m, columns + -columns % m))
    for top in range(0, rows, m):
        for left in range(0, columns, m):
            tile = image[:, :, top : top + n, left : left + n]
            seen = np.einsum("ir,js,ncrs->ijnc", B, B, tile)
            products = np.einsum("ijnc,ijkc->ijnk", seen, spectra)
            result[:, :, top : top + m, left : left + m] = np.einsum("ri,sj,ijnk->nkrs", A, A, products)
    return (image.shape[1] + module.ROUNDINGS) * result[:, :, :rows, :columns]


def largest_in_tiles(module, image, filters):
    """n times the sum over channels of 9 max |x| max |w|, the largest of a tile and of a filter."""
    m, (rows, columns) = module.SIZE, (size - 2 for size in image.shape[2:])
    result = np.zeros((len(image), len(filters), rows, columns))
    for top in range(0, rows, m):
        for left in range(0, columns, m):
            seen = abs(image[:, :, top : top + m + 2, left : left + m + 2]).max((2, 3))
            sums = seen @ abs(filters).max((2, 3)).T
            result[:, :, top : top + m, left : left + m] = sums[:, :, None, None]
    return 9 * image.shape[1] * 9 * result


@SIZES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("heavy", [1, 1e7])
def test_the_error_is_within_its_bounds(module, dtype, heavy):
    """Also where one weight is large and the pixel that it meets is small."""
    random = np.random.default_rng(0)
    image = random.standard_normal((2, 16, 14, 12))
    filters = random.standard_normal((8, 16, 3, 3))
    image[:, :, 4, 4] /= heavy
    filters[:, :, 0, 0] *= heavy
    image, filters = image.astype(dtype), filters.astype(dtype)
    op = Conv(ConvGeometry((1, 1), flip=False))
    with sc.settings(conv_algorithm=module.NAME):
        function = compiled(op, image, filters)
        error = abs(function(image, filters) - exactly(op, image, filters)) / np.finfo(dtype).eps
    assert f"{module.NAME}, estimated" in function.profile()
    own = bound(module, image, filters)
    assert (error <= own).all()
    stated = (module.error(problem(16)) - 1) * largest_in_tiles(module, image, filters)
    assert (own <= stated * 1.0000001).all()
    plain = 16 * 9 * exactly(op, abs(image), abs(filters))
    assert (error <= plain).all() == (heavy == 1)  # a multiple of the tile's largest terms, not of each sum


@SIZES
def test_the_error_of_normal_numbers(module):
    """Fewer terms are added up: 2 x 2 outputs are no worse than plain summation, 4 x 4 about twice."""
    random = np.random.default_rng(0)
    image = random.standard_normal((2, 64, 26, 26)).astype("float32")
    filters = random.standard_normal((32, 64, 3, 3)).astype("float32")
    op = Conv(ConvGeometry((1, 1), flip=False))
    with sc.settings(conv_algorithm=module.NAME):
        found = compiled(op, image, filters)(image, filters)
    expected = exactly(op, image, filters)
    plain = np.zeros(expected.shape, "float32")
    for c in range(64):
        for r in range(3):
            for s in range(3):
                plain += filters[None, :, c, r, s, None, None] * image[:, c, None, r : r + 24, s : s + 24]
    ratio = np.sqrt(np.square(found - expected).mean() / np.square(plain - expected).mean())
    assert ratio < {2: 1.0, 4: 3.0}[module.SIZE]


def exactly(op, image, filters):
    """The correlation in extended precision."""
    x, w = image.astype("longdouble"), filters.astype("longdouble")
    rows, columns = image.shape[2] - 2, image.shape[3] - 2
    return sum(
        np.einsum("nchw,kc->nkhw", x[:, :, r : r + rows, s : s + columns], w[:, :, r, s])
        for r in range(3) for s in range(3)
    )  # fmt: skip


def offers(channels, count=256, sizes=(14, 14), **settings):
    """What the profile says of each algorithm; the first is the chosen one."""
    image = np.ones((8, channels, *sizes), "float32")
    filters = np.ones((count, channels, 3, 3), "float32")
    function = compiled(Conv(ConvGeometry((1, 1))), image, filters)
    with sc.settings(**settings):
        function(image, filters)
    lines = [line.strip() for line in function.profile().splitlines()]
    start = next(place for place, line in enumerate(lines) if line.startswith("float32 images"))
    return lines[start + 1 :]


def test_it_is_taken_where_its_error_is_allowed():
    assert offers(256)[0].startswith("winograd ")
    assert offers(256, conv_error=30)[0].startswith("winograd 4x4 ")
    exact = offers(256, conv_error=1)
    assert not exact[0].startswith("winograd")
    assert any("refused: its error bound is 1.9 times that of plain summation, not 1" in x for x in exact)
    refused = [line for line in offers(256) if line.startswith("winograd 4x4")]
    assert "refused: its error bound is 12 times that of plain summation, not 4" in refused[0]
    few = [line for line in offers(3) if line.startswith("winograd ")]
    assert "refused: its error bound is 7.1 times that of plain summation, not 4" in few[0]


@SIZES
@pytest.mark.parametrize("border", ["valid", "half", ((0, 3), (2, 1))])
@pytest.mark.parametrize("shape", [(1, 3, 41, 18), (3, 2, 9, 10), (2, 24, 64, 50), (1, 1, 3, 3)])
def test_blocks_of_rows_or_images(module, shape, border):
    """Equal to the bit for any threads; whole numbers, of which halves and quarters are exact too, exactly."""
    random = np.random.default_rng(1)
    image = random.integers(-4, 5, shape).astype("float32")
    filters = random.integers(-4, 5, (5, shape[1], 3, 3)).astype("float32")
    op = Conv(ConvGeometry((1, 1), border_mode=border))
    results = []
    for threads in (1, 2, 5):
        with sc.settings(conv_algorithm=module.NAME, threads=threads):
            results.append(compiled(op, image, filters)(image, filters))
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])
    rounding = 0 if module is winograd else 1e-3
    np.testing.assert_allclose(results[0], op.perform(image, filters), rtol=0, atol=rounding)


@SIZES
def test_the_gradient_by_the_image(module):
    random = np.random.default_rng(2)
    image = random.standard_normal((2, 3, 12, 11))
    filters, gradient = random.standard_normal((4, 3, 3, 3)), random.standard_normal((2, 4, 10, 9))
    op = ConvGradInput(ConvGeometry((1, 1)))
    with sc.settings(conv_algorithm=module.NAME):
        function = compiled(op, gradient, filters, image)
        result = function(gradient, filters, image)
    assert f"{module.NAME}, estimated" in function.profile()
    np.testing.assert_allclose(result, op.perform(gradient, filters, image), atol=1e-12)


@SIZES
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_where_it_is(module, bad):
    random = np.random.default_rng(3)
    image, filters = random.standard_normal((2, 3, 10, 11)), random.standard_normal((4, 3, 3, 3))
    image[1, 0, 5, 6] = bad
    op = Conv(ConvGeometry((1, 1)))
    with sc.settings(conv_algorithm=module.NAME), np.errstate(invalid="ignore"):
        result = compiled(op, image, filters)(image, filters)
        expected = op.perform(image, filters)
    np.testing.assert_allclose(result, expected, atol=1e-12)
    assert np.isfinite(result[1]).any()
