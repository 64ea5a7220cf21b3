"""Costs: made of work and constants, monotone, right about what is plainly cheaper; products cut for BLAS."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms import PORTFOLIO, costs, estimate
from symconv.ops.conv.algorithms.costs import CONSTANTS, Cost, Work
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.algorithms.summed import parts_of, piece, products_summed_over_pixels


def cheapest(kind, image, filters, dtype="float32", stride=1, groups=1):
    problem = Problem.of(kind, ConvGeometry((stride, stride), groups=groups), image, filters, dtype, True)
    fitting = [module for module in PORTFOLIO if not module.unfit(problem) and module.error(problem) <= 1]
    return min(fitting, key=lambda module: estimate(module, problem).total).NAME


@pytest.mark.parametrize(
    ("image", "filters", "groups", "forward", "by_filters"),
    [
        ((1, 3, 639, 516), (2, 3, 9, 9), 1, "row by row", "rows only"),
        ((500, 1, 28, 28), (20, 1, 5, 5), 1, "columns", "columns"),
        ((500, 20, 12, 12), (50, 20, 5, 5), 1, "columns", "columns"),
        ((1, 3, 224, 224), (64, 3, 3, 3), 1, "row by row", "columns"),
        ((8, 256, 14, 14), (256, 256, 3, 3), 1, "columns", "columns"),
        ((1, 256, 56, 56), (64, 256, 1, 1), 1, "pointwise", "pointwise"),
        ((1, 64, 56, 56), (64, 1, 3, 3), 64, "row by row", "rows only"),
        ((1, 1, 256, 256), (1, 1, 31, 31), 1, "fft", "rows only"),
    ],
)
def test_what_measurements_say_is_fastest_is_cheapest(image, filters, groups, forward, by_filters):
    assert cheapest("forward", image, filters, groups=groups) == forward
    assert cheapest("filters", image, filters, groups=groups) in (by_filters, "rows only")


@pytest.mark.parametrize("module", PORTFOLIO, ids=[module.NAME for module in PORTFOLIO])
@pytest.mark.parametrize("kind", ["forward", "filters"])
def test_more_images_cost_in_proportion(module, kind):
    size = 1 if module.NAME == "pointwise" else 5
    groups = 4 if module.NAME == "row by row" else 1
    filters = (8, 8 // groups, size, size)
    geometry = ConvGeometry((1, 1), groups=groups)
    some, more = (
        Problem.of(kind, geometry, (batch, 8, 90, 80), filters, "float64", True) for batch in (10, 1000)
    )
    if not module.unfit(some):
        assert estimate(module, more).total / estimate(module, some).total == pytest.approx(100, rel=0.1)


def test_a_cost_is_work_times_constants():
    work = Work(multiplied=1e6, moved=2e5, calls=7)
    cost = costs.cost("float32", work)
    assert cost.total == pytest.approx(np.dot(work, CONSTANTS["float32"]))
    assert str(Cost(1.25e6, 0, 3e4)) == "product 1.2, calls 0.03"
    assert costs.cost("complex64", work).product == costs.COMPLEX * cost.product


@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 6000), st.integers(1, 3), st.booleans(),
)  # fmt: skip
def test_products_in_parts_are_products(rows, columns, pixels, groups, several):
    """Whole numbers: however the pixels are cut, not a bit differs."""
    random = np.random.default_rng(rows)
    before = (2, groups) if several else ()
    left, right = (random.integers(-4, 5, (*before, n, pixels)).astype("float64") for n in (rows, columns))
    out = np.empty((*before, rows, columns))
    products_summed_over_pixels(left, right, out)
    np.testing.assert_array_equal(out, np.einsum("...mp,...np->...mn", left, right))


@given(st.integers(1, 100), st.integers(1, 3000), st.integers(1, 100_000), st.integers(1, 10))
def test_parts_and_pieces(rows, columns, pixels, products):
    height, width = piece(rows, columns)
    assert 1 <= height <= rows
    assert 1 <= width <= columns
    assert height * width <= 1200
    parts = parts_of(pixels, height, width, products)
    assert 1 <= parts <= max(1, pixels // 32)
    if parts > 1:
        assert height * width * (pixels // parts) <= 1_000_000
