"""What spellings ask of a graph: what a size counts, what a reshape does, what was noted; imports the ops."""

from typing import Any

from symconv.graph.nodes import Apply, Variable
from symconv.ops.axes import DimShuffle
from symconv.ops.shape import MakeVector, ShapeAt


def said(node: Apply) -> dict[str, Any]:
    """What the layer noted of how a program wrote it, and the graph does not keep."""
    found: dict[str, Any] = vars(node.outputs[0]).get("said", {})
    return found


def counted(count: Variable) -> tuple[Variable, tuple[int, ...]] | None:
    """Of which variable, along which axes, a product of sizes is the number of elements."""
    axes: list[int] = []
    sources: list[Variable] = []
    waiting = [count]
    while waiting:
        owner = waiting.pop().owner
        if owner is not None and isinstance(owner.op, ShapeAt):
            axes.append(owner.op.axis)
            sources.append(owner.inputs[0])
        elif owner is not None and (owner.op.label == "mul" or owner.op.label.startswith("cast")):
            waiting += reversed(owner.inputs)
        else:
            return None
    return (sources[0], tuple(axes)) if len(set(sources)) == 1 else None


def undone(variable: Variable) -> Variable:
    """What a dimshuffle that changes nothing is of."""
    owner = variable.owner
    if (
        owner is not None
        and isinstance(owner.op, DimShuffle)
        and owner.op.order == tuple(range(variable.ndim))
    ):
        return owner.inputs[0]
    return variable


def is_flat(variable: Variable) -> int | None:
    """How many axes a reshape leaves that joins all others into the last; None for another reshape."""
    assert variable.owner is not None
    x, lengths = variable.owner.inputs
    if lengths.owner is None or not isinstance(lengths.owner.op, MakeVector):
        return None
    places: list[int] = []
    sizes = lengths.owner.inputs
    for number, size in enumerate(sizes):
        found = counted(size)
        last = number == len(sizes) - 1
        if found is None or found[0] is not x or (len(found[1]) != 1 and not last):
            return None
        places += found[1]
    return len(sizes) if places == list(range(x.ndim)) else None


def unpadded(y: Variable) -> Variable:
    """What new axes in front were made for."""
    owner = y.owner
    if owner is not None and isinstance(owner.op, DimShuffle):
        order = list(owner.op.order)
        while order and order[0] == "x":
            order.pop(0)
        if order == list(range(owner.inputs[0].ndim)):
            return owner.inputs[0]
    return y


def put(y: Variable) -> Variable:
    """What is written into a part of a tensor, before it took that tensor's dtype and number of axes."""
    converted = y.owner is not None and y.owner.op.label.startswith("cast")
    return unpadded(y.owner.inputs[0] if converted and y.owner is not None else y)
