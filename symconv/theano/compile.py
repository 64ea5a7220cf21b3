"""``theano.compile``: ``function``, ``shared`` and what goes with them; imports symconv."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, OptionError, ShapeError
from symconv.graph.nodes import Container, SharedVariable, Variable
from symconv.graph.types import TensorType
from symconv.theano._names import refuses

MODES = {
    "FAST_RUN": "compiled",
    "FAST_COMPILE": "compiled",  # compiling is quick here, interpreting is not
    "Mode": "compiled",
    "DebugMode": "checked",
    "DEBUG_MODE": "checked",
}
"""Theano's modes, and what they are called here."""


@dataclass(frozen=True)
class In:
    """An input of a function with what is said about it.

    Attributes
    ----------
    variable : Variable
        The input.
    borrow, mutable : bool
        Accepted; symconv never changes an argument.
    """

    variable: Variable
    borrow: bool | None = None
    mutable: bool | None = None


@dataclass(frozen=True)
class Out:
    """An output of a function; ``borrow`` is accepted and results are fresh arrays all the same."""

    variable: Variable
    borrow: bool = False


def _bare(variable: Any) -> Any:
    return variable.variable if isinstance(variable, In | Out) else variable


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
    mode: str | None = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: bool = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> sc.Function:
    """``symconv.function`` with Theano's arguments.

    Parameters
    ----------
    inputs : sequence of Variable or In
        The arguments.
    outputs : Variable, Out, or a sequence of them, optional
        The results.
    mode : str, optional
        One of ``MODES``.
    updates, givens, name, on_unused_input
        As for ``symconv.function``.
    no_default_updates, accept_inplace, rebuild_strict, allow_input_downcast, profile
        Accepted with their default values; ``profile`` is ignored, ``f.profile()`` is always there.

    Raises
    ------
    OptionError
        For an option that is not supported yet, or a mode that does not exist.
    """
    _refuse(
        "theano.function",
        {
            "no_default_updates": (no_default_updates, False),
            "allow_input_downcast": (allow_input_downcast or None, None),
        },
    )
    if mode is not None and mode not in MODES:
        raise OptionError(f"there is no mode {mode!r}", hint="the modes are " + ", ".join(MODES))
    results = [_bare(output) for output in outputs] if isinstance(outputs, list | tuple) else _bare(outputs)
    return sc.function(
        [_bare(variable) for variable in inputs],
        results,
        updates=updates or (),
        givens=givens or (),
        name=name,
        mode=None if mode is None else MODES[mode],
        on_unused_input=on_unused_input,
    )


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Sequence[bool] | None = None,
    target: str = "cpu",
) -> SharedVariable:
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
    return SharedVariable(kind, Container(array, lent=borrow), name)


__getattr__ = refuses("theano.compile", globals())

__all__ = ["In", "MODES", "Out", "SharedVariable", "function", "shared"]
