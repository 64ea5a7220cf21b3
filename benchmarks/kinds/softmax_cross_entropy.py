"""The loss of a classifier and its gradient by the scores, given the right classes. Imports NumPy alone.

    loss = mean over rows of -log softmax(scores)[row, right class];   gradient = d loss / d scores
"""

from __future__ import annotations

from typing import Any

import numpy as np

FED = ("scores", "labels")


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """Scores [rows, classes] and the right class of each row."""
    random = np.random.default_rng(seed)
    rows, classes = parameters["rows"], parameters["classes"]
    scores = random.normal(0, 3, (rows, classes)).astype(dtype)
    return {"scores": scores, "labels": random.integers(0, classes, rows)}


def loss_and_gradient(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Written out in NumPy."""
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - shifted[rows, labels])
    gradient = powers / sums
    gradient[rows, labels] -= 1
    gradient /= len(labels)
    return loss, gradient


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """In float64."""
    return loss_and_gradient(arrays["scores"].astype(np.float64), arrays["labels"])


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """The loss is about 10, the gradients are below 1 / rows."""
    return {"float32": 1e-5, "float64": 1e-13}[dtype]
