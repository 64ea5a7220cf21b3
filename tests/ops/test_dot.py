"""Matrix products of every pair of ranks against NumPy, and their gradients."""

import itertools

import numpy as np
import pytest
from reference import evaluate

import symconv as sc
from symconv.compile.function import function
from symconv.errors import RankError, ShapeError
from symconv.gradient import grad, verify_grad
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType
from symconv.ops import dot as ops

INNER = 5
LEFT = [(), (INNER,), (3, INNER), (2, 3, INNER), (2, 1, 3, INNER)]
RIGHT = [(), (INNER,), (INNER, 7), (2, INNER, 7), (4, INNER, 7), (2, 4, INNER, 7)]


def variable(*shape, dtype="float64", name=None):
    return Variable(TensorType(dtype, shape), name)


def random(shape, dtype="float64"):
    return np.random.default_rng(len(shape) + sum(shape)).normal(size=shape).astype(dtype)


@pytest.mark.parametrize(("left", "right"), [*itertools.product(LEFT, RIGHT)])
@pytest.mark.parametrize("known", [True, False])
def test_dot(left, right, known):
    x, y = (variable(*(size if known else None for size in shape)) for shape in (left, right))
    arrays = {x: random(left), y: random(right)}
    expected = np.dot(arrays[x], arrays[y])
    result = ops.dot(x, y)
    np.testing.assert_allclose(evaluate(result, arrays), expected, rtol=1e-12)
    if known:
        assert result.type.shape == expected.shape


def fits(left, right):
    if not left or not right:
        return False
    try:
        return np.matmul(np.zeros(left), np.zeros(right)) is not None
    except ValueError:
        return False


@pytest.mark.parametrize(("left", "right"), [pair for pair in itertools.product(LEFT, RIGHT) if fits(*pair)])
def test_matmul(left, right):
    x, y = variable(*left), variable(*right)
    arrays = {x: random(left), y: random(right)}
    result = x @ y
    np.testing.assert_allclose(evaluate(result, arrays), arrays[x] @ arrays[y], rtol=1e-12)
    assert evaluate(arrays[x] @ y, {y: arrays[y]}).shape == result.type.shape
    verify_grad(lambda a, b: (a @ b) ** 2, [arrays[x], arrays[y]])


@pytest.mark.parametrize(("left", "right"), [*itertools.product(LEFT[1:4], RIGHT[1:4])])
def test_gradients(left, right):
    verify_grad(lambda x, y: ops.dot(x, y) ** 2, [random(left), random(right)])
    x, y = variable(*(None for _ in left)), variable(*(None for _ in right))
    for variable_, gradient in zip((x, y), grad((ops.dot(x, y) ** 2).sum(), [x, y]), strict=True):
        assert gradient.broadcastable == variable_.broadcastable
    verify_grad(lambda x, y: grad((ops.dot(x, y) ** 3).sum(), x), [random(left), random(right)])


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("float32", "float32", "float32"), ("float32", "int64", "float64"), ("int8", "int8", "int8"),
        ("bool", "bool", "bool"), ("float32", "complex64", "complex64"), ("float16", "float16", "float16"),
    ],
)  # fmt: skip
def test_dtypes(first, second, result):
    x, y = variable(2, 3, dtype=first), variable(3, 2, dtype=second)
    z = ops.dot(x, y)
    assert z.dtype == result
    arrays = {x: np.eye(2, 3, dtype=first), y: np.eye(3, 2, dtype=second)}
    np.testing.assert_array_equal(evaluate(z, arrays), np.eye(2))


def test_gradient_of_a_row_keeps_its_pattern():
    x, y = variable(1, None), variable(None, 1)
    for variable_, gradient in zip((x, y), grad(ops.dot(x, y).sum(), [x, y]), strict=True):
        assert gradient.type.shape == variable_.type.shape


def test_integers_have_no_gradient():
    x, n = variable(2, 3, dtype="float32"), variable(3, 2, dtype="int8")
    gradient = grad(ops.dot(x, n).sum(), x)
    assert gradient.dtype == "float32"
    found = evaluate(gradient, {x: np.ones((2, 3)), n: np.ones((3, 2))})
    np.testing.assert_array_equal(found, np.full((2, 3), 2))


def test_empty():
    x, y = variable(2, 0), variable(0, 3)
    found = evaluate(x @ y, {x: np.zeros((2, 0)), y: np.zeros((0, 3))})
    np.testing.assert_array_equal(found, np.zeros((2, 3)))


def test_refusals():
    text = r"(?s)got 3 and 4.*x: float64\[2,3\]  \(x\).*y: float64\[4,5\].*test_dot"
    with pytest.raises(ShapeError, match=text):
        ops.dot(variable(2, 3, name="x"), variable(4, 5))
    with pytest.raises(ShapeError, match="got 3 and 4"):
        variable(7, 2, 3) @ variable(7, 4, 5)
    with pytest.raises(RankError, match=r"(?s)not scalars.*use \*"):
        variable(2, 3) @ 2
    x, y = variable(None, None), variable(None, None)
    with pytest.raises(ShapeError, match="got 3 and 4"):
        evaluate(x @ y, {x: np.ones((2, 3)), y: np.ones((4, 2))})


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_a_long_inner_axis_is_summed_over_in_parts(dtype):
    x, y = sc.tensor(dtype, (None, None), "x"), sc.tensor(dtype, (None, None), "y")
    values = np.random.default_rng(0).integers(-3, 4, size=(3, 8200, 5)).astype(dtype)
    a, b = np.ascontiguousarray(values[0, :, :3]), values[1]
    f = sc.function([x, y], [sc.dot(x.T, y), sc.dot(x.T, y) * 2 + 1], mode="checked")
    for first, second in ((a, b), (np.asfortranarray(a), b[::-1])):
        plain, more = f(first, second)
        np.testing.assert_array_equal(plain, first.T @ second)  # small integers: exact in any order
        np.testing.assert_array_equal(more, first.T @ second * 2 + 1)
    assert "parts" in f.source
    sc.verify_grad(lambda x, y: sc.dot(x.T, y), [a.astype("float64"), b.astype("float64")])


def test_unknown_stacks_do_not_stretch():
    x, y = variable(None, 2, 3, name="x"), variable(None, 3, 2)
    product = function([x, y], x @ y)
    for mode in ("compiled", "interpreted"):
        product.mode = mode
        with pytest.raises(ShapeError, match=r"(?s)dimension 0 of .* is 1 and would have to stretch to 4.*test_dot"):
            product(np.ones((1, 2, 3)), np.ones((4, 3, 2)))


@pytest.mark.parametrize("shapes", [((3, 2), (3, 5)), ((2, 3), (5, 3)), ((3, 2), (5, 3))])
def test_transposed_operands_are_not_copied(shapes):
    x, y = variable(None, None, name="x"), variable(None, None, name="y")
    left = x.T if shapes[0][0] == 3 else x
    right = y.T if shapes[1][1] == 3 else y
    f = function([x, y], left @ right)
    arrays = [random(shape) for shape in shapes]
    expected = (arrays[0].T if left is not x else arrays[0]) @ (arrays[1].T if right is not y else arrays[1])
    np.testing.assert_allclose(f(*arrays), expected, rtol=1e-12)
    calls = [line.strip() for line in f.source.splitlines() if "np." in line and "import" not in line]
    assert len([line for line in calls if "np.matmul" in line]) == 1
    assert not [line for line in calls if "copy" in line or "ascontiguous" in line], f.source
    assert f.source.count("transpose") + f.source.count(".T") == (left is not x) + (right is not y)
