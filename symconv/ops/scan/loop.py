"""From a written step to a loop: what the step closes over, what needs no loop; imports its neighbours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.traverse import substitute, toposort
from symconv.graph.types import TensorType
from symconv.ops.dot import Dot
from symconv.ops.elemwise import Elemwise
from symconv.ops.scan.axis import crop
from symconv.ops.scan.layout import Layout, State
from symconv.ops.scan.lift import holds_product, lift
from symconv.ops.shape import SpecifyShape

Make = Callable[[FunctionGraph, Layout, str | None], Any]


@dataclass(eq=False)
class Recurrence:
    """A state while the loop is being written; mutable until then.

    Attributes
    ----------
    initial : Variable
        Its first values, with a leading axis of length ``depth``.
    taps : tuple of int
        How many steps ago each value was made that the step reads.
    elements : list of Variable
        What stands for these values in the step.
    new : Variable
        What the step makes of them.
    """

    initial: Variable
    depth: int
    taps: tuple[int, ...]
    elements: list[Variable]
    new: Variable
    whole: bool = True
    final: bool = True
    shared: bool = False


@dataclass(eq=False)
class Draft:
    """A loop while it is being written; mutable until then.

    Attributes
    ----------
    count : Variable
        The number of steps.
    sequences : list of (Variable, int, Variable)
        A sequence, its offset, and what stands for its entry in the step.
    states : list of Recurrence
        The states.
    mapped : list of Variable
        Results of a step that are collected.
    stop : Variable or None
        Whether the step is the last.
    """

    count: Variable
    sequences: list[tuple[Variable, int, Variable]] = field(default_factory=list)
    states: list[Recurrence] = field(default_factory=list)
    mapped: list[Variable] = field(default_factory=list)
    stop: Variable | None = None
    reverse: bool = False
    truncate: int = -1
    name: str | None = None

    @property
    def inputs(self) -> list[Variable]:
        """What stands for sequences' entries and states in the step."""
        elements = [element for _, _, element in self.sequences]
        return elements + [element for state in self.states for element in state.elements]

    @property
    def results(self) -> list[Variable]:
        """New states, mapped results, the condition."""
        stop = [] if self.stop is None else [self.stop]
        return [*(state.new for state in self.states), *self.mapped, *stop]

    def replace(self, replacements: Mapping[Variable, Variable]) -> None:
        """Replace variables in the step."""
        results = substitute(self.results, replacements)
        for state, new in zip(self.states, results, strict=False):
            state.new = new
        self.mapped = results[len(self.states) :][: len(self.mapped)]
        self.stop = results[-1] if self.stop is not None else None


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop that has been written: its results.

    Attributes
    ----------
    wholes, finals : sequence of (Variable or None)
        For each state its history and final window.
    mapped : list of Variable
        The collected results.
    """

    wholes: Sequence[Variable | None]
    finals: Sequence[Variable | None]
    mapped: list[Variable]


def write(draft: Draft, make: Make) -> Loop:
    """The loop's apply, and results.

    What does not depend on the step is computed before the loop; products of sequences' entries too, and
    results of the step that no other step reads behind it.
    """
    late: dict[int, Variable] = {}
    known = _at_all_times(draft)
    news = [state.new for state in draft.states]
    if draft.stop is None:
        if draft.truncate == -1:
            late = _take_out_late(draft)
        kept, inside = draft.mapped, frozenset(draft.inputs)
        _take_out_early(draft)
    graph, others = _closed(draft)
    layout = Layout(
        tuple(offset for _, offset, _ in draft.sequences),
        tuple(State(s.taps, s.depth, s.whole, s.final, s.shared) for s in draft.states),
        len(draft.mapped), draft.reverse, draft.stop is not None, draft.truncate,
    )  # fmt: skip
    op = make(graph, layout, draft.name)
    arrays = [array for array, _, _ in draft.sequences]
    node = op.apply(draft.count, *arrays, *(state.initial for state in draft.states), *others)
    wholes, finals, mapped = layout.split_outputs(node.outputs)
    if not late:
        return Loop(wholes, finals, list(mapped))
    for state, new, setting, whole in zip(draft.states, news, layout.states, wholes, strict=True):
        if whole is not None:
            known[new] = crop(whole, layout.skip(setting, 0), draft.count)
            for tap, element in zip(state.taps, state.elements, strict=True):
                known[element] = crop(whole, layout.skip(setting, tap), draft.count)
    known.update(zip(kept, mapped, strict=True))
    rest = iter(mapped)
    results = [
        _lifted(late[place], known, inside) if place in late else next(rest)
        for place in range(len(late) + len(kept))
    ]
    return Loop(wholes, finals, results)


def _lifted(variable: Variable, known: Mapping[Variable, Variable], inside: frozenset[Variable]) -> Variable:
    result = lift(variable, known, inside)
    assert result is not None, f"{variable} was found to need no loop"
    return result


def _at_all_times(draft: Draft) -> dict[Variable, Variable]:
    """For what stands for a sequence's entry the sequence from time 0 on."""
    return {element: crop(array, offset, draft.count) for array, offset, element in draft.sequences}


def _take_out_late(draft: Draft) -> dict[int, Variable]:
    """Remove mapped results that multiply matrices and that no step reads; by their place."""
    known: dict[Variable, Variable] = {element: _stand_in(element) for _, _, element in draft.sequences}
    for state in draft.states:
        if state.whole:
            known.update((variable, _stand_in(variable)) for variable in (*state.elements, state.new))
    inside = frozenset(draft.inputs)
    late = {}
    for place, variable in enumerate(draft.mapped):
        gains = variable not in known and holds_product(variable, known) and _depends(variable, inside)
        if gains and lift(variable, known, inside) is not None:
            late[place] = variable
    draft.mapped = [variable for place, variable in enumerate(draft.mapped) if place not in late]
    return late


def _stand_in(variable: Variable) -> Variable:
    return Variable(TensorType(variable.dtype, (None, *variable.type.shape)))


def _depends(variable: Variable, on: frozenset[Variable]) -> bool:
    """Whether an expression contains any of the variables."""
    nodes = toposort([variable])
    return variable in on or any(not on.isdisjoint(node.inputs) for node in nodes)


def _take_out_early(draft: Draft) -> None:
    """Products of sequences' entries become sequences: one large product before the loop."""
    known = _at_all_times(draft)
    inside = frozenset(draft.inputs)
    varies = set(inside)
    early: set[Variable] = set()
    nodes = toposort(draft.results, stop=inside)
    for node in nodes:
        if varies.isdisjoint(node.inputs):
            continue
        varies.update(node.outputs)
        if _is_early(node, early, inside, varies):
            lifted = lift(node.outputs[0], known, inside)
            if lifted is not None:
                early.add(node.outputs[0])
                known[node.outputs[0]] = lifted
    wanted = {v for node in nodes if node.outputs[0] not in early for v in node.inputs}
    wanted.update(draft.results)
    replacements = {}
    for node in nodes:
        variable = node.outputs[0]
        if variable in early and variable in wanted:
            replacements[variable] = Variable(variable.type, variable.name)
            draft.sequences.append((known[variable], 0, replacements[variable]))
    if replacements:
        draft.replace(replacements)
        used = {v for node in toposort(draft.results) for v in node.inputs} | set(draft.results)
        draft.sequences = [entry for entry in draft.sequences if entry[2] in used]


def _is_early(node: Apply, early: set[Variable], inside: frozenset[Variable], varies: set[Variable]) -> bool:
    """Whether to try: a product, or elementwise work on nothing but such products."""
    if isinstance(node.op, Dot):
        return True
    if not isinstance(node.op, Elemwise):
        return False
    ndim = node.outputs[0].ndim
    changing = [variable for variable in node.inputs if variable in varies]
    return all(variable in early and variable.ndim == ndim for variable in changing)


def _closed(draft: Draft) -> tuple[FunctionGraph, list[Variable]]:
    """The step as a graph of its own, and what it closes over: variables that no step changes."""
    for state in draft.states:
        state.new = _promised(state.new, state.elements[0].type if state.elements else state.new.type)
    inside = frozenset(draft.inputs)
    varies = set(inside)
    outside: dict[Variable, None] = {}
    for node in toposort(draft.results, stop=inside):
        if varies.isdisjoint(node.inputs):
            continue
        varies.update(node.outputs)
        outside.update((variable, None) for variable in node.inputs if variable not in varies)
    outside.update((variable, None) for variable in draft.results if variable not in varies)
    others = [variable for variable in outside if not isinstance(variable, Constant)]
    inner = [Variable(variable.type, variable.name) for variable in others]
    results = substitute(draft.results, dict(zip(others, inner, strict=True)))
    return FunctionGraph((*draft.inputs, *inner), tuple(results)), others


def _promised(new: Variable, type: TensorType) -> Variable:
    """A new state with the sizes that the state is known to have."""
    sizes = zip(new.type.shape, type.shape, strict=True)
    if any(size is None and known is not None for size, known in sizes):
        result: Variable = SpecifyShape(type.shape)(new)
        return result
    return new
