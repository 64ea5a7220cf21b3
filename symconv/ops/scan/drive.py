"""How a loop runs on arrays, given what computes one step; imports the graph.

The loop is a walk along columns: for each input and each result of the step an iterator of its values or
of the places to write to. What a step computes is written where it belongs in the results, once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from symconv.errors import ShapeError
from symconv.graph.types import Array, TensorType
from symconv.ops.scan.layout import Layout, State

if TYPE_CHECKING:
    from symconv.graph.op import Step


def entries(array: Array) -> Iterator[Array]:
    """The entries of the leading axis as arrays, scalars too."""
    if array.ndim > 1:
        return iter(array)
    return (array[index, ...] for index in range(len(array)))


class Memory:
    """Where the values of one state lie: its history, or a ring of the newest; mutable as storage is.

    Attributes
    ----------
    data : ndarray
        The history, or depth + 1 slots, so that a new value never overwrites one that the step reads.
    """

    def __init__(self, state: State, layout: Layout, count: int, initial: Array, shape: Any) -> None:
        self.state, self.layout, self.count = state, layout, count
        depth = state.depth
        self.ring = not state.whole
        self.data = np.empty((depth + 1 if self.ring else count + depth, *shape), initial.dtype)
        if not self.ring:
            start = count if layout.reverse else 0
            self.data[start : start + depth] = initial
        else:
            for age in range(1, depth + 1):
                self.data[-age % (depth + 1)] = initial[self._window_place(age)]

    def _window_place(self, age: int) -> int:
        """Where in a window the value stands that is ``age`` steps old, 1 the newest."""
        return age - 1 if self.layout.reverse else self.state.depth - age

    def column(self, tap: int) -> Iterator[Array]:
        """For each step the value ``tap`` steps ago; for tap 0 the place of the new one."""
        if self.ring:
            size = self.state.depth + 1
            return cycle([self.data[(step - tap) % size, ...] for step in range(size)])
        first = self.layout.skip(self.state, tap)
        part = self.data[first : first + self.count]
        return entries(part[::-1] if self.layout.reverse else part)

    def results(self, done: int) -> Iterator[Array]:
        """History and final window, as asked for, after so many steps."""
        depth = self.state.depth
        if self.state.whole:
            yield self.data if done == self.count else self.data[: done + depth].copy()
        if self.state.final and not self.ring:
            yield (self.data[:depth] if self.layout.reverse else self.data[done : done + depth]).copy()
        elif self.state.final:
            final = np.empty((depth, *self.data.shape[1:]), self.data.dtype)
            for age in range(1, depth + 1):
                final[self._window_place(age)] = self.data[(done - age) % (depth + 1)]
            yield final


class Run:
    """One run of a loop; mutable while it runs.

    Parameters
    ----------
    layout : Layout
        What inputs and outputs are.
    mapped_types : list of TensorType
        Of the results of a step that are collected, as far as they are known.
    step : callable
        Computes it. Where it has a method ``writer``, that may give what writes results into given arrays.
    arrays : sequence of ndarray
        The op's inputs, checked.
    """

    def __init__(
        self, layout: Layout, mapped_types: list[TensorType], step: "Step", arrays: Sequence[Array]
    ) -> None:
        self.layout, self.mapped_types, self.step = layout, mapped_types, step
        count, self.sequences, initials, self.others = layout.split(arrays)
        self.count = int(count)
        self.initials = initials
        self.memories = [
            Memory(state, layout, self.count, initial, initial.shape[1:])
            for state, initial in zip(layout.states, initials, strict=True)
        ]

    def results(self) -> tuple[Array, ...]:
        """Run, and collect."""
        steady = all(None not in type.shape for type in self.mapped_types)
        stacks: list[Any] = [
            np.empty((self.count, *(size or 0 for size in type.shape)), type.dtype)
            for type in self.mapped_types
        ]
        if steady or not self.count:
            done = self._run([self._along(stack) for stack in stacks])
            mapped = [stack if done == self.count else stack[:done].copy() for stack in stacks]
        else:
            lists: list[list[Array]] = [[] for _ in stacks]
            done = self._run([_Appending(found) for found in lists])
            mapped = [self._stacked(found) for found in lists]
        return (*(part for memory in self.memories for part in memory.results(done)), *mapped)

    def _along(self, array: Array) -> Iterator[Array]:
        return entries(array[: self.count][::-1] if self.layout.reverse else array[: self.count])

    def _stacked(self, found: list[Array]) -> Array:
        shapes = {array.shape for array in found}
        if len(shapes) > 1:
            raise ShapeError(
                f"a result of the loop's step changes its shape, from {found[0].shape} to "
                f"{next(array.shape for array in found if array.shape != found[0].shape)}",
                hint="what a loop collects must have one shape: pad it, or reduce it in the step",
            )
        return np.stack(found[::-1] if self.layout.reverse else found)

    def _run(self, collected: Sequence[Iterable[Any]]) -> int:
        """Every step; how many there were."""
        if not self.count:
            return 0
        columns: list[Iterable[Any]] = [
            self._along(array[offset:])
            for array, offset in zip(self.sequences, self.layout.offsets, strict=True)
        ]
        for memory in self.memories:
            columns += [memory.column(tap) for tap in memory.state.taps]
        columns += [repeat(array, self.count) for array in self.others]
        places: list[Iterable[Any]] = [memory.column(0) for memory in self.memories]
        places += collected
        if self.layout.until:
            return self._until(columns, places)
        write = self._writer(places)
        if write is not None:
            write(islice(zip(*columns, *places, strict=False), self.count))
            return self.count
        for _, row, targets in zip(range(self.count), _rows(columns), _rows(places), strict=False):
            _store(self.step(*row), targets)
        return self.count

    def _until(self, columns: list[Iterable[Any]], places: list[Iterable[Any]]) -> int:
        """Steps until one says that it was the last."""
        for number, row, targets in zip(range(self.count), _rows(columns), _rows(places), strict=False):
            *results, stop = self.step(*row)
            _store(results, targets)
            if stop:
                return number + 1
        return self.count

    def _writer(self, places: Sequence[Iterable[Any]]) -> Callable[..., None] | None:
        """What runs all steps and writes results in place, if the step can be compiled so."""
        make = getattr(self.step, "writer", None)
        if make is None or not places or any(isinstance(place, _Appending) for place in places):
            return None
        written: Callable[..., None] | None = make(self._examples())
        return written

    def _examples(self) -> list[Array]:
        """An array of the shape of each inner input."""
        found = [array[0, ...] for array in self.sequences]
        for memory in self.memories:
            found += [memory.data[0, ...]] * len(memory.state.taps)
        return [*found, *self.others]


def _rows(places: Sequence[Iterable[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*places, strict=False) if places else repeat(())


def _store(results: Sequence[Array], targets: Sequence[Any]) -> None:
    for result, target in zip(results, targets, strict=True):
        if callable(target):
            target(result)
            continue
        if result.shape != target.shape:
            raise ShapeError(
                f"a state or result of the loop changes its shape, from {target.shape} to {result.shape}",
                hint="a state keeps its shape: give the initial one the shape of the step's result",
            )
        target[...] = result


class _Appending:
    """A column of places whose sizes nobody knows before the first step: copies are collected."""

    def __init__(self, found: list[Array]) -> None:
        self.found = found

    def __iter__(self) -> Iterator[Callable[[Array], None]]:
        return repeat(lambda array: self.found.append(np.array(array)))

