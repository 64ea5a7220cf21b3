"""Where a shape depends on a value, the graph is cut; imports graph.

    piece    = what can be planned once the shapes of its inputs are known
    boundary = the applies between two pieces: their ``perform`` runs, and shows the shapes of what follows;
               loops and branches stand there too, for they run graphs of their own

A value that depends on shapes alone (``x.shape``, arithmetic on sizes, constants) is known while planning
and cuts nothing. So most graphs are one piece. The plan of a later piece is keyed by the shapes that come
out of the boundary, not by the values that went in.
"""

from math import prod
from typing import NamedTuple

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.traverse import leaves

LARGEST_KNOWN = 1024  # elements: what is computed while planning are sizes, not data


class Piece(NamedTuple):
    """A part of a graph that is planned as one.

    Attributes
    ----------
    graph : FunctionGraph
        What it computes: inputs may be computed by earlier pieces and boundaries.
    boundary : tuple of Apply
        What runs after it, in order.
    """

    graph: FunctionGraph
    boundary: tuple[Apply, ...]


def cut(graph: FunctionGraph) -> tuple[Piece, ...]:
    """The pieces of a graph, in order of execution; the last one computes the results."""
    depth: dict[Variable, int] = {}  # how many boundaries lie before a variable
    planned: set[Variable] = set()
    boundary: dict[Apply, int] = {}
    for node in graph.nodes:
        below = max((depth.get(variable, 0) for variable in node.inputs), default=0)
        if node.op.role != "control" and all(_is_known(variable, planned) for variable in _values(node)):
            planned.update(output for output in node.outputs if _is_small(output))
        reads = [node.inputs[position] for position in node.op.reads_values]
        control = node.op.role == "control"
        if control or not all(_is_known(variable, planned) for variable in reads):
            boundary[node] = below
            below += 1
        depth.update((output, below) for output in node.outputs)
    last = max(boundary.values(), default=-1) + 1
    if last == 0:
        return (Piece(graph, ()),)
    return tuple(_piece(graph, level, last, depth, planned, boundary) for level in range(last + 1))


def _values(node: Apply) -> list[Variable]:
    """The inputs whose values a node needs."""
    return [v for position, v in enumerate(node.inputs) if position not in node.op.ignores_values]


def _is_small(variable: Variable) -> bool:
    """Whether a variable certainly holds sizes, not data, so that it is computed while planning."""
    sizes = [size for size in variable.type.shape if size is not None]
    return len(sizes) == variable.ndim and prod(sizes) <= LARGEST_KNOWN


def _is_known(variable: Variable, planned: set[Variable]) -> bool:
    return isinstance(variable, Constant) or variable in planned


def _add_what_sizes_read(wanted: dict[Variable, None], planned: set[Variable]) -> None:
    """What is known while planning is found anew in each piece, from the tensors whose sizes it tells."""
    waiting = [variable for variable in wanted if variable in planned]
    seen = set(waiting)
    while waiting:
        node = waiting.pop().owner
        for variable in node.inputs if node is not None else ():
            if variable in planned and variable not in seen:
                seen.add(variable)
                waiting.append(variable)
            wanted.setdefault(variable, None)


def _piece(
    graph: FunctionGraph,
    level: int,
    last: int,
    depth: dict[Variable, int],
    planned: set[Variable],
    boundary: dict[Apply, int],
) -> Piece:
    between = tuple(node for node, place in boundary.items() if place == level)
    if level == last:
        wanted = dict.fromkeys(graph.results)
    else:
        wanted = dict.fromkeys(variable for node in between for variable in node.inputs)
        for node in graph.nodes:
            if boundary.get(node, depth[node.outputs[0]]) > level:
                wanted.update(dict.fromkeys(node.inputs))
        wanted.update(dict.fromkeys(graph.results))
        _add_what_sizes_read(wanted, planned)
        here = {output for node in graph.nodes if node not in boundary for output in node.outputs}
        asked = {variable for node in between for variable in node.inputs}
        here = {v for v in here if (v in asked if v in planned else depth[v] == level)}
        wanted = {variable: None for variable in wanted if variable in here}
    given = {variable for variable, place in depth.items() if place < level and variable not in planned}
    given.update(output for node, place in boundary.items() if place < level for output in node.outputs)
    given.update(graph.inputs)
    inputs = [variable for variable in leaves(wanted, given) if variable in given]
    if level == last:
        return Piece(FunctionGraph(tuple(inputs), graph.outputs, graph.updates), between)
    return Piece(FunctionGraph(tuple(inputs), tuple(wanted)), between)
