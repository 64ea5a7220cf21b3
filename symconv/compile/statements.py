"""Calls of the kernels' language as Python statements, and which of them allocate; imports program.

    statement = view "=" expression | view "[...]" "=" expression | np.function(..., out=view)
              | result "=" np.function(...)           where a result begins so: see ``results_begun``

One assignment a line, shallow expressions; a view that is used more than once gets a name.
"""

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.compile.elementwise import result_dtype
from symconv.compile.program import (
    LETTERS,
    SHORTEST_ROW,
    Call,
    Program,
    reduced_axes,
    summed_in_rows,
)
from symconv.compile.values import Buffer, Number, Value, View, render, times

LEAST_SELECTED = 4096  # elements from where on a choice by bits is faster
LEAST_CLIPPED = 8192  # the same for ``clip`` in the place of the larger of elements and a number


def statements(calls: Sequence[Call], begun: Sequence[Buffer] = ()) -> list[str]:
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


# Results that begin with a call


def results_begun(program: Program) -> dict[str, list[Buffer]]:
    """For each kernel without loops the results that it makes by the first call that writes them.

    NumPy then allocates them there, in half the time of an ``np.empty`` before it.
    """
    results = {output for output in program.outputs if isinstance(output, Buffer)}
    results = {b for b in results if b.kind == "output" and b.name not in program.spares and not b.order}
    found: dict[str, list[Buffer]] = {}
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
        found[kernel.name] = [buffer for buffer in fresh if first[buffer]]
    return found


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
