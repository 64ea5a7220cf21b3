"""A closed graph: inputs, outputs and updates, frozen and checked; imports its neighbours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from symconv.errors import MissingInputError
from symconv.graph.flat import freeze, thaw
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import substitute, toposort


@dataclass(frozen=True, eq=False)
class FunctionGraph:
    """What a function computes from what.

    Attributes
    ----------
    inputs : tuple of Variable
        The arguments, in order.
    outputs : tuple of Variable
        The results, in order.
    updates : tuple of (SharedVariable, Variable)
        New values of shared variables.

    Raises
    ------
    MissingInputError
        Where a result depends on a variable that is neither an input, a constant nor shared.
    """

    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    updates: tuple[tuple[SharedVariable, Variable], ...] = ()

    def __post_init__(self) -> None:
        given = set(self.inputs)
        for variable in self.leaves:
            if variable not in given and not isinstance(variable, Constant | SharedVariable):
                users = [node for node in self.nodes if variable in node.inputs]
                made = f", made at {variable.made}" if variable.made else ""
                raise MissingInputError(
                    f"the graph needs the input {variable}, which is not among the function's inputs",
                    arguments=[(str(variable), f"{variable.type}{made}")],
                    where=users[0].origin if users else None,
                    hint="add it to the inputs of function, or give it a value with givens",
                )

    @property
    def results(self) -> tuple[Variable, ...]:
        """Outputs, then the new values of the updates."""
        return self.outputs + tuple(new for _, new in self.updates)

    @cached_property
    def nodes(self) -> tuple[Apply, ...]:
        """Applies in order of computation."""
        return tuple(toposort(self.results, stop=frozenset(self.inputs)))

    @cached_property
    def leaves(self) -> tuple[Variable, ...]:
        """Variables that nothing computes, in order of first use."""
        given = set(self.inputs)
        found = dict.fromkeys(
            variable
            for node in self.nodes
            for variable in node.inputs
            if variable.owner is None or variable in given
        )
        found |= dict.fromkeys(v for v in self.results if v.owner is None or v in given)
        return tuple(found)

    @cached_property
    def shared(self) -> tuple[SharedVariable, ...]:
        """The shared variables that are read, then those that are only written."""
        read = [variable for variable in self.leaves if isinstance(variable, SharedVariable)]
        return tuple(dict.fromkeys([*read, *(target for target, _ in self.updates)]))

    @cached_property
    def clients(self) -> Mapping[Variable, tuple[Apply, ...]]:
        """The applies that use a variable; what is a result only has none."""
        users: dict[Variable, list[Apply]] = {}
        for node in self.nodes:
            for variable in dict.fromkeys(node.inputs):
                users.setdefault(variable, []).append(node)
        return {variable: tuple(nodes) for variable, nodes in users.items()}

    def with_results(self, results: Iterable[Variable]) -> "FunctionGraph":
        """The same interface with other expressions for outputs and updates."""
        results = tuple(results)
        count = len(self.outputs)
        targets = [target for target, _ in self.updates]
        return FunctionGraph(self.inputs, results[:count], tuple(zip(targets, results[count:], strict=True)))

    def replaced(self, replacements: Mapping[Variable, Variable]) -> "FunctionGraph":
        """The same graph with variables replaced by others."""
        return self.with_results(substitute(self.results, replacements))

    def __reduce__(self) -> Any:
        targets = [target for target, _ in self.updates]
        counts = (len(self.inputs), len(self.outputs), len(targets))
        return _thawed, (freeze([*self.inputs, *self.outputs, *targets, *self.results[counts[1] :]]), counts)

    def __str__(self) -> str:
        names: dict[Variable, str] = {}
        lines: list[str] = []

        def name(variable: Variable) -> str:
            if variable not in names:
                names[variable] = (
                    str(variable)
                    if isinstance(variable, Constant) or variable.name is not None
                    else f"%{len(names)}"
                )
            return names[variable]

        heading = ", ".join(f"{name(variable)}: {variable.type}" for variable in self.inputs)
        for node in self.nodes:
            inputs = ", ".join(map(name, node.inputs))
            outputs = ", ".join(f"{name(output)}: {output.type}" for output in node.outputs)
            place = f"  # {node.origin.short}" if node.origin else ""
            lines.append(f"  {outputs} = {node.op}({inputs}){place}")
        lines.append(f"  return {', '.join(map(name, self.outputs))}")
        lines += [f"  update {name(target)} = {name(new)}" for target, new in self.updates]
        return "\n".join([f"graph({heading})", *lines])


def _thawed(flat: Any, counts: tuple[int, int, int]) -> FunctionGraph:
    """The graph that was pickled: all its nodes in one list, so that what was one node still is."""
    variables: Any = iter(thaw(flat))
    inputs, outputs, targets, news = (
        tuple(next(variables) for _ in range(count)) for count in (*counts, counts[2])
    )
    return FunctionGraph(inputs, outputs, tuple(zip(targets, news, strict=True)))
