"""How a value that a user hands over becomes an array of a given type; imports its neighbours."""

from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, RankError, ShapeError
from symconv.graph.nodes import Variable
from symconv.graph.origin import Origin
from symconv.graph.types import Array, TensorType, name_of


def fit(
    value: Any,
    type: TensorType,
    what: str,
    copy_always: bool = False,
    *,
    strict: bool = False,
    downcast: bool | None = None,
    where: Origin | None = None,
) -> Array:
    """Convert a value to an array of ``type``, without loss, or say why not.

    Parameters
    ----------
    value : array_like
        What the user handed over.
    type : TensorType
        What is needed.
    what : str
        What the value is for, for the error's text.
    copy_always : bool
        Whether the result must not be the user's own array.
    strict : bool
        Whether nothing is converted: only an array of the very dtype will do.
    downcast : bool, optional
        True converts any real number to any dtype, whatever is lost. False converts nothing inexactly.
        None, the default, rounds Python's own numbers and lists of them alone: ``[0.1]`` becomes float32.

    where : Origin, optional
        The user's line, for the error's text.

    Returns
    -------
    ndarray
        Of exactly the type's dtype.
    """
    if isinstance(value, Variable):
        raise ArgumentError(
            f"{what} needs a value, got the symbolic variable {value}",
            arguments=[("needed", type), ("got", value.type)],
            where=where,
        )
    array = np.asarray(value)
    if strict and (array is not value or array.dtype != type.dtype):
        raise DTypeError(
            f"{what} is strict: it takes nothing but an ndarray of dtype {type.dtype}",
            arguments=[("needed", type), ("got", _kind(value))],
            where=where,
            hint=f"convert it yourself: numpy.asarray(value, {type.dtype!r})",
        )
    if name_of(array.dtype) != type.dtype or not array.dtype.isnative:
        array = _convert(value, array, type, what, downcast, where)
    if array.ndim != type.ndim:
        raise RankError(
            f"{what} needs {type.ndim} dimensions, got {array.ndim}",
            arguments=[("needed", type), ("got", _describe(array))],
            where=where,
        )
    if not type.accepts(array.shape):
        raise ShapeError(
            f"{what} needs shape {_shape_text(type)}, got {array.shape}",
            arguments=[("needed", type), ("got", _describe(array))],
            where=where,
        )
    return array.copy() if copy_always and (array is value or array.base is not None) else array


def _convert(
    value: Any, array: Array, type: TensorType, what: str, downcast: bool | None, where: Origin | None
) -> Array:
    target = np.dtype(type.dtype)
    lossless = np.can_cast(array.dtype, target, "safe")
    of_numbers = array.dtype.kind in "biufc" and not (array.dtype.kind == "c" and target.kind != "c")
    if not lossless and of_numbers and downcast:
        with np.errstate(all="ignore"):
            return array.astype(target)
    if not lossless and of_numbers and not isinstance(value, np.ndarray | np.generic):
        # Numbers and lists have no dtype of their own: they fit if their values do.
        with np.errstate(all="ignore"):
            converted = array.astype(target)
        real_into_float = array.dtype.kind in "iuf" and target.kind in "fc" and downcast is None
        lossless = real_into_float or bool(np.all(converted == array))
    if not lossless:
        raise DTypeError(
            f"{what} needs dtype {type.dtype}, and {array.dtype} does not convert to it without loss",
            arguments=[("needed", type), ("got", _describe(array))],
            where=where,
            hint=f"convert it yourself: value.astype({type.dtype!r})",
        )
    return array.astype(target)


def _kind(value: Any) -> str:
    return _describe(value) if isinstance(value, np.ndarray) else value.__class__.__name__


def _describe(array: Array) -> str:
    return f"{array.dtype}[{','.join(map(str, array.shape))}]"


def _shape_text(type: TensorType) -> str:
    return "(" + ", ".join("?" if dim is None else str(dim) for dim in type.shape) + ")"


__all__ = ["fit"]
