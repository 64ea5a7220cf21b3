"""Matrix products that sum over pixels, cut so that BLAS takes its path for small matrices; imports nothing.

    left [M, pixels] times right [N, pixels] transposed = out [M, N]

OpenBLAS prepares its operands as for large matrices, and where M N is small that takes 2 to 10 times longer
than multiplying. Up to a million multiplications and 1200 results it does without: so results are computed
a piece at a time, and blocks have no more pixels than that.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value

MULTIPLICATIONS = 1_000_000
RESULTS = 1200
SIDE = 32  # where both sides are longer, or one twice as long, the other path is as good
LEAST = 8  # columns of a piece: fewer use the multipliers badly


def piece(rows: int, columns: int) -> int:
    """How many columns of the result to compute at a time: all of them where cutting gains nothing."""
    if rows * columns <= RESULTS or min(rows, columns) > SIDE or rows > 2 * SIDE:
        return columns
    count = -(-columns // max(LEAST, RESULTS // rows))
    return -(-columns // count)


def most_pixels(rows: int, columns: int) -> int | None:
    """How many pixels to sum over at a time: None where it does not matter."""
    area = rows * piece(rows, columns)
    return max(1, MULTIPLICATIONS // area) if area <= RESULTS else None


def multiply(k: "Builder", left: "Value", right: "Value", out: "Value") -> None:
    """Write the product [..., M, pixels] times [..., N, pixels] transposed, piece by piece."""
    rows, columns = out.shape[-2:]
    assert isinstance(rows, int)
    assert isinstance(columns, int)
    before = (slice(None),) * (right.ndim - 2)
    turned = (*range(right.ndim - 2), right.ndim - 1, right.ndim - 2)
    for start, size in _pieces(columns, piece(rows, columns)):
        part = k.steps(start, size, 1)
        k.matmul(left, right[*before, part].transpose(*turned), out[*before, slice(None), part])


def _pieces(extent: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, extent, size):
        yield start, min(size, extent - start)
