"""Where everything of a GraphView stands; imports the view, the measures and the sheets.

    Layout = size, a Box for each node and group, an EdgePath for each edge, a Label for each label of edges

A group is laid out on a sheet of its own and is then one box on the sheet of the whole, so that its
members stand together and nothing foreign is inside. A line that crosses its border does so at a port.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from symconv.viz import metrics
from symconv.viz.escape import clean
from symconv.viz.sheet import LABEL_HEIGHT, Link, Placed, Run, Sheet, Size, joined
from symconv.viz.view import GraphView, Node

LABEL_SIZE, DETAIL_SIZE, TYPE_SIZE, GROUP_SIZE, EDGE_SIZE = 15.0, 11.0, 11.5, 12.0, 10.5
LINE_HEIGHTS = {"label": 19.0, "detail": 14.0, "type": 15.0}
_TEXT_LIMIT = 260.0  # wider texts lose their middle; the tooltip has them in full
_DETAIL_LIMIT = 8
_PADDING_X, _PADDING_Y = 14.0, 7.0
_GROUP_PADDING, _GROUP_BAND = 16.0, 24.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle: its upper left corner, y downwards, pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class TextLine:
    """A line of a node: the text as it fits, and its style: "label", "detail" or "type"."""

    text: str
    style: str


@dataclass(frozen=True)
class EdgePath:
    """Edge number ``edge`` of the view as cubic Bézier pieces: a start, then three points for each piece."""

    edge: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Label:
    """The text on the lines of one value."""

    text: str
    box: Box
    edges: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """A drawing without its colours; every coordinate is at least 0."""

    width: float
    height: float
    nodes: dict[str, Box]
    groups: dict[str, Box]
    group_titles: dict[str, tuple[str, Box]]
    edges: tuple[EdgePath, ...]
    labels: tuple[Label, ...]


def text_lines(node: Node) -> list[TextLine]:
    """What is written into a node, line by line, cut to fit."""
    limit = _TEXT_LIMIT if not (node.fill or node.ellipse) else 2.5 * _TEXT_LIMIT
    lines = [TextLine(metrics.fit(clean(node.label), LABEL_SIZE, "bold", limit), "label")]
    for detail in node.detail[:_DETAIL_LIMIT]:
        lines.append(TextLine(metrics.fit(clean(detail), DETAIL_SIZE, "regular", _TEXT_LIMIT), "detail"))
    if len(node.detail) > _DETAIL_LIMIT:
        lines.append(TextLine(f"… {len(node.detail) - _DETAIL_LIMIT} more", "detail"))
    if node.type:
        lines.append(TextLine(metrics.fit(clean(node.type), TYPE_SIZE, "mono", _TEXT_LIMIT), "type"))
    return lines


def node_size(node: Node) -> tuple[float, float]:
    """Width and height that hold the node's lines."""
    faces = {"label": (LABEL_SIZE, "bold"), "detail": (DETAIL_SIZE, "regular"), "type": (TYPE_SIZE, "mono")}
    width = height = 0.0
    for line in text_lines(node):
        width = max(width, metrics.text_width(line.text, *faces[line.style]))
        height += LINE_HEIGHTS[line.style]
    if node.ellipse:  # so that the corners of the text are inside
        width, height = 1.2 * width, 1.3 * height
    return round(max(width + 2 * _PADDING_X, 56.0), 1), round(height + 2 * _PADDING_Y, 1)


def group_title(label: str) -> tuple[str, float]:
    """The title of a group as it is written, and its width with some room."""
    text = metrics.fit(clean(label), GROUP_SIZE, "bold", 1.4 * _TEXT_LIMIT)
    return text, metrics.text_width(text, GROUP_SIZE, "bold") + 20.0


def edge_label(label: str) -> tuple[str, float]:
    """The text on a line as it is written, and its width with some room."""
    text = metrics.fit(clean(label), EDGE_SIZE, "mono", _TEXT_LIMIT)
    return text, metrics.text_width(text, EDGE_SIZE, "mono") + 10.0 if text else 0.0


def lay_out(view: GraphView) -> Layout:
    """Positions for all of ``view``, by the built-in layered layout.

    Nodes overlap neither each other nor a foreign group, and no line crosses a foreign node or group. The
    same view gives the same layout. Thousands of nodes take seconds; in very large graphs the longest lines
    go round the drawing.

    Examples
    --------
    >>> from symconv.viz.view import Edge
    >>> nodes = Node("n0", "input", "x"), Node("n1", "op", "tanh")
    >>> layout = lay_out(GraphView("", nodes, (Edge("n0", "n1"),)))
    >>> layout.nodes["n0"].y < layout.nodes["n1"].y
    True
    """
    return _Drawing(view).layout()


@dataclass(frozen=True)
class _Inner:
    """A group laid out: its sheet, its box, and where the sheet and the title stand in the box."""

    sheet: Sheet
    placed: Placed
    size: Size
    origin: Point
    title: tuple[str, Box]
    link_of: dict[int, int]  # edge of the view, inside or across the border -> link of the sheet


class _Drawing:
    """Lays out one view; mutable because the sheets are finished one after the other."""

    def __init__(self, view: GraphView) -> None:
        self.view = view
        self.number = {node.id: index for index, node in enumerate(view.nodes)}
        self.sizes = [node_size(node) for node in view.nodes]
        values: dict[tuple[str, str], int] = {}
        self.value = [values.setdefault((edge.source, edge.label), len(values)) for edge in view.edges]
        self.label_width = [edge_label(edge.label)[1] for edge in view.edges]
        self._name_boxes()

    def _name_boxes(self) -> None:
        """Number the boxes of the outer sheet: a node, or a whole group at its first member."""
        boxes: dict[str, int] = {}
        self.box_of: list[int] = []
        self.box_members: list[list[int]] = []
        self.box_group: list[str | None] = []
        for index, node in enumerate(self.view.nodes):
            key = f"n{index}" if node.group is None else f"g{node.group}"
            if key not in boxes:
                boxes[key] = len(boxes)
                self.box_members.append([])
                self.box_group.append(node.group)
            self.box_of.append(boxes[key])
            self.box_members[boxes[key]].append(index)

    def layout(self) -> Layout:
        """All steps, outer order first, then the groups, then the outer positions."""
        links, link_of = self._outer_links()
        outer = Sheet(len(self.box_members), links)
        inners: dict[int, _Inner] = {}
        sizes: list[Size] = []
        for box, members in enumerate(self.box_members):
            if self.box_group[box] is None:
                sizes.append(Size(*self.sizes[members[0]]))
            else:
                inners[box] = self._inner(box, outer, link_of)
                sizes.append(inners[box].size)
        placed = outer.place(sizes)
        return self._assemble(outer, placed, sizes, inners, link_of)

    def _outer_links(self) -> tuple[list[Link], list[int]]:
        """The links between boxes, and for each edge its link, -1 where it stays inside a group.

        Edges that carry one value into one group are one link, which branches inside.
        """
        links: list[Link] = []
        link_of: list[int] = []
        shared: dict[tuple[int, int, int], int] = {}
        for position in self._edges_in_port_order():
            edge = self.view.edges[position]
            tail, head = self.box_of[self.number[edge.source]], self.box_of[self.number[edge.target]]
            link_of.append(-1)
            if tail == head:
                continue
            key = (self.value[position], head, position if self.box_group[head] is None else -1)
            if key not in shared:
                shared[key] = len(links)
                inside = self.box_group[tail] is not None
                label_width = 0.0 if inside else self.label_width[position]
                links.append(Link(tail, head, self.value[position], label_width))
            link_of[-1] = shared[key]
        in_order = dict(zip(self._edges_in_port_order(), link_of, strict=True))
        return links, [in_order[position] for position in range(len(self.view.edges))]

    def _edges_in_port_order(self) -> list[int]:
        edges = self.view.edges
        return sorted(
            range(len(edges)), key=lambda i: (self.number[edges[i].target], edges[i].port, i)
        )

    def _inner(self, box: int, outer: Sheet, link_of: list[int]) -> _Inner:
        """Lay out the inside of a group, given the order in which lines meet it outside."""
        members = self.box_members[box]
        local = {member: index for index, member in enumerate(members)}
        top = {link: len(members) + i for i, link in enumerate(outer.arriving[box])}
        bottom = {trunk: len(members) + len(top) + i for i, trunk in enumerate(outer.leaving[box])}
        links: list[Link] = []
        inner_link: dict[int, int] = {}
        entry: dict[int, int] = {}
        exits: dict[tuple[int, int], int] = {}
        for position in self._edges_in_port_order():
            edge = self.view.edges[position]
            tail, head = local.get(self.number[edge.source]), local.get(self.number[edge.target])
            value, width = self.value[position], self.label_width[position]
            if tail is not None and head is not None:
                inner_link[position] = len(links)
                links.append(Link(tail, head, value, width))
                continue
            if tail is None and head is None:
                continue
            outside = link_of[position]
            is_upper = (tail is not None) != (outside in outer.turned)
            port = bottom[outer.trunk_of[outside]] if is_upper else top[outside]
            if tail is None and head is not None:
                entry[position] = len(links)
                links.append(Link(port, head, value))
            elif tail is not None:
                if (tail, port) not in exits:
                    exits[tail, port] = len(links)
                    links.append(Link(tail, port, value, width))
                entry[position] = exits[tail, port]
        sheet = Sheet(len(members) + len(top) + len(bottom), links, list(top.values()), list(bottom.values()))
        return self._frame(box, sheet, top, bottom, inner_link | entry)

    def _frame(
        self, box: int, sheet: Sheet, top: dict[int, int], bottom: dict[int, int], link_of: dict[int, int]
    ) -> _Inner:
        """The box around a group's sheet, with its title in the corner that needs the least extra width."""
        members = self.box_members[box]
        sizes = [Size(*self.sizes[member]) for member in members]
        sizes += [Size(0.0, 0.0)] * (len(top) + len(bottom))
        placed = sheet.place(sizes)
        text, title_width = group_title(self._label_of(self.box_group[box]))
        at_top, at_left, extra = _corner(
            placed.width,
            title_width,
            [placed.boxes[port][0] for port in top.values()],
            [placed.boxes[port][0] for port in bottom.values()],
        )
        band_top, band_bottom = (_GROUP_BAND, 0.0) if at_top else (0.0, _GROUP_BAND)
        placed = sheet.place(sizes, band_top if top else 0.0, band_bottom if bottom else 0.0)
        above = 0.0 if top else max(_GROUP_PADDING, band_top + 8.0)
        below = 0.0 if bottom else max(_GROUP_PADDING, band_bottom + 8.0)
        width = placed.width + 2 * _GROUP_PADDING + extra
        height = placed.height + above + below
        origin = (_GROUP_PADDING + (extra if at_left else 0.0), above)
        middle = width / 2 - origin[0]
        size = Size(
            width,
            height,
            {link: placed.boxes[port][0] - middle for link, port in top.items()},
            {trunk: placed.boxes[port][0] - middle for trunk, port in bottom.items()},
        )
        title = Box(
            0.0 if at_left else width - title_width,
            0.0 if at_top else height - _GROUP_BAND,
            title_width,
            _GROUP_BAND,
        )
        return _Inner(sheet, placed, size, origin, (text, title), link_of)

    def _label_of(self, group: str | None) -> str:
        return next(candidate.label for candidate in self.view.groups if candidate.id == group)

    def _assemble(
        self, outer: Sheet, placed: Placed, sizes: list[Size], inners: dict[int, _Inner], link_of: list[int]
    ) -> Layout:
        nodes: dict[str, Box] = {}
        groups: dict[str, Box] = {}
        titles: dict[str, tuple[str, Box]] = {}
        corner: dict[int, Point] = {}
        outer_links = {edge: link for edge, link in enumerate(link_of) if link >= 0}
        labels = self._labels(outer, placed, (0.0, 0.0), outer_links)
        for box, members in enumerate(self.box_members):
            x, y = placed.boxes[box][0] - sizes[box].width / 2, placed.boxes[box][1]
            group = self.box_group[box]
            if group is None:
                nodes[self.view.nodes[members[0]].id] = Box(x, y, sizes[box].width, sizes[box].height)
                continue
            inner = inners[box]
            groups[group] = Box(x, y, inner.size.width, inner.size.height)
            titles[group] = (inner.title[0], _moved(inner.title[1], x, y))
            corner[box] = (x + inner.origin[0], y + inner.origin[1])
            for index, member in enumerate(members):
                width, height = self.sizes[member]
                middle, member_top = inner.placed.boxes[index]
                member_box = Box(middle - width / 2, member_top, width, height)
                nodes[self.view.nodes[member].id] = _moved(member_box, *corner[box])
            labels += self._labels(inner.sheet, inner.placed, corner[box], inner.link_of)
        edges = tuple(
            EdgePath(position, self._path(position, outer, placed, inners, corner, link_of))
            for position in range(len(self.view.edges))
        )
        ordered = {node.id: nodes[node.id] for node in self.view.nodes}
        return Layout(placed.width, placed.height, ordered, groups, titles, edges, tuple(labels))

    def _labels(self, sheet: Sheet, placed: Placed, offset: Point, link_of: dict[int, int]) -> list[Label]:
        edges: dict[int, list[int]] = {}
        for edge, link in sorted(link_of.items()):
            edges.setdefault(sheet.trunk_of[link], []).append(edge)
        labels: list[Label] = []
        for trunk, (x, y) in placed.labels.items():
            text, width = edge_label(self.view.edges[edges[trunk][0]].label)
            box = Box(x + offset[0] - width / 2, y + offset[1] - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)
            labels.append(Label(text, box, tuple(edges[trunk])))
        return labels

    def _path(
        self,
        position: int,
        outer: Sheet,
        placed: Placed,
        inners: dict[int, _Inner],
        corner: dict[int, Point],
        link_of: list[int],
    ) -> tuple[Point, ...]:
        edge = self.view.edges[position]
        tail, head = self.box_of[self.number[edge.source]], self.box_of[self.number[edge.target]]

        def inside(box: int) -> list[Run]:
            inner = inners[box]
            dx, dy = corner[box]
            runs = inner.placed.routes[inner.link_of[position]]
            return [Run(run.x + dx, run.top + dy, run.bottom + dy) for run in runs]

        link = link_of[position]
        if link < 0:
            runs = inside(tail)
            upwards = inners[tail].link_of[position] in inners[tail].sheet.turned
        else:
            upwards = link in outer.turned
            first, last = (head, tail) if upwards else (tail, head)
            runs = inside(first) if first in inners else []
            runs = runs + placed.routes[link]
            runs = runs + (inside(last) if last in inners else [])
        points = curve(joined(runs))
        return points[::-1] if upwards else points


def curve(runs: Sequence[Run]) -> tuple[Point, ...]:
    """Upright pieces joined by curves that leave and arrive upright, so never leave the gap between."""
    points: list[Point] = [(runs[0].x, runs[0].top)]

    def straight_to(x: float, y: float) -> None:
        x0, y0 = points[-1]
        if abs(y - y0) > 0.01:
            points.extend([(x0, y0 + (y - y0) / 3), (x, y0 + 2 * (y - y0) / 3), (x, y)])

    for before, run in zip([None, *runs], runs, strict=False):
        if before is not None:
            x0, y0 = points[-1]
            half = (y0 + run.top) / 2
            points.extend([(x0, half), (run.x, half), (run.x, run.top)])
        straight_to(run.x, run.bottom)
    return tuple((round(x, 2), round(y, 2)) for x, y in points)


def _moved(box: Box, dx: float, dy: float) -> Box:
    return Box(box.x + dx, box.y + dy, box.width, box.height)


def _corner(
    width: float, title_width: float, top: list[float], bottom: list[float]
) -> tuple[bool, bool, float]:
    """Where the title of a group goes, beside the lines that cross its border there.

    Returns (at the top, at the left, how much wider the box becomes).
    """
    choices: list[tuple[float, int, bool, bool, float]] = []
    for at_top, ports in ((True, top), (False, bottom)):
        for at_left in (True, False):
            free = width + 2 * _GROUP_PADDING
            if ports:
                free = (min(ports) if at_left else width - max(ports)) + _GROUP_PADDING - 6.0
            extra = max(0.0, title_width - free)
            dislike = (0 if at_top else 40) + (0 if at_left else 8)
            choices.append((extra + dislike, dislike, at_top, at_left, extra))
    _, _, at_top, at_left, extra = min(choices)
    return at_top, at_left, extra
