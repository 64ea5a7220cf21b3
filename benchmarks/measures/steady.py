"""The time of a call once everything is warm, all peers in turn. Imports crew, cases and this package.

Every peer, in every variant and with one and all threads, is a slot. In each round every slot has its turn of
a few calls, one at a time, in an order that rotates: a disturbance hits all alike. After `TRIAL_ROUNDS` one
that is clearly not its peer's best, or that needs seconds for one call, has shown what it can and stops.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.crew import Connection, Crew, PeerSpec, WorkerFailed, write_inputs
from benchmarks.measures import Entry, Options, against_best_peer, entry, excluded, result

UNIT, SCALE = "ms", 1e-3
PAUSE = 0.01  # seconds between turns, in which the threads of the last peer stop spinning
TRIAL_ROUNDS, CLEARLY_NOT_BEST, SLOW_CALL = 3, 2.0, 2.0
MOST_SAMPLES_A_TURN = 2_000


@dataclass(eq=False)
class Slot:
    """One way to run the case; mutable, as it gathers samples in seconds, round by round."""

    spec: PeerSpec
    variant: str
    threads: int
    connection: Connection
    difference: float
    rounds: list[list[float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.variant}/{self.threads}"

    @property
    def median(self) -> float:
        return statistics.median(sample for one in self.rounds for sample in one)


def measure(case: Case, dtype: str, crew: Crew, options: Options) -> dict[str, Any]:
    """Milliseconds a call; the goal is the least ratio of the best peer's time to symconv's."""
    entries, left_out = timed(case, dtype, crew, options, SCALE)
    return result(case, dtype, UNIT, entries, left_out, against_best_peer(entries, case.goal.get(dtype)))


def timed(
    case: Case, dtype: str, crew: Crew, options: Options, scale: float
) -> tuple[list[Entry], list[Entry]]:
    """The entries of all slots, in units of `scale` seconds, and who was left out and why."""
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(case, dtype, Path(folder))
        slots, left_out = prepare(case, dtype, crew, folder)
        lost = take_turns(slots, options)
        entries = []
        for slot in slots:
            if slot in lost:
                left_out.append(excluded(slot.spec.name, slot.variant, slot.threads, lost[slot]))
                continue
            again, text = afterwards(slot, options)
            if again["right"]:
                difference = max(slot.difference, again["difference"])
                more = {"difference": difference, "explanation": text}
                entries.append(entry(slot.spec.name, slot.variant, slot.threads, slot.rounds, scale, **more))
            else:
                why = f"wrong after it was timed: {again['why']}"
                left_out.append(excluded(slot.spec.name, slot.variant, slot.threads, why, wrong=True))
    for connection in crew.connections.values():
        if connection.alive:
            connection.ask("forget")
    return entries, left_out


def prepare(case: Case, dtype: str, crew: Crew, folder: str) -> tuple[list[Slot], list[Entry]]:
    """Prepare and check every slot; a peer that is wrong is left out, and is not timed."""
    wanted: list[tuple[PeerSpec, str, int]] = []
    left_out: list[Entry] = []
    for spec in crew.present:
        refusal = crew.refusal(spec, case, dtype)
        if refusal:
            left_out.append(excluded(spec.name, None, None, refusal))
        else:
            counts, variants = crew.thread_counts(spec.name), crew.variants(spec, case)
            wanted += [(spec, variant, threads) for threads in counts for variant in variants]
    slots: list[Slot] = []
    while wanted:
        found = prepare_one(case, dtype, crew, folder, *wanted.pop(0))
        if isinstance(found, Slot):
            slots.append(found)
        else:
            left_out.append(found)
            # A variant that took its process with it took the slots before it, too: they get another process.
            wanted += [(one.spec, one.variant, one.threads) for one in slots if not one.connection.alive]
            slots = [one for one in slots if one.connection.alive]
    return slots, left_out


def prepare_one(
    case: Case, dtype: str, crew: Crew, folder: str, spec: PeerSpec, variant: str, threads: int
) -> Slot | Entry:
    """The slot, or the entry that says why there is none."""
    try:
        connection = crew.connection(spec, threads)
        answer = connection.ask(
            "prepare",
            slot=f"{variant}/{threads}",
            kind=case.kind,
            variant=variant,
            parameters=dict(case.parameters),
            dtype=dtype,
            folder=folder,
            check=True,
        )
    except WorkerFailed as error:
        return excluded(spec.name, variant, threads, str(error))
    if not answer["right"]:
        return excluded(spec.name, variant, threads, answer["why"], wrong=True)
    return Slot(spec, variant, threads, connection, answer["difference"])


def take_turns(slots: list[Slot], options: Options) -> dict[Slot, str]:
    """Fill the slots with samples; returns those that broke on the way, and how."""
    lost: dict[Slot, str] = {}
    running = list(slots)
    for number in range(options.rounds):
        if number == TRIAL_ROUNDS:
            running = worth_more(running)
        shift = number % max(1, len(running))
        for slot in running[shift:] + running[:shift]:
            if slot in lost:
                continue
            time.sleep(PAUSE)
            seconds = 0.0 if slot.rounds and slot.median > SLOW_CALL else options.seconds
            try:
                answer = slot.connection.ask(
                    "run", slot=slot.name, seconds=seconds, at_most=MOST_SAMPLES_A_TURN
                )
            except WorkerFailed as error:
                lost[slot] = str(error)
                continue
            slot.rounds.append(answer["times"])
    return lost


def worth_more(slots: list[Slot]) -> list[Slot]:
    """The slots that may still turn out to be their peer's best, and are not a matter of seconds."""
    best: dict[str, float] = {}
    for slot in slots:
        if slot.rounds:
            best[slot.spec.name] = min(slot.median, best.get(slot.spec.name, float("inf")))
    return [
        slot
        for slot in slots
        if slot.rounds and slot.median <= min(CLEARLY_NOT_BEST * best[slot.spec.name], SLOW_CALL)
    ]


def afterwards(slot: Slot, options: Options) -> tuple[dict[str, Any], str]:
    """Check the last timed result and a fresh input, and hear how the peer ran the case."""
    try:
        text = slot.connection.ask("explain", slot=slot.name)["text"] if options.explain else ""
        return slot.connection.ask("recheck", slot=slot.name), text
    except WorkerFailed as error:
        return {"right": False, "difference": float("inf"), "why": str(error)}, ""
