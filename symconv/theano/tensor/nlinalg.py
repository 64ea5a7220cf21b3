"""``theano.tensor.nlinalg``: inverses, determinants and decompositions of matrices; imports symconv."""

import symconv as sc
from symconv.theano._names import present, refuses
from symconv.theano._variables import theirs

NAMES = {
    "matrix_inverse": "inv", "pinv": "pinv", "det": "det", "trace": "trace", "eigh": "eigh", "qr": "qr",
    "svd": "svd", "matrix_power": "matrix_power", "norm": "norm", "lstsq": "lstsq", "eig": "eig",
    "tensorinv": "tensorinv", "tensorsolve": "tensorsolve",
}  # fmt: skip
"""Theano's names, and those of ``symconv.linalg``."""

globals().update(
    {name: theirs(getattr(sc.linalg, core)) for name, core in NAMES.items() if present(sc.linalg, core)}
)
diag = theirs(sc.diag)
extract_diag = theirs(sc.diagonal)

__getattr__ = refuses("theano.tensor.nlinalg", globals())

__all__ = ["diag", "extract_diag", *(name for name in NAMES if name in globals())]
