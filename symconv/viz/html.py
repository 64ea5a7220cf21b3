"""One self-contained page that steps through drawings; imports the SVG renderer, theme and escapes.

The page loads nothing, and a content security policy forbids it to. Without JavaScript the stages can
still be stepped through (they are radio buttons), scrolled and read; JavaScript adds the arrow keys, pan
and zoom, the details of a node, and the switch between light and dark.
"""

from collections.abc import Iterable, Iterator, Sequence

from symconv.errors import OptionError
from symconv.viz import theme as themes
from symconv.viz.escape import escape_xml, json_for_html
from symconv.viz.graphviz import lay_out_with_graphviz, use_graphviz
from symconv.viz.page import PAGE_SCRIPT, PAGE_STYLE
from symconv.viz.svg import to_svg
from symconv.viz.view import GraphView

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def to_html(
    stages: Sequence[tuple[str, GraphView]],
    *,
    title: str = "symconv",
    source: str | None = None,
    log: Iterable[str] = (),
    theme: str = "auto",
    engine: str = "auto",
) -> str:
    """A page with one drawing a stage.

    Parameters
    ----------
    stages : sequence of (name, GraphView)
        In order; at least one.
    title : str
    source : str, optional
        Generated source, shown beside the drawings.
    log : iterable of str
        The rewrites, one a line, shown beside the drawings.
    theme : {"auto", "light", "dark"}
    engine : {"auto", "builtin", "graphviz"}

    Returns
    -------
    str
        The whole document.

    Raises
    ------
    OptionError
        Without stages, or for an unknown theme or engine.
    """
    themes.check_theme(theme)
    if not stages:
        raise OptionError("a page needs at least one stage, got none")
    return "\n".join(_document(stages, title, source, list(log), theme, engine)) + "\n"


def _document(
    stages: Sequence[tuple[str, GraphView]],
    title: str,
    source: str | None,
    log: list[str],
    theme: str,
    engine: str,
) -> Iterator[str]:
    fixed = f' data-theme="{theme}"' if theme != "auto" else ""
    yield f'<!DOCTYPE html>\n<html lang="en"{fixed}>\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape_xml(title)}</title>"
    yield f"<style>{_style(len(stages))}</style>\n</head>\n<body>"
    for index in range(len(stages)):
        checked = " checked" if index == 0 else ""
        yield (
            f'<input type="radio" name="stage" class="pick" id="pick{index}"{checked}'
            f' aria-label="stage {index + 1}">'
        )
    yield f'<header><h1>{escape_xml(title)}</h1><nav class="stages">'
    for index, (name, view) in enumerate(stages):
        count = sum(node.kind == "op" for node in view.nodes)
        tip = f"{count} operations" + (f", {len(view.groups)} fused" if view.groups else "")
        yield f'<label for="pick{index}" title="{tip}">{escape_xml(name)}</label>'
    yield '</nav><nav class="tools" hidden>'
    for action, text, tip in (
        ("back", "←", "previous stage (left arrow)"),
        ("next", "→", "next stage (right arrow)"),
        ("out", "−", "smaller (-)"),
        ("in", "+", "larger (+)"),
        ("fit", "fit", "the whole drawing (0)"),
        ("theme", "theme", "light or dark (t)"),
    ):
        yield f'<button type="button" data-action="{action}" title="{tip}">{text}</button>'
    yield '</nav></header>\n<main>\n<div class="drawings">'
    for index, (name, view) in enumerate(stages):
        layout = lay_out_with_graphviz(view) if use_graphviz(engine, view) else None
        drawing = to_svg(view, layout=layout, prefix=f"stage{index}", styled=False)
        yield f'<section class="stage stage{index}" aria-label="{escape_xml(name)}">'
        yield drawing + "</section>"
    yield "</div>\n<aside>"
    yield '<details open class="node-panel" hidden><summary>Node</summary>'
    yield '<div class="about">Click a node.</div></details>'
    if log:
        yield f"<details open><summary>Rewrites ({len(log)})</summary><ol class=\"log\">"
        yield "".join(f"<li>{_escape_block(line)}</li>" for line in log) + "</ol></details>"
    if source is not None:
        yield f"<details open><summary>Source</summary><pre>{_escape_block(source)}</pre></details>"
    yield "</aside>\n</main>"
    yield f'<script type="application/json" id="views">{json_for_html(_data(stages))}</script>'
    yield f"<script>{PAGE_SCRIPT}</script>\n</body>\n</html>"


def _escape_block(text: str) -> str:
    """Text with line ends and indentation."""
    return "\n".join(escape_xml(line) for line in str(text).expandtabs(4).splitlines())


def _data(stages: Sequence[tuple[str, GraphView]]) -> list[dict[str, object]]:
    """What the script tells about a clicked node: rows of texts, which it only ever sets as text."""
    data: list[dict[str, object]] = []
    for name, view in stages:
        labels = {node.id: f"{node.label} ({node.id})" for node in view.nodes}
        groups = {group.id: group.label for group in view.groups}
        reads: dict[str, list[tuple[int, str]]] = {node.id: [] for node in view.nodes}
        readers: dict[str, list[str]] = {node.id: [] for node in view.nodes}
        for edge in view.edges:
            reads[edge.target].append((edge.port, labels[edge.source]))
            readers[edge.source].append(labels[edge.target])
        nodes = {
            node.id: [
                [key, value]
                for key, value in (
                    ("kind", node.kind),
                    ("name", node.label),
                    ("type", node.type),
                    ("written at", node.origin),
                    ("parameters", "\n".join(node.detail)),
                    ("kernel", groups.get(node.group or "", "")),
                    ("reads", "\n".join(f"{port}: {text}" for port, text in sorted(reads[node.id]))),
                    ("read by", "\n".join(dict.fromkeys(readers[node.id]))),
                    *node.rows,
                )
                if value
            ]
            for node in view.nodes
        }
        data.append({"name": name, "nodes": nodes})
    return data


def _style(count: int) -> str:
    """The style sheet: the page, the drawings in both palettes, and which stage a radio button shows."""
    light, dark = themes.LIGHT, themes.DARK
    drawing = themes.style_rules(".symconv", "light")
    dark_rules = page_colours(":root:not([data-theme=light])", dark) + themes.colour_rules(
        ":root:not([data-theme=light]) .symconv", dark
    )
    forced = page_colours(":root[data-theme=dark]", dark) + themes.colour_rules(
        ":root[data-theme=dark] .symconv", dark
    )
    picks = "".join(
        f"#pick{i}:checked~main .stage{i}{{display:block}}"
        f"#pick{i}:checked~header label[for=pick{i}]{{background:var(--ink);color:var(--page)}}"
        f"#pick{i}:focus-visible~header label[for=pick{i}]{{outline:2px solid #2563eb}}"
        for i in range(count)
    )
    return (
        page_colours(":root", light)
        + PAGE_STYLE
        + drawing
        + f"@media (prefers-color-scheme:dark){{{dark_rules}}}"
        + forced
        + picks
    )


def page_colours(scope: str, palette: dict[str, tuple[str, str, str]]) -> str:
    """The page's own colours as variables."""
    page, rule, ink = palette["page"]
    soft, mark = palette["group"][0], palette["input"][1]
    return f"{scope}{{--page:{page};--rule:{rule};--ink:{ink};--soft:{soft};--mark:{mark}}}"
