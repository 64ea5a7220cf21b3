"""Pooling on a convolution's hot tile, and what a convolution reads computed on the way in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symconv as sc

ALGORITHMS = ("auto", "columns", "rows only", "images last", "fft", "winograd", "row by row", "pointwise")


def normal(*shape, dtype="float64", seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def kernels(f):
    """The labels of the kernels."""
    return [node.op.label for node in f.stages["fused"].nodes if node.op.role != "view"]


def agrees(inputs, outputs, *values, rtol=1e-9):
    """The compiled function, after it gave what the graph means, with any number of threads to the bit."""
    f = sc.function(inputs, outputs)
    found = f(*values)
    meant = sc.function(inputs, outputs, mode="interpreted")(*values)
    for one, other in zip(found, meant, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)
    for threads in (1, 5):
        with sc.settings(threads=threads):
            again = sc.function(inputs, outputs)(*values)
        for one, other in zip(found, again, strict=True):
            np.testing.assert_array_equal(one, other)
    return f


def layer(x, W, b, pool, activate=sc.relu, geometry=None, **pooling):
    """Convolution, bias and activation, pooling."""
    maps = activate(sc.conv2d(x, W, **(geometry or {})) + b.dimshuffle("x", 0, "x", "x"))
    return sc.pool_2d(maps, pool, **{"ignore_border": True, **pooling})


X, W, B = sc.tensor4("x"), sc.tensor4("W"), sc.vector("b")


def test_the_layer_is_one_kernel():
    f = sc.function([X, W, B], layer(X, W, B, (2, 2)))
    assert kernels(f) == ["Conv2d add maximum Pool"]
    f(normal(2, 3, 10, 12), normal(4, 3, 3, 3), normal(4))
    assert f.source.count("\ndef conv") == 1
    # as the chapter writes it: the bias and the activation behind pooling
    pooled = sc.tanh(sc.pool_2d(sc.conv2d(X, W), (2, 2)) + B.dimshuffle("x", 0, "x", "x"))
    assert kernels(sc.function([X, W, B], pooled)) == ["Conv2d Pool add tanh"]


def test_a_step_keeps_winners_and_never_stores_the_maps():
    cost = sc.sqr(layer(X, W, B, (2, 2))).sum()
    f = agrees([X, W, B], [cost, *sc.grad(cost, [W, B])],
               normal(16, 3, 66, 66), normal(8, 3, 3, 3), normal(8))  # fmt: skip
    assert "Conv2d add maximum PoolWinners" in kernels(f)
    assert "Award Conv2dGradFilters" in kernels(f)
    (plan,) = f._executor.plans
    buffers = {b for kernel in plan.program.kernels for b in kernel.buffers if b.kind == "memory"}
    assert not [b.name for b in buffers if b.shape == (16, 8, 64, 64)]


def test_the_maps_are_stored_where_something_else_reads_them():
    maps = sc.relu(sc.conv2d(X, W))
    pooled = sc.pool_2d(maps, (2, 2))
    values = normal(2, 3, 10, 12), normal(4, 3, 3, 3)
    f = agrees([X, W], [pooled, maps], *values)
    assert kernels(f) == ["Conv2d maximum Pool"]
    cost = (pooled * pooled).sum() + sc.exp(maps).mean()
    f = agrees([X, W], [cost, sc.grad(cost, W)], *values)
    assert not any("Winners" in label for label in kernels(f))


def test_what_depends_on_the_maps_another_way_is_no_part_of_the_kernel():
    maps = sc.conv2d(X, W)
    scaled = sc.pool_2d(maps, (2, 2)) * maps.max()
    f = agrees([X, W], [scaled], normal(2, 3, 8, 8), normal(4, 3, 3, 3))
    assert len(kernels(f)) > 1
    both = sc.pool_2d(maps, (2, 2)) + sc.pool_2d(sc.tanh(maps), (2, 2))
    agrees([X, W], [both], normal(2, 3, 8, 8), normal(4, 3, 3, 3))


@pytest.mark.parametrize("tile_bytes", [1 << 10, 1 << 20])
def test_windows_that_overlap_follow_where_an_image_fits_into_a_tile(tile_bytes):
    pooled = layer(X, W, B, (3, 3), stride=(2, 2), pad=(1, 1))
    with sc.settings(tile_bytes=tile_bytes):
        f = agrees([X, W, B], [pooled], normal(2, 3, 12, 13), normal(4, 3, 3, 3), normal(4))
        assert kernels(f) == ["Conv2d add maximum Pool"]
        f(normal(2, 3, 12, 13), normal(4, 3, 3, 3), normal(4))
    apart = len([line for line in f.source.splitlines() if line.startswith(("def conv", "def pool"))])
    assert (apart > 1) == (tile_bytes == 1 << 10)


def test_half_precision_is_left_apart():
    x, w = sc.tensor4("x", dtype="float16"), sc.tensor4("w", dtype="float16")
    pooled = sc.pool_2d(sc.conv2d(x, w), (2, 2))
    values = normal(1, 1, 6, 6, dtype="float16"), normal(2, 1, 3, 3, dtype="float16")
    f = sc.function([x, w], pooled)
    assert len(kernels(f)) == 2
    np.testing.assert_array_equal(f(*values), sc.function([x, w], pooled, mode="interpreted")(*values))


def test_ties_and_what_is_no_number():
    """Every cell that ties gets the gradient; NaN is no winner; a tie at zero gets none behind relu."""
    x = sc.tensor4("x")
    image = np.zeros((1, 1, 4, 4))
    image[0, 0, :2, :2] = [[3, 3], [1, 3]]
    image[0, 0, 2, 2] = np.nan
    one = sc.shared(np.ones((1, 1, 1, 1)))
    for activate in (sc.relu, sc.tanh, lambda v: v):
        z = sc.pool_2d(activate(sc.conv2d(x, one)), (2, 2))
        gradient = sc.grad(None, x, known_grads={z: sc.constant(np.full((1, 1, 2, 2), 5.0))})
        f = sc.function([x], [gradient])
        found, = f(image)
        meant, = sc.function([x], [gradient], mode="interpreted")(image)
        np.testing.assert_allclose(found, meant, rtol=1e-15)
    z = sc.pool_2d(sc.relu(sc.conv2d(x, one)), (2, 2))
    gradient = sc.grad(None, x, known_grads={z: sc.constant(np.full((1, 1, 2, 2), 5.0))})
    (found,) = sc.function([x], [gradient])(image)
    np.testing.assert_array_equal(found[0, 0, :2, :2], [[5, 5], [0, 5]])
    assert not found[0, 0, :2, 2:].any()


def test_scaling_joins_the_convolution_that_it_feeds():
    x = sc.tensor4("x", dtype="uint8")
    scaled = x.astype("float64") / 255 - 0.5
    image = np.random.default_rng(0).integers(0, 256, (3, 3, 9, 9)).astype("uint8")
    f = agrees([x, W], [sc.tanh(sc.conv2d(scaled, W))], image, normal(4, 3, 3, 3))
    assert kernels(f) == ["cast{float64} true_div sub Conv2d tanh"]
    f = agrees([x, W], [sc.conv2d(scaled, W), scaled], image, normal(4, 3, 3, 3))
    assert len(kernels(f)) == 2  # the scaled image is wanted itself


def test_a_mask_joins_the_gradient_by_the_filters():
    g, y = sc.tensor4("g"), sc.tensor4("y")
    masked = sc.switch(y > 0, g, 0.0)
    gradient = sc.grad(None, W, known_grads={sc.conv2d(X, W): masked})
    f = agrees([X, W, g, y], [gradient], normal(3, 2, 9, 9), normal(4, 2, 3, 3),
               normal(3, 4, 7, 7), normal(3, 4, 7, 7, seed=1))  # fmt: skip
    assert kernels(f) == ["gt switch Conv2dGradFilters"]


GEOMETRIES = st.fixed_dictionaries({
    "border_mode": st.sampled_from(["valid", "half", "full", (1, 2)]),
    "subsample": st.sampled_from([(1, 1), (2, 2), (1, 2)]),
    "filter_flip": st.booleans(),
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_layer(data):
    """Any algorithm, geometry, window and tiling: what joined kernels give is what the graph means."""
    draw = data.draw
    groups = draw(st.sampled_from([1, 1, 2, 4]))
    images, rows, columns = (draw(st.integers(low, high)) for low, high in ((1, 11), (9, 15), (9, 15)))
    kernel = draw(st.sampled_from([(3, 3), (1, 1), (2, 4)]))
    window = draw(st.sampled_from([(2, 2), (3, 3), (1, 2), (2, 3)]))
    stride = draw(st.sampled_from([None, (2, 2), (1, 3)]))
    pad = tuple(draw(st.integers(0, (n - 1) // 2)) for n in window)
    border = draw(st.booleans()) or any(pad)
    mode = draw(st.sampled_from(["max", "max", "sum", "average_inc_pad", "average_exc_pad"]))
    geometry = {**draw(GEOMETRIES), "num_groups": groups}
    changes = {"conv_algorithm": draw(st.sampled_from(ALGORITHMS)),
               "tile_bytes": draw(st.sampled_from([1 << 11, 1 << 14, 1 << 20]))}  # fmt: skip
    x, w, b = sc.tensor4("x"), sc.tensor4("w"), sc.vector("b")
    before = x if draw(st.booleans()) else sc.tanh(x) * 2.0  # without ties: algorithms round differently
    activate = draw(st.sampled_from([sc.relu, sc.tanh]))
    pooled = layer(before, w, b, window, activate, geometry, stride=stride, pad=pad, mode=mode, ignore_border=border)
    outputs = [pooled]
    if draw(st.booleans()):
        behind = sc.tanh(pooled + b.dimshuffle("x", 0, "x", "x"))
        cost = sc.sqr(behind).sum()
        outputs = [cost, *sc.grad(cost, [w, b, x] if draw(st.booleans()) else [w, b])]
    values = normal(images, 4, rows, columns), normal(4, 4 // groups, *kernel), normal(4)
    with sc.settings(**changes):
        agrees([x, w, b], outputs, *values, rtol=1e-7)
