"""conv1d, conv2d and conv3d as the user calls them: defaults, parameters, shape hints."""

import inspect

import numpy as np
import pytest
from conv_cases import convolve_by_loops, evaluate, variable, whole_numbers

from symconv.errors import ArgumentError, OptionError, ShapeError
from symconv.gradient import grad
from symconv.graph.nodes import Variable, constant
from symconv.ops.conv import (
    Conv,
    ConvGeometry,
    ConvGradFilters,
    ConvGradInput,
    conv1d,
    conv2d,
    conv3d,
)
from symconv.ops.reduce import sum as total


def value(output, **given):
    return evaluate([output], given.get("values", {}))[0]


def test_filters_are_flipped_by_default():
    image = np.zeros((1, 1, 5, 5))
    image[0, 0, 2, 2] = 1
    filters = np.arange(9.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(value(conv2d(image, filters)), filters)
    np.testing.assert_array_equal(value(conv2d(image, filters, filter_flip=False)), filters[:, :, ::-1, ::-1])


def test_every_parameter_arrives():
    image, filters = whole_numbers((2, 4, 9, 11)), whole_numbers((6, 2, 3, 2))
    output = conv2d(
        image, filters, (None, 4, 9, None), (6, 2, 3, 2), border_mode=((2, 1), 3), subsample=(2, 3),
        filter_flip=False, filter_dilation=(1, 2), num_groups=2,
    )  # fmt: skip
    assert output.owner.op == Conv(ConvGeometry((2, 3), ((2, 1), 3), (1, 2), 2, False))
    expected = convolve_by_loops(image, filters, (2, 3), ((2, 1), (3, 3)), (1, 2), 2, False)
    np.testing.assert_array_equal(value(output), expected, strict=True)
    assert output.type.shape == expected.shape


def test_one_number_stands_for_all_axes():
    image, filters = variable("x", "float64", 1, 1, 20, 20), variable("w", "float64", 1, 1, 3, 3)
    one = conv2d(image, filters, border_mode=1, subsample=2, filter_dilation=np.int64(3))
    assert one.owner.op == conv2d(image, filters, None, None, (1, 1), (2, 2), True, [3, 3]).owner.op


@pytest.mark.parametrize(("function", "ndim"), [(conv1d, 1), (conv2d, 2), (conv3d, 3)])
def test_each_dimension(function, ndim):
    image = whole_numbers((2, 3, *(7, 6, 5)[:ndim]))
    filters = whole_numbers((4, 3, *(3, 2, 2)[:ndim]))
    ones = (1,) * ndim
    expected = convolve_by_loops(image, filters, ones, ((0, 0),) * ndim, ones, 1, True)
    output = function(image, filters)
    np.testing.assert_array_equal(value(output), expected, strict=True)
    assert output.owner.op.label == f"Conv{ndim}d"


def test_the_signature_is_theanos():
    """Clients look parameters up by name and pass the first four by position."""
    parameters = inspect.signature(conv2d).parameters
    assert list(parameters) == [
        "input", "filters", "input_shape", "filter_shape", "border_mode", "subsample", "filter_flip",
        "filter_dilation", "num_groups",
    ]  # fmt: skip
    defaults = [parameter.default for parameter in parameters.values()][2:]
    assert defaults == [None, None, "valid", (1, 1), True, (1, 1), 1]


# Hints


def test_hints_refine_the_static_shape():
    image, filters = variable("x", "float32", *[None] * 4), variable("w", "float32", *[None] * 4)
    assert str(conv2d(image, filters).type) == "float32[?,?,?,?]"
    hinted = conv2d(image, filters, (None, 3, 10, np.int64(12)), [2, 3, 3, constant(5)])
    assert str(hinted.type) == "float32[?,2,8,8]"
    values = {
        image: whole_numbers((7, 3, 10, 12), "float32"),
        filters: whole_numbers((2, 3, 3, 5), "float32"),
    }
    expected = value(conv2d(image, filters), values=values)
    np.testing.assert_array_equal(value(hinted, values=values), expected)


def test_hints_that_say_nothing_new_leave_no_trace():
    image, filters = variable("x", "float32", None, 3, 9, 9), variable("w", "float32", 2, 3, 3, 3)
    output = conv2d(image, filters, (None, 3, None, 9), (2, None, 3, 3))
    assert output.owner.inputs == (image, filters)


def test_hints_find_errors_while_building():
    image, filters = variable("x", "float32", *[None] * 4), variable("w", "float32", *[None] * 4)
    with pytest.raises(ShapeError, match="needs filters with 3 input channels, got 4"):
        conv2d(image, filters, (None, 3, None, None), (None, 4, None, None))


def test_a_hint_that_contradicts_what_is_known():
    image, filters = variable("x", "float32", None, 3, None, None), variable("w", "float32", 2, 3, 3, 3)
    with pytest.raises(ShapeError) as caught:
        conv2d(image, filters, input_shape=(None, 4, 5, 5))
    text = str(caught.value)
    assert "input_shape says that axis 1 has size 4, but it is known to be 3" in text
    assert "float32[?,3,?,?]" in text
    assert "test_conv_functions.py:" in text
    with pytest.raises(ShapeError, match="filter_shape says that axis 0 has size 5, but it is known to be 2"):
        conv2d(image, filters, filter_shape=(5, 3, 3, 3))


def test_a_hint_that_lies_is_an_error_when_run():
    image, filters = variable("x", "float64", *[None] * 4), variable("w", "float64", 2, 3, 3, 3)
    output = conv2d(image, filters, input_shape=(1, 3, 9, 9))
    good = {image: whole_numbers((1, 3, 9, 9)), filters: whole_numbers((2, 3, 3, 3))}
    assert value(output, values=good).shape == (1, 2, 7, 7)
    with pytest.raises(ShapeError):
        value(output, values={**good, image: whole_numbers((1, 3, 9, 8))})


@pytest.mark.parametrize(
    "hint", [(1, 3, 9), (1, 3, 9, 9, 9), 5, "1399", (1, 3, 9, -9), (1, 3, 9, 9.0), (1, 3, 9, "n")]
)
def test_hints_of_the_wrong_form(hint):
    image, filters = variable("x", "float64", *[None] * 4), variable("w", "float64", 2, 3, 3, 3)
    with pytest.raises(OptionError, match="input_shape needs 4 entries, each a size or None"):
        conv2d(image, filters, input_shape=hint)


def test_a_computed_size_cannot_be_a_hint():
    image, filters = variable("x", "float64", *[None] * 4), variable("w", "float64", 2, 3, 3, 3)
    with pytest.raises(OptionError, match="input_shape needs 4 entries") as caught:
        conv2d(image, filters, input_shape=(1, variable("n", "int64"), None, None))
    assert "None" in caught.value.hint


# Parameters that do not exist, and operands that are none


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"border_mode": "same"}, "'same' is not a border mode"),
        ({"subsample": (1, 1, 1)}, "subsample needs an integer, or 2 of them"),
        ({"subsample": 1.5}, "subsample needs an integer, or 2 of them"),
        ({"subsample": 0}, "integers >= 1, got (0, 0)"),
        ({"filter_dilation": (1,)}, "filter_dilation needs an integer, or 2 of them"),
        ({"filter_dilation": variable("d", "int64")}, "filter_dilation needs an integer, or 2 of them"),
        ({"num_groups": 0}, "the number of groups must be an integer >= 1"),
    ],
)
def test_parameters_that_do_not_exist_name_the_users_line(parameters, what):
    image, filters = variable("x", "float64", *[None] * 4), variable("w", "float64", 2, 3, 3, 3)
    with pytest.raises(OptionError) as caught:
        conv2d(image, filters, **parameters)
    assert what in caught.value.what
    assert "test_conv_functions.py:" in str(caught.value)


def test_only_tensors_convolve():
    with pytest.raises(ArgumentError, match="cannot be part of an expression"):
        conv2d(None, np.ones((1, 1, 1, 1)))
    assert isinstance(conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1))), Variable)


# Through the gradient engine


def test_gradients_of_a_cost_with_unknown_sizes():
    """Cost (y y).sum(): the gradients are those of 2 y, exactly; and again for the second order."""
    image, filters = variable("x", "float64", *[None] * 4), variable("w", "float64", *[None] * 4)
    y = conv2d(image, filters, border_mode=((1, 0), 2), subsample=(2, 1), num_groups=2)
    geometry = y.owner.op.geometry
    by_image, by_filters = grad(total(y * y), [image, filters])
    assert [v.type for v in (by_image, by_filters)] == [image.type, filters.type]
    twice = grad(total(by_filters * by_filters), filters)
    values = {image: whole_numbers((2, 4, 6, 5)), filters: whole_numbers((6, 2, 3, 2))}
    x, w = values.values()
    forward, adjoint = Conv(geometry).perform, ConvGradFilters(geometry).perform
    first = adjoint(x, 2 * forward(x, w), w)  # linear in w: twice the Gram matrix of the convolution
    expected = [
        ConvGradInput(geometry).perform(2 * forward(x, w), w, x),
        first,
        2 * adjoint(x, 2 * forward(x, first), w),
    ]
    for result, right in zip(evaluate([by_image, by_filters, twice], values), expected, strict=True):
        np.testing.assert_array_equal(result, right)


def test_gradients_keep_the_dtype_of_each_operand():
    image, filters = variable("x", "float32", 1, 1, 5, 5), variable("w", "float64", 1, 1, 3, 3)
    by_image, by_filters = grad(total(conv2d(image, filters)), [image, filters])
    assert (by_image.dtype, by_filters.dtype) == ("float32", "float64")
