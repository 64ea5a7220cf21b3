"""``theano.tensor.nlinalg``: inverses, determinants and decompositions of matrices; imports symconv.

Theano's op classes are callables here, which apply the functions of ``symconv.linalg``; these take stacks of
matrices as well.
"""

from functools import reduce
from typing import Any

import symconv as sc
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.theano._functions import theirs
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted

linalg = sc.linalg


def gradient_of(output: Variable, inputs: Any, given: Any) -> Any:
    """The gradient by inputs, given that by an output."""
    return adopted(sc.grad(None, inputs, known_grads={output: as_tensor_variable(given)}))


class Applied:
    """What Theano has as an op: calling it gives ``compute`` of tensors, in Theano's dialect."""

    def compute(self, *inputs: Variable) -> Any:
        """The expression."""
        raise NotImplementedError

    def __call__(self, *inputs: Any) -> Any:
        return adopted(self.compute(*map(as_tensor_variable, inputs)))


@frozen
class MatrixPinv(Applied):
    """The pseudo-inverse."""

    def compute(self, *inputs: Variable) -> Any:
        return linalg.pinv(*inputs)


@frozen
class MatrixInverse(Applied):
    """The inverse."""

    def compute(self, *inputs: Variable) -> Any:
        return linalg.inv(*inputs)


@frozen
class AllocDiag(Applied):
    """The square matrix with a vector as its diagonal."""

    def compute(self, *inputs: Variable) -> Any:
        return sc.diag(inputs[0])


@frozen
class ExtractDiag(Applied):
    """The elements (i, i + offset) along two axes."""

    offset: int = 0
    axis1: int = 0
    axis2: int = 1
    view: bool = False

    def compute(self, *inputs: Variable) -> Any:
        return sc.diagonal(inputs[0], self.offset, self.axis1, self.axis2)


@frozen
class Det(Applied):
    """The determinant."""

    def compute(self, *inputs: Variable) -> Any:
        return linalg.det(*inputs)


@frozen
class Eig(Applied):
    """Eigenvalues and eigenvectors, their real parts for a real matrix, as in Theano."""

    def compute(self, *inputs: Variable) -> Any:
        w, v = linalg.eig(*inputs)
        return [w, v] if inputs[0].type.is_complex else [sc.real(w), sc.real(v)]


@frozen
class Eigh(Applied):
    """Eigenvalues and eigenvectors of a symmetric matrix."""

    UPLO: Any = "L"

    def compute(self, *inputs: Variable) -> Any:
        return list(linalg.eigh(inputs[0], self.UPLO))


@frozen
class EighGrad(Applied):
    """The gradient of ``Eigh`` at x, its values and vectors, given those by both."""

    UPLO: Any = "L"

    def compute(self, *inputs: Variable) -> Any:
        x, _, _, by_values, by_vectors = inputs
        w, v = linalg.eigh(x, self.UPLO)
        return sc.grad(None, x, known_grads={w: by_values, v: by_vectors})


@frozen
class QRFull(Applied):
    """Q and R."""

    mode: str = "reduced"

    def compute(self, *inputs: Variable) -> Any:
        return list(linalg.qr(inputs[0], self.mode))


@frozen
class QRIncomplete(Applied):
    """R alone."""

    mode: str = "r"

    def compute(self, *inputs: Variable) -> Any:
        return linalg.qr(inputs[0], self.mode)


@frozen
class SVD(Applied):
    """The singular value decomposition."""

    full_matrices: Any = True
    compute_uv: Any = True

    def compute(self, *inputs: Variable) -> Any:
        found = linalg.svd(inputs[0], bool(self.full_matrices), bool(self.compute_uv))
        return list(found) if self.compute_uv else found


@frozen
class TensorInv(Applied):
    """The inverse for ``tensordot``."""

    ind: int = 2

    def compute(self, *inputs: Variable) -> Any:
        return linalg.tensorinv(inputs[0], self.ind)


@frozen
class TensorSolve(Applied):
    """The solution for ``tensordot``."""

    axes: Any = None

    def compute(self, *inputs: Variable) -> Any:
        return linalg.tensorsolve(*inputs, axes=self.axes)


class lstsq:
    """Least squares: ``lstsq()(x, y, rcond)`` gives solution, residuals, rank and singular values."""

    def __call__(self, x: Any, y: Any, rcond: Any) -> Any:
        share = float(rcond.data if isinstance(rcond, sc.Constant) else rcond)
        found = linalg.lstsq(as_tensor_variable(x), as_tensor_variable(y), None if share < 0 else share)
        return adopted(list(found))


matrix_inverse, pinv, det, eig = MatrixInverse(), MatrixPinv(), Det(), Eig()
alloc_diag, extract_diag = AllocDiag(), ExtractDiag()
diag = theirs(sc.diag)


def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    return Eigh(UPLO)(a)


def qr(a: Any, mode: str = "reduced") -> Any:
    """The QR decomposition."""
    return QRIncomplete(mode)(a) if mode == "r" else QRFull(mode)(a)


def svd(a: Any, full_matrices: Any = 1, compute_uv: Any = 1) -> Any:
    """The singular value decomposition."""
    return SVD(full_matrices, compute_uv)(a)


def matrix_dot(*args: Any) -> Any:
    """The product of matrices, from the left."""
    return adopted(reduce(sc.dot, map(as_tensor_variable, args)))


def trace(X: Any) -> Any:
    """The sum of the diagonal."""
    return adopted(sc.sum(sc.diagonal(as_tensor_variable(X))))


def matrix_power(M: Any, n: int) -> Any:
    """The product of n copies of a matrix."""
    return adopted(linalg.matrix_power(as_tensor_variable(M), n))


def norm(x: Any, ord: Any) -> Any:
    """The norm of a vector or matrix; "inf" and "-inf" are words, as in Theano."""
    x = as_tensor_variable(x)
    if x.ndim == 0:
        raise sc.RankError("a norm is of vectors and matrices, got a scalar", arguments=[("x", x.type)])
    if x.ndim > 2:
        raise NotImplementedError("We don't support norm with ndim > 2")
    if x.ndim == 1 and ord == 0:
        return adopted(sc.sum(sc.cast(sc.neq(x, 0), "int64")))
    return adopted(linalg.norm(x, float(ord) if ord in ("inf", "-inf") else ord))


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse for ``tensordot``."""
    return TensorInv(ind)(a)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The solution for ``tensordot``."""
    return TensorSolve(axes)(a, b)


__getattr__ = refuses("theano.tensor.nlinalg", globals())

__all__ = [
    "AllocDiag", "Det", "Eig", "Eigh", "EighGrad", "ExtractDiag", "MatrixInverse", "MatrixPinv", "QRFull",
    "QRIncomplete", "SVD", "TensorInv", "TensorSolve", "alloc_diag", "det", "diag", "eig", "eigh",
    "extract_diag", "lstsq", "matrix_dot", "matrix_inverse", "matrix_power", "norm", "pinv", "qr", "svd",
    "tensorinv", "tensorsolve", "trace",
]  # fmt: skip
