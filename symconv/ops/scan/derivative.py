"""The derivative of a loop: another loop, that runs the other way; imports its neighbours.

Its step is the derivative of the step. What a step has computed it reads from the histories of the loop
itself, which returns more of its results where the derivative needs them; so nothing is computed twice.

    adjoint of a state at time i = its own gradient + what came back through the taps of later steps
    gradient by what every step uses = the sum over time of the derivative of each step
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.traverse import leaves, substitute, toposort
from symconv.graph.types import TensorType
from symconv.ops.backward import backpropagate
from symconv.ops.elemwise import Elemwise
from symconv.ops.elemwise_rows import cast, eq, minimum, switch, zeros_like
from symconv.ops.index.basic import IncSubtensor
from symconv.ops.scan.axis import Embed, crop, embed, integer, lead, length_of, only
from symconv.ops.scan.lift import Stacks, total
from symconv.ops.scan.loop import Draft, Loop, Recurrence, write
from symconv.ops.scan.stored import to_store

if TYPE_CHECKING:
    from symconv.ops.scan.op import Scan

LAST = IncSubtensor((-1,), "place")  # the gradient of h[-1]
Tap = tuple[int, int]  # which state, and how many steps ago


def gradients_of(
    op: "Scan",
    inputs: Sequence[Variable],
    outputs: Sequence[Variable],
    gradients: Sequence[Variable | None],
) -> list[Variable | None]:
    """Gradients by the inputs of a loop, given those by its outputs."""
    return _Derivative(op, inputs, outputs, gradients).gradients()


class _Derivative:
    """The state of one differentiation; mutable while the other loop is written."""

    def __init__(
        self,
        op: "Scan",
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        gradients: Sequence[Variable | None],
    ) -> None:
        self.op, self.layout, self.inputs = op, op.layout, inputs
        layout = self.layout
        self.count, self.arrays, self.initials, self.others = layout.split(inputs)
        self.elements, self.taps, self.inner_others = layout.split_inner(op.inner.inputs)
        self.news, self.mapped, _ = layout.split_results(op.inner.outputs)
        given = layout.split_outputs([*gradients])
        self.whole_gradients, self.final_gradients, self.mapped_gradients = given
        for k, state in enumerate(layout.states):
            self._take_out_last(k, state.depth)
        self.wholes, _, self.mapped_outputs = layout.split_outputs(outputs)
        # What stands for gradients in the new step.
        self.given_whole = [_element(g) for g in self.whole_gradients]
        self.given_mapped = [_element(g) for g in self.mapped_gradients]
        self.carried: dict[Tap, Variable] = {}
        self.delayed: dict[int, Variable] = {}

    def _take_out_last(self, k: int, depth: int) -> None:
        """The gradient by h[-1] alone is one by the final window: no zeros are stored, and none added."""
        whole = self.whole_gradients[k]
        if whole is None or self.layout.reverse or not _begins_with_zeros(whole, depth):
            return
        assert whole.owner is not None
        if whole.owner.op.skip != depth:  # type: ignore[attr-defined]
            return
        terms = _terms(whole.owner.inputs[0])
        last = [term.owner.inputs[1] for term in terms if term.owner is not None and term.owner.op == LAST]
        rest = [term for term in terms if term.owner is None or term.owner.op != LAST]
        for gradient in last:
            window = embed(lead(gradient), 0, integer(depth), from_end=True)
            before = self.final_gradients[k]
            self.final_gradients[k] = window if before is None else before + window
        if last:
            dense = sum(rest[1:], rest[0]) if rest else None
            self.whole_gradients[k] = None if dense is None else whole.owner.op(dense, whole.owner.inputs[1])

    # What flows back in one step

    def _backwards(self) -> dict[Variable, Variable]:
        """Gradients by the step's inputs: first which states have any, then what they are."""
        states = self.layout.states
        wrt = [variable for variable in self.op.inner.inputs if not variable.type.is_discrete]
        active = {
            k for k in range(len(states))
            if (self.whole_gradients[k] is not None or self.final_gradients[k] is not None)
            and not self.news[k].type.is_discrete
        }  # fmt: skip
        while True:
            seeds: dict[Variable, Variable] = {}
            for k in sorted(active):
                terms = [self.given_whole[k], self.delayed.get(k)]
                terms += [self.carried.get((k, tap)) for tap in states[k].taps]
                present = [term for term in terms if term is not None]
                if not present and self.final_gradients[k] is not None:
                    self.delayed[k] = self._like(k)
                    present = [self.delayed[k]]
                _add(seeds, self.news[k], present)
            for variable, given in zip(self.mapped, self.given_mapped, strict=True):
                if given is not None:
                    _add(seeds, variable, [given])
            found = backpropagate(seeds, wrt, frozenset())
            new = [
                (k, tap, element)
                for k, state in enumerate(states)
                for tap, element in zip(state.taps, self.taps[k], strict=True)
                if element in found and (k, tap) not in self.carried
            ]
            if not new:
                return found
            for k, tap, element in new:
                self.carried[k, tap] = Variable(element.type)
                active.add(k)
                if self.final_gradients[k] is not None and (states[k].depth > 1 or tap != 1):
                    self.delayed.setdefault(k, self._like(k))
                elif self.final_gradients[k] is not None:
                    self.delayed.pop(k, None)  # it comes in as the first value carried

    def _like(self, k: int) -> Variable:
        initial = self.initials[k]
        return Variable(TensorType(initial.dtype, initial.type.shape[1:]))

    # The other loop

    def gradients(self) -> list[Variable | None]:
        """Gradients by all inputs of the loop."""
        found = self._backwards()
        results: list[Variable] = []
        places = {}
        for variable in self.op.inner.inputs:
            if variable in found:
                places[variable] = len(results)
                results.append(found[variable])
        if not results and not self.delayed:
            return [None] * len(self.inputs)
        sequences = self._stored(results)
        results = self._closed(results, sequences)
        step = {variable: results[place] for variable, place in places.items()}
        return self._other_loop(step, sequences)

    def _stored(self, results: Sequence[Variable]) -> dict[Variable, tuple[Variable, int]]:
        """For what the new step reads of the old one, where it is at all times: an array, and its offset."""
        layout, inner = self.layout, self.op.inner
        available = {v for v in (*self.news, *self.mapped) if v.owner is not None}
        extras = to_store(results, inner, available)
        stop = available | set(extras) | set(inner.inputs)
        read = set(leaves(results, stop))
        used = toposort(results, stop=stop)
        read |= {v for node in used for v in node.inputs}
        needed = [
            k for k in range(len(layout.states))
            if self.news[k] in read or not read.isdisjoint(self.taps[k])
        ]  # fmt: skip
        wholes, mapped = self.wholes, self.mapped_outputs
        more: Sequence[Variable] = ()
        lacking = layout.until and not mapped and all(whole is None for whole in wholes)
        if extras or lacking or any(wholes[k] is None for k in needed):
            wholes, mapped, more = self._extended(extras, range(len(wholes)) if lacking else needed)
        self._find_length(wholes, mapped)
        sequences: dict[Variable, tuple[Variable, int]] = {
            variable: (array, 0) for variable, array in zip(extras, more, strict=True)
        }
        for variable, array in zip(self.mapped, mapped, strict=False):
            sequences.setdefault(variable, (array, 0))
        for k in needed:
            state, whole = layout.states[k], wholes[k]
            assert whole is not None
            for tap, element in zip(state.taps, self.taps[k], strict=True):
                sequences[element] = whole, layout.skip(state, tap)
            if self.news[k].owner is not None:
                sequences[self.news[k]] = whole, layout.skip(state, 0)
        for element, array, offset in zip(self.elements, self.arrays, layout.offsets, strict=True):
            sequences[element] = array, offset
        return {variable: place for variable, place in sequences.items() if variable in read}

    def _extended(self, extras: Sequence[Variable], needed: Iterable[int]) -> Any:
        """The same loop, which returns more: compiling unites the two."""
        layout, inner = self.layout, self.op.inner
        wanted = set(needed)
        states = tuple(
            state._replace(whole=state.whole or k in wanted) for k, state in enumerate(layout.states)
        )
        news, mapped, stop = layout.split_results(inner.outputs)
        graph = FunctionGraph(inner.inputs, (*news, *mapped, *extras, *stop))
        larger = replace(layout, states=states, mapped=layout.mapped + len(extras))
        node: Apply = replace(self.op, inner=graph, layout=larger).apply(*self.inputs)
        wholes, _, results = larger.split_outputs(node.outputs)
        return wholes, results[: layout.mapped], results[layout.mapped :]

    def _find_length(self, wholes: Sequence[Variable | None], mapped: Sequence[Variable]) -> None:
        """How many steps there were."""
        if self.layout.until:
            if mapped:
                self.count = length_of(mapped[0])
            else:
                k = next(k for k, whole in enumerate(wholes) if whole is not None)
                self.count = length_of(wholes[k]) - self.layout.states[k].depth  # type: ignore[arg-type]

    def _closed(
        self, results: Sequence[Variable], sequences: dict[Variable, tuple[Variable, int]]
    ) -> list[Variable]:
        """The new step over variables of its own."""
        stand_ins = {variable: Variable(variable.type, variable.name) for variable in sequences}
        stand_ins.update(zip(self.inner_others, self.others, strict=True))
        closed = substitute(results, stand_ins)
        self.draft_sequences = [
            (array, offset, stand_ins[variable]) for variable, (array, offset) in sequences.items()
        ]
        return closed

    def _other_loop(
        self, step: dict[Variable, Variable], sequences: dict[Variable, tuple[Variable, int]]
    ) -> list[Variable | None]:
        layout = self.layout
        truncated = layout.truncate != -1
        steps = minimum(self.count, integer(layout.truncate)) if truncated else self.count
        draft = Draft(steps, self.draft_sequences, reverse=not layout.reverse)
        for state, whole, given in zip(layout.states, self.whole_gradients, self.given_whole, strict=True):
            if given is not None and whole is not None:
                draft.sequences.append((*_beginning(whole, layout.skip(state, 0)), given))
        for gradient, given in zip(self.mapped_gradients, self.given_mapped, strict=True):
            if given is not None and gradient is not None:
                draft.sequences.append((gradient, 0, given))
        if truncated and not layout.reverse:
            draft.sequences = [
                (crop(crop(array, offset, self.count), 0, steps, from_end=True), 0, element)
                for array, offset, element in draft.sequences
            ]
        self._add_states(draft, step)
        stacks = Stacks({element: crop(array, offset, steps) for array, offset, element in draft.sequences})
        for element in self.elements:
            if element in step:
                draft.mapped.append(step[element])
                stacks.asked.setdefault(step[element], _stack(step[element]))
        sums = self._sums(draft, step, stacks)
        asked = [variable for variable in stacks.asked if variable not in draft.mapped]
        draft.mapped += asked
        draft.mapped = list(dict.fromkeys(draft.mapped))
        order = {variable: place for place, variable in enumerate(draft.mapped)}
        used = {v for node in toposort(draft.results) for v in node.inputs} | set(draft.results)
        draft.sequences = [entry for entry in draft.sequences if entry[2] in used]
        loop = write(draft, type(self.op))
        behind = {stacks.asked[v]: loop.mapped[place] for v, place in order.items() if v in stacks.asked}
        return self._collected(step, draft, loop, order, sums, behind, steps)

    def _add_states(self, draft: Draft, step: dict[Variable, Variable]) -> None:
        """What is carried from step to step: gradients through each tap, and given ones of final states."""
        states = self.layout.states
        for (k, tap), element in self.carried.items():
            given = self.final_gradients[k]
            if given is not None and states[k].depth == 1:
                initial = given
            else:
                initial = zeros_like(crop(self.initials[k], 0, integer(tap)))
            new = step[self.taps[k][states[k].taps.index(tap)]]
            draft.states.append(Recurrence(initial, tap, (tap,), [element], new, whole=False))
        for k, element in self.delayed.items():
            given = self.final_gradients[k]
            assert given is not None
            depth = states[k].depth
            draft.states.append(
                Recurrence(given, depth, (depth,), [element], zeros_like(element), whole=False)
            )

    def _sums(
        self, draft: Draft, step: dict[Variable, Variable], stacks: Stacks
    ) -> dict[Variable, Variable | int]:
        """Gradients by what every step uses: an expression behind the loop, or which state adds them up."""
        varies = set(draft.inputs)
        for node in toposort([*draft.results, *step.values()], stop=frozenset(varies)):
            if not varies.isdisjoint(node.inputs):
                varies.update(node.outputs)
        sums: dict[Variable, Variable | int] = {}
        waiting = [(v, outer) for v, outer in zip(self.inner_others, self.others, strict=True) if v in step]
        for last in (False, True):  # products first: what they ask for, sums can use
            for variable, outer in waiting:
                if variable in sums:
                    continue
                behind = total(step[variable], stacks, varies)
                if behind is not None:
                    sums[variable] = behind
                elif last:
                    element = Variable(outer.type)
                    sums[variable] = len(draft.states)
                    new = element + step[variable]
                    draft.states.append(
                        Recurrence(lead(zeros_like(outer)), 1, (1,), [element], new, whole=False)
                    )
        return sums

    def _collected(
        self,
        step: dict[Variable, Variable],
        draft: Draft,
        loop: Loop,
        order: dict[Variable, int],
        sums: dict[Variable, Variable | int],
        behind: dict[Variable, Variable],
        steps: Variable,
    ) -> list[Variable | None]:
        """The results of the other loop as gradients by the inputs of this one."""
        results: list[Variable | None] = [None]
        for element, array, offset in zip(self.elements, self.arrays, self.layout.offsets, strict=True):
            gradient = None
            if element in step:
                gradient = loop.mapped[order[step[element]]]
                if not self.layout.reverse:
                    gradient = embed(gradient, 0, self.count, from_end=True)
                gradient = embed(gradient, offset, length_of(array))
            results.append(gradient)
        for k in range(len(self.layout.states)):
            results.append(self._initial_gradient(k, loop, steps))
        expressions = [v for v in sums.values() if isinstance(v, Variable)]
        ready = iter(substitute(expressions, behind))
        for variable in self.inner_others:
            found = sums.get(variable)
            if found is None:
                results.append(None)
            elif isinstance(found, int):
                final = loop.finals[found]
                assert final is not None
                results.append(only(final))
            else:
                results.append(next(ready))
        return results

    def _initial_gradient(self, k: int, loop: Loop, steps: Variable) -> Variable | None:
        depth = self.layout.states[k].depth
        gradient: Variable | None = None
        for place, (state, _) in enumerate(self.carried):
            final = loop.finals[place]
            if state == k and final is not None:
                term = embed(final, 0, integer(depth), from_end=not self.layout.reverse)
                gradient = term if gradient is None else gradient + term
        if k in self.delayed:
            term = loop.finals[len(self.carried) + list(self.delayed).index(k)]  # type: ignore[assignment]
            gradient = term if gradient is None else gradient + term
        if gradient is not None and self.layout.truncate != -1:
            gradient = cast(switch(eq(steps, self.count), gradient, 0), gradient.dtype)
        # The history holds the initial entries themselves.
        whole = self.whole_gradients[k]
        if whole is None or (_begins_with_zeros(whole, depth) and not self.layout.reverse):
            return gradient
        own = crop(whole, 0, integer(depth), from_end=self.layout.reverse)
        return own if gradient is None else gradient + own


def _beginning(gradient: Variable, offset: int) -> tuple[Variable, int]:
    """A gradient and the offset of what is read of it; without zeros before that which nobody reads."""
    node = gradient.owner
    if node is not None and isinstance(node.op, Embed) and not node.op.from_end and node.op.skip == offset:
        return node.inputs[0], 0
    return gradient, offset


def _terms(variable: Variable) -> list[Variable]:
    """What is added up."""
    found, waiting = [], [variable]
    while waiting:
        node = waiting.pop().owner
        if node is not None and isinstance(node.op, Elemwise) and node.op.row.name == "add":
            waiting += reversed(node.inputs)
        else:
            found.append(variable if node is None else node.outputs[0])
    return found


def _begins_with_zeros(gradient: Variable, count: int) -> bool:
    """Whether a gradient is known to be 0 for its first entries."""
    op = gradient.owner.op if gradient.owner is not None else None
    return isinstance(op, Embed) and not op.from_end and op.skip >= count


def _element(gradient: Variable | None) -> Variable | None:
    """What stands for an entry of a gradient."""
    return None if gradient is None else Variable(TensorType(gradient.dtype, gradient.type.shape[1:]))


def _stack(variable: Variable) -> Variable:
    return Variable(TensorType(variable.dtype, (None, *variable.type.shape)))


def _add(seeds: dict[Variable, Variable], variable: Variable, terms: Sequence[Variable]) -> None:
    for term in terms:
        seeds[variable] = seeds[variable] + term if variable in seeds else term
