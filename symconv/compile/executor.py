"""A compiled graph, ready to run on arrays: its stages, its pieces and their plans; imports its neighbours.

A compiled function runs one of these. An op with inner graphs (a loop, a branch) is driven by others, one
for each inner graph.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress

from symconv.compile.collecting import paused_collection
from symconv.compile.cut import cut
from symconv.compile.pipeline import Stages, compile_graph
from symconv.compile.plan import Plan, Planner
from symconv.compile.timing import Timings
from symconv.compile.tune import Tuner
from symconv.config import Settings
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import perform
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import as_tuple
from symconv.graph.types import Array


class Executor:
    """A graph taken through the passes and cut into pieces, each with its newest plans.

    Mutable because plans are made when shapes are seen for the first time.

    Attributes
    ----------
    compiled : Stages
        The graph after each pass.
    sources : tuple of Variable
        Inputs and shared variables: what arrays are needed for, in this order.
    single : bool
        Whether the graph is one piece: one plan computes everything.
    newest : Plan or None
        The plan used last.
    """

    def __init__(self, graph: FunctionGraph, title: str, tuner: Tuner | None = None) -> None:
        with paused_collection():
            self.compiled: Stages = compile_graph(graph)
            self._pieces = cut(self.compiled.fused)
        self.sources: tuple[Variable, ...] = graph.inputs + graph.shared
        self.single = len(self._pieces) == 1
        last = len(self._pieces) - 1
        self.planners = [
            Planner(
                piece.graph,
                piece.graph.inputs + piece.graph.shared if index else self.sources,
                title,
                "fresh" if index == last else "aliased",
                tuner,
            )
            for index, piece in enumerate(self._pieces)
        ]
        self._writers: Planner | None = None
        if self.single:
            self._writers = Planner(self._pieces[0].graph, self.sources, title, "given", tuner)
        made = [piece.graph.results for piece in self._pieces]
        boundaries = [piece.boundary for piece in self._pieces]
        self._turns = list(zip(self.planners, made, boundaries, self._forgotten(), strict=True))
        self.newest: Plan | None = None
        self.timings: Timings | None = None
        self._inner: dict[Apply, list[Executor]] = {
            node: [Executor(inner, f"{title}_{node.op.label}".lower(), tuner) for inner in node.op.graphs]
            for piece in self._pieces
            for node in piece.boundary
            if node.op.graphs
        }

    def plan(self, arrays: Sequence[Array], settings: Settings, check: Callable[[], object]) -> Plan:
        """The plan of a graph of one piece for these shapes; ``check`` is called before one is made."""
        return self._plan(self.planners[0], arrays, settings, check)

    def run(
        self, arrays: Sequence[Array], settings: Settings, check: Callable[[], object] = bool
    ) -> Sequence[Array]:
        """All results: piece by piece, and what lies between them.

        Parameters
        ----------
        arrays : sequence of ndarray
            One for each of ``sources``.
        settings : Settings
            What plans are made by.
        check : callable
            Called before a new plan is made: shapes are checked once for each plan.
        """
        if self.single:
            return self.plan(arrays, settings, check)(arrays)
        values = dict(zip(self.sources, arrays, strict=True))
        results: Sequence[Array] = ()
        for planner, made, boundary, forgotten in self._turns:
            given = [values[source] for source in planner.sources]
            results = self._plan(planner, given, settings, check)(given)
            values.update(zip(made, results, strict=True))
            for node in boundary:
                values.update(zip(node.outputs, self._cross(node, values, settings), strict=True))
            for variable in forgotten:
                del values[variable]
        return results

    def _forgotten(self) -> list[list[Variable]]:
        """For each piece the values that nothing behind it reads."""
        last: dict[Variable, int] = dict.fromkeys(self.sources, 0)
        for number, (piece, planner) in enumerate(zip(self._pieces, self.planners, strict=True)):
            made = [*piece.graph.results, *(output for node in piece.boundary for output in node.outputs)]
            read = [*planner.sources, *(variable for node in piece.boundary for variable in node.inputs)]
            last.update((v, number) for v in (*made, *read) if not isinstance(v, Constant))
        return [[v for v, number in last.items() if number == place] for place in range(len(self._pieces))]

    def _cross(self, node: Apply, values: dict[Variable, Array], settings: Settings) -> Sequence[Array]:
        """The results of a node at a boundary: what follows is planned for their shapes."""
        given = [v.data if isinstance(v, Constant) else values[v] for v in node.inputs]
        with nullcontext() if self.timings is None else self.timings.of(node):
            if node.op.keeps_promises:
                with suppress(Exception):  # what is wrong is then said with the user's line
                    return as_tuple(node.op.perform(*given))
            if node not in self._inner:
                return perform(node, given)
            steps = [Step(executor, settings) for executor in self._inner[node]]
            return as_tuple(node.op.drive(steps, given))

    def measure(self, timings: Timings | None) -> None:
        """Add up what each kernel takes from now on; None to stop. Plans are made anew."""
        self.free()
        self.timings = timings
        for planner in [*self.planners, *([self._writers] if self._writers else [])]:
            planner.timings = timings

    def writer(self, arrays: Sequence[Array], settings: Settings) -> Plan | None:
        """The plan that writes its results into given arrays, for inputs of these shapes, if one piece."""
        return None if self._writers is None else self._plan(self._writers, arrays, settings, bool)

    def _plan(
        self, planner: Planner, arrays: Sequence[Array], settings: Settings, check: Callable[[], object]
    ) -> Plan:
        plan = planner.find(arrays, settings)
        if plan is None:
            check()
            plan = planner.make(arrays, settings)
        self.newest = plan
        return plan

    @property
    def plans(self) -> list[Plan]:
        """Every plan that is kept, also those of inner graphs, the one used longest ago first."""
        planners = [*self.planners, *([self._writers] if self._writers else [])]
        plans = [plan for planner in planners for plan in planner.plans.values()]
        for executors in self._inner.values():
            plans += [plan for executor in executors for plan in executor.plans]
        return sorted(plans, key=lambda plan: plan.used)

    def free(self) -> None:
        """Forget all plans."""
        for planner in [*self.planners, *([self._writers] if self._writers else [])]:
            planner.free()
        for executors in self._inner.values():
            for executor in executors:
                executor.free()
        self.newest = None


class Step:
    """What computes an inner graph for the op that drives it."""

    __slots__ = ("executor", "settings")

    def __init__(self, executor: Executor, settings: Settings) -> None:
        self.executor = executor
        self.settings = settings

    def __call__(self, *arrays: Array) -> Sequence[Array]:
        """The results for these inputs."""
        return self.executor.run(arrays, self.settings)

    def writer(self, arrays: Sequence[Array]) -> Callable[[Iterable[tuple[Array, ...]]], None] | None:
        """What runs for many rows of inputs and places for results, of the shapes of ``arrays``."""
        plan = self.executor.writer(arrays, self.settings)
        return None if plan is None else plan.repeat
