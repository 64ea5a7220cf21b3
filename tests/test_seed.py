"""The tour: the chapter's layer from expression to kernel. Read this first; it runs first."""

import numpy as np
import pytest
from scipy.signal import convolve

import symconv as sc


@pytest.fixture
def image():
    return np.random.default_rng(1).uniform(size=(1, 3, 120, 160))


def layer():
    """tanh(W * x + b) with the chapter's filters and biases."""
    rng = np.random.RandomState(23455)
    bound = np.sqrt(3 * 9 * 9)
    input = sc.tensor4("input")
    W = sc.shared(rng.uniform(low=-1.0 / bound, high=1.0 / bound, size=(2, 3, 9, 9)), name="W")
    b = sc.shared(rng.uniform(low=-0.5, high=0.5, size=2), name="b")
    y = sc.tanh(sc.conv2d(input, W) + b.dimshuffle("x", 0, "x", "x"))
    return input, W, b, y


def expected(image, W, b):
    """The same, one feature map and one colour at a time, by SciPy."""
    maps = [
        sum(convolve(image[0, colour], filters[colour], mode="valid", method="direct") for colour in range(3))
        for filters in W
    ]
    return np.tanh(np.array(maps) + b[:, None, None])[None]


def test_an_expression_is_a_graph_and_computes_nothing():
    input, _, _, y = layer()
    assert str(y.type) == "float64[?,2,?,?]"
    assert y.owner.op.label.lower() == "tanh"
    assert y.origin.file == __file__
    assert sc.pp(y).startswith("tanh(")
    assert {str(v) for v in sc.FunctionGraph((input,), (y,)).leaves} == {"input", "W", "b"}
    with pytest.raises(TypeError, match="has no number before it is computed"):
        float(y)


def test_the_compiled_function_computes_it(image):
    input, W, b, y = layer()
    f = sc.function([input], y)
    result = f(image)
    assert result.shape == (1, 2, 112, 152)
    np.testing.assert_allclose(result, expected(image, W.get_value(), b.get_value()), rtol=0, atol=1e-12)


def test_interpreted_and_compiled_agree(image):
    input, _, _, y = layer()
    meant = sc.function([input], y, mode="interpreted")(image)
    np.testing.assert_allclose(sc.function([input], y)(image), meant, rtol=0, atol=1e-12)


def test_compilation_makes_one_kernel(image):
    input, _, _, y = layer()
    f = sc.function([input], y)
    labels = [node.op.label for node in f.stages["built"].nodes]
    assert len(labels) == 4, labels  # convolution, dimshuffle, sum, tanh
    fused = [node for node in f.stages["fused"].nodes if node.op.role != "view"]
    assert len(fused) == 1  # the dimshuffle is a view: it costs nothing
    f(image)
    assert len(f.stages["program"].kernels) == 1
    assert list(f.stages)[:5] == ["built", "canonical", "stable", "specialised", "fused"]


def test_the_source_can_be_read(image):
    input, _, _, y = layer()
    f = sc.function([input], y, name="layer")
    f(image)
    for word in ("input", "W", "b", "tanh", "test_seed.py:"):
        assert word in f.source
    compile(f.source, "layer.py", "exec")


def test_shared_values_may_change_between_calls(image):
    input, _, b, y = layer()
    f = sc.function([input], y)
    before = f(image)
    b.set_value(b.get_value() + 1)
    np.testing.assert_allclose(np.arctanh(f(image)), np.arctanh(before) + 1, atol=1e-9)


def test_gradients_reach_the_filters(image):
    input, W, _, y = layer()
    cost = y.sum()
    gradient = sc.function([input], sc.grad(cost, W))(image)
    value, step = W.get_value(), np.random.default_rng(2).normal(size=(2, 3, 9, 9))
    f = sc.function([input], cost)
    values = []
    for sign in (1, -1):
        W.set_value(value + sign * 1e-6 * step)
        values.append(float(f(image)))
    assert np.vdot(gradient, step) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_wrong_filters_are_refused_where_they_are_written():
    image = sc.tensor4("image")
    W = sc.shared(np.zeros((2, 4, 9, 9)), name="W")
    with pytest.raises(sc.ShapeError, match=r"test_seed\.py"):
        sc.conv2d(image, W, input_shape=(None, 3, None, None))
