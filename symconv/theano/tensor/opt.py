"""``theano.tensor.opt``: where programs register rewriting rules; imports ``theano.gof.opt``, which see."""

from collections.abc import Callable
from typing import Any

from symconv.theano._names import refuses
from symconv.theano.gof.opt import local_optimizer, optdb
from symconv.theano.tensor._classes import MakeVector, Shape_i


def _registering(kind: str) -> Callable[..., Any]:
    def register(rule: Any, *tags: Any, **options: Any) -> Any:
        if isinstance(rule, str):
            return lambda named: register(named, rule, *tags, **options)
        optdb.register(options.get("name") or f"{kind}:{getattr(rule, '__name__', rule)}", rule)
        return rule

    register.__name__ = f"register_{kind}"
    register.__doc__ = "Keep a rule and return it; also as a decorator. Nothing applies it."
    return register


register_canonicalize = _registering("canonicalize")
register_stabilize = _registering("stabilize")
register_specialize = _registering("specialize")
register_specialize_device = _registering("specialize_device")
register_uncanonicalize = _registering("uncanonicalize")
register_useless = _registering("useless")

__getattr__ = refuses("theano.tensor.opt", globals())

__all__ = [
    "MakeVector", "Shape_i", "local_optimizer", "optdb", "register_canonicalize", "register_specialize",
    "register_specialize_device", "register_stabilize", "register_uncanonicalize", "register_useless",
]  # fmt: skip
