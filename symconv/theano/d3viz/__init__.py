"""``theano.d3viz``: graphs as pages to explore, each in one file; imports symconv."""

import os
from pathlib import Path
from typing import Any

from symconv.files import write_atomically
from symconv.theano._names import refuses
from symconv.theano._print.dots import Dot
from symconv.theano.d3viz import formatting
from symconv.theano.d3viz.formatting import PyDotFormatter
from symconv.viz.html import to_html

has_requirements = True


def d3viz(fct: Any, outfile: Any, copy_deps: bool = True, *args: Any, **kwargs: Any) -> None:
    """Write a page to explore a graph: drag, zoom, click a node to see what it is, where it was written.

    The page is one file that loads nothing, so ``copy_deps`` has nothing to copy.

    Parameters
    ----------
    fct : function, Variable, Apply, or a list of variables
        A function shows its kernels, and what they took if it is profiled.
    outfile : path
        The page; its directory is made if it is not there.
    copy_deps : bool
        Accepted.
    *args, **kwargs
        For ``PyDotFormatter``.
    """
    graph = PyDotFormatter(*args, **kwargs)(fct)
    title = getattr(fct, "name", None) or Path(outfile).stem
    page = to_html([("graph", graph.view(str(title)))], title=str(title))
    _directory(outfile)
    write_atomically(Path(outfile), page.encode("utf-8"))


def d3write(fct: Any, path: Any, *args: Any, **kwargs: Any) -> None:
    """Write a graph in the DOT language, with what ``d3viz`` tells of each node as attributes."""
    graph: Dot = PyDotFormatter(*args, **kwargs)(fct)
    _directory(path)
    graph.write_dot(path)


def _directory(path: Any) -> None:
    directory = os.path.dirname(os.fspath(path))
    if directory:
        os.makedirs(directory, exist_ok=True)


__getattr__ = refuses("theano.d3viz", globals())

__all__ = ["d3viz", "d3write", "formatting", "has_requirements"]
