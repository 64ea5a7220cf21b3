"""SVG from a GraphView and a Layout; imports the layout, the theme and the escapes.

One drawing is one string without outside references: it may be written to a file, put into a page or shown
in a notebook. Everything in it that has a name carries the drawing's prefix, so that two in one page do
not disturb one another.
"""

import hashlib
import re
from collections.abc import Iterator

from symconv.errors import OptionError
from symconv.viz import layout as layouts
from symconv.viz import theme as themes
from symconv.viz.escape import escape_xml
from symconv.viz.layout import Box, Layout, Point
from symconv.viz.metrics import text_width
from symconv.viz.view import KINDS, GraphView, Node

_MARGIN = 16.0
_ARROW_LENGTH, _ARROW_HALF = 8.0, 4.0
_LEGEND_HEIGHT = 30.0


def to_svg(
    view: GraphView,
    *,
    layout: Layout | None = None,
    theme: str = "auto",
    prefix: str | None = None,
    legend: bool = False,
    styled: bool = True,
) -> str:
    """The drawing of ``view``.

    Parameters
    ----------
    view : GraphView
    layout : Layout, optional
        Positions; without them the built-in layout finds some.
    theme : {"auto", "light", "dark"}
        "auto" follows the reader's preference.
    prefix : str, optional
        What identifiers begin with; by default a digest of the view, so that equal views give equal text.
    legend : bool
        Explain the kinds of nodes under the drawing.
    styled : bool
        Whether the drawing brings its own style sheet; a page with many drawings has one for all.

    Returns
    -------
    str
        One ``<svg>`` element.

    Raises
    ------
    OptionError
        For a theme that does not exist, or a prefix that is not a plain name.

    Examples
    --------
    >>> to_svg(GraphView("", (Node("n0", "input", "x < y"),))).count("x &lt; y")  # tooltip and label
    2
    """
    themes.check_theme(theme)
    positions = layout if layout is not None else layouts.lay_out(view)
    name = view_prefix(view) if prefix is None else prefix
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name):
        raise OptionError(f"a prefix needs letters and digits only, got {name!r}")
    return "\n".join(_document(view, positions, theme, name, legend, styled)) + "\n"


def view_prefix(view: GraphView) -> str:
    """A name for the drawing that depends on nothing but its content."""
    return "sc" + hashlib.sha256(repr(view).encode("utf-8", "backslashreplace")).hexdigest()[:10]


def _document(
    view: GraphView, positions: Layout, theme: str, name: str, legend: bool, styled: bool
) -> Iterator[str]:
    legend_width, legend_items = _legend(view) if legend else (0.0, [])
    width = max(positions.width, legend_width) + 2 * _MARGIN
    height = positions.height + 2 * _MARGIN + (_LEGEND_HEIGHT if legend else 0.0)
    prefix = name
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{prefix}" class="symconv" role="img"'
        f' width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
        f' aria-label="{escape_xml(view.title)}">'
    )
    if styled:
        yield f"<style>{themes.style_rules('#' + name, theme)}</style>"
    yield f'<rect class="page" width="{_n(width)}" height="{_n(height)}" rx="6"/>'
    shift = (width - positions.width) / 2
    yield f'<g transform="translate({_n(shift)} {_n(_MARGIN)})">'
    for group in view.groups:
        if group.id in positions.groups:
            yield from _group(group.id, group.label, positions, prefix)
    numbered = _numbered(view, positions)
    for path in positions.edges:
        yield _edge(view, path, prefix, path.edge in numbered)
    for title, title_box in positions.group_titles.values():
        yield _group_title(title, title_box)
    for node in view.nodes:
        yield from _node(node, positions.nodes[node.id], prefix)
    groups = {node.id: node.group for node in view.nodes}
    for label in positions.labels:
        inside = groups[view.edges[label.edges[0]].source] is not None
        yield from _value(label, "value-back in-group" if inside else "value-back")
    yield "</g>"
    if legend:
        x, y = (width - legend_width) / 2, positions.height + 2 * _MARGIN
        yield f'<g class="legend" transform="translate({_n(x)} {_n(y)})">'
        yield from legend_items
        yield "</g>"
    yield "</svg>"


def _group(group: str, label: str, positions: Layout, prefix: str) -> Iterator[str]:
    box = positions.groups[group]
    yield f'<g class="group" id="{prefix}-{escape_xml(group)}"><title>{escape_xml(label)}</title>'
    yield f'<rect class="shape" {_rectangle(box)} rx="12"/></g>'


def _group_title(title: str, title_box: Box) -> str:
    x, y = title_box.x + title_box.width / 2, title_box.y + title_box.height / 2 + 5.0
    return f'<g class="group"><text class="title" x="{_n(x)}" y="{_n(y)}">{escape_xml(title)}</text></g>'


def _numbered(view: GraphView, positions: Layout) -> set[int]:
    """Edges that get their argument's number: those of nodes whose arguments do not come left to right."""
    arriving: dict[str, list[tuple[float, int, int]]] = {}
    for path in positions.edges:
        edge = view.edges[path.edge]
        arriving.setdefault(edge.target, []).append((path.points[-1][0], edge.port, path.edge))
    result: set[int] = set()
    for ends in arriving.values():
        ports = [port for _, port, _ in sorted(ends)]
        sources = {view.edges[number].source for _, _, number in ends}
        if ports != sorted(ports) and len(sources) > 1:
            result |= {number for _, _, number in ends}
    return result


def _edge(view: GraphView, path: layouts.EdgePath, prefix: str, numbered: bool) -> str:
    edge = view.edges[path.edge]
    source, target = escape_xml(edge.source), escape_xml(edge.target)
    line, arrow = _line_and_arrow(path.points)
    number = ""
    if numbered:
        x, y = path.points[-1]
        number = f'<text class="port" x="{_n(x + 8.5)}" y="{_n(y - 3)}">{edge.port}</text>'
    tip = f"{edge.source} → {edge.target}, argument {edge.port}"
    if edge.label:
        tip += f": {edge.label}"
    return (
        f'<g class="edge" id="{prefix}-e{path.edge}" data-source="{source}" data-target="{target}">'
        f'<title>{escape_xml(tip)}</title><path d="{line}"{_style("stroke", edge.colour)}/>'
        f'<polygon points="{arrow}"{_style("fill", edge.colour)}/>{number}</g>'
    )


def _line_and_arrow(points: tuple[Point, ...]) -> tuple[str, str]:
    """The path up to the arrowhead, and the arrowhead, which points where the line arrives."""
    (x1, y1), tip = _direction(points), points[-1]
    base = (tip[0] - x1 * _ARROW_LENGTH, tip[1] - y1 * _ARROW_LENGTH)
    side = (-y1 * _ARROW_HALF, x1 * _ARROW_HALF)
    corners = [tip, (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1])]
    arrow = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
    short = [*points[:-1], (tip[0] - x1 * 0.8 * _ARROW_LENGTH, tip[1] - y1 * 0.8 * _ARROW_LENGTH)]
    parts = [f"M{_n(short[0][0])} {_n(short[0][1])}"]
    for index in range(1, len(short) - 2, 3):
        before, (a, b, end) = short[index - 1], short[index : index + 3]
        if before[0] == a[0] == b[0] == end[0]:
            parts.append(f"V{_n(end[1])}")
        else:
            parts.append(f"C{_n(a[0])} {_n(a[1])} {_n(b[0])} {_n(b[1])} {_n(end[0])} {_n(end[1])}")
    return "".join(parts), arrow


def _direction(points: tuple[Point, ...]) -> Point:
    """The unit vector in which a path arrives."""
    x, y = points[-1]
    for before in reversed(points[:-1]):
        dx, dy = x - before[0], y - before[1]
        length = (dx * dx + dy * dy) ** 0.5
        if length > 0.5:
            return dx / length, dy / length
    return 0.0, 1.0


def _node(node: Node, box: Box, prefix: str) -> Iterator[str]:
    place = f"at {node.origin}" if node.origin else ""
    parts = (f"{node.kind} {node.label}", *node.detail, node.type, place)
    tip = "\n".join(escape_xml(part) for part in parts if part)
    name = escape_xml(node.id)
    yield f'<g class="node {node.kind}" id="{prefix}-{name}" data-node="{name}"><title>{tip}</title>'
    if node.ellipse:
        yield (
            f'<ellipse class="shape" cx="{_n(box.x + box.width / 2)}" cy="{_n(box.y + box.height / 2)}"'
            f' rx="{_n(box.width / 2)}" ry="{_n(box.height / 2)}"{_style("fill", node.fill)}/>'
        )
    elif node.fill:
        yield f'<rect class="shape" {_rectangle(box)} rx="2"{_style("fill", node.fill)}/>'
    else:
        yield from _shape(node.kind, box)
    ink = _style("fill", themes.ink_on(node.fill) if node.fill else "")
    lines = layouts.text_lines(node)
    y = box.y + (box.height - sum(layouts.LINE_HEIGHTS[line.style] for line in lines)) / 2
    for line in lines:
        y += layouts.LINE_HEIGHTS[line.style]
        baseline = y - 0.28 * layouts.LINE_HEIGHTS[line.style]
        yield (
            f'<text class="{line.style}" x="{_n(box.x + box.width / 2)}" y="{_n(baseline)}"{ink}>'
            f"{escape_xml(line.text)}</text>"
        )
    yield "</g>"


def _style(what: str, colour: str) -> str:
    """A colour that goes before the style sheet's."""
    return f' style="{what}:{colour}"' if colour else ""


def _shape(kind: str, box: Box) -> Iterator[str]:
    """Kinds differ in shape as well as in colour, for those who see no colours and for paper."""
    x, y, width, height = box.x, box.y, box.width, box.height
    if kind == "input":  # a rounded flag: the values come from outside
        yield f'<rect class="shape" {_rectangle(box)} rx="{_n(min(height / 2, 18.0))}"/>'
    elif kind == "shared":  # a chest: a band at both sides
        yield f'<rect class="shape" {_rectangle(box)} rx="2"/>'
        bands = f"M{_n(x + 6)} {_n(y)}V{_n(y + height)}M{_n(x + width - 6)} {_n(y)}V{_n(y + height)}"
        yield f'<path class="inner" d="{bands}"/>'
    elif kind == "constant":  # cut corners
        cut = 9.0
        yield (
            f'<path class="shape" d="M{_n(x + cut)} {_n(y)}H{_n(x + width - cut)}'
            f"L{_n(x + width)} {_n(y + cut)}V{_n(y + height - cut)}"
            f"L{_n(x + width - cut)} {_n(y + height)}H{_n(x + cut)}"
            f'L{_n(x)} {_n(y + height - cut)}V{_n(y + cut)}Z"/>'
        )
    elif kind == "output":  # a double border: the values leave here
        yield f'<rect class="shape" {_rectangle(box)} rx="{_n(min(height / 2, 18.0))}"/>'
        inner = Box(x + 3.5, y + 3.5, width - 7, height - 7)
        yield f'<rect class="inner" {_rectangle(inner)} rx="{_n(min(inner.height / 2, 15.0))}"/>'
    else:
        yield f'<rect class="shape" {_rectangle(box)} rx="6"/>'


def _value(label: layouts.Label, back: str) -> Iterator[str]:
    box = label.box
    slim = Box(box.x + 1, box.y + 2, box.width - 2, box.height - 4)
    yield f'<rect class="{back}" {_rectangle(slim)} rx="3"/>'
    yield (
        f'<text class="value" x="{_n(box.x + box.width / 2)}" y="{_n(box.y + box.height / 2 + 3.6)}">'
        f"{escape_xml(label.text)}</text>"
    )


def _legend(view: GraphView) -> tuple[float, list[str]]:
    present = {node.kind for node in view.nodes}
    items: list[str] = []
    x = 0.0
    for kind in KINDS:
        if kind not in present:
            continue
        width = text_width(kind, layouts.DETAIL_SIZE)
        items.append(f'<g class="node {kind}">')
        items.extend(_shape(kind, Box(x, -6.0, 26.0, 16.0)))
        items.append("</g>")
        items.append(f'<text class="detail" x="{_n(x + 34 + width / 2)}" y="6">{kind}</text>')
        x += width + 58.0
    return max(x - 24.0, 0.0), items


def _rectangle(box: Box) -> str:
    return f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'


def _n(value: float) -> str:
    """A coordinate with one decimal, without needless zeros."""
    return f"{value:.1f}".removesuffix(".0")

