"""Sums over an axis before the last as products with ones, which take half the time; imports program.

A product adds one row after the other, as ``add.reduce`` does. Whoever writes it sees to it that BLAS works
with one thread: in a loop, or on what is too little for two.
"""

from collections.abc import Callable, Sequence

from symconv.compile.program import Call, reduced_axes
from symconv.compile.values import ALL, Buffer, Slice, Value, concrete, order_of

LEAST_PRODUCT, LEAST_RUN = 1024, 64  # elements of a matrix in a stack, and of its rows, where they lie apart


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
    return shape if _pays(shape, axis, x.dtype) else None


def as_product(call: Call, shape: Sequence[int], ones: Callable[[int, str], Buffer]) -> Call:
    """The product; ``ones`` gives a row of so many of them in a dtype."""
    axis = summed_axis(call)
    x, out = call.operands[0], call.out[0]
    assert axis is not None
    assert isinstance(x, Value)
    others = [other for other in range(x.ndim - 1) if other != axis]
    turned = x.transpose(*others, axis, x.ndim - 1)
    if ("keepdims", "True") in call.options:
        result = out.transpose(*others, axis, x.ndim - 1)
    else:
        result = out[(ALL,) * len(others) + (None,)]
    row = ones(shape[axis], x.dtype)[:, Slice(0, x.shape[axis])]
    return Call("matmul", (row, turned), (result,))


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
        return False
    return shape[axis] * columns >= LEAST_PRODUCT and (inside or columns >= LEAST_RUN)
