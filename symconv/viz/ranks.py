"""First step of the layered layout: which layer an item stands in; imports nothing of symconv.

Items are numbers 0..count-1 and an arc (upper, lower) asks that ``upper`` stands in a higher layer. After
Gansner, Koutsofios, North, Vo: A technique for drawing directed graphs (1993), sections 2.1 and 2.2, with
the network simplex replaced by sweeps that each move an item to where its arcs get shorter.
"""

from collections.abc import Collection, Sequence

Arc = tuple[int, int]


def backward_arcs(count: int, arcs: Sequence[Arc]) -> set[int]:
    """Positions of the arcs that have to be turned around so that no cycle remains; mostly none.

    A graph has no cycles, but a group that is not convex (something outside lies between two of its
    members) has one with its surroundings as soon as it is drawn as one box.
    """
    below: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for position, (upper, lower) in enumerate(arcs):
        below[upper].append((lower, position))
    unseen, open_, done = 0, 1, 2
    state = [unseen] * count
    found: set[int] = set()
    for start in range(count):
        if state[start] != unseen:
            continue
        state[start] = open_
        stack = [(start, iter(below[start]))]
        while stack:
            item, rest = stack[-1]
            for lower, position in rest:
                if state[lower] == open_:
                    found.add(position)
                elif state[lower] == unseen:
                    state[lower] = open_
                    stack.append((lower, iter(below[lower])))
                    break
            else:
                state[item] = done
                stack.pop()
    return found


def assign_ranks(
    count: int, arcs: Sequence[Arc], top: Collection[int] = (), bottom: Collection[int] = ()
) -> list[int]:
    """The layer of each item, 0 at the top; each arc leads at least one layer down.

    Items of ``top`` share layer 0 with no other, items of ``bottom`` the last layer.

    Examples
    --------
    >>> assign_ranks(4, [(0, 2), (1, 3), (2, 3)])    # 1 stands directly above its only reader
    [0, 1, 1, 2]
    """
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for upper, lower in dict.fromkeys(arcs):
        below[upper].append(lower)
        above[lower].append(upper)
    order = _topological(count, above, below)
    pinned_top, pinned_bottom = set(top), set(bottom)
    floor = 1 if pinned_top else 0
    rank = [0 if item in pinned_top else floor for item in range(count)]
    for item in order:
        for lower in below[item]:
            rank[lower] = max(rank[lower], rank[item] + 1)
    pinned = pinned_top | pinned_bottom
    for _ in range(3):
        if not _shorten_arcs(order, above, below, rank, pinned):
            break
    if pinned_bottom:
        last = max((rank[item] for item in range(count) if item not in pinned_bottom), default=0) + 1
        for item in pinned_bottom:
            rank[item] = last
    return _without_empty_layers(rank)


def _topological(count: int, above: list[list[int]], below: list[list[int]]) -> list[int]:
    waiting = [len(uppers) for uppers in above]
    order = [item for item in range(count) if not waiting[item]]
    for item in order:
        for lower in below[item]:
            waiting[lower] -= 1
            if not waiting[lower]:
                order.append(lower)
    return order


def _shorten_arcs(
    order: list[int], above: list[list[int]], below: list[list[int]], rank: list[int], pinned: set[int]
) -> bool:
    """Move items down where that makes lines shorter, from the bottom upwards.

    An item's readers hang on one trunk, so moving it down saves one layer of line below, and costs one
    above for each value of which it is the last reader. What follows it down costs nothing: a value that
    only it reads, made of such values alone (``b`` under ``b.dimshuffle(...)``).
    """
    follows = [False] * len(rank)
    for item in order:
        follows[item] = item not in pinned and len(below[item]) == 1 and all(follows[u] for u in above[item])
    moved = False
    for item in reversed(order):
        if item in pinned or not below[item]:
            continue
        room = min(rank[lower] for lower in below[item]) - 1 - rank[item]
        for upper in above[item]:
            if not follows[upper]:
                others = [rank[other] for other in below[upper] if other != item]
                room = min(room, max(others, default=0) - rank[item])
        if room > 0:
            rank[item] += room
            moved = True
    return moved


def _without_empty_layers(rank: list[int]) -> list[int]:
    used = {value: position for position, value in enumerate(sorted(set(rank)))}
    return [used[value] for value in rank]
