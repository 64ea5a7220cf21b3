"""A compiled function: plans once for the shapes of its arguments, then only runs; imports its neighbours."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symconv.compile.check import check_finite, compare
from symconv.compile.executor import Executor
from symconv.compile.plan import Plan
from symconv.config import Settings, current
from symconv.errors import ArgumentError, ShapeError
from symconv.graph.flat import freeze, thaw
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import interpret
from symconv.graph.nodes import SharedVariable, fit
from symconv.graph.origin import Origin
from symconv.graph.types import Array

_updating = threading.RLock()  # calls that update shared values run one after the other
_committing = threading.Lock()  # and their new values appear all at once


class Function:
    """A compiled graph; call it with one array for each input.

    Mutable because it keeps the newest plans, one for each tuple of input shapes.

    Attributes
    ----------
    graph : FunctionGraph
        What the user built.
    name : str
        For printing.
    """

    def __init__(
        self, graph: FunctionGraph, structure: Any, name: str, mode: str | None, origin: Origin | None
    ) -> None:
        self.graph = graph
        self.name = name
        self.mode = mode
        self.origin = origin
        self._structure = structure
        self._count = len(graph.inputs)
        self._dtypes = tuple(np.dtype(variable.dtype) for variable in graph.inputs)
        self._containers = tuple(variable.container for variable in graph.shared)
        self._executor = Executor(graph, self.name)
        # Where nothing is shared, a plan takes just the arguments.
        self._direct = self._executor.single and not graph.updates and not graph.shared
        self._ready: tuple[Settings | None, Plan | None] = (None, None)

    # Calling

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The outputs for these inputs: fresh arrays.

        Parameters
        ----------
        *arguments, **named : array_like
            One for each input, by position or by the input's name.

        Raises
        ------
        ArgumentError
            For a wrong number or a wrong name of arguments.
        DTypeError, RankError, ShapeError
            For a value that its input cannot take, or sizes that do not fit together.
        """
        settings = current()
        ready, plan = self._ready
        if settings is ready and plan is not None and not named and len(arguments) == self._count:
            # The same settings and shapes as in the last call: small functions live by this path, and
            # strict=True would take a tenth of it; the number of arguments was compared above.
            for argument, dtype, shape in zip(arguments, self._dtypes, plan.shapes):  # noqa: B905
                if type(argument) is not ndarray or argument.dtype is not dtype or argument.shape != shape:
                    break
            else:
                results: Sequence[Array] = plan(arguments)
                return results[0] if self._structure is None else self._structured(results)
        if named or len(arguments) != self._count:
            arguments = self._arranged(arguments, named)
        for argument, dtype in zip(arguments, self._dtypes, strict=True):
            if type(argument) is not ndarray or argument.dtype is not dtype:
                arguments = self._fitted(arguments)
                break
        if (self.mode or settings.mode) != "compiled" or settings.check_finite:
            return self._structured(self._watched(self._fitted(arguments), settings))
        if self.graph.updates:
            return self._structured(self._update(arguments, self._run))
        if self._direct:
            plan = self._executor.plan(arguments, settings, lambda: self._fitted(arguments))
            self._ready = settings, plan
            return self._structured(plan(arguments))
        return self._structured(self._run(arguments))

    def _run(self, arguments: Sequence[Array]) -> Sequence[Array]:
        """All results, by the plan for these shapes."""
        containers = self._containers
        if len(containers) > 1:
            with _committing:
                arrays = (*arguments, *[container.value for container in containers])
        else:
            arrays = (*arguments, *[container.value for container in containers])
        return self._executor.run(arrays, current(), lambda: self._fitted(arguments))

    def _update(self, arguments: Sequence[Array], run: Any) -> list[Array]:
        """Run, then give shared variables their new values: all of them, or none where anything raises."""
        with _updating:
            results = list(run(arguments))
            count = len(self.graph.outputs)
            for (target, _), value in zip(self.graph.updates, results[count:], strict=True):
                if not target.type.accepts(value.shape):
                    raise ShapeError(
                        f"the update gives shared variable {target} shape {value.shape}",
                        arguments=[("variable", target.type)],
                    )
            with _committing:
                for (target, _), value in zip(self.graph.updates, results[count:], strict=True):
                    target.container.assign(value)
        return results[:count]

    def _watched(self, arguments: Sequence[Array], settings: Settings) -> Sequence[Array]:
        """The outputs in the interpreted and checked modes, and with values checked for NaN."""
        mode = self.mode or settings.mode

        def run(arguments: Sequence[Array]) -> Sequence[Array]:
            watch = check_finite if settings.check_finite else None
            meant = [np.array(result) for result in interpret(self.graph, arguments, watch)]
            if mode == "interpreted":
                return meant
            results = self._run(arguments)
            if mode == "checked":
                compare(self, arguments, meant, results)
            return results

        if self.graph.updates:
            return self._update(arguments, run)
        return run(arguments)

    def _structured(self, results: Sequence[Array]) -> Any:
        if self._structure is None:
            return results[0]
        if isinstance(self._structure, tuple):
            return dict(zip(self._structure, results, strict=True))
        return list(results)

    # Arguments

    def _arranged(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """Positional and named arguments in the order of the inputs."""
        names = [str(variable) for variable in self.graph.inputs]
        heading = f"{self.name}({', '.join(f'{v}: {v.type}' for v in self.graph.inputs)})"
        found = dict(zip(names, arguments, strict=False)) if len(set(names)) == len(names) else {}
        if len(arguments) > self._count:
            raise ArgumentError(
                f"{self.name} takes {self._count} argument{'s' * (self._count != 1)}, got {len(arguments)}",
                arguments=[("function", heading)],
                where=self.origin,
            )
        for name, value in named.items():
            if name not in names or name in found:
                problem = "was given twice" if name in found else "is no input"
                raise ArgumentError(
                    f"argument {name!r} {problem} of {self.name}",
                    arguments=[("function", heading)],
                    where=self.origin,
                )
            found[name] = value
        missing = [name for name in names if name not in found]
        if missing or len(found) != self._count:
            raise ArgumentError(
                f"{self.name} takes {self._count} argument{'s' * (self._count != 1)}, "
                f"got {len(arguments) + len(named)}; missing: {', '.join(missing) or 'unnamed inputs'}",
                arguments=[("function", heading)],
                where=self.origin,
            )
        return tuple(found[name] for name in names)

    def _fitted(self, arguments: Sequence[Any]) -> tuple[Array, ...]:
        """Arguments as arrays of exactly the inputs' types."""
        fitted = []
        for position, (value, variable) in enumerate(zip(arguments, self.graph.inputs, strict=True)):
            what = f"argument {position} ({variable}) of {self.name}" if variable.name else (
                f"argument {position} of {self.name}"
            )  # fmt: skip
            fitted.append(fit(value, variable.type, what))
        return tuple(fitted)

    # Looking inside

    @property
    def stages(self) -> dict[str, Any]:
        """The graph after each pass; and the newest plan's program, memory slots and source."""
        stages: dict[str, Any] = dict(self._executor.compiled.graphs)
        newest = self._executor.newest
        if newest is not None:
            stages |= {"program": newest.program, "slots": newest.memory, "source": newest.source}
        return stages

    @property
    def log(self) -> tuple[Any, ...]:
        """Every use of a rewriting rule, in order."""
        return self._executor.compiled.log

    @property
    def source(self) -> str:
        """The generated source of the plan used last."""
        if self._executor.newest is None:
            return "# No plan yet: the source is written for the shapes of the first call.\n"
        return self._executor.newest.source

    @property
    def sources(self) -> list[str]:
        """The generated source of every plan that is kept, the oldest first."""
        return [plan.source for plan in self._executor.plans]

    def profile(self) -> str:
        """What was compiled, how long it took, what each plan chose, and its memory."""
        graphs = self._executor.compiled.graphs
        lines = [f"{self.name}: {len(self.graph.nodes)} applies became {_kernels(graphs['fused'])}"]
        lines += [
            f"  {name:<12} {seconds * 1e3:8.2f} ms  {len(graphs[name].nodes):6d} applies"
            for name, seconds in self._executor.compiled.seconds.items()
        ]
        for plan in self._executor.plans:
            cost = f"{plan.seconds * 1e3:.2f} ms, {plan.bytes} bytes"
            lines.append(f"  plan in {cost}: {plan.source.splitlines()[0]}")
            for kernel in plan.program.kernels:
                lines.append(f"    {kernel.name}: {'; '.join(kernel.comment)}")
        return "\n".join(lines)

    def free(self) -> None:
        """Forget all plans and their memory; the next call plans anew."""
        self._executor.free()
        self._ready = (None, None)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{variable}: {variable.type}" for variable in self.graph.inputs)
        outputs = ", ".join(str(variable.type) for variable in self.graph.outputs)
        return f"<function {self.name}({inputs}) -> {outputs or 'nothing'}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from symconv.viz import mimebundle  # drawing is loaded when first used

        return mimebundle(self)

    def __reduce__(self) -> Any:
        graph = self.graph
        targets = [target for target, _ in graph.updates]
        flat = freeze([*graph.inputs, *graph.outputs, *targets, *(new for _, new in graph.updates)])
        counts = (len(graph.inputs), len(graph.outputs), len(targets))
        return _thawed, (flat, counts, self._structure, self.name, self.mode, self.origin)


def _thawed(
    flat: Any,
    counts: tuple[int, int, int],
    structure: Any,
    name: str,
    mode: str | None,
    origin: Origin | None,
) -> Function:
    """The function that was pickled: the graph travels and is compiled again."""
    variables = iter(thaw(flat))
    inputs, outputs, targets, news = (
        [next(variables) for _ in range(count)] for count in (*counts, counts[2])
    )
    updates = tuple((t, n) for t, n in zip(targets, news, strict=True) if isinstance(t, SharedVariable))
    return Function(FunctionGraph(tuple(inputs), tuple(outputs), updates), structure, name, mode, origin)


def _kernels(graph: FunctionGraph) -> str:
    """How many kernels a fused graph has: views are none."""
    count = sum(node.op.role != "view" for node in graph.nodes)
    return f"{count} kernel{'s' * (count != 1)}"
