"""What is said about the arguments and results of a function: In, Out, Argument; imports graph.

    input    = variable | In(variable, ...)          an In with an update is a state: kept from call to call
    output   = variable | Out(variable)
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from symconv.errors import ArgumentError
from symconv.graph.container import Container
from symconv.graph.fit import fit
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import Origin
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array


class In:
    """An input of a function, with what is said about it.

    Parameters
    ----------
    variable : Variable
        The input.
    name : str, optional
        The argument's name; by default the variable's.
    value : array_like, optional
        What it is where a call does not give it. The next call begins with it again, but for a state.
    update : Variable, optional
        Makes it a state: after each call it has this value, and the next call begins with that. It is read
        and set as ``f[name]``, and a call need not give it.
    borrow, mutable : bool
        Permission to keep and to change an argument. Nothing here ever does.
    strict : bool
        Whether nothing is converted: only an array of the very dtype will do.
    allow_downcast : bool, optional
        True converts whatever is lost, False converts nothing inexactly. By default Python's own numbers,
        and lists of them, may be rounded, and arrays must not lose anything.

    Examples
    --------
    >>> import symconv as sc
    >>> x, total = sc.scalar("x"), sc.scalar("total")
    >>> f = sc.function([sc.In(x, value=1.0), sc.In(total, value=0.0, update=total + x)], total + x)
    >>> print(f(), f(5), f["total"])
    1.0 6.0 6.0
    """

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        borrow: bool = False,
        mutable: bool = False,
        strict: bool = False,
        allow_downcast: bool | None = None,
    ) -> None:
        self.variable = variable
        self.name = name
        self.value = value
        self.update = update
        self.borrow = borrow
        self.mutable = mutable
        self.strict = strict
        self.allow_downcast = allow_downcast

    def __repr__(self) -> str:
        said = (f"{name}={value!r}" for name, value in vars(self).items() if value not in (None, False))
        return f"In({', '.join(said)})"


class Out:
    """An output of a function.

    Parameters
    ----------
    variable : Variable
        The output.
    borrow : bool
        Permission to return memory that is used again. Nothing here ever does: results are fresh arrays.
    """

    def __init__(self, variable: Variable, borrow: bool = False) -> None:
        self.variable = variable
        self.borrow = borrow

    def __repr__(self) -> str:
        return f"Out({self.variable!r})"


class Argument(NamedTuple):
    """How a function takes one of its arguments.

    Attributes
    ----------
    name : str
        What a call may name it.
    default : ndarray or None
        Its value where a call does not give it.
    strict : bool
        Whether nothing is converted.
    downcast : bool or None
        Whether a conversion may lose something; None where only Python's own numbers may.
    variable : Variable or None
        For a state what the user called it: the graph has a shared variable in its place.
    state : SharedVariable or None
        Where a state is kept.
    """

    name: str
    default: Array | None = None
    strict: bool = False
    downcast: bool | None = None
    variable: Variable | None = None
    state: SharedVariable | None = None


class Signature(NamedTuple):
    """The inputs of a function as the user gave them.

    Attributes
    ----------
    inputs : tuple of Variable
        Those of the graph.
    arguments : tuple of Argument
        Those of a call: the states among them stand for no input of the graph.
    replacements : dict
        For each state the shared variable that keeps it.
    updates : list of pairs
        And its new value.
    """

    inputs: tuple[Variable, ...]
    arguments: tuple[Argument, ...]
    replacements: dict[Variable, Variable]
    updates: list[tuple[SharedVariable, Any]]


def read_inputs(inputs: Any, downcast: bool | None, origin: Origin | None) -> Signature:
    """Check the inputs of ``function``.

    Raises
    ------
    ArgumentError
        For what is no input, is there twice, or has an update and no value.
    """
    one = isinstance(inputs, Variable | In) or not isinstance(inputs, Iterable)
    given = (inputs,) if one else tuple(inputs)
    result = Signature((), (), {}, [])
    variables: list[Variable] = []
    arguments: list[Argument] = []
    for position, item in enumerate(given):
        said = item if isinstance(item, In) else In(item)
        variable = said.variable
        _check_input(variable, position, given[:position], origin)
        name = str(variable) if said.name is None else said.name
        allowed = downcast if said.allow_downcast is None else said.allow_downcast
        default = None
        if said.value is not None:
            what = f"the value of input {position} ({variable})"
            default = fit(
                said.value, variable.type, what, True, strict=said.strict, downcast=allowed, where=origin
            )
        if said.update is None:
            variables.append(variable)
            arguments.append(Argument(name, default, said.strict, allowed))
            continue
        if default is None:
            raise ArgumentError(
                f"input {position} of function has an update and no value",
                arguments=[(str(variable), variable.type)],
                where=origin,
                hint="say what it is at first: In(variable, value=..., update=...)",
            )
        state = SharedVariable(variable.type, Container(default), variable.name)
        arguments.append(Argument(name, None, said.strict, allowed, variable, state))
        result.replacements[variable] = state
        result.updates.append((state, said.update))
    return result._replace(inputs=tuple(variables), arguments=tuple(arguments))


def _check_input(variable: Any, position: int, before: Sequence[Any], origin: Origin | None) -> None:
    if isinstance(variable, SharedVariable):
        problem = "is a shared variable: its value is used as it is"
        hint = "leave it out of the inputs, or replace it with givens={shared: input}"
    elif isinstance(variable, Constant):
        problem, hint = "is a constant", "leave it out of the inputs"
    elif not isinstance(variable, Variable):
        problem = f"is a {type(variable).__name__}, not a symbolic variable"
        hint = "make one: vector('x')"
    elif any((one.variable if isinstance(one, In) else one) is variable for one in before):
        problem, hint = "is there twice", "list each input once"
    else:
        return
    kind = variable.type if isinstance(variable, Variable) else type(variable).__name__
    raise ArgumentError(
        f"input {position} of function {problem}",
        arguments=[(str(variable), kind)], where=origin, hint=hint,
    )  # fmt: skip


def read_outputs(outputs: Any, origin: Origin | None) -> tuple[list[Variable], Any]:
    """Variables, and how to return them: None alone, a tuple of keys as a dict, True as a list.

    Raises
    ------
    ArgumentError
        For what is no output.
    """
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
    value = value.variable if isinstance(value, Out) else value
    if isinstance(value, Variable | int | float | complex | np.ndarray | np.generic):
        return as_variable(value)
    raise ArgumentError(
        f"an output of function must be a symbolic variable, got {type(value).__name__}",
        arguments=[("output", repr(value)[:60])],
        where=origin,
    )


__all__ = ["Argument", "In", "Out", "Signature", "read_inputs", "read_outputs"]
