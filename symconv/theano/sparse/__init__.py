"""``theano.sparse``: the names that programs use, on dense tensors; imports ``theano.sparse.basic``.

A sparse matrix is here a dense one of the same values: what a program computes is the same, zeros take
memory and time, and a result that would be sparse is an array. Values may be given as SciPy's matrices.
"""

from symconv.theano._names import refuses
from symconv.theano.sparse import basic
from symconv.theano.sparse.basic import *  # noqa: F403

__getattr__ = refuses("theano.sparse", globals())

__all__ = [*basic.__all__, "basic"]
