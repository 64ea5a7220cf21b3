"""The plain data that every picture is made from; imports the errors and nothing else of symconv.

    GraphView = title, nodes, edges, groups
    Node      = id, kind, label, detail, type, origin, group     kind: input shared constant op output
    Edge      = source -> target, label, port                    port: position among the target's arguments
    Group     = id, label                                        its members name it; groups do not nest

Identifiers are positions in topological order ("n0", "n1", ...; "g0", ...), so that the same graph gives
the same picture, byte for byte. Texts are whatever the user wrote: they are hostile until a renderer has
escaped them.
"""

import re
from dataclasses import dataclass, field

from symconv.errors import OptionError

KINDS = ("input", "shared", "constant", "op", "output")


@dataclass(frozen=True)
class Node:
    """One box of a picture.

    Attributes
    ----------
    id : str
        "n0", "n1", ... in topological order.
    kind : str
        One of `KINDS`.
    label : str
        The name in large letters: "tanh", "Conv2d", "W".
    detail : tuple of str
        Small lines under the label: "border_mode=valid".
    type : str
        What the node computes: "float64[?,2,?,?]".
    origin : str
        Where the user wrote it: "chapter.py:28", or "".
    group : str or None
        The `Group` that it is drawn in.
    fill : str
        A colour of its own: a name of HTML's, or "#" and digits.
    ellipse : bool
        Whether it is drawn as an ellipse, whatever its kind.
    rows : tuple of (str, str)
        What else the explorer tells of it.
    """

    id: str
    kind: str
    label: str
    detail: tuple[str, ...] = ()
    type: str = ""
    origin: str = ""
    group: str | None = None
    fill: str = field(default="", repr=False)
    ellipse: bool = field(default=False, repr=False)
    rows: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Edge:
    """A value that flows from ``source`` into argument number ``port`` of ``target``, in a colour if any."""

    source: str
    target: str
    label: str = ""
    port: int = 0
    colour: str = field(default="", repr=False)


@dataclass(frozen=True)
class Group:
    """A fused kernel: its members are drawn inside one rounded box."""

    id: str
    label: str


@dataclass(frozen=True)
class GraphView:
    """A graph, ready to be drawn.

    Raises
    ------
    OptionError
        When an identifier occurs twice, a kind does not exist, or an edge or a node names something
        that the view does not hold.

    Examples
    --------
    >>> x, y = Node("n0", "input", "x", type="float64[?]"), Node("n1", "op", "tanh", type="float64[?]")
    >>> GraphView("layer", (x, y), (Edge("n0", "n1"),)).nodes[1].label
    'tanh'
    """

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()

    def __post_init__(self) -> None:
        nodes = {node.id for node in self.nodes}
        groups = {group.id for group in self.groups}
        if len(nodes) != len(self.nodes) or len(groups) != len(self.groups):
            raise OptionError("identifiers in a GraphView must be unique, one occurs twice")
        for node in self.nodes:
            if node.kind not in KINDS:
                raise OptionError(
                    f"a node cannot be of kind {node.kind!r}",
                    arguments=[("node", node.id)],
                    hint="kinds are " + ", ".join(KINDS),
                )
            _check_colour(node.fill)
            if node.group is not None and node.group not in groups:
                raise OptionError(f"node {node.id!r} is in group {node.group!r}, and there is no such group")
        for edge in self.edges:
            if edge.source not in nodes or edge.target not in nodes:
                raise OptionError(
                    f"an edge leads from {edge.source!r} to {edge.target!r}, one of which is not in the view"
                )
            _check_colour(edge.colour)
            if edge.source == edge.target:
                raise OptionError(f"an edge leads from {edge.source!r} to itself: graphs have no cycles")


def _check_colour(colour: str) -> None:
    if not re.fullmatch("[A-Za-z0-9]*|#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}", colour):
        raise OptionError(f"{colour!r} is no colour", hint='a name of HTML\'s, or "#" and digits')
