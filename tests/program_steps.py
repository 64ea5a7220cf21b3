"""More steps of random programs: loops, branches, draws, selections, whole-number arithmetic; imports nothing of ours.

    step = function of the author        appends one assignment, or nothing where none fits

Each writes one line whose shape and largest magnitude are known, as the author's own steps do. What has a
size that depends on values, a mask say, is summed at once, so that the shape stays known.
"""

from typing import Any

from hypothesis import strategies as st

NUMBERS = ("float32", "float64", "int64", "int32", "int8")
FLOATS = ("float32", "float64")
MOST_STEPS = 13

# The step of a loop, and the bound of its state after n steps from entries bounded by b and a state by b.
EXACT_LOOPS = {
    "h + a": lambda b, n: b * (n + 1),
    "sc.maximum(h, a)": lambda b, n: b,
    "a - h": lambda b, n: b * (n + 1),
    "sc.switch(a > h, a, -h)": lambda b, n: b + 1,
}
SMOOTH_LOOPS = ("sc.tanh(h + a)", "0.5 * h + sc.sin(a)", "sc.tanh(h * a) + a", "sc.sigmoid(h) * a")


def _loop_body(author: Any) -> tuple[str, Any]:
    if author.exact:
        return author.choose(EXACT_LOOPS.items())
    return author.choose(SMOOTH_LOOPS), lambda b, n: 2 * b + 1


def loop(author: Any) -> None:
    """A recurrence along the leading axis: a state, taps, two results, backwards, an end that comes early."""
    node = author.any(dtype=NUMBERS if author.exact else FLOATS)
    if not node.shape or node.shape[0] > MOST_STEPS or node.dtype == "int8":
        return
    steps, rest = node.shape[0], node.shape[1:]
    body, grows = _loop_body(author)
    kind = author.choose(["state", "state", "taps", "two", "map", "until", "nested", "window", "number"])
    backwards = author.whether()
    begin = f"sc.zeros_like(sc.any({node.name}, axis=0), {node.dtype!r})"  # it stretches where an entry does
    walk = f"sequences={node.name}, go_backwards={backwards}"
    bound = grows(max(node.bound, 1), steps)
    if kind == "map":
        author.add(f"sc.map(lambda a: a * 2 - a, {node.name}, go_backwards={backwards})[0]", node.shape, 3 * node.bound)
    elif kind == "taps":
        depth = author.choose([2, 3, 5])
        begin = f"sc.stack({[0] * depth!r}".replace("0", begin) + ")"
        text = f"sc.scan(lambda a, g, h: ({body}) + g, {walk}, outputs_info=dict(initial={begin}, taps=[-{depth}, -1]))[0]"
        author.add(text, node.shape, max(node.bound, 1) * 2.0 ** (steps + 2))
    elif kind == "two":
        body = f"lambda a, h, g: [{body}, sc.maximum(g, a)]" if author.exact else f"lambda a, h, g: [{body}, sc.sin(g + h)]"
        text = f"sc.scan({body}, {walk}, outputs_info=[{begin}, {begin}])[0]"
        author.add(f"{text}[{author.choose([0, 1])}]", node.shape, bound)
    elif kind == "nested":
        inner = "sc.scan(lambda h: h * 1 + a, outputs_info=h, n_steps=2)[0][-1]" if author.exact else (
            "sc.scan(lambda h: sc.tanh(h + a), outputs_info=h, n_steps=2)[0][-1]")
        author.add(f"sc.scan(lambda a, h: {inner}, {walk}, outputs_info={begin})[0]", node.shape, node.bound * (2 * steps + 1))
    elif kind == "window" and steps >= 2:
        text = f"sc.scan(lambda b, a: a - b, sequences=dict(input={node.name}, taps=[-1, 0]), go_backwards={backwards})[0]"
        author.add(text, (steps - 1, *rest), 2 * node.bound)
    elif kind == "number":
        count = author.draw(st.integers(0, 4))
        text = f"sc.scan(lambda h: h + 1, outputs_info={node.name}, n_steps={author.number(count)})[0]"
        author.add(text, (count, *node.shape), node.bound + count)
    elif kind == "until" and author.exact:
        # how many steps there are depends on values: what is summed has a known shape
        text = f"sc.scan(lambda a, h: ({body}, sc.until(sc.sum(a) > 2)), {walk}, outputs_info={begin})[0]"
        author.add(f"sc.sum({text}, axis=0)", rest, bound * max(steps, 1))
    else:
        text = f"sc.scan(lambda a, h: {body}, {walk}, outputs_info={begin})[0]"
        if author.whether() and steps:
            author.add(f"{text}[-1]", rest, bound)
        else:
            author.add(text, node.shape, bound)


def branch(author: Any) -> None:
    """A lazy choice between two expressions, by a constant, an input or what is computed."""
    node = author.any(dtype=NUMBERS)
    if node.dtype == "int8":
        return
    conditions = [author.number(author.choose([0, 1])), "sc.constant(True)"]
    if author.exact:
        conditions.append(f"sc.sum({node.name}) > 0")
    other = author.choose([f"{node.name} * 2", f"sc.maximum({node.name}, 1)" if author.exact else f"sc.tanh({node.name})"])
    sides = (node.name, other) if author.whether() else (other, f"-{node.name}")
    author.add(f"sc.ifelse({author.choose(conditions)}, {', '.join(sides)})", node.shape, 2 * node.bound + 1)


def cumulation(author: Any) -> None:
    """Running sums and differences."""
    node = author.any(dtype=NUMBERS)
    if not node.shape:
        return
    axis = author.choose(range(len(node.shape)))
    if author.whether():
        author.add(f"sc.cumsum({node.name}, {axis})", node.shape, node.bound * max(node.shape[axis], 1))
    elif node.shape[axis]:
        shape = (*node.shape[:axis], node.shape[axis] - 1, *node.shape[axis + 1 :])
        author.add(f"sc.diff({node.name}, axis={axis})", shape, 2 * node.bound)


def selection(author: Any) -> None:
    """Masks, places and counts: what has a size that depends on values is summed."""
    node = author.any(dtype=NUMBERS)
    if not author.exact or not node.shape or not node.size:
        return
    name, axis, bound = node.name, author.choose(range(len(node.shape))), node.bound
    without = (*node.shape[:axis], *node.shape[axis + 1 :])
    text, shape, bound = author.choose([
        (f"sc.sum({name}[{name} > 0])", (), bound * node.size),
        (f"sc.set_subtensor({name}[{name} > 1], 0)", node.shape, bound),
        (f"sc.inc_subtensor({name}[{name} < 0], 2)", node.shape, bound + 2),
        (f"sc.sum(sc.nonzero({name})[{axis}])", (), node.size * node.size),
        (f"sc.argmax({name}, axis={axis})", without, node.shape[axis]),
        (f"sc.argmin({name}, axis={axis}, keepdims=True)", tuple(1 if n == axis else s for n, s in enumerate(node.shape)),
         node.shape[axis]),
        (f"sc.argsort({name}, axis={axis})", node.shape, node.shape[axis]),
        (f"sc.unique({name}).shape[0]", (), node.size),
        (f"sc.topk({name}, 1, axis={axis})", tuple(1 if n == axis else s for n, s in enumerate(node.shape)), bound),
        (f"sc.take_along_axis({name}, sc.argsort({name}, axis={axis}), {axis})", node.shape, bound),
        (f"sc.one_hot(sc.argmax({name}, axis={axis}), 3)", (*without, 3), 1),
        (f"sc.any({name} > 0, axis={axis})", without, 1),
        (f"sc.max_and_argmax({name}, axis={axis})[{author.choose([0, 1])}]", without, max(bound, node.shape[axis])),
    ])  # fmt: skip
    author.add(text, shape, bound)


def arithmetic(author: Any) -> None:
    """Quotients, remainders, bounds and bits of whole numbers, also in floats."""
    if not author.exact:
        return
    node = author.any(dtype=NUMBERS)
    divisor = author.choose([2, 3, -2, -3])
    texts = [
        f"sc.floordiv({node.name}, {divisor})", f"sc.mod({node.name}, {divisor})", f"sc.clip({node.name}, -1, 2)",
        f"sc.switch({node.name} > 0, {node.name}, 0)", f"sc.minimum(sc.maximum({node.name}, -2), 2)",
        f"sc.round({node.name})", f"sc.isnan({node.name})", f"sc.logical_not({node.name})",
    ]  # fmt: skip
    if node.dtype[0] == "i":
        texts += [f"{node.name} & 3", f"{node.name} ^ 1", f"~{node.name}", f"{node.name} >> 1"]
    author.add(author.choose(texts), node.shape, node.bound + 4)


def draws(author: Any) -> None:
    """Random numbers of an explicit stream; two functions from the same state draw the same."""
    program = author.program
    if "rng" not in program.names:
        program.names["rng"] = program.names["sc"].random.Stream(11)
        program.lines.append("rng = sc.random.Stream(11)")
    shape = author.shape(3)
    if author.exact:
        text, bound = author.choose([
            (f"rng.integers({shape!r}, -3, 4)", 3), (f"rng.binomial({shape!r}, 1, p=0.5)", 1),
        ])  # fmt: skip
    else:
        text, bound = author.choose([(f"rng.uniform({shape!r}, -1, 1, dtype='float64')", 1),
                                     (f"rng.normal({shape!r}, dtype='float64')", 6)])  # fmt: skip
    author.add(text, shape, bound)


def products(author: Any) -> None:
    """Products of stacks, outer products, traces, contractions by name."""
    node = author.any(dtype=FLOATS)
    if len(node.shape) < 2 or node.size > 1000:
        return
    *stack, rows, columns = node.shape
    letters = "abcde"[: len(stack)]
    name = node.name
    square = node.bound**2
    text, shape, bound = author.choose([
        (f"sc.matmul({name}, {name}.swapaxes(-1, -2))", (*stack, rows, rows), square * columns),
        (f"sc.matmul({name}.swapaxes(-1, -2), {name})", (*stack, columns, columns), square * rows),
        (f"sc.einsum('{letters}ij,{letters}ij->{letters}i', {name}, {name})", (*stack, rows), square * columns),
        (f"sc.einsum('{letters}ij->{letters}ji', {name})", (*stack, columns, rows), node.bound),
        (f"sc.tensordot({name}, {name}, {len(node.shape)})", (), square * node.size),
    ])  # fmt: skip
    author.add(text if author.exact else f"sc.tanh({text})", shape, bound)


def softmaxes(author: Any) -> None:
    """Exponentials that are normalised, and their logarithms."""
    node = author.any(dtype=FLOATS)
    if author.exact or not node.shape or 0 in node.shape:
        return
    axis = author.choose(range(len(node.shape)))
    without = (*node.shape[:axis], *node.shape[axis + 1 :])
    name = f"sc.tanh({node.name})"
    text, shape = author.choose([
        (f"sc.softmax({name}, axis={axis})", node.shape),
        (f"sc.log(sc.softmax({name}, axis={axis}))", node.shape),
        (f"sc.log_softmax({name}, axis={axis})", node.shape),
        (f"sc.log(sc.sum(sc.exp({name}), axis={axis}))", without),
        (f"sc.logsumexp({name}, axis={axis}, keepdims=True)", tuple(1 if n == axis else s for n, s in enumerate(node.shape))),
        (f"sc.var({name}, axis={axis})", without),
        (f"sc.prod(1 + 0.1 * {name}, axis={axis})", without),
    ])  # fmt: skip
    author.add(text, shape, 10)


def enclosed(author: Any) -> None:
    """An op made of an expression."""
    node = author.any(dtype=NUMBERS)
    body = "p * 2 - p" if author.exact else "sc.tanh(p) + p"
    kind = f"p = sc.tensor({node.dtype!r}, {(None,) * len(node.shape)!r}, name='p')"
    author.program.lines.append(kind)
    exec(kind, author.program.names)
    author.add(f"sc.OpFromGraph([p], [{body}])({node.name})", node.shape, 3 * node.bound + 1)


STEPS = (loop, loop, branch, cumulation, selection, arithmetic, draws, products, softmaxes, enclosed)
