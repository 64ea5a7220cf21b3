"""``theano.compile.pfunc``: ``theano.function`` and ``clone``; imports symconv."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import symconv as sc
from symconv.errors import ArgumentError, OptionError, RankError, ShapeError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._names import refuses
from symconv.theano._variables import adopted
from symconv.theano.compile._function import Function, ReplacedInputError, rank_error
from symconv.theano.compile.io import In, Out
from symconv.theano.compile.mode import get_mode
from symconv.theano.configuration import config


class Param(In):
    """``In`` by its older name, and with older names of its arguments."""

    def __init__(
        self,
        variable: Variable,
        default: Any = None,
        name: str | None = None,
        mutable: bool = False,
        strict: bool = False,
        allow_downcast: bool | None = None,
        implicit: bool | None = None,
        borrow: bool | None = None,
    ) -> None:
        super().__init__(
            variable, name, default, None, mutable, strict, allow_downcast, implicit=implicit, borrow=borrow
        )



def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> Function:
    """``symconv.function`` with Theano's arguments and its rules for what a call may give.

    An array must convert without loss; numbers and lists must have exactly representable values; a Python
    float is rounded where the input's dtype is ``floatX``.

    Parameters
    ----------
    inputs : sequence of Variable or In
        The arguments.
    outputs : Variable, Out, or a sequence or dict of them, optional
        The results; those of a dict come in the order of their names.
    mode : str or Mode, optional
        By default that of ``theano.config.mode``.
    profile : bool, str or ProfileStats, optional
        Whether to measure calls and kernels; a text is printed above the summary. By default what
        ``theano.config.profile`` says.
    updates, givens, name, on_unused_input, no_default_updates, allow_input_downcast
        As for ``symconv.function``.
    accept_inplace, rebuild_strict
        Ignored: nothing is done in place.

    Raises
    ------
    ArgumentError
        For inputs that are no list, or names of outputs that are no strings.
    OptionError
        For a shared variable with two updates, or updates that are no pairs.
    UnknownModeError
        For a mode that does not exist.
    """
    if not isinstance(inputs, list | tuple):
        raise ArgumentError(
            f"the inputs of theano.function must be a list, got {type(inputs).__name__}",
            hint="function([x], ...)",
        )
    given = [one.variable if isinstance(one, sc.In) else one for one in inputs]
    if len(set(map(id, given))) != len(given):
        raise sc.UnusedInputError("an input is there twice", hint="list each input once")
    if isinstance(outputs, Mapping):
        if not all(isinstance(key, str) for key in outputs):
            raise AssertionError("the names of outputs must be strings")
        outputs = {key: outputs[key] for key in sorted(outputs)}
    pairs = list(updates.items() if isinstance(updates, Mapping) else updates or ())
    if any(not isinstance(pair, tuple | list) or len(pair) != 2 for pair in pairs):
        raise OptionError("updates must be pairs", hint="updates=[(shared, new value), ...]")
    targets = [target for target, _ in pairs]
    if len(set(map(id, targets))) != len(targets):
        raise OptionError("a shared variable has two updates", hint="a variable is updated once")
    for target, value in pairs:
        _same_pattern(target, value)
    replaced = [old for old, _ in (givens.items() if isinstance(givens, Mapping) else givens or ())]
    for variable in given:
        if any(variable is old for old in replaced):
            raise ReplacedInputError(
                f"givens replaces {variable}, which is an input", hint="leave it out of the inputs"
            )
    chosen = get_mode(mode)
    origin = here()
    if name is None and origin is not None:
        name = origin.short
    if profile is None:
        profile = config.profile or None
    started = perf_counter()
    try:
        made = sc.function(
            inputs,
            outputs,
            updates=pairs,
            givens=givens or (),
            no_default_updates=no_default_updates,
            name=name,
            mode=chosen.core,
            on_unused_input=on_unused_input,
            allow_input_downcast=allow_input_downcast,
            kind=Function,
        )
    except ShapeError as error:
        raise rank_error(error) from None
    assert isinstance(made, Function)
    made.prepared(chosen, profile, perf_counter() - started)
    return made


def _same_pattern(target: Any, value: Any) -> None:
    """Refuse an update known to have size 1 where the shared variable is not: for Theano another type."""
    if not (isinstance(target, sc.SharedVariable) and isinstance(value, sc.Variable)):
        return
    pairs = zip(value.type.shape, target.type.shape, strict=False)
    if value.ndim == target.ndim and any(mine == 1 != other for mine, other in pairs):
        raise RankError(
            f"the update of {target} has size 1 where the variable has any",
            arguments=[(str(target), target.type), ("update", value.type)],
            where=value.origin,
            hint="take that knowledge away: unbroadcast(update, axis)",
        )


def clone(
    output: Any,
    replace: Any = None,
    strict: bool = True,
    share_inputs: bool = True,
    copy_inputs: bool | None = None,
) -> Any:
    """``symconv.clone`` with Theano's arguments; ``strict`` is always so, ``copy_inputs`` an old name."""
    share = share_inputs if copy_inputs is None else copy_inputs
    return adopted(sc.clone(output, replace, share_inputs=share))


def pfunc(
    params: Sequence[Any], outputs: Any = None, mode: Any = None, updates: Any = None, **options: Any
) -> Any:
    """The older name of ``function``."""
    return function(params, outputs, mode, updates, **options)


def rebuild_collect_shared(
    outputs: Any,
    inputs: Sequence[Any] | None = None,
    replace: Any = None,
    updates: Any = None,
    rebuild_strict: bool = True,
    copy_inputs_over: bool = True,
    no_default_updates: Any = False,
) -> Any:
    """A copy of expressions with replacements: inputs, outputs, and what was found on the way.

    Returns
    -------
    list
        Inputs, outputs, and the list of the copies, the updates, their expressions, and the shared variables.
    """
    news = clone(outputs, replace, share_inputs=copy_inputs_over)
    listed = news if isinstance(news, list | tuple) else [news]
    shared = [v for v in sc.graph.traverse.leaves(listed) if isinstance(v, sc.SharedVariable)]
    return [list(inputs or ()), news, [{}, dict(updates or {}), list(dict(updates or {}).values()), shared]]


__getattr__ = refuses("theano.compile.pfunc", globals())

__all__ = ["In", "Out", "Param", "clone", "function", "pfunc", "rebuild_collect_shared"]
