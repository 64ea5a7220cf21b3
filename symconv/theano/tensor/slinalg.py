"""``theano.tensor.slinalg``: Cholesky factors and linear equations; imports symconv."""

import symconv as sc
from symconv.theano._names import present, refuses
from symconv.theano._variables import theirs

NAMES = {
    "cholesky": "cholesky", "solve": "solve", "kron": "kron", "expm": "expm", "eigvalsh": "eigvalsh",
    "solve_lower_triangular": "solve_lower_triangular",
    "solve_upper_triangular": "solve_upper_triangular",
}  # fmt: skip
"""Theano's names, and those of ``symconv.linalg``."""

globals().update(
    {name: theirs(getattr(sc.linalg, core)) for name, core in NAMES.items() if present(sc.linalg, core)}
)

__getattr__ = refuses("theano.tensor.slinalg", globals())

__all__ = [name for name in NAMES if name in globals()]
