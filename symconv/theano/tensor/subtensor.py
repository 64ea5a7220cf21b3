"""``theano.tensor.subtensor``: indexing by name; imports ``basic`` and the classes of ops."""

from symconv.theano._names import refuses
from symconv.theano.tensor._classes import (
    AdvancedBooleanIncSubtensor,
    AdvancedBooleanSubtensor,
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    IncSubtensor,
    Subtensor,
)
from symconv.theano.tensor._more import (
    advanced_inc_subtensor,
    advanced_inc_subtensor1,
    advanced_set_subtensor,
    advanced_set_subtensor1,
    advanced_subtensor,
    advanced_subtensor1,
)
from symconv.theano.tensor.basic import SAME, inc_subtensor, set_subtensor

take = SAME["take"]

__getattr__ = refuses("theano.tensor.subtensor", globals())

__all__ = [
    "AdvancedBooleanIncSubtensor", "AdvancedBooleanSubtensor", "AdvancedIncSubtensor",
    "AdvancedIncSubtensor1", "AdvancedSubtensor", "AdvancedSubtensor1", "IncSubtensor", "Subtensor",
    "advanced_inc_subtensor", "advanced_inc_subtensor1", "advanced_set_subtensor", "advanced_set_subtensor1",
    "advanced_subtensor", "advanced_subtensor1", "inc_subtensor", "set_subtensor", "take",
]  # fmt: skip
