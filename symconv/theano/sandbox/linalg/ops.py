"""``theano.sandbox.linalg.ops``: hints, and a bound of eigenvalues; imports symconv."""

from typing import Any

import symconv as sc
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted
from symconv.theano.tensor.nlinalg import MatrixInverse, det, extract_diag, matrix_inverse, trace
from symconv.theano.tensor.slinalg import Cholesky, Solve, cholesky, solve


def psd(v: Any) -> Any:
    """The matrix itself: the hint that it is positive semi-definite is not needed here."""
    return as_tensor_variable(v)


def spectral_radius_bound(X: Any, log2_exponent: int) -> Any:
    """An upper bound of the largest eigenvalue of a symmetric matrix: trace(X^(2^k))^(1 / 2^k) (Pan 1990)."""
    if as_tensor_variable(X).ndim != 2 or type(log2_exponent) is not int:
        raise sc.ArgumentError("spectral_radius_bound takes a matrix and an integer exponent")
    if log2_exponent <= 0:
        raise sc.OptionError(f"the exponent must be greater than 0, got {log2_exponent}")
    power = sc.linalg.matrix_power(as_tensor_variable(X), 2**log2_exponent)
    return adopted(sc.pow(sc.linalg.trace(power), 2.0**-log2_exponent))


__getattr__ = refuses("theano.sandbox.linalg.ops", globals())

__all__ = [
    "Cholesky", "MatrixInverse", "Solve", "cholesky", "det", "extract_diag", "matrix_inverse", "psd", "solve",
    "spectral_radius_bound", "trace",
]  # fmt: skip
