"""Reductions over every set of axes against NumPy, their dtypes, empty ones, and gradients."""

import itertools
import pickle
import warnings

import numpy as np
import pytest
from reference import evaluate, numeric_gradient

import symconv as sc
from symconv.errors import DTypeError, RankError, ShapeError
from symconv.gradient import grad, verify_grad
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType
from symconv.ops import reduce as ops

SIZES = (2, 3, 5)
AXES = [None, *(axes for count in range(4) for axes in itertools.combinations(range(3), count))]
KINDS = ["sum", "prod", "max", "min", "all", "any", "mean", "var", "std"]


def variable(*shape, dtype="float64", name=None):
    return Variable(TensorType(dtype, shape), name)


def arrays(dtype, shape=SIZES, seed=0):
    return (np.random.default_rng(seed).normal(size=shape) * 2).astype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
def test_against_numpy(kind, axes, keepdims):
    x = variable(None, 3, None)
    array = arrays("float64")
    array[0, 1] = np.round(array[0, 1])
    result = getattr(ops, kind)(x, axes, keepdims=keepdims)
    expected = getattr(np, kind)(array, axis=axes, keepdims=keepdims)
    np.testing.assert_allclose(evaluate(result, {x: array}), expected, rtol=1e-13)
    assert result.type.ndim == np.ndim(expected)
    assert getattr(x, kind)(axis=axes, keepdims=keepdims).type == result.type


@pytest.mark.parametrize(
    ("dtype", "sums", "means"),
    [
        ("bool", "int64", "float64"), ("int8", "int64", "float64"), ("int32", "int64", "float64"),
        ("uint8", "uint64", "float64"), ("uint64", "uint64", "float64"), ("float16", "float16", "float16"),
        ("float32", "float32", "float32"), ("float64", "float64", "float64"),
        ("complex64", "complex64", "complex64"),
    ],
)  # fmt: skip
def test_dtypes(dtype, sums, means):
    x = variable(2, 3, dtype=dtype)
    array = np.array([[0, 1, 1], [0, 1, 0]]).astype(dtype)
    for kind, expected in [
        ("sum", sums), ("prod", sums), ("mean", means), ("max", dtype), ("min", dtype), ("any", "bool"),
        ("var", means.replace("complex64", "float32")), ("argmax", "int64"),
    ]:  # fmt: skip
        result = getattr(ops, kind)(x, 0)
        assert result.dtype == expected
        found = evaluate(result, {x: array})
        np.testing.assert_allclose(found, getattr(np, kind)(array, axis=0), rtol=1e-3)


def test_half_precision_is_added_up_in_single():
    x = variable(None, dtype="float16")
    array = np.full(5000, 20.0, "float16")
    assert evaluate(ops.mean(x), {x: array}) == 20.0  # the sum, 100000, is more than float16 can hold
    ones = np.ones(4096, "float16")
    assert evaluate(ops.sum(x), {x: ones}) == 4096.0


def test_wanted_dtype():
    x = variable(3, dtype="float32")
    assert ops.sum(x, dtype="float64").dtype == "float64"
    assert ops.mean(variable(3, dtype="int8"), dtype="float32").dtype == "float32"
    exact = evaluate(ops.sum(x, dtype="float64"), {x: [1e8, 1, -1e8]})
    assert exact == 1
    with pytest.raises(DTypeError, match=r"(?s)complex64 cannot be float32.*real\(x\)"):
        ops.sum(variable(3, dtype="complex64"), dtype="float32")


def test_nothing_to_reduce():
    x = variable(None, 0)
    empty = {x: np.zeros((2, 0))}
    assert evaluate([ops.sum(x), ops.prod(x), ops.all(x), ops.any(x)], empty) == [0, 1, True, False]
    assert np.isnan(evaluate(ops.mean(x), empty))
    for kind in ("max", "min", "argmax", "argmin"):
        with pytest.raises(ShapeError, match=r"size 0, does not exist") as caught:
            getattr(ops, kind)(x, 1)
        assert "test_reduce.py" in str(caught.value)
    unknown = variable(None)
    with pytest.raises(ShapeError, match="size 0"):
        evaluate(ops.max(unknown) + 0, {unknown: np.zeros(0)})
    assert evaluate(ops.sum(x, ()), empty).shape == (2, 0)


def test_axes_refused():
    with pytest.raises(RankError, match=r"(?s)axis 2 does not exist among 2 dimensions.*-2 to 1"):
        ops.sum(variable(2, 3), 2)
    with pytest.raises(ShapeError, match="twice"):
        ops.max(variable(2, 3), (0, -2))


@pytest.mark.parametrize("kind", ["argmax", "argmin"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_positions(kind, axis, keepdims):
    x = variable(None, None, None)
    array = np.round(arrays("float64"))  # with ties: the first one counts
    array[1, 2, 3] = np.nan
    result = getattr(x, kind)(axis=axis, keepdims=keepdims)
    expected = getattr(np, kind)(array, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(evaluate(result, {x: array}), expected)


@pytest.mark.parametrize("axes", [(0, 1), (0, 2), (1, 2), (2, 0)])
def test_positions_over_several_axes(axes):
    x = variable(None, None, None)
    array = arrays("float64")
    rest = next(axis for axis in range(3) if axis not in axes)
    flat = np.moveaxis(array, rest, 0).reshape(SIZES[rest], -1)
    found = evaluate(ops.argmax(x, axes), {x: array})
    np.testing.assert_array_equal(found, flat.argmax(1))
    assert ops.argmax(x, axes, keepdims=True).type.ndim == 3


def test_ddof():
    x = variable(None, 3)
    array = arrays("float64", (4, 3))
    for function, expected in [
        (ops.var(x, 0, ddof=1), array.var(0, ddof=1)),
        (ops.std(x, 1, ddof=2, keepdims=True), array.std(1, ddof=2, keepdims=True)),
        (ops.var(x.astype("int32"), ddof=1), array.astype("int32").var(ddof=1)),
    ]:
        np.testing.assert_allclose(evaluate(function, {x: array}), expected)
    z = variable(3, dtype="complex128")
    point = np.array([1 + 1j, 2, -3j])
    np.testing.assert_allclose(evaluate(ops.var(z), {z: point}), point.var())


@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "mean", "var", "std"])
@pytest.mark.parametrize("axes", [None, 0, (0, 2), (), 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_gradients(kind, axes, keepdims):
    if kind in ("var", "std") and axes == ():
        pytest.skip("the variance of one number is 0, where the root has no derivative")
    array = arrays("float64", (2, 3, 4), seed=4)
    verify_grad(lambda x: getattr(ops, kind)(x, axes, keepdims=keepdims) ** 2, [array])
    x = variable(None, 3, None)
    gradient = grad((getattr(ops, kind)(x, axes, keepdims=keepdims) ** 2).sum(), x)
    assert gradient.broadcastable == x.broadcastable
    known = evaluate(gradient, {x: array})
    (expected,) = numeric_gradient(lambda a: (getattr(np, kind)(a, axis=axes) ** 2).sum(), [array])
    np.testing.assert_allclose(known, expected, rtol=1e-5, atol=1e-6)


def test_gradient_of_a_product_with_zeros():
    x = variable(None, None)
    array = np.array([[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0]])
    found = evaluate(grad(ops.prod(x, 1).sum(), x), {x: array})
    np.testing.assert_array_equal(found, [[12, 8, 6], [12, 0, 0], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_second_gradient_of_a_product_with_zeros(axes):
    array = np.array([[2.0, 0.0, 4.0], [0.0, 3.0, 0.0]])
    x = variable(None, None)
    point = array + 0.0
    hessian = sc.hessian(ops.sum(ops.prod(x, axes)), x)
    expected = np.zeros((2, 3, 2, 3))
    for i, j in np.ndindex(2, 3):  # a product is linear in each factor: differences of step 1 are exact
        for k, m in np.ndindex(2, 3):
            for s, t in ((1, 1), (1, 0), (0, 1), (0, 0)):
                moved = point.copy()
                moved[i, j] += s
                moved[k, m] += t
                expected[i, j, k, m] += (-1) ** (s + t) * moved.prod(axes).sum() if (i, j) != (k, m) else 0
    np.testing.assert_array_equal(evaluate(hessian, {x: array}), expected)


def test_gradient_of_extremes_goes_to_every_tie():
    x = variable(None, None)
    array = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    found = evaluate(grad((ops.max(x, 1) * np.array([1.0, 10.0])).sum(), x), {x: array})
    np.testing.assert_array_equal(found, [[0, 1, 1], [10, 10, 10]])
    found = evaluate(grad(ops.min(x), x), {x: array})
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("kind", ["sum", "prod", "mean", "var"])
def test_second_gradients(kind):
    array = arrays("float64", (2, 3), seed=5)
    verify_grad(lambda x: grad((getattr(ops, kind)(x, 1) ** 2).sum(), x), [array])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_gradients_keep_the_dtype(dtype):
    x = variable(3, dtype=dtype)
    for result in (ops.sum(x, dtype="float64"), ops.mean(x), ops.max(x), ops.std(x)):
        assert grad(result.astype("float64"), x).dtype == dtype


def test_no_gradient_through_positions_and_truth():
    x = variable(3)
    for step in (ops.argmax(x), ops.all(x), ops.any(x > 0)):
        found = evaluate(grad(step.astype("float64"), x), {x: [1, 2, 3]})
        np.testing.assert_array_equal(found, [0, 0, 0])


def test_ops_are_data():
    op = ops.sum(variable(2, 3), 1).owner.op
    assert op == ops.Reduce(ops.REDUCTIONS["sum"], (1,))
    assert pickle.loads(pickle.dumps(op)) == op
    assert str(op) == "sum(axes=(1,))"
    x = variable(2)
    assert ops.Reduce(ops.REDUCTIONS["max"], ()).fold(ops.max(x, ()).owner) is x
    n = variable(2, dtype="int8")
    assert ops.sum(n, ()).owner.op.fold(ops.sum(n, ()).owner) is None


def test_max_and_argmax():
    x = variable(None, None)
    array = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    largest, position = ops.max_and_argmax(x, 1, keepdims=True)
    found = evaluate([largest, position, grad(largest.sum(), x)], {x: array})
    np.testing.assert_array_equal(found[0], [[3], [2]])
    np.testing.assert_array_equal(found[1], [[1], [0]])
    np.testing.assert_array_equal(found[2], [[0, 1, 1], [1, 1, 1]])


def test_products_without_zeros():
    verify_grad(lambda x: ops.prod(x, 1, no_zeros=True), [arrays("float64", (2, 3))])
    verify_grad(lambda x: grad(ops.prod(x, no_zeros=True), x), [arrays("float64", (2, 3))])
    x = variable(None, dtype="int8")
    assert ops.prod(x, no_zeros=True).type == ops.prod(x).type


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (1, 1)])
def test_compiled_over_nothing(shape):
    x = sc.matrix("x")
    kinds = ["sum", "prod", "all", "any", "mean", "logsumexp"]
    outputs = [getattr(sc, kind)(x, axis) for kind in kinds for axis in (0, 1, None)]
    array = np.ones(shape)
    results = sc.function([x], outputs, mode="checked")(array)
    pairs = [(kind, axis) for kind in kinds for axis in (0, 1, None)]
    for (kind, axis), result in zip(pairs, results, strict=True):
        if kind == "logsumexp":
            with np.errstate(divide="ignore"):
                meant = np.log(np.exp(array).sum(axis))
        else:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the mean of nothing
                meant = getattr(np, kind)(array, axis=axis)
        np.testing.assert_array_equal(result, meant)


def test_the_extreme_of_nothing_names_the_line():
    x = sc.matrix("x")
    for kind in ("max", "min", "argmax", "argmin"):
        f = sc.function([x], getattr(sc, kind)(x, 0))
        with pytest.raises(ShapeError, match=r"(?s)axis 0, which has size 0.*test_reduce\.py"):
            f(np.zeros((0, 3)))
