"""Memory along the images: convolution, pooling and elementwise kernels that hand such results on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symconv as sc
from symconv.ops.pool.kernels import where_or_zero


def chain(geometry, pool, ndim=2, mode="max", maps=3):
    """Two layers, pooling between, a dense one behind: a cost, its parameters and the gradients."""
    random = np.random.default_rng(1)
    convolve, pooled = getattr(sc, f"conv{ndim}d"), getattr(sc, f"pool_{ndim}d")
    shapes = (maps, 2, *(3,) * ndim), (5, maps, *(2,) * ndim)
    W0, W1 = (sc.shared(random.standard_normal(shape), name="W") for shape in shapes)
    b = sc.shared(random.standard_normal(maps), name="b")
    x = getattr(sc, f"tensor{ndim + 2}")("x", dtype="float64")
    hidden = convolve(x, W0, **geometry)
    if pool:
        hidden = pooled(hidden, (pool,) * ndim, ignore_border=False, mode=mode)
    hidden = sc.tanh(hidden + b.dimshuffle("x", 0, *"x" * ndim))
    last = convolve(hidden, W1)
    cost = sc.sqr(last.flatten(2)).sum(axis=1).mean() + last.mean()
    return x, [cost, *sc.grad(cost, [W0, W1, b, x])]


def agree(x, results, image, **more):
    expected = sc.function([x], results, mode="interpreted")(image)
    with sc.settings(**more):
        function = sc.function([x], results)
        found = function(image)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10 * np.abs(other).max(initial=1))
    return function, found


def test_a_batch_of_small_images_runs_so_through_all_kernels():
    x, results = chain({}, pool=2, maps=16)
    image = np.random.default_rng(2).standard_normal((40, 2, 12, 11))
    function, found = agree(x, results, image)
    profile = function.profile()
    assert profile.count("images last, estimated") == 6, profile
    assert ".transpose(3, 0, 1, 2)" in function.source
    for threads in (1, 2, 5):
        with sc.settings(threads=threads):
            for one, other in zip(sc.function([x], results)(image), found, strict=True):
                np.testing.assert_array_equal(one, other)
    few = image[:4]
    assert "images last, estimated" not in agree(x, results, few)[0].profile()


@pytest.mark.parametrize("ndim", [1, 2, 3])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_geometry(ndim, data):
    draw = data.draw
    geometry = {
        "border_mode": draw(st.sampled_from(["valid", "half", "full", 1])),
        "subsample": draw(st.sampled_from([1, 2, 3])) if ndim == 1 else (draw(st.sampled_from([1, 2])),) * ndim,
        "filter_flip": draw(st.booleans()),
        "filter_dilation": draw(st.sampled_from([1, 2])) if ndim == 1 else (draw(st.sampled_from([1, 2])),) * ndim,
    }  # fmt: skip
    pool = draw(st.sampled_from([0, 2]))
    mode = draw(st.sampled_from(["max", "sum", "average_exc_pad"]))
    x, results = chain(geometry, pool, ndim, mode)
    sizes = [draw(st.integers(13, 15)) for _ in range(ndim)]
    image = np.random.default_rng(3).standard_normal((draw(st.sampled_from([1, 8, 11])), 2, *sizes))
    more = draw(st.sampled_from([{}, {"tile_bytes": 1 << 12}, {"scratch_bytes": 1 << 13, "threads": 3}]))
    agree(x, results, image, conv_algorithm=draw(st.sampled_from(["auto", "images last"])), **more)


def test_ties_share_the_gradient_also_where_it_is_not_finite():
    x, g = sc.tensor4("x"), sc.tensor4("g")
    y = sc.grad(None, x, known_grads={sc.pool_2d(x, (2, 2), ignore_border=True): g})
    image = np.zeros((1, 1, 2, 4))
    image[..., 2:] = [[1, 2], [2, 0]]
    found = sc.function([x, g], y)(image, np.array([[[[np.inf, np.nan]]]]))
    inf, nan = np.inf, np.nan
    np.testing.assert_array_equal(found[0, 0], [[inf, inf, 0, nan], [inf, inf, nan, 0]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_where_or_zero_is_where(dtype):
    random = np.random.default_rng(4)
    given_ = random.standard_normal((5, 7)).astype(dtype)
    mask = random.random((5, 7)) < 0.5
    expected = np.where(mask, given_, 0)
    out = np.full((7, 5), 9, dtype).T
    where_or_zero(mask, given_, out)
    np.testing.assert_array_equal(out, expected)
