"""How sums are made: by which call, in how many blocks, on how many threads, and how well they are rounded."""

import numpy as np
import pytest

import symconv as sc
from symconv.compile.program import LONGEST_ROW

SHAPES = [(96, 37, 220), (5, 6, 7), (3, 500, 70), (1, 1, 1), (40, 1000, 3), (0, 4, 5), (2, 0, 3)]
AXES = [0, 1, 2, (0, 1), (0, 2), (1, 2), None]


def values(*shape, dtype="float32", seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def calls(f):
    """The functions that the kernels call."""
    return [call.function for kernel in f.stages["program"].kernels for call, _ in kernel.calls()]


def roundings(shape, axis):
    """The most that an element takes part in, with room for the sum of partial sums."""
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis)
    counts = [shape[a] / 32 + 32 if a == len(shape) - 1 else shape[a] for a in axes]
    return sum(counts) + 16


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_and_sums_of_products_are_within_their_bounds(dtype, shape, axis, keepdims):
    x, y = sc.tensor3("x", dtype=dtype), sc.tensor3("y", dtype=dtype)
    outputs = [x.sum(axis, keepdims), sc.sqr(x).sum(axis, keepdims), (x * y).sum(axis, keepdims)]
    first, second = values(*shape, dtype=dtype), values(*shape, dtype=dtype, seed=2)
    wide = [first.astype("longdouble"), second.astype("longdouble")]
    terms = [wide[0], wide[0] ** 2, wide[0] * wide[1]]
    unit = np.finfo(dtype).eps / 2
    for output, term in zip(outputs, terms, strict=True):
        result = sc.function([x, y], output, on_unused_input="ignore")(first, second)
        exact = term.sum(axis, keepdims=keepdims)
        assert (result.shape, result.dtype) == (exact.shape, dtype)
        bound = (roundings(shape, axis) + 2) * unit * np.abs(term).sum(axis, keepdims=keepdims)
        assert (np.abs(result - exact) <= bound).all()


@pytest.mark.parametrize("axis", AXES)
def test_what_is_not_finite_stays_where_it_is(axis):
    x = sc.ftensor3("x")
    value = values(30, 40, 50)
    value[3, 5, 7], value[4, 5, 6], value[5, 7, 8], value[5, 7, 9] = np.nan, np.inf, np.inf, -np.inf
    with np.errstate(all="ignore"):
        meant = [value.sum(axis), (value * value).sum(axis)]
    for result, expected in zip(
        sc.function([x], [x.sum(axis), sc.sqr(x).sum(axis)])(value), meant, strict=True
    ):
        same = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(result), same)
        np.testing.assert_array_equal(result[~same], expected[~same])


@pytest.mark.parametrize(
    "what", [lambda x: x.sum(0), lambda x: sc.sqr(x).sum(0), lambda x: sc.tanh(x).sum((0, 1))]
)
@pytest.mark.parametrize("shape", [(96, 37, 220), (2001, 30, 40), (3, 20_000, 7)])
def test_any_number_of_threads_gives_the_same_bits(shape, what):
    x = sc.ftensor3("x")
    f, value = sc.function([x], what(x)), values(*shape)
    found = []
    for threads in (1, 2, 3, 7):
        with sc.settings(threads=threads):
            found.append(f(value))
    for result in found[1:]:
        np.testing.assert_array_equal(result, found[0])


def test_any_layout_gives_the_same_sums():
    x = sc.ftensor3("x")
    f = sc.function([x], [x.sum(0), x.sum(1), sc.sqr(x).sum(2), sc.sqr(x).sum(0)])
    value = values(70, 80, 90)
    apart = np.zeros((140, 160, 180), "float32")[::2, ::2, ::2]
    apart[...] = value
    for other in (np.asfortranarray(value), apart, value[::-1].copy()[::-1], np.moveaxis(value.copy(), 0, 0)):
        for result, expected in zip(f(other), f(value), strict=True):
            np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("what", "shape", "expected"),
    [
        (lambda x: x.sum(0), (50, 100), ["matmul"]),
        (lambda x: x.sum(0), (500, 2000), ["matmul", "matmul"]),  # partial sums, and their sum
        (lambda x: x.sum(0), (100, 200), ["add.reduce"]),  # BLAS would use threads, and there is no loop
        (lambda x: x.max(0), (500, 400), ["maximum.reduce"]),
        (lambda x: sc.sqr(x).sum(1), (100, 200), ["products.sum"]),
        (lambda x: sc.sqr(x).sum(0), (100, 200), ["products.sum"]),
        (lambda x: (x * sc.tanh(x)).sum(1), (100, 200), ["tanh", "products.sum"]),
        (lambda x: (x * x[0]).sum(1), (100, 200), ["multiply", "add.reduce"]),  # stretched
        (
            lambda x: sc.sqr(x).sum(1),
            (3, LONGEST_ROW + 1),
            ["square", "add.reduce"],
        ),  # NumPy adds up in pairs
    ],
)
def test_which_calls_make_a_sum(what, shape, expected):
    x = sc.fmatrix("x")
    f = sc.function([x], what(x))
    value = np.ones(shape, "float32")
    np.testing.assert_allclose(f(value), what(sc.constant(value)).eval(), rtol=1e-6)
    assert calls(f) == expected


def test_a_product_that_is_used_elsewhere_is_kept():
    x = sc.fmatrix("x")
    squares = sc.sqr(x)
    f = sc.function([x], [squares, squares.sum(1)])
    value = values(100, 200)
    result, total = f(value)
    np.testing.assert_array_equal(result, value**2)
    np.testing.assert_allclose(total, (value**2).sum(1), rtol=1e-6)
    assert "products.sum" not in calls(f)


def test_short_work_is_left_to_one_thread():
    x = sc.fvector("x")
    with sc.settings(threads=2):
        short, long = sc.function([x], sc.tanh(x) + x), sc.function([x], sc.tanh(x) + x)
        short(values(100_000))
        long(values(3_000_000))
    assert "parallel" not in short.source
    assert "in parallel" in long.source


def test_blocks_have_no_gaps():
    """Where blocks are shorter than an axis, they have one element of those before it."""
    x = sc.ftensor3("x")
    f = sc.function([x], [sc.tanh(x) * x + x])
    for shape in [(96, 200, 220), (3, 3000, 2000)]:
        f(values(*shape))
        (kernel,) = f.stages["program"].kernels
        (loop,) = kernel.body
        assert all(span.block == 1 for span in loop.ranges[:-1])


@pytest.mark.parametrize("value", [1.0, 5.0])
def test_a_constant_that_is_called_ones_is_no_row_of_ones(value):
    x, z = sc.matrix("x"), sc.matrix("z")
    given = sc.constant(np.full((1, 400), value), name="ones")
    f = sc.function([x, z], [sc.dot(given, z), x.sum(axis=0)])
    products, sums = f(np.ones((400, 20)), np.ones((400, 3)))
    np.testing.assert_array_equal(products, np.full((1, 3), 400 * value))
    np.testing.assert_array_equal(sums, np.full(20, 400.0))
