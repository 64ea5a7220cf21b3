"""Functions of symconv under Theano's names, arguments and defaults; imports variables and operands."""

from ast import literal_eval
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from symconv.graph.nodes import Variable
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import Result, adopted


def theirs(function: Callable[..., Any], signature: str = "") -> Callable[..., Any]:
    """A function of symconv whose result speaks Theano's dialect.

    Parameters
    ----------
    function : callable
        The function.
    signature : str
        Theano's names and defaults of its arguments, in its order: "t, n_ones=1". What stands behind a
        semicolon is accepted and changes nothing.
    """
    if not signature:

        def call(*arguments: Any, **options: Any) -> Any:
            return adopted(function(*arguments, **options))

    else:
        taken = signature.partition(";")[0]
        known, needed = _parameters(signature.replace(";", ",")), len(_parameters(taken).parameters)

        def call(*arguments: Any, **options: Any) -> Any:
            bound = known.bind(*arguments, **options)
            bound.apply_defaults()
            given = list(bound.arguments.values())[:needed]
            return adopted(function(*map(gathered, given)))

        call.__signature__ = known  # type: ignore[attr-defined]
    call.__name__ = getattr(function, "__name__", str(function))
    call.__doc__ = function.__doc__
    return call


def gathered(value: Any) -> Any:
    """A list of variables as one, anything else as it is."""
    if isinstance(value, list | tuple) and any(isinstance(part, Variable) for part in value):
        return as_tensor_variable(value)
    return value


def _parameters(text: str) -> Signature:
    """A signature from a text such as "x, axis=None"."""
    parts = [part.strip().partition("=") for part in text.split(",")]
    kind = Parameter.POSITIONAL_OR_KEYWORD
    return Signature(
        [
            Parameter(name, kind, default=literal_eval(default) if default else Parameter.empty)
            for name, _, default in parts
        ]
    )


def called(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives its results the name that Theano gives them."""

    def call(*arguments: Any, **options: Any) -> Any:
        result = adopted(function(*arguments, **options))
        kept = options.get("keepdims") or (len(arguments) > 2 and arguments[2])
        if not kept and result.name is None and result.owner is not None:
            result.name = name
        return result

    call.__name__, call.__doc__ = name, function.__doc__
    return call


def noted(result: Result, **said: Any) -> Result:
    """A variable that keeps how a program wrote it, for printing: the graph itself does not."""
    vars(result)["said"] = said
    return result
