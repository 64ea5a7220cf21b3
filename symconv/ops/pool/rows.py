"""Pooling and its gradients of some rows of an image that is too large to be a block; imports its neighbours.

A kernel usually takes whole maps, axis after axis. Where one map alone is more than a block may touch
(``scratch_bytes``), rows of windows, or of the image for a gradient, are computed by the functions here,
which lay out no more than these rows see.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from symconv.graph.types import Array
from symconv.ops.pool.arrays import lowest
from symconv.ops.pool.geometry import PoolGeometry
from symconv.ops.pool.kernels import item, lead_of

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

Rows = Callable[..., None]


def pooled(k: "Builder", x: "Value", geometry: PoolGeometry, mode: str) -> None:
    """Write pooling, block by block of rows of windows."""
    _, sizes = lead_of(x, geometry)
    outputs = [count or 0 for count in geometry.output_sizes(sizes)]
    _by_rows(k, geometry, x, outputs, pooled_rows(geometry, mode, sizes), [x])


def scattered(
    k: "Builder", geometry: PoolGeometry, mode: str, like: "Value", gradient: "Value", largest: "Value | None"
) -> None:
    """Write a gradient of pooling, block by block of rows of the image; a maximum's with ``largest``."""
    _, sizes = lead_of(like, geometry)
    tensors = [gradient] if largest is None else [gradient, like, largest]
    _by_rows(k, geometry, like, sizes, scattered_rows(geometry, mode, sizes), tensors)


def _by_rows(
    k: "Builder", geometry: PoolGeometry, like: "Value", results: Sequence[int], rows: Rows, tensors: Any
) -> None:
    lead, sizes = lead_of(like, geometry)
    names = (("n", "images"), ("c", "maps"))
    axes = [k.axis(size, *name, most=1) for size, name in zip(lead, names, strict=False)]
    down = k.axis(results[0], "top", "rows", last=geometry.ndim == 1)
    others = (slice(None),) * (len(lead) - len(axes))
    each = 4 * item(like) * prod(lead[2:]) * prod(geometry.covered(sizes)[1:]) * geometry.stride[0]
    with k.blocks(*axes, down, bytes_each=max(1, each), calls=4 * prod(geometry.window)) as (*ones, block):
        images: tuple[Any, ...] = (*(one.slice for one in ones), *others)
        at: tuple[Any, ...] = (*images, block.slice, *(slice(None),) * (geometry.ndim - 1))
        tile = k.tile(at)
        k.into(rows, [*(tensor[images] for tensor in tensors), k.number(block.start)], tile)
        k.epilogue(tile, at)


def pooled_rows(geometry: PoolGeometry, mode: str, sizes: Sequence[int]) -> Rows:
    """A function of x, the first row of windows, and where the results of that and the next ones go."""
    around = 0 if mode != "max" else None
    combine = np.maximum if mode == "max" else np.add

    def rows_of_windows(x: Array, first: int, out: Array) -> None:
        count = out.shape[out.ndim - geometry.ndim]
        out[...] = lowest(x.dtype) if around is None else around
        cells = _laid(x, geometry, sizes, *_seen(geometry, first, count), around)
        for view in _views(cells, geometry, count, sizes):
            combine(out, view, out=out)
        if mode.startswith("average"):
            np.true_divide(out, geometry.counts(sizes, mode, first, count), out=out)

    return rows_of_windows


def scattered_rows(geometry: PoolGeometry, mode: str, sizes: Sequence[int]) -> Rows:
    """A function of the gradient (of x and the maxima too, for a maximum), the image's first row, out."""
    window, stride, pad = geometry.window[0], geometry.stride[0], geometry.pad[0]
    windows = geometry.output_sizes(sizes)[0] or 0

    def rows_of_image(gradient: Array, *rest: Any) -> None:
        *maximum, first, out = rest
        axis = out.ndim - geometry.ndim
        out[...] = 0
        rows = out.shape[axis]
        begin = max(0, -(-(first + pad - window + 1) // stride))
        count = min(windows, (first + rows - 1 + pad) // stride + 1) - begin
        if count <= 0:
            return
        low, high = _seen(geometry, begin, count)
        some: tuple[Any, ...] = (..., slice(begin, begin + count), *(slice(None),) * (geometry.ndim - 1))
        share = gradient[some]
        if mode.startswith("average"):
            share = share / geometry.counts(sizes, mode, begin, count)
            share = share.astype(gradient.dtype, copy=False)
        target = np.zeros((*out.shape[:axis], high - low, *geometry.covered(sizes)[1:]), gradient.dtype)
        places = _views(target, geometry, count, sizes)
        if maximum:
            x, largest = maximum
            cells = _views(_laid(x, geometry, sizes, low, high, None), geometry, count, sizes)
            for place, met in zip(places, cells, strict=True):
                place += np.where(met == largest[some], share, np.zeros((), share.dtype))
        else:
            for place in places:
                place += share
        start, end = max(first, low), min(first + rows, high)
        inside = geometry.inside(sizes)[1:]
        ends = (slice(0, length) for _, length in inside)
        to: tuple[Any, ...] = (..., slice(start - first, end - first), *ends)
        rest_of = (slice(a, a + n) for a, n in inside)
        taken: tuple[Any, ...] = (..., slice(start - low, end - low), *rest_of)
        out[to] = target[taken]

    return rows_of_image


def _seen(geometry: PoolGeometry, first: int, count: int) -> tuple[int, int]:
    """The rows of the image that rows of windows cover, the first of them possibly before it."""
    low = first * geometry.stride[0] - geometry.pad[0]
    return low, low + (count - 1) * geometry.stride[0] + geometry.window[0]


def _laid(x: Array, geometry: PoolGeometry, sizes: Sequence[int], low: int, high: int, around: Any) -> Array:
    """Rows of the image, as windows cover them; around it ``around``, or what loses every comparison."""
    axis = x.ndim - geometry.ndim
    fill = lowest(x.dtype) if around is None else around
    cells = np.full((*x.shape[:axis], high - low, *geometry.covered(sizes)[1:]), fill, x.dtype)
    start, end = max(low, 0), min(high, sizes[0])
    if start < end:
        inside = geometry.inside(sizes)[1:]
        to: tuple[Any, ...] = (..., slice(start - low, end - low), *(slice(a, a + n) for a, n in inside))
        taken: tuple[Any, ...] = (..., slice(start, end), *(slice(0, length) for _, length in inside))
        cells[to] = x[taken]
    return cells


def _views(cells: Array, geometry: PoolGeometry, count: int, sizes: Sequence[int]) -> list[Array]:
    """For each element of a window, the cells that it meets in so many rows of windows."""
    outputs = [count, *(size or 0 for size in geometry.output_sizes(sizes)[1:])]
    found = []
    for offsets in np.ndindex(*geometry.window):
        index: tuple[Any, ...] = tuple(
            slice(offset, offset + (many - 1) * stride + 1 if many else offset, stride)
            for offset, many, stride in zip(offsets, outputs, geometry.stride, strict=True)
        )
        found.append(cells[(..., *index)])
    return found
