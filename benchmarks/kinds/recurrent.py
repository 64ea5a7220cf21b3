"""A plain recurrent network, forward and backward. Imports NumPy alone.

    h[t] = tanh(x[t] W + h[t-1] U + b);   cost = mean of h[last]²;   the gradients by W, U and b
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("x",)


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """A batch of sequences [steps, batch, features], an orthogonal-like U, so that gradients live long."""
    random = np.random.default_rng(seed)
    steps, batch, features, hidden = (parameters[name] for name in ("steps", "batch", "features", "hidden"))
    parameters_of = np.random.default_rng(0)
    U, _ = np.linalg.qr(parameters_of.normal(size=(hidden, hidden)))
    return {
        "x": random.uniform(-1, 1, (steps, batch, features)).astype(dtype),
        "h0": np.zeros((batch, hidden), dtype),
        "W": (parameters_of.normal(size=(features, hidden)) / np.sqrt(features) / 4).astype(dtype),
        "U": (U * 0.95).astype(dtype),
        "b": parameters_of.uniform(-0.1, 0.1, hidden).astype(dtype),
    }


def forward_and_backward(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """The cost and the gradients, written out in NumPy, the products over x for all steps at once."""
    x, h, W, U, b = (arrays[name] for name in ("x", "h0", "W", "U", "b"))
    states = np.empty((len(x) + 1, *h.shape), h.dtype)
    states[0] = h
    into = x @ W + b
    for t in range(len(x)):
        states[t + 1] = np.tanh(into[t] + states[t] @ U)
    last = states[-1]
    cost = np.mean(last * last)
    back = last * (2 / last.size)
    deltas = np.empty_like(into)
    for t in reversed(range(len(x))):
        state = states[t + 1]
        deltas[t] = back * (1 - state * state)
        back = deltas[t] @ U.T
    flat = deltas.reshape(-1, h.shape[1])
    gradient_W = x.reshape(len(flat), -1).T @ flat
    return cost, gradient_W, states[:-1].reshape(flat.shape).T @ flat, flat.sum(axis=0)


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """In float64."""
    return forward_and_backward({name: array.astype(np.float64) for name, array in arrays.items()})


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """The cost is about 0.3, the gradients are below 1."""
    return {"float32": 1e-4, "float64": 1e-12}[dtype]
