"""Indexing: taking parts of tensors and writing into them; imports shape, elemwise, reduce."""

from symconv.ops.index.basic import IncSubtensor, Subtensor
from symconv.ops.index.functions import getitem, inc_subtensor, set_subtensor

__all__ = ["IncSubtensor", "Subtensor", "getitem", "inc_subtensor", "set_subtensor"]
