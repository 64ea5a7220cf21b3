"""Merging: regions that can share one pass over memory become one kernel; imports graph.

Fusion first makes regions with one result each (see fuse.py). Here they are merged where a result is also
needed elsewhere, where elementwise work feeds a reduction, where a reduction's result goes back to the rows
that it came from (softmax), and where reductions read the same:

    space      the shape that a kernel walks over: of its elementwise work, or of its reductions' operands
    whole      variables of the shape of the space; others of a kernel with reductions lack reduced axes
    linked     a region reads or makes a whole variable of the kernel: then their sizes are equal

Every region has a level: no less than those of the regions that it reads, and one more than that of a region
that it reads and does not merge with. Regions merge only within a level. So a path that leaves a kernel
rises, and never returns: no cycle can arise, and the cost is linear in the graph.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.types import Shape

MOST_MEMBERS = 200  # a kernel longer than this is no easier to read and no faster

Pattern = tuple[bool, ...]  # which sizes are known to be 1


def pattern(shape: Shape) -> Pattern:
    """What decides whether two connected elementwise results have the same sizes: where they are 1.

    An unknown size never broadcasts, so connected results that are stretched nowhere agree everywhere.
    """
    return tuple(dim == 1 for dim in shape)


@dataclass(eq=False)
class Unit:
    """A region with one result, and what it reads.

    Attributes
    ----------
    nodes : list of Apply
        In order of computation; the last one's output is the result.
    reduction : Apply or None
        Its reduction, of which there is at most one.
    mergeable : bool
        Whether it consists of elementwise work, with a reduction or an anchor before it.
    anchored : bool
        Whether it holds an anchor.
    direct, border : dict
        What its elementwise work reads, and what a view or an anchor does, in order.
    """

    nodes: list[Apply]
    reduction: Apply | None
    mergeable: bool
    anchored: bool
    direct: dict[Variable, None] = field(default_factory=dict)
    border: dict[Variable, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inside = {output for node in self.nodes for output in node.outputs}
        for node in self.nodes:
            for variable in node.inputs:
                if variable in inside or isinstance(variable, Constant) or node is self.reduction:
                    continue
                (self.direct if node.op.role == "elementwise" else self.border)[variable] = None

    @property
    def result(self) -> Variable:
        """What it computes."""
        return self.nodes[-1].outputs[0]

    @property
    def operand(self) -> Variable:
        """What its reduction combines."""
        assert self.reduction is not None
        return self.reduction.inputs[0]

    @property
    def reads(self) -> Iterator[Variable]:
        """Everything that comes from outside."""
        yield from self.direct
        yield from self.border
        if self.reduction is not None:
            yield self.operand


@dataclass(eq=False)
class Kernel:
    """Units that become one kernel; mutable: it grows."""

    units: list[Unit]
    level: int
    space: Pattern
    whole: set[Variable]
    behind: dict[Variable, frozenset[Apply]]  # for results with reduced axes: the reductions behind them
    size: int
    anchored: bool
    local: frozenset[int] = frozenset()  # axes whose reductions' results go back to the space
    dropped: tuple[int, ...] = ()  # axes that reductions without keepdims have taken away


def merged(
    graph: FunctionGraph, regions: Iterable[list[Apply]], apart: Set[Apply] = frozenset()
) -> list[list[Apply]]:
    """The kernels, in order of computation, each as its nodes in that order.

    Parameters
    ----------
    graph : FunctionGraph
    regions : iterable of list of Apply
        In order of computation.
    apart : set of Apply
        What is in no kernel with others.
    """
    return _Merging(graph, [_unit(region, apart) for region in regions]).kernels()


def _unit(nodes: list[Apply], apart: Set[Apply]) -> Unit:
    roles = {node.op.role for node in nodes}
    reduction = next((node for node in nodes if node.op.role == "reduction"), None)
    known = roles <= {"elementwise", "view", "anchor", "reduction"} and roles != {"view"}
    known = known and len(nodes[-1].outputs) == 1 and nodes[-1] not in apart
    known = known and not any(node.op.reads_values for node in nodes)
    return Unit(nodes, reduction, known, "anchor" in roles)


class _Merging:
    """The walk along the regions; mutable: it remembers which kernel computes a variable."""

    def __init__(self, graph: FunctionGraph, units: list[Unit]) -> None:
        self.graph = graph
        self.wanted = set(graph.results)
        self.units = units
        self.home: dict[Unit, Kernel] = {}
        self.maker: dict[Variable, Unit] = {}
        self.into: dict[Kernel, Kernel] = {}
        self.reader: dict[Variable, Kernel] = {}

    def kernels(self) -> list[list[Apply]]:
        for unit in self.units:
            self.place(unit)
            for output in unit.nodes[-1].outputs:
                self.maker[output] = unit
        return self.ordered()

    def kernel_of(self, unit: Unit) -> Kernel:
        """The kernel that a unit has become part of."""
        kernel = self.home[unit]
        while kernel in self.into:
            kernel = self.into[kernel]
        self.home[unit] = kernel
        return kernel

    def place(self, unit: Unit) -> None:
        """Give a unit its level, and merge it with what it can be merged with."""
        level = 0
        partners: dict[Kernel, list[Variable]] = {}
        refused: set[Kernel] = set()
        for variable in unit.reads:
            maker = self.maker.get(variable)
            if maker is None:
                continue
            kernel = self.kernel_of(maker)
            if maker.mergeable and unit.mergeable and self.fits(unit, variable, kernel):
                partners.setdefault(kernel, []).append(variable)
                level = max(level, kernel.level)
            else:
                refused.add(kernel)
                level = max(level, kernel.level + maker.mergeable)
        chosen = [k for k in partners if k.level == level and k not in refused]
        sibling = [k for k in self.sibling(unit, level) if k not in chosen and k not in refused]
        alone = self.alone(unit, level)
        kernel = (
            self.union(alone, chosen + sibling, partners)
            or (self.union(alone, chosen, partners) if chosen and sibling else None)
            or self.raised(alone, bool(chosen))
        )
        self.home[unit] = kernel
        if unit.mergeable and not kernel.anchored:
            for variable in alone.whole:
                self.reader[variable] = kernel

    @staticmethod
    def raised(alone: Kernel, refused: bool) -> Kernel:
        """A kernel of its own, above the kernels of its level that it reads and could not be merged with."""
        alone.level += refused
        return alone

    def alone(self, unit: Unit, level: int) -> Kernel:
        """A kernel of one unit."""
        result = unit.result
        if unit.reduction is None:
            space = pattern(result.type.shape)
            whole = {v for v in unit.direct if pattern(v.type.shape) == space and v not in unit.border}
            return Kernel([unit], level, space, {result, *whole}, {}, len(unit.nodes), unit.anchored)
        op = unit.reduction.op
        axes: tuple[int, ...] = op.axes  # type: ignore[attr-defined]
        space = pattern(unit.operand.type.shape)
        dropped = () if op.keepdims else axes  # type: ignore[attr-defined]
        whole = {unit.operand} - unit.border.keys()
        behind = {result: frozenset((unit.reduction,))}
        return Kernel([unit], level, space, whole, behind, len(unit.nodes), False, frozenset(), dropped)

    def fits(self, unit: Unit, variable: Variable, kernel: Kernel) -> bool:
        """Whether a unit may read a result of a kernel that it is merged with."""
        if variable in unit.border or unit.anchored:
            return False  # it wants all of the variable
        shape = pattern(variable.type.shape)
        result = pattern(unit.result.type.shape)
        if unit.reduction is None:
            if variable in kernel.whole:
                return result == kernel.space and not (kernel.anchored and self.waits(unit, kernel))
            goes_back = result == kernel.space and len(shape) == len(result)
            return (result == shape or goes_back) and not kernel.anchored
        if kernel.anchored:
            return False
        if variable is unit.operand:
            return variable in kernel.whole and variable not in unit.direct
        return variable not in kernel.whole and shape == result != kernel.space

    def waits(self, unit: Unit, kernel: Kernel) -> bool:
        """Whether a unit's result is only reduced, and made of one of a kernel's with an anchor.

        The reduction cannot join such a kernel. Rather than have the result written and read again, it is
        computed where it is reduced.
        """
        users = self.graph.clients.get(unit.result, ())
        if unit.result in self.wanted or any(user.op.role != "reduction" for user in users):
            return False
        makers = (self.maker[variable] for variable in unit.reads if variable in self.maker)
        return sum(self.kernel_of(maker) is kernel for maker in makers) == 1

    def sibling(self, unit: Unit, level: int) -> list[Kernel]:
        """A kernel of the level that reads the same, where it or the unit has a reduction."""
        if not unit.mergeable or unit.anchored:
            return []
        for variable in unit.direct if unit.reduction is None else (unit.operand,):
            if variable not in self.reader:
                continue
            kernel = self.reader[variable]
            while kernel in self.into:
                kernel = self.into[kernel]
            fits = kernel.level == level and not kernel.anchored
            if fits and (unit.reduction is not None or kernel.behind):
                return [kernel]
        return []

    def union(
        self, alone: Kernel, chosen: Sequence[Kernel], partners: dict[Kernel, list[Variable]]
    ) -> Kernel | None:
        """The chosen kernels and the new unit as one, or None where that cannot be one kernel."""
        if not chosen:
            return None
        (unit,) = alone.units
        space = chosen[0].space
        reduced = {
            variable: kernel.behind[variable]
            for kernel in chosen
            for variable in partners.get(kernel, ())
            if variable in kernel.behind
        }
        result = pattern(unit.result.type.shape)
        goes_back = unit.reduction is not None or result == space
        if unit.reduction is None and reduced and not goes_back:  # it goes on where axes are reduced
            if any(pattern(variable.type.shape) != result for variable in reduced) or len(chosen) > 1:
                return None
        else:
            whole = {unit.operand} if unit.reduction is not None else alone.whole
            if alone.space != space or any(kernel.whole.isdisjoint(whole) for kernel in chosen):
                return None
        if any(kernel.space != space or (kernel.anchored and len(chosen) > 1) for kernel in chosen):
            return None
        if alone.size + sum(kernel.size for kernel in chosen) > MOST_MEMBERS:
            return None
        dropped = {kernel.dropped for kernel in (alone, *chosen) if kernel.dropped}
        if len(dropped) > 1:
            return None
        behind = frozenset[Apply]().union(*reduced.values())
        local = frozenset[int]().union(*(kernel.local for kernel in chosen))
        if unit.reduction is None and goes_back:
            local |= {axis for node in behind for axis in node.op.axes}  # type: ignore[attr-defined]
        if not walkable(space, local):
            return None
        return self.joined(alone, chosen, behind, local, dropped)

    def joined(
        self,
        alone: Kernel,
        chosen: Sequence[Kernel],
        behind: frozenset[Apply],
        local: frozenset[int],
        dropped: set[tuple[int, ...]],
    ) -> Kernel:
        """The largest of the kernels, with the others in it."""
        (unit,) = alone.units
        target = max(chosen, key=lambda kernel: kernel.size)
        for kernel in chosen:
            if kernel is not target:
                self.into[kernel] = target
                target.units += kernel.units
                target.whole |= kernel.whole
                target.behind |= kernel.behind
                target.size += kernel.size
        target.units.append(unit)
        target.size += alone.size
        target.local = local
        target.dropped = next(iter(dropped), ())
        if unit.reduction is not None:
            target.whole |= alone.whole
            target.behind[unit.result] = behind | {unit.reduction}
        elif alone.space == target.space:
            target.whole |= alone.whole
        else:
            target.behind[unit.result] = behind
        return target

    def ordered(self) -> list[list[Apply]]:
        """The kernels' nodes, as near to the order of the graph as the merging allows."""
        position = {node: number for number, node in enumerate(self.graph.nodes)}
        kernels = dict.fromkeys(self.kernel_of(unit) for unit in self.units)
        first = {k: max(position[unit.nodes[-1]] for unit in k.units) for k in kernels}
        waits: dict[Kernel, int] = {}
        users: dict[Kernel, list[Kernel]] = {kernel: [] for kernel in kernels}
        for kernel in kernels:
            makers = [self.maker[v] for unit in kernel.units for v in unit.reads if v in self.maker]
            read = {self.kernel_of(maker) for maker in makers} - {kernel}
            waits[kernel] = len(read)
            for other in read:
                users[other].append(kernel)
        ready = [(first[kernel], kernel) for kernel in kernels if waits[kernel] == 0]
        heapify(ready)
        found = []
        while ready:
            _, kernel = heappop(ready)
            nodes = [node for unit in kernel.units for node in unit.nodes]
            found.append(sorted(nodes, key=position.__getitem__))
            for user in users[kernel]:
                waits[user] -= 1
                if waits[user] == 0:
                    heappush(ready, (first[user], user))
        assert len(found) == len(kernels), "kernels wait for one another"
        return found


def walkable(space: Pattern, local: frozenset[int]) -> bool:
    """Whether an axis is left to walk when these are not, such that runs of memory stay long."""
    if not local:
        return True
    left = [axis for axis, one in enumerate(space) if not one and axis not in local]
    return bool(left) and (left[0] < min(local) or len(space) - 1 in local)
