"""What a loop stores for its derivative, and what that computes again; imports the graph and elementwise ops.

What its derivative reads of a step is stored where that costs less than computing it once more.
"""

from collections.abc import Sequence

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Constant, Variable
from symconv.graph.traverse import toposort
from symconv.ops.elemwise import Elemwise

CHEAP = frozenset((
    "add", "sub", "mul", "neg", "second", "eq", "neq", "lt", "gt", "le", "ge", "switch", "maximum", "minimum",
    "sqr", "abs", "sign", "and_", "or_", "xor", "logical_and", "logical_or", "logical_not", "identity",
))  # fmt: skip


def to_store(results: Sequence[Variable], inner: FunctionGraph, available: set[Variable]) -> list[Variable]:
    """Intermediate results of the step that its derivative reads, and that cost more than reading them."""
    old = set(inner.nodes)
    stop = available | set(inner.inputs)
    cost = _costs(inner, stop)
    wanted: dict[Variable, None] = {}

    def consider(variable: Variable) -> None:
        if variable.owner in old and variable not in stop and cost[variable] and _is_steady(variable):
            wanted[variable] = None

    for node in toposort(results, stop=stop):
        if node not in old:
            for position, variable in enumerate(node.inputs):
                if position not in node.op.ignores_values:
                    consider(variable)
    for variable in results:
        consider(variable)
    return list(wanted)


def _costs(inner: FunctionGraph, stop: set[Variable]) -> dict[Variable, bool]:
    """For each intermediate result whether computing it again costs more than a few passes over it."""
    costs: dict[Variable, bool] = {}
    for node in inner.nodes:
        cheap = node.op.role == "view" or (isinstance(node.op, Elemwise) and node.op.row.name in CHEAP)
        dear = not cheap or any(costs.get(v, False) for v in node.inputs if v not in stop)
        costs.update((output, dear) for output in node.outputs)
    return costs


def _is_steady(variable: Variable) -> bool:
    """Whether its shape is the same in every step: no value decides it."""
    for node in toposort([variable]):
        for position in node.op.reads_values:
            if not isinstance(node.inputs[position], Constant) and not _is_size(node.inputs[position]):
                return False
    return True


def _is_size(variable: Variable) -> bool:
    """Whether it is made of constants and sizes alone."""
    waiting = [variable]
    while waiting:
        node = waiting[-1].owner
        if node is None:
            if not isinstance(waiting[-1], Constant):
                return False
            waiting.pop()
            continue
        waiting.pop()
        waiting += [v for position, v in enumerate(node.inputs) if position not in node.op.ignores_values]
    return True


__all__ = ["to_store"]
