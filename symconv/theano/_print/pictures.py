"""``theano.printing.pydotprint``: a graph as a picture, in Theano's shapes and colours; imports the writer.

ellipse     an apply, coloured by its class
box         an input (green), a shared variable (cyan), an output (blue), a result that nothing reads (grey)
edge        blue where the result is a view of the input, red where the input is overwritten
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from symconv.compile.fuse import Fused
from symconv.errors import ArgumentError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.shared import SharedVariable
from symconv.theano._print.dots import UPDATE, Dot, DotEdge, DotNode
from symconv.theano._print.spellings import written
from symconv.theano._print.tree import compiled
from symconv.theano._print.written import Node, Term, Word
from symconv.theano.configuration import config

COLOURS = {
    "GpuFromHost": "red", "HostFromGpu": "red", "Scan": "yellow", "Shape": "brown", "IfElse": "magenta",
    "Elemwise": "#FFAABB", "Subtensor": "#FFAAFF", "Alloc": "#FFAA22", "Output": "blue",
}  # fmt: skip
"""Colours by what is in the name of an op's class."""
OTHERS = ("svg", "pdf", "html", "dot")
"""Formats that the ending of a file chooses where no other than PNG is asked for."""
VIEWS = ("InplaceDimShuffle", "Subtensor", "Reshape", "Rebroadcast", "SpecifyShape")


class Shown:
    """What a picture shows: nodes in order of computation, results, updates, measurements.

    Parameters
    ----------
    what : function, FunctionGraph, Variable, Apply, or a list of variables

    Raises
    ------
    ArgumentError
        For what cannot be drawn.
    """

    def __init__(self, what: Any) -> None:
        self.profile = getattr(what, "measured", None)
        self.updates: list[tuple[Term, Term]] = []
        if hasattr(what, "stages") or isinstance(what, FunctionGraph):
            graph = what if isinstance(what, FunctionGraph) else what.stages["fused"]
            roots = [root.term for root in compiled(graph)]
            count = len(graph.outputs)
            self.outputs = roots[:count]
            self.nodes = list(_ordered(roots))
            leaves = {t.variable: t for node in self.nodes for t in node.inputs if t.owner is None}
            for (target, _), term in zip(graph.updates, roots[count:], strict=True):
                known = leaves.get(target) or Term(target.type, target.name, variable=target)
                self.updates.append((term, known))
            return
        variables = (
            [what] if isinstance(what, Variable) else what.outputs if isinstance(what, Apply) else what
        )
        if not isinstance(variables, list | tuple) or not all(isinstance(v, Variable) for v in variables):
            raise ArgumentError(
                f"a {type(what).__name__} cannot be drawn",
                hint="pass a variable, a list of them, an apply, or a compiled function",
            )
        self.outputs = written(list(variables))
        self.nodes = list(_ordered(self.outputs))

    @property
    def read(self) -> set[Term]:
        """The terms that some node reads."""
        return {term for node in self.nodes for term in node.inputs}


def _ordered(terms: Iterable[Term]) -> Iterable[Node]:
    """The nodes that terms are computed by, each behind what it needs."""
    done: set[Node] = set()
    stack = [(term.owner, False) for term in reversed(list(terms))]
    while stack:
        node, ready = stack.pop()
        if node is None or node in done:
            continue
        if ready:
            done.add(node)
            yield node
        else:
            stack.append((node, True))
            stack += [(term.owner, False) for term in reversed(node.inputs)]


def class_name(node: Node) -> str:
    """The class of a node's op, by Theano's names."""
    op = node.op
    if not isinstance(op, Word):
        return "Elemwise" if isinstance(op, Fused) and op.anchor is None else type(op).__name__
    if op.kind in ("elemwise", "cast"):
        return "Elemwise"
    special = {"for": "Scan", "if": "IfElse", "InplaceDimShuffle": "DimShuffle", "dot": "Dot"}
    name = op.text.split("{")[0]
    return special.get(name, name)


def colour_of(node: Node, colours: Mapping[str, str]) -> str | None:
    """The colour of a node: the last of those that its class's name contains."""
    found = [colour for name, colour in colours.items() if name in class_name(node)]
    return found[-1] if found else None


def edge_colour(node: Node, position: int, view: str) -> str | None:
    """Blue, or red, or nothing: what becomes of an input."""
    op = node.op
    for maps, colour in ((getattr(op, "view_map", {}), view), (getattr(op, "destroy_map", {}), "red")):
        if any(position in places for places in maps.values()):
            return colour
    looks = op.text.startswith(VIEWS) if isinstance(op, Word) else op.role == "view"
    return view if looks and position == 0 else None


def cut(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


def pydotprint(
    fct: Any,
    outfile: Any = None,
    compact: bool = True,
    format: str = "png",
    with_ids: bool = False,
    high_contrast: bool = True,
    cond_highlight: Any = None,
    colorCodes: Mapping[str, str] | None = None,
    max_label_size: int = 70,
    scan_graphs: bool = False,
    var_with_name_simple: bool = False,
    print_output_file: bool = True,
    return_image: bool = False,
) -> bytes | None:
    """Draw a graph. SVG, HTML and DOT need nothing but symconv; other formats are Graphviz's.

    Parameters
    ----------
    fct : function, FunctionGraph, Variable, Apply, or a list of variables
        A function shows its kernels, and what they took if it is profiled.
    outfile : path, optional
        Where to; by default a file in the directory of temporary files.
    compact : bool
        Whether results without a name are edges.
    format : str
        "png", "svg", "pdf", "html", "dot" and whatever else Graphviz writes. A file that ends in one of the
        other four is written so, whatever the default is.
    with_ids : bool
        Whether labels of applies hold their place in the order of computation.
    high_contrast : bool
        Whether colours fill shapes, and do not only surround them.
    cond_highlight : str, optional
        The name of a branch whose two sides are surrounded.
    colorCodes : dict, optional
        Colours by what is in the name of an op's class.
    max_label_size : int
        The most characters of a label.
    scan_graphs : bool
        Whether the steps of loops are drawn, each into a file of its own.
    var_with_name_simple : bool
        Whether a variable with a name shows nothing else.
    print_output_file : bool
        Whether to say where the file is.
    return_image : bool
        Whether to return the picture's bytes and write no file.

    Raises
    ------
    PictureError
        For a format that only Graphviz writes, where there is none; a RuntimeError.
    ArgumentError
        For what cannot be drawn.
    """
    suffix = os.path.splitext(os.fspath(outfile or ""))[1].lower().removeprefix(".")
    if format == "png" and suffix in OTHERS:
        format = suffix
    colours = COLOURS if colorCodes is None else colorCodes
    shown = Shown(fct)
    picture = _Picture(shown, colours, compact, with_ids, high_contrast, max_label_size, var_with_name_simple)
    graph = picture.graph()
    if cond_highlight is not None:
        picture.branches(graph, cond_highlight)
    if return_image:
        return graph.create(format=format)
    if outfile is None:
        place = config.compiledir or tempfile.gettempdir()
        outfile = os.path.join(place, f"theano.pydotprint.{config.device}.{format}")
    outfile = os.fspath(outfile)
    if not outfile.endswith("." + format):
        outfile += "." + format
    if scan_graphs:
        stem, end = outfile[: -len(format) - 1], "." + format
        for place, node in enumerate(shown.nodes):
            inner = (
                getattr(node.core.op, "inner", None)
                if node.core is not None and node.core.op.graphs
                else None
            )
            if inner is not None:
                name = f"{stem}_{getattr(node.core.op, 'name', None) or 'scan_fn'}_{place}{end}"  # type: ignore[union-attr]
                pydotprint(
                    list(inner.outputs), name, compact, format, with_ids, high_contrast, None, colorCodes,
                    max_label_size, scan_graphs, var_with_name_simple, print_output_file,
                )  # fmt: skip
    graph.write(outfile, format=format)
    if print_output_file:
        print("The output file is available at", outfile)
    return None


class _Picture:
    """Draws one graph; mutable because it numbers what it names."""

    def __init__(
        self,
        shown: Shown,
        colours: Mapping[str, str],
        compact: bool,
        with_ids: bool,
        filled: bool,
        most: int,
        simple: bool,
    ) -> None:
        self.shown = shown
        self.colours = colours
        self.compact = compact
        self.with_ids = with_ids
        self.filled = filled
        self.most = most
        self.simple = simple
        self.ids: dict[Any, str] = {}
        self.labels: set[str] = set()

    def id(self, thing: Any) -> str:
        """A name for a node or a variable, the same in every run."""
        return self.ids.setdefault(thing, f"n{len(self.ids)}")

    def graph(self) -> Dot:
        """Everything."""
        graph = Dot("theano")
        read, outputs = self.shown.read, self.shown.outputs
        blue = self.colours.get("Output", "blue")
        updated = dict(self.shown.updates)
        for place, node in enumerate(self.shown.nodes):
            colour = colour_of(node, self.colours)
            graph.add_node(
                self._box(node, self._apply_label(node, place), colour, "ellipse", node_type="apply")
            )
            for position, term in enumerate(node.inputs):
                self._edge_in(graph, node, position, term, outputs)
            for index, term in enumerate(node.outputs):
                label = str(index) if len(node.outputs) > 1 else ""
                if term in outputs or term in updated:
                    fill = blue
                elif term not in read:
                    fill = "grey"
                elif term.name is not None or not self.compact:
                    fill = ""
                    label = cut(f"{label} {term.type_text}".strip(), self.most) if self.compact else label
                else:
                    continue
                graph.add_edge(DotEdge(self.id(node), self.id(term), label=label or None))
                kind = "output" if fill == blue else None
                graph.add_node(
                    self._box(term, self._variable_label(term, updated), fill, "box", node_type=kind)
                )
        for term in outputs:
            if term.owner is None and term not in read:
                graph.add_node(self._leaf(term))
        for term, target in self.shown.updates:
            graph.add_node(self._leaf(target))
            graph.add_edge(DotEdge(self.id(term), self.id(target), label=UPDATE, color=blue))
        return graph

    def _edge_in(self, graph: Dot, node: Node, position: int, term: Term, outputs: Sequence[Term]) -> None:
        label = str(position) if len(node.inputs) > 1 else ""
        colour = edge_colour(node, position, self.colours.get("Output", "blue"))
        source: Any = term
        if term.owner is None:
            graph.add_node(self._leaf(term))
        elif term.name is None and self.compact and term not in outputs:
            source = term.owner
            label = cut(f"{label} {term.type_text}".strip(), self.most)
        graph.add_edge(DotEdge(self.id(source), self.id(node), label=label or None, color=colour))

    def _leaf(self, term: Term) -> DotNode:
        variable = term.variable
        shared = isinstance(variable, SharedVariable)
        kind = "shared_input" if shared else "constant_input" if isinstance(variable, Constant) else "input"
        return self._box(
            term, self._variable_label(term, {}), "cyan" if shared else "green", "box", node_type=kind
        )

    def _box(self, thing: Any, label: str, colour: str | None, shape: str, **more: Any) -> DotNode:
        filled = {"style": "filled", "fillcolor": colour} if self.filled else {"color": colour}
        return DotNode(self.id(thing), label=label, shape=shape, **(filled if colour else {}), **more)

    def _variable_label(self, term: Term, updated: Mapping[Term, Term]) -> str:
        if term.name is not None:
            text = term.name if self.simple else f"name={term.name} {term.type_text}"
        elif isinstance(term.variable, Constant):
            value = f"val={np.asarray(term.variable.data)}".split("\n")[0]
            text = f"{value} {term.type_text}"
        elif term.owner is None and term.text.startswith(("Constant{", "NoneConst")):
            text = f"val={term.text.removeprefix('Constant{').rstrip('}')} {term.type_text}"
        elif term in updated and updated[term].name is not None:
            text = f"{updated[term].name}" + ("" if self.simple else term.type_text)
        else:
            text = term.type_text
        text = cut(text, self.most)
        self.labels.add(text)
        return text

    def _apply_label(self, node: Node, place: int) -> str:
        text = str(node.op)
        profile = self.shown.profile
        if profile is not None:
            seconds = profile.apply_time.get(node.core, 0.0)
            share = seconds * 100 / profile.fct_call_time if profile.fct_call_time else 0.0
            text += f"   ({seconds:.3f}s,{share:.3f}%)"
        mark = f" id={place}"
        if text in self.labels or self.with_ids:
            text = (
                text + mark
                if len(text + mark) <= self.most
                else text[: self.most - 3 - len(mark)] + mark + "..."
            )
        text = cut(text, self.most)
        self.labels.add(text)
        return text

    def branches(self, graph: Dot, name: Any) -> None:
        """Surround what only one side of a branch needs, what only the other needs, and what both need."""
        chosen = [
            node for node in self.shown.nodes
            if class_name(node) == "IfElse" and (node is name or str(node.op).startswith(f"if{{{name}}}"))
        ]  # fmt: skip
        if not chosen:
            return
        _, *results = chosen[0].inputs
        half = len(results) // 2
        left, right = (set(_ordered(side)) for side in (results[:half], results[half:]))
        for title, members in (("Left", left - right), ("Right", right - left), ("Middle", left & right)):
            cluster = Dot(f"cluster_{title}", label=title)
            for node in self.shown.nodes:
                if node in members:
                    cluster.add_node(graph.nodes[self.id(node)])
            if cluster.nodes:
                graph.add_subgraph(cluster)
