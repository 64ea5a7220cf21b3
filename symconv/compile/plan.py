"""A plan: a program for the very shapes in use, its memory, its source, ready to run; imports its neighbours."""

from collections.abc import Callable, Sequence
from contextvars import Context
from itertools import count
from time import perf_counter
from typing import Any

import numpy as np

from symconv.compile import emit, memory
from symconv.compile.builder import Machine
from symconv.compile.lower import lower
from symconv.compile.program import Program
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Variable
from symconv.graph.types import Array, TensorType

_numbers = count(1)
MOST_IDLE = 4  # workspaces kept for callers to come; more callers at once make their own


class Plan:
    """What a function does for inputs of certain shapes.

    Mutable because it keeps idle workspaces: each call checks one out, so that many threads may share it.

    A workspace is its memory, the scratch of each worker, and how to run with NumPy's warnings off, for NaN
    and infinity flow. ``np.errstate`` alone costs more than two small ufuncs. Where the source calls nothing
    but NumPy, a workspace therefore has a ``Context`` of its own, in which the warnings are off for good; it
    is checked out with the memory and so never entered twice. Where ops run Python of their own, that must
    see the caller's context variables, and ``np.errstate`` is used.

    Parameters
    ----------
    graph : FunctionGraph
        The fused graph.
    sources : sequence of Variable
        Inputs and shared variables, in the order of the arrays of a call.
    types : sequence of TensorType
        Their concrete types.
    machine : Machine
        What blocks are chosen for.
    title : str
        The first line of the source.
    """

    def __init__(
        self,
        graph: FunctionGraph,
        sources: Sequence[Variable],
        types: Sequence[TensorType],
        machine: Machine,
        title: str,
    ) -> None:
        started = perf_counter()
        self.machine = machine
        self.program: Program = lower(graph, sources, types, machine)
        self.memory = memory.plan(self.program)
        source = emit.emit(self.program, self.memory, title)
        self.source = source.text
        self.filename = f"<symconv plan {next(_numbers)}>"
        namespace = emit.load(source, self.filename)
        self.run = namespace["run"]
        self._make_memory = namespace.get("make_memory", tuple)
        self._make_scratch = namespace.get("make_scratch", tuple)
        self._workers = machine.threads if any(not k.straight for k in self.program.kernels) else 1
        self._idle: list[tuple[Any, Any, Any]] = []
        self.shapes = tuple(type.shape for type in types)
        self.used = 0
        self.seconds = perf_counter() - started

    def __call__(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """Run on arrays of the plan's shapes: fresh results."""
        try:
            workspace = self._idle.pop()
        except IndexError:
            workspace = self._workspace()
        enter, memory, scratch = workspace
        try:
            results: tuple[Array, ...] = enter(self.run, *arrays, memory, scratch)
        finally:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(workspace)
        return results

    def _workspace(self) -> tuple[Any, Any, Any]:
        enter: Callable[..., Any] = _without_warnings
        if not self.program.performs:
            enter = Context().run
            enter(np.seterr, all="ignore")
        return enter, self._make_memory(), [self._make_scratch() for _ in range(self._workers)]

    @property
    def bytes(self) -> int:
        """Bytes of one workspace."""
        return self.memory.shared.size + self._workers * self.memory.scratch_bytes

    def free(self) -> None:
        """Give idle workspaces back."""
        self._idle.clear()


def _without_warnings(run: Callable[..., Any], *arguments: Any) -> Any:
    with np.errstate(all="ignore"):
        return run(*arguments)
