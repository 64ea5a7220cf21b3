"""The chapter's layer: tanh(convolution + bias), `valid`, stride 1, filters flipped. Imports NumPy alone.

y[n,k,r,s] = tanh(b[k] + sum over c,i,j of W[k,c,i,j] * x[n, c, r + rows-1-i, s + columns-1-j])
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("image",)


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """Images in [0, 1) and filters scaled by their fan-in, so that tanh is not saturated and errors show."""
    random = np.random.default_rng(seed)
    number, *receptive_field = parameters["filters"]
    bound = 1 / np.sqrt(np.prod(receptive_field))
    return {
        "image": random.random(parameters["image"]).astype(dtype),
        "filters": random.uniform(-bound, bound, parameters["filters"]).astype(dtype),
        "bias": random.uniform(-0.5, 0.5, number).astype(dtype),
    }


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The formula, filter element by filter element, in float64."""
    image, filters, bias = (arrays[name].astype(np.float64) for name in ("image", "filters", "bias"))
    batch, _, height, width = image.shape
    number, _, rows, columns = filters.shape
    out_rows, out_columns = height - rows + 1, width - columns + 1
    total = np.zeros((number, batch, out_rows, out_columns))
    for i in range(rows):
        for j in range(columns):
            r, s = rows - 1 - i, columns - 1 - j
            window = image[:, :, r : r + out_rows, s : s + out_columns]
            total += np.tensordot(filters[:, :, i, j], window, axes=(1, 1))
    return np.tanh(total.transpose(1, 0, 2, 3) + bias[:, None, None])


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """Room for sums in any order, but not for half precision (4e-3) or float32 inside float64 (1e-7)."""
    return {"float32": 1e-4, "float64": 1e-10}[dtype]
