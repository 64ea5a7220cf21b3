"""The dtypes that elementwise functions compute in and give, as rules; imports the graph."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symconv.config import current
from symconv.errors import DTypeError
from symconv.graph.origin import here
from symconv.graph.types import DTYPES

if TYPE_CHECKING:  # a rule is part of a row
    from symconv.ops.elemwise import Row


class Loop(NamedTuple):
    """The dtypes with which operands enter an elementwise function, and the dtype that comes out."""

    operands: tuple[str, ...]
    result: str


DTypeRule = Callable[["Row", tuple[str, ...]], Loop]


def as_numpy(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """As NumPy's ufunc does: promotion of the operands (NEP 50)."""
    assert row.ufunc is not None
    try:
        resolved = getattr(np, row.ufunc).resolve_dtypes((*map(np.dtype, dtypes), None))
    except TypeError:
        raise row.refuse(dtypes) from None
    *operands, result = [dtype.name for dtype in resolved]
    return Loop(tuple(operands), result)


def compared(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """Truth values, bool, of operands compared exactly."""
    return as_numpy(row, dtypes)


def promoted(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """The dtype that NumPy promotes the operands to."""
    common = common_dtype(dtypes)
    return Loop((common,) * len(dtypes), common)


def promoted_real(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """The dtype that NumPy promotes the real operands to."""
    if any(dtype[0] == "c" for dtype in dtypes):
        raise row.refuse(dtypes)
    return promoted(row, dtypes)


def floating(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """Floating point: of bool, int8 and uint8 float32, of other integers float64, else promoted."""
    common = floating_of(common_dtype(dtypes))
    if row.ufunc is not None:
        return as_numpy(row, (common,) * len(dtypes))
    return Loop((common,) * len(dtypes), common)


def floating_real(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """Floating point: of bool, int8 and uint8 float32, of other integers float64; complex is refused."""
    if any(dtype[0] == "c" for dtype in dtypes):
        raise row.refuse(dtypes)
    return floating(row, dtypes)


def chosen(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """A condition, bool, then what NumPy promotes the choices to."""
    common = common_dtype(dtypes[1:])
    return Loop(("bool", common, common), common)


def of_last(row: "Row", dtypes: tuple[str, ...]) -> Loop:
    """The dtype of the last operand."""
    return Loop(dtypes, dtypes[-1])


@lru_cache(maxsize=1024)
def common_dtype(dtypes: tuple[str, ...]) -> str:
    """The dtype that NumPy promotes arrays of these dtypes to."""
    return np.result_type(*map(np.dtype, dtypes)).name


def dtype_name(dtype: Any) -> str:
    """The name of a dtype of tensors; "floatX" and None mean the setting.

    Raises
    ------
    DTypeError
        For what is none.
    """
    if dtype is None or (isinstance(dtype, str) and dtype == "floatX"):
        return current().floatX
    try:
        name: str = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise DTypeError(
            f"{dtype!r} is not a dtype of tensors", where=here(), hint="the dtypes are " + ", ".join(DTYPES)
        )
    return name


def floating_of(dtype: str) -> str:
    """The dtype in which a float function of this dtype is computed."""
    if dtype[0] not in "bui":
        return dtype
    return "float32" if dtype in ("bool", "int8", "uint8") else "float64"


__all__ = [
    "DTypeRule", "Loop", "as_numpy", "chosen", "common_dtype", "compared", "dtype_name", "floating",
    "floating_of", "floating_real", "of_last", "promoted", "promoted_real",
]  # fmt: skip
