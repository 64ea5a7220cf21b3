"""Shapes: dimshuffle, reshape and their kin against NumPy, with known and unknown sizes."""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from reference import evaluate

import symconv as sc
from symconv.errors import ArgumentError, DTypeError, RankError, ShapeError
from symconv.gradient import grad, verify_grad
from symconv.graph.nodes import Constant, Variable, constant
from symconv.graph.types import TensorType
from symconv.ops import shape as ops


def variable(*shape, dtype="float64", name=None):
    return Variable(TensorType(dtype, shape), name)


def counting(*shape):
    return np.arange(math.prod(shape), dtype="float64").reshape(shape)


def folded(variable):
    """The variable after its own op's algebra, as often as it applies."""
    while variable.owner is not None:
        simpler = variable.owner.op.fold(variable.owner)
        if simpler is None:
            return variable
        variable = simpler
    return variable


@st.composite
def patterns(draw, ndim):
    """A dimshuffle pattern for ``ndim`` axes that keeps all of them."""
    order = list(draw(st.permutations(range(ndim))))
    for _ in range(draw(st.integers(0, 2))):
        order.insert(draw(st.integers(0, len(order))), "x")
    return tuple(order)


@st.composite
def shuffles(draw):
    """Sizes, and a pattern that may drop axes of size 1."""
    sizes = draw(st.lists(st.sampled_from([1, 2, 3, 5]), max_size=4))
    order = draw(patterns(len(sizes)))
    kept = [a for a in order if a == "x" or sizes[a] != 1 or draw(st.booleans())]
    return tuple(sizes), tuple(kept)


def shuffle(array, order):
    """dimshuffle by reshape and transpose alone."""
    kept = [axis for axis in order if axis != "x"]
    dropped = [axis for axis in range(array.ndim) if axis not in kept]
    moved = array.transpose(kept + dropped)
    return moved.reshape([1 if axis == "x" else array.shape[axis] for axis in order])


@given(shuffles(), st.booleans())
def test_dimshuffle(case, known):
    sizes, order = case
    x = variable(*(size if known or size == 1 else None for size in sizes))
    y = x.dimshuffle(*order)
    array = counting(*sizes)
    np.testing.assert_array_equal(evaluate(y, {x: array}), shuffle(array, order))
    assert np.shares_memory(evaluate(y, {x: array}), array)
    back = y.owner.op.inverse(y)
    assert back.type == x.type
    np.testing.assert_array_equal(evaluate(back, {x: array}), array)
    assert folded(back) is x


@given(shuffles(), st.data())
def test_two_dimshuffles_are_one(case, data):
    sizes, first = case
    x = variable(*sizes)
    y = x.dimshuffle(*first)
    z = y.dimshuffle(*data.draw(patterns(y.ndim)))
    single = folded(z)
    assert single is x or single.owner.inputs[0] is x
    assert single.type == z.type
    array = counting(*sizes)
    np.testing.assert_array_equal(evaluate(single, {x: array}), evaluate(z, {x: array}))


@pytest.mark.parametrize(
    ("pattern", "error", "text"),
    [
        ((0, 1, 2), RankError, "axes of the input are 0 to 1"),
        ((0, -1), RankError, "names -1"),
        ((0, "y"), RankError, "names 'y'"),
        ((0, 0), ShapeError, "twice"),
        ((1,), ShapeError, "drops axis 0, whose size is unknown"),
        ((0,), ShapeError, "drops axis 1, whose size is 3"),
    ],
)
def test_dimshuffle_refuses(pattern, error, text):
    with pytest.raises(error, match=text) as caught:
        variable(None, 3).dimshuffle(*pattern)
    assert "test_shape.py" in str(caught.value)


def test_dimshuffle_takes_a_list_and_prints():
    y = variable(3, name="b").dimshuffle(["x", 0, "x"])
    assert y.type.shape == (1, 3, 1)
    assert str(y.owner.op) == "DimShuffle(x, 0, x)"


def test_transpositions():
    x = variable(2, 3, 4)
    array = counting(2, 3, 4)
    for result, expected in [
        (x.T, array.T),
        (x.transpose(), array.T),
        (x.transpose(1, 0, 2), array.transpose(1, 0, 2)),
        (x.transpose((2, -3, 1)), array.transpose(2, 0, 1)),
        (x.swapaxes(0, -1), array.swapaxes(0, -1)),
        (ops.expand_dims(x, 1), np.expand_dims(array, 1)),
        (ops.expand_dims(x, (0, -1)), np.expand_dims(array, (0, -1))),
        (ops.shape_padleft(x, 2), array[None, None]),
        (ops.shape_padright(x), array[..., None]),
        (ops.shape_padaxis(x, 1), array[:, None]),
    ]:
        np.testing.assert_array_equal(evaluate(result, {x: array}), expected)
    with pytest.raises(RankError, match="got 2 axes"):
        x.transpose(0, 1)
    with pytest.raises(RankError, match="axis 3 does not exist"):
        x.swapaxes(0, 3)


def test_squeeze():
    x = variable(1, None, 1)
    assert x.squeeze().type.shape == (None,)
    assert x.squeeze(0).type.shape == (None, 1)
    assert ops.squeeze(x, (0, -1)).type.shape == (None,)
    with pytest.raises(ShapeError, match="drops axis 1"):
        x.squeeze(1)


# Reshape


@st.composite
def reshapes(draw):
    """Two shapes with as many elements; the second may have a -1."""
    factors = draw(st.lists(st.sampled_from([1, 2, 3]), max_size=4))
    total = math.prod(factors)
    new = []
    rest = total
    for _ in range(draw(st.integers(0, 3))):
        size = draw(st.sampled_from([d for d in range(1, rest + 1) if rest % d == 0]))
        new.append(size)
        rest //= size
    new.append(rest)
    minus = draw(st.one_of(st.none(), st.integers(0, len(new) - 1)))
    return tuple(factors), tuple(new), tuple(-1 if i == minus else size for i, size in enumerate(new))


@given(reshapes(), st.booleans())
def test_reshape(case, known):
    old, new, wanted = case
    x = variable(*(size if known else None for size in old))
    y = x.reshape(wanted)
    array = counting(*old)
    np.testing.assert_array_equal(evaluate(y, {x: array}), array.reshape(new))
    if known:
        assert y.type.shape == new
    z = y.reshape(old)
    single = folded(z)
    assert single is x or single.owner.inputs[0] is x
    np.testing.assert_array_equal(evaluate(single, {x: array}), array)


@given(reshapes())
def test_reshape_to_a_vector(case):
    old, new, wanted = case
    x, lengths = variable(*(None for _ in old)), variable(None, dtype="int64")
    y = x.reshape(lengths, ndim=len(new))
    array = counting(*old)
    np.testing.assert_array_equal(evaluate(y, {x: array, lengths: wanted}), array.reshape(new))


@given(reshapes())
def test_reshape_to_symbolic_sizes(case):
    old, new, _ = case
    x = variable(*(None for _ in old))
    sizes = [variable(dtype="int64") if index % 2 else size for index, size in enumerate(new)]
    y = x.reshape(sizes)
    assert y.type.shape == tuple(None if index % 2 else size for index, size in enumerate(new))
    values = {symbol: size for symbol, size in zip(sizes, new, strict=True) if isinstance(symbol, Variable)}
    array = counting(*old)
    np.testing.assert_array_equal(evaluate(y, {x: array, **values}), array.reshape(new))


def test_reshape_knows_sizes():
    n = variable(dtype="int64")
    assert variable(6, None).reshape((2, 3, 1, -1)).type.shape == (2, 3, 1, None)
    assert variable(6, 4).reshape((2, -1)).type.shape == (2, 12)
    assert variable(None).reshape((n, 1, 3)).broadcastable == (False, True, False)
    assert variable(6).reshape(constant([2, 3])).type.shape == (2, 3)
    assert variable(6).reshape(6).type.shape == (6,)
    assert variable(0, 3).reshape((5, 0)).type.shape == (5, 0)
    assert variable(1, 1).reshape(()).type.shape == ()
    assert variable(6).reshape(np.array([3, 2])).type.shape == (3, 2)


@pytest.mark.parametrize(
    ("old", "new", "error", "text"),
    [
        ((2, 3), (4, 2), ShapeError, "6 elements are not 8"),
        ((2, 3), (-1, 4), ShapeError, "no size for -1 makes 6 elements"),
        ((2, 3), (-1, -1), ShapeError, "one -1 at most"),
        ((2, 3), (-2, 3), ShapeError, "one -1 at most"),
        ((0, 3), (0, -1), ShapeError, "no size for -1 makes 0"),
        ((2, 3), (1.5, 4), DTypeError, "must be an integer, got 1.5"),
        ((2, 3), ("a",), DTypeError, "must be an integer"),
    ],
)
def test_reshape_refuses(old, new, error, text):
    with pytest.raises(error, match=text) as caught:
        variable(*old).reshape(new)
    assert "test_shape.py" in str(caught.value)


def test_reshape_refuses_when_sizes_become_known():
    x = variable(None, None)
    with pytest.raises(ShapeError, match="6 elements are not 8"):
        evaluate(x.reshape((4, 2)), {x: counting(2, 3)})
    with pytest.raises(RankError, match=r"(?s)unknown length.*ndim="):
        x.reshape(variable(None, dtype="int64"))
    with pytest.raises(DTypeError, match="must be an integer"):
        x.reshape((variable(), 2))
    with pytest.raises(RankError, match="ndim=3"):
        x.reshape((2, 3), ndim=3)


def test_reshape_folds():
    x = variable(2, None)
    assert folded(x.reshape((2, -1))) is x  # the number of elements says what -1 stands for
    assert folded(x.reshape((2, variable(dtype="int64")))) is x
    assert folded(x.reshape((-1, 2))) is not x
    assert folded(variable(2, 3).reshape((2, 3))).owner is None
    flat = variable(None)
    assert folded(flat.reshape((-1,))) is flat
    empty = variable(0, None)
    assert folded(empty.reshape((0, variable(dtype="int64")))) is not empty


@pytest.mark.parametrize("sizes", [(2, 3, 4), (0, 3, 2), (2, 0, 3), (2, 3, 0), (1, 1, 1)])
@pytest.mark.parametrize("known", [True, False])
def test_flatten(sizes, known):
    x = variable(*(size if known else None for size in sizes))
    array = counting(*sizes)
    for ndim in (1, 2, 3):
        y = x.flatten(ndim)
        expected = array.reshape([*sizes[: ndim - 1], math.prod(sizes[ndim - 1 :])])
        np.testing.assert_array_equal(evaluate(y, {x: array}), expected)
        if known:
            assert y.type.shape == expected.shape
    with pytest.raises(RankError, match="flatten to 4 dimensions"):
        x.flatten(4)
    assert variable().flatten().type.shape == (1,)


# Sizes as values


def test_shape_is_a_constant_where_it_is_known():
    x = variable(2, 3)
    assert isinstance(x.shape, Constant)
    np.testing.assert_array_equal(x.shape.data, [2, 3])
    assert isinstance(ops.size_of(x, -1), Constant)
    assert ops.count_of(x).data == 6


def test_shape_of_unknown_sizes():
    x = variable(None, 3)
    found = evaluate([x.shape, ops.size_of(x, 0), ops.count_of(x)], {x: counting(5, 3)})
    np.testing.assert_array_equal(found[0], [5, 3])
    assert (found[1], found[2]) == (5, 15)
    assert x.shape.type == TensorType("int64", (2,))
    # Sizes that are known while planning are values that later shape rules see.
    shape = x.shape.owner.op
    np.testing.assert_array_equal(shape.out_types(TensorType("float64", (5, 3))).value, [5, 3])
    assert shape.out_types(x.type).value is None


def test_make_vector():
    n = variable(dtype="int32")
    vector = ops.MakeVector(3)(2, n, constant(7))
    np.testing.assert_array_equal(evaluate(vector, {n: 5}), [2, 5, 7])
    assert vector.dtype == "int64"
    assert ops.MakeVector(2)(2, 3).owner.op.fold(ops.MakeVector(2)(2, 3).owner).data.tolist() == [2, 3]
    with pytest.raises(RankError, match="must be a scalar"):
        ops.MakeVector(1)(variable(2, dtype="int64"))
    with pytest.raises(DTypeError, match="must be an integer"):
        ops.MakeVector(1)(1.5)


def test_promised_sizes():
    x = variable(None, None)
    y = ops.specify_shape(x, (None, 3))
    assert y.type.shape == (None, 3)
    np.testing.assert_array_equal(evaluate(y, {x: counting(2, 3)}), counting(2, 3))
    with pytest.raises(ShapeError, match="promised"):
        evaluate(y, {x: counting(2, 4)})
    with pytest.raises(ShapeError, match="promised"):
        ops.specify_shape(variable(2, 4), (None, 3))
    with pytest.raises(RankError, match="promised"):
        ops.specify_shape(x, (3,))
    column = ops.addbroadcast(x, 1)
    assert column.broadcastable == (False, True)
    assert folded(ops.specify_shape(y, (None, 3))) is y


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.dimshuffle("x", 2, 0, "x", 1) ** 2,
        lambda x: x.T * x.T,
        lambda x: x.reshape((4, 6)) ** 2,
        lambda x: x.reshape((-1,)) ** 2,
        lambda x: x.flatten(2) ** 2,
        lambda x: ops.specify_shape(x, (2, None, 4)) ** 2,
        lambda x: x.dimshuffle(0, "x", 1, 2).squeeze() ** 3,
        lambda x: x * ops.count_of(x).astype("float64"),
    ],
)
def test_gradients(function):
    array = np.random.default_rng(3).normal(size=(2, 3, 4))
    verify_grad(function, [array])
    unknown = variable(None, None, None)
    gradient = grad(function(unknown).sum(), unknown)
    assert gradient.broadcastable == unknown.broadcastable
    known = variable(2, 3, 4)
    exact = evaluate(grad(function(known).sum(), known), {known: array})
    np.testing.assert_allclose(evaluate(gradient, {unknown: array}), exact)


def test_gradient_of_axes_that_are_one():
    x = variable(1, None, 1)
    cost = (x.dimshuffle(1) ** 2).sum()
    gradient = grad(cost, x)
    assert gradient.broadcastable == (True, False, True)
    np.testing.assert_array_equal(evaluate(gradient, {x: counting(1, 3, 1)}), 2 * counting(1, 3, 1))


def test_axes_are_normalised():
    for ndim in range(1, 4):
        for axes in itertools.permutations(range(-ndim, ndim), 1):
            assert ops.normalised_axes(axes, ndim) == (axes[0] % ndim,)
    assert ops.normalised_axes(None, 3) == (0, 1, 2)
    assert ops.normalised_axes(np.array([2, 0]), 3) == (0, 2)
    with pytest.raises(ShapeError, match="twice"):
        ops.normalised_axes((0, -3), 3)
    with pytest.raises(ArgumentError, match="must be an integer"):
        ops.normalised_axes((0.5,), 3)


def test_moving_axes():
    x = variable(2, 3, 5, 7)
    array = counting(2, 3, 5, 7)
    for result, expected in [
        (sc.moveaxis(x, 0, -1), np.moveaxis(array, 0, -1)),
        (sc.moveaxis(x, (0, 1), (-1, 0)), np.moveaxis(array, (0, 1), (-1, 0))),
        (sc.rollaxis(x, 3), np.rollaxis(array, 3)),
        (sc.rollaxis(x, 1, 4), np.rollaxis(array, 1, 4)),
        (sc.rollaxis(x, -1, 1), np.rollaxis(array, -1, 1)),
        (x.ravel(), array.ravel()),
        (sc.atleast_nd(x[0, 0], 3), array[0, 0][None]),
        (sc.atleast_2d(x[0, 0, 0]), np.atleast_2d(array[0, 0, 0])),
        (sc.atleast_1d(x[0, 0, 0, 0]), np.atleast_1d(array[0, 0, 0, 0])),
    ]:
        np.testing.assert_array_equal(evaluate(result, {x: array}), expected)
    for build, text in [
        (lambda: sc.moveaxis(x, (0, 0), (1, 2)), "each once"),
        (lambda: sc.moveaxis(x, 4, 0), "axis 4 does not exist"),
        (lambda: sc.rollaxis(x, 0, 5), "start 5"),
    ]:
        with pytest.raises(ShapeError, match=text) as caught:
            build()
        assert "test_shape.py" in str(caught.value)


def test_size():
    assert evaluate(variable(2, 3).size, {}) == 6
    x = variable(2, None)
    assert x.size.dtype == "int64"
    assert sc.function([x], x.size, mode="checked")(np.ones((2, 5))) == 10
    assert evaluate(variable().size, {}) == 1


def test_forgetting_and_stating_that_sizes_are_one():
    row = sc.row("row")
    free = sc.unbroadcast(row, 0)
    assert free.broadcastable == (False, False)
    assert sc.unbroadcast(row, 1) is row
    np.testing.assert_array_equal(sc.function([row], free * 2, mode="checked")([[1.0, 2.0]]), [[2.0, 4.0]])
    verify_grad(lambda x: sc.unbroadcast(x, 0) ** 2, [np.ones((1, 3))])
    both = sc.patternbroadcast(sc.tensor("float64", (1, None)), (False, True))
    assert both.broadcastable == (False, True)
    with pytest.raises(RankError, match="3 axes for a tensor of 2"):
        sc.patternbroadcast(row, (True, True, True))
    f = sc.function([m := sc.matrix("m")], sc.patternbroadcast(m, (True, False)))
    with pytest.raises(ShapeError):
        f(np.ones((2, 2)))


def test_shapes_stated_as_vectors():
    x = variable(None, None)
    for vector, known in [
        (ops.shape(variable(2, None)), (2, None)), (sc.constant([3, 4]), (3, 4)), (sc.lvector("s"), (None, None)),
        (ops.MakeVector(2)(5, sc.lscalar("n")), (5, None)),
    ]:  # fmt: skip
        assert x.reshape(vector, ndim=2).type.shape == known
        assert sc.zeros(vector, ndim=2).type.shape == known
    with pytest.raises(RankError, match=r"(?s)3 sizes does not go with ndim=2.*test_shape\.py"):
        x.reshape((1, 2, 3), ndim=2)
