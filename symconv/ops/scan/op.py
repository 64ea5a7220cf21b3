"""Scan: a graph run once for each entry of the leading axis; imports its neighbours.

    inputs        number of steps, sequences, initial states, what every step uses
    inner inputs  an element of each sequence, the states at their taps, what every step uses
    inner outputs the new states, the mapped results, and whether to stop
    outputs       of each state its whole history and its final window, as asked for; the mapped results

Time i runs from 0 to n - 1, in reverse from n - 1 to 0. A sequence with offset o gives its entry i + o. The
whole history of a state of depth d has n + d entries: its initial ones, oldest first, then those computed.
In reverse everything is mirrored: entry i is that of time i, and the initial ones come last.
"""

from collections.abc import Hashable, Sequence, Set
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from symconv.errors import DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import Types, infer, interpret
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Gradients, Op, Role, United
from symconv.graph.types import Array, Dim, TensorType, type_of
from symconv.ops.scan.axis import integer, known_size, only
from symconv.ops.scan.derivative import gradients_of
from symconv.ops.scan.drive import Run
from symconv.ops.scan.layout import Layout
from symconv.ops.scan.unite import united
from symconv.ops.shape import size_of

if TYPE_CHECKING:
    from symconv.graph.op import Step


MOST_CHECKED = 8  # sets of shapes that need not be checked again


@frozen
class Scan(Op):
    """A loop over the leading axis.

    Attributes
    ----------
    inner : FunctionGraph
        The step; its leaves are its inputs and constants.
    layout : Layout
        What its inputs and outputs are.
    name : str or None
        The user's name for the loop.
    """

    role: ClassVar[Role] = "control"
    reads_values: ClassVar[tuple[int, ...]] = (0,)
    inner: FunctionGraph
    layout: Layout
    name: str | None = None

    @property
    def graphs(self) -> tuple[FunctionGraph, ...]:
        """The step."""
        return (self.inner,)

    @property
    def label(self) -> str:
        """Scan, or For in reverse."""
        return "Scan"

    @property
    def details(self) -> tuple[str, ...]:
        """Name and direction."""
        layout = self.layout
        return (
            *((self.name,) if self.name else ()),
            *(("reverse",) if layout.reverse else ()),
            *(("until",) if layout.until else ()),
        )

    # Types

    def out_types(self, *types: TensorType) -> tuple[TensorType, ...]:
        """Types of the outputs; the step's are inferred from those of its inputs."""
        layout = self.layout
        count, sequences, initials, others = layout.split(types)
        steps = known_size(count)
        _check_count(count, steps)
        for type, offset, variable in zip(sequences, layout.offsets, self.inner.inputs, strict=False):
            _check_length(type, offset, steps, variable)
        elements = self.element_types(sequences, initials, others)
        known: Types = dict(zip(self.inner.inputs, elements, strict=True))
        for node in self.inner.nodes:
            infer(node, known)
        results = [
            type_of(variable.data) if isinstance(variable, Constant) else known[variable]
            for variable in self.inner.outputs
        ]
        length: Dim = None if layout.until else steps
        outputs: list[TensorType] = []
        for state, initial, new in zip(layout.states, initials, results, strict=False):
            shape = self._state_shape(state.depth, initial, new)
            if state.whole:
                whole = None if length is None else length + state.depth
                outputs.append(TensorType(initial.dtype, (whole, *shape)))
            if state.final:
                outputs.append(TensorType(initial.dtype, (state.depth, *shape)))
        mapped = results[len(layout.states) :][: layout.mapped]
        outputs += [TensorType(type.dtype, (length, *type.shape)) for type in mapped]
        return tuple(outputs)

    def element_types(
        self, sequences: Sequence[TensorType], initials: Sequence[TensorType], others: Sequence[TensorType]
    ) -> list[TensorType]:
        """Types of the inner inputs."""
        types = [TensorType(type.dtype, type.shape[1:]) for type in sequences]
        for state, initial in zip(self.layout.states, initials, strict=True):
            types += [TensorType(initial.dtype, initial.shape[1:]) for _ in state.taps]
        types += [TensorType(type.dtype, type.shape) for type in others]
        for type, variable in zip(types, self.inner.inputs, strict=True):
            if type.dtype != variable.dtype:
                raise DTypeError(f"the loop's step was written for {variable.type} {variable}, got {type}")
            if type.ndim != variable.ndim:
                raise RankError(f"the loop's step was written for {variable.type} {variable}, got {type}")
        return types

    def _state_shape(self, depth: int, initial: TensorType, new: TensorType) -> tuple[Dim, ...]:
        if initial.shape[0] not in (None, depth):
            raise ShapeError(f"a state of depth {depth} begins with as many entries, got {initial.shape[0]}")
        shape = initial.shape[1:]
        for before, after in zip(shape, new.shape, strict=True):
            if before is not None and after is not None and before != after:
                raise ShapeError(
                    f"a state of the loop begins as {TensorType(initial.dtype, shape)} and becomes {new}",
                    hint="a state keeps its shape: give the initial one the shape of the step's result",
                )
        return tuple(
            after if before is None else before for before, after in zip(shape, new.shape, strict=True)
        )

    def length_of(self, node: Apply, index: int) -> Variable:
        """The length of an output's leading axis, as an expression."""
        kind, depth = self.layout.outputs[index]
        if kind == "final":
            return integer(depth)
        if self.layout.until:
            return size_of(node.outputs[index], 0)
        return node.inputs[0] + depth if kind == "whole" else node.inputs[0]

    # Meaning

    def perform(self, *arrays: Array) -> tuple[Array, ...]:
        """The step interpreted, once for each time."""
        return self.drive([partial(_interpreted, self.inner)], arrays)

    def drive(self, steps: "Sequence[Step]", arrays: Sequence[Array]) -> tuple[Array, ...]:
        """The loop, given what computes a step."""
        key = (int(arrays[0]), *(array.shape for array in arrays[1:]))
        mapped = self._mapped_types.get(key)
        if mapped is None:
            types = [TensorType(array.dtype.name, array.shape) for array in arrays]
            outputs = self.out_types(types[0].with_value(arrays[0]), *types[1:])
            mapped = [type.with_shape(type.shape[1:]) for type in self.layout.split_outputs(outputs)[2]]
            if len(self._mapped_types) >= MOST_CHECKED:
                self._mapped_types.clear()
            self._mapped_types[key] = mapped
        return Run(self.layout, mapped, steps[0], arrays).results()

    @cached_property
    def _mapped_types(self) -> dict[Hashable, list[TensorType]]:
        """Types of the mapped results of a step, by the shapes that were checked."""
        return {}

    # What compiling makes of it

    def carried(self, node: Apply) -> dict[Variable, Variable]:
        """Shared variables that the step changes, and their last values."""
        _, _, initials, _ = self.layout.split(node.inputs)
        _, finals, _ = self.layout.split_outputs(node.outputs)
        return {
            initial.owner.inputs[0]: only(final)
            for state, initial, final in zip(self.layout.states, initials, finals, strict=True)
            if state.shared and final is not None and initial.owner is not None
        }

    @property
    def family(self) -> Hashable:
        """Equal for loops that do the same and may differ in what they return."""
        layout = self.layout
        news, _, stop = layout.split_results(self.inner.outputs)
        states = tuple((state.taps, state.depth) for state in layout.states)
        return self.inner.inputs, layout.offsets, states, tuple(news), tuple(stop), layout.reverse

    def united(self, nodes: Sequence[Apply], used: Set[Variable]) -> United | None:
        """One loop that returns what is used of the results of several; None where nothing changes."""
        return united(self, nodes, used)

    # Derivative

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return gradients_of(self, inputs, outputs, gradients)


def _interpreted(graph: FunctionGraph, *arrays: Array) -> Sequence[Array]:
    return interpret(graph, arrays)


def _check_count(count: TensorType, steps: int | None) -> None:
    if count.ndim != 0 or count.dtype[0] not in "iu":
        raise DTypeError(f"the number of steps must be an integer scalar, got {count}")
    if steps is not None and steps < 0:
        raise ShapeError(
            f"a loop cannot run {steps} times", hint="to run backwards, say go_backwards=True"
        )


def _check_length(type: TensorType, offset: int, steps: int | None, element: Variable) -> None:
    if type.ndim == 0:
        raise RankError("a loop walks along the leading axis of a sequence, and a scalar has none")
    size = type.shape[0]
    if steps is not None and size is not None and size < steps + offset:
        needed = f"{steps + offset}" + (f" ({steps} steps, from entry {offset} on)" if offset else "")
        raise ShapeError(
            f"a sequence of the loop has {size} entries, and {needed} are needed",
            arguments=[(str(element), type)],
            hint="leave n_steps out, and the shortest sequence decides",
        )



