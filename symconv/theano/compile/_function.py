"""Compiled functions with the members of Theano's; imports symconv."""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, NoReturn

import numpy as np

import symconv as sc
from symconv.compile.arguments import Argument
from symconv.compile.callable import Run
from symconv.compile.check import Watcher
from symconv.compile.plan import Plan
from symconv.errors import ArgumentError, CheckError, RankError, ShapeError
from symconv.graph.container import Container
from symconv.graph.nodes import Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array
from symconv.theano._variables import dense
from symconv.theano.compile._graphs import Cell, Maker, Runner
from symconv.theano.compile._report import reported
from symconv.theano.compile.debugmode import as_theanos
from symconv.theano.compile.io import In, Out
from symconv.theano.compile.mode import FAST_RUN, Mode
from symconv.theano.compile.profiling import ProfileStats, Unmeasured


class Function(sc.Function):
    """A compiled function with the members that programs for Theano use.

    Attributes
    ----------
    trust_input : bool
        True: the arguments are arrays of the right types, says the program, and nothing is converted.
    measured : ProfileStats or None
        What is measured of it.
    """

    trust_input = False
    measured: ProfileStats | None = None
    made_in: Mode = FAST_RUN
    pickle_aliased_memory_strategy = "warn"

    # Calls: an error of one says which apply it comes from, and what went in

    def _call(self, arguments: Sequence[Any]) -> Any:
        try:
            return super()._call(arguments)
        except Exception as error:
            self._raise(error, arguments)

    def _quick(self, plan: Plan) -> Run:
        run = super()._quick(plan)

        def explained(arguments: Sequence[Array]) -> Sequence[Array]:
            try:
                return run(arguments)
            except Exception as error:
                self._raise(error, arguments)

        return explained

    def _raise(self, error: Exception, arguments: Sequence[Any]) -> NoReturn:
        """Raise an error of a call with these inputs, with what there is to say about it."""
        if isinstance(error, CheckError):
            checked = self.made_in.core == "checked"
            raise as_theanos(error) if checked else error from error.__cause__
        explained = reported(self, arguments, error)
        if explained is error:
            raise error
        raise explained from error.__cause__ or error

    def watch(self, watcher: Callable[["Function"], Watcher]) -> None:
        """Let every apply of every call be seen."""
        self.watcher = watcher(self)

    def profiled(self, profile: ProfileStats, compile_time: float) -> None:
        """Measure calls and kernels from now on."""
        self.measured = profile
        self.__class__ = ProfiledFunction
        profile.text = super().profile
        profile.message = profile.message or self.name
        profile.compile_time += compile_time
        profile.optimizer_time += sum(self._executor.compiled.seconds.values())
        profile.begin(self.stages["fused"].nodes, lambda: self._executor.plans)
        if profile.flag_time_thunks:
            self.measure(profile.timings)

    @property
    def profile(self) -> Any:
        """What is measured, or a report on what was compiled: both can be called for symconv's own text."""
        if self.measured is not None:
            return self.measured
        return vars(self).setdefault("_unmeasured", Unmeasured(super().profile))

    def _fit(self, value: Any, variable: Variable, argument: Argument, position: int) -> Array:
        value = dense(value)
        if self.trust_input:
            return np.asarray(value)
        if isinstance(value, str) and not argument.strict:
            value = np.asarray(value, variable.dtype)  # a text that is a number is one, another a ValueError
        if argument.downcast is None:
            # Theano rounds a Python float where the input's dtype is floatX, and nothing else.
            rounded = type(value) is float and variable.dtype == sc.config.floatX
            argument = argument._replace(downcast=None if rounded else False)
        if isinstance(value, np.generic) and not argument.strict:
            value = value.item()  # fits where its value does, whatever its dtype
        try:
            return super()._fit(value, variable, argument, position)
        except ShapeError as error:
            raise rank_error(error) from None

    @property
    def value(self) -> "Function":
        """States and defaults by variable or name: ``f.value[x]``."""
        return self

    @property
    def container(self) -> dict[str, Container]:
        """Where states are kept, by name."""
        return {one.name: one.state.container for one in self._arguments if one.state is not None}

    # What programs look at

    @property
    def maker(self) -> Maker:
        """From what it was made: ``f.maker.fgraph.toposort()`` are the kernels that run."""
        outputs = [Out(variable) for variable in self.graph.outputs]
        return Maker(self, [cell for cell, _ in self._said], outputs, self.made_in)

    @property
    def _said(self) -> list[tuple[In, Cell]]:
        """The arguments, then the shared variables, each with where its value is."""
        left = iter(self.graph.inputs)
        found = []
        for one in self._arguments:
            variable = one.state if one.state is not None else next(left)
            found.append(
                (In(one.variable or variable, one.name, one.default), Cell(variable, one.default, one))
            )
        updates = dict(self.graph.updates)
        for shared in self.get_shared():
            found.append((In(shared, value=shared.container, update=updates.get(shared)), Cell(shared)))
        return found

    @property
    def input_storage(self) -> list[Cell]:
        """Where the values of arguments and shared variables are."""
        return [cell for _, cell in self._said]

    @property
    def output_storage(self) -> list[Cell]:
        """One for each output; results are handed out and not kept."""
        return [Cell(variable) for variable in self.graph.outputs]

    @property
    def finder(self) -> dict[Any, Any]:
        """Where a value is, by position, variable or name."""
        found: dict[Any, Any] = {}
        for place, (said, cell) in enumerate(self._said):
            found |= {place: cell, said.variable: cell}
            if said.name is not None or said.variable.name is not None:
                found[said.name or said.variable.name] = cell
        return found

    @property
    def inv_finder(self) -> dict[Any, Any]:
        """Of which argument a value is."""
        return {cell: said for said, cell in self._said}

    @property
    def indices(self) -> list[Any]:
        """For each argument itself, and what Theano made of it: itself."""
        return [[said, None, [said]] for said, _ in self._said]

    @property
    def defaults(self) -> list[tuple[bool, bool, Any]]:
        """For each argument whether a call has to give it, whether it begins anew, and its value."""
        return [(cell.required, said.value is not None, said.value) for said, cell in self._said]

    @property
    def unpack_single(self) -> bool:
        """Whether a call gives an array and no list."""
        return self._structure is None

    @property
    def return_none(self) -> bool:
        """Whether a call gives nothing."""
        return False

    @property
    def output_keys(self) -> list[str] | None:
        """The names of the outputs, where a call gives a dict."""
        return list(self._structure) if isinstance(self._structure, tuple) else None

    @property
    def outputs(self) -> list[Out]:
        """What it computes."""
        return [Out(variable) for variable in self.graph.outputs]

    @property
    def n_returned_outputs(self) -> int:
        """How many results a call gives."""
        return len(self.graph.outputs)

    @property
    def fn(self) -> Runner:
        """What runs once the arguments are checked."""
        return Runner(self)

    @property
    def nodes_with_inner_function(self) -> list[Any]:
        """The applies that run graphs of their own: loops and branches."""
        return [node for node in self.stages["fused"].nodes if node.op.graphs]

    def sync_shared(self) -> None:
        """Nothing: there is no other device."""

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[SharedVariable, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> sc.Function:
        """``symconv.Function.copy``; memory is checked out for each call, so there is none to share."""
        started = perf_counter()
        made = super().copy(swap=swap, delete_updates=delete_updates, name=name)
        assert isinstance(made, Function)
        made.prepared(self.made_in, profile, perf_counter() - started)
        return made

    def prepared(self, mode: Mode, profile: Any, seconds: float) -> None:
        """Made in a mode, in so many seconds; measured if that is wanted."""
        self.made_in = mode
        mode.prepare(self)
        if profile is None or profile is False:
            return
        if not isinstance(profile, ProfileStats):
            profile = ProfileStats(message=profile if isinstance(profile, str) else None)
        self.profiled(profile, seconds)

    def __reduce__(self) -> Any:
        # As in the core, and the mode beside it; measurements stay behind.
        _, parts = super().__reduce__()
        return remade, (parts, self.made_in)

    def _of(self, *parts: Any) -> sc.Function:
        """A function made of this one, in the same mode."""
        made = super()._of(*parts)
        assert isinstance(made, Function)
        made.prepared(self.made_in, None, 0.0)
        return made


def remade(parts: tuple[Any, ...], mode: Mode) -> Function:
    """The function that was pickled, in its mode."""
    made = Function(*parts)
    made.prepared(mode, None, 0.0)
    return made


class ProfiledFunction(Function):
    """A function whose calls are measured."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The outputs for these inputs."""
        started = perf_counter()
        result = super().__call__(*arguments, **named)
        if self.measured is not None:
            self.measured.called(perf_counter() - started)
        return result


class ReplacedInputError(ArgumentError, RuntimeError):
    """An input that ``givens`` replaces: Theano's programs catch a RuntimeError."""


def rank_error(error: ShapeError) -> RankError:
    """The error as one that is a TypeError too: for Theano a size of 1 is part of the type."""
    return RankError(error.what, arguments=error.arguments, where=error.where, hint=error.hint)
