"""Eigenvalues and eigenvectors; imports what every op on matrices needs, and linear equations.

    Eigh, Eigvalsh  of symmetric matrices
    Eig, Eigvals    of others: complex
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from symconv.errors import OptionError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.complex import real
from symconv.ops.elemwise_rows import conj
from symconv.ops.linalg.equations import Solve
from symconv.ops.linalg.matrices import (
    CONVERGENCE,
    as_matrices,
    check_square,
    complex_of,
    computed,
    diagonal_matrices,
    folded,
    inverse_gaps,
    product,
    real_of,
    scaled_columns,
    transposed,
)
from symconv.ops.reduce import sum


@frozen
class Eigh(Op):
    """The eigenvalues, ascending, and the eigenvectors, as columns, of symmetric or Hermitian matrices.

    Attributes
    ----------
    UPLO : str
        "L" or "U", the triangle that is read; the other one stands for the same numbers.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    UPLO: Literal["L", "U"] = "L"

    def out_types(self, x: TensorType) -> tuple[TensorType, TensorType]:
        size = check_square(x, "eigh")
        stack = x.shape[:-2]
        return TensorType(real_of(x.dtype), (*stack, size)), x.with_shape((*stack, size, size))

    def perform(self, x: Array) -> tuple[Array, Array]:
        w, v = computed(np.linalg.eigh, x, UPLO=self.UPLO, **CONVERGENCE)
        return w, v

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """V (diag(gw) + F V^T gv) V^T with F[i, j] = 1 / (w[j] - w[i]) (Giles 2008, section 3.1)."""
        (w, v), (by_values, by_vectors) = outputs, gradients
        terms = []
        if by_values is not None:
            terms.append(product(scaled_columns(v, by_values), transposed(v)))
        if by_vectors is not None:
            inner = inverse_gaps(w) * product(transposed(v), by_vectors)
            terms.append(product(v, inner, transposed(v)))
        if not terms:
            return [None]
        return [folded(terms[0] if len(terms) == 1 else terms[0] + terms[1], self.UPLO == "L")]


@frozen
class Eigvalsh(Op):
    """The eigenvalues, ascending, of symmetric or Hermitian matrices.

    Attributes
    ----------
    UPLO : str
        "L" or "U", the triangle that is read.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    UPLO: Literal["L", "U"] = "L"

    def out_types(self, x: TensorType) -> TensorType:
        size = check_square(x, "eigvalsh")
        return TensorType(real_of(x.dtype), (*x.shape[:-2], size))

    def perform(self, x: Array) -> Array:
        result: Array = computed(np.linalg.eigvalsh, x, UPLO=self.UPLO, **CONVERGENCE)
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        if g is None:
            return [None]
        _, v = Eigh(self.UPLO)(inputs[0])
        return [folded(product(scaled_columns(v, g), transposed(v)), self.UPLO == "L")]


@frozen
class Eig(Op):
    """The eigenvalues and the right eigenvectors, as columns, of square matrices: complex."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> tuple[TensorType, TensorType]:
        size = check_square(x, "eig")
        dtype = complex_of(x.dtype)
        return TensorType(dtype, (*x.shape[:-2], size)), TensorType(dtype, (*x.shape[:-2], size, size))

    def perform(self, x: Array) -> tuple[Array, Array]:
        w, v = computed(np.linalg.eig, x, **CONVERGENCE)
        dtype = complex_of(x.dtype.name)
        return w.astype(dtype), v.astype(dtype)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """V^-T (diag(gw) + F V^T gv) V^T with F[i, j] = 1 / (w[j] - w[i]) (Giles 2008, section 3.1).

        Columns keep length 1: what of gv points along a column is taken off before. Their phases are not
        determined, and a cost that depends on them has no derivative.
        """
        (w, v), (by_values, by_vectors) = outputs, gradients
        terms = []
        if by_values is not None:
            terms.append(diagonal_matrices(by_values))
        if by_vectors is not None:
            along = real(sum(by_vectors * v, -2, keepdims=True))
            across = by_vectors - conj(v) * along
            terms.append(inverse_gaps(w) * product(transposed(v), across))
        if not terms:
            return [None]
        return [_turned_back(v, terms[0] if len(terms) == 1 else terms[0] + terms[1])]


@frozen
class Eigvals(Op):
    """The eigenvalues of square matrices: complex."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        size = check_square(x, "eigvals")
        return TensorType(complex_of(x.dtype), (*x.shape[:-2], size))

    def perform(self, x: Array) -> Array:
        w: Array = computed(np.linalg.eigvals, x, **CONVERGENCE)
        return w.astype(complex_of(x.dtype.name))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        if g is None:
            return [None]
        _, v = Eig()(inputs[0])
        return [_turned_back(v, diagonal_matrices(g))]


def _turned_back(v: Variable, inner: Variable) -> Variable:
    """V^-T M V^T: the gradient by the matrix, given that by V^-1 dx V."""
    result: Variable = Solve()(transposed(v), product(inner, transposed(v)))
    return result


# Functions


def eigh(x: Operand, UPLO: Literal["L", "U"] = "L") -> tuple[Variable, Variable]:
    """The eigenvalues and eigenvectors of a symmetric or Hermitian matrix, or of each of a stack.

    Parameters
    ----------
    x : variable or array_like
        Shape (..., n, n).
    UPLO : str
        The triangle that is read, "L" or "U"; only it has a gradient.

    Returns
    -------
    w, v : Variable
        The eigenvalues ascending, shape (..., n), and the eigenvectors as columns, shape (..., n, n). The
        gradient by the eigenvectors exists where no two eigenvalues are equal.

    Examples
    --------
    >>> import symconv as sc
    >>> w, v = sc.linalg.eigh([[2.0, 0.0], [0.0, 1.0]])
    >>> w.eval()
    array([1., 2.])
    """
    w, v = Eigh(_triangle(UPLO))(as_matrices(x, "eigh"))
    return w, v


def eigvalsh(x: Operand, UPLO: Literal["L", "U"] = "L") -> Variable:
    """The eigenvalues, ascending, of a symmetric or Hermitian matrix, or of each of a stack."""
    result: Variable = Eigvalsh(_triangle(UPLO))(as_matrices(x, "eigvalsh"))
    return result


def _triangle(UPLO: str) -> Literal["L", "U"]:
    if UPLO not in ("L", "U", "l", "u"):
        raise OptionError(
            f"UPLO names a triangle, 'L' or 'U', got {UPLO!r}", where=here(), hint="'L' reads the lower one"
        )
    return "L" if UPLO in "Ll" else "U"


def eig(x: Operand) -> tuple[Variable, Variable]:
    """The eigenvalues and right eigenvectors of a square matrix, or of each of a stack: always complex.

    The gradient is that of different eigenvalues, and of costs that do not depend on the vectors' phases.
    Symmetric matrices have ``eigh``, which is faster and more accurate.
    """
    w, v = Eig()(as_matrices(x, "eig"))
    return w, v


def eigvals(x: Operand) -> Variable:
    """The eigenvalues of a square matrix, or of each of a stack: always complex."""
    result: Variable = Eigvals()(as_matrices(x, "eigvals"))
    return result


__all__ = ["eig", "eigh", "eigvals", "eigvalsh"]
