"""What a program of `examples/` learns, and how long it takes, in a fresh process.

Peers have no part in it: the programs are symconv's. The unit is per cent of mistakes on images that were
held out. Imports crew, cases and this package.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import ROOT, Crew
from benchmarks.measures import SUBJECT, Entry, Options, entry, excluded, result, within_limit

UNIT, SCALE = "%", 1.0
ERROR = re.compile(r"test error ([0-9.]+)%")


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Once, with the seed of the case: the same seed gives the same bits.

    The goal is the most mistakes; `parameters["seconds"]` is the longest that it may take.
    """
    spec = next((spec for spec in crew.present if spec.name == SUBJECT), None)
    if spec is None:
        return result(case, dtype, UNIT, [], [], within_limit([], case.goal.get(dtype), UNIT))
    with tempfile.TemporaryDirectory() as folder:
        program = str(ROOT / "examples" / case.parameters["program"])
        command = [spec.python, program, "--seed", str(case.parameters["seed"]), "--out", str(Path(folder))]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        seconds = time.perf_counter() - begun
    found = ERROR.search(done.stdout)
    if done.returncode or not found:
        why = (done.stderr.strip().splitlines() or ["it printed no test error"])[-1]
        left_out = [excluded(SUBJECT, "example", None, why)]
        return result(case, dtype, UNIT, [], left_out, within_limit([], case.goal.get(dtype), UNIT))
    share = float(found[1])
    entries = [entry(SUBJECT, "example", crew.thread_counts(SUBJECT)[-1], [[share]], SCALE, seconds=seconds)]
    return result(case, dtype, UNIT, entries, [], verdict(entries, case))


def verdict(entries: list[Entry], case: Case) -> dict[str, Any]:
    """Mistakes and seconds against their limits: both must be kept."""
    (one,) = entries
    share, seconds = one["median"], one["seconds"]
    met = share <= case.goal["float32"] and seconds <= case.parameters["seconds"]
    return {"value": share, "seconds": seconds, "met": met, "text": f"{share:.2f} % in {seconds:.0f} s"}
