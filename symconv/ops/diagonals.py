"""Diagonals, identities and triangles of matrices; imports fill and ops of shapes and rows.

    Diagonal       the elements (i, i + offset) of the last two axes     a view
    PlaceDiagonal  zeros, but for such a diagonal: its adjoint

An identity is a comparison of two ranges, a triangle a choice by one.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable, constant
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import dimshuffle, normalised_axis, shape_padleft, shape_padright
from symconv.ops.dtypes import dtype_name
from symconv.ops.elemwise_rows import cast, eq, ge, switch, zeros_like
from symconv.ops.fill import arange
from symconv.ops.reduce import sum
from symconv.ops.shape import size_of
from symconv.ops.sizes import check_count

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


@frozen
class Diagonal(Op):
    """The elements (i, i + offset) of the last two axes.

    Attributes
    ----------
    offset : int
        How far right of the main diagonal; negative: below it.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    offset: int = 0

    def out_types(self, x: TensorType) -> TensorType:
        if x.ndim < 2:
            raise RankError(f"a diagonal needs 2 dimensions or more, got {x.ndim}")
        rows, columns = x.shape[-2:]
        known = rows is not None and columns is not None
        length = _diagonal_length(rows or 0, columns or 0, self.offset) if known else None
        return x.with_shape((*x.shape[:-2], length))

    def perform(self, x: Array) -> Array:
        return np.diagonal(x, self.offset, -2, -1)

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """Every (columns + 1)th element of the matrix in C order."""
        return _flat_diagonal(k.contiguous(value), self.offset)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (x,), gradient = inputs, gradients[0]
        if gradient is None:
            return [None]
        return [PlaceDiagonal(self.offset)(gradient, size_of(x, -2), size_of(x, -1))]


def _diagonal_length(rows: int, columns: int, offset: int) -> int:
    return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)


def _flat_diagonal(value: "Value", offset: int) -> "Value":
    rows, columns = (int(size) for size in value.shape[-2:])  # type: ignore[arg-type]
    length = _diagonal_length(rows, columns, offset)
    flat = value.reshape(*value.shape[:-2], rows * columns)
    start = offset if offset >= 0 else -offset * columns
    every = slice(start, start + (length - 1) * (columns + 1) + 1, columns + 1) if length else slice(0, 0)
    return flat[(slice(None),) * (flat.ndim - 1) + (every,)]


@frozen
class PlaceDiagonal(Op):
    """Zeros, but for the elements (i, i + offset) of the last two axes, which are those of a tensor.

    The inputs are the diagonals and the numbers of rows and columns.

    Attributes
    ----------
    offset : int
        How far right of the main diagonal; negative: below it.
    """

    role: ClassVar[Role] = "anchor"
    argument_names: ClassVar[tuple[str, ...]] = ("diagonal", "rows", "columns")
    reads_values: ClassVar[tuple[int, ...]] = (1, 2)
    offset: int = 0

    def out_types(self, diagonal: TensorType, rows: TensorType, columns: TensorType) -> TensorType:
        if diagonal.ndim < 1:
            raise RankError("a diagonal has 1 dimension or more, got a scalar")
        m, n = (None if size.value is None else int(size.value) for size in (rows, columns))
        if m is not None and n is not None:
            fits = _diagonal_length(m, n, self.offset)
            if diagonal.shape[-1] not in (None, fits):
                raise ShapeError(
                    f"diagonal {self.offset} of {m} x {n} has {fits} elements, got {diagonal.shape[-1]}"
                )
        return diagonal.with_shape((*diagonal.shape[:-1], m, n))

    def perform(self, diagonal: Array, rows: Array, columns: Array) -> Array:
        result = np.zeros((*diagonal.shape[:-1], int(rows), int(columns)), diagonal.dtype)
        index = np.arange(diagonal.shape[-1])
        result[..., index + max(-self.offset, 0), index + max(self.offset, 0)] = diagonal
        return result

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Zeros, then the diagonal into every (columns + 1)th element."""
        (out,) = outputs
        k.fill(0, out)
        k.copy(inputs[0], _flat_diagonal(out, self.offset))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        gradient = gradients[0]
        return [None if gradient is None else Diagonal(self.offset)(gradient), None, None]


# Identities and triangles


def _offsets(rows: Operand, columns: Operand) -> tuple[Variable, Variable]:
    """Row and column numbers that broadcast to a matrix."""
    return shape_padright(arange(rows)), shape_padleft(arange(columns))


def eye(n: Operand, m: Operand = None, k: Operand = 0, dtype: Any = None) -> Variable:
    """Ones at (i, i + k) of a matrix of ``n`` rows and ``m`` columns (``n`` by default), zeros elsewhere.

    Parameters
    ----------
    n, m, k : int or integer scalar variable
    dtype : str, optional
        ``floatX`` by default.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.eye(2, 3, k=1).eval()
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """
    check_count(n, "eye")
    check_count(m, "eye")
    rows, columns = _offsets(n, n if m is None else m)
    return cast(eq(rows + k, columns), dtype_name(dtype))


def identity_like(x: Operand) -> Variable:
    """The identity matrix of the shape and dtype of a matrix."""
    x = as_variable(x)
    return eye(size_of(x, 0), size_of(x, 1), dtype=x.dtype)


def tri(n: Operand, m: Operand = None, k: Operand = 0, dtype: Any = None) -> Variable:
    """Ones at and below (i, i + k) of a matrix of ``n`` rows and ``m`` columns, zeros above."""
    rows, columns = _offsets(n, n if m is None else m)
    return cast(ge(rows + k, columns), dtype_name(dtype))


def tril(x: Operand, k: Operand = 0) -> Variable:
    """The lower triangle of the last two axes: zeros right of (i, i + k)."""
    x = _as_matrices(x, "tril")
    rows, columns = _offsets(size_of(x, -2), size_of(x, -1))
    return switch(ge(rows + k, columns), x, zeros_like(x))


def triu(x: Operand, k: Operand = 0) -> Variable:
    """The upper triangle of the last two axes: zeros left of (i, i + k)."""
    x = _as_matrices(x, "triu")
    rows, columns = _offsets(size_of(x, -2), size_of(x, -1))
    return switch(ge(columns, rows + k), x, zeros_like(x))


def _as_matrices(x: Operand, what: str) -> Variable:
    matrices: Variable = as_variable(x)
    if matrices.ndim < 2:
        raise RankError(
            f"{what} needs 2 dimensions or more, got {matrices.ndim}",
            arguments=[("x", matrices.type)],
            where=here(),
        )
    return matrices


# Diagonals


def _offset(k: Any) -> int:
    try:
        return int(k.__index__())
    except (AttributeError, TypeError):
        raise ArgumentError(f"the number of a diagonal must be an integer, got {k!r}", where=here()) from None


def diagonal(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """The elements (i, i + offset) along two axes, which make room for one more axis at the end.

    A view where ``x`` has no gaps.

    Raises
    ------
    RankError
        For less than two dimensions.
    """
    x = _as_matrices(x, "diagonal")
    first, second_axis = normalised_axis(axis1, x), normalised_axis(axis2, x)
    if first == second_axis:
        raise ShapeError(f"diagonal needs two axes, got {axis1} twice", where=here())
    others = [axis for axis in range(x.ndim) if axis not in (first, second_axis)]
    result: Variable = Diagonal(_offset(offset))(dimshuffle(x, *others, first, second_axis))
    return result


def trace(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """The sum of the elements (i, i + offset) along two axes."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


def diag(x: Operand, k: int = 0) -> Variable:
    """Of a vector the square matrix with it as diagonal ``k``, of a matrix its diagonal ``k``.

    Raises
    ------
    RankError
        For other numbers of dimensions.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.diag([1, 2], 1).eval()
    array([[0, 1, 0],
           [0, 0, 2],
           [0, 0, 0]])
    """
    x, offset = as_variable(x), _offset(k)
    if x.ndim not in (1, 2):
        raise RankError(
            f"diag needs a vector or a matrix, got {x.ndim} dimensions",
            arguments=[("x", x.type)],
            where=here(),
            hint="diagonal(x, offset, axis1, axis2) takes any number of dimensions",
        )
    if x.ndim == 2:
        return diagonal(x, offset)
    known = x.type.shape[0]
    size = size_of(x, 0) + abs(offset) if known is None else constant(known + abs(offset))
    result: Variable = PlaceDiagonal(offset)(x, size, size)
    return result


def fill_diagonal(x: Operand, value: Operand) -> Variable:
    """The tensor with a scalar in place of its main diagonal: the elements all of whose indices are equal.

    Raises
    ------
    RankError
        For less than two dimensions.
    """
    x = _as_matrices(x, "fill_diagonal")
    ranges = [
        dimshuffle(arange(size_of(x, axis)), *("x" if other != axis else 0 for other in range(x.ndim)))
        for axis in range(x.ndim)
    ]
    mask = eq(ranges[0], ranges[1])
    for other in ranges[2:]:
        mask = mask & eq(ranges[0], other)
    filled: Variable = switch(mask, cast(_as_scalar(value, "fill_diagonal"), x.dtype), x)
    return filled


def fill_diagonal_offset(x: Operand, value: Operand, offset: Operand) -> Variable:
    """The matrix with a scalar in place of its elements (i, i + offset)."""
    x = _as_matrices(x, "fill_diagonal_offset")
    rows, columns = _offsets(size_of(x, -2), size_of(x, -1))
    return switch(
        eq(rows + offset, columns), cast(_as_scalar(value, "fill_diagonal_offset"), x.dtype), x
    )


def _as_scalar(value: Operand, what: str) -> Variable:
    scalar: Variable = as_variable(value)
    if scalar.ndim:
        raise RankError(
            f"{what} needs a scalar, got {scalar.ndim} dimensions",
            arguments=[("value", scalar.type)],
            where=here(),
        )
    return scalar


METHODS.update(diagonal=diagonal, trace=trace)

__all__ = [
    "diag", "diagonal", "eye", "fill_diagonal", "fill_diagonal_offset", "identity_like", "trace", "tri",
    "tril", "triu",
]  # fmt: skip
