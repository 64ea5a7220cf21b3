"""``theano.gof.utils``: small helpers of programs that walk graphs; imports ``theano.gof.op``."""

from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any

from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.gof.op import MethodNotDefined

memoize = cache


class object2:
    """A class without anything, whose instances have a weak reference and attributes."""

    __slots__ = ("__dict__", "__weakref__")


class scratchpad:
    """Attributes as a program sets them."""

    def clear(self) -> None:
        """Take all away."""
        vars(self).clear()

    def info(self) -> None:
        """Print all."""
        for name, value in vars(self).items():
            print(f"{name}: {value}")


def hashtype(self: object) -> int:
    """A hash that all instances of a class share."""
    return hash((type(self).__name__, type(self).__module__))


def uniq(seq: Iterable[Hashable]) -> list[Any]:
    """Each thing once, in order."""
    return list(dict.fromkeys(seq))


def difference(seq1: Iterable[Hashable], seq2: Iterable[Hashable]) -> list[Any]:
    """What is in the first and not in the second."""
    gone = set(seq2)
    return [thing for thing in seq1 if thing not in gone]


def flatten(a: Any) -> list[Any]:
    """Nested lists, tuples and sets as one list."""
    if isinstance(a, list | tuple | set):
        return [part for one in a for part in flatten(one)]
    return [a]


def give_variables_names(variables: Iterable[Variable]) -> list[str]:
    """The names of variables, with numbers where they have none or share one; the variables get them."""
    names: list[str] = []
    for position, variable in enumerate(variables):
        name = variable.name or f"{variable.type}_{position}"
        variable.name = name if name not in names else f"{name}_{position}"
        names.append(variable.name)
    return names


def hist(coll: Iterable[Hashable]) -> dict[Any, int]:
    """How often each thing is there."""
    counts: dict[Any, int] = {}
    for thing in coll:
        counts[thing] = counts.get(thing, 0) + 1
    return counts


def add_tag_trace(thing: Any, user_line: int | None = None) -> Any:
    """The thing itself: where a variable was made is known anyhow."""
    return thing


__getattr__ = refuses("theano.gof.utils", globals())

__all__ = [
    "MethodNotDefined", "add_tag_trace", "difference", "flatten", "give_variables_names", "hashtype",
    "hist", "memoize", "object2", "scratchpad", "uniq",
]  # fmt: skip
