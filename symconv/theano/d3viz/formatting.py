"""``theano.d3viz.formatting``: graphs with what Theano's explorer tells of each node; imports symconv."""

from typing import Any

import numpy as np

from symconv.compile.fuse import Fused
from symconv.graph.nodes import Constant
from symconv.graph.shared import SharedVariable
from symconv.ops.from_graph import GraphOp
from symconv.theano._names import refuses
from symconv.theano._print.dots import Dot, DotEdge, DotNode
from symconv.theano._print.pictures import Shown, class_name, colour_of, edge_colour
from symconv.theano._print.written import Node, Term

pydot_imported = True
pydot_imported_msg = ""

CHARACTERS = {
    "complex64": "c", "complex128": "z", "float32": "f", "float64": "d", "int8": "b", "int16": "w",
    "int32": "i", "int64": "l",
}  # fmt: skip
SHAPES = {
    (): "scalar",
    (False,): "vector",
    (False, True): "col",
    (True, False): "row",
    (False, False): "matrix",
}


class PyDotFormatter:
    """Makes a graph of a function, a variable, an apply, or a list of variables.

    Parameters
    ----------
    compact : bool
        Whether results without a name are edges.

    Attributes
    ----------
    node_colors, apply_colors, shapes : dict
        Colours and shapes, which a program may change.

    Examples
    --------
    >>> import symconv.theano.tensor as T
    >>> graph = PyDotFormatter()(T.exp(T.dvector("x")))
    >>> [node.get("label") for node in graph.get_nodes()]
    ['Elemwise', 'x', 'dvector']
    """

    def __init__(self, compact: bool = True) -> None:
        self.compact = compact
        self.node_colors = {
            "input": "limegreen", "constant_input": "SpringGreen", "shared_input": "YellowGreen",
            "output": "dodgerblue", "unused": "lightgrey",
        }  # fmt: skip
        self.apply_colors = {
            "GpuFromHost": "red", "HostFromGpu": "red", "Scan": "yellow", "Shape": "cyan",
            "IfElse": "magenta", "Elemwise": "#FFAABB", "Subtensor": "#FFAAFF", "Alloc": "#FFAA22",
        }  # fmt: skip
        self.shapes = {"input": "box", "output": "box", "apply": "ellipse"}
        self._prefix = "n"
        self._ids: dict[Any, str] = {}

    def __call__(self, fct: Any, graph: Dot | None = None) -> Dot:
        """The graph; its nodes and edges are added to ``graph`` if one is given.

        Raises
        ------
        ArgumentError
            For what cannot be drawn.
        """
        self._ids = {}
        return self._fill(Shown(fct), Dot("theano") if graph is None else graph)

    def _fill(self, shown: Shown, graph: Dot) -> Dot:
        read = shown.read
        results = {*shown.outputs, *(term for term, _ in shown.updates)}
        for node in shown.nodes:
            self._apply(graph, node, shown)
            for term in node.outputs:
                if term in results or term not in read:
                    kind = "output" if term in results else "unused"
                    graph.add_node(self._variable(term, "output", self.node_colors[kind]))
                    graph.add_edge(DotEdge(self._id(node), self._id(term), label=type_to_str(term.type)))
                elif term.name is not None or not self.compact:
                    graph.add_node(self._variable(term, "output", None))
                    graph.add_edge(DotEdge(self._id(node), self._id(term), label=type_to_str(term.type)))
        for term in shown.outputs:
            if term.owner is None and self._id(term) not in graph.nodes:
                graph.add_node(self._leaf(term))
        return graph

    def _id(self, thing: Any) -> str:
        return self._ids.setdefault(thing, f"{self._prefix}{len(self._ids) + 1}")

    def _apply(self, graph: Dot, node: Node, shown: Shown) -> None:
        label = apply_label(node)
        colour = colour_of(node, self.apply_colors)
        coloured = {"style": "filled", "fillcolor": colour, "type": "colored"} if colour else {}
        profile = apply_profile(node, shown.profile)
        box = DotNode(
            self._id(node), label=label, node_type="apply", apply_op=str(node.op), shape=self.shapes["apply"],
            profile=None if profile is None else "\t".join(map(str, profile)), **coloured,
        )  # fmt: skip
        graph.add_node(box)
        for position, term in enumerate(node.inputs):
            if term.owner is None:
                graph.add_node(self._leaf(term))
            source = term if term.owner is None or not self._hidden(term, shown) else term.owner
            said = type_to_str(term.type)
            graph.add_edge(
                DotEdge(
                    self._id(source), self._id(node),
                    label=f"{position} {said}" if len(node.inputs) > 1 else said,
                    color=edge_colour(node, position, self.node_colors["output"]),
                )
            )  # fmt: skip
        if node.core is not None and isinstance(node.core.op, GraphOp):
            self._inside(graph, node, box)

    def _hidden(self, term: Term, shown: Shown) -> bool:
        return self.compact and term.name is None and term not in shown.outputs

    def _inside(self, graph: Dot, node: Node, box: DotNode) -> None:
        """The graph of an ``OpFromGraph``, in a box of its own."""
        inner = PyDotFormatter(self.compact)
        inner.node_colors, inner.apply_colors, inner.shapes = self.node_colors, self.apply_colors, self.shapes
        inner._prefix = f"{self._id(node)}_"
        assert node.core is not None
        shown = Shown(list(node.core.op.graph.outputs))  # type: ignore[attr-defined]
        cluster = Dot(f"cluster_{self._id(node)}", label=str(node.op))
        graph.add_subgraph(inner._fill(shown, cluster))
        leaves = {t.variable: t for one in shown.nodes for t in one.inputs if t.owner is None}
        box.set("subg", cluster.get_name())
        inputs = node.core.op.graph.inputs  # type: ignore[attr-defined]
        pairs = zip(node.inputs, inputs, strict=False)
        mapped = [[self._id(outer), inner._id(leaves[v])] for outer, v in pairs if v in leaves]
        box.set("subg_map_inputs", mapped)
        ends = zip(shown.outputs, node.outputs, strict=True)
        box.set("subg_map_outputs", [[inner._id(term), self._id(outer)] for term, outer in ends])

    def _leaf(self, term: Term) -> DotNode:
        variable = term.variable
        kind = "input"
        if isinstance(variable, Constant) or variable is None:
            kind = "constant_input"
        elif isinstance(variable, SharedVariable):
            kind = "shared_input"
        return self._variable(term, kind, self.node_colors[kind])

    def _variable(self, term: Term, kind: str, colour: str | None) -> DotNode:
        tag = var_tag(term)
        coloured = {"style": "filled", "fillcolor": colour} if colour else {}
        return DotNode(
            self._id(term), label=var_label(term), node_type=kind, dtype=type_to_str(term.type),
            tag=None if tag is None else "\t".join(map(str, tag)), shape=self.shapes["input"], **coloured,
        )  # fmt: skip


def var_label(var: Any, precision: int = 3) -> str:
    """The name of a variable, the value of a constant, else the type."""
    if var.name is not None:
        return str(var.name)
    source = var.variable if isinstance(var, Term) else var
    if isinstance(source, Constant):
        text = np.array2string(np.atleast_1d(source.data), precision=precision).split("\n")[0]
        return text.strip("[]").strip() if source.ndim == 0 else text
    text = getattr(var, "text", "")
    return (
        text.removeprefix("Constant{").rstrip("}") if text.startswith("Constant{") else type_to_str(var.type)
    )


def var_tag(var: Any) -> list[Any] | None:
    """Where a variable was written: file and line."""
    source = var.variable if isinstance(var, Term) else var
    origin = None if source is None else source.origin or source.made
    return None if origin is None else [origin.short.rpartition(":")[0], origin.line, ""]


def apply_label(node: Any) -> str:
    """The class of an apply's op; what a kernel does, member by member."""
    if not isinstance(node, Node):
        return type(node.op).__name__
    return node.op.label if isinstance(node.op, Fused) else class_name(node)


def apply_profile(node: Any, profile: Any) -> list[float] | None:
    """What an apply took, and what all calls took, where that was measured."""
    if not profile or profile.fct_call_time == 0:
        return None
    core = node.core if isinstance(node, Node) else node
    return [profile.apply_time.get(core, 0.0), profile.fct_call_time]


def broadcastable_to_str(b: Any) -> str:
    """ "matrix" for a pattern, "" for one without a name."""
    return SHAPES.get(tuple(b), "")


def dtype_to_char(dtype: str) -> str:
    """ "d" for float64; "X" for a dtype without a letter."""
    return CHARACTERS.get(dtype, "X")


def type_to_str(t: Any) -> str:
    """ "dmatrix" for a type; the dtype where the pattern has no name."""
    if not hasattr(t, "broadcastable"):
        return str(t)
    name = broadcastable_to_str(t.broadcastable)
    return dtype_to_char(t.dtype) + name if name else str(t.dtype)


def dict_to_pdnode(d: dict[str, Any]) -> DotNode:
    """A node of these attributes."""
    given = {key: "\t".join(map(str, v)) if isinstance(v, list) else v for key, v in d.items()}
    return DotNode(str(given.pop("name", "")), **given)


__getattr__ = refuses("theano.d3viz.formatting", globals())

__all__ = [
    "PyDotFormatter", "apply_label", "apply_profile", "broadcastable_to_str", "dict_to_pdnode",
    "dtype_to_char", "pydot_imported", "pydot_imported_msg", "type_to_str", "var_label", "var_tag",
]  # fmt: skip
