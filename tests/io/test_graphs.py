"""Graphs in files: random programs come back and compute the same; a file that lies is refused."""

import copy
import json
import os
import pickle
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from strategies import programs

import symconv as sc
from symconv.io.registry import registered_ops


def results(graph, arguments):
    f = sc.function(graph.inputs, graph.outputs, updates=graph.updates, mode="interpreted", on_unused_input="ignore")
    return f(*arguments)


def again(graph):
    return sc.io.graph_from_json(sc.io.graph_to_json(graph))


def assert_same(graph, arguments):
    other = again(graph)
    assert [v.type for v in other.inputs] == [v.type for v in graph.inputs]
    assert [v.type for v in other.results] == [v.type for v in graph.results]
    for found, meant in zip(results(other, arguments), results(graph, arguments), strict=True):
        np.testing.assert_array_equal(found, meant, strict=True)
    assert sc.io.graph_to_json(other) == sc.io.graph_to_json(graph)


@given(st.booleans().flatmap(programs))
def test_random_programs_come_back(program):
    note(repr(program))
    assert_same(sc.FunctionGraph(tuple(program.variables), tuple(program.results)), program.arguments)


@given(programs(exact=False, steps=5, dtypes=("float64",)))
def test_their_gradients_come_back(program):
    note(repr(program))
    floats = [variable for variable in program.variables if variable.type.is_float]
    cost = sum((output * 0.5).sum() for output in program.results)
    slopes = sc.grad(cost, floats, disconnected_inputs="ignore") if floats else []
    assert_same(sc.FunctionGraph(tuple(program.variables), tuple(slopes)), program.arguments)


x, v, i = sc.tensor4("x"), sc.vector("v"), sc.lscalar("i")
X = np.random.default_rng(0).normal(size=(2, 3, 6, 7))
V = np.array([1.0, -2.0, 0.5])
SPECIAL = {
    "slices": ([x, i], [x[i:, 1:3, ::-1, None], x[0, ..., :-1]], [X, 1]),
    "indices": ([x, v], [x[sc.cast(abs(v), "int64") % 2], sc.set_subtensor(x[:, 0], 1.0)], [X, V]),
    "pooling": ([x], [sc.pool_2d(x, (2, 2)), sc.grad(sc.pool_2d(x, (2, 2)).sum(), x)], [X]),
    "reductions": ([x], [x.max(axis=1), sc.argmax(x, axis=2), sc.softmax(x, axis=1)], [X]),
    "branches": ([v, i], [sc.ifelse(i > 0, v * 2, v)], [V, 1]),
    "infinities": ([v], [sc.clip(v, -np.inf, np.inf), v * np.array([np.nan, np.inf, -0.0])], [V]),
    "complex": ([v], [sc.abs(v * (1 + 2j))], [V]),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_what_random_programs_lack(name):
    inputs, outputs, arguments = SPECIAL[name]
    assert_same(sc.FunctionGraph(tuple(inputs), tuple(outputs)), arguments)


def test_loops():
    total, _ = sc.scan(lambda element, state: 2 * state + element, sequences=v, outputs_info=[sc.constant(0.0)])
    assert_same(sc.FunctionGraph((v,), (total, sc.grad(total.sum(), v))), [V])


def test_updates_states_names_and_what_is_shared(tmp_path):
    W = sc.shared(np.eye(3), name="W", shape=(3, None))
    count = sc.shared(np.array(0), name="count", strict=True)
    count.default_update = count + 1
    cost = (sc.dot(v, W) * count).sum()
    cost.name = "cost"
    graph = sc.FunctionGraph((v,), (cost,), ((W, W - 0.1 * sc.grad(cost, W)),))
    for values in (None, tmp_path / "values.safetensors", tmp_path / "values.npz"):
        other = sc.io.load_graph(sc.io.save_graph(tmp_path / "graph.json", graph, values=values))
        assert [str(variable) for variable in (*other.inputs, *other.outputs)] == ["v", "cost"]
        shared = {variable.name: variable for variable in other.shared}
        assert shared["W"].type == W.type
        assert shared["count"].strict
        f = sc.function(other.inputs, other.outputs, updates=other.updates)
        assert [float(f(V)[0]) for _ in range(3)] == [0.0, pytest.approx(-0.5), pytest.approx(-4.15)]
        assert W.get_value()[0, 0] == 1


def test_random_streams_continue():
    stream = sc.random.Stream(7)
    graph = sc.FunctionGraph((), (stream.normal((3,)),))
    other = again(graph)
    f, g = (sc.function([], each.outputs) for each in (graph, other))
    for _ in range(3):
        np.testing.assert_array_equal(f(), g())


def test_a_deep_graph(tmp_path):
    y = v
    for _ in range(20_000):
        y = sc.tanh(y)
    other = again(sc.FunctionGraph((v,), (y,)))
    assert len(other.nodes) == 20_000


def test_every_op_can_be_named_once():
    """Each class of the package below Op, but for those that stand for no op."""
    ops = registered_ops()
    assert len(ops) > 60
    assert all(kind.__name__ == name for name, kind in ops.items())


def test_compiled_functions_are_pickled():
    W = sc.shared(np.eye(3), name="W")
    f = sc.function([v], sc.dot(v, W), updates=[(W, 2 * W)])
    g = pickle.loads(pickle.dumps(f))
    for _ in range(2):
        np.testing.assert_array_equal(f(V), g(V))


# Ops of others


@dataclass(frozen=True)
class Scale(sc.Op):
    factor: float

    def out_types(self, x):
        return x

    def perform(self, x):
        return self.factor * x


@dataclass(frozen=True)
class Call(Scale):
    function: object = field(default=len)


def test_an_op_of_the_users(tmp_path):
    graph = sc.FunctionGraph((v,), (Scale(3.0)(v),))
    with pytest.raises(sc.ArgumentError, match="not one of symconv's own") as caught:
        sc.io.graph_to_json(graph)
    assert "ops={" in caught.value.hint
    path = sc.io.save_graph(tmp_path / "graph.json", graph, ops={"Scale": Scale})
    with pytest.raises(sc.FileError, match="op 'Scale', which is not known"):
        sc.io.load_graph(path)
    other = sc.io.load_graph(path, ops={"Scale": Scale})
    np.testing.assert_array_equal(results(other, [V])[0], 3 * V)


def test_what_no_file_can_hold():
    with pytest.raises(sc.ArgumentError, match="cannot be written"):
        sc.io.graph_to_json(sc.FunctionGraph((v,), (Call(1.0)(v),)), ops={"Call": Call})
    with pytest.raises(sc.ArgumentError, match="FunctionGraph, got Elemwise"):
        sc.io.graph_to_json((v + 1).owner.op)


# Damage


def document():
    graph = sc.FunctionGraph((x,), (sc.conv2d(x, np.ones((2, 3, 2, 2))).sum(axis=1), x + 1, x[0, :2]))
    return json.loads(sc.io.graph_to_json(graph))


def read(changed):
    return sc.io.graph_from_json(json.dumps(changed))


def node(document, op):
    return next(node for node in document["nodes"] if node["op"] == op)


def put(value, *path):
    def change(document):
        place = document
        for step in path[:-1]:
            place = node(document, step) if step in registered_ops() else place[step]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("onnx", "format"),
        put(2, "version"),
        put("../../etc/passwd.npz", "values"),
        put([99], "outputs"),
        put([-1], "outputs"),
        put([True], "outputs"),
        put("0", "outputs"),
        put([[0, 0]], "updates"),
        put([0], "Conv", "inputs"),
        put("os.system", "Conv", "op"),
        put("_Convolution", "Conv", "op"),
        put("Op", "Conv", "op"),
        put({"geometry": None}, "Conv", "fields"),
        put({}, "Conv", "fields"),
        put({"record": ["Path", {}]}, "Conv", "fields", "geometry"),
        put({"stride": [0, 0]}, "Conv", "fields", "geometry", "record", 1),
        put({"row": "eval"}, "Elemwise", "fields", "row"),
        put({"row": "cast{object}"}, "Elemwise", "fields", "row"),
        put({"reduction": "sum"}, "Elemwise", "fields", "row"),
        put([1, "1"], "Reduce", "fields", "axes"),
        put([7], "Reduce", "fields", "axes"),
        put([["float32", [None, None, None]]], "Reduce", "types"),
        put([["float64", [None, None]]], "Reduce", "types"),
        put([], "Reduce", "types"),
        put([1], "Reduce", "names"),
        put([{"record": ["Piece", {"start": 1}]}], "Subtensor", "fields", "pattern"),
        put([{"what": 1}], "Subtensor", "fields", "pattern"),
        put({"kind": "input", "dtype": "object", "shape": [], "name": None}, "leaves", 0),
        put({"kind": "input", "dtype": "float64", "shape": [-1], "name": None}, "leaves", 0),
        put({"kind": "secret"}, "leaves", 0),
        put("float64", "leaves"),
        put({"dtype": "float64", "shape": [10**12], "values": []}, "leaves", 1, "value"),
        put({"dtype": "float64", "shape": [2], "base64": "!!"}, "leaves", 1, "value"),
        put({"dtype": "float64", "shape": [2], "base64": "AAAA"}, "leaves", 1, "value"),
        put({"dtype": "int8", "shape": [1], "values": [1000]}, "leaves", 1, "value"),
        put({"dtype": "int8", "shape": [1], "values": [1.5]}, "leaves", 1, "value"),
    ],
)  # fmt: skip
def test_a_graph_that_cannot_be_is_refused(change):
    changed = document()
    read(copy.deepcopy(changed))
    change(changed)
    with pytest.raises(sc.FileError) as caught:
        read(changed)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", "NaN", '{"format": 1, "format": 2}', "[" * 99_999])
def test_what_is_no_graph_is_refused(text):
    with pytest.raises(sc.FileError):
        sc.io.graph_from_json(text)


def test_nested_graphs_have_a_limit():
    changed = document()
    inner = {"leaves": [], "nodes": [], "inputs": [], "outputs": [], "updates": []}
    for _ in range(30):
        fields = {"then": {"graph": inner}, "otherwise": {"graph": inner}, "name": None}
        node = {"op": "IfElse", "fields": fields, "inputs": [], "types": [], "names": []}
        inner = {"leaves": [], "nodes": [node], "inputs": [], "outputs": [], "updates": []}
        if len(json.dumps(inner)) > 100_000:
            break
    changed["nodes"] = inner["nodes"]
    with pytest.raises(sc.FileError):
        read(changed)


@given(st.data())
def test_changed_characters_never_raise_anything_else(data):
    text = list(json.dumps(document()))
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from('0123456789-.eE"[]{},:nulx'))
    try:
        graph = sc.io.graph_from_json("".join(text))
    except sc.FileError:
        return
    assert isinstance(graph, sc.FunctionGraph)


@pytest.mark.parametrize("name", ["../values.npz", "/etc/values.npz", "..", "", "a\\b.npz", 1, None])
def test_values_of_a_graph_are_looked_for_beside_it_only(tmp_path, name):
    (tmp_path / "graph.json").write_text(json.dumps(document() | {"values": name}))
    with pytest.raises(sc.FileError, match="no name of a file beside it"):
        sc.io.load_graph(tmp_path / "graph.json")


def test_values_must_lie_beside_the_graph(tmp_path):
    (tmp_path / "other").mkdir()
    graph = sc.FunctionGraph((v,), (v + sc.shared(1.0, name="one"),))
    with pytest.raises(sc.OptionError, match="same folder"):
        sc.io.save_graph(tmp_path / "graph.json", graph, values=tmp_path / "other" / "values.npz")
    path = sc.io.save_graph(tmp_path / "graph.json", graph, values=tmp_path / "values.npz")
    os.unlink(tmp_path / "values.npz")
    with pytest.raises(sc.FileError, match="cannot be read"):
        sc.io.load_graph(path)
