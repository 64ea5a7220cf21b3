"""A GraphView as an aligned listing; imports the view and the escapes."""

from symconv.viz.escape import clean
from symconv.viz.view import GraphView, Node


def to_text(view: GraphView) -> str:
    """One line a node, in the view's order, arguments by identifier, groups indented under their label.

    Examples
    --------
    >>> from symconv.viz.view import Edge
    >>> x, y = Node("n0", "input", "x", type="float64[?]"), Node("n1", "op", "tanh", type="float64[?]")
    >>> print(to_text(GraphView("layer", (x, y), (Edge("n0", "n1"),))))
    layer
      n0  input  x         float64[?]
      n1         tanh(n0)  float64[?]
    """
    arguments: dict[str, list[tuple[int, str]]] = {node.id: [] for node in view.nodes}
    for edge in view.edges:
        arguments[edge.target].append((edge.port, edge.source))
    labels = {group.id: clean(group.label) for group in view.groups}
    rows: list[tuple[int, tuple[str, ...]]] = []
    open_group: str | None = None
    for node in view.nodes:
        if node.group != open_group:
            open_group = node.group
            if open_group is not None:
                rows.append((1, (f"[{labels[open_group]}]",)))
        names = [name for _, name in sorted(arguments[node.id])]
        rows.append((2 if open_group else 1, _columns(node, names)))
    return "\n".join([clean(view.title), *_aligned(rows)])


def _columns(node: Node, arguments: list[str]) -> tuple[str, ...]:
    kind = "" if node.kind == "op" else node.kind
    what = clean(node.label) + (f"({', '.join(arguments)})" if arguments or node.kind == "op" else "")
    detail = ", ".join(clean(line) for line in node.detail)
    return clean(node.id), kind, what, clean(node.type), detail, clean(node.origin)


def _aligned(rows: list[tuple[int, tuple[str, ...]]]) -> list[str]:
    """Columns that are empty everywhere are left out; a single cell spans the line."""
    full = [(indent, row) for indent, row in rows if len(row) > 1]
    count = max((len(row) for _, row in full), default=0)
    widths = [0] * count
    for indent, row in full:
        for column, cell in enumerate(row):
            extra = 2 * (indent - 1) if column == 0 else 0
            widths[column] = max(widths[column], len(cell) + extra)
    used = [column for column in range(count) if widths[column]]
    lines: list[str] = []
    for indent, row in rows:
        if len(row) == 1:
            lines.append("  " * indent + row[0])
            continue
        shift = "  " * (indent - 1)
        cells = [((shift if column == 0 else "") + row[column]).ljust(widths[column]) for column in used]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines
