"""Where each algorithm of convolution wins: `python -m benchmarks.crossover`. Imports symconv, matplotlib.

One size after another is changed and all else kept; every algorithm that fits is forced, in turns, on one
thread. The shortest of its runs counts. Each panel can be measured by itself (``--panels``) and is added to
the file of results, so that a busy machine need be quiet for seconds only. ``--plot`` draws what there is.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import symconv as sc
from benchmarks.calibrate import Shape, problem_of
from benchmarks.plot import one_two_five, saved
from benchmarks.report import machine
from symconv.graph.nodes import Variable
from symconv.graph.types import type_of
from symconv.ops.conv.algorithms import PORTFOLIO, estimate, offer
from symconv.ops.conv.ops import Conv, ConvGradFilters

RESULTS = Path(__file__).resolve().parent / "results" / "crossover.json"
STYLES = {  # the palette of Okabe and Ito, which the colour-blind can tell apart, and a mark for each
    "columns": ("#0072B2", "s"), "rows only": ("#D55E00", "o"), "images last": ("#E69F00", "P"),
    "pointwise": ("#999999", "D"), "row by row": ("#009E73", "^"), "fft": ("#CC79A7", "v"),
    "winograd": ("#56B4E9", "X"), "winograd 4x4": ("#000000", "*"),
}  # fmt: skip
OTHER = ("#7a5230", "p")
DTYPE = "float32"


class Panel(NamedTuple):
    """One size that varies, and the problems for its values."""

    title: str
    axis: str
    problems: tuple[tuple[int, Shape], ...]
    kind: str = "forward"


def square(count: int, channels: int, size: int, maps: int, kernel: int, border: str = "valid") -> Shape:
    """Square images and filters."""
    return Shape((count, channels, size, size), (maps, channels, kernel, kernel), border=border)


def deep(size: int, channels: int) -> Shape:
    """A group for each channel."""
    return Shape((1, channels, size, size), (channels, 1, 3, 3), border="half", groups=channels)


PANELS = {
    "filters": Panel(
        "1 x 3 x 256 x 256, 2 maps", "filter size k (k x k)",
        tuple((k, square(1, 3, 256, 2, k)) for k in (1, 2, 3, 5, 7, 9, 13, 19, 27, 41)),
    ),
    "channels": Panel(
        "4 x C x 28 x 28, C maps, 3 x 3", "channels C",
        tuple((c, square(4, c, 28, c, 3, "half")) for c in (1, 2, 4, 8, 16, 32, 64, 128, 256)),
    ),
    "maps": Panel(
        "1 x 3 x 128 x 128, 9 x 9", "maps K",
        tuple((k, square(1, 3, 128, k, 9)) for k in (1, 2, 4, 8, 16, 32, 64, 128)),
    ),
    "size": Panel(
        "1 x 3 x S x S, 2 maps, 9 x 9", "image size S",
        tuple((s, square(1, 3, s, 2, 9)) for s in (12, 16, 24, 32, 64, 128, 256, 512, 1024)),
    ),
    "batch": Panel(
        "N x 20 x 12 x 12, 50 maps, 5 x 5", "images N",
        tuple((n, Shape((n, 20, 12, 12), (50, 20, 5, 5))) for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)),
    ),
    "sound": Panel(
        "1 x 1 x 65536, 4 maps", "filter length k",
        tuple((k, Shape((1, 1, 65536), (4, 1, k))) for k in (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)),
    ),
    "depth": Panel(
        "depthwise: 1 x C x 56 x 56, 3 x 3", "channels C, a group each",
        tuple((c, deep(56, c)) for c in (2, 4, 8, 16, 32, 64, 128, 256)),
    ),
    "back": Panel(
        "by the filters: 20 x C x 24 x 24, C maps, 5 x 5", "channels C",
        tuple((c, square(20, c, 24, c, 5)) for c in (1, 2, 4, 8, 16, 32, 64)), "filters",
    ),
}  # fmt: skip


def measure(panel: Panel, seconds: float) -> list[dict[str, Any]]:
    """For each value: the time of each algorithm in ms, and which one the estimates choose.

    An algorithm that is estimated at more than 30 times the best is left out.
    """
    found = []
    for value, shape in panel.problems:
        problem = problem_of(shape, panel.kind, DTYPE)
        fit = [module for module in PORTFOLIO if not module.unfit(problem)]
        costs = {module.NAME: estimate(module, problem).total for module in fit}
        offers = [offer(module, problem) for module in fit]
        chosen = min((cost, name) for name, cost, _ in offers if cost is not None)[1]
        runs = {
            name: compiled(shape, panel.kind, name)
            for name in costs
            if costs[name] < 30 * min(costs.values())
        }
        best = dict.fromkeys(runs, float("inf"))
        started, rounds = time.perf_counter(), 0
        while rounds < 3 or time.perf_counter() - started < seconds:
            rounds += 1
            for name, (function, arrays) in runs.items():
                with sc.settings(conv_algorithm=name, threads=1):
                    before = time.perf_counter()
                    function(*arrays)
                    best[name] = min(best[name], time.perf_counter() - before)
        found.append(
            {"value": value, "ms": {name: 1e3 * took for name, took in best.items()}, "chosen": chosen}
        )
        print(
            panel.axis, value, {name: round(1e3 * took, 3) for name, took in best.items()}, chosen, flush=True
        )
    return found


def compiled(shape: Shape, kind: str, name: str) -> Any:
    """A function that computes a problem by one algorithm, and its arguments."""
    random = np.random.default_rng(0)
    image, filters = (random.standard_normal(size).astype(DTYPE) for size in (shape.image, shape.filters))
    op: Any = Conv(shape.geometry)
    arrays = [image, filters]
    if kind == "filters":
        output = op.out_types(type_of(image), type_of(filters)).shape
        op, arrays = ConvGradFilters(shape.geometry), [image, np.ones(output, DTYPE), filters]
    inputs = [Variable(type_of(array)) for array in arrays]
    function = sc.function(inputs, op(*inputs), on_unused_input="ignore")
    with sc.settings(conv_algorithm=name, threads=1):
        function(*arrays)
    return function, arrays


def machine_name() -> str:
    """What absolute times depend on, in short."""
    where = machine(0.0)
    return f"{where['processor']}, Python {where['python']}, NumPy {np.__version__}"


def plot(document: dict[str, Any], path: Path) -> Path:
    """A panel for each size that varies: time over it, a line an algorithm, a ring around the choice."""
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crossover", "font.size": 9}):
        shown = [name for name in PANELS if name in document["panels"]]
        rows = -(-len(shown) // 2)
        figure, panels = pyplot.subplots(rows, 2, figsize=(10, 3.3 * rows), squeeze=False)
        drawn: dict[str, Any] = {}
        for axes, name in zip(panels.flat, shown, strict=False):
            draw_panel(axes, PANELS[name], document["panels"][name], drawn)
        for axes in list(panels.flat)[len(shown) :]:
            axes.set_visible(False)
        figure.legend(drawn.values(), drawn, loc="outside upper center", ncols=4, frameon=False)
        figure.supxlabel(
            f"{DTYPE}, one thread, the shortest of many runs; {document['machine']}, {document['date']}",
            fontsize=8,
            color="#555555",
        )
        return saved(figure, path)


def draw_panel(axes: Any, panel: Panel, points: list[dict[str, Any]], drawn: dict[str, Any]) -> None:
    """One panel; what is drawn for a name is kept for the legend."""
    names = list(dict.fromkeys(name for point in points for name in point["ms"]))
    for name in sorted(names, key=lambda name: list(STYLES).index(name) if name in STYLES else 99):
        colour, mark = STYLES.get(name, OTHER)
        line = [(point["value"], point["ms"][name]) for point in points if name in point["ms"]]
        (drawn[name],) = axes.plot(
            *zip(*line, strict=True), color=colour, marker=mark, markersize=4.5, linewidth=1.4
        )
    chosen = [
        (point["value"], point["ms"][point["chosen"]]) for point in points if point["chosen"] in point["ms"]
    ]
    drawn["chosen by the estimates"] = axes.scatter(
        *zip(*chosen, strict=True), s=90, facecolors="none", edgecolors="black", linewidths=1, zorder=4
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    values = [point["value"] for point in points]
    axes.set_xticks(values, [str(value) for value in values])
    axes.set_xticks([], minor=True)
    one_two_five(axes.yaxis)
    axes.set_xlabel(panel.axis)
    axes.set_ylabel("ms")
    axes.set_title(panel.title, fontsize=9.5)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure some panels, add them to the results, draw."""
    command = argparse.ArgumentParser(prog="python -m benchmarks.crossover", description=__doc__)
    command.add_argument("--panels", default=",".join(PANELS), help=f"of {','.join(PANELS)}; '' for none")
    command.add_argument("--seconds", type=float, default=0.3, help="for each problem (default: 0.3)")
    command.add_argument("--results", type=Path, default=RESULTS, help="a JSON file that is read and written")
    command.add_argument("--plot", type=Path, help="draw what has been measured to this file")
    options = command.parse_args(arguments)
    chosen = [name for name in options.panels.split(",") if name]
    if unknown := set(chosen) - set(PANELS):
        command.error(f"unknown panels {', '.join(sorted(unknown))}")
    document = json.loads(options.results.read_text()) if options.results.exists() else {"panels": {}}
    for name in chosen:
        document["panels"][name] = measure(PANELS[name], options.seconds)
        document |= {"date": date.today().isoformat(), "machine": machine_name()}
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text(json.dumps(document, indent=1) + "\n")
    if options.plot:
        print(plot(document, options.plot))
    return 0


if __name__ == "__main__":
    sys.exit(main())
