"""What a convolution costs: how much of each kind of work there is, and what each kind takes.

An algorithm counts its work; the constants, all of them here, say how many nanoseconds of one core a unit
takes. They need only be right about which algorithm is faster.
"""

from typing import NamedTuple


class Work(NamedTuple):
    """How much of each kind of work an algorithm does.

    Attributes
    ----------
    multiplied : float
        Multiplications of matrix products whose columns are pixels.
    summed : float
        Multiplications of matrix products that sum over pixels: gradients by the filters.
    read, written : float
        Elements of the operands with pixels, and of the results, of matrix products.
    products : float
        How many matrix products.
    moved : float
        Elements copied, or added to others.
    runs : float
        Pieces of memory without gaps among them.
    gathered : float
        Elements copied that do not lie side by side.
    calls : float
        Calls of NumPy.
    transformed : float
        Real elements of Fourier transforms times the logarithm of the transform's size.
    spectra : float
        Real elements' shares of products of spectra that are added up.
    """

    multiplied: float = 0.0
    summed: float = 0.0
    read: float = 0.0
    written: float = 0.0
    products: float = 0.0
    moved: float = 0.0
    runs: float = 0.0
    gathered: float = 0.0
    calls: float = 0.0
    transformed: float = 0.0
    spectra: float = 0.0


# Nanoseconds of one core for each unit, as ``benchmarks/calibrate.py`` prints them but for the calls,
# which its problems hardly tell. Every algorithm that fits ran on 38 problems, forward and by the filters, on
# one thread of a server core with AVX-512 and OpenBLAS; the shortest of many runs in turns. Chosen by these,
# algorithms take 1.016 times what the best takes on geometric mean and 1.65 times at most. They
# are fitted to ratios between algorithms: no constant alone is a speed.
SINGLE = Work(
    multiplied=0.0243, summed=0.0297, read=0.0652, written=0.195, products=201, moved=0.0973, runs=1.85,
    gathered=0.343, calls=600, transformed=0.309, spectra=1.61,
)  # fmt: skip
DOUBLE = Work(
    multiplied=0.0438, summed=0.0502, read=0.13, written=0.309, products=105, moved=0.134, runs=3.17,
    gathered=0.335, calls=600, transformed=0.305, spectra=1.89,
)  # fmt: skip
CONSTANTS = {"float32": SINGLE, "float64": DOUBLE}
COMPLEX = 4.0  # times what the real numbers of the parts take


class Cost(NamedTuple):
    """Nanoseconds on one core.

    Attributes
    ----------
    product : float
        Matrix products, or transforms and products of spectra.
    moved : float
        Elements copied, or added to others.
    calls : float
        Calls, however much they do.
    """

    product: float
    moved: float
    calls: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.product + self.moved + self.calls

    def __str__(self) -> str:
        parts = ((name, part) for name, part in zip(self._fields, self, strict=True) if part > 0)
        return ", ".join(f"{name} {part / 1e6:.2g}" for name, part in parts)


def cost(dtype: str, work: Work) -> Cost:
    """What some work takes in a dtype."""
    real = {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
    times = 1.0 if real == dtype else COMPLEX
    each = Work(*(count * unit * times for count, unit in zip(work, CONSTANTS[real], strict=True)))
    product = each.multiplied + each.summed + each.read + each.written + each.transformed + each.spectra
    moved = each.moved + each.runs + each.gathered
    return Cost(product, moved, (each.products + each.calls) / times)
