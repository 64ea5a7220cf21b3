"""Products summed over any axes, and those of vectors and whole tensors; imports matrix products.

``contract`` says them all: it permutes axes, a view, and makes several into one only where it must.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, RankError, ShapeError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.dot import Dot, MatMul, dot
from symconv.ops.elemwise_rows import conj, mul
from symconv.ops.shape import (
    count_of,
    dimshuffle,
    flatten,
    normalised_axis,
    reshape,
    shape_padleft,
    shape_padright,
    size_of,
)

Pair = tuple[int, int]  # an axis of x and one of y
Axes = int | Sequence[int] | Sequence[Sequence[int]]


def contract(x: Variable, y: Variable, shared: Sequence[Pair] = (), summed: Sequence[Pair] = ()) -> Variable:
    """The product of two tensors, summed over pairs of axes.

    Parameters
    ----------
    x, y : Variable
    shared : sequence of (int, int)
        Pairs of axes, one of each, that stay, element by element: a stack of products.
    summed : sequence of (int, int)
        Pairs of axes that are summed over.

    Returns
    -------
    Variable
        Its axes: the shared ones, then the others of ``x``, then the others of ``y``.
    """
    left, right = ([pair[side] for pair in shared] for side in (0, 1))
    x_summed, y_summed = ([pair[side] for pair in summed] for side in (0, 1))
    x_free = [axis for axis in range(x.ndim) if axis not in left and axis not in x_summed]
    y_free = [axis for axis in range(y.ndim) if axis not in right and axis not in y_summed]
    if not summed:
        return mul(
            dimshuffle(x, *left, *x_free, *("x" for _ in y_free)),
            dimshuffle(y, *right, *("x" for _ in x_free), *y_free),
        )
    sizes = [
        *(_known_size(x, i, y, j) for i, j in shared),
        *(size_of(x, axis) for axis in x_free),
        *(size_of(y, axis) for axis in y_free),
    ]
    first, second = _merged(x, left, x_free, x_summed), _merged(y, right, y_summed, y_free)
    product = MatMul().apply(first, second).outputs[0] if shared else Dot().apply(first, second).outputs[0]
    if len(x_free) == len(y_free) == 1:
        return product
    return reshape(product, sizes)


def _known_size(x: Variable, first: int, y: Variable, second: int) -> Variable:
    """The size that two axes have in common, from where it is known; that of y if x's is known to be 1."""
    from_y = x.type.shape[first] in (None, 1) and y.type.shape[second] is not None
    return size_of(y, second) if from_y else size_of(x, first)


def _merged(x: Variable, stack: list[int], rows: list[int], columns: list[int]) -> Variable:
    """Axes permuted into stack, rows, columns, of which each of the last two is made one axis."""
    if len(rows) == len(columns) == 1:
        return dimshuffle(x, *stack, *rows, *columns)
    moved = dimshuffle(x, *stack, *rows, *columns)
    start, middle = len(stack), len(stack) + len(rows)
    return reshape(
        moved,
        [
            *(size_of(moved, axis) for axis in range(start)),
            count_of(moved, range(start, middle)),
            count_of(moved, range(middle, moved.ndim)),
        ],
    )


def tensordot(x: Operand, y: Operand, axes: Axes = 2) -> Variable:
    """The product of two tensors, summed over given axes, as ``numpy.tensordot`` has it.

    Parameters
    ----------
    x, y : variable or array_like
    axes : int, or pair of (int or sequence of int)
        A number n: the last n axes of ``x`` meet the first n of ``y``, in order. A pair: the axes of ``x``,
        and those of ``y`` that they meet, counted from either end.

    Returns
    -------
    Variable
        Its axes are those of ``x`` that are left, then those of ``y``.

    Raises
    ------
    ArgumentError
        For axes of another form.
    ShapeError
        For an axis named twice, and for sizes that differ.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.tensordot(sc.tensor3("x"), sc.tensor("float64", (None, None, 7)), axes=[[1, 2], [0, 1]]).type
    TensorType(float64[?,7])
    """
    x, y = as_variable(x), as_variable(y)
    return contract(x, y, (), _paired_axes(x, y, axes, 0))


def batched_tensordot(x: Operand, y: Operand, axes: Axes = 2) -> Variable:
    """For each index of the first axis, the ``tensordot`` of the two.

    Parameters
    ----------
    x, y : variable or array_like
        Their first axes have the same size.
    axes : int, or pair of (int or sequence of int)
        As in ``tensordot``, counted with the first axis, which cannot be among them; a number n means the
        last n axes of ``x`` and the n axes of ``y`` after its first.

    Returns
    -------
    Variable
        Its axes are the common first one, then those of ``x`` that are left, then those of ``y``.
    """
    x, y = as_variable(x), as_variable(y)
    _check_batched(x, y)
    pairs = _paired_axes(x, y, axes, 1)
    if any(0 in pair for pair in pairs):
        raise ShapeError(
            "batched_tensordot cannot sum over the first axis, which numbers the products",
            arguments=[("x", x.type), ("y", y.type)], where=here(), hint=f"axes are {axes}: use tensordot",
        )  # fmt: skip
    return contract(x, y, [(0, 0)], pairs)


def batched_dot(x: Operand, y: Operand) -> Variable:
    """For each index of the first axis, the ``dot`` of the two.

    Parameters
    ----------
    x, y : variable or array_like
        Their first axes have the same size. What is left are scalars, vectors or matrices; with more axes
        the last of ``x`` is summed over with the last but one of ``y``.

    Returns
    -------
    Variable

    Raises
    ------
    RankError
        For a scalar.
    ShapeError
        Where sizes do not fit.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.batched_dot(sc.tensor3("x"), sc.tensor3("y")).type
    TensorType(float64[?,?,?])
    """
    x, y = as_variable(x), as_variable(y)
    _check_batched(x, y)
    if x.ndim == 1 or y.ndim == 1:
        return contract(x, y, [(0, 0)])
    return contract(x, y, [(0, 0)], [(x.ndim - 1, max(1, y.ndim - 2))])


def _check_batched(x: Variable, y: Variable) -> None:
    arguments = [("x", x.type), ("y", y.type)]
    if x.ndim == 0 or y.ndim == 0:
        raise RankError("products are numbered by the first axis, which a scalar lacks", arguments=arguments,
                        where=here(), hint="use * for scalars")  # fmt: skip
    first, second = x.type.shape[0], y.type.shape[0]
    if first != second and None not in (first, second):
        raise ShapeError(f"there are {first} and {second} products: the first axes must be equal",
                         arguments=arguments, where=here())  # fmt: skip


def _paired_axes(x: Variable, y: Variable, axes: Any, first: int) -> list[Pair]:
    """The pairs of axes that ``axes`` means; of ``y`` they are counted from ``first`` on for a number."""
    arguments = [("x", x.type), ("y", y.type)]
    if isinstance(axes, int | np.integer):
        count = int(axes)
        if not 0 <= count <= min(x.ndim, y.ndim) - first:
            raise RankError(
                f"there are no {count} axes to sum over",
                arguments=arguments,
                where=here(),
                hint=f"at most {min(x.ndim, y.ndim) - first}, or name pairs: axes=[[0], [1]]",
            )
        pairs: list[Pair] = list(zip(range(x.ndim - count, x.ndim), range(first, first + count), strict=True))
    else:
        try:
            left, right = (list(part) if isinstance(part, Iterable) else [part] for part in axes)
            equal = len(left) == len(right)
        except (TypeError, ValueError):
            equal = False
        if not equal:
            raise ArgumentError(
                f"axes must be a number, or a pair of equally many axes, got {axes!r}",
                arguments=arguments, where=here(), hint="axes=[[1, 2], [0, 1]] sums over 1 with 0, 2 with 1",
            )  # fmt: skip
        pairs = [
            (normalised_axis(i, x), normalised_axis(j, y)) for i, j in zip(left, right, strict=True)
        ]
    for side in (0, 1):
        if len({pair[side] for pair in pairs}) != len(pairs):
            raise ShapeError(f"axes {axes!r} name an axis twice", arguments=arguments, where=here())
    for i, j in pairs:
        first_size, second_size = x.type.shape[i], y.type.shape[j]
        if first_size != second_size and None not in (first_size, second_size):
            raise ShapeError(
                f"axis {i} of x has size {first_size}, axis {j} of y, summed over with it, {second_size}",
                arguments=arguments, where=here(),
            )  # fmt: skip
    return pairs


# Products of vectors, and of whole tensors


def outer(x: Operand, y: Operand) -> Variable:
    """The matrix z[i, j] = x[i] y[j] of two vectors; other tensors are flattened first."""
    x, y = flatten(x), flatten(y)
    return mul(shape_padright(x), shape_padleft(y))


def inner(x: Operand, y: Operand) -> Variable:
    """The sum of products over the last axes of both; a scalar multiplies each element."""
    x, y = as_variable(x), as_variable(y)
    if x.ndim == 0 or y.ndim == 0:
        return mul(x, y)
    return tensordot(x, y, axes=(-1, -1))


def vdot(x: Operand, y: Operand) -> Variable:
    """The sum of conj(x) y over all elements, in C order: a scalar."""
    return dot(flatten(conj(x)), flatten(y))


def kron(x: Operand, y: Operand) -> Variable:
    """The Kronecker product: ``y`` once for each element of ``x``, multiplied by it.

    Parameters
    ----------
    x, y : variable or array_like
        The one of lower rank gets axes of size 1 in front.

    Returns
    -------
    Variable
        Of shape (x.shape[0] y.shape[0], x.shape[1] y.shape[1], ...): blocks of the shape of ``y``.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.kron([1, 10], [1, 2, 3]).eval()
    array([ 1,  2,  3, 10, 20, 30])
    """
    x, y = as_variable(x), as_variable(y)
    ndim = max(x.ndim, y.ndim)
    x, y = shape_padleft(x, ndim - x.ndim), shape_padleft(y, ndim - y.ndim)
    blocks = mul(
        dimshuffle(x, *(item for axis in range(ndim) for item in (axis, "x"))),
        dimshuffle(y, *(item for axis in range(ndim) for item in ("x", axis))),
    )
    return reshape(blocks, [count_of(blocks, (2 * axis, 2 * axis + 1)) for axis in range(ndim)])


__all__ = ["batched_dot", "batched_tensordot", "inner", "kron", "outer", "tensordot", "vdot"]
