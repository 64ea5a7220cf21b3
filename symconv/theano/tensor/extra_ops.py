"""``theano.tensor.extra_ops``: cumulation, repetition, one-hot rows; imports symconv."""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.theano._functions import theirs
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted
from symconv.theano.tensor._classes import CumOp, CumprodOp, CumsumOp, RepeatOp
from symconv.theano.tensor._more import bartlett, ravel_multi_index, unravel_index
from symconv.theano.tensor.basic import (  # type: ignore[attr-defined]
    bincount,
    compress,
    cumprod,
    cumsum,
    fill_diagonal,
    fill_diagonal_offset,
    repeat,
    searchsorted,
    to_one_hot,
)

diff = theirs(sc.diff, "x, n=1, axis=-1")
unique = theirs(sc.unique, "ar, return_index=False, return_inverse=False, return_counts=False, axis=None")


def squeeze(x: Any) -> Variable:
    """Without the axes whose type says that they broadcast."""
    result: Variable = adopted(sc.squeeze(as_tensor_variable(x)))
    return result


def cpu_contiguous(x: Any) -> Variable:
    """``x`` itself: how it lies in memory is decided for each kernel."""
    return as_tensor_variable(x)


__getattr__ = refuses("theano.tensor.extra_ops", globals())

__all__ = [
    "CumOp", "CumprodOp", "CumsumOp", "RepeatOp", "bartlett", "bincount", "compress", "cpu_contiguous",
    "cumprod", "cumsum", "diff", "fill_diagonal", "fill_diagonal_offset", "ravel_multi_index", "repeat",
    "searchsorted", "squeeze", "to_one_hot", "unique", "unravel_index",
]  # fmt: skip
