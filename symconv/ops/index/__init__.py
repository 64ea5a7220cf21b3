"""Indexing: taking parts of tensors and writing into them; imports shape, elemwise."""

from symconv.ops.index.advanced import AdvancedIncSubtensor, AdvancedSubtensor, Nonzero, Positions
from symconv.ops.index.basic import IncSubtensor, Subtensor
from symconv.ops.index.functions import getitem, inc_subtensor, set_subtensor
from symconv.ops.index.selection import (
    choose,
    compress,
    flatnonzero,
    nonzero,
    nonzero_values,
    take,
    take_along_axis,
    where,
)

__all__ = [
    "AdvancedIncSubtensor", "AdvancedSubtensor", "IncSubtensor", "Nonzero", "Positions", "Subtensor",
    "choose", "compress", "flatnonzero", "getitem", "inc_subtensor", "nonzero", "nonzero_values",
    "set_subtensor", "take", "take_along_axis", "where",
]  # fmt: skip
