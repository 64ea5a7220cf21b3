"""A forward convolution of concrete sizes, as the algorithms see it; imports the geometry."""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from symconv.ops.conv.geometry import ConvGeometry

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

ITEM_BYTES = {"float16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16}


@dataclass(frozen=True)
class Problem:
    """Sizes and parameters of one convolution.

    Attributes
    ----------
    geometry : ConvGeometry
        Stride, padding, dilation, groups, flip.
    image, filters, output : tuple of int
        Shapes [N,C,*spatial], [K,C/groups,*kernel], [N,K,*output].
    dtype : str
        In which the products are computed.
    same_dtype : bool
        Whether image and filters have it already.
    """

    geometry: ConvGeometry
    image: tuple[int, ...]
    filters: tuple[int, ...]
    output: tuple[int, ...]
    dtype: str
    same_dtype: bool

    @staticmethod
    def of(geometry: ConvGeometry, image: "Value", filters: "Value", dtype: str) -> "Problem":
        """The problem that two values pose."""
        shape, bank = tuple(map(_integer, image.shape)), tuple(map(_integer, filters.shape))
        spatial = geometry.output_sizes(shape[2:], bank[2:])
        output = (shape[0], bank[0], *(size or 0 for size in spatial))
        same = image.dtype == filters.dtype == dtype
        return Problem(geometry, shape, bank, output, dtype, same)

    @property
    def planar(self) -> bool:
        """Whether there are two spatial axes, something to compute, and a matrix product for the dtype."""
        return len(self.image) == 4 and prod(self.output) * prod(self.filters) > 0 and self.dtype != "float16"

    @property
    def item(self) -> int:
        """Bytes of an element."""
        return ITEM_BYTES[self.dtype]

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Zeros before and behind each spatial axis."""
        return tuple((low or 0, high or 0) for low, high in self.geometry.pads(self.filters[2:]))

    @property
    def padded(self) -> tuple[int, ...]:
        """Sizes of the padded image."""
        return tuple(size or 0 for size in self.geometry.padded_sizes(self.image[2:], self.filters[2:]))

    @property
    def extents(self) -> tuple[int, ...]:
        """Pixels that the dilated filters span."""
        return tuple(extent or 0 for extent in self.geometry.extents(self.filters[2:]))

    # What things cost, in nanoseconds on one core

    def product(self, rows: int, inner: int, columns: float) -> float:
        """A matrix product: skinny ones keep the multipliers less busy."""
        each = 0.0115 if self.item <= 4 else 0.026
        busy: float = min(1.0, rows / 48) ** 0.45 * min(1.0, inner / 64) ** 0.35
        return rows * inner * columns * 2 * each / busy

    def moved(self, elements: float) -> float:
        """Elements read from one place and written to another, within the cache."""
        return elements * self.item * 0.06

    def padding(self) -> float:
        """What laying the padded image out costs, where there is padding."""
        if not any(low or high for low, high in self.pads):
            return 0.0
        return self.moved(self.image[0] * self.image[1] * prod(self.padded)) * 1.5

    # What several algorithms begin with

    def pad(self, k: "Builder", image: "Value") -> "Value":
        """The image with its zeros around it."""
        if not any(low or high for low, high in self.pads):
            return image
        batch, channels, *sizes = self.image
        padded = k.buffer((batch, channels, *self.padded), self.dtype, "padded")
        inside = [slice(low, low + size) for (low, _), size in zip(self.pads, sizes, strict=True)]
        k.fill(0, padded)
        k.copy(image, padded[:, :, *inside])
        return padded

    def bank(self, filters: "Value") -> "Value":
        """The filters as they are laid on the image: reversed where the geometry flips."""
        return filters.flip(2, 3) if self.geometry.flip else filters


def _integer(size: object) -> int:
    assert isinstance(size, int)
    return size
