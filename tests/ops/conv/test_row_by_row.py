"""Rows one behind the other: what is unrolled, and filters that stand beside zeros."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_conv_algorithms import compiled

import symconv as sc
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms.unrolling import unrolled_rows
from symconv.ops.conv.ops import Conv, ConvGradFilters

SMALL = st.integers(1, 4)


@given(
    sizes=st.tuples(st.integers(1, 7), st.integers(1, 7)), starts=st.tuples(*[st.integers(-3, 4)] * 2),
    kernel=SMALL, outputs=SMALL, rows=st.integers(1, 9), phases=SMALL, stride=SMALL, dilation=SMALL,
)  # fmt: skip
def test_unrolled_rows_are_pixels_or_zeros(sizes, starts, kernel, outputs, rows, phases, stride, dilation):
    """Each number against its place: whatever lies before, behind, between."""
    image = np.arange(1.0, 1 + 2 * 3 * sizes[0] * sizes[1]).reshape(2, 3, *sizes)
    each = -(-rows // phases)
    out = np.full((2, 3, kernel, each * phases, outputs), np.nan)
    unrolled_rows(image, phases, *starts, stride, dilation, out)
    for tap, row, output in np.ndindex(kernel, each * phases, outputs):
        y = starts[0] + row // each + phases * (row % each)
        x = starts[1] + tap * dilation + output * stride
        inside = 0 <= y < sizes[0] and 0 <= x < sizes[1]
        np.testing.assert_array_equal(out[:, :, tap, row, output], image[:, :, y, x] if inside else 0)


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("rows", [6, 7])
def test_what_is_not_finite_reaches_only_what_meets_it(odd, rows):
    """Depthwise filters are multiplied beside zeros, two rows of outputs at once; zeros times infinities are none."""
    geometry = ConvGeometry((1, 1), "half", groups=2)
    random = np.random.default_rng(2)
    filters = random.standard_normal((2, 1, 3, 3))
    for place in range(rows):
        image = random.standard_normal((1, 2, rows, 5))
        image[0, 1, place, 2] = odd
        with sc.settings(conv_algorithm="row by row"):
            function = compiled(Conv(geometry), image, filters)
            with np.errstate(invalid="ignore"):
                result = function(image, filters)
        with np.errstate(invalid="ignore"):
            expected = Conv(geometry).perform(image, filters)
        np.testing.assert_allclose(result, expected, rtol=1e-12)
        assert np.isfinite(result).sum() == 2 * rows * 5 - 3 * (3 - (place in (0, rows - 1)))


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 2), (2, 2), (4, 6)])
def test_rows_only_by_the_filters_of_groups_and_strides(groups, stride, dilation):
    """Filter rows meet rows of one phase or of several; single maps are inner products."""
    geometry = ConvGeometry((stride, 2), ((3, 2), 1), (dilation, 1), groups)
    random = np.random.default_rng(3)
    image = random.integers(-3, 4, (3, 6, 25, 11)).astype("float32")
    like = np.zeros((6, 6 // groups, 4, 3), "float32")
    gradient = random.integers(-3, 4, Conv(geometry).perform(image, like).shape).astype("float32")
    for tile in (1 << 9, 1 << 19):
        with sc.settings(conv_algorithm="rows only", tile_bytes=tile):
            function = compiled(ConvGradFilters(geometry), image, gradient, like)
            result = function(image, gradient, like)
        assert "rows only, estimated" in function.profile()
        np.testing.assert_array_equal(result, ConvGradFilters(geometry).perform(image, gradient, like))
