"""Singular values and QR; imports what every op on matrices needs, and linear equations.

    SVD, SingularValues  x = U diag(s) V^T
    QR                   x = Q R, Q orthogonal, R upper triangular
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from symconv.errors import GradientError, OptionError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.diagonals import tril
from symconv.ops.elemwise_rows import cast, maximum, minimum, reciprocal, sqr, zeros_like
from symconv.ops.join import concatenate
from symconv.ops.linalg.equations import Solve
from symconv.ops.linalg.matrices import (
    CONVERGENCE,
    as_matrices,
    check_matrix,
    computed,
    diagonal_matrices,
    inverse_gaps,
    product,
    real_of,
    scaled_columns,
    scaled_rows,
    smaller,
    transposed,
)
from symconv.ops.reduce import max as largest
from symconv.ops.reduce import sum
from symconv.ops.shape import size_of

Mode = Literal["reduced", "complete"]


# Singular values


@frozen
class SVD(Op):
    """The singular value decomposition x = U diag(s) V^T: U, s (descending) and V^T.

    Attributes
    ----------
    full_matrices : bool
        Whether U and V are square.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    full_matrices: bool = False

    def out_types(self, x: TensorType) -> tuple[TensorType, TensorType, TensorType]:
        check_matrix(x, "svd")
        *stack, rows, columns = x.shape
        size = smaller(rows, columns)
        left, right = (rows, columns) if self.full_matrices else (size, size)
        return (
            x.with_shape((*stack, rows, left)),
            TensorType(real_of(x.dtype), (*stack, size)),
            x.with_shape((*stack, right, columns)),
        )

    def perform(self, x: Array) -> tuple[Array, Array, Array]:
        u, s, vh = computed(np.linalg.svd, x, full_matrices=self.full_matrices, **CONVERGENCE)
        return u, s, vh

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """Townsend, Differentiating the singular value decomposition, 2016, equation 13."""
        (u, s, vh), (by_u, by_s, by_vh) = outputs, gradients
        if by_u is None and by_s is None and by_vh is None:
            return [None]
        if self.full_matrices and (by_u is not None or by_vh is not None):
            raise GradientError(
                "the vectors that full_matrices=True adds to U or V are arbitrary: no gradient",
                hint="svd(x, full_matrices=False) has one",
            )
        if by_u is None and by_vh is None:
            return [_from_singular_values(inputs[0], by_s)]
        inner = zeros_like(product(transposed(u), u)) if by_s is None else diagonal_matrices(by_s)
        gaps, result = inverse_gaps(sqr(s)), None
        if by_u is not None:
            turned = product(transposed(u), by_u)
            inner = inner + scaled_columns(gaps * (turned - transposed(turned)), s)
            rest = scaled_columns(by_u - product(u, turned), reciprocal(s))
            result = product(rest, vh)
        if by_vh is not None:
            turned = product(vh, transposed(by_vh))
            inner = inner + scaled_rows(gaps * (turned - transposed(turned)), s)
            rest = scaled_rows(by_vh - product(transposed(turned), vh), reciprocal(s))
            result = product(u, rest) if result is None else result + product(u, rest)
        return [product(u, inner, vh) + result]


def _from_singular_values(x: Variable, g: Any) -> Variable:
    u, _, vh = SVD(False)(x)
    return product(scaled_columns(u, g), vh)


@frozen
class SingularValues(Op):
    """The singular values of matrices, descending."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        check_matrix(x, "svd")
        return TensorType(real_of(x.dtype), (*x.shape[:-2], smaller(*x.shape[-2:])))

    def perform(self, x: Array) -> Array:
        result: Array = computed(np.linalg.svd, x, compute_uv=False, **CONVERGENCE)
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else _from_singular_values(inputs[0], g)]


# QR


@frozen
class QR(Op):
    """x = Q R with orthogonal columns in Q and an upper triangular (or trapezoidal) R.

    Attributes
    ----------
    mode : str
        "reduced": Q has as many columns as the smaller size of x; "complete": Q is square.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    mode: Mode = "reduced"

    def out_types(self, x: TensorType) -> tuple[TensorType, TensorType]:
        check_matrix(x, "qr")
        *stack, rows, columns = x.shape
        inner = rows if self.mode == "complete" else smaller(rows, columns)
        return x.with_shape((*stack, rows, inner)), x.with_shape((*stack, inner, columns))

    def perform(self, x: Array) -> tuple[Array, Array]:
        q, r = computed(np.linalg.qr, x, mode=self.mode, **CONVERGENCE)
        return q, r

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """Of wide matrices [X, Y] = Q [U, V]: the columns X make Q, the others only V (Roberts 2020)."""
        (x,), (q, r), (by_q, by_r) = inputs, outputs, gradients
        if by_q is None and by_r is None:
            return [None]
        rows, columns = x.type.shape[-2:]
        if self.mode == "complete" and (rows is None or rows != columns):
            raise GradientError(
                "the columns that mode='complete' adds to Q are arbitrary: no gradient",
                hint="qr(x), of mode='reduced', has one",
            )
        by_q = zeros_like(q) if by_q is None else by_q
        by_r = zeros_like(r) if by_r is None else by_r
        if rows is not None and columns is not None and rows >= columns:
            return [_qr_gradient(q, r, by_q, by_r)]
        inner = minimum(size_of(x, -2), size_of(x, -1))
        by_rest = by_r[..., inner:]
        by_q = by_q + product(x[..., inner:], transposed(by_rest))
        first = _qr_gradient(q, r[..., :inner], by_q, by_r[..., :inner])
        return [concatenate([first, product(q, by_rest)], -1)]


def _qr_gradient(q: Variable, r: Variable, by_q: Variable, by_r: Variable) -> Variable:
    """(gQ + Q sym(M)) R^-T with M = R gR^T - gQ^T Q, its lower half mirrored (Walter, Lehmann 2012)."""
    inner = product(r, transposed(by_r)) - product(transposed(by_q), q)
    mirrored = tril(inner) + transposed(tril(inner, -1))
    outer = by_q + product(q, mirrored)
    solved: Variable = Solve("upper")(r, transposed(outer))
    return transposed(solved)


# Functions


def svd(x: Operand, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition x = u diag(s) vh of a matrix, or of each of a stack.

    Parameters
    ----------
    x : variable or array_like
        Shape (..., m, n); k is the smaller of m and n.
    full_matrices : bool
        Whether u and vh are square; else u has k columns and vh k rows.
    compute_uv : bool
        False: only s, as ``svdvals`` gives it.

    Returns
    -------
    u, s, vh : Variable
        The singular values s are descending. With full_matrices only s has a gradient; that by u and vh
        exists where the singular values differ and are not 0.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).eval()
    array([4., 3.])
    """
    x = as_matrices(x, "svd")
    return SVD(bool(full_matrices))(x) if compute_uv else SingularValues()(x)


def svdvals(x: Operand) -> Variable:
    """The singular values, descending, of a matrix, or of each of a stack."""
    result: Variable = SingularValues()(as_matrices(x, "svdvals"))
    return result


def qr(x: Operand, mode: str = "reduced") -> Any:
    """The decomposition x = q r, q with orthogonal columns, r upper triangular.

    Parameters
    ----------
    x : variable or array_like
        Shape (..., m, n); k is the smaller of m and n.
    mode : str
        "reduced": q has shape (m, k), r (k, n); "complete": (m, m) and (m, n); "r": only r, reduced.

    Returns
    -------
    q, r : Variable
        The gradient needs the first k columns of x to be linearly independent, and the mode "reduced" unless
        x is known to be square.
    """
    x = as_matrices(x, "qr")
    match mode:
        case "reduced" | "complete":
            return QR(mode)(x)
        case "r":
            return QR("reduced")(x)[1]
    raise OptionError(
        f"qr has no mode {mode!r}", where=here(), hint="choose one of reduced, complete, r"
    )


def default_rcond(x: Variable) -> Variable:
    """The larger size of a matrix times the resolution of its dtype."""
    size = cast(maximum(size_of(x, -2), size_of(x, -1)), real_of(x.dtype))
    return size * float(np.finfo(x.dtype).eps)


def largest_or_0(s: Variable) -> Variable:
    """The largest of each row of singular values, kept as an axis of size 1; 0 where there are none."""
    nothing = zeros_like(sum(s, -1, keepdims=True))
    return largest(concatenate([s, nothing], -1), -1, keepdims=True)


__all__ = ["qr", "svd", "svdvals"]
