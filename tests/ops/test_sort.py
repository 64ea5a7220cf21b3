"""Sorting, searching, counting and cumulating against NumPy, with ties, NaN and nothing at all; gradients."""

import numpy as np
import pytest

import symconv as sc
from symconv.gradient import grad, verify_grad


def computed(function, *arrays):
    """What the compiled function gives, held against the interpreted one."""
    inputs = [sc.tensor(a.dtype.name, (None,) * a.ndim, f"x{i}") for i, a in enumerate(map(np.asarray, arrays))]
    return sc.function(inputs, function(*inputs), mode="checked")(*arrays)


def check_gradients(function, point, order=2):
    verify_grad(lambda x: function(x) ** 2, [point])
    if order > 1:
        verify_grad(lambda x: grad((function(x) ** 3).sum(), x), [point])


def normal(*shape, dtype="float64", seed=1):
    return (np.random.default_rng(seed).normal(size=shape) * 3).astype(dtype)


AXES = [None, 0, 1, -1]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool"])
def test_sort(axis, dtype):
    a = normal(4, 5).round().astype(dtype)
    if dtype[0] == "f":
        a[1, 2] = np.nan
    np.testing.assert_array_equal(computed(lambda x: x.sort(axis), a), np.sort(a, axis), strict=True)
    found = computed(lambda x: x.argsort(axis), a)
    np.testing.assert_array_equal(found, np.argsort(a, axis, kind="stable"), strict=True)
    empty = np.zeros((3, 0), dtype)
    assert computed(lambda x: sc.sort(x, axis), empty).shape == np.sort(empty, axis).shape


@pytest.mark.parametrize("axis", AXES)
def test_gradients_of_sorting(axis):
    check_gradients(lambda x: sc.sort(x, axis) * np.arange(4.0 if axis == 0 else 1.0).sum(), normal(4, 5))
    check_gradients(lambda x: sc.topk(x, 3, axis), normal(4, 5))
    check_gradients(lambda x: sc.topk(x, -2, axis), normal(4, 5))
    x = sc.vector("x")
    weighted = (sc.sort(x) * np.array([1.0, 10.0, 100.0])).sum()
    np.testing.assert_array_equal(grad(weighted, x).eval({x: [3.0, 1.0, 2.0]}), [100, 1, 10])
    np.testing.assert_array_equal(grad(weighted, x).eval({x: [2.0, 2.0, 1.0]}), [10, 100, 1])


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("k", [0, 1, 3, -2])
def test_topk(axis, k):
    a = normal(4, 5).round()
    a[1, 2] = np.nan
    rows = a.reshape(-1) if axis is None else a
    # By hand: value descending (NaN first), then position.
    signed = rows if k < 0 else -np.where(np.isnan(rows), np.inf, rows)
    order = np.argsort(signed, axis or 0 if axis is None else axis, kind="stable")
    order = np.take(order, range(abs(k)), 0 if axis is None else axis)
    np.testing.assert_array_equal(computed(lambda x: sc.argtopk(x, k, axis), a), order)
    values = np.take_along_axis(rows, order, 0 if axis is None else axis)
    np.testing.assert_array_equal(computed(lambda x: sc.topk(x, k, axis), a), values)
    both = computed(lambda x, n: list(sc.topk_and_argtopk(x, n, axis)), a, np.array(k))
    np.testing.assert_array_equal(both[0], values)
    np.testing.assert_array_equal(both[1], order)
    assert sc.topk(sc.tensor("float64", (7, 6)), 2, 0).type.shape == (2, 6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side):
    a, v = np.sort(normal(7).round()), normal(2, 3).round()
    np.testing.assert_array_equal(computed(lambda x, y: x.searchsorted(y, side), a, v), np.searchsorted(a, v, side))
    order = np.array([6, 5, 4, 3, 2, 1, 0])
    found = computed(lambda x, y, s: sc.searchsorted(x, y, side, s), a[::-1].copy(), v, order)
    np.testing.assert_array_equal(found, np.searchsorted(a, v, side), strict=True)
    assert computed(lambda x: sc.searchsorted(x, 0.5, side), a).shape == ()


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_unique(axis):
    a = normal(4, 5).round()
    a[:, 3], a[2] = a[:, 1], a[0]
    found = computed(lambda x: sc.unique(x, True, True, True, axis=axis), a)
    expected = np.unique(a, True, True, True, axis=axis)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other).reshape(one.shape))
    np.testing.assert_array_equal(computed(lambda x: sc.unique(x, axis=axis) * 2, a), expected[0] * 2)
    assert computed(lambda x: sc.unique(x, return_counts=True)[1], np.zeros((0, 2))).shape == (0,)
    verify_grad(lambda x: sc.unique(x, axis=axis) ** 2, [normal(3, 2)])
    x = sc.vector("x")
    found = grad((sc.unique(x) * np.array([1.0, 10.0])).sum(), x).eval({x: [2.0, 1.0, 2.0]})
    np.testing.assert_array_equal(found, [10, 1, 0])


@pytest.mark.parametrize("minlength", [None, 0, 9])
def test_bincount(minlength):
    a, w = np.array([1, 0, 5, 1, 5, 5]), normal(6, dtype="float32")
    least = minlength or 0
    np.testing.assert_array_equal(
        computed(lambda x: sc.bincount(x, minlength=minlength), a), np.bincount(a, minlength=least), strict=True
    )
    found = computed(lambda x, y: sc.bincount(x, y, minlength), a, w)
    np.testing.assert_array_equal(found, np.bincount(a, w, least).astype("float32"), strict=True)
    assert computed(lambda x: sc.bincount(x, minlength=minlength), a[:0]).shape == (least,)
    check_gradients(lambda w: sc.bincount(a, w, minlength), normal(6))


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "uint8", "bool"])
def test_cumulation(axis, dtype):
    a = normal(4, 5).round().clip(0 if dtype[0] == "u" else -3, 3).astype(dtype)
    for mine, theirs in [(sc.cumsum, np.cumsum), (sc.cumprod, np.cumprod)]:
        np.testing.assert_allclose(computed(lambda x, mine=mine: mine(x, axis), a), theirs(a, axis), rtol=1e-3, strict=True)
    assert computed(lambda x: x.cumsum(1), np.zeros((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("axis", AXES)
def test_gradients_of_cumulation(axis):
    point = normal(3, 4) / 2
    point[1, 2] = point[0, 1] = point[2, 1] = 0  # products of factors that are 0
    check_gradients(lambda x: sc.cumsum(x, axis), point)
    check_gradients(lambda x: sc.cumprod(x, axis), point)
    verify_grad(lambda x: grad(grad((sc.cumprod(x, axis) ** 2).sum(), x).sum(), x), [point])
    x = sc.matrix("x")
    assert grad(sc.cumprod(x, axis).sum(), x).eval({x: np.zeros((0, 4))}).shape == (0, 4)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("n", [0, 1, 2, 6])
def test_diff(axis, n):
    for dtype in ("float64", "bool", "int8"):
        a = normal(4, 5).round().astype(dtype)
        np.testing.assert_array_equal(computed(lambda x: sc.diff(x, n, axis), a), np.diff(a, n, axis), strict=True)
    if n < 3:
        check_gradients(lambda x: sc.diff(x, n, axis), normal(4, 5))


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_quantiles(axis, keepdims):
    a = normal(2, 3, 5)
    for q in (0.0, 0.3, 1.0, 0.5, np.array([0.25, 0.5])):
        found = computed(lambda x, q=q: sc.quantile(x, q, axis, keepdims), a)
        np.testing.assert_allclose(found, np.quantile(a, q, axis, keepdims=keepdims), rtol=1e-12)
    found = computed(lambda x, q: sc.percentile(x, q, axis, keepdims), a, np.array(30.0))
    np.testing.assert_allclose(found, np.percentile(a, 30, axis, keepdims=keepdims), rtol=1e-12)
    np.testing.assert_allclose(computed(lambda x: sc.median(x, axis, keepdims), a), np.median(a, axis, keepdims=keepdims))
    np.testing.assert_allclose(computed(lambda x: x.ptp(axis, keepdims), a), np.ptp(a, axis, keepdims=keepdims))
    whole = a.round().astype("int32")
    np.testing.assert_allclose(computed(lambda x: sc.median(x, axis), whole), np.median(whole, axis))
    a[0, 0, 0] = np.nan
    np.testing.assert_allclose(computed(lambda x: sc.median(x, axis), a), np.median(a, axis))
    check_gradients(lambda x: sc.quantile(x, 0.3, axis), normal(2, 3, 5))
    infinite = np.array([1.0, 2.0, np.inf])
    assert computed(lambda x: sc.median(x), infinite) == 2.0


x, v, i = sc.matrix("x"), sc.vector("v"), sc.lvector("i")


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda: sc.sort(x, 2), sc.RankError, "axis 2 does not exist"),
        (lambda: sc.sort(x, kind="bubble"), sc.OptionError, "'bubble'"),
        (lambda: sc.topk(np.ones(3), 4), sc.ShapeError, "topk of 4 elements along axis 0, which has 3"),
        (lambda: sc.topk(x, 1.5), sc.DTypeError, "integer k"),
        (lambda: sc.searchsorted(x, 1.0), sc.RankError, "sorted vector, got 2"),
        (lambda: sc.searchsorted(v, 1.0, "middle"), sc.OptionError, "'middle'"),
        (lambda: sc.searchsorted(v, 1.0, sorter=v), sc.DTypeError, "integer vector"),
        (lambda: sc.unique(x, axis=2), sc.RankError, "axis 2"),
        (lambda: sc.bincount(v), sc.DTypeError, "vector of integers"),
        (lambda: sc.bincount(i, x), sc.DTypeError, "vector of real numbers"),
        (lambda: sc.bincount(np.array([1, -2])), sc.ShapeError, "no negative numbers, got -2"),
        (lambda: sc.bincount(i, minlength=-1), sc.ArgumentError, "minlength"),
        (lambda: sc.cumsum(x, 2), sc.RankError, "axis 2"),
        (lambda: sc.diff(x, -1), sc.OptionError, "n=-1"),
        (lambda: sc.quantile(x, 1.5), sc.OptionError, "between 0 and 1"),
        (lambda: sc.quantile(sc.zmatrix("z"), 0.5), sc.DTypeError, "real"),
    ],
)
def test_refused(build, error, text):
    with pytest.raises(error, match=text) as caught:
        build()
    assert "test_sort.py" in str(caught.value)


def test_refused_when_run():
    n = sc.lscalar("n")
    for inputs, result, arrays, text in [
        ([v, n], sc.topk(v, n), [np.ones(2), 3], "topk of 3 elements"),
        ([i], sc.bincount(i), [[1, -1]], "no negative numbers, got -1"),
        ([i, v], sc.bincount(i, v), [[1, 1], [1.0]], "1 weights for 2 numbers"),
    ]:
        with pytest.raises(sc.ShapeError, match=rf"(?s){text}.*test_sort\.py"):
            sc.function(inputs, result)(*arrays)
