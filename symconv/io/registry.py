"""The ops that a file may name, and what their fields may hold; imports the ops.

A file's names are looked up in these tables and nowhere else: nothing is imported or fetched by a name
from a file.
"""

import pkgutil
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from symconv import ops
from symconv.graph.op import Op
from symconv.ops.conv.geometry import ConvGeometry
from symconv.ops.index.pattern import Piece
from symconv.ops.pool.geometry import PoolGeometry
from symconv.ops.scan.layout import Layout, State

RECORDS: dict[str, type[Any]] = {
    record.__name__: record for record in (ConvGeometry, PoolGeometry, Piece, Layout, State)
}
"""What ops have as fields beside numbers, texts, tuples and graphs."""


@cache
def registered_ops() -> types.MappingProxyType[str, type[Op]]:
    """All ops of symconv by name: those that a graph's file may hold.

    Examples
    --------
    >>> registered_ops()["Conv"].__module__
    'symconv.ops.conv.ops'
    """
    for module in pkgutil.walk_packages(ops.__path__, ops.__name__ + "."):
        import_module(module.name)
    found = {kind.__name__: kind for kind in _below(Op) if kind.__module__.startswith(ops.__name__ + ".")}
    return types.MappingProxyType({name: found[name] for name in sorted(found) if name[0] != "_"})


def _below(kind: type[Op]) -> Iterator[type[Op]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of an op or a record."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind) if field.init)
    return tuple(kind._fields)


@cache
def field_hints(kind: type[Any]) -> dict[str, Any]:
    """The annotation of each field; Any where it names what only type checkers see."""
    try:
        hints = get_type_hints(kind)
    except NameError:
        return {}
    return {name: hints.get(name, Any) for name in field_names(kind)}


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what an annotation says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if hint is None or hint is types.NoneType:
        return value is None
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in arguments)
    if origin is Literal:
        return any(type(value) is type(each) and value == each for each in arguments)
    if origin is tuple:
        if type(value) is not tuple:
            return False
        if len(arguments) == 2 and arguments[1] is ...:
            return all(fits(each, arguments[0]) for each in value)
        return len(value) == len(arguments) and all(map(fits, value, arguments))
    if hint is float:
        return type(value) in (int, float)
    if hint in (bool, int, str, complex, tuple):
        return type(value) is hint
    return isinstance(hint, type) and isinstance(value, hint)
