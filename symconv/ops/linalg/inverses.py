"""Inverses and determinants of matrices; imports dot and what every op on matrices needs.

    Inverse, PseudoInverse     of square matrices; of any, by Moore and Penrose
    Det, Cofactor, SlogDet     the determinant, its gradient, its sign and logarithm
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import shape_padright
from symconv.ops.linalg.matrices import (
    as_matrices,
    check_matrix,
    check_square,
    computed,
    identity,
    product,
    real_of,
    transposed,
)
from symconv.ops.reduce import sum
from symconv.ops.shape import size_of

SINGULAR = "pinv and lstsq take singular matrices; or add a small multiple of the identity"


@frozen
class Inverse(Op):
    """The inverses of square matrices."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        size = check_square(x, "an inverse")
        return x.with_shape((*x.shape[:-2], size, size))

    def perform(self, x: Array) -> Array:
        result: Array = computed(np.linalg.inv, x, trouble="the matrix is singular", hint=SINGULAR)
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        if g is None:
            return [None]
        turned = transposed(outputs[0])
        return [-product(turned, g, turned)]


@frozen
class PseudoInverse(Op):
    """The Moore-Penrose inverses of matrices.

    Attributes
    ----------
    rcond : float or None
        Singular values below this share of the largest count as 0; None: the larger size times the
        resolution of the dtype.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    rcond: float | None = None

    def out_types(self, x: TensorType) -> TensorType:
        check_matrix(x, "a pseudo-inverse")
        return x.with_shape((*x.shape[:-2], x.shape[-1], x.shape[-2]))

    def perform(self, x: Array) -> Array:
        # LAPACK's rounding is a few units in the last place, of the dtype at hand.
        rcond = float(np.finfo(x.dtype).eps) * max(*x.shape[-2:], 1) if self.rcond is None else self.rcond
        result: Array = computed(
            np.linalg.pinv, x, rcond=rcond,
            trouble="the SVD did not converge", hint="look for NaN and infinity",
        )  # fmt: skip
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """Golub and Pereyra 1973; it exists where the rank does not change nearby."""
        (x,), (p,), g = inputs, outputs, gradients[0]
        if g is None:
            return [None]
        turned, back = transposed(p), transposed(g)
        off_range = identity(size_of(x, -2), x.dtype) - product(x, p)
        off_rows = identity(size_of(x, -1), x.dtype) - product(p, x)
        return [
            -product(turned, g, turned)
            + product(off_range, back, product(p, turned))
            + product(product(turned, p), back, off_rows)
        ]


@frozen
class Det(Op):
    """The determinants of square matrices."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        check_square(x, "a determinant")
        return x.with_shape(x.shape[:-2])

    def perform(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.linalg.det(x))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else shape_padright(g, 2) * Cofactor()(inputs[0])]


@frozen
class Cofactor(Op):
    """The cofactors of square matrices, det(x) inv(x)^T, which exist for singular ones as well."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        size = check_square(x, "a matrix of cofactors")
        return x.with_shape((*x.shape[:-2], size, size))

    def perform(self, x: Array) -> Array:
        """By the singular values: the cofactors of a diagonal matrix are the products of all the others."""
        with np.errstate(all="ignore"):
            u, s, vh = np.linalg.svd(x)
            ones = np.ones((*s.shape[:-1], 1), s.dtype)
            before = np.concatenate([ones, np.cumprod(s, -1)[..., :-1]], -1)[..., : s.shape[-1]]
            after = np.concatenate([ones, np.cumprod(s[..., ::-1], -1)[..., :-1]], -1)[..., : s.shape[-1]]
            others = before * after[..., ::-1]
            sign = np.linalg.det(u) * np.linalg.det(vh)
            result: Array = (np.conj(sign)[..., None, None] * (u * others[..., None, :])) @ vh
        return result.astype(x.dtype, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """Of det(x) inv(x)^T: where the matrix is singular this second derivative is refused."""
        (x,), (c,), g = inputs, outputs, gradients[0]
        if g is None:
            return [None]
        inverse = transposed(Inverse()(x))
        weight = shape_padright(sum(g * c, (-2, -1)), 2)
        return [weight * inverse - product(c, transposed(g), inverse)]


@frozen
class SlogDet(Op):
    """The sign and the logarithm of the absolute value of the determinants of square matrices."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> tuple[TensorType, TensorType]:
        check_square(x, "a determinant")
        return x.with_shape(x.shape[:-2]), TensorType(real_of(x.dtype), x.shape[:-2])

    def perform(self, x: Array) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            sign, logarithm = np.linalg.slogdet(x)
        return np.asarray(sign), np.asarray(logarithm)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[1]  # the sign is constant where it has a derivative
        return [None if g is None else shape_padright(g, 2) * transposed(Inverse()(inputs[0]))]


def inv(x: Operand) -> Variable:
    """The inverse of a square matrix, or of each of a stack.

    Parameters
    ----------
    x : variable or array_like
        Shape (..., n, n).

    Returns
    -------
    Variable
        Of the same shape; its gradient is -inv(x)^T g inv(x)^T.

    Raises
    ------
    LinAlgError
        When called with a singular matrix; a ``numpy.linalg.LinAlgError`` with the line of the expression.
    ShapeError
        For matrices that are not square.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.inv([[2.0, 0.0], [0.0, 4.0]]).eval()
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    result: Variable = Inverse()(as_matrices(x, "inv"))
    return result


def pinv(x: Operand, rcond: float | None = None) -> Variable:
    """The Moore-Penrose inverse of a matrix, or of each of a stack.

    Parameters
    ----------
    x : variable or array_like
        Shape (..., m, n).
    rcond : float, optional
        Singular values below this share of the largest count as 0; by default the larger of m and n times
        the resolution of the dtype.

    Returns
    -------
    Variable
        Shape (..., n, m). The gradient (Golub and Pereyra 1973) is right where the rank is the same nearby.
    """
    result: Variable = PseudoInverse(None if rcond is None else float(rcond))(as_matrices(x, "pinv"))
    return result


def det(x: Operand) -> Variable:
    """The determinant of a square matrix, or of each of a stack; its gradient exists for singular ones too.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.det([[2.0, 0.0], [1.0, 4.0]]).eval()
    array(8.)
    """
    result: Variable = Det()(as_matrices(x, "det"))
    return result


def slogdet(x: Operand) -> tuple[Variable, Variable]:
    """The sign and the logarithm of the absolute value of the determinant: no overflow, no underflow.

    Returns
    -------
    sign, logabsdet : Variable
        Of a singular matrix 0 and minus infinity.
    """
    sign, logarithm = SlogDet()(as_matrices(x, "slogdet"))
    return sign, logarithm


__all__ = ["det", "inv", "pinv", "slogdet"]
