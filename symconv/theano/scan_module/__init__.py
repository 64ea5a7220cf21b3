"""``theano.scan_module``: loops; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted
from symconv.theano.scan_module import scan_utils
from symconv.theano.updates import OrderedUpdates

until = sc.until


def _results(found: Any) -> Any:
    results, updates = found
    return adopted(results), OrderedUpdates(updates)


def _speaking(fn: Any) -> Any:
    """A step whose arguments speak Theano's dialect: numbers beside them take the dtypes of there."""

    def step(*arguments: Any) -> Any:
        return fn(*adopted(arguments))

    return step


def _listed(values: Any) -> Any:
    """Whatever is no variable yet as one, of Theano's dtype."""
    if isinstance(values, list | tuple):
        return [_listed(value) for value in values]
    if isinstance(values, dict):
        tensors = ("initial", "input")
        return {name: _listed(value) if name in tensors else value for name, value in values.items()}
    return values if values is None or isinstance(values, Variable) else as_tensor_variable(values)


def scan(
    fn: Any,
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: Any = False,
    allow_gc: Any = None,
    strict: bool = False,
    return_list: bool = False,
) -> Any:
    """``symconv.scan`` with Theano's arguments; ``mode``, ``profile`` and ``allow_gc`` change nothing.

    Raises
    ------
    OptionError
        Where neither sequences nor ``n_steps`` say how long the loop is.
    """
    if n_steps is None and (sequences is None or (isinstance(sequences, list | tuple) and not sequences)):
        raise OptionError("scan needs sequences, or n_steps", hint="say how many steps there are: n_steps=")
    return _results(
        sc.scan(
            _speaking(fn), _listed(sequences), _listed(outputs_info), _listed(non_sequences), n_steps,
            truncate_gradient, go_backwards, name, strict, return_list,
        )
    )  # fmt: skip


def map(
    fn: Any,
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> Any:
    """A function of each element."""
    step = _speaking(fn)
    return _results(
        sc.map(step, _listed(sequences), _listed(non_sequences), truncate_gradient, go_backwards, name)
    )


def reduce(
    fn: Any,
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> Any:
    """The last state of a loop."""
    step = _speaking(fn)
    return _results(
        sc.reduce(step, _listed(sequences), _listed(outputs_info), _listed(non_sequences), go_backwards, name)
    )


def foldl(
    fn: Any,
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> Any:
    """``reduce`` from the first element on."""
    step = _speaking(fn)
    return _results(sc.foldl(step, _listed(sequences), _listed(outputs_info), _listed(non_sequences), name))


def foldr(
    fn: Any,
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> Any:
    """``reduce`` from the last element back."""
    step = _speaking(fn)
    return _results(sc.foldr(step, _listed(sequences), _listed(outputs_info), _listed(non_sequences), name))


__getattr__ = refuses("theano.scan_module", globals())

__all__ = ["OrderedUpdates", "foldl", "foldr", "map", "reduce", "scan", "scan_utils", "until"]
