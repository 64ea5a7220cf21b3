"""The types of variables: dtype and static shape, and what may broadcast; imports only errors.

    type  = dtype "[" dim { "," dim } "]"
    dim   = a size that is known | "?"

A dimension is a size, or None where the size is known only when the function is called. Broadcasting
stretches a dimension that is *known* to be 1; an unknown one never broadcasts, whatever comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from symconv.errors import DTypeError, ShapeError

Dim = int | None
Shape = tuple[Dim, ...]
Array = np.ndarray[Any, Any]

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip


@dataclass(frozen=True)
class TensorType:
    """A tensor's dtype and static shape.

    Attributes
    ----------
    dtype : str
        One of ``DTYPES``.
    shape : tuple of (int or None)
        Sizes, None where unknown.
    value : ndarray or None
        The value itself where a shape rule needs it and it is known; no part of equality.
    """

    dtype: str
    shape: Shape
    value: Array | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise DTypeError(
                f"{self.dtype!r} is not a dtype of tensors", hint="the dtypes are " + ", ".join(DTYPES)
            )
        for dim in self.shape:
            if dim is not None and (type(dim) is not int or dim < 0):
                raise ShapeError(f"a static size must be None or an integer >= 0, got {dim!r}")

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each dimension, whether it is known to be 1 and so may be stretched."""
        return tuple(dim == 1 for dim in self.shape)

    @property
    def is_float(self) -> bool:
        """Whether the dtype is a real floating-point one."""
        return self.dtype[0] == "f"

    @property
    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype[0] == "c"

    @property
    def is_discrete(self) -> bool:
        """Whether the dtype is boolean or an integer."""
        return self.dtype[0] in "bui"

    def with_shape(self, shape: Iterable[Dim]) -> "TensorType":
        """The same dtype with another shape."""
        return TensorType(self.dtype, tuple(shape))

    def with_dtype(self, dtype: str) -> "TensorType":
        """The same shape with another dtype."""
        return TensorType(dtype, self.shape)

    def with_value(self, value: Array | None) -> "TensorType":
        """The same type, knowing its value."""
        return replace(self, value=value)

    def accepts(self, shape: Sequence[int]) -> bool:
        """Whether an array of this concrete shape belongs to the type."""
        return len(shape) == len(self.shape) and all(
            dim is None or dim == size for dim, size in zip(self.shape, shape, strict=True)
        )

    def generalises(self, other: "TensorType") -> bool:
        """Whether every array of type ``other`` belongs to this type and broadcasts as this type says."""
        return (
            self.dtype == other.dtype
            and self.ndim == other.ndim
            and all(
                mine == theirs or (mine is None and theirs != 1)
                for mine, theirs in zip(self.shape, other.shape, strict=True)
            )
        )

    def holds(self, other: "TensorType") -> bool:
        """Whether every array of type ``other`` belongs to this type, and so may be stored as its value."""
        pairs = zip(self.shape, other.shape, strict=False)
        same = self.dtype == other.dtype and self.ndim == other.ndim
        return same and all(mine is None or mine == theirs for mine, theirs in pairs)

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join('?' if dim is None else str(dim) for dim in self.shape)}]"

    def __repr__(self) -> str:
        return f"TensorType({self})"


def type_of(array: Array) -> TensorType:
    """The fully known type of an array."""
    return TensorType(name_of(array.dtype), array.shape)


@lru_cache(maxsize=256)
def name_of(dtype: "np.dtype[Any]") -> str:
    """The name of a dtype; NumPy makes it anew each time, in microseconds."""
    return dtype.name


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape that operands broadcast to; missing leading dimensions count as 1.

    Raises
    ------
    ShapeError
        Where two known sizes differ and neither is 1, or where an unknown size would have to stretch.

    Examples
    --------
    >>> broadcast([(None, 3, None), (3, 1)])
    (None, 3, None)
    """
    ndim = max(map(len, shapes), default=0)
    result: list[Dim] = []
    for axis in range(-ndim, 0):
        result.append(_broadcast_dim([shape[axis] for shape in shapes if len(shape) >= -axis], axis, shapes))
    return tuple(result)


def _broadcast_dim(dims: list[Dim], axis: int, shapes: Sequence[Shape]) -> Dim:
    known = {dim for dim in dims if dim is not None and dim != 1}
    if len(known) > 1:
        texts = ", ".join(str(dim) for dim in dims)
        raise ShapeError(
            f"sizes {texts} of dimension {axis} do not fit together",
            hint="sizes must be equal, or 1 to be stretched",
        )
    if known:
        return known.pop()
    return None if None in dims else 1
