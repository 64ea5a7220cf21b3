"""Graphs as flat lists, so that pickles and copies need no recursion; imports its neighbours.

    flat  = { entry }
    entry = leaf | apply          leaf  = a variable without owner, as it is
    apply = (op, positions of inputs, types of outputs, origin, attributes of outputs)

An attribute that is a variable, or a tuple of them, is described by its position too.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from symconv.graph.nodes import UNTRAVELLED, Apply, Variable
from symconv.graph.traverse import toposort

_OWN = ("type", "owner", "index", *UNTRAVELLED)


def own_attributes(variable: Variable) -> dict[str, Any]:
    """The name of a variable, and what the user has attached to it."""
    return {name: value for name, value in vars(variable).items() if name not in _OWN}


class Position(NamedTuple):
    """A variable among an attribute's values."""

    place: int


def _variables(value: Any) -> list[Variable]:
    """The variables that an attribute's value consists of."""
    parts = value if type(value) is tuple else (value,)
    return [part for part in parts if isinstance(part, Variable)]


def _each(value: Any, replace: Callable[[Any], Any]) -> Any:
    return tuple(map(replace, value)) if type(value) is tuple else replace(value)


def _closed(outputs: Sequence[Variable]) -> list[Variable]:
    """Outputs, and whatever attributes of what computes them refer to."""
    wanted = list(outputs)
    seen: set[Apply] = set()
    while True:
        fresh = [node for node in toposort(wanted) if node not in seen]
        if not fresh:
            return wanted
        seen.update(fresh)
        for node in fresh:
            for output in node.outputs:
                for value in own_attributes(output).values():
                    wanted += _variables(value)


def freeze(outputs: Sequence[Variable]) -> tuple[list[Any], list[int]]:
    """A flat description of everything that computes ``outputs``, and where they stand in it."""
    entries: list[Any] = []
    positions: dict[Variable, int] = {}
    count = 0

    def leaf(variable: Variable) -> None:
        nonlocal count
        if variable not in positions:
            positions[variable] = count
            entries.append(variable)
            count += 1

    wanted = _closed(outputs)
    described: list[dict[str, Any]] = []
    for node in toposort(wanted):
        for variable in node.inputs:
            if variable.owner is None:
                leaf(variable)
        attributes = [own_attributes(output) for output in node.outputs]
        described += attributes
        types = tuple(output.type for output in node.outputs)
        inputs = tuple(positions[variable] for variable in node.inputs)
        entries.append((node.op, inputs, types, node.origin, attributes))
        for output in node.outputs:
            positions[output] = count
            count += 1
    for variable in wanted:
        leaf(variable)
    for attributes_of_one in described:
        for name, value in attributes_of_one.items():
            if _variables(value):
                attributes_of_one[name] = _each(
                    value, lambda part: Position(positions[part]) if isinstance(part, Variable) else part
                )
    return entries, [positions[variable] for variable in outputs]


def thaw(flat: tuple[list[Any], list[int]]) -> list[Variable]:
    """The variables that ``freeze`` described."""
    entries, wanted = flat
    variables: list[Variable] = []
    computed: list[Variable] = []  # leaves may still be in the making
    for entry in entries:
        if isinstance(entry, Variable):
            variables.append(entry)
            continue
        op, inputs, types, origin, attributes = entry
        node = Apply(op, tuple(variables[index] for index in inputs), types, origin)
        for output, extra in zip(node.outputs, attributes, strict=True):
            vars(output).update(extra)
            variables.append(output)
            computed.append(output)
    for output in computed:  # now that all are there
        for name, value in own_attributes(output).items():
            place = _each(value, lambda part: variables[part.place] if type(part) is Position else part)
            setattr(output, name, place)
    return [variables[index] for index in wanted]


def thaw_one(flat: tuple[list[Any], list[int]]) -> Variable:
    """The one variable that ``freeze`` described."""
    return thaw(flat)[0]
