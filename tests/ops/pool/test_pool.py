"""Pooling against windows cut out one by one, in every mode, forward, backward and twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import tiny_blocks

import symconv as sc
from symconv.ops.pool.geometry import MODES, PoolGeometry


def windows_of(size, window, stride, pad, ignore_border):
    """The cells of each window along one axis, straight from the definition."""
    if ignore_border:
        starts = [start - pad for start in range(0, size + 2 * pad - window + 1, stride)]
    else:
        starts = [start for start in range(0, size, stride) if start == 0 or start - stride + window < size]
    return [(start, [cell for cell in range(start, start + window) if 0 <= cell < size]) for start in starts]


def reference(x, window, stride, pad, mode, ignore_border):
    ndim = len(window)
    lead, sizes = x.shape[: x.ndim - ndim], x.shape[x.ndim - ndim :]
    axes = [windows_of(*parts, ignore_border) for parts in zip(sizes, window, stride, pad, strict=True)]
    result = np.zeros((*lead, *map(len, axes)), x.dtype)
    for place in np.ndindex(*map(len, axes)):
        cells = [axis[number][1] for axis, number in zip(axes, place, strict=True)]
        part = x[(..., *np.ix_(*cells))].reshape(*lead, np.prod([len(c) for c in cells]))
        if mode == "max":
            value = part.max(-1)
        else:
            value = part.sum(-1, dtype="float64" if x.dtype.kind == "f" else x.dtype)
            if mode == "average_exc_pad" or (mode == "average_inc_pad" and not ignore_border):
                value = value / part.shape[-1]
            elif mode == "average_inc_pad":
                value = value / np.prod(window)
        result[(..., *place)] = value
    return result


@st.composite
def pooling(draw, ndim=None):
    ndim = draw(st.integers(1, 3)) if ndim is None else ndim
    lead = draw(st.lists(st.integers(0, 3), max_size=2).map(tuple))
    sizes = tuple(draw(st.integers(1, 7)) for _ in range(ndim))
    window = tuple(draw(st.integers(1, 4)) for _ in range(ndim))
    stride = tuple(draw(st.integers(1, 4)) for _ in range(ndim))
    ignore_border = draw(st.booleans())
    pad = tuple(draw(st.integers(0, size - 1)) if ignore_border else 0 for size in window)
    return (*lead, *sizes), window, stride, pad, draw(st.sampled_from(MODES)), ignore_border


def values(shape, dtype="float64", seed=0):
    """Small whole numbers, so that windows have ties and sums are exact."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


@given(pooling(), st.sampled_from(["float64", "float32", "int32"]))
@settings(max_examples=150, deadline=None)
def test_pooling_is_what_windows_say(case, dtype):
    shape, window, stride, pad, mode, ignore_border = case
    if dtype == "int32" and mode.startswith("average"):
        dtype = "float32"
    x = sc.tensor(dtype, (None,) * len(shape), "x")
    pooled = sc.pool(x, window, stride, pad, mode, ignore_border)
    data = values(shape, dtype)
    expected = reference(data, window, stride, pad, mode, ignore_border)
    with tiny_blocks():
        result = sc.function([x], pooled, mode="checked")(data)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@given(pooling(), st.sampled_from([64, 300, 1000]), st.sampled_from([1, 2, 5]))
@settings(max_examples=60, deadline=None)
def test_maps_that_are_too_large_are_pooled_by_rows(case, scratch, threads):
    shape, window, stride, pad, mode, ignore_border = case
    x = sc.tensor("float64", (None,) * len(shape), "x")
    pooled = sc.pool(x, window, stride, pad, mode, ignore_border)
    weights = sc.tensor("float64", pooled.type.shape, "weights")
    outputs = [pooled, sc.grad((pooled * weights).sum(), x)]
    data = values(shape)
    factors = values(reference(data, window, stride, pad, mode, ignore_border).shape, seed=3)
    whole = sc.function([x, weights], outputs)(data, factors)
    with sc.settings(scratch_bytes=scratch, threads=threads):
        by_rows = sc.function([x, weights], outputs)(data, factors)
    for one, other in zip(whole, by_rows, strict=True):
        if mode.startswith("average"):
            np.testing.assert_allclose(other, one, rtol=1e-13, atol=1e-14)
        else:  # whole numbers: exact
            np.testing.assert_array_equal(other, one)


@given(pooling(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_second_derivatives_are_adjoint_to_first(case, symbolic):
    """<d, Route(x, z, g)> = <Select(x, z, d), g> for a maximum, <d, Spread(g)> = <Pool(d), g> for the rest."""
    shape, window, stride, pad, mode, ignore_border = case
    x, d = (sc.tensor("float64", (None,) * len(shape), name) for name in "xd")
    vectors = [sc.lvector(name) for name in ("window", "stride", "pad")] if symbolic and ignore_border else []
    sizes = vectors or (window, stride, pad)
    pooled = sc.pool(x, *sizes, mode, ignore_border, ndim=len(window))
    g = sc.tensor("float64", (None,) * len(shape), "g")
    gradient = sc.grad((pooled * g).sum(), x)
    second = sc.grad((gradient * d).sum(), g)
    data, direction = values(shape), values(shape, seed=1)
    factors = values(reference(data, window, stride, pad, mode, ignore_border).shape, seed=2)
    f = sc.function([x, d, g, *vectors], [gradient, second], on_unused_input="ignore")
    given = [np.array(size) for size in (window, stride, pad)] if vectors else []
    first, back = f(data, direction, factors, *given)
    np.testing.assert_allclose((first * direction).sum(), (back * factors).sum(), rtol=1e-12, atol=1e-12)


@given(pooling())
@settings(max_examples=80, deadline=None)
def test_the_gradient_is_that_of_the_windows(case):
    shape, window, stride, pad, mode, ignore_border = case
    x = sc.tensor("float64", (None,) * len(shape), "x")
    pooled = sc.pool(x, window, stride, pad, mode, ignore_border)
    weights = sc.tensor("float64", pooled.type.shape, "weights")
    data = values(shape)
    out = reference(data, window, stride, pad, mode, ignore_border)
    factors = np.random.default_rng(1).normal(size=out.shape)
    expected = np.zeros(shape)
    ndim = len(window)
    sizes = shape[len(shape) - ndim :]
    axes = [windows_of(*parts, ignore_border) for parts in zip(sizes, window, stride, pad, strict=True)]
    for place in np.ndindex(*map(len, axes)):
        cells = [axis[number][1] for axis, number in zip(axes, place, strict=True)]
        index = (..., *np.ix_(*cells))
        share = factors[(..., *place)][(..., *(None,) * ndim)]
        if mode == "max":
            expected[index] += share * (data[index] == out[(..., *place)][(..., *(None,) * ndim)])
        elif mode == "sum":
            expected[index] += share
        else:
            whole = mode == "average_inc_pad" and ignore_border
            expected[index] += share / (np.prod(window) if whole else np.prod([len(c) for c in cells]))
    gradient = sc.grad((pooled * weights).sum(), x)
    with tiny_blocks():
        result = sc.function([x, weights], gradient, mode="checked")(data, factors)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("symbolic", [False, True])
def test_second_gradients(mode, symbolic):
    data = np.random.default_rng(3).permutation(2 * 5 * 6).reshape(2, 5, 6) / 10.0
    window = sc.constant([2, 3]) + sc.lscalar("zero") * 0 if symbolic else (2, 3)
    if symbolic:
        window = sc.specify_shape(window, (2,))

    def cost(x):
        return sc.sqr(sc.tanh(sc.pool(x, (2, 3), (2, 2), (1, 0), mode))).sum()

    sc.verify_grad(cost, [data])
    sc.verify_grad(lambda x: sc.sqr(sc.grad(cost(x), x)).sum(), [data])


def test_a_symbolic_window_gives_the_same():
    x, window = sc.tensor4("x"), sc.lvector("window")
    pooled = sc.pool(x, window, ndim=2, ignore_border=False)
    f = sc.function([x, window], [pooled, sc.grad((pooled**2).sum(), x)], mode="checked")
    data = values((2, 3, 5, 7))
    for size in [(2, 2), (3, 1)]:
        result, gradient = f(data, np.array(size))
        np.testing.assert_array_equal(result, reference(data, size, size, (0, 0), "max", False))
        y = sc.pool(x, size, ignore_border=False)
        np.testing.assert_array_equal(gradient, sc.grad((y**2).sum(), x).eval({x: data}))


def test_a_scalar_size_may_be_symbolic():
    x, n = sc.matrix("x"), sc.lscalar("n")
    data = values((6, 8))
    result = sc.pool(x, (n, 2)).eval({x: data, n: 3})
    np.testing.assert_array_equal(result, sc.pool(x, (3, 2)).eval({x: data}))


def test_bias_and_tanh_follow_in_the_same_kernel():
    x, b = sc.tensor4("x"), sc.vector("b")
    f = sc.function([x, b], sc.tanh(sc.pool(x, (2, 2)) + b.dimshuffle("x", 0, "x", "x")))
    data, bias = values((4, 3, 8, 8)), np.array([0.1, 0.2, 0.3])
    with tiny_blocks():
        result = f(data, bias)
    expected = np.tanh(reference(data, (2, 2), (2, 2), (0, 0), "max", True) + bias[:, None, None])
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    assert [kernel.name for kernel in f.stages["program"].kernels] == ["pool_add_tanh"]


def test_nan_wins():
    x = sc.vector("x")
    f = sc.function([x], sc.pool_1d(x, 2), mode="checked")
    np.testing.assert_array_equal(f(np.array([1, np.nan, 2, 3])), [np.nan, 3])


def test_the_largest_of_each_patch_stays():
    x = sc.matrix("x")
    data = np.array([[1.0, 2, 5], [2, 0, 5], [7, 7, 7]])
    result = sc.max_pool_2d_same_size(x, (2, 2)).eval({x: data})
    np.testing.assert_array_equal(result, [[0, 2, 0], [2, 0, 0], [0, 0, 0]])


def test_sizes_are_those_recorded_from_theano():
    def size(i, w, s, ignore_border):
        return PoolGeometry((w,), (s,), (0,), ignore_border).output_sizes((i,))[0]

    assert (size(5, 2, 2, True), size(5, 2, 2, False)) == (2, 3)
    assert (size(8, 3, 2, False), size(8, 2, 3, False)) == (4, 3)
    assert (size(2, 3, 3, True), size(2, 3, 3, False)) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"window": (2, 2), "mode": "median"}, sc.OptionError, "no mode 'median'"),
        ({"window": (0, 2)}, sc.OptionError, "at least 1"),
        ({"window": (2, 2), "stride": (0, 1)}, sc.OptionError, "at least 1"),
        ({"window": (2, 2), "pad": (2, 0)}, sc.OptionError, "nothing but padding"),
        ({"window": (2, 2), "pad": (1, 0), "ignore_border": False}, sc.OptionError, "do not go together"),
        ({"window": (2.5, 2)}, sc.OptionError, "whole numbers"),
        ({"window": (2, 2), "stride": (1, 1, 1)}, sc.OptionError, "2 entries of stride"),
        ({"window": 2}, sc.RankError, "over how many axes"),
        ({"window": (2, 2, 2)}, sc.RankError, "at least 3 dimensions"),
    ],
)
def test_bad_input_is_refused_while_building(arguments, error, match):
    with pytest.raises(error, match=match) as caught:
        sc.pool(sc.matrix("x"), **arguments)
    assert "test_pool.py" in str(caught.value)


def test_averages_of_integers_are_refused():
    with pytest.raises(sc.DTypeError, match="average of int64"):
        sc.pool(sc.lmatrix("x"), (2, 2), mode="average_inc_pad")
