"""Indexing: taking parts of tensors and writing into them; imports shape, elemwise."""

from symconv.ops.index.advanced import AdvancedIncSubtensor, AdvancedSubtensor, Nonzero, Positions
from symconv.ops.index.basic import IncSubtensor, Subtensor
from symconv.ops.index.functions import getitem, inc_subtensor, set_subtensor

__all__ = [
    "AdvancedIncSubtensor", "AdvancedSubtensor", "IncSubtensor", "Nonzero", "Positions", "Subtensor",
    "getitem", "inc_subtensor", "set_subtensor",
]  # fmt: skip
