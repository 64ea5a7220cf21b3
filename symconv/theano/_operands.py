"""What programs for Theano write as operands, as tensors of Theano's dtypes; imports variables, and symconv.

A number that a program writes beside a variable takes the dtype that Theano gives it, by its size. Numbers in
symconv's own code, for gradients and rules, stay weak (``graph.operators.Dialect``).
"""

from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, RankError
from symconv.graph.nodes import Variable
from symconv.graph.op import as_variable
from symconv.theano._variables import TensorConstant, adopted

INTEGERS = ("int8", "int16", "int32", "int64", "uint64")


class AsTensorError(ArgumentError):
    """What cannot be part of an expression."""


def literal_dtype(value: Any) -> str | None:
    """The dtype of a Python number: the smallest that holds it; None for anything else.

    Integers take int8 to int64, and uint64 beyond. Floats take float32 where ``floatX`` is float32 or
    where that is exact, else float64.
    """
    if type(value) is int:
        for dtype in INTEGERS:
            if np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
                return dtype
        raise AsTensorError(f"no dtype of tensors holds the integer {value}")
    if type(value) is float:
        with np.errstate(over="ignore"):
            exact = value != value or float(np.float32(value)) == value
        return "float32" if exact or sc.config.floatX != "float64" else "float64"
    return None


def constant(x: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> Variable:
    """A constant of the dtype that Theano gives a number, or of an array's own."""
    if isinstance(x, str | bytes) or x is None:
        raise AsTensorError(f"{x!r} is no tensor")
    if dtype is None:
        dtype = "int8" if type(x) is bool else literal_dtype(x)
    array = np.asarray(x, dtype=None if dtype is None else sc.constant(0, dtype=dtype).dtype)
    if array.size == 0 and dtype is None and isinstance(x, list | tuple):
        array = array.astype(sc.config.floatX)
    if ndim is not None:
        array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
    return TensorConstant(array, name)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> Variable:
    """A variable as it is, anything else as a constant; lists may hold variables.

    Raises
    ------
    AsTensorError
        For what is no tensor; a Python bool is none.
    """
    if isinstance(x, bool) or x is None or isinstance(x, str | bytes | dict | set) or callable(x):
        raise AsTensorError(
            f"{x!r} of type {type(x).__name__} cannot be part of an expression",
            hint="numpy.bool_ can, bool cannot",
        )
    if isinstance(x, Variable):
        if ndim is None or ndim == x.ndim:
            return adopted(x)
        if ndim < x.ndim:
            raise RankError(f"a tensor of {x.ndim} dimensions was to have {ndim}", arguments=[("x", x.type)])
        return adopted(sc.shape_padleft(x, ndim - x.ndim))
    if isinstance(x, list | tuple) and any(isinstance(part, Variable) for part in x):
        return adopted(sc.stack([as_tensor_variable(part) for part in x]))
    return constant(x, name, ndim)


def as_parameter(value: Any) -> Variable:
    """A parameter of a distribution as a tensor of Theano's dtype."""
    return as_variable(value) if isinstance(value, Variable) else as_tensor_variable(value)


def upcast(*dtypes: str) -> str:
    """The dtype that Theano gives to a result of operands of these dtypes: promoted one after the other."""
    result = np.dtype(dtypes[0])
    for dtype in dtypes[1:]:
        result = np.promote_types(result, dtype)
    return result.name
