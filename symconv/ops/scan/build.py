"""scan and its relatives, as users call them, and the loop that they make; imports its neighbours."""

from collections.abc import Callable, Sequence
from typing import Any

from symconv.errors import ArgumentError, OptionError
from symconv.graph.nodes import Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.scan.arguments import check_lengths, given_sequence, given_state, listed, step_count
from symconv.ops.scan.axis import crop, integer, length_of, only
from symconv.ops.scan.loop import Draft, write
from symconv.ops.scan.op import Scan
from symconv.ops.scan.step import Updates, add_updates, check_strict, condition_to_stop, entries, write_step

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


# The loop


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
    given = [given_sequence(value, place) for place, value in enumerate(listed(sequences))]
    informed = None if outputs_info is None else listed(outputs_info)
    states = [given_state(value, place) for place, value in enumerate(informed or [])]
    others = [as_variable(value) for value in listed(non_sequences)]
    draft = Draft(step_count(given, n_steps), truncate=truncate_gradient, name=name)
    check_lengths(given, draft.count)
    draft.sequences = entries(given, go_backwards)
    results, updates, stop = write_step(fn, draft, states, others, informed is not None)
    if folds and (not states or any(state is None for state in states)):
        raise ArgumentError(
            "a fold needs an initial value for each result", where=here(), hint="outputs_info=[...]"
        )
    if stop is not None:
        draft.stop = condition_to_stop(stop)
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
        check_strict(draft, others, updates)
    targets = add_updates(draft, updates)
    loop = write(draft, Scan)
    finals = loop.finals[len(draft.states) - len(targets) :]
    news = {target: only(final) for target, final in zip(targets, finals, strict=True) if final is not None}
    return (loop, draft), kinds, news


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


__all__ = ["foldl", "foldr", "map", "reduce", "scan"]
