"""Typed random programs, valid by construction, as flat source that a failing test prints; imports symconv.

    program = { line }                      each line is one assignment: ``v7 = sc.add(v3, v5)``
    node    = name, concrete shape, dtype, the largest magnitude that its elements can have

Exact programs carry small integers in whatever dtype they have and keep every magnitude far below where
a float rounds, so that two ways of computing them must agree bit for bit. Close programs use everything
that is smooth, on values of moderate size. Sizes are different primes, zero and one, so that swapped
axes and wrong stretching cannot hide.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from hypothesis import strategies as st
from program_steps import STEPS

import symconv as sc
from symconv.compile.blocks import Machine

SIZES = (2, 3, 5, 7, 11, 13)
MOST_ELEMENTS = 3000
LIMITS = {"float32": 2.0**22, "float64": 2.0**50, "int64": 2.0**40, "int32": 2.0**30, "int8": 127, "bool": 1}

EXACT_UNARY = ("neg", "abs", "sqr", "sign", "floor", "relu", "identity", "ones_like")
EXACT_BINARY = ("add", "sub", "mul", "maximum", "minimum")
COMPARISONS = ("eq", "neq", "lt", "le", "gt", "ge")
SMOOTH_UNARY = (
    "tanh", "sigmoid", "softplus", "sin", "cos", "arctan", "arcsinh", "expm1", "exp", "neg", "sqr", "log1p",
    "sqrt", "abs", "reciprocal", "log",
)  # fmt: skip
SAFE_ARGUMENT = {  # what keeps the argument within the function's domain and moderate
    "expm1": "sc.tanh({})", "exp": "sc.tanh({})", "log1p": "sc.sqr({})", "sqrt": "sc.sqr({}) + 1",
    "reciprocal": "sc.sqr({}) + 1", "log": "sc.abs({}) + 1", "sqr": "sc.tanh({})",
}  # fmt: skip
# The left sides of rules, so that rewriting has something to do.
SMOOTH_PATTERNS = (
    "sc.log(sc.exp({}))", "sc.log(1 + sc.sqr({}))", "sc.log1p(sc.exp({}))", "sc.exp({}) - 1",
    "1 / (1 + sc.exp(-{}))", "sc.log(sc.sigmoid({}))", "1 - sc.sigmoid({})", "sc.sqrt(sc.sqr({}))", "{0} ** 2",
    "1 / (2 + sc.tanh({}))", "{} / 4.0",
)  # fmt: skip
EXACT_PATTERNS = (
    "{} + 0", "{} * 1", "-(-{})", "{} * -1", "sc.abs(-{})", "sc.maximum({0}, {0})", "{0} * {0}", "(-{0}) * (-{0})",
    "{0} - (-{0})", "{0} + (-{0})", "{} / 1", "({0} + 1) * sc.sign({0})",
)  # fmt: skip


class Node(NamedTuple):
    """A variable of the program and what is known of its value."""

    name: str
    variable: Any
    shape: tuple[int, ...]
    bound: float

    @property
    def dtype(self):
        return self.variable.dtype

    @property
    def size(self):
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass
class Program:
    """A program under construction; mutable because lines are appended."""

    lines: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    arguments: list[np.ndarray] = field(default_factory=list)
    shared: list[Node] = field(default_factory=list)
    updates: dict[str, str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=lambda: {"sc": sc, "np": np})

    def line(self, expression: str) -> str:
        """Append an assignment of the expression to a new name."""
        name = f"v{len(self.lines)}"
        exec(f"{name} = {expression}", self.names)
        self.lines.append(f"{name} = {expression}")
        return name

    def node(self, expression: str, shape: tuple[int, ...], bound: float) -> Node:
        """Append a variable whose concrete shape and magnitude are known."""
        name = self.line(expression)
        node = Node(name, self.names[name], tuple(shape), bound)
        assert node.variable.type.accepts(node.shape), f"{name} = {expression}: {node.variable.type} {shape}"
        self.nodes.append(node)
        return node

    @property
    def variables(self) -> list[Any]:
        return [self.names[name] for name in self.inputs]

    @property
    def results(self) -> list[Any]:
        return [self.names[name] for name in self.outputs]

    @property
    def states(self) -> list[Any]:
        """Every shared variable, those of random streams included."""
        drawn = self.names["rng"].states if "rng" in self.names else []
        return [*(node.variable for node in self.shared), *drawn]

    @property
    def replacements(self) -> dict[Any, Any]:
        """The new values of the shared variables that are updated."""
        return {self.names[name]: self.names[value] for name, value in self.updates.items()}

    def __repr__(self) -> str:
        """The program as a file that can be run alone."""
        values = ", ".join(
            f"np.array({array.tolist()!r}, {array.dtype.name!r}).reshape({array.shape})" for array in self.arguments
        )
        return "\n".join([
            "", "import numpy as np", "import symconv as sc", *self.lines,
            f"inputs, outputs = [{', '.join(self.inputs)}], [{', '.join(self.outputs)}]",
            f"arguments = [{values}]",
            f"updates = {{{', '.join(f'{name}: {value}' for name, value in self.updates.items())}}}",
            "def run(mode):",
            "    f = sc.function(inputs, outputs, updates=updates, on_unused_input='ignore', mode=mode)",
            "    before = [(v, v.get_value()) for v in f.graph.shared]",
            "    results = [*f(*arguments), *(v.get_value() for v, _ in before)]",
            "    for v, value in before: v.set_value(value)",
            "    return results",
            "for a, b in zip(run('compiled'), run('interpreted')):",
            "    np.testing.assert_array_equal(a, b, strict=True)", "",
        ])  # fmt: skip


class Author:
    """Writes one program, asking ``draw`` for every choice; mutable because it writes."""

    def __init__(self, draw: Any, exact: bool, dtypes: tuple[str, ...]) -> None:
        self.draw = draw
        self.exact = exact
        self.dtypes = dtypes
        self.program = Program()
        self.seed = 0

    def choose(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def whether(self) -> bool:
        return self.draw(st.booleans())

    # Leaves

    def values(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        self.seed += 1
        rng = np.random.default_rng(self.seed)
        if dtype == "bool":
            return rng.integers(0, 2, shape).astype(bool)
        if self.exact or dtype[0] in "iu":
            return rng.integers(-3, 4, shape).astype(dtype)
        return rng.uniform(-2, 2, shape).astype(dtype)

    def shape(self, most: int = 4) -> tuple[int, ...]:
        ndim = self.draw(st.integers(0, most))
        sizes = list(self.draw(st.permutations(SIZES)))[:ndim]
        for axis in range(ndim):
            odd = self.draw(st.integers(0, 11))
            if odd < 2:
                sizes[axis] = odd
        while np.prod(sizes, dtype=np.int64) > MOST_ELEMENTS:
            sizes[int(np.argmax(sizes))] = 2
        return tuple(sizes)

    def leaf(self, shape: tuple[int, ...], dtype: str, static: tuple[bool, ...] | None = None) -> Node:
        """An input, a shared variable or a constant of this concrete shape."""
        kind = self.choose(["input", "input", "shared", "constant"])
        value = self.values(shape, dtype)
        text = f"np.array({value.tolist()!r}, {dtype!r}).reshape({shape!r})"
        if kind == "constant":
            return self.program.node(f"sc.constant({text})", shape, 3)
        static = static or tuple(self.whether() for _ in shape)
        known = tuple(size if fixed else None for size, fixed in zip(shape, static, strict=True))
        if kind == "shared":
            node = self.program.node(f"sc.shared({text}, shape={known!r})", shape, 3)
            self.program.shared.append(node)
            return node
        name = f"x{len(self.program.inputs)}"
        node = self.program.node(f"sc.tensor({dtype!r}, {known!r}, name={name!r})", shape, 3)
        self.program.inputs.append(node.name)
        self.program.arguments.append(value)
        return node

    def any(self, **wanted: Any) -> Node:
        """A node, the newest more often; a new leaf where none has the dtype."""
        found = [node for node in self.program.nodes if all(getattr(node, k) in v for k, v in wanted.items())]
        if not found:
            return self.leaf(self.shape(), self.choose(wanted.get("dtype", self.dtypes)))
        back = min(self.draw(st.integers(0, 8)), self.draw(st.integers(0, 8)), len(found) - 1)
        return found[len(found) - 1 - back]

    def partner(self, node: Node) -> Node:
        """Something that broadcasts with a node: the like of it, a part of its axes, a number."""
        ndim = len(node.shape)
        fitting = [
            other
            for other in self.program.nodes
            if other.dtype != "bool" and _together(node, other) and other.size <= MOST_ELEMENTS
        ]
        if fitting and self.draw(st.integers(0, 3)):
            return self.choose(fitting[-6:])
        skipped = self.draw(st.integers(0, ndim))
        shape, static = list(node.shape[skipped:]), [True] * (ndim - skipped)
        for axis in range(len(shape)):
            if node.variable.type.shape[skipped + axis] is None or self.whether():
                if self.whether() or (node.variable.type.shape[skipped + axis] is None and shape[axis] == 1):
                    shape[axis] = 1
                else:
                    static[axis] = shape[axis] != 1 and self.whether()
        if any(n == 1 and s != 1 and node.variable.type.shape[skipped + i] is None
               for i, (n, s) in enumerate(zip(node.shape[skipped:], shape, strict=True))):  # fmt: skip
            shape = [1] * len(shape)
        static = [fixed or size == 1 for fixed, size in zip(static, shape, strict=True)]
        return self.leaf(tuple(shape), self.choose(self.dtypes), tuple(static))

    # Steps

    def add(self, expression: str, shape: tuple[int, ...], bound: float) -> Node | None:
        """Enter a node unless its magnitude could leave the exact range or it is too large."""
        if int(np.prod(shape, dtype=np.int64)) > MOST_ELEMENTS:
            return None
        if self.exact:
            dtype = eval(expression, self.program.names).dtype
            if dtype == "int8":
                bound = 128  # it wraps, exactly
            elif bound > LIMITS[dtype]:
                return None
        return self.program.node(expression, shape, bound)

    def unary(self) -> None:
        node = self.any(dtype=("float32", "float64", "int64", "int32", "int8"))
        if self.exact:
            name = self.choose(EXACT_UNARY)
            self.add(f"sc.{name}({node.name})", node.shape, node.bound**2 if name == "sqr" else max(node.bound, 1))
        else:
            name = self.choose(SMOOTH_UNARY)
            self.add(f"sc.{name}({SAFE_ARGUMENT.get(name, '{}').format(node.name)})", node.shape, 10)

    def pattern(self) -> None:
        node = self.any(dtype=("float32", "float64", "int64", "int32", "int8"))
        if self.exact:
            text = self.choose(EXACT_PATTERNS).format(node.name)
        else:
            text = self.choose(SMOOTH_PATTERNS).format(f"sc.tanh({node.name})")
        self.add(text, node.shape, node.bound**2 + 2 * node.bound + 1)

    def binary(self) -> None:
        first = self.any(dtype=("float32", "float64", "int64", "int32", "int8"))
        name = self.choose(EXACT_BINARY)
        if not self.exact and name in ("maximum", "minimum"):
            name = "add"
        if self.draw(st.integers(0, 4)) == 0:
            number = self.choose([0, 1, -1, 2, 3])
            operands = (first.name, repr(number)) if self.whether() else (repr(number), first.name)
            self.add(f"sc.{name}({', '.join(operands)})", first.shape, first.bound * 3 + 3)
            return
        second = self.partner(first)
        shape = np.broadcast_shapes(first.shape, second.shape)
        operands = (first.name, second.name) if self.whether() else (second.name, first.name)
        bound = first.bound * second.bound if name == "mul" else first.bound + second.bound
        text = f"sc.{name}({', '.join(operands)})"
        self.add(text if self.exact or name != "mul" else f"sc.tanh({text})", shape, bound)

    def choice(self) -> None:
        first = self.any(dtype=("float32", "float64", "int64"))
        second = self.partner(first)
        if self.exact:
            condition = f"sc.{self.choose(COMPARISONS)}({first.name}, {second.name})"
            if self.whether():
                self.add(condition, np.broadcast_shapes(first.shape, second.shape), 1)
        else:
            condition = f"sc.constant({self.choose([True, False])})"
        shape = np.broadcast_shapes(first.shape, second.shape)
        self.add(f"sc.switch({condition}, {first.name}, {second.name})", shape, max(first.bound, second.bound))

    def cast(self) -> None:
        node = self.any()
        dtype = self.choose(self.dtypes)
        if node.bound <= LIMITS[dtype] and (self.exact or dtype[0] == "f"):
            self.add(f"sc.cast({node.name}, {dtype!r})", node.shape, node.bound)

    def reduction(self) -> None:
        node = self.any(dtype=("float32", "float64", "int64", "int32", "int8"))
        ndim = len(node.shape)
        axes = tuple(axis for axis in range(ndim) if self.whether())
        keepdims = self.whether()
        kind = self.choose(["sum", "sum", "max", "min"] if self.exact else ["sum", "mean"])
        count = int(np.prod([node.shape[axis] for axis in axes], dtype=np.int64))
        if kind != "sum" and count == 0:
            kind = "sum"
        shape = tuple(
            1 if axis in axes else size for axis, size in enumerate(node.shape) if keepdims or axis not in axes
        )
        bound = node.bound * (max(count, 1) if kind == "sum" else 1)
        self.add(f"sc.{kind}({node.name}, axis={axes!r}, keepdims={keepdims})", shape, bound)

    def shuffle(self) -> None:
        node = self.any()
        order: list[Any] = list(self.draw(st.permutations(range(len(node.shape)))))
        dropped = [axis for axis in order if node.variable.type.shape[axis] == 1 and self.whether()]
        order = [axis for axis in order if axis not in dropped]
        for _ in range(self.draw(st.integers(0, max(0, 4 - len(order))))):
            order.insert(self.draw(st.integers(0, len(order))), "x")
        shape = tuple(1 if axis == "x" else node.shape[axis] for axis in order)
        self.add(f"{node.name}.dimshuffle({', '.join(map(repr, order))})", shape, node.bound)

    def reshape(self) -> None:
        node = self.any()
        if self.whether():
            ndim = self.draw(st.integers(1, max(1, len(node.shape))))
            rest = int(np.prod(node.shape[ndim - 1 :], dtype=np.int64))
            self.add(f"{node.name}.flatten({ndim})", (*node.shape[: ndim - 1], rest), node.bound)
            return
        sizes = [size for size in node.shape if size != 1]
        sizes = list(self.draw(st.permutations(sizes)))
        if len(sizes) > 1 and self.whether():
            sizes = [sizes[0] * sizes[1], *sizes[2:]]
        text = list(sizes)
        if text and 0 not in sizes and self.whether():
            text[self.draw(st.integers(0, len(text) - 1))] = -1
        self.add(f"{node.name}.reshape({tuple(text)!r})", tuple(sizes), node.bound)

    def number(self, value: int) -> str:
        """An integer as it is, or an input that has it as its value: then the graph is cut, or not."""
        if self.draw(st.integers(0, 3)):
            return repr(value)
        name = self.program.line(f"sc.lscalar({f'i{len(self.program.inputs)}'!r})")
        self.program.inputs.append(name)
        self.program.arguments.append(np.array(value))
        return name

    def part(self) -> None:
        """What an index takes, or the tensor with something written there."""
        node = self.any()
        texts, key = [], []
        for size in node.shape:
            kind = self.choose(["number", "slice", "slice", "array", "new"])
            if kind == "new":
                texts.append("None")
                key.append(None)
            if kind == "number" and size:
                key.append(self.draw(st.integers(-size, size - 1)))
                texts.append(self.number(key[-1]))
            elif kind == "array" and size:
                key.append([self.draw(st.integers(-size, size - 1)) for _ in range(3)])
                texts.append(repr(key[-1]))
            else:
                start, stop = (self.draw(st.integers(-size - 1, size + 1)) for _ in range(2))
                step = self.choose([1, 1, 2, -1, -2])
                key.append(slice(start, stop, step))
                texts.append(f"{self.number(start)}:{self.number(stop)}:{step}")
        if not texts:
            return
        shape = np.empty(node.shape)[tuple(key)].shape
        text = f"{node.name}[{', '.join(texts)}]"
        if len(shape) > 5 or self.draw(st.integers(0, 2)):
            self.add(text, shape, node.bound)
            return
        name = self.choose(["set", "inc"])
        repeats = node.size if name == "inc" else 1
        self.add(f"sc.{name}_subtensor({text}, 1)", node.shape, node.bound + 3 * max(repeats, 1))

    def arrangement(self) -> None:
        """Elements in other places: joined, repeated, rolled, reversed, sorted."""
        node = self.any(dtype=("float32", "float64", "int64", "int32", "int8"))
        if not node.shape:
            return
        axis = self.choose(range(len(node.shape)))
        kinds = ["join", "repeat", "roll", "flip", "pad", *(["sort"] if self.exact else [])]
        text, longer = {
            "join": (f"sc.join({axis}, {node.name}, {node.name} * 2)", lambda size: 2 * size),
            "repeat": (f"sc.repeat({node.name}, 2, {axis})", lambda size: 2 * size),
            "roll": (f"sc.roll({node.name}, 3, {axis})", int),
            "flip": (f"sc.flip({node.name}, {axis})", int),
            "pad": (f"sc.pad({node.name}, {[(0, 0)] * axis + [(1, 2)] + [(0, 0)] * (len(node.shape) - axis - 1)})",
                    lambda size: size + 3),
            "sort": (f"sc.sort({node.name}, {axis})", int),
        }[self.choose(kinds)]  # fmt: skip
        shape = (*node.shape[:axis], longer(node.shape[axis]), *node.shape[axis + 1 :])
        self.add(text, shape, 2 * node.bound)

    def product(self) -> None:
        node = self.any(dtype=("float32", "float64"))
        if not node.shape:
            return
        columns = self.choose(SIZES)
        shape = (node.shape[-1], columns) if self.whether() else (node.shape[-1],)
        other = self.leaf(shape, node.dtype)
        inner = max(node.shape[-1], 1)
        text = f"sc.dot({node.name}, {other.name})"
        self.add(text if self.exact else f"sc.tanh({text})", (*node.shape[:-1], *shape[1:]), node.bound * 3 * inner)

    def convolution(self) -> None:
        node = self.any(dtype=("float32", "float64"))
        while 0 < len(node.shape) < 4:
            ndim = len(node.shape)
            order = ", ".join(["'x'", *map(str, range(ndim))])
            node = self.program.node(f"{node.name}.dimshuffle({order})", (1, *node.shape), node.bound)
        if len(node.shape) != 4:
            return
        batch, channels, rows, columns = node.shape
        height, width = self.choose([1, 2, 3]), self.choose([1, 2, 3])
        stride, pad = (self.choose([1, 2]), self.choose([1, 3])), (self.choose([0, 1]), self.choose([0, 2]))
        if 0 in (channels, rows, columns) or rows + 2 * pad[0] < height or columns + 2 * pad[1] < width:
            return
        maps = self.choose([1, 2, 3])
        filters = self.leaf((maps, channels, height, width), node.dtype)
        shape = (
            batch, maps, (rows + 2 * pad[0] - height) // stride[0] + 1, (columns + 2 * pad[1] - width) // stride[1] + 1
        )  # fmt: skip
        text = (
            f"sc.conv2d({node.name}, {filters.name}, border_mode={pad!r}, subsample={stride!r}, "
            f"filter_flip={self.whether()})"
        )
        bound = node.bound * 3 * channels * height * width
        result = self.add(text if self.exact else f"sc.tanh({text})", shape, bound)
        if result is not None and self.whether():
            bias = self.leaf((maps,), node.dtype)
            self.add(f"{result.name} + {bias.name}.dimshuffle('x', 0, 'x', 'x')", shape, result.bound + 3)

    def write(self, steps: int) -> Program:
        self.leaf(self.shape(), self.choose(self.dtypes))
        kinds = [
            self.unary, self.binary, self.binary, self.pattern, self.choice, self.cast, self.reduction,
            self.shuffle, self.reshape, self.part, self.arrangement, self.product, self.convolution,
        ]  # fmt: skip
        kinds += [partial(step, self) for step in STEPS]
        for _ in range(steps):
            self.choose(kinds)()
        program = self.program
        for node in program.shared:
            self.update(node)
        wanted = self.draw(st.integers(1, 3))
        program.outputs = [program.nodes[-1].name]
        program.outputs += [self.choose(program.nodes).name for _ in range(wanted - 1)]
        return program


    def update(self, node: Node) -> None:
        """A new value for a shared variable, if any: something of its type, another one's value say."""
        static = node.variable.type.shape
        fitting = [
            other.name
            for other in self.program.nodes
            if other.dtype == node.dtype and other.shape == node.shape
            and all(b is not None for a, b in zip(static, other.variable.type.shape, strict=True) if a is not None)
        ]  # fmt: skip
        if self.whether():
            self.program.updates[node.name] = self.choose(fitting)


def _together(first: Node, second: Node) -> bool:
    """Whether two nodes broadcast, both as far as is known while building and with their real sizes."""
    pairs = zip(
        zip(reversed(first.shape), reversed(first.variable.type.shape), strict=True),
        zip(reversed(second.shape), reversed(second.variable.type.shape), strict=True),
        strict=False,  # the shorter one has 1s in front
    )
    return all(a == b or (a == 1 and known_a == 1) or (b == 1 and known_b == 1) for (a, known_a), (b, known_b) in pairs)


@st.composite
def programs(
    draw: Any, exact: bool, steps: int = 9, dtypes: tuple[str, ...] = ("float32", "float64", "int64", "int8", "bool")
) -> Program:
    """Programs of up to ``steps`` steps with their arguments."""
    if not exact:
        dtypes = tuple(dtype for dtype in dtypes if dtype[0] == "f")
    return Author(draw, exact, dtypes).write(draw(st.integers(1, steps)))


@contextmanager
def tiny_blocks(threads: int = 2, tile_bytes: int = 512, parallel_bytes: int = 64) -> Iterator[None]:
    """Settings under which arrays of a few hundred elements are cut into blocks and shared among threads."""
    with (
        mock.patch.multiple(
            Machine, PARALLEL_BYTES=parallel_bytes, CALL=0.01, START=0.0, RUN=0.0, SPILL=5.0
        ),
        sc.settings(threads=threads, tile_bytes=tile_bytes),
    ):
        yield
