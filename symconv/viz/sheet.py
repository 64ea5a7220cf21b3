"""One flat sheet of a layered drawing: boxes, links between them, no groups; imports the three steps.

    Sheet(...)   ranks and order, which need no sizes: what enters a box from left to right is known then
    sheet.place  sizes and ports in, positions and routes out

Between the two a group, which is one box of its sheet, is laid out as a sheet of its own, its ports in the
order in which the lines arrive.

No line crosses a foreign box. Each layer is a horizontal band; a line passes a band upright, in a column of
its own, and bends only in the gap between two bands, where nothing else is.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symconv.viz import ordering, placement, ranks

LINE_WIDTH = 4.0
LABEL_HEIGHT = 18.0
_GAP_BOX, _GAP_LINE = 30.0, 12.0
_MAX_CELLS = 30_000  # beyond, the longest lines go round the drawing: two layouts of this size take seconds
_LANE = 8.0


@dataclass(frozen=True)
class Link:
    """Leads from box ``tail`` to box ``head``; links with one tail and one value share a trunk."""

    tail: int
    head: int
    value: int
    label_width: float = 0.0


@dataclass(frozen=True)
class Run:
    """An upright piece of a line, from ``top`` down to ``bottom``."""

    x: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Size:
    """Width and height of a box, and where lines meet it, measured from its middle.

    ``top`` has a distance for each link that arrives there, ``bottom`` one for each trunk that leaves; a
    box without them spreads its lines evenly.
    """

    width: float
    height: float
    top: Mapping[int, float] | None = None
    bottom: Mapping[int, float] | None = None


@dataclass(frozen=True)
class Placed:
    """Positions: the middle x and the top y of each box, the runs of each link downwards, its labels."""

    width: float
    height: float
    boxes: list[tuple[float, float]]
    routes: list[list[Run]]
    labels: dict[int, tuple[float, float]]  # trunk -> middle of its label


@dataclass
class _Trunk:
    """The common line of all links that carry one value; grows while the links are collected."""

    upper: int
    links: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    label_width: float = 0.0
    lane: int = -1
    span: tuple[int, int] = (0, 0)


class Sheet:
    """A sheet whose ranks and order are known; mutable only while it is built.

    Parameters
    ----------
    count : int
        Boxes are 0..count-1, in topological order as far as there is one.
    links : sequence of Link
    top, bottom : sequences of int
        Boxes that stand for lines entering and leaving the sheet: alone in the first layer, in this order,
        and alone in the last.
    """

    def __init__(
        self, count: int, links: Sequence[Link], top: Sequence[int] = (), bottom: Sequence[int] = ()
    ) -> None:
        self.links = links
        self.turned = _turned(count, links, set(top), set(bottom))
        arcs = [
            (link.head, link.tail) if position in self.turned else (link.tail, link.head)
            for position, link in enumerate(links)
        ]
        self._arcs = arcs
        self._labelled = any(link.label_width for link in links)
        step = 2 if self._labelled else 1  # labels get layers of their own
        self.rank = [step * rank for rank in ranks.assign_ranks(count, arcs, top, bottom)]
        self._count = count
        self._cell_rank = list(self.rank)
        self._cell_width: dict[int, float] = {}
        # (upper cell, lower cell, trunk, link or None)
        self._segments: list[tuple[int, int, int, int | None]] = []
        self.trunks: list[_Trunk] = []
        self.trunk_of: list[int] = []
        self._collect_trunks()
        self._draw_trunks()
        self._order(top)

    def _collect_trunks(self) -> None:
        known: dict[tuple[int, int, int], int] = {}
        for position, (link, arc) in enumerate(zip(self.links, self._arcs, strict=True)):
            key = (arc[0], link.value, position if position in self.turned else -1)
            if key not in known:
                known[key] = len(self.trunks)
                self.trunks.append(_Trunk(arc[0]))
            trunk = self.trunks[known[key]]
            trunk.links.append(position)
            trunk.label_width = max(trunk.label_width, link.label_width)
            self.trunk_of.append(known[key])
        for trunk in self.trunks:
            last = max(self.rank[self._arcs[position][1]] for position in trunk.links)
            trunk.span = (self.rank[trunk.upper] + 1, last)

    def _draw_trunks(self) -> None:
        """Give each trunk a cell in every layer that it crosses, the longest ones a lane beside the sheet."""
        lengths = sorted(((trunk.span[1] - trunk.span[0], i) for i, trunk in enumerate(self.trunks)))
        room = max(_MAX_CELLS, 2 * self._count)
        aside: list[int] = []
        for length, number in lengths:
            room -= length
            if room < 0 and length > 8 and not self.trunks[number].label_width:
                aside.append(number)
        self._assign_lanes(aside)
        for number, trunk in enumerate(self.trunks):
            if trunk.lane < 0:
                self._draw_trunk(number, trunk)

    def _assign_lanes(self, aside: list[int]) -> None:
        """The fewest lanes in which no two trunks meet."""
        busy: list[tuple[int, int]] = []  # (layer where it gets free, lane)
        lanes = 0
        for number in sorted(aside, key=lambda number: (self.trunks[number].span, number)):
            trunk = self.trunks[number]
            if busy and busy[0][0] < trunk.span[0]:
                trunk.lane = heapq.heappop(busy)[1]
            else:
                trunk.lane = lanes
                lanes += 1
            heapq.heappush(busy, (trunk.span[1], trunk.lane))
        self._lanes = lanes

    def _draw_trunk(self, number: int, trunk: _Trunk) -> None:
        first, last = trunk.span
        before = trunk.upper
        for rank in range(first, last):
            cell = len(self._cell_rank)
            self._cell_rank.append(rank)
            if rank == first and trunk.label_width:
                self._cell_width[cell] = trunk.label_width
            self._segments.append((before, cell, number, None))
            trunk.cells.append(cell)
            before = cell
        for position in trunk.links:
            lower = self._arcs[position][1]
            steps = self.rank[lower] - first
            upper = trunk.cells[steps - 1] if steps else trunk.upper
            self._segments.append((upper, lower, number, position))

    def _order(self, top: Sequence[int]) -> None:
        pairs = [(upper, lower) for upper, lower, _, _ in self._segments]
        self.layers = ordering.order_layers(self._cell_rank, pairs, top, self._arguments_in_order())
        place = [0] * len(self._cell_rank)
        for layer in self.layers:
            for index, cell in enumerate(layer):
                place[cell] = index
        self.arriving: list[list[int]] = [[] for _ in range(self._count)]
        self.leaving: list[list[int]] = [[] for _ in range(self._count)]
        came_from: dict[int, int] = {}
        goes_to: dict[int, list[int]] = {}
        for upper, lower, number, position in self._segments:
            if position is not None:
                came_from[position] = place[upper]
            if upper < self._count:
                goes_to.setdefault(number, []).append(place[lower])
        for position, (_, lower) in enumerate(self._arcs):
            self.arriving[lower].append(position)
        for number, trunk in enumerate(self.trunks):
            self.leaving[trunk.upper].append(number)
        beside = len(self._cell_rank)  # lines in lanes come from the right
        for links in self.arriving:
            links.sort(key=lambda position: (came_from.get(position, beside), position))
        for trunks in self.leaving:
            trunks.sort(key=lambda n: (sum(goes_to[n]) / len(goes_to[n]) if n in goes_to else beside, n))

        self._depth = self._depths()

    def _arguments_in_order(self) -> set[tuple[int, int]]:
        """Pairs of cells (left, right) that bring a box two arguments, the earlier on the left."""
        uppers: dict[int, dict[int, int]] = {}
        for upper, lower, _, position in self._segments:
            if position is not None and position not in self.turned:
                uppers.setdefault(lower, {})[position] = upper
        wishes: set[tuple[int, int]] = set()
        for by_link in uppers.values():
            cells = list(dict.fromkeys(by_link[position] for position in sorted(by_link)))
            wishes |= {(left, right) for at, left in enumerate(cells[:6]) for right in cells[at + 1 :]}
        return wishes

    def place(self, sizes: Sequence[Size], band_top: float = 0.0, band_bottom: float = 0.0) -> Placed:
        """Positions of boxes of these sizes.

        ``band_top`` and ``band_bottom`` are heights that the first and the last layer, which then hold
        nothing but the ends of lines, shall have.
        """
        top_port, bottom_port = self._ports(sizes)
        segments = [
            placement.Segment(
                upper,
                lower,
                bottom_port[number] if upper < self._count else 0.0,
                0.0 if position is None else top_port[position],
                position is not None and self._is_aside(number, position),
            )
            for upper, lower, number, position in self._segments
        ]
        cells = len(self._cell_rank)
        widths = [size.width for size in sizes]
        widths += [self._cell_width.get(cell, LINE_WIDTH) for cell in range(self._count, cells)]
        gaps = [_GAP_BOX if size.width > 0 else 2 * _GAP_LINE for size in sizes]
        gaps += [_GAP_LINE] * (cells - self._count)
        is_line = [cell >= self._count for cell in range(cells)]
        x = placement.place(self.layers, segments, widths, gaps, is_line)
        width = max((x[cell] + widths[cell] / 2 for cell in range(cells)), default=0.0)
        tops, bottoms = self._bands(x, segments, sizes, band_top, band_bottom)
        boxes = [(x[box], self._top_of(box, sizes[box], tops, bottoms)) for box in range(self._count)]
        routes = [
            self._route(position, x, boxes, sizes, top_port, bottom_port, tops, bottoms, width)
            for position in range(len(self.links))
        ]
        labels = {
            number: (x[trunk.cells[0]], (tops[trunk.span[0]] + bottoms[trunk.span[0]]) / 2)
            for number, trunk in enumerate(self.trunks)
            if trunk.label_width
        }
        if self._lanes:
            width += _GAP_BOX + _LANE * (self._lanes - 1)
        return Placed(width, bottoms[-1] if bottoms else 0.0, boxes, routes, labels)

    def _depths(self) -> list[int]:
        """The longest way from a leaf to each box."""
        depth = [0] * self._count
        for box in sorted(range(self._count), key=self.rank.__getitem__):
            for position in self.arriving[box]:
                depth[box] = max(depth[box], depth[self._arcs[position][0]] + 1)
        return depth

    def _is_aside(self, number: int, position: int) -> bool:
        """Whether a link brings something small (a leaf, or an op on leaves) to where much flows already.

        Such links yield, so that the main stream of the data is straight.
        """
        upper, lower = self.trunks[number].upper, self._arcs[position][1]
        return self._depth[upper] <= 1 and self._depth[lower] >= self._depth[upper] + 3

    def _ports(self, sizes: Sequence[Size]) -> tuple[list[float], list[float]]:
        top_port = [0.0] * len(self.links)
        bottom_port = [0.0] * len(self.trunks)
        for box, size in enumerate(sizes):
            _spread(self.arriving[box], size.top, size.width, top_port)
            _spread(self.leaving[box], size.bottom, size.width, bottom_port)
        return top_port, bottom_port

    def _bands(
        self,
        x: Sequence[float],
        segments: Sequence[placement.Segment],
        sizes: Sequence[Size],
        band_top: float,
        band_bottom: float,
    ) -> tuple[list[float], list[float]]:
        """Where each layer begins and ends; the wider the lines swing, the higher the gap below."""
        count = len(self.layers)
        heights = [0.0] * count
        swing = [0.0] * count
        for box, size in enumerate(sizes):
            heights[self.rank[box]] = max(heights[self.rank[box]], size.height)
        for cell in self._cell_width:
            heights[self._cell_rank[cell]] = LABEL_HEIGHT
        for segment in segments:
            rank = self._cell_rank[segment.upper]
            dx = x[segment.upper] + segment.upper_port - x[segment.lower] - segment.lower_port
            swing[rank] = max(swing[rank], abs(dx))
        if count:
            heights[0] = max(heights[0], band_top)
            heights[-1] = max(heights[-1], band_bottom)
        tops: list[float] = []
        bottoms: list[float] = []
        y = 0.0
        for rank in range(count):
            tops.append(y)
            bottoms.append(y + heights[rank])
            base = 16.0 if self._labelled else 34.0
            y = bottoms[-1] + base + min(0.1 * swing[rank], 60.0)
        return tops, bottoms

    def _top_of(self, box: int, size: Size, tops: Sequence[float], bottoms: Sequence[float]) -> float:
        """In the middle of its layer, but a leaf as near to its readers as it can be."""
        rank = self.rank[box]
        if not self.arriving[box]:
            return bottoms[rank] - size.height
        return (tops[rank] + bottoms[rank] - size.height) / 2

    def _route(
        self,
        position: int,
        x: Sequence[float],
        boxes: Sequence[tuple[float, float]],
        sizes: Sequence[Size],
        top_port: Sequence[float],
        bottom_port: Sequence[float],
        tops: Sequence[float],
        bottoms: Sequence[float],
        width: float,
    ) -> list[Run]:
        number = self.trunk_of[position]
        trunk = self.trunks[number]
        upper, lower = self._arcs[position]
        start = x[upper] + bottom_port[number]
        runs = [Run(start, boxes[upper][1] + sizes[upper].height, bottoms[self.rank[upper]])]
        first, last = trunk.span[0], self.rank[lower]
        if trunk.lane >= 0 and last > first:
            lane = width + _GAP_BOX + _LANE * trunk.lane
            runs.append(Run(lane, tops[first], bottoms[last - 1]))
        elif trunk.lane < 0:
            for rank in range(first, last):
                runs.append(Run(x[trunk.cells[rank - first]], tops[rank], bottoms[rank]))
        runs.append(Run(x[lower] + top_port[position], tops[last], boxes[lower][1]))
        return joined(runs)


def joined(runs: Sequence[Run]) -> list[Run]:
    """Runs that continue each other are one."""
    result: list[Run] = []
    for run in runs:
        if result and abs(result[-1].x - run.x) < 0.01:
            result[-1] = Run(result[-1].x, result[-1].top, run.bottom)
        else:
            result.append(run)
    return result


def _turned(count: int, links: Sequence[Link], top: set[int], bottom: set[int]) -> set[int]:
    """Links that have to be drawn upwards."""
    turned = {i for i, link in enumerate(links) if link.tail in bottom or link.head in top}
    forward = [i for i in range(len(links)) if i not in turned]
    arcs = [(links[i].tail, links[i].head) for i in forward]
    return turned | {forward[i] for i in ranks.backward_arcs(count, arcs)}


def _spread(
    lines: Sequence[int], given: Mapping[int, float] | None, width: float, ports: list[float]
) -> None:
    """Distances from the middle of a box at which its lines meet it."""
    if given is not None:
        for line in lines:
            ports[line] = given[line]
        return
    step = min(24.0, width / (len(lines) + 1))
    for index, line in enumerate(lines):
        ports[line] = step * (index - (len(lines) - 1) / 2)
