"""Elementwise functions and reductions as Theano writes them; imports the writer and the ops."""

from collections.abc import Callable, Sequence
from typing import Any

from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.types import TensorType
from symconv.ops.along import TakeAlong
from symconv.ops.axes import DimShuffle
from symconv.ops.reduce import ArgReduce, Reduce
from symconv.ops.shape import Reshape
from symconv.theano._print.asked import counted, is_flat, said, undone
from symconv.theano._print.words import props_text
from symconv.theano._print.written import Node, Term, Word, Writer

NAMES = {
    "abs": "abs_", "floordiv": "int_div", "sign": "sgn", "round": "round_half_to_even", "reciprocal": "inv",
    "logical_and": "and_", "logical_or": "or_", "logical_xor": "xor", "logical_not": "invert",
}  # fmt: skip
"""Elementwise functions that Theano calls otherwise."""

ALONE = ("sigmoid", "softplus", "ultra_fast_sigmoid")
"""Those whose name is all that it prints."""


def elemwise(w: Writer, node: Apply) -> Term:
    """``Elemwise{add,no_inplace}``; sums of many, means and cross-entropies as they were written."""
    special = ELEMENTWISE.get(node.op.label)
    found = special(w, node) if special is not None else None
    if found is not None:
        return found
    return plain(w, node, said(node).get("operands") or node.inputs)


def plain(w: Writer, node: Apply, inputs: Sequence[Variable]) -> Term:
    """The function of its operands."""
    name = NAMES.get(node.op.label, node.op.label)
    text = name if name in ALONE else None
    return w.elemwise(name, [w.term(v) for v in inputs], node.outputs[0].dtype, text, node)


def cast(w: Writer, node: Apply) -> Term:
    """A conversion; what was computed while the expression was written is a constant."""
    (x,) = node.inputs
    dtype = node.outputs[0].dtype
    if isinstance(x, Constant) and x.ndim == 0:
        return w.constant(x.data, dtype=dtype)
    return w.cast(dtype, w.term(x), node)


def true_div(w: Writer, node: Apply) -> Term | None:
    """A mean divides by one size after the other."""
    total, count = node.inputs
    reduce = total.owner
    if reduce is None or not isinstance(reduce.op, Reduce) or reduce.op.kind.name != "sum":
        return None
    (x,) = reduce.inputs
    converted = count.owner is not None and count.owner.op.label.startswith("cast")
    measured = converted and counted(count) == (x, reduce.op.axes)
    if not measured and (node.outputs[0].name != "mean" or not isinstance(count, Constant)):
        return None  # what is no mean; that of known sizes is known by its name
    dtype = node.outputs[0].dtype
    result = w.term(total)
    shape = w.cast(dtype, w.shape(w.term(x)))
    for axis in reduce.op.axes:
        size = w.subtensor(shape, [w.index(axis)], TensorType(dtype, ()))
        result = w.elemwise("true_div", [result, size], dtype, core=node)
    result.name = "mean"
    return result if reduce.op.axes else None


def neg(w: Writer, node: Apply) -> Term | None:
    """The cross-entropy of labels: -log(p[i, label[i]])."""
    chain: Variable = node.inputs[0]
    for wanted in ("log", DimShuffle, TakeAlong):
        owner = chain.owner
        if owner is None or (
            owner.op.label != wanted if isinstance(wanted, str) else type(owner.op) is not wanted
        ):
            return None
        chain = owner.inputs[0]
    labels = owner.inputs[1].owner  # type: ignore[union-attr]  # the loop ran
    if labels is None or not isinstance(labels.op, DimShuffle):
        return None
    word = Word("CrossentropyCategorical1Hot")
    return w.node(word, [w.term(chain), w.term(labels.inputs[0])], node)


def xlogy(w: Writer, node: Apply) -> Term:
    """x log(y)."""
    x, y = map(w.term, node.inputs)
    dtype = node.outputs[0].dtype
    return w.elemwise("mul", [x, w.elemwise("log", [y], dtype)], dtype, core=node)


def xlog1py(w: Writer, node: Apply) -> Term:
    """x log(1 + y), or x log(1 - z) for y = -z."""
    x, y = node.inputs
    dtype = node.outputs[0].dtype
    one = w.constant(1.0, dtype=dtype)
    if y.owner is not None and y.owner.op.label == "neg":
        inside = w.elemwise("sub", [one, w.term(y.owner.inputs[0])], dtype)
    else:
        inside = w.elemwise("add", [one, w.term(y)], dtype)
    return w.elemwise("mul", [w.term(x), w.elemwise("log", [inside], dtype)], dtype, core=node)


ELEMENTWISE: dict[str, Callable[[Writer, Apply], Term | None]] = {
    "true_div": true_div, "neg": neg, "xlogy": xlogy, "xlog1py": xlog1py,
}  # fmt: skip

# Reductions

ACCUMULATORS = {"b": "int64", "i": "int64", "u": "uint64", "f": "float64", "c": "complex128"}


def accumulator(x: Variable) -> str:
    """The dtype in which Theano adds."""
    return ACCUMULATORS["i" if x.dtype == "bool" else x.dtype[0]]


def reduction(w: Writer, node: Apply) -> Term:
    """Sums and products, all and any; extremes are those of MaxAndArgmax."""
    op, (x,) = node.op, node.inputs
    assert isinstance(op, Reduce)
    kind = op.kind.name
    if kind in ("max", "min"):
        return _kept(w, extreme(w, node, kind, op.axes, 0), x, op)
    every = op.axes == tuple(range(x.ndim))
    axes = said(node).get("axis", None if every and not op.keepdims else op.axes)
    result, acc = node.outputs[0].dtype, accumulator(x)
    if kind == "sum":
        text = f"Sum{{{'' if axes is None else f'axis={list(axes)}, '}acc_dtype={acc}}}"
    elif kind.startswith("prod"):
        text = props_text("Prod", {"axis": axes, "dtype": result, "acc_dtype": acc})
    else:
        text = kind.capitalize() + ("" if axes is None else f"{{{', '.join(map(str, axes))}}}")
    shape = tuple(size for axis, size in enumerate(x.type.shape) if axis not in op.axes)
    return _kept(w, Node(Word(text), [w.term(x)], node).add(TensorType(result, shape)), x, op)


def _kept(w: Writer, reduced: Term, x: Variable, op: Any) -> Term:
    """The reduced axes again, with size 1."""
    if not op.keepdims:
        return reduced
    left = iter(range(x.ndim))
    return w.dimshuffle(["x" if axis in op.axes else next(left) for axis in range(x.ndim)], reduced)


def extreme(w: Writer, node: Apply, kind: str, axes: Sequence[int], which: int) -> Term:
    """The largest value or its place; the smallest is that of the negative."""
    (x,) = map(w.term, node.inputs)
    negative = kind.endswith("min")
    dtype = x.type.dtype
    if negative:
        x = w.elemwise("neg", [x], dtype)
    shape = tuple(size for axis, size in enumerate(x.type.shape) if axis not in axes)
    made = Node(Word(f"MaxAndArgmax{{axis={tuple(axes)}}}"), [x], node)
    made.add(TensorType(dtype, shape), "max")
    made.add(TensorType("int64", shape), "argmax")
    found = made.outputs[which]
    return w.elemwise("neg", [found], dtype) if negative and which == 0 else found


def arg_reduction(w: Writer, node: Apply) -> Term:
    """Where the extreme is."""
    op = node.op
    assert isinstance(op, ArgReduce)
    x = node.inputs[0]
    if x.owner is not None and isinstance(x.owner.op, Reshape) and is_flat(x) is not None:
        source = undone(x.owner.inputs[0])  # over all axes: of the flattened tensor
        node = Apply(op, (source,), (node.outputs[0].type,), node.origin)
        return extreme(w, node, op.label, range(source.ndim), 1)
    return extreme(w, node, op.label, (op.axis,), 1)
