"""Shapes and indexing as Theano writes them; imports the writer and the ops."""

from collections.abc import Callable, Sequence
from typing import Any

from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.types import TensorType
from symconv.ops.axes import DimShuffle
from symconv.ops.index.advanced import AdvancedIncSubtensor, AdvancedSubtensor
from symconv.ops.index.basic import IncSubtensor, Subtensor
from symconv.ops.index.pattern import HOLE, Piece
from symconv.ops.shape import MakeVector, Shape, SpecifyShape
from symconv.theano._print.asked import is_flat, said, unpadded
from symconv.theano._print.written import ScalarType, Term, Word, Writer, entries_text, taken


def dimshuffle(w: Writer, node: Apply) -> Term:
    """Axes in another order."""
    assert isinstance(node.op, DimShuffle)
    return w.dimshuffle(node.op.order, w.term(node.inputs[0]), node)


def reshape(w: Writer, node: Apply) -> Term:
    """``Reshape{2}``; to flatten is one with -1; to forget that a size is 1 is a Rebroadcast."""
    x, lengths = node.inputs
    type = node.outputs[0].type
    word = Word(f"Reshape{{{type.ndim}}}")
    measured = lengths.owner is not None and isinstance(lengths.owner.op, Shape)
    if measured and lengths.owner is not None and lengths.owner.inputs[0] is x:
        return rebroadcast(w, node, {axis: 0 for axis, size in enumerate(x.type.shape) if size == 1})
    left = said(node).get("flat") or is_flat(node.outputs[0])
    if left == 1:
        return w.node(word, [w.term(x), w.constant([-1], dtype="int64")], node)
    if left is not None:
        sizes = w.subtensor(
            w.shape(w.term(x)), [slice(None, w.index(left - 1), None)], TensorType("int64", (None,))
        )
        parts = [w.subtensor(sizes, [w.index(axis)], TensorType("int64", ())) for axis in range(left - 1)]
        return w.node(
            word, [w.term(x), vector(w, [*parts, w.cast("int64", w.constant(-1, dtype="int8"))])], node
        )
    return w.node(word, [w.term(x), w.term(lengths)], node)


def vector(w: Writer, parts: Sequence[Term]) -> Term:
    """Numbers side by side."""
    return w.node(Word("MakeVector{dtype='int64'}", "vector"), parts, TensorType("int64", (None,)))


def make_vector(w: Writer, node: Apply) -> Term:
    """Sizes side by side; those that are numbers are converted."""
    parts = [
        w.cast("int64", w.constant(v.data, dtype="int8")) if isinstance(v, Constant) else w.term(v)
        for v in node.inputs
    ]
    return vector(w, parts)


def specify_shape(w: Writer, node: Apply) -> Term:
    """Promised sizes; a promise of 1s alone is a Rebroadcast."""
    op = node.op
    assert isinstance(op, SpecifyShape)
    if None in op.sizes and 1 not in op.sizes:
        return w.term(node.inputs[0])
    if None in op.sizes:
        return rebroadcast(w, node, {axis: 1 for axis, size in enumerate(op.sizes) if size == 1})
    return w.node(Word("SpecifyShape"), [w.term(node.inputs[0]), w.constant(op.sizes, dtype="int64")], node)


def rebroadcast(w: Writer, node: Apply, axes: dict[int, int]) -> Term:
    """``Rebroadcast{?,1}``."""
    entries = [str(axes.get(axis, "?")) for axis in range(max(axes, default=-1) + 1)]
    return w.node(Word(f"Rebroadcast{{{','.join(entries)}}}"), [w.term(node.inputs[0])], node)


def alloc(w: Writer, node: Apply) -> Term:
    """A value and the sizes."""
    value, lengths = node.inputs
    if isinstance(lengths, Constant):
        sizes = [w.constant(size, dtype="int64") for size in lengths.data]
    elif lengths.owner is not None and isinstance(lengths.owner.op, MakeVector):
        sizes = [
            w.constant(v.data, dtype="int64") if isinstance(v, Constant) else w.term(v)
            for v in lengths.owner.inputs
        ]
    else:
        count = lengths.type.shape[0] or 0
        sizes = [w.subtensor(w.term(lengths), [w.index(i)], TensorType("int64", ())) for i in range(count)]
    return w.node(Word("Alloc", "alloc"), [w.term(value), *sizes], node)


def arange(w: Writer, node: Apply) -> Term:
    """Numbers in steps."""
    word = Word(f"ARange{{dtype={node.outputs[0].dtype!r}}}")
    return w.node(word, [w.term(v) for v in node.inputs], node)


# Indexing


def entries(w: Writer, pattern: Sequence[Any], numbers: Sequence[Variable]) -> list[Any]:
    """A pattern's entries as terms and slices, without new axes."""
    left = iter(numbers)

    def bound(value: Any) -> Any:
        if value is None:
            return None
        if value != HOLE:
            return w.index(value)
        number = next(left)
        return w.index(int(number.data)) if isinstance(number, Constant) else w.bound(w.term(number))

    return [
        slice(*map(bound, entry)) if isinstance(entry, Piece) else bound(entry)
        for entry in pattern
        if entry is not None
    ]


def widened(w: Writer, pattern: Sequence[Any], x: Term) -> tuple[Term, list[Any]]:
    """What new axes are made for first, as Theano does, and the pattern with whole axes in their place."""
    if None not in pattern:
        return x, list(pattern)
    order: list[Any] = []
    axis = 0
    for entry in pattern:
        order.append("x" if entry is None else axis)
        axis += entry is not None
    order += range(axis, x.ndim)
    full = [Piece() if entry is None else entry for entry in pattern]
    while full and full[-1] == Piece():
        full.pop()
    return w.dimshuffle(order, x), full


def subtensor(w: Writer, node: Apply) -> Term:
    """``Subtensor{int64:int64:}``, new axes by a dimshuffle before it."""
    assert isinstance(node.op, Subtensor)
    x, pattern = widened(w, node.op.pattern, w.term(node.inputs[0]))
    if not pattern and x.owner is not None:
        x.owner.core = node
        return x
    return w.subtensor(x, entries(w, pattern, node.inputs[1:]), node)


def inc_subtensor(w: Writer, node: Apply) -> Term:
    """``IncSubtensor{Set;int64}``; a value of fewer axes stays as it is."""
    op = node.op
    assert isinstance(op, IncSubtensor)
    x, y, *numbers = node.inputs
    listed = entries(w, op.pattern, numbers)
    what = "Set" if op.kind == "set" else "Inc"
    text = entries_text(listed)
    inputs = [w.term(x), w.term(unpadded(y)), *taken(listed)]
    return w.node(Word(f"IncSubtensor{{{what};{text}}}"), inputs, node)


def advanced(w: Writer, node: Apply) -> Term:
    """``AdvancedSubtensor1`` by one vector; ``AdvancedSubtensor`` by arrays, numbers and slices."""
    assert isinstance(node.op, AdvancedSubtensor)
    x, *indices = node.inputs
    first = one_vector(node.op.pattern, indices)
    if first is not None:
        return along(w, first, w.term(x), lambda y: w.node(
            Word("AdvancedSubtensor1"), [y, w.term(indices[0])], node
        ))  # fmt: skip
    return w.node(
        Word("AdvancedSubtensor"),
        [w.term(x), *mixed(w, node.op.pattern, indices)],
        node,
    )


def one_vector(pattern: Sequence[Any], indices: Sequence[Variable]) -> int | None:
    """The axis along which one vector of positions picks, everything else being whole."""
    others = [entry for entry in pattern if entry != HOLE]
    plain = len(indices) == 1 and indices[0].ndim == 1 and all(entry == Piece() for entry in others)
    return list(pattern).index(HOLE) if plain else None


def along(w: Writer, axis: int, x: Term, pick: Callable[[Term], Term]) -> Term:
    """Another axis than the first is brought to the front, and back."""
    if axis == 0:
        return pick(x)
    order = [axis, *range(1, axis), 0, *range(axis + 1, x.ndim)]
    return w.dimshuffle(order, pick(w.dimshuffle(order, x)))


def mixed(w: Writer, pattern: Sequence[Any], indices: Sequence[Variable]) -> list[Term]:
    """The entries of an index with arrays in it."""
    left = iter(indices)
    none = Term(ScalarType("none"), text="NoneConst")

    def bound(value: Any) -> Term:
        if value is None:
            return none
        number = w.index(value) if value != HOLE else w.bound(w.term(next(left)))
        return w.node(Word("TensorFromScalar"), [number], TensorType("int64", ()))

    found = []
    for entry in pattern:
        if isinstance(entry, Piece):
            found.append(w.node(Word("MakeSlice"), [bound(part) for part in entry], ScalarType("slice")))
        else:
            found.append(w.term(next(left)) if entry == HOLE else w.constant(entry, dtype="int64"))
    return found


def advanced_inc(w: Writer, node: Apply) -> Term:
    """``AdvancedIncSubtensor1{no_inplace,set}``, or the one by arrays, numbers and slices."""
    op = node.op
    assert isinstance(op, AdvancedIncSubtensor)
    x, y, *indices = node.inputs
    _type, setting = node.outputs[0].type, op.kind == "set"
    axis = one_vector(op.pattern, indices)
    if axis is not None:
        word = Word(f"AdvancedIncSubtensor1{{no_inplace,{'set' if setting else 'inc'}}}")
        value = w.term(unpadded(y)) if axis == 0 else w.padded(w.term(unpadded(y)), x.ndim)
        return along(w, axis, w.term(x), lambda z: w.node(word, [z, value, w.term(indices[0])], node))
    word = Word(f"AdvancedIncSubtensor{{inplace=False,  set_instead_of_inc={setting}}}")
    inputs = [w.term(x), w.term(unpadded(y)), *mixed(w, op.pattern, indices)]
    return w.node(word, inputs, node)


def nonzero(w: Writer, node: Apply) -> list[Term]:
    """One row of the matrix of positions an axis."""
    places = w.node(Word("Nonzero"), [w.term(node.inputs[0])], TensorType("int64", (None, None)))
    return [w.subtensor(places, [w.index(i)], v.type) for i, v in enumerate(node.outputs)]
