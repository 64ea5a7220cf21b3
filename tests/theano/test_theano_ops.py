"""Ops that programs for Theano define: classes of 2015, ``as_op``, ``OpFromGraph``, gradients that are none."""

import pickle

import numpy as np
import pytest

import symconv as sc
import symconv.theano as theano
import symconv.theano.tensor as T
from symconv.theano import gof
from symconv.theano.gof.null_type import DisconnectedType, grad_not_implemented, grad_undefined

POINT = np.array([0.5, -1.0, 2.0])


class Scale(theano.Op):
    """A class as of 2015: properties, make_node, perform, grad, infer_shape, R_op."""

    __props__ = ("factor",)

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        output_storage[0][0] = (x * self.factor).astype(node.outputs[0].dtype)

    def infer_shape(self, node, shapes):
        return shapes

    def grad(self, inputs, output_grads):
        return [output_grads[0] * self.factor]

    def R_op(self, inputs, eval_points):
        return [eval_points[0] * self.factor] if eval_points[0] is not None else [None]


class SplitSign(theano.gof.Op):
    """Two outputs, of sizes that depend on values; itypes and otypes."""

    itypes = [T.dvector]  # noqa: RUF012
    otypes = [T.dvector, T.lscalar]  # noqa: RUF012

    def perform(self, node, inputs, output_storage):
        kept = inputs[0][inputs[0] > 0]
        output_storage[0][0] = kept
        output_storage[1][0] = len(kept)


class Mixed(theano.Op):
    """A float and an integer input, L_op and connection_pattern."""

    def make_node(self, x, n):
        return gof.Apply(self, [T.as_tensor_variable(x), T.as_tensor_variable(n)], [T.dvector()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] ** inputs[1]

    def connection_pattern(self, node):
        return [[True], [False]]

    def L_op(self, inputs, outputs, output_grads):
        x, n = inputs
        return [output_grads[0] * n * outputs[0] / x, DisconnectedType()()]


def test_a_class_of_2015():
    x = T.dvector("x")
    y = Scale(3)(x)
    assert Scale(3) == Scale(3)
    assert Scale(3) != Scale(4)
    assert hash(Scale(3)) == hash(Scale(3))
    assert str(Scale(3)) == "Scale{factor=3}"
    assert y.owner.op == Scale(3)
    assert isinstance(y.owner.op, Scale)
    assert isinstance(y.owner, theano.Apply)
    assert isinstance(y, T.TensorVariable)
    f = theano.function([x], T.exp(y) + 1)
    np.testing.assert_allclose(f(POINT), np.exp(3 * POINT) + 1)
    for size in (0, 1, 5):
        np.testing.assert_allclose(f(np.ones(size)), np.full(size, np.exp(3) + 1))
    gradient = theano.grad((y**2).sum(), x)
    np.testing.assert_allclose(gradient.eval({x: POINT}), 18 * POINT)
    np.testing.assert_allclose(theano.grad(gradient.sum(), x).eval({x: POINT}), np.full(3, 18.0))
    v = T.dvector("v")
    np.testing.assert_allclose(theano.gradient.Rop(y, x, v).eval({v: POINT}), 3 * POINT)
    T.verify_grad(Scale(2.0), [POINT])


def test_one_graph_has_each_op_once():
    x = T.dvector("x")
    f = theano.function([x], Scale(2)(x) + Scale(2)(x))
    assert sum(isinstance(node.op, Scale) for node in f.stages["fused"].nodes) == 1


def test_other_dtypes_and_ranks_of_one_op():
    op = Scale(2)
    x, m, i = T.fvector("x"), T.dmatrix("m"), T.ivector("i")
    f = theano.function([x, m, i], [op(x), op(m), op(i)])
    a, b, c = f(np.ones(2, "float32"), np.ones((1, 3)), np.arange(3, dtype="int32"))
    assert (a.dtype, b.shape, c.dtype) == (np.float32, (1, 3), np.int32)


def test_itypes_and_sizes_that_the_result_shows():
    x = T.dvector("x")
    kept, count = SplitSign()(x)
    f = theano.function([x], [kept * 2, count + 1, kept.shape[0]])
    doubled, more, size = f(POINT)
    np.testing.assert_array_equal(doubled, [1.0, 4.0])
    assert (more, size) == (3, 2)
    with pytest.raises(sc.GradientError, match="SplitSign has no gradient"):
        theano.grad(kept.sum(), x)
    with pytest.raises(TypeError, match=r"(?s)input 0 of SplitSign is to be TensorType\(float64, vector\)"):
        SplitSign()(T.fvector("f"))
    with pytest.raises(ValueError, match="takes 1 inputs, got 2"):
        SplitSign()(x, x)


def test_inputs_that_do_not_matter():
    x, n = T.dvector("x"), T.lscalar("n")
    cost = Mixed()(x, n).sum()
    np.testing.assert_allclose(theano.grad(cost, x).eval({x: POINT, n: 3}), 3 * POINT**2)
    with pytest.raises(theano.gradient.DisconnectedInputError):
        theano.grad(cost, n)


def test_gradients_that_are_none():
    x = T.dvector("x")

    class Lost(Scale):
        how = staticmethod(grad_undefined)

        def grad(self, inputs, output_grads):
            return [self.how(self, 0, inputs[0], "it jumps")]

    cost = Lost(2)(x).sum()
    with pytest.raises(theano.gradient.NullTypeGradError, match="it jumps"):
        theano.grad(cost, x)
    with pytest.raises(TypeError):
        theano.grad(cost, x)
    returned = theano.grad(cost, x, null_gradients="return")
    assert isinstance(returned.type, theano.gradient.NullType)
    Lost.how = staticmethod(grad_not_implemented)
    with pytest.raises(TypeError, match="does not implement"):
        theano.grad(cost, x)
    for wrong, error in (([None], TypeError), ([], ValueError), ([x, x], ValueError)):
        Lost.grad = lambda self, inputs, output_grads, wrong=wrong: wrong
        broken = type("Broken", (Scale,), {"grad": lambda self, i, g, wrong=wrong: wrong})
        with pytest.raises(error):
            theano.grad(broken(2)(x).sum(), x)


def test_errors_name_the_op_and_the_line():
    x = T.dvector("x")

    class Empty(Scale):
        def perform(self, node, inputs, output_storage):
            pass

    with pytest.raises(sc.ArgumentError, match=r"(?s)left output 0 empty.*test_theano_ops\.py.*output_storage\[0\]\[0\]"):
        theano.function([x], Empty(2)(x))(POINT)
    with pytest.raises(TypeError, match=r"input 0 of an Apply of .* is 3, which is no variable"):
        theano.Apply(Scale(2), [3], [x.type()])
    with pytest.raises(TypeError, match="instead of an Apply"):
        type("NoNode", (Scale,), {"make_node": lambda self, x: 3})(2)(x)
    with pytest.raises(AttributeError, match="neither make_node nor itypes"):
        type("Bare", (theano.Op,), {})()(x)


def test_results_that_alias_and_inputs_that_are_destroyed():
    x = T.dvector("x")

    class Itself(Scale):
        view_map = {0: [0]}  # noqa: RUF012

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0]

    class InPlace(Scale):
        destroy_map = {0: [0]}  # noqa: RUF012

        def perform(self, node, inputs, output_storage):
            inputs[0][...] *= self.factor
            output_storage[0][0] = inputs[0]

    value = POINT.copy()
    f = theano.function([x], [Itself(1)(x), InPlace(2)(x), x + 1])
    same, doubled, more = f(value)
    np.testing.assert_array_equal(value, POINT)
    assert not np.may_share_memory(same, value)
    np.testing.assert_array_equal(doubled, POINT * 2)
    np.testing.assert_array_equal(more, POINT + 1)


def test_in_loops_and_pickled():
    x = T.dvector("x")
    out, _ = theano.scan(lambda h: Scale(2)(h), outputs_info=x, n_steps=3)
    np.testing.assert_array_equal(theano.function([x], out[-1])(POINT), POINT * 8)
    np.testing.assert_allclose(theano.grad(out[-1].sum(), x).eval({x: POINT}), 8)
    f = pickle.loads(pickle.dumps(theano.function([x], Scale(5)(x))))
    np.testing.assert_array_equal(f(POINT), POINT * 5)


@theano.as_op(itypes=[T.dvector], otypes=[T.dvector])
def backwards(x):
    return x[::-1]


def test_as_op():
    x = T.dvector("x")
    np.testing.assert_array_equal(theano.function([x], backwards(x) * 2)(POINT), POINT[::-1] * 2)
    with pytest.raises(TypeError, match="itypes of as_op holds"):
        theano.as_op("dvector", T.dvector)


def test_op_from_graph():
    x, y = T.dvectors("x", "y")
    op = theano.OpFromGraph([x, y], [x * y, x + y], inline=True)
    first, second = op(x, y)
    f = theano.function([x, y], [first, second, theano.grad(first.sum(), x)])
    np.testing.assert_array_equal(f(POINT, POINT + 1), [POINT * (POINT + 1), 2 * POINT + 1, POINT + 1])
    guided = theano.OpFromGraph([x], [T.nnet.relu(x)])
    guided.grad = lambda inputs, gradients: [gradients[0] * 7]
    slope = theano.function([x], theano.grad(guided(x).sum() + x.sum(), x))
    np.testing.assert_array_equal(slope(POINT), np.full(3, 8.0))
    by_list = theano.OpFromGraph(
        [x, y], [x * y], grad_overrides=["default", lambda inputs, gradients: inputs[0] * 0 + 2]
    )
    found = theano.function([x, y], theano.grad(by_list(x, y).sum(), [x, y]))(POINT, POINT + 1)
    np.testing.assert_array_equal(found, [POINT + 1, np.full(3, 2.0)])
    lop = theano.OpFromGraph([x], [x * 2], lop_overrides=lambda i, o, g: [o[0] * g[0]], rop_overrides=lambda i, t: [t[0] * 9])
    np.testing.assert_array_equal(theano.grad(lop(x).sum(), x).eval({x: POINT}), POINT * 2)
    np.testing.assert_array_equal(theano.gradient.Rop(lop(x), x, y).eval({y: POINT}), POINT * 9)


def test_types():
    x = T.dmatrix("x")
    assert x.type == T.dmatrix
    assert T.dmatrix == x.type
    assert x.type != T.fmatrix
    assert T.drow.broadcastable == (True, False)
    assert T.dmatrix().name is None
    assert T.tensor4("t").type.ndim == 4
    assert (x * 2).type().type == x.type
    assert isinstance(x.type, gof.Type)
    assert x.type.clone(dtype="float32") == T.fmatrix
    assert x.type.is_valid_value(np.zeros((2, 2)))
    assert not x.type.is_valid_value(np.zeros(2))
    np.testing.assert_array_equal(x.type.filter([[1, 2]]), [[1.0, 2.0]])
    with pytest.raises(TypeError):
        x.type.filter(np.zeros(3))
    assert T.dtensor6("s").ndim == 6


def test_graphs():
    x, y = T.dvectors("x", "y")
    z = T.exp(x) + y
    inputs, (copy,) = gof.graph.clone([x, y], [z])
    np.testing.assert_array_equal(copy.eval(dict(zip(inputs, (POINT, POINT), strict=True))), np.exp(POINT) + POINT)
    assert inputs[0] is not x
    assert gof.graph.orphans([x], [z]) == {y}
    assert gof.graph.variables([x, y], [z]) >= {x, y, z}
    assert gof.graph.list_of_nodes([x, y], [z])[0] is z.owner
    assert gof.graph.ops([x, y], [z]) == set(gof.graph.io_toposort([x, y], [z]))
    assert gof.graph.is_in_ancestors(z.owner, z.owner.inputs[0].owner)
    order = gof.graph.general_toposort([z], lambda v: v.owner.inputs if v.owner else [])
    assert order.index(x) < order.index(z)
    things = ["a", "b"]
    with pytest.raises(ValueError, match="circle"):
        gof.graph.general_toposort(things, lambda thing: things)


def test_pieces_differences_and_matrices():
    x, w = T.dvectors("x", "w")
    hidden = T.tanh(w * x)
    cost = (hidden**2).sum()
    ours, border = theano.subgraph_grad([], [hidden], cost=cost)
    assert ours == []
    first, _ = theano.subgraph_grad([w], [x], start={hidden: border[0]})
    values = {x: POINT, w: POINT + 1}
    np.testing.assert_allclose(first[0].eval(values), theano.grad(cost, w).eval(values))
    np.testing.assert_allclose(theano.gradient.numeric_grad(lambda a: (a**2).sum(), POINT).gf, 2 * POINT)
    assert theano.gradient.jacobian(x**2, x).eval({x: POINT}).shape == (3, 3)
    np.testing.assert_allclose(
        theano.gradient.hessian((x**3).sum(), x).eval({x: POINT}), np.diag(6 * POINT), rtol=1e-12
    )
    with pytest.raises(TypeError, match="vector or scalar"):
        theano.gradient.jacobian(T.dmatrix("m"), x)
