"""``theano.tensor.extra_ops``: cumulation, repetition, one-hot rows; imports symconv."""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import adopted, as_tensor_variable, theirs
from symconv.theano.tensor._more import bartlett, ravel_multi_index, unravel_index
from symconv.theano.tensor.basic import cumprod, cumsum, to_one_hot

bincount, diff, repeat = theirs(sc.bincount), theirs(sc.diff), theirs(sc.repeat)
searchsorted, fill_diagonal = theirs(sc.searchsorted), theirs(sc.fill_diagonal)
unique, compress = theirs(sc.unique), theirs(sc.compress)
fill_diagonal_offset = theirs(sc.fill_diagonal_offset)


def squeeze(x: Any) -> Variable:
    """Without the axes whose type says that they broadcast."""
    result: Variable = adopted(sc.squeeze(as_tensor_variable(x)))
    return result


def cpu_contiguous(x: Any) -> Variable:
    """``x`` itself: how it lies in memory is decided for each kernel."""
    return as_tensor_variable(x)


__getattr__ = refuses("theano.tensor.extra_ops", globals())

__all__ = [
    "bartlett", "bincount", "compress", "cpu_contiguous", "cumprod", "cumsum", "diff", "fill_diagonal",
    "fill_diagonal_offset", "ravel_multi_index", "repeat", "searchsorted", "squeeze", "to_one_hot", "unique",
    "unravel_index",
]  # fmt: skip
