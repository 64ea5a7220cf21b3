"""Matrix products; imports the ops of shapes, and rows.

    Dot      of vectors and matrices
    MatMul   of stacks of matrices, whose leading axes broadcast

Every other product (tensordot, batched_dot, einsum) is said with these two: see ``symconv.ops.contract``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from symconv.errors import RankError, ShapeError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.operators import METHODS, UFUNCS
from symconv.graph.types import Array, Dim, TensorType, broadcast
from symconv.ops.dtypes import common_dtype
from symconv.ops.elemwise import sum_to
from symconv.ops.elemwise_rows import mul
from symconv.ops.shape import count_of, dimshuffle, reshape, shape_padleft, shape_padright, size_of, swapaxes

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.region import Position
    from symconv.compile.values import Value

LONG_INNER = 8192  # an inner axis this long, and much longer than the result's, is summed over in parts
PART = 2048  # the shortest part
SHARED = 1 << 24  # multiplications of a product from where on several threads gain something
LEAST_SHARED = 128  # rows from where on rows are shared out, also where there are more columns


def _check_inner(x: TensorType, y: TensorType, left: Dim, right: Dim) -> None:
    if left is not None and right is not None and left != right:
        raise ShapeError(
            f"the inner sizes of a matrix product must be equal, got {left} and {right}",
            hint="the last axis of x meets the last but one of y (its only one if y is a vector)",
        )


class Dot(Op):
    """The product of vectors and matrices: z[i, j] = sum over k of x[i, k] y[k, j]."""

    role: ClassVar[Role] = "anchor"
    multiplies: ClassVar[bool] = True
    argument_names: ClassVar[tuple[str, ...]] = ("x", "y")
    infix: ClassVar[str] = "@"

    def out_types(self, x: TensorType, y: TensorType) -> TensorType:
        if x.ndim not in (1, 2) or y.ndim not in (1, 2):
            raise RankError(f"Dot multiplies vectors and matrices, got {x.ndim} and {y.ndim} dimensions")
        _check_inner(x, y, x.shape[-1], y.shape[0])
        return TensorType(common_dtype((x.dtype, y.dtype)), x.shape[:-1] + y.shape[1:])

    def perform(self, x: Array, y: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.dot(x, y))

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """One matrix product; a large one, or with work to do on the result, block by block of its rows.

        Large ones are not left to BLAS where loops of the same plan run in parallel: its threads, once used,
        go on spinning for tens of milliseconds, and take the cores from these.
        """
        x, y = inputs
        left = x[None] if x.ndim == 1 else x
        right = y[:, None] if y.ndim == 1 else y
        rows, inner = (int(size) for size in left.shape)  # type: ignore[arg-type]
        columns = int(right.shape[1])  # type: ignore[arg-type]
        at = k.whole(outputs[0].ndim)
        parts = _parts(rows, inner, columns)
        if parts > 1 and x.ndim == y.ndim == 2:
            _multiply_parts(k, left, right, parts)
            return
        item = np.dtype(outputs[0].dtype).itemsize
        large = rows * inner * columns > SHARED and x.ndim == y.ndim == 2
        if large and rows < columns and rows < LEAST_SHARED and not k.machine.blas:
            with k.blocks(
                k.axis(columns, "column", "columns", last=True), bytes_each=item * (inner + rows), fixed=True
            ) as (block,):
                _multiply(k, left, right[:, block.slice], (at[0], block.slice), 2, 2)
            return
        left_to_blas = k.machine.blas and k.is_brief(k.work_behind(rows * columns))
        if x.ndim == 1 or left_to_blas or not (k.region.members or large):
            _multiply(k, left, right, at, x.ndim, y.ndim)
            return
        with k.blocks(
            k.axis(rows, "row", "rows"),
            bytes_each=item * (inner + columns),
            calls=8 + inner * columns * item // 16_000,
        ) as (block,):
            _multiply(k, left[block.slice], right, (block.slice, *at[1:]), x.ndim, y.ndim)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (x, y), g = inputs, gradients[0]
        if g is None:
            return [None, None]
        match x.ndim, y.ndim:
            case 2, 2:
                terms = dot(g, y.T), dot(x.T, g)
            case 2, 1:
                terms = shape_padright(g) * shape_padleft(y), dot(x.T, g)
            case 1, 2:
                terms = dot(y, g), shape_padright(x) * shape_padleft(g)
            case _:
                terms = g * y, g * x
        return [
            None if variable.type.is_discrete else sum_to(term, variable.type)
            for variable, term in zip(inputs, terms, strict=True)
        ]


def _multiply(
    k: "Builder", left: "Value", right: "Value", at: "Position", left_ndim: int, right_ndim: int
) -> None:
    """A matrix product into a tile of which vectors lack an axis, and the epilogue."""
    tile = k.tile(at)
    target = tile[None] if left_ndim == 1 else tile
    k.matmul(left, right, target[(slice(None),) * target.ndim + (None,)] if right_ndim == 1 else target)
    k.epilogue(tile, at)


def _parts(rows: int, inner: int, columns: int) -> int:
    """Into how many equal parts a long inner axis is cut: BLAS itself shares out small results badly."""
    if inner < max(LONG_INNER, 16 * rows, 16 * columns):
        return 1
    counts = [count for count in range(2, 65) if inner % count == 0 and inner // count >= PART]
    return max(counts, default=1)


def _multiply_parts(k: "Builder", left: "Value", right: "Value", count: int) -> None:
    """Products of equal parts of the inner axis, in parallel, then their sum."""
    rows, inner = (int(extent) for extent in left.shape)  # type: ignore[arg-type]
    columns, size = int(right.shape[1]), inner // count  # type: ignore[arg-type]
    dtype = common_dtype((left.dtype, right.dtype))
    partial = k.buffer((count, rows, columns), dtype, "parts")
    each = (rows + columns) * size * np.dtype(dtype).itemsize
    with k.blocks(k.axis(count, "part", most=1), bytes_each=each, calls=2 + rows * columns // 64) as (block,):
        part = block.window(size, size)
        k.matmul(left[:, part], right[part], partial[block.start])
    at = k.whole(2)
    tile = k.tile(at)
    k.call("add.reduce", partial, out=tile, axis=0)
    k.epilogue(tile, at)


class MatMul(Op):
    """The products of stacks of matrices of equal rank; leading axes broadcast."""

    role: ClassVar[Role] = "anchor"
    multiplies: ClassVar[bool] = True
    core_ndim: ClassVar[int | None] = 2
    argument_names: ClassVar[tuple[str, ...]] = ("x", "y")
    infix: ClassVar[str] = "@"

    def out_types(self, x: TensorType, y: TensorType) -> TensorType:
        if x.ndim != y.ndim or x.ndim < 2:
            raise RankError(f"MatMul needs stacks of matrices of equal rank, got {x.ndim} and {y.ndim}")
        _check_inner(x, y, x.shape[-1], y.shape[-2])
        stack = broadcast([x.shape[:-2], y.shape[:-2]])
        return TensorType(common_dtype((x.dtype, y.dtype)), (*stack, x.shape[-2], y.shape[-1]))

    def perform(self, x: Array, y: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.matmul(x, y))

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """One call for the whole stack."""
        at = k.whole(outputs[0].ndim)
        tile = k.tile(at)
        k.matmul(inputs[0], inputs[1], tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (x, y), g = inputs, gradients[0]
        if g is None:
            return [None, None]
        terms = self(g, swapaxes(y, -1, -2)), self(swapaxes(x, -1, -2), g)
        return [
            None if variable.type.is_discrete else sum_to(term, variable.type)
            for variable, term in zip(inputs, terms, strict=True)
        ]


def dot(x: Operand, y: Operand) -> Variable:
    """The matrix product of two tensors, as ``numpy.dot`` has it.

    Parameters
    ----------
    x, y : variable or array_like
        Vectors and matrices multiply as in linear algebra; a scalar multiplies each element. With more
        axes the last of ``x`` is summed over with the last but one of ``y``.

    Returns
    -------
    Variable
        Of shape ``x.shape[:-1] + y.shape[:-2] + y.shape[-1:]`` and the promoted dtype.

    Raises
    ------
    ShapeError
        Where the sizes to be summed over differ.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.dot(sc.fmatrix("x"), sc.fmatrix("W")).type
    TensorType(float32[?,?])
    """
    x, y = as_variable(x), as_variable(y)
    if x.ndim == 0 or y.ndim == 0:
        return mul(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return Dot().apply(x, y).outputs[0]
    rows = [size_of(x, axis) for axis in range(x.ndim - 1)]
    stack = [size_of(y, axis) for axis in range(y.ndim) if axis != y.ndim - 2]
    first = _as_rows(x)
    second = y
    if y.ndim > 2:
        moved = dimshuffle(y, y.ndim - 2, *(axis for axis in range(y.ndim) if axis != y.ndim - 2))
        second = reshape(moved, [size_of(moved, 0), count_of(moved, range(1, y.ndim))])
    return reshape(Dot()(first, second), [*rows, *(stack if y.ndim > 1 else ())])


def _as_rows(x: Variable) -> Variable:
    """A tensor as a matrix of which the last axis are the rows; vectors and matrices as they are."""
    if x.ndim <= 2:
        return x
    return reshape(x, [count_of(x, range(x.ndim - 1)), size_of(x, x.ndim - 1)])


def matmul(x: Operand, y: Operand) -> Variable:
    """The matrix product ``x @ y``: of vectors, matrices, or stacks of matrices.

    Parameters
    ----------
    x, y : variable or array_like
        With more than two axes, the leading ones number matrices and broadcast.

    Returns
    -------
    Variable

    Raises
    ------
    RankError
        For a scalar.
    ShapeError
        Where sizes do not fit.
    """
    x, y = as_variable(x), as_variable(y)
    if x.ndim == 0 or y.ndim == 0:
        raise RankError(
            "@ multiplies vectors and matrices, not scalars",
            arguments=[("x", x.type), ("y", y.type)],
            hint="use * for scalars",
        )
    if y.ndim <= 2:  # all of x's matrices by one
        return dot(x, y)
    if x.ndim == 1:
        return _dropped(matmul(shape_padleft(x), y), -2)
    ndim = max(x.ndim, y.ndim)
    x, y = shape_padleft(x, ndim - x.ndim), shape_padleft(y, ndim - y.ndim)
    return MatMul().apply(x, y).outputs[0]


def _dropped(x: Variable, axis: int) -> Variable:
    return dimshuffle(x, *(index for index in range(x.ndim) if index != axis % x.ndim))


UFUNCS["matmul"] = matmul

METHODS.update(dot=dot, __matmul__=matmul)

__all__ = ["dot", "matmul"]
