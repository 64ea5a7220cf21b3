"""``theano.gof.graph``: what a graph is made of, and whether two are the same; imports symconv."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import substitute, toposort
from symconv.theano._names import refuses
from symconv.theano._variables import TensorVariable


class CycleError(ArgumentError, ValueError):
    """Things that depend on each other in a circle have no order."""


def inputs(variable_list: Iterable[Variable], blockers: Iterable[Variable] = ()) -> list[Variable]:
    """The variables that nothing computes, constants among them, in the order of ``ancestors``."""
    return [variable for variable in ancestors(variable_list, blockers) if variable.owner is None]


def ancestors(variable_list: Iterable[Variable], blockers: Iterable[Variable] = ()) -> list[Variable]:
    """The variables, and all that they are computed from: along first inputs first, the last variable first.

    Programs that draw numbers for what they find depend on the order.
    """
    stopped = frozenset(blockers or ())

    def expand(variable: Variable) -> list[Variable]:
        known = variable.owner is None or variable in stopped
        return [] if known else list(reversed(variable.owner.inputs))  # type: ignore[union-attr]

    found: list[Variable] = stack_search(deque(variable_list), expand, "dfs")
    return found


def io_toposort(inputs: Iterable[Variable], outputs: Sequence[Variable]) -> list[Apply]:
    """The applies between inputs and outputs, in order of computation."""
    return list(toposort(list(outputs), stop=frozenset(inputs)))


def variables(i: Iterable[Variable], o: Iterable[Variable]) -> set[Variable]:
    """All variables between inputs and outputs, and what is needed beside the inputs."""
    given = list(i)
    found = {*given, *o}
    for node in toposort(list(o), stop=frozenset(given)):
        found.update((*node.inputs, *node.outputs))
    return found


def orphans(i: Iterable[Variable], o: Iterable[Variable]) -> set[Variable]:
    """What the outputs need beside the inputs: constants, shared variables, inputs that were forgotten."""
    given = list(i)
    return {variable for variable in variables(given, o) if variable.owner is None} - set(given)


def ops(i: Iterable[Variable], o: Iterable[Variable]) -> set[Apply]:
    """The applies between inputs and outputs."""
    return set(toposort(list(o), stop=frozenset(i)))


def list_of_nodes(inputs: Iterable[Variable], outputs: Iterable[Variable]) -> list[Apply]:
    """The applies between inputs and outputs, the last one first."""
    return list(reversed(toposort(list(outputs), stop=frozenset(inputs))))


def general_toposort(r_out: Iterable[Any], deps: Any, **options: Any) -> list[Any]:
    """Things in an order in which each stands behind what ``deps`` says that it depends on.

    Raises
    ------
    CycleError
        Where they depend on each other in a circle.
    """
    order: list[Any] = []
    state: dict[int, bool] = {}
    stack = [(thing, False) for thing in reversed(list(r_out))]
    while stack:
        thing, finished = stack.pop()
        if finished:
            state[id(thing)] = True
            order.append(thing)
        elif id(thing) not in state:
            state[id(thing)] = False
            stack.append((thing, True))
            for needed in reversed(list(deps(thing) or ())):
                if state.get(id(needed)) is False:
                    raise CycleError("these things depend on each other in a circle")
                stack.append((needed, False))
    return order


def stack_search(
    start: "deque[Any]", expand: Any, mode: str = "bfs", build_inv: bool = False
) -> Any:
    """All that can be reached by ``expand`` from what is in ``start``, each once, in order of search.

    Parameters
    ----------
    start : deque
        Where to begin; it is used up.
    expand : callable
        What follows on a thing: a list, or None.
    mode : {"bfs", "dfs"}
        Whether to search near things first, or along paths.
    build_inv : bool
        Whether to give, beside the list, for each thing from which ones it was reached.
    """
    found: dict[int, Any] = {}
    reached_from: dict[Any, list[Any]] = {}
    while start:
        thing = start.popleft() if mode == "bfs" else start.pop()
        if id(thing) not in found:
            found[id(thing)] = thing
            following = list(expand(thing) or ())
            for one in following:
                reached_from.setdefault(one, []).append(thing)
            start.extend(following)
    return (list(found.values()), reached_from) if build_inv else list(found.values())


def is_in_ancestors(l_node: Apply, f_node: Apply) -> bool:
    """Whether one apply needs what another computes."""
    return f_node in toposort(list(l_node.outputs))


def clone(
    i: Sequence[Variable], o: Sequence[Variable], copy_inputs: bool = True
) -> tuple[list[Variable], list[Variable]]:
    """Inputs and outputs of a copy of the graph between them."""
    copies = clone_get_equiv(i, o, copy_inputs)
    return [copies[variable] for variable in i], [copies[variable] for variable in o]


def clone_get_equiv(
    inputs: Sequence[Variable],
    outputs: Sequence[Variable],
    copy_inputs: bool = True,
    copy_orphans: bool = True,
    memo: Any = None,
) -> dict[Any, Any]:
    """A copy of the graph: what stands there for each variable and apply of it.

    Constants and shared variables are the same in both, so ``copy_orphans`` changes nothing.
    """
    copies: dict[Any, Any] = dict(memo or {})
    for variable in inputs:
        fresh = copy_inputs and not isinstance(variable, Constant | SharedVariable)
        copies.setdefault(variable, TensorVariable(variable.type, name=variable.name) if fresh else variable)
    for node in toposort(list(outputs), stop=frozenset(inputs)):
        if node in copies:
            continue
        made = node.op.apply(*(copies.setdefault(variable, variable) for variable in node.inputs))
        copies[node] = made
        for old, new in zip(node.outputs, made.outputs, strict=True):
            new.name = old.name
            copies.setdefault(old, new)
    for variable in outputs:
        copies.setdefault(variable, variable)
    return copies


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
    "Apply", "Constant", "Variable", "ancestors", "clone", "clone_get_equiv", "equal_computations",
    "general_toposort", "inputs", "io_toposort", "is_in_ancestors", "is_same_graph", "list_of_nodes", "ops",
    "orphans", "stack_search", "variables",
]  # fmt: skip
