"""Convolution, pooling, joins, sorting, branches as Theano writes them; imports the writer and the ops."""

from typing import Any

from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.types import TensorType
from symconv.ops.branch import IfElse
from symconv.ops.conv.ops import Conv, ConvGradFilters, ConvGradInput
from symconv.ops.cumulate import Cumulate
from symconv.ops.from_graph import GraphOp
from symconv.ops.join import Join, Split
from symconv.ops.pool.ops import Pool
from symconv.ops.random.legacy import RandomFunction
from symconv.ops.shape import Reshape, SpecifyShape
from symconv.theano._print.asked import is_flat, undone, unpadded
from symconv.theano._print.words import props_text
from symconv.theano._print.written import Node, Spelling, Term, Word, Writer

CONVOLUTIONS: dict[type, str] = {Conv: "", ConvGradInput: "_gradInputs", ConvGradFilters: "_gradWeights"}


def convolution(w: Writer, node: Apply) -> Term:
    """``AbstractConv2d{...}``: promised sizes of the inputs are its hints."""
    op = node.op
    geometry = op.geometry  # type: ignore[attr-defined]
    ndim = geometry.ndim
    suffix = CONVOLUTIONS[type(op)]
    first, second = node.inputs[:2]
    image, filters = {"": (first, second), "_gradInputs": (node.outputs[0], second)}.get(
        suffix, (first, node.outputs[0])
    )
    props = {
        "convdim": ndim, "border_mode": border(geometry.border_mode), "subsample": geometry.stride,
        "filter_flip": geometry.flip, "imshp": image.type.shape, "kshp": filters.type.shape,
        "filter_dilation": geometry.dilation, "num_groups": geometry.groups, "unshared": False,
    }  # fmt: skip
    inputs = [w.term(unpromised(v)) for v in (first, second)]
    if suffix:
        like = node.inputs[2] if len(node.inputs) > 2 else node.outputs[0]
        sizes = slice(w.index(-ndim), None, None)
        inputs.append(w.subtensor(w.shape(w.term(unpromised(like))), [sizes], TensorType("int64", (ndim,))))
        inputs = [inputs[1], inputs[0], inputs[2]] if suffix == "_gradInputs" else inputs
    word = Word(props_text(f"AbstractConv{ndim}d{suffix}", props))
    return w.node(word, inputs, node)


def border(mode: Any) -> Any:
    """Padding that is the same before and behind as one number an axis."""
    if isinstance(mode, str):
        return mode
    return tuple(m[0] if isinstance(m, tuple) and m[0] == m[1] else m for m in mode)


def unpromised(variable: Variable) -> Variable:
    """What sizes are promised of."""
    owner = variable.owner
    return owner.inputs[0] if owner is not None and isinstance(owner.op, SpecifyShape) else variable


def pool(w: Writer, node: Apply) -> Term:
    """``Pool{...}``: window, stride and padding are inputs."""
    op = node.op
    assert isinstance(op, Pool)
    props = {"ignore_border": op.ignore_border, "mode": op.mode, "ndim": op.ndim}
    geometry = op.geometry
    if geometry is None:
        sizes = [w.term(v) for v in node.inputs[1:]]
    else:
        sizes = [w.constant(v, dtype="int64") for v in (geometry.window, geometry.stride, geometry.pad)]
    return w.node(Word(props_text("Pool", props)), [w.term(node.inputs[0]), *sizes], node)


# The rest


def named(text: str, kind: str = "") -> Spelling:
    """An op whose text is all that differs."""

    def spelling(w: Writer, node: Apply) -> list[Term]:
        made = Node(Word(text, kind), [w.term(v) for v in node.inputs], node)
        return [made.add(v.type, variable=v) for v in node.outputs]

    return spelling


def join(w: Writer, node: Apply) -> Term:
    """The axis, then what is joined; scalars side by side are a vector."""
    assert isinstance(node.op, Join)
    type = node.outputs[0].type
    parts = [unpadded(v) for v in node.inputs]
    if type.ndim == 1 and all(part.ndim == 0 for part in parts):
        return w.node(Word(f"MakeVector{{dtype={type.dtype!r}}}", "vector"), [w.term(v) for v in parts], node)
    inputs = [w.constant(node.op.axis, dtype="int8"), *map(w.term, node.inputs)]
    return w.node(Word("Join", "join"), inputs, node)


def split(w: Writer, node: Apply) -> list[Term]:
    """``Split{2}``: the axis, then the sizes."""
    assert isinstance(node.op, Split)
    x, sizes = node.inputs
    made = Node(
        Word(f"Split{{{len(node.outputs)}}}"),
        [w.term(x), w.constant(node.op.axis, dtype="int8"), w.term(sizes)],
        node,
    )
    return [made.add(v.type, variable=v) for v in node.outputs]


def by_axis(text: str) -> Spelling:
    """An op whose axis is an input; the last is -1."""

    def spelling(w: Writer, node: Apply) -> Term:
        (x,) = node.inputs
        axis = node.op.axis  # type: ignore[attr-defined]
        place = w.constant(-1 if axis == x.ndim - 1 else axis, dtype="int8")
        return w.node(Word(text), [w.term(x), place], node)

    return spelling


def cumulate(w: Writer, node: Apply) -> Term:
    """``CumOp{1, add}``; None for the axis of a flattened tensor."""
    op, (x,) = node.op, node.inputs
    assert isinstance(op, Cumulate)
    axis: int | None = op.axis
    if x.owner is not None and isinstance(x.owner.op, Reshape) and is_flat(x) == 1:
        axis, x = None, x.owner.inputs[0]
    kind = "add" if op.kind == "add" else "mul"
    return w.node(Word(f"CumOp{{{axis}, {kind}}}"), [w.term(x)], node)


def softmax(w: Writer, node: Apply) -> Term:
    """``Softmax``, as Theano has it of matrices; over other axes it is symconv's."""
    op = node.op
    rows = op.axes == (1,) and node.inputs[0].ndim == 2  # type: ignore[attr-defined]
    return w.node(Word(op.label if rows else str(op)), [w.term(node.inputs[0])], node)


def matmul(w: Writer, node: Apply) -> Term:
    """A product of stacks of matrices."""
    return w.node(Word("BatchedDot"), [w.term(undone(v)) for v in node.inputs], node)


def place_diagonal(w: Writer, node: Apply) -> Term:
    """A matrix with a vector on its diagonal."""
    word = Word(props_text("AllocDiag", {"offset": node.op.offset, "axis1": 0, "axis2": 1}))  # type: ignore[attr-defined]
    return w.node(word, [w.term(node.inputs[0])], node)


def diagonal(w: Writer, node: Apply) -> Term:
    """The elements on a diagonal."""
    x = undone(node.inputs[0])
    word = Word(props_text("ExtractDiag", {"offset": node.op.offset, "axis1": 0, "axis2": 1, "view": False}))  # type: ignore[attr-defined]
    return w.node(word, [w.term(x)], node)


def if_else(w: Writer, node: Apply) -> list[Term]:
    """``if{name}``: the condition, then the results of both branches."""
    op = node.op
    assert isinstance(op, IfElse)
    condition, *others = node.inputs
    branches: list[Term] = []
    for graph in op.graphs:
        w.terms.update((inner, w.term(outer)) for inner, outer in zip(graph.inputs, others, strict=True))
        branches += w.write(graph.outputs)
    made = Node(Word(f"if{{{op.name or ''}}}"), [w.term(condition), *branches], node)
    return [made.add(v.type, variable=v) for v in node.outputs]


def graph_op(w: Writer, node: Apply) -> list[Term]:
    """An expression as an op."""
    op = node.op
    assert isinstance(op, GraphOp)
    return list(named(f"{op.name or 'OpFromGraph'}{{inline=False}}")(w, node))


def part(w: Writer, node: Apply) -> Term:
    """The real or the imaginary part."""
    name = "imag" if node.op.imaginary else "real"  # type: ignore[attr-defined]
    return w.elemwise(name, [w.term(node.inputs[0])], node.outputs[0].dtype, core=node)


def random_function(w: Writer, node: Apply) -> list[Term]:
    """``RandomFunction{uniform}``: the generator, the size, the parameters."""
    op = node.op
    assert isinstance(op, RandomFunction)
    state, size, *parameters = node.inputs
    generator = w.term(state)
    if generator.owner is None:
        generator.text = "<RandomStateType>"
    length = w.term(size)
    if isinstance(size, Constant):
        numbers = [w.constant(number, dtype="int8") for number in size.data]
        vector = w.node(Word("MakeVector{dtype='int8'}", "vector"), numbers, TensorType("int8", (None,)))
        length = w.cast("int64", vector)
    inputs = [generator, length, *map(w.term, parameters)]
    made = Node(Word(f"RandomFunction{{{op.function}}}"), inputs, node)
    return [made.add(v.type, variable=v) for v in node.outputs]
