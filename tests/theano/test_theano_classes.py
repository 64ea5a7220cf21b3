"""Theano's classes: those that programs ask ``isinstance`` of, call, and subclass."""

from collections import deque

import numpy as np
import pytest

VALUES = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("x + 1", "Elemwise"), ("x.T", "DimShuffle"), ("x.sum()", "Sum"), ("x.sum()", "CAReduce"),
        ("x.prod(axis=0)", "Prod"), ("T.dot(x, x.T)", "Dot"), ("x[:1]", "Subtensor"),
        ("T.set_subtensor(x[:1], 0.)", "IncSubtensor"), ("x[i]", "AdvancedSubtensor1"),
        ("T.set_subtensor(x[i], 0.)", "AdvancedIncSubtensor1"), ("T.join(0, x, x)", "Join"),
        ("x.reshape((3, 2))", "Reshape"), ("T.arange(n)", "ARange"), ("T.alloc(0., n, 2)", "Alloc"),
        ("T.nnet.softmax(x)", "nnet.Softmax"), ("T.argmax(x, axis=0)", "MaxAndArgmax"), ("x.shape", "Shape"),
    ],
)  # fmt: skip
def test_ops_are_instances_of_theanos_classes(theano, expression, kind):
    T = theano.tensor
    scope = {"T": T, "x": T.dmatrix("x"), "i": T.lvector("i"), "n": T.lscalar("n")}
    made = eval(expression, scope)
    assert isinstance(made.owner.op, eval(f"T.{kind}", scope))
    assert not isinstance(T.tanh(scope["x"]).owner.op, T.Sum)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("T.Sum(axis=0)(x)", VALUES.sum(0)), ("T.DimShuffle((False, False), (1, 0))(x)", VALUES.T),
        ("T.MakeVector('int64')(1, 2)", [1, 2]), ("T.ARange('int64')(0, 6, 2)", [0, 2, 4]),
        ("T.Reshape(1)(x, [6])", VALUES.ravel()), ("T.Join()(1, x, x)", np.hstack([VALUES, VALUES])),
        ("T.Split(2)(x, 1, [1, 2])[1]", VALUES[:, 1:]), ("T.MaxAndArgmax(axis=(1,))(x)[1]", [2, 2]),
        ("T.Alloc()(x[0, 1], 2)", [1, 1]), ("T.AdvancedSubtensor1()(x, [1])", VALUES[[1]]),
        ("T.AdvancedIncSubtensor1(set_instead_of_inc=True)(x, 7., [1])", [[0, 1, 2], [7, 7, 7]]),
        ("T.Rebroadcast((0, True))(x[:1])", VALUES[:1]), ("T.Shape_i(1)(x)", 3), ("T.Eye()(2, 2, 0)", np.eye(2)),
        ("T.ExtractDiag()(x)", [0, 4]), ("T.extra_ops.CumOp(axis=1)(x)", VALUES.cumsum(1)),
        ("T.extra_ops.RepeatOp(axis=0)(x, 2)", VALUES.repeat(2, 0)), ("T.nnet.nnet.Softmax()(x * 0)", np.full((2, 3), 1 / 3)),
    ],
)  # fmt: skip
def test_classes_can_be_called(theano, call, expected):
    T = theano.tensor
    x = T.dmatrix("x")
    found = theano.function([x], eval(call, {"T": T, "x": x}), on_unused_input="ignore")(VALUES)
    np.testing.assert_allclose(found, expected)


def test_a_class_that_is_only_asked_for_says_so(theano):
    with pytest.raises(NotImplementedError, match="Subtensor is here to be asked for"):
        theano.tensor.Subtensor([slice(None)])


def test_a_scalar_function_of_a_program(theano):
    scalar, T = theano.scalar, theano.tensor

    class Hypotenuse(scalar.BinaryScalarOp):
        def impl(self, x, y):
            return (x * x + y * y) ** 0.5

        def grad(self, inputs, gradients):
            x, y = inputs
            (g,) = gradients
            z = self(x, y)
            return [g * x / z, g * y / z]

    hypotenuse = T.Elemwise(Hypotenuse(scalar.upgrade_to_float, name="hypotenuse"), name="hypotenuse")
    x, row = T.lmatrix("x"), T.drow("row")
    z = hypotenuse(x, row)
    assert (z.dtype, z.broadcastable) == ("float64", (False, False))
    f = theano.function([x, row], [z, T.grad(z.sum(), row)])
    whole, given = VALUES.astype(np.int64), np.array([[3.0, 4.0, 5.0]])
    value, gradient = f(whole, given)
    np.testing.assert_allclose(value, np.hypot(whole, given))
    np.testing.assert_allclose(gradient, (given / np.hypot(whole, given)).sum(0, keepdims=True))
    assert hypotenuse(T.bscalar(), T.bscalar()).dtype == "float32"
    special = pytest.importorskip("scipy.special")
    gammaln = T.Elemwise(scalar.basic_scipy.GammaLn(scalar.upgrade_to_float, name="gammaln"), name="gammaln")
    np.testing.assert_allclose(gammaln(row).eval({row: given}), special.gammaln(given))


def test_a_variable_of_a_programs_own_class(theano):
    """As PyMC3 makes random variables: a subclass, computed by ``view_op`` of an observed value."""
    T = theano.tensor

    class Observed(T.TensorVariable):
        def __init__(self, type=None, owner=None, index=None, name=None, data=None):
            super().__init__(type, owner, index, name)
            theano.Apply(theano.compile.view_op, inputs=[data], outputs=[self])
            self.tag.test_value = theano.compile.view_op(data).tag.test_value

    data = theano.shared(VALUES, name="data")
    with theano.configparser.change_flags(compute_test_value="raise"):
        observed = Observed(data.type, name="observed", data=data)
    assert observed.name == "observed"
    assert isinstance(observed, T.TensorVariable)
    np.testing.assert_array_equal(theano.function([], observed * 2)(), VALUES * 2)
    np.testing.assert_array_equal(T.grad((observed**2).sum(), data).eval(), 2 * VALUES)
    np.testing.assert_array_equal(observed.tag.test_value, VALUES)


def test_an_op_with_another_gradient(theano):
    """As theano_lstm clips gradients."""
    T = theano.tensor

    class Clipped(theano.compile.ViewOp):
        def grad(self, args, g_outs):
            return [T.clip(g, -1, 1) for g in g_outs]

    op = Clipped()
    T.opt.register_canonicalize(theano.gof.OpRemove(op), name="clipped")  # taken, and not applied
    assert "clipped" in theano.gof.optdb
    x = T.dvector("x")
    gradient = theano.function([x], T.grad((op(x) ** 2).sum(), x))
    np.testing.assert_array_equal(gradient([0.25, 5.0]), [0.5, 1.0])


def test_rules_are_taken_as_decorators(theano):
    @theano.tensor.opt.register_specialize
    @theano.gof.local_optimizer([theano.tensor.tanh])
    def local_nothing(node):
        return False

    assert local_nothing.transform(None) is False
    assert "specialize:local_nothing" in theano.gof.optdb


def test_a_search_of_a_graph(theano):
    x = theano.tensor.dvector("x")
    y = x * 2
    found, reached = theano.gof.graph.stack_search(
        deque([y + x]), lambda v: v.owner and v.owner.inputs, "bfs", build_inv=True
    )
    assert found[1:3] == [y, x]
    assert len(reached[x]) == 2


def test_helpers_for_tests(theano):
    from theano.tests import unittest_tools as utt

    assert utt.seed_rng() == utt.fetch_seed() == 666
    first = np.random.rand()  # noqa: NPY002
    utt.seed_rng()
    assert np.random.rand() == first  # noqa: NPY002
    utt.verify_grad(theano.tensor.tanh, [VALUES / 10])
    utt.assert_allclose(np.float32(1), np.float32(1 + 1e-6))
    with pytest.raises(AssertionError, match=r"differ by up to 0\.1"):
        utt.assert_allclose(1.0, 1.1)
    tester = utt.InferShapeTester()
    x = theano.tensor.dmatrix("x")
    tester._compile_and_check([x], [x.sum(axis=0)], [VALUES], theano.tensor.Sum)


def test_flags_one_by_one(theano):
    flags = {flag.fullname: flag for flag in theano.configparser._config_var_list}
    flag = flags["compute_test_value"]
    before = flag.__get__(True, None)
    flag.__set__(None, "ignore")
    assert theano.config.compute_test_value == "ignore"
    flag.__set__(None, before)
    assert "floatX" in flags


def test_helpers_of_old_programs(theano):
    from theano import compat
    from theano.gof import utils
    from theano.tensor.utils import hash_from_ndarray, shape_of_variables

    assert compat.PY3
    assert compat.cmp(1, 2) == -1
    assert compat.exc_message(ValueError("so")) == "so"
    assert list(compat.izip([1], [2])) == [(1, 2)]
    made = compat.DefaultOrderedDict(list)
    made["a"].append(1)
    assert made == {"a": [1]}
    assert utils.uniq([1, 2, 1]) == [1, 2]
    assert utils.flatten([1, (2, [3])]) == [1, 2, 3]
    assert utils.difference([1, 2], [2]) == [1]
    assert hash_from_ndarray(VALUES) == hash_from_ndarray(VALUES.copy())
    x = theano.tensor.dmatrix("x")
    y = x.T
    shapes = shape_of_variables(theano.gof.FunctionGraph([x], [y]), {x: (2, 3)})
    assert shapes[y] == (3, 2)
