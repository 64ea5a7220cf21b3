"""What a case computes: one module a kind. Imports NumPy alone.

A kind is a module with

    FED                                 names of the arrays that change from call to call
    inputs(parameters, dtype, seed)     the arrays by name, of that dtype
    reference(parameters, arrays)       the right result in float64, computed as plainly as possible
    tolerance(parameters, dtype)        the largest absolute difference that is still right

How a peer says it is the peer's own business: its method of the kind's name (see `benchmarks.peers`).
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def load(name: str) -> ModuleType:
    """The module of the kind `name`."""
    return import_module(f"{__name__}.{name}")
