"""``function``: checks what it is given and makes a compiled function of it; imports its neighbours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from warnings import warn

from symconv.compile.arguments import In, Out, Signature, read_inputs, read_outputs
from symconv.compile.callable import Function
from symconv.config import current
from symconv.errors import (
    ArgumentError,
    DTypeError,
    MissingInputError,
    OptionError,
    RankError,
    ShapeError,
    SymconvError,
    UnusedInputError,
)
from symconv.graph.clone import replacements
from symconv.graph.fit import fit
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Constant, Variable
from symconv.graph.origin import Origin, here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves, substitute, toposort

Updates = Mapping[SharedVariable, Any] | Iterable[tuple[SharedVariable, Any]]
Givens = Mapping[Variable, Any] | Iterable[tuple[Variable, Any]]
MOST_EVALUATED = 4  # functions that ``eval`` keeps for one variable, each for another set of inputs


def function(
    inputs: Variable | In | Sequence[Variable | In],
    outputs: Any = None,
    *,
    updates: Updates = (),
    givens: Givens = (),
    no_default_updates: bool | Sequence[SharedVariable] = False,
    name: str | None = None,
    mode: str | None = None,
    on_unused_input: str | None = None,
    allow_input_downcast: bool | None = None,
    autotune: bool = False,
    kind: type[Function] = Function,
) -> Function:
    """Compile expressions into a callable.

    Parameters
    ----------
    inputs : Variable, In, or a sequence of them
        The arguments, in order. Shared variables are no arguments: their values are used as they are.
    outputs : Variable, Out, a sequence or a dict of them, optional
        What a call returns: an array, a list, or a dict of arrays.
    updates : dict or pairs, optional
        New values of shared variables: all computed from the old values, assigned together after each call,
        or not at all where anything raises. Shared variables that the function uses and that have a
        ``default_update`` get that, unless they are named here.
    givens : dict or pairs, optional
        Variables to replace by others, or by values, in outputs and updates. What is put in is not searched
        again.
    no_default_updates : bool or sequence of SharedVariable, optional
        True: no shared variable gets its ``default_update``; or those that do not get it.
    name : str, optional
        For printing; by default where it was made.
    mode : str, optional
        "compiled", "interpreted" or "checked"; by default the setting.
    on_unused_input : str, optional
        "raise", "warn" or "ignore"; by default the setting.
    allow_input_downcast : bool, optional
        What ``In.allow_downcast`` is for inputs that do not say it.
    autotune : bool, optional
        Whether to measure the algorithms of each convolution at the first call for new shapes, and keep the
        fastest, where otherwise their costs are estimated. That call takes longer, and for a while memory
        for one convolution's operands more. Results may differ in rounding, as those of another algorithm
        do; later calls for the same shapes do not measure again.
    kind : type, optional
        The class of the result.

    Returns
    -------
    Function

    Raises
    ------
    ArgumentError
        For inputs, outputs, updates or givens that cannot be used as such.
    DTypeError, ShapeError
        For an update or a given of another type than what it replaces.
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
    signature = read_inputs(inputs, allow_input_downcast, origin)
    results, structure = read_outputs(outputs, origin)
    pairs = _updates([*_pairs(updates, "updates", origin), *signature.updates], origin)
    given = _given(signature, givens, origin)
    news = _replaced([*results, *(new for _, new in pairs)], given)
    count = len(results)
    changes = dict(zip((target for target, _ in pairs), news[count:], strict=True))
    changes |= _default_updates(news, set(changes), set(signature.inputs), no_default_updates, given, origin)
    try:
        graph = FunctionGraph(signature.inputs, tuple(news[:count]), tuple(changes.items()))
    except MissingInputError as error:
        error.where = error.where or origin
        raise
    _check_used(graph, on_unused_input or current().on_unused_input, origin)
    if mode not in (None, "compiled", "interpreted", "checked"):
        raise OptionError(
            f"there is no mode {mode!r}", where=origin, hint="choose compiled, interpreted or checked"
        )
    return kind(graph, structure, name, mode, origin, signature.arguments, autotune)


def _pairs(pairs: Any, what: str, origin: Origin | None) -> list[tuple[Any, Any]]:
    """A dict or an iterable of pairs as a list of pairs."""
    if isinstance(pairs, Mapping):
        return list(pairs.items())
    found = list(pairs) if isinstance(pairs, Iterable) and not isinstance(pairs, Variable) else [pairs]
    for pair in found:
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            raise ArgumentError(
                f"{what} of function must be a dict or pairs, got {type(pair).__name__}",
                arguments=[(what, repr(pair)[:60])],
                where=origin,
                hint=f"{what}=[(variable, value), ...]",
            )
    return [(old, new) for old, new in found]


def _updates(
    pairs: Iterable[tuple[Any, Any]], origin: Origin | None
) -> list[tuple[SharedVariable, Variable]]:
    seen: dict[Any, SharedVariable] = {}
    checked: list[tuple[SharedVariable, Variable]] = []
    for target, value in pairs:
        if not isinstance(target, SharedVariable):
            kind = target.type if isinstance(target, Variable) else type(target).__name__
            raise ArgumentError(
                f"only shared variables can be updated, got {target}",
                arguments=[(str(target), kind)],
                where=origin,
                hint="make it one: shared(value)",
            )
        other = seen.setdefault(target.container, target)
        if len(seen) == len(checked):
            clone = f" (one for {other}, whose value it shares)" if other is not target else ""
            raise ArgumentError(
                f"{target} has two updates{clone}",
                arguments=[(str(target), target.type)],
                where=origin,
                hint="a variable is updated once",
            )
        checked.append((target, _new_value(target, value, origin)))
    return checked


def _new_value(target: SharedVariable, value: Any, origin: Origin | None) -> Variable:
    """The expression that a shared variable is updated by, its type checked."""
    if not isinstance(value, Variable):
        value = Constant(fit(value, target.type, f"the update of {target}", where=origin))
    if not target.type.holds(value.type):
        problem: type[SymconvError] = DTypeError if target.dtype != value.dtype else ShapeError
        hint = f"convert it: update.astype({target.dtype!r})"
        if problem is ShapeError and target.ndim != value.ndim:
            problem = RankError
            hint = "the number of dimensions is fixed: reduce, reshape or dimshuffle the update"
        elif problem is ShapeError:
            hint = "sizes may differ from call to call: shared(value, shape=(None, ...))"
            if target.ndim == value.ndim and None in value.type.shape:
                hint = f"state its sizes: specify_shape(update, {target.type.shape})"
        raise problem(
            f"the update of {target} has another type",
            arguments=[(str(target), target.type), ("update", value.type)],
            where=value.origin or origin,
            hint=hint,
        )
    return value  # type: ignore[no-any-return]


def _default_updates(
    results: Sequence[Variable],
    updated: set[SharedVariable],
    inputs: set[Variable],
    without: bool | Sequence[SharedVariable],
    given: Mapping[Variable, Variable],
    origin: Origin | None,
) -> dict[SharedVariable, Variable]:
    """The default updates of what the results use as they were written, and of what those use themselves.

    A loop that draws from a random state in its steps says itself what becomes of it.

    Where two variables share one value, an explicit update of one goes before the default update of the
    other, and of two default updates that found last.
    """
    if without is True:
        return {}
    excepted = list(without) if isinstance(without, Iterable) else [without] if without else []
    for variable in excepted:
        if not isinstance(variable, SharedVariable):
            raise ArgumentError(
                f"no_default_updates names shared variables, got {type(variable).__name__}",
                arguments=[(repr(variable)[:60], type(variable).__name__)],
                where=origin,
                hint="True stands for all of them",
            )
    explicit = {target.container for target in updated} | {target.container for target in excepted}
    found: dict[SharedVariable, Variable] = {}
    waiting = list(results)
    while waiting:
        fresh = [
            variable
            for variable in leaves(waiting, stop=inputs)
            if isinstance(variable, SharedVariable)
            and variable.default_update is not None
            and variable not in found
            and variable.container not in explicit
        ]
        carried: dict[Variable, Variable] = {}
        for node in toposort(waiting, stop=inputs):
            carried |= node.op.carried(node)
        chosen = {target: carried.get(target, target.default_update) for target in fresh}
        news = _replaced([_new_value(target, new, origin) for target, new in chosen.items()], given)
        found.update(zip(fresh, news, strict=True))
        waiting = news
    return found


def _given(signature: Signature, givens: Givens, origin: Origin | None) -> dict[Variable, Variable]:
    """What is replaced: what the user says, and states by where they are kept."""
    given = replacements(_pairs(givens, "givens", origin), "givens", origin)
    for variable in (*signature.inputs, *signature.replacements):
        if variable in given:
            raise ArgumentError(
                f"givens replaces {variable}, which is an input",
                arguments=[(str(variable), variable.type), ("by", given[variable].type)],
                where=origin,
                hint="leave it out of the inputs",
            )
    if signature.replacements:
        old = list(given)
        given = dict(zip(old, substitute([given[one] for one in old], signature.replacements), strict=True))
    return given | signature.replacements


def _replaced(results: list[Variable], given: Mapping[Variable, Variable]) -> list[Variable]:
    return substitute(results, given) if given else results


def _check_used(graph: FunctionGraph, action: str, origin: Origin | None) -> None:
    if action not in ("raise", "warn", "ignore"):
        raise OptionError(
            f"on_unused_input cannot be {action!r}", where=origin, hint="choose raise, warn or ignore"
        )
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

    Raises
    ------
    ArgumentError
        For a key that is no variable.
    MissingInputError, UnusedInputError
        Where the keys are not the inputs that it needs.
    """
    values = dict(values or {})
    for key in values:
        if not isinstance(key, Variable):
            raise ArgumentError(
                f"eval needs values by variable, got the key {key!r}",
                arguments=[(repr(key)[:60], type(key).__name__)],
                where=here(),
                hint="the keys are the variables themselves, not their names",
            )
    # Kept by the variable and so for as long as it lives; the functions refer to it, the collector sees that.
    cache: dict[frozenset[Variable], Function] = vars(variable).setdefault("eval_functions", {})
    wanted = frozenset(values)
    compiled = cache.get(wanted)
    if compiled is None:
        compiled = function(list(values), variable, name=f"eval of {variable}", on_unused_input="raise")
        while len(cache) >= MOST_EVALUATED:
            cache.pop(next(iter(cache), wanted), None)
        cache[wanted] = compiled
    return compiled(*[values[one] for one in compiled.graph.inputs])


__all__ = ["In", "Out", "evaluate", "function"]
