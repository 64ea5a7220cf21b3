"""Bad input to the family: each has an error of four parts, as early as it can be known."""

import numpy as np
import pytest

import symconv as sc

N = None


def T(*shape, dtype="float32"):
    return sc.tensor(dtype, shape, "operand")


X, W = T(N, 4, 8, 8), T(6, 4, 3, 3)
VECTOR = sc.lvector("sizes")

WHILE_BUILDING = {
    "filter larger than the image": (lambda: sc.conv2d(X, T(6, 4, 9, 9)), sc.ShapeError, "9x9 do not fit on an image of 8x8"),
    "dilated filter larger": (lambda: sc.conv2d(X, W, filter_dilation=4), sc.ShapeError, "dilated to 9x9"),
    "filter larger than the padded image": (lambda: sc.conv2d(X, T(6, 4, 11, 3), border_mode=1), sc.ShapeError, "padded to 10x10"),
    "no rows": (lambda: sc.conv2d(T(1, 4, 0, 8), W), sc.ShapeError, "at least one pixel"),
    "stride 0": (lambda: sc.conv2d(X, W, subsample=(0, 1)), sc.OptionError, r">= 1, got \(0, 1\)"),
    "stride of three": (lambda: sc.conv2d(X, W, subsample=(1, 1, 1)), sc.OptionError, "or 2 of them"),
    "fractional stride": (lambda: sc.conv2d(X, W, subsample=1.5), sc.OptionError, "an integer"),
    "dilation 0": (lambda: sc.conv2d(X, W, filter_dilation=0), sc.OptionError, ">= 1"),
    "no such border": (lambda: sc.conv2d(X, W, border_mode="same"), sc.OptionError, "'same'"),
    "negative border": (lambda: sc.conv2d(X, W, border_mode=-1), sc.OptionError, "not be negative"),
    "border of three": (lambda: sc.conv2d(X, W, border_mode=(1, 1, 1)), sc.OptionError, "2 entries"),
    "groups do not divide channels": (lambda: sc.conv2d(T(1, 5, 8, 8), T(6, 2, 3, 3), num_groups=2), sc.ShapeError, "5 input channels into 2"),
    "groups do not divide filters": (lambda: sc.conv2d(X, T(5, 2, 3, 3), num_groups=2), sc.ShapeError, "5 filters into 2"),
    "no groups": (lambda: sc.conv2d(X, W, num_groups=0), sc.OptionError, "groups must be an integer >= 1"),
    "channels": (lambda: sc.conv2d(X, T(6, 3, 3, 3)), sc.ShapeError, "4 input channels, got 3"),
    "a hint that contradicts": (lambda: sc.conv2d(X, W, input_shape=(N, 3, 8, 8)), sc.ShapeError, "known to be 4"),
    "a hint too short": (lambda: sc.conv2d(X, W, filter_shape=(6, 4, 3)), sc.OptionError, "4 entries"),
    "transposed: from no image": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, (1, 4, 20, 20), input_dilation=2), sc.ShapeError, "1x6x9x9"),
    "transposed: smaller than the filter": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, (1, 4, 2, 2)), sc.ShapeError, "do not fit on an image of 2x2"),
    "transposed: another batch": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, (2, 4, 6, 6)), sc.ShapeError, "2x6x4x4"),
    "transposed: fractional size": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, (1, 4, 6.5, 6)), sc.OptionError, r"got 6\.5"),
    "transposed: negative size": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, (1, 4, -6, 6)), sc.ShapeError, "negative size -6"),
    "transposed: two sizes": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, (6, 6)), sc.OptionError, "4 entries"),
    "transposed: nothing left": (lambda: sc.conv2d_transpose(T(1, 6, 1, 1), W, border_mode=5), sc.ShapeError, "crops all"),
    "transposed: more than a stride": (lambda: sc.conv2d_transpose(T(1, 6, 4, 4), W, output_padding=1), sc.OptionError, "less than the stride"),
    "by filters: unknown sizes": (lambda: sc.conv_grad_wrt_weights(X, T(N, 6, 6, 6), (6, 4, N, 3)), sc.OptionError, "last 2 of them"),
    "by filters: other filters": (lambda: sc.conv_grad_wrt_weights(X, T(N, 6, 4, 4), (6, 4, 3, 3)), sc.ShapeError, "6x6"),
    "separable: pointwise filters": (lambda: sc.separable_conv(X, T(8, 1, 3, 3), T(5, 8, 3, 1), 4), sc.OptionError, "one pixel"),
    "separable: channels": (lambda: sc.separable_conv(X, T(8, 1, 3, 3), T(5, 8, 1, 1), 3), sc.ShapeError, "4 input channels into 3"),
    "depthwise: unknown channels": (lambda: sc.depthwise_conv(sc.ftensor4(), T(8, 1, 3, 3)), sc.OptionError, "number of channels"),
    "causal: hint too short": (lambda: sc.causal_conv1d(T(1, 1, 9), T(9, 1, 3), (9, 1)), sc.OptionError, "3 entries"),
    "causal: dilation 0": (lambda: sc.causal_conv1d(T(1, 1, 9), T(9, 1, N), filter_dilation=0), sc.OptionError, ">= 1"),
    "unshared: another grid": (lambda: sc.unshared_conv(X, T(6, 5, 6, 4, 3, 3)), sc.ShapeError, "6x6, got 5x6"),
    "unshared: shared filters": (lambda: sc.unshared_conv(X, W), sc.RankError, "6 axes"),
    "signal: border": (lambda: sc.signal_conv2d(T(8, 8), T(3, 3), border_mode="half"), sc.OptionError, "'half'"),
    "pool: mode": (lambda: sc.pool(X, (2, 2), mode="avg"), sc.OptionError, "'avg'"),
    "pool: stride 0": (lambda: sc.pool(X, (2, 2), (0, 0)), sc.OptionError, r"stride \(0, 0\)"),
    "pool: padding alone": (lambda: sc.pool(X, (2, 2), pad=2), sc.OptionError, "nothing but padding"),
    "pool: padding and border": (lambda: sc.pool(X, (2, 2), pad=1, ignore_border=False), sc.OptionError, "go together"),
    "pool: too few axes": (lambda: sc.pool(T(8), (2, 2)), sc.RankError, "at least 2"),
    "pool: how many axes": (lambda: sc.pool(X, VECTOR), sc.RankError, "how many axes"),
    "pool: a matrix of sizes": (lambda: sc.pool(X, sc.lmatrix(), ndim=2), sc.OptionError, "vector of 2"),
    "pool: sizes in floats": (lambda: sc.pool(X, sc.dvector(), ndim=2), sc.ShapeError, "integers"),
    "pool: booleans": (lambda: sc.pool(T(8, 8, dtype="bool"), (2, 2)), sc.DTypeError, "real numbers"),
    "patches: no pixels": (lambda: sc.max_pool_2d_same_size(X, (0, 2)), sc.OptionError, "at least 1"),
    "neighbours: do not divide": (lambda: sc.images2neibs(X, (3, 3)), sc.ShapeError, "do not divide"),
    "neighbours: step 0": (lambda: sc.images2neibs(X, (3, 3), (0, 1)), sc.OptionError, "at least 1"),
    "neighbours: no centre": (lambda: sc.images2neibs(X, (2, 3), (1, 1), "wrap_centered"), sc.CoverError, "no centre"),
    "upsampling: a fraction": (lambda: sc.bilinear_upsampling(X, 1.5), sc.OptionError, r"got 1\.5"),
    "upsampling: both ratios": (lambda: sc.bilinear_upsampling(X, 2, (3, 2)), sc.OptionError, "either"),
    "response: even": (lambda: sc.lrn(X, 4), sc.OptionError, "odd"),
    "sizes: filters of another rank": (lambda: sc.get_conv_output_shape((1, 1, 9, 9), (1, 1, 5), "valid", (1, 1)), sc.OptionError, "got 3"),
}  # fmt: skip


def four_parts(error):
    assert error.what
    assert error.arguments, error
    assert error.hint, error
    assert "test_conv_errors.py:" in str(error.where), error


@pytest.mark.parametrize("name", WHILE_BUILDING)
def test_what_is_known_while_building_is_said_then(name):
    build, kind, match = WHILE_BUILDING[name]
    with pytest.raises(kind, match=match) as caught:
        build()
    four_parts(caught.value)


def ones(*shape):
    return np.ones(shape, "float32")


x, w = sc.ftensor4("x"), sc.ftensor4("w")
unshared = sc.tensor("float32", (N,) * 6, "unshared")
WHEN_SIZES_COME = {
    "filter larger": (sc.conv2d(x, w), (ones(1, 1, 3, 3), ones(1, 1, 4, 4)), sc.ShapeError, "4x4 do not fit on an image of 3x3"),
    "no pixels": (sc.conv2d(x, w), (ones(1, 1, 0, 3), ones(1, 1, 1, 1)), sc.ShapeError, "at least one pixel"),
    "no filter rows": (sc.conv2d(x, w), (ones(1, 1, 5, 3), ones(1, 1, 0, 1)), sc.ShapeError, "0x1"),
    "groups": (sc.conv2d(x, w, num_groups=2), (ones(1, 5, 8, 8), ones(6, 2, 3, 3)), sc.ShapeError, "5 input channels into 2"),
    "channels": (sc.conv2d(x, w), (ones(1, 5, 8, 8), ones(6, 2, 3, 3)), sc.ShapeError, "5 input channels, got 2"),
    "a hint that lies": (sc.conv2d(x, w, input_shape=(1, 1, 9, 9)), (ones(1, 1, 8, 8), ones(1, 1, 4, 4)), sc.ShapeError, "promised"),
    "another hint that lies": (sc.conv2d(x, w, filter_shape=(1, 1, 3, 3)), (ones(1, 1, 8, 8), ones(1, 1, 4, 4)), sc.ShapeError, "promised"),
    "transposed": (sc.conv2d_transpose(x, w, (N, N, 20, 20), input_dilation=2), (ones(1, 6, 4, 4), ones(6, 4, 3, 3)), sc.ShapeError, "images of \\(9 to 10\\)"),
    "no memory": (sc.conv2d(x, w, border_mode=2**40), (ones(1, 1, 3, 3), ones(1, 1, 2, 2)), sc.RoomError, "GiB: more than there is"),
    "neighbours": (sc.images2neibs(x, (3, 3)) + w.sum(), (ones(1, 1, 8, 8), ones(1, 1, 1, 1)), sc.ShapeError, "do not divide"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHEN_SIZES_COME)
def test_what_is_known_with_the_sizes_is_said_then(name):
    output, arrays, kind, match = WHEN_SIZES_COME[name]
    with pytest.raises(kind, match=match) as caught:
        sc.function([x, w], output)(*arrays)
    four_parts(caught.value)


@pytest.mark.parametrize(
    ("bank", "groups", "match"),
    [((6, 5, 6, 4, 3, 3), 1, "6x6, got 5x6"), ((6, 6, 6, 3, 3, 3), 1, "4 input channels, got 3"), ((5, 6, 6, 2, 3, 3), 2, "5 filters into 2")],
)  # fmt: skip
def test_unshared_filters_that_do_not_fit(bank, groups, match):
    f = sc.function([x, unshared], sc.unshared_conv(x, unshared, num_groups=groups))
    with pytest.raises(sc.ShapeError, match=match) as caught:
        f(ones(1, 4, 8, 8), ones(*bank))
    four_parts(caught.value)


@pytest.mark.parametrize(
    ("window", "match"), [((0, 3), "at least 1"), ((-1, 3), "at least 1"), ((2, 2, 2), "vector of 2 integers")]
)
def test_symbolic_windows_that_make_no_sense(window, match):
    f = sc.function([x, VECTOR], sc.pool(x, VECTOR, ndim=2))
    with pytest.raises(sc.SymconvError, match=match) as caught:
        f(ones(1, 1, 6, 6), np.array(window))
    four_parts(caught.value)
    np.testing.assert_array_equal(f(ones(1, 1, 6, 6), np.array([2, 3])), ones(1, 1, 3, 2))  # it goes on


def test_empty_batches_channels_and_filters_are_no_errors():
    for shapes in [((0, 2, 8, 8), (3, 2, 3, 3)), ((1, 0, 8, 8), (3, 0, 3, 3)), ((1, 2, 8, 8), (0, 2, 3, 3))]:
        images, filters = (ones(*shape) for shape in shapes)
        y = sc.conv2d(x, w)
        for gradient, like in zip(sc.grad(y.sum(), [x, w]), (images, filters), strict=True):
            result = sc.function([x, w], gradient, on_unused_input="ignore")(images, filters)
            np.testing.assert_array_equal(result, np.zeros_like(like), strict=True)
        assert sc.function([x, w], y)(images, filters).shape == (shapes[0][0], shapes[1][0], 6, 6)
