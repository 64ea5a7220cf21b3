"""Random draws from explicit, reproducible, counter-based streams; imports its neighbours in ``ops``.

    samplers   what the bits of a generator become: one NumPy function for each distribution
    draw       the op: a state and a shape become a tensor
    arguments  what users hand over: seeds, parameters, shapes
    stream     ``Stream``: the states, and the functions that a user calls
"""

from symconv.ops.random.draw import DISTRIBUTIONS, Distribution, Draw
from symconv.ops.random.stream import Stream

__all__ = ["DISTRIBUTIONS", "Distribution", "Draw", "Stream"]
