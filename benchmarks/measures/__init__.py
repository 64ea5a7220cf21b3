"""How a case is measured: one module a measure. Imports crew and cases.

A measure is a module with

    UNIT                                         what its numbers are
    measure(case, dtype, crew, options)          the result, a dictionary as `result` below builds it

The result is what goes into the JSON; its grammar is stated in docs/reference/benchmarks.md.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from benchmarks.cases import Case

SUBJECT = "symconv"

Entry = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How long to measure: `rounds` of turns of `seconds`; `explain` asks peers how they ran the case."""

    rounds: int = 10
    seconds: float = 0.1
    explain: bool = True


def load(name: str) -> ModuleType:
    """The module of the measure `name`."""
    return import_module(f"{__name__}.{name}")


def entry(
    peer: str, variant: str, threads: int, rounds: list[list[float]], scale: float, **more: Any
) -> Entry:
    """Samples, by round and in seconds or bytes, summed up in the unit of the measure."""
    samples = [sample / scale for one in rounds for sample in one]
    return {
        "peer": peer,
        "variant": variant,
        "threads": threads,
        "median": statistics.median(samples),
        "minimum": min(samples),
        "samples": len(samples),
        "round_medians": [statistics.median(one) / scale for one in rounds],
        **more,
    }


def excluded(peer: str, variant: str | None, threads: int | None, why: str, *, wrong: bool = False) -> Entry:
    """A peer, or one variant of it, that was not measured; `wrong` when its result was."""
    return {"peer": peer, "variant": variant, "threads": threads, "why": why, "wrong": wrong}


def best_of_each(entries: Iterable[Entry]) -> dict[str, Entry]:
    """By peer, its fastest (or leanest) entry by the median."""
    best: dict[str, Entry] = {}
    for one in entries:
        if one["peer"] not in best or one["median"] < best[one["peer"]]["median"]:
            best[one["peer"]] = one
    return best


def result(
    case: Case, dtype: str, unit: str, entries: list[Entry], left_out: list[Entry], verdict: dict[str, Any]
) -> dict[str, Any]:
    """One case in one dtype, as it stands in the JSON."""
    return {
        "case": case.name,
        "kind": case.kind,
        "measure": case.measure,
        "what": case.what,
        "dtype": dtype,
        "parameters": dict(case.parameters),
        "unit": unit,
        "goal": case.goal.get(dtype),
        "entries": entries,
        "excluded": left_out,
        "best": {peer: [one["variant"], one["threads"]] for peer, one in best_of_each(entries).items()},
        "verdict": verdict,
    }


def against_best_peer(entries: list[Entry], goal: float | None) -> dict[str, Any]:
    """The best peer's median over symconv's: above 1, symconv is ahead. The goal is the least ratio."""
    best = best_of_each(entries)
    subject = best.pop(SUBJECT, None)
    if subject is None or not best:
        absent = SUBJECT if subject is None else "every peer"
        return {"ratio": None, "met": None, "text": f"no ratio: {absent} is missing"}
    rival = min(best.values(), key=lambda one: one["median"])
    ratio = rival["median"] / subject["median"]
    return {
        "ratio": ratio,
        "best_peer": rival["peer"],
        "best_variant": rival["variant"],
        "best_threads": rival["threads"],
        "met": None if goal is None else ratio >= goal,
        "text": f"{ratio:.2f} x of {rival['peer']}",
    }


def within_limit(entries: list[Entry], goal: float | None, unit: str) -> dict[str, Any]:
    """symconv's median against a limit in the measure's unit."""
    subject = best_of_each(entries).get(SUBJECT)
    if subject is None:
        return {"value": None, "met": None, "text": f"{SUBJECT} is missing"}
    value = subject["median"]
    return {"value": value, "met": None if goal is None else value <= goal, "text": f"{value:.3g} {unit}"}
