"""Makes a GraphView of an expression, a graph or a function; imports symconv.graph and the view."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symconv.errors import ArgumentError, OptionError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves
from symconv.viz.escape import clean, shorten
from symconv.viz.view import Edge, GraphView, Group, Node

_TITLE_LIMIT = 60
_LINE_LIMIT = 20


def view_of(what: Any, *, stage: str | None = None, title: str | None = None) -> GraphView:
    """The view of whatever can be drawn.

    Parameters
    ----------
    what : GraphView, Variable, sequence of Variable, FunctionGraph, or a compiled function
    stage : str, optional
        Of a function: which of its stages; by default the last one that is a graph.
    title : str, optional
        By default what the user's names suggest.

    Raises
    ------
    OptionError
        For a stage that the function does not have, or any stage of what has none.
    ArgumentError
        For what cannot be drawn.
    """
    if hasattr(what, "stages"):
        stages = dict(stages_of(what))
        name = stage if stage is not None else list(stages)[-1]
        if name not in stages:
            raise OptionError(
                f"the function has no stage {name!r} that is a graph", hint="it has " + ", ".join(stages)
            )
        return from_function_graph(stages[name], title if title is not None else name)
    if stage is not None:
        raise OptionError(
            f"stage {stage!r} is asked for, and a {type(what).__name__} has no stages",
            hint="only a compiled function has stages",
        )
    if isinstance(what, GraphView):
        return what
    if isinstance(what, FunctionGraph):
        return from_function_graph(what, title or "graph")
    outputs = [what] if isinstance(what, Variable) else what
    if not isinstance(outputs, Sequence) or not outputs or not all(isinstance(o, Variable) for o in outputs):
        raise ArgumentError(
            f"a {type(what).__name__} cannot be drawn",
            hint="pass a symbolic variable, a list of them, or a compiled function",
        )
    free = [leaf for leaf in leaves(outputs) if not isinstance(leaf, Constant | SharedVariable)]
    graph = FunctionGraph(tuple(free), tuple(outputs))
    return from_function_graph(graph, title or shorten(", ".join(map(str, outputs)), _TITLE_LIMIT))


def stages_of(function: Any) -> list[tuple[str, FunctionGraph]]:
    """Names and graphs of a function's stages, in order; stages that are no graphs are left out."""
    stages = function.stages
    pairs: Iterable[tuple[str, Any]] = stages.items() if isinstance(stages, Mapping) else stages
    return [(str(name), graph) for name, graph in pairs if isinstance(graph, FunctionGraph)]


def from_function_graph(graph: FunctionGraph, title: str) -> GraphView:
    """The view of a graph: leaves, applies, results; the members of a fused apply form a group."""
    return _Collector(graph).view(title)


class _Collector:
    """Gathers nodes in topological order; mutable because it is filled as the graph is walked."""

    def __init__(self, graph: FunctionGraph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.source: dict[Variable, tuple[str, str]] = {}  # variable -> (node, label of its edges)
        self.inputs = set(graph.inputs)

    def view(self, title: str) -> GraphView:
        """Everything, the results last."""
        for variable in self.graph.inputs:
            self._leaf(variable, None)
        for node in self.graph.nodes:
            inner = _inner_graph(node)
            if inner is None:
                self._apply(node, None)
                for graph in node.op.graphs:
                    self._inside(node, graph)
            else:
                self._group(node, inner)
        for index, variable in enumerate(self.graph.outputs):
            several = len(self.graph.outputs) > 1
            name = variable.name if variable.name is not None and variable.owner is not None else None
            self._result(name or (f"output {index}" if several else "output"), variable)
        for target, variable in self.graph.updates:
            self._result(f"{target} ←", variable)
        return GraphView(clean(title), tuple(self.nodes), tuple(self.edges), tuple(self.groups))

    def _add(
        self, kind: str, label: str, detail: tuple[str, ...], type: str, origin: str, group: str | None
    ) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(Node(name, kind, label, detail, type, origin, group))
        return name

    def _leaf(self, variable: Variable, group: str | None) -> str:
        if variable in self.source:
            return self.source[variable][0]
        if isinstance(variable, Constant):
            kind, label = "constant", shorten(str(variable), 40)
        elif isinstance(variable, SharedVariable):
            kind, label, group = "shared", variable.name or "shared", None
        else:
            kind, label, group = "input", variable.name or "input", None
        name = self._add(kind, str(label), (), f"{variable.type}", "", group)
        if not (isinstance(variable, Constant) and variable.data.size == 1):
            self.source[variable] = (name, "")  # a number stands beside each of its readers
        return name

    def _apply(self, node: Apply, group: str | None) -> None:
        arguments: list[tuple[str, str]] = []
        for variable in node.inputs:
            known = self.source.get(variable)
            arguments.append(known if known is not None else (self._leaf(variable, group), ""))
        single = len(node.outputs) == 1
        names = [str(output.name) for output in node.outputs if output.name is not None]
        detail = (*_in_lines(node.op.details), *(f"→ {name}" for name in names))
        type = f"{node.outputs[0].type}" if single else ""
        origin = node.origin.short if node.origin is not None else ""
        name = self._add("op", node.op.label, detail, type, origin, group)
        for port, (source, label) in enumerate(arguments):
            self.edges.append(Edge(source, name, label, port))
        for index, output in enumerate(node.outputs):
            self.source[output] = (name, "" if single else f"{index}: {output.type}")

    def _group(self, node: Apply, inner: FunctionGraph) -> None:
        """A fused apply: its members, reading what is outside directly."""
        group = Group(f"g{len(self.groups)}", "fused: " + node.op.label)
        self.groups.append(group)
        for outside, inside in zip(node.inputs, inner.inputs, strict=True):
            if outside not in self.source:
                name = self._leaf(outside, None)
                self.source[inside] = (name, "")
            else:
                self.source[inside] = self.source[outside]
        for member in inner.nodes:
            self._apply(member, group.id)
        for outside, inside in zip(node.outputs, inner.outputs, strict=True):
            if inside not in self.source:
                self._leaf(inside, group.id)
            self.source[outside] = self.source[inside]

    def _inside(self, node: Apply, graph: FunctionGraph) -> None:
        """What a loop or a branch runs: a group with inputs and results of its own."""
        group = Group(f"g{len(self.groups)}", "inside " + str(node.op))
        self.groups.append(group)
        for variable in graph.inputs:
            name = self._add("input", str(variable.name or "input"), (), f"{variable.type}", "", group.id)
            self.source[variable] = (name, "")
        for member in graph.nodes:
            self._apply(member, group.id)
        for variable in graph.outputs:
            known = self.source.get(variable)
            source, label = known if known is not None else (self._leaf(variable, group.id), "")
            name = self._add("output", str(variable.name or "result"), (), f"{variable.type}", "", group.id)
            self.edges.append(Edge(source, name, label))

    def _result(self, label: str, variable: Variable) -> None:
        known = self.source.get(variable)
        source, edge_label = known if known is not None else (self._leaf(variable, None), "")
        name = self._add("output", label, (), f"{variable.type}", "", None)
        self.edges.append(Edge(source, name, edge_label))


def _in_lines(details: Sequence[str]) -> list[str]:
    """Parameters, several in a line while they are short."""
    lines: list[str] = []
    for detail in details:
        if lines and len(lines[-1]) + len(detail) + 2 <= _LINE_LIMIT:
            lines[-1] += ", " + detail
        else:
            lines.append(detail)
    return lines


def _inner_graph(node: Apply) -> FunctionGraph | None:
    """The graph inside a fused apply; its inputs are the apply's, one for one."""
    inner = getattr(node.op, "inner", None)
    if node.op.role == "control" or not isinstance(inner, FunctionGraph):
        return None
    return inner if len(inner.inputs) == len(node.inputs) and inner.nodes else None
