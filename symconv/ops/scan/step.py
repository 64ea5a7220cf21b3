"""The step of a loop: its variables, what it returns, held against the states; imports ops."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, MissingInputError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import argument, as_variable
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves
from symconv.graph.types import TensorType
from symconv.ops.elemwise_rows import cast, neq
from symconv.ops.scan.arguments import GivenSequence, GivenState, listed
from symconv.ops.scan.axis import Flip, lead
from symconv.ops.scan.loop import Draft, Recurrence

Updates = dict[SharedVariable, Variable]


@frozen
class until:
    """Returned by a step, behind its results: the loop ends after the first step where the condition holds.

    Parameters
    ----------
    condition : Variable
        A scalar; anything but 0 is true.

    Examples
    --------
    >>> import symconv as sc
    >>> powers, _ = sc.scan(lambda p: (2 * p, sc.until(2 * p > 50)), outputs_info=1, n_steps=100)
    >>> powers.eval()
    array([ 2,  4,  8, 16, 32, 64])
    """

    condition: Any


# Its variables


def entries(given: Sequence[GivenSequence], go_backwards: bool) -> list[tuple[Variable, int, Variable]]:
    """For each entry that the step sees: of which array, how far in, and the variable that stands for it."""
    found = []
    for sequence in given:
        first, last = sequence.span
        array = Flip()(sequence.array) if go_backwards else sequence.array
        for tap in sequence.taps:
            offset = last - tap if go_backwards else tap - first
            type = TensorType(array.dtype, array.type.shape[1:])
            found.append((array, offset, Variable(type, _label(sequence.array.name, tap))))
    return found


def _recurrence(state: GivenState) -> Recurrence:
    type = TensorType(state.initial.dtype, state.initial.type.shape[1:])
    name = state.initial.name or (state.initial.owner.inputs[0].name if state.initial.owner else None)
    elements = [Variable(type, _label(name or "state", -tap)) for tap in state.taps]
    return Recurrence(state.initial, state.depth, state.taps, elements, elements[0])


def _label(name: str | None, shift: int) -> str | None:
    """A name for an entry: x_t, x_t_minus_1, x_t_plus_2."""
    if name is None:
        return None
    return f"{name}_t" + (f"_{'plus' if shift > 0 else 'minus'}_{abs(shift)}" if shift else "")


# What it computes


def write_step(
    fn: Callable[..., Any],
    draft: Draft,
    states: list[GivenState | None],
    others: Sequence[Variable],
    informed: bool,
) -> tuple[list[Variable], dict[SharedVariable, Variable], Any]:
    """What the step computes; it is written again where a weak initial state must take its dtype."""
    for attempt in range(3):
        draft.states = [_recurrence(state) for state in states if state is not None]
        given = (*draft.inputs, *others)
        _check_arity(fn, given)
        results, updates, stop = _read(fn(*given))
        if informed and len(results) != len(states):
            raise ArgumentError(
                f"the step gives {len(results)} results, and outputs_info has {len(states)} entries",
                where=here(),
                hint="one entry a result: an initial state, or None where the next step does not read it",
            )
        changed = False
        for place, state in enumerate(states):
            if state is None:
                continue
            new = results[place]
            if state.weak and attempt < 2 and new.dtype != state.initial.dtype:
                fitted = _fitted(state, new.dtype)
                if fitted is not None:
                    states[place], changed = fitted, True
                    continue
            _check_state(state, new, place)
        if not changed:
            return results, updates, stop
    raise AssertionError("the last attempt returns or raises")


def _check_arity(fn: Callable[..., Any], given: Sequence[Variable]) -> None:
    """The step must take as many variables as it is given: then Python's own error would name no one."""
    try:
        taken = signature(fn)
    except (TypeError, ValueError):  # something built in, which does not say
        return
    try:
        taken.bind(*given)
    except TypeError as error:
        raise ArgumentError(
            f"the step is given {len(given)} variables: {error}",
            arguments=[argument(f"argument {place}", variable) for place, variable in enumerate(given)],
            where=here(),
            hint="an entry of each sequence (each tap), each state (each tap), then the non_sequences",
        ) from None


def _fitted(state: GivenState, dtype: str) -> GivenState | None:
    """The state in another dtype, if that holds its value."""
    source = state.initial if state.initial.owner is None else state.initial.owner.inputs[0]
    if not isinstance(source, Constant):
        return None
    with np.errstate(all="ignore"):
        converted = source.data.astype(dtype)
    kept = np.array_equal(converted.astype(source.dtype), source.data, equal_nan=source.type.is_float)
    if not kept and not (source.type.is_float and dtype[0] in "fc"):
        return None
    return GivenState(cast(state.initial, dtype), state.taps, state.depth, weak=False)


def _check_state(state: GivenState, new: Variable, place: int) -> None:
    type = TensorType(state.initial.dtype, state.initial.type.shape[1:])
    arguments = [("initial state", type), ("result", new.type)]
    which = f"state {place} of the loop" + (f" ({new.name})" if new.name else "")
    where = new.origin or here()
    if new.dtype != type.dtype:
        raise DTypeError(
            f"{which} begins as {type.dtype}, and the step makes it {new.dtype}",
            arguments=arguments,
            where=where,
            hint=f"convert the initial state with cast(..., {new.dtype!r}), or the result to {type.dtype!r}",
        )
    if new.ndim != type.ndim:
        raise RankError(
            f"{which} begins with {type.ndim} dimensions, and the step gives it {new.ndim}",
            arguments=arguments,
            where=where,
            hint="the initial state is a single entry, of the shape of a step's result: zeros_like(...)",
        )
    for axis, (before, after) in enumerate(zip(type.shape, new.type.shape, strict=True)):
        if before != after and (before == 1 or (before is not None and after is not None)):
            after_text = "unknown" if after is None else after
            raise ShapeError(
                f"{which} begins with size {before} on axis {axis}, and the step makes it {after_text}",
                arguments=arguments,
                where=where,
                hint="give the initial state the whole shape; a 1 is not stretched from step to step",
            )


def _read(returned: Any) -> tuple[list[Variable], dict[SharedVariable, Variable], Any]:
    """What a step returned: results, updates, the condition to stop."""
    if returned is None:
        return [], {}, None
    if _is_special(returned):
        parts: list[Any] = [returned]
    elif isinstance(returned, list | tuple) and any(_is_special(part) for part in returned):
        parts = list(returned)
    else:
        parts = [listed(returned)]
    results: list[Any] = []
    updates: dict[SharedVariable, Variable] = {}
    stop = None
    for part in parts:
        if isinstance(part, until):
            stop = part.condition
        elif _is_updates(part):
            updates |= _updates(part.items() if isinstance(part, Mapping) else part)
        else:
            results += listed(part)
    return [_result(value) for value in results], updates, stop


def _is_special(value: Any) -> bool:
    return isinstance(value, until) or _is_updates(value)


def _is_updates(value: Any) -> bool:
    """A dict, or a list of pairs of a shared variable and its new value."""
    if isinstance(value, Mapping):
        return True
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(
            isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], SharedVariable)
            for pair in value
        )
    )


def _result(value: Any) -> Variable:
    if value is None or isinstance(value, list | tuple | dict | str):
        raise ArgumentError(
            f"a step gives variables, got {type(value).__name__} among its results",
            where=here(),
            hint="return one variable, a list of them, or (results, updates)",
        )
    return as_variable(value)


def _updates(pairs: Iterable[tuple[Any, Any]]) -> dict[SharedVariable, Variable]:
    found: dict[SharedVariable, Variable] = {}
    for target, value in pairs:
        if not isinstance(target, SharedVariable):
            raise ArgumentError(
                f"only shared variables can be updated, got {target}",
                where=here(),
                hint="results are returned as a list, updates as a dict of shared variables",
            )
        found[target] = as_variable(value)
    return found


def condition_to_stop(value: Any) -> Variable:
    """What ``until`` was given, as a scalar bool."""
    condition = as_variable(value)
    if condition.ndim != 0:
        raise RankError(
            f"until needs a scalar condition, got {condition.ndim} dimensions",
            arguments=[("condition", condition.type)],
            where=condition.origin or here(),
            hint="reduce it with any() or all()",
        )
    return condition if condition.dtype == "bool" else neq(condition, 0)


def check_strict(draft: Draft, others: Sequence[Variable], updates: Mapping[Any, Variable]) -> None:
    """Refuse a step that uses what it was not given."""
    given = {*draft.inputs, *others}
    stop = [] if draft.stop is None else [draft.stop]
    results = [*(state.new for state in draft.states), *draft.mapped, *stop, *updates.values()]
    for variable in leaves(results, given):
        if variable not in given and not isinstance(variable, Constant):
            raise MissingInputError(
                f"the step uses {variable}, which it was not given, and the loop is strict",
                arguments=[(str(variable), variable.type)],
                where=here(),
                hint="add it to non_sequences, and take it as an argument; or say strict=False",
            )


# Shared variables that it changes


def add_updates(draft: Draft, updates: dict[SharedVariable, Variable]) -> list[SharedVariable]:
    """Shared variables with new values are states; random states that the step draws from are as well."""
    pending = dict(updates)
    while True:
        stop = [] if draft.stop is None else [draft.stop]
        results = [*(state.new for state in draft.states), *draft.mapped, *stop, *pending.values()]
        found = {
            variable: variable.default_update
            for variable in leaves(results)
            if isinstance(variable, SharedVariable)
            and variable not in pending
            and getattr(variable, "default_update", None) is not None
        }
        if not found:
            break
        pending |= found
    replacements: dict[Variable, Variable] = {}
    for target, new in pending.items():
        if not target.type.generalises(new.type):
            problem = DTypeError if target.dtype != new.dtype else ShapeError
            raise problem(
                f"the step gives shared variable {target} another type",
                arguments=[(str(target), target.type), ("its new value", new.type)],
                where=new.origin or here(),
                hint=f"convert it with cast(..., {target.dtype!r})" if problem is DTypeError else None,
            )
        element = Variable(target.type, target.name)
        replacements[target] = element
        draft.states.append(Recurrence(lead(target), 1, (1,), [element], new, shared=True))
    if replacements:
        draft.replace(replacements)
    return list(pending)


__all__ = ["Updates", "add_updates", "check_strict", "condition_to_stop", "entries", "until", "write_step"]
