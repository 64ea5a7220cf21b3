"""The errors of symconv, and the one place that lays out their text; imports only NumPy.

An error has four parts: what is wrong, in numbers; the arguments, with name and type; where the user
wrote it; and one hint. Each class subclasses the built-in exception that people already catch.

    ShapeError: Conv2d needs filters with 3 input channels, got 4
      image:   float32[?,3,?,?]
      filters: float32[2,4,9,9]
      at net.py:28 in build
      hint: ...
"""

from collections.abc import Iterable

import numpy as np


class SymconvError(Exception):
    """Base of all errors of symconv.

    Parameters
    ----------
    what : str
        What is wrong, in numbers.
    arguments : iterable of (name, description), optional
        The arguments concerned.
    where : object, optional
        Where the user wrote it; shown by ``str`` (an ``Origin``, or "file:line").
    hint : str, optional
        One way to mend it.
    """

    def __init__(
        self,
        what: str,
        *,
        arguments: Iterable[tuple[str, object]] = (),
        where: object = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.arguments = tuple((str(name), f"{text}") for name, text in arguments)
        self.where = where
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        width = max((len(name) for name, _ in self.arguments), default=0) + 1
        lines = [self.what]
        lines += [f"  {name + ':':<{width}} {text}" for name, text in self.arguments]
        if self.where is not None and str(self.where):
            lines.append(f"  at {self.where}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.arguments, str(self.where or ""), self.hint)


def _rebuild(
    kind: type[SymconvError], what: str, arguments: tuple[tuple[str, str], ...], where: str, hint: str | None
) -> SymconvError:
    return kind(what, arguments=arguments, where=where or None, hint=hint)


class ShapeError(SymconvError, ValueError):
    """Sizes that do not fit together."""


class RankError(ShapeError, TypeError):
    """A wrong number of dimensions."""


class CoverError(ShapeError, TypeError):
    """Patches that must fill an image exactly and do not."""


class IndexingError(SymconvError, IndexError):
    """An index that is out of range, or more indices than there are dimensions."""


class DTypeError(SymconvError, TypeError):
    """A dtype that an operation or an argument cannot take."""


class ArgumentError(SymconvError, TypeError):
    """Wrong arguments: too many, too few, or of a kind that cannot be used."""


class OptionError(SymconvError, ValueError):
    """An option with a value that does not exist."""


class GradientError(SymconvError, ValueError):
    """A gradient that does not exist or was asked for wrongly."""


class UndefinedGradientError(GradientError, TypeError):
    """A gradient that an op on the way declares not to exist."""


class DisconnectedInputError(GradientError):
    """A cost that does not depend on the variable to differentiate by."""


class MissingInputError(SymconvError, ValueError):
    """A graph needs an input that it was not given."""


class UnusedInputError(SymconvError, ValueError):
    """An input that no output depends on."""


class LinAlgError(SymconvError, np.linalg.LinAlgError):
    """A matrix for which a result does not exist: singular, not positive definite, not converging."""


class RoomError(SymconvError, MemoryError):
    """A result that no memory can hold."""


class RewriteError(SymconvError, RuntimeError):
    """A rewriting rule that broke its promise, or rules that never end."""


class CompileError(SymconvError, RuntimeError):
    """The compiler broke a promise of its own: a defect of symconv, not of the program."""


class CheckError(SymconvError, AssertionError):
    """A checking mode found that compiled and interpreted values differ, or a NaN where none may be."""


class RuleCheckError(CheckError):
    """A checking mode found that rewriting changed a result."""


class FileError(SymconvError, ValueError):
    """A file that cannot be read or written, or is not what it claims to be."""
