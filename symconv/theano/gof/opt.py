"""``theano.gof.opt``: how programs declare rewriting rules; they are taken, and not applied; imports nothing.

A rule of Theano's changes how a graph is computed and not what it means, so that a program that registers
some runs as it is. Rules of symconv's own are written as equations: ``symconv.Rule``.
"""

from collections.abc import Callable
from typing import Any

from symconv.theano._names import refuses


class LocalOptimizer:
    """A rule: a function of an application that gives other outputs for it, or False.

    Parameters
    ----------
    function : callable, optional
        The rule; calling this calls it.
    """

    def __init__(self, function: Callable[..., Any] | None = None, *declared: Any, **options: Any) -> None:
        self.function = function
        self.declared = declared
        self.options = options
        self.__name__ = getattr(function, "__name__", type(self).__name__)

    def __call__(self, *arguments: Any) -> Any:
        """What the rule gives for an application."""
        return self.function(*arguments) if callable(self.function) else False

    transform = __call__


class PatternSub(LocalOptimizer):
    """A pattern and what stands for it."""


class OpSub(LocalOptimizer):
    """An op and what stands for it."""


class OpRemove(LocalOptimizer):
    """An op that passes its input on, and may go."""


def local_optimizer(
    tracks: Any, inplace: bool = False, requirements: Any = ()
) -> Callable[..., LocalOptimizer]:
    """Makes a rule of a function of an application."""
    return LocalOptimizer


class Database:
    """Where rules are registered: it keeps them by name."""

    def __init__(self) -> None:
        self.rules: dict[str, Any] = {}

    def register(self, name: str, rule: Any, *tags: Any, **options: Any) -> None:
        """Keep a rule; nothing applies it."""
        self.rules[name] = rule

    def __contains__(self, name: object) -> bool:
        return name in self.rules


optdb = Database()

__getattr__ = refuses("theano.gof.opt", globals())

__all__ = ["Database", "LocalOptimizer", "OpRemove", "OpSub", "PatternSub", "local_optimizer", "optdb"]
