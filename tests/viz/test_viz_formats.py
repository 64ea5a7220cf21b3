"""SVG, DOT, text, networkx, HTML and PNG of views: golden files, hostile names, the two themes, Graphviz."""

import builtins
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import views

from symconv.errors import ArgumentError, FileError, OptionError
from symconv.viz import draw, graphviz, mimebundle, to_dot, to_html, to_networkx, to_svg, to_text
from symconv.viz.view import Edge, GraphView, Group, Node

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = '</text></svg><script>alert(1)</script>&lt;"\'\\N\x00\x1b[31m\u202e\ud800]]>-->\n{x} %s "; a -> b'
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="there is no dot program here")


def hostile_view():
    nodes = (
        Node("n0", "input", HOSTILE, (HOSTILE,), HOSTILE, HOSTILE),
        Node("n1", "op", HOSTILE, (HOSTILE,), HOSTILE, HOSTILE, "g0"),
    )
    return GraphView(HOSTILE, nodes, (Edge("n0", "n1", HOSTILE),), (Group("g0", HOSTILE),))


def parse(svg):
    return ElementTree.fromstring(svg.encode("utf-8"))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("layer.svg", lambda: to_svg(views.convolution_layer(), theme="auto")),
        ("layer_fused.svg", lambda: to_svg(views.convolution_layer(True), theme="light", legend=True)),
        ("layer_fused.dot", lambda: to_dot(views.convolution_layer(True))),
        ("layer_fused.txt", lambda: to_text(views.convolution_layer(True)) + "\n"),
    ],
)
def test_golden(name, make):
    """To change a drawing on purpose: delete the golden file, run, look at the new one."""
    path = GOLDEN / name
    if not path.exists():
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(make(), encoding="utf-8")
        pytest.fail(f"{name} was missing and is written now: look at it and run again")
    assert make() == path.read_text(encoding="utf-8")


def test_svg_of_hostile_names_holds_them_as_text_only():
    svg = to_svg(hostile_view())
    root = parse(svg)
    kinds = {element.tag.split("}")[1] for element in root.iter()}
    assert kinds <= {"svg", "style", "rect", "g", "title", "path", "polygon", "text"}
    assert "<script" not in svg
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", svg)
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not any(name.startswith("on") or "href" in name for name in attributes)
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert any("</text></svg><script>alert(1)</script>" in title for title in titles)


def test_dot_of_hostile_names_keeps_its_structure():
    dot = to_dot(hostile_view())
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "S", dot)
    assert "script" not in outside
    assert outside.count("->") == 1
    assert len(outside.splitlines()) == len(to_dot(views.convolution_layer(True)).splitlines()) - 6 - 6 - 3


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


def test_html_of_hostile_names_has_only_its_own_scripts():
    stages = [(HOSTILE, hostile_view())]
    page = to_html(stages, title=HOSTILE, source=HOSTILE, log=[HOSTILE], engine="builtin")
    tags = Tags()
    tags.feed(page)
    assert tags.tags.count("script") == 2
    assert not any(name.startswith("on") for name, _ in tags.attributes)
    data = json.loads(re.search('id="views">(.*?)</script>', page, re.S).group(1))
    assert ["name", HOSTILE] in data[0]["nodes"]["n0"]


def test_html_fetches_nothing_and_shows_the_first_stage_without_a_script():
    stages = [("built", views.convolution_layer()), ("fused", views.convolution_layer(True))]
    page = to_html(stages, source="a = b < c\n    d", log=["one rewrite"], engine="builtin")
    addresses = set(re.findall(r"[a-z]+://[^\"' )]*", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a language, which nothing fetches
    assert not re.search(r"\b(src|href)=|@import|url\(|fetch\(|XMLHttp|import\(", page)
    assert "default-src 'none'" in page
    tags = Tags()
    tags.feed(page)
    assert tags.tags.count("svg") == 2
    assert page.count(" checked aria-label") == 1
    assert "#pick0:checked~main .stage0{display:block}" in page
    assert "a = b &lt; c\n    d" in page
    assert "one rewrite" in page


def test_identifiers_in_a_page_occur_once():
    page = to_html([("a", views.lenet()), ("b", views.lenet())], engine="builtin")
    tags = Tags()
    tags.feed(page)
    ids = [value for name, value in tags.attributes if name == "id"]
    assert len(ids) == len(set(ids)) > 50


def test_two_drawings_in_one_notebook_do_not_share_identifiers_and_equal_ones_are_equal():
    first, second = to_svg(views.convolution_layer()), to_svg(views.convolution_layer(True))
    assert not set(re.findall(' id="([^"]*)"', first)) & set(re.findall(' id="([^"]*)"', second))
    assert first == to_svg(views.convolution_layer())
    assert ' id="mine-n0"' in to_svg(views.convolution_layer(), prefix="mine")
    for rule in re.findall(r"[}>]([^{}<>@]+)\{", re.search("<style>(.*)</style>", first).group(1)):
        assert all(part.strip().startswith("#sc") for part in rule.split(","))


def test_themes():
    light, dark, auto = (to_svg(views.convolution_layer(), theme=name) for name in ("light", "dark", "auto"))
    assert "prefers-color-scheme" in auto
    assert "prefers-color-scheme" not in light + dark
    assert "#16305c" in dark
    assert "#16305c" not in light
    assert 'bgcolor="#12161d"' in to_dot(views.convolution_layer(), theme="dark")


def test_arguments_that_do_not_come_left_to_right_are_numbered():
    x, y = Node("n0", "input", "x"), Node("n1", "input", "y")
    edges = Edge("n0", "n2", "", 0), Edge("n1", "n2", "", 1)
    straight = GraphView("", (x, y, Node("n2", "op", "sub")), edges)
    assert 'class="port"' not in to_svg(straight)
    # b - a below, a - b above: one of the two cannot have its arguments in order.
    nodes = (x, y, Node("n2", "op", "sub"), Node("n3", "op", "sub"))
    edges = (*edges, Edge("n1", "n3", "", 0), Edge("n0", "n3", "", 1))
    svg = to_svg(GraphView("", nodes, edges))
    assert sorted(re.findall('class="port"[^>]*>(.)<', svg)) == ["0", "1"]


def test_everything_is_inside_the_view_box():
    root = parse(to_svg(views.lenet(True, True), legend=True))
    _, _, width, height = map(float, root.get("viewBox").split())
    (frame,) = [g for g in root if g.tag.endswith("}g") and g.get("class") is None]
    dx, dy = map(float, re.findall(r"[\d.]+", frame.get("transform")))
    boxes = [element for element in frame.iter() if element.tag.endswith("rect")]
    assert len(boxes) > 30
    for box in boxes:
        x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        assert x + dx >= 0
        assert y + dy >= 0
        assert x + dx + w <= width
        assert y + dy + h <= height


def test_kinds_differ_in_shape_not_only_in_colour():
    kinds = ("input", "shared", "constant", "op", "output")
    nodes = tuple(Node(f"n{i}", kind, "same") for i, kind in enumerate(kinds))
    root = parse(to_svg(GraphView("kinds", nodes), styled=False))
    shapes = set()
    for element in root.iter():
        if element.get("data-node"):
            drawn = [e for e in element if e.tag.split("}")[1] in ("rect", "path")]
            shapes.add(tuple((e.tag, e.get("rx"), e.get("class")) for e in drawn))
    assert len(shapes) == 5


def test_networkx_keeps_everything():
    graph = to_networkx(views.lenet(True, True))
    assert graph.number_of_nodes() == len(views.lenet(True, True).nodes)
    assert graph.graph["groups"] == {"g0": "kernel 0: Conv2d + add + tanh + Pool",
                                     "g1": "kernel 1: Conv2d + add + tanh + Pool"}
    square = GraphView("x * x", (Node("n0", "input", "x"), Node("n1", "op", "mul")),
                       (Edge("n0", "n1", "", 0), Edge("n0", "n1", "", 1)))
    assert sorted(to_networkx(square)["n0"]["n1"]) == [0, 1]


@pytest.mark.parametrize("suffix", [".svg", ".html", ".dot", ".txt", ".SVG"])
def test_draw_writes_what_the_suffix_says(tmp_path, suffix):
    path = tmp_path / f"graph{suffix}"
    assert draw(views.convolution_layer(), path, engine="builtin") == path
    text = path.read_text(encoding="utf-8")
    start = {".svg": "<svg ", ".html": "<!DOCTYPE html>", ".dot": "digraph ", ".txt": "The convolution layer"}
    assert text.startswith(start[suffix.lower()])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_draw_without_a_path_and_in_a_notebook():
    assert draw(views.convolution_layer(), engine="builtin") == to_svg(views.convolution_layer())
    bundle = mimebundle(views.convolution_layer())
    assert set(bundle) == {"text/plain", "image/svg+xml", "text/html"}
    parse(bundle["image/svg+xml"])
    assert bundle["image/svg+xml"] in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_draw_refuses_what_it_cannot_do(tmp_path):
    view = views.convolution_layer()
    wrong = [{"path": tmp_path / "a.gif"}, {"engine": "neato"}, {"theme": "blue"}, {"stage": "fused"}]
    for arguments in [*wrong, {"path": tmp_path / "a.svg", "engine": "x"}]:
        with pytest.raises(OptionError):
            draw(view, **arguments)
    with pytest.raises(FileError):
        draw(view, tmp_path / "missing" / "a.svg", engine="builtin")
    with pytest.raises(ArgumentError):
        draw(3)
    with pytest.raises(OptionError):
        to_html([])
    with pytest.raises(OptionError):
        to_svg(view, prefix="a{}b")
    assert not list(tmp_path.iterdir())


def test_without_graphviz_the_builtin_layout_is_used_and_png_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(graphviz, "carrier", lambda: None)
    monkeypatch.setattr("symconv.viz.png.carrier", lambda: None)
    view = views.convolution_layer()
    assert draw(view) == to_svg(view)
    with pytest.raises(OptionError, match="needs Graphviz") as caught:
        draw(view, tmp_path / "a.png")
    assert "symconv[viz]" in str(caught.value)
    with pytest.raises(OptionError, match="no Graphviz"):
        draw(view, engine="graphviz")
    assert not list(tmp_path.iterdir())


def test_carrier_is_none_without_a_program_and_without_a_wheel(monkeypatch):
    monkeypatch.setattr(graphviz.shutil, "which", lambda name: None)
    monkeypatch.setattr(graphviz, "version", lambda name: "1.11")
    assert graphviz.carrier() is None
    monkeypatch.setattr(graphviz, "version", lambda name: "2.0.1")
    assert graphviz.carrier() == "pygraphviz"


@needs_dot
@pytest.mark.parametrize("view", [views.convolution_layer(True), views.lenet(True, True), hostile_view()],
                         ids=["layer", "lenet", "hostile"])
def test_graphviz_places_the_same_boxes(view):
    layout = graphviz.lay_out_with_graphviz(view)
    assert set(layout.nodes) == {node.id for node in view.nodes}
    assert [path.edge for path in layout.edges] == list(range(len(view.edges)))
    assert set(layout.groups) == {group.id for group in view.groups}
    assert sum(bool(edge.label) for edge in view.edges) == len(layout.labels)
    for box in [*layout.nodes.values(), *layout.groups.values()]:
        assert box.x >= -0.5
        assert box.y >= -0.5
        assert box.x + box.width <= layout.width + 0.5
        assert box.y + box.height <= layout.height + 0.5
    for node in view.nodes:
        if node.group:
            box, group = layout.nodes[node.id], layout.groups[node.group]
            assert group.x <= box.x <= box.x + box.width <= group.x + group.width
            assert group.y <= box.y <= box.y + box.height <= group.y + group.height
    svg = draw(view, engine="graphviz", theme="dark")
    parse(svg)
    assert "#16305c" in svg


@needs_dot
def test_png_is_a_picture(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for view in (views.convolution_layer(True), hostile_view()):
        path = draw(view, tmp_path / "graph.png")
        with image.open(path) as picture:
            assert min(picture.size) > 200


def test_large_drawings_do_not_wait_for_graphviz():
    assert not graphviz.use_graphviz("auto", views.chain(graphviz.MOST_NODES))


def test_nothing_is_imported_that_is_slow(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **options):
        assert not name.startswith(("networkx", "graphviz", "PIL", "matplotlib"))
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    draw(views.convolution_layer(), engine="builtin")
    to_dot(views.convolution_layer())


def test_colours_and_ellipses_of_a_views_own():
    nodes = (
        Node("n0", "input", "x", fill="#000080"),
        Node("n1", "op", "tanh", fill="#FFAABB", ellipse=True, rows=(("dtype", "dmatrix"),)),
    )
    view = GraphView("", nodes, (Edge("n0", "n1", colour="red"),))
    svg = to_svg(view)
    assert '<ellipse class="shape"' in svg
    assert 'style="fill:#FFAABB"' in svg
    assert svg.count('style="fill:#ffffff"') == 1  # the text on the dark one
    assert svg.count('style="fill:#111111"') == 1
    assert 'style="stroke:red"' in svg
    dot = to_dot(view)
    assert 'shape=ellipse style=filled fillcolor="#FFAABB"' in dot
    assert 'color="red"' in dot
    page = to_html([("graph", view)])
    (data,) = json.loads(re.search(r'id="views">(.*?)</script>', page, re.DOTALL).group(1))
    assert ["dtype", "dmatrix"] in data["nodes"]["n1"]
    for wrong in ("url(x)", "red;", '"', "#12345"):
        with pytest.raises(OptionError, match="is no colour"):
            GraphView("", (Node("n0", "op", "x", fill=wrong),))
