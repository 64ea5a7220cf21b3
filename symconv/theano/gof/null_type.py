"""``theano.gof.null_type``: what stands for a gradient that is not there; imports nothing of symconv."""

from typing import Any


class Unconnected:
    """What stands for a gradient by an input that does not matter."""

    def __init__(self) -> None:
        self.type = DisconnectedType()


class DisconnectedType:
    """The type of gradients that are not there; calling it makes one."""

    dtype = "float64"

    def __call__(self, name: str | None = None) -> Unconnected:
        return Unconnected()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DisconnectedType)

    def __hash__(self) -> int:
        return hash(DisconnectedType)


class Undefined:
    """What stands for a gradient that is not defined."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.type = NullType(reason)


class NullType:
    """The type of gradients that are not defined; calling it makes one."""

    def __init__(self, why_null: str = "(no explanation given)") -> None:
        self.why_null = why_null

    def __call__(self, name: str | None = None) -> Undefined:
        return Undefined(self.why_null)


def grad_undefined(op: Any, x_pos: int, x: Any, comment: str = "") -> Undefined:
    """For ``grad``: there is no gradient by this input."""
    return Undefined(f"{op} has no gradient by its input {x_pos}{f' ({comment})' if comment else ''}")


def grad_not_implemented(op: Any, x_pos: int, x: Any, comment: str = "") -> Undefined:
    """For ``grad``: nobody has written the gradient by this input."""
    return Undefined(
        f"{op} does not implement a gradient by its input {x_pos}{f' ({comment})' if comment else ''}"
    )


__all__ = [
    "DisconnectedType", "NullType", "Unconnected", "Undefined", "grad_not_implemented", "grad_undefined",
]  # fmt: skip
