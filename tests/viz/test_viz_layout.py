"""The layout: nothing overlaps, no line crosses what is not its own, and the same view lies the same."""

import subprocess
import sys
from pathlib import Path

import pytest
import views
from hypothesis import given
from hypothesis import strategies as st

from symconv.errors import OptionError
from symconv.viz import ordering, placement, ranks
from symconv.viz.layout import edge_label, lay_out, node_size
from symconv.viz.metrics import fit, text_width
from symconv.viz.view import Edge, GraphView, Group, Node

ROOT = Path(__file__).parents[2]


@st.composite
def graphs(draw):
    """Acyclic graphs with repeated arguments, labels, and groups that need not be convex."""
    count = draw(st.integers(1, 14))
    kernels = draw(st.integers(0, 3))
    nodes, edges = [], []
    for index in range(count):
        group = draw(st.sampled_from([None, *[f"g{i}" for i in range(kernels)]]))
        label = draw(st.sampled_from(["x", "Conv2d", "a label that is rather long", "λ", "図"]))
        detail = ("border_mode=valid",) if draw(st.booleans()) else ()
        kind = draw(st.sampled_from(["op", "shared"]))
        nodes.append(Node(f"n{index}", kind, label, detail, "float64[?]", "", group))
        for port in range(draw(st.integers(0, 3)) if index else 0):
            source = f"n{draw(st.integers(0, index - 1))}"
            edges.append(Edge(source, f"n{index}", draw(st.sampled_from(["", "", "float64[?,2]"])), port))
    groups = tuple(Group(f"g{i}", f"kernel {i}: a title that may be wide") for i in range(kernels))
    return GraphView("random", tuple(nodes), tuple(edges), groups)


def overlap(a, b, slack=0.01):
    return (
        a.x < b.x + b.width - slack and b.x < a.x + a.width - slack
        and a.y < b.y + b.height - slack and b.y < a.y + a.height - slack
    )  # fmt: skip


def inside(a, b, slack=0.01):
    return (
        a.x >= b.x - slack and a.y >= b.y - slack
        and a.x + a.width <= b.x + b.width + slack and a.y + a.height <= b.y + b.height + slack
    )  # fmt: skip


def samples(points, steps=12):
    """Points along the curve."""
    for at in range(0, len(points) - 3, 3):
        p = points[at : at + 4]
        for step in range(steps + 1):
            t = step / steps
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * q[axis] for w, q in zip(weights, p, strict=True)) for axis in (0, 1))


def within(point, box, margin=0.5):
    x, y = point
    return (
        box.x + margin < x < box.x + box.width - margin and box.y + margin < y < box.y + box.height - margin
    )


def check(view):
    layout = lay_out(view)
    group_of = {node.id: node.group for node in view.nodes}
    boxes = layout.nodes
    assert list(boxes) == [node.id for node in view.nodes]
    names = list(boxes)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert not overlap(boxes[a], boxes[b]), (a, b)
    used = {group for group in group_of.values() if group}
    assert set(layout.groups) == used
    for group, box in layout.groups.items():
        for name in names:
            if group_of[name] == group:
                assert inside(boxes[name], box)
                assert not overlap(boxes[name], layout.group_titles[group][1])
            else:
                assert not overlap(boxes[name], box), (group, name)
        assert inside(layout.group_titles[group][1], box)
        for other, another in layout.groups.items():
            assert other == group or not overlap(box, another)
    everything = [*boxes.values(), *layout.groups.values(), *(label.box for label in layout.labels)]
    for box in everything:
        assert box.x >= -0.01
        assert box.y >= -0.01
        assert box.x + box.width <= layout.width + 0.01
        assert box.y + box.height <= layout.height + 0.01
    check_lines(view, layout, group_of)
    check_labels(view, layout)


def check_lines(view, layout, group_of):
    assert [path.edge for path in layout.edges] == list(range(len(view.edges)))
    for path in layout.edges:
        edge = view.edges[path.edge]
        touched = {edge.source: path.points[0], edge.target: path.points[-1]}
        for name, (x, y) in touched.items():
            box = layout.nodes[name]
            assert box.x < x < box.x + box.width
            assert min(abs(y - box.y), abs(y - box.y - box.height)) < 0.02
        for point in samples(path.points):
            assert -0.01 <= point[0] <= layout.width + 0.01
            for name, box in layout.nodes.items():
                assert not within(point, box), (edge, name)
            for group, box in layout.groups.items():
                if group not in (group_of[edge.source], group_of[edge.target]):
                    assert not within(point, box), (edge, group)
                assert not within(point, layout.group_titles[group][1]), (edge, group)


def check_labels(view, layout):
    shown = set()
    for index, label in enumerate(layout.labels):
        shown.update(label.edges)
        for box in [*layout.nodes.values(), *(title for _, title in layout.group_titles.values())]:
            assert not overlap(label.box, box)
        for other in layout.labels[index + 1 :]:
            assert not overlap(label.box, other.box)
        assert {edge_label(view.edges[edge].label)[0] for edge in label.edges} == {label.text}
    assert {i for i, edge in enumerate(view.edges) if edge.label} == shown


@given(graphs())
def test_nothing_overlaps_in_random_graphs(view):
    check(view)


@pytest.mark.parametrize(
    "view",
    [
        views.convolution_layer(), views.convolution_layer(fused=True),
        views.lenet(), views.lenet(True, True),
        views.gradients(), views.random_graph(60, 3, groups=4, reach=10), views.chain(40),
        GraphView("empty", ()), GraphView("one", (Node("n0", "input", "x"),)),
        GraphView("wide", (Node("n0", "op", "x", group="g0"),), (), (Group("g0", "a title " * 20),)),
    ],
    ids=lambda view: view.title[:24],
)  # fmt: skip
def test_nothing_overlaps_in_real_graphs(view):
    check(view)


def test_the_longest_lines_go_round_a_huge_graph_and_still_cross_no_node(monkeypatch):
    monkeypatch.setattr("symconv.viz.sheet._MAX_CELLS", 40)
    view = views.gradients(5)
    check(view)
    layout = lay_out(view)
    rightmost = max(box.x + box.width for box in layout.nodes.values())
    assert any(x > rightmost for path in layout.edges for x, _ in path.points)


def test_members_of_a_group_that_is_not_convex_stay_together():
    nodes = (Node("n0", "op", "a", group="g0"), Node("n1", "op", "b"), Node("n2", "op", "c", group="g0"))
    edges = (Edge("n0", "n1"), Edge("n1", "n2"), Edge("n0", "n2", "", 1))
    check(GraphView("not convex", nodes, edges, (Group("g0", "kernel"),)))


def test_layout_does_not_depend_on_the_hash_seed():
    program = (
        "import sys; sys.path.insert(0, 'tests/viz'); import views; from symconv.viz.svg import to_svg;"
        "print(to_svg(views.lenet(True, True)) + to_svg(views.random_graph(60, 3, 4, 10)))"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(results) == 1
    assert len(results.pop()) > 10_000


def test_thousands_of_nodes_are_laid_out():
    for view in (views.chain(2000), views.random_graph(1500, 2, groups=10, reach=60)):
        layout = lay_out(view)
        assert len(layout.nodes) == len(view.nodes)
        assert len(layout.edges) == len(view.edges)


def test_a_parameter_stands_directly_above_its_reader():
    layout = lay_out(views.lenet())
    names = {node.label: node.id for node in views.lenet().nodes}
    pools = [node.id for node in views.lenet().nodes if node.label == "Pool"]
    assert layout.nodes[names["W1"]].y > layout.nodes[pools[0]].y
    assert layout.nodes[names["b1"]].y > layout.nodes[pools[0]].y


def test_texts_fit_their_boxes():
    node = Node("n0", "op", "W" * 300, ("m" * 300, "図" * 100), "float64[" + "?," * 100 + "]")
    width, _ = node_size(node)
    assert width < 330
    assert text_width(fit("m" * 300, 11, "regular", 260), 11) <= 260
    assert fit("short", 11, "regular", 260) == "short"


def test_ranks_order_and_place_by_themselves():
    assert ranks.backward_arcs(3, [(0, 1), (1, 2), (2, 0)]) == {2}
    assert ranks.assign_ranks(3, [(0, 1), (0, 2), (1, 2)]) == [0, 1, 2]
    layers = ordering.order_layers([0, 0, 1, 1], [(0, 3), (1, 2)])
    assert ordering.count_crossings(layers, [[3], [2], [], []]) == 0
    upright = placement.place([[0], [1]], [placement.Segment(0, 1, 5.0, -5.0)], [20, 20], [4, 4], [False] * 2)
    assert upright[0] + 5.0 == pytest.approx(upright[1] - 5.0)


@pytest.mark.parametrize(
    ("nodes", "edges", "groups"),
    [
        ((Node("n0", "op", "a"), Node("n0", "op", "b")), (), ()),
        ((Node("n0", "thing", "a"),), (), ()),
        ((Node("n0", "op", "a", group="g0"),), (), ()),
        ((Node("n0", "op", "a"),), (Edge("n0", "n1"),), ()),
        ((Node("n0", "op", "a"),), (Edge("n0", "n0"),), ()),
        ((), (), (Group("g0", ""), Group("g0", ""))),
    ],
)
def test_a_view_that_contradicts_itself_is_refused(nodes, edges, groups):
    with pytest.raises(OptionError):
        GraphView("", nodes, edges, groups)
