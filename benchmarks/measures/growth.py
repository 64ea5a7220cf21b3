"""How the time to compile and first call grows with the graph. Imports first_call and this package."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import Crew
from benchmarks.measures import SUBJECT, Entry, Options, first_call, result

UNIT = "s"
MOST_ROUNDS = 2
LINEAR = 1.15  # the largest exponent that still passes for linear on a machine that is not quiet


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Seconds to build, compile, first call; the goal is the most at the largest graph, growing linearly."""
    entries: list[Entry] = []
    left_out: list[Entry] = []
    for nodes in case.parameters["nodes"]:
        one = replace(case, parameters={**case.parameters, "nodes": nodes})
        found, excluded = first_call.sampled(one, dtype, crew, min(options.rounds, MOST_ROUNDS))
        left_out += [each for each in excluded if each not in left_out]
        entries += [{**in_seconds(each), "nodes": nodes} for each in found]
    return result(case, dtype, UNIT, entries, left_out, verdict(entries, case.goal.get(dtype)))


def in_seconds(found: Entry) -> Entry:
    """An entry of `first_call`, which is in milliseconds."""
    in_ms = ("median", "minimum")
    changed = {name: found[name] * first_call.SCALE for name in in_ms}
    return {
        **found,
        **changed,
        "round_medians": [value * first_call.SCALE for value in found["round_medians"]],
    }


def verdict(entries: list[Entry], goal: float | None) -> dict[str, Any]:
    """The largest graph's seconds, and the exponent p of seconds ~ nodes^p by least squares on logarithms."""
    points = sorted((one["nodes"], one["median"]) for one in entries if one["peer"] == SUBJECT)
    if not points:
        return {"value": None, "met": None, "text": f"{SUBJECT} is missing"}
    value, found = points[-1][1], exponent(points)
    linear = found is None or found <= LINEAR
    shown = "" if found is None else f", growing as N^{found:.2f}"
    return {
        "value": value,
        "exponent": found,
        "met": None if goal is None else value <= goal and linear,
        "text": f"{value:.3g} s for {points[-1][0]:,} nodes{shown}",
    }


def exponent(points: list[tuple[int, float]]) -> float | None:
    """The slope of log(seconds) over log(nodes), or None for fewer than two sizes."""
    if len(points) < 2:
        return None
    x, y = ([math.log(value) for value in values] for values in zip(*points, strict=True))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    rise = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return rise / sum((a - mean_x) ** 2 for a in x)
