"""What kernels take: seconds and calls of each apply of a compiled graph; imports graph.

Nothing is measured unless it was asked for: kernels are wrapped when their plan is made.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import perf_counter
from typing import Any

from symconv.graph.nodes import Apply


class Timings:
    """Measurements of one function; mutable because every call adds to them, from any thread.

    Attributes
    ----------
    seconds : dict
        For each apply what its kernel took, all calls together.
    calls : dict
        How many calls that were.
    running : float
        Seconds in plans and in what runs between them: the kernels, their memory, and the way from one to
        the next.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[Apply, float] = defaultdict(float)
        self.calls: defaultdict[Apply, int] = defaultdict(int)
        self.running = 0.0
        self._lock = Lock()

    def add(self, node: Apply, seconds: float) -> None:
        """One call more."""
        with self._lock:
            self.seconds[node] += seconds
            self.calls[node] += 1

    def wrapped(self, kernel: Callable[..., Any], node: Apply) -> Callable[..., Any]:
        """A kernel that is measured."""

        def run(*arguments: Any) -> Any:
            started = perf_counter()
            try:
                return kernel(*arguments)
            finally:
                self.add(node, perf_counter() - started)

        return run

    def whole(self, plan: Callable[..., Any]) -> Callable[..., Any]:
        """All kernels of a plan, measured together."""

        def run(*arguments: Any) -> Any:
            started = perf_counter()
            try:
                return plan(*arguments)
            finally:
                seconds = perf_counter() - started
                with self._lock:
                    self.running += seconds

        return run

    @contextmanager
    def of(self, node: Apply) -> Iterator[None]:
        """Measure a block of code."""
        started = perf_counter()
        try:
            yield
        finally:
            seconds = perf_counter() - started
            self.add(node, seconds)
            with self._lock:
                self.running += seconds

    def clear(self) -> None:
        """Forget what was measured."""
        with self._lock:
            self.seconds.clear()
            self.calls.clear()
            self.running = 0.0
