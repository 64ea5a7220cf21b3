"""What a case computes: one module a kind. Imports NumPy alone.

A kind is a module with

    FED                                 names of the arrays that change from call to call
    inputs(parameters, dtype, seed)     the arrays by name, of that dtype
    reference(parameters, arrays)       the right result in float64, computed as plainly as possible; where a
                                        case has several results, a tuple of them
    tolerance(parameters, dtype)        the largest absolute difference that is still right

How a peer says it is the peer's own business: its method of the kind's name (see `benchmarks.peers`).
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np


def load(name: str) -> ModuleType:
    """The module of the kind `name`."""
    return import_module(f"{__name__}.{name}")


def as_one(result: Any) -> Any:
    """A result to be compared: several as one vector, none where they are no arrays of one dtype."""
    if not isinstance(result, tuple):
        return result
    arrays = [np.asarray(each) for each in result]
    if len({array.dtype for array in arrays}) != 1:
        return result
    return np.concatenate([array.ravel() for array in arrays])
