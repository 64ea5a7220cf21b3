"""The peers' processes and the talk with them. Imports cases, kinds and the standard library.

A `Crew` starts a process for each peer and number of threads, keeps it alive, restarts it when it died, and
remembers who is missing and why.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import kinds
from benchmarks.cases import Case

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 600.0  # seconds for one answer: compiling may be slow, hanging must end
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


class WorkerFailed(RuntimeError):
    """A worker answered that it failed, died, or did not answer in time."""


@dataclass(frozen=True)
class PeerSpec:
    """Which peer, and the interpreter that has it installed."""

    name: str
    module: str
    python: str = sys.executable


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Connection:
    """A worker's process; mutable, as a process is."""

    def __init__(self, spec: PeerSpec, threads: int, **variables: str) -> None:
        self.spec, self.threads = spec, threads
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the connection)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        environment |= dict.fromkeys(THREAD_VARIABLES, str(threads)) | variables
        self.process = subprocess.Popen(
            [spec.python, "-m", "benchmarks.worker", spec.module, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
        )
        self.buffer = b""
        self.greeting = self.receive()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        line = json.dumps({"do": do, **arguments}) + "\n"
        if self.process.stdin.closed:
            raise WorkerFailed("the process was ended before")
        try:
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed(self.obituary()) from None
        answer = self.receive()
        if "failed" in answer:
            raise WorkerFailed(answer["failed"])
        return answer

    def receive(self) -> dict[str, Any]:
        """The next line of the worker, within the patience that we have."""
        end = time.monotonic() + PATIENCE
        descriptor = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self.close()
                raise WorkerFailed(f"no answer within {PATIENCE:.0f} s")
            received = os.read(descriptor, 1 << 20)
            if not received:
                raise WorkerFailed(self.obituary())
            self.buffer += received
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def obituary(self) -> str:
        """How the process ended, with the last line that it wrote."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.errors.seek(0)
        last = self.errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return f"the process ended with status {self.process.returncode}: {' '.join(last)[:500]}"

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        """End the process: kindly, then not."""
        if self.alive:
            with contextlib.suppress(OSError):
                self.process.stdin.write(b'{"do": "stop"}\n')
                self.process.stdin.flush()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(OSError):
                stream.close()


@dataclass
class Crew:
    """All peers of a run; mutable, for processes come and go. Use it as a context manager."""

    specs: tuple[PeerSpec, ...]
    tell: Callable[[str], None] = print
    compiled: bool = True
    available: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    connections: dict[tuple[str, int], Connection] = field(default_factory=dict)

    def __enter__(self) -> Crew:
        for spec in self.specs:
            self.greet(spec)
        return self

    def __exit__(self, *exception: object) -> None:
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()

    def greet(self, spec: PeerSpec) -> None:
        """Ask a peer who it is, and note it as available or as missing."""
        try:
            connection = Connection(spec, cores())
        except (OSError, WorkerFailed) as error:
            self.missing[spec.name] = str(error)
            return
        if connection.greeting["available"]:
            self.available[spec.name] = connection.greeting
            self.connections[spec.name, cores()] = connection
        else:
            self.missing[spec.name] = connection.greeting["why"]
            connection.close()

    @property
    def present(self) -> list[PeerSpec]:
        return [spec for spec in self.specs if spec.name in self.available]

    def thread_counts(self, name: str) -> tuple[int, ...]:
        """One and all, or one where a peer knows no more."""
        if self.available[name]["one_thread_only"]:
            return (1,)
        return tuple(sorted({1, cores()}))

    def connection(self, spec: PeerSpec, threads: int) -> Connection:
        """The living process of a peer with so many threads, started where there is none."""
        known = self.connections.get((spec.name, threads))
        if known is None or not known.alive:
            if known is not None:
                known.close()
            known = self.connections[spec.name, threads] = Connection(spec, threads)
        return known

    def variants(self, spec: PeerSpec, case: Case) -> list[str]:
        """The ways in which a peer can say the case's kind, without compiled ones if these are left out."""
        known = self.available[spec.name]["variants"].get(case.kind, [])
        return [variant for variant in known if self.compiled or not variant.startswith("compiled")]

    def refusal(self, spec: PeerSpec, case: Case, dtype: str) -> str | None:
        """Why a peer cannot say a case in this dtype, or None."""
        if not self.variants(spec, case):
            return "does not express this kind of case"
        arguments = {"kind": case.kind, "parameters": dict(case.parameters), "dtype": dtype}
        return self.connection(spec, self.thread_counts(spec.name)[-1]).ask("refuses", **arguments)["why"]


def write_inputs(case: Case, dtype: str, folder: Path, check: bool = True) -> None:
    """Lay out a case for the workers: its arrays, a second set of what is fed, and the references of both."""
    kind, parameters = kinds.load(case.kind), dict(case.parameters)
    arrays = kind.inputs(parameters, dtype, seed=1)
    second = kind.inputs(parameters, dtype, seed=2)
    for place in ("inputs", "second"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / "inputs" / name, array)
    for name in kind.FED:
        np.save(folder / "second" / name, second[name])
    if check:
        np.save(folder / "reference", kinds.as_one(kind.reference(parameters, arrays)))
        changed = arrays | {name: second[name] for name in kind.FED}
        np.save(folder / "second_reference", kinds.as_one(kind.reference(parameters, changed)))
