"""The ops of pooling, closed under differentiation; imports what they share, and the geometry.

With tensor x [..., *sizes], windows W_j and pooled z [..., *windows]:

    Pool         z[j] = max, sum or average of x[i] over i in W_j
    Spread       the adjoint of a sum or average:   x[i] = sum over windows j that hold i of g[j] / n[j]
    Route        gradient of a maximum:             x[i] = sum over j that hold i of g[j] where x[i] = z[j]
    Select       its adjoint:                       z[j] = sum over i in W_j of d[i] where x[i] = z[j]

winners.py has Pool with a mask of the cells with x[i] = z[j], and Route by that mask.

Every cell that ties for the maximum receives the full gradient, as in Theano. A maximum is linear between
ties, so Route and Select are each other's derivative, and no others arise.
"""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import DTypeError, RankError
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients
from symconv.graph.types import Array, TensorType
from symconv.ops.pool import rows
from symconv.ops.pool.arrays import cropped, laid, lowest, padded_shape, pooled_shape, views, wide
from symconv.ops.pool.arrays import sizes as pooled_sizes
from symconv.ops.pool.base import _Pooling
from symconv.ops.pool.geometry import PoolGeometry
from symconv.ops.pool.kernels import blocks_of, item, last, lead_of, scattered, surround, too_large

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


class Pool(_Pooling):
    """The largest element, the sum or the average of each window over the last axes.

    Examples
    --------
    >>> import numpy as np
    >>> windows = PoolGeometry((2, 2), (2, 2), (0, 0), True)
    >>> Pool("max", 2, True, windows).perform(np.arange(16.0).reshape(4, 4))
    array([[ 5.,  7.],
           [13., 15.]])
    """

    tensors: ClassVar[tuple[str, ...]] = ("x",)

    @property
    def follows(self) -> bool:  # type: ignore[override]
        """Where windows are known."""
        return self.geometry is not None

    def out_types(self, *types: TensorType) -> Any:
        """The tensor's dtype; averages need floating point."""
        (x, *_) = types
        if x.is_discrete and self.mode.startswith("average"):
            raise DTypeError(f"an average of {x.dtype} is no {x.dtype}", hint="x.astype('float64')")
        return x.with_shape(self._pooled(x, types))

    def perform(self, *arrays: Array) -> Any:
        """Each window's cells, one shifted view of the padded tensor after the other."""
        (x,), geometry = self._split(arrays)
        combine = np.maximum if self.mode == "max" else np.add
        start = lowest(x.dtype) if self.mode == "max" else 0
        padded = laid(x, geometry, start)
        result = np.full(pooled_shape(x, geometry), start, wide(x.dtype))
        with np.errstate(all="ignore"):
            for view in views(padded, x, geometry):
                combine(result, view, out=result)
            if self.mode.startswith("average"):
                result /= geometry.counts(pooled_sizes(x, geometry), self.mode)
        return result.astype(x.dtype, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """To every cell that ties for the maximum; or spread over the window."""
        x, (gradient,) = inputs[0], gradients
        none: list[Variable | None] = [None] * (len(inputs) - 1)
        if gradient is None or x.type.is_discrete:
            return [None, *none]
        if self.mode == "max":
            return [self._other(Route, inputs, x, outputs[0], gradient), *none]
        return [self._other(Spread, inputs, gradient, x), *none]

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Axis by axis: windows along rows, then along columns; block by block of the leading axes."""
        geometry = self.geometry
        if geometry is None or inputs[0].dtype == "float16" or 0 in (*inputs[0].shape, *outputs[0].shape):
            self._performed(k, inputs, outputs)
            return
        (x,) = inputs
        lead, sizes = lead_of(x, geometry)
        if too_large(k, geometry, x):
            rows.pooled(k, x, geometry, self.mode)
            return
        each = item(x) * (prod(geometry.covered(sizes)) * 2 + prod(sizes))
        with blocks_of(k, lead, each, 12, k.order(x)) as blocks:
            at = tuple(block.slice for block in blocks) + (slice(None),) * (x.ndim - len(blocks))
            tile = k.tile(at)
            cells = self._windows(k, x[at] if blocks else x, sizes, tile, k.order(x))
            self._besides(k, cells, tile, [last(other, *at) for other in outputs[1:]])
            k.epilogue(tile, at)

    def on_tile(
        self,
        k: "Builder",
        tile: "Value",
        whole: Sequence[int],
        out: "Value",
        others: "Sequence[Value]",
        order: tuple[int, ...],
    ) -> None:
        """The windows of the tile."""
        cells = self._windows(k, tile, whole[len(whole) - self.ndim :], out, order)
        self._besides(k, cells, out, others)

    def _besides(self, k: "Builder", cells: "Value", pooled: "Value", others: "Sequence[Value]") -> None:
        """Write further outputs, of which there are none."""

    def _windows(
        self, k: "Builder", part: "Value", sizes: Sequence[int], tile: "Value", order: tuple[int, ...]
    ) -> "Value":
        """Windows of a part; ``sizes`` is how long its pooled axes are, where they are not cut.

        Returns the cells that they cover.
        """
        geometry = self.geometry
        assert geometry is not None
        units = self.units(sizes)
        ends = part.shape[part.ndim - self.ndim :]
        whole = zip(units, ends, geometry.covered(sizes), geometry.inside(sizes), strict=True)
        cells = [(end, (0, end)) if unit else (cover, inside) for unit, end, cover, inside in whole]
        padded, inside = [cover for cover, _ in cells], [within for _, within in cells]
        source = part
        if 0 in units:
            source = last(part, *(k.steps(0, length, 1) for _, length in inside))
            if any(within != (0, cover) for cover, within in cells):
                kept = part.shape[: part.ndim - self.ndim]
                buffer = k.buffer((*kept, *padded), part.dtype, "padded", order)
                surround(k, buffer, inside, lowest(np.dtype(part.dtype)) if self.mode == "max" else 0)
                k.copy(source, last(buffer, *(k.steps(start, length, 1) for start, length in inside)))
                source = buffer
        self._reduced(k, source, geometry, "maximum" if self.mode == "max" else "add", tile, order)
        if self.mode.startswith("average"):
            counts = geometry.counts(sizes, self.mode)
            if counts.size and (counts == counts.flat[0]).all():
                k.call("true_divide", tile, k.number(float(counts.flat[0])), out=tile)
            else:  # along axes that are cut all windows are whole
                counts = counts[tuple(slice(0, 1) if unit else slice(None) for unit in units)]
                k.call("true_divide", tile, k.constant(counts.astype(part.dtype)), out=tile)
        return source

    def _reduced(
        self,
        k: "Builder",
        source: "Value",
        geometry: PoolGeometry,
        function: str,
        tile: "Value",
        order: tuple[int, ...],
    ) -> None:
        """Windows of one axis after the other, the last into the tile."""
        first = source.ndim - geometry.ndim
        steps = zip(geometry.window, geometry.stride, strict=True)
        axes = [axis for axis, pair in enumerate(steps) if pair != (1, 1)] or [0]
        for axis in axes:
            count = tile.shape[first + axis]
            final = axis == axes[-1]
            shape = (*source.shape[: first + axis], count, *source.shape[first + axis + 1 :])
            out = tile if final else k.buffer(shape, source.dtype, "reduced", order)
            before = (slice(None),) * (first + axis)
            window, stride = geometry.window[axis], geometry.stride[axis]
            views = [source[(*before, k.steps(offset, count, stride))] for offset in range(window)]
            if len(views) == 1:
                k.copy(views[0], out)
            else:
                k.call(function, views[0], views[1], out=out)
            for view in views[2:]:
                k.call(function, out, view, out=out)
            source = out


class Spread(_Pooling):
    """The adjoint of a summing or averaging Pool: gradient, like -> a tensor of the shape of ``like``."""

    tensors: ClassVar[tuple[str, ...]] = ("gradient", "like")
    ignores_values: ClassVar[tuple[int, ...]] = (1,)

    def out_types(self, *types: TensorType) -> TensorType:
        """The shape of ``like``, the dtype of the gradient."""
        gradient, like, *_ = types
        self._check_pooled("a gradient", gradient, like, types)
        return gradient.with_shape(like.shape)

    def perform(self, *arrays: Array) -> Any:
        """The gradient, divided where it is an average's, added to every cell of its window."""
        (gradient, like), geometry = self._split(arrays)
        share = gradient.astype(wide(gradient.dtype), copy=False)
        if self.mode.startswith("average"):
            share = share / geometry.counts(pooled_sizes(like, geometry), self.mode)
            share = share.astype(wide(gradient.dtype), copy=False)
        padded = np.zeros(padded_shape(like, geometry), share.dtype)
        for view in views(padded, like, geometry):
            view += share
        return cropped(padded, like, geometry).astype(gradient.dtype, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """By the gradient: Pool."""
        rest: list[Variable | None] = [None] * (len(inputs) - 1)
        (direction,) = gradients
        return [None if direction is None else self._other(Pool, inputs, direction), *rest]

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Block by block of the leading axes: assigned where windows do not overlap, added where they do."""
        geometry = self.geometry
        if geometry is None or inputs[0].dtype == "float16" or 0 in (*inputs[0].shape, *outputs[0].shape):
            self._performed(k, inputs, outputs)
            return
        gradient, like = inputs
        if too_large(k, geometry, like):
            rows.scattered(k, geometry, self.mode, like, gradient, None)
            return
        _, sizes = lead_of(like, geometry)
        counts = geometry.counts(sizes, self.mode) if self.mode.startswith("average") else None

        def share(some: Any) -> "Value":
            if counts is None:
                return gradient[some]
            result = k.buffer(gradient[some].shape, gradient.dtype, "share")
            divisor = k.constant(counts.astype(gradient.dtype))
            k.call("true_divide", gradient[some], divisor, out=result)
            return result

        scattered(k, geometry, like, gradient, share, None)


class Route(_Pooling):
    """The gradient of a maximum: x, pooled, gradient -> a tensor of the shape of x."""

    tensors: ClassVar[tuple[str, ...]] = ("x", "pooled", "gradient")

    def out_types(self, *types: TensorType) -> TensorType:
        """The shape of x, the dtype of the gradient."""
        x, pooled, gradient, *_ = types
        self._check_pooled("pooled values", pooled, x, types)
        self._check_pooled("a gradient", gradient, x, types)
        return gradient.with_shape(x.shape)

    def perform(self, *arrays: Array) -> Any:
        """The gradient, added to every cell of its window that equals the maximum."""
        (x, pooled, gradient), geometry = self._split(arrays)
        padded = laid(x, geometry, lowest(x.dtype))
        result = np.zeros(padded.shape, wide(gradient.dtype))
        zero = np.zeros((), gradient.dtype)
        for cells, target in zip(views(padded, x, geometry), views(result, x, geometry), strict=True):
            target += np.where(cells == pooled, gradient, zero)
        return cropped(result, x, geometry).astype(gradient.dtype, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """By the gradient: Select. Which cells are largest changes only in jumps."""
        x, pooled, *_ = inputs
        (direction,) = gradients
        by_gradient = None if direction is None else self._other(Select, inputs, x, pooled, direction)
        return [None, None, by_gradient, *([None] * (len(inputs) - 3))]

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Block by block of the leading axes, one window element after the other."""
        geometry = self.geometry
        if geometry is None or inputs[2].dtype == "float16" or 0 in (*inputs[0].shape, *inputs[1].shape):
            self._performed(k, inputs, outputs)
            return
        x, pooled, gradient = inputs
        if too_large(k, geometry, x):
            rows.scattered(k, geometry, self.mode, x, gradient, pooled)
            return
        scattered(k, geometry, x, gradient, lambda some: gradient[some], pooled)


class Select(_Pooling):
    """The adjoint of Route: x, pooled, direction -> for each window the direction's sum at its maxima."""

    tensors: ClassVar[tuple[str, ...]] = ("x", "pooled", "direction")

    def out_types(self, *types: TensorType) -> TensorType:
        """The shape of the pooled values, the dtype of the direction."""
        x, pooled, direction, *_ = types
        self._check_pooled("pooled values", pooled, x, types)
        if direction.ndim != x.ndim:
            raise RankError(f"Select needs a direction of {x.ndim} dimensions, got {direction.ndim}")
        return direction.with_shape(self._pooled(x, types))

    def perform(self, *arrays: Array) -> Any:
        """The direction's cells, summed where the tensor's cell equals the maximum."""
        (x, pooled, direction), geometry = self._split(arrays)
        padded = laid(x, geometry, lowest(x.dtype))
        moved = laid(direction, geometry, 0)
        result = np.zeros(pooled.shape, wide(direction.dtype))
        zero = np.zeros((), direction.dtype)
        for cells, term in zip(views(padded, x, geometry), views(moved, x, geometry), strict=True):
            result += np.where(cells == pooled, term, zero)
        return result.astype(direction.dtype, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """By the direction: Route."""
        x, pooled, *_ = inputs
        (gradient,) = gradients
        by_direction = None if gradient is None else self._other(Route, inputs, x, pooled, gradient)
        return [None, None, by_direction, *([None] * (len(inputs) - 3))]

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """By ``perform``: only second derivatives need it."""
        self._performed(k, inputs, outputs)
