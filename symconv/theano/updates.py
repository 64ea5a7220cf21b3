"""``theano.updates``: new values of shared variables, in order; imports symconv."""

from typing import Any

from symconv.errors import ArgumentError
from symconv.graph.shared import SharedVariable
from symconv.theano._names import refuses


class CollisionError(ArgumentError, KeyError):
    """A shared variable with two new values."""

    __str__ = ArgumentError.__str__


class OrderedUpdates(dict[Any, Any]):
    """A dict of shared variables and their new values; ``+`` unites two.

    Raises
    ------
    ArgumentError
        For a key that is no shared variable.
    CollisionError
        Where ``update`` and ``+`` find two values for one variable; a KeyError.
    """

    def __init__(self, *pairs: Any, **named: Any) -> None:
        super().__init__()
        for key, value in dict(*pairs, **named).items():
            self[key] = value

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, SharedVariable):
            raise ArgumentError(
                f"the keys of OrderedUpdates are shared variables, got {key!r}",
                hint="make it one: theano.shared(value)",
            )
        super().__setitem__(key, value)

    def update(self, other: Any = None, **named: Any) -> None:  # type: ignore[override]
        """Enter what another dict has."""
        for key, value in dict(other or {}, **named).items():
            if key in self and self[key] is not value:
                raise CollisionError(f"{key} has two new values", arguments=[(str(key), "updated twice")])
            self[key] = value

    def __add__(self, other: Any) -> "OrderedUpdates":
        result = OrderedUpdates(self)
        result.update(other)
        return result

    def __radd__(self, other: Any) -> "OrderedUpdates":
        result = OrderedUpdates(other)
        result.update(self)
        return result


__getattr__ = refuses("theano.updates", globals())

__all__ = ["OrderedUpdates"]
