"""What depends on shared values alone is computed once per version of them; imports program.

    program  = settled kernel*, kernel*
    settled    reads shared values, constants and what settled kernels write; writes memory

A filter bank laid out anew, its transforms: they stay in a plan's memory from call to call. The plan runs the
settled kernels where that memory was not made from the versions that the shared values have now. What depends
on a shared value that the program itself updates stays where it is, for that has a new version at every call.
So does what Python of the user's computes, and what is so small that comparing versions would take longer.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from symconv.compile.program import Call, Instr, Kernel, Loop, Program
from symconv.compile.values import Buffer, Value, concrete

LEAST_BYTES = 1 << 13  # of memory that settled kernels leave


class _Access(NamedTuple):
    """The buffers that an instruction reads and writes, but for scratch."""

    reads: frozenset[Buffer]
    writes: frozenset[Buffer]


def settle(program: Program, changing: frozenset[Buffer]) -> Program:
    """The program with its settled kernels apart.

    Parameters
    ----------
    program : Program
        As it was lowered.
    changing : frozenset of Buffer
        The shared values that it updates.
    """
    instrs = {id(instr): _access(instr) for kernel in program.kernels for instr in kernel.body}
    settled = _settled(program, instrs, changing)
    kept = {buffer for number, access in instrs.items() if number in settled for buffer in access.writes}
    kept &= {buffer for number, access in instrs.items() if number not in settled for buffer in access.reads}
    if sum(concrete(b.elements, {}) * np.dtype(b.dtype).itemsize for b in kept) < LEAST_BYTES:
        return program
    first: list[Kernel] = []
    then: list[Kernel] = []
    for kernel in program.kernels:
        inside = [instr for instr in kernel.body if id(instr) in settled]
        left = [instr for instr in kernel.body if id(instr) not in settled]
        if inside and left:
            what = (kernel.comment[0], "once per version of the shared values")
            first.append(Kernel(f"{kernel.name}_settled", what, inside, kernel.node))
            then.append(kernel._replace(body=left))
        else:
            (first if inside else then).append(kernel)
    return program._replace(settled=tuple(first), kernels=tuple(then))


def _access(instr: Instr) -> _Access:
    """What an instruction reads and writes."""
    calls = instr.body if isinstance(instr, Loop) else [instr]
    reads = {v.buffer for call in calls for v in call.operands if isinstance(v, Value)}
    writes = {v.buffer for call in calls for v in call.out}
    return _Access(*(frozenset(b for b in some if b.kind != "scratch") for some in (reads, writes)))


def _settled(program: Program, instrs: dict[int, _Access], changing: frozenset[Buffer]) -> set[int]:
    """The instructions that depend on shared values alone, and write what no other instruction does."""
    results = {output.buffer for output in program.outputs}
    left = {
        id(instr)
        for kernel in program.kernels
        for instr in kernel.body
        if not any(call.function.startswith("perform:") for call in _calls(instr))
    }
    while True:
        unsettled = {b for number, access in instrs.items() if number not in left for b in access.writes}

        def fits(number: int) -> bool:
            reads, writes = instrs[number]
            given = all(
                b.kind in ("constant", "memory") or (b.kind == "shared" and b not in changing) for b in reads
            )
            own = all(b.kind == "memory" and b not in results for b in writes)
            return given and own and unsettled.isdisjoint(reads | writes)  # noqa: B023 (used at once)

        fitting = set(filter(fits, left))
        if fitting == left:
            return left
        left = fitting


def _calls(instr: Instr) -> Iterator[Call]:
    yield from instr.body if isinstance(instr, Loop) else [instr]
