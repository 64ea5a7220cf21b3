"""Batch normalisation against its formula over every choice of axes; dropout with a stream by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tiny_blocks

import symconv as sc
from symconv.compile.fuse import Fused, sized

RNG = np.random.default_rng(0)
IMAGE = RNG.normal(size=(3, 2, 4, 5)) * 3 + 1
CHOICES = [("per-activation", (0,)), ("spatial", (0, 2, 3)), ((0, 1), (0, 1)), (1, (1,)), ((0, -1), (0, 3))]


def parameters(axes, kept):
    shape = tuple(1 if a in axes else size for a, size in enumerate(IMAGE.shape))
    if not kept:
        shape = tuple(size for a, size in enumerate(IMAGE.shape) if a not in axes)
    return [RNG.uniform(0.5, 2, size=shape) for _ in range(4)]


@pytest.mark.parametrize(("axes", "numbers"), CHOICES)
@pytest.mark.parametrize("kept", [True, False])
def test_training(axes, numbers, kept):
    given = parameters(numbers, kept)
    x, *symbols = sc.tensor4("x"), *(sc.tensor("float64", (None,) * given[0].ndim) for _ in given)
    outputs = sc.batch_normalization_train(x, *symbols[:2], axes, 1e-3, 0.2, *symbols[2:])
    y, mean, invstd, new_mean, new_var = sc.function([x, *symbols], list(outputs), mode="checked")(IMAGE, *given)
    gamma, beta, old_mean, old_var = (np.broadcast_to(p, p.shape) for p in given)
    full = [p if kept else np.expand_dims(p, numbers) for p in (gamma, beta)]
    m, v = IMAGE.mean(numbers, keepdims=True), IMAGE.var(numbers, keepdims=True)
    np.testing.assert_allclose(y, (IMAGE - m) / np.sqrt(v + 1e-3) * full[0] + full[1], rtol=1e-11, atol=1e-12)
    unbiased = IMAGE.var(numbers, keepdims=True, ddof=1)
    for found, meant in [
        (mean, m), (invstd, 1 / np.sqrt(v + 1e-3)), (new_mean, 0.8 * full_of(old_mean, numbers, kept) + 0.2 * m),
        (new_var, 0.8 * full_of(old_var, numbers, kept) + 0.2 * unbiased),
    ]:  # fmt: skip
        np.testing.assert_allclose(found, meant.reshape(given[0].shape), rtol=1e-12)


def full_of(parameter, axes, kept):
    return parameter if kept else np.expand_dims(parameter, axes)


@pytest.mark.parametrize(("axes", "numbers"), CHOICES)
def test_testing(axes, numbers):
    given = parameters(numbers, False)
    x, *symbols = sc.tensor4("x"), *(sc.tensor("float64", (None,) * given[0].ndim) for _ in given)
    out = sc.function([x, *symbols], sc.batch_normalization_test(x, *symbols, axes, 1e-3))(IMAGE, *given)
    gamma, beta, mean, var = (np.expand_dims(p, numbers) for p in given)
    np.testing.assert_allclose(out, (IMAGE - mean) * gamma / np.sqrt(var + 1e-3) + beta, rtol=1e-12)


def test_the_formula_alone():
    x, p = sc.matrix("x"), [sc.row(name) for name in ("gamma", "beta", "mean", "std")]
    given = [RNG.uniform(1, 2, size=(1, 3)) for _ in p]
    points = RNG.normal(size=(4, 3))
    found = sc.function([x, *p], sc.batch_normalization(x, *p))(points, *given)
    np.testing.assert_allclose(found, (points - given[2]) / given[3] * given[0] + given[1], rtol=1e-13)


def test_gradients():
    points = [RNG.normal(size=(5, 3)), RNG.uniform(1, 2, size=3), RNG.normal(size=3)]
    sc.verify_grad(lambda *given: sc.batch_normalization_train(*given)[0] ** 2, points)
    sc.verify_grad(
        lambda *given: sc.grad((sc.batch_normalization_train(*given)[0] ** 3).sum(), given[0]), points
    )
    tested = [*points, RNG.normal(size=3), RNG.uniform(1, 2, size=3)]
    sc.verify_grad(sc.batch_normalization_test, tested)


def kernels(f):
    """What the kernels of a function do, those of sizes left out."""
    fused = f.stages["fused"]
    return [n.op.label for n in fused.nodes if n.op.role != "view" and n not in sized(fused)]


def test_training_and_its_gradient_are_a_pass_each():
    """Between products: statistics, normalisation and rectifier; then sums, and the gradient by what came in."""
    x, w, gamma, beta = sc.tensor4("x"), sc.tensor4("w"), sc.vector("gamma"), sc.vector("beta")
    layer, count = x, 3
    for _ in range(count):
        y = sc.conv2d(layer, w, border_mode="half")
        layer = sc.relu(layer + sc.batch_normalization_train(y, gamma, beta, "spatial")[0])
    f = sc.function([x, w, gamma, beta], layer)
    assert len(kernels(f)) == 2 * count
    cost = sc.conv2d(layer, w).sum()
    g = sc.function([x, w, gamma, beta], sc.grad(cost, [x, w, gamma, beta]))
    normalised = [n.op for n in g.stages["fused"].nodes if isinstance(n.op, Fused) and "sum" in n.op.label]
    reduced = [op for op in normalised if any(one.op.label == "sqr" for one in op.inner.nodes)]
    assert len(reduced) == count
    back = [op for op in normalised if op not in reduced]
    assert len(back) == count
    for op in back:  # of the space of the layer: the gradient by x, besides numbers a channel
        assert sum(output.type.shape != (1, None, 1, 1) for output in op.inner.outputs) <= 2


@given(st.data())
def test_compiled_training_is_what_the_ops_mean(data):
    """Any rank and axes, in tiny blocks on several threads: values, gradients and second gradients."""
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axes = data.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = sc.tensor(dtype, (None,) * len(shape), "x")
    gamma, beta = (sc.tensor(dtype, (None,) * (len(shape) - len(axes)), name) for name in ("gamma", "beta"))
    kept = [size for axis, size in enumerate(shape) if axis not in axes]
    values = [random.normal(size=size).astype(dtype) for size in (shape, kept, kept)]
    y = sc.relu(sc.batch_normalization_train(x, gamma, beta, sorted(axes), 0.1)[0] + sc.tanh(x))
    first = sc.grad((y * sc.sin(x)).sum(), [x, gamma, beta])
    second = sc.grad(sc.sqr(first[0]).sum(), [x, gamma])
    outputs = [y, *first, *second]
    meant = sc.function([x, gamma, beta], outputs, mode="interpreted")(*values)
    f = sc.function([x, gamma, beta], outputs)
    close = {"rtol": 1e-3, "atol": 1e-3} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-9}
    for threads, tile_bytes in ((1, 1 << 20), (3, 64), (2, 512)):
        with tiny_blocks(threads, tile_bytes):
            for found, expected in zip(f(*values), meant, strict=True):
                np.testing.assert_allclose(found, expected, strict=True, **close)


def test_any_number_of_threads_normalises_with_the_same_bits():
    x, gamma, beta = sc.ftensor4("x"), sc.fvector("gamma"), sc.fvector("beta")
    y = sc.relu(sc.batch_normalization_train(x, gamma, beta, "spatial")[0])
    f = sc.function([x, gamma, beta], [y, *sc.grad(sc.sqr(y).sum(), [x, gamma, beta])])
    values = [RNG.normal(size=size).astype("float32") for size in ((6, 24, 40, 40), 24, 24)]
    found = []
    for threads in (1, 2, 5):
        with sc.settings(threads=threads):
            found.append(f(*values))
    for results in found[1:]:
        for result, first in zip(results, found[0], strict=True):
            np.testing.assert_array_equal(result, first)


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_the_variance_is_taken_of_deviations(offset):
    """The mean first, then squares of what differs from it: sums of squares would lose all digits."""
    x = sc.ftensor4("x")
    value = (RNG.normal(size=(8, 6, 31, 33)) + offset).astype("float32")
    ones, zeros = np.ones(6, "float32"), np.zeros(6, "float32")
    y, _, invstd = sc.function([x], list(sc.batch_normalization_train(x, ones, zeros, "spatial", 1e-12)))(value)
    exact = value.astype("float64")
    std = exact.std((0, 2, 3))
    np.testing.assert_allclose(invstd, 1 / std, rtol=2e-6)
    centred = exact - exact.mean((0, 2, 3), keepdims=True)
    units = np.spacing(np.float32(offset + 1))  # the mean is a float32
    np.testing.assert_allclose(y, centred / std[:, None, None], rtol=1e-5, atol=4 * units)


def test_a_batch_of_one_has_no_variance():
    x, g = sc.fmatrix("x"), sc.fvector("g")
    outputs = sc.batch_normalization_train(x, g, g, running_mean=g, running_var=g)
    results = sc.function([x, g], list(outputs))(np.ones((1, 2), "float32"), np.ones(2, "float32"))
    assert all(np.isfinite(result).all() and result.dtype == "float32" for result in results)
    np.testing.assert_allclose(results[4], 0.9)


def test_running_averages_as_updates():
    x = sc.matrix("x")
    mean, var = sc.shared(np.zeros(3)), sc.shared(np.ones(3))
    y, _, _, new_mean, new_var = sc.batch_normalization_train(
        x, np.ones(3), np.zeros(3), running_mean=mean, running_var=var
    )
    points = RNG.normal(size=(10, 3)) + 5
    sc.function([x], y, updates=[(mean, new_mean), (var, new_var)])(points)
    np.testing.assert_allclose(mean.get_value(), 0.1 * points.mean(0))
    np.testing.assert_allclose(var.get_value(), 0.9 + 0.1 * points.var(0, ddof=1))


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"axes": "channels"}, sc.OptionError, r"no axes 'channels'(?s:.*)per-activation"),
        ({"epsilon": 0}, sc.OptionError, "positive epsilon, got 0"),
        ({"running_mean": np.ones(3)}, sc.ArgumentError, "together"),
        ({"axes": 2}, sc.RankError, "axis 2 does not exist"),
        ({"axes": ()}, sc.RankError, r"gamma needs 2 dimensions(?s:.*)gamma"),
    ],
)
def test_what_is_refused(options, error, text):
    with pytest.raises(error, match=text) as caught:
        sc.batch_normalization_train(sc.matrix("x"), np.ones(3), np.zeros(3), **options)
    assert "test_nn_normalisation.py" in str(caught.value)


class Drawn:
    """A stream that draws what it is given."""

    def __init__(self, values):
        self.values = values

    def uniform(self, shape, /):
        self.size = shape
        return sc.constant(self.values)


def test_dropout():
    x = sc.tensor("float32", (None, 3), name="x")
    stream = Drawn(np.array([[0.0, 0.74, 0.75], [0.9, 0.1, 0.2]]))
    y = sc.dropout(x, 0.25, stream)
    found, slope = sc.function([x], [y, sc.grad(y.sum(), x)])(np.full((2, 3), 3.0, "float32"))
    kept = np.array([[1, 1, 0], [0, 1, 1]])
    np.testing.assert_allclose(found, kept * 4.0, rtol=1e-6)
    np.testing.assert_allclose(slope, kept / 0.75, rtol=1e-6)
    assert found.dtype == slope.dtype == "float32"
    assert stream.size[1] == 3
    assert sc.dropout(x, 0, stream) is x
    for p in (-0.1, 1, 1.5):
        with pytest.raises(sc.OptionError, match=r"probability in \[0, 1\)"):
            sc.dropout(x, p, stream)


def test_dropout_with_a_stream_of_its_own():
    x, p = sc.matrix("x"), sc.scalar("p")
    y = sc.function([x, p], sc.dropout(x, p, sc.random.Stream(7)))(np.ones((200, 300)), 0.4)
    assert set(np.unique(y)) == {0.0, 1 / 0.6}
    assert abs((y == 0).mean() - 0.4) < 0.01
