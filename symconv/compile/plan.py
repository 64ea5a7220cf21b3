"""Plans: programs for the shapes in use, with memory and source, ready to run; imports its neighbours."""

import linecache
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context
from itertools import count, repeat, starmap
from operator import add
from threading import Lock
from time import perf_counter
from typing import Any, NoReturn

import numpy as np

from symconv.compile import emit, execute, memory
from symconv.compile.blocks import Machine
from symconv.compile.collecting import paused_collection
from symconv.compile.lower import Tune, lower
from symconv.compile.program import Call, Program, Results
from symconv.compile.threads import BLAS, BUFFER
from symconv.compile.timing import Timings
from symconv.compile.values import Value, concrete, times
from symconv.config import Settings
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import located
from symconv.graph.nodes import Variable
from symconv.graph.types import Array, TensorType

_numbers = count(1)
_tick = count(1)
MOST_ELEMENTS = 1 << 20  # of an operand of a matrix product that is no worse with one thread
MOST_IDLE = 4  # workspaces kept for callers to come; more callers at once make their own


class Plan:
    """What a function does for inputs of certain shapes.

    Mutable because it keeps idle workspaces: each call checks one out, so that many threads may share it.
    ``entry.py`` does so too, for calls that are ``plain``: these need nothing besides.

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
    results : str
        Whether results are "fresh", may be "aliased", or are written into "given" arrays: see ``lower``.
    tune : callable, optional
        Says for which machine each kernel is written.
    timings : Timings, optional
        Where what each kernel takes is added up.
    """

    def __init__(
        self,
        graph: FunctionGraph,
        sources: Sequence[Variable],
        types: Sequence[TensorType],
        machine: Machine,
        title: str,
        results: Results = "fresh",
        tune: Tune | None = None,
        timings: Timings | None = None,
    ) -> None:
        started = perf_counter()
        self.machine = machine
        self.program: Program = lower(graph, sources, types, machine, results, tune)
        self.memory = memory.plan(self.program)
        source = emit.emit(self.program, self.memory, title, results == "given")
        self.source = source.text
        self.filename = f"<symconv plan {next(_numbers)}>"
        namespace = execute.load(source, self.filename)
        if timings is not None:
            for kernel in self.program.all_kernels:
                if kernel.whole is not None:
                    namespace[kernel.name] = timings.wrapped(namespace[kernel.name], kernel.whole)
        self.run = namespace["run"] if timings is None else timings.whole(namespace["run"])
        self._settle = namespace.get("settle")
        self._settling = [self.program.inputs.index(buffer) for buffer in emit.settling(self.program)]
        self.settled_by = tuple(position - len(graph.inputs) for position in self._settling)
        self._make_memory = namespace.get("make_memory", tuple)
        self._make_scratch = namespace.get("make_scratch", tuple)
        self._workers = machine.threads if any(not k.straight for k in self.program.all_kernels) else 1
        self._alone = held_to_one_thread(self.program)
        self.plain = not self._alone and self._settle is None
        self.idle: deque[_Workspace] = deque(maxlen=MOST_IDLE)
        self.shapes = tuple(type.shape for type in types)
        self.used = 0
        self.seconds = perf_counter() - started

    def __call__(
        self, arrays: Sequence[Array], versions: tuple[int, ...] | None = None
    ) -> tuple[Array, ...]:
        """Run on arrays of the plan's shapes, and of its results where these are given.

        Parameters
        ----------
        arrays : sequence of ndarray
            One for each of the sources.
        versions : tuple of int or None
            Versions of the shared values that ``settled_by`` names: what depends on these alone is computed
            again where the workspace's is of others, or where there are none.
        """
        if not self._alone:
            return self._with_workspace(self.run, arrays, versions)  # type: ignore[no-any-return]
        with BLAS.one():
            return self._with_workspace(self.run, arrays, versions)  # type: ignore[no-any-return]

    def repeat(self, rows: Iterable[tuple[Array, ...]]) -> None:
        """Run for each row of arrays: all of them with one workspace, and BLAS with one thread."""

        def run(memory: Any, scratch: Any) -> None:
            workspace = repeat((memory, scratch))
            deque(starmap(self.run, map(add, rows, workspace)), maxlen=0)

        with BLAS.one():
            self._with_workspace(run)

    def _with_workspace(
        self, run: Callable[..., Any], arrays: Sequence[Array] = (), versions: tuple[int, ...] | None = None
    ) -> Any:
        try:
            workspace = self.idle.pop()
        except IndexError:
            workspace = self.workspace()
        enter, memory, scratch = workspace.parts
        try:
            if self._settle is not None:
                self._settled(workspace, arrays, versions if self.settled_by else ())
            return enter(run, *arrays, memory, scratch)
        except Exception as error:
            self.refuse(error)
        finally:
            self.idle.append(workspace)

    def _settled(
        self, workspace: "_Workspace", arrays: Sequence[Array], versions: tuple[int, ...] | None
    ) -> None:
        """Compute what depends on shared values alone, unless the workspace has it of these versions."""
        if versions is None or workspace.versions != versions:
            enter, memory, scratch = workspace.parts
            workspace.versions = None
            enter(self._settle, *[arrays[place] for place in self._settling], memory, scratch)
            workspace.versions = versions

    def workspace(self) -> "_Workspace":
        """A new one."""
        enter: Callable[..., Any] = _without_warnings
        if not self.program.performs:
            enter = Context().run
            enter(np.seterr, all="ignore")
            enter(np.setbufsize, BUFFER)
        scratch = [self._make_scratch() for _ in range(self._workers)]
        return _Workspace((enter, self._make_memory(), scratch))

    def refuse(self, error: Exception) -> NoReturn:
        """Raise an error of a kernel with what the user wrote there, and where."""
        located = self._located(error)
        if located is error:
            raise error
        raise located from error

    def _located(self, error: Exception) -> Exception:
        trace, function = error.__traceback__, ""
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.filename:
                function = trace.tb_frame.f_code.co_name
            trace = trace.tb_next
        owners = {k.name: k.node for k in self.program.all_kernels if function.startswith(k.name)}
        node = owners[max(owners, key=len)] if owners else None
        return error if node is None else located(error, node)

    @property
    def bytes(self) -> int:
        """Bytes of one workspace."""
        return self.memory.shared.size + self._workers * self.memory.scratch_bytes

    def forget(self) -> None:
        """The plan is thrown away: tracebacks no longer need its source."""
        linecache.cache.pop(self.filename, None)


class _Workspace:
    """How to enter a call, its memory and its scratch; mutable: it knows what versions its memory is of."""

    __slots__ = ("parts", "versions")

    def __init__(self, parts: tuple[Callable[..., Any], Any, Any]) -> None:
        self.parts = parts
        self.versions: tuple[int, ...] | None = None


def held_to_one_thread(program: Program) -> bool:
    """Whether BLAS has one thread throughout: where loops are parallel, and nothing besides is for BLAS.

    Its threads, once used, go on spinning for tens of milliseconds and take cores from the loops that follow.
    """
    calls = [(call, loop) for kernel in program.all_kernels for call, loop in kernel.calls()]
    return program.parallel and not any(
        loop is None and call.function.startswith(("matmul", "perform:")) and _elements(call) > MOST_ELEMENTS
        for call, loop in calls
    )


def _elements(call: Call) -> int:
    """Elements of the largest operand."""
    sizes = (value.shape for value in call.operands if isinstance(value, Value))
    return max((concrete(times(shape), {}) for shape in sizes), default=0)


class Planner:
    """The newest plans of one graph, by the shapes that they are for.

    Mutable because it keeps them: at most as many as ``settings.plans`` says, the one used longest ago goes.

    Parameters
    ----------
    graph : FunctionGraph
        A fused graph.
    sources : sequence of Variable
        Inputs and shared variables, in the order of the arrays of a call.
    title : str
        What its sources are called.
    results : str
        What becomes of the results: see ``lower``.
    tune : callable, optional
        Says for which machine each kernel is written.
    """

    def __init__(
        self,
        graph: FunctionGraph,
        sources: Sequence[Variable],
        title: str,
        results: Results = "fresh",
        tune: Tune | None = None,
    ) -> None:
        self.graph = graph
        self.sources = tuple(sources)
        self.title = title
        self.results = results
        self.tune = tune
        self.timings: Timings | None = None
        self.plans: dict[Any, Plan] = {}
        self._lock = Lock()
        # Where the type states all sizes of an array there is nothing to look up.
        self._varying = [i for i, variable in enumerate(sources) if None in variable.type.shape]

    def find(self, arrays: Sequence[Array], settings: Settings) -> Plan | None:
        """The plan for these shapes, if there is one."""
        plan = self.plans.get(self._key(arrays, settings))
        if plan is not None:
            plan.used = next(_tick)
        return plan

    def make(self, arrays: Sequence[Array], settings: Settings) -> Plan:
        """A new plan for these shapes."""
        types = [
            TensorType(variable.dtype, array.shape)
            for variable, array in zip(self.sources, arrays, strict=True)
        ]
        machine = Machine(
            settings.tile_bytes, settings.thread_count, settings.scratch_bytes, settings.conv_algorithm,
            settings.conv_error,
        )  # fmt: skip
        inputs = zip(self.graph.inputs, types, strict=False)
        title = f"{self.title}({', '.join(f'{variable}: {type}' for variable, type in inputs)})"
        with self._lock, paused_collection():
            plan = Plan(
                self.graph, self.sources, types, machine, title, self.results, self.tune, self.timings
            )
            plan.used = next(_tick)
            self.plans[self._key(arrays, settings)] = plan
            while len(self.plans) > settings.plans:
                oldest = min(self.plans, key=lambda key: self.plans[key].used)
                self.plans.pop(oldest).forget()
        return plan

    def free(self) -> None:
        """Forget all plans."""
        with self._lock:
            for plan in self.plans.values():
                plan.forget()
            self.plans.clear()

    def _key(self, arrays: Sequence[Array], settings: Settings) -> tuple[Any, ...]:
        choices = settings.threads, settings.tile_bytes, settings.scratch_bytes
        choices += settings.conv_algorithm, settings.conv_error  # type: ignore[assignment]
        return (*choices, *[arrays[i].shape for i in self._varying])


def _without_warnings(run: Callable[..., Any], *arguments: Any) -> Any:
    with np.errstate(all="ignore"):
        return run(*arguments)
