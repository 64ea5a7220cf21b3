"""Softmax, its logarithm and the logarithm of sums of exponentials, each in one pass; imports rows and sums.

    Softmax          eˣ / s, where s is the sum of eˣ along axes
    LogSoftmax       x - log s
    LogSumExp        log s
    SoftmaxParts     Softmax and the parts of log s
    SoftmaxGradient  p · (g - sum of g p): the Jacobian of Softmax, whose result is p, times g

They are ops and no compositions, because rules must recognise them in gradients: from exp, sum and division
the gradient of log(softmax(x)) becomes a tangle in which an overflow cannot be undone, while g / p inside a
SoftmaxGradient of p is seen at a glance. And one kernel computes a block of rows while it is in the cache.
"""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import DTypeError, GradientError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op, Role
from symconv.graph.types import Array, TensorType
from symconv.ops.elemwise_rows import exp
from symconv.ops.reduce import reduced
from symconv.ops.reduce import sum as total

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.region import Position
    from symconv.compile.values import Value


CALLS = 8  # of NumPy, about, for a block of rows


def _wide(x: Array) -> Array:
    """Half precision is too short for sums."""
    return x.astype("float32") if x.dtype == "float16" else x


@frozen
class _AlongAxes(Op):
    """What the ops here have in common: rows along ``axes`` that do not depend on one another.

    Attributes
    ----------
    axes : tuple of int
        Along which elements are added up, ascending.
    """

    role: ClassVar[Role] = "anchor"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    axes: tuple[int, ...]

    def out_types(self, *types: TensorType) -> TensorType | tuple[TensorType, ...]:
        for type in types:
            if not type.is_float:
                raise DTypeError(f"{self.label} needs real floating-point numbers, got {type.dtype}")
        return types[0]

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Block by block of the first axis that is not added up along."""
        x = inputs[0]
        sizes = [int(size) for size in x.shape]  # type: ignore[arg-type]
        if x.dtype == "float16" or 0 in sizes:
            self._at_once(k, inputs, outputs)
            return
        first = next((axis for axis in range(x.ndim) if axis not in self.axes), None)
        if first is None:
            self._rows(k, inputs, outputs, k.whole(x.ndim))
            return
        others = prod(size for axis, size in enumerate(sizes) if axis != first)
        each = others * np.dtype(x.dtype).itemsize * (len(inputs) + 1)
        work = prod(sizes) * (1.0 if x.dtype == "float32" else 1.8)
        # Calls are many and short: threads wait for one another at each.
        calls = CALLS if k.is_brief(work) else CALLS * k.machine.SHARED
        with k.blocks(
            k.axis(sizes[first], "start", "length"), bytes_each=each, calls=calls, work=work
        ) as (block,):
            at = tuple(block.slice if axis == first else slice(None) for axis in range(x.ndim))
            parts = [value[at] if value.shape == x.shape else value for value in inputs]
            self._rows(k, parts, outputs, at)

    def _rows(
        self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]", at: "Position"
    ) -> None:
        raise NotImplementedError

    def _at_once(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        at = k.whole(inputs[0].ndim)
        tile = k.tile(at)
        k.perform(self, inputs, [tile])
        k.epilogue(tile, at)

    def _column(self, k: "Builder", x: "Value", name: str) -> "Value":
        """Scratch for one number a row."""
        return k.buffer(reduced(x.shape, self.axes, keepdims=True), x.dtype, name)

    @property
    def _along(self) -> dict[str, Any]:
        return {"axis": self.axes, "keepdims": True}

    def _powers(self, k: "Builder", x: "Value", tile: "Value", largest: "Value", sums: "Value") -> None:
        """The largest, eˣ of x minus it in the tile, and the sums of that."""
        k.call("maximum.reduce", x, out=largest, **self._along)
        k.call("subtract", x, largest, out=tile)
        k.call("exp", tile, out=tile)
        k.call("add.reduce", tile, out=sums, **self._along)


@frozen
class Softmax(_AlongAxes):
    """eˣ / sum of eˣ along axes; the largest element is taken off first, so that nothing overflows."""

    def perform(self, x: Array) -> Array:
        if not x.size:
            return x.copy()
        with np.errstate(all="ignore"):
            wide = _wide(x)
            powers = np.exp(wide - wide.max(self.axes, keepdims=True))
            return np.asarray(powers / powers.sum(self.axes, keepdims=True)).astype(x.dtype, copy=False)

    def _rows(
        self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]", at: "Position"
    ) -> None:
        x, tile = inputs[0], k.tile(at)
        column = self._column(k, x, "column")
        self._powers(k, x, tile, column, column)
        k.call("divide", tile, column, out=tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else SoftmaxGradient(self.axes)(outputs[0], g)]


@frozen
class LogSoftmax(_AlongAxes):
    """x - log(sum of eˣ along axes): the logarithm of Softmax, finite where that is nearly 0."""

    def perform(self, x: Array) -> Array:
        if not x.size:
            return x.copy()
        with np.errstate(all="ignore"):
            wide = _wide(x)
            shifted = wide - wide.max(self.axes, keepdims=True)
            sums = np.exp(shifted).sum(self.axes, keepdims=True)
            return np.asarray(shifted - np.log(sums)).astype(x.dtype, copy=False)

    def _rows(
        self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]", at: "Position"
    ) -> None:
        x, tile = inputs[0], k.tile(at)
        largest = self._column(k, x, "largest")
        powers = k.buffer(x.shape, x.dtype, "powers")
        k.call("maximum.reduce", x, out=largest, **self._along)
        k.call("subtract", x, largest, out=tile)
        k.call("exp", tile, out=powers)
        k.call("add.reduce", powers, out=largest, **self._along)
        k.call("log", largest, out=largest)
        k.call("subtract", tile, largest, out=tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else g - exp(outputs[0]) * total(g, self.axes, keepdims=True)]


@frozen
class SoftmaxParts(_AlongAxes):
    """Softmax p, the largest m, and log(sum of e^(x - m)): what a loss and its gradient need, in one pass.

    LogSoftmax is then (x - m) - log(sum), also of chosen elements only. With a second input, a number with as
    many axes as x, Softmax is multiplied by that. Rules make this op; no one else does.
    """

    role: ClassVar[Role] = "opaque"
    argument_names: ClassVar[tuple[str, ...]] = ("x", "factor")

    def out_types(self, *types: TensorType) -> tuple[TensorType, ...]:
        super().out_types(*types)
        x, *factors = types
        if any(factor.dtype != x.dtype or factor.shape != (1,) * x.ndim for factor in factors):
            raise ShapeError("SoftmaxParts needs a factor that is one number of the dtype of x")
        column = x.with_shape(reduced(x.shape, self.axes, keepdims=True))
        return x, column, column

    def perform(self, x: Array, *factors: Array) -> tuple[Array, ...]:
        if not x.size:
            column = np.zeros(reduced(x.shape, self.axes, keepdims=True), x.dtype)
            return x.copy(), column, column.copy()
        with np.errstate(all="ignore"):
            wide = _wide(x)
            largest = wide.max(self.axes, keepdims=True)
            powers = np.exp(wide - largest)
            sums = powers.sum(self.axes, keepdims=True)
            softmax = powers / sums
            for factor in factors:
                softmax = softmax * _wide(factor)
            results = softmax, largest, np.log(sums)
        return tuple(result.astype(x.dtype, copy=False) for result in results)

    def _at_once(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        k.perform(self, inputs, outputs)

    def _rows(
        self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]", at: "Position"
    ) -> None:
        tile, largest, sums = (k.part(whole, at) for whole in outputs)
        x, *factors = inputs
        self._powers(k, x, tile, largest, sums)
        if factors:
            scale = self._column(k, x, "scale")
            k.call("divide", factors[0], sums, out=scale)
            k.call("multiply", tile, scale, out=tile)
        else:
            k.call("divide", tile, sums, out=tile)
        k.call("log", sums, out=sums)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        raise GradientError("SoftmaxParts is made by rules, after gradients have been taken")


@frozen
class LogSumExp(_AlongAxes):
    """log(sum of eˣ along axes), which stay with size 1; right for infinities too."""

    def out_types(self, *types: TensorType) -> TensorType:
        super().out_types(*types)
        return types[0].with_shape(reduced(types[0].shape, self.axes, keepdims=True))

    def perform(self, x: Array) -> Array:
        if not x.size:
            return np.full(reduced(x.shape, self.axes, keepdims=True), -np.inf, x.dtype)
        with np.errstate(all="ignore"):
            wide = _wide(x)
            largest = wide.max(self.axes, keepdims=True)
            shift = np.where(np.isfinite(largest), largest, 0)
            sums = np.exp(wide - shift).sum(self.axes, keepdims=True)
            return np.asarray(np.log(sums) + shift).astype(x.dtype, copy=False)

    def _rows(
        self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]", at: "Position"
    ) -> None:
        x, tile = inputs[0], k.tile(at)
        powers = k.buffer(x.shape, x.dtype, "powers")
        shift, finite = self._column(k, x, "shift"), k.buffer(tile.shape, "bool", "finite")
        k.call("maximum.reduce", x, out=tile, **self._along)
        k.call("isfinite", tile, out=finite)
        k.fill(0.0, shift)
        k.call("where", finite, tile, shift, out=shift)
        k.call("subtract", x, shift, out=powers)
        k.call("exp", powers, out=powers)
        k.call("add.reduce", powers, out=tile, **self._along)
        k.call("log", tile, out=tile)
        k.call("add", tile, shift, out=tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        g = gradients[0]
        return [None if g is None else g * Softmax(self.axes)(inputs[0])]


@frozen
class SoftmaxGradient(_AlongAxes):
    """p · (g - sum of g p along axes): how g, the gradient by p = softmax(x), becomes that by x."""

    argument_names: ClassVar[tuple[str, ...]] = ("p", "g")

    def out_types(self, *types: TensorType) -> TensorType:
        super().out_types(*types)
        p, g = types
        if p.dtype != g.dtype:
            raise DTypeError(f"SoftmaxGradient needs one dtype, got {p.dtype} and {g.dtype}")
        if any(None not in pair and pair[0] != pair[1] for pair in zip(p.shape, g.shape, strict=True)):
            raise ShapeError("SoftmaxGradient needs p and g of one shape")
        return p

    def perform(self, p: Array, g: Array) -> Array:
        with np.errstate(all="ignore"):
            wide, by_wide = _wide(p), _wide(g)
            result = wide * (by_wide - (by_wide * wide).sum(self.axes, keepdims=True))
        return np.asarray(result).astype(p.dtype, copy=False)

    def _rows(
        self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]", at: "Position"
    ) -> None:
        (p, g), tile = inputs, k.tile(at)
        sums = self._column(k, p, "sums")
        k.call("multiply", p, g, out=tile)
        k.call("add.reduce", tile, out=sums, **self._along)
        k.call("subtract", g, sums, out=tile)
        k.call("multiply", tile, p, out=tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (p, g), u = inputs, gradients[0]
        if u is None:
            return [None, None]
        along, across = (total(term * p, self.axes, keepdims=True) for term in (g, u))
        return [u * (g - along) - g * across, SoftmaxGradient(self.axes)(p, u)]


__all__ = ["LogSoftmax", "LogSumExp", "Softmax", "SoftmaxGradient", "SoftmaxParts"]
