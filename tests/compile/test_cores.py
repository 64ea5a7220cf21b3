"""Who has the cores: BLAS where products are all that is worth several threads, else the loops over blocks."""

import numpy as np

import symconv as sc


def layer(rows, size, hidden, dtype="float32", activate=sc.tanh):
    """A dense layer that has run once on two threads."""
    x, W = sc.matrix("x", dtype=dtype), sc.shared(np.ones((size, hidden), dtype) / size, "W")
    f = sc.function([x], activate(sc.dot(x, W) + 1))
    with sc.settings(threads=2):
        f(np.ones((rows, size), dtype))
    return f


def is_parallel(f):
    (plan,) = f._executor.plans
    return plan.program.parallel


def test_a_dense_layer_is_left_to_blas():
    f = layer(600, 784, 500)
    assert not is_parallel(f)
    assert "np.matmul(x, W" in f.source
    assert not f._executor.newest._alone


def test_much_work_behind_a_product_is_shared_out_by_blocks():
    f = layer(600, 784, 5000, dtype="float64")
    assert is_parallel(f)
    assert f._executor.newest._alone


def test_one_kernel_that_is_worth_threads_gives_them_to_all():
    x, W, big = sc.fmatrix("x"), sc.shared(np.ones((200, 300), "float32"), "W"), sc.fvector("big")
    f = sc.function([x, big], [sc.tanh(sc.dot(x, W)), sc.tanh(big)])
    with sc.settings(threads=2):
        f(np.ones((300, 200), "float32"), np.ones(10, "float32"))
        assert not f._executor.newest.program.parallel
        product, _ = f(np.ones((300, 200), "float32"), np.ones(4_000_000, "float32"))
        assert f._executor.newest.program.parallel
    np.testing.assert_allclose(product, np.tanh(np.float32(200)))


def test_a_convolution_gives_them_to_the_loops():
    x, W = sc.tensor4("x", dtype="float32"), sc.shared(np.ones((8, 3, 5, 5), "float32"), "W")
    V = sc.shared(np.ones((8 * 28 * 28, 50), "float32"), "V")
    f = sc.function([x], sc.tanh(sc.dot(sc.tanh(sc.conv2d(x, W)).flatten(2), V)))
    with sc.settings(threads=2):
        f(np.ones((50, 3, 32, 32), "float32"))
    assert f._executor.newest._alone


def test_one_thread_is_no_reason_to_ask():
    x, W = sc.fmatrix("x"), sc.shared(np.ones((784, 500), "float32"), "W")
    f = sc.function([x], sc.tanh(sc.dot(x, W)))
    with sc.settings(threads=1):
        f(np.ones((600, 784), "float32"))
    assert not f._executor.newest.machine.blas
