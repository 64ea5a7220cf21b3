"""Each trap of the design that cost a day somewhere: fusion, registers, aliasing, layout, stale memory."""

import warnings
from itertools import combinations
from unittest import mock

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

import symconv as sc
from symconv.compile import execute, memory
from symconv.compile.blocks import Machine
from symconv.ops.scan.axis import Embed


def whole_numbers(*shape, dtype="float64", seed=1):
    """Small integers: sums and products of them are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


def check(inputs, output, *values, tolerance=0.0):
    """Compiled equals interpreted, in one piece and in tiny blocks on several threads; gives the function."""
    outputs = output if isinstance(output, list) else [output]
    meant = sc.function(inputs, outputs, mode="interpreted")(*values)
    f = sc.function(inputs, outputs)
    for threads, tile_bytes, parallel_bytes in ((1, 1 << 19, 1 << 18), (1, 256, 64), (3, 256, 64)):
        with (
            mock.patch.multiple(
                Machine, PARALLEL_BYTES=parallel_bytes, CALL=0.01, START=0.0, RUN=0.0, SPILL=5.0
            ),
            sc.settings(threads=threads, tile_bytes=tile_bytes),
        ):
            for result, expected in zip(f(*values), meant, strict=True):
                np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance, strict=True)
    return f


def kernels(f):
    """The labels of the kernels of a function, views left out."""
    return [node.op.label for node in f.stages["fused"].nodes if node.op.role != "view"]


# Fusion


def test_what_an_anchor_reads_does_not_join_its_region():
    x, w, v = sc.tensor4("x"), sc.tensor4("w"), sc.tensor4("v")
    hidden = sc.maximum(sc.conv2d(x, w), 0)
    y = sc.maximum(sc.conv2d(hidden, v) + 1, 0)
    values = whole_numbers(2, 3, 11, 7), whole_numbers(5, 3, 3, 2), whole_numbers(4, 5, 2, 3)
    f = check([x, w, v], y, *values)
    assert len(kernels(f)) == 2


@pytest.mark.parametrize("anchor", ["dot", "sum", "conv"])
def test_elementwise_work_on_both_sides_of_an_anchor(anchor):
    if anchor == "conv":
        x, value = sc.tensor4("x"), whole_numbers(2, 1, 7, 5)
        inner = sc.sqr(x) - 1
        outer = sc.conv2d(inner, np.ones((1, 1, 1, 1)))
    else:
        x, value = sc.matrix("x"), whole_numbers(7, 7)
        inner = sc.sqr(x) - 1
        outer = sc.dot(inner, inner) if anchor == "dot" else inner.sum(axis=1).dimshuffle(0, "x")
    check([x], outer * 2 + inner, value)
    check([x], sc.abs(outer) * 2, value)


def test_an_input_laid_out_anew_is_used_twice():
    """flatten declares the input contiguous; it is then read by name, as itself and as flattened."""
    x = sc.tensor3("x")
    flat = x.flatten(3)
    f = check([x], [sc.switch(flat - x <= x, flat, x), x.flatten(2)], whole_numbers(3, 5, 7))
    np.testing.assert_array_equal(f(whole_numbers(7, 5, 3).T)[1], whole_numbers(7, 5, 3).T.reshape(3, 35))


def test_an_in_place_epilogue_on_a_diamond():
    c, d = sc.matrix("c"), sc.matrix("d")
    check([c, d], (c + d) * sc.tanh(c), whole_numbers(13, 11), whole_numbers(13, 11, seed=2), tolerance=1e-14)
    check([c, d], (c + d) * sc.abs(c) - (c + d), whole_numbers(13, 11), whole_numbers(13, 11, seed=2))


def test_an_in_place_epilogue_on_a_diamond_over_an_anchor():
    x, d = sc.tensor4("x"), sc.tensor4("d")
    c = sc.conv2d(x, whole_numbers(3, 2, 2, 2))
    values = whole_numbers(2, 2, 8, 6), whole_numbers(2, 3, 7, 5, seed=2)
    check([x, d], (c + d) * sc.abs(c), *values)
    check([x, d], sc.switch(c > d, c - d, d * c) + c, *values)
    f = check([x, d], c * sc.sqr(c) - d, *values)
    assert len(kernels(f)) == 1


def test_a_value_is_used_twice_by_one_member():
    u = sc.vector("u")
    for output in ((u + 1) * (u + 1), sc.sqr(u - 1) - (u - 1), sc.switch(u > 0, u + 1, u + 1) * (u > 0)):
        check([u], output, whole_numbers(13))


def test_a_condition_is_not_overwritten_by_what_it_chooses():
    a, b = sc.matrix("a"), sc.matrix("b")
    low = a < b
    both = sc.switch(low, a + 1, b + 1) * sc.switch(low, a - 1, b - 1)
    check([a, b], both, whole_numbers(13, 7), whole_numbers(13, 7, seed=2))
    check([a, b], sc.switch(low, low, ~low), whole_numbers(13, 7), whole_numbers(13, 7, seed=2))


def test_constants_at_a_region_s_border():
    x = sc.matrix("x")
    vector, column = np.arange(7.0), np.arange(11.0)[:, None]
    check([x], (x + vector) * column - np.arange(77.0).reshape(11, 7), whole_numbers(11, 7))
    check([x], sc.switch(vector > 3, x, column), whole_numbers(11, 7))
    check([x], sc.maximum(x, np.float64(2)) + np.array([[3.0]]), whole_numbers(11, 7))


def test_a_member_smaller_than_its_region():
    x, v, s = sc.matrix("x"), sc.vector("v"), sc.scalar("s")
    row, col = sc.row("row"), sc.col("col")
    inner = sc.sqr(v) + s
    values = whole_numbers(11, 7), whole_numbers(7), np.array(3.0)
    check([x, v, s], x * inner + inner.dimshuffle("x", 0), *values)
    check([row, col], (row + 1) * (col - 1) + row, whole_numbers(1, 7), whole_numbers(11, 1))
    check([x, row], (x + (row * row - 1)) * row, whole_numbers(11, 7), whole_numbers(1, 7))


def test_unknown_sizes_never_broadcast():
    a, b = sc.matrix("a"), sc.matrix("b")
    for mode in ("compiled", "interpreted", "checked"):
        f = sc.function([a, b], sc.tanh(a + b), mode=mode)
        with pytest.raises(sc.ShapeError, match=r"test_traps\.py"):
            f(np.ones((3, 1)), np.ones((3, 4)))
        assert f(np.ones((3, 1)), np.ones((3, 1))).shape == (3, 1)
        with pytest.raises(sc.ShapeError):
            f(np.ones((3, 4)), np.ones((5, 4)))


def test_a_kernel_of_more_members_than_one_holds():
    x = sc.vector("x")
    y = x
    for number in range(450):
        y = (y + number % 3) - (x if number % 7 else 1)
    f = check([x], y, whole_numbers(5))
    assert len(kernels(f)) > 1


# Aliasing


def test_results_are_fresh_whatever_they_are():
    x, v = sc.matrix("x"), sc.shared(whole_numbers(7), name="v")
    y = x + 1
    outputs = [x, x, x.T, x.dimshuffle(0, "x", 1), v, v.dimshuffle("x", 0), sc.constant(np.arange(3.0))]
    outputs += [y, y, y.T, y.flatten(), y.reshape((7, 11)), y.dimshuffle("x", 1, 0), y * v, y * v]
    f = sc.function([x], outputs)
    value = whole_numbers(11, 7)
    results, again = f(value), f(value)
    outside = [value, v.get_value(borrow=True)]
    for first, second in combinations([*results, *again, *outside], 2):
        assert not np.shares_memory(first, second)
    for result, expected in zip(results, sc.function([x], outputs, mode="interpreted")(value), strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)
        assert result.flags.writeable
        result[...] = -1
    np.testing.assert_array_equal(value, whole_numbers(11, 7))
    np.testing.assert_array_equal(f(value)[6], np.arange(3.0))


@pytest.mark.parametrize("mode", ["interpreted", "checked"])
def test_results_are_fresh_in_every_mode(mode):
    x, v = sc.matrix("x"), sc.shared(whole_numbers(7), name="v")
    f = sc.function([x], [x, x, x.T, v, v], mode=mode)
    value = whole_numbers(11, 7)
    for first, second in combinations([*f(value), *f(value), value, v.get_value(borrow=True)], 2):
        assert not np.shares_memory(first, second)


def test_new_shared_values_are_not_aliased():
    x, a, b = sc.vector("x"), sc.shared(np.zeros(5), shape=(None,)), sc.shared(np.zeros(5), shape=(None,))
    f = sc.function([x], [x], updates=[(a, x), (b, x)])
    value = np.arange(5.0)
    (result,) = f(value)
    values = [a.get_value(borrow=True), b.get_value(borrow=True), value, result]
    for first, second in combinations(values, 2):
        assert not np.shares_memory(first, second)


def test_earlier_results_outlive_later_calls():
    x = sc.matrix("x")
    f = sc.function([x], [sc.dot(x, x) + x, (x * 2).sum(axis=0), (x + 1).T])
    kept = [(number, f(np.full((7, 7), float(number)))) for number in range(20)]
    for number, results in kept:
        value = np.full((7, 7), float(number))
        np.testing.assert_array_equal(results[0], value @ value + value)
        np.testing.assert_array_equal(results[1], (value * 2).sum(axis=0))
        np.testing.assert_array_equal(results[2], value + 1)


# Layout


def layouts():
    """Names and ways of laying the same 11 x 7 values out in memory."""
    def strided(array):
        wide = np.full((22, 21), np.nan)
        wide[::2, ::3] = array
        return wide[::2, ::3]

    def readonly(array):
        copy = array.copy()
        copy.flags.writeable = False
        return copy

    def unaligned(array):
        raw = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
        raw[...] = array
        return raw

    yield "fortran", np.asfortranarray
    yield "reversed", lambda array: array[::-1, ::-1].copy()[::-1, ::-1]
    yield "strided", strided
    yield "readonly", readonly
    yield "unaligned", unaligned
    yield "big-endian", lambda array: array.astype(">f8")
    yield "subclass", lambda array: array.copy().view(np.recarray)
    yield "list", lambda array: array.tolist()


@pytest.mark.parametrize(("name", "laid_out"), list(layouts()))
def test_any_layout_gives_the_same(name, laid_out):
    x = sc.matrix("x")
    outputs = [sc.abs(x) * 2 + x, sc.dot(x, x.T), x.sum(axis=0), x.flatten(), x.reshape((7, 11)) + 1]
    outputs.append(x.max(axis=1))
    f = sc.function([x], outputs)
    value = whole_numbers(11, 7)
    expected = sc.function([x], outputs, mode="interpreted")(value)
    given = laid_out(value)
    for result, meant in zip(f(given), expected, strict=True):
        np.testing.assert_array_equal(result, meant, strict=True)
        assert type(result) is np.ndarray
    np.testing.assert_array_equal(np.asarray(given), value)


@pytest.mark.parametrize("layout", ["fortran", "reversed", "channels last", "big-endian", "window"])
def test_any_layout_of_images_and_filters(layout):
    x, w = sc.tensor4("x"), sc.tensor4("w")
    f = sc.function([x, w], sc.maximum(sc.conv2d(x, w) + 1, 0))

    def laid_out(array):
        match layout:
            case "fortran":
                return np.asfortranarray(array)
            case "reversed":
                return array[..., ::-1].copy()[..., ::-1]
            case "channels last":
                return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
            case "big-endian":
                return array.astype(">f8")
            case _:
                wide = np.zeros((*array.shape[:-1], array.shape[-1] + 3))
                wide[..., 1:-2] = array
                return wide[..., 1:-2]

    values = whole_numbers(2, 3, 13, 11), whole_numbers(5, 3, 3, 2, seed=2)
    expected = f(*values)
    meant = sc.function([x, w], f.graph.outputs[0], mode="interpreted")
    np.testing.assert_array_equal(expected, meant(*values))
    np.testing.assert_array_equal(f(*map(laid_out, values)), expected)


def test_overlapping_inputs_are_read_only_data():
    x = sc.matrix("x")
    f = sc.function([x], [sc.sqr(x) + x, sc.dot(x, x.T), x.flatten()])
    windows = sliding_window_view(whole_numbers(17), 7)
    stretched = np.broadcast_to(whole_numbers(7), (11, 7))
    backwards = as_strided(whole_numbers(17)[10:], (11, 7), (-8, 8), writeable=False)
    for value in (windows, stretched, backwards):
        for result, expected in zip(f(value), f(value.copy()), strict=True):
            np.testing.assert_array_equal(result, expected)


def test_one_array_for_two_inputs():
    x, y = sc.matrix("x"), sc.matrix("y")
    f = sc.function([x, y], x - 2 * y)
    value = whole_numbers(5, 5)
    np.testing.assert_array_equal(f(value, value), -value)
    np.testing.assert_array_equal(f(value, value.T), value - 2 * value.T)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 3), (3, 0), (1, 0, 1)])
def test_no_elements_and_no_axes(shape):
    x = sc.tensor("float64", (None,) * len(shape), name="x")
    outputs = [sc.tanh(x) + 1, x.sum(), x * x, x.flatten(), x.dimshuffle("x", *range(len(shape)))]
    value = np.ones(shape)
    f = sc.function([x], outputs)
    for result, expected in zip(f(value), sc.function([x], outputs, mode="interpreted")(value), strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)
        assert type(result) is np.ndarray


# Values


def test_nan_and_infinity_flow_without_warnings():
    x, w = sc.tensor4("x"), sc.tensor4("w")
    y = sc.conv2d(x, w)
    outputs = [sc.log(y) / y, sc.exp(y * 1e6), sc.maximum(y, 0), y.sum(), sc.sqrt(y) - y, (y * 1e300) * 1e300]
    value = whole_numbers(1, 2, 8, 8)
    value[0, 0, 2, 2], value[0, 1, 5, 5], value[0, 0, 7, 0] = np.nan, np.inf, -np.inf
    filters = whole_numbers(2, 2, 3, 3)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        results = sc.function([x, w], outputs)(value, filters)
        expected = sc.function([x, w], outputs, mode="interpreted")(value, filters)
    assert np.isnan(results[0]).any()
    assert np.isinf(results[1]).any()
    for result, meant in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, meant, rtol=1e-12)


def test_warnings_stay_silent_on_threads_too():
    x = sc.matrix("x")
    f = sc.function([x], sc.log(x) / x)
    with np.errstate(all="raise"), sc.settings(threads=2, tile_bytes=1 << 14), warnings.catch_warnings():
        warnings.simplefilter("error")
        result = f(np.zeros((400, 300)))
    assert "parallel(" in f.source
    assert np.isnan(result).sum() + np.isinf(result).sum() == result.size


# Memory that nobody wrote


def poisoned(size):
    """Fresh memory full of NaN: whoever reads before writing shows it."""
    memory_ = memory.allocate(size)
    memory_[...] = 0xFF
    return memory_


class PoisonedNumPy:
    """NumPy whose ``empty`` is full of NaN."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def empty(shape, dtype=float, order="C"):
        array = np.empty(shape, dtype, order)
        array.reshape(-1).view(np.uint8)[...] = 0xFF if array.size else 0
        return array


@pytest.fixture
def poison(monkeypatch):
    load = execute.load

    def loaded(source, filename):
        namespace = source.namespace | {"allocate": poisoned, "np": PoisonedNumPy()}
        return load(source._replace(namespace=namespace), filename)

    monkeypatch.setattr(execute, "load", loaded)


def test_the_poison_works(poison):
    x = sc.matrix("x")
    f = sc.function([x], x + 1)
    f(np.ones((2, 2)))
    assert np.isnan(poisoned(16).view(np.float64)).all()
    assert np.isnan(PoisonedNumPy.empty((2, 3))).all()


@pytest.mark.parametrize("border", ["valid", "half", "full", (2, 1), ((1, 0), 2)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
def test_convolutions_read_only_what_they_wrote(poison, border, stride):
    x, w = sc.tensor4("x"), sc.tensor4("w")
    y = sc.maximum(sc.conv2d(x, w, border_mode=border, subsample=stride) + 1, -5)
    check([x, w], y, whole_numbers(3, 2, 13, 11), whole_numbers(5, 2, 3, 2))


def test_other_kernels_read_only_what_they_wrote(poison):
    x = sc.matrix("x")
    y = sc.sqr(x) - 1
    outputs = [
        sc.dot(y, y.T) + 1, y.sum(axis=0), y.max(axis=1), y.sum(), sc.switch(y > 3, y, x), y.flatten(), y.T,
        sc.dot(y, sc.abs(x).T).sum(axis=0) * 2, sc.argmax(y, axis=0), (y.sum(axis=1, keepdims=True) + y) * 2,
    ]  # fmt: skip
    check([x], outputs, whole_numbers(13, 11))
    check([x], outputs[:3], whole_numbers(1, 1))


def test_gradients_of_a_network_read_only_what_they_wrote(poison):
    x, w, v = sc.tensor4("x"), sc.tensor4("w"), sc.tensor4("v")
    hidden = sc.maximum(sc.conv2d(x, w), 0)
    cost = sc.sqr(sc.conv2d(hidden, v, border_mode="half")).sum()
    values = whole_numbers(2, 2, 8, 7), whole_numbers(3, 2, 3, 2), whole_numbers(2, 3, 3, 3)
    check([x, w, v], sc.grad(cost, [x, w, v]), *values)


def test_what_is_asked_for_its_shape_alone_is_not_read():
    # the gradient of a part needs the shape of what it was taken from, which shares a kernel with tanh's slope
    x, i = sc.matrix("x"), sc.lscalar("i")
    for part in (lambda h: h[i, i], lambda h: h[i:, 0].sum(), lambda h: h[[0, 1], i].sum()):
        gradient = sc.grad(part(sc.tanh(x) + x), x)
        value = np.linspace(-1, 1, 6).reshape(2, 3)
        meant = sc.function([x, i], gradient, mode="interpreted")(value, 1)
        np.testing.assert_allclose(sc.function([x, i], gradient)(value, 1), meant, rtol=1e-14)


def test_a_result_of_no_elements_that_no_kernel_writes():
    x = sc.matrix("x")
    f = sc.function([x], [Embed(0)(x * 2, x.shape[0]), sc.exp(Embed(0)(x * 2, x.shape[0]))])
    for result in f(np.zeros((0, 2))):
        assert result.shape == (0, 2)
    np.testing.assert_array_equal(f(np.ones((1, 2)))[0], [[2, 2]])
