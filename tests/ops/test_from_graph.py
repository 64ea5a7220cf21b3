"""Ops made of graphs and of plain functions: meaning, inlining, overrides, sizes, pickling, errors."""

import pickle

import numpy as np
import pytest

import symconv as sc
from symconv.graph.op import NoGradient

VECTOR = sc.TensorType("float64", (None,))
x, y, v = sc.dvector("x"), sc.dvector("y"), sc.dvector("v")
POINT = np.array([0.5, -1.0, 2.0])


def swish():
    a, b = sc.dvectors("a", "b")
    return sc.OpFromGraph([a, b], [a * sc.sigmoid(b), (a - b).sum()], name="swish")


def test_is_what_the_expression_is():
    op = swish()
    first, second = op(x, y)
    direct = x * sc.sigmoid(y)
    for mode in ("checked", "interpreted"):
        f = sc.function([x, y], [first, second], mode=mode)
        found = f(POINT, POINT[::-1].copy())
        np.testing.assert_allclose(found[0], direct.eval({x: POINT, y: POINT[::-1].copy()}))
        np.testing.assert_allclose(found[1], 0.0)
    assert first.owner.op.label == "swish"
    assert first.owner is second.owner


def test_the_compiler_sees_through_it():
    op = swish()
    f = sc.function([x, y], op(x, y)[0] + 1)
    assert "swish" in {node.op.label for node in f.stages["built"].nodes}
    direct = sc.function([x, y], x * sc.sigmoid(y) + 1)
    fused, meant = ([str(node.op) for node in g.stages["fused"].nodes] for g in (f, direct))
    assert fused == meant
    assert any(change.rule == "swish.expand" for change in f.log)


def test_nested_in_itself_loops_and_branches():
    a = sc.dvector("a")
    inner = sc.OpFromGraph([a], sc.tanh(a))
    outer = sc.OpFromGraph([a], inner(inner(a)) + inner(a * 2))
    expected = np.tanh(np.tanh(POINT)) + np.tanh(2 * POINT)
    np.testing.assert_allclose(sc.function([x], outer(x), mode="checked")(POINT), expected)
    looped, _ = sc.scan(lambda h: outer(h), outputs_info=x, n_steps=2)
    again = np.tanh(np.tanh(expected)) + np.tanh(2 * expected)
    np.testing.assert_allclose(sc.function([x], looped, mode="checked")(POINT)[-1], again)
    chosen = sc.ifelse(x.sum() > 0, outer(x), x)
    np.testing.assert_allclose(sc.function([x], chosen, mode="checked")(POINT), expected)
    sc.verify_grad(lambda a: outer(a), [POINT])
    sc.verify_grad(lambda a: sc.grad(outer(a).sum(), a), [POINT])


def test_shared_variables_are_read_and_learn():
    w = sc.shared(np.array([1.0, 2.0, 3.0]), name="w")
    a = sc.dvector("a")
    op = sc.OpFromGraph([a], a * w)
    f = sc.function([x], [op(x), sc.grad(op(x).sum(), w)], updates={w: w + 1})
    np.testing.assert_array_equal(f(POINT)[0], POINT * [1, 2, 3])
    found, slope = f(POINT)
    np.testing.assert_array_equal(found, POINT * [2, 3, 4])
    np.testing.assert_array_equal(slope, POINT)


def test_overrides():
    a, b = sc.dvectors("a", "b")
    whole = sc.OpFromGraph([a, b], a * b, grad=lambda inputs, outputs, g: [g[0] * 10, g[0] * inputs[0]])
    found = sc.function([x, y], sc.grad(whole(x, y).sum(), [x, y]), on_unused_input="ignore")(POINT, POINT + 1)
    np.testing.assert_array_equal(found, [np.full(3, 10.0), POINT])
    single = sc.OpFromGraph([a, b], a * b, grad=["default", lambda inputs, outputs, g: -outputs[0] * g[0]])
    found = sc.function([x, y], sc.grad(single(x, y).sum(), [x, y]))(POINT, POINT + 1)
    np.testing.assert_array_equal(found, [POINT + 1, -POINT * (POINT + 1)])
    lost = sc.OpFromGraph([a, b], a * b, grad=[None, NoGradient("it is noise")])
    with pytest.raises(sc.DisconnectedInputError):
        sc.grad(lost(x, y).sum(), x)
    with pytest.raises(sc.UndefinedGradientError, match=r"(?s)by y: it is noise.*test_from_graph\.py"):
        sc.grad(lost(x, y).sum(), y)
    forward = sc.OpFromGraph([a], a**2, rop=lambda inputs, outputs, tangents: [tangents[0] * 7])
    np.testing.assert_array_equal(sc.Rop(forward(x), x, v).eval({v: POINT}), POINT * 7)


def test_rop_follows_the_graph():
    op = swish()
    first = op(x, y)[0]
    found = sc.Rop(first, [x, y], [v, v]).eval({x: POINT, y: POINT, v: POINT})
    direct = sc.Rop(x * sc.sigmoid(y), [x, y], [v, v]).eval({x: POINT, y: POINT, v: POINT})
    np.testing.assert_allclose(found, direct)


def test_graph_errors():
    a, b = sc.dvectors("a", "b")
    with pytest.raises(sc.MissingInputError, match="needs the input b"):
        sc.OpFromGraph([a], a + b)
    with pytest.raises(sc.ArgumentError, match="stands there twice"):
        sc.OpFromGraph([a, a], a)
    with pytest.raises(sc.ArgumentError, match=r"2 inputs got 1 overrides"):
        sc.OpFromGraph([a, b], a + b, grad=["default"])
    op = sc.OpFromGraph([a], a * 2, name="double")
    with pytest.raises(sc.ArgumentError, match="double takes 1 arguments, got 2"):
        op(x, y)
    with pytest.raises(sc.DTypeError, match=r"(?s)float64, got float32.*hint: convert"):
        op(sc.fvector("f"))
    with pytest.raises(sc.RankError, match="1 dimensions, got 2"):
        op(sc.dmatrix("m"))
    wrong = sc.OpFromGraph([a], a * 2, grad=lambda inputs, outputs, g: [g[0], g[0]])
    with pytest.raises(sc.GradientError, match="1 inputs, and its grad gave 2"):
        sc.grad(wrong(x).sum(), x)


def test_a_graph_op_is_pickled():
    op = pickle.loads(pickle.dumps(swish()))
    np.testing.assert_allclose(op(x, y)[1].eval({x: POINT, y: POINT}), 0)


@sc.as_op(VECTOR, VECTOR, shapes=lambda shape: shape, grad=lambda inputs, outputs, g: g[0][::-1])
def backwards(array):
    return array[::-1].copy()


@sc.as_op([VECTOR, sc.TensorType("int64", ())], [VECTOR, sc.TensorType("int64", ())])
def above(array, least):
    kept = array[array > least]
    return kept, np.array(kept.size)


def test_a_function_as_op():
    f = sc.function([x], sc.exp(backwards(x * 2)), mode="checked")
    np.testing.assert_allclose(f(POINT), np.exp(2 * POINT[::-1]))
    sc.verify_grad(lambda a: backwards(a) * [1.0, 2.0, 3.0] * a, [POINT])
    assert str(backwards) == "backwards"


def test_sizes_that_only_the_result_shows():
    n = sc.lscalar("n")
    kept, count = above(x + 1, n)
    f = sc.function([x, n], [kept * 2, count + 1, kept.shape[0]], mode="checked")
    for least in (0, 5, -9):
        doubled, more, size = f(POINT, least)
        expected = (POINT + 1)[POINT + 1 > least]
        np.testing.assert_array_equal(doubled, expected * 2)
        assert (more, size) == (len(expected) + 1, len(expected))
    constant = above(np.array([1.0, 2.0]), np.int64(1))[0]
    np.testing.assert_array_equal(sc.function([], constant * 2)(), [4.0])
    with pytest.raises(sc.GradientError, match="above has no gradient"):
        sc.grad(kept.sum(), x)


def test_function_errors():
    with pytest.raises(sc.ArgumentError, match=r"(?s)in_types of as_op holds 'float64'.*hint: TensorType"):
        sc.as_op("float64", VECTOR)
    with pytest.raises(sc.DTypeError, match=r"(?s)argument 0 of backwards is float64, got float32"):
        backwards(sc.fvector("f"))
    with pytest.raises(sc.RankError, match="1 dimensions, got 2"):
        backwards(sc.dmatrix("m"))
    with pytest.raises(sc.ArgumentError, match="above takes 2 arguments, got 1"):
        above(x)
    wrong = sc.as_op(VECTOR, VECTOR)(lambda a: a.astype("float32"))
    with pytest.raises(sc.CompileError, match=r"(?s)float32\[3\] and had promised float64\[\?\]"):
        sc.function([x], wrong(x))(POINT)


def test_a_function_op_is_pickled_by_name():
    assert pickle.loads(pickle.dumps(backwards)) is backwards
    f = pickle.loads(pickle.dumps(sc.function([x], backwards(x))))
    np.testing.assert_array_equal(f(POINT), POINT[::-1])
