"""A compiled function: plans once for the shapes of its arguments, then only runs; imports its neighbours."""

from collections.abc import Callable, Mapping, Sequence
from textwrap import indent
from typing import Any

import numpy as np
from numpy import ndarray

from symconv.compile.arguments import Argument
from symconv.compile.check import Watcher, check_finite, compare
from symconv.compile.entry import entry
from symconv.compile.executor import Executor
from symconv.compile.plan import Plan
from symconv.compile.timing import Timings
from symconv.compile.tune import Tuner
from symconv.config import Settings, current
from symconv.errors import ArgumentError, DTypeError, ShapeError
from symconv.graph.container import Container, committer, read, updating, value_of, versions
from symconv.graph.fit import fit
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import interpret
from symconv.graph.nodes import Variable
from symconv.graph.origin import Origin
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import substitute
from symconv.graph.types import Array

MOST_SUBSETS = 4  # compiled for ``output_subset``
Run = Callable[[Sequence[Array]], Sequence[Array]]


class Function:
    """A compiled graph; call it with one array for each input.

    Mutable because it keeps the newest plans, one for each tuple of input shapes.

    Attributes
    ----------
    graph : FunctionGraph
        What the user built.
    name : str
        For printing.
    watcher : Watcher or None
        What sees every apply of a call. The graph is then interpreted as it stands before fusion, and
        nothing is compiled, but in the checked mode.
    """

    watcher: Watcher | None = None

    def __init__(
        self,
        graph: FunctionGraph,
        structure: Any,
        name: str,
        mode: str | None,
        origin: Origin | None,
        arguments: Sequence[Argument] | None = None,
        autotune: bool = False,
    ) -> None:
        self.graph = graph
        self.name = name
        self.mode = mode
        self.origin = origin
        self._structure = structure
        self._arguments = tuple(arguments or (Argument(str(variable)) for variable in graph.inputs))
        self._takers = tuple(one for one in self._arguments if one.state is None)  # one for each input
        self._count = len(graph.inputs)
        if self._arguments[: self._count] != self._takers:
            self._count = -1  # states come first: no call is a plain list of inputs
        self._dtypes = tuple(np.dtype(variable.dtype) for variable in graph.inputs)
        self._containers = tuple(variable.container for variable in graph.shared)
        self._commit = committer([target.container for target, _ in graph.updates])
        self._autotune = autotune
        self._executor = Executor(graph, self.name, Tuner() if autotune else None)
        self._newest: tuple[Plan, Run, Callable[..., Any]] | None = None  # how to run it, and the way in
        self._ready: tuple[Settings | None, Callable[..., Any]] = (None, self._run)
        self._subsets: dict[tuple[Any, ...], Function] = {}

    # Calling

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The outputs for these inputs: fresh arrays.

        Parameters
        ----------
        *arguments, **named : array_like
            One for each input, by position or by the input's name.
        output_subset : sequence of (int or key), optional
            Which outputs to compute; the updates are made all the same.

        Raises
        ------
        ArgumentError
            For a wrong number or a wrong name of arguments.
        DTypeError, RankError, ShapeError
            For a value that its input cannot take, or sizes that do not fit together.
        """
        settings, enter = self._ready  # of the last call: small functions live by this path
        if not named and len(arguments) == self._count and current() is settings:
            return enter(*arguments)
        if named or len(arguments) != self._count:
            return self._call_by_name(arguments, named)
        return self._call(arguments)

    def _call(self, arguments: Sequence[Any]) -> Any:
        """Call with one value for each input."""
        settings = current()
        for argument, dtype in zip(arguments, self._dtypes, strict=True):
            if type(argument) is not ndarray or argument.dtype is not dtype:
                arguments = self._fitted(arguments)
                break
        if self._mode(settings) != "compiled":
            return self._structured(self._watched(self._fitted(arguments), settings))
        if self.graph.updates:
            return self._structured(self._update(arguments, self._run))
        return self._structured(self._run(arguments))

    def _quick(self, plan: Plan) -> Run:
        """How to run a plan for arguments of its shapes, which have been compared."""
        containers, commit, inputs = self._containers, self._commit, len(self.graph.inputs)
        outputs = len(self.graph.outputs)
        checked = [
            (position, plan.shapes[inputs + position])
            for position, variable in enumerate(self.graph.shared)
            if None in variable.type.shape
        ]

        settling = [containers[position] for position in plan.settled_by]

        def reading(arguments: Sequence[Array]) -> Sequence[Array]:
            values = read(containers)
            for position, shape in checked:
                if values[position].shape != shape:
                    return self._run(arguments)
            return plan((*arguments, *values))

        def reading_versions(arguments: Sequence[Array]) -> Sequence[Array]:
            before = versions(settling)
            values = read(containers)
            for position, shape in checked:
                if values[position].shape != shape:
                    return self._run(arguments)
            return plan((*arguments, *values), before if before == versions(settling) else None)

        def updating_too(arguments: Sequence[Array]) -> Sequence[Array]:
            with updating:  # so that nobody else commits
                values = tuple(map(value_of, containers))
                for position, shape in checked:
                    if values[position].shape != shape:
                        return self._update(arguments, self._run)
                results = plan((*arguments, *values), versions(settling) if settling else None)
                commit(results[outputs:])
            return results[:outputs]

        if not self.graph.updates:
            if plan.settled_by:
                return reading_versions
            return reading if containers else plan
        new = plan.program.outputs[outputs:]
        fits = all(
            target.type.accepts(value.shape)  # type: ignore[arg-type]
            for (target, _), value in zip(self.graph.updates, new, strict=True)
        )
        return updating_too if fits else lambda arguments: self._update(arguments, self._run)

    def _run(self, arguments: Sequence[Array]) -> Sequence[Array]:
        """All results, by the plan for these shapes."""
        arrays = (*arguments, *read(self._containers)) if self._containers else arguments
        settings = current()
        if not self._executor.single:
            return self._executor.run(arrays, settings, lambda: self._fitted(arguments))
        plan = self._executor.plan(arrays, settings, lambda: self._fitted(arguments))
        newest = self._newest
        if newest is None or newest[0] is not plan:
            quick = self._quick(plan)
            structured = None if self._structure is None else self._structured
            newest = plan, quick, entry(plan, quick, self._dtypes, self._call, structured)
            self._newest = newest
        _, quick, enter = newest
        results = plan(arrays) if self.graph.updates or not plan.settled_by else quick(arguments)
        if self._mode(settings) == "compiled":
            self._ready = settings, enter
        return results

    def _mode(self, settings: Settings) -> str:
        """How calls are made under these settings."""
        watched = settings.check_finite or self.watcher is not None
        return "watched" if watched else self.mode or settings.mode

    def _update(self, arguments: Sequence[Array], run: Run) -> Sequence[Array]:
        """Run, then give shared variables their new values: all of them, or none where anything raises."""
        with updating:
            results = list(run(arguments))
            count = len(self.graph.outputs)
            for (target, new), value in zip(self.graph.updates, results[count:], strict=True):
                if not target.type.accepts(value.shape):
                    raise ShapeError(
                        f"the update gives shared variable {target} shape {value.shape}",
                        arguments=[(str(target), target.type), ("update", new.type)],
                        where=new.origin or self.origin,
                    )
            self._commit(results[count:])
        return results[:count]

    def _watched(self, arguments: Sequence[Array], settings: Settings) -> Sequence[Array]:
        """The outputs in the interpreted and checked modes, and with values checked for NaN."""
        mode = self.mode or settings.mode

        def run(arguments: Sequence[Array]) -> Sequence[Array]:
            watcher = self.watcher or Watcher(after=check_finite if settings.check_finite else None)
            graph = self.graph if self.watcher is None or mode == "checked" else self.stages["specialised"]
            interpreted = interpret(graph, arguments, watcher.after, watcher.before)
            meant = [np.array(result) for result in interpreted]
            if mode == "interpreted" or (self.watcher is not None and mode != "checked"):
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

    def _call_by_name(self, arguments: Sequence[Any], named: dict[str, Any]) -> Any:
        """Call with named arguments, defaults, states, or for some of the outputs."""
        if "output_subset" in named and not any(one.name == "output_subset" for one in self._arguments):
            wanted = tuple(named.pop("output_subset"))
            return self._subset(wanted)(*arguments, **named)
        values = self._arranged(arguments, named)
        inputs = [value for one, value in zip(self._arguments, values, strict=True) if one.state is None]
        states = {
            one.state: self._fit(value, one.state, one, position)
            for position, (one, value) in enumerate(zip(self._arguments, values, strict=True))
            if one.state is not None and value is not _NOT_GIVEN
        }
        if not states:
            return self._call(inputs)
        given = committer([state.container for state in states])
        with updating:
            before = read([state.container for state in states])
            try:
                given([np.array(value) for value in states.values()])
                return self._call(inputs)
            except BaseException:
                given(before)
                raise

    def _arranged(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """Positional and named arguments and defaults, in the order of the inputs."""
        names = [one.name for one in self._arguments]
        values: list[Any] = [
            one.default if one.state is None and one.default is not None else _NOT_GIVEN
            for one in self._arguments
        ]
        if len(arguments) > len(names):
            count = f"{len(names)} argument{'s' * (len(names) != 1)}"
            self._refuse(f"{self.name} takes {count}, got {len(arguments)}")
        values[: len(arguments)] = arguments
        for name, value in named.items():
            if names.count(name) != 1 or names.index(name) < len(arguments):
                twice = name in names and names.index(name) < len(arguments)
                same = ": several inputs have that name" if names.count(name) > 1 else ""
                problem = "was given twice" if twice and not same else "is no input"
                self._refuse(f"argument {name!r} {problem} of {self.name}{same}")
            values[names.index(name)] = value
        missing = [
            one.name
            for one, value in zip(self._arguments, values, strict=True)
            if value is _NOT_GIVEN and one.state is None
        ]
        if missing:
            count = f"{len(names)} argument{'s' * (len(names) != 1)}"
            got = f"got {len(arguments) + len(named)}; missing: {', '.join(missing)}"
            self._refuse(f"{self.name} takes {count}, {got}")
        return values

    def _refuse(self, what: str) -> None:
        inputs = ", ".join(f"{v}: {v.type}" for v in self.graph.inputs)
        raise ArgumentError(what, arguments=[("function", f"{self.name}({inputs})")], where=self.origin)

    def _fitted(self, arguments: Sequence[Any]) -> tuple[Array, ...]:
        """Arguments as arrays of exactly the inputs' types."""
        fitted = []
        for position, (value, variable, argument) in enumerate(
            zip(arguments, self.graph.inputs, self._takers, strict=True)
        ):
            array = np.array(value) if type(value) in (int, float) and not argument.strict else None
            if array is None or variable.ndim or array.dtype is not self._dtypes[position]:
                array = self._fit(value, variable, argument, position)
            fitted.append(array)
        return tuple(fitted)

    def _fit(self, value: Any, variable: Variable, argument: Argument, position: int) -> Array:
        """An argument as an array of exactly the input's type."""
        named = f" ({variable})" if variable.name else ""
        what = f"argument {position}{named} of {self.name}"
        where = variable.made or self.origin
        return fit(
            value, variable.type, what, strict=argument.strict, downcast=argument.downcast, where=where
        )

    # States and shared variables

    def _argument(self, key: Variable | str) -> Argument:
        for variable, argument in zip(self.graph.inputs, self._takers, strict=True):
            if key is variable:
                return argument
        for argument in self._arguments:
            if key is argument.variable or (isinstance(key, str) and key == argument.name):
                return argument
        names = ", ".join(one.name for one in self._arguments if one.state or one.default is not None)
        raise ArgumentError(
            f"{key} is no input of {self.name}",
            where=self.origin,
            hint=f"what it keeps values of: {names or 'nothing'}",
        )

    def __getitem__(self, key: Variable | str) -> Array:
        """The value of a state, or the default of an input, by variable or name: a copy."""
        argument = self._argument(key)
        if argument.state is not None:
            return argument.state.get_value()
        if argument.default is None:
            raise ArgumentError(
                f"{self.name} keeps no value of {argument.name}",
                where=self.origin,
                hint="give it one: In(variable, value=...)",
            )
        return argument.default.copy()

    def __setitem__(self, key: Variable | str, value: Any) -> None:
        """Set a state, by variable or name."""
        argument = self._argument(key)
        if argument.state is None:
            raise ArgumentError(
                f"{argument.name} is no state of {self.name}",
                where=self.origin,
                hint="a state has an update: In(variable, value=..., update=...)",
            )
        argument.state.set_value(value)

    def get_shared(self) -> list[SharedVariable]:
        """The shared variables that the function reads or updates, states not among them."""
        states = [argument.state for argument in self._arguments]
        return [variable for variable in self.graph.shared if variable not in states]

    # Other functions made of this one

    def copy(
        self,
        *,
        swap: Mapping[SharedVariable, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
    ) -> "Function":
        """The same function, of other shared variables if wanted, compiled anew.

        Parameters
        ----------
        swap : dict, optional
            For shared variables of the function those to use in their place, read and updated.
        delete_updates : bool
            Whether the copy updates nothing. Its states then keep their values.
        name : str, optional
            By default the name of this one.

        Raises
        ------
        ArgumentError
            For a variable that the function does not use, or what is no shared variable.
        DTypeError, ShapeError
            For a shared variable of another type.
        """
        new: dict[Variable, Variable] = {}
        for old, other in (swap or {}).items():
            if old not in self.graph.shared or not isinstance(other, SharedVariable):
                problem = f"does not use {old}" if isinstance(other, SharedVariable) else "needs another one"
                raise ArgumentError(
                    f"{self.name} cannot swap {old} for {other}: it {problem}",
                    where=self.origin,
                    hint="swap={shared: shared}; it uses " + ", ".join(map(str, self.get_shared())),
                )
            if not old.type.generalises(other.type):
                raise (DTypeError if old.dtype != other.dtype else ShapeError)(
                    f"{self.name} cannot swap {old} for a variable of another type",
                    arguments=[(str(old), old.type), (str(other), other.type)],
                    where=self.origin,
                )
            new[old] = other
        for argument in self._arguments:
            if argument.state is not None:
                state = argument.state
                new[state] = SharedVariable(state.type, Container(state.get_value()), state.name)
        return self._of(self.graph.outputs, new, delete_updates, self._structure, name or self.name)

    def _of(
        self,
        outputs: Sequence[Variable],
        new: Mapping[Variable, Variable],
        delete_updates: bool,
        structure: Any,
        name: str,
    ) -> "Function":
        """A function of other outputs, with shared variables exchanged."""
        updates = () if delete_updates else self.graph.updates
        results = substitute([*outputs, *(value for _, value in updates)], new)
        targets: list[Any] = [new.get(target, target) for target, _ in updates]
        count = len(outputs)
        graph = FunctionGraph(
            self.graph.inputs, tuple(results[:count]), tuple(zip(targets, results[count:], strict=True))
        )
        arguments = [
            one._replace(state=new.get(one.state, one.state)) if one.state is not None else one  # type: ignore[arg-type]
            for one in self._arguments
        ]
        return type(self)(graph, structure, name, self.mode, self.origin, arguments, self._autotune)

    def _subset(self, wanted: tuple[Any, ...]) -> "Function":
        """The function that computes some of the outputs, and makes all updates."""
        function = self._subsets.get(wanted)
        if function is None:
            keys = self._structure if isinstance(self._structure, tuple) else range(len(self.graph.outputs))
            positions = [list(keys).index(one) for one in wanted if one in keys]
            if len(positions) != len(wanted) or self._structure is None:
                has = "one output" if self._structure is None else f"the outputs {', '.join(map(str, keys))}"
                self._refuse(f"there is no output_subset {list(wanted)} of {self.name}, which has {has}")
            structure = wanted if isinstance(self._structure, tuple) else True
            chosen = [self.graph.outputs[position] for position in positions]
            function = self._of(chosen, {}, False, structure, self.name)
            while len(self._subsets) >= MOST_SUBSETS:
                self._subsets.pop(next(iter(self._subsets), wanted), None)
            self._subsets[wanted] = function
        return function

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
            for kernel in plan.program.all_kernels:
                lines.append(f"    {kernel.name}: {'; '.join(kernel.comment)}")
                lines += [indent(str(choice), " " * 6) for choice in kernel.choices]
        return "\n".join(lines)

    def measure(self, timings: Timings | None) -> None:
        """Add up what each kernel takes from now on, under its apply of the fused graph; None to stop."""
        self.free()
        self._executor.measure(timings)

    def free(self) -> None:
        """Forget all plans and their memory; the next call plans anew."""
        self._executor.free()
        self._newest, self._ready = None, (None, self._run)
        self._subsets.clear()

    def __repr__(self) -> str:
        inputs = ", ".join(f"{variable}: {variable.type}" for variable in self.graph.inputs)
        outputs = ", ".join(f"{variable.type}" for variable in self.graph.outputs)
        return f"<function {self.name}({inputs}) -> {outputs or 'nothing'}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from symconv.viz import mimebundle  # drawing is loaded when first used

        return mimebundle(self)

    def __reduce__(self) -> Any:
        # The graph travels and is compiled again.
        return type(self), (
            self.graph, self._structure, self.name, self.mode, self.origin, self._arguments, self._autotune,
        )  # fmt: skip


class _NotGiven:
    """Stands for the value of an argument that a call does not give."""


_NOT_GIVEN = _NotGiven()


def _kernels(graph: FunctionGraph) -> str:
    """How many kernels a fused graph has: views are none."""
    count = sum(node.op.role != "view" for node in graph.nodes)
    return f"{count} kernel{'s' * (count != 1)}"
