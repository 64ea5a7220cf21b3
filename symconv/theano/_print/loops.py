"""Loops as Theano writes them, with all that its ``scan`` puts around them; imports writer and ops."""

from collections.abc import Sequence

from symconv.graph.nodes import Apply, Variable
from symconv.graph.types import TensorType
from symconv.ops.axes import DimShuffle
from symconv.ops.scan.axis import Crop, Flip
from symconv.ops.scan.op import Scan
from symconv.ops.shape import ShapeAt
from symconv.theano._print.written import Inner, Node, Term, Word, Writer


def scan(w: Writer, node: Apply) -> Sequence[Term]:
    """``for{cpu,scan_fn}``: the steps, parts of the sequences, memory for the states, what a step uses."""
    op = node.op
    assert isinstance(op, Scan)
    layout = op.layout
    word = Word(f"for{{cpu,{op.name or 'scan_fn'}}}", "scan")
    count, sequences, states, others = layout.split(node.inputs)
    usual = not (any(layout.offsets) or layout.reverse or layout.until)
    usual = usual and all(
        state.taps == (1,) and state.depth == 1 and not state.shared for state in layout.states
    )
    if usual:
        steps, slices = _sequences(w, count, sequences)
        memories = [_memory(w, steps, state) for state in states]
        inputs = [steps, *slices, *memories, *[steps] * layout.mapped, *map(w.term, others)]
        outer = [*slices, *memories, *map(w.term, others)]
    else:
        inputs = [w.term(variable) for variable in node.inputs]
        outer = inputs[1:]
    made = Node(word, inputs, node)
    elements, taps, rest = layout.split_inner(op.inner.inputs)
    names = {v: _named(given, "[t]") for v, given in zip(elements, sequences, strict=True)}
    sources: list[Term] = [*outer[: len(elements)]]
    place = len(elements)
    for read, state, given in zip(taps, layout.states, states, strict=True):
        for v, tap in zip(read, state.taps, strict=True):
            names[v] = _named(given, f"[t-{tap}]")
            sources.append(outer[place])
        place += 1
    names |= {v: _named(given, "_copy") for v, given in zip(rest, others, strict=True)}
    sources += outer[len(outer) - len(rest) :] if rest else []
    outputs, inside = w.inner(op.inner, names)
    made.inner = Inner(tuple(outputs), dict(zip(inside.values(), sources, strict=True)))
    return _outputs(w, node, made)


def _named(variable: Variable, what: str) -> str | None:
    """The name of a part of a variable, where that has one."""
    while variable.name is None and variable.owner is not None:
        if not isinstance(variable.owner.op, DimShuffle | Flip):
            break
        (variable,) = variable.owner.inputs
    return None if variable.name is None else f"{variable.name}{what}"


def _sequences(w: Writer, count: Variable, sequences: Sequence[Variable]) -> tuple[Term, list[Term]]:
    """The number of steps, and what of each sequence they go through."""
    whole = []
    for given in sequences:
        sequence = given
        if given.owner is not None and isinstance(given.owner.op, Flip):
            (sequence,) = given.owner.inputs
        part = w.subtensor(w.term(sequence), [slice(w.index(0), None, None)], sequence.type)
        if sequence is not given:  # from the last to the first
            part = w.subtensor(part, [slice(None, None, w.index(-1))], sequence.type)
        part.name = f"{sequence.name}[0:]" if sequence.name is not None else None
        whole.append(part)
    steps = w.term(count)
    measured = count
    while measured.owner is not None and measured.owner.op.label == "minimum":
        (measured, _) = measured.owner.inputs
    if measured.owner is not None and isinstance(measured.owner.op, ShapeAt) and whole:
        steps = w.size(whole[0], 0)
        for part in whole[1:]:
            steps = w.elemwise("minimum", [steps, w.size(part, 0)], "int64")
    parts = [w.subtensor(part, [slice(None, w.bound(steps), None)], part.type) for part in whole]
    return steps, parts


def _memory(w: Writer, steps: Term, state: Variable) -> Term:
    """A history with the initial state in front."""
    shape = (None, *state.type.shape[1:])
    first = w.node(Word("Rebroadcast{0}"), [w.term(state)], TensorType(state.dtype, shape))
    length = w.size(first, 0)
    rest = [w.size(first, axis) for axis in range(1, len(shape))]
    room = w.elemwise("add", [steps, length], "int64")
    empty = w.node(
        Word(f"AllocEmpty{{dtype={state.dtype!r}}}"), [room, *rest], TensorType(state.dtype, shape)
    )
    return w.node(
        Word("IncSubtensor{Set;:int64:}"), [empty, first, w.bound(length)], TensorType(state.dtype, shape)
    )


def _outputs(w: Writer, node: Apply, made: Node) -> list[Term]:
    """A history or mapped result is an output; the last entries are a part of the history."""
    op = node.op
    assert isinstance(op, Scan)
    kinds = [kind for kind, _ in op.layout.outputs]
    found: list[Term] = []
    for variable, (kind, depth) in zip(node.outputs, op.layout.outputs, strict=True):
        if kind == "final" and "whole" in kinds:
            history = found[-1]
            found.append(w.subtensor(history, [slice(w.index(-depth), None, None)], variable.type))
        else:
            found.append(made.add(variable.type, variable=variable))
    return found


def crop(w: Writer, node: Apply) -> Term:
    """What comes after the initial states."""
    op = node.op
    assert isinstance(op, Crop)
    x = w.term(node.inputs[0])
    source = node.inputs[0].owner
    if source is not None and isinstance(source.op, Scan) and not op.from_end:
        return w.subtensor(x, [slice(w.index(op.skip), None, None)], node)
    part = slice(None, w.bound(w.term(node.inputs[1])), None)
    return w.subtensor(x, [part], node)
