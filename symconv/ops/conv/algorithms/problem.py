"""A convolution of concrete sizes, as the algorithms see it; imports the geometry.

There are two kinds. A "forward" problem slides filters over an image; the gradient by the image is one or
several of them (see backward.py), so that algorithms need not know of it. A "filters" problem is the gradient
by the filters: its operands are the image and the output's gradient, its result has the filters' shape.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided

from symconv.frozen import frozen
from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.geometry import ConvGeometry

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Size, Slice, Value

ITEM_BYTES = {"float16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16}
Kind = Literal["forward", "filters"]
STARTS = ("top", "left")
TILE_BYTES, SCRATCH_BYTES = 1 << 21, 1 << 22  # what blocks are taken to have where they are counted
SMALL = 1 << 18  # bytes: filling all of it takes no longer than calling NumPy for each side
TURNED = 3  # times what gathering takes: neighbours come from as many places in memory


@frozen
class Problem:
    """Sizes and parameters of one convolution.

    Attributes
    ----------
    kind : str
        "forward": image, filters -> output. "filters": image, output's gradient -> filters' gradient.
    image, filters, output : tuple of int
        Shapes [N,C,*spatial], [K,C/groups,*kernel], [N,K,*output].
    dtype : str
        In which the products are computed.
    same_dtype : bool
        Whether both operands have it already.
    stride, dilation : tuple of int
        One a spatial axis.
    pads : tuple of (int, int)
        Zeros before and behind each spatial axis.
    groups : int
        Blocks of channels.
    flip : bool
        Whether filters are reversed.
    start, step : tuple of int
        Where output pixel j lies in the kernel's result: at start + j step. Zeros and ones but for the
        phases of a gradient by the image.
    image_last, maps_last : bool
        Whether memory runs along the batch in what has the image's shape, and in what has the output's.
    units : tuple of int
        Of how many outputs blocks of each spatial axis must consist, 0: of all; empty where of any.
    """

    kind: Kind
    image: tuple[int, ...]
    filters: tuple[int, ...]
    output: tuple[int, ...]
    dtype: str
    same_dtype: bool
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    groups: int
    flip: bool
    start: tuple[int, ...]
    step: tuple[int, ...]
    image_last: bool = False
    maps_last: bool = False
    units: tuple[int, ...] = ()

    @staticmethod
    def of(
        kind: Kind,
        geometry: ConvGeometry,
        image: Sequence[Any],
        filters: Sequence[Any],
        dtype: str,
        same_dtype: bool,
    ) -> "Problem":
        """The problem that a geometry and two shapes pose."""
        spatial = geometry.output_sizes(image[2:], filters[2:])
        pads = tuple((low or 0, high or 0) for low, high in geometry.pads(filters[2:]))
        output = (image[0], filters[0], *(size or 0 for size in spatial))
        zeros, ones = (0,) * geometry.ndim, (1,) * geometry.ndim
        return Problem(
            kind, tuple(image), tuple(filters), output, dtype, same_dtype, geometry.stride,
            geometry.dilation, pads, geometry.groups, geometry.flip, zeros, ones,
        )  # fmt: skip

    def __str__(self) -> str:
        image, filters = ("x".join(map(str, sizes)) for sizes in (self.image, self.filters))
        parts = [f"{self.dtype} images {image}", f"filters {filters}"]
        ones = (1,) * self.ndim
        parts += [f"stride {self.stride}"] if self.stride != ones else []
        parts += [f"dilation {self.dilation}"] if self.dilation != ones else []
        parts += [f"zeros {self.pads}"] if self.padded else []
        parts += [f"{self.groups} groups"] if self.groups > 1 else []
        return ("" if self.kind == "forward" else "by the filters: ") + ", ".join(parts)

    # Sizes

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.stride)

    def unit(self, axis: int) -> int:
        """Of how many outputs blocks of a spatial axis must consist; 0: of all."""
        return self.units[axis] if self.units else 1

    def whole_units(self, axis: int, length: int) -> int:
        """A length of blocks of a spatial axis, rounded up to what they must consist of."""
        unit, size = self.unit(axis), self.output[2 + axis]
        return size if unit == 0 else min(-(-length // unit) * unit, size)

    @property
    def multiplies(self) -> bool:
        """Whether there is something to compute, and a matrix product for the dtype."""
        return prod(self.output) * prod(self.filters) > 0 and self.dtype != "float16"

    @property
    def item(self) -> int:
        """Bytes of an element."""
        return ITEM_BYTES[self.dtype]

    @property
    def padded(self) -> bool:
        """Whether there are zeros around the image."""
        return any(low or high for low, high in self.pads)

    @property
    def extents(self) -> tuple[int, ...]:
        """Pixels that the dilated filters span."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.filters[2:], strict=True))

    @property
    def field(self) -> int:
        """Numbers that one output sums: the terms of the error bound."""
        return prod(self.filters[1:])

    @property
    def pixels(self) -> int:
        """Outputs of one map."""
        return prod(self.output[2:])

    # What work there is

    def copied(self, elements: float, run: float, strided: bool = False) -> Work:
        """Elements copied in runs of a length, or one by one where they do not lie side by side."""
        return Work(moved=elements, runs=elements / max(run, 1), gathered=elements * strided)

    def padding(self) -> Work:
        """Laying out padded windows, where there is padding."""
        return self.copied(prod(self.image) * self.padded, self.image[-1])

    def turned(self, last: bool) -> Work:
        """Laying out what memory does not run along as an algorithm needs it: along the images, or not."""
        image = prod(self.image) * (self.image_last != last)
        maps = prod(self.output) / prod(max(unit, 1) for unit in self.units) * (self.maps_last != last)
        return Work(moved=image + maps, gathered=TURNED * (image + maps))

    def skinny(self, rows: int) -> float:
        """How many times longer a product that sums over pixels takes where it has few rows."""
        return max(1.0, 3 / rows)

    def unfilled(self, columns: int, register: int) -> float:
        """How many times longer a product takes whose columns do not fill so many bytes."""
        lanes = register // self.item
        return (1 + -(-columns // lanes) * lanes / columns) / 2

    def tiles(self, elements: float) -> float:
        """About how many blocks so many elements are cut into."""
        return max(1.0, elements * self.item / TILE_BYTES)

    def tall_tiles(self, elements: float) -> float:
        """The same where blocks of rows overlap: few that are not twice as tall as the overlap."""
        tall = self.output[2] * self.stride[0] / (2 * self.extents[0])
        return max(1.0, min(self.tiles(elements), max(tall, elements * self.item / SCRATCH_BYTES)))

    # What algorithms share

    def bank(self, filters: "Value") -> "Value":
        """The filters as they are laid on the image: reversed where the geometry flips."""
        return filters.flip(*range(2, 2 + self.ndim)) if self.flip else filters

    @contextmanager
    def blocks(
        self, k: "Builder", bytes_each: int, calls: int, summed: bool = False, halo: int = 0
    ) -> Iterator[tuple["Block", ...]]:
        """Blocks of images, or where an image is larger than a tile, of parts of one image.

        Gives a block of the batch, and one of each spatial axis of the output. Where they end does not depend
        on the number of threads: so neither does any bit of the result.

        Parameters
        ----------
        k : Builder
            What is written with.
        bytes_each : int
            Bytes touched for one output pixel.
        calls : int
            About how many NumPy calls a block takes.
        summed : bool
            Whether each block leaves a partial sum.
        halo : int
            Rows that a block computes beyond its own.
        """
        batch, sizes = self.output[0], self.output[2:]
        small = bytes_each * self.pixels <= k.machine.tile_bytes and not halo
        axes = [k.axis(batch, "n", "images", most=None if small else 1, counted=summed)]
        wide = halo or bytes_each * self.pixels > sizes[0] * k.machine.scratch_bytes // 4
        cut = [] if small else sorted({0, self.ndim - 1} if wide else {0})
        for axis, start in zip(cut, STARTS, strict=False):
            size = "rows" if axis == 0 else "columns"
            last = axis == self.ndim - 1
            beyond = halo if axis == 0 else 0
            axes.append(k.axis(sizes[axis], start, size, None, beyond, last, summed, unit=self.unit(axis)))
        whole = prod(size for axis, size in enumerate(sizes) if axis not in cut)
        with k.blocks(*axes, bytes_each=bytes_each * whole, calls=calls, fixed=True) as (one, *found):
            walked = dict(zip(cut, found, strict=True))
            blocks = [walked.get(axis, one._replace(start=0, size=size, number=0, parts=1))
                      for axis, size in enumerate(sizes)]  # fmt: skip
            yield (one, *blocks)

    def window(
        self, k: "Builder", image: "Value", blocks: Sequence["Block"], channels: "Slice | None" = None
    ) -> "Value":
        """The images [n,C,*window] that a block's outputs see, zeros around them; some channels or all."""
        one, *spatial = blocks
        chosen = k.steps(0, self.image[1], 1) if channels is None else channels
        if not self.padded:
            windows = [
                block.window(stride, extent)
                for block, stride, extent in zip(spatial, self.stride, self.extents, strict=True)
            ]
            return k.read(image[one.slice, chosen, *windows])
        sizes = [
            (block.size - 1) * stride + extent
            for block, stride, extent in zip(spatial, self.stride, self.extents, strict=True)
        ]
        starts = [
            block.start * stride - low
            for block, stride, (low, _) in zip(spatial, self.stride, self.pads, strict=True)
        ]
        part = k.buffer((one.size, chosen.size, *sizes), self.dtype, "window")
        seen = self.images(k, image, blocks)[:, chosen]
        k.into(padded_part, [seen, *(k.number(start) for start in starts)], part)
        return part

    def images(self, k: "Builder", image: "Value", blocks: Sequence["Block"]) -> "Value":
        """The images of a block, which may see parts of them only: computed now where it sees all."""
        one, *spatial = blocks
        whole = all(block.parts == 1 for block in spatial)
        return k.read(image[one.slice]) if whole else k.stored(image)[one.slice]

    def taps(
        self, k: "Builder", blocks: Sequence["Block"]
    ) -> "Iterator[tuple[tuple[int, ...], tuple[Slice, ...]]]":
        """Each filter element, and the pixels of a block's window that it meets."""
        for tap in product(*map(range, self.filters[2:])):
            steps = zip(tap, blocks[1:], self.dilation, self.stride, strict=True)
            yield tap, tuple(k.steps(t * dilation, block.size, s) for t, block, dilation, s in steps)

    def at(self, blocks: Sequence["Block"]) -> tuple[Any, ...]:
        """Where a block's outputs lie in the kernel's result."""
        one, *spatial = blocks
        places = [
            block.slice._replace(start=block.start * step + start, step=step)
            for block, start, step in zip(spatial, self.start, self.step, strict=True)
        ]
        return (one.slice, slice(None), *places)


def elements(sizes: "Sequence[Size]") -> "Size":
    """The product of sizes, of which some may be known up to a loop's symbols."""
    product: Size = 1
    for size in sizes:
        product = product * size
    return product


def shifts(window: Any, *steps_and_out: Any) -> None:
    """Copy what each filter element meets: out [..., *kernel, *outputs] of a window [..., *sizes].

    The last argument is where to; before it stand the stride and the dilation of each spatial axis.
    """
    *steps, out = steps_and_out
    ndim = len(steps) // 2
    lead, along = window.strides[: window.ndim - ndim], window.strides[window.ndim - ndim :]
    taps = [step * dilation for step, dilation in zip(along, steps[ndim:], strict=True)]
    outputs = [step * stride for step, stride in zip(along, steps[:ndim], strict=True)]
    np.copyto(out, as_strided(window, out.shape, (*lead, *taps, *outputs), writeable=False))


def padded_part(image: Any, *starts_and_out: Any) -> None:
    """Copy a window of an image that may reach beyond its spatial axes; what lies outside is zero.

    The last argument is where to, [..., *window]; before it stands where the window starts on each axis,
    possibly before the image.
    """
    *starts, out = starts_and_out
    lead = (slice(None),) * (image.ndim - len(starts))
    source, target = list(lead), list(lead)
    sides: list[tuple[Any, ...]] = []
    for axis, start in enumerate(starts, len(lead)):
        size = out.shape[axis]
        low = min(max(-start, 0), size)
        high = max(min(image.shape[axis] - start, size), low)
        sides += [(*target, slice(0, low))] * (low > 0) + [(*target, slice(high, None))] * (high < size)
        target.append(slice(low, high))
        source.append(slice(start + low, start + high))
    if len(sides) > 1 and out.nbytes <= SMALL:
        sides = [(...,)]
    for side in sides:
        out[side] = 0
    np.copyto(out[tuple(target)], image[tuple(source)])
