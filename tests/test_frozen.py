"""The frozen decorator against the dataclasses of the standard library, which it stands in for."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import ClassVar

import pytest

from symconv.frozen import frozen


class Body:
    """What both kinds of classes are made of."""

    axis: int
    name: str = field(default="a", compare=False)
    shape: tuple = field(default_factory=tuple)
    role: ClassVar[str] = "view"


def of(decorator):
    """The class of one kind, with its own dictionary."""
    entries = {name: value for name, value in vars(Body).items() if name not in ("__dict__", "__weakref__")}
    return decorator(type("Made", (), {**entries, "__annotations__": dict(Body.__annotations__)}))


OURS, THEIRS = of(frozen), of(dataclass(frozen=True))


@frozen
class Point:
    """At the module's level, where pickle finds it."""

    x: int
    y: int = 2

    def __post_init__(self):
        if self.x < 0:
            raise ValueError("negative")

    @cached_property
    def total(self):
        return self.x + self.y


@frozen
class Named(Point):
    label: str = "p"

    def __repr__(self):
        return self.label


@dataclass(frozen=True)
class Usual(Point):
    z: int = 3


CALLS = [
    ((1,), {}), ((1, "b"), {}), ((1, "b", (3,)), {}), ((), {"axis": 2}), ((1,), {"shape": (2,)}),
    ((), {}), ((1, "b", (), 4), {}), ((1,), {"axis": 1}), ((1,), {"nothing": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "named"), CALLS, ids=str)
def test_a_call_gives_what_a_dataclass_gives(values, named):
    try:
        theirs = THEIRS(*values, **named)
    except TypeError:
        with pytest.raises(TypeError, match=r"Made\(axis, name, shape\)"):
            OURS(*values, **named)
        return
    ours = OURS(*values, **named)
    assert vars(ours) == vars(theirs)
    assert repr(ours) == repr(theirs)
    assert (ours == OURS(1)) == (theirs == THEIRS(1))
    assert hash(ours) == hash(OURS(*values, **named))


def test_fields_are_those_of_a_dataclass():
    assert is_dataclass(OURS)
    shown = [[(f.name, f.type, f.default, f.compare) for f in fields(kind)] for kind in (OURS, THEIRS)]
    assert shown[0] == shown[1]
    assert OURS.name == THEIRS.name == "a"
    assert not hasattr(OURS, "shape")
    assert not hasattr(THEIRS, "shape")


def test_only_compared_fields_decide_equality():
    assert OURS(1, "a") == OURS(1, "b")
    assert hash(OURS(1, "a")) == hash(OURS(1, "b"))
    assert OURS(1) != OURS(2)
    assert Point(1, 2) != Named(1, 2)
    assert Point(1) != (1, 2)


def test_nothing_is_assigned_or_deleted():
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 3
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert point.total == 3  # a cached property is stored all the same


def test_copies_and_replacements():
    point = Named(1, 5, "q")
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == point
    assert replace(point, y=6) == Named(1, 6, "q")
    with pytest.raises(ValueError, match="negative"):
        replace(point, x=-1)


def test_classes_that_inherit():
    assert repr(Named(1)) == "p"
    assert str(Point(1)) == "Point(x=1, y=2)"
    assert Usual(1) == Usual(1, 2, 3) != Usual(1, 2, 4)
    assert [f.name for f in fields(Usual)] == ["x", "y", "z"]
    with pytest.raises(FrozenInstanceError):
        Usual(1).z = 4
    match Named(4):
        case Point(x, _):
            assert x == 4


def test_an_unset_field_after_a_default_is_refused():
    with pytest.raises(TypeError, match="position"):

        @frozen
        class Wrong:
            x: int = field(kw_only=True)
