"""Softmax and its kin: against SciPy over every set of axes, at extremes, in blocks, of second order."""

import numpy as np
import pytest
from reference import evaluate
from scipy import special

import symconv as sc
from symconv.ops.softmax import SoftmaxGradient, SoftmaxParts

AXES = [0, 1, -1, (0, 1), (0, 2), (1, 2), (0, 1, 2), None]
OPS = {
    "softmax": (sc.softmax, special.softmax),
    "log_softmax": (sc.log_softmax, special.log_softmax),
    "logsumexp": (sc.logsumexp, special.logsumexp),
}


def array(shape=(2, 3, 5), dtype="float64", seed=0):
    return (np.random.default_rng(seed).normal(size=shape) * 4).astype(dtype)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", OPS)
def test_against_scipy(name, axis):
    op, reference = OPS[name]
    x = sc.tensor3("x")
    for shift in (0.0, 1e4, -1e4):
        given = array() + shift
        meant = reference(given, axis)
        np.testing.assert_allclose(evaluate(op(x, axis), {x: given}), meant, rtol=1e-10, atol=1e-10)
        compiled = sc.function([x], op(x, axis) * 2)(given)
        np.testing.assert_allclose(compiled, 2 * meant, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("axis", [0, 2, (0, 2), None])
def test_gradients(name, axis):
    op = OPS[name][0]
    sc.verify_grad(lambda x: op(x, axis) ** 2, [array(seed=1) / 4])
    sc.verify_grad(lambda x: sc.grad((op(x, axis) ** 2).sum(), x), [array(seed=2) / 4])


def test_the_gradient_of_softmax_is_an_op_with_a_gradient():
    p, g = special.softmax(array((3, 4)), 1), array((3, 4), seed=3)
    sc.verify_grad(SoftmaxGradient((1,)), [p, g])
    jacobian = np.diag(p[0]) - np.outer(p[0], p[0])
    np.testing.assert_allclose(SoftmaxGradient((1,)).perform(p, g)[0], jacobian @ g[0], rtol=1e-13)
    with pytest.raises(sc.ShapeError, match="one shape"):
        SoftmaxGradient((1,))(sc.tensor("float64", (2, 3)), sc.tensor("float64", (2, 4)))


def test_the_parts_make_the_logarithm():
    x = array((4, 6)) + 1000
    p, largest, logarithm = SoftmaxParts((1,)).perform(x)
    np.testing.assert_allclose(p, special.softmax(x, 1), rtol=1e-13)
    np.testing.assert_allclose((x - largest) - logarithm, special.log_softmax(x, 1), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_blocks_of_large_tensors(dtype, axis):
    """Large enough for several blocks, the last one shorter."""
    x = sc.matrix("x", dtype=dtype)
    given = array((523, 307), dtype, seed=5)
    outputs = [op(x, axis) + 1 for op, _ in OPS.values()]
    outputs.append(sc.grad((sc.softmax(x, axis) ** 2).sum(), x))
    results = sc.function([x], outputs, mode="checked")(given)
    eps = np.finfo(dtype).eps
    for result, (_, reference) in zip(results, OPS.values(), strict=False):
        assert result.dtype == dtype
        meant = 1 + reference(given.astype("float64"), axis)
        np.testing.assert_allclose(result, meant, rtol=32 * eps, atol=64 * eps)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (0, 0)])
def test_small_sizes(shape):
    x = sc.matrix("x")
    outputs = [sc.softmax(x), sc.log_softmax(x), sc.logsumexp(x, 1), sc.grad(sc.softmax(x).sum(), x)]
    soft, logarithm, total, slope = sc.function([x], outputs, mode="checked")(np.ones(shape))
    assert soft.shape == logarithm.shape == slope.shape == shape
    np.testing.assert_array_equal(total, np.full(shape[0], 1.0 if shape[1] else -np.inf))
    np.testing.assert_array_equal(soft, np.ones(shape))


def test_infinities():
    x = sc.matrix("x")
    point = np.array([[-np.inf, -np.inf], [np.inf, 0.0], [-np.inf, 1.0], [np.nan, 0.0]])
    f = sc.function([x], [sc.logsumexp(x, 1), sc.softmax(x), sc.log_softmax(x)])
    total, soft, logarithm = f(point)
    np.testing.assert_array_equal(total, [-np.inf, np.inf, 1.0, np.nan])
    np.testing.assert_array_equal(soft[2], [0.0, 1.0])
    np.testing.assert_array_equal(logarithm[2], [-np.inf, 0.0])
    assert np.isnan(soft[[0, 1, 3]]).any(1).all()  # nothing to share out


def test_masked_logits_have_finite_gradients():
    x = sc.matrix("x")
    masked = sc.switch(x > 0, x, -np.inf)
    loss = sc.categorical_crossentropy(sc.softmax(masked), [0, 1]).sum()
    slope = sc.function([x], sc.grad(loss, x))(np.array([[2.0, 1.0, -1.0], [-3.0, 1.0, 2.0]]))
    assert np.isfinite(slope).all()
    assert slope[0, 2] == slope[1, 0] == 0


def test_memory_that_is_not_contiguous():
    x = sc.matrix("x")
    given = array((40, 30))[::-2, ::3].T
    np.testing.assert_allclose(sc.function([x], sc.softmax(x, 0))(given), special.softmax(given, 0), rtol=1e-13)


def test_dtypes_and_errors():
    assert sc.softmax(sc.lmatrix("n")).dtype == "float64"
    assert sc.log_softmax(sc.bmatrix("n")).dtype == "float32"
    with pytest.raises(sc.RankError, match="at least one axis"):
        sc.softmax(sc.scalar("s"))
    with pytest.raises(sc.RankError, match="axis 2 does not exist"):
        sc.softmax(sc.matrix("m"), 2)
    with pytest.raises(sc.DTypeError, match="real floating-point"):
        sc.softmax(sc.zmatrix("z"))
    assert sc.logsumexp(sc.matrix("m"), 1, keepdims=True).type.shape == (None, 1)


def test_softmax_in_two_levels():
    rng = np.random.default_rng(8)
    x, W1, b1 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    W2, b2 = rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 5))
    classes = special.softmax(x @ W1 + b1, 1)
    within = special.softmax(np.einsum("nf,cfo->nco", x, W2) + b2, 2)
    meant = (classes[:, :, None] * within).reshape(4, 10)
    v = sc.matrix("x")
    np.testing.assert_allclose(sc.function([v], sc.h_softmax(v, 9, W1, b1, W2, b2))(x), meant[:, :9], rtol=1e-12)
    target = np.array([0, 9, 4, 5])
    picked = sc.function([v], sc.h_softmax(v, 10, W1, b1, W2, b2, target))(x)
    np.testing.assert_allclose(picked, meant[np.arange(4), target], rtol=1e-12)
    sc.verify_grad(lambda *given: sc.h_softmax(given[0], 10, *given[1:], target), [x, W1, b1, W2, b2])
    with pytest.raises(sc.RankError, match="W2 of 3 dimensions, got 2"):
        sc.h_softmax(v, 9, W1, b1, b2, b2)


# Softmax that is scaled on the way


def labels_of(f):
    """The labels of all applies before fusion."""
    return [node.op.label for node in f.stages["specialised"].nodes]


def loss_and_gradient(weight=lambda loss: loss.mean()):
    scores, labels = sc.matrix("scores"), sc.lvector("labels")
    loss = weight(sc.softmax_crossentropy(scores, labels))
    return sc.function([scores, labels], [loss, sc.grad(loss, scores)])


def test_the_gradient_of_a_mean_loss_is_scaled_in_the_kernel_of_softmax():
    f = loss_and_gradient()
    x, right = np.random.default_rng(0).normal(0, 3, (5, 7)), np.array([0, 6, 2, 2, 1])
    loss, gradient = f(x, right)
    powers = np.exp(x - x.max(1, keepdims=True))
    p = powers / powers.sum(1, keepdims=True)
    np.testing.assert_allclose(loss, -np.log(p[range(5), right]).mean(), rtol=1e-14)
    p[range(5), right] -= 1
    np.testing.assert_allclose(gradient, p / 5, rtol=1e-13, atol=1e-16)
    assert "mul" not in labels_of(f)
    assert labels_of(f).count("SoftmaxParts") == 1
    assert any(change.rule == "SoftmaxParts(x)[0] * c = SoftmaxParts(x, c)[0]" for change in f.log)


def test_softmax_is_not_scaled_where_it_is_needed_itself_or_by_what_depends_on_it():
    x, c = sc.matrix("x"), sc.scalar("c")
    scores, labels = sc.matrix("scores"), sc.lvector("labels")
    loss = sc.softmax_crossentropy(scores, labels).mean()
    both = sc.function([scores, labels], [loss, sc.grad(loss, scores), sc.exp(sc.log_softmax(scores))])
    squared = loss_and_gradient(lambda loss: sc.sqr(loss.mean()))
    weighted = loss_and_gradient(lambda loss: (loss * sc.arange(3)).sum())
    for f in (both, squared, weighted):
        assert not any("SoftmaxParts(x, c)" in change.rule for change in f.log)
    a, right = np.array([[1.0, 2.0], [3.0, 1.0], [0.0, 5.0]]), np.array([0, 1, 1])
    for f in (both, squared, weighted):
        assert_same(f, a, right)
    row = sc.function([x, c], sc.exp(sc.log_softmax(x)) * c)
    assert any("SoftmaxParts(x, c)" in change.rule for change in row.log)
    for factor in (2.0, 0.0, -np.inf, np.nan):
        assert_same(row, a, np.array(factor))


def assert_same(f, *values):
    meant = sc.compile.callable.Function(f.graph, f._structure, f.name, "interpreted", f.origin)(*values)
    found = f(*values)
    several = isinstance(found, list)
    for one, other in zip(found if several else [found], meant if several else [meant], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2)])
def test_the_scaled_parts_of_every_dtype_and_axis(dtype, axes):
    x = sc.tensor3("x", dtype=dtype)
    factor = sc.constant(np.full((1, 1, 1), 0.25, dtype))
    f = sc.function([x], SoftmaxParts(axes)(x, factor))
    a = np.random.default_rng(1).normal(size=(3, 4, 5)).astype(dtype)
    for one, other in zip(f(a), SoftmaxParts(axes).perform(a, factor.data), strict=True):
        np.testing.assert_allclose(one, other, rtol=4 * np.finfo(dtype).eps, atol=1e-7)
    assert f(np.zeros((0, 4, 5), dtype))[0].shape == (0, 4, 5)


def test_a_factor_that_is_no_number_of_the_dtype_is_refused():
    x = sc.fmatrix("x")
    for factor in (np.ones((1, 1)), np.ones((2, 1), "float32"), np.float32(1)):
        with pytest.raises(sc.ShapeError, match="one number of the dtype of x"):
            SoftmaxParts((1,))(x, sc.constant(factor))
