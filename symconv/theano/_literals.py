"""What dtype Theano gives to what is no variable yet; imports symconv."""

from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import as_variable

INTEGERS = ("int8", "int16", "int32", "int64", "uint64")


def literal_dtype(value: Any) -> str | None:
    """The dtype of a Python number: the smallest that holds it; None for anything else.

    Integers take int8 to int64, and uint64 beyond. Floats take float32 where ``floatX`` is float32 or
    where that is exact, else float64.
    """
    if type(value) is int:
        for dtype in INTEGERS:
            if np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
                return dtype
        raise ArgumentError(f"no dtype of tensors holds the integer {value}")
    if type(value) is float:
        with np.errstate(over="ignore"):
            exact = value != value or float(np.float32(value)) == value
        return "float32" if exact or sc.config.floatX != "float64" else "float64"
    return None


def as_parameter(value: Any) -> Variable:
    """A variable as it is, anything else as a constant of Theano's dtype."""
    dtype = literal_dtype(value)
    return as_variable(value) if dtype is None else Constant(np.array(value, dtype))


def upcast(*dtypes: str) -> str:
    """The dtype that Theano gives to a result of operands of these dtypes: promoted one after the other."""
    result = np.dtype(dtypes[0])
    for dtype in dtypes[1:]:
        result = np.promote_types(result, dtype)
    return result.name
