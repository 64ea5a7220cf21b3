"""A program becomes Python source that a person can read, and the source becomes code; imports program.

    module      = docstring, make_memory, make_scratch, kernel*, settle, run
    kernel      = def, docstring, statement*, return?  a loop's body is a function of its own: a block
    statement   = view "=" expression | view "[...]" "=" expression | np.function(..., out=view)
                | result "=" np.function(...)          where a result begins with one call: see ``_begun``

The source is flat: one assignment a line, shallow expressions. Before it is executed it is parsed and
held against the list of syntax that this grammar needs.
"""

import ast
import linecache
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from symconv.compile.elementwise import result_dtype
from symconv.compile.memory import Arena, Memory, allocate
from symconv.compile.program import (
    LETTERS,
    SHORTEST_ROW,
    Call,
    Kernel,
    Loop,
    Program,
    reduced_axes,
    summed_in_rows,
)
from symconv.compile.selecting import select
from symconv.compile.threads import parallel, serial
from symconv.compile.values import Buffer, Number, Size, Symbolic, Value, View, render, sizes_text, times
from symconv.errors import CompileError

WIDTH = 110
LEAST_SELECTED = 4096  # elements from where on a choice by bits is faster
LEAST_CLIPPED = 8192  # the same for ``clip`` in the place of the larger of elements and a number


class Source(NamedTuple):
    """The text of a program and what it names.

    Attributes
    ----------
    text : str
        Python source.
    namespace : dict
        Everything besides that the text refers to: NumPy, constants, tasks, ops without a lowering.
    """

    text: str
    namespace: dict[str, Any]


def emit(program: Program, memory: Memory, title: str, given: bool = False) -> Source:
    """Write the source of a program; with ``given`` it takes arrays for its results, behind its inputs."""
    namespace: dict[str, Any] = {
        "np": np, "parallel": parallel, "serial": serial, "allocate": allocate, "select": select,
        **program.constants, **program.performs, **dict(program.spares.values()),
    }  # fmt: skip
    loops = {loop: f"{kernel.name}_scratch{_suffix(number)}"
             for kernel in program.all_kernels for number, loop in enumerate(_loops(kernel))}  # fmt: skip
    parts = [f'"""{_clean(title)}"""']
    if memory.shared.slots:
        parts.append(_arena("make_memory", "What passes between kernels.", memory.shared))
    if any(arena.slots for arena in memory.scratch.values()):
        parts.append(_scratch(memory, loops))
    begun = {} if given else _begun(program)
    for kernel in program.all_kernels:
        parts.extend(_kernel(kernel, memory, namespace, begun.get(kernel.name, [])))
    if program.settled:
        parts.append(_settle(program, memory))
    parts.append(_run(program, memory, given, begun))
    return Source("\n\n\n".join(parts) + "\n", namespace)


# Memory


def _slot_lines(arena: Arena) -> list[str]:
    lines = []
    for slot in arena.slots:
        buffer = slot.buffer
        shape = "" if slot.shape is None else _shaped(buffer)
        name = buffer.name if slot.shape is not None else f"{buffer.name}_memory"
        part = f"arena[{slot.offset}:{slot.offset + slot.size}]"
        lines.append(f"    {name} = {part}.view(np.{_dtype(buffer)}){shape}")
    return lines


def _slot_names(arena: Arena) -> list[str]:
    return [s.buffer.name if s.shape is not None else f"{s.buffer.name}_memory" for s in arena.slots]


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _arena(name: str, doc: str, arena: Arena) -> str:
    lines = [f"def {name}():", f'    """{doc}"""', f"    arena = allocate({arena.size})"]
    lines += _slot_lines(arena)
    return "\n".join([*lines, f"    return {_tuple(_slot_names(arena))}"])


def _scratch(memory: Memory, loops: dict[Loop, str]) -> str:
    doc = "What one worker needs; the loops follow one another and share it."
    lines = ["def make_scratch():", f'    """{doc}"""']
    lines.append(f"    arena = allocate({memory.scratch_bytes})")
    names = []
    for loop, arena in memory.scratch.items():
        if arena.slots:
            lines += _slot_lines(arena)
            lines.append(f"    {loops[loop]} = {_tuple(_slot_names(arena))}")
            names.append(loops[loop])
    return "\n".join([*lines, f"    return {_tuple(names)}"])


# Kernels


def _begun(program: Program) -> dict[str, list[Buffer]]:
    """For each kernel without loops the results that it makes by the first call that writes them.

    NumPy then allocates them there, in half the time of an ``np.empty`` before it.
    """
    results = {output for output in program.outputs if isinstance(output, Buffer)}
    results = {b for b in results if b.kind == "output" and b.name not in program.spares and not b.order}
    begun: dict[str, list[Buffer]] = {}
    for kernel in program.kernels:
        fresh = [buffer for buffer in kernel.buffers if buffer in results]
        results.difference_update(fresh)
        if not kernel.straight:
            continue
        first: dict[Buffer, bool] = {}
        for call, _ in kernel.calls():
            for value in (*call.operands, *call.out):
                if isinstance(value, Value) and value.buffer not in first:
                    first[value.buffer] = call.out == (value,) and _allocates(call)
        begun[kernel.name] = [buffer for buffer in fresh if first[buffer]]
    return begun


def _allocates(call: Call) -> bool:
    """Whether a call without ``out`` gives an array of its own, just as the one that it is to write."""
    (out,) = call.out
    if not isinstance(out, Buffer) or not out.ndim or call.options or _by_bits(call) or _bounded(call):
        return False
    if not isinstance(getattr(np, call.function, None), np.ufunc):
        return False
    values = [operand for operand in call.operands if isinstance(operand, Value)]
    if call.function != "matmul" and np.broadcast_shapes(*[value.shape for value in values]) != out.shape:  # type: ignore[arg-type]
        return False
    given = (np.dtype(o.dtype) if isinstance(o, Value) else _type_of(o) for o in call.operands)
    return result_dtype(call.function, tuple(given)) == out.dtype


def _type_of(number: Number) -> type:
    """The Python type of a literal."""
    return float if "np." in number.text else type(ast.literal_eval(number.text))


def _kernel(kernel: Kernel, memory: Memory, namespace: dict[str, Any], begun: list[Buffer]) -> Iterator[str]:
    """The functions of one kernel: its loops' blocks, then itself; it returns the results that it begins."""
    body: list[str] = []
    straight: list[Call] = []
    numbers = {loop: number for number, loop in enumerate(_loops(kernel))}
    using = _using(kernel, memory)
    for instr in kernel.body:
        if not isinstance(instr, Loop):
            straight.append(instr)
            continue
        body += _statements(straight, begun)
        straight = []
        suffix = _suffix(numbers[instr])
        block = f"{kernel.name}_block{suffix}"
        yield _block(block, instr, memory)
        tasks = f"{kernel.name}_tasks{suffix}"
        namespace[tasks] = _tasks(instr)
        how = "parallel" if instr.parallel and not (instr.alone and not _uses_blas(instr)) else "serial"
        several = len(using) > 1 and instr in using
        workers = "scratch[:1]" if instr.alone else "scratch"
        own = f"[worker[{using.index(instr)}] for worker in {workers}]" if several else workers
        body.append(f"    {how}({block}, {tasks}, {own}, {_tuple(_loop_arguments(instr))})")
    body += _statements(straight, begun)
    if begun:
        made = ", ".join(buffer.name for buffer in begun)
        last = body[-1].removeprefix(f"    {made} = ")
        body[-1:] = [f"    return {last}"] if last != body[-1] else [body[-1], f"    return {made}"]
    scratch = ["scratch"] if any(isinstance(instr, Loop) for instr in kernel.body) else []
    arguments = [*_arguments(kernel, begun), *scratch]
    yield _function(kernel.name, arguments, _docstring(kernel.comment, "    "), body)


def _loops(kernel: Kernel) -> list[Loop]:
    return [instr for instr in kernel.body if isinstance(instr, Loop)]


def _uses_blas(loop: Loop) -> bool:
    """Whether anything in a loop may call BLAS, which is to have one thread there."""
    return any(call.function.startswith(("matmul", "products", "into:", "perform:")) for call in loop.body)


def _using(kernel: Kernel, memory: Memory) -> list[Loop]:
    """The loops of a kernel that need scratch."""
    return [loop for loop in _loops(kernel) if memory.scratch[loop].slots]


def _suffix(number: int) -> str:
    """What tells the second, third ... loop of a kernel from the first."""
    return "" if number == 0 else f"_{number + 1}"


def _tasks(loop: Loop) -> list[tuple[int, ...]]:
    """The values of the loop's symbols for every block."""
    return [sum(choice, ()) for choice in product(*(span.values for span in loop.ranges))]


def _arguments(kernel: Kernel, begun: Sequence[Buffer]) -> list[str]:
    return [
        buffer.name
        for buffer in kernel.buffers
        if buffer.kind not in ("constant", "scratch") and buffer not in begun
    ]


def _loop_arguments(loop: Loop) -> list[str]:
    return [
        buffer.name for buffer in Kernel("", (), [loop]).buffers if buffer.kind not in ("constant", "scratch")
    ]


def _block(name: str, loop: Loop, memory: Memory) -> str:
    """The body of a loop as a function of where the block begins and how long it is."""
    symbols = [symbol for span in loop.ranges for symbol in span.symbols]
    arena = memory.scratch[loop]
    lines = []
    if arena.slots:
        names = _slot_names(arena)
        lines.append(f"    {', '.join(names)}{',' if len(names) == 1 else ''} = scratch")
    for slot in arena.slots:
        if slot.shape is None:
            buffer = slot.buffer
            count = " * ".join(_factor(size) for size in buffer.shape if size != 1)
            lines.append(f"    {buffer.name} = {buffer.name}_memory[:{count}]{_shaped(buffer)}")
    return _function(name, [*symbols, *_loop_arguments(loop), "scratch"], [], lines + _statements(loop.body))


def _shaped(buffer: Buffer) -> str:
    """What makes the buffer's axes of its memory."""
    if buffer.ndim == 1:
        return ""
    text = f".reshape({', '.join(map(str, buffer.laid_out)) or '()'})"
    if buffer.order:
        text += f".transpose({', '.join(str(buffer.order.index(axis)) for axis in range(buffer.ndim))})"
    return text


def _factor(size: Size) -> str:
    """A size within a product."""
    return f"({size})" if isinstance(size, Symbolic) and " " in str(size) else str(size)


def _function(name: str, arguments: Sequence[str], doc: list[str], body: Sequence[str]) -> str:
    heading = f"def {name}({', '.join(arguments)}):"
    if len(heading) > WIDTH:
        heading = f"def {name}(\n    {', '.join(arguments)},\n):"
    return "\n".join([heading, *doc, *(body or ["    pass"])])


def _docstring(comment: Sequence[str], indent: str) -> list[str]:
    lines = [_clean(line) for line in comment]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', "", *(f"{indent}{line}" for line in lines[1:]), f'{indent}"""']


def _clean(text: str) -> str:
    """Text for a comment: no control characters, nothing that ends a docstring."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.replace("\\", "/").replace('"""', "'''").replace('"', "'")


# Statements


def _statements(calls: Sequence[Call], begun: Sequence[Buffer] = ()) -> list[str]:
    """Calls as statements; a view that is used more than once gets a name."""
    return _Writer(calls, begun).lines


class _Writer:
    """Names the views of one function; mutable because it remembers them, and what has not begun yet."""

    def __init__(self, calls: Sequence[Call], begun: Sequence[Buffer]) -> None:
        self.waiting = set(begun)
        self.names: dict[str, str] = {}
        values = [value for call in calls for value in (*call.operands, *call.out)]
        self.taken: set[str] = {value.buffer.name for value in values if isinstance(value, Value)}
        self.taken.update(call.function.partition(":")[2] for call in calls)
        self.lines: list[str] = []
        self.uses: dict[str, int] = {}
        for call in calls:
            for value in (*call.operands, *call.out):
                self._count(value)
        for call in calls:
            self._write(call)

    def _count(self, value: Any) -> None:
        while isinstance(value, View):
            text = render(value)
            self.uses[text] = self.uses.get(text, 0) + 1
            if self.uses[text] > 1:
                return
            value = value.base

    def _text(self, value: Any, direct: bool = False) -> str:
        """An operand as an expression, its views named where that helps."""
        while isinstance(value, View) and value.how == "declare":
            value = value.base  # the caller has made the array so
        if not isinstance(value, View):
            return str(value)
        key = render(value)
        if key in self.names:
            return self.names[key]
        base = self._text(value.base)
        text = base + key[len(render(value.base)) :]
        often = self.uses[key] > 1
        chained = isinstance(value.base, View) and render(value.base) not in self.names
        if not often and (direct or not chained):
            return text
        name = self._name(value)
        self.names[key] = name
        self.lines.append(f"    {name} = {text}")
        return name

    def _name(self, view: View) -> str:
        suffix = {"index": "part", "reshape": f"{view.ndim}d", "transpose": "turned"}[view.how]
        wanted = f"{view.buffer.name}_{suffix}"
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name

    def _write(self, call: Call) -> None:
        function, _, bound = call.function.partition(":")
        if function == "perform":
            self._perform(bound, call)
            return
        operands = [self._text(operand) for operand in call.operands]
        (out,) = call.out
        if function == "into":
            self.lines.append(f"    {bound}({', '.join([*operands, self._text(out)])})")
        elif function == "copy":
            self.lines.append(f"    {self._target(out)} = {operands[0]}")
        elif function == "where" and _by_bits(call):
            self.lines.append(f"    select({', '.join([*operands, self._text(out)])})")
        elif function == "where":
            condition, chosen, otherwise = operands
            target = self._text(out)
            if otherwise != target:
                self.lines.append(f"    np.copyto({target}, {otherwise})")
            self.lines.append(f"    np.copyto({target}, {chosen}, where={condition})")
        elif function == "products.sum":
            self._sum_of_products(operands, call)
        elif (subscripts := row_sums(call)) is not None:
            target = self._text(out) + ("[..., 0]" if ("keepdims", "True") in call.options else "")
            self.lines.append(f'    np.einsum("{subscripts}", {operands[0]}, out={target})')
        elif (bounded := _bounded(call)) is not None:
            place, bounds = bounded
            self.lines.append(f"    np.clip({operands[place]}, {bounds}, out={self._text(out)})")
        elif out in self.waiting:
            self.waiting.discard(out)
            order = ['order="C"'] if out.ndim > 1 else []
            self.lines.append(f"    {out} = np.{function}({', '.join([*operands, *order])})")
        else:
            options = [f"{name}={text}" for name, text in call.options]
            arguments = ", ".join([*operands, f"out={self._text(out)}", *options])
            self.lines.append(f"    np.{function}({arguments})")

    def _sum_of_products(self, operands: list[str], call: Call) -> None:
        """Along a long last axis BLAS has a product of vectors for each row."""
        first, (out,) = call.operands[0], call.out
        assert isinstance(first, Value)
        (axis,) = reduced_axes(call.options)
        kept = ("keepdims", "True") in call.options
        target = self._text(out)
        if kept:
            target += f"[{', '.join([':'] * axis + ['0'])}]" if axis < first.ndim - 1 else "[..., 0]"
        length = first.shape[axis]
        if axis == first.ndim - 1 and isinstance(length, int) and length >= SHORTEST_ROW:
            self.lines.append(f"    np.vecdot({', '.join(operands)}, out={target})")
            return
        letters = LETTERS[: first.ndim]
        left = letters[:axis] + letters[axis + 1 :]
        self.lines.append(
            f'    np.einsum("{letters},{letters}->{left}", {", ".join(operands)}, out={target})'
        )

    def _target(self, out: Value) -> str:
        """The left side of an assignment into a value."""
        unnamed = isinstance(out, View) and out.how == "index" and render(out) not in self.names
        if unnamed and self.uses[render(out)] == 1:
            return self._text(out, direct=True)
        return f"{self._text(out)}[...]"

    def _perform(self, name: str, call: Call) -> None:
        arguments = ", ".join(self._text(operand) for operand in call.operands)
        targets = [self._target(out) for out in call.out]
        if len(targets) == 1:
            self.lines.append(f"    {targets[0]} = {name}({arguments})")
        else:
            self.lines.append(f"    {', '.join(targets)} = {name}({arguments})")


def _by_bits(call: Call) -> bool:
    """Whether a choice is made by ``select``: of numbers of the result's dtype, and of many of them."""
    (out,) = call.out
    condition, *chosen = call.operands
    values = [operand for operand in chosen if isinstance(operand, Value)]
    size = times(out.shape)
    many = not isinstance(size, int) or size >= LEAST_SELECTED
    many = many and isinstance(condition, Value) and condition.dtype == "bool"
    return many and out.dtype in ("float32", "float64") and all(v.dtype == out.dtype for v in values)


def _bounded(call: Call) -> tuple[int, str] | None:
    """Which operand of the larger or smaller of it and a number, and its bounds for ``clip``.

    That is vectorised where ``maximum`` of a number is not: with many elements it takes a third of the time.
    """
    if call.function not in ("maximum", "minimum") or call.options:
        return None
    (out,) = call.out
    for place, (value, number) in enumerate((call.operands, call.operands[::-1])):
        if isinstance(value, Value) and isinstance(number, Number) and number.text != "np.nan":
            size = times(value.shape)
            many = not isinstance(size, int) or size >= LEAST_CLIPPED
            alike = value.dtype == out.dtype in ("float32", "float64") and value.shape == out.shape
            bounds = f"{number}, np.inf" if call.function == "maximum" else f"-np.inf, {number}"
            return (place, bounds) if many and alike else None
    return None


def row_sums(call: Call) -> str | None:
    """Subscripts for ``einsum``, where it sums rows faster than ``add.reduce``: 3 times in single precision.

    See ``summed_in_rows``.
    """
    options = dict(call.options)
    if call.function != "add.reduce" or set(options) - {"axis", "keepdims"}:
        return None
    (operand,), (out,) = call.operands, call.out
    if not isinstance(operand, Value) or out.dtype != operand.dtype:
        return None
    ndim = operand.ndim
    last = options.get("axis") in (f"({ndim - 1},)", str(ndim - 1), "-1")
    if not last or ndim > len(LETTERS) or not summed_in_rows(operand.dtype, operand.shape):
        return None
    return f"{LETTERS[:ndim]}->{LETTERS[: ndim - 1]}"


# The whole


def _settle(program: Program, memory: Memory) -> str:
    """What runs where versions of shared values are new: their arrays, and the plan's memory."""
    lines = [*_opening(program, memory, program.settled), *_steps(program.settled, memory, 0, {})]
    arguments = [buffer.name for buffer in settling(program)]
    doc = ['    """Once per version of the shared values."""']
    return _function("settle", [*arguments, "memory", "scratch"], doc, lines)


def settling(program: Program) -> list[Buffer]:
    """The inputs that the settled kernels read, in order."""
    read = {buffer for kernel in program.settled for buffer in kernel.buffers}
    return [buffer for buffer in program.inputs if buffer in read]


def _opening(program: Program, memory: Memory, kernels: Sequence[Kernel]) -> list[str]:
    """Names for the memory, and arrays made contiguous that some kernels need so."""
    lines = []
    if memory.shared.slots:
        names = _slot_names(memory.shared)
        lines.append(f"    {', '.join(names)}{',' if len(names) == 1 else ''} = memory")
    read = {buffer for kernel in kernels for buffer in kernel.buffers} if program.settled else program.inputs
    return lines + [
        f'    {buffer.name} = np.asarray({buffer.name}, order="C")'
        for buffer in program.inputs
        if buffer in program.contiguous and buffer in read
    ]


def _steps(
    kernels: Sequence[Kernel], memory: Memory, position: int, begun: dict[str, list[Buffer]]
) -> Iterator[str]:
    """The calls of kernels; the first loop's scratch is at a position of a worker's."""
    for kernel in kernels:
        made = begun.get(kernel.name, [])
        target = f"{', '.join(buffer.name for buffer in made)} = " if made else ""
        extra = []
        if _loops(kernel):
            count = len(_using(kernel, memory))
            index = str(position) if count == 1 else f"{position}:{position + count}"
            extra = [f"[worker[{index}] for worker in scratch]" if count else "scratch"]
            position += count
        yield f"    {target}{kernel.name}({', '.join([*_arguments(kernel, made), *extra])})"


def _run(program: Program, memory: Memory, given: bool, begun: dict[str, list[Buffer]]) -> str:
    arguments = [buffer.name for buffer in program.inputs]
    lines = _opening(program, memory, program.kernels)
    used = [buffer for kernel in program.kernels for buffer in kernel.buffers]
    used += [output.buffer for output in program.outputs]  # one of no elements nobody writes
    fresh = dict.fromkeys(buffer for buffer in used if buffer.kind == "output")
    if given:
        arguments += [output.buffer.name for output in program.outputs]
    made = {buffer for buffers in begun.values() for buffer in buffers}
    for b in fresh:
        if b in made or (given and b in program.outputs):
            continue
        empty, _ = program.spares.get(b.name, ("np.empty", None))
        lines.append(f"    {b.name} = {empty}({sizes_text(b.shape)}, np.{_dtype(b)})")
    position = sum(len(_using(kernel, memory)) for kernel in program.settled)
    lines += _steps(program.kernels, memory, position, begun)
    results = ", ".join(render(output) for output in program.outputs)
    if not given:
        lines.append(f"    return ({results}{',' if len(program.outputs) == 1 else ''})")
    return _function("run", [*arguments, "memory", "scratch"], [], lines)


def _dtype(buffer: Buffer) -> str:
    return "bool_" if buffer.dtype == "bool" else buffer.dtype


# From source to code

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Expr, ast.Constant, ast.Assign, ast.Return,
    ast.Pass, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice,
    ast.Tuple, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.UnaryOp, ast.USub, ast.ListComp, ast.comprehension,
)  # fmt: skip
_TEXTS = ("id", "attr", "arg", "name", "kind", "type_comment", "ctx")  # what no node can be hidden in
_FIELDS = {
    kind: tuple(name for name in kind._fields if kind is not ast.Constant and name not in _TEXTS)
    for kind in _ALLOWED
}


def load(source: Source, filename: str) -> dict[str, Any]:
    """Check the source, register it for tracebacks and debuggers, and execute it.

    Returns
    -------
    dict
        The namespace, with ``run`` and, where there is memory, ``make_memory`` and ``make_scratch``.

    Raises
    ------
    CompileError
        Where the source holds anything that the grammar does not.
    """
    tree = ast.parse(source.text, filename)
    _check_grammar(tree)
    lines = source.text.splitlines(keepends=True)
    linecache.cache[filename] = (len(source.text), None, lines, filename)
    namespace = {"__builtins__": {}, **source.namespace}
    exec(compile(tree, filename, "exec"), namespace)
    return namespace


def _check_grammar(tree: ast.Module) -> None:
    """Refuse what the grammar does not have; ``ast.walk`` would take three times as long."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        fields = _FIELDS.get(type(node))
        private = type(node) is ast.Attribute and node.attr.startswith("_")
        named = type(node) is ast.Name and "__" in node.id
        if fields is None or private or named:
            found = ast.dump(node)[:80]
            raise CompileError(f"generated source holds {found}, which its grammar does not have")
        for name in fields:
            child = getattr(node, name)
            if type(child) is list:
                waiting += [one for one in child if one is not None]
            elif isinstance(child, ast.AST):
                waiting.append(child)
