"""PNG of a drawing, through Graphviz; imports the DOT renderer and the errors."""

from symconv.errors import OptionError
from symconv.viz.dot import to_dot
from symconv.viz.graphviz import carrier, run_dot
from symconv.viz.view import GraphView


def to_png(view: GraphView, *, theme: str = "auto", dots_per_inch: int = 144) -> bytes:
    """The drawing as a PNG file's bytes.

    Raises
    ------
    OptionError
        Where there is no Graphviz: symconv itself draws SVG, which needs no fonts.
    """
    if carrier() is None:
        raise OptionError(
            "a PNG of a graph needs Graphviz, and there is none here",
            arguments=[("drawing", view.title or "graph")],
            hint='draw to a file that ends in .svg, or install Graphviz, or pip install "symconv[viz]"',
        )
    source = to_dot(view, theme=theme)
    return run_dot(source.replace("graph [", f"graph [dpi={dots_per_inch} ", 1), "png")
