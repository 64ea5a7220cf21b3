"""Rules for filled tensors: what is used elementwise needs the value, not the tensor; imports ops.

They hold where another operand has the size of the filled axes, and is known to: a wrong size must still be
found when the function runs.
"""

from collections.abc import Iterator, Sequence

from symconv.compile.rewrite import AnyRule, NodeRule
from symconv.graph.nodes import Apply, Variable
from symconv.ops.along import AddAlong, TakeAlong
from symconv.ops.axes import DimShuffle, dimshuffle
from symconv.ops.elemwise import Elemwise
from symconv.ops.elemwise_rows import second
from symconv.ops.fill import Alloc
from symconv.ops.shape import MakeVector, Shape, ShapeAt
from symconv.ops.softmax import LogSoftmax, Softmax, SoftmaxParts

DEEPEST = 8  # ops through which a size is followed: rewriting stays linear
DEEPEST_SOURCE = 64  # the same, along a single chain

Place = tuple[Variable, int]  # an axis of a variable


def _equal_sizes(x: Variable, axis: int) -> Iterator[Place]:
    """The axes that have the size of this one because elementwise work and views leave it as it is."""
    seen: set[Place] = set()
    waiting = [(x, axis, DEEPEST)]
    while waiting:
        x, axis, depth = waiting.pop()
        if (x, axis) in seen or x.type.shape[axis] == 1:
            continue
        seen.add((x, axis))
        yield x, axis
        if x.owner is None or not depth:
            continue
        if isinstance(x.owner.op, Elemwise):
            for operand in x.owner.inputs:
                if (inner := axis - x.ndim + operand.ndim) >= 0:
                    waiting.append((operand, inner, depth - 1))
        elif isinstance(x.owner.op, DimShuffle):
            source = x.owner.op.order[axis]
            if isinstance(source, int):
                waiting.append((x.owner.inputs[0], source, depth - 1))
        elif isinstance(x.owner.op, TakeAlong | AddAlong):
            whole, indices = x.owner.inputs[:2]
            same = {TakeAlong: [indices], AddAlong: [whole]}[type(x.owner.op)]
            for operand in same if axis == x.owner.op.axis else (whole, indices):
                waiting.append((operand, axis, depth - 1))
        elif isinstance(x.owner.op, Softmax | LogSoftmax | SoftmaxParts):
            waiting.append((x.owner.inputs[0], axis, depth - 1))


def _measured(shape: Variable, axis: int) -> Place | None:
    """The axis of which an element of a shape is the size."""
    if shape.owner is None:
        return None
    if isinstance(shape.owner.op, Shape):
        return shape.owner.inputs[0], axis
    if isinstance(shape.owner.op, MakeVector):
        size = shape.owner.inputs[axis].owner
        if size is not None and isinstance(size.op, ShapeAt):
            return size.inputs[0], size.op.axis
    return None


def _is_covered(filled: Variable, others: Sequence[Variable]) -> bool:
    """Whether for each axis of a filled tensor another operand has the same size, and is known to."""
    assert filled.owner is not None
    shape = filled.owner.inputs[1]
    for axis, size in enumerate(filled.type.shape):
        if size == 1:
            continue
        place = _measured(shape, axis)
        same = set() if place is None else set(_equal_sizes(*place))
        behind = filled.ndim - axis
        candidates = [(other, other.ndim - behind) for other in others if other.ndim >= behind]
        if not any(
            (size is not None and other.type.shape[at] == size)
            or (same and not same.isdisjoint(_equal_sizes(other, at)))
            for other, at in candidates
        ):
            return False
    return True


def _value_alone(node: Apply) -> Variable | None:
    """f(filled with v, x) = f(v, x) where x has the same sizes."""
    for position, operand in enumerate(node.inputs):
        if operand.owner is None or not isinstance(operand.owner.op, Alloc):
            continue
        others = [other for index, other in enumerate(node.inputs) if index != position]
        if not others or not _is_covered(operand, others):
            continue
        op, value = operand.owner.op, operand.owner.inputs[0]
        if op.axes or operand.ndim > max(other.ndim for other in others):
            order = [op.axes.index(axis) if axis in op.axes else "x" for axis in range(operand.ndim)]
            value = dimshuffle(value, *order)
        inputs = [value if index == position else other for index, other in enumerate(node.inputs)]
        return node.op.apply(*inputs).outputs[0]
    return None


def _filled_after(node: Apply) -> Variable | None:
    """f(filled with v) = filled with f(v)."""
    tensors = [operand.owner for operand in node.inputs if operand.ndim]
    if not tensors or any(t is None or not isinstance(t.op, Alloc) or t.op.axes for t in tensors):
        return None
    first = tensors[0]
    assert first is not None
    for other in tensors[1:]:
        if other is None or other.op != first.op or other.inputs[1] is not first.inputs[1]:
            return None
    values = [operand.owner.inputs[0] if operand.ndim else operand for operand in node.inputs]  # type: ignore[union-attr]
    return first.op.apply(node.op.apply(*values).outputs[0], first.inputs[1]).outputs[0]


# The same for ``second``, which gradients of sums fill with


def _stretched(variable: Variable) -> tuple[Variable, Variable] | None:
    """x and v of second(x, v), where v is stretched and x has the whole shape; permuted, if that is."""
    if variable.owner is None:
        return None
    if isinstance(variable.owner.op, DimShuffle):
        found = _stretched(variable.owner.inputs[0])
        if found is None:
            return None
        x, value = found
        lacking = ("x",) * (x.ndim - value.ndim)
        value = dimshuffle(value, *lacking, *range(value.ndim)) if lacking else value
        return variable.owner.op(x), variable.owner.op(value)
    if variable.owner.op != second:
        return None
    x, value = variable.owner.inputs
    smaller = (True,) * (x.ndim - value.ndim) + value.broadcastable != x.broadcastable
    return (x, value) if smaller and x.type.shape == variable.type.shape else None


def _shape_at_the_source(node: Apply) -> Variable | None:
    """second(f(x), v) = second(x, v): f(x) need not be kept for its shape; nor f(g(x)), in one step."""
    source, value = node.inputs
    for _ in range(DEEPEST_SOURCE):
        below = _of_same_shape(source)
        if below is None:
            return None if source is node.inputs[0] else node.op.apply(source, value).outputs[0]
        source = below
    return None


def _of_same_shape(variable: Variable) -> Variable | None:
    """The only tensor that elementwise work reads, of the same shape.

    More than one are held against each other by that work, and a wrong size must be found.
    """
    if variable.owner is None or not isinstance(variable.owner.op, Elemwise):
        return None
    tensors = [x for x in variable.owner.inputs if not all(x.broadcastable)]
    return tensors[0] if len(tensors) == 1 and tensors[0].type.shape == variable.type.shape else None


def _small_alone(node: Apply) -> Variable | None:
    """f(second(x, v), y) = f(v, y) where y has the sizes of x."""
    for position, operand in enumerate(node.inputs):
        found = _stretched(operand)
        if found is None or node.op == second:
            continue
        others = [other for index, other in enumerate(node.inputs) if index != position]
        if any(_has_sizes_of(found[0], other) for other in others):
            inputs = [found[1] if index == position else other for index, other in enumerate(node.inputs)]
            result = node.op.apply(*inputs).outputs[0]
            return result if result.type == node.outputs[0].type else None
    return None


def _has_sizes_of(x: Variable, other: Variable) -> bool:
    """Whether another tensor has the same size as x along each axis where that is not 1."""
    more = other.ndim - x.ndim
    return more >= 0 and all(
        one or x.type.shape[axis] == other.type.shape[axis + more] is not None
        or not set(_equal_sizes(x, axis)).isdisjoint(_equal_sizes(other, axis + more))
        for axis, one in enumerate(x.broadcastable)
    )  # fmt: skip


def _stretched_after(node: Apply) -> Variable | None:
    """f(second(x, v)) = second(x, f(v))."""
    tensors = [operand for operand in node.inputs if not all(operand.broadcastable)]
    if len(tensors) != 1 or node.op == second:
        return None
    found = _stretched(tensors[0])
    if found is None or any(operand.ndim > tensors[0].ndim for operand in node.inputs):
        return None
    inputs = [found[1] if operand is tensors[0] else operand for operand in node.inputs]
    return second(found[0], node.op.apply(*inputs).outputs[0])


def _size_below_permuted(node: Apply) -> Variable | None:
    """A size of a tensor with its axes permuted is one of the tensor."""
    assert isinstance(node.op, ShapeAt)
    view = node.inputs[0].owner
    if view is None or not isinstance(view.op, DimShuffle):
        return None
    axis = view.op.order[node.op.axis]
    return ShapeAt(axis).apply(view.inputs[0]).outputs[0] if isinstance(axis, int) else None


_SMALL = NodeRule("f(second(x, v), y) = f(v, y)", Elemwise, _small_alone)
_AFTER = NodeRule("f(second(x, v)) = second(x, f(v))", Elemwise, _stretched_after)
_PERMUTED = NodeRule("a size of permuted(x) = a size of x", ShapeAt, _size_below_permuted)

CANONICAL: tuple[AnyRule, ...] = (
    NodeRule("second(f(x), v) = second(x, v)", second, _shape_at_the_source),
    _SMALL,
    _AFTER,
    NodeRule("f(filled(v), x) = f(v, x)", Elemwise, _value_alone),
    NodeRule("f(filled(v)) = filled(f(v))", Elemwise, _filled_after),
    _PERMUTED,
)

# What the rules of softmax leave is simplified again.
SPECIALISED: tuple[AnyRule, ...] = (_SMALL, _AFTER, _PERMUTED)
