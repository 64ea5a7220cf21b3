"""Whose memory a result has: its own, that of what it looks at, or of what it overwrites; imports graph."""

from math import prod

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import Types
from symconv.graph.nodes import Apply, Variable
from symconv.graph.types import TensorType


class Places:
    """Where the variables of a graph are, before anything is lowered.

    Parameters
    ----------
    graph : FunctionGraph
        A fused graph.
    types : dict
        The concrete type of each of its variables, with the value where that is known from sizes alone.
    """

    def __init__(self, graph: FunctionGraph, types: Types) -> None:
        self.graph = graph
        self.types = types
        self._given = frozenset(graph.inputs)
        self._results = frozenset(graph.results)

    def homes(self, aliased: bool) -> dict[Variable, Variable]:
        """For each result the variable whose buffer it is, or is a view of: that buffer is fresh.

        Where results may be ``aliased``, several may have one, or a part of a larger one.
        """
        homes: dict[Variable, Variable] = {}
        taken: set[Variable] = set(self.graph.inputs)
        for result in self.graph.results:
            root = self._root(result)
            # A part of something larger is copied: it would keep all of it alive.
            if not self.computed(root):
                continue
            if aliased or (root not in taken and self._count(root) <= self._count(result)):
                homes.setdefault(result, root)
                taken.add(root)
        return homes

    def _root(self, variable: Variable) -> Variable:
        """The variable whose memory this one has."""
        while self.computed(variable) and variable.owner is not None:
            overwritten = self.overwritten(variable.owner)
            if variable.owner.op.role != "view" and overwritten is None:
                break
            variable = overwritten or variable.owner.inputs[0]
        return variable

    def overwritten(self, node: Apply) -> Variable | None:
        """The input whose memory a node's result takes over, because nothing else needs it any more."""
        place = node.op.overwrites
        x = None if place is None else node.inputs[place]
        if x is None or x.owner is None or not self.computed(x) or x.owner.op.role == "view":
            return None
        users = self.graph.clients[x]
        last = x not in self._results and node.inputs.count(x) == 1
        last = last and all(user is node or _looks_at_type(user, x) for user in users)
        (result,) = node.outputs
        same = x.dtype == result.dtype and sizes(self.types[x]) == sizes(self.types[result])
        return x if last and same else None

    def computed(self, variable: Variable) -> bool:
        """Whether a kernel or a view of this program makes the variable."""
        if variable.owner is None or variable in self._given:
            return False
        return any(self.types[output].value is None for output in variable.owner.outputs)

    def _count(self, variable: Variable) -> int:
        return prod(sizes(self.types[variable]))


def _looks_at_type(node: Apply, variable: Variable) -> bool:
    """Whether a node needs no more of a variable than its type."""
    places = (place for place, one in enumerate(node.inputs) if one is variable)
    return all(place in node.op.ignores_values for place in places)


def sizes(type: TensorType) -> tuple[int, ...]:
    """The sizes of a concrete type."""
    assert None not in type.shape, f"{type} is not concrete"
    return tuple(size for size in type.shape if size is not None)
