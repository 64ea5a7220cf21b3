"""A graph of N elementwise nodes, a chain with a diamond at every step. Imports NumPy alone.

    y = x;  N / 2 times:  y = tanh(y) + x

No step folds into another, so that a compiler has all N nodes to treat.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("x",)


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """A vector of `size` numbers."""
    return {"x": np.random.default_rng(seed).uniform(-0.5, 0.5, parameters["size"]).astype(dtype)}


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The same steps in float64."""
    x = y = arrays["x"].astype(np.float64)
    for _ in range(parameters["nodes"] // 2):
        y = np.tanh(y) + x
    return y


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """Near x = 0 the chain neither damps nor amplifies an error, so that it may grow with N."""
    return {"float32": 1e-3, "float64": 1e-9}[dtype]
