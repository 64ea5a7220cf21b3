"""A GraphView as a networkx graph; imports the view (networkx itself when first used, it is slow)."""

from typing import Any

from symconv.viz.view import GraphView


def to_networkx(view: GraphView) -> Any:
    """A ``networkx.MultiDiGraph``: nodes and edges with every attribute that the picture shows.

    Nodes have ``kind``, ``label``, ``detail``, ``type``, ``origin``, ``group``; edges have ``label``, and
    ``port``, which is their key too. ``graph["title"]`` and ``graph["groups"]`` (id to label) complete it.

    Examples
    --------
    >>> from symconv.viz.view import Edge, Node
    >>> view = GraphView("", (Node("n0", "input", "x"), Node("n1", "op", "tanh")), (Edge("n0", "n1"),))
    >>> to_networkx(view).nodes["n1"]["label"]
    'tanh'
    """
    import networkx

    graph = networkx.MultiDiGraph(title=view.title, groups={group.id: group.label for group in view.groups})
    for node in view.nodes:
        graph.add_node(
            node.id,
            kind=node.kind,
            label=node.label,
            detail=node.detail,
            type=node.type,
            origin=node.origin,
            group=node.group,
        )
    for edge in view.edges:
        graph.add_edge(edge.source, edge.target, key=edge.port, port=edge.port, label=edge.label)
    return graph
