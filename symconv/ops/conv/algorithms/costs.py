"""What a convolution costs: the constants of a simple machine, in one place; imports nothing of the project.

A cost has three parts, in nanoseconds on one core: matrix products, bytes moved, and calls of NumPy with the
work in Python around them. The constants need only be right about which algorithm is faster.
"""

from typing import NamedTuple

CALL = 1500.0  # a call of NumPy from a block, with its views
FFT = 0.22  # a real element of a transform, there or back, for each doubling of its size; double precision
SPECTRA = 0.57  # a real element's share of multiplying two spectra and adding the product to others


class Cost(NamedTuple):
    """Nanoseconds on one core.

    Attributes
    ----------
    product : float
        Matrix products.
    moved : float
        Elements copied, or added to others.
    calls : float
        Calls, however much they do.
    """

    product: float
    moved: float
    calls: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.product + self.moved + self.calls

    def __str__(self) -> str:
        parts = ((name, part) for name, part in zip(self._fields, self, strict=True) if part > 0)
        return ", ".join(f"{name} {part / 1e6:.2g}" for name, part in parts)


def product(item: int, rows: int, inner: int, columns: float) -> float:
    """A matrix product of elements of so many bytes: skinny ones keep the multipliers less busy."""
    each = 0.0115 if item <= 4 else 0.026
    busy: float = min(1.0, rows / 48) ** 0.45 * min(1.0, inner / 64) ** 0.35
    return rows * inner * columns * 2 * each / busy


def moved(item: int, elements: float) -> float:
    """Elements read from one place and written to another, within the cache."""
    return elements * item * 0.06
