"""``theano.config``, THEANO_FLAGS and .theanorc: Theano's names for settings; imports symconv's config."""

import os
from collections.abc import Callable, Iterable, Mapping
from configparser import ConfigParser, Error
from contextlib import ContextDecorator
from pathlib import Path
from typing import Any

from symconv.config import config as settings
from symconv.errors import OptionError
from symconv.theano._flags import FIXED, FLAGS, Choice

OURS = ("floatX", "on_unused_input")
"""Flags that are settings of symconv's own."""

MODES = ("FAST_RUN", "FAST_COMPILE", "Mode", "DebugMode", "DEBUG_MODE", "NanGuardMode")


class FixedFlagError(OptionError):
    """A flag that cannot be changed any more."""


class Flags:
    """Flags as attributes, those with a dot in their name in groups.

    Mutable because scripts assign to it. As in Theano, assigning to a flag that does not exist is kept and
    has no effect; reading one raises ``AttributeError``.

    Parameters
    ----------
    path : str
        What stands before the names: "" or "warn.".
    """

    def __init__(self, path: str = "") -> None:
        vars(self)["_path"] = path

    def __getattr__(self, name: str) -> Any:
        path = vars(self)["_path"] + name
        if path in OURS:
            return getattr(settings, path)
        if path in FLAGS:
            default = FLAGS[path]
            return default[0] if isinstance(default, Choice) else default
        if not name.startswith("_") and any(known.startswith(path + ".") for known in FLAGS):
            vars(self)[name] = Flags(path + ".")
            return vars(self)[name]
        raise AttributeError(f"symconv does not support theano.config.{path}")

    def __setattr__(self, name: str, value: Any) -> None:
        path = vars(self)["_path"] + name
        if path in OURS:
            setattr(settings, path, value)
        elif path in FIXED and value != getattr(self, name):
            raise FixedFlagError(
                f"theano.config.{path} cannot be changed after theano is imported",
                hint="symconv has one device, the CPU, and writes nothing to disk",
            )
        else:
            vars(self)[name] = converted(path, value)

    def __str__(self) -> str:
        names = [name for name in (*OURS, *FLAGS) if name.startswith(vars(self)["_path"])]
        return "\n".join(f"{name} = {found(name)}" for name in names)


def converted(path: str, value: Any) -> Any:
    """A value as the flag has it.

    Raises
    ------
    OptionError
        For one that the flag cannot have; a ValueError.
    """
    default = FLAGS.get(path)
    allowed: tuple[Any, ...] = MODES if path == "mode" else default if isinstance(default, Choice) else ()
    if allowed:
        if str(value) not in allowed:
            raise OptionError(
                f"theano.config.{path} cannot be {value!r}",
                hint="choose one of " + ", ".join(map(repr, allowed)),
            )
        return str(value)
    if isinstance(default, bool):
        words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
        if str(value).lower() not in words:
            raise OptionError(f"theano.config.{path} is True or False, not {value!r}")
        return words[str(value).lower()]
    if isinstance(default, int | float):
        try:
            return type(default)(value)
        except (TypeError, ValueError):
            raise OptionError(f"theano.config.{path} is a number, not {value!r}") from None
    return value


config = Flags()


def _place(path: str) -> tuple[Any, str]:
    group: Any = config
    *groups, name = path.split(".")
    for part in groups:
        group = getattr(group, part)
    return group, name


def found(path: str) -> Any:
    """The value of a flag, by its whole name."""
    group, name = _place(path)
    return getattr(group, name)


def assign(path: str, value: Any) -> None:
    """Set a flag, by its whole name."""
    group, name = _place(path)
    setattr(group, name, value)


class change_flags(ContextDecorator):
    """Flags for as long as a block, or a function that this decorates, runs.

    Parameters
    ----------
    args : list of (str, value), optional
        Names with dots: ``change_flags([("warn.round", False)])``.
    **kwargs
        Names without: ``change_flags(floatX="float32")``; with a double underscore for a dot.

    Examples
    --------
    >>> with change_flags(floatX="float32"):
    ...     config.floatX
    'float32'
    """

    def __init__(self, args: Iterable[tuple[str, Any]] | Mapping[str, Any] = (), **kwargs: Any) -> None:
        pairs = dict(args.items() if isinstance(args, Mapping) else args)
        pairs |= {name.replace("__", "."): value for name, value in kwargs.items()}
        for name in pairs:
            if name not in (*OURS, *FLAGS):
                raise AttributeError(f"symconv does not support theano.config.{name}")
        self.new = pairs
        self.old: list[dict[str, Any]] = []

    def __enter__(self) -> "change_flags":
        before = {name: found(name) for name in self.new}
        self.old.append(before)
        try:
            for name, value in self.new.items():
                assign(name, value)
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for name, value in self.old.pop().items():
            assign(name, value)

    def __call__(self, function: Callable[..., Any]) -> Any:
        return super().__call__(function)


def from_environment(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """The flags that files and ``THEANO_FLAGS`` set, those that count most last.

    ``THEANORC`` names the files, ``~/.theanorc`` if it does not; their section ``[global]`` holds flags
    without a dot. A file that is no such file is an error; one that is not there is not.
    """
    pairs: list[tuple[str, str]] = []
    files = environment.get("THEANORC", "~/.theanorc").split(os.pathsep)
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    for file in files:
        try:
            parser.read(Path(file).expanduser(), encoding="utf-8")
        except (Error, UnicodeDecodeError) as error:
            raise OptionError(f"{file} holds no settings: {error}", hint="see THEANORC") from None
    for section in parser.sections():
        prefix = "" if section == "global" else section + "."
        pairs += [(prefix + name, value) for name, value in parser.items(section)]
    for part in environment.get("THEANO_FLAGS", "").split(","):
        name, equals, value = part.strip().partition("=")
        if part.strip() and not equals:
            raise OptionError(f"THEANO_FLAGS holds {part!r}", hint='write "floatX=float32,mode=FAST_RUN"')
        if equals:
            pairs.append((name.strip(), value.strip()))
    return pairs


def read_environment() -> None:
    """Set the flags that the environment names; a GPU is not there, and the CPU does its work."""
    for name, value in from_environment(os.environ):
        if name in (*OURS, *FLAGS) and name not in FIXED:
            assign(name, value)


read_environment()
