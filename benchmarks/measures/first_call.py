"""Preparing a case plus its first call, each time in a fresh process. Imports crew, cases and this package.

Importing the library is not part of it (see `import_time`). torch.compile's cache on disk is switched off.
A checkout gets bytecode beside its sources, as installed packages have it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import Connection, Crew, PeerSpec, WorkerFailed, write_inputs
from benchmarks.measures import Entry, Options, entry, excluded, result, within_limit

UNIT, SCALE = "ms", 1e-3
MOST_ROUNDS, SLOW = 5, 2.0
ENVIRONMENT = {"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1", "PYTHONDONTWRITEBYTECODE": ""}


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Milliseconds; the goal is the most that symconv may take."""
    entries, left_out = sampled(case, dtype, crew, min(options.rounds, MOST_ROUNDS))
    return result(case, dtype, UNIT, entries, left_out, within_limit(entries, case.goal.get(dtype), UNIT))


def sampled(case: Case, dtype: str, crew: Crew, rounds: int) -> tuple[list[Entry], list[Entry]]:
    """Each peer in each variant with all its threads, in turn; one that needs seconds is run once."""
    candidates, left_out = [], []
    for spec in crew.present:
        refusal = crew.refusal(spec, case, dtype)
        if refusal:
            left_out.append(excluded(spec.name, None, None, refusal))
        else:
            threads = crew.thread_counts(spec.name)[-1]
            candidates += [(spec, variant, threads) for variant in crew.variants(spec, case)]
    samples: dict[tuple[PeerSpec, str, int], list[dict[str, Any]]] = {one: [] for one in candidates}
    failed: dict[tuple[PeerSpec, str, int], tuple[str, bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(case, dtype, Path(folder))
        for _ in range(rounds):
            for one, known in samples.items():
                if one in failed or (known and seconds(known[0]) > SLOW):
                    continue
                try:
                    answer = fresh(case, dtype, one, folder)
                except WorkerFailed as error:
                    failed[one] = str(error), False
                    continue
                if answer["right"]:
                    known.append(answer)
                else:
                    failed[one] = answer["why"], True
    left_out += [excluded(spec.name, v, t, why, wrong=wrong) for (spec, v, t), (why, wrong) in failed.items()]
    entries = [
        entry(
            spec.name,
            variant,
            threads,
            [[seconds(answer)] for answer in known],
            SCALE,
            difference=max(answer["difference"] for answer in known),
            details=known[-1]["details"],
        )
        for (spec, variant, threads), known in samples.items()
        if known and (spec, variant, threads) not in failed
    ]
    return entries, left_out


def seconds(answer: dict[str, Any]) -> float:
    """From nothing to the first result."""
    return answer["prepare_seconds"] + answer["first_call_seconds"]


def fresh(case: Case, dtype: str, one: tuple[PeerSpec, str, int], folder: str) -> dict[str, Any]:
    """The worker's answer to `prepare`, from a process that has done nothing else."""
    spec, variant, threads = one
    with Connection(spec, threads, **ENVIRONMENT) as connection:
        return connection.ask(
            "prepare",
            slot="first",
            kind=case.kind,
            variant=variant,
            parameters=dict(case.parameters),
            dtype=dtype,
            folder=folder,
            check=True,
        )
