"""clone: copies of expressions, replacements, and shared variables that share their value."""

import copy
import pickle

import numpy as np
import pytest

import symconv as sc


def test_a_clone_has_nodes_of_its_own_and_the_same_inputs():
    x, w = sc.vector("x"), sc.shared(np.ones(3), name="w")
    y = sc.tanh(x * w)
    y.name, y.note = "y", "kept"
    z = sc.clone(y)
    assert z.owner is not y.owner
    assert (z.name, z.note, z.type, z.origin) == ("y", "kept", y.type, y.origin)
    z.name = "z"
    assert y.name == "y"
    np.testing.assert_array_equal(sc.function([x], z)(np.ones(3)), sc.function([x], y)(np.ones(3)))
    assert sc.clone(w) is w
    assert sc.clone([]) == []


def test_replacements_are_not_searched_again():
    x, y, z = sc.vectors("x", "y", "z")
    inner = sc.exp(x)
    both = sc.clone([inner + y, inner], replace={inner: y * 2, y: z})
    assert sc.function([y, z], both)([3.0], [10.0]) == [[16.0], [6.0]]
    assert sc.function([], sc.clone(x + 1, replace=[(x, [1.0, 2.0])]))().tolist() == [2, 3]
    for replace, kind in (
        ({x: sc.fvector()}, sc.DTypeError), ({x: sc.matrix()}, sc.RankError), ({"x": y}, sc.ArgumentError),
    ):  # fmt: skip
        with pytest.raises(kind):
            sc.clone(x + 1, replace=replace)
    with pytest.raises(sc.ArgumentError):
        sc.clone([3])


def test_a_replacement_of_known_shape_makes_shapes_known():
    x = sc.matrix("x")
    y = sc.clone(x.sum(axis=0), replace={x: sc.tensor("float64", (None, 3))})
    assert y.type.shape == (3,)


def test_new_inputs_keep_names_and_shared_values():
    x, w = sc.vector("x"), sc.shared(np.ones(3), name="w")
    z = sc.clone(x * w + 2, share_inputs=False)
    graph = {variable.name: variable for variable in z.owner.inputs[0].owner.inputs}
    assert graph["x"] is not x
    assert graph["w"] is not w
    w.set_value(np.full(3, 5.0))
    np.testing.assert_array_equal(sc.function([graph["x"]], z)(np.ones(3)), np.full(3, 7.0))
    graph["w"].set_value(np.zeros(3))
    assert w.get_value().sum() == 0


def test_clones_of_single_variables():
    x, c, w = sc.vector("x"), sc.constant(3.0, name="c"), sc.shared(1.0, name="w")
    assert (x.clone().type, x.clone().name) == (x.type, "x")
    assert x.clone() is not x
    assert c.clone().data == 3
    assert (x + 1).clone().owner is None
    assert w.clone().container is w.container


def test_zero_and_strict():
    w = sc.shared(np.ones(3), name="w", strict=True)
    held = w.get_value(borrow=True)
    w.zero()
    assert (held.sum(), w.get_value().sum()) == (3, 0)
    held = w.get_value(borrow=True)
    w.set_value(np.ones(3))
    held = w.get_value(borrow=True)
    w.zero(borrow=True)
    assert held.sum() == 0
    for bad in ([1.0, 2.0, 3.0], np.ones(3, "float32"), 3.0):
        with pytest.raises(sc.DTypeError, match="strict"):
            w.set_value(bad)
    assert w.get_value().sum() == 0
    with pytest.raises(sc.ArgumentError, match="strict"):
        sc.shared([1.0], strict=True)
    for bad in (None, "text", object(), {}, [1, "a"], sc.vector()):
        with pytest.raises(TypeError):
            sc.shared(bad)


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_of_single_variables(how):
    x, w = sc.vector("x"), sc.shared(np.ones(2), name="w")
    w.default_update = w * 2
    (x * w).eval({x: [1.0, 2.0]})
    w.set_value(np.ones(2))
    x2, w2, said, out = (how(one) for one in (x, w, sc.In(x, value=[1.0], strict=True), sc.Out(x)))
    assert (x2.name, x2.type, said.variable.type, said.strict) == ("x", x.type, x.type, True)
    assert out.variable.type == x.type
    sc.function([], w2)()
    assert w2.get_value().tolist() == [2, 2]
    assert (w.get_value()[0] == 2) == (how is copy.copy)


def test_a_copy_does_not_take_compiled_functions_along():
    x = sc.vector("x")
    y = x + 1
    size = len(pickle.dumps(y))
    y.eval({x: [1.0]})
    assert len(pickle.dumps(y)) <= size + 20


def test_a_graph_inside_an_op_is_one_graph_after_pickling():
    """What two results share is computed once in the copy, too; and deep graphs need no recursion."""
    x = sc.vector("x")
    deep = x
    for number in range(5000):
        deep = deep * 2 if number % 2 else deep - 1
    graph = sc.FunctionGraph((x,), (sc.tanh(deep), sc.exp(deep)))
    for copied in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert len(copied.nodes) == len(graph.nodes) == 5002
        assert copied.inputs[0] is not x
