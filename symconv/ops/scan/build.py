"""scan and its relatives, as users call them: arguments read, the step written, the results named."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, MissingInputError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import argument, as_variable
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves
from symconv.graph.types import TensorType
from symconv.ops.elemwise_rows import cast, minimum, neq
from symconv.ops.scan.axis import Flip, crop, integer, lead, length_of, only
from symconv.ops.scan.loop import Draft, Recurrence, write
from symconv.ops.scan.op import Scan

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


# The public functions


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    name: str | None = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, Updates]:
    """A loop: a step written once, run for each entry of sequences, with the results of earlier steps.

    Parameters
    ----------
    fn : callable
        Writes the step. It is called with a variable for the current entry of each sequence (each tap), for
        each state at each of its taps, and with the ``non_sequences``, in this order. It returns the results,
        one or a list; with them, in any order, a dict of new values of shared variables, and ``until``.
    sequences : variable, dict, or list of them, optional
        What the loop walks along, by the leading axis. ``dict(input=x, taps=[-1, 0, 1])`` gives the step
        several entries at once, and it begins where all of them exist.
    outputs_info : variable, dict, None, or list of them, optional
        For each result its initial state, or None where the next step does not read it. ``dict(initial=x,
        taps=[-2, -1])`` gives the step the results of several earlier steps; then the leading axis of ``x``
        has as many entries as the oldest is steps ago, the oldest first.
    non_sequences : variable or list, optional
        What every step uses. What ``fn`` uses besides, it may use as well, unless ``strict``.
    n_steps : int or integer scalar, optional
        The number of steps, which may be 0; by default the shortest sequence decides.
    truncate_gradient : int
        Gradients go back through this many steps, counted from the last; -1 through all.
    go_backwards : bool
        Walk along the sequences from their end. Results are in the order of the steps.
    name : str, optional
        For printing.
    strict : bool
        Whether ``fn`` must use nothing but its arguments and constants.
    return_list : bool
        Whether to return a list also for one result.

    Returns
    -------
    results : Variable, list of Variable, or None
        What the steps gave, with time as leading axis, without the initial states.
    updates : dict
        For each shared variable that the step changes its last value: hand it to ``function(updates=...)``.

    Raises
    ------
    ArgumentError
        Where nothing says how long the loop is, or arguments and results do not correspond.
    DTypeError, RankError, ShapeError
        For a state that changes its type from step to step. A number or constant as initial state takes the
        dtype that the step gives. At run time for a sequence that is too short.
    MissingInputError
        Where ``strict`` and the step uses what it was not given.

    Notes
    -----
    The loop may be differentiated, any number of times; so may what is inside it.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> sums, _ = sc.scan(lambda x_t, s: s + x_t, sequences=x, outputs_info=0.0)
    >>> sums.eval({x: [1.0, 2.0, 3.0]})
    array([1., 3., 6.])
    """
    loop, kinds, updates = _loop(
        fn, sequences, outputs_info, non_sequences, n_steps, truncate_gradient, go_backwards, name, strict
    )
    results = _results(loop, kinds)
    if return_list or len(results) > 1:
        return results, updates
    return (results[0] if results else None), updates


def map(
    fn: Callable[..., Any],
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    name: str | None = None,
) -> tuple[Any, Updates]:
    """The results of ``fn`` for each entry of the sequences; see ``scan``.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dmatrix("x")
    >>> largest, _ = sc.map(lambda row: row.max(), x)
    >>> largest.eval({x: [[1.0, 4.0], [3.0, 2.0]]})
    array([4., 3.])
    """
    return scan(
        fn, sequences, None, non_sequences, None, truncate_gradient, go_backwards, name
    )


def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    name: str | None = None,
) -> tuple[Any, Updates]:
    """The last state of a loop; ``fn`` gets an entry and the state before. See ``scan``.

    The history is not kept. Of no entries the result is the initial state.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> product, _ = sc.reduce(lambda x_t, p: p * x_t, x, 1.0)
    >>> float(product.eval({x: [2.0, 3.0, 4.0]}))
    24.0
    """
    loop, kinds, updates = _loop(
        fn, sequences, outputs_info, non_sequences, None, -1, go_backwards, name, False, folds=True
    )
    results = _results(loop, kinds, last=True)
    return (results if len(results) > 1 else results[0]), updates


def foldl(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None,
    name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """``reduce`` from the first entry to the last; ``fn`` gets an entry and what has been accumulated."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, name)


def foldr(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None,
    name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """``reduce`` from the last entry to the first; ``fn`` gets an entry and what has been accumulated."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, name)


# Arguments


@frozen
class _Sequence:
    """A sequence and the entries that a step sees, relative to time."""

    array: Variable
    taps: tuple[int, ...]

    @property
    def span(self) -> tuple[int, int]:
        """The earliest and the latest entry that must exist, 0 among them."""
        return min(0, *self.taps), max(0, *self.taps)


@frozen
class _State:
    """An initial state; ``weak`` if it takes the step's dtype."""

    initial: Variable
    taps: tuple[int, ...]
    depth: int
    weak: bool


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _taps(value: Any, what: str, default: int) -> tuple[int, ...]:
    taps = (default,) if value is None else tuple(_listed(value))
    for tap in taps:
        if not isinstance(tap, int | np.integer) or isinstance(tap, bool):
            raise ArgumentError(
                f"a tap of {what} must be an integer, got {tap!r}", where=here(), hint="taps=[-2, -1]"
            )
    if not taps or len(set(taps)) != len(taps):
        raise ArgumentError(f"the taps of {what} must be different integers, got {list(taps)}", where=here())
    return tuple(int(tap) for tap in taps)


def _fields(value: Any, what: str, allowed: Sequence[str]) -> dict[str, Any]:
    fields = dict(value)
    for key in fields:
        if key not in allowed:
            raise ArgumentError(
                f"{what} has no field {key!r}", where=here(), hint="the fields are " + ", ".join(allowed)
            )
    return fields


def _sequence(value: Any, place: int) -> _Sequence:
    what = f"sequence {place} of scan"
    fields = _fields(value, what, ("input", "taps")) if isinstance(value, Mapping) else {"input": value}
    if fields.get("input") is None:
        raise ArgumentError(f"{what} is missing", where=here(), hint="dict(input=x, taps=[...])")
    array = as_variable(fields["input"])
    if array.ndim == 0:
        raise RankError(
            f"{what} is a scalar, which has no entries to walk along",
            arguments=[(str(array), array.type)],
            where=here(),
            hint="what every step uses goes into non_sequences",
        )
    return _Sequence(array, _taps(fields.get("taps"), what, 0))


def _state(value: Any, place: int) -> _State | None:
    what = f"the initial state {place} of scan"
    fields = _fields(value, what, ("initial", "taps")) if isinstance(value, Mapping) else {"initial": value}
    given = fields.get("initial")
    if given is None:
        if fields.get("taps") is not None:
            raise ArgumentError(
                f"{what} has taps but no values", where=here(), hint="dict(initial=x, taps=[...])"
            )
        return None
    taps = _taps(fields.get("taps"), what, -1)
    if max(taps) >= 0:
        raise ArgumentError(
            f"a step cannot read its own result or later ones: taps {list(taps)} of {what}",
            where=here(),
            hint="-1 is the step before, -2 the one before that",
        )
    initial = as_variable(given)
    weak = isinstance(initial, Constant)
    depth = -min(taps)
    if fields.get("taps") is None or taps == (-1,):
        return _State(lead(initial), (1,), 1, weak)
    if initial.ndim == 0:
        raise RankError(
            f"{what} is a scalar, but its taps {list(taps)} need {depth} entries",
            arguments=[(str(initial), initial.type)],
            where=here(),
            hint=f"its leading axis holds the {depth} values before the first step, oldest first",
        )
    size = initial.type.shape[0]
    if size is not None and size < depth:
        raise ShapeError(
            f"{what} has {size} entries, but its taps {list(taps)} need {depth}",
            arguments=[(str(initial), initial.type)],
            where=here(),
            hint="its leading axis holds the values before the first step, oldest first",
        )
    return _State(crop(initial, 0, integer(depth)), tuple(-tap for tap in taps), depth, weak)


def _count(sequences: Sequence[_Sequence], n_steps: Any) -> Variable:
    """The number of steps."""
    if n_steps is not None:
        count = as_variable(n_steps)
        if count.ndim != 0 or count.dtype[0] not in "iu":
            raise DTypeError(
                "n_steps must be an integer scalar",
                arguments=[("n_steps", count.type)],
                where=here(),
                hint="convert it with cast(n_steps, 'int64')",
            )
        if isinstance(count, Constant) and count.data < 0:
            raise OptionError(
                f"n_steps cannot be negative, got {count.data}",
                where=here(),
                hint="to walk from the end, say go_backwards=True",
            )
        return count if count.dtype == "int64" else cast(count, "int64")
    if not sequences:
        raise ArgumentError(
            "nothing says how many steps the loop has: there are neither sequences nor n_steps",
            where=here(),
            hint="give n_steps=..., or a sequence to walk along",
        )
    lengths = []
    for sequence in sequences:
        first, last = sequence.span
        length = length_of(sequence.array)
        lengths.append(length if first == last else length - (last - first))
    if all(isinstance(length, Constant) for length in lengths):
        return integer(min(int(length.data) for length in lengths))
    count = lengths[0]
    for length in lengths[1:]:
        count = minimum(count, length)
    return count


def _check_lengths(sequences: Sequence[_Sequence], count: Variable) -> None:
    """Refuse sequences that are known to be too short."""
    for place, sequence in enumerate(sequences):
        first, last = sequence.span
        length = length_of(sequence.array)
        if isinstance(count, Constant) and isinstance(length, Constant):
            needed = int(count.data) + last - first
            if length.data < needed:
                raise ShapeError(
                    f"sequence {place} of scan has {length.data} entries, and {needed} are needed",
                    arguments=[(str(sequence.array), sequence.array.type), ("n_steps", count)],
                    where=here(),
                    hint="leave n_steps out, and the shortest sequence decides",
                )


def _label(name: str | None, shift: int) -> str | None:
    """A name for an entry: x_t, x_t_minus_1, x_t_plus_2."""
    if name is None:
        return None
    return f"{name}_t" + (f"_{'plus' if shift > 0 else 'minus'}_{abs(shift)}" if shift else "")


# The step


def _loop(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any,
    n_steps: Any,
    truncate_gradient: int,
    go_backwards: bool,
    name: str | None,
    strict: bool,
    folds: bool = False,
) -> tuple[Any, list[Any], Updates]:
    """The loop that the arguments describe; for each result its state's place or None; and the updates."""
    if not callable(fn):
        raise ArgumentError(
            f"scan needs a function that writes the step, got {fn!r}",
            where=here(),
            hint="scan(lambda entry, state: state + entry, sequences=x, outputs_info=s)",
        )
    if truncate_gradient != -1 and (not isinstance(truncate_gradient, int) or truncate_gradient < 1):
        raise OptionError(
            f"truncate_gradient must be -1 or a positive number of steps, got {truncate_gradient!r}",
            where=here(),
            hint="-1 goes back through all steps",
        )
    given = [_sequence(value, place) for place, value in enumerate(_listed(sequences))]
    informed = None if outputs_info is None else _listed(outputs_info)
    states = [_state(value, place) for place, value in enumerate(informed or [])]
    others = [as_variable(value) for value in _listed(non_sequences)]
    draft = Draft(_count(given, n_steps), truncate=truncate_gradient, name=name)
    _check_lengths(given, draft.count)
    draft.sequences = _entries(given, go_backwards)
    results, updates, stop = _step(fn, draft, states, others, informed is not None)
    if folds and (not states or any(state is None for state in states)):
        raise ArgumentError(
            "a fold needs an initial value for each result", where=here(), hint="outputs_info=[...]"
        )
    if stop is not None:
        draft.stop = _condition(stop)
    kinds: list[Any] = []
    recurrences = iter(draft.states)
    for result, state in zip(results, states or [None] * len(results), strict=True):
        if state is None:
            kinds.append(("mapped", len(draft.mapped)))
            draft.mapped.append(result)
        else:
            recurrence = next(recurrences)
            recurrence.new = result
            kinds.append(("state", draft.states.index(recurrence)))
    if strict:
        _check_strict(draft, others, updates)
    targets = _add_updates(draft, updates)
    loop = write(draft, Scan)
    finals = loop.finals[len(draft.states) - len(targets) :]
    news = {target: only(final) for target, final in zip(targets, finals, strict=True) if final is not None}
    return (loop, draft), kinds, news


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


def _entries(given: Sequence[_Sequence], go_backwards: bool) -> list[tuple[Variable, int, Variable]]:
    entries = []
    for sequence in given:
        first, last = sequence.span
        array = Flip()(sequence.array) if go_backwards else sequence.array
        for tap in sequence.taps:
            offset = last - tap if go_backwards else tap - first
            type = TensorType(array.dtype, array.type.shape[1:])
            entries.append((array, offset, Variable(type, _label(sequence.array.name, tap))))
    return entries


def _step(
    fn: Callable[..., Any],
    draft: Draft,
    states: list[_State | None],
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


def _recurrence(state: _State) -> Recurrence:
    type = TensorType(state.initial.dtype, state.initial.type.shape[1:])
    name = state.initial.name or (state.initial.owner.inputs[0].name if state.initial.owner else None)
    elements = [Variable(type, _label(name or "state", -tap)) for tap in state.taps]
    return Recurrence(state.initial, state.depth, state.taps, elements, elements[0])


def _fitted(state: _State, dtype: str) -> _State | None:
    """The state in another dtype, if that holds its value."""
    source = state.initial if state.initial.owner is None else state.initial.owner.inputs[0]
    if not isinstance(source, Constant):
        return None
    with np.errstate(all="ignore"):
        converted = source.data.astype(dtype)
    kept = np.array_equal(converted.astype(source.dtype), source.data, equal_nan=source.type.is_float)
    if not kept and not (source.type.is_float and dtype[0] in "fc"):
        return None
    return _State(cast(state.initial, dtype), state.taps, state.depth, weak=False)


def _check_state(state: _State, new: Variable, place: int) -> None:
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
        parts = [_listed(returned)]
    results: list[Any] = []
    updates: dict[SharedVariable, Variable] = {}
    stop = None
    for part in parts:
        if isinstance(part, until):
            stop = part.condition
        elif _is_updates(part):
            updates |= _updates(part.items() if isinstance(part, Mapping) else part)
        else:
            results += _listed(part)
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


def _condition(value: Any) -> Variable:
    condition = as_variable(value)
    if condition.ndim != 0:
        raise RankError(
            f"until needs a scalar condition, got {condition.ndim} dimensions",
            arguments=[("condition", condition.type)],
            where=condition.origin or here(),
            hint="reduce it with any() or all()",
        )
    return condition if condition.dtype == "bool" else neq(condition, 0)


def _check_strict(draft: Draft, others: Sequence[Variable], updates: Mapping[Any, Variable]) -> None:
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


# Shared variables that the step changes


def _add_updates(draft: Draft, updates: dict[SharedVariable, Variable]) -> list[SharedVariable]:
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


# The results


def _results(written: Any, kinds: Sequence[Any], last: bool = False) -> list[Variable]:
    loop, draft = written
    results = []
    for kind, place in kinds:
        if kind == "mapped":
            results.append(loop.mapped[place])
            continue
        state = draft.states[place]
        if last:
            results.append(only(crop(loop.finals[place], 0, integer(1), from_end=True)))
        elif draft.stop is not None:
            whole = loop.wholes[place]
            results.append(crop(whole, state.depth, length_of(whole) - state.depth))
        else:
            results.append(crop(loop.wholes[place], state.depth, draft.count))
    return results


__all__ = ["foldl", "foldr", "map", "reduce", "scan", "until"]
