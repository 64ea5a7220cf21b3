"""Loops and branches that do the same become one, and do no more than is read; imports graph.

Which ops may run as one, and what that one is, the op says: ``family`` and ``united``.
"""

from collections.abc import Hashable

from symconv.compile.rewrite import Change, short
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.origin import written_at

MOST_ROUNDS = 20  # what one loop no longer reads, another need no longer return


def unite(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """Unite applies of one family over the same inputs, again while that leaves less to do."""
    for _ in range(MOST_ROUNDS):
        families: dict[Hashable, list[Apply]] = {}
        for node in graph.nodes:
            family = node.op.family
            if family is not None:
                families.setdefault((type(node.op), family, *node.inputs), []).append(node)
        if not families:
            return graph
        simpler = _united(graph, families, log)
        if simpler is graph:
            return graph
        graph = simpler
    return graph


def _united(
    graph: FunctionGraph, families: dict[Hashable, list[Apply]], log: list[Change]
) -> FunctionGraph:
    used = {variable for node in graph.nodes for variable in node.inputs} | set(graph.results)
    members = {node: nodes for nodes in families.values() for node in nodes}
    new: dict[Variable, Variable] = {}
    done: set[Apply] = set()
    for node in graph.nodes:
        if node in done:
            continue
        inputs = tuple(new.get(variable, variable) for variable in node.inputs)
        one = node.op.united(members[node], used) if node in members else None
        with written_at(node.origin):
            if one is not None:
                fresh = one.op.apply(*(inputs[place] for place in one.inputs))
                for old, place in one.outputs.items():
                    new[old] = fresh.outputs[place]
                done.update(members[node])
                before, after = short(node.outputs[0]), short(fresh.outputs[0])
                log.append(Change("canonical", "what a loop returns", before, after, node.origin))
            elif inputs != node.inputs:
                new.update(zip(node.outputs, node.op.apply(*inputs).outputs, strict=True))
    for old, result in new.items():
        result.name = result.name or old.name
    return graph.with_results([new.get(variable, variable) for variable in graph.results]) if new else graph
