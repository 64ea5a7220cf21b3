"""Walks over graphs, all iterative because graphs are deep; imports its neighbours.

    toposort    applies in the order of computation
    ancestors   everything that variables depend on
    leaves      the variables that nothing computes
    substitute  the same expression over other variables
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from symconv.graph.nodes import Apply, Variable
from symconv.graph.origin import written_at


def toposort(outputs: Iterable[Variable], stop: Container[Variable] = ()) -> list[Apply]:
    """Applies that the outputs need, each after those that it needs itself.

    Parameters
    ----------
    outputs : iterable of Variable
        What is wanted; earlier ones come first.
    stop : container of Variable
        Variables taken as given: what computes them is left out.

    Returns
    -------
    list of Apply
    """
    order: list[Apply] = []
    done: set[Apply] = set()
    stack = [variable.owner for variable in outputs if variable.owner is not None and variable not in stop]
    stack.reverse()
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        waiting = [
            variable.owner
            for variable in reversed(node.inputs)
            if variable.owner is not None and variable.owner not in done and variable not in stop
        ]
        if waiting:
            stack.extend(waiting)
        else:
            done.add(node)
            order.append(node)
            stack.pop()
    return order


def ancestors(outputs: Iterable[Variable]) -> Iterator[Variable]:
    """Every variable that the outputs depend on, themselves included, once, in order of computation."""
    outputs = list(outputs)
    seen: set[Variable] = set()
    for node in toposort(outputs):
        for variable in (*node.inputs, *node.outputs):
            if variable not in seen:
                seen.add(variable)
                yield variable
    for variable in outputs:
        if variable not in seen:
            seen.add(variable)
            yield variable


def leaves(outputs: Iterable[Variable], stop: Container[Variable] = ()) -> list[Variable]:
    """Inputs, constants and shared variables that the outputs depend on, in order of first use."""
    outputs = list(outputs)
    found: dict[Variable, None] = {}
    for node in toposort(outputs, stop):
        for variable in node.inputs:
            if variable.owner is None or variable in stop:
                found[variable] = None
    for variable in outputs:
        if variable.owner is None or variable in stop:
            found[variable] = None
    return list(found)


def substitute(outputs: Sequence[Variable], replacements: Mapping[Variable, Variable]) -> list[Variable]:
    """The outputs with variables replaced; nodes keep origin and names, types are inferred afresh.

    What does not depend on a replaced variable is shared with the old graph.
    """
    new: dict[Variable, Variable] = dict(replacements)
    for node in toposort(outputs, stop=new):
        inputs = tuple(new.get(variable, variable) for variable in node.inputs)
        if inputs == node.inputs:
            continue
        with written_at(node.origin):
            copy = node.op.apply(*inputs)
        for old, fresh in zip(node.outputs, copy.outputs, strict=True):
            fresh.name = old.name
            new.setdefault(old, fresh)
    return [new.get(variable, variable) for variable in outputs]
