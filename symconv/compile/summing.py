"""Sums over an axis before the last as products with ones, which take half the time; imports program.

A product adds one row after the other, as ``add.reduce`` does. Whoever writes it sees to it that BLAS works
with one thread: in a loop, or on what is too little for two.
"""

from collections.abc import Callable, Sequence
from math import prod

from symconv.compile.program import Call, reduced_axes
from symconv.compile.values import ALL, Buffer, Slice, Value, View, concrete, order_of, times
from symconv.errors import CompileError

LEAST_PRODUCT, LEAST_RUN = 1024, 64  # elements of a matrix in a stack, and of its rows, where they lie apart
LONG_RUN = 4096  # elements of the rows of a stack of matrices that pay in double precision


def summed_in_columns(call: Call, corners: Sequence[dict[str, int]]) -> list[int] | None:
    """The largest shape of what a call sums, if a product is worth it; else None.

    Parameters
    ----------
    call : Call
    corners : sequence of dict
        What the symbols of the loop around it may be.
    """
    axis = summed_axis(call)
    x = call.operands[0] if call.operands else None
    if axis is None or not isinstance(x, Value) or order_of(x.buffer):
        return None
    shape = [max(concrete(size, corner) for corner in corners) for size in x.shape]
    if _as_rows(call, axis) is not None:
        return shape if _pays([*shape[: axis + 1], prod(shape[axis + 1 :])], axis, x.dtype) else None
    return shape if _pays(shape, axis, x.dtype) else None


def as_product(call: Call, shape: Sequence[int], ones: Callable[[int, str], Buffer]) -> Call:
    """The product; ``ones`` gives a row of so many of them in a dtype."""
    axis = summed_axis(call)
    x, out = call.operands[0], call.out[0]
    assert axis is not None
    assert isinstance(x, Value)
    row = ones(shape[axis], x.dtype)[:, Slice(0, x.shape[axis])]
    rows = _as_rows(call, axis)
    if rows is not None:
        return Call("matmul", (row, rows[0]), (rows[1],))
    others = [other for other in range(x.ndim - 1) if other != axis]
    turned = x.transpose(*others, axis, x.ndim - 1)
    if ("keepdims", "True") in call.options:
        result = out.transpose(*others, axis, x.ndim - 1)
    else:
        result = out[(ALL,) * len(others) + (None,)]
    return Call("matmul", (row, turned), (result,))


def _as_rows(call: Call, axis: int) -> tuple[Value, Value] | None:
    """What is summed, and the sums, with the axes behind the summed one as one: rows that are longer."""
    x, out = call.operands[0], call.out[0]
    assert isinstance(x, Value)
    behind = axis + 1
    if x.ndim - behind < 2 or not _runs_on(x, behind):
        return None
    columns = times(x.shape[behind:])
    try:
        sums = out.reshape(*x.shape[:axis], 1, columns)
    except CompileError:  # these have gaps
        return None
    shape = (*x.shape[:behind], columns)
    # Where the caller's array has gaps, NumPy copies the block.
    return View(shape, x.dtype, 0, x, "reshape", shape), sums


def _runs_on(x: Value, axis: int) -> bool:
    """Whether a value has all of its buffer's axes, and all elements along those behind one."""
    if isinstance(x, Buffer):
        return True
    plain = isinstance(x, View) and x.how == "index" and isinstance(x.base, Buffer)
    return plain and all(
        isinstance(item, Slice) and item.step == 1 and (item == ALL or place <= axis)
        for place, item in enumerate(x.argument)  # type: ignore[attr-defined]
    )


def summed_axis(call: Call) -> int | None:
    """The axis of a sum over one axis before the last, in the dtype of its operand."""
    (out,) = call.out
    axes = reduced_axes(call.options)
    operand = call.operands[0] if call.function == "add.reduce" else None
    if not isinstance(operand, Value) or len(axes) != 1 or out.dtype != operand.dtype:
        return None
    plain = operand.dtype in ("float32", "float64") and not set(dict(call.options)) - {"axis", "keepdims"}
    return axes[0] if plain and 0 <= axes[0] < operand.ndim - 1 else None


def _pays(shape: Sequence[int], axis: int, dtype: str) -> bool:
    """Whether a sum over an axis before the last is worth a product for each place on the other axes."""
    *others, _, columns = shape
    if not others:
        return True
    inside = axis == len(shape) - 2
    if inside and dtype == "float64":
        return columns >= LONG_RUN
    return shape[axis] * columns >= LEAST_PRODUCT and (inside or columns >= LEAST_RUN)
