"""From the words of a counter-based generator to samples; NumPy and the errors alone.

The generator is Philox 4x64 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): word
number i of draw number d under key k is a fixed function of (k, d, i). The samplers above the line in the
table of ``draw`` read a fixed number of words for each element, so that an element is a function of its
place in the tensor and of nothing else. Those below it reject candidates, as their algorithms do, and
read as many words as they need: a draw is one pass over the whole tensor, in C order.
"""

import math
from typing import Any

import numpy as np

from symconv.errors import ShapeError
from symconv.graph.types import Array

Bits = np.random.Philox


def bits_of(state: Array) -> Bits:
    """The generator at the beginning of a draw; the state is two words of the key and the draw's number."""
    return np.random.Philox(key=state[:2], counter=[0, int(state[2]), 0, 0])


# A fixed number of words for each element


def words(bits: Bits, count: int) -> Array:
    """The next ``count`` words, uint64."""
    return np.asarray(bits.random_raw(count), dtype="uint64")


def halves(bits: Bits, count: int) -> Array:
    """The next ``count`` half words, uint32: of each word first the lower half, then the upper one."""
    drawn: Array = words(bits, (count + 1) // 2).astype("<u8", copy=False).view("<u4")
    return drawn[:count]


def uniform(bits: Bits, shape: tuple[int, ...], dtype: str) -> Array:
    """Multiples of 2^-53 (float64), 2^-24 (float32) or 2^-11 (float16) in [0, 1), all equally likely."""
    count = math.prod(shape)
    if dtype == "float64":
        exact: Array = (words(bits, count) >> np.uint64(11)) * 2.0**-53
        return exact.reshape(shape)
    digits = 24 if dtype == "float32" else 11
    drawn = (halves(bits, count) >> np.uint32(32 - digits)).astype(dtype)
    return np.asarray(drawn * np.array(2.0**-digits, dtype)).reshape(shape)


def normal(bits: Bits, shape: tuple[int, ...], dtype: str) -> Array:
    """Box and Muller's pairs (Ann. Math. Stat. 29, 1958): elements 2i, 2i + 1 share two words or halves."""
    count = math.prod(shape)
    pairs = (count + 1) // 2
    real: Any
    if dtype == "float64":
        drawn, real, digits = words(bits, 2 * pairs) >> np.uint64(11), np.float64, 53
    else:
        drawn, real, digits = halves(bits, 2 * pairs), np.float32, 32
    scale = real(2.0**-digits)
    chance = (drawn[0::2].astype(real) + real(1)) * scale  # in (0, 1]: its logarithm exists
    angle = drawn[1::2].astype(real) * (real(2 * math.pi) * scale)
    radius = np.sqrt(real(-2) * np.log(chance))
    result = np.empty(2 * pairs, real)
    np.multiply(radius, np.cos(angle), out=result[0::2])
    np.multiply(radius, np.sin(angle), out=result[1::2])
    return result[:count].reshape(shape).astype(dtype, copy=False)


def truncated_normal(bits: Bits, shape: tuple[int, ...], dtype: str, low: Array, high: Array) -> Array:
    """The quantile function of the normal distribution on [Φ(low), Φ(high)], one word an element."""
    # The lower tail keeps its digits: an interval above 0 is drawn from its mirror image.
    mirrored = low > 0
    left, right = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    below, up_to = normal_cdf(left), normal_cdf(right)
    drawn = normal_quantile(below + uniform(bits, shape, "float64") * (up_to - below))
    drawn = np.clip(drawn, left, right)
    return np.asarray(np.where(mirrored, -drawn, drawn), dtype=dtype)


def integers(bits: Bits, shape: tuple[int, ...], dtype: str, low: Array, high: Array) -> Array:
    """floor(word · (high - low) / 2^64) + low: off uniform by less than (high - low) / 2^64."""
    start = low.astype("int64").astype("uint64")  # two's complement: differences are right modulo 2^64
    span = high.astype("int64").astype("uint64") - start
    drawn = high_word(words(bits, math.prod(shape)).reshape(shape), span)
    return np.asarray(drawn + start).astype("int64").astype(dtype, copy=False)


def categorical(bits: Bits, shape: tuple[int, ...], dtype: str, p: Array) -> Array:
    """The inverse of the cumulated probabilities, one word an element."""
    cumulated = np.cumsum(p, dtype="float64")
    cumulated /= cumulated[-1]
    return np.searchsorted(cumulated, uniform(bits, shape, "float64"), side="right").astype(dtype)


def permutation(bits: Bits, shape: tuple[int, ...], dtype: str) -> Array:
    """The order of one word an element, along the last axis."""
    return np.argsort(words(bits, math.prod(shape)).reshape(shape), axis=-1, kind="stable").astype(dtype)


def subset(bits: Bits, shape: tuple[int, ...], dtype: str, n: Array) -> Array:
    """The first elements of a permutation of 0 .. n - 1."""
    return _first(permutation(bits, (int(n),), dtype), shape)


def weighted_subset(bits: Bits, shape: tuple[int, ...], dtype: str, p: Array) -> Array:
    """The order of arrival of exponential clocks of rates p (Efraimidis and Spirakis, IPL 97, 2006).

    It is that of drawing one after the other, each time in proportion to what is left.
    """
    chance = (words(bits, p.size) >> np.uint64(11)).astype("float64") + 1  # up to a factor 2^-53
    with np.errstate(divide="ignore"):
        arrival = (53 * math.log(2) - np.log(chance)) / p
    order = np.argsort(np.where(p > 0, arrival, np.inf), kind="stable")
    return _first(order, shape).astype(dtype)


# As many words as it takes


def binomial(bits: Bits, shape: tuple[int, ...], dtype: str, n: Array, p: Array) -> Array:
    """NumPy's: inversion where n·p is small, else BTPE (Kachitvichyanukul and Schmeiser, CACM 31, 1988)."""
    return np.asarray(np.random.Generator(bits).binomial(n, p, shape)).astype(dtype)


def poisson(bits: Bits, shape: tuple[int, ...], dtype: str, mean: Array) -> Array:
    """NumPy's: multiplication where the mean is small, else PTRS (Hörmann, Insurance 12, 1993)."""
    return np.asarray(np.random.Generator(bits).poisson(mean, shape)).astype(dtype)


def gamma(bits: Bits, shape: tuple[int, ...], dtype: str, alpha: Array) -> Array:
    """NumPy's: Marsaglia and Tsang (TOMS 26, 2000), of scale 1."""
    return np.asarray(np.random.Generator(bits).standard_gamma(alpha, shape)).astype(dtype)


def multinomial(bits: Bits, shape: tuple[int, ...], dtype: str, n: Array, pvals: Array) -> Array:
    """NumPy's: a binomial draw for each category but the last, given those before it."""
    shares = pvals / pvals.sum(axis=-1, keepdims=True)
    return np.asarray(np.random.Generator(bits).multinomial(n, shares, shape[:-1])).astype(dtype)


# What they need


def _first(chosen: Array, shape: tuple[int, ...]) -> Array:
    count = math.prod(shape)
    if count > chosen.size:
        raise ShapeError(f"cannot choose {count} of {chosen.size} without replacement")
    return chosen[:count].reshape(shape)


def high_word(a: Array, b: Array) -> Array:
    """floor(a · b / 2^64) of uint64 arrays, by halves."""
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    a_high, a_low, b_high, b_low = a >> half, a & low, b >> half, b & low
    middle = a_high * b_low + ((a_low * b_low) >> half)
    other = a_low * b_high + (middle & low)
    return np.asarray(a_high * b_high + (middle >> half) + (other >> half))


_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_cdf(x: Array) -> Array:
    """Φ(x), float64, with all digits in the lower tail."""
    return np.asarray(_erfc(np.asarray(x, "float64") * -math.sqrt(0.5)) / 2, dtype="float64")


# Coefficients of algorithm AS 241 (PPND16; Wichura, Applied Statistics 37, 1988), highest power first:
# of numerator and denominator in the middle, in the tails, and far out.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080),
    (5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
     5394.1960214247511077, 687.18700749205790830, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.74545014278341407640e-4, 0.0227238449892691845833, 0.241780725177450611770, 1.27045825245236838258,
     3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 0.0151986665636164571966,
     0.148103976427480074590, 0.689767334985100004550, 1.67638483018380384940, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.00124266094738807843860,
     0.0265321895265761230930, 0.296560571828504891230, 1.78482653991729133580, 5.46378491116411436990,
     6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 0.0148753612908506148525, 0.136929880922735805310,
     0.599832206555887937690, 1.0),
)  # fmt: skip


def normal_quantile(p: Array) -> Array:
    """The inverse of Φ for p in [0, 1], float64, to a relative error of about 1e-16 (AS 241)."""
    p = np.asarray(p, "float64")
    q = p - 0.5
    with np.errstate(all="ignore"):
        # The middle reaches to |q| = 0.425; the tails, in r = sqrt(-log(smaller tail)), to r = 5.
        central = q * _ratio(_MIDDLE, 0.180625 - q * q)
        r = np.sqrt(-np.log(np.minimum(p, 1 - p)))
        tail = np.copysign(np.where(r <= 5, _ratio(_TAIL, r - 1.6), _ratio(_FAR, r - 5)), q)
        tail = np.where(np.isinf(r), np.copysign(np.inf, q), tail)
    return np.where(np.abs(q) <= 0.425, central, tail)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Any:
    return np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x)
