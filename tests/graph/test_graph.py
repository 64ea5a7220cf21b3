"""Variables, types, walks, closed graphs: what an expression is, however deep."""

import copy
import inspect
import pickle

import numpy as np
import pytest
from reference import evaluate

import symconv.ops.nn
from symconv.config import Settings, config, current, settings
from symconv.errors import (
    ArgumentError,
    DTypeError,
    MissingInputError,
    OptionError,
    RankError,
    ShapeError,
    SymconvError,
)
from symconv.graph.fit import fit
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Variable, constant
from symconv.graph.op import Op, as_variable
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import ancestors, leaves, substitute, toposort
from symconv.graph.types import TensorType, broadcast, type_of
from symconv.ops import elemwise_rows as rows
from symconv.ops.create import dmatrix, dscalar, dvector, fvector, shared

DEPTH = 100_000


# Types


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(None, 3, None), (3, 1)], (None, 3, None)),
        ([(), ()], ()),
        ([(2, 3), ()], (2, 3)),
        ([(1,), (None,)], (None,)),
        ([(None,), (4,)], (4,)),
        ([(1, 3), (2, 1)], (2, 3)),
        ([(0,), (1,)], (0,)),
        ([(1,), (1, 1)], (1, 1)),
    ],
)
def test_broadcast(shapes, expected):
    assert broadcast(shapes) == broadcast(shapes[::-1]) == expected


def test_broadcast_refuses():
    with pytest.raises(ShapeError, match=r"(?s)sizes 3, 4 of dimension -1.*hint"):
        broadcast([(2, 3), (2, 4)])
    with pytest.raises(ShapeError, match="sizes 0, 2"):
        broadcast([(0,), (2,)])


def test_tensor_types():
    type_ = TensorType("float32", (1, None, 3))
    assert str(type_) == "float32[1,?,3]"
    assert type_.broadcastable == (True, False, False)
    assert type_.accepts((1, 7, 3))
    assert not type_.accepts((1, 7, 4))
    assert not type_.accepts((1, 7))
    assert TensorType("int8", (None,)).generalises(TensorType("int8", (3,)))
    assert not TensorType("int8", (None,)).generalises(TensorType("int8", (1,)))
    assert not TensorType("int8", (3,)).generalises(TensorType("int8", (None,)))
    assert type_.with_value(np.zeros((1, 2, 3))) == type_
    assert type_of(np.zeros((2, 0), "int8")) == TensorType("int8", (2, 0))
    with pytest.raises(DTypeError):
        TensorType("object", ())
    for size in (-1, 1.5, True):
        with pytest.raises(ShapeError):
            TensorType("int8", (size,))


# Variables


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda x: bool(x > 0), DTypeError),
        (len, ArgumentError),
        (float, ArgumentError),
        (int, ArgumentError),
        (list, ArgumentError),
        (np.asarray, ArgumentError),
        (lambda x: np.add.reduce(x), ArgumentError),
        (lambda x: x.no_such_method, AttributeError),
    ],
)
def test_variables_are_no_values(use, error):
    with pytest.raises(error):
        use(dvector("x"))


def test_variables_are_compared_by_identity():
    x, y = dvector("x"), dvector("x")
    assert x == x
    assert x != y
    assert bool(x)
    assert len({x, y}) == 2


def test_methods_are_listed_and_documented():
    x = dvector("x")
    assert {"sum", "dimshuffle", "tanh", "astype", "reshape"} <= set(dir(x))
    assert "Permute" in x.dimshuffle.__doc__
    assert x.sum.__name__ == "sum"
    x.tag_of_my_own = 3
    assert x.tag_of_my_own == 3


def test_texts():
    x = dvector("x")
    y = x + 1
    assert (str(x), repr(x), str(y)) == ("x", "x: float64[?]", "add.0")
    assert repr(y) == "add.0: float64[?]"
    assert str(Variable(TensorType("int8", ()))) == "<int8[]>"
    assert str(constant(1.5)) == "1.5"
    assert str(constant([1, 2])) == "[1, 2]"
    assert str(constant(np.zeros((3, 3)))) == "<constant float64[3,3]>"


def test_origin():
    x = dvector("x")
    line = inspect.currentframe().f_lineno + 1
    y = rows.tanh(x)
    assert (y.origin.line, y.origin.function) == (line, "test_origin")
    assert str(y.origin) == f"test_graph.py:{line} in test_origin"
    assert x.origin is None


def test_constants():
    array = np.ones(3)
    held = constant(array)
    array[0] = 9
    assert held.data[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        held.data[0] = 2
    with settings(floatX="float32"):
        assert constant(1.0).dtype == "float32"
        assert constant([1.0]).dtype == "float64"
        assert constant(1).dtype == "int64"
    with pytest.raises(DTypeError):
        constant("text")
    with pytest.raises(ArgumentError):
        constant(held)
    assert as_variable(held) is held


@pytest.mark.parametrize(
    ("value", "type_", "error"),
    [
        ([1, 2], TensorType("float32", (None,)), None),
        (np.ones(2, "int16"), TensorType("float32", (None,)), None),
        ([0.1], TensorType("float32", (None,)), None),
        (3, TensorType("int8", ()), None),
        (np.ones(2), TensorType("float32", (None,)), DTypeError),
        ([300], TensorType("int8", (None,)), DTypeError),
        ([0.5], TensorType("int8", (None,)), DTypeError),
        ([1j], TensorType("float64", (None,)), DTypeError),
        ([[1.0]], TensorType("float64", (None,)), RankError),
        ([1.0, 2.0], TensorType("float64", (3,)), ShapeError),
        ("text", TensorType("float64", ()), DTypeError),
    ],
)
def test_fit(value, type_, error):
    if error is None:
        fitted = fit(value, type_, "the input")
        assert fitted.dtype == type_.dtype
        np.testing.assert_allclose(fitted, value, rtol=1e-6)
        return
    with pytest.raises(error, match="the input needs"):
        fit(value, type_, "the input")


# Deep graphs


@pytest.fixture(scope="module")
def deep():
    x = fvector("x")
    y = x
    for index in range(DEPTH // 2):
        y = y + x
        y = rows.tanh(y) if index % 2 else y * 2
    y.name = "y"
    return x, y


def test_deep_toposort(deep):
    x, y = deep
    order = toposort([y])
    assert len(order) == DEPTH
    position = {node: index for index, node in enumerate(order)}
    for node in order:
        for variable in node.inputs:
            assert variable.owner is None or position[variable.owner] < position[node]
    assert leaves([y])[0] is x
    assert sum(1 for _ in ancestors([y])) == DEPTH + len(leaves([y]))


def test_deep_pickle(deep):
    _, y = deep
    again = pickle.loads(pickle.dumps(y))
    assert (again.name, again.type) == ("y", y.type)
    assert len(toposort([again])) == DEPTH
    assert again.owner.origin == y.owner.origin


def test_deep_copy(deep):
    x, y = deep
    again = copy.deepcopy(y)
    assert len(toposort([again])) == DEPTH
    assert leaves([again])[0] is not x
    assert leaves([again])[0].name == "x"


def test_deep_substitute(deep):
    x, y = deep
    z = Variable(TensorType("float32", (3,)), "z")
    (replaced,) = substitute([y], {x: z})
    assert replaced.type == TensorType("float32", (3,))
    assert replaced.name == "y"
    assert leaves([replaced])[0] is z
    assert leaves([y])[0] is x


# Walks


def test_toposort_is_stable_and_stops():
    x = dscalar("x")
    a = rows.exp(x)
    b = rows.sin(a)
    c = a + b
    assert [str(node.op) for node in toposort([c, b])] == ["exp", "sin", "add"]
    assert [str(node.op) for node in toposort([b, c])] == ["exp", "sin", "add"]
    assert [str(node.op) for node in toposort([c], stop={a})] == ["sin", "add"]
    assert toposort([c], stop={c}) == []
    assert leaves([c], stop={a}) == [a]
    assert toposort([x]) == []


def test_substitute_shares_what_stays():
    x, y, z = dvector("x"), dvector("y"), dvector("z")
    left, right = rows.exp(x), rows.sin(y)
    total = left * right
    (new,) = substitute([total], {y: z})
    assert new.owner.inputs[0] is left
    assert new.owner.inputs[1].owner.inputs[0] is z
    assert new.origin == total.origin
    point = {x: [1.0], y: [2.0], z: [2.0]}
    np.testing.assert_array_equal(evaluate(new, point), evaluate(total, point))
    assert substitute([x, left], {x: z})[0] is z
    with pytest.raises(ShapeError, match=r"(?s)sizes.*test_graph"):
        substitute([rows.add(x, dvector("w", shape=(3,)))], {x: dvector("v", shape=(4,))})


def test_pickle_keeps_sharing_and_attributes():
    x, W = dvector("x"), shared(np.array([1.0, 2.0]), "W")
    y = rows.tanh(x * W) + W
    y.note = "mine"
    x.note = "too"
    first, second = pickle.loads(pickle.dumps((y, y)))
    assert first.note == "mine"
    found = leaves([first])
    assert [v.name for v in found] == ["x", "W"]
    assert found[0].note == "too"
    assert isinstance(found[1], SharedVariable)
    assert len(toposort([first])) == len(toposort([y]))
    np.testing.assert_array_equal(evaluate(first, {found[0]: [1, 1]}), evaluate(y, {x: [1, 1]}))
    assert second is first


# Closed graphs


def test_function_graph():
    x, W = dmatrix("x"), shared(np.ones((2, 3)), "W")
    y = rows.tanh(x + W)
    graph = FunctionGraph((x,), (y,), ((W, W * 2),))
    assert graph.shared == (W,)
    assert len(graph.nodes) == 3
    assert [str(node.op) for node in graph.clients[W]] == ["add", "mul"]
    text = str(graph)
    assert "graph(x: float64[?,?])" in text
    assert "# test_graph.py:" in text
    assert "update W = " in text
    other = dmatrix("x2")
    with pytest.raises(MissingInputError):
        graph.replaced({x: other})
    assert FunctionGraph((other,), graph.replaced({}).outputs[:0]).nodes == ()


def test_missing_input():
    x, y = dvector("x"), dvector("missing")
    line = inspect.currentframe().f_lineno + 1
    z = x + y
    with pytest.raises(MissingInputError, match=rf"(?s)needs the input missing.*py:{line}.*hint"):
        FunctionGraph((x,), (z,))


# Ops


def test_op_defaults():
    class Bare(Op):
        pass

    x = dvector("x")
    with pytest.raises(NotImplementedError, match="output types"):
        Bare()(x)
    with pytest.raises(NotImplementedError, match="meaning"):
        Bare().perform(np.ones(2))
    assert str(Bare()) == "Bare"
    assert Bare() == Bare()


def test_several_outputs():
    class Both(Op):
        def out_types(self, x):
            return x, x.with_dtype("bool")

        def perform(self, x):
            return x + 1, x > 0

    x = dvector("x")
    first, second = Both()(x)
    assert (first.index, second.index, second.dtype) == (0, 1, "bool")
    found = evaluate([second, first], {x: [-1.0, 2.0]})
    np.testing.assert_array_equal(found[0], [False, True])


# Errors and settings


def test_error_text():
    arguments = [("x", "float64[2]"), ("long", "int8[]")]
    error = ShapeError("bad", arguments=arguments, where="net.py:3", hint="do it")
    expected = "bad\n  x:    float64[2]\n  long: int8[]\n  at net.py:3\n  hint: do it"
    assert str(error) == expected
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (ShapeError, expected)
    assert isinstance(error, SymconvError | ValueError)
    assert issubclass(RankError, TypeError)


def test_settings():
    assert config.floatX == "float64"
    with settings(floatX="float32", threads=2):
        assert current().floatX == config.floatX == "float32"
        assert current().thread_count == 2
        config.floatX = "float16"
        assert dvector().dtype == "float64"
        assert config.floatX == "float16"
    assert config.floatX == "float64"
    assert len(Settings.__dataclass_fields__) <= 10
    for name, value, error in [
        ("floatX", "int8", OptionError), ("threads", 0, OptionError), ("mode", "fast", OptionError),
        ("no_such", 1, ArgumentError),
    ]:  # fmt: skip
        with pytest.raises(error):
            settings(**{name: value}).__enter__()
        with pytest.raises(error):
            setattr(config, name, value)
    assert not hasattr(config, "no_such")


assert symconv.ops.nn  # methods of variables
