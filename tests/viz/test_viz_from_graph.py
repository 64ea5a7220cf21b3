"""Views of expressions, graphs and compiled functions; deep graphs; what a notebook shows."""

import numpy as np
import pytest

import symconv.ops.elemwise_rows  # the operators
import symconv.ops.reduce  # noqa: F401
from symconv.compile.function import function
from symconv.errors import ArgumentError, OptionError
from symconv.graph.container import Container
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Variable, constant
from symconv.graph.shared import SharedVariable
from symconv.graph.types import TensorType
from symconv.ops.conv import conv2d
from symconv.viz import draw, mimebundle, to_networkx, to_text, view_of


def variable(name, *shape, dtype="float64"):
    return Variable(TensorType(dtype, shape), name)


def shared(name, value):
    value = np.asarray(value)
    return SharedVariable(TensorType(value.dtype.name, value.shape), Container(value), name)


def layer():
    image = variable("image", None, 3, None, None)
    w, b = shared("W", np.ones((2, 3, 3, 3))), shared("b", np.ones(2))
    return image, (conv2d(image, w) + b.dimshuffle("x", 0, "x", "x")).tanh()


def described(view):
    return [(node.kind, node.label) for node in view.nodes]


def test_a_layer():
    _, y = layer()
    view = view_of(y)
    assert [node.id for node in view.nodes] == [f"n{i}" for i in range(len(view.nodes))]
    kinds = [node.kind for node in view.nodes]
    assert kinds.count("input") == kinds.count("output") == 1
    assert kinds.count("shared") == 2
    labels = {node.label: node for node in view.nodes}
    assert {"image", "W", "b", "tanh", "output"} <= set(labels)
    assert labels["tanh"].origin.startswith("test_viz_from_graph.py:")
    assert labels["tanh"].type == "float64[?,2,?,?]"
    assert labels["image"].type == "float64[?,3,?,?]"
    position = {node.id: index for index, node in enumerate(view.nodes)}
    assert all(position[edge.source] < position[edge.target] for edge in view.edges)


def test_stages_of_a_function_and_the_fused_group():
    image, y = layer()
    f = function([image], y)
    built, fused = view_of(f, stage="built"), view_of(f)
    assert not built.groups
    assert len(fused.groups) == 1
    members = [node.label for node in fused.nodes if node.group]
    assert "tanh" in members
    assert any("Conv" in label for label in members)
    outside = [(node.kind, node.label) for node in fused.nodes if not node.group]
    assert ("input", "image") in outside
    assert ("shared", "W") in outside
    reaches = to_networkx(fused)
    (conv,) = [name for name, data in reaches.nodes(data=True) if data["group"] and "Conv" in data["label"]]
    assert {reaches.nodes[name]["label"] for name in reaches.predecessors(conv)} == {"image", "W"}
    f(np.ones((1, 3, 8, 8)))
    assert view_of(f) == fused
    for wrong in ("nothing", "source"):
        with pytest.raises(OptionError, match="built"):
            view_of(f, stage=wrong)


def test_the_page_of_a_function_has_all_stages_and_the_source(tmp_path):
    image, y = layer()
    f = function([image], y)
    f(np.ones((1, 3, 8, 8)))
    page = draw(f, tmp_path / "f.html", engine="builtin").read_text(encoding="utf-8")
    for stage in ("built", "fused"):
        assert f">{stage}</label>" in page
    assert "<summary>Source</summary>" in page
    assert draw(f, tmp_path / "one.html", stage="built", engine="builtin").read_text().count("<svg") == 1
    assert draw(f, tmp_path / "g.svg", stage="built").exists()


def test_updates_several_outputs_and_unused_inputs_are_shown():
    x, unused = variable("x", None), variable("unused", None)
    state = shared("state", np.ones(3))
    named = x * x
    named.name = "square"
    view = view_of(FunctionGraph((x, unused), (named, x), ((state, state * 0.5),)))
    assert ("input", "unused") in described(view)
    assert [n.label for n in view.nodes if n.kind == "output"] == ["square", "output 1", "state ←"]
    (mul,) = [node for node in view.nodes if "→ square" in node.detail]
    ports = sorted((edge.source, edge.port) for edge in view.edges if edge.target == mul.id)
    assert ports == [("n0", 0), ("n0", 1)]


def test_a_number_stands_beside_each_of_its_readers_but_an_array_once():
    x = variable("x", 7)
    number, array = constant(2.0), constant(np.arange(7.0))
    y = (x.exp() * array + array).sum() * number + number
    kinds = [node.kind for node in view_of(y).nodes]
    assert kinds.count("constant") == 3


def test_graphs_are_walked_iteratively():
    y = variable("x", None)
    for _ in range(5_000):
        y = y.tanh()
    assert len(view_of(y).nodes) == 5_002


def test_a_notebook_shows_an_expression():
    _, y = layer()
    assert y._repr_mimebundle_() == mimebundle(y)
    assert "tanh" in mimebundle(y)["text/plain"]
    assert to_text(view_of([y, y * 2.0])).count("output ") >= 2


@pytest.mark.parametrize("thing", [None, 3, [], [1], "graph", object()])
def test_what_cannot_be_drawn(thing):
    with pytest.raises(ArgumentError, match="cannot be drawn"):
        view_of(thing)


def test_only_functions_have_stages():
    with pytest.raises(OptionError, match="no stages"):
        view_of(variable("x", None), stage="built")
