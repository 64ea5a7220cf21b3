"""``theano.sandbox.linalg``: the old place of linear algebra; imports the layer's own."""

from symconv.theano._names import refuses
from symconv.theano.sandbox.linalg.ops import psd, spectral_radius_bound
from symconv.theano.tensor.nlinalg import (
    alloc_diag,
    det,
    diag,
    eig,
    eigh,
    extract_diag,
    matrix_inverse,
    trace,
)
from symconv.theano.tensor.slinalg import cholesky, eigvalsh, solve

__getattr__ = refuses("theano.sandbox.linalg", globals())

__all__ = [
    "alloc_diag", "cholesky", "det", "diag", "eig", "eigh", "eigvalsh", "extract_diag", "matrix_inverse",
    "psd", "solve", "spectral_radius_bound", "trace",
]  # fmt: skip
