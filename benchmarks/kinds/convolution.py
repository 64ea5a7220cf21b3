"""A layer of any geometry, or one of the gradients of its correlation. Imports NumPy alone.

    maps[n,k,j] = sum over c, t of W[k,c,t] x[n, c, j stride + t dilation - pad]      (not flipped; groups)

    forward      act(maps + b), or act(pool(maps) + b) where the parameters name a window to pool
    by_image     the gradient of sum(G maps) by x, by_filters: the same by W

G, as large as the maps, is an input. `pads` has a pair for each spatial axis.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

FED = ("image", "gradient")


def spatial(parameters: dict[str, Any]) -> int:
    """How many spatial axes there are."""
    return len(parameters["image"]) - 2


def maps_shape(parameters: dict[str, Any]) -> list[int]:
    """The shape of the maps, before pooling."""
    sizes = zip(
        parameters["image"][2:],
        parameters["filters"][2:],
        parameters["stride"],
        parameters["dilation"],
        parameters["pads"],
        strict=True,
    )
    found = [(n + a + b - d * (k - 1) - 1) // s + 1 for n, k, s, d, (a, b) in sizes]
    return [parameters["image"][0], parameters["filters"][0], *found]


def inputs(parameters: dict[str, Any], dtype: str, seed: int) -> dict[str, np.ndarray]:
    """Images in [0, 1), filters scaled by their fan-in, and a gradient of both signs."""
    random = np.random.default_rng(seed)
    number, *field = parameters["filters"]
    bound = 1 / np.sqrt(np.prod(field))
    return {
        "image": random.random(parameters["image"]).astype(dtype),
        "filters": random.uniform(-bound, bound, parameters["filters"]).astype(dtype),
        "bias": random.uniform(-0.5, 0.5, number).astype(dtype),
        "gradient": random.uniform(-1, 1, maps_shape(parameters)).astype(dtype),
    }


def taps(parameters: dict[str, Any], shape: list[int]) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each filter element, and the pixels of the padded image that it meets."""
    for tap in itertools.product(*map(range, parameters["filters"][2:])):
        steps = zip(tap, shape[2:], parameters["stride"], parameters["dilation"], strict=True)
        yield tap, tuple(slice(t * d, t * d + (n - 1) * s + 1, s) for t, n, s, d in steps)


def pooled(maps: np.ndarray, window: int) -> np.ndarray:
    """The largest of each whole window, side by side, over all spatial axes."""
    for axis in range(2, maps.ndim):
        count = maps.shape[axis] // window
        parts = np.take(maps, range(count * window), axis)
        shape = (*maps.shape[:axis], count, window, *maps.shape[axis + 1 :])
        maps = parts.reshape(shape).max(axis=axis + 1)
    return maps


def reference(parameters: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The formula, filter element by filter element, in float64."""
    image, filters, bias, gradient = (
        arrays[name].astype(np.float64) for name in ("image", "filters", "bias", "gradient")
    )
    groups, shape, part = parameters["groups"], maps_shape(parameters), parameters["part"]
    padded = np.pad(image, [(0, 0), (0, 0), *map(tuple, parameters["pads"])])
    split = lambda a, axis: a.reshape(*a.shape[:axis], groups, -1, *a.shape[axis + 1 :])  # noqa: E731
    banks, given = split(filters, 0), split(gradient, 1)
    axes = "xyz"[: len(shape) - 2]
    maps, by_image, by_filters = np.zeros(shape), np.zeros_like(padded), np.zeros_like(filters)
    for tap, pixels in taps(parameters, shape):
        met, bank = split(padded[:, :, *pixels], 1), banks[(..., *tap)]
        if part == "forward":
            split(maps, 1)[...] += np.einsum(f"gkc,ngc{axes}->ngk{axes}", bank, met, optimize=True)
        elif part == "by_image":
            sums = np.einsum(f"gkc,ngk{axes}->ngc{axes}", bank, given, optimize=True)
            by_image[:, :, *pixels] += sums.reshape(by_image[:, :, *pixels].shape)
        else:
            sums = np.einsum(f"ngk{axes},ngc{axes}->gkc", given, met, optimize=True)
            by_filters[(..., *tap)] = sums.reshape(by_filters[(..., *tap)].shape)
    if part == "by_image":
        inside = zip(parameters["pads"], image.shape[2:], strict=True)
        return by_image[:, :, *(slice(low, low + size) for (low, _), size in inside)]
    if part == "by_filters":
        return by_filters
    if parameters["pool"]:
        maps = pooled(maps, parameters["pool"])
    return activation(np, parameters["act"])(maps + bias.reshape(-1, *(1,) * (len(shape) - 2)))


def activation(library: Any, name: str) -> Any:
    """tanh or relu of a library that has `tanh` and `maximum`."""
    return library.tanh if name == "tanh" else lambda x: library.maximum(x, 0)


def tolerance(parameters: dict[str, Any], dtype: str) -> float:
    """The gradient by the filters sums over all pixels of all images; numbers of both signs are summed."""
    if parameters["part"] != "by_filters":
        return {"float32": 1e-4, "float64": 1e-10}[dtype]
    shape = maps_shape(parameters)
    terms = np.sqrt(shape[0] * np.prod(shape[2:]))
    return float({"float32": 1e-5, "float64": 1e-13}[dtype] * max(terms, 10))
