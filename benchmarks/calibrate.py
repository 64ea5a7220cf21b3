"""The constants of the convolutions' cost model: `python -m benchmarks.calibrate`. Imports symconv, scipy.

Every algorithm is forced on every problem of a list, in turns; the shortest run counts. Each
says how much work it does (``Work``), so the constants are what explains the times best: least squares of
logarithms, beginning with the constants in use. The script prints them for ``algorithms/costs.py``, and what
choosing by them costs: the time of the chosen algorithm over that of the best, for each problem where they
differ.

Absolute times are this machine's. The choice needs ratios only, and these differ little between processors
of one kind; where they do, ``autotune=True`` measures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.types import type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms import PORTFOLIO, costs, offer, work
from symconv.ops.conv.algorithms.costs import Work
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.ops import Conv, ConvGradFilters

DTYPES = ("float32", "float64")
MEAN = 0.3  # how much the mean of a problem's estimates counts against their ratios
PULL = 0.1  # and how much that constants stay where they start


class Shape(NamedTuple):
    """Images [N,C,...], filters [K,C/groups,...] and a geometry."""

    image: tuple[int, ...]
    filters: tuple[int, ...]
    stride: int = 1
    border: str = "valid"
    groups: int = 1

    @property
    def geometry(self) -> ConvGeometry:
        """The geometry of the convolution."""
        stride = (self.stride,) * (len(self.image) - 2)
        return ConvGeometry(stride, self.border, groups=self.groups)


SHAPES = (
    Shape((1, 3, 120, 160), (2, 3, 9, 9)),
    Shape((1, 3, 400, 300), (2, 3, 9, 9)),
    Shape((4, 3, 60, 80), (4, 3, 7, 7), border="half"),
    Shape((50, 1, 28, 28), (20, 1, 5, 5)),
    Shape((50, 20, 12, 12), (50, 20, 5, 5)),
    Shape((50, 50, 8, 8), (20, 50, 5, 5), border="full"),
    Shape((1, 64, 56, 56), (64, 64, 3, 3)),
    Shape((1, 64, 56, 56), (64, 64, 3, 3), border="half"),
    Shape((1, 64, 56, 56), (16, 64, 1, 1)),
    Shape((1, 256, 28, 28), (64, 256, 1, 1)),
    Shape((1, 3, 224, 224), (64, 3, 3, 3)),
    Shape((1, 3, 224, 224), (16, 3, 7, 7), stride=2),
    Shape((4, 128, 14, 14), (128, 128, 3, 3)),
    Shape((1, 16, 100, 100), (16, 16, 3, 3)),
    Shape((1, 16, 100, 100), (16, 16, 3, 3), stride=2),
    Shape((1, 16, 100, 100), (4, 16, 5, 5), border="half"),
    Shape((1, 4, 200, 200), (8, 4, 5, 5)),
    Shape((1, 1, 256, 256), (1, 1, 5, 5)),
    Shape((1, 1, 256, 256), (1, 1, 9, 9)),
    Shape((1, 1, 256, 256), (1, 1, 17, 17)),
    Shape((1, 1, 256, 256), (1, 1, 31, 31)),
    Shape((1, 3, 200, 200), (8, 3, 11, 11)),
    Shape((1, 3, 200, 200), (8, 3, 19, 19)),
    Shape((1, 8, 128, 128), (8, 8, 13, 13)),
    Shape((200, 1, 32, 32), (4, 1, 15, 15)),
    Shape((200, 1, 8, 8), (4, 1, 3, 3)),
    Shape((1, 64, 56, 56), (64, 1, 3, 3), border="half", groups=64),
    Shape((4, 64, 14, 14), (64, 1, 3, 3), border="half", groups=64),
    Shape((1, 64, 56, 56), (64, 1, 5, 5), stride=2, groups=64),
    Shape((1, 4, 300, 300), (4, 1, 7, 7), groups=4),
    Shape((8, 16, 32, 32), (16, 4, 3, 3), groups=4),
    Shape((4, 128, 28, 28), (128, 16, 3, 3), groups=8),
    Shape((1, 256, 14, 14), (256, 64, 3, 3), groups=4),
    Shape((2, 1, 20000), (4, 1, 64)),
    Shape((2, 16, 4000), (16, 16, 9)),
    Shape((2, 1, 20000), (4, 1, 400)),
    Shape((1, 3, 12, 56, 56), (8, 3, 3, 3, 3)),
    Shape((1, 16, 8, 28, 28), (16, 16, 3, 3, 3), border="half"),
)


class Timing(NamedTuple):
    """What an algorithm took for a problem."""

    shape: int
    kind: str
    dtype: str
    name: str
    seconds: float


def problem_of(shape: Shape, kind: str, dtype: str) -> Problem:
    """The problem that the algorithms are asked about."""
    return Problem.of(kind, shape.geometry, shape.image, shape.filters, dtype, True)  # type: ignore[arg-type]


def measure(seconds: float, skip: float, threads: int | None) -> list[Timing]:
    """The shortest run of every algorithm for every problem.

    Parameters
    ----------
    seconds : float
        How long a problem's turns go on.
    skip : float
        Algorithms that are estimated at so many times the best are not run.
    threads : int or None
        Of the setting.
    """
    found = []
    for number, shape in enumerate(SHAPES):
        for dtype in DTYPES:
            for kind in ("forward", "filters"):
                runs = _compiled(shape, kind, dtype, skip, threads)
                best = {name: float("inf") for name in runs}
                started = time.perf_counter()
                while time.perf_counter() - started < seconds:
                    for name, (function, arrays) in runs.items():
                        with sc.settings(conv_algorithm=name, threads=threads):
                            before = time.perf_counter()
                            function(*arrays)
                            best[name] = min(best[name], time.perf_counter() - before)
                found += [Timing(number, kind, dtype, name, took) for name, took in best.items()]
        print(f"{number + 1} of {len(SHAPES)}", end="\r", file=sys.stderr)
    return found


def _compiled(
    shape: Shape, kind: str, dtype: str, skip: float, threads: int | None
) -> dict[str, Any]:
    """A function for each algorithm that fits, and its arguments."""
    random = np.random.default_rng(0)
    image = random.standard_normal(shape.image).astype(dtype)
    filters = random.standard_normal(shape.filters).astype(dtype)
    op: Any = Conv(shape.geometry)
    arrays = [image, filters]
    if kind == "filters":
        output = op.out_types(type_of(image), type_of(filters)).shape
        op, arrays = ConvGradFilters(shape.geometry), [image, np.ones(output, dtype), filters]
    problem = problem_of(shape, kind, dtype)
    offers = [offer(module, problem, "fft") for module in PORTFOLIO]
    expected = {name: cost for name, cost, _ in offers if cost is not None}
    runs = {}
    for name, cost in expected.items():
        if cost > skip * min(expected.values()):
            continue
        inputs = [Variable(type_of(array)) for array in arrays]
        function = sc.function(inputs, op(*inputs), on_unused_input="ignore")
        with sc.settings(conv_algorithm=name, threads=threads):
            function(*arrays)
        runs[name] = function, arrays
    return runs


def work_of(timing: Timing) -> Work:
    """What the algorithm says that it does."""
    problem = problem_of(SHAPES[timing.shape], timing.kind, timing.dtype)
    module = next(module for module in PORTFOLIO if timing.name == module.NAME)
    return Work(*map(sum, zip(*work(module, problem), strict=True)))


def fitted(timings: Sequence[Timing], start: Work) -> Work:
    """The constants that explain best how much longer one algorithm takes than another.

    For each problem the logarithms of the times are held against those of the estimates: how they differ
    among algorithms, and less so their mean. Little pulls constants to where they start, so that what the
    times do not tell stays what it was measured to be alone.
    """
    from scipy.optimize import least_squares

    rows = np.array([work_of(timing) for timing in timings])
    took = np.log([timing.seconds * 1e9 for timing in timings])
    keys = [(timing.shape, timing.kind) for timing in timings]
    same = np.array([[a == b for b in keys] for a in keys], float)
    same /= same.sum(1, keepdims=True)

    def residuals(logarithms: Any) -> Any:
        off = np.log(rows @ np.exp(logarithms)) - took
        mean = same @ off
        return np.concatenate([off - mean, MEAN * mean, PULL * (logarithms - begin)])

    begin = np.log(start)
    solution = least_squares(residuals, begin, loss="soft_l1", f_scale=0.1)
    return Work(*np.exp(solution.x))


def regrets(timings: Sequence[Timing], constants: dict[str, Work]) -> dict[tuple[int, str, str], Any]:
    """For each problem: chosen algorithm, best algorithm, how many times its time; float64 without FFT."""
    problems: dict[tuple[int, str, str], list[tuple[float, float, str]]] = {}
    for timing in timings:
        if timing.name == "fft" and timing.dtype == "float64":
            continue
        estimated = float(np.dot(work_of(timing), constants[timing.dtype]))
        key = timing.shape, timing.kind, timing.dtype
        problems.setdefault(key, []).append((estimated, timing.seconds, timing.name))
    found = {}
    for key, rows in problems.items():
        _, took, chosen = min(rows)
        least, best = min((seconds, name) for _, seconds, name in rows)
        found[key] = chosen, best, took / least
    return found


def report(timings: Sequence[Timing], constants: dict[str, Work], what: str) -> None:
    """Print what choosing by some constants costs."""
    found = regrets(timings, constants)
    ratios = np.array([ratio for *_, ratio in found.values()])
    mean = np.exp(np.log(ratios).mean())
    print(f"{what}: {mean:.3f} times the best on geometric mean, {ratios.max():.2f} at most")
    for (number, kind, dtype), (chosen, best, ratio) in found.items():
        if ratio > 1.15:
            shape = SHAPES[number]
            print(f"  {ratio:5.2f}  {chosen:<10} for {best:<10} {problem_of(shape, kind, dtype)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure or read, fit, print."""
    command = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    command.add_argument("--seconds", type=float, default=0.15, help="for each problem (default: 0.15)")
    command.add_argument("--skip", type=float, default=12, help="leave out what is estimated as much dearer")
    command.add_argument("--threads", type=int, help="the setting (default: every core)")
    command.add_argument("--save", type=Path, help="write the times here")
    command.add_argument("--read", type=Path, help="fit times that were saved, measure nothing")
    options = command.parse_args(arguments)
    if options.read:
        timings = [Timing(*row) for row in json.loads(options.read.read_text())]
    else:
        timings = measure(options.seconds, options.skip, options.threads)
    if options.save:
        options.save.write_text(json.dumps(timings))
    constants = {
        dtype: fitted([t for t in timings if t.dtype == dtype], costs.CONSTANTS[dtype]) for dtype in DTYPES
    }
    for name, dtype in (("SINGLE", "float32"), ("DOUBLE", "float64")):
        texts = (f"{field}={value:.3g}" for field, value in constants[dtype]._asdict().items())
        print(f"{name} = Work({', '.join(texts)})")
    report(timings, costs.CONSTANTS, "the constants in use")
    report(timings, constants, "the constants above")
    return 0


if __name__ == "__main__":
    sys.exit(main())
