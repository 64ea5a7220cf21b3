"""take, choose, compress, nonzero and their kin against NumPy."""

import numpy as np
import pytest

import symconv as sc

X = np.arange(12.0).reshape(3, 4)


def check(inputs, output, expected, *values):
    found = sc.function(inputs, output, mode="checked")(*values)
    np.testing.assert_array_equal(found, expected, strict=True)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (0,)])
def test_take(axis, shape):
    x, i = sc.dmatrix("x"), sc.tensor("int32", (None,) * len(shape), "i")
    positions = np.arange(np.prod(shape, dtype=int), dtype="int32").reshape(shape) % 3
    check([x, i], sc.take(x, i, axis), np.take(X, positions, axis), X, positions)
    for mode in ("wrap", "clip"):
        far = positions * 9 - 7
        check([x, i], x.take(i, axis, mode), np.take(X, far, axis, mode=mode), X, far)
    sc.verify_grad(lambda x: sc.take(x, positions, axis) ** 2, [X])


@pytest.mark.parametrize("kind", ["set", "inc"])
def test_writing_where_take_points(kind):
    x, i = sc.dmatrix("x"), sc.lmatrix("i")
    positions = np.array([[1, 3], [1, 0]])
    part = sc.take(x, i, axis=1)
    write = sc.set_subtensor if kind == "set" else sc.inc_subtensor
    expected = X.copy()
    if kind == "set":
        expected[:, positions] = 5
    else:
        np.add.at(expected, (slice(None), positions), 5)
    check([x, i], write(part, 5), expected, X, positions)


@pytest.mark.parametrize(("shape", "axis"), [((3, 2), 1), ((1, 4), 0), ((3, 1), 1), ((6,), None), ((2, 1), 0)])
def test_take_along_axis(shape, axis):
    positions = np.random.default_rng(0).integers(0, 3, shape)
    i = sc.tensor("int64", tuple(1 if size == 1 else None for size in shape), "i")
    x = sc.dmatrix("x")
    check([x, i], sc.take_along_axis(x, i, axis), np.take_along_axis(X, positions, axis), X, positions)
    sc.verify_grad(lambda x: sc.take_along_axis(x, positions, axis) ** 2, [X])


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_choose(mode):
    i, x = sc.lvector("i"), sc.dmatrix("x")
    positions = np.array([0, 2, 1, 0]) if mode == "raise" else np.array([-1, 5, 1, 3])
    choices = [X[0], X * 2, X[2]]
    output = sc.choose(i, [x[0], x * 2, x[2]], mode)
    check([i, x], output, np.choose(positions, choices, mode=mode), positions, X)
    stacked = sc.tensor("float64", (3, None), "stacked")
    check([i, stacked], i.choose(stacked, mode), np.choose(positions, X, mode=mode), positions, X)
    sc.verify_grad(lambda x: sc.choose(positions, [x[0], x * 2, x[2]], mode) ** 2, [X])
    check([i, x], sc.choose(i * 0, [x]), X, positions, X)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_compress(axis):
    c, x = sc.vector("c", dtype="bool"), sc.dmatrix("x")
    for condition in (np.array([True, False, True]), np.array([False, True]), np.zeros(3, bool)):
        check([c, x], sc.compress(c, x, axis), np.compress(condition, X, axis), condition, X)
        check([c, x], x.compress(c, axis), np.compress(condition, X, axis), condition, X)


@pytest.mark.parametrize("array", [X % 3, np.zeros((2, 2)), np.ones((0, 3)), np.array([[5.0, 0.0]])])
def test_nonzero(array):
    x = sc.dmatrix("x")
    f = sc.function([x], [*x.nonzero(), *sc.where(x > 0)], mode="checked")
    for found, expected in zip(f(array), (*np.nonzero(array), *np.nonzero(array > 0)), strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)
    check([x], sc.nonzero(x, return_matrix=True), np.array(np.nonzero(array)), array)
    check([x], sc.flatnonzero(x), np.flatnonzero(array), array)
    check([x], x.nonzero_values(), array[array != 0], array)
    check([x], x[x.nonzero()], array[array != 0], array)


def test_where():
    x = sc.dmatrix("x")
    check([x], sc.where(x > 5, x, -1.0), np.where(X > 5, X, -1), X)


def test_the_loss_of_every_chapter():
    """-mean(log p[arange(n), y]) and its gradient, for labels given as positions."""
    p, y = sc.dmatrix("p"), sc.lvector("y")
    rows = sc.where(sc.ones_like(y))[0]
    cost = -sc.log(p)[rows, y].mean()
    labels = np.array([1, 0, 3])
    f = sc.function([p, y], [cost, sc.grad(cost, p)], mode="checked")
    value, gradient = f(X + 1, labels)
    np.testing.assert_allclose(value, -np.log((X + 1)[np.arange(3), labels]).mean())
    expected = np.zeros_like(X)
    expected[np.arange(3), labels] = -1 / 3 / (X + 1)[np.arange(3), labels]
    np.testing.assert_allclose(gradient, expected)


BAD = {
    "positions that are no integers": (lambda x: sc.take(x, [0.5]), sc.DTypeError, "float64"),
    "a mode that is none": (lambda x: sc.take(x, [0], mode="warp"), sc.OptionError, "warp"),
    "indices of another rank": (lambda x: sc.take_along_axis(x, [0], 0), sc.RankError, "1"),
    "a condition that is no vector": (lambda x: sc.compress(x > 0, x), sc.RankError, "2"),
    "nothing to choose from": (lambda x: sc.choose([0], []), sc.ArgumentError, "at least one"),
    "an unknown number of choices": (lambda x: sc.choose([0], x), sc.ArgumentError, "how many"),
    "nonzero of a scalar": (lambda x: sc.nonzero(x.sum()), sc.RankError, "scalar"),
    "one choice": (lambda x: sc.where(x > 0, x), sc.ArgumentError, "2 arguments"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    make, kind, word = BAD[name]
    with pytest.raises(kind, match=word) as caught:
        make(sc.dmatrix("x"))
    assert "at test_index_selection.py:" in str(caught.value)


def test_places_are_those_of_what_is_asked_and_not_of_what_it_was_made_from():
    # nonzero has one input of its own, and may have more of which only the sizes count
    x = sc.dvector("x")
    mask = x > 1
    f = sc.function([x], [mask, *sc.nonzero(mask)])
    _, places = f([1.0, 2.0, 0.5, 3.0])
    np.testing.assert_array_equal(places, [1, 3])
