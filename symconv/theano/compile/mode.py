"""``theano.compile.mode``: how functions are made and called, by name; imports symconv.

FAST_RUN, FAST_COMPILE, Mode      compiled: compiling is quick here, so that nothing is left out
DebugMode, DEBUG_MODE             every call checked, see ``debugmode``
NanGuardMode                      every call watched for NaN, infinity and large values
"""

from typing import Any

from symconv.errors import OptionError
from symconv.theano._names import refuses
from symconv.theano.configuration import config

LINKERS = ("py", "c", "c|py", "c|py_nogc", "vm", "cvm", "vm_nogc", "cvm_nogc")
OPTIMIZERS = (
    None, "None", "merge", "fast_run", "fast_run_stable", "fast_compile", "stabilize", "unsafe", "o1", "o2",
    "o3", "o4",
)  # fmt: skip


class UnknownModeError(OptionError):
    """A mode, linker or optimizer that does not exist: Theano raises a bare ``Exception``."""


class UnknownPartError(UnknownModeError, KeyError):
    """A linker or optimizer that does not exist."""


class Tags:
    """The optimisations that a program asks for or not, by Theano's names; kept, and without effect.

    Attributes
    ----------
    name : str
        What they begin with: "fast_run".
    include, exclude, require : tuple of str
    """

    def __init__(
        self,
        name: str,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        require: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.include = include
        self.exclude = exclude
        self.require = require

    def __str__(self) -> str:
        parts = [("", (self.name,)), ("+", self.include), ("-", self.exclude), ("&", self.require)]
        return ", ".join(sign + tag for sign, tags in parts for tag in tags)


class Mode:
    """A linker and an optimizer, by Theano's names; both are checked, and change nothing.

    Attributes
    ----------
    name : str
        The mode's name among ``predefined_modes``, "Mode" where it has none.

    Raises
    ------
    UnknownPartError
        For a name that Theano does not have; a KeyError.
    """

    name = "Mode"

    def __init__(self, linker: Any = None, optimizer: Any = "default") -> None:
        linker = config.linker if linker is None else linker
        optimizer = config.optimizer if isinstance(optimizer, str) and optimizer == "default" else optimizer
        if isinstance(linker, str) and linker not in LINKERS:
            raise UnknownPartError(
                f"there is no linker {linker!r}", hint=f"the linkers are {', '.join(LINKERS)}"
            )
        if (optimizer is None or isinstance(optimizer, str)) and optimizer not in OPTIMIZERS:
            raise UnknownPartError(
                f"there is no optimizer {optimizer!r}",
                hint=f"the optimizers are {', '.join(map(str, OPTIMIZERS))}",
            )
        self.linker = linker
        self.provided_optimizer = optimizer
        self.tags = Tags(str(optimizer))

    @property
    def optimizer(self) -> Tags:
        """What was asked for."""
        return self.tags

    def _tagged(self, **tags: tuple[str, ...]) -> "Mode":
        copy = self.clone()
        old = self.tags
        copy.tags = Tags(
            old.name, *(getattr(old, kind) + tags.get(kind, ()) for kind in ("include", "exclude", "require"))
        )
        return copy

    def including(self, *tags: str) -> "Mode":
        """The mode with these optimisations, by Theano's names; no effect."""
        return self._tagged(include=tags)

    def excluding(self, *tags: str) -> "Mode":
        """The mode without these optimisations, by Theano's names; no effect."""
        return self._tagged(exclude=tags)

    def requiring(self, *tags: str) -> "Mode":
        """The mode with these optimisations alone, by Theano's names; no effect."""
        return self._tagged(require=tags)

    def register(self, *optimizations: Any) -> "Mode":
        """The mode with optimisations of a program's own; no effect."""
        return self.clone()

    def clone(self, link_kwargs: Any = None, optimizer: Any = "", **options: Any) -> "Mode":
        """Another mode of the same kind."""
        copy: Mode = object.__new__(type(self))
        vars(copy).update(vars(self), **options)
        return copy

    def prepare(self, function: Any) -> None:
        """What the mode does with a function that was made in it."""

    @property
    def core(self) -> str:
        """What the mode is called in symconv."""
        return "compiled"

    def __str__(self) -> str:
        return f"{type(self).__name__}(linker = {self.linker}, optimizer = {self.provided_optimizer})"


FAST_RUN = Mode("cvm", "fast_run")
FAST_COMPILE = Mode("vm", "fast_compile")
FAST_RUN.name, FAST_COMPILE.name = "FAST_RUN", "FAST_COMPILE"

predefined_modes: dict[str, Any] = {"FAST_COMPILE": FAST_COMPILE, "FAST_RUN": FAST_RUN}
"""Modes by name; those that check are made for each function."""
predefined_linkers: dict[str, Any] = {name: name for name in LINKERS}
predefined_optimizers: dict[Any, Any] = {name: name for name in OPTIMIZERS}
MADE: dict[str, Any] = {"Mode": Mode}
"""What makes a mode of this name; ``debugmode`` and ``nanguardmode`` enter theirs."""


def get_mode(orig_string: Any = None) -> Mode:
    """The mode of a name, or a mode itself; without one that of ``theano.config.mode``.

    Raises
    ------
    UnknownModeError
        For a name that is none.
    """
    name = config.mode if orig_string is None else orig_string
    if isinstance(name, Mode):
        return name
    if name not in MADE and name in predefined_modes:
        found: Mode = predefined_modes[name]
        return found
    if not isinstance(name, str) or name not in MADE:
        known = ", ".join(dict.fromkeys([*predefined_modes, *MADE]))
        raise UnknownModeError(f"there is no mode {name!r}", hint=f"the modes are {known}")
    made: Mode = MADE[name]()
    made.name = name
    return made


def get_default_mode() -> Mode:
    """The mode of ``theano.config.mode``."""
    return get_mode(None)


def register_mode(name: str, mode: Mode) -> None:
    """Enter a mode under a name of a program's own.

    Raises
    ------
    ModeNameError
        For a name that is taken.
    """
    if name in predefined_modes or name in MADE:
        raise ModeNameError(f"there is a mode {name!r} already", hint="take another name")
    predefined_modes[name] = mode


class ModeNameError(UnknownModeError):
    """A name that is taken."""


__getattr__ = refuses("theano.compile.mode", globals())

__all__ = [
    "FAST_COMPILE", "FAST_RUN", "Mode", "config", "get_default_mode", "get_mode", "predefined_linkers",
    "predefined_modes", "predefined_optimizers", "register_mode",
]  # fmt: skip
