"""A step of stochastic gradient descent for the chapters' perceptron, with weight decay. Imports NumPy alone.

    hidden = tanh(x W1 + b1);  p = softmax(hidden W2 + b2)
    cost = mean of -log p[right class] + L2 (sum of W1² + sum of W2²);  every parameter -= rate * its gradient

The rate is an input. The timed calls have rate 0, so that they all do the same work on the same numbers; the
numbers that are checked after the timing have another, and with it the new parameters are checked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("x", "labels", "rate")
NAMES = ("W1", "b1", "W2", "b2")
L2 = 1e-3


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """A mini-batch, the rate, and the parameters, as the chapters initialise them."""
    random = np.random.default_rng(seed)
    batch, (size, hidden, classes) = parameters["batch"], parameters["layers"]
    bounds = [np.sqrt(6 / (size + hidden)), np.sqrt(6 / (hidden + classes))]
    return {
        "x": random.random((batch, size)).astype(dtype),
        "labels": random.integers(0, classes, batch),
        "rate": np.asarray(0.0 if seed == 1 else 0.1, dtype),
        "W1": random.uniform(-bounds[0], bounds[0], (size, hidden)).astype(dtype),
        "b1": random.uniform(-0.1, 0.1, hidden).astype(dtype),
        "W2": random.uniform(-bounds[1], bounds[1], (hidden, classes)).astype(dtype),
        "b2": random.uniform(-0.1, 0.1, classes).astype(dtype),
    }


def step(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The cost and the gradients, written out in NumPy."""
    x, labels = arrays["x"], arrays["labels"]
    W1, b1, W2, b2 = (arrays[name] for name in NAMES)
    rows = np.arange(len(labels))
    hidden = np.tanh(x @ W1 + b1)
    scores = hidden @ W2 + b2
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    cost = -np.mean(np.log(p[rows, labels])) + L2 * (np.sum(W1 * W1) + np.sum(W2 * W2))
    p[rows, labels] -= 1
    p /= len(labels)
    back = (p @ W2.T) * (1 - hidden * hidden)
    return cost, {
        "W1": x.T @ back + 2 * L2 * W1,
        "b1": back.sum(axis=0),
        "W2": hidden.T @ p + 2 * L2 * W2,
        "b2": p.sum(axis=0),
    }


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """The cost and the new parameters, in float64."""
    wide = {name: a if name == "labels" else a.astype(np.float64) for name, a in arrays.items()}
    cost, gradients = step(wide)
    return cost, *(wide[name] - wide["rate"] * gradients[name] for name in NAMES)


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """The cost is about 5; sums of squares go over 392,000 weights."""
    return {"float32": 2e-5, "float64": 1e-12}[dtype]
