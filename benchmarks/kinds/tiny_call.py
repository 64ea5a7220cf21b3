"""The smallest call: tanh(x + 1) on a few numbers, for what a call costs by itself. Imports NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("x",)


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """A vector of `size` numbers."""
    return {"x": np.random.default_rng(seed).uniform(-1, 1, parameters["size"]).astype(dtype)}


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """In float64."""
    return np.tanh(arrays["x"].astype(np.float64) + 1)


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """A few units in the last place."""
    return {"float32": 1e-6, "float64": 1e-14}[dtype]
