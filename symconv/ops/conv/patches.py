"""Patches of images and back: two ops, each the other's adjoint; imports the graph and the geometry.

    Unfold   p[.., t, j] = x[.., j s + d t - a]        x [*lead, *spatial] -> p [*lead, *kernel, *output]
    Fold     the adjoint: every patch added where it was taken from

(t runs backwards where the geometry flips; x is 0 outside.) Both are linear and have each other as their
derivative. The sizes that an op cannot see in its first input it takes from the *type* of its second, whose
values are never used: Unfold the kernel's, as the last axes of ``like``; Fold the image's.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import CoverError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.conv.geometry import ConvGeometry, sizes_text


@frozen
class _Patches(Op):
    """What the two share.

    Attributes
    ----------
    geometry : ConvGeometry
        Where windows lie; its groups mean nothing here.
    exact : bool
        Whether windows must reach the end of the image exactly.
    """

    geometry: ConvGeometry
    exact: bool = False
    ignores_values: ClassVar[tuple[int, ...]] = (1,)

    def _outputs(self, spatial: Sequence[Dim], kernel: Sequence[Dim]) -> tuple[Dim, ...]:
        try:
            output = self.geometry.output_sizes(spatial, kernel)
        except ShapeError as error:
            raise CoverError(error.what, hint=error.hint) if self.exact else error from None
        padded = self.geometry.padded_sizes(spatial, kernel)
        ends = zip(padded, self.geometry.extents(kernel), self.geometry.stride, strict=True)
        for size, extent, stride in ends:
            if self.exact and size is not None and extent is not None and (size - extent) % stride:
                raise CoverError(
                    f"patches of {sizes_text(kernel)} at steps of {sizes_text(self.geometry.stride)} "
                    f"do not divide an image of {sizes_text(spatial)}",
                    hint="mode='ignore_borders' leaves out what is over",
                )
        return output

    def _split(self, type: TensorType, count: int) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
        if type.ndim < count:
            raise RankError(f"{self.label} needs at least {count} axes, got {type.ndim}-d")
        return type.shape[: type.ndim - count], type.shape[type.ndim - count :]

    def _padded(
        self, lead: Sequence[int], spatial: Sequence[int], kernel: Sequence[int], dtype: Any
    ) -> tuple[Array, Any]:
        """Zeros of the padded image, and the index of the image in it."""
        pads = [(low or 0, high or 0) for low, high in self.geometry.pads(kernel)]
        sizes = [size + low + high for size, (low, high) in zip(spatial, pads, strict=True)]
        inside = (..., *(slice(low, low + size) for size, (low, _) in zip(spatial, pads, strict=True)))
        return np.zeros((*lead, *sizes), dtype), inside


class Unfold(_Patches):
    """The patches of images: x [*lead, *spatial], like [..., *kernel] -> [*lead, *kernel, *output].

    Examples
    --------
    >>> unfold = Unfold(ConvGeometry((1,), flip=False))
    >>> unfold.perform(np.arange(4.0), np.zeros(2))
    array([[0., 1., 2.],
           [1., 2., 3.]])
    """

    argument_names: ClassVar[tuple[str, ...]] = ("image", "filters")

    def out_types(self, *types: TensorType) -> TensorType:
        """Dtype of the image."""
        x, like = types
        lead, spatial = self._split(x, self.geometry.ndim)
        _, kernel = self._split(like, self.geometry.ndim)
        return x.with_shape((*lead, *kernel, *self._outputs(spatial, kernel)))

    def perform(self, *arrays: Array) -> Any:
        """For each place in the kernel, the pixels that it meets."""
        x, like = arrays
        ndim = self.geometry.ndim
        lead, spatial = x.shape[: x.ndim - ndim], x.shape[x.ndim - ndim :]
        kernel = like.shape[like.ndim - ndim :]
        output = [size or 0 for size in self._outputs(spatial, kernel)]
        padded, inside = self._padded(lead, spatial, kernel, x.dtype)
        padded[inside] = x
        result = np.empty((*lead, *kernel, *output), x.dtype)
        for element, pixels in self.geometry.taps(kernel, output):
            met: tuple[Any, ...] = (..., *pixels)
            tap: tuple[Any, ...] = (*(slice(None),) * len(lead), *element)
            result[tap] = padded[met]
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """Fold."""
        x, _ = inputs
        (gradient,) = gradients
        return [None if x.type.is_discrete else Fold(self.geometry, self.exact)(gradient, x), None]


@frozen
class UnsharedUnfold(Unfold):
    """Unfold for filters [K, *output, C/groups, *kernel] of their own at each place; checks that they fit.

    Attributes
    ----------
    groups : int
        Equal blocks of channels, each with its own equal block of filters.
    """

    groups: int = 1

    def out_types(self, *types: TensorType) -> TensorType:
        """As of Unfold; every error of filters that do not fit, as soon as the sizes are known."""
        x, bank = types
        ndim = self.geometry.ndim
        result = super().out_types(x, bank)
        channels, output = x.shape[1], result.shape[2 + ndim :]
        count, *places = bank.shape[: ndim + 1]
        depth = bank.shape[ndim + 1]
        layout = "filters are [out, *output, in, *kernel]"
        for what, size in (("input channels", channels), ("filters", count)):
            if size is not None and size % self.groups:
                raise ShapeError(
                    f"an unshared convolution cannot divide {size} {what} into {self.groups} equal groups",
                    hint="num_groups must divide the channels of the image and the number of filters",
                )
        if channels is not None and depth is not None and channels != depth * self.groups:
            needed = channels // self.groups
            raise ShapeError(
                f"an unshared convolution needs filters with {needed} input channels, got {depth}",
                hint=layout,
            )
        if any(None not in (a, b) and a != b for a, b in zip(output, places, strict=True)):
            raise ShapeError(
                f"an unshared convolution needs filters for an output of {sizes_text(output)}, "
                f"got {sizes_text(places)}",
                hint=layout,
            )
        return result


class Fold(_Patches):
    """Patches added where they were taken from: [*lead, *kernel, *output], like -> [*lead, *spatial]."""

    argument_names: ClassVar[tuple[str, ...]] = ("patches", "image")

    def out_types(self, *types: TensorType) -> TensorType:
        """Dtype of the patches; as many as the image has."""
        patches, like = types
        ndim = self.geometry.ndim
        lead, parts = self._split(patches, 2 * ndim)
        front, spatial = self._split(like, ndim)
        kernel, output = parts[:ndim], parts[ndim:]
        expected = self._outputs(spatial, kernel)
        for have, need in zip((*lead, *output), (*front, *expected), strict=True):
            if have is not None and need is not None and have != need:
                raise ShapeError(
                    f"an image of {sizes_text(like.shape)} has {sizes_text(expected)} patches of "
                    f"{sizes_text(kernel)}, got {sizes_text(output)} for {sizes_text(lead)} images",
                    hint="the shape of the image must be the one that the patches came from",
                )
        shape = tuple(b if a is None else a for a, b in zip(lead, front, strict=True))
        return patches.with_shape((*shape, *spatial))

    def perform(self, *arrays: Array) -> Any:
        """For each place in the kernel, its elements added to the pixels that it met."""
        patches, like = arrays
        ndim = self.geometry.ndim
        start = patches.ndim - 2 * ndim
        lead, kernel = patches.shape[:start], patches.shape[start : start + ndim]
        output = patches.shape[start + ndim :]
        wide = np.float32 if patches.dtype == np.float16 else patches.dtype
        padded, inside = self._padded(lead, like.shape[like.ndim - ndim :], kernel, wide)
        for element, pixels in self.geometry.taps(kernel, output):
            met: tuple[Any, ...] = (..., *pixels)
            tap: tuple[Any, ...] = (*(slice(None),) * start, *element)
            padded[met] += patches[tap]
        return np.array(padded[inside], patches.dtype)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """Unfold; the kernel's size is that of the patches, whose kernel axes are put last for it."""
        patches, _ = inputs
        (direction,) = gradients
        if patches.type.is_discrete:
            return [None, None]
        ndim = self.geometry.ndim
        start = patches.ndim - 2 * ndim
        kernel = range(start, start + ndim)
        order = [axis for axis in range(patches.ndim) if axis not in kernel]
        like = patches.dimshuffle(*order, *kernel)
        return [Unfold(self.geometry, self.exact)(direction, like), None]


__all__ = ["Fold", "Unfold", "UnsharedUnfold"]
