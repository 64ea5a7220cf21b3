"""Windows on arrays, for what the ops of pooling mean; imports the geometry."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from symconv.graph.types import Array
from symconv.ops.pool.geometry import PoolGeometry


def sizes(x: Array, geometry: PoolGeometry) -> tuple[int, ...]:
    """The sizes of the pooled axes."""
    return tuple(x.shape[x.ndim - geometry.ndim :])


def pooled_shape(x: Array, geometry: PoolGeometry) -> tuple[int, ...]:
    """The shape of the windows' results."""
    outputs = geometry.output_sizes(sizes(x, geometry))
    return (*x.shape[: x.ndim - geometry.ndim], *(size or 0 for size in outputs))


def padded_shape(x: Array, geometry: PoolGeometry) -> tuple[int, ...]:
    """The shape of all cells that windows cover."""
    return (*x.shape[: x.ndim - geometry.ndim], *geometry.covered(sizes(x, geometry)))


def laid(x: Array, geometry: PoolGeometry, around: Any) -> Array:
    """The cells that windows cover, ``around`` where that is padding."""
    padded = np.full(padded_shape(x, geometry), around, x.dtype)
    inside = geometry.inside(sizes(x, geometry))
    taken: tuple[Any, ...] = (..., *(slice(0, length) for _, length in inside))
    placed: tuple[Any, ...] = (..., *(slice(start, start + length) for start, length in inside))
    padded[placed] = x[taken]
    return padded


def cropped(padded: Array, like: Array, geometry: PoolGeometry) -> Array:
    """What covered cells are of the tensor, with zeros for cells that no window covers."""
    result = np.zeros(like.shape, padded.dtype)
    inside = geometry.inside(sizes(like, geometry))
    taken: tuple[Any, ...] = (..., *(slice(0, length) for _, length in inside))
    placed: tuple[Any, ...] = (..., *(slice(start, start + length) for start, length in inside))
    result[taken] = padded[placed]
    return result


def views(padded: Array, x: Array, geometry: PoolGeometry) -> Iterator[Array]:
    """For each element of a window, the cells that it meets in all windows."""
    outputs = [size or 0 for size in geometry.output_sizes(sizes(x, geometry))]
    for offsets in np.ndindex(*geometry.window):
        index: tuple[Any, ...] = tuple(
            slice(offset, offset + (count - 1) * stride + 1 if count else offset, stride)
            for offset, count, stride in zip(offsets, outputs, geometry.stride, strict=True)
        )
        yield padded[..., *index]


def lowest(dtype: np.dtype[Any]) -> Any:
    """What loses against everything."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype to add up in."""
    return np.dtype("float32") if dtype == np.float16 else dtype
