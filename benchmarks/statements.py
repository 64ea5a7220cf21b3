"""Where the time of a layer goes: `python -m benchmarks.statements`. Imports symconv, matplotlib to plot.

The source of a plan is one assignment a line. Here a clock is put behind each line, the layer runs on one
thread, and lines are added up by what they do: laying pixels out, multiplying, adding up, the epilogue. The
clock's own time, measured beside it, is taken off.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import symconv as sc
from benchmarks.cases import BY_NAME, FLOATS
from benchmarks.crossover import machine_name
from benchmarks.plot import saved

RESULTS = Path(__file__).resolve().parent / "results" / "statements.json"
LAYERS = ("seed1", "seed32", "photo", "lenet0", "lenet1", "res3x3", "res1x1", "vgg1", "deep")
PARTS = {  # in the order of a block's way, with a colour each
    "laying out": "#56B4E9", "transforming": "#CC79A7", "multiplying": "#0072B2", "adding up": "#009E73",
    "bias and tanh": "#E69F00", "handing out blocks": "#999999",
}  # fmt: skip
KINDS = (  # the first pattern that a line has says what it does
    ("transforming", r"products_in_pieces\(constant|fft\(|transform\w*\(|defined_where_not_finite\("),
    ("multiplying", r"products_in_pieces\(|products_summed|products_\w+_rows\(|matmul\("),
    ("adding up", r"add_shifted\("),
    ("bias and tanh", r"tanh\(|\bbias"),
    ("adding up", r"np\.(add|subtract)"),
    ("laying out", r"\] = |\[\.\.\.\] = |copyto\(|fill\("),
    ("laying out", r"\b(padded_part|unrolled_rows|fields|shifts|tiles_of|turned)\("),
)


class Clock:
    """Seconds by line; it runs all the time, so it changes."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.seconds = [0.0] * len(lines)
        self.ticks = [0] * len(lines)
        self.last = perf_counter()

    def tick(self, line: int) -> None:
        """What has passed since the last tick belongs to a line."""
        now = perf_counter()
        self.seconds[line] += now - self.last
        self.ticks[line] += 1
        self.last = perf_counter()

    def cost(self) -> float:
        """Seconds that a tick adds to what it measures."""
        other = Clock([""])
        for _ in range(10_000):
            other.tick(0)
        return other.seconds[0] / 10_000

    def parts(self, calls: int) -> dict[str, float]:
        """Milliseconds a call, by what the lines do."""
        each = self.cost()
        found = dict.fromkeys(PARTS, 0.0)
        for line, seconds, ticks in zip(self.lines, self.seconds, self.ticks, strict=True):
            found[part_of(line)] += 1e3 * max(0.0, seconds - ticks * each) / calls
        return found


def part_of(line: str) -> str:
    """What a line of generated source does."""
    return next((part for part, pattern in KINDS if re.search(pattern, line)), "handing out blocks")


def clocked(plan: Any) -> Clock:
    """Put a clock behind each line of a plan; its next calls are measured."""
    tree = ast.parse(plan.source)
    lines: list[str] = []
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("make_"):
            continue
        body: list[ast.stmt] = []
        for statement in function.body:
            if isinstance(statement, ast.Return) or _is_text(statement):
                body.append(statement)
                continue
            body += [statement, ast.parse(f"_tick({len(lines)})").body[0]]
            lines.append(ast.unparse(statement))
        function.body = body
    clock = Clock(lines)
    namespace = dict(plan.run.__globals__) | {"_tick": clock.tick}
    exec(compile(ast.fix_missing_locations(tree), "<clocked>", "exec"), namespace)
    plan.run = namespace["run"]
    return clock


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def measure(name: str, dtype: str, seconds: float) -> dict[str, Any]:
    """One layer: milliseconds a call by part, by the clock and without it, and the algorithm."""
    parameters = BY_NAME[name].parameters
    random = np.random.default_rng(0)
    image = random.standard_normal(parameters["image"]).astype(dtype)
    filters = sc.shared(random.standard_normal(parameters["filters"]).astype(dtype), "filters")
    bias = sc.shared(random.standard_normal(parameters["filters"][0]).astype(dtype), "bias")
    x = sc.tensor(dtype, (None,) * 4, "image")
    with sc.settings(threads=1):
        f = sc.function([x], sc.tanh(sc.conv2d(x, filters) + bias.dimshuffle("x", 0, "x", "x")))
        f(image)
        plain = min(timed(f, image) for _ in range(5))
        (plan,) = f._executor.plans
        clock = clocked(plan)
        f(image)
        clock.seconds, clock.ticks = [0.0] * len(clock.lines), [0] * len(clock.lines)
        began, calls = perf_counter(), 0
        while calls < 3 or perf_counter() - began < seconds:
            clock.last = perf_counter()
            f(image)
            calls += 1
    (choice,) = [choice for kernel in plan.program.kernels for choice in kernel.choices]
    return {
        "case": name, "dtype": dtype, "ms": plain * 1e3, "parts": clock.parts(calls),
        "algorithm": choice.candidates[0].name,
    }  # fmt: skip


def timed(function: Any, image: Any) -> float:
    """Seconds of one call."""
    before = perf_counter()
    function(image)
    return perf_counter() - before


def plot(document: dict[str, Any], path: Path) -> Path:
    """A bar a layer, a panel a dtype: which share of the time each part takes."""
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "statements", "font.size": 9}):
        dtypes = [dtype for dtype in FLOATS if any(one["dtype"] == dtype for one in document["layers"])]
        figure, panels = pyplot.subplots(1, len(dtypes), figsize=(1 + 5.2 * len(dtypes), 4.8), squeeze=False)
        drawn: dict[str, Any] = {}
        for axes, dtype in zip(panels[0], dtypes, strict=True):
            layers = [one for one in document["layers"] if one["dtype"] == dtype]
            draw_panel(axes, layers, drawn)
            axes.set_title(dtype, fontsize=10)
        figure.legend(drawn.values(), drawn, loc="outside upper center", ncols=6, frameon=False)
        figure.supxlabel(
            f"one thread; {document['machine']}, {document['date']}", fontsize=8, color="#555555"
        )
        return saved(figure, path)


def draw_panel(axes: Any, layers: list[dict[str, Any]], drawn: dict[str, Any]) -> None:
    """The bars of one dtype; what is drawn for a part is kept for the legend."""
    names = [f"{one['case']}\n{one['algorithm']}" for one in layers]
    start = np.zeros(len(layers))
    total = np.array([sum(one["parts"].values()) for one in layers])
    for part, colour in PARTS.items():
        share = 100 * np.array([one["parts"].get(part, 0.0) for one in layers]) / total
        if share.max() < 0.5:
            continue
        drawn[part] = axes.barh(names, share, left=start, color=colour, edgecolor="white", height=0.72)
        for row, (width, left) in enumerate(zip(share, start, strict=True)):
            if width >= 6:
                axes.text(left + width / 2, row, f"{width:.0f}", ha="center", va="center", fontsize=8,
                          color="white" if colour in ("#0072B2", "#009E73") else "black")  # fmt: skip
        start += share
    for row, one in enumerate(layers):
        axes.text(101, row, f"{one['ms']:.3g} ms", va="center", fontsize=8)
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of the time")
    axes.invert_yaxis()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, add to the results, draw."""
    command = argparse.ArgumentParser(prog="python -m benchmarks.statements", description=__doc__)
    command.add_argument("--layers", default=",".join(LAYERS), help=f"of {','.join(LAYERS)}; '' for none")
    command.add_argument("--dtype", choices=FLOATS, help="only this one")
    command.add_argument("--seconds", type=float, default=0.5, help="for each layer (default: 0.5)")
    command.add_argument("--results", type=Path, default=RESULTS, help="a JSON file that is read and written")
    command.add_argument("--plot", type=Path, help="draw what has been measured to this file")
    options = command.parse_args(arguments)
    document = json.loads(options.results.read_text()) if options.results.exists() else {"layers": []}
    for name in filter(None, options.layers.split(",")):
        for dtype in (options.dtype,) if options.dtype else FLOATS:
            found = measure(name, dtype, options.seconds)
            print(json.dumps(found), flush=True)
            rest = [one for one in document["layers"] if (one["case"], one["dtype"]) != (name, dtype)]
            order = sorted([*rest, found], key=lambda one: LAYERS.index(one["case"]))
            document = {"layers": order, "date": date.today().isoformat(), "machine": machine_name()}
            options.results.parent.mkdir(parents=True, exist_ok=True)
            options.results.write_text(json.dumps(document, indent=1) + "\n")
    if options.plot:
        print(plot(document, options.plot))
    return 0


if __name__ == "__main__":
    sys.exit(main())
