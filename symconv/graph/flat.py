"""Graphs as flat lists, so that pickles and copies need no recursion; imports its neighbours.

    flat  = { entry }
    entry = leaf | apply          leaf  = a variable without owner, as it is
    apply = (op, positions of inputs, types of outputs, origin, attributes of outputs)
"""

from collections.abc import Sequence
from typing import Any

from symconv.graph.nodes import UNTRAVELLED, Apply, Variable
from symconv.graph.traverse import toposort

_OWN = ("type", "owner", "index", *UNTRAVELLED)


def own_attributes(variable: Variable) -> dict[str, Any]:
    """The name of a variable, and what the user has attached to it."""
    return {name: value for name, value in vars(variable).items() if name not in _OWN}


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

    for node in toposort(outputs):
        for variable in node.inputs:
            if variable.owner is None:
                leaf(variable)
        attributes = [own_attributes(output) for output in node.outputs]
        types = tuple(output.type for output in node.outputs)
        inputs = tuple(positions[variable] for variable in node.inputs)
        entries.append((node.op, inputs, types, node.origin, attributes))
        for output in node.outputs:
            positions[output] = count
            count += 1
    for variable in outputs:
        leaf(variable)
    return entries, [positions[variable] for variable in outputs]


def thaw(flat: tuple[list[Any], list[int]]) -> list[Variable]:
    """The variables that ``freeze`` described."""
    entries, wanted = flat
    variables: list[Variable] = []
    for entry in entries:
        if isinstance(entry, Variable):
            variables.append(entry)
            continue
        op, inputs, types, origin, attributes = entry
        node = Apply(op, tuple(variables[index] for index in inputs), types, origin)
        for output, extra in zip(node.outputs, attributes, strict=True):
            vars(output).update(extra)
            variables.append(output)
    return [variables[index] for index in wanted]


def thaw_one(flat: tuple[list[Any], list[int]]) -> Variable:
    """The one variable that ``freeze`` described."""
    return thaw(flat)[0]
