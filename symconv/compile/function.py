"""``function``: from expressions to a callable that plans once per shape and then only runs; imports its neighbours."""

import linecache
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any
from warnings import warn

import numpy as np
from numpy import ndarray

from symconv.compile.builder import Machine
from symconv.compile.check import check_finite, compare
from symconv.compile.collecting import paused_collection
from symconv.compile.meaning import interpret
from symconv.compile.pipeline import Stages, compile_graph
from symconv.compile.plan import Plan
from symconv.config import Settings, current
from symconv.errors import ArgumentError, DTypeError, OptionError, ShapeError, UnusedInputError
from symconv.graph.flat import freeze, thaw
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Constant, SharedVariable, Variable, fit
from symconv.graph.op import as_variable
from symconv.graph.operators import implements
from symconv.graph.origin import Origin, here
from symconv.graph.traverse import substitute
from symconv.graph.types import Array, TensorType

_tick = count(1)
_updating = threading.RLock()  # calls that update shared values run one after the other
_committing = threading.Lock()  # and their new values appear all at once

Updates = Mapping[SharedVariable, Any] | Iterable[tuple[SharedVariable, Any]]


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
        self._shared_shapes_vary = any(None in variable.type.shape for variable in graph.shared)
        with paused_collection():
            self._compiled: Stages = compile_graph(graph)
        self._plans: dict[Any, Plan] = {}
        self._planning = threading.Lock()
        self._newest: Plan | None = None
        self._direct = not graph.updates and not graph.shared  # a plan takes the arguments and nothing else
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
            # The same settings and shapes as in the last call: small functions live by this path.
            for argument, dtype, shape in zip(arguments, self._dtypes, plan.shapes, strict=True):
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
            plan = self._planned(arguments, settings)
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
        return self._planned(arrays, current())(arrays)

    def _planned(self, arrays: Sequence[Array], settings: Settings) -> Plan:
        """The plan for these shapes and settings, made where there is none yet."""
        shapes = [array.shape for array in (arrays if self._shared_shapes_vary else arrays[: self._count])]
        plan = self._plans.get((settings.threads, settings.tile_bytes, *shapes))
        if plan is None:
            plan = self._plan(arrays, shapes, settings)
        plan.used = next(_tick)
        self._newest = plan
        return plan

    def _plan(self, arrays: Sequence[Array], shapes: list[Any], settings: Settings) -> Plan:
        arguments = self._fitted(arrays[: self._count])
        sources = (*self.graph.inputs, *self.graph.shared)
        types = [
            TensorType(variable.dtype, array.shape)
            for variable, array in zip(sources, (*arguments, *arrays[self._count :]), strict=True)
        ]
        machine = Machine(settings.tile_bytes, settings.thread_count)
        with self._planning, paused_collection():
            texts = ", ".join(f"{v}: {t}" for v, t in zip(self.graph.inputs, types, strict=False))
            plan = Plan(self._compiled.fused, sources, types, machine, f"{self.name}({texts})")
            plan.used = next(_tick)
            self._plans[(settings.threads, settings.tile_bytes, *shapes)] = plan
            while len(self._plans) > settings.plans:
                oldest = min(self._plans, key=lambda key: self._plans[key].used)
                linecache.cache.pop(self._plans.pop(oldest).filename, None)
        return plan

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
        heading = f"{self.name}({', '.join(f'{n}: {v.type}' for n, v in zip(names, self.graph.inputs, strict=True))})"
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
        stages: dict[str, Any] = dict(self._compiled.graphs)
        if self._newest is not None:
            stages |= {
                "program": self._newest.program,
                "slots": self._newest.memory,
                "source": self._newest.source,
            }
        return stages

    @property
    def log(self) -> tuple[Any, ...]:
        """Every use of a rewriting rule, in order."""
        return self._compiled.log

    @property
    def source(self) -> str:
        """The generated source of the plan used last."""
        if self._newest is None:
            return "# No plan yet: the source is written for the shapes of the first call.\n"
        return self._newest.source

    @property
    def sources(self) -> list[str]:
        """The generated source of every plan that is kept, the oldest first."""
        return [plan.source for plan in sorted(self._plans.values(), key=lambda plan: plan.used)]

    def profile(self) -> str:
        """What was compiled, how long it took, what each plan chose, and its memory."""
        graphs = self._compiled.graphs
        lines = [f"{self.name}: {len(self.graph.nodes)} applies became {len(graphs['fused'].nodes)} kernels"]
        lines += [
            f"  {name:<12} {seconds * 1e3:8.2f} ms  {len(graphs[name].nodes):6d} applies"
            for name, seconds in self._compiled.seconds.items()
        ]
        for plan in sorted(self._plans.values(), key=lambda plan: plan.used):
            lines.append(f"  plan in {plan.seconds * 1e3:.2f} ms, {plan.bytes} bytes: {plan.source.splitlines()[0]}")
            for kernel in plan.program.kernels:
                lines.append(f"    {kernel.name}: {'; '.join(kernel.comment)}")
        return "\n".join(lines)

    def free(self) -> None:
        """Forget all plans and their memory; the next call plans anew."""
        with self._planning:
            for plan in self._plans.values():
                linecache.cache.pop(plan.filename, None)
            self._plans.clear()
            self._newest = None
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
    flat: Any, counts: tuple[int, int, int], structure: Any, name: str, mode: str | None, origin: Origin | None
) -> Function:
    """The function that was pickled: the graph travels and is compiled again."""
    variables = iter(thaw(flat))
    inputs, outputs, targets, news = (
        [next(variables) for _ in range(count)] for count in (*counts, counts[2])
    )
    updates = tuple((t, n) for t, n in zip(targets, news, strict=True) if isinstance(t, SharedVariable))
    return Function(FunctionGraph(tuple(inputs), tuple(outputs), updates), structure, name, mode, origin)


def function(
    inputs: Variable | Sequence[Variable],
    outputs: Any = None,
    *,
    updates: Updates = (),
    givens: Mapping[Variable, Any] | Iterable[tuple[Variable, Any]] = (),
    name: str | None = None,
    mode: str | None = None,
    on_unused_input: str | None = None,
) -> Function:
    """Compile expressions into a callable.

    Parameters
    ----------
    inputs : Variable or sequence of Variable
        The arguments, in order. Shared variables are no arguments: their values are used as they are.
    outputs : Variable, sequence or dict of Variable, optional
        What a call returns: an array, a list, or a dict of arrays.
    updates : dict or pairs, optional
        New values of shared variables, assigned together after each call.
    givens : dict or pairs, optional
        Variables to replace by others, or by values, in outputs and updates.
    name : str, optional
        For printing; by default where it was made.
    mode : str, optional
        "compiled", "interpreted" or "checked"; by default the setting.
    on_unused_input : str, optional
        "raise", "warn" or "ignore"; by default the setting.

    Returns
    -------
    Function

    Raises
    ------
    ArgumentError
        For inputs or outputs that cannot be used as such.
    MissingInputError, UnusedInputError
        Where the inputs are not those that the outputs need.

    Examples
    --------
    >>> import numpy as np
    >>> import symconv as sc
    >>> x = sc.vector("x")
    >>> f = sc.function([x], sc.tanh(x + 1))
    >>> f(np.array([-1.0, 0.0]))
    array([0.        , 0.76159416])
    """
    origin = here()
    name = name or (f"function_{origin.line}" if origin else "function")
    given = _inputs(inputs, origin)
    results, structure = _outputs(outputs, origin)
    pairs = _updates(updates, origin)
    replaced = _replaced([*results, *(new for _, new in pairs)], givens, origin)
    count = len(results)
    new_updates = tuple((target, new) for (target, _), new in zip(pairs, replaced[count:], strict=True))
    graph = FunctionGraph(given, tuple(replaced[:count]), new_updates)
    _check_used(graph, on_unused_input or current().on_unused_input, origin)
    if mode not in (None, "compiled", "interpreted", "checked"):
        raise OptionError(
            f"there is no mode {mode!r}", where=origin, hint="choose compiled, interpreted or checked"
        )
    return Function(graph, structure, name, mode, origin)


def _inputs(inputs: Any, origin: Origin | None) -> tuple[Variable, ...]:
    given = (inputs,) if isinstance(inputs, Variable) else tuple(inputs)
    for position, variable in enumerate(given):
        problem = None
        if isinstance(variable, SharedVariable):
            problem = "is a shared variable: its value is used as it is"
            hint = "leave it out of the inputs, or replace it with givens={shared: input}"
        elif isinstance(variable, Constant):
            problem, hint = "is a constant", "leave it out of the inputs"
        elif not isinstance(variable, Variable):
            problem, hint = f"is a {type(variable).__name__}, not a symbolic variable", "make one: vector('x')"
        elif variable in given[:position]:
            problem, hint = "is there twice", "list each input once"
        if problem:
            kind = variable.type if isinstance(variable, Variable) else type(variable).__name__
            raise ArgumentError(
                f"input {position} of function {problem}",
                arguments=[(str(variable), kind)], where=origin, hint=hint,
            )  # fmt: skip
    return given


def _outputs(outputs: Any, origin: Origin | None) -> tuple[list[Variable], Any]:
    """Variables, and how to return them: None alone, a tuple of keys as a dict, True as a list."""
    if isinstance(outputs, Variable):
        return [outputs], None
    if isinstance(outputs, Mapping):
        return [_output(value, origin) for value in outputs.values()], tuple(outputs)
    if outputs is None:
        return [], True
    if isinstance(outputs, list | tuple):
        return [_output(value, origin) for value in outputs], True
    return [_output(outputs, origin)], None


def _output(value: Any, origin: Origin | None) -> Variable:
    if isinstance(value, Variable | int | float | complex | np.ndarray | np.generic):
        return as_variable(value)
    raise ArgumentError(
        f"an output of function must be a symbolic variable, got {type(value).__name__}",
        arguments=[("output", repr(value)[:60])],
        where=origin,
    )


def _updates(updates: Updates, origin: Origin | None) -> list[tuple[SharedVariable, Variable]]:
    pairs = list(updates.items() if isinstance(updates, Mapping) else updates)
    seen: set[SharedVariable] = set()
    checked: list[tuple[SharedVariable, Variable]] = []
    for target, value in pairs:
        if not isinstance(target, SharedVariable):
            raise ArgumentError(
                f"only shared variables can be updated, got {target}",
                where=origin,
                hint="make it one: shared(value)",
            )
        if target in seen:
            raise ArgumentError(f"{target} has two updates", where=origin, hint="a variable is updated once")
        seen.add(target)
        if not isinstance(value, Variable):
            value = Constant(fit(value, target.type, f"the update of {target}"))
        if not target.type.generalises(value.type):
            problem = DTypeError if target.dtype != value.dtype else ShapeError
            raise problem(
                f"the update of {target} has another type",
                arguments=[(str(target), target.type), ("update", value.type)],
                where=value.origin or origin,
                hint=f"convert it: update.astype({target.dtype!r})" if problem is DTypeError else None,
            )
        checked.append((target, value))
    return checked


def _replaced(
    results: list[Variable], givens: Mapping[Variable, Any] | Iterable[tuple[Variable, Any]], origin: Origin | None
) -> list[Variable]:
    pairs = list(givens.items() if isinstance(givens, Mapping) else givens)
    replacements: dict[Variable, Variable] = {}
    for old, value in pairs:
        if not isinstance(old, Variable):
            raise ArgumentError(f"givens replaces variables, got {type(old).__name__}", where=origin)
        new = value if isinstance(value, Variable) else Constant(fit(value, old.type, f"the given {old}"))
        if old.dtype != new.dtype or old.ndim != new.ndim:
            problem = DTypeError if old.dtype != new.dtype else ShapeError
            raise problem(
                f"givens cannot replace {old} by a variable of another type",
                arguments=[(str(old), old.type), ("by", new.type)],
                where=origin,
            )
        replacements[old] = new
    return substitute(results, replacements) if replacements else results


def _check_used(graph: FunctionGraph, action: str, origin: Origin | None) -> None:
    if action not in ("raise", "warn", "ignore"):
        raise OptionError(f"on_unused_input cannot be {action!r}", hint="choose raise, warn or ignore")
    used = set(graph.leaves)
    unused = [variable for variable in graph.inputs if variable not in used]
    if not unused or action == "ignore":
        return
    error = UnusedInputError(
        f"no output or update needs {'input' if len(unused) == 1 else 'inputs'} {', '.join(map(str, unused))}",
        arguments=[(str(variable), variable.type) for variable in unused],
        where=origin,
        hint="leave it out, or say on_unused_input='ignore'",
    )
    if action == "raise":
        raise error
    warn(str(error), stacklevel=3)


@implements("eval")
def evaluate(variable: Variable, values: Mapping[Variable, Any] | None = None) -> Any:
    """The value of an expression for values of its inputs.

    Parameters
    ----------
    variable : Variable
        What to compute.
    values : dict, optional
        A value for each input that it needs.

    Returns
    -------
    ndarray
    """
    values = dict(values or {})
    cache = vars(variable).setdefault("_eval_functions", {})
    inputs = tuple(values)
    if inputs not in cache:
        cache.clear()
        cache[inputs] = function(inputs, variable, name=f"eval of {variable}")
    return cache[inputs](*values.values())


