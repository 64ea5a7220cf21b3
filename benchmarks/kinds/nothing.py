"""Nothing is computed: for measures of a library as it is, such as its import. Imports NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ()


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """No arrays."""
    return {}


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """An empty result."""
    return np.zeros(0)


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """Nothing to differ."""
    return 0.0
