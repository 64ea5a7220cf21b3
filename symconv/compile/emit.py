"""A program becomes Python source that a person can read; imports program, and what writes statements.

    module      = docstring, make_memory, make_scratch, kernel*, settle, run
    kernel      = def, docstring, statement*, return?  a loop's body is a function of its own: a block
    statement   see statements.py

The source is flat: one assignment a line, shallow expressions.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from symconv.compile.memory import Arena, Memory, allocate
from symconv.compile.program import (
    Call,
    Kernel,
    Loop,
    Program,
)
from symconv.compile.selecting import select
from symconv.compile.statements import results_begun, statements
from symconv.compile.threads import parallel, serial
from symconv.compile.values import Buffer, Size, Symbolic, render, sizes_text

WIDTH = 110


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
    made = {} if given else results_begun(program)
    for kernel in program.all_kernels:
        parts.extend(_kernel(kernel, memory, namespace, made.get(kernel.name, [])))
    if program.settled:
        parts.append(_settle(program, memory))
    parts.append(_run(program, memory, given, made))
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
        body += statements(straight, begun)
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
    body += statements(straight, begun)
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
    return _function(name, [*symbols, *_loop_arguments(loop), "scratch"], [], lines + statements(loop.body))


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
