"""The storage of shared variables: values, their spare memory, how new ones appear at once; imports types.

New values are written aside and then change places with the old ones, all together: a call that fails or
is interrupted has changed nothing. The memory of a large old value is kept as a spare and takes the next
new value, so that a training step allocates nothing. It is used only when nobody else holds it, which the
number of references to it tells: who reads a value (another thread, a caller that borrowed it) has one.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count, repeat
from operator import attrgetter
from threading import Lock, RLock
from typing import Any

import numpy as np

from symconv.graph.types import Array

LARGE = 1 << 16  # bytes: smaller arrays are allocated faster than a spare is looked at
LARGEST = 1 << 26  # bytes: more is not kept of results that the user has thrown away

updating = RLock()  # calls that update shared values run one after the other
committing = Lock()  # and their new values appear all at once

# Reference counts are exact only where one thread runs at a time.
_COUNTED = hasattr(sys, "getrefcount") and getattr(sys, "_is_gil_enabled", lambda: True)()
_NAMES = ("value", "version")
_versions = count(1)
_exhaust = deque[None](maxlen=0).extend
value_of = attrgetter("value")
version_of = attrgetter("version")
lent_of = attrgetter("lent")


class Container:
    """The storage of a shared variable: mutable because that is its purpose.

    Attributes
    ----------
    value : ndarray
        The current value.
    version : int
        Another number after every assignment, which no other assignment has.
    lent : bool
        Whether the array itself was handed out, so that it may change behind our back.
    spare : ndarray or None
        The array of an earlier value.
    """

    __slots__ = ("__weakref__", "lent", "spare", "value", "version")

    def __init__(self, value: Array, lent: bool = False) -> None:
        self.value = value
        self.version = next(_versions)
        self.lent = lent
        self.spare: Array | None = None

    def assign(self, value: Array, lent: bool = False) -> None:
        """Replace the value."""
        self.lent = self.lent or lent
        _exhaust(map(setattr, repeat(self), _NAMES, (value, next(_versions))))
        self.lent = lent
        self.spare = None

    def fresh(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Memory for the next value, its contents undefined: the spare where it fits and nobody holds it."""
        spare = None
        if _COUNTED and self.spare is not None and sys.getrefcount(self.spare) == _ALONE:
            spare = self.spare
        self.spare = None
        if spare is not None and spare.shape == shape and spare.dtype == dtype and _own(spare):
            return spare
        return np.empty(shape, dtype)

    def __getstate__(self) -> tuple[Array, bool]:
        return self.value, self.lent

    def __setstate__(self, state: tuple[Array, bool]) -> None:
        self.__init__(*state)  # type: ignore[misc]


class Recycled:
    """Memory for one result of a function; mutable because it remembers the newest arrays that it gave.

    An array is given again once nobody else holds it, nor a view of it. What a fresh one costs the system, a
    page at a time, may be ten times what the arithmetic does.
    """

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: deque[Array] = deque(maxlen=2)  # the caller's last result, and the one before it

    def fresh(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array that nobody else holds, its contents undefined."""
        given = self._given
        for _ in range(len(given)):
            try:
                array = given.popleft()  # it is ours alone now, whatever other threads do
            except IndexError:
                break
            alone = _COUNTED and sys.getrefcount(array) == _OURS
            if alone and array.shape == shape and array.dtype == dtype and _own(array):
                given.append(array)
                return array
            given.append(array)
        array = np.empty(shape, dtype)
        if _COUNTED:
            given.append(array)
        return array


def _own(array: Array) -> bool:
    """Whether an array is all there is to its memory, and laid out row by row."""
    flags = array.flags
    return bool(type(array) is np.ndarray and array.base is None and flags.owndata and flags.carray)


def _alone() -> int:
    """What ``getrefcount`` says of a spare that nobody holds."""
    probe = Container(np.empty(0))
    probe.spare = np.empty(0)
    return sys.getrefcount(probe.spare) if _COUNTED else 0


def _ours() -> int:
    """What ``getrefcount`` says of an array that a local variable alone holds."""
    given = deque([np.empty(0)])
    array = given.popleft()
    return sys.getrefcount(array) if _COUNTED else 0


_ALONE, _OURS = _alone(), _ours()


def read(containers: Sequence[Container]) -> tuple[Array, ...]:
    """The values of containers, all from before or all from after any update."""
    with committing:
        return tuple(map(value_of, containers))


def versions(containers: Sequence[Container]) -> tuple[int, ...] | None:
    """The versions of containers; None where one is lent, for then its value may change without one."""
    return None if any(map(lent_of, containers)) else tuple(map(version_of, containers))


def committer(containers: Sequence[Container]) -> Callable[[Iterable[Array]], None]:
    """A callable that gives containers new values: all at once, or none where it is interrupted.

    The assignments are made by one call without Python code of its own: no signal is handled and no other
    thread runs between them.
    """
    each = tuple(containers)
    targets, names = each * 2, tuple(name for name in _NAMES for _ in each)

    def commit(values: Iterable[Array]) -> None:
        before = tuple(map(value_of, each))
        with committing:
            _exhaust(map(setattr, targets, names, chain(values, repeat(next(_versions)))))
        for container, value in zip(each, before):  # noqa: B905 (of equal length, and in every training step)
            container.lent = False
            container.spare = value if value.nbytes >= LARGE else None

    return commit


__all__ = [
    "LARGE", "LARGEST", "Container", "Recycled", "committer", "committing", "read", "updating", "value_of",
    "versions",
]  # fmt: skip
