"""What ``f.maker`` and ``f.fn`` are: a compiled function looked at as Theano's; imports symconv."""

from collections.abc import Sequence
from typing import Any

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.shared import SharedVariable


class CompiledGraph(FunctionGraph):
    """A graph with the members of Theano's.

    Attributes
    ----------
    profile : object or None
        What was measured of the function.
    """

    profile: Any = None

    def toposort(self) -> list[Apply]:
        """The applies in order of computation."""
        return list(self.nodes)

    @property
    def apply_nodes(self) -> set[Apply]:
        """The applies."""
        return set(self.nodes)

    @property
    def variables(self) -> set[Variable]:
        """All variables."""
        found = {*self.inputs, *self.results}
        for node in self.nodes:
            found |= {*node.inputs, *node.outputs}
        return found


class Cell:
    """Where an input's default, a state or a shared value is kept, read and set as Theano's containers are.

    Attributes
    ----------
    name : str or None
    type : TensorType
    strict, allow_downcast
        How what is set is converted.
    """

    def __init__(self, variable: Variable, default: Any = None, argument: Any = None) -> None:
        self.variable = variable
        self.name = variable.name
        self.type = variable.type
        self.strict = bool(getattr(argument, "strict", False))
        self.allow_downcast = getattr(argument, "downcast", None)
        self.implicit = self.readonly = False
        self.required = default is None and not isinstance(variable, SharedVariable)
        self.provided = 0
        self._default = default

    @property
    def data(self) -> Any:
        """The value; None where a call has to give it."""
        kept = isinstance(self.variable, SharedVariable)
        return self.variable.container.value if kept else self._default

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(self.variable, SharedVariable):
            self.variable.set_value(value)
        else:
            self._default = value

    value = data

    @property
    def storage(self) -> list[Any]:
        """The value in a list."""
        return [self.data]

    def __repr__(self) -> str:
        return f"<{self.data!r}>"


class Maker:
    """``f.maker``: from what the function was made.

    Attributes
    ----------
    fgraph : CompiledGraph
        What runs: the graph after the last pass.
    mode : Mode
    profile : ProfileStats or None
    inputs, outputs : list of In, list of Out
    """

    accept_inplace = False
    function_builder: Any = None

    def __init__(self, function: Any, inputs: Sequence[Any], outputs: Sequence[Any], mode: Any) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.mode = mode
        self.name = function.name
        self.linker = mode.linker
        self.unpack_single = function.unpack_single
        self.return_none = function.return_none
        self.output_keys = function.output_keys
        self.profile = function.measured
        fused = function.stages["fused"]
        self.fgraph = CompiledGraph(fused.inputs, fused.outputs, fused.updates)
        vars(self.fgraph)["profile"] = self.profile  # a frozen dataclass, and no field of it
        self.required = [one.value is None for one in self.inputs]


class Runner:
    """``f.fn``: what is called with the arguments checked."""

    allow_gc = True

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self) -> list[Any]:
        """Run on what the containers hold."""
        values = [cell.data for cell in self._function.input_storage if not _is_shared(cell.variable)]
        results: list[Any] = list(self._function._run(values))
        return results

    @property
    def storage_map(self) -> dict[Variable, list[Any]]:
        """The values that are kept from call to call: constants, shared variables and defaults."""
        kept: dict[Variable, list[Any]] = {}
        for variable in self._function.stages["fused"].leaves:
            if isinstance(variable, Constant):
                kept[variable] = [variable.data]
        kept |= {cell.variable: cell.storage for cell in self._function.input_storage}
        return kept

    @property
    def nodes(self) -> list[Apply]:
        """The applies in order of computation."""
        return list(self._function.stages["fused"].nodes)


def _is_shared(variable: Variable) -> bool:
    return isinstance(variable, SharedVariable)
