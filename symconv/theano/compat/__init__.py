"""``theano.compat``: names that programs for Python 2 and 3 import; imports nothing of the layer."""

from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from typing import Any

from symconv.theano._names import refuses

PY3 = True
izip, imap, ifilter = zip, map, filter


def cmp(a: Any, b: Any) -> int:
    """-1, 0 or 1 by order."""
    return int(a > b) - int(a < b)


def exc_message(error: BaseException) -> Any:
    """What an exception says, one argument by itself."""
    arguments = error.args
    return arguments[0] if len(arguments) == 1 else arguments


def get_unbound_function(unbound: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself."""
    return unbound


def decode(x: bytes) -> str:
    """Text of bytes."""
    return x.decode()


class DefaultOrderedDict(OrderedDict[Any, Any]):
    """A dict in order that makes what is missing."""

    def __init__(
        self, default_factory: Callable[[], Any] | None = None, *arguments: Any, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.default_factory = default_factory

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        self[key] = value = self.default_factory()
        return value


__getattr__ = refuses("theano.compat", globals())

__all__ = [
    "BytesIO", "DefaultOrderedDict", "OrderedDict", "PY3", "cmp", "decode", "exc_message",
    "get_unbound_function", "ifilter", "imap", "izip",
]  # fmt: skip
