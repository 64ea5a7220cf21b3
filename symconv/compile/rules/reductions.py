"""Rules for reductions and products of matrices: signs, scalars and stretching are taken out; imports ops.

A factor is taken out of a sum where it is a finite constant: of an infinite one, or one that is known only
when the function runs, the sum of products may be a number where the product of the sum is NaN. Half
precision is left alone, for it overflows early.
"""

import numpy as np

from symconv.compile.rewrite import AnyRule, NodeRule
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.ops.dot import Dot
from symconv.ops.elemwise_rows import add, cast, eq, mul, neg, second, sub, switch, true_div
from symconv.ops.reduce import REDUCTIONS, Reduce
from symconv.ops.shape import DimShuffle, count_of, dimshuffle

SUM, MAX, MIN = REDUCTIONS["sum"], REDUCTIONS["max"], REDUCTIONS["min"]



def _reduce_of_shuffle(node: Apply) -> Variable | None:
    """A reduction of permuted axes is one of the axes themselves, where the order of what stays is kept."""
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Reduce)
    if source.owner is None or not isinstance(source.owner.op, DimShuffle) or op.keepdims:
        return None
    order = source.owner.op.order
    if "x" in order or len(order) != source.owner.op.input_ndim:
        return None
    axes = tuple(sorted(int(order[axis]) for axis in op.axes))
    kept = [order[axis] for axis in range(len(order)) if axis not in op.axes]
    if kept != sorted(kept, key=int):
        return None
    result: Variable = Reduce(op.kind, axes, False, op.dtype)(source.owner.inputs[0])
    return result


def _reduce_of_reduce(node: Apply) -> Variable | None:
    """Two reductions of one kind are one."""
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Reduce)
    if source.owner is None or not isinstance(source.owner.op, Reduce):
        return None
    first = source.owner.op
    if first.kind != op.kind or first.keepdims or op.keepdims or not source.owner.inputs[0].ndim:
        return None
    x = source.owner.inputs[0]
    if not (x.dtype == source.dtype == node.outputs[0].dtype) or (x.dtype == "float16"):
        return None
    kept = [axis for axis in range(x.ndim) if axis not in first.axes]
    axes = tuple(sorted((*first.axes, *(kept[axis] for axis in op.axes))))
    result: Variable = Reduce(op.kind, axes, False, op.dtype)(x)
    return result


def _over_ones(node: Apply) -> Variable | None:
    """Axes known to have size 1 need no reduction."""
    op, x = node.op, node.inputs[0]
    assert isinstance(op, Reduce)
    ones = tuple(axis for axis in op.axes if x.type.shape[axis] == 1)
    if not ones or x.dtype != node.outputs[0].dtype:
        return None
    rest = tuple(axis for axis in op.axes if axis not in ones)
    left = Reduce(op.kind, rest, True, op.dtype)(x) if rest else x
    if op.keepdims:
        return left if rest else x
    result: Variable = dimshuffle(left, *(axis for axis in range(x.ndim) if axis not in op.axes))
    return result


def _of_negated(node: Apply) -> Variable | None:
    """sum(-x) = -sum(x); max(-x) = -min(x); min(-x) = -max(x)."""
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Reduce)
    turned = {SUM: SUM, MAX: MIN, MIN: MAX}.get(op.kind)
    if turned is None or source.owner is None or source.owner.op != neg or not source.type.is_float:
        return None
    result: Variable = neg(Reduce(turned, op.axes, op.keepdims, op.dtype)(source.owner.inputs[0]))
    return result


def _finite(variable: Variable, dtype: str) -> bool:
    """Whether a variable is one finite number, not 0, known now, that a tensor of ``dtype`` absorbs."""
    if not isinstance(variable, Constant) or variable.data.size != 1 or dtype not in ("float32", "float64"):
        return False
    number = variable.data.reshape(()).item()
    return variable.dtype == dtype and bool(np.isfinite(number)) and number != 0


def _with_constant(variable: Variable) -> tuple[Apply, Variable, Constant] | None:
    """A product, quotient, sum or difference of a tensor and a finite constant of no more axes."""
    node = variable.owner
    if node is None or node.op not in (mul, true_div, add, sub):
        return None
    left, right = node.inputs
    if node.op.commutative and isinstance(left, Constant):
        left, right = right, left
    if not _finite(right, left.dtype) or isinstance(left, Constant) or left.ndim != variable.ndim:
        return None
    assert isinstance(right, Constant)
    return node, left, Constant(right.data.reshape(()))


def _sum_of_scaled(node: Apply) -> Variable | None:
    """sum(x * c) = sum(x) * c, sum(x / c) = sum(x) / c."""
    op, source = node.op, node.inputs[0]
    found = _with_constant(source)
    assert isinstance(op, Reduce)
    if op.kind != SUM or found is None or found[0].op not in (mul, true_div):
        return None
    if node.outputs[0].dtype != source.dtype:
        return None
    scaled, x, factor = found
    result: Variable = scaled.op(op(x), factor)
    return result


def _extreme_of_moved(node: Apply) -> Variable | None:
    """max(x * c) = max(x) * c for c > 0, else min(x) * c; max(x + c) = max(x) + c; so for min."""
    op, source = node.op, node.inputs[0]
    found = _with_constant(source)
    assert isinstance(op, Reduce)
    if op.kind not in (MAX, MIN) or found is None:
        return None
    moved, x, constant = found
    kind = op.kind
    if moved.op in (mul, true_div) and constant.data.item() < 0:
        kind = MIN if kind == MAX else MAX
    result: Variable = moved.op(Reduce(kind, op.axes, op.keepdims, op.dtype)(x), constant)
    return result


def _of_stretched(node: Apply) -> Variable | None:
    """A sum over what was only stretched is a product with the number of elements; an extreme is itself."""
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Reduce)
    if source.owner is None or source.owner.op != second or source.dtype not in ("float32", "float64"):
        return None
    if op.kind != SUM or node.outputs[0].dtype != source.dtype:
        return None
    value = source.owner.inputs[1]
    lacking = source.ndim - value.ndim
    if any(axis >= lacking and value.type.shape[axis - lacking] != 1 for axis in op.axes):
        return None
    if any(axis not in op.axes and (axis < lacking or value.broadcastable[axis - lacking]
           != source.broadcastable[axis]) for axis in range(source.ndim)):
        return None
    count = count_of(source, op.axes)
    times = cast(count, source.dtype)
    kept = value
    if not op.keepdims:
        places = [axis - lacking for axis in range(source.ndim) if axis not in op.axes]
        kept = dimshuffle(value, *places)
    elif lacking:
        kept = dimshuffle(value, *("x",) * lacking, *range(value.ndim))
    if isinstance(kept, Constant) and np.isfinite(kept.data).all():
        return mul(kept, times)
    if isinstance(count, Constant):
        return mul(kept, times) if count.data.item() else None
    return switch(eq(count, 0), 0.0, mul(kept, times))  # of nothing the sum is 0, though 0 * inf is NaN


def _kept_and_dropped(node: Apply) -> Variable | None:
    """Axes that a reduction keeps, with size 1, to be dropped at once, it need not keep."""
    source = node.inputs[0].owner
    assert isinstance(node.op, DimShuffle)
    if source is None or not isinstance(source.op, Reduce) or not source.op.keepdims:
        return None
    op = source.op
    if node.op.order != tuple(axis for axis in range(node.op.input_ndim) if axis not in op.axes):
        return None
    result: Variable = Reduce(op.kind, op.axes, False, op.dtype)(source.inputs[0])
    return result


def _dot_of_scaled(node: Apply) -> Variable | None:
    """dot(x * c, y) = dot(x, y) * c; signs are taken out too."""
    for position, variable in enumerate(node.inputs):
        inner = variable.owner
        if inner is None or not variable.type.is_float or variable.dtype != node.outputs[0].dtype:
            continue
        others = list(node.inputs)
        if inner.op == neg:
            others[position] = inner.inputs[0]
            return _variable(neg(node.op(*others)))
        found = _with_constant(variable)
        if found is not None and found[0].op in (mul, true_div):
            others[position] = found[1]
            return _variable(found[0].op(node.op(*others), found[2]))
    return None


def _variable(result: Variable) -> Variable:
    return result


_OVER_ONES = NodeRule("a reduction over axes of size 1 = x", Reduce, _over_ones)

CANONICAL: tuple[AnyRule, ...] = (
    NodeRule("sum over permuted axes = sum over the axes", Reduce, _reduce_of_shuffle),
    NodeRule("sum(sum(x)) = sum(x), so for each reduction", Reduce, _reduce_of_reduce),
    _OVER_ONES,
    NodeRule("sum(-x) = -sum(x), max(-x) = -min(x)", Reduce, _of_negated),
    NodeRule("sum(x * c) = sum(x) * c", Reduce, _sum_of_scaled),
    NodeRule("max(x * c + d) = max(x) * c + d", Reduce, _extreme_of_moved),
    NodeRule("sum(second(x, v)) = v * count", Reduce, _of_stretched),
    NodeRule("a reduction's kept axes, dropped = the reduction without them", DimShuffle, _kept_and_dropped),
    NodeRule("dot(x * c, y) = dot(x, y) * c", Dot, _dot_of_scaled),
)

SPECIALISED: tuple[AnyRule, ...] = (_OVER_ONES,)
