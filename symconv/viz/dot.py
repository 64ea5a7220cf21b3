"""A GraphView in the DOT language; imports the view, the theme and the escapes."""

from collections.abc import Iterator

from symconv.viz.escape import quote_dot, quote_dot_lines
from symconv.viz.theme import DARK, LIGHT, check_theme, ink_on
from symconv.viz.view import GraphView, Node

_SHAPES = {
    "input": 'shape=box style="rounded,filled"',
    "shared": "shape=cylinder style=filled",
    "constant": "shape=octagon style=filled",
    "op": "shape=box style=filled",
    "output": 'shape=box style="rounded,filled" peripheries=2',
}


def to_dot(view: GraphView, *, theme: str = "light") -> str:
    """DOT source that Graphviz draws as symconv would: kinds by shape and colour, groups as clusters.

    Parameters
    ----------
    view : GraphView
    theme : {"auto", "light", "dark"}
        DOT knows no reader's preference: "auto" is light.

    Returns
    -------
    str

    Examples
    --------
    >>> print(to_dot(GraphView("", (Node("n0", "input", "x"),))).splitlines()[-2].split(" shape")[0])
      "n0" [label="x"
    """
    check_theme(theme)
    palette = DARK if theme == "dark" else LIGHT
    page, _, ink = palette["page"]
    line, _, edge_ink = palette["edge"]
    lines = [
        f"digraph {quote_dot(view.title or 'graph')} {{",
        f'  graph [rankdir=TB bgcolor="{page}" fontname="Helvetica" fontcolor="{ink}"]',
        '  node [fontname="Helvetica" fontsize=12]',
        f'  edge [color="{line}" fontcolor="{edge_ink}" fontname="Courier" fontsize=10 arrowsize=0.7]',
    ]
    fill, border, text = palette["group"]
    for group in view.groups:
        lines.append(f"  subgraph {quote_dot('cluster_' + group.id)} {{")
        lines.append(f"    label={quote_dot(group.label)} labelloc=b labeljust=l")
        lines.append(f'    style="rounded,filled" fillcolor="{fill}"')
        lines.append(f'    color="{border}" fontcolor="{text}"')
        lines += [f"    {quote_dot(node.id)}" for node in view.nodes if node.group == group.id]
        lines.append("  }")
    lines += [f"  {_node(node, palette)}" for node in view.nodes]
    lines += _edges(view)
    return "\n".join([*lines, "}", ""])


def _node(node: Node, palette: dict[str, tuple[str, str, str]]) -> str:
    fill, border, text = palette[node.kind]
    own = node.fill or node.ellipse
    label = [node.label, *node.detail, *([node.type] if node.type else [])]
    shape = f"shape={'ellipse' if node.ellipse else 'box'} style=filled" if own else _SHAPES[node.kind]
    fill, text = (node.fill, ink_on(node.fill)) if node.fill else (fill, text)
    tip = f" tooltip={quote_dot(node.origin)}" if node.origin else ""
    return (
        f"{quote_dot(node.id)} [label={quote_dot_lines(label)} {shape}"
        f' fillcolor="{fill}" color="{border}" fontcolor="{text}"{tip}]'
    )


def _edges(view: GraphView) -> Iterator[str]:
    for edge in view.edges:
        said = [f"label={quote_dot(edge.label)}"] if edge.label else []
        said += [f'color="{edge.colour}"'] if edge.colour else []
        attributes = f" [{' '.join(said)}]" if said else ""
        yield f"  {quote_dot(edge.source)} -> {quote_dot(edge.target)}{attributes}"
