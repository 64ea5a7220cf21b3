"""A reduction of a 3-d tensor over axes, of the tensor itself or of an elementwise expression; NumPy alone.

    sum        of x                max        of x
    squares    mean of x * x       product    sum of tanh(x) * y
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("x", "y")
WHAT = {
    "sum": lambda lib, x, y, axis: x.sum(axis),
    "max": lambda lib, x, y, axis: x.max(axis),
    "squares": lambda lib, x, y, axis: (x * x).mean(axis),
    "product": lambda lib, x, y, axis: (lib.tanh(x) * y).sum(axis),
}


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """Two tensors of `shape`, of numbers of both signs."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(-1, 1, parameters["shape"]).astype(dtype) for name in FED}


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """In float64; None stands for all axes."""
    x, y = (arrays[name].astype(np.float64) for name in FED)
    return np.asarray(WHAT[parameters["what"]](np, x, y, parameters["axis"]))


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """Sums of n numbers of size 1, each partial sum rounded: about log n sqrt(n) units; with room."""
    axis, shape = parameters["axis"], parameters["shape"]
    count = int(np.prod(shape)) if axis is None else shape[axis]
    terms = {"sum": count, "product": count}.get(parameters["what"], 1)
    return {"float32": 2e-6, "float64": 4e-15}[dtype] * max(1.0, np.sqrt(terms)) * 4
