"""How a module of the compatibility surface answers for a name that it does not have; imports below it."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def refuses(module: str, names: Mapping[str, Any]) -> Callable[[str], Any]:
    """A module's ``__getattr__``: loads a module below, or says which name is missing and what comes nearest.

    Parameters
    ----------
    module : str
        What scripts call the module: "theano.tensor".
    names : mapping
        The module's globals.
    """

    def missing(name: str) -> Any:
        if "__path__" in names and find_spec(f"{names['__name__']}.{name}") is not None:
            return import_module(f"{names['__name__']}.{name}")  # a module below, which nothing imported yet
        near = get_close_matches(name, [known for known in names if not known.startswith("_")], n=1)
        nearest = f"; the nearest name that it has is {module}.{near[0]}" if near else ""
        raise AttributeError(f"symconv does not support {module}.{name} yet{nearest}")

    return missing


def present(source: Any, *names: str) -> Iterable[str]:
    """Those of the names that a module has."""
    return [name for name in names if hasattr(source, name)]
