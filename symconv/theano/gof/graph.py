"""``theano.gof.graph``: what a graph is made of, and whether two are the same; imports symconv."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.traverse import leaves, substitute, toposort
from symconv.theano._names import refuses


def inputs(variable_list: Iterable[Variable], blockers: Iterable[Variable] = ()) -> list[Variable]:
    """The variables that nothing computes, constants among them."""
    return list(leaves(list(variable_list), frozenset(blockers)))


def ancestors(variable_list: Iterable[Variable], blockers: Iterable[Variable] = ()) -> list[Variable]:
    """The variables, and all that they are computed from."""
    wanted = list(variable_list)
    found = dict.fromkeys(wanted)
    for node in toposort(wanted, stop=frozenset(blockers)):
        found |= dict.fromkeys((*node.outputs, *node.inputs))
    return list(found)


def io_toposort(inputs: Iterable[Variable], outputs: Sequence[Variable]) -> list[Apply]:
    """The applies between inputs and outputs, in order of computation."""
    return list(toposort(list(outputs), stop=frozenset(inputs)))


def equal_computations(
    xs: Sequence[Variable],
    ys: Sequence[Variable],
    in_xs: Sequence[Variable] = (),
    in_ys: Sequence[Variable] = (),
) -> bool:
    """Whether two lists of expressions compute the same from corresponding inputs, op by op."""
    same: dict[Variable, Variable] = dict(zip(in_xs, in_ys, strict=True))
    if len(xs) != len(ys):
        return False
    ordered = toposort(list(xs), stop=frozenset(in_xs)), toposort(list(ys), stop=frozenset(in_ys))
    classes: dict[Any, int] = {}
    number: dict[Variable, int] = {}

    def of_leaf(variable: Variable) -> int:
        key: Any = variable
        if isinstance(variable, Constant):
            key = ("constant", str(variable.type), np.asarray(variable.data).tobytes())
        return classes.setdefault(key, len(classes))

    for mine, theirs in same.items():
        number[theirs] = number[mine] = of_leaf(mine)
    for nodes in ordered:
        for node in nodes:
            places = tuple(_placed(number, v, of_leaf) for v in node.inputs)
            for index, output in enumerate(node.outputs):
                key = (node.op, places, index)
                number[output] = classes.setdefault(key, len(classes))
    for variable in (*xs, *ys):
        if variable not in number:
            number[variable] = of_leaf(variable)
    return all(number[x] == number[y] for x, y in zip(xs, ys, strict=True))


def _placed(number: dict[Variable, int], variable: Variable, of_leaf: Any) -> int:
    if variable not in number:
        number[variable] = of_leaf(variable)
    return number[variable]


def is_same_graph(var1: Variable, var2: Variable, givens: Any = None, debug: bool = False) -> bool:
    """Whether two expressions are the same, op by op, after ``givens`` in the first or second."""
    pairs: Mapping[Variable, Variable] = dict(givens or {})
    first, second = substitute([var1, var2], pairs) if pairs else (var1, var2)
    return equal_computations([first], [second])


__getattr__ = refuses("theano.gof.graph", globals())

__all__ = [
    "Apply", "Constant", "Variable", "ancestors", "equal_computations", "inputs", "io_toposort",
    "is_same_graph",
]  # fmt: skip
