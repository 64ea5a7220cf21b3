"""A network of convolutions from a list of layers: its scores, or a step of gradient descent. Imports NumPy.

    ["conv", maps, size, pad, bias]   correlation, stride 1; bias: whether there is one
    ["norm"]                          batch normalisation over all but the maps, by the batch's own statistics
                                      when training, by given ones when not; scale and shift are parameters
    ["pool", window]                  the largest of each window
    ["tanh"], ["relu"]
    ["push"], ["add"]                 remember the value; add the one remembered last: a residual connection
    ["mean"]                          the mean of each map
    ["dense", size]                   a product with a matrix, and a bias; all axes but the batch are one

    cost = mean of -log softmax(scores)[right class];    every parameter -= rate * its gradient

The scores are what the last layer gives. The rate is an input; the timed calls have rate 0, so that they all
do the same work on the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.kinds import convolution

FED = ("image", "labels", "rate")
EPSILON = 1e-5

Layer = list[Any]


def named(parameters: dict[str, Any]) -> Iterator[tuple[Layer, tuple[int, ...], dict[str, tuple[int, ...]]]]:
    """Each layer, the shape of what comes in but for the batch, and the shapes of its parameters by name."""
    shape: tuple[int, ...] = tuple(parameters["image"])
    for number, layer in enumerate(parameters["layers"]):
        match layer:
            case ["conv", maps, size, pad, bias]:
                own = {f"W{number}": (maps, shape[0], size, size)} | ({f"b{number}": (maps,)} if bias else {})
                after: tuple[int, ...] = (maps, *(n + 2 * pad - size + 1 for n in shape[1:]))
            case ["norm"]:
                own, after = {f"gamma{number}": shape[:1], f"beta{number}": shape[:1]}, shape
            case ["pool", window]:
                own, after = {}, (shape[0], *(n // window for n in shape[1:]))
            case ["mean"]:
                own, after = {}, shape[:1]
            case ["dense", size]:
                own, after = {f"W{number}": (int(np.prod(shape)), size), f"b{number}": (size,)}, (size,)
            case _:
                own, after = {}, shape
        yield layer, shape, own
        shape = after


def names(parameters: dict[str, Any]) -> list[str]:
    """The names of all parameters, in order."""
    return [name for _, _, own in named(parameters) for name in own]


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """A batch, the rate, and parameters of the size that keeps activations alive."""
    random = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {
        "image": random.random((parameters["batch"], *parameters["image"])),
        "rate": np.asarray(0.0 if seed == 1 else 0.1),
    }
    for _, _, own in named(parameters):
        for name, shape in own.items():
            fan = shape[0] if len(shape) == 2 else int(np.prod(shape[1:]))
            if name.startswith("gamma"):
                arrays[name] = random.uniform(0.5, 1.5, shape)
            elif len(shape) == 1:
                arrays[name] = random.uniform(-0.1, 0.1, shape)
            else:
                arrays[name] = random.uniform(-1, 1, shape) * np.sqrt(3 / fan)
            if name.startswith("gamma"):
                arrays[name.replace("gamma", "mean")] = random.uniform(-0.1, 0.1, shape)
                arrays[name.replace("gamma", "variance")] = random.uniform(0.5, 1.5, shape)
    made = {name: array.astype(dtype) for name, array in arrays.items()}
    made["labels"] = random.integers(0, 10, parameters["batch"])
    return made


def forward(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, list[Any]]:
    """The scores, and for each layer what goes back: gradient -> gradient, own gradients by name."""
    x, tape, stack = arrays["image"], [], []
    for layer, _, own in named(parameters):
        mine = {name: arrays[name] for name in own}
        x, back = LAYERS[layer[0]](x, layer, mine, parameters, arrays, stack)
        tape.append((layer, back))
    return x, tape


def column(vector: np.ndarray) -> np.ndarray:
    """A number a map, to broadcast over images."""
    return vector[:, None, None]


def conv(x, layer, own, parameters, arrays, stack):
    *_, pad, bias = layer
    W, *b = own.values()
    plain = {
        "image": list(x.shape), "filters": list(W.shape), "stride": [1, 1], "dilation": [1, 1],
        "pads": [[pad, pad]] * 2, "groups": 1, "pool": 0, "act": "none",
    }  # fmt: skip
    shape = convolution.maps_shape(plain)
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    y = np.zeros(shape)
    for (i, j), pixels in convolution.taps(plain, shape):
        y += np.tensordot(W[:, :, i, j], padded[:, :, *pixels], axes=(1, 1)).transpose(1, 0, 2, 3)

    def back(g):
        by_W, by_x = np.zeros_like(W), np.zeros_like(padded)
        for (i, j), pixels in convolution.taps(plain, shape):
            by_W[:, :, i, j] = np.tensordot(g, padded[:, :, *pixels], axes=((0, 2, 3), (0, 2, 3)))
            by_x[:, :, *pixels] += np.tensordot(W[:, :, i, j], g, axes=(0, 1)).transpose(1, 0, 2, 3)
        inside = by_x[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
        return inside, dict(zip(own, [by_W, g.sum(axis=(0, 2, 3))][: len(own)], strict=True))

    return (y + column(b[0]) if bias else y), back


def norm(x, layer, own, parameters, arrays, stack):
    gamma, beta = own.values()
    if not parameters["train"]:
        number = next(iter(own)).removeprefix("gamma")
        mean, variance = arrays[f"mean{number}"], arrays[f"variance{number}"]
        return column(gamma) * (x - column(mean)) / np.sqrt(column(variance) + EPSILON) + column(beta), None
    over = (0, 2, 3)
    centred = x - x.mean(over, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(over, keepdims=True) + EPSILON)
    unit = centred * scale

    def back(g):
        by_unit = g * column(gamma)
        by_x = by_unit - by_unit.mean(over, keepdims=True) - unit * (by_unit * unit).mean(over, keepdims=True)
        return by_x * scale, dict(zip(own, [(g * unit).sum(over), g.sum(over)], strict=True))

    return unit * column(gamma) + column(beta), back


def pool(x, layer, own, parameters, arrays, stack):
    window = layer[1]
    y = convolution.pooled(x, window)
    rows, columns = (n * window for n in y.shape[2:])
    wide = lambda a: a.repeat(window, axis=2).repeat(window, axis=3)  # noqa: E731

    def back(g):
        by_x = np.zeros_like(x)
        by_x[:, :, :rows, :columns] = wide(g) * (x[:, :, :rows, :columns] == wide(y))
        return by_x, {}

    return y, back


def tanh(x, layer, own, parameters, arrays, stack):
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y * y), {})


def relu(x, layer, own, parameters, arrays, stack):
    return np.maximum(x, 0), lambda g: (g * (x > 0), {})


def mean(x, layer, own, parameters, arrays, stack):
    return x.mean(axis=(2, 3)), lambda g: (np.broadcast_to(g[..., None, None], x.shape) / x[0, 0].size, {})


def dense(x, layer, own, parameters, arrays, stack):
    W, b = own.values()
    flat = x.reshape(len(x), -1)
    back = lambda g: ((g @ W.T).reshape(x.shape), dict(zip(own, [flat.T @ g, g.sum(0)], strict=True)))  # noqa: E731
    return flat @ W + b, back


def push(x, layer, own, parameters, arrays, stack):
    stack.append(x)
    return x, None


def add(x, layer, own, parameters, arrays, stack):
    return x + stack.pop(), None


LAYERS = {
    "conv": conv, "norm": norm, "pool": pool, "tanh": tanh, "relu": relu, "mean": mean, "dense": dense,
    "push": push, "add": add,
}  # fmt: skip


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    """The scores; or the cost and the new parameters; in float64."""
    labels = arrays["labels"]
    wide = {name: array.astype(np.float64) for name, array in arrays.items() if name != "labels"}
    scores, tape = forward(parameters, wide)
    if not parameters["train"]:
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    cost = -np.mean(np.log(p[rows, labels]))
    p[rows, labels] -= 1
    gradient, stack = p / len(labels), []
    found: dict[str, np.ndarray] = {}
    for (kind, *_), back in reversed(tape):
        if kind == "add":
            stack.append(gradient)
        elif kind == "push":
            gradient = gradient + stack.pop()
        else:
            gradient, own = back(gradient)
            found |= own
    return cost, *(wide[name] - wide["rate"] * found[name] for name in names(parameters))


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """Scores and parameters are about 1. A float32 rounding may choose another of two nearly equal pixels."""
    return {"float32": 2e-3, "float64": 1e-9}[dtype]
