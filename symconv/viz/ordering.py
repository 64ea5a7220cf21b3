"""Second step of the layered layout: the order within each layer; imports nothing of symconv.

Cells are numbers; each stands in one layer; a segment joins cells of neighbouring layers. Few crossings
are wanted. After Sugiyama, Tagawa, Toda (1981): sweeps down and up sort each layer by the mean position of
the neighbours, then neighbours are exchanged while that helps; crossings are counted as in Barth, Mutzel,
Jünger (2002).
"""

from collections.abc import Collection, Sequence
from itertools import pairwise

Segment = tuple[int, int]


def order_layers(
    ranks: Sequence[int],
    segments: Sequence[Segment],
    fixed_first: Sequence[int] = (),
    wishes: Collection[Segment] = (),
) -> list[list[int]]:
    """The cells of each layer from left to right.

    ``fixed_first``, where given, is the whole first layer in the order that it must keep. ``wishes`` are
    pairs (left, right) within a layer, granted to neighbours where that costs no crossing. Larger drawings
    get fewer sweeps: the time stays within seconds at a hundred thousand cells.
    """
    count = len(ranks)
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for upper, lower in segments:
        above[lower].append(upper)
        below[upper].append(lower)
    layers = _first_order(ranks, above, below, fixed_first)
    sweeps = 24 if count < 1_000 else 10 if count < 10_000 else 4
    polish = count < 1_500
    best, best_crossings = [list(layer) for layer in layers], count_crossings(layers, below)
    stale = 0
    for sweep in range(sweeps):
        if not best_crossings or stale > 5:
            break
        _sweep(layers, above, below, downwards=sweep % 2 == 0, keep_first=bool(fixed_first))
        if polish:
            _exchange(layers, above, below, keep_first=bool(fixed_first))
        crossings = count_crossings(layers, below)
        stale += 1
        if crossings < best_crossings:
            best, best_crossings, stale = [list(layer) for layer in layers], crossings, 0
    if wishes:
        _exchange(best, above, below, keep_first=bool(fixed_first), wishes=set(wishes))
    return best


def count_crossings(layers: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> int:
    """How many pairs of segments cross.

    Examples
    --------
    >>> count_crossings([[0, 1], [2, 3]], [[3], [2], [], []])
    1
    """
    total = 0
    for upper, lower in pairwise(layers):
        position = {cell: index for index, cell in enumerate(lower)}
        ends = [position[end] for cell in upper for end in _sorted_ends(below[cell], position)]
        total += _inversions(ends, len(lower))
    return total


def _sorted_ends(ends: Sequence[int], position: dict[int, int]) -> Sequence[int]:
    return ends if len(ends) < 2 else sorted(ends, key=position.__getitem__)


def _inversions(values: list[int], size: int) -> int:
    """Pairs i < j with values[i] > values[j], by a binary indexed tree."""
    tree = [0] * (size + 1)
    total = 0
    for seen, value in enumerate(values):
        at_most, index = 0, value + 1
        while index:
            at_most += tree[index]
            index &= index - 1
        total += seen - at_most
        index = value + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return total


def _first_order(
    ranks: Sequence[int], above: list[list[int]], below: list[list[int]], fixed_first: Sequence[int]
) -> list[list[int]]:
    """A depth-first walk up from the results: trees come out without crossings, arguments in their order."""
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    seen = [False] * len(ranks)
    starts = [cell for cell in range(len(ranks)) if not below[cell]] + list(range(len(ranks)))
    for start in starts:
        stack = [start]
        while stack:
            cell = stack.pop()
            if seen[cell]:
                continue
            seen[cell] = True
            layers[ranks[cell]].append(cell)
            stack.extend(reversed(above[cell]))
    if fixed_first:
        layers[0] = list(fixed_first)
    return layers


def _sweep(
    layers: list[list[int]],
    above: list[list[int]],
    below: list[list[int]],
    *,
    downwards: bool,
    keep_first: bool,
) -> None:
    neighbours = above if downwards else below
    steps = range(1, len(layers)) if downwards else range(len(layers) - 2, -1, -1)
    for step in steps:
        if keep_first and step == 0:
            continue
        beside = layers[step - 1] if downwards else layers[step + 1]
        position = {cell: index for index, cell in enumerate(beside)}
        layers[step] = _sorted_by_mean(layers[step], neighbours, position)


def _sorted_by_mean(
    layer: list[int], neighbours: list[list[int]], position: dict[int, int]
) -> list[int]:
    """Cells without a neighbour keep their place; the others share the remaining places by mean."""
    means: dict[int, float] = {}
    for cell in layer:
        ends = neighbours[cell]
        if ends:
            means[cell] = sum([position[end] for end in ends]) / len(ends)
    moving = iter(sorted(means, key=means.__getitem__))
    return [next(moving) if cell in means else cell for cell in layer]


def _exchange(
    layers: list[list[int]],
    above: list[list[int]],
    below: list[list[int]],
    *,
    keep_first: bool,
    wishes: Collection[Segment] = (),
) -> None:
    """Exchange neighbours in a layer while that removes crossings; with wishes, only to grant one."""
    position = [0] * len(above)
    for layer in layers:
        for index, cell in enumerate(layer):
            position[cell] = index
    for _ in range(8):
        improved = False
        for layer in layers[1:] if keep_first else layers:
            for index in range(len(layer) - 1):
                left, right = layer[index], layer[index + 1]
                if wishes and ((right, left) not in wishes or (left, right) in wishes):
                    continue
                gain = _pair_gain(above[left], above[right], position)
                gain += _pair_gain(below[left], below[right], position)
                if gain > 0 or (wishes and gain == 0):
                    layer[index], layer[index + 1] = right, left
                    position[left], position[right] = index + 1, index
                    improved = True
        if not improved:
            return


def _pair_gain(left: list[int], right: list[int], position: list[int]) -> int:
    """Crossings between the two cells' segments as they stand, less those after an exchange."""
    gain = 0
    for a in left:
        for b in right:
            gain += (position[a] > position[b]) - (position[a] < position[b])
    return gain
