"""Fewer multiplications for 3 x 3 filters: F(2 x 2, 3 x 3) of Winograd (Lavin and Gray 2015).

    spectra   [16, C, K]             (G x G) of the filters: once per version of shared ones
    tiles     [16, tiles, C]         4 x 4 pixels each, two apart, channels last
    seen      [16, tiles, C]         (B x B)' of the tiles
    products  [16, tiles, K]         sixteen matrix products: 16 multiplications for 2 x 2 outputs, not 36
    output    [4, tiles, K]          (A x A)' of the products, then each output to its place

x is Kronecker's product, so that each transform is one small matrix product. With many channels and maps
nearly 2.25 times fewer operations are left.

**Error.** Every pixel of an output's field meets sums of weights, and what does not belong to it is
subtracted again. An output is wrong by at most (C + 20) eps times the sum over the channels of

    |A'| (|G| |w| |G'| |B'| |x| |B|) |A|  <=  64 max |x| max |w|

with the largest pixel of the tile and the largest weight of the filter in that channel. Plain summation is
wrong by at most 9 C eps times the sum of |x w|, which is at most 9 max |x| max |w| a channel. So the two
bounds compare where the pixels of a tile are of one size, and the weights of a filter; where a large weight
stands beside the one that meets a large pixel, plain summation is better by any factor. ``error`` is 1 more
than their ratio: ``conv_error=1`` allows only what holds for each output's own terms. On normal numbers the
error is 0.6 to 0.9 times that of plain summation, for fewer terms are added up.

An infinity would become a NaN; a block where something is not finite is computed as it is defined.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, inf, isqrt, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.fft import defined_where_not_finite
from symconv.ops.conv.algorithms.problem import Problem, elements, padded_part
from symconv.ops.conv.algorithms.products import products_in_pieces

if TYPE_CHECKING:
    from symconv.compile.blocks import Block
    from symconv.compile.builder import Builder
    from symconv.compile.values import Size, Value

NAME = "winograd"
SIZE = 2  # outputs of a tile along an axis
POINTS = (Fraction(0), Fraction(1), Fraction(-1))
ROUNDINGS = 20  # of the transforms, one after the other
BLOCK_BYTES = 1 << 21
LEAST_BLOCKS = 4  # of a large image, for threads to share
TAPS = 3
ALIASED = 1 << 11  # bytes: channels a multiple of it apart fall on the same few lines of a first-level cache


class Transforms(NamedTuple):
    """The matrices of F(m, 3): outputs A' ((G w) (B' x)) of m + 2 pixels x.

    Attributes
    ----------
    A : ndarray
        [m, m + 2], by rows A'.
    G : ndarray
        [m + 2, 3].
    B : ndarray
        [m + 2, m + 2], by rows B'.
    """

    A: Any
    G: Any
    B: Any

    @property
    def growth(self) -> float:
        """How many times max |x| max |w| the bound of an output and a channel is, in two dimensions."""
        weights, pixels = abs(self.G).sum(1), abs(self.B).sum(1)
        return float((abs(self.A) @ (weights * pixels)).max()) ** 2


def transforms(points: Sequence[Fraction]) -> Transforms:
    """Toom and Cook's transforms for 3 taps: polynomials are multiplied at points, and at infinity."""
    size = len(points) - 1
    others = [[q for q in points if q != p] for p in points]
    scales = [prod((p - q for q in rest), start=Fraction(1)) for p, rest in zip(points, others, strict=True)]
    A = [[*(p**power for p in points), Fraction(power == size - 1)] for power in range(size)]
    G = [[p**power / scale for power in range(TAPS)] for p, scale in zip(points, scales, strict=True)]
    B = [[*_polynomial(rest), Fraction(0)] for rest in others]
    return Transforms(
        *(np.array(rows, float) for rows in (A, [*G, [0] * (TAPS - 1) + [1]], [*B, _polynomial(points)]))
    )


def _polynomial(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of the product of (x - root), the constant first."""
    result = [Fraction(1)]
    for root in roots:
        result = [a - root * b for a, b in zip([Fraction(0), *result], [*result, Fraction(0)], strict=True)]
    return result


def unfit(problem: Problem) -> str:
    """Filters of 3 x 3, nothing between pixels or outputs, one group."""
    needs = (
        ("filters of 3 x 3", problem.filters[2:] == (3, 3)),
        ("stride 1", prod(problem.stride) == 1),
        ("dilation 1", prod(problem.dilation) == 1),
        ("one group", problem.groups == 1),
    )
    if problem.kind == "filters":
        return "computes no gradients by the filters"
    return next((f"needs {what}" for what, has in needs if not has), "")


def work(problem: Problem) -> list[Work]:
    """The transforms of pixels and products, and the products."""
    return work_of(problem, SIZE)


def work_of(problem: Problem, size: int) -> list[Work]:
    """The work with tiles of so many outputs along an axis."""
    batch, count, *_ = problem.output
    channels, spectra = problem.filters[1], (size + 2) ** 2
    tiles = batch * prod(ceil(one / size) for one in problem.output[2:])
    inside, outside = spectra * tiles * channels, spectra * tiles * count
    blocks = max(LEAST_BLOCKS, 2 * (inside + outside) * problem.item / BLOCK_BYTES)
    return [
        problem.copied(prod(problem.image), channels, strided=True),
        problem.copied(tiles * count * size**2, count, strided=True),
        problem.copied(inside, channels),
        Work(spectra * inside + size**2 * outside),
        Work(inside * count, read=inside, written=outside),
        Work(products=3 * blocks, calls=10 * blocks),
    ]


def error(problem: Problem) -> float:
    """As the heading says: 1 + (C + 20) 64 / (9 C 9)."""
    return error_of(problem, transforms(POINTS), ROUNDINGS)


def error_of(problem: Problem, matrices: Transforms, roundings: int) -> float:
    """Against plain summation, for the largest pixel and weight of each channel in a tile."""
    channels = problem.filters[1]
    if not channels:
        return inf
    return 1 + (channels + roundings) * matrices.growth / (channels * TAPS**4)


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """The filters' spectra, then block by block of images or of rows of one."""
    lower_tiles(k, problem, image, filters, transforms(POINTS))


def lower_tiles(
    k: "Builder", problem: Problem, image: "Value", filters: "Value", matrices: Transforms
) -> None:
    """The same with any transforms."""
    m = len(matrices.A)
    batch, count, rows, columns = problem.output
    kron = Transforms(*(k.constant(np.kron(one, one).astype(problem.dtype)) for one in matrices))
    spectra = _spectra(k, problem, filters, kron.G)
    each, length = _lengths(problem, m)
    whole = length >= rows
    high, wide = ceil(min(length, rows) / m), ceil(columns / m)
    axes = [k.axis(batch, "image", "images", None if whole else 1)]
    if not whole:
        axes.append(k.axis(rows, "top", "rows", length=length, unit=problem.unit(0)))
    with k.blocks(*axes, bytes_each=each * high if whole else each // m, calls=20, fixed=True) as blocks:
        one, *cut = blocks
        spatial = [*cut, *(one._replace(start=0, size=size, number=0, parts=1) for size in (rows, columns))]
        spatial = [spatial[0], spatial[-1]]
        window = _window(k, problem, image, (one, *spatial), (m * high + 2, m * wide + 2))
        outputs = _outputs(k, window, spectra, kron, (one.size, high, wide))
        inside = outputs[:, k.steps(0, spatial[0].size, 1), k.steps(0, columns, 1)].transpose(0, 3, 1, 2)
        tile = k.buffer((one.size, count, *(block.size for block in spatial)), problem.dtype, "tile")
        k.copy(inside, tile)
        k.into(
            defined_where_not_finite,
            [window.transpose(0, 3, 1, 2), problem.bank(filters), *(k.number(1) for _ in range(5))],
            tile,
        )
        k.epilogue(tile, problem.at((one, *spatial)))


def _spectra(k: "Builder", problem: Problem, filters: "Value", transform: "Value") -> "Value":
    """(G x G) of the filters: [n n, C, K]."""
    count, channels = problem.filters[:2]
    bank = k.buffer((TAPS * TAPS, channels * count), problem.dtype, "bank")
    k.copy(problem.bank(filters).transpose(2, 3, 1, 0), bank.reshape(TAPS, TAPS, channels, count))
    spectra = k.keep((transform.shape[0], channels, count), problem.dtype, "spectra")
    k.matmul(transform, bank, spectra.reshape(transform.shape[0], channels * count))
    return spectra


def _outputs(
    k: "Builder", window: "Value", spectra: "Value", kron: Transforms, places: "tuple[Size, int, int]"
) -> "Value":
    """The outputs of every tile of a window, side by side: [images, m high, m wide, K]."""
    (some, high, wide), (points, channels, count) = places, spectra.shape
    n, m = isqrt(kron.A.shape[1]), isqrt(kron.A.shape[0])
    tiles = k.buffer((n, n, *places, channels), window.dtype, "tiles")
    k.into(tiles_of, [window, k.number(m)], tiles)
    seen = k.buffer((points, elements(places), channels), window.dtype, "seen")
    flat = points, elements((*places, channels))
    k.into(products_in_pieces, [kron.B, tiles.reshape(*flat)], seen.reshape(*flat))
    products = k.buffer((points, elements(places), count), window.dtype, "products")
    k.into(products_in_pieces, [seen, spectra], products)
    outputs = k.buffer((m, m, *places, count), window.dtype, "outputs")
    results = elements((*places, count))
    k.into(
        products_in_pieces,
        [kron.A, products.reshape(points, results)],
        outputs.reshape(m * m, results),
    )
    lined = k.buffer((some, high, m, wide, m, count), window.dtype, "lined")
    k.copy(outputs, lined.transpose(2, 4, 0, 1, 3, 5))
    return lined.reshape(some, m * high, m * wide, count)


def _lengths(problem: Problem, size: int) -> tuple[int, int]:
    """Bytes that a row of tiles touches, and how many output rows make a block: whole tiles."""
    channels, count = problem.filters[1], problem.filters[0]
    rows, columns = (ceil(one / size) for one in problem.output[2:])
    row = problem.item * columns * (size + 2) ** 2 * (channels + max(channels, count))
    parts = ceil(rows * row / BLOCK_BYTES)
    if problem.output[0] == 1:
        parts = ceil(max(parts, min(LEAST_BLOCKS, rows // 4)) / LEAST_BLOCKS) * LEAST_BLOCKS
    return row, problem.whole_units(0, size * ceil(rows / max(1, min(parts, rows))))


def _window(
    k: "Builder", problem: Problem, image: "Value", blocks: "tuple[Block, ...]", sizes: tuple[int, int]
) -> "Value":
    """The pixels that whole tiles see, channels last; zeros beyond the image."""
    one, *spatial = blocks
    window = k.buffer((one.size, *sizes, problem.image[1]), problem.dtype, "window")
    starts = [block.start - low for block, (low, _) in zip(spatial, problem.pads, strict=True)]
    target = window.transpose(0, 3, 1, 2)
    if problem.item * prod(problem.image[2:]) % ALIASED:
        k.into(padded_part, [image[one.slice], *map(k.number, starts)], target)
        return window
    apart = k.buffer(target.shape, problem.dtype, "apart")
    k.into(padded_part, [image[one.slice], *map(k.number, starts)], apart)
    k.copy(apart, target)
    return window


def tiles_of(window: Any, step: int, out: Any) -> None:
    """Copy tiles of a window [images, rows, columns, C], ``step`` apart: [n, n, images, high, wide, C]."""
    images, rows, columns, channels = window.strides
    strides = (rows, columns, images, step * rows, step * columns, channels)
    np.copyto(out, np.ndarray(out.shape, window.dtype, window, 0, strides))
