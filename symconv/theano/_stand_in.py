"""Theano's classes of ops, for programs that ask ``isinstance`` or call one; imports symconv's ops.

Such a class has no instances of its own: symconv's op that does the same counts as one, and calling the
class gives a function that applies the op, or what symconv computes it by.
"""

from collections.abc import Callable
from typing import Any

from symconv.theano._errors import UnsupportedError


class StandIn(type):
    """The class of such classes."""

    core: "type | tuple[type, ...]"
    holds: Callable[[Any], bool]
    make: Callable[..., Any] | None

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.core) and cls.holds(instance)

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if cls.make is None:
            raise UnsupportedError(
                f"theano's class {cls.__name__} is here to be asked for with isinstance alone",
                hint="write the expression: x[...], x + y, T.sum(x)",
            )
        return cls.make(*arguments, **options)


def stand_in(
    name: str,
    core: "type | tuple[type, ...]",
    make: Callable[..., Any] | None = None,
    holds: Callable[[Any], bool] = lambda op: True,
) -> StandIn:
    """A class of this name.

    Parameters
    ----------
    name : str
        Theano's name.
    core : type or tuple of types
        symconv's ops that are instances.
    make : callable, optional
        Takes what Theano's class takes, and returns a function of variables.
    holds : callable
        Which of the ops are.
    """
    members = {"core": core, "make": make and staticmethod(make), "holds": staticmethod(holds)}
    return StandIn(name, (), members)
