"""Graphs in the DOT language, with the members of pydot's that programs use; imports the drawing.

They need neither pydot nor Graphviz: symconv lays them out and draws them itself. What Graphviz alone can
write, such as PNG and PDF, it writes where it is installed.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from symconv.errors import SymconvError
from symconv.files import write_atomically
from symconv.viz import to_svg
from symconv.viz.escape import quote_dot
from symconv.viz.graphviz import carrier, lay_out_with_graphviz, run_dot, use_graphviz
from symconv.viz.html import to_html
from symconv.viz.view import Edge, GraphView, Group, Node

X11 = {"green": "#00ff00", "grey": "#bebebe", "gray": "#bebebe"}
"""Colours that Graphviz knows by names that HTML gives to others."""
UPDATE = "UPDATE"
"""The label of the edge from a new value to the shared variable that gets it."""


class PictureError(SymconvError, RuntimeError):
    """A format that cannot be made here."""


class Item:
    """Something with attributes: a node, an edge, a graph.

    Parameters
    ----------
    **attributes
        Those of the DOT language, and others.
    """

    def __init__(self, **attributes: Any) -> None:
        self.attributes = {key: str(value) for key, value in attributes.items() if value is not None}

    def get_attributes(self) -> dict[str, str]:
        """All attributes."""
        return self.attributes

    def get(self, name: str) -> str | None:
        """One attribute, None where it is not there."""
        return self.attributes.get(name)

    def set(self, name: str, value: Any) -> None:
        """Give it an attribute."""
        self.attributes[name] = str(value)

    def _listed(self) -> str:
        return ", ".join(f"{key}={quote_dot(value)}" for key, value in self.attributes.items())


class DotNode(Item):
    """A node, by name."""

    def __init__(self, name: str = "", **attributes: Any) -> None:
        super().__init__(**attributes)
        self.name = name

    def get_name(self) -> str:
        """The name."""
        return self.name

    def to_string(self) -> str:
        """The statement that declares it."""
        return f"{quote_dot(self.name)} [{self._listed()}];"


class DotEdge(Item):
    """An edge from one node to another."""

    def __init__(self, source: str = "", target: str = "", **attributes: Any) -> None:
        super().__init__(**attributes)
        self.source = source
        self.target = target

    def get_source(self) -> str:
        """Where it begins."""
        return self.source

    def get_destination(self) -> str:
        """Where it ends."""
        return self.target

    def to_string(self) -> str:
        """The statement that declares it."""
        return f"{quote_dot(self.source)} -> {quote_dot(self.target)} [{self._listed()}];"


class Dot(Item):
    """A graph: nodes, edges and graphs inside it.

    Mutable because it is filled as what it shows is walked through.
    """

    def __init__(self, name: str = "G", **attributes: Any) -> None:
        super().__init__(**attributes)
        self.name = name
        self.nodes: dict[str, DotNode] = {}
        self.edges: list[DotEdge] = []
        self.subgraphs: list[Dot] = []

    def add_node(self, node: DotNode) -> None:
        """One more node; one of the same name is replaced."""
        self.nodes[node.name] = node

    def add_edge(self, edge: DotEdge) -> None:
        """One more edge."""
        self.edges.append(edge)

    def add_subgraph(self, graph: "Dot") -> None:
        """A graph inside."""
        self.subgraphs.append(graph)

    def get_name(self) -> str:
        """The name."""
        return self.name

    def get_nodes(self) -> list[DotNode]:
        """Its own nodes, not those of graphs inside."""
        return list(self.nodes.values())

    get_node_list = get_nodes

    def get_node(self, name: str) -> list[DotNode]:
        """The nodes of this name: one or none."""
        return [self.nodes[name]] if name in self.nodes else []

    def get_edges(self) -> list[DotEdge]:
        """Its own edges."""
        return list(self.edges)

    get_edge_list = get_edges

    def get_subgraphs(self) -> list["Dot"]:
        """The graphs inside."""
        return list(self.subgraphs)

    get_subgraph_list = get_subgraphs

    def to_string(self) -> str:
        """The whole in the DOT language."""
        return "\n".join(self._lines("digraph", "")) + "\n"

    create_dot = to_string

    def _lines(self, keyword: str, indent: str) -> Iterator[str]:
        yield f"{indent}{keyword} {quote_dot(self.name)} {{"
        yield from (f"{indent}{key}={quote_dot(value)};" for key, value in self.attributes.items())
        for graph in self.subgraphs:
            yield from graph._lines("subgraph", indent + "  ")
        yield from (f"{indent}  {node.to_string()}" for node in self.nodes.values())
        yield from (f"{indent}  {edge.to_string()}" for edge in self.edges)
        yield f"{indent}}}"

    def view(self, title: str = "") -> GraphView:
        """As symconv draws it: nodes in boxes and ellipses of their colours, graphs inside as groups."""
        nodes: list[Node] = []
        edges: list[Edge] = []
        groups: list[Group] = []
        known: set[str] = set()
        for number, graph in enumerate([self, *self.subgraphs]):
            group = f"g{number}" if number else None
            fresh = [node for node in graph.nodes.values() if node.name not in known]
            known |= {node.name for node in fresh}
            if group is not None:
                groups.append(Group(group, graph.get("label") or graph.name))
                moved = {node.name for node in graph.nodes.values()} - {node.name for node in fresh}
                nodes = [_moved(node, group) if node.id in moved else node for node in nodes]
            nodes += [_node(node, group) for node in fresh]
        ports: dict[str, int] = {}
        for graph in [self, *self.subgraphs]:
            for edge in graph.edges:
                if edge.source == edge.target or not {edge.source, edge.target} <= known:
                    continue
                target = edge.target
                if edge.get("label") == UPDATE:  # it leads back: what is updated is drawn once more
                    old = next(node for node in nodes if node.id == target)
                    target = f"{target}_new"
                    nodes.append(_moved(old, old.group, target))
                port = ports.get(target, 0)
                ports[target] = port + 1
                colour = edge.get("color") or ""
                edges.append(Edge(edge.source, target, edge.get("label") or "", port, colour))
        return GraphView(title, tuple(nodes), tuple(edges), tuple(groups))

    def create(self, prog: Any = None, format: str = "svg", title: str = "") -> bytes:
        """A picture's bytes.

        Raises
        ------
        PictureError
            For a format that only Graphviz writes, where there is none; a RuntimeError.
        """
        makers: dict[str, Callable[[], str]] = {
            "svg": lambda: self._svg(title), "dot": self.to_string, "raw": self.to_string,
            "html": lambda: to_html([("graph", self.view(title))], title=title or "graph"),
        }  # fmt: skip
        if format in makers:
            return makers[format]().encode("utf-8")
        if carrier() is None:
            raise PictureError(
                f"a picture in the format {format!r} needs Graphviz, and there is none here",
                hint="format='svg', 'html' and 'dot' need nothing",
            )
        try:
            return run_dot(self.to_string(), format)
        except Exception as error:  # whatever stands between here and the program
            raise PictureError(f"Graphviz does not write the format {format!r}: {error}") from error

    def _svg(self, title: str) -> str:
        view = self.view(title)
        layout = lay_out_with_graphviz(view) if use_graphviz("auto", view) else None
        return to_svg(view, layout=layout)

    def write(self, path: Any, prog: Any = None, format: str = "raw") -> bool:
        """Write a picture; the file appears complete or not at all."""
        write_atomically(Path(path), self.create(prog, format, Path(path).stem))
        return True

    def write_svg(self, path: Any, prog: Any = None) -> bool:
        """Write SVG."""
        return self.write(path, prog, "svg")

    def write_png(self, path: Any, prog: Any = None) -> bool:
        """Write PNG."""
        return self.write(path, prog, "png")

    def write_dot(self, path: Any, prog: Any = None) -> bool:
        """Write the DOT language."""
        return self.write(path, prog, "dot")


def _node(node: DotNode, group: str | None) -> Node:
    shown = ("label", "fillcolor", "color", "shape", "style")
    rows = tuple((key, value) for key, value in node.attributes.items() if key not in shown)
    kinds = {"output": "output", "shared_input": "shared", "constant_input": "constant", "apply": "op"}
    kind = kinds.get(node.get("node_type") or "", "input")
    ellipse = node.get("shape") == "ellipse"
    kind = "op" if ellipse else kind
    fill = node.get("fillcolor") or ""
    fill = X11.get(fill, fill) or ("" if ellipse else "#ffffff")
    return Node(
        node.name, kind, node.get("label") or node.name, group=group, fill=fill, ellipse=ellipse, rows=rows
    )


def _moved(node: Node, group: str | None, name: str | None = None) -> Node:
    return replace(node, id=name or node.id, group=group)
