"""Joining, splitting, repeating, padding and rolling against NumPy, with known and unknown sizes; gradients."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import symconv as sc
from symconv.gradient import grad, verify_grad


def unknown(array, name):
    return sc.tensor(array.dtype.name, (None,) * array.ndim, name)


def computed(function, *arrays):
    """What the compiled function gives, held against the interpreted one; sizes known, then unknown."""
    inputs = [unknown(array, f"x{position}") for position, array in enumerate(arrays)]
    found = sc.function(inputs, function(*inputs), mode="checked")(*arrays)
    known = function(*map(sc.constant, arrays))
    again = sc.function([], known)()
    for one, other, variable in zip(*map(listed, (found, again, known)), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
        assert variable.type.shape == other.shape
    return found


def listed(value):
    return value if isinstance(value, list) else [value]


def whole(*shape, dtype="float64", seed=1):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def check_gradients(function, *points):
    verify_grad(lambda *xs: function(*xs) ** 2, points)
    verify_grad(lambda *xs: grad((function(*xs) ** 3).sum(), xs[0]), points)


sizes = st.sampled_from([0, 1, 2, 3, 5])


@given(st.lists(sizes, min_size=1, max_size=4), st.lists(sizes, min_size=0, max_size=2), st.integers(0, 2), st.data())
def test_join(lengths, others, axis, data):
    axis = min(axis, len(others))
    dtypes = [data.draw(st.sampled_from(["float32", "float64", "int8", "bool"])) for _ in lengths]
    arrays = [
        whole(*others[:axis], length, *others[axis:], dtype=dtype, seed=position)
        for position, (length, dtype) in enumerate(zip(lengths, dtypes, strict=True))
    ]
    found = computed(lambda *xs: sc.join(axis - len(others) - 1, *xs), *arrays)
    np.testing.assert_array_equal(found, np.concatenate(arrays, axis), strict=True)


def test_join_is_written_in_place_and_goes_on_with_it():
    x, y = sc.matrix("x"), sc.matrix("y")
    f = sc.function([x, y], sc.tanh(sc.join(1, x, y)) * 2)
    assert len(f.stages["fused"].nodes) == 1
    a, b = whole(300, 7), whole(300, 5)
    np.testing.assert_allclose(f(a, b), np.tanh(np.hstack([a, b])) * 2, rtol=1e-15)
    with sc.settings(threads=2, tile_bytes=512):
        for axis in (0, 1):
            large = whole(3000, 60)
            np.testing.assert_array_equal(
                sc.function([x, y], sc.join(axis, x, y) + 1)(large, large), np.concatenate([large] * 2, axis) + 1
            )


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_stack(axis):
    a, b = whole(2, 3), whole(2, 3, dtype="float32")
    np.testing.assert_array_equal(computed(lambda x, y: sc.stack([x, y], axis), a, b), np.stack([a, b], axis))
    check_gradients(lambda x, y: sc.stack([x, y * x], axis), a, a)


def test_stacks_of_rows_and_columns():
    a, b, c = whole(2, 3), whole(2, 3), whole(3)
    np.testing.assert_array_equal(computed(lambda x, y: sc.hstack([x, y]), a, b), np.hstack([a, b]))
    np.testing.assert_array_equal(computed(lambda x, y: sc.vstack([x, y]), a, c), np.vstack([a, c]))
    np.testing.assert_array_equal(computed(lambda x, y: sc.hstack([x, y]), c, c), np.hstack([c, c]))
    np.testing.assert_array_equal(computed(lambda x: sc.concatenate([x, x], axis=1), a), np.hstack([a, a]))
    assert sc.stack([1.5, 2.5]).type.shape == (2,)


@pytest.mark.parametrize("axis", [0, 1])
def test_gradients_of_joins(axis):
    check_gradients(lambda x, y: sc.join(axis, x, y, x * y), whole(2, 3), whole(2, 3, seed=2))
    n = sc.lvector("n")
    x = sc.vector("x")
    joined = sc.join(0, n, x)  # no gradient by integers
    np.testing.assert_array_equal(grad((joined**2).sum(), x).eval({x: [1.0, 2.0], n: [3]}), [2, 4])
    column = sc.col("c")
    assert grad((sc.join(1, column, column) ** 2).sum(), column).broadcastable == (False, True)


@pytest.mark.parametrize("axis", [0, 1])
def test_split(axis):
    a = np.moveaxis(whole(6, 2), 0, axis)
    parts = [np.ascontiguousarray(part) for part in np.split(a, [1, 3], axis)]
    for found in (
        computed(lambda x: sc.split(x, [1, 2, 3], 3, axis), a),
        sc.function([x := sc.matrix("x"), s := sc.lvector("s")], sc.split(x, s, 3, axis), mode="checked")(a, [1, 2, 3]),
    ):
        for one, other in zip(found, parts, strict=True):
            np.testing.assert_array_equal(one, other)
    sizes = sc.constant([1, 2, 3])
    check_gradients(lambda x: sc.split(x, [1, 2, 3], 3, axis)[1], a)
    check_gradients(lambda x: sc.split(x, sizes + 0, 3, axis)[2], a)


@pytest.mark.parametrize("reps", [2, (1,), (2, 3), (0, 1), (2, 1, 3), 0])
def test_tile(reps):
    a = whole(2, 3)
    np.testing.assert_array_equal(computed(lambda x: sc.tile(x, reps), a), np.tile(a, reps))
    n = sc.lscalar("n")
    x = sc.matrix("x")
    np.testing.assert_array_equal(
        sc.function([x, n], sc.tile(x, (n, 2)), mode="checked")(a, 3), np.tile(a, (3, 2))
    )
    assert sc.tile(x, 2, ndim=3).ndim == 3
    if 0 not in np.atleast_1d(reps):
        check_gradients(lambda x: sc.tile(x, reps), a)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("repeats", [0, 1, 3, "vector", [2]])
def test_repeat(axis, repeats):
    a = whole(2, 3)
    if repeats == "vector":
        repeats = np.array({None: [1, 0, 2, 0, 3, 1], 0: [2, 0], 1: [0, 3, 1]}[axis])
    np.testing.assert_array_equal(computed(lambda x: sc.repeat(x, repeats, axis), a), np.repeat(a, repeats, axis))
    x, r = sc.matrix("x"), sc.lvector("r") if np.ndim(repeats) and len(repeats) > 1 else sc.lscalar("r")
    value = repeats if r.ndim else np.ravel(repeats)[0]
    found = sc.function([x, r], x.repeat(r, axis), mode="checked")(a, value)
    np.testing.assert_array_equal(found, np.repeat(a, repeats, axis))
    if np.any(repeats):
        check_gradients(lambda x: sc.repeat(x, repeats, axis), a)


@pytest.mark.parametrize("size", [10, 2000])
def test_repeats_that_depend_on_sizes(size):
    """Up to a limit they are known while planning; beyond it the graph is cut."""
    v = sc.vector("v")
    a = np.arange(float(size))
    f = sc.function([v], sc.repeat(v, sc.arange(v.shape[0]) // 100), mode="checked")
    np.testing.assert_array_equal(f(a), np.repeat(a, np.arange(size) // 100))
    distinct = sc.function([v], sc.unique(sc.arange(v.shape[0]) // 2) + 1, mode="checked")
    np.testing.assert_array_equal(distinct(a), np.arange(size // 2) + 1)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("widths", [0, 1, (2, 1), ((1, 0), (0, 3)), ((7, 5), (2, 9))])
def test_pad(mode, widths):
    a = whole(2, 3)
    np.testing.assert_array_equal(computed(lambda x: sc.pad(x, widths, mode), a), np.pad(a, widths, mode))
    check_gradients(lambda x: sc.pad(x, widths, mode), a)


def test_pad_with_a_number_and_symbolic_widths():
    a, n, x = whole(2, 3), sc.lscalar("n"), sc.matrix("x")
    found = computed(lambda x: sc.pad(x, 1, constant_values=7), a)
    np.testing.assert_array_equal(found, np.pad(a, 1, constant_values=7))
    for mode in ("constant", "wrap"):
        f = sc.function([x, n], sc.pad(x, ((n, 0), (1, n)), mode), mode="checked")
        np.testing.assert_array_equal(f(a, 2), np.pad(a, ((2, 0), (1, 2)), mode))
    np.testing.assert_array_equal(computed(lambda x: sc.pad(x, 1, "reflect"), whole(1)), np.pad(whole(1), 1, "reflect"))


@pytest.mark.parametrize("shift", [0, 1, -2, 7])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_roll(shift, axis):
    a = whole(3, 4)
    np.testing.assert_array_equal(computed(lambda x: sc.roll(x, shift, axis), a), np.roll(a, shift, axis))
    x, n = sc.matrix("x"), sc.lscalar("n")
    f = sc.function([x, n], sc.roll(x, n, axis), mode="checked")
    np.testing.assert_array_equal(f(a, shift), np.roll(a, shift, axis))
    assert f(np.zeros((0, 4)), shift).shape == (0, 4)
    check_gradients(lambda x: sc.roll(x, shift, axis), a)


@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_flip(axis):
    a = whole(3, 4)
    np.testing.assert_array_equal(computed(lambda x: sc.flip(x, axis), a), np.flip(a, axis))
    check_gradients(lambda x: sc.flip(x, axis), a)


x, v = sc.matrix("x"), sc.vector("v")


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda: sc.join(0), sc.ArgumentError, "at least one"),
        (lambda: sc.join(0, x, v), sc.RankError, r"(?s)equal rank, 1 or more, got 2, 1.*float64\[\?,\?\]"),
        (lambda: sc.join(0, 1.0, 2.0), sc.RankError, r"(?s)got 0, 0.*hint: stack"),
        (lambda: sc.join(2, x, x), sc.RankError, "axis 2 does not exist"),
        (lambda: sc.join(0, np.ones((2, 3)), np.ones((2, 4))), sc.ShapeError, "part 1 .* size 4 along axis 1"),
        (lambda: sc.concatenate(x), sc.ArgumentError, r"(?s)a list or tuple.*hint: concatenate\(\[x, y\]\)"),
        (lambda: sc.stack([]), sc.ArgumentError, "at least one"),
        (lambda: sc.stack([x, v]), sc.RankError, "equal rank"),
        (lambda: sc.split(np.ones(5), [2, 2]), sc.ShapeError, r"size 5 into parts of sizes \(2, 2\), 4 in all"),
        (lambda: sc.split(v, [3, -1]), sc.ShapeError, r"(?s)\(3, -1\).*hint: sizes must be 0 or more"),
        (lambda: sc.split(v, sc.lvector("s")), sc.RankError, "unknown length"),
        (lambda: sc.repeat(v, -1), sc.ShapeError, "repeated -1 times"),
        (lambda: sc.repeat(v, 1.5), sc.DTypeError, "integers"),
        (lambda: sc.repeat(np.ones(3), np.array([1, 2])), sc.ShapeError, "2 repeats for an axis of size 3"),
        (lambda: sc.tile(v, 2.0), sc.DTypeError, "integers"),
        (lambda: sc.tile(x, 2, ndim=1), sc.RankError, "2 dimensions, not ndim=1"),
        (lambda: sc.pad(x, 1, "mirror"), sc.OptionError, "'mirror'"),
        (lambda: sc.pad(x, -1), sc.ShapeError, "-1 times"),
        (lambda: sc.pad(x, [(1, 2)] * 3), sc.ArgumentError, "does not fit 2 dimensions"),
        (lambda: sc.pad(np.ones((0, 2)), 1, "edge"), sc.ShapeError, "axis 0 with: its size is 0"),
        (lambda: sc.roll(x, [1, 2], 0), sc.ArgumentError, "2 shifts for 1 axes"),
        (lambda: sc.roll(x, 1.5, 0), sc.DTypeError, "integers"),
    ],
)
def test_refused(build, error, text):
    with pytest.raises(error, match=text) as caught:
        build()
    assert "test_join.py" in str(caught.value)


def test_refused_when_run():
    y = sc.matrix("y")
    s = sc.lvector("s")
    for inputs, result, arrays, text in [
        ([x, y], sc.join(0, x, y), [np.ones((2, 3)), np.ones((2, 4))], "size 4 along axis 1"),
        ([v], sc.split(v, [2, 3])[0], [np.ones(4)], "4"),
        ([v, s], sc.split(v, s, 2)[0], [np.ones(4), [2, 3]], "5 in all"),
        ([v, s], sc.repeat(v, s), [np.ones(2), [1, -1]], "repeated -1 times"),
        ([v, s], sc.repeat(v, s), [np.ones(2), [1, 1, 1]], "3 repeats for an axis of size 2"),
    ]:
        with pytest.raises(sc.ShapeError, match=rf"(?s){text}.*test_join\.py"):
            sc.function(inputs, result)(*arrays)
