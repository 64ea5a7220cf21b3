"""A chain of N elementwise ops on vectors: times y, plus x, the larger of it and y, tanh, and again.

Three of four steps cost less than the memory that they read and write. Imports NumPy alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("x", "y")
STEPS = (
    lambda lib, z, x, y: z * y,
    lambda lib, z, x, y: z + x,
    lambda lib, z, x, y: lib.maximum(z, y),
    lambda lib, z, x, y: lib.tanh(z),
)


def chain(lib: Any, number: int, x: Any, y: Any) -> Any:
    """The first so many steps, from x on, said with any library that has ``maximum`` and ``tanh``."""
    z = x
    for step in range(number):
        z = STEPS[step % len(STEPS)](lib, z, x, y)
    return z


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """Two vectors of `size` numbers."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(-1, 1, parameters["size"]).astype(dtype) for name in FED}


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The same steps in float64."""
    return chain(np, parameters["ops"], arrays["x"].astype(np.float64), arrays["y"].astype(np.float64))


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """A few units in the last place; no step amplifies."""
    return {"float32": 1e-5, "float64": 1e-14}[dtype]
