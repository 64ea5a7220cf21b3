"""The three convolution ops: meaning, types, derivatives of first and second order, errors."""

import copy
import pickle

import numpy as np
import pytest
from conv_cases import cases, evaluate, like, variable, whole_numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from symconv.errors import DTypeError, RankError, ShapeError
from symconv.graph.types import type_of
from symconv.ops.conv import Conv, ConvGeometry, ConvGradFilters, ConvGradInput

PLAIN = ConvGeometry((1, 1))
thorough = settings(deadline=None, max_examples=150)


def inner(a, b):
    """Sum of products; no conjugation, the ops being linear in each operand."""
    return (a.astype(np.result_type(a, "float64")) * b).sum()


def three_results(case):
    op, g = case.geometry, case.gradient
    return (
        Conv(op).perform(case.image, case.filters),
        ConvGradInput(op).perform(g, case.filters, case.image),
        ConvGradFilters(op).perform(case.image, g, case.filters),
    )


# Meaning


@thorough
@given(cases())
def test_convolution_is_its_definition(case):
    result = Conv(case.geometry).perform(case.image, case.filters)
    np.testing.assert_array_equal(result, case.expected, strict=True)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize(("mode", "scipy_mode"), [("valid", "valid"), ("full", "full"), ("half", "same")])
def test_convolution_is_that_of_scipy(flip, mode, scipy_mode):
    image, filters = whole_numbers((2, 3, 11, 13)), whole_numbers((5, 3, 3, 7))
    function = signal.convolve2d if flip else signal.correlate2d
    expected = [
        [sum(function(x, w, scipy_mode) for x, w in zip(one, bank, strict=True)) for bank in filters]
        for one in image
    ]
    result = Conv(ConvGeometry((1, 1), mode, flip=flip)).perform(image, filters)
    np.testing.assert_array_equal(result, np.array(expected))


def test_convolution_in_one_and_three_dimensions_is_that_of_scipy():
    signals, filters = whole_numbers((1, 1, 17)), whole_numbers((1, 1, 5))
    result = Conv(ConvGeometry((1,), "full")).perform(signals, filters)
    np.testing.assert_array_equal(result[0, 0], np.convolve(signals[0, 0], filters[0, 0]))
    volume, filters = whole_numbers((1, 1, 5, 6, 7)), whole_numbers((1, 1, 2, 3, 4))
    result = Conv(ConvGeometry((1, 1, 1))).perform(volume, filters)
    expected = signal.convolve(volume[0, 0], filters[0, 0], "valid", "direct")
    np.testing.assert_array_equal(result[0, 0], expected)


@thorough
@given(cases())
def test_the_three_are_adjoint_to_one_another(case):
    output, by_image, by_filters = three_results(case)
    expected = inner(case.gradient, output)
    assert inner(case.image, by_image) == expected
    assert inner(case.filters, by_filters) == expected


@settings(deadline=None, max_examples=60)
@given(cases())
def test_each_gradient_is_its_definition(case):
    """Basis vectors: the derivative by one element is the convolution with that element alone."""
    _, by_image, by_filters = three_results(case)
    for array, gradient, convolved in (
        (case.image, by_image, lambda basis: Conv(case.geometry).perform(basis, case.filters)),
        (case.filters, by_filters, lambda basis: Conv(case.geometry).perform(case.image, basis)),
    ):
        assert gradient.shape == array.shape
        for flat in range(0, array.size, max(1, array.size // 7)):
            basis = np.zeros_like(array)
            basis.flat[flat] = 1
            assert gradient.flat[flat] == inner(case.gradient, convolved(basis))


@thorough
@given(cases(), st.randoms(use_true_random=False))
def test_static_types_agree_with_what_happens(case, random):
    g, geometry = case.gradient, case.geometry
    for op, arrays in (
        (Conv(geometry), (case.image, case.filters)),
        (ConvGradInput(geometry), (g, case.filters, case.image)),
        (ConvGradFilters(geometry), (case.image, g, case.filters)),
    ):
        result = op.perform(*arrays)
        assert op.out_types(*map(type_of, arrays)) == type_of(result)
        hidden = [[axis for axis in range(array.ndim) if random.random() < 0.5] for array in arrays]
        static = op(*(like(array, hidden=axes) for array, axes in zip(arrays, hidden, strict=True))).type
        assert static.dtype == result.dtype.name
        assert static.accepts(result.shape)


def test_what_is_known_of_any_input_is_known_of_the_output():
    image, filters = variable("x", "float32", None, 6, None, 8), variable("w", "float32", 4, None, 3, 3)
    output = Conv(ConvGeometry((1, 2), "half"))(image, filters)
    assert str(output.type) == "float32[?,4,?,4]"
    by_image = ConvGradInput(PLAIN)(
        variable("g", "float32", 5, None, None, None),
        filters,
        variable("like", "float32", None, 6, None, 8),
    )
    assert str(by_image.type) == "float32[5,6,?,8]"
    by_filters = ConvGradFilters(ConvGeometry((1, 1), groups=2))(
        image, variable("g", "float32", None, 4, None, None), variable("like", "float32", None, None, None, 3)
    )
    assert str(by_filters.type) == "float32[4,3,?,3]"


# Layouts, special numbers, dtypes, empty arrays


@pytest.mark.parametrize("flip", [True, False])
def test_any_layout_gives_the_same_bits(flip):
    random = np.random.default_rng(5)
    geometry = ConvGeometry((2, 1), ((1, 2), 1), (1, 2), 2, flip)
    arrays = {
        "image": random.normal(size=(2, 4, 9, 10)),
        "filters": random.normal(size=(6, 2, 3, 3)),
    }
    arrays["gradient"] = random.normal(size=Conv(geometry).perform(arrays["image"], arrays["filters"]).shape)

    def layouts(array):
        yield np.asfortranarray(array)
        yield array[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]
        wide = np.zeros([2 * size for size in array.shape])
        wide[::2, ::2, ::2, ::2] = array
        yield wide[::2, ::2, ::2, ::2]
        yield np.moveaxis(np.moveaxis(array, 1, -1).copy(), -1, 1)
        yield array.astype(array.dtype.newbyteorder())
        locked = array.copy()
        locked.flags.writeable = False
        yield locked

    for op, names in (
        (Conv(geometry), ("image", "filters")),
        (ConvGradInput(geometry), ("gradient", "filters", "image")),
        (ConvGradFilters(geometry), ("image", "gradient", "filters")),
    ):
        plain = [arrays[name] for name in names]
        expected = op.perform(*plain)
        for position in range(2):
            for changed in layouts(plain[position]):
                before = changed.copy()
                operands = [*plain[:position], changed, *plain[position + 1 :]]
                np.testing.assert_array_equal(op.perform(*operands), expected, strict=True)
                np.testing.assert_array_equal(changed, before)


def test_results_are_arrays_of_their_own():
    image, filters = np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1))
    for result in (
        Conv(PLAIN).perform(image, filters),
        ConvGradInput(PLAIN).perform(image, filters, image),
        ConvGradFilters(PLAIN).perform(image, image, filters),
    ):
        assert not np.shares_memory(result, image)
        assert not np.shares_memory(result, filters)
        assert result.flags.c_contiguous
        assert result.flags.writeable


def test_the_values_of_like_are_never_read():
    g, x, w = whole_numbers((1, 2, 5, 5)), whole_numbers((1, 3, 7, 7)), whole_numbers((2, 3, 3, 3))
    by_image, by_filters = ConvGradInput(PLAIN).perform, ConvGradFilters(PLAIN).perform
    np.testing.assert_array_equal(by_image(g, w, np.full_like(x, np.nan)), by_image(g, w, x))
    np.testing.assert_array_equal(by_filters(x, g, np.full_like(w, np.nan)), by_filters(x, g, w))
    zero = np.broadcast_to(np.zeros(()), x.shape)
    np.testing.assert_array_equal(by_image(g, w, zero), by_image(g, w, x))


def test_nan_and_infinity_flow_to_the_windows_that_see_them():
    image = np.zeros((1, 1, 7, 7))
    image[0, 0, 2, 4], image[0, 0, 6, 0] = np.nan, np.inf
    result = Conv(PLAIN).perform(image, np.ones((1, 1, 3, 3)))[0, 0]
    expected = np.zeros((5, 5))
    expected[0:3, 2:5] = np.nan
    expected[4, 0] = np.inf
    np.testing.assert_array_equal(result, expected)
    # A NaN in the filters meets the zeros of the border too.
    result = Conv(ConvGeometry((1, 1), "full")).perform(np.ones((1, 1, 2, 2)), np.full((1, 1, 2, 2), np.nan))
    assert np.isnan(result).all()


@pytest.mark.parametrize(
    ("image", "filters", "result"),
    [
        ("float32", "float32", "float32"), ("float64", "float64", "float64"),
        ("float16", "float16", "float16"), ("float32", "float64", "float64"),
        ("float16", "float32", "float32"), ("uint8", "float32", "float32"),
        ("int64", "float32", "float64"), ("bool", "float32", "float32"),
        ("complex64", "float32", "complex64"), ("complex64", "float64", "complex128"),
    ],
)  # fmt: skip
def test_dtypes_promote(image, filters, result):
    x, w = whole_numbers((1, 2, 5, 6)) % 5, whole_numbers((3, 2, 2, 3))
    for first, second in ((x.astype(image), w.astype(filters)), (x.astype(filters), w.astype(image))):
        output = Conv(PLAIN).perform(first, second)
        assert output.dtype == result
        assert Conv(PLAIN).out_types(type_of(first), type_of(second)).dtype == result
        wide = np.result_type(result, "float64")
        np.testing.assert_array_equal(output, Conv(PLAIN).perform(first.astype(wide), second.astype(wide)))


def test_half_floats_are_summed_in_single():
    image = np.ones((1, 1, 60, 50), "float16")  # 3000 taps: sums in half would stop at 2048
    assert Conv(PLAIN).perform(image, image).item() == 3000
    full = ConvGeometry((1, 1), "full")
    gradient = np.ones((1, 1, 119, 99), "float16")
    assert (ConvGradInput(full).perform(gradient, image, image) == 3000).all()


@pytest.mark.parametrize(("image", "filters"), [("int64", "int64"), ("uint8", "int8"), ("bool", "bool")])
def test_integers_alone_are_refused(image, filters):
    with pytest.raises(DTypeError, match="real or complex floating-point numbers") as caught:
        Conv(PLAIN)(variable("x", image, 1, 1, 5, 5), variable("w", filters, 1, 1, 3, 3))
    assert "astype" in caught.value.hint


@pytest.mark.parametrize(
    ("image", "filters", "output"),
    [
        ((0, 2, 8, 8), (2, 2, 3, 3), (0, 2, 6, 6)),
        ((1, 0, 8, 8), (2, 0, 3, 3), (1, 2, 6, 6)),
        ((1, 2, 8, 8), (0, 2, 3, 3), (1, 0, 6, 6)),
    ],
)
def test_no_images_no_channels_and_no_filters_are_allowed(image, filters, output):
    x, w = np.ones(image), np.ones(filters)
    result = Conv(PLAIN).perform(x, w)
    np.testing.assert_array_equal(result, np.zeros(output), strict=True)
    g = np.ones(output)
    np.testing.assert_array_equal(ConvGradInput(PLAIN).perform(g, w, x), np.zeros(image), strict=True)
    np.testing.assert_array_equal(ConvGradFilters(PLAIN).perform(x, g, w), np.zeros(filters), strict=True)


# Derivatives


@thorough
@given(cases(smallest_batch=1))
def test_derivatives_of_all_three(case):
    """Each op is linear in each operand: <d, op(a', b)> is exactly <gradient by a of <d, op(a, b)>, a'>.

    The gradients of the two adjoints are the second derivatives of the convolution.
    """
    geometry, g = case.geometry, case.gradient
    for op, arrays in (
        (Conv(geometry), (case.image, case.filters)),
        (ConvGradInput(geometry), (g, case.filters, case.image)),
        (ConvGradFilters(geometry), (case.image, g, case.filters)),
    ):
        inputs = [like(array) for array in arrays]
        node = op.apply(*inputs)
        direction = whole_numbers(node.outputs[0].type.shape, node.outputs[0].dtype, seed=4)
        along = like(direction)
        gradients = op.grad(inputs, node.outputs, [along])
        assert all(gradient is None for gradient in gradients[2:])
        assert [gradient.type for gradient in gradients[:2]] == [v.type for v in inputs[:2]]
        values = dict(zip([*inputs, along], [*arrays, direction], strict=True))
        for position, value in enumerate(evaluate(gradients[:2], values)):
            step = whole_numbers(arrays[position].shape, arrays[position].dtype, seed=5)
            moved = [*arrays[:position], step, *arrays[position + 1 :]]
            assert inner(value, step) == inner(direction, op.perform(*moved))


def test_third_derivatives_exist_and_are_exact():
    """The gradient of a gradient of a gradient: trilinear in (g, x, w), so it is a value of Conv again."""
    geometry = ConvGeometry((2, 1), ((1, 0), 2), (1, 2))
    x, w = whole_numbers((2, 3, 7, 8), seed=1), whole_numbers((4, 3, 3, 2), seed=2)
    g = whole_numbers(Conv(geometry).perform(x, w).shape, seed=3)
    vx, vw, vg = like(x, "x"), like(w, "w"), like(g, "g")
    node = Conv(geometry).apply(vx, vw)
    by_image, _ = node.op.grad(node.inputs, node.outputs, [vg])
    again = by_image.owner
    by_gradient, by_filters, _ = again.op.grad(again.inputs, again.outputs, [vx])
    last = by_filters.owner
    of_image, of_gradient, of_like = last.op.grad(last.inputs, last.outputs, [vw])
    assert of_like is None
    results = evaluate([by_gradient, of_image, of_gradient], {vx: x, vw: w, vg: g})
    expected = Conv(geometry).perform(x, w)
    np.testing.assert_array_equal(results[0], expected)
    np.testing.assert_array_equal(results[1], ConvGradInput(geometry).perform(g, w, x))
    np.testing.assert_array_equal(results[2], expected)


def test_integers_have_no_gradient():
    image, filters = variable("x", "uint8", 1, 1, 5, 5), variable("w", "float32", 1, 1, 3, 3)
    node = Conv(PLAIN).apply(image, filters)
    by_image, by_filters = node.op.grad(node.inputs, node.outputs, [variable("g", "float32", 1, 1, 3, 3)])
    assert by_image is None
    assert by_filters.type == filters.type


# Symmetries of convolution


def test_shifts_batches_and_channels_commute_with_it():
    x, w = whole_numbers((3, 4, 12, 12), seed=1), whole_numbers((5, 4, 3, 3), seed=2)
    conv = Conv(PLAIN).perform
    y = conv(x, w)
    np.testing.assert_array_equal(conv(x[:, :, 2:, 3:], w), y[:, :, 2:, 3:])
    np.testing.assert_array_equal(conv(x[::-1], w), y[::-1])
    np.testing.assert_array_equal(conv(x, w[::-1]), y[:, ::-1])
    np.testing.assert_array_equal(conv(x[:, ::-1], w[:, ::-1]), y)
    np.testing.assert_array_equal(conv(x.swapaxes(2, 3), w.swapaxes(2, 3)), y.swapaxes(2, 3))
    unflipped = Conv(ConvGeometry((1, 1), flip=False)).perform
    np.testing.assert_array_equal(unflipped(x, w[:, :, ::-1, ::-1]), y)


# How they show, and travel


def test_names_and_parameters():
    assert str(Conv(PLAIN)) == "Conv2d"
    assert str(Conv(ConvGeometry((1,), flip=False))) == "Conv1d(flip=False)"
    full = ConvGeometry((2, 1), ((1, 2), 0), (1, 3), 2, False)
    assert str(ConvGradInput(full)) == (
        "Conv2dGradInput(border_mode=((1, 2), 0), stride=(2, 1), dilation=(1, 3), groups=2, flip=False)"
    )
    assert str(ConvGradFilters(ConvGeometry((1, 1, 1), "half"))) == "Conv3dGradFilters(border_mode='half')"


def test_equal_parameters_make_equal_ops():
    same = Conv(ConvGeometry([1, np.int64(1)], ((0, 0), 0), [1, 1]))
    assert same == Conv(PLAIN)
    assert hash(same) == hash(Conv(PLAIN))
    assert Conv(PLAIN) != ConvGradInput(PLAIN)
    assert Conv(PLAIN) != Conv(ConvGeometry((1, 1), flip=False))
    for op in (Conv(PLAIN), ConvGradInput(PLAIN), ConvGradFilters(PLAIN)):
        assert pickle.loads(pickle.dumps(op)) == op
        assert copy.deepcopy(op) == op


def test_roles():
    assert Conv(PLAIN).role == "anchor"
    assert ConvGradInput(PLAIN).role == ConvGradFilters(PLAIN).role == "anchor"


# Errors


def f32(name, *shape):
    return variable(name, "float32", *shape)


GROUPED = ConvGeometry((1, 1), groups=2)
ERRORS = [
    (Conv(PLAIN), (f32("x", None, 3, None, None), f32("w", 2, 4, 3)), RankError,
     ["Conv2d needs 4-d filters [out, in, rows, cols], got 3-d", "filters[:, None]"]),
    (Conv(PLAIN), (f32("x", None, 3, None, None), f32("w", 3, 3)), RankError,
     ["Conv2d needs 4-d filters", "got 2-d", "filters[None, None]"]),
    (Conv(PLAIN), (f32("x", 3, 8, 8), f32("w", 2, 3, 3, 3)), RankError,
     ["Conv2d needs 4-d images [batch, channels, rows, cols], got 3-d", "image[None]"]),
    (Conv(PLAIN), (f32("x", 1, 1, 3, 8, 8), f32("w", 2, 3, 3, 3)), RankError, ["4-d images", "got 5-d"]),
    (Conv(ConvGeometry((1,))), (f32("x", 8), f32("w", 2, 3, 3)), RankError,
     ["Conv1d needs 3-d images [batch, channels, time], got 1-d", "image[None, None]"]),
    (Conv(PLAIN), (f32("x", None, 3, None, None), f32("w", 2, 4, 9, 9)), ShapeError,
     ["Conv2d needs filters with 3 input channels, got 4", "image:   float32[?,3,?,?]  (x)"]),
    (Conv(PLAIN), (f32("x", None, 4, None, None), f32("w", 4, 2, 9, 9)), ShapeError,
     ["filters with 4 input channels, got 2", "num_groups=2"]),
    (Conv(GROUPED), (f32("x", None, 4, None, None), f32("w", 4, 4, 3, 3)), ShapeError,
     ["filters with 2 input channels (4 in 2 groups), got 4"]),
    (Conv(GROUPED), (f32("x", None, 3, None, None), f32("w", 4, None, 3, 3)), ShapeError,
     ["cannot divide 3 input channels into 2 equal groups"]),
    (Conv(GROUPED), (f32("x", None, None, None, None), f32("w", 5, 2, 3, 3)), ShapeError,
     ["cannot divide 5 filters into 2 equal groups"]),
    (Conv(PLAIN), (f32("x", None, 3, 5, 5), f32("w", 2, 3, 9, 9)), ShapeError,
     ["filters of 9x9 do not fit on an image of 5x5", "border_mode='half' or 'full'"]),
    (Conv(ConvGeometry((1, 1), 1)), (f32("x", None, 3, 5, 5), f32("w", 2, 3, 9, 9)), ShapeError,
     ["filters of 9x9 do not fit on an image of 5x5, padded to 7x7"]),
    (Conv(PLAIN), (f32("x", None, 3, 0, 5), f32("w", 2, 3, None, None)), ShapeError, ["0x5"]),
    (ConvGradInput(PLAIN), (f32("g", 1, 2, 5, 5), f32("w", 2, 3, 3, 3), f32("x", 1, 3, 8, 7)), ShapeError,
     ["Conv2dGradInput needs an output gradient of 1x2x6x5", "got 1x2x5x5",
      "gradients of 5x5 come from images of 7 x 7", "like:"]),
    (ConvGradInput(ConvGeometry((2, 3))), (f32("g", 1, 2, 5, 5), f32("w", 2, 3, 3, 3), f32("x", 1, 3, 8, 7)),
     ShapeError, ["images of (11 to 12) x (15 to 17)"]),
    (ConvGradInput(PLAIN), (f32("g", 1, 4, 5, 5), f32("w", 2, 3, 3, 3), f32("x", 1, 3, 7, 7)), ShapeError,
     ["gradient of 1x2x5x5", "got 1x4x5x5"]),
    (ConvGradInput(PLAIN), (f32("g", 1, 2, 5), f32("w", 2, 3, 3, 3), f32("x", 1, 3, 7, 7)), RankError,
     ["4-d output gradients [batch, out, rows, cols], got 3-d"]),
    (ConvGradFilters(PLAIN), (f32("x", 1, 3, 7, 7), f32("g", 3, 2, 5, 5), f32("w", 2, 3, 3, 3)), ShapeError,
     ["Conv2dGradFilters needs an output gradient of 1x2x5x5", "got 3x2x5x5"]),
    (ConvGradFilters(PLAIN), (f32("x", 1, 3, 7, 7), f32("g", 1, 2, 5, 5), f32("w", 2, 4, 3, 3)), ShapeError,
     ["filters with 3 input channels, got 4"]),
]  # fmt: skip


@pytest.mark.parametrize(("op", "inputs", "kind", "parts"), ERRORS)
def test_errors_say_what_where_and_how_to_mend_it(op, inputs, kind, parts):
    with pytest.raises(kind) as caught:
        op(*inputs)
    text = str(caught.value)
    for part in parts:
        assert part in text
    assert "test_conv_ops.py:" in text
    assert inputs[0].name in text


def test_sizes_unknown_while_building_are_checked_when_run():
    op = Conv(PLAIN)
    op(f32("x", None, None, None, None), f32("w", None, None, None, None))
    with pytest.raises(ShapeError, match="filters of 3x3 do not fit on an image of 2x9"):
        op.perform(np.ones((1, 1, 2, 9)), np.ones((1, 1, 3, 3)))
    with pytest.raises(ShapeError, match="needs filters with 2 input channels, got 1"):
        op.perform(np.ones((1, 2, 9, 9)), np.ones((1, 1, 3, 3)))
    with pytest.raises(ShapeError, match="needs an output gradient of 1x1x7x7"):
        ConvGradInput(PLAIN).perform(np.ones((1, 1, 6, 7)), np.ones((1, 1, 3, 3)), np.ones((1, 1, 9, 9)))
