"""Max pooling that keeps which cells won, and its gradient by them; imports the ops of pooling.

    PoolWinners  z[j] = max of x[i] over i in W_j, and a mask of the cells with x[i] = z[j]
    Award        Route by that mask: x[i] = sum over j that hold i of g[j] where i won W_j

The compiler introduces them where nothing but a gradient needs the tensor: see compile/rules/pooling.py.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import DTypeError
from symconv.graph.op import Op
from symconv.graph.types import Array, TensorType
from symconv.ops.pool.arrays import cropped, laid, lowest, padded_shape, views, wide
from symconv.ops.pool.base import _Pooling
from symconv.ops.pool.kernels import give_to_winners, last, scattered, too_large, winners_of
from symconv.ops.pool.ops import Pool

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


class PoolWinners(Pool):
    """The largest element of each window, and which of its cells have it.

    The second result has an axis for each axis of a window before those of the first. It is int8: -1, all
    bits, where a cell has the maximum, else 0. A gradient needs it and nothing else of the tensor: see Award.

    Examples
    --------
    >>> import numpy as np
    >>> from symconv.ops.pool.geometry import PoolGeometry
    >>> windows = PoolGeometry((2,), (2,), (0,), True)
    >>> PoolWinners("max", 1, True, windows).perform(np.array([1.0, 5.0, 7.0, 7.0]))
    (array([5., 7.]), array([[ 0, -1],
           [-1, -1]], dtype=int8))
    """

    def out_types(self, *types: TensorType) -> Any:
        """The maxima's type; int8."""
        pooled = super().out_types(*types)
        assert self.geometry is not None
        return pooled, TensorType("int8", (*self.geometry.window, *pooled.shape))

    def perform(self, *arrays: Array) -> Any:
        """Pool, and the comparison of each window's cells with it."""
        pooled = super().perform(*arrays)
        (x,), geometry = self._split(arrays)
        cells = views(laid(x, geometry, lowest(x.dtype)), x, geometry)
        won = np.stack([-(cell == pooled).astype(np.int8) for cell in cells])
        return pooled, won.reshape(*geometry.window, *pooled.shape)

    grad = Op.grad  # type: ignore[assignment]  # none: it is made when all gradients are

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """As Pool; by ``perform`` where that is."""
        (x,) = inputs
        assert self.geometry is not None
        empty = 0 in (*x.shape, *outputs[0].shape)
        if x.dtype == "float16" or empty or too_large(k, self.geometry, x):
            at = k.whole(outputs[0].ndim)
            tile = k.tile(at)
            k.perform(self, inputs, (tile, *outputs[1:]))
            k.epilogue(tile, at)
            return
        super().lower(k, inputs, outputs)

    def _besides(self, k: "Builder", cells: "Value", pooled: "Value", others: "Sequence[Value]") -> None:
        """Write which cells have the maximum."""
        assert self.geometry is not None
        for won in others:
            k.into(winners_of, [cells, pooled, *map(k.number, self.geometry.stride)], won)


class Award(_Pooling):
    """The gradient of a maximum, by its winners: gradient, winners, like -> the shape of ``like``."""

    tensors: ClassVar[tuple[str, ...]] = ("gradient", "winners", "like")
    ignores_values: ClassVar[tuple[int, ...]] = (2,)
    precedes: ClassVar[bool] = True

    def out_types(self, *types: TensorType) -> TensorType:
        """The shape of ``like``, the dtype of the gradient."""
        gradient, winners, like, *_ = types
        self._check_pooled("a gradient", gradient, like, types)
        if winners.dtype != "int8" or winners.ndim != like.ndim + self.ndim:
            raise DTypeError(f"{self.label} needs the winners of PoolWinners, got {winners}")
        return gradient.with_shape(like.shape)

    def perform(self, *arrays: Array) -> Any:
        """The gradient, added to every cell that won."""
        (gradient, winners, like), geometry = self._split(arrays)
        result = np.zeros(padded_shape(like, geometry), wide(gradient.dtype))
        zero = np.zeros((), gradient.dtype)
        for offset, target in zip(
            np.ndindex(*geometry.window), views(result, like, geometry), strict=True
        ):
            target += np.where(winners[offset], gradient, zero)
        return cropped(result, like, geometry).astype(gradient.dtype, copy=False)

    grad = Op.grad  # none: it is made when all gradients are

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Block by block of the leading axes, one window element after the other."""
        geometry = self.geometry
        gradient, winners, like = inputs
        assert geometry is not None
        empty = 0 in (*like.shape, *gradient.shape)
        if gradient.dtype == "float16" or empty or too_large(k, geometry, like):
            self._performed(k, inputs, outputs)
            return
        scattered(k, geometry, like, gradient, lambda some: gradient[some], None, winners)

    def fill(self, k: "Builder", inputs: "Sequence[Value]", at: tuple[Any, ...], out: "Value") -> None:
        """The part that some windows give, which lie side by side."""
        gradient, winners, _ = inputs
        assert self.geometry is not None
        give_to_winners(k, self.geometry, gradient[at], last(winners, *at), out, (), ())
