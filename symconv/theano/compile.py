"""``theano.compile``: ``function``, ``shared`` and what goes with them; imports symconv."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

import symconv as sc
from symconv.compile.arguments import Argument
from symconv.errors import ArgumentError, OptionError, RankError, ShapeError
from symconv.graph.container import Container
from symconv.graph.nodes import SharedVariable, Variable
from symconv.graph.types import Array, TensorType
from symconv.theano._names import refuses
from symconv.theano._variables import ScalarSharedVariable, TensorSharedVariable, adopted, dense
from symconv.theano.configuration import config

MODES = {
    "FAST_RUN": "compiled",
    "FAST_COMPILE": "compiled",  # compiling is quick here, interpreting is not
    "Mode": "compiled",
    "DebugMode": "checked",
    "DEBUG_MODE": "checked",
    "NanGuardMode": "compiled",
}
"""Theano's modes, and what they are called here; ``NanGuardMode`` also watches for NaN."""


class Mode:
    """What ``mode=`` takes besides a name; linker and optimizer are Theano's and change nothing."""

    def __init__(self, linker: Any = None, optimizer: Any = "default") -> None:
        self.name = "FAST_COMPILE" if optimizer in (None, "None", "fast_compile") else "FAST_RUN"
        self.linker = linker
        self.optimizer = optimizer

    def excluding(self, *tags: str) -> "Mode":
        """Itself: the rules that Theano's tags name do not exist here."""
        return self

    including = excluding


def get_mode(mode: Any = None) -> Mode:
    """A mode of this name, or the mode itself."""
    if isinstance(mode, Mode):
        return mode
    made = Mode()
    made.name = _mode_name(mode) or made.name
    return made


get_default_mode = get_mode
mode = SimpleNamespace(Mode=Mode, get_default_mode=get_default_mode, get_mode=get_mode)


def _mode_name(mode: Any) -> str | None:
    name = mode.name if isinstance(mode, Mode) else mode
    if name is not None and name not in MODES:
        raise OptionError(f"there is no mode {name!r}", hint="the modes are " + ", ".join(MODES))
    return name


class In(sc.In):
    """``symconv.In`` with Theano's arguments."""

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = None,
        borrow: bool | None = None,
        shared: bool = False,
    ) -> None:
        _refuse("theano.In", {"implicit": (implicit or None, None), "shared": (shared, False)})
        super().__init__(
            variable, name, value, update, bool(borrow), bool(mutable), strict, allow_downcast
        )


Out = sc.Out


class Param(In):
    """``In`` by its older name, and with older names of its arguments."""

    def __init__(
        self,
        variable: Variable,
        default: Any = None,
        name: str | None = None,
        mutable: bool = False,
        strict: bool = False,
        allow_downcast: bool | None = None,
        implicit: bool | None = None,
        borrow: bool | None = None,
    ) -> None:
        super().__init__(
            variable, name, default, None, mutable, strict, allow_downcast, implicit=implicit, borrow=borrow
        )


class Function(sc.Function):
    """A compiled function with the members that programs for Theano use.

    Attributes
    ----------
    trust_input : bool
        True: the arguments are arrays of the right types, says the program, and nothing is converted.
    """

    trust_input = False

    def _fit(self, value: Any, variable: Variable, argument: Argument, position: int) -> Array:
        value = dense(value)
        if self.trust_input:
            return np.asarray(value)
        if isinstance(value, str) and not argument.strict:
            value = np.asarray(value, variable.dtype)  # a text that is a number is one, another a ValueError
        if argument.downcast is None:
            # Theano rounds a Python float where the input's dtype is floatX, and nothing else.
            rounded = type(value) is float and variable.dtype == sc.config.floatX
            argument = argument._replace(downcast=None if rounded else False)
        if isinstance(value, np.generic) and not argument.strict:
            value = value.item()  # fits where its value does, whatever its dtype
        try:
            return super()._fit(value, variable, argument, position)
        except ShapeError as error:
            raise _type_error(error) from None

    @property
    def value(self) -> "Function":
        """States and defaults by variable or name: ``f.value[x]``."""
        return self

    @property
    def container(self) -> dict[str, Container]:
        """Where states are kept, by name."""
        return {one.name: one.state.container for one in self._arguments if one.state is not None}

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[SharedVariable, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> sc.Function:
        """``symconv.Function.copy``; memory is checked out for each call, so there is none to share."""
        return super().copy(swap=swap, delete_updates=delete_updates, name=name)


class ReplacedInputError(ArgumentError, RuntimeError):
    """An input that ``givens`` replaces: Theano's programs catch a RuntimeError."""


def _type_error(error: ShapeError) -> RankError:
    """The error as one that is a TypeError too: for Theano a size of 1 is part of the type."""
    return RankError(error.what, arguments=error.arguments, where=error.where, hint=error.hint)


def _refuse(callable_name: str, options: Mapping[str, tuple[Any, Any]]) -> None:
    """Raise for each option whose value is not the one that is supported."""
    for name, (value, supported) in options.items():
        if value is not supported and value != supported:
            raise OptionError(
                f"symconv does not support {name}={value!r} of {callable_name} yet",
                hint=f"leave {name} out",
            )


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> sc.Function:
    """``symconv.function`` with Theano's arguments and its rules for what a call may give.

    An array must convert without loss; numbers and lists must have exactly representable values; a Python
    float is rounded where the input's dtype is ``floatX``.

    Parameters
    ----------
    inputs : sequence of Variable or In
        The arguments.
    outputs : Variable, Out, or a sequence or dict of them, optional
        The results; those of a dict come in the order of their names.
    mode : str or Mode, optional
        One of ``MODES``.
    updates, givens, name, on_unused_input, no_default_updates, allow_input_downcast
        As for ``symconv.function``.
    accept_inplace, rebuild_strict, profile
        Ignored: nothing is done in place, and ``f.profile()`` is always there.

    Raises
    ------
    ArgumentError
        For inputs that are no list, or names of outputs that are no strings.
    OptionError
        For a mode that does not exist, a shared variable with two updates, or updates that are no pairs.
    """
    if not isinstance(inputs, list | tuple):
        raise ArgumentError(
            f"the inputs of theano.function must be a list, got {type(inputs).__name__}",
            hint="function([x], ...)",
        )
    given = [one.variable if isinstance(one, sc.In) else one for one in inputs]
    if len(set(map(id, given))) != len(given):
        raise sc.UnusedInputError("an input is there twice", hint="list each input once")
    if isinstance(outputs, Mapping):
        if not all(isinstance(key, str) for key in outputs):
            raise AssertionError("the names of outputs must be strings")
        outputs = {key: outputs[key] for key in sorted(outputs)}
    pairs = list(updates.items() if isinstance(updates, Mapping) else updates or ())
    if any(not isinstance(pair, tuple | list) or len(pair) != 2 for pair in pairs):
        raise OptionError("updates must be pairs", hint="updates=[(shared, new value), ...]")
    targets = [target for target, _ in pairs]
    if len(set(map(id, targets))) != len(targets):
        raise OptionError("a shared variable has two updates", hint="a variable is updated once")
    replaced = [old for old, _ in (givens.items() if isinstance(givens, Mapping) else givens or ())]
    for variable in given:
        if any(variable is old for old in replaced):
            raise ReplacedInputError(
                f"givens replaces {variable}, which is an input", hint="leave it out of the inputs"
            )
    name_of_mode = _mode_name(config.mode if mode is None else mode)
    try:
        return sc.function(
            inputs,
            outputs,
            updates=pairs,
            givens=givens or (),
            no_default_updates=no_default_updates,
            name=name,
            mode=None if name_of_mode is None else MODES[name_of_mode],
            on_unused_input=on_unused_input,
            allow_input_downcast=allow_input_downcast,
            kind=NanGuardFunction if name_of_mode == "NanGuardMode" else Function,
        )
    except ShapeError as error:
        raise _type_error(error) from None


class NanGuardFunction(Function):
    """What ``NanGuardMode`` makes: a call that gives NaN or infinity raises and names the op."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The outputs for these inputs."""
        with sc.settings(check_finite=True):
            return super().__call__(*arguments, **named)


def clone(
    output: Any,
    replace: Any = None,
    strict: bool = True,
    share_inputs: bool = True,
    copy_inputs: bool | None = None,
) -> Any:
    """``symconv.clone`` with Theano's arguments; ``strict`` is always so, ``copy_inputs`` an old name."""
    share = share_inputs if copy_inputs is None else copy_inputs
    return adopted(sc.clone(output, replace, share_inputs=share))


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Sequence[bool] | None = None,
    target: str = "cpu",
) -> TensorSharedVariable | ScalarSharedVariable:
    """A shared variable as Theano types it: no size is known, so that a later value may have another shape.

    Parameters
    ----------
    value : ndarray or number
        The first value; its dtype is the variable's.
    name : str, optional
        A name for it.
    strict : bool
        Whether only an array will do.
    allow_downcast : bool, optional
        Accepted: nothing is converted here.
    borrow : bool
        Whether to keep the array itself and not a copy.
    broadcastable : sequence of bool, optional
        Which dimensions are always 1 and may be stretched; none by default.
    target : str
        Only "cpu".

    Raises
    ------
    ArgumentError
        For a value that is no array or number.
    ShapeError
        For a pattern that the value does not have.

    Examples
    --------
    >>> shared(np.zeros((1, 3)), name="W").type
    TensorType(float64[?,?])
    >>> shared(np.zeros((1, 3)), broadcastable=(True, False)).type
    TensorType(float64[1,?])
    """
    _refuse("theano.shared", {"target": (target, "cpu")})
    value = dense(value)
    accepted = np.ndarray if strict else np.ndarray | np.generic | bool | int | float | complex
    if not isinstance(value, accepted):
        wanted = "a NumPy array" if strict else "a NumPy array or a number"
        raise ArgumentError(
            f"theano.shared needs {wanted}, got {type(value).__name__}",
            hint="convert it yourself: numpy.asarray(value, dtype=theano.config.floatX)",
        )
    array = np.array(value, copy=None if borrow else True)
    pattern = (False,) * array.ndim if broadcastable is None else broadcastable
    kind = TensorType(array.dtype.name, tuple(1 if one else None for one in pattern))
    if not kind.accepts(array.shape):
        raise ShapeError(
            f"broadcastable={tuple(pattern)} does not fit a value of shape {array.shape}",
            hint="one entry for each dimension, True only where the size is 1",
        )
    made = TensorSharedVariable if isinstance(value, np.ndarray) else ScalarSharedVariable
    return made(kind, Container(array, lent=borrow), name, strict)


__getattr__ = refuses("theano.compile", globals())

__all__ = [
    "Function", "In", "MODES", "Mode", "Out", "Param", "SharedVariable", "clone", "function",
    "get_default_mode", "get_mode", "mode", "shared",
]  # fmt: skip
