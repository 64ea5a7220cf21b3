"""Fusion: regions of a graph become single applies, after which one apply is one kernel; imports graph.

A region is a tree or diamond of elementwise applies over one iteration space, with at most one anchor
(a convolution, a product) or reduction whose tiles it continues to work on. Regions are merged where they
can share a pass over memory. The inner graph of a kernel stays a graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from symconv.compile.follow import anchors_of, followed
from symconv.compile.merge import MOST_MEMBERS, merged, pattern
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import infer, interpret
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op, Role
from symconv.graph.origin import written_at
from symconv.graph.traverse import toposort
from symconv.graph.types import Array, TensorType


@dataclass(frozen=True)
class Fused(Op):
    """Several applies as one kernel.

    Attributes
    ----------
    inner : FunctionGraph
        What it computes.
    """

    inner: FunctionGraph

    role: ClassVar[Role] = "opaque"

    @property
    def anchor(self) -> Apply | None:
        """The member that is not elementwise, if there is one; of several the one whose tiles they share."""
        anchor, _ = anchors_of(self.inner.nodes)
        return anchor if anchor is not None and anchor.op.role == "anchor" else None

    @cached_property
    def ignores_values(self) -> tuple[int, ...]:  # type: ignore[override]
        """The inputs of which no member needs more than the type."""
        needed = {
            variable
            for node in self.inner.nodes
            for position, variable in enumerate(node.inputs)
            if position not in node.op.ignores_values
        }
        needed.update(self.inner.outputs)
        return tuple(place for place, variable in enumerate(self.inner.inputs) if variable not in needed)

    @property
    def label(self) -> str:
        """What the members do, in order: ``Conv2d add tanh``."""
        names = [node.op.label for node in self.inner.nodes if node.op.role != "view"]
        return " ".join(names if len(names) <= 6 else [*names[:5], f"and {len(names) - 5} more"])

    @property
    def details(self) -> tuple[str, ...]:
        """Nothing: the inner graph says it all."""
        return ()

    def out_types(self, *types: TensorType) -> TensorType | tuple[TensorType, ...]:
        """The inner graph's types, inferred from the given ones."""
        known: dict[Variable, TensorType] = dict(zip(self.inner.inputs, types, strict=True))
        for node in self.inner.nodes:
            infer(node, known)
        return tuple(known[output] for output in self.inner.outputs)

    def perform(self, *arrays: Array) -> Any:
        """The members' own meanings, one after the other."""
        return tuple(interpret(self.inner, arrays))


def fuse(graph: FunctionGraph) -> FunctionGraph:
    """Group the applies of a graph into kernels.

    An apply joins the region of those that use it when all of them are in that one region, it computes
    over the same iteration space, and it is elementwise or the region's first anchor or reduction. So a
    region has one result, and no path leaves it and returns. A view joins at the border, where it looks at
    an input. Then regions that can share a pass over memory are merged (see merge.py).
    """
    region_of = _regions(graph)
    regions: dict[Apply, list[Apply]] = {}
    for node in graph.nodes:
        regions.setdefault(region_of[node], []).append(node)
    wanted = set(graph.results)
    new: dict[Variable, Variable] = {}
    in_order = (regions[root] for root in graph.nodes if region_of[root] is root)
    for members in followed(graph, merged(graph, in_order, sized(graph))):
        outputs = _outputs(members, graph, wanted)
        node = _fused(members, outputs, new)
        for old, fresh in zip(outputs, node.outputs, strict=True):
            fresh.name = old.name
            new[old] = fresh
    return graph.with_results([new.get(variable, variable) for variable in graph.results])


def _outputs(members: Sequence[Apply], graph: FunctionGraph, wanted: set[Variable]) -> tuple[Variable, ...]:
    """What a kernel's members compute for others."""
    if len(members) == 1:
        return members[0].outputs
    inside = set(members)
    return tuple(
        output
        for node in members
        for output in node.outputs
        if output in wanted or any(user not in inside for user in graph.clients.get(output, ()))
    )


def _regions(graph: FunctionGraph) -> dict[Apply, Apply]:
    """For each apply the root of its region: the apply whose output is the region's."""
    wanted = set(graph.results)
    known = sized(graph)
    region_of: dict[Apply, Apply] = {}
    anchored: set[Apply] = set()
    sizes: dict[Apply, int] = {}
    for node in reversed(graph.nodes):
        root = node
        users = graph.clients.get(node.outputs[0], ())
        candidates = {region_of[user] for user in users}
        single = len(candidates) == 1 and len(node.outputs) == 1 and node.outputs[0] not in wanted
        if single and node not in known:
            (candidate,) = candidates
            if sizes[candidate] < MOST_MEMBERS and _joins(node, users, candidate, candidate in anchored):
                root = candidate
        region_of[node] = root
        sizes[root] = sizes.get(root, 0) + 1
        if node.op.role in ("anchor", "reduction"):
            anchored.add(root)
    return region_of


def sized(graph: FunctionGraph) -> set[Apply]:
    """The applies that depend on sizes and constants alone: plans compute them, kernels need not."""
    known: set[Apply] = set()
    for node in graph.nodes:
        ignored = node.op.ignores_values
        if all(
            position in ignored or isinstance(variable, Constant) or variable.owner in known
            for position, variable in enumerate(node.inputs)
        ):
            known.add(node)
    return known


def _joins(node: Apply, users: Sequence[Apply], root: Apply, has_anchor: bool) -> bool:
    """Whether a node whose users are all in the region of ``root`` belongs there too."""
    if root.op.role != "elementwise" or any(user.op.role != "elementwise" for user in users):
        return False
    if node.op.reads_values:
        return False  # the graph may have to be cut there
    if node.op.role == "view":
        return True
    if node.op.role != "elementwise" and (node.op.role not in ("anchor", "reduction") or has_anchor):
        return False
    return pattern(node.outputs[0].type.shape) == pattern(root.outputs[0].type.shape)


def _fused(
    nodes: Sequence[Apply], outputs: tuple[Variable, ...], new: dict[Variable, Variable]
) -> Apply:
    """The kernel of these members; its inputs are already new."""
    root = nodes[-1]
    if len(nodes) == 1:
        inputs = tuple(new.get(variable, variable) for variable in root.inputs)
        if inputs == root.inputs:
            return root
        return Apply(root.op, inputs, tuple(output.type for output in root.outputs), root.origin)
    inside = {output for node in nodes for output in node.outputs}
    border = dict.fromkeys(
        variable
        for node in nodes
        for variable in node.inputs
        if variable not in inside and not isinstance(variable, Constant)
    )
    stand_ins = {variable: Variable(variable.type, variable.name) for variable in border}
    copies: dict[Variable, Variable] = dict(stand_ins)
    for node in toposort(outputs, stop=border):
        inputs = tuple(copies.get(variable, variable) for variable in node.inputs)
        copy = Apply(node.op, inputs, tuple(output.type for output in node.outputs), node.origin)
        for old, fresh in zip(node.outputs, copy.outputs, strict=True):
            fresh.name = old.name
            copies[old] = fresh
    inner = FunctionGraph(tuple(stand_ins.values()), tuple(copies[output] for output in outputs))
    inputs = tuple(new.get(variable, variable) for variable in border)
    with written_at(root.origin):
        return Apply(Fused(inner), inputs, tuple(output.type for output in outputs), root.origin)
