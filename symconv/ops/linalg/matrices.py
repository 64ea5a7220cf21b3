"""What every op on matrices needs: operands, checks, errors that name the user's line; imports ops of shapes.

A tensor is a stack of matrices, which are its last two axes; the axes before them number the matrices.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symconv.errors import DTypeError, LinAlgError, RankError, ShapeError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.graph.types import Dim, TensorType
from symconv.ops.axes import dimshuffle, shape_padright, swapaxes
from symconv.ops.diagonals import Diagonal, PlaceDiagonal, eye, tril, triu
from symconv.ops.dot import matmul
from symconv.ops.elemwise_rows import cast, reciprocal
from symconv.ops.shape import size_of

DTYPES = ("float32", "float64", "complex64", "complex128")
CONVERGENCE = {"trouble": "the iteration did not converge", "hint": "look for NaN and infinity in the matrix"}


def as_matrices(x: Operand, what: str) -> Variable:
    """The operand as a stack of matrices that LAPACK takes: whole numbers become float64.

    Raises
    ------
    RankError
        For less than two dimensions.
    DTypeError
        For half precision.
    """
    matrices: Variable = as_variable(x)
    if matrices.ndim < 2:
        raise RankError(
            f"{what} needs a matrix or a stack of them, got {matrices.ndim} dimensions",
            arguments=[("x", matrices.type)],
            where=here(),
            hint="a vector becomes a column by x[:, None], a row by x[None]",
        )
    return as_floating(matrices, what)


def as_floating(x: Operand, what: str) -> Variable:
    """The operand in a dtype of LAPACK's."""
    tensor: Variable = as_variable(x)
    if tensor.type.is_discrete:
        return cast(tensor, "float64")
    if tensor.dtype not in DTYPES:
        raise DTypeError(
            f"{what} computes in single or double precision, got {tensor.dtype}",
            arguments=[("x", tensor.type)],
            where=here(),
            hint="cast it first: x.astype('float32')",
        )
    return tensor


def check_matrix(x: TensorType, what: str) -> None:
    """A stack of matrices of a dtype of LAPACK's."""
    if x.ndim < 2:
        raise RankError(f"{what} needs a matrix or a stack of them, got {x.ndim} dimensions")
    if x.dtype not in DTYPES:
        raise DTypeError(f"{what} needs one of {', '.join(DTYPES)}, got {x.dtype}")


def check_square(x: TensorType, what: str) -> Dim:
    """The size of the square matrices, as far as it is known."""
    check_matrix(x, what)
    rows, columns = x.shape[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise ShapeError(
            f"{what} needs square matrices, got {rows} rows and {columns} columns",
            hint="lstsq and pinv take matrices that are not square",
        )
    return columns if rows is None else rows


def real_of(dtype: str) -> str:
    """The real dtype of the parts of a dtype."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def complex_of(dtype: str) -> str:
    """The complex dtype with parts of a dtype."""
    return {"float32": "complex64", "float64": "complex128"}.get(dtype, dtype)


def smaller(rows: Dim, columns: Dim) -> Dim:
    """The smaller of two sizes, as far as it is known."""
    return None if rows is None or columns is None else min(rows, columns)


def computed(function: Callable[..., Any], *arrays: Any, trouble: str, hint: str, **options: Any) -> Any:
    """What a function of ``numpy.linalg`` gives; where there is no result the error says so in our form.

    Raises
    ------
    LinAlgError
        Of which ``numpy.linalg.LinAlgError`` is a base.
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arrays, **options)
    except np.linalg.LinAlgError as error:
        shown = next((array for array in arrays if isinstance(array, np.ndarray)), None)
        which = _first_that_fails(function, arrays, options)
        raise LinAlgError(
            f"{trouble}{which}" + (f" (shape {shown.shape})" if shown is not None else ""), hint=hint
        ) from error


def _first_that_fails(function: Callable[..., Any], arrays: Sequence[Any], options: Any) -> str:
    """Which matrix of a stack it is that has no result."""
    stack = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
    if not stack:
        return ""
    spread = [np.broadcast_to(a, (*stack, *a.shape[-2:])) for a in arrays]
    for position in np.ndindex(*stack):
        try:
            function(*(a[position] for a in spread), **options)
        except np.linalg.LinAlgError:
            return f": matrix {position if len(position) > 1 else position[0]} of the stack"
    return ""


# Expressions of matrices, which gradients are made of


def transposed(x: Variable) -> Variable:
    """Each matrix transposed."""
    return swapaxes(x, -1, -2)


def product(first: Variable, *others: Variable) -> Variable:
    """The matrix product of stacks of equal rank, from the left."""
    result = first
    for other in others:
        result = matmul(result, other)
    return result


def diagonal_of(x: Variable) -> Variable:
    """The main diagonals."""
    result: Variable = Diagonal(0)(x)
    return result


def diagonal_matrices(x: Variable) -> Variable:
    """Square matrices with given diagonals."""
    result: Variable = PlaceDiagonal(0)(x, size_of(x, -1), size_of(x, -1))
    return result


def identity(size: Variable, dtype: str) -> Variable:
    """One identity matrix."""
    return eye(size, dtype=dtype)


def folded(x: Variable, lower: bool) -> Variable:
    """The gradient by one triangle of a matrix that stands for both, given that by all its elements."""
    both = x + transposed(x) - diagonal_matrices(diagonal_of(x))
    return tril(both) if lower else triu(both)


def scaled_columns(x: Variable, factors: Variable) -> Variable:
    """Each column times its factor."""
    return x * _between(factors)


def scaled_rows(x: Variable, factors: Variable) -> Variable:
    """Each row times its factor."""
    return x * shape_padright(factors)


def inverse_gaps(x: Variable) -> Variable:
    """1 / (x[j] - x[i]) at (i, j), and 0 on the diagonal."""
    size = size_of(x, -1)
    columns = x.dimshuffle(*range(x.ndim - 1), "x", x.ndim - 1)
    diagonal = identity(size, x.dtype)
    return reciprocal(columns - shape_padright(x) + diagonal) * (1 - diagonal)


def _between(x: Variable) -> Variable:
    from_left = (*range(x.ndim - 1), "x", x.ndim - 1)
    return dimshuffle(x, *from_left)


