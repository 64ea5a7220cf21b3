"""Convolution by transforms: its own error bound, where it is taken, numbers that are not finite, its blocks."""

import numpy as np
import pytest

import symconv as sc
from symconv.compile.plan import Planner
from symconv.config import current
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType, type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms import fft
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.ops import Conv, ConvGradInput

VALID = ConvGeometry((1, 1), flip=False)


def compiled(op, *arrays):
    """An op alone, as a function of its arrays."""
    inputs = [Variable(type_of(array)) for array in arrays]
    return sc.function(inputs, op(*inputs), on_unused_input="ignore")


def exactly(image, filters):
    """The correlation in extended precision, and the sum of its absolute terms."""
    rows, columns = (a - b + 1 for a, b in zip(image.shape[2:], filters.shape[2:], strict=True))
    both = []
    for x, w in ((image, filters), (abs(image), abs(filters))):
        x, w = x.astype(np.longdouble), w.astype(np.longdouble)
        both.append(sum(
            np.einsum("nchw,kc->nkhw", x[:, :, r : r + rows, c : c + columns], w[:, :, r, c])
            for r in range(w.shape[2]) for c in range(w.shape[3])
        ))  # fmt: skip
    return both


def bright_and_dark(dtype, ratio):
    """Half of the image is larger than the other by a factor."""
    random = np.random.default_rng(2)
    image = random.standard_normal((1, 2, 50, 60))
    image[..., 30:] *= ratio
    return image.astype(dtype), random.standard_normal((3, 2, 11, 10)).astype(dtype)


@pytest.mark.parametrize("ratio", [1, 1e12])
def test_the_error_is_within_the_bound_of_transforms(ratio):
    """16 eps log2(size) sum of |x_c| |w_c|, in double precision; where asked for by name."""
    image, filters = bright_and_dark("float64", ratio)
    with sc.settings(conv_algorithm="fft"):
        result = compiled(Conv(VALID), image, filters)(image, filters)
    exact, terms = exactly(image, filters)
    norms = np.sqrt((image**2).sum((2, 3))) @ np.sqrt((filters**2).sum((2, 3))).T
    bound = 16 * np.finfo("float64").eps * np.log2(50 * 60) * norms[:, :, None, None]
    error = abs(result - exact)
    assert (error <= bound).all()
    plain = filters[0].size * np.finfo("float64").eps * terms
    assert (error <= 4 * plain).all() == (ratio == 1)  # so it is taken by name only


def test_single_precision_is_as_good_as_plain_summation():
    image, filters = bright_and_dark("float32", 1e6)
    with sc.settings(conv_algorithm="fft"):
        result = compiled(Conv(VALID), image, filters)(image, filters)
    exact, terms = exactly(image, filters)
    assert result.dtype == "float32"
    assert (abs(result - exact) <= filters[0].size * np.finfo("float32").eps * terms).all()


@pytest.mark.parametrize(
    ("dtype", "size", "taken"), [("float32", 41, True), ("float32", 3, False), ("float64", 41, False)]
)
def test_it_is_taken_for_large_filters_where_the_error_allows(dtype, size, taken):
    image = np.random.default_rng(0).standard_normal((1, 1, 160, 160)).astype(dtype)
    filters = np.random.default_rng(1).standard_normal((1, 1, size, size)).astype(dtype)
    function = compiled(Conv(VALID), image, filters)
    result = function(image, filters)
    assert ("fft, estimated" in function.profile()) == taken
    (line,) = [line for line in function.profile().splitlines() if line.strip().startswith("fft ")]
    assert ("no multiple of that of plain summation" in line) == (dtype == "float64")
    exact, terms = exactly(image, filters)
    assert (abs(result - exact) <= size * size * np.finfo(dtype).eps * terms).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("geometry", [VALID, ConvGeometry((2, 1), "half", (1, 2), groups=2)])
def test_what_is_not_finite_stays_where_it_is(geometry, bad):
    random = np.random.default_rng(4)
    image = random.standard_normal((3, 4, 20, 21))
    filters = random.standard_normal((4, 4 // geometry.groups, 5, 4))
    image[1, 2, 7, 8] = bad
    op = Conv(geometry)
    with sc.settings(conv_algorithm="fft"), np.errstate(invalid="ignore"):
        function = compiled(op, image, filters)
        result = function(image, filters)
        np.testing.assert_allclose(result, op.perform(image, filters), atol=1e-12)
        assert np.isfinite(result).any(axis=(1, 2, 3)).all()
        filters[1, 0, 2, 2] = bad
        np.testing.assert_allclose(function(image, filters), op.perform(image, filters), atol=1e-12)


def test_threads_do_not_change_a_bit():
    random = np.random.default_rng(5)
    image = random.standard_normal((2, 3, 90, 71)).astype("float32")
    filters = random.standard_normal((2, 3, 8, 9)).astype("float32")
    results = []
    for threads in (1, 2, 5):
        with sc.settings(threads=threads, conv_algorithm="fft", scratch_bytes=1 << 18):
            function = compiled(Conv(VALID), image, filters)
            results.append(function(image, filters).tobytes())
            assert " blocks of " in function.profile()
    assert results[0] == results[1] == results[2]


def test_the_gradient_by_the_image():
    random = np.random.default_rng(6)
    geometry = ConvGeometry((2, 1), "half")
    image, filters = random.standard_normal((2, 3, 30, 31)), random.standard_normal((4, 3, 9, 8))
    gradient = random.standard_normal(Conv(geometry).perform(image, filters).shape)
    op = ConvGradInput(geometry)
    with sc.settings(conv_algorithm="fft"):
        function = compiled(op, gradient, filters, image)
        result = function(gradient, filters, image)
    assert function.profile().count("fft, estimated") == 2
    np.testing.assert_allclose(result, op.perform(gradient, filters, image), atol=1e-11)


def test_scratch_does_not_grow_with_the_image():
    """Planned for 20,000 x 20,000 pixels, and the plan's memory read, not run."""
    image = Variable(TensorType("float32", (1, 1, 20_000, 20_000)))
    filters = sc.constant(np.ones((2, 1, 65, 65), "float32"))
    fused = sc.function([image], sc.tanh(Conv(VALID)(image, filters))).stages["fused"]
    lent = np.broadcast_to(np.float32(0), image.type.shape)
    with sc.settings(threads=2):
        plan = Planner(fused, fused.inputs, "layer").make([lent], current())
    assert "fft, estimated" in plan.source
    assert plan.bytes < 64 << 20


def test_lengths_of_transforms():
    """The least product of 2, 3 and 5 that is long enough."""
    smooth = [n for n in range(1, 2100) if _rest(n) == 1]
    for size in range(1, 2000):
        assert fft.fast(size) == next(n for n in smooth if n >= size)


def _rest(number):
    for prime in (2, 3, 5):
        while number % prime == 0:
            number //= prime
    return number


def test_spectra_that_are_too_large_are_refused():
    image, filters = (1, 512, 64, 64), (512, 512, 3, 3)
    problem = Problem.of("forward", VALID, image, filters, "float32", True)
    assert "spectra of the filters of" in fft.unfit(problem)
