"""A mini-batch of a data set that the library holds, by its index, and the mean of its columns. NumPy alone.

    data[index * batch : (index + 1) * batch].mean(axis=0)

The data never change, the index does: it is an input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("index",)


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """The data, and which mini-batch."""
    rows, columns = parameters["data"]
    data = np.random.default_rng(0).random((rows, columns)).astype(dtype)
    return {"data": data, "index": np.asarray(seed % (rows // parameters["batch"]))}


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """In float64."""
    start = int(arrays["index"]) * parameters["batch"]
    return arrays["data"][start : start + parameters["batch"]].astype(np.float64).mean(axis=0)


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """Means of numbers below 1."""
    return {"float32": 1e-6, "float64": 1e-14}[dtype]
