"""The three convolutions, closed under differentiation; imports the graph and the geometry.

With image x [N,C,*spatial], filters w [K,C/groups,*kernel] and output y [N,K,*output]:

    Conv             y[n,k,j] = sum over c, t of w[k,c,t] x[n,c, j s + d t - a]    linear in x and in w
    ConvGradInput    the adjoint in x:  <g, Conv(x, w)> = <x, ConvGradInput(g, w)>
    ConvGradFilters  the adjoint in w:  <g, Conv(x, w)> = <w, ConvGradFilters(x, g)>

(t runs backwards where filters are flipped.) Each is linear in both of its operands, and its derivative by
one of them is one of the other two: so three ops give derivatives of any order.

A stride makes several image sizes give the same output, so an adjoint must be told the size of its result.
It takes a last input ``like`` for that, of which only the *type* is used, never a value. Where it is an
input, a compiled program does not need to compute it; an explicit size is given by any array of that
shape, a broadcast zero for one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op, Role
from symconv.graph.types import Array, Dim, TensorType, type_of
from symconv.ops.conv import algorithms
from symconv.ops.conv.algorithms import direct, images_last
from symconv.ops.conv.algorithms.problem import Kind, Problem
from symconv.ops.conv.geometry import ConvGeometry, sizes_text

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

_AXES = {1: "time", 2: "rows, cols", 3: "depth, rows, cols"}
_LETTERS = "xyz"


@frozen
class _Convolution(Op):
    """What the three share: the geometry, names, and the checks of ranks, channels and sizes."""

    geometry: ConvGeometry

    @property
    def prefix(self) -> str:
        """ "Conv" with the number of spatial axes."""
        return f"Conv{self.geometry.ndim}d"

    @property
    def details(self) -> tuple[str, ...]:
        """The geometry's parameters that are not their defaults."""
        geometry, plain = self.geometry, ConvGeometry((1,) * self.geometry.ndim)
        return tuple(
            f"{name}={getattr(geometry, name)!r}"
            for name in ("border_mode", "stride", "dilation", "groups", "flip")
            if getattr(geometry, name) != getattr(plain, name)
        )

    def _check_rank(self, what: str, axes: str, type: TensorType, hints: Sequence[str]) -> None:
        ndim = self.geometry.ndim + 2
        if type.ndim == ndim:
            return
        missing = ndim - type.ndim
        raise RankError(
            f"{self.label} needs {ndim}-d {what} [{axes}, {_AXES.get(ndim - 2, 'spatial axes')}], "
            f"got {type.ndim}-d",
            hint=hints[missing - 1] if 1 <= missing <= len(hints) else None,
        )

    def _check_image(self, type: TensorType) -> None:
        hints = ("one image, or images of one channel, need a 1: image[None] or image[:, None]",
                 "one image of one channel needs two ones: image[None, None]")  # fmt: skip
        self._check_rank("images", "batch, channels", type, hints)

    def _check_filters(self, type: TensorType) -> None:
        hints = ("a filter bank for one channel needs a 1: filters[:, None]",
                 "one filter for one channel needs two ones: filters[None, None]")  # fmt: skip
        self._check_rank("filters", "out, in", type, hints)

    def _check_gradient(self, type: TensorType) -> None:
        self._check_rank("output gradients", "batch, out", type, ())

    def _dtype(self, *types: TensorType) -> str:
        dtype = np.result_type(*(np.dtype(type.dtype) for type in types))
        if dtype.kind not in "fc":
            raise DTypeError(
                f"{self.label} needs real or complex floating-point numbers, got {dtype.name}",
                hint="convert one of them: image.astype('float32')",
            )
        return dtype.name

    def _forward(self, image: TensorType, filters: TensorType) -> tuple[Dim, ...]:
        """The output's shape; every error of sizes that do not fit is raised here."""
        groups = self.geometry.groups
        batch, channels, *spatial = image.shape
        count, depth, *kernel = filters.shape
        for what, size in (("input channels", channels), ("filters", count)):
            if size is not None and size % groups:
                raise ShapeError(
                    f"{self.label} cannot divide {size} {what} into {groups} equal groups",
                    hint="num_groups must divide the channels of the image and the number of filters",
                )
        if channels is not None and depth is not None and channels != depth * groups:
            raise self._channel_mismatch(channels, depth, count)
        try:
            output = self.geometry.output_sizes(spatial, kernel)
        except ShapeError as error:
            error.what = f"{self.label}: {error.what}"
            raise
        return (batch, count, *output)

    def _channel_mismatch(self, channels: int, depth: int, count: Dim) -> ShapeError:
        groups = self.geometry.groups
        parts = f" ({channels} in {groups} groups)" if groups > 1 else ""
        hint = "filters are [out, in, ...]: their second axis is the image's channels, divided by the groups"
        divides = depth and channels % depth == 0
        if groups == 1 and divides and count is not None and count % (channels // depth) == 0:
            hint = f"num_groups={channels // depth} gives each block of {depth} channels filters of its own"
        return ShapeError(
            f"{self.label} needs filters with {channels // groups} input channels{parts}, got {depth}",
            hint=hint,
        )

    def _check_output(self, gradient: TensorType, image: TensorType, filters: TensorType) -> None:
        expected = self._forward(image, filters)
        for have, need in zip(gradient.shape, expected, strict=True):
            if have is not None and need is not None and have != need:
                raise ShapeError(
                    f"{self.label} needs an output gradient of {sizes_text(expected)}, "
                    f"which is what filters of {sizes_text(filters.shape)} make of an image of "
                    f"{sizes_text(image.shape)}, got {sizes_text(gradient.shape)}",
                    hint=self._legal_images(gradient, filters),
                )

    def _legal_images(self, gradient: TensorType, filters: TensorType) -> str | None:
        legal = self.geometry.image_sizes(gradient.shape[2:], filters.shape[2:])
        if not all(legal):
            return None
        sizes = " x ".join(
            f"{sizes[0]}" if len(sizes) == 1 else f"({sizes[0]} to {sizes[-1]})" for sizes in legal if sizes
        )
        return f"gradients of {sizes_text(gradient.shape[2:])} come from images of {sizes}"

    def _products(
        self, image: Array, filters: Array, gradient: Array
    ) -> Iterator[tuple[Array, Array, Array]]:
        """Views [n,g,c,*out], [g,k,c], [n,g,k,*out] of padded image, filters and output, for each tap.

        Writing to a view writes to the array: filters and output are split in their groups in place.
        """
        groups, kernel, output = self.geometry.groups, filters.shape[2:], gradient.shape[2:]
        images = _split(image, 1, groups)
        banks = _split(filters, 0, groups)
        outputs = _split(gradient, 1, groups)
        for element, pixels in self.geometry.taps(kernel, output):
            met: tuple[Any, ...] = (..., *pixels)
            tap: tuple[Any, ...] = (..., *element)
            yield images[met], banks[tap], outputs

    def _problem(
        self,
        kind: Kind,
        image: Sequence[Any],
        filters: Sequence[Any],
        inputs: "Sequence[Value] | Sequence[TensorType]",
    ) -> Problem:
        """What the algorithms are asked, for values of concrete shapes."""
        dtypes = [value.dtype for value in inputs[:2]]
        dtype = np.result_type(*dtypes).name
        return Problem.of(kind, self.geometry, image, filters, dtype, dtypes == [dtype, dtype])

    def _letters(self) -> str:
        return _LETTERS[: self.geometry.ndim]

    def _pads(self, filters: Sequence[int]) -> list[tuple[int, int]]:
        return [(low or 0, high or 0) for low, high in self.geometry.pads(filters)]


class Conv(_Convolution):
    """Convolution of images with filters: [N,C,*spatial], [K,C/groups,*kernel] -> [N,K,*output].

    Examples
    --------
    >>> import numpy as np
    >>> conv = Conv(ConvGeometry((1, 1), flip=False))
    >>> conv.perform(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))
    array([[[[4., 4.],
             [4., 4.]]]])
    """

    role: ClassVar[Role] = "anchor"
    cuts_to_fit: ClassVar[bool] = True
    reads_tiles: ClassVar[tuple[int, ...]] = (0,)
    argument_names: ClassVar[tuple[str, ...]] = ("image", "filters")

    @property
    def label(self) -> str:
        """The op's name with its number of spatial axes."""
        return self.prefix

    def out_types(self, *types: TensorType) -> TensorType:
        """Type of the output; the rules of ranks, channels, sizes and dtypes."""
        image, filters = types
        self._check_image(image)
        self._check_filters(filters)
        return TensorType(self._dtype(image, filters), self._forward(image, filters))

    def perform(self, *arrays: Array) -> Any:
        """The sum over filter elements of a shifted image times the element."""
        image, filters = arrays
        result_type = self.out_types(type_of(image), type_of(filters))
        image, filters, output = _working(result_type, image, filters)
        padded = np.pad(image, [(0, 0), (0, 0), *self._pads(filters.shape[2:])])
        space = self._letters()
        for pixels, bank, target in self._products(padded, filters, output):
            target += np.einsum(f"ngc{space},gkc->ngk{space}", pixels, bank)
        return output.astype(result_type.dtype, copy=False)

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """By the algorithm of the portfolio that costs least."""
        image, filters = inputs
        problem = self._problem("forward", image.shape, filters.shape, inputs)
        problem = _laid_out(problem, k.order(image), k.result_order)
        problem = replace(problem, units=k.units(image.ndim)[2:])
        if not problem.multiplies:
            direct.lower(k, self, [k.stored(value) for value in inputs], len(problem.output))
            return
        algorithms.lower(k, problem, image, filters)

    def memory_order(self, types: Sequence[TensorType], wanted: str) -> tuple[int, ...]:
        """Along the images where many are best computed together."""
        image, filters = types
        problem = self._problem("forward", image.shape, filters.shape, types)
        return algorithms.memory_order(problem, wanted)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """By the image: ConvGradInput; by the filters: ConvGradFilters; none by integers."""
        image, filters = inputs
        (gradient,) = gradients
        by_image = None if image.type.is_discrete else ConvGradInput(self.geometry)(gradient, filters, image)
        by_filters = (
            None if filters.type.is_discrete else ConvGradFilters(self.geometry)(image, gradient, filters)
        )
        return [by_image, by_filters]


class ConvGradInput(_Convolution):
    """The adjoint of Conv in the image: [N,K,*output], [K,C/groups,*kernel], like -> [N,C,*spatial].

    The last input gives the shape of the result by its type; its values are never used. This is also the
    transposed convolution.
    """

    role: ClassVar[Role] = "anchor"
    argument_names: ClassVar[tuple[str, ...]] = ("gradient", "filters", "like")
    ignores_values: ClassVar[tuple[int, ...]] = (2,)

    @property
    def label(self) -> str:
        """The op's name with its number of spatial axes."""
        return f"{self.prefix}GradInput"

    def out_types(self, *types: TensorType) -> TensorType:
        """Type of the image's gradient: shape of ``like``, dtype of the operands."""
        gradient, filters, like = types
        self._check_gradient(gradient)
        self._check_filters(filters)
        self._check_image(like)
        self._check_output(gradient, like, filters)
        depth = filters.shape[1]
        channels = None if depth is None else depth * self.geometry.groups
        shape = _known((gradient.shape[0], channels, *like.shape[2:]), like.shape)
        return TensorType(self._dtype(gradient, filters), shape)

    def perform(self, *arrays: Array) -> Any:
        """The gradient times each filter element, added where Conv read a pixel for it; then cropped."""
        gradient, filters, like = arrays
        result_type = self.out_types(*map(type_of, arrays))
        pads = self._pads(filters.shape[2:])
        padded_type = result_type.with_shape(
            [*like.shape[:2], *(size + sum(pad) for size, pad in zip(like.shape[2:], pads, strict=True))]
        )
        gradient, filters, padded = _working(padded_type, gradient, filters)
        space = self._letters()
        for pixels, bank, source in self._products(padded, filters, gradient):
            pixels += np.einsum(f"ngk{space},gkc->ngc{space}", source, bank)
        inside = [slice(low, low + size) for size, (low, _) in zip(like.shape[2:], pads, strict=True)]
        crop: tuple[Any, ...] = (..., *inside)
        return np.array(padded[crop], dtype=result_type.dtype)

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """As forward convolutions of the gradient, one for each phase of the strides, or by patches."""
        gradient, filters, like = inputs
        problem = self._problem("forward", like.shape, filters.shape, inputs)
        problem = _laid_out(problem, k.result_order, k.order(gradient))
        if not problem.multiplies:
            direct.lower(k, self, inputs, len(problem.output))
            return
        algorithms.lower_by_image(k, problem, gradient, filters)

    def memory_order(self, types: Sequence[TensorType], wanted: str) -> tuple[int, ...]:
        """Along the images where many are best computed together."""
        _, filters, like = types
        problem = self._problem("forward", like.shape, filters.shape, types)
        return algorithms.memory_order(problem, wanted, by_image=True)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """By the output gradient: Conv; by the filters: ConvGradFilters."""
        gradient, filters, _ = inputs
        (direction,) = gradients
        return [
            Conv(self.geometry)(direction, filters),
            ConvGradFilters(self.geometry)(direction, gradient, filters),
            None,
        ]


class ConvGradFilters(_Convolution):
    """The adjoint of Conv in the filters: [N,C,*spatial], [N,K,*output], like -> [K,C/groups,*kernel].

    The last input gives the shape of the result by its type; its values are never used.
    """

    role: ClassVar[Role] = "anchor"
    reads_tiles: ClassVar[tuple[int, ...]] = (0, 1)
    argument_names: ClassVar[tuple[str, ...]] = ("image", "gradient", "like")
    ignores_values: ClassVar[tuple[int, ...]] = (2,)

    @property
    def label(self) -> str:
        """The op's name with its number of spatial axes."""
        return f"{self.prefix}GradFilters"

    def out_types(self, *types: TensorType) -> TensorType:
        """Type of the filters' gradient: shape of ``like``, dtype of the operands."""
        image, gradient, like = types
        self._check_image(image)
        self._check_gradient(gradient)
        self._check_filters(like)
        self._check_output(gradient, image, like)
        channels = image.shape[1]
        depth = None if channels is None else channels // self.geometry.groups
        shape = _known((gradient.shape[1], depth, *like.shape[2:]), like.shape)
        return TensorType(self._dtype(image, gradient), shape)

    def perform(self, *arrays: Array) -> Any:
        """For each filter element, the inner product of the gradient with the pixels that it met."""
        image, gradient, like = arrays
        result_type = self.out_types(*map(type_of, arrays))
        image, gradient, filters = _working(result_type, image, gradient)
        padded = np.pad(image, [(0, 0), (0, 0), *self._pads(like.shape[2:])])
        space = self._letters()
        for pixels, bank, source in self._products(padded, filters, gradient):
            bank += np.einsum(f"ngc{space},ngk{space}->gkc", pixels, source)
        return filters.astype(result_type.dtype, copy=False)

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """By the algorithm of the portfolio that costs least."""
        image, gradient, like = inputs
        problem = self._problem("filters", image.shape, like.shape, inputs)
        problem = _laid_out(problem, k.order(image), k.order(gradient))
        problem = replace(problem, units=k.read_units(gradient)[2:])
        if not problem.multiplies:
            direct.lower(k, self, [k.stored(value) for value in inputs], len(problem.output))
            return
        algorithms.lower(k, problem, image, gradient)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """By the image: ConvGradInput; by the output gradient: Conv."""
        image, gradient, _ = inputs
        (direction,) = gradients
        return [
            ConvGradInput(self.geometry)(gradient, direction, image),
            Conv(self.geometry)(image, direction),
            None,
        ]


def _laid_out(problem: Problem, image: tuple[int, ...], maps: tuple[int, ...]) -> Problem:
    """The problem, told how memory runs along the images and the maps."""
    last = images_last.order(len(problem.image))
    return replace(problem, image_last=image == last, maps_last=maps == last)


def _known(first: Sequence[Dim], second: Sequence[Dim]) -> tuple[Dim, ...]:
    """Of two descriptions of one shape, what either knows."""
    return tuple(b if a is None else a for a, b in zip(first, second, strict=True))


def _working(result: TensorType, *operands: Array) -> tuple[Array, ...]:
    """Operands contiguous in the dtype to sum in, and zeros for the sum; half floats are summed in single."""
    dtype = np.dtype("float32" if result.dtype == "float16" else result.dtype)
    shape = [size or 0 for size in result.shape]
    return *(np.ascontiguousarray(operand, dtype) for operand in operands), np.zeros(shape, dtype)


def _split(array: Array, axis: int, groups: int) -> Array:
    """The axis as two: groups, and what is in each."""
    shape = array.shape
    return array.reshape(*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])
