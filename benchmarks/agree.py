"""Whether symconv and its peers compute the same: `python -m benchmarks.agree`. Imports them all.

Random convolutions in one to three dimensions, with any stride, dilation, padding, groups and flip, all three
products of each; random poolings in every mode, with their gradients. Each is computed by symconv's compiled
functions and by every library that is installed. A result may differ by a few roundings of the sum of
absolute terms, no more: ``ROUNDINGS`` times eps times the number of terms times sum |x w|.

A library that cannot express a case says None, and is counted as not having an opinion on it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.types import type_of
from symconv.ops.conv import Conv, ConvGeometry, ConvGradFilters, ConvGradInput
from symconv.ops.pool.geometry import MODES

Array = Any
ROUNDINGS = 2.0  # one for each of the two that are compared
EXACT = 1e-300  # so that a result which must be 0 may not be anything else


@dataclass(frozen=True)
class ConvCase:
    """Images, filters, an output gradient, and how the filters are laid on; pads as (before, behind)."""

    geometry: ConvGeometry
    pads: tuple[tuple[int, int], ...]
    image: Array
    filters: Array
    gradient: Array

    def __str__(self) -> str:
        image, filters = self.image, self.filters
        return f"{image.dtype} {image.shape} * {filters.shape}, pads {self.pads}, {self.geometry}"

    @property
    def three(self) -> dict[str, tuple[Any, tuple[Array, ...]]]:
        """The three products, each with its operands."""
        return {
            "forward": (Conv(self.geometry), (self.image, self.filters)),
            "by the image": (ConvGradInput(self.geometry), (self.gradient, self.filters, self.image)),
            "by the filters": (ConvGradFilters(self.geometry), (self.image, self.gradient, self.filters)),
        }

    def correlated(self) -> tuple[Array, Callable[[Array], Array]]:
        """The filters for a library that correlates, and what turns its gradient by them round again."""
        axes = tuple(range(2, self.filters.ndim))

        def turn(filters: Array) -> Array:
            return np.flip(filters, axes) if self.geometry.flip else filters

        return turn(self.filters).copy(), turn


@dataclass(frozen=True)
class PoolCase:
    """A tensor whose last axes are pooled, and a gradient of the result."""

    window: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    mode: str
    ignore_border: bool
    x: Array
    gradient: Array

    def __str__(self) -> str:
        return (
            f"{self.x.dtype} {self.x.shape} {self.mode} window {self.window} stride {self.stride} "
            f"pad {self.pad} ignore_border {self.ignore_border}"
        )


Case = ConvCase | PoolCase
Results = dict[str, Array]


def random_conv(random: np.random.Generator) -> ConvCase:
    """Sizes small enough for hundreds of cases, large enough for several blocks in some."""
    ndim = int(random.integers(1, 4))
    kernel = random.integers(1, {1: 9, 2: 6, 3: 4}[ndim], ndim)
    stride, dilation = random.integers(1, 4, ndim), random.integers(1, 3, ndim)
    extents = dilation * (kernel - 1) + 1
    mode: Any = random.choice(["valid", "half", "full", "pads"])
    if mode == "pads":
        mode = tuple((int(a), int(b)) for a, b in random.integers(0, 4, (ndim, 2)))
    groups = int(random.choice([1, 1, 1, 2, 3]))
    shape = groups * random.integers(1, 4)
    filters = (groups * int(random.integers(1, 5)), int(shape) // groups, *map(int, kernel))
    spatial = extents + random.integers(0, {1: 60, 2: 20, 3: 7}[ndim], ndim)
    image = (int(random.integers(1, 4)), int(shape), *map(int, spatial))
    geometry = ConvGeometry(
        tuple(map(int, stride)), mode, tuple(map(int, dilation)), groups, bool(random.integers(2))
    )
    pads = tuple((int(a or 0), int(b or 0)) for a, b in geometry.pads(filters[2:]))
    output = (image[0], filters[0], *(n or 0 for n in geometry.output_sizes(image[2:], filters[2:])))
    dtype = str(random.choice(["float32", "float64"]))
    arrays = [random.standard_normal(each).astype(dtype) for each in (image, filters, output)]
    return ConvCase(geometry, pads, *arrays)


def random_pool(random: np.random.Generator) -> PoolCase:
    """Windows that overlap, leave gaps, hang over; distinct values, for libraries treat ties differently."""
    ndim = int(random.integers(1, 4))
    window, stride = (tuple(map(int, random.integers(1, 5, ndim))) for _ in range(2))
    ignore_border = bool(random.integers(2))
    pad = tuple(int(random.integers(0, size)) if ignore_border else 0 for size in window)
    lead = tuple(map(int, random.integers(1, 4, 2)))
    spatial = tuple(size + int(n) for size, n in zip(window, random.integers(0, 9, ndim), strict=True))
    dtype = str(random.choice(["float32", "float64"]))
    x = random.permutation(np.prod(lead + spatial)).reshape(lead + spatial).astype(dtype) / 16
    mode = str(random.choice(MODES))
    shape = sc.pool(x, window, stride, pad, mode, ignore_border).type.shape
    return PoolCase(window, stride, pad, mode, ignore_border, x, random.standard_normal(shape).astype(dtype))


# What each library says


def of_symconv(case: Case) -> Results:
    """By compiled functions."""
    if isinstance(case, PoolCase):
        x, g = Variable(type_of(case.x)), Variable(type_of(case.gradient))
        pooled = sc.pool(x, case.window, case.stride, case.pad, case.mode, case.ignore_border)
        values = sc.function([x, g], [pooled, sc.grad((pooled * g).sum(), x)])(case.x, case.gradient)
        return dict(zip(("pooled", "gradient"), values, strict=True))
    results = {}
    for name, (op, arrays) in case.three.items():
        inputs = [Variable(type_of(array)) for array in arrays]
        results[name] = sc.function(inputs, op(*inputs), on_unused_input="ignore")(*arrays)
    return results


class Torch:
    """PyTorch: eager, its gradients by autograd."""

    needs = "torch"

    def __init__(self) -> None:
        import torch

        self.torch, self.functions = torch, torch.nn.functional

    def conv(self, case: ConvCase) -> Results | None:
        torch, geometry = self.torch, case.geometry
        filters, turn = case.correlated()
        x, w = (torch.tensor(array, requires_grad=True) for array in (case.image, filters))
        around = [pad for pair in reversed(case.pads) for pad in pair]
        function = getattr(self.functions, f"conv{geometry.ndim}d")
        y = function(self.functions.pad(x, around), w, None, geometry.stride, 0, geometry.dilation,
                     geometry.groups)  # fmt: skip
        y.backward(torch.from_numpy(case.gradient))
        return {
            "forward": y.detach().numpy(), "by the image": x.grad.numpy(),
            "by the filters": turn(w.grad.numpy()),
        }  # fmt: skip

    def pool(self, case: PoolCase) -> Results | None:
        """Where no window hangs over; its padding may be half a window at most."""
        wide = any(2 * pad > window for pad, window in zip(case.pad, case.window, strict=True))
        if not case.ignore_border or wide or case.mode == "sum":
            return None
        ndim = len(case.window)
        x = self.torch.tensor(case.x, requires_grad=True)
        if case.mode == "max":
            y = getattr(self.functions, f"max_pool{ndim}d")(x, case.window, case.stride, case.pad)
        else:
            whole = case.mode == "average_inc_pad"
            function = getattr(self.functions, f"avg_pool{ndim}d")
            y = function(x, case.window, case.stride, case.pad, False, whole)
        y.backward(self.torch.from_numpy(case.gradient))
        return {"pooled": y.detach().numpy(), "gradient": x.grad.numpy()}


class Jax:
    """JAX: ``lax.conv_general_dilated`` and ``lax.reduce_window``, gradients by ``vjp``."""

    needs = "jax"

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax, self.lax, self.numpy = jax, jax.lax, jax.numpy

    def conv(self, case: ConvCase) -> Results | None:
        """Not volumes in groups: XLA 0.10.2 aborts the process on some of their gradients."""
        geometry = case.geometry
        if geometry.groups > 1 and geometry.ndim == 3:
            return None
        filters, turn = case.correlated()

        def function(x: Array, w: Array) -> Array:
            return self.lax.conv_general_dilated(
                x, w, geometry.stride, case.pads, rhs_dilation=geometry.dilation,
                feature_group_count=geometry.groups, precision=self.lax.Precision.HIGHEST,
            )  # fmt: skip

        y, back = self.jax.vjp(function, case.image, filters)
        by_image, by_filters = back(self.numpy.asarray(case.gradient))
        return {
            "forward": np.asarray(y), "by the image": np.asarray(by_image),
            "by the filters": turn(np.asarray(by_filters)),
        }  # fmt: skip

    def pool(self, case: PoolCase) -> Results | None:
        """Windows that hang over are windows on a tensor with as much padding behind it."""
        kept_averages = case.mode == "average_inc_pad" and not case.ignore_border
        if case.mode == "average_exc_pad" or kept_averages:
            return None
        sizes = case.x.shape[2:]
        ends = [
            (count - 1) * stride + window - size - pad
            for count, stride, window, size, pad in zip(
                case.gradient.shape[2:], case.stride, case.window, sizes, case.pad, strict=True
            )
        ]
        pads = [(0, 0), (0, 0), *((pad, max(end, 0)) for pad, end in zip(case.pad, ends, strict=True))]
        window, stride = (1, 1, *case.window), (1, 1, *case.stride)
        first, add = (-np.inf, self.lax.max) if case.mode == "max" else (0.0, self.lax.add)

        def function(x: Array) -> Array:
            y = self.lax.reduce_window(x, np.asarray(first, x.dtype), add, window, stride, pads)
            return y / np.prod(case.window) if case.mode == "average_inc_pad" else y

        y, back = self.jax.vjp(function, self.numpy.asarray(case.x))
        (gradient,) = back(self.numpy.asarray(case.gradient))
        return {"pooled": np.asarray(y), "gradient": np.asarray(gradient)}


class Scipy:
    """SciPy: one ``correlate`` an image, map and channel; filters with zeros between their elements."""

    needs = "scipy"

    def __init__(self) -> None:
        import scipy.signal

        self.signal = scipy.signal

    def conv(self, case: ConvCase) -> Results | None:
        geometry = case.geometry
        extents = (extent or 0 for extent in geometry.extents(case.filters.shape[2:]))
        spread = np.zeros((*case.filters.shape[:2], *extents), case.filters.dtype)
        filters, _ = case.correlated()
        spread[(..., *(slice(None, None, step) for step in geometry.dilation))] = filters
        padded = np.pad(case.image, [(0, 0), (0, 0), *case.pads])
        y = np.zeros_like(case.gradient)
        depth, each = case.filters.shape[1], case.filters.shape[0] // geometry.groups
        steps = tuple(slice(None, None, step) for step in geometry.stride)
        for n, k in np.ndindex(*y.shape[:2]):
            for c in range(depth):
                channel = padded[n, k // each * depth + c]
                y[n, k] += self.signal.correlate(channel, spread[k, c], "valid", "direct")[steps]
        return {"forward": y}

    def pool(self, case: PoolCase) -> Results | None:
        return None


LIBRARIES = (Torch, Jax, Scipy)


# Comparing


@dataclass
class Tally:
    """What one library made of the cases: how many, how far it was off at most, and where it was too far.

    It is counted up while cases are computed, so it changes.
    """

    cases: int = 0
    without: int = 0
    worst: float = 0.0
    apart: list[str] = field(default_factory=list)


def scales(case: Case) -> Results:
    """For each result, eps times the number of terms times the sum of the terms' absolute values."""
    if isinstance(case, PoolCase):
        eps = np.finfo(case.x.dtype).eps * np.prod(case.window)
        largest = {"pooled": abs(case.x).max(), "gradient": abs(case.gradient).max()}
        return {name: eps * np.prod(case.window) * size for name, size in largest.items()}
    found = {}
    for name, (op, arrays) in case.three.items():
        wide = [abs(array).astype("float64") for array in arrays]
        terms = {
            "forward": np.prod(case.filters.shape[1:]),
            "by the image": case.filters.shape[0] * np.prod(case.filters.shape[2:]),
            "by the filters": case.image.shape[0] * np.prod(case.gradient.shape[2:]),
        }[name]
        found[name] = np.finfo(case.image.dtype).eps * terms * op.perform(*wide)
    return found


def compare(case: Case, mine: Results, theirs: Results, tally: Tally) -> None:
    """Enter one case into a library's tally."""
    tally.cases += 1
    allowed = scales(case)
    for name, result in theirs.items():
        if result.shape != mine[name].shape or result.dtype != mine[name].dtype:
            tally.apart.append(f"{name}: {result.dtype}{result.shape} for {mine[name].shape}: {case}")
            continue
        difference = abs(mine[name].astype("float64") - result)
        off = float(np.max(difference / (allowed[name] + EXACT), initial=0.0))
        tally.worst = max(tally.worst, off)
        if not off <= ROUNDINGS:
            tally.apart.append(f"{name}: {off:.3g} times the roundings of plain summation: {case}")


def cases(number: int, seed: int) -> Iterator[Case]:
    """So many convolutions and as many poolings."""
    for count in range(number):
        random = np.random.default_rng([seed, count])
        yield random_conv(random)
        yield random_pool(random)


def agree(libraries: Sequence[Any], number: int, seed: int) -> dict[str, Tally]:
    """Every library on every case."""
    tallies = {library.needs: Tally() for library in libraries}
    for case in cases(number, seed):
        mine = of_symconv(case)
        for library in libraries:
            theirs = library.conv(case) if isinstance(case, ConvCase) else library.pool(case)
            if theirs is None:
                tallies[library.needs].without += 1
            else:
                compare(case, mine, theirs, tallies[library.needs])
    return tallies


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; the exit status is 1 where someone disagrees."""
    command = argparse.ArgumentParser(prog="python -m benchmarks.agree", description=__doc__)
    command.add_argument("--cases", type=int, default=200, help="of each kind (default: 200)")
    command.add_argument("--seed", type=int, default=0, help="of the random cases (default: 0)")
    options = command.parse_args(arguments)
    there = [library for library in LIBRARIES if find_spec(library.needs)]
    for library in LIBRARIES:
        if library not in there:
            print(f"missing: {library.needs}")
    tallies = agree([library() for library in there], options.cases, options.seed)
    for name, tally in tallies.items():
        print(f"{name}: {tally.cases} cases, {tally.without} that it cannot express, "
              f"at most {tally.worst:.2g} times the roundings of plain summation apart")  # fmt: skip
        for line in tally.apart:
            print(f"  DISAGREES  {line}")
    return int(any(tally.apart for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
