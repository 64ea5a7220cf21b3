"""The plots of a run. Imports matplotlib, when asked for one and when it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measures import SUBJECT, best_of_each

# The palette of Okabe and Ito (2008), which the colour-blind can tell apart, and for each peer its own mark.
MARKS = (
    ("#D55E00", "o"),
    ("#999999", "s"),
    ("#F0E442", "P"),
    ("#0072B2", "D"),
    ("#009E73", "^"),
    ("#CC79A7", "v"),
    ("#56B4E9", "X"),
)


def available() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def write(document: dict[str, Any], folder: Path) -> list[Path]:
    """steady.svg and growth.svg, as far as the run has something to show in them."""
    import matplotlib

    matplotlib.use("Agg")
    results = document["results"]
    written = []
    steady = [one for one in results if one["measure"] == "steady" and one["entries"]]
    growth = [one for one in results if one["measure"] == "growth" and one["entries"]]
    if steady:
        written.append(steady_plot(steady, list(document["peers"]), folder / "steady.svg"))
    if growth:
        written.append(growth_plot(growth, folder / "growth.svg"))
    return written


def steady_plot(results: list[dict[str, Any]], peers: list[str], path: Path) -> Path:
    """A row a case, a panel a dtype: each peer's best median over symconv's, or else over the quickest."""
    from matplotlib import pyplot

    dtypes = list(dict.fromkeys(one["dtype"] for one in results))
    cases = list(dict.fromkeys(one["case"] for one in results))
    figure, panels = pyplot.subplots(
        1, len(dtypes), figsize=(1.5 + 4.5 * len(dtypes), 1.8 + 0.42 * len(cases)), sharey=True, squeeze=False
    )
    ground = SUBJECT
    shown: dict[str, Any] = {}
    for panel, dtype in zip(panels[0], dtypes, strict=True):
        for one in (one for one in results if one["dtype"] == dtype):
            best = best_of_each(one["entries"])
            if SUBJECT not in best:
                ground = "the quickest"
            unit = best[SUBJECT]["median"] if SUBJECT in best else min(e["median"] for e in best.values())
            row = cases.index(one["case"])
            for peer, entry in best.items():
                colour, mark = MARKS[peers.index(peer) % len(MARKS)]
                shown[peer] = panel.scatter(
                    entry["median"] / unit,
                    row,
                    color=colour,
                    marker=mark,
                    edgecolors="black",
                    linewidths=0.5,
                    s=55,
                    zorder=2 if peer == SUBJECT else 3,
                )
        panel.axvline(1, color="black", linewidth=1)
        panel.set_xscale("log")
        one_two_five(panel.xaxis)
        panel.grid(axis="both", color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.set_title(dtype)
        panel.set_xlabel(f"time over that of {ground}")
    panels[0][0].set_yticks(range(len(cases)), cases)
    panels[0][0].set_ylim(len(cases) - 0.5, -0.5)
    order = [peer for peer in peers if peer in shown]
    figure.legend([shown[peer] for peer in order], order, loc="outside upper center", ncols=4, frameon=False)
    return saved(figure, path)


def growth_plot(results: list[dict[str, Any]], path: Path) -> Path:
    """Seconds over nodes, both logarithmic, with the line of linear growth through the first point."""
    from matplotlib import pyplot

    figure, panel = pyplot.subplots(figsize=(5.5, 4))
    for one in results:
        points = sorted((entry["nodes"], entry["median"]) for entry in one["entries"])
        x, y = zip(*points, strict=True)
        panel.plot(x, y, "o-", color=MARKS[0][0], label=f"{one['case']}, measured")
        panel.plot(x, [y[0] * size / x[0] for size in x], "--", color="#777777", label="linear")
    panel.set_xscale("log")
    panel.set_yscale("log")
    one_two_five(panel.yaxis)
    panel.set_xticks(x, [f"{size:,}" for size in x], minor=False)
    panel.set_xticks([], minor=True)
    panel.set_xlabel("nodes in the graph")
    panel.set_ylabel("build, compile and first call, s")
    panel.grid(color="#dddddd", linewidth=0.6)
    panel.legend(frameon=False)
    return saved(figure, path)


def one_two_five(axis: Any) -> None:
    """Label a logarithmic axis at 1, 2, 5, 10, 20, ..."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def saved(figure: Any, path: Path) -> Path:
    """Lay out, write, close."""
    from matplotlib import pyplot

    figure.set_layout_engine("constrained")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path
