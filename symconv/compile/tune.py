"""Measuring which algorithm of a kernel is fastest, where there are several; imports plan and its neighbours.

A kernel is compiled alone once for each algorithm, and run on random numbers of its inputs' shapes: nothing
else of the graph runs, so nothing happens that the user would see. Runs take turns, and the shortest of each
counts: whatever else the machine does only ever lengthens one.
"""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from symconv.compile.blocks import Machine
from symconv.compile.plan import Plan
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.types import Array, TensorType

MOST_KEPT = 1024  # results, of kernels at shapes
ROUNDS, SECONDS = 20, 0.15  # the most for a kernel; three rounds at least where none is long
LONG = 1.0  # seconds of a run after which no more are made
SLOW = 1.5  # times the shortest: no longer measured
BETTER = 0.95  # of the estimate's own choice: less is no reason to leave it


class Tuner:
    """Measures kernels when they are lowered for the first time at their shapes; mutable: keeps results."""

    def __init__(self) -> None:
        self._found: dict[tuple[Apply, tuple[TensorType, ...], Machine], Machine] = {}

    def __call__(self, node: Apply, types: Sequence[TensorType], machine: Machine) -> Machine:
        """The machine with the algorithm that is fastest for this kernel.

        Parameters
        ----------
        node : Apply
            An apply of a fused graph.
        types : sequence of TensorType
            The concrete types of its inputs.
        machine : Machine
            What the plan is made for; where it names an algorithm, nothing is measured.
        """
        if machine.conv_algorithm != "auto":
            return machine
        key = node, tuple(types), machine
        if key not in self._found:
            while len(self._found) >= MOST_KEPT:
                del self._found[next(iter(self._found))]
            self._found[key] = fastest(node, types, machine)
        return self._found[key]


def fastest(node: Apply, types: Sequence[TensorType], machine: Machine) -> Machine:
    """Measure a kernel with each algorithm that can compute some part of it."""
    graph, concrete = alone(node, types)
    estimated = Plan(graph, graph.inputs, concrete, machine, "estimated")
    choices = [choice for kernel in estimated.program.all_kernels for choice in kernel.choices]
    able = {one.name: None for choice in choices for one in choice.candidates if one.cost is not None}
    plans = {_chosen(estimated): estimated}
    wanted = {_chosen(estimated): "auto"}
    for name in able:
        plan = Plan(graph, graph.inputs, concrete, replace(machine, conv_algorithm=name), name)
        plans.setdefault(_chosen(plan), plan)
        wanted.setdefault(_chosen(plan), name)
    seconds = measure(list(plans.values()), [numbers(type) for type in concrete]) if len(plans) > 1 else []
    for plan in plans.values():
        plan.forget()
    if not seconds:
        return machine
    first, best = seconds[0], min(seconds)
    place = seconds.index(best) if best < BETTER * first else 0
    names = [" and ".join(dict.fromkeys(chosen)) for chosen in plans]
    measured = tuple(sorted(zip(names, seconds, strict=True), key=lambda pair: pair[1]))
    return replace(machine, conv_algorithm=list(wanted.values())[place], measured=measured)


def alone(node: Apply, types: Sequence[TensorType]) -> tuple[FunctionGraph, list[TensorType]]:
    """A graph of one apply, its constants with it, and its inputs' types."""
    new: dict[Variable, Variable] = {}
    concrete: list[TensorType] = []
    for variable, type in zip(node.inputs, types, strict=True):
        if variable in new:
            continue
        if type.value is not None:
            new[variable] = Constant(np.asarray(type.value, type.dtype))
        elif isinstance(variable, Constant):
            new[variable] = variable
        else:
            new[variable] = Variable(TensorType(type.dtype, type.shape))
            concrete.append(new[variable].type)
    inputs = tuple(one for one in new.values() if not isinstance(one, Constant))
    arguments = tuple(new[variable] for variable in node.inputs)
    copy = Apply(node.op, arguments, tuple(variable.type for variable in node.outputs), node.origin)
    return FunctionGraph(inputs, copy.outputs), concrete


def numbers(type: TensorType) -> Array:
    """Some array of a type: normal numbers, or ones where it is discrete."""
    shape = [size or 0 for size in type.shape]
    if type.is_discrete:
        return np.ones(shape, type.dtype)
    drawn = np.random.default_rng(0).standard_normal(shape, "float32")
    return drawn.astype(type.dtype)


def measure(plans: Sequence[Plan], arrays: Sequence[Array]) -> list[float]:
    """The shortest run of each plan, in seconds; they take turns, the slow ones soon no more."""
    best = [_seconds(plan, arrays) for plan in plans]  # the first run makes memory
    started = perf_counter()
    for turn in range(ROUNDS):
        if min(best) > LONG or (turn >= 3 and perf_counter() - started > SECONDS):
            break
        for place, plan in enumerate(plans):
            if turn < 1 or best[place] <= SLOW * min(best):
                best[place] = min(best[place], _seconds(plan, arrays))
    return best


def _seconds(plan: Plan, arrays: Sequence[Array]) -> float:
    started = perf_counter()
    plan(arrays)
    return perf_counter() - started


def _chosen(plan: Plan) -> tuple[Any, ...]:
    """What a plan does where there are several ways."""
    kernels = plan.program.all_kernels
    return tuple(choice.candidates[0].name for kernel in kernels for choice in kernel.choices)
