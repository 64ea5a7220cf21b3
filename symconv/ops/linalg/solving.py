"""Cholesky factors, linear equations and least squares; imports what every op on matrices needs.

    Cholesky  x = L L^T
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from symconv.errors import OptionError, RankError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import shape_padleft, shape_padright, squeeze
from symconv.ops.diagonals import tril
from symconv.ops.dot import matmul
from symconv.ops.elemwise_rows import abs, cast, conj, sqr
from symconv.ops.linalg.decompositions import default_rcond, largest_or_0, svdvals
from symconv.ops.linalg.equations import Solve
from symconv.ops.linalg.inverses import pinv
from symconv.ops.linalg.matrices import (
    as_floating,
    as_matrices,
    check_square,
    computed,
    diagonal_matrices,
    diagonal_of,
    folded,
    product,
    transposed,
)
from symconv.ops.reduce import sum

ASSUMED = {
    "gen": "general", "general": "general", "sym": "general", "symmetric": "general", "her": "general",
    "hermitian": "general", "pos": "positive", "positive definite": "positive",
    "lower triangular": "lower", "lower_triangular": "lower", "lower": "lower",
    "upper triangular": "upper", "upper_triangular": "upper", "upper": "upper",
}  # fmt: skip
"""The words of SciPy's ``assume_a``, and Theano's, and how equations of that kind are solved."""


@frozen
class Cholesky(Op):
    """The lower triangular L with L L^T = x; only the lower triangle of x is read.

    Attributes
    ----------
    on_error : str
        What becomes of matrices that are not positive definite: "raise", or "nan": all of the factor is NaN.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    on_error: Literal["raise", "nan"] = "raise"

    def out_types(self, x: TensorType) -> TensorType:
        size = check_square(x, "a Cholesky factor")
        return x.with_shape((*x.shape[:-2], size, size))

    def perform(self, x: Array) -> Array:
        if self.on_error == "nan":
            return _factors_or_nan(x)
        result: Array = computed(
            np.linalg.cholesky, x,
            trouble="the matrix is not positive definite",
            hint="it must be symmetric with eigenvalues above 0; a small multiple of the identity may help",
        )  # fmt: skip
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """S = L^-T phi(L^T g) L^-1, phi: the lower triangle, its diagonal halved (Murray 2016, section 3)."""
        (factor,), g = outputs, gradients[0]
        if g is None:
            return [None]
        turned = transposed(factor)
        inner = product(turned, tril(g))
        inner = tril(inner) - diagonal_matrices(diagonal_of(inner)) / 2
        left = Solve("upper")(turned, inner)
        return [folded(transposed(Solve("upper")(turned, transposed(left))), lower=True)]


def _factors_or_nan(x: Array) -> Array:
    result = np.full_like(x, np.nan)
    for position in np.ndindex(*x.shape[:-2]):
        with suppress(np.linalg.LinAlgError):
            result[position] = np.linalg.cholesky(x[position])
    return result


def cholesky(x: Operand, lower: bool = True, on_error: Literal["raise", "nan"] = "raise") -> Variable:
    """The triangular Cholesky factor of a symmetric positive definite matrix, or of each of a stack.

    Parameters
    ----------
    x : variable or array_like
        Shape (..., n, n). Only the triangle that is asked for is read, and only it has a gradient.
    lower : bool
        Whether the factor is L with L L^T = x, or U with U^T U = x.
    on_error : str
        "raise"; or "nan": the factor of a matrix that is not positive definite is NaN.

    Returns
    -------
    Variable
        The other triangle is zero.

    Raises
    ------
    LinAlgError
        When called with a matrix that is not positive definite.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.cholesky([[4.0, 2.0], [2.0, 5.0]]).eval()
    array([[2., 0.],
           [1., 2.]])
    """
    x = as_matrices(x, "cholesky")
    if on_error not in ("raise", "nan"):
        raise OptionError(f"on_error must be 'raise' or 'nan', got {on_error!r}", where=here())
    result: Variable
    if lower:
        result = Cholesky(on_error)(x)
        return result
    result = Cholesky(on_error)(transposed(conj(x) if x.type.is_complex else x))
    return transposed(conj(result) if x.type.is_complex else result)


def solve(a: Operand, b: Operand, assume_a: str = "gen", lower: bool = True) -> Variable:
    """The solution x of the linear equations a x = b.

    Parameters
    ----------
    a : variable or array_like
        Shape (..., n, n).
    b : variable or array_like
        A vector of n elements, or shape (..., n, k); leading axes broadcast.
    assume_a : str
        What is known of ``a``: "gen", nothing; "sym", symmetric; "pos", symmetric and positive definite;
        "lower triangular", "upper triangular". Nothing is read of the other triangle of a triangular or a
        positive definite matrix.
    lower : bool
        Which triangle is read where "pos" is assumed.

    Returns
    -------
    Variable
        Shape (n,) for a vector, else (..., n, k).

    Raises
    ------
    LinAlgError
        When called with a singular matrix, or one that is not positive definite where that is assumed.
    ShapeError
        Where sizes do not fit.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.solve([[2.0, 1.0], [0.0, 4.0]], [4.0, 8.0]).eval()
    array([1., 2.])
    """
    if assume_a not in ASSUMED:
        raise OptionError(
            f"assume_a={assume_a!r} is no structure of matrices",
            where=here(),
            hint="choose one of gen, sym, pos, lower triangular, upper triangular",
        )
    kind: Any = ASSUMED[assume_a]
    a, b = as_matrices(a, "solve"), as_floating(b, "solve")
    if b.ndim == 0:
        raise RankError(
            "solve needs right sides of one dimension or more, got a scalar",
            arguments=[("a", a.type), ("b", b.type)],
            where=here(),
        )
    if b.ndim == 1:
        return squeeze(solve(a, shape_padright(b), assume_a, lower), -1)
    if kind == "positive":
        return cho_solve(cholesky(a, lower), b, lower)
    ndim = max(a.ndim, b.ndim)
    result: Variable = Solve(kind)(shape_padleft(a, ndim - a.ndim), shape_padleft(b, ndim - b.ndim))
    return result


def solve_triangular(a: Operand, b: Operand, lower: bool = False, trans: int | str = 0) -> Variable:
    """The solution x of a x = b for a triangular matrix, or of each of a stack; or of a^T x = b.

    Parameters
    ----------
    a, b : variable or array_like
        As for ``solve``; the other triangle is not read.
    lower : bool
        Which triangle of ``a`` counts.
    trans : 0, 1, "N" or "T"
        1 or "T": a^T x = b.
    """
    if trans not in (0, 1, "N", "T"):
        raise OptionError(f"trans must be 0 or 1, 'N' or 'T', got {trans!r}", where=here())
    a = as_matrices(a, "solve_triangular")
    if trans in (1, "T"):
        a, lower = transposed(a), not lower
    return solve(a, b, "lower triangular" if lower else "upper triangular")


def cho_solve(factor: Operand, b: Operand, lower: bool = True) -> Variable:
    """The solution x of a x = b, given the Cholesky factor of a."""
    factor = as_matrices(factor, "cho_solve")
    turned = transposed(conj(factor) if factor.type.is_complex else factor)
    first, second = (factor, turned) if lower else (turned, factor)
    return solve(second, solve(first, b, "lower triangular"), "upper triangular")


class LeastSquares(NamedTuple):
    """What ``lstsq`` finds.

    Attributes
    ----------
    x : Variable
        The solution of least squares; of several the shortest.
    residuals : Variable
        The sum of squares of b - a x, for each right side.
    rank : Variable
        The number of singular values that count, int64.
    s : Variable
        The singular values of a.
    """

    x: Variable
    residuals: Variable
    rank: Variable
    s: Variable


def lstsq(a: Operand, b: Operand, rcond: float | None = None) -> LeastSquares:
    """The x for which a x comes nearest to b.

    Parameters
    ----------
    a : variable or array_like
        Shape (..., m, n).
    b : variable or array_like
        A vector of m elements, or shape (..., m, k).
    rcond : float, optional
        Singular values below this share of the largest count as 0; by default the larger of m and n times
        the resolution of the dtype.

    Returns
    -------
    LeastSquares
        ``x, residuals, rank, s``. Unlike NumPy's, the residuals are always there, also where they are 0.
    """
    a, b = as_matrices(a, "lstsq"), as_floating(b, "lstsq")
    if b.ndim == 1:
        found = lstsq(a, shape_padright(b), rcond)
        return found._replace(x=squeeze(found.x, -1))
    share = default_rcond(a) if rcond is None else rcond
    x = matmul(pinv(a, rcond), b)
    s = svdvals(a)
    counts = cast(s > largest_or_0(s) * share, "int64")
    return LeastSquares(x, sum(sqr(abs(b - matmul(a, x))), -2), sum(counts, -1), s)


__all__ = ["LeastSquares", "cho_solve", "cholesky", "lstsq", "solve", "solve_triangular"]
