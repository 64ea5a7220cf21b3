"""``theano.compile.sharedvalue``: variables with a value of their own; imports symconv."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, OptionError, ShapeError
from symconv.graph.container import Container
from symconv.graph.shared import SharedVariable
from symconv.graph.types import TensorType
from symconv.theano._names import refuses
from symconv.theano._variables import ScalarSharedVariable, TensorSharedVariable, dense


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
    TensorType(float64, matrix)
    >>> shared(np.zeros((1, 3)), broadcastable=(True, False)).type
    TensorType(float64, row)
    """
    if target != "cpu":
        raise OptionError(f"symconv does not support target={target!r} of theano.shared", hint="leave it out")
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


def shared_constructor(constructor: Callable[..., Any], remove: bool = False) -> Callable[..., Any]:
    """Accepted: values that are no arrays or numbers are not shared here."""
    return constructor


generic_constructor = shared

__getattr__ = refuses("theano.compile.sharedvalue", globals())

__all__ = ["SharedVariable", "generic_constructor", "shared", "shared_constructor"]
