"""Gradients: accumulation, what is constant or disconnected, origins, errors, and Jacobian products."""

import inspect
import math
import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from reference import evaluate, numeric_gradient

import symconv as sc
import symconv.ops.complex
import symconv.ops.reduce
from symconv.errors import (
    ArgumentError,
    DisconnectedInputError,
    DTypeError,
    GradientError,
    OptionError,
    RankError,
    ShapeError,
)
from symconv.gradient import Lop, Rop, disconnected_grad, grad, verify_grad
from symconv.graph.nodes import Variable, constant
from symconv.graph.op import Op
from symconv.graph.traverse import ancestors, toposort
from symconv.graph.types import TensorType
from symconv.ops import elemwise_rows as rows
from symconv.ops.create import dmatrix, dscalar, dvector, fvector, lvector, shared
from symconv.ops.dot import dot
from symconv.ops.shape import size_of


def test_accumulates_over_uses():
    x = dvector("x")
    y = rows.tanh(x)
    cost = (y * y + y * x + x).sum()
    point = np.array([0.3, -1.2])
    t = np.tanh(point)
    expected = (2 * t + point) * (1 - t**2) + t + 1
    np.testing.assert_allclose(evaluate(grad(cost, x), {x: point}), expected)


def test_form_of_wrt():
    x, y = dvector("x"), dvector("y")
    cost = (x * y).sum()
    assert isinstance(grad(cost, x), Variable)
    assert isinstance(grad(cost, [x, y]), list)
    assert isinstance(grad(cost, (x, y)), tuple)
    assert grad(cost, []) == []


def test_intermediate_and_shared_variables():
    x, W = dvector("x"), shared(np.array([2.0, 3.0]), "W")
    h = x * W
    cost = (h**2).sum()
    by_h, by_W, by_cost = grad(cost, [h, W, cost])
    values = {x: [1.0, 4.0]}
    np.testing.assert_allclose(evaluate(by_h, values), [4, 24])
    np.testing.assert_allclose(evaluate(by_W, values), [4, 96])
    assert evaluate(by_cost, values) == 1


def test_a_layer_by_differences():
    x, W, b = dmatrix("x"), dmatrix("W"), dvector("b")
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape) for shape in ((4, 3), (3, 2), (2,))]
    cost = (rows.tanh(dot(x, W) + b) ** 2).sum()
    found = evaluate(grad(cost, [x, W, b]), dict(zip((x, W, b), values, strict=True)))
    expected = numeric_gradient(lambda a, c, d: (np.tanh(a @ c + d) ** 2).sum(), values)
    for result, exact in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, exact, rtol=1e-6, atol=1e-8)


UNARY = [
    rows.tanh, rows.exp, rows.sin, rows.sigmoid, lambda x: x * x, lambda x: x.T.T, lambda x: x.sum(0) + x,
]  # fmt: skip
BINARY = [rows.add, rows.mul, rows.sub, rows.maximum, lambda x, y: x / (2 + y * y)]


STEP = st.tuples(st.integers(0, 11), st.integers(0, 99), st.integers(0, 99))


@given(st.lists(STEP, min_size=1, max_size=8))
def test_random_graphs(steps):
    def build(x, y):
        pool = [x, y]
        for kind, first, second in steps:
            if kind < len(UNARY):
                pool.append(rows.tanh(UNARY[kind](pool[first % len(pool)])))
            else:
                pool.append(BINARY[kind - len(UNARY)](pool[first % len(pool)], pool[second % len(pool)]))
        return pool[-1] * pool[-2] if len(pool) > 2 else pool[-1]

    rng = np.random.default_rng(len(steps))
    verify_grad(build, [rng.normal(size=(3, 4)), rng.normal(size=(1, 4))], tolerance=1e-6)


# Constants and disconnection


def test_consider_constant():
    x = dvector("x")
    h = x * x
    cost = (h * x).sum()
    np.testing.assert_array_equal(evaluate(grad(cost, x, consider_constant=[h]), {x: [2.0]}), [4])
    again = (disconnected_grad(h) * x).sum()
    np.testing.assert_array_equal(evaluate(grad(again, x), {x: [2.0]}), [4])
    with pytest.raises(DisconnectedInputError):
        grad(disconnected_grad(x).sum(), x)
    with pytest.raises(DisconnectedInputError):
        grad(h.sum(), x, consider_constant=[h])
    with pytest.raises(DisconnectedInputError):
        grad(x.sum(), x, consider_constant=[x])


def test_disconnected():
    x, y = dvector("x"), fvector("y")
    cost = x.sum()
    text = r"(?s)does not depend on y.*y: float32\[\?\].*test_gradient"
    with pytest.raises(DisconnectedInputError, match=text):
        grad(cost, [x, y])
    with pytest.warns(UserWarning, match="does not depend on y"):
        grad(cost, y, disconnected_inputs="warn")
    zeros = grad(cost, y, disconnected_inputs="ignore")
    assert zeros.type == y.type
    np.testing.assert_array_equal(evaluate(zeros, {y: [1, 2]}), [0, 0])
    assert grad(cost, y, disconnected_inputs="ignore", return_disconnected="none") is None
    with pytest.raises(OptionError, match="'raise', 'warn', 'ignore'"):
        grad(cost, y, disconnected_inputs="never")
    with pytest.raises(OptionError, match="'zero', 'none'"):
        grad(cost, y, return_disconnected="None")


def test_shapes_do_not_connect():
    x = dvector("x")
    cost = size_of(x, 0).astype("float64")
    with pytest.raises(DisconnectedInputError):
        grad(cost, x)
    with pytest.raises(DisconnectedInputError):
        grad(rows.zeros_like(x).sum() * cost, x)


@pytest.mark.parametrize(
    "step", [lambda x: x > 0, rows.floor, lambda x: x.astype("int32"), rows.sign, lambda x: x.argmax()]
)
def test_steps_connect_with_derivative_zero(step):
    x = dvector("x")
    gradient = grad(step(x).astype("float64").sum(), x)
    np.testing.assert_array_equal(evaluate(gradient, {x: [0.5, -2.0]}), [0, 0])


def test_integers():
    x, n = dvector("x"), lvector("n")
    with pytest.raises(DisconnectedInputError, match=r"(?s)by n, which is int64.*hint"):
        grad((x * n).sum(), n)
    zeros = grad((x * n).sum(), n, disconnected_inputs="ignore")
    assert zeros.dtype == "float64"


# Known gradients


def test_known_gradients():
    x = dvector("x")
    h = x**2
    g = dvector("g")
    found = evaluate(grad(None, x, known_grads={h: g}), {x: [1.0, 2.0], g: [10.0, 100.0]})
    np.testing.assert_array_equal(found, [20, 400])
    cost = (3 * x).sum()
    found = evaluate(grad(cost, x, known_grads={h: np.array([1.0, 1.0])}), {x: [1.0, 2.0]})
    np.testing.assert_array_equal(found, [5, 7])
    doubled = evaluate(grad(h.sum(), x, known_grads={h: g}), {x: [1.0, 2.0], g: [10.0, 100.0]})
    np.testing.assert_array_equal(doubled, [22, 404])


def test_known_gradients_refused():
    x, n = dvector("x"), lvector("n")
    with pytest.raises(ArgumentError, match="cost or known_grads"):
        grad(None, x)
    with pytest.raises(DTypeError, match="floating point"):
        grad(None, x, known_grads={n: np.array([1.0])})
    with pytest.raises(DTypeError, match="floating point"):
        grad(None, x, known_grads={x: np.array([1])})
    with pytest.raises(ShapeError, match="another shape"):
        grad(None, x, known_grads={x: np.ones((1, 2))})


# Errors


def test_costs_refused():
    x, n = dvector("x"), lvector("n")
    with pytest.raises(RankError, match=r"(?s)scalar cost, got 1.*cost: float64.*test_gradient.*hint.*sum"):
        grad(x, x)
    with pytest.raises(GradientError, match=r"(?s)cost, got int64.*astype"):
        grad(n.sum(), x)
    with pytest.raises(ArgumentError, match="is no symbolic variable"):
        grad(x.sum(), [x, 3])
    with pytest.raises(ArgumentError, match="got set"):
        grad(x.sum(), {x})


def test_through_complex_numbers():
    # the gradient by z = x + iy is dC/dx + i dC/dy
    z = Variable(TensorType("complex128", (None,)), "z")
    point = np.array([3.0 + 4.0j, -1.0 + 0.5j])
    np.testing.assert_allclose(evaluate(grad(abs(z).sum(), z), {z: point}), point / abs(point))
    np.testing.assert_allclose(evaluate(grad((z * z).real().sum(), z), {z: point}), 2 * point.conj())
    np.testing.assert_allclose(evaluate(grad((z * z).imag().sum(), z), {z: point}), 2j * point.conj())
    np.testing.assert_array_equal(evaluate(grad(abs(z).sum(), z), {z: [0.0]}), [0])
    x = dvector("x")
    mixed = (abs(x * 1j) + abs(z) * x).sum()
    gradient = grad(mixed, x)
    assert gradient.dtype == "float64"
    np.testing.assert_allclose(evaluate(gradient, {z: point, x: [2.0, -3.0]}), [1 + 5, -1 + abs(point[1])])


@pytest.mark.parametrize("function", [
    lambda z: abs(z) ** 2, lambda z: (z * z).real(), lambda z: rows.exp(z).imag(),
    lambda z: abs(rows.sin(z) / (z + 2)), sc.angle,
    lambda z: rows.sqrt(z).real() + rows.log(z).imag(), lambda z: abs(rows.sign(z) - 1j), lambda z: rows.conj(z).imag(),
])  # fmt: skip
def test_complex_functions_of_real_parts(function):
    x, y = np.array([0.7, -1.2, 0.3]), np.array([0.4, 0.9, -1.5])
    verify_grad(lambda a, b: function(symconv.ops.complex.complex(a, b)), [x, y])
    verify_grad(lambda a, b: grad(function(symconv.ops.complex.complex(a, b)).sum(), a), [x, y])


def test_a_complex_cost_is_refused():
    z = Variable(TensorType("complex64", (None,)), "z")
    with pytest.raises(GradientError, match=r"(?s)complex64.*hint: take abs"):
        grad(z.sum(), z)


# Products, matrices, pieces


def test_rop_is_the_transpose_of_lop():
    x, w, u, v = dvector("x"), Variable(TensorType("float64", (None, None)), "w"), dvector("u"), dvector("v")
    y = rows.tanh(dot(w, x)) * x.sum()
    rng = np.random.default_rng(0)
    values = {x: rng.normal(size=3), w: rng.normal(size=(4, 3)), u: rng.normal(size=4), v: rng.normal(size=3)}
    left, right = evaluate([(Lop(y, x, u) * v).sum(), (Rop(y, x, v) * u).sum()], values)
    np.testing.assert_allclose(left, right, rtol=1e-12)


def test_jacobian_and_hessian():
    x = dvector("x")
    point = np.array([1.0, 2.0, -3.0])
    y = x * x * x.sum()
    found = sc.jacobian(y, x).eval({x: point})
    np.testing.assert_allclose(found, np.diag(2 * point * point.sum()) + (point**2)[:, None] * np.ones(3))
    cost = (x**3).sum() * x[0]
    second = sc.hessian(cost, x).eval({x: point})
    expected = np.diag(6 * point * point[0])
    expected[0] += 3 * point**2
    expected[:, 0] += 3 * point**2
    np.testing.assert_allclose(second, expected)
    one, several = sc.hessian(cost, x), sc.hessian(cost, [x])
    assert isinstance(several, list)
    assert one.type == several[0].type
    with pytest.raises(GradientError, match=r"(?s)int64.*astype"):
        sc.jacobian(lvector("n"), x)
    m = Variable(TensorType("float64", (2, 3)), "m")
    assert sc.jacobian(m * x, m).type.shape[2:] == (2, 3)
    np.testing.assert_array_equal(
        sc.jacobian(m * 2, m).eval({m: np.zeros((2, 3))}), 2 * np.eye(6).reshape(2, 3, 2, 3)
    )


def test_a_gradient_in_pieces():
    x, w, v = dvector("x"), dvector("w"), dvector("v")
    hidden = rows.tanh(w * x)
    out = v * hidden
    cost = (out**2).sum()
    second, border = sc.subgraph_grad([v], [hidden], cost=cost)
    first, _ = sc.subgraph_grad([w], [x], start={hidden: border[0]})
    values = {x: [0.5, 1.0], w: [1.0, -2.0], v: [2.0, 3.0]}
    whole = evaluate(grad(cost, [w, v]), values)
    np.testing.assert_allclose(evaluate([first[0], second[0]], values), whole)
    # of what lies before the border nothing is differentiated
    (nothing,), _ = sc.subgraph_grad([w], [hidden], cost=cost)
    np.testing.assert_array_equal(evaluate(nothing, values), [0, 0])


def test_numeric_grad():
    x, y = np.array([[1.0, 2.0]]), np.array(3.0)
    found = sc.numeric_grad(lambda a, b: (a**2 * b).sum(), [x, y])
    np.testing.assert_allclose(found[0], 2 * x * y, rtol=1e-9)
    np.testing.assert_allclose(found[1], 5.0, rtol=1e-9)
    with pytest.raises(DTypeError, match="floating-point arrays, got int"):
        sc.numeric_grad(lambda a: a.sum(), [np.arange(3)])


class Wrong(Op):
    """An op whose gradient breaks the rules."""

    terms = staticmethod(lambda x, g: [])

    def out_types(self, x):
        return x

    def perform(self, x):
        return x.copy()

    def grad(self, inputs, outputs, gradients):
        return self.terms(inputs[0], gradients[0])


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        (lambda x, g: [], "has 1 inputs, and its grad gave 0"),
        (lambda x, g: [g.sum()], "does not fit its input"),
        (lambda x, g: [g.astype("int32")], "does not fit its input"),
    ],
)
def test_broken_ops(terms, text):
    x = dvector("x")
    op = type("Broken", (Wrong,), {"terms": staticmethod(terms)})()
    line = inspect.currentframe().f_lineno + 1
    cost = op(x).sum()
    with pytest.raises(GradientError, match=rf"(?s){text}.*test_gradient\.py:{line}"):
        grad(cost, x)


def test_ops_without_gradient():
    class Opaque(Op):
        def out_types(self, x):
            return x

    x = dvector("x")
    line = inspect.currentframe().f_lineno + 1
    cost = Opaque()(x).sum()
    with pytest.raises(GradientError, match=rf"(?s)Opaque has no gradient.*py:{line}.*disconnected_grad"):
        grad(cost, x)
    y = dvector("y")
    assert grad(cost + y.sum(), y).dtype == "float64"  # not on the way: not asked


# Properties of the result


def test_origins():
    x = dvector("x")
    line = inspect.currentframe().f_lineno + 1
    y = rows.tanh(x)
    cost = (y * 2.0).sum()
    gradient = grad(cost, x)
    lines = {node.origin.line for node in toposort([gradient])}
    assert lines == {line, line + 1}
    assert gradient.owner.origin.line == line


@pytest.mark.parametrize("shape", [(), (None,), (1, None), (None, 1), (3, None), (1, 1)])
def test_type_of_gradients(shape):
    for dtype in ("float32", "float64", "float16"):
        x = Variable(TensorType(dtype, shape))
        y = dmatrix("y")
        gradient = grad((x * y + rows.exp(x)).sum(), x)
        assert gradient.dtype == dtype
        assert gradient.broadcastable == x.broadcastable


def test_cost_is_linear_in_the_graph():
    def count(depth):
        x = dvector("x")
        y = x
        for _ in range(depth):
            y = y * y + y
        return len(list(ancestors([grad(y.sum(), x)])))

    first, second, third = count(20), count(40), count(60)
    assert second - first == third - second


def test_deep_graphs():
    x = dscalar("x")
    y = x
    for _ in range(20_000):
        y = rows.sin(y)
    assert math.isfinite(evaluate(grad(y, x), {x: 0.5}))


def test_hessian_is_symmetric():
    x = dvector("x")
    point = np.random.default_rng(0).normal(size=4)
    cost = rows.exp(rows.sin(x).sum()) + (x**3).prod()
    first = grad(cost, x)
    hessian = np.array(
        [evaluate(grad((first * row).sum(), x), {x: point}) for row in np.eye(4)]
    )
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-10)
    verify_grad(lambda v: grad(rows.exp(rows.sin(v).sum()) + (v**3).prod(), v), [point])


# Jacobian products


def test_product_test():
    rng = np.random.default_rng(3)
    x, W, u, v, V = dvector("x"), dmatrix("W"), dvector("u"), dvector("v"), dmatrix("V")
    y = rows.tanh(dot(W, x)) * x.sum()
    values = {
        x: rng.normal(size=3), W: rng.normal(size=(4, 3)), u: rng.normal(size=4), v: rng.normal(size=3),
        V: rng.normal(size=(4, 3)),
    }  # fmt: skip
    forward = evaluate(Rop(y, [x, W], [v, V]), values)
    by_x, by_W = evaluate(Lop(y, [x, W], u), values)
    product = (by_x * values[v]).sum() + (by_W * values[V]).sum()
    np.testing.assert_allclose(forward @ values[u], product, rtol=1e-12)
    step = 1e-6
    moved = [
        evaluate(y, {x: values[x] + s * values[v], W: values[W] + s * values[V]}) for s in (step, -step)
    ]
    np.testing.assert_allclose(forward, (moved[0] - moved[1]) / (2 * step), rtol=1e-7)


def test_jacobian_products_keep_forms():
    x, y = dvector("x"), dvector("y")
    outputs = (x * y, x + 1)
    assert isinstance(Rop(outputs, x, y), tuple)
    assert isinstance(Rop(list(outputs), x, y), list)
    first, second = evaluate(Rop(outputs, x, constant([1.0, 1.0])), {x: [1, 2], y: [3, 4]})
    np.testing.assert_array_equal(first, [3, 4])
    np.testing.assert_array_equal(second, [1, 1])
    with pytest.raises(ArgumentError, match="2 variables need as many"):
        Lop(list(outputs), x, [y])


# verify_grad itself


def wrong_gradient(factor):
    class Slightly(Op):
        def out_types(self, x):
            return x

        def perform(self, x):
            return np.asarray(x**2)

        def grad(self, inputs, outputs, gradients):
            return [gradients[0] * 2 * inputs[0] * factor]

    return Slightly()


@pytest.mark.parametrize("factor", [1.0001, 0.5, -1, 0])
@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e3])
def test_wrong_gradients_are_found(factor, scale):
    points = np.array([1.0, -2.0, 3.0]) * scale
    with pytest.raises(GradientError, match=r"(?s)along a random direction.*allowed"):
        verify_grad(lambda x: wrong_gradient(factor)(x), [points], step=1e-3 * scale)
    verify_grad(lambda x: wrong_gradient(1)(x), [points], step=1e-3 * scale)


def test_verify_takes_single_precision():
    verify_grad(rows.tanh, [np.array([0.1, 0.7], "float32")])
    with pytest.raises(GradientError):
        verify_grad(wrong_gradient(1.1), [np.array([0.1, 0.7], "float32")])
    with pytest.raises(DTypeError, match="floating-point"):
        verify_grad(rows.tanh, [np.array([1, 2])])


def test_verify_says_nothing_about_right_gradients():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verify_grad(lambda x, y: rows.mul(x, y).sum(axis=0), [np.ones((2, 3)), np.ones((1, 3))])


assert symconv.ops.reduce  # methods of variables
