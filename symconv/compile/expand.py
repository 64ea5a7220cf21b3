"""Ops that are made of others are written out, so that rules and fusion see through them; imports graph.

What an op is made of, it says itself: ``Op.expand``.
"""

from symconv.compile.rewrite import Change, short
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import Op
from symconv.graph.origin import written_at
from symconv.graph.traverse import toposort


def expand(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """The graph without ops that are made of others, however deep."""
    if all(type(node.op).expand is Op.expand for node in graph.nodes):
        return graph
    border = frozenset(graph.inputs)
    done: dict[Variable, Variable] = {}

    def written_out(results: tuple[Variable, ...]) -> list[Variable]:
        for node in toposort(results, stop=border | done.keys()):
            _enter(node)
        return [done.get(variable, variable) for variable in results]

    def _enter(node: Apply) -> None:
        inputs = tuple(done.get(variable, variable) for variable in node.inputs)
        with written_at(node.origin):
            current = node if inputs == node.inputs else node.op.apply(*inputs)
            parts = node.op.expand(current)
        if parts is None:
            done.update(zip(node.outputs, current.outputs, strict=True))
            return
        done.update((variable, variable) for variable in inputs)
        found = written_out(tuple(parts))
        for old, new in zip(node.outputs, found, strict=True):
            if new.name is None and new.owner is not None:
                new.name = old.name
            log.append(Change("canonical", f"{node.op.label}.expand", short(old), short(new), node.origin))
        done.update(zip(node.outputs, found, strict=True))

    return graph.with_results(written_out(graph.results))
