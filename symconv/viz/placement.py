"""Third step of the layered layout: horizontal positions; imports nothing of symconv.

After Brandes and Köpf: Fast and simple horizontal coordinate assignment (2001). Cells that a segment joins
are aligned in vertical blocks, the blocks are pushed together from one side, this is done from all four
corners, and each cell takes the mean of its two middle positions. Three things differ: blocks are pushed
together by longest paths over a graph of blocks; a segment may leave and enter beside the middle of a cell
(a port), and aligned then means that the segment is vertical; and the trunk of a long line always wins
over its branches, so that long lines are straight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Segment:
    """Joins ``upper`` to ``lower``, at these distances from the middle of each.

    One that yields (a parameter beside the data) is never made upright at the cost of another.
    """

    upper: int
    lower: int
    upper_port: float = 0.0
    lower_port: float = 0.0
    yields: bool = False


def place(
    layers: Sequence[Sequence[int]],
    segments: Sequence[Segment],
    widths: Sequence[float],
    gaps: Sequence[float],
    is_line: Sequence[bool],
) -> list[float]:
    """The middle of each cell, the leftmost edge of all being 0.

    Parameters
    ----------
    layers : cells from left to right, of each layer from the top
    segments : between neighbouring layers
    widths, gaps : of each cell; two neighbours stand at least half the sum of their gaps apart
    is_line : whether the cell is only the place where a long line crosses the layer

    Examples
    --------
    >>> place([[0, 1], [2]], [Segment(0, 2), Segment(1, 2)], [10, 10, 10], [4, 4, 4], [False] * 3)
    [5.0, 19.0, 12.0]
    """
    if not widths:
        return []
    above, below = _joined(segments, is_line)
    candidates: list[list[float]] = []
    for from_below in (False, True):
        for from_right in (False, True):
            neighbours = below if from_below else above
            candidates.append(_one_corner(layers, neighbours, widths, gaps, from_below, from_right))
    positions = _balanced(candidates, widths)
    left = min(x - width / 2 for x, width in zip(positions, widths, strict=True))
    return [x - left for x in positions]


# (cell at the other end, its port, my port, strength)
_End = tuple[int, float, float, int]
_YIELDS, _PLAIN, _TRUNK = 0, 1, 2
_Ends = list[list[_End]]


def _joined(segments: Sequence[Segment], is_line: Sequence[bool]) -> tuple[_Ends, _Ends]:
    """What each cell is joined to above and below.

    Several segments between the same two cells count as one in their middle. Between two places of a long
    line the segment is a trunk, and what branches off there yields to it.
    """
    pairs: dict[tuple[int, int], list[Segment]] = {}
    goes_on: set[int] = set()
    for segment in segments:
        pairs.setdefault((segment.upper, segment.lower), []).append(segment)
        if is_line[segment.upper] and is_line[segment.lower]:
            goes_on.add(segment.upper)
    above: _Ends = [[] for _ in is_line]
    below: _Ends = [[] for _ in is_line]
    for (upper, lower), several in pairs.items():
        upper_port = sum(segment.upper_port for segment in several) / len(several)
        lower_port = sum(segment.lower_port for segment in several) / len(several)
        strength = _YIELDS if all(segment.yields for segment in several) else _PLAIN
        if upper in goes_on:
            strength = _TRUNK if is_line[lower] else _YIELDS
        above[lower].append((upper, upper_port, lower_port, strength))
        below[upper].append((lower, lower_port, upper_port, strength))
    return above, below


def _one_corner(
    layers: Sequence[Sequence[int]],
    neighbours: _Ends,
    widths: Sequence[float],
    gaps: Sequence[float],
    from_below: bool,
    from_right: bool,
) -> list[float]:
    ordered = [list(reversed(layer)) if from_right else list(layer) for layer in layers]
    sign = -1.0 if from_right else 1.0
    root, shift = _align(ordered[::-1] if from_below else ordered, neighbours, sign)
    return [sign * x for x in _compact(ordered, root, shift, widths, gaps)]


def _align(layers: list[list[int]], neighbours: _Ends, sign: float) -> tuple[list[int], list[float]]:
    """Blocks: the root of each cell, and how far right of its root the cell stands."""
    count = len(neighbours)
    root = list(range(count))
    shift = [0.0] * count
    taken = [False] * count
    position = [0] * count
    for layer in layers:
        for index, cell in enumerate(layer):
            position[cell] = index
    for layer in layers:
        free = _free_of_trunks(layer, neighbours, position)
        last = -1
        for cell in layer:
            ends = free[cell]
            middle = sorted({(len(ends) - 1) // 2, len(ends) // 2}) if ends else []
            for end, port, my_port, _ in (ends[index] for index in middle):
                if root[cell] == cell and not taken[end] and last < position[end]:
                    root[cell] = root[end]
                    shift[cell] = shift[end] + sign * (port - my_port)
                    taken[end] = True
                    last = position[end]
    return root, shift


def _free_of_trunks(layer: list[int], neighbours: _Ends, position: list[int]) -> dict[int, list[_End]]:
    """For each cell the ends it may be aligned with, left to right: none that yields or crosses a trunk."""
    size = len(layer)
    furthest_right = [-1] * (size + 1)  # of trunks that end left of a cell
    furthest_left = [1 << 60] * (size + 1)  # of trunks that end right of a cell
    trunk_at = [[position[end[0]] for end in neighbours[cell] if end[3] == _TRUNK] for cell in layer]
    for index in range(size):
        furthest_right[index + 1] = max([furthest_right[index], *trunk_at[index]])
    for index in range(size - 1, -1, -1):
        furthest_left[index] = min([furthest_left[index + 1], *trunk_at[index]])
    free: dict[int, list[_End]] = {}
    for index, cell in enumerate(layer):
        trunks = [end for end in neighbours[cell] if end[3] == _TRUNK]
        ends = trunks or [
            end
            for end in neighbours[cell]
            if end[3] == _PLAIN and furthest_right[index] <= position[end[0]] <= furthest_left[index + 1]
        ]
        ends.sort(key=lambda end: position[end[0]])
        free[cell] = ends
    return free


def _compact(
    layers: list[list[int]],
    root: list[int],
    shift: list[float],
    widths: Sequence[float],
    gaps: Sequence[float],
) -> list[float]:
    """Every block as far left as the blocks left of it allow, then back towards its right neighbours."""
    count = len(root)
    right_of: list[dict[int, float]] = [{} for _ in range(count)]
    waiting = [0] * count
    for layer in layers:
        for left, right in pairwise(layer):
            room = (widths[left] + widths[right] + gaps[left] + gaps[right]) / 2
            distance = room + shift[left] - shift[right]
            known = right_of[root[left]].get(root[right])
            if known is None:
                waiting[root[right]] += 1
            if known is None or distance > known:
                right_of[root[left]][root[right]] = distance
    order = [cell for cell in range(count) if root[cell] == cell and not waiting[cell]]
    x = [0.0] * count
    reached = [False] * count
    for block in order:
        for other, distance in right_of[block].items():
            if not reached[other] or x[block] + distance > x[other]:
                x[other] = x[block] + distance
                reached[other] = True
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for block in reversed(order):
        if right_of[block]:
            x[block] = max(x[block], min(x[other] - distance for other, distance in right_of[block].items()))
    return [x[root[cell]] + shift[cell] for cell in range(count)]


def _balanced(candidates: list[list[float]], widths: Sequence[float]) -> list[float]:
    """The mean of the two middle positions, after moving all four to the borders of the narrowest."""
    extents = [
        (
            min(x - width / 2 for x, width in zip(candidate, widths, strict=True)),
            max(x + width / 2 for x, width in zip(candidate, widths, strict=True)),
        )
        for candidate in candidates
    ]
    left, right = min(extents, key=lambda extent: extent[1] - extent[0])
    moved: list[list[float]] = []
    for number, (candidate, extent) in enumerate(zip(candidates, extents, strict=True)):
        offset = right - extent[1] if number % 2 else left - extent[0]
        moved.append([x + offset for x in candidate])
    middles: list[float] = []
    for four in zip(*moved, strict=True):
        _, low, high, _ = sorted(four)
        middles.append((low + high) / 2)
    return middles
