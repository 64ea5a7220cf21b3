"""Draws anything that can be drawn, in any format; imports all renderers."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from symconv.errors import OptionError
from symconv.files import write_atomically
from symconv.viz import dot, networks
from symconv.viz.escape import escape_xml
from symconv.viz.from_graph import stages_of, view_of
from symconv.viz.graphviz import lay_out_with_graphviz, use_graphviz
from symconv.viz.html import to_html
from symconv.viz.png import to_png
from symconv.viz.svg import to_svg
from symconv.viz.text import to_text
from symconv.viz.theme import check_theme
from symconv.viz.view import GraphView


def draw(
    what: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    stage: str | None = None,
    engine: str = "auto",
    theme: str = "auto",
) -> str | Path:
    """Draw an expression, a graph, a compiled function or a GraphView.

    Parameters
    ----------
    what : Variable, sequence of Variable, FunctionGraph, Function or GraphView
    path : path, optional
        Where to; the suffix decides the format: ``.svg``, ``.html`` (a page to step through all stages of
        a function), ``.dot``, ``.png`` (needs Graphviz), ``.txt``. The file appears complete or not at all.
    stage : str, optional
        Of a function: which stage, for instance "built" or "fused"; by default the last.
    engine : {"auto", "builtin", "graphviz"}
        Who lays it out; "auto" is Graphviz where there is one and the view has no groups.
    theme : {"auto", "light", "dark"}
        "auto" follows the reader's preference.

    Returns
    -------
    Path or str
        The path; without one, the SVG.

    Raises
    ------
    OptionError
        For an unknown suffix, stage, engine or theme, or what needs Graphviz where there is none.
    FileError
        When the file cannot be written.
    ArgumentError
        For what cannot be drawn.
    """
    check_theme(theme)
    if path is None:
        return _svg(view_of(what, stage=stage), engine, theme)
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise OptionError(
            f"no format is known for {str(path)!r}", hint="the suffix decides: " + ", ".join(_WRITERS)
        )
    drawn = _WRITERS[suffix](what, stage, engine, theme)
    return write_atomically(path, drawn if isinstance(drawn, bytes) else drawn.encode("utf-8"))


def to_dot(what: Any, *, stage: str | None = None, theme: str = "light") -> str:
    """DOT source of whatever `draw` takes."""
    return dot.to_dot(view_of(what, stage=stage), theme=theme)


def to_networkx(what: Any, *, stage: str | None = None) -> Any:
    """A ``networkx.MultiDiGraph`` of whatever `draw` takes."""
    return networks.to_networkx(view_of(what, stage=stage))


def mimebundle(what: Any) -> dict[str, str]:
    """What a notebook shows: text, SVG, and the SVG once more as static HTML for those that want HTML."""
    view = view_of(what)
    svg = _svg(view, "auto", "auto")
    page = f'<div style="overflow-x:auto" title="{escape_xml(view.title)}">{svg}</div>'
    return {"text/plain": to_text(view), "image/svg+xml": svg, "text/html": page}


def _svg(view: GraphView, engine: str, theme: str) -> str:
    layout = lay_out_with_graphviz(view) if use_graphviz(engine, view) else None
    return to_svg(view, layout=layout, theme=theme)


def _page(what: Any, stage: str | None, engine: str, theme: str) -> str:
    """A page of all stages of a function, or of the one drawing that there is."""
    if stage is None and hasattr(what, "stages"):
        stages = [(name, view_of(what, stage=name)) for name, _ in stages_of(what)]
        log: Iterable[str] = map(str, getattr(what, "log", ()))
        title = "symconv: " + (getattr(what, "name", None) or "function")
        return to_html(stages, title=title, source=_source_of(what), log=log, theme=theme, engine=engine)
    view = view_of(what, stage=stage)
    return to_html([(stage or "graph", view)], title=view.title, theme=theme, engine=engine)


def _source_of(function: Any) -> str | None:
    """The generated source, once there is any: it is written at the first call."""
    source = getattr(function, "source", None)
    return source if isinstance(source, str) and source else None


_WRITERS: dict[str, Callable[[Any, str | None, str, str], str | bytes]] = {
    ".svg": lambda what, stage, engine, theme: _svg(view_of(what, stage=stage), engine, theme),
    ".html": _page,
    ".htm": _page,
    ".dot": lambda what, stage, engine, theme: dot.to_dot(view_of(what, stage=stage), theme=theme),
    ".png": lambda what, stage, engine, theme: to_png(view_of(what, stage=stage), theme=theme),
    ".txt": lambda what, stage, engine, theme: to_text(view_of(what, stage=stage)) + "\n",
}
