"""Who writes a number decides its dtype; names of the layer that the golden data do not reach."""

import pickle

import numpy as np
import pytest

import symconv as sc
from symconv.graph.nodes import Constant


def test_numbers_of_a_program_and_of_symconv(theano):
    T = theano.tensor
    f = T.fmatrix("f")
    assert (f + 0.1).dtype == "float64"  # written here
    assert (sc.fmatrix() + 0.1).dtype == "float32"  # beside a variable of symconv's own
    assert sc.leaky_relu(f).dtype == "float32"  # 0.01 written in symconv
    cost = T.nnet.softplus(f).sum() + (f**2).mean()
    gradient = theano.grad(cost, f)
    assert gradient.dtype == "float32"
    values = np.ones((2, 3), "float32")
    compiled = theano.function([f], gradient, mode="DebugMode")(values)
    assert compiled.dtype == np.float32
    with sc.settings(floatX="float32"):
        assert (f + 0.1).dtype == "float32"


def test_what_is_computed_speaks_the_dialect(theano):
    T = theano.tensor
    x = T.dmatrix("x")
    for variable in [x + 1, x.sum(), x[0], x.T, x.shape, theano.grad(x.sum(), x), T.dot(x, x), T.zeros((2, 3)),
                     theano.shared(np.zeros(2)) * 2, T.nnet.relu(x), T.stack([x, x]), T.arange(4),
                     theano.scan(lambda row: row.sum(), sequences=x)[0]]:  # fmt: skip
        assert isinstance(variable, T.TensorVariable), variable
    assert isinstance(theano.shared(np.zeros(2)), T.sharedvar.TensorSharedVariable)
    assert isinstance(T.constant(2.0), T.TensorConstant)
    assert isinstance(T.constant(2.0), Constant)
    for other in (theano.shared(np.zeros(2)), T.constant(2.0)):  # Lasagne takes an initial state that is one as it is
        assert not isinstance(other, T.TensorVariable)
    assert isinstance(x, theano.Variable)
    again = pickle.loads(pickle.dumps(x + 1))
    assert (again + 0.1).dtype == "float64"
    assert isinstance(again, T.TensorVariable)
    x.tag.test_value = 3
    assert x.tag.test_value == 3


def test_python_booleans_are_no_tensors(theano):
    T = theano.tensor
    with pytest.raises(T.AsTensorError):
        T.dmatrix() + True
    assert (T.bmatrix() + np.bool_(True)).dtype == "int8"


def test_print_prints_whenever_it_is_computed(theano, capsys):
    x = theano.tensor.dvector("x")
    shown = theano.printing.Print("x", attrs=["shape", "__str__"])(x)
    f = theano.function([x], [theano.grad((shown * 2).sum(), x), shown * 1])
    np.testing.assert_array_equal(f([1.0, 2.0])[0], [2.0, 2.0])
    f([3.0, 4.0])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["x shape = (2,)", "x __str__ = [1. 2.]", "x shape = (2,)", "x __str__ = [3. 4.]"]
    seen = []
    g = theano.function([x], theano.printing.Print("m", global_fn=lambda op, value: seen.append((op.message, value.sum())))(x))
    g([1.0, 2.0])
    assert seen == [("m", 3.0)]


def test_graphs_are_compared_op_by_op(theano):
    T = theano.tensor
    x, y, z = T.dscalars("x", "y", "z")
    graph = theano.gof.graph
    assert graph.is_same_graph(T.exp(x) + 2, T.exp(x) + 2)
    assert not graph.is_same_graph(T.exp(x) + 2, T.exp(x) + 3)
    assert not graph.is_same_graph(x, y)
    assert graph.is_same_graph(x * z, y * z, givens={x: y})
    same = theano.scan_module.scan_utils.equal_computations
    assert same([x * 2], [y * 2], [x], [y])
    assert not same([x * 2], [y * 3], [x], [y])
    total = x * y + z
    assert graph.inputs([total]) == [x, y, z]
    assert set(graph.ancestors([total])) >= {total, x, y, z}
    assert [node.op.label for node in graph.io_toposort([x, y, z], [total])] == ["mul", "add"]


def test_pooling_has_older_names_and_theanos_border(theano):
    pool = __import__("theano.tensor.signal.pool", fromlist=["pool"]).pool_2d
    x = theano.tensor.dmatrix("x")
    values = np.arange(25.0).reshape(5, 5)
    assert theano.function([x], pool(x, ws=(2, 2), ignore_border=True))(values).shape == (2, 2)
    with pytest.warns(UserWarning, match="ignore_border"):
        whole = pool(x, ws=(2, 2))
    assert theano.function([x], whole)(values).shape == (3, 3)
    with pytest.warns(UserWarning, match="st of pooling is called stride"):
        overlapping = pool(x, (2, 2), True, st=(1, 1), mode="average_exc_pad")
    mean = theano.function([x], overlapping)(values)
    assert mean[0, 0] == 3.0
    with pytest.raises(ValueError, match="older name"):
        pool(x, ws=(2, 2), ds=(2, 2), ignore_border=True)


def test_batch_normalisation(theano):
    bn = theano.tensor.nnet.bn
    x, gamma = theano.tensor.dmatrix("x"), theano.tensor.dvector("gamma")
    out, mean, invstd = bn.batch_normalization_train(x, gamma, gamma)
    values = np.arange(12.0).reshape(4, 3)
    f = theano.function([x, gamma], [out, mean, invstd])
    result, found, scale = f(values, np.ones(3))
    np.testing.assert_allclose(found.ravel(), values.mean(0))
    np.testing.assert_allclose(scale.ravel(), 1 / np.sqrt(values.var(0) + 1e-4))
    np.testing.assert_allclose(result, (values - found) * scale + 1)
    with pytest.raises(ValueError, match="mode"):
        bn.batch_normalization(x, gamma, gamma, gamma, gamma, mode="fast")


def test_random_draws_inside_a_function_advance(theano):
    streams = __import__("theano.sandbox.rng_mrg", fromlist=["x"]).MRG_RandomStreams(3)
    x = theano.tensor.matrix("x")
    noisy = x * streams.binomial(x.shape, p=0.5, dtype=theano.config.floatX)
    f = theano.function([x], noisy)
    first, second = f(np.ones((8, 8))), f(np.ones((8, 8)))
    assert set(np.unique(first)) == {0.0, 1.0}
    assert not np.array_equal(first, second)
    r, updates = theano.scan(lambda: streams.uniform((2,)), n_steps=3)
    g = theano.function([], r, updates=updates)
    drawn = np.concatenate([g(), g()])
    assert len(np.unique(drawn)) == 12
