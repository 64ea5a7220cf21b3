"""The settings of symconv: one small object, ten fields at most; imports only errors.

    >>> import symconv as sc
    >>> with sc.settings(floatX="float32"):
    ...     sc.matrix("x").type
    TensorType(float32[?,?])
    >>> sc.config.floatX
    'float64'
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from typing import Any

from symconv.errors import ArgumentError, OptionError


def usable_cores() -> int:
    """Number of cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system has affinities
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """What no default can decide for everyone; each field says why it exists.

    Attributes
    ----------
    floatX : str
        dtype of constructors that name none: memory against precision is the user's choice.
    mode : str
        How ``function`` runs when not told: "compiled", "interpreted" (the reference) or "checked"
        (both, compared kernel by kernel): tests and debugging want another one than production.
    threads : int or None
        Threads of one call; None: as many as cores are usable. A server may want fewer.
    tile_bytes : int
        Bytes that a block of work aims at, so that it stays in the second-level cache: machines differ.
    scratch_bytes : int
        Bytes of scratch of one thread, as far as work can be cut: memory is the user's.
    conv_algorithm : str
        The algorithm for every convolution that it fits; "auto": the cheapest. To compare and to test.
    conv_error : float
        How many times the error of plain summation a convolution may have, by its bound: speed or accuracy.
        1: every output's error is bounded by its own terms; above, by the largest that it is mixed with.
    plans : int
        Compiled plans kept per function, the newest: many shapes cost memory.
    on_unused_input : str
        "raise", "warn" or "ignore": generated graphs may have inputs that no output needs.
    check_finite : bool
        Check every kernel's floating-point results for NaN and infinity: slow, for debugging.
    """

    floatX: str = "float64"
    mode: str = "compiled"
    threads: int | None = None
    tile_bytes: int = 1 << 19
    scratch_bytes: int = 1 << 23
    conv_algorithm: str = "auto"
    conv_error: float = 4.0
    plans: int = 8
    on_unused_input: str = "raise"
    check_finite: bool = False

    def __post_init__(self) -> None:
        choices = {
            "floatX": ("float16", "float32", "float64"),
            "mode": ("compiled", "interpreted", "checked"),
            "on_unused_input": ("raise", "warn", "ignore"),
            "check_finite": (True, False),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise OptionError(
                    f"setting {name} cannot be {getattr(self, name)!r}",
                    hint="choose one of " + ", ".join(map(repr, allowed)),
                )
        if not isinstance(self.conv_algorithm, str):
            raise OptionError(f"setting conv_algorithm must be a name, got {self.conv_algorithm!r}")
        if not isinstance(self.conv_error, int | float) or not self.conv_error >= 1:
            raise OptionError(f"setting conv_error must be a number from 1 on, got {self.conv_error!r}")
        for name in ("threads", "tile_bytes", "scratch_bytes", "plans"):
            value = getattr(self, name)
            if not (name == "threads" and value is None) and not (type(value) is int and value >= 1):
                raise OptionError(f"setting {name} must be a positive integer, got {value!r}")

    @property
    def thread_count(self) -> int:
        """Threads that a call may use now."""
        return self.threads or usable_cores()


_NAMES = tuple(field.name for field in fields(Settings))
_global = Settings()
_local: ContextVar[Settings | None] = ContextVar("symconv settings", default=None)


def current() -> Settings:
    """The settings in force here: those of the innermost ``with settings(...)``, else the global ones."""
    return _local.get() or _global


def _known(name: str) -> None:
    if name not in _NAMES:
        raise ArgumentError(f"there is no setting {name!r}", hint="the settings are " + ", ".join(_NAMES))


class Config:
    """The settings as attributes: reading gives what is in force, assigning changes it for good.

    Mutable because it stands for the process; inside ``with settings(...)`` an assignment lasts as long
    as the block.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in _NAMES:
            raise AttributeError(f"there is no setting {name!r}; the settings are {', '.join(_NAMES)}")
        return getattr(current(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        global _global
        _known(name)
        if _local.get() is not None:
            _local.set(replace(current(), **{name: value}))
        else:
            _global = replace(_global, **{name: value})

    def __repr__(self) -> str:
        return repr(current())

    def __dir__(self) -> list[str]:
        return list(_NAMES)


config = Config()


@contextmanager
def settings(**changes: Any) -> Iterator[None]:
    """Change settings for a block of code, in this thread or task only.

    Parameters
    ----------
    **changes
        Fields of ``Settings``.

    Raises
    ------
    ArgumentError
        For a name that is no setting.
    OptionError
        For a value that a setting cannot have.
    """
    for name in changes:
        _known(name)
    token = _local.set(replace(current(), **changes))
    try:
        yield
    finally:
        _local.reset(token)
