"""Activations against their formulas, at extremes, and their gradients."""

import numpy as np
import pytest
from reference import evaluate
from scipy import special

from symconv.errors import OptionError
from symconv.gradient import grad, verify_grad
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType
from symconv.ops import nn

FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805
    * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x * special.expit(x),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "gelu_exact": lambda x: x * special.ndtr(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(x, 0),
}
VARIANTS = {"gelu_exact": lambda x: nn.gelu(x, approximate="none")}
POINTS = np.array([-800.0, -3.7, -1.0, -0.3, 0.0, 0.2, 1.0, 4.1, 800.0])


def variable(*shape, dtype="float64"):
    return Variable(TensorType(dtype, shape))


def activation(name):
    return VARIANTS.get(name) or getattr(nn, name)


@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name):
    x = variable(None)
    result = activation(name)(x)
    np.testing.assert_allclose(evaluate(result, {x: POINTS}), FORMULAS[name](POINTS), rtol=1e-12, atol=1e-300)
    assert activation(name)(variable(3, dtype="float32")).dtype == "float32"


@pytest.mark.parametrize("name", FORMULAS)
def test_gradient(name):
    verify_grad(activation(name), [POINTS[[1, 2, 3, 5, 6, 7]] + 0.05])
    x = variable(None)
    extremes = evaluate(grad(activation(name)(x).sum(), x), {x: POINTS})
    assert np.isfinite(extremes).all()


def test_relu_at_zero():
    x = variable(None)
    np.testing.assert_array_equal(evaluate(grad(nn.relu(x).sum(), x), {x: [-1, 0, 1]}), [0, 0, 1])
    np.testing.assert_array_equal(evaluate(grad(nn.relu(x, 0.5).sum(), x), {x: [-1, 0, 1]}), [0.5, 0.5, 1])
    slope = variable()
    np.testing.assert_array_equal(evaluate(nn.relu(x, slope), {x: [-1, 2], slope: 3}), [-3, 2])
    assert nn.relu(variable(3, dtype="int8")).dtype == "int8"
    assert np.isnan(evaluate(nn.relu(x), {x: [np.nan]}))[0]


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("shift", [0.0, 1000.0, -1000.0])
def test_softmax(axis, shift):
    x = variable(None, None, None)
    array = np.random.default_rng(0).normal(size=(2, 3, 4)) * 3 + shift
    soft, log, total = evaluate(
        [nn.softmax(x, axis), nn.logsoftmax(x, axis), nn.logsumexp(x, axis)], {x: array}
    )
    np.testing.assert_allclose(soft, special.softmax(array, axis), rtol=1e-12)
    np.testing.assert_allclose(log, special.log_softmax(array, axis), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(total, special.logsumexp(array, axis), rtol=1e-12)


@pytest.mark.parametrize("function", [nn.softmax, nn.logsoftmax, lambda x: nn.logsumexp(x, 1)])
def test_softmax_gradients(function):
    array = np.random.default_rng(1).normal(size=(3, 4))
    verify_grad(function, [array])
    verify_grad(lambda x: grad((function(x) ** 2).sum(), x), [array])


def test_logsumexp_of_infinities():
    x = variable(2)
    for point in ([-np.inf, -np.inf], [np.inf, 0.0], [-np.inf, 1.0]):
        with np.errstate(all="ignore"):
            expected = np.logaddexp(*point)
        np.testing.assert_array_equal(evaluate(nn.logsumexp(x), {x: point}), expected)


def test_ultra_fast_sigmoid():
    x = variable(None)
    points = np.array([-7.0, -3.0, -1.0, 0.0, 1.0, 3.0, 4.0, 7.0])
    found = evaluate(nn.ultra_fast_sigmoid(x), {x: points})
    exact = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(found[1:6], exact, rtol=1e-15)
    np.testing.assert_allclose(found[[0, 7]], [1 - 0.997527376843365, 0.997527376843365], rtol=1e-12)
    np.testing.assert_allclose(found[6], 0.5 + 0.5 * (0.935409070603099 + 0.0458812946797165 * 0.3))
    many = np.linspace(-9, 9, 999)
    assert np.abs(evaluate(nn.ultra_fast_sigmoid(x), {x: many}) - special.expit(many)).max() < 0.028
    verify_grad(nn.ultra_fast_sigmoid, [points + 0.1])


def test_prelu_learns_its_slope():
    slope = np.array([[0.1], [0.5]])
    verify_grad(lambda x, s: nn.prelu(x, s.sum(axis=1, keepdims=True)), [np.array([[1.0, -2], [3, -4]]), slope])
    assert nn.prelu(variable(3, dtype="int8"), variable()).dtype == "float64"


def test_gelu_knows_two_forms():
    with pytest.raises(OptionError, match=r"(?s)no approximation 'erf'.*hint: choose 'tanh' or 'none'"):
        nn.gelu(variable(3), approximate="erf")


def test_isclose():
    x, y = variable(None), variable(None)
    values = {x: [1, 1, np.inf, np.nan, 0, 1e-9, np.inf], y: [1 + 1e-6, 1.1, np.inf, np.nan, -0.0, 0, 1]}
    for equal_nan in (False, True):
        expected = np.isclose(values[x], values[y], equal_nan=equal_nan)
        np.testing.assert_array_equal(evaluate(nn.isclose(x, y, equal_nan=equal_nan), values), expected)


def test_integers_become_floats():
    n = variable(3, dtype="int8")
    assert nn.softmax(n).dtype == nn.elu(n).dtype == nn.gelu(n).dtype == "float32"
