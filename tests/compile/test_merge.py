"""Kernels that share a pass: prologues, several results, rows that come back, siblings; and what may not merge."""

import numpy as np
import pytest
from strategies import tiny_blocks

import symconv as sc
from symconv.compile.fuse import sized


def whole_numbers(*shape, dtype="float64", seed=1):
    """Small integers: sums and products of them are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


def check(inputs, outputs, *values, kernels=None, tolerance=0.0):
    """Compiled equals interpreted, whole and in tiny blocks on several threads; gives the labels of kernels."""
    meant = sc.function(inputs, outputs, mode="interpreted")(*values)
    f = sc.function(inputs, outputs)
    results = [f(*values)]
    for threads, tile_bytes in ((1, 256), (3, 256), (2, 64), (2, 2048)):
        with tiny_blocks(threads, tile_bytes):
            results.append(f(*values))
    for found in results:
        for result, expected in zip(found, meant, strict=True):
            np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance, strict=True)
    fused = f.stages["fused"]
    labels = [node.op.label for node in fused.nodes if node.op.role != "view" and node not in sized(fused)]
    if kernels is not None:
        assert len(labels) == kernels, labels
    return labels


X = whole_numbers(13, 11)


@pytest.mark.parametrize("axis", [0, 1, (0, 1), None])
@pytest.mark.parametrize("keepdims", [True, False])
def test_work_before_a_reduction_joins_it(axis, keepdims):
    x, y = sc.matrix("x"), sc.matrix("y")
    outputs = [(sc.sqr(x) * y).sum(axis, keepdims=keepdims) + 1]
    check([x, y], outputs, X, whole_numbers(13, 11, seed=2), kernels=1)
    check([x, y], [sc.maximum(x, y).max(axis, keepdims=keepdims)], X, X[::-1].copy(), kernels=1)


@pytest.mark.parametrize("axis", [0, 1, 2, (0, 1), (0, 2), (1, 2), None])
def test_every_axis_of_a_tensor(axis):
    x = sc.tensor3("x")
    for shape in ((5, 7, 11), (1, 7, 11), (64, 1, 3), (2, 300, 5), (0, 3, 2), (3, 2, 0)):
        check([x], [(x * 2 - 1).sum(axis), sc.abs(x).sum(axis, keepdims=True)], whole_numbers(*shape))


def test_other_dtypes_are_added_up_in_theirs():
    for dtype in ("float16", "float32", "int8", "uint8", "bool", "complex128"):
        x = sc.matrix("x", dtype=dtype)
        y = ~x if dtype == "bool" else x + x
        check([x], [y.sum(), y.sum(axis=0), y.prod(axis=1), sc.neq(x, 0).all(axis=0)], X.astype(dtype))


def test_a_result_that_is_needed_twice_is_written_on_the_way():
    x = sc.matrix("x")
    t = sc.sqr(x) - 1
    check([x], [t * 2, t + x, t], X, kernels=1)
    check([x], [t.sum(axis=0), t, (t * x).sum(axis=0)], X, kernels=1)
    check([x], [t.sum(axis=0, keepdims=True), t, (t * x).sum(axis=1, keepdims=True)], X, kernels=1)
    check([x], [t.sum(axis=0), t, (t * x).sum(axis=1)], X, kernels=2)
    u = sc.abs(t)
    check([x], [u + t, u * t - u, u.max(axis=1), t], X, kernels=1)


def test_a_product_s_result_goes_on_in_several_ways():
    x, w = sc.matrix("x"), sc.matrix("w")
    a = sc.dot(x, w) + 1
    check([x, w], [sc.maximum(a, 0), sc.switch(a > 0, 1.0, 0.0), a], X, whole_numbers(11, 7), kernels=1)
    z = sc.dot(x, w)
    check([x, w], [z, sc.sqr(z), z.sum(axis=0)], X, whole_numbers(11, 7), kernels=2)


def test_what_is_only_reduced_is_computed_where_it_is_reduced():
    """A reduction cannot join a product's kernel: what only goes into one is not written for it."""
    x, w, y = sc.matrix("x"), sc.matrix("w"), sc.matrix("y")
    z = sc.dot(x, w)
    values = X, whole_numbers(11, 7), whole_numbers(13, 7, seed=2)
    check([x, w, y], [sc.maximum(z, 0), (z * y).sum(axis=0), sc.abs(z - y).max(axis=0)], *values, kernels=2)
    # Two results of the product's kernel are one when they are multiplied there.
    square = sc.sqr(z)
    labels = check([x, w], [z, square, (z * square).sum(axis=0)], *values[:2], kernels=2)
    assert labels[0] == "Dot sqr mul"


def test_rows_come_back():
    x = sc.matrix("x")
    powers = sc.sqr(x - x.max(axis=1, keepdims=True)) + 1
    check([x], [powers / powers.sum(axis=1, keepdims=True)], X, kernels=1, tolerance=1e-15)
    deviation = x - x.sum(axis=1, keepdims=True)
    spread = sc.sqr(deviation).sum(axis=1, keepdims=True)
    check([x], [deviation * spread, spread, deviation.sum(axis=0)], X, kernels=1)
    # Both of its axes are reduced, and what comes back needs the whole: two passes.
    check([x], [x - x.sum()], X, kernels=2)
    check([x], [x - x.max(axis=0, keepdims=True) + x.max(axis=1, keepdims=True)], X)


def test_rows_go_on_as_rows():
    x, b = sc.matrix("x"), sc.vector("b")
    rows = x.max(axis=1)
    check([x, b], [rows + b, rows * rows, sc.sqr(x).sum(axis=1) + rows], X, whole_numbers(13))
    total = x.sum(axis=0)
    check([x, b], [total - sc.sqr(b), sc.abs(total), total.sum()], X, whole_numbers(11))


def test_rows_of_a_square_matrix_are_not_taken_for_columns():
    x = sc.matrix("x")
    square = whole_numbers(12, 12)
    for axis in (0, 1):
        sums = x.sum(axis=axis)
        check([x], [x - sums, sums], square)
        check([x], [x - sums.dimshuffle(0, "x"), x * sums.dimshuffle("x", 0)], square)


def test_unknown_sizes_that_differ_are_not_merged():
    x, y = sc.matrix("x"), sc.matrix("y")
    values = X, whole_numbers(13, 5)
    check([x, y], [x.sum(axis=1, keepdims=True) * y, y.sum(axis=1), x.max(axis=0)], *values)
    check([x, y], [(x.sum(axis=1, keepdims=True) + y).sum(axis=0) * 2], *values)
    wide = [x.max(axis=1, keepdims=True) * y.max(axis=0, keepdims=True) + 1]
    check([x, y], wide, X, whole_numbers(5, 7))


def test_sizes_that_are_known_to_be_one():
    x = sc.tensor("float64", (None, 1, None), name="x")
    value = whole_numbers(7, 1, 5)
    for axis in (0, 1, 2, (0, 1), (1, 2)):
        s = (x + 1).sum(axis, keepdims=True)
        check([x], [x - s, s, sc.sqr(x).sum(axis), (x * s).sum(axis)], value)


def test_reductions_of_the_same_share_a_pass():
    x = sc.matrix("x")
    check([x], [x.sum(axis=0), sc.sqr(x).sum(axis=0), x.max(axis=0)], X, kernels=1)
    check([x], [x.mean(axis=1), x.var(axis=1)], X, kernels=1, tolerance=1e-14)


def test_no_path_leaves_a_kernel_and_returns():
    x, w = sc.matrix("x"), sc.matrix("w")
    t = sc.sqr(x)
    z = sc.dot(t, w)
    square = whole_numbers(11, 11), whole_numbers(11, 11, seed=2)
    check([x, w], [t + z, t * 2], *square)
    check([x, w], [t * t.sum(), t - 1, z.sum(axis=0) + t.sum(axis=0)], *square)
    order = sc.argmax(t, axis=1)
    check([x, w], [t * order.dimshuffle(0, "x"), t + 1, (t + w).sum(axis=0)], *square)
    # Views of a result stand between kernels.
    check([x], [t.T + t, t.T.sum(axis=0) + t.sum(axis=0), t.flatten()], square[0])


def test_sizes_as_values_stay_outside():
    x = sc.matrix("x")
    y = sc.sqr(x)
    check([x], [y / y.shape[0], y.sum() * y.shape[1], (y * 2).mean()], X, tolerance=1e-15)
    f = sc.function([x], x.mean())
    f(X)
    (kernel,) = f.stages["program"].kernels
    assert [call.function for call, _ in kernel.calls()] == ["add.reduce", "true_divide"]


def test_sizes_that_are_moved_to_the_source_repeat_nothing():
    """Where one count is asked of what another one goes into, neither graph nor kernels may double."""
    x, w = sc.matrix("x"), sc.matrix("w")
    y, layers = x, 4
    for _ in range(layers):
        y = sc.dot(y, w)
        deviation = y - y.mean(axis=1, keepdims=True)
        y = deviation * sc.sqr(deviation).mean(axis=1, keepdims=True)
    f = sc.function([x, w], y)
    assert [node.op.label for node in f.stages["fused"].nodes].count("Dot") == layers
    check([x, w], [y], X, whole_numbers(11, 11), kernels=2 * layers, tolerance=1e-9)


@pytest.mark.parametrize("members", [3, 1000])
def test_chains_that_overlap_go_in_few_kernels(members):
    x = sc.vector("x")
    ys = [x, x + 1]
    for number in range(members):
        ys.append(sc.maximum(ys[-1], number % 3) - ys[-2])
    labels = check([x], ys[2:], whole_numbers(5))
    assert len(labels) <= 1 + 2 * members // 100


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_any_number_of_threads_gives_the_same_bits(dtype, axis):
    x = sc.matrix("x", dtype=dtype)
    value = np.random.default_rng(1).normal(size=(3001, 257)).astype(dtype)
    f = sc.function([x], [(sc.tanh(x) * x).sum(axis), x.mean(axis), sc.exp(x).prod(axis)])
    found = []
    for threads in (1, 2, 3, 7):
        with sc.settings(threads=threads):
            found.append(f(value))
            assert "parallel(" in f.source
    for results in found[1:]:
        for result, first in zip(results, found[0], strict=True):
            np.testing.assert_array_equal(result, first)


def test_ten_million_numbers_are_added_up_as_well_as_in_numpy():
    x = sc.fvector("x")
    value = np.random.default_rng(1).random(10_000_000, dtype=np.float32)
    exact = value.sum(dtype="float64")
    total, squares = sc.function([x], [x.sum(), sc.sqr(x).sum()])(value)
    units = np.spacing(np.float32(exact))
    assert abs(total - exact) <= max(2 * units, abs(float(value.sum()) - exact))
    assert abs(squares - (value.astype("float64") ** 2).sum()) <= 2 * units
    assert abs(np.add.accumulate(value)[-1] - exact) > 100 * units, "one after the other would be seen"


def test_columns_are_added_up_as_well_as_in_numpy():
    """NumPy adds rows one after the other; blocks of rows can only be better."""
    x = sc.fmatrix("x")
    value = np.random.default_rng(1).random((100_000, 20), dtype=np.float32)
    exact = value.sum(axis=0, dtype="float64")
    result = sc.function([x], x.sum(axis=0))(value)
    assert np.abs(result - exact).max() <= np.abs(value.sum(axis=0) - exact).max()
