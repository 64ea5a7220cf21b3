"""Sizes and places of filters on an image, and the parameters that say them."""

import pickle

import numpy as np
import pytest
from conv_cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from symconv.errors import OptionError, ShapeError
from symconv.ops.conv import ConvGeometry

# border mode, image, filter, stride, dilation -> pads, output: the table of Theano's shape algebra
SIZES = [
    ("valid", 9, 3, 1, 1, (0, 0), 7),
    ("valid", 9, 3, 2, 1, (0, 0), 4),
    ("valid", 10, 3, 2, 1, (0, 0), 4),
    ("valid", 9, 3, 1, 2, (0, 0), 5),
    ("valid", 9, 3, 3, 4, (0, 0), 1),
    ("full", 9, 3, 1, 1, (2, 2), 11),
    ("full", 9, 3, 2, 1, (2, 2), 6),
    ("full", 9, 3, 1, 2, (4, 4), 13),
    ("full", 1, 5, 1, 1, (4, 4), 5),
    ("half", 9, 3, 1, 1, (1, 1), 9),
    ("half", 9, 4, 1, 1, (2, 2), 10),  # even filters grow the image by one
    ("half", 9, 3, 1, 2, (2, 2), 9),
    ("half", 9, 2, 1, 3, (2, 2), 10),  # of extent 4: even again
    ("half", 9, 3, 2, 1, (1, 1), 5),
    ((2,), 9, 3, 1, 1, (2, 2), 11),
    ((2,), 9, 3, 3, 2, (2, 2), 3),
    (((1, 2),), 9, 3, 1, 1, (1, 2), 10),
    (((0, 3),), 9, 5, 2, 1, (0, 3), 4),
    (((7, 0),), 2, 8, 1, 1, (7, 0), 2),
]


@pytest.mark.parametrize(("mode", "image", "filter", "stride", "dilation", "pads", "output"), SIZES)
def test_sizes_follow_the_table(mode, image, filter, stride, dilation, pads, output):
    geometry = ConvGeometry((stride,), mode, (dilation,))
    extent = dilation * (filter - 1) + 1
    assert geometry.extents((filter,)) == (extent,)
    assert geometry.pads((filter,)) == (pads,)
    assert geometry.padded_sizes((image,), (filter,)) == (image + sum(pads),)
    assert geometry.output_sizes((image,), (filter,)) == (output,)
    assert geometry.receptive_field((filter,)) == (extent,)
    assert geometry.receptive_field((filter,), (output,)) == ((output - 1) * stride + extent,)


def test_unknown_sizes_stay_unknown():
    for mode in ("valid", "half", "full", (1, 2)):
        geometry = ConvGeometry((1, 2), mode)
        assert geometry.output_sizes((None, 9), (3, 3))[0] is None
        assert geometry.output_sizes((9, 9), (3, None))[1] is None
        assert None not in geometry.output_sizes((9, 9), (3, 3))
    assert ConvGeometry((1,)).pads((None,)) == ((0, 0),)
    assert ConvGeometry((1,), "full").pads((None,)) == ((None, None),)
    assert ConvGeometry((1,), "half").image_sizes((5,), (None,)) == (None,)
    assert ConvGeometry((1,)).filter_sizes((None,), (3,)) == (None,)


@settings(deadline=None, max_examples=200)
@given(cases())
def test_sizes_invert(case):
    geometry, kernel = case.geometry, case.filters.shape[2:]
    image = case.image.shape[2:]
    output = geometry.output_sizes(image, kernel)
    legal = geometry.image_sizes(output, kernel)
    for axis, sizes in enumerate(legal):
        assert image[axis] in sizes
        assert min(sizes) >= 1
        for size in range(1, max(sizes) + geometry.stride[axis] + 1):
            changed = [*image[:axis], size, *image[axis + 1 :]]
            try:
                gives = geometry.output_sizes(changed, kernel)[axis]
            except ShapeError:
                gives = None
            assert (gives == output[axis]) == (size in sizes)
    for axis, found in enumerate(geometry.filter_sizes(image, output)):
        if geometry.stride[axis] == 1 and geometry.border_mode != "half":
            assert found == kernel[axis]
        else:
            assert found is None


def test_no_filter_gives_a_larger_valid_output():
    with pytest.raises(ShapeError, match="no filter size takes images of size 5 to outputs of size 6"):
        ConvGeometry((1,)).filter_sizes((5,), (6,))
    with pytest.raises(ShapeError, match="no filter size"):
        ConvGeometry((1,), dilation=(2,)).filter_sizes((8,), (5,))
    assert ConvGeometry((1,), dilation=(2,)).filter_sizes((9,), (5,)) == (3,)


def test_taps_meet_each_pixel_where_they_should():
    geometry = ConvGeometry((2,), "valid", (3,), flip=False)
    taps = list(geometry.taps((2,), (4,)))
    pixels = np.arange(12)
    assert [element for element, _ in taps] == [(0,), (1,)]
    assert [list(pixels[where]) for _, where in taps] == [[0, 2, 4, 6], [3, 5, 7, 9]]
    flipped = [element for element, _ in ConvGeometry((2,), "valid", (3,)).taps((2,), (4,))]
    assert flipped == [(1,), (0,)]


# One normal form


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("valid", "valid"), (0, "valid"), ((0, 0), "valid"), ([0, (0, 0)], "valid"),
        (((0, 0), (0, 0)), "valid"), (2, (2, 2)), ((1, 2), (1, 2)), ([1, 2], (1, 2)),
        (((1, 1), (2, 2)), (1, 2)), (((1, 2), 0), ((1, 2), 0)),
        (np.array([1, 2]), (1, 2)), ((np.int64(3), (np.int8(1), 0)), (3, (1, 0))), ("half", "half"),
        (np.int32(1), (1, 1)),
    ],
)  # fmt: skip
def test_border_modes_have_one_normal_form(given, normal):
    geometry = ConvGeometry((1, 1), given)
    assert geometry.border_mode == normal
    assert geometry == ConvGeometry((1, 1), normal)
    assert hash(geometry) == hash(ConvGeometry((1, 1), normal))
    assert pickle.loads(pickle.dumps(geometry)) == geometry
    assert all(type(n) is int for n in np.ravel(geometry.pads((3, 3))).tolist())


def test_numpy_integers_and_lists_are_numbers():
    geometry = ConvGeometry([np.int64(1), 2], "half", np.array([3, 1]), np.int32(2), 1)
    assert geometry == ConvGeometry((1, 2), "half", (3, 1), 2, True)
    assert [type(n) for n in (*geometry.stride, *geometry.dilation, geometry.groups)] == [int] * 5
    assert geometry.flip is True


@pytest.mark.parametrize(
    ("parameters", "what", "hint"),
    [
        ({"border_mode": "same"}, "'same' is not a border mode", "'half'"),
        ({"border_mode": "causal"}, "'causal' is not a border mode", "pair"),
        ({"border_mode": "vaild"}, "'vaild' is not a border mode", "'valid', 'half' and 'full'"),
        ({"border_mode": (-1, 0)}, "must not be negative, got border_mode=(-1, 0)", "slice"),
        ({"border_mode": -1}, "must not be negative", "slice"),
        ({"border_mode": ((0, -1), 0)}, "must not be negative", "slice"),
        ({"border_mode": (1,)}, "2 entries, one for each spatial axis, got (1,)", "pair"),
        ({"border_mode": (1, 2, 3)}, "2 entries", "pair"),
        ({"border_mode": 1.0}, "got 1.0", "pair"),
        ({"border_mode": (1.0, 1)}, "got (1.0, 1)", "pair"),
        ({"border_mode": ((1, 2, 3), 0)}, "got ((1, 2, 3), 0)", "pair"),
        ({"border_mode": ("half", 0)}, "got ('half', 0)", "pair"),
        ({"border_mode": None}, "got None", "pair"),
        ({"border_mode": True}, "got True", "pair"),
        ({"stride": ()}, "the stride (subsample) needs integers", "(1, 1)"),
        ({"stride": 2}, "the stride (subsample) needs integers, one for each spatial axis, got 2", "(1, 1)"),
        ({"stride": (1, 0)}, "the stride (subsample) needs integers >= 1, got (1, 0)", "every pixel"),
        ({"stride": (1, -2)}, "integers >= 1", "every pixel"),
        ({"stride": (1, 1.5)}, "integers >= 1, got (1, 1.5)", "every pixel"),
        ({"stride": (1, True)}, "integers >= 1", "every pixel"),
        ({"stride": "11"}, "got '11'", "(1, 1)"),
        ({"dilation": (1,)}, "the dilation (filter_dilation) needs 2 integers", "(1, 1)"),
        ({"dilation": (0, 1)}, "the dilation (filter_dilation) needs integers >= 1", "every pixel"),
        ({"dilation": 2}, "needs 2 integers", "(1, 1)"),
        ({"dilation": None}, "needs 2 integers", "(1, 1)"),
        ({"groups": 0}, "the number of groups must be an integer >= 1, got 0", "num_groups=1"),
        ({"groups": -1}, "got -1", "num_groups=1"),
        ({"groups": 1.0}, "got 1.0", "num_groups=1"),
        ({"groups": "2"}, "got '2'", "num_groups=1"),
        ({"groups": True}, "got True", "num_groups=1"),
    ],
)
def test_values_that_do_not_exist(parameters, what, hint):
    with pytest.raises(OptionError) as caught:
        ConvGeometry(**{"stride": (1, 1), **parameters})
    assert isinstance(caught.value, ValueError)
    assert what in caught.value.what
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("geometry", "image", "filters", "parts"),
    [
        (ConvGeometry((1, 1)), (5, 5), (9, 9), ["filters of 9x9", "image of 5x5"]),
        (ConvGeometry((1, 1), (1, 0)), (5, 5), (9, 3), ["filters of 9x3", "image of 5x5, padded to 7x5"]),
        (ConvGeometry((1, 1), dilation=(4, 1)), (5, 5), (3, 3), ["filters of 3x3, dilated to 9x3,", "5x5"]),
        (ConvGeometry((1, 1)), (None, 2), (None, 3), ["filters of ?x3", "image of ?x2"]),
    ],
)
def test_a_filter_must_fit_on_the_padded_image(geometry, image, filters, parts):
    with pytest.raises(ShapeError) as caught:
        geometry.output_sizes(image, filters)
    assert all(part in caught.value.what for part in parts)
    assert "border_mode='half' or 'full'" in caught.value.hint


@given(st.sampled_from(["valid", "half", "full", (3, 3)]))
def test_empty_images_and_filters_are_refused(mode):
    geometry = ConvGeometry((1, 1), mode)
    with pytest.raises(ShapeError, match=r"the image has 0x5"):
        geometry.output_sizes((0, 5), (1, 1))
    with pytest.raises(ShapeError, match=r"the filters have 3x0"):
        geometry.output_sizes((5, 5), (3, 0))
