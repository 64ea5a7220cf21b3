"""What programs for Theano do besides computing: small programs of our own, one for each thing that libraries rely on."""

import inspect
import json
import pickle
import sys

import numpy as np
import pytest

VALUES = np.arange(6.0).reshape(2, 3)


def test_modules_below_are_there_without_being_imported(theano):
    T = theano.tensor
    for module in ("printing", "gradient", "scan_module", "compile", "gof", "scalar", "sandbox", "d3viz", "ifelse"):
        assert inspect.ismodule(getattr(theano, module))
    assert T.shared_randomstreams.RandomStreams
    assert T.signal.pool.pool_2d
    assert T.signal.downsample.max_pool_2d
    assert theano.sandbox.rng_mrg.MRG_RandomStreams
    assert theano.sandbox.linalg.det
    for name in ("var", "sort"):  # the functions, not the modules of these names
        __import__(f"theano.tensor.{name}")
        assert getattr(T, name) is getattr(T.basic, name)


def test_sizes_multiply_in_numpy(theano):
    x = theano.tensor.dtensor3("x")
    flat = x.reshape((x.shape[0], np.prod((x.shape[1], x.shape[2]))))
    assert flat.eval({x: np.ones((2, 3, 4))}).shape == (2, 12)
    assert np.exp(x).eval({x: np.zeros((1, 1, 1))}) == 1.0


def test_a_list_of_slices_is_an_index(theano):
    x = theano.tensor.dmatrix("x")
    turned = x[[slice(None, None, -1), slice(1, None)]]
    np.testing.assert_array_equal(turned.eval({x: VALUES}), VALUES[::-1, 1:])


def test_sparse_matrices_are_dense(theano):
    scipy_sparse = pytest.importorskip("scipy.sparse")
    from theano import sparse

    T, matrix = theano.tensor, scipy_sparse.csr_matrix(np.diag([1.0, 2.0, 0.0]))
    x, y = sparse.csr_matrix("x", dtype="float64"), T.dmatrix("y")
    product = theano.function([x, y], sparse.basic.structured_dot(x, y))
    np.testing.assert_array_equal(product(matrix, np.ones((3, 2))), matrix.toarray() @ np.ones((3, 2)))
    kept = sparse.as_sparse_variable(matrix, name="kept")
    assert not isinstance(kept.type, sparse.SparseType)
    joined = [sparse.basic.vstack([kept, x], format="csr"), sparse.basic.hstack([kept, x], format="csr")]
    assert [one.eval({x: matrix}).shape for one in joined] == [(6, 3), (3, 6)]
    np.testing.assert_array_equal(sparse.dense_from_sparse(kept).eval(), matrix.toarray())
    np.testing.assert_array_equal(theano.shared(matrix).get_value(), matrix.toarray())
    with pytest.raises(NotImplementedError, match="coo"):
        sparse.SparseType("coo", "float64")


def test_a_layer_library_marks_variables(theano):
    x = theano.tensor.dmatrix("x")
    x._keras_shape, x.tag.role = (None, 3), "input"
    again = pickle.loads(pickle.dumps(x, protocol=2))
    assert (again._keras_shape, again.tag.role) == ((None, 3), "input")


def test_a_clone_of_a_running_mean_updates_the_mean(theano):
    T = theano.tensor
    x, mean = T.dmatrix("x"), theano.shared(np.zeros(3), name="mean")
    running = theano.clone(mean, share_inputs=False)
    running.default_update = 0.9 * running + 0.1 * x.mean(axis=0)
    centred = theano.function([x], x - (x.mean(axis=0) + 0 * running))
    centred(VALUES)
    np.testing.assert_allclose(mean.get_value(), 0.1 * VALUES.mean(axis=0))
    assert type(running) is type(mean)


def test_signatures_can_be_inspected(theano):
    T = theano.tensor
    groups = inspect.signature(T.nnet.conv2d).parameters["num_groups"]
    assert groups.default == 1
    assert list(inspect.signature(T.shape_padleft).parameters) == ["t", "n_ones"]
    assert inspect.signature(T.shape_padleft).parameters["n_ones"].default == 1


def test_a_graph_can_be_walked(theano):
    T = theano.tensor
    x, W = T.dmatrix("x"), theano.shared(np.ones((3, 2)), name="W")
    cost = (T.tanh(T.dot(x, W)) ** 2).sum()
    found, waiting = set(), [cost]
    while waiting:
        variable = waiting.pop()
        if variable.owner is None:
            found.add(variable)
        else:
            assert variable.owner.nin == len(variable.owner.inputs)
            assert variable in variable.owner.outputs
            waiting.extend(variable.owner.inputs)
    assert {x, W} <= found
    first, second, third = T.scalars("abc")
    assert theano.gof.graph.inputs([first * second, third + 1])[0] is third  # Theano's order
    assert theano.gof.graph.inputs([(first * second) + first * third])[:3] == [first, second, third]
    shared = [v for v in theano.gof.graph.inputs([cost]) if isinstance(v, theano.compile.SharedVariable)]
    assert shared == [W]


@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_functions_and_models_are_pickled_as_in_python_2(theano, protocol):
    T = theano.tensor
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 5000))
    try:
        x, W = T.dmatrix("x"), theano.shared(np.ones((3, 2)), name="W")
        predict = theano.function([x], T.nnet.softmax(T.dot(x, W)).argmax(axis=1), name="predict")
        model = {"W": W, "input": x, "output": T.dot(x, W), "predict": predict}
        again = pickle.loads(pickle.dumps(model, protocol=protocol))
    finally:
        sys.setrecursionlimit(limit)
    np.testing.assert_array_equal(again["predict"](VALUES), predict(VALUES))
    recompiled = theano.function([again["input"]], again["output"])
    np.testing.assert_array_equal(recompiled(VALUES), VALUES @ np.ones((3, 2)))


def test_the_network_that_is_timed_against_theano_learns(theano, monkeypatch, capsys):
    from benchmarks import lenet_epoch

    monkeypatch.setattr(lenet_epoch, "BATCH", 10)
    lenet_epoch.run("symconv")
    measured = json.loads(capsys.readouterr().out)
    assert measured["compile"] > 0
    assert measured["epoch"] > 0
    assert 1 < measured["cost"] < 3  # log 10 before it has learnt anything, and the images are noise


def test_the_layer_makes_the_same_source(theano):
    import symconv as sc

    def written(module, shared, sums):
        x, W = module.fmatrix("x"), shared(np.ones((3, 2), np.float32), name="W")
        cost = sums(module.tanh(module.dot(x, W)))
        return x, W, cost

    T = theano.tensor
    x, W, cost = written(T, theano.shared, lambda y: y.sum())
    theirs = theano.function([x], cost, updates=[(W, W - np.float32(0.1) * T.grad(cost, W))], name="train")
    x, W, cost = written(sc, sc.shared, lambda y: y.sum())
    ours = sc.function([x], cost, updates=[(W, W - np.float32(0.1) * sc.grad(cost, W))], name="train")
    value = VALUES.astype(np.float32)
    assert theirs(value) == pytest.approx(float(ours(value)))
    assert without_lines(theirs.source) == without_lines(ours.source)


def test_a_gradient_has_the_pattern_of_its_variable_and_may_be_stored(theano):
    # The image's one channel tells the core a size of the filters that Theano does not know.
    T = theano.tensor
    x, value = T.dmatrix("x"), np.arange(8.0).reshape(2, 1, 2, 2)
    W, kept = theano.shared(value, name="W"), theano.shared(np.zeros_like(value), name="kept")
    cost = (T.nnet.conv2d(x.reshape((x.shape[0], 1, 4, 4)), W) ** 2).sum()
    gradient = T.grad(cost, W)
    assert gradient.broadcastable == W.broadcastable
    theano.function([x], updates=[(kept, gradient)])(np.ones((3, 16)))
    # All pixels are 1: each of the 27 outputs of a map is the sum of its filter, and so is its derivative.
    expected = np.broadcast_to(2 * 27 * value.sum(axis=(1, 2, 3), keepdims=True), value.shape)
    np.testing.assert_allclose(kept.get_value(), expected, rtol=1e-12)


def without_lines(source):
    """Source without what it says about where the program wrote it."""
    return [line.split("#")[0].rstrip() for line in source.splitlines() if "test_theano_programs.py" not in line]
