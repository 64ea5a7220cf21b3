"""One peer in a process of its own, answering the crew line by line. Imports NumPy and the one peer.

    python -m benchmarks.worker MODULE THREADS

The first line out is the greeting; then each line in is a request, a JSON object whose `do` names a method of
`Worker`, and each line out is its answer. An exception is answered as {"failed": "..."} and the process
lives on. Anything that a library prints goes to standard error.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import kinds, memory, peers

SHORTEST_SAMPLE = 50e-6  # seconds; quicker calls are timed several at a time, for the clock's sake
WARM_UP_SECONDS, WARM_UP_CALLS = 0.3, 20


@dataclass
class Slot:
    """A prepared case in one variant; mutable, for it keeps the last result, to be checked again."""

    prepared: peers.Prepared
    fed: peers.Arrays
    native: Any
    folder: Path
    tolerance: float
    dtype: str
    batch: int = 1
    last: np.ndarray | tuple[np.ndarray, ...] | None = None

    def call(self) -> np.ndarray | tuple[np.ndarray, ...]:
        self.last = self.prepared.run(self.native)
        return self.last


class Worker:
    """Holds the slots of one peer; one method for each request."""

    def __init__(self, module: str, threads: int) -> None:
        self.peer = peers.load(module)
        self.threads = threads
        self.slots: dict[str, Slot] = {}

    def greeting(self) -> dict[str, Any]:
        """Start the library, and say whether that worked, which version it is and what it can express."""
        missing = self.peer.missing()
        if missing:
            return {"available": False, "why": f"not installed: {', '.join(missing)}"}
        begin = perf_counter()
        try:
            self.peer.start(self.threads)
            version = self.peer.version()
        except Exception as error:
            return {"available": False, "why": f"does not start: {said(error)}"}
        return {
            "available": True,
            "version": version,
            "variants": {kind: list(names) for kind, names in self.peer.variants.items()},
            "one_thread_only": self.peer.one_thread_only,
            "imports": self.peer.requires[0],
            "start_seconds": perf_counter() - begin,
            "memory": memory.now(),
        }

    def refuses(self, kind: str, parameters: dict[str, Any], dtype: str) -> dict[str, Any]:
        """Why the peer cannot say this case, or null."""
        return {"why": self.peer.refuses(kind, parameters, dtype)}

    def prepare(
        self,
        slot: str,
        kind: str,
        variant: str,
        parameters: dict[str, Any],
        dtype: str,
        folder: str,
        check: bool,
    ) -> dict[str, Any]:
        """Prepare a case, make its first call, check it against the reference, and warm up."""
        module, place = kinds.load(kind), Path(folder)
        arrays = {path.stem: np.load(path) for path in sorted((place / "inputs").glob("*.npy"))}
        fed = {name: arrays[name] for name in module.FED}
        begin = perf_counter()
        prepared = self.peer.prepare(kind, variant, parameters, arrays)
        ready = perf_counter()
        native = prepared.convert(fed)
        converted = perf_counter()
        new = Slot(prepared, fed, native, place, module.tolerance(parameters, dtype), dtype)
        new.call()
        done = perf_counter()
        answer = {
            "prepare_seconds": ready - begin,
            "first_call_seconds": done - converted,
            "details": dict(prepared.details or {}),
        }
        if check:
            answer |= self.compare(new, "reference")
            if not answer["right"]:
                return answer
            new.batch = self.warm_up(new)
        self.slots[slot] = new
        return answer

    def warm_up(self, slot: Slot) -> int:
        """Call until the time is steady; returns how many calls make a sample long enough to time."""
        end = perf_counter() + WARM_UP_SECONDS
        best = float("inf")
        for _ in range(WARM_UP_CALLS):
            begin = perf_counter()
            slot.call()
            now = perf_counter()
            best = min(best, now - begin)
            if now > end:
                break
        return max(1, round(SHORTEST_SAMPLE / best))

    def run(self, slot: str, seconds: float, at_most: int) -> dict[str, Any]:
        """Time samples for so long, but one at least; each is the time of one call in seconds."""
        it = self.slots[slot]
        run, native, batch = it.prepared.run, it.native, it.batch
        times: list[float] = []
        gc.collect()
        gc.disable()
        try:
            if seconds > 0:
                it.call()  # brings caches and sleeping threads back after the other peers' turns
            end = perf_counter() + seconds
            while not times or (len(times) < at_most and perf_counter() < end):
                result = None  # the result before goes back to its allocator, as it does in a user's loop
                begin = perf_counter()
                for _ in itertools.repeat(None, batch):
                    result = run(native)
                times.append((perf_counter() - begin) / batch)
        finally:
            gc.enable()
        it.last = result
        return {"times": times, "calls": len(times) * batch}

    def recheck(self, slot: str) -> dict[str, Any]:
        """Check the last timed result, then put other numbers into the same input and check again."""
        it = self.slots[slot]
        timed = self.compare(it, "reference")
        for name, array in it.fed.items():
            np.copyto(array, np.load(it.folder / "second" / f"{name}.npy"))
        it.native = it.prepared.convert(it.fed)
        it.call()
        fresh = self.compare(it, "second_reference")
        return {
            "right": timed["right"] and fresh["right"],
            "difference": max(timed["difference"], fresh["difference"]),
            "why": timed["why"] or fresh["why"],
        }

    def compare(self, slot: Slot, reference: str) -> dict[str, Any]:
        """Hold the slot's last result against a reference: shape, dtype and the largest difference."""
        expected = np.load(slot.folder / f"{reference}.npy")
        got = kinds.as_one(slot.last)
        if not isinstance(got, np.ndarray) or got.shape != expected.shape or str(got.dtype) != slot.dtype:
            what = f"{got.dtype}{list(got.shape)}" if isinstance(got, np.ndarray) else type(got).__name__
            why = f"expected {slot.dtype}{list(expected.shape)}, got {what}"
            return {"right": False, "difference": float("inf"), "why": why}
        difference = float(np.max(np.abs(got - expected), initial=0.0))
        right = difference <= slot.tolerance  # a NaN is not right
        why = "" if right else f"differs by {difference:.2g} where {slot.tolerance:.2g} is allowed"
        return {"right": bool(right), "difference": difference, "why": why}

    def explain(self, slot: str) -> dict[str, Any]:
        """What the peer says of how it ran the case."""
        explain = self.slots[slot].prepared.explain
        return {"text": explain() if explain else ""}

    def forget(self) -> dict[str, Any]:
        """Drop every slot."""
        self.slots.clear()
        gc.collect()
        return {}

    def reset_peak(self) -> dict[str, Any]:
        """Begin to count the peak of memory anew, where the system can."""
        return {"exact": memory.reset_peak(), "memory": memory.now()}

    def memory(self) -> dict[str, Any]:
        """Resident memory and its peak, in bytes."""
        return {"memory": memory.now()}


def said(error: BaseException) -> str:
    """An exception in one line."""
    return " ".join("".join(traceback.format_exception_only(error)).split())[:300]


def main() -> None:
    # Libraries may print to descriptor 1: keep it for the protocol under another number.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    answer = worker.greeting()
    print(json.dumps(answer), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        action = request.pop("do")
        if action == "stop":
            break
        try:
            answer = getattr(worker, action)(**request)
        except Exception as error:
            traceback.print_exc()
            answer = {"failed": said(error)}
        print(json.dumps(answer), file=replies, flush=True)
    sys.stdout.flush()
    os._exit(0)  # some libraries wait for their threads for seconds


if __name__ == "__main__":
    main()
