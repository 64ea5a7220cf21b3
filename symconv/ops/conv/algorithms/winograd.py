"""Fewer multiplications for 3 x 3 filters: F(2 x 2, 3 x 3) of Winograd (Lavin and Gray 2015).

    spectra   [4, 4, C, K]           of the filters: G w G'
    seen      [4, 4, tiles, C]       of tiles of 4 x 4 pixels, two apart: B' x B
    products  [4, 4, tiles, K]       sixteen matrix products: 16 multiplications for 2 x 2 outputs, not 36
    output    [2 tiles, 2 tiles, K]  A' m A

Channels stand last, so that every addition runs along them. Each channel and each map is transformed once:
with many of both nearly 2.25 times fewer operations are left.

**Error.** Every pixel of an output's field meets sums of weights, and what does not belong to it is
subtracted again. An output is wrong by at most (C + 12) eps times the sum over the channels of

    |A'| (|G| |w| |G'| |B'| |x| |B|) |A|

which is no multiple of what plain summation makes of it where a large weight stands beside the one that meets
a large pixel. So it is taken only when asked for by name. An infinity would become a NaN; a block where
something is not finite is computed as it is defined.
"""

from math import ceil, inf, prod
from typing import TYPE_CHECKING, Any

from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.fft import defined_where_not_finite
from symconv.ops.conv.algorithms.problem import Problem, padded_part

if TYPE_CHECKING:
    from symconv.compile.builder import Block, Builder
    from symconv.compile.program import Value

NAME = "winograd"
BLOCK_BYTES = 1 << 21
LEAST_BLOCKS = 4  # of a large image, for threads to share


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
    """The transforms of filters, pixels and products, and the products."""
    batch, count, *_ = problem.output
    channels = problem.filters[1]
    tiles = batch * prod(ceil(size / 2) for size in problem.output[2:])
    return [
        problem.copied(4 * tiles * channels * 2 + 4 * tiles * count, channels, strided=True),
        problem.copied(24 * tiles * (channels + count) + 40 * channels * count, channels),
        Work(16 * tiles * channels * count, read=16 * tiles * channels, written=16 * tiles * count),
        Work(products=16 * batch, calls=40 * batch),
    ]


def error(problem: Problem) -> float:
    """No multiple of that of plain summation."""
    return inf


def _lengths(problem: Problem) -> tuple[int, int]:
    """Bytes that two rows of an image touch, and how many rows make a block, an even number."""
    channels, count = problem.filters[1], problem.filters[0]
    rows, columns = problem.output[2:]
    tiles = ceil(columns / 2)
    pair = problem.item * tiles * (28 * channels + 28 * count)
    parts = ceil(ceil(rows / 2) * pair / BLOCK_BYTES)
    if problem.output[0] == 1:
        parts = max(parts, min(LEAST_BLOCKS, rows // 8))
    return pair, 2 * ceil(rows / max(1, parts) / 2)


def lower(k: "Builder", problem: Problem, image: "Value", filters: "Value") -> None:
    """The filters' spectra, then block by block of images or of rows of one."""
    batch, count, rows, columns = problem.output
    spectra = _spectra(k, problem, filters)
    pair, length = _lengths(problem)
    whole = length >= rows
    high, wide = ceil(min(length, rows) / 2), ceil(columns / 2)
    axes = [k.axis(batch, "n", "images", None if whole else 1)]
    if not whole:
        axes.append(k.axis(rows, "top", "rows", length=length))
    bytes_each = pair * high if whole else pair // 2
    with k.blocks(*axes, bytes_each=bytes_each, calls=40, fixed=True) as (one, *found):
        spatial = [*found, *(one._replace(start=0, size=n, number=0, parts=1) for n in (rows, columns))]
        spatial = [spatial[0], spatial[-1]]
        some, tiles = one.size, one.size * high * wide
        window = _window(k, problem, image, (one, *spatial), (2 * high + 2, 2 * wide + 2))
        seen = _seen(k, window, high, wide)
        products = k.buffer((4, 4, some, high, wide, count), problem.dtype, "products")
        k.matmul(
            seen.reshape(16, tiles, problem.filters[1]),
            spectra.reshape(16, problem.filters[1], count),
            products.reshape(16, tiles, count),
        )
        outputs = _outputs(k, products)
        inside = outputs[:, k.steps(0, spatial[0].size, 1), k.steps(0, columns, 1)].transpose(0, 3, 1, 2)
        k.into(
            defined_where_not_finite,
            [window.transpose(0, 3, 1, 2), problem.bank(filters), *(k.number(1) for _ in range(5))],
            inside,
        )
        at = problem.at((one, *spatial))
        tile = k.tile(at)
        k.copy(inside, tile)
        k.epilogue(tile, at)


def _spectra(k: "Builder", problem: Problem, filters: "Value") -> "Value":
    """G w G', channel by channel: [4, 4, C, K]."""
    count, channels = problem.filters[:2]
    spectra = k.keep((4, 4, channels, count), problem.dtype, "spectra")
    bytes_each = problem.item * count * (9 + 12 + 16)
    with k.blocks(k.axis(channels, "first", "channels"), bytes_each=bytes_each, calls=15) as (some,):
        bank = k.buffer((3, 3, some.size, count), problem.dtype, "bank")
        k.copy(problem.bank(filters)[:, some.slice].transpose(2, 3, 1, 0), bank)
        half = k.buffer((3, 4, some.size, count), problem.dtype, "half")
        _filter_step(k, [bank[:, tap] for tap in range(3)], [half[:, i] for i in range(4)])
        found = [spectra[i, :, some.slice] for i in range(4)]
        _filter_step(k, [half[tap] for tap in range(3)], found)
    return spectra


def _filter_step(k: "Builder", w: "list[Value]", out: "list[Value]") -> None:
    """G along one axis: w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2, w2."""
    k.copy(w[0], out[0])
    k.copy(w[2], out[3])
    k.call("add", w[0], w[2], out=out[1])
    k.call("subtract", out[1], w[1], out=out[2])
    k.call("add", out[1], w[1], out=out[1])
    for one in out[1:3]:
        k.call("multiply", one, k.number(0.5), out=one)


def _window(
    k: "Builder", problem: Problem, image: "Value", blocks: "tuple[Block, ...]", sizes: tuple[int, int]
) -> "Value":
    """The pixels that whole tiles see, channels last; zeros beyond the image."""
    one, *spatial = blocks
    window = k.buffer((one.size, *sizes, problem.image[1]), problem.dtype, "window")
    starts = [block.start - low for block, (low, _) in zip(spatial, problem.pads, strict=True)]
    k.into(
        padded_part, [image[one.slice], *(k.number(start) for start in starts)], window.transpose(0, 3, 1, 2)
    )
    return window


def _seen(k: "Builder", window: "Value", high: int, wide: int) -> "Value":
    """B' x B of every tile: [4, 4, images, high, wide, C]."""
    some, _, columns, channels = window.shape
    half = k.buffer((4, some, high, columns, channels), window.dtype, "half_seen")
    _pixel_step(
        k, [window[:, k.steps(row, high, 2)] for row in range(4)], [half[row] for row in range(4)]
    )
    seen = k.buffer((4, 4, some, high, wide, channels), window.dtype, "seen")
    _pixel_step(
        k,
        [half[:, :, :, k.steps(column, wide, 2)] for column in range(4)],
        [seen[:, column] for column in range(4)],
    )
    return seen


def _pixel_step(k: "Builder", x: "list[Value]", out: "list[Value]") -> None:
    """B' along one axis: x0 - x2, x1 + x2, x2 - x1, x1 - x3."""
    k.call("subtract", x[0], x[2], out=out[0])
    k.call("add", x[1], x[2], out=out[1])
    k.call("subtract", x[2], x[1], out=out[2])
    k.call("subtract", x[1], x[3], out=out[3])


def _outputs(k: "Builder", products: "Value") -> "Value":
    """A' m A of every tile, side by side: [images, 2 high, 2 wide, K]."""
    _, _, some, high, wide, count = products.shape
    half = k.buffer((2, 4, some, high, wide, count), products.dtype, "half_outputs")
    _product_step(k, [products[i] for i in range(4)], [half[i] for i in range(2)])
    outputs = k.buffer((some, high, 2, wide, 2, count), products.dtype, "outputs")
    for row in range(2):
        columns: list[Any] = [outputs[:, :, row, :, column] for column in range(2)]
        _product_step(k, [half[row, i] for i in range(4)], columns)
    return outputs.reshape(some, high * 2, wide * 2, count)


def _product_step(k: "Builder", m: "list[Value]", out: "list[Value]") -> None:
    """A' along one axis: m0 + m1 + m2, m1 - m2 - m3."""
    k.call("add", m[0], m[1], out=out[0])
    k.call("add", out[0], m[2], out=out[0])
    k.call("subtract", m[1], m[2], out=out[1])
    k.call("subtract", out[1], m[3], out=out[1])
