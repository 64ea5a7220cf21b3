"""The time to import each library, in fresh interpreters, in turn. Imports crew, cases and this package."""

from __future__ import annotations

import subprocess
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import ROOT, Crew
from benchmarks.measures import SUBJECT, Entry, Options, best_of_each, entry, excluded, result

UNIT, SCALE = "ms", 1e-3
GROUND = "numpy"
PROGRAM = "from time import perf_counter as t; a = t(); import {}; print(t() - a)"


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Milliseconds; the goal is the most that symconv may take as a multiple of NumPy's own import."""
    python = next((spec.python for spec in crew.present if spec.name == SUBJECT), crew.specs[0].python)
    libraries = {GROUND: (GROUND, python)}
    for spec in crew.present:
        if crew.available[spec.name]["imports"] != GROUND:
            libraries[spec.name] = (crew.available[spec.name]["imports"], spec.python)
    rounds: dict[str, list[list[float]]] = {name: [] for name in libraries}
    broken: dict[str, str] = {}
    for number in range(options.rounds + 1):
        for name, (library, interpreter) in libraries.items():
            if name in broken:
                continue
            done = subprocess.run(
                [interpreter, "-c", PROGRAM.format(library)], capture_output=True, text=True, cwd=ROOT
            )
            if done.returncode:
                broken[name] = done.stderr.strip().splitlines()[-1]
            elif number > 0:  # the first round writes byte code and fills the disk's cache
                rounds[name].append([float(done.stdout.split()[-1])])
    entries = [entry(name, "import", 1, found, SCALE) for name, found in rounds.items() if found]
    left_out = [excluded(name, "import", 1, why) for name, why in broken.items()]
    return result(case, dtype, UNIT, entries, left_out, verdict(entries, case.goal.get(dtype)))


def verdict(entries: list[Entry], goal: float | None) -> dict[str, Any]:
    """symconv's import as a multiple of NumPy's, which it contains."""
    best = best_of_each(entries)
    if SUBJECT not in best:
        return {"value": None, "met": None, "text": f"{SUBJECT} is missing"}
    value = best[SUBJECT]["median"] / best[GROUND]["median"]
    return {
        "value": value,
        "met": None if goal is None else value <= goal,
        "text": f"{value:.2f} x of {GROUND}",
    }
