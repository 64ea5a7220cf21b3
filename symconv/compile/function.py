"""``function``: checks what it is given and makes a compiled function of it; imports its neighbours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from warnings import warn

import numpy as np

from symconv.compile.callable import Function
from symconv.config import current
from symconv.errors import ArgumentError, DTypeError, OptionError, ShapeError, UnusedInputError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Constant, SharedVariable, Variable, fit
from symconv.graph.op import as_variable
from symconv.graph.operators import implements
from symconv.graph.origin import Origin, here
from symconv.graph.traverse import substitute

Updates = Mapping[SharedVariable, Any] | Iterable[tuple[SharedVariable, Any]]
Givens = Mapping[Variable, Any] | Iterable[tuple[Variable, Any]]


def function(
    inputs: Variable | Sequence[Variable],
    outputs: Any = None,
    *,
    updates: Updates = (),
    givens: Givens = (),
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
            problem = f"is a {type(variable).__name__}, not a symbolic variable"
            hint = "make one: vector('x')"
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
    results: list[Variable], givens: Givens, origin: Origin | None
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
        f"no output or update needs the input{'s' * (len(unused) > 1)} {', '.join(map(str, unused))}",
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


