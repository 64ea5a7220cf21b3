"""How pixels are laid out for products, each function against the pixels named one by one."""

import numpy as np
import pytest

import symconv as sc
from symconv.ops.conv.algorithms.columns import met_in_phases, phases_of
from symconv.ops.conv.algorithms.problem import SMALL, padded_part


@pytest.mark.parametrize(("kernel", "step", "dilation"), [(7, 4, 1), (3, 4, 1), (5, 2, 3), (4, 6, 4), (1, 3, 1)])
@pytest.mark.parametrize("flip", [False, True])
def test_phases_are_what_filters_meet(kernel, step, dilation, flip):
    outputs, rng = 5, np.random.default_rng(0)
    window = rng.normal(size=(2, 3, (outputs - 1) * step + (kernel - 1) * dilation + 1))
    phases = np.full((2, 3, step, outputs + (kernel - 1) * dilation // step + 1), np.nan)
    phases_of(window, phases)
    columns = np.empty((2, 3, kernel, outputs))
    met_in_phases(phases, dilation, columns[..., ::-1, :] if flip else columns)
    taps = range(kernel)[::-1] if flip else range(kernel)
    for place, tap in enumerate(taps):
        met = window[..., tap * dilation :: step][..., :outputs]
        np.testing.assert_array_equal(columns[:, :, place], met)


@pytest.mark.parametrize("channels", [2, SMALL // 100])
@pytest.mark.parametrize("starts", [(0, 0), (-1, 0), (2, 3), (-2, -1), (4, -3), (9, 0)])
def test_what_lies_beyond_an_image_is_zero(channels, starts):
    """In few channels all of it is filled at once, in many the sides alone."""
    image = np.random.default_rng(2).normal(size=(channels, 6, 5))
    out = np.full((channels, 5, 5), np.nan)
    padded_part(image, *starts, out)
    around = np.pad(image, ((0, 0), (10, 10), (10, 10)))
    row, column = (start + 10 for start in starts)
    np.testing.assert_array_equal(out, around[:, row : row + 5, column : column + 5])


def test_small_images_are_multiplied_several_at_a_time():
    image, filters = sc.tensor4("image", dtype="float32"), sc.tensor4("filters", dtype="float32")
    rng = np.random.default_rng(3)
    pixels = rng.integers(-4, 5, (37, 16, 9, 7)).astype("float32")
    bank = rng.integers(-4, 5, (32, 16, 1, 1)).astype("float32")
    with sc.settings(threads=2, conv_algorithm="pointwise"):
        f = sc.function([image, filters], sc.conv2d(image, filters))
        found = f(pixels, bank)
    np.testing.assert_array_equal(found, np.einsum("nchw,kc->nkhw", pixels, bank[:, :, 0, 0]))
    assert "image.reshape(37, 16, 63)" in f.source


@pytest.mark.parametrize(("columns", "copied"), [(16, True), (17, False)])
def test_channels_that_share_cache_lines_are_copied_before_they_are_turned(columns, copied):
    rng = np.random.default_rng(4)
    pixels = rng.integers(-4, 5, (3, 8, 32, columns)).astype("float32")
    bank = rng.integers(-4, 5, (16, 8, 3, 3)).astype("float32")
    image, filters = sc.tensor4("image", dtype="float32"), sc.tensor4("filters", dtype="float32")
    f = sc.function([image, filters], sc.conv2d(image, filters, border_mode=1))
    found = {}
    for name in ("winograd", "columns"):
        with sc.settings(conv_algorithm=name):
            found[name] = f(pixels, bank)
            if name == "winograd":
                assert ("apart" in f.source) == copied
    np.testing.assert_array_equal(found["winograd"], found["columns"])
