"""Loops that do the same become one, which returns what is asked of any of them; imports its neighbours.

A loop and its derivative's wish for more of its results, made at different times, become one loop here. What
nobody reads is neither returned nor computed: of a history of which only the end is read, a window is kept.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import United
from symconv.graph.traverse import leaves
from symconv.ops.scan.layout import Layout

if TYPE_CHECKING:
    from symconv.ops.scan.op import Scan


def united(op: "Scan", nodes: Sequence[Apply], used: Set[Variable]) -> United | None:
    """One loop for several over the same inputs, which returns what is used; None where nothing changes."""
    layout, inner = op.layout, op.inner
    count = len(layout.states)
    wholes, finals = [False] * count, [False] * count
    mapped: dict[Variable, None] = {}
    for node in nodes:
        whole, final, collected = _outputs(node)
        for k in range(count):
            wholes[k] |= whole[k] in used
            finals[k] |= final[k] in used
        mapped.update((result, None) for result, output in collected if output in used)
    news, _, stop = layout.split_results(inner.outputs)
    elements, taps, others = layout.split_inner(inner.inputs)
    kept = {k for k in range(count) if wholes[k] or finals[k]}
    while True:
        read = set(leaves([*(news[k] for k in sorted(kept)), *mapped, *stop], frozenset(inner.inputs)))
        more = {k for k in range(count) if not read.isdisjoint(taps[k])}
        if more <= kept:
            break
        kept |= more
    order = sorted(kept)
    states = tuple(layout.states[k]._replace(whole=wholes[k], final=finals[k]) for k in order)
    sequences = [place for place, element in enumerate(elements) if element in read]
    rest = [place for place, other in enumerate(others) if other in read]
    new = Layout(
        tuple(layout.offsets[place] for place in sequences), states, len(mapped),
        layout.reverse, layout.until, layout.truncate,
    )  # fmt: skip
    if len(nodes) == 1 and new == layout and len(rest) == len(others):
        return None
    inputs = [elements[place] for place in sequences]
    inputs += [element for k in order for element in taps[k]]
    inputs += [others[place] for place in rest]
    graph = FunctionGraph(tuple(inputs), (*(news[k] for k in order), *mapped, *stop))
    first = 1 + len(elements)
    places = (
        0,
        *(1 + place for place in sequences),
        *(first + k for k in order),
        *(first + count + place for place in rest),
    )
    one = replace(op, inner=graph, layout=new)
    return United(one, places, _places(nodes, used, new, order, list(mapped)))


def _outputs(
    node: Apply,
) -> tuple[list[Variable | None], list[Variable | None], list[tuple[Variable, Variable]]]:
    """The outputs of a loop: histories, windows, and what the step calls each collected result."""
    op: Scan = node.op  # type: ignore[assignment]
    wholes, finals, collected = op.layout.split_outputs(node.outputs)
    _, mapped, _ = op.layout.split_results(op.inner.outputs)
    return wholes, finals, list(zip(mapped, collected, strict=True))


def _places(
    nodes: Sequence[Apply], used: Set[Variable], new: Layout, order: list[int], mapped: list[Variable]
) -> dict[Variable, int]:
    """For each output that is used its place among those of the one loop."""
    wholes, finals, collected = new.split_outputs(range(len(new.outputs)))
    places: dict[Variable, int] = {}
    for node in nodes:
        whole, final, results = _outputs(node)
        for found, there in ((whole, wholes), (final, finals)):
            for k, variable in enumerate(found):
                if variable is not None and variable in used:
                    place = there[order.index(k)]
                    assert place is not None
                    places[variable] = place
        places.update(
            (output, collected[mapped.index(result)]) for result, output in results if output in used
        )
    return places
