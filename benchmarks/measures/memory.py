"""The peak of resident memory of a case, each time in a fresh process. Imports crew, cases and this package.

The process starts the library, reads the inputs, prepares the case and calls it a few times; nothing is
checked in it, for the reference itself would take memory (the same slots are checked where they are timed).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import Connection, Crew, PeerSpec, WorkerFailed, write_inputs
from benchmarks.measures import Entry, Options, against_best_peer, best_of_each, entry, excluded, result

UNIT, SCALE = "MiB", 2.0**20
CALLS, MOST_ROUNDS = 5, 2


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """MiB at the peak; the goal is the least ratio of the leanest peer's peak to symconv's.

    An entry also says what the library takes by itself (`baseline`) and what the case adds (`over_baseline`).
    """
    entries: list[Entry] = []
    left_out: list[Entry] = []
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(case, dtype, Path(folder), check=False)
        for spec in crew.present:
            refusal = crew.refusal(spec, case, dtype)
            if refusal:
                left_out.append(excluded(spec.name, None, None, refusal))
                continue
            for threads in crew.thread_counts(spec.name):
                for variant in crew.variants(spec, case):
                    try:
                        rounds = min(options.rounds, MOST_ROUNDS)
                        answers = [fresh(case, dtype, spec, variant, threads, folder) for _ in range(rounds)]
                    except WorkerFailed as error:
                        left_out.append(excluded(spec.name, variant, threads, str(error)))
                        continue
                    entries.append(summed_up(spec, variant, threads, answers))
    return result(case, dtype, UNIT, entries, left_out, verdict(entries, case.goal.get(dtype)))


def fresh(
    case: Case, dtype: str, spec: PeerSpec, variant: str, threads: int, folder: str
) -> dict[str, float]:
    """Bytes: `baseline` once the library is there, `peak` of the whole process, `over` of the case alone."""
    with Connection(spec, threads) as connection:
        started = connection.greeting["memory"]["peak"]
        before = connection.ask("reset_peak")["memory"]["resident"]
        connection.ask(
            "prepare",
            slot="only",
            kind=case.kind,
            variant=variant,
            parameters=dict(case.parameters),
            dtype=dtype,
            folder=folder,
            check=False,
        )
        for _ in range(CALLS):
            connection.ask("run", slot="only", seconds=0.0, at_most=1)
        peak = connection.ask("memory")["memory"]["peak"]
    return {"baseline": before, "peak": max(started, peak), "over": max(0, peak - before)}


def summed_up(spec: PeerSpec, variant: str, threads: int, answers: list[dict[str, float]]) -> Entry:
    """The entry of the peaks; what goes with them is taken from the leanest run."""
    leanest = min(answers, key=lambda answer: answer["peak"])
    return entry(
        spec.name,
        variant,
        threads,
        [[answer["peak"]] for answer in answers],
        SCALE,
        baseline=leanest["baseline"] / SCALE,
        over_baseline=leanest["over"] / SCALE,
    )


def verdict(entries: list[Entry], goal: float | None) -> dict[str, Any]:
    """The ratio to the leanest peer, and beside it the ratio of what the case alone takes."""
    found = against_best_peer(entries, goal)
    best = best_of_each(entries)
    if found["ratio"] is not None:
        ours = best["symconv"]["over_baseline"]
        name, least = min(
            ((peer, one["over_baseline"]) for peer, one in best.items() if peer != "symconv"),
            key=lambda pair: pair[1],
        )
        found |= {"over_baseline": ours, "leanest_over_baseline": [name, least]}
        found["text"] += f"; over the bare import {ours:.0f} MiB, least among peers {least:.0f} ({name})"
    return found
