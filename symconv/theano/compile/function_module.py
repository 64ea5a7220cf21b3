"""``theano.compile.function_module``: compiled functions, and what makes them; imports symconv."""

from typing import Any

from symconv.errors import UnusedInputError
from symconv.theano._names import refuses
from symconv.theano.compile._function import Function
from symconv.theano.compile.io import SymbolicInput, SymbolicOutput
from symconv.theano.compile.pfunc import function


class FunctionMaker:
    """What makes a function of inputs and outputs: ``FunctionMaker(inputs, outputs).create()``.

    Parameters
    ----------
    inputs, outputs : sequence of In or Variable, of Out or Variable
    mode, profile, on_unused_input, name
        As for ``theano.function``.
    """

    def __init__(self, inputs: Any, outputs: Any, mode: Any = None, **options: Any) -> None:
        known = ("profile", "on_unused_input", "name")
        self.inputs, self.outputs, self.mode = inputs, outputs, mode
        self.options = {name: value for name, value in options.items() if name in known}

    def create(self, input_storage: Any = None, trustme: bool = False, storage_map: Any = None) -> Any:
        """The function."""
        return function(self.inputs, self.outputs, self.mode, **self.options)


def orig_function(
    inputs: Any,
    outputs: Any,
    mode: Any = None,
    accept_inplace: bool = False,
    name: str | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    output_keys: Any = None,
) -> Function:
    """``theano.function`` without givens."""
    return function(inputs, outputs, mode, name=name, profile=profile, on_unused_input=on_unused_input)


def alias_root(v: Any) -> Any:
    """The variable itself: nothing is changed in place."""
    return v


__getattr__ = refuses("theano.compile.function_module", globals())

__all__ = [
    "Function", "FunctionMaker", "SymbolicInput", "SymbolicOutput", "UnusedInputError", "alias_root",
    "orig_function",
]  # fmt: skip
