"""Graphviz, where there is one: as a second layout, and as a maker of PNG; imports layout and escapes.

There is one when a ``dot`` program is on the path (run through the graphviz package), or when pygraphviz
2 or later is installed, which carries Graphviz inside its wheel. Sizes are symconv's own and so is the SVG:
only positions come from Graphviz, and pictures look alike with and without it.
"""

import json
import shutil
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from symconv.errors import OptionError
from symconv.viz.escape import quote_dot
from symconv.viz.layout import Box, EdgePath, Label, Layout, Point, edge_label, group_title, node_size
from symconv.viz.view import GraphView

ENGINES = ("auto", "builtin", "graphviz")
MOST_NODES = 500  # with more, dot takes minutes: "auto" then stays with the built-in layout
_INSTALL = 'install Graphviz (its "dot" program), or pip install "symconv[viz]"'


def carrier() -> str | None:
    """What brings Graphviz here: "dot", "pygraphviz", or None."""
    if shutil.which("dot") and find_spec("graphviz"):
        return "dot"
    try:
        major = int(version("pygraphviz").split(".")[0])
    except (PackageNotFoundError, ValueError):
        return None
    return "pygraphviz" if major >= 2 else None


def use_graphviz(engine: str, view: GraphView) -> bool:
    """Whether ``engine`` means Graphviz here.

    "auto" is Graphviz where there is one, but for views with groups, through whose titles Graphviz draws
    lines, and for very large ones, which take it minutes.

    Raises
    ------
    OptionError
        For an engine that does not exist, or for "graphviz" where there is none.
    """
    if engine not in ENGINES:
        raise OptionError(
            f"there is no drawing engine {engine!r}", hint='engines are "auto", "builtin" and "graphviz"'
        )
    if engine == "graphviz" and carrier() is None:
        raise OptionError('engine "graphviz" is asked for, and there is no Graphviz here', hint=_INSTALL)
    return engine == "graphviz" or (
        engine == "auto" and not view.groups and len(view.nodes) <= MOST_NODES and carrier() is not None
    )


def run_dot(source: str, format: str) -> bytes:
    """What ``dot -T<format>`` makes of DOT source.

    Raises
    ------
    OptionError
        Where there is no Graphviz.
    """
    found = carrier()
    if found == "dot":
        import graphviz

        data: bytes = graphviz.Source(source).pipe(format=format, quiet=True)
        return data
    if found == "pygraphviz":
        import pygraphviz

        drawn: bytes = pygraphviz.AGraph(string=source).draw(format=format, prog="dot")
        return drawn
    raise OptionError(f"a picture in the format {format!r} needs Graphviz", hint=_INSTALL)


def lay_out_with_graphviz(view: GraphView) -> Layout:
    """Positions by ``dot``, for boxes of symconv's sizes."""
    return _read(view, json.loads(run_dot(_skeleton(view), "json0")))


def _skeleton(view: GraphView) -> str:
    """The bare graph: sizes and no texts, so that Graphviz needs no fonts."""
    lines = [
        "digraph {",
        "  graph [rankdir=TB nodesep=0.4 ranksep=0.5]",
        '  node [shape=box fixedsize=true label=""]',
        "  edge [arrowsize=0.7]",
    ]
    for group in view.groups:  # the title at the bottom, where the fewest lines cross the border
        _, width = group_title(group.label)
        lines.append(f"  subgraph {quote_dot('cluster_' + group.id)} {{")
        lines.append(f"    margin=14 labelloc=b labeljust=l label={_blank(width, 18)}")
        lines += [f"    {quote_dot(node.id)}" for node in view.nodes if node.group == group.id]
        lines.append("  }")
    for node in view.nodes:
        width, height = node_size(node)
        lines.append(f"  {quote_dot(node.id)} [width={width / 72:.4f} height={height / 72:.4f}]")
    for position, edge in enumerate(view.edges):
        _, width = edge_label(edge.label)
        label = f" label={_blank(width, 14)}" if width else ""
        lines.append(f'  {quote_dot(edge.source)} -> {quote_dot(edge.target)} [id="e{position}"{label}]')
    return "\n".join([*lines, "}", ""])


def _blank(width: float, height: float) -> str:
    """A label of this size."""
    cell = '<TR><TD BORDER="0"></TD></TR>'
    return (
        f'<<TABLE BORDER="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}">'
        f"{cell}</TABLE>>"
    )


def _read(view: GraphView, drawn: dict[str, Any]) -> Layout:
    left, bottom, right, top = map(float, drawn["bb"].split(","))

    def point(text: str) -> Point:
        x, y = text.split(",")[-2:]
        return round(float(x) - left, 2), round(top - float(y), 2)

    nodes: dict[str, Box] = {}
    groups: dict[str, Box] = {}
    titles: dict[str, tuple[str, Box]] = {}
    by_name = {entry["name"]: entry for entry in drawn.get("objects", [])}
    for node in view.nodes:
        (x, y), (width, height) = point(by_name[node.id]["pos"]), node_size(node)
        nodes[node.id] = Box(x - width / 2, y - height / 2, width, height)
    for group in view.groups:
        entry = by_name.get("cluster_" + group.id)
        if entry is None or "bb" not in entry:
            continue
        x0, y0, x1, y1 = map(float, entry["bb"].split(","))
        groups[group.id] = Box(x0 - left, top - y1, x1 - x0, y1 - y0)
        text, width = group_title(group.label)
        titles[group.id] = (text, Box(x0 - left + 2, point(entry["lp"])[1] - 10, width, 20))
    edges: list[EdgePath] = []
    labels: list[Label] = []
    for entry in drawn.get("edges", []):
        position = int(entry["id"][1:])
        edges.append(EdgePath(position, _spline(entry["pos"], point)))
        if "lp" in entry:
            text, width = edge_label(view.edges[position].label)
            x, y = point(entry["lp"])
            labels.append(Label(text, Box(x - width / 2, y - 9, width, 18), (position,)))
    edges.sort(key=lambda path: path.edge)
    return Layout(right - left, top - bottom, nodes, groups, titles, tuple(edges), tuple(labels))


def _spline(text: str, point: Any) -> tuple[Point, ...]:
    """The control points of "e,x,y x,y ...": the end, which dot names first, is where the arrow points."""
    parts = text.split()
    end = [point(part) for part in parts if part.startswith("e,")]
    points: list[Point] = [point(part) for part in parts if not part.startswith(("e,", "s,"))]
    if end:
        (x0, y0), (x1, y1) = points[-1], end[0]
        points += [((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end[0]]
    return tuple(points)
