"""The op's own ``perform``: where there is nothing to compute, and for half floats."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symconv.compile.builder import Builder
    from symconv.compile.values import Value
    from symconv.graph.op import Op


def lower(k: "Builder", op: "Op", inputs: "Sequence[Value]", ndim: int) -> None:
    """Call ``perform``, then the epilogue on the whole."""
    k.notes.append("direct: the op's own perform")
    whole = k.whole(ndim)
    tile = k.tile(whole)
    k.perform(op, inputs, [tile])
    k.epilogue(tile, whole)
