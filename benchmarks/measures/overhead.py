"""What a call costs by itself, in µs over NumPy's own calls. Imports cases, crew, steady, this package."""

from __future__ import annotations

from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import Crew
from benchmarks.measures import SUBJECT, Options, best_of_each, result, steady

UNIT, SCALE = "µs", 1e-6
GROUND = "numpy_plain"


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Microseconds a call; the goal is the most that symconv may take beyond plain NumPy."""
    entries, left_out = steady.timed(case, dtype, crew, options, SCALE)
    best = best_of_each(entries)
    if SUBJECT not in best or GROUND not in best:
        absent = SUBJECT if SUBJECT not in best else GROUND
        verdict: dict[str, Any] = {"value": None, "met": None, "text": f"no difference: {absent} is missing"}
    else:
        value = best[SUBJECT]["median"] - best[GROUND]["median"]
        goal = case.goal.get(dtype)
        met = None if goal is None else value <= goal
        verdict = {"value": value, "met": met, "text": f"{value:+.2f} {UNIT} over {GROUND}"}
    return result(case, dtype, UNIT, entries, left_out, verdict)
