"""A call while another process occupies a core, against the same call alone. Imports cases, crew and steady.

The other process is pinned to the first of the cores and does nothing but count. Every peer is measured alone
and then beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import Crew
from benchmarks.measures import SUBJECT, Entry, Options, best_of_each, result, steady

UNIT, SCALE = "ms", 1e-3
OTHER = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
while os.getppid() == {parent}:
    for _ in range(1_000_000):
        pass
"""


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Milliseconds beside the other process; the goal is the most that symconv may take of its time alone."""
    alone, _ = steady.timed(case, dtype, crew, options, SCALE)
    other = subprocess.Popen([sys.executable, "-c", OTHER.format(parent=os.getpid())])
    try:
        entries, left_out = steady.timed(case, dtype, crew, options, SCALE)
    finally:
        other.kill()
        other.wait()
    return result(case, dtype, UNIT, entries, left_out, verdict(alone, entries, case.goal.get(dtype)))


def verdict(alone: list[Entry], crowded: list[Entry], goal: float | None) -> dict[str, Any]:
    """How many times its time alone each peer takes in its best variant then, symconv first."""
    before = best_of_each(alone)
    slower = {
        peer: one["median"] / before[peer]["median"]
        for peer, one in best_of_each(crowded).items()
        if peer in before
    }
    value = slower.get(SUBJECT)
    if value is None:
        return {"value": None, "met": None, "text": f"{SUBJECT} is missing"}
    others = ", ".join(f"{peer} {ratio:.2f}" for peer, ratio in slower.items() if peer != SUBJECT)
    text = f"{value:.2f} x its time alone" + (f" ({others})" if others else "")
    met = None if goal is None else value <= goal
    return {"value": value, "slower": slower, "met": met, "text": text}
