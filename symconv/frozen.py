"""Frozen dataclasses that cost little to define; imports nothing of symconv.

``dataclass(frozen=True)`` writes and compiles six methods for each class, half a millisecond or more. The
many small classes of the ops share theirs, so that importing stays instant. To ``dataclasses.fields``,
``dataclasses.replace``, pickle and type checkers they are frozen dataclasses like any other, and a class
that inherits from one may be either.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from inspect import get_annotations
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)


@overload
def frozen(cls: C) -> C: ...
@overload
def frozen(*, repr: bool = True) -> Callable[[C], C]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type | None = None, *, repr: bool = True) -> Any:
    """Make a class with annotated fields a frozen dataclass; methods that it defines itself stay.

    Parameters
    ----------
    cls : type
        The class; fields and defaults as for ``dataclasses.dataclass``, all of them parameters of
        ``__init__`` by position or by name.
    repr : bool
        Whether to replace an inherited ``__repr__``.

    Raises
    ------
    TypeError
        If a field is given by keyword only, or not to ``__init__``: those need a dataclass of the usual kind.
    """
    if cls is None:
        return lambda cls: frozen(cls, repr=repr)  # type: ignore[call-overload]
    fields = _fields(cls)
    methods = _METHODS if repr else {name: _METHODS[name] for name in _METHODS if name != "__repr__"}
    own = dict(cls.__dict__)
    for name, method in methods.items():
        if own.get(name) is None:  # a class that defines __eq__ alone has None for __hash__
            setattr(cls, name, method)
    compared = [name for name, entry in fields.items() if entry.compare]
    cls.__dataclass_fields__ = fields  # type: ignore[attr-defined]
    cls.__dataclass_params__ = _Plain.__dataclass_params__  # type: ignore[attr-defined]
    cls.__match_args__ = tuple(fields)  # type: ignore[attr-defined, misc]
    cls._compared = property(attrgetter(*compared) if compared else _nothing)  # type: ignore[attr-defined]
    return cls


@dataclass(frozen=True)
class _Plain:
    """Lends its parameters to the classes of this kind: ``dataclasses`` reads them in a base."""


def _fields(cls: type) -> dict[str, Field[Any]]:
    """The fields of the bases, then the class's own; their defaults become attributes of the class."""
    own = get_annotations(cls)
    body = {name: cls.__dict__[name] for name in own if name in cls.__dict__}
    # A class of the same body, of which dataclasses writes no method, says which annotations are fields.
    told = {"__annotations__": own, "__module__": cls.__module__, "__doc__": "Its fields alone."}
    bare = type(cls.__name__, (), {**body, **told})
    dataclass(init=False, repr=False, eq=False, match_args=False)(bare)
    fields: dict[str, Field[Any]] = {}
    for base in cls.__mro__[:0:-1]:
        fields.update(base.__dict__.get("__dataclass_fields__", {}))
    for name, entry in bare.__dataclass_fields__.items():  # type: ignore[attr-defined]
        fields[name] = entry
        if entry._field_type.name != "_FIELD":
            continue  # a class variable
        if entry.kw_only or not entry.init:
            raise TypeError(f"{cls.__name__}.{name}: a frozen class takes every field by position")
        if entry.default is not MISSING:
            setattr(cls, name, entry.default)
        elif name in body:
            delattr(cls, name)
    return {name: entry for name, entry in fields.items() if entry._field_type.name == "_FIELD"}  # type: ignore[attr-defined]


# The methods that all of them share


def _init(self: Any, *values: Any, **named: Any) -> None:
    names = self.__match_args__
    if named or len(values) != len(names):
        values = _bound(type(self), values, named)
    self.__dict__.update(zip(names, values, strict=True))
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _bound(cls: Any, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """One value for each field: by position, by name or by default."""
    fields = cls.__dataclass_fields__
    call = f"{cls.__name__}({', '.join(fields)})"
    if len(values) > len(fields):
        raise TypeError(f"{call} takes {len(fields)} arguments but {len(values)} were given")
    bound = list(values)
    for name, entry in list(fields.items())[len(values) :]:
        if name in named:
            bound.append(named.pop(name))
        elif entry.default is not MISSING:
            bound.append(entry.default)
        elif entry.default_factory is not MISSING:
            bound.append(entry.default_factory())
        else:
            raise TypeError(f"{call} needs a value for {name}")
    for name in named:
        problem = "got two values for" if name in fields else "has no parameter"
        raise TypeError(f"{call} {problem} {name}")
    return tuple(bound)


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [name for name, entry in self.__dataclass_fields__.items() if entry.repr]
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _eq(self: Any, other: object) -> Any:
    if self is other:
        return True
    if type(self) is not type(other):
        return NotImplemented
    return self._compared == other._compared  # type: ignore[attr-defined]


def _hash(self: Any) -> int:
    return hash(self._compared)


def _nothing(self: Any) -> tuple[()]:
    return ()


def _setattr(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init, "__repr__": _repr, "__eq__": _eq, "__hash__": _hash,
    "__setattr__": _setattr, "__delattr__": _delattr,
}  # fmt: skip
