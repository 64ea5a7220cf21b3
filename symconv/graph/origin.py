"""Where the user wrote an expression: file, line and function; imports nothing of symconv."""

import os
import sys
from contextvars import ContextVar
from typing import NamedTuple


class Origin(NamedTuple):
    """A place in the user's program."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        place = f"{os.path.basename(self.file)}:{self.line}"
        return place if self.function == "<module>" else f"{place} in {self.function}"

    @property
    def short(self) -> str:
        """File name and line alone, for comments and pictures."""
        return f"{os.path.basename(self.file)}:{self.line}"


_given: ContextVar[Origin | None] = ContextVar("symconv origin", default=None)

# Modules of the package that are programs of a user: what they write has its origin there.
PROGRAMS = ("symconv.demo",)


def written_here(depth: int) -> bool:
    """Whether the caller that many calls away is code of the package itself."""
    module = sys._getframe(depth).f_globals.get("__name__", "")
    return (module == "symconv" or module.startswith("symconv.")) and module not in PROGRAMS


def here() -> Origin | None:
    """The origin given by ``written_at``, else the nearest line outside symconv on the call stack."""
    given = _given.get()
    if given is not None:
        return given
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not (module == "symconv" or module.startswith("symconv.")) or module in PROGRAMS:
            return Origin(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]
    return None


class written_at:  # a function to its users; a generator would cost more than what it encloses
    """Give nodes made in this block an origin: a rewritten node keeps that of the one it replaces."""

    __slots__ = ("origin", "token")

    def __init__(self, origin: Origin | None) -> None:
        self.origin = origin

    def __enter__(self) -> None:
        self.token = _given.set(self.origin)

    def __exit__(self, *error: object) -> None:
        _given.reset(self.token)
