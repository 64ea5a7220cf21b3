"""What the inputs and outputs of a loop are; imports nothing but ``frozen``.

    inputs of the op   count, sequence*, initial*, other*
    inner inputs       element*, (state at a tap)*, other*
    inner outputs      new state*, mapped*, [stop]
    outputs of the op  ([whole], [final])*, mapped*
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeVar

from symconv.frozen import frozen

T = TypeVar("T")


class State(NamedTuple):
    """One state of a loop.

    Attributes
    ----------
    taps : tuple of int
        How many steps ago each value was made that a step reads: 1 is the step before.
    depth : int
        How many entries the initial state has.
    whole, final : bool
        Whether the loop returns its history, and its last ``depth`` entries.
    shared : bool
        Whether it is a shared variable that the step changes.
    """

    taps: tuple[int, ...]
    depth: int
    whole: bool = True
    final: bool = True
    shared: bool = False


@frozen
class Layout:
    """What the inputs and outputs are.

    Attributes
    ----------
    offsets : tuple of int
        For each sequence which entry belongs to time 0.
    states : tuple of State
        The states.
    mapped : int
        How many results are collected that the next step does not read.
    reverse : bool
        Whether time runs from last to first.
    until : bool
        Whether the step's last output, a bool, ends the loop.
    truncate : int
        Gradients go back through so many steps; -1 through all.
    """

    offsets: tuple[int, ...]
    states: tuple[State, ...]
    mapped: int
    reverse: bool = False
    until: bool = False
    truncate: int = -1

    def split(self, values: Sequence[T]) -> tuple[T, Sequence[T], Sequence[T], Sequence[T]]:
        """The op's inputs: count, sequences, initial states, others."""
        first = 1 + len(self.offsets)
        second = first + len(self.states)
        return values[0], values[1:first], values[first:second], values[second:]

    def split_inner(self, values: Sequence[T]) -> tuple[Sequence[T], list[Sequence[T]], Sequence[T]]:
        """The inner inputs: elements, the taps of each state, others."""
        place = len(self.offsets)
        elements, taps = values[:place], []
        for state in self.states:
            taps.append(values[place : place + len(state.taps)])
            place += len(state.taps)
        return elements, taps, values[place:]

    def split_results(self, values: Sequence[T]) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
        """The inner outputs: new states, mapped results, the condition."""
        first = len(self.states)
        second = first + self.mapped
        return values[:first], values[first:second], values[second:]

    @cached_property
    def outputs(self) -> tuple[tuple[Literal["whole", "final", "mapped"], int], ...]:
        """For each output of the op what it is, and the depth of its state."""
        kinds: list[Any] = []
        for state in self.states:
            kinds += [("whole", state.depth)] * state.whole + [("final", state.depth)] * state.final
        return (*kinds, *[("mapped", 0)] * self.mapped)

    def split_outputs(self, values: Sequence[T]) -> tuple[list[T | None], list[T | None], Sequence[T]]:
        """The op's outputs: whole histories and final windows, None where not kept; mapped results."""
        wholes: list[T | None] = []
        finals: list[T | None] = []
        place = 0
        for state in self.states:
            for asked, found in ((state.whole, wholes), (state.final, finals)):
                found.append(values[place] if asked else None)
                place += asked
        return wholes, finals, values[place:]

    def skip(self, state: State, tap: int) -> int:
        """How many entries of a history precede what time 0 sees at a tap; tap 0 is the new one."""
        return tap if self.reverse else state.depth - tap
