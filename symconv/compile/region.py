"""What a kernel does besides its anchor: elementwise regions, and anchors that join it; imports program."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from symconv.compile.values import ALL, Buffer, Operand, Size, Slice, Value, concrete, divided
from symconv.graph.nodes import Apply, Variable

Position = tuple[Slice | slice | Size, ...]  # for each axis of the output: which part of it, or which element


@dataclass(eq=False, repr=False)
class Region:
    """The elementwise work of one kernel; mutable: a lowering marks that it was done.

    Attributes
    ----------
    anchor : Variable or None
        The variable whose tiles the lowering hands over.
    members : tuple of Apply
        Elementwise applies, and reductions where there is no anchor, in order of computation.
    values : dict
        The whole values of everything that comes from outside.
    outputs : dict
        The whole values to fill.
    follower : Follower or None
        The anchor that goes on with the results of that work.
    whole : Buffer or None
        What has the shape of the anchor's result, where that may be stored nowhere.
    """

    anchor: Variable | None
    members: tuple[Apply, ...]
    values: dict[Variable, Operand]
    outputs: dict[Variable, Value]
    follower: "Follower | None" = None
    whole: Buffer | None = None


class Follower(NamedTuple):
    """A second anchor, which works on the tiles of the first: pooling behind a convolution.

    Attributes
    ----------
    node : Apply
        It; its first input is what the work before it computes.
    cells : Buffer
        What all of that would be; nothing is written there.
    region : Region
        The elementwise work that follows it.
    others : tuple of Value
        Its outputs besides the first.
    """

    node: Apply
    cells: Buffer
    region: Region
    others: tuple[Value, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape of all cells."""
        return tuple(concrete(size, {}) for size in self.cells.shape)

    def at(self, at: "Position") -> "Position":
        """Where what becomes of a part of the cells stands in the output."""
        return in_units(at, self.node.op.units(self.sizes))


@dataclass(eq=False, repr=False)
class Lead:
    """What computes an input of an anchor, part by part on the way in, or all of it before.

    Attributes
    ----------
    variable : Variable
        The input.
    region : Region
        Elementwise work that computes it; or none, where an anchor does.
    node : Apply or None
        That anchor.
    inputs : tuple of Value
        What that anchor reads.
    units : tuple of int
        How parts must be cut; see ``Op.units``.
    store : callable
        Writes a kernel that computes all of it, and gives its value.
    """

    variable: Variable
    region: Region
    node: Apply | None
    inputs: tuple[Value, ...]
    units: tuple[int, ...]
    store: Callable[[], Value]


def in_units(at: "Position", units: Sequence[int]) -> "Position":
    """A position in elements as one in units, of which 0 is a whole axis."""
    return tuple(
        Slice(divided(item.start, unit), divided(item.size, unit))
        if unit > 1 and isinstance(item, Slice) and item != ALL
        else ALL if unit == 0
        else item
        for item, unit in zip(at, units, strict=True)
    )
