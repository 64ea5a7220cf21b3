"""Norms, ranks, powers, exponentials and products of matrices; imports the decompositions.

    Expm  the exponential of a matrix

Everything else is made of other ops.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import dimshuffle, moveaxis, normalised_axis
from symconv.ops.contract import kron, outer
from symconv.ops.diagonals import diagonal
from symconv.ops.dot import matmul
from symconv.ops.elemwise_rows import (
    abs,
    cast,
    eq,
    gt,
    neq,
    pow,
    second,
    sqr,
    sqrt,
    switch,
    zeros_like,
)
from symconv.ops.fill import zeros
from symconv.ops.join import concatenate
from symconv.ops.linalg.decompositions import default_rcond, eigvalsh, largest_or_0, svdvals
from symconv.ops.linalg.inverses import inv
from symconv.ops.linalg.matrices import as_floating, as_matrices, check_square, identity, real_of, transposed
from symconv.ops.linalg.solving import solve
from symconv.ops.reduce import max as largest
from symconv.ops.reduce import min as smallest
from symconv.ops.reduce import sum
from symconv.ops.shape import count_of, reshape, size_of

Order = int | float | str | None


# The exponential


PADE = tuple(
    float(c)
    for c in (
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
        10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    )
)  # fmt: skip
"""Numerator of the diagonal Pade approximant of degree 13 (Higham 2005, table 2.3 and (2.2))."""

LARGEST = 5.371920351148152  # norm up to which it is exact to double precision


@frozen
class Expm(Op):
    """The exponentials of square matrices: the sum of x^k / k!."""

    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        size = check_square(x, "an exponential")
        return x.with_shape((*x.shape[:-2], size, size))

    def perform(self, x: Array) -> Array:
        """By scaling and squaring: Higham, The scaling and squaring method revisited, 2005."""
        wide = x.astype(np.result_type(x.dtype, "float64"))
        with np.errstate(all="ignore"):
            norms = np.abs(wide).sum(-2).max(-1, initial=0.0)
            _, exponents = np.frexp(np.where(np.isfinite(norms), norms, 0) / LARGEST)
            squarings = np.maximum(exponents, 0)
            result = _pade(wide / np.exp2(squarings)[..., None, None])
            for done in range(int(squarings.max(initial=0))):
                again = (squarings > done)[..., None, None]
                result = np.where(again, result @ result, result)
        return result.astype(x.dtype)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """The upper right block of the exponential of [[x^T, g], [0, x^T]] (Higham 2008, (3.16))."""
        (x,), g = inputs, gradients[0]
        if g is None:
            return [None]
        turned, size = transposed(x), size_of(x, -1)
        upper = concatenate([turned, g], -1)
        lower = concatenate([zeros_like(turned), turned], -1)
        block = Expm()(concatenate([upper, lower], -2))
        return [block[..., :size, size:]]


def _pade(x: Array) -> Array:
    """The approximant r(x) = (V - U)^-1 (V + U), U its odd and V its even powers."""
    one = np.eye(x.shape[-1], dtype=x.dtype)
    b, x2 = PADE, x @ x
    x4 = x2 @ x2
    x6 = x4 @ x2
    odd = x @ (
        x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * one
    )
    even = x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * one
    if not (np.isfinite(odd).all() and np.isfinite(even).all()):
        return np.full_like(x, np.nan)
    result: Array = np.linalg.solve(even - odd, even + odd)
    return result


def expm(x: Operand) -> Variable:
    """The exponential of a square matrix, or of each of a stack: the sum of x^k / k!.

    Returns
    -------
    Variable
        Computed in double precision, by scaling and squaring (Higham 2005).

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.expm([[0.0, 1.0], [0.0, 0.0]]).eval()
    array([[1., 1.],
           [0., 1.]])
    """
    result: Variable = Expm()(as_matrices(x, "expm"))
    return result


# Norms


def norm(
    x: Operand, ord: Order = None, axis: int | Sequence[int] | None = None, keepdims: bool = False
) -> Variable:
    """The norm of vectors or matrices, as ``numpy.linalg.norm`` has it.

    Parameters
    ----------
    x : variable or array_like
    ord : int, float, inf, -inf, "fro", "nuc", optional
        Of vectors: any number p, for (sum of |x|^p)^(1/p); 0 counts elements other than 0. Of matrices: "fro"
        (the default), "nuc" (the sum of the singular values), 2 and -2 (the largest, the smallest singular
        value), 1 and -1 (the largest, the smallest sum of a column), inf and -inf (of a row). Not given: the
        root of the sum of squares of all elements.
    axis : int or pair of int, optional
        An integer: vectors along this axis; two: matrices. Not given: all of x, which then has one or two
        axes unless ``ord`` is None.
    keepdims : bool
        Whether the axes stay, with size 1.

    Returns
    -------
    Variable
        The gradient at 0, where no norm has one, is 0.

    Raises
    ------
    OptionError
        For an ``ord`` that there is not.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.norm([3.0, 4.0]).eval()
    array(5.)
    """
    x = as_floating(x, "norm")
    if axis is None:
        axes = tuple(range(x.ndim))
        if ord is None:
            return _root_of_squares(x, axes, keepdims)
    else:
        given = (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
        axes = tuple(normalised_axis(each, x) for each in given)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2 and axes[0] != axes[1]:
        return _matrix_norm(x, ord, axes, keepdims)
    raise RankError(
        f"a norm is of vectors (one axis) or matrices (two axes), got {len(axes)}",
        arguments=[("x", x.type)],
        where=here(),
        hint="name the axes: norm(x, ord, axis=...)",
    )


def _root_of_squares(x: Variable, axes: tuple[int, ...], keepdims: bool) -> Variable:
    squares = sqr(abs(x)) if x.type.is_complex else sqr(x)
    return _rooted(sum(squares, axes, keepdims), 2)


def _rooted(total: Variable, order: Any) -> Variable:
    """total^(1/order), whose gradient at 0 is 0."""
    nothing = eq(total, 0)
    some = switch(nothing, 1, total)
    root = sqrt(some) if order == 2 else pow(some, 1 / order)
    return switch(nothing, 0, root)


def _vector_norm(x: Variable, ord: Order, axis: int, keepdims: bool) -> Variable:
    if ord is None or ord == 2:
        return _root_of_squares(x, (axis,), keepdims)
    if isinstance(ord, str | complex):
        raise OptionError(
            f"vectors have no norm {ord!r}", where=here(), hint="choose a number, inf or -inf"
        )
    if ord == np.inf:
        return largest(abs(x), axis, keepdims)
    if ord == -np.inf:
        return smallest(abs(x), axis, keepdims)
    if ord == 0:
        return sum(cast(neq(x, 0), real_of(x.dtype)), axis, keepdims)
    if ord == 1:
        return sum(abs(x), axis, keepdims)
    if ord < 0:  # with a 0 among the elements the norm is 0
        return pow(sum(pow(abs(x), ord), axis, keepdims), 1 / ord)
    sizes = abs(x)
    nothing = eq(sizes, 0)
    powers = switch(nothing, 0, pow(switch(nothing, 1, sizes), ord))
    return _rooted(sum(powers, axis, keepdims), ord)


def _matrix_norm(x: Variable, ord: Order, axes: tuple[int, ...], keepdims: bool) -> Variable:
    rows, columns = axes
    if ord is None or ord == "fro":
        return _root_of_squares(x, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        first, then = (rows, columns) if ord in (1, -1) else (columns, rows)
        reduce = largest if ord in (1, np.inf) else smallest
        result = reduce(sum(abs(x), first, keepdims=True), then, keepdims=True)
    elif ord in (2, -2, "nuc"):
        s = svdvals(moveaxis(x, (rows, columns), (-2, -1)))
        reduced = sum(s, -1) if ord == "nuc" else largest(s, -1) if ord == 2 else smallest(s, -1)
        if not keepdims:
            return reduced
        kept = iter(range(reduced.ndim))
        return dimshuffle(reduced, *("x" if axis in axes else next(kept) for axis in range(x.ndim)))
    else:
        raise OptionError(
            f"matrices have no norm {ord!r}", where=here(), hint="choose fro, nuc, 1, -1, 2, -2, inf or -inf"
        )
    if keepdims:
        return result
    return dimshuffle(result, *(axis for axis in range(x.ndim) if axis not in axes))


def vector_norm(
    x: Operand, ord: Order = 2, axis: int | None = None, keepdims: bool = False
) -> Variable:
    """The norm of vectors along an axis; of all elements, as one vector, where none is given."""
    x = as_floating(x, "vector_norm")
    if axis is None:
        flat = reshape(x, [count_of(x)])
        result = norm(flat, ord, 0)
        return dimshuffle(result, *["x"] * x.ndim) if keepdims else result
    return norm(x, ord, axis, keepdims)


def matrix_norm(x: Operand, ord: Order = "fro", keepdims: bool = False) -> Variable:
    """The norm of a matrix, or of each of a stack."""
    return norm(as_matrices(x, "matrix_norm"), ord, (-2, -1), keepdims)


def cond(x: Operand, p: Order = None) -> Variable:
    """The condition number of a matrix, or of each of a stack: |x| |inv(x)|.

    Parameters
    ----------
    x : variable or array_like
    p : optional
        The norm, as ``ord`` of ``norm``; by default 2, computed from the singular values alone, of which
        -2 gives the inverse ratio. Infinite where a singular value is 0.
    """
    x = as_matrices(x, "cond")
    if p is None or p in (2, -2):
        s = svdvals(x)
        high, low = largest(s, -1), smallest(s, -1)
        return high / low if p != -2 else low / high
    return matrix_norm(x, p) * matrix_norm(inv(x), p)


def matrix_rank(x: Operand, tol: Operand = None, hermitian: bool = False) -> Variable:
    """The number of singular values above a bound, int64; of a vector, whether any element is not 0.

    Parameters
    ----------
    x : variable or array_like
    tol : number or scalar variable, optional
        By default the largest singular value times the larger size times the resolution of the dtype.
    hermitian : bool
        Whether x is symmetric, which is faster.
    """
    x = as_floating(x, "matrix_rank")
    if x.ndim < 2:
        return cast(largest(neq(x, 0)) if x.ndim else neq(x, 0), "int64")
    s = abs(eigvalsh(x)) if hermitian else svdvals(x)
    bound = largest_or_0(s) * default_rcond(x) if tol is None else as_variable(tol)
    return sum(cast(gt(s, bound), "int64"), -1)


# Products and powers


def trace(x: Operand, offset: int = 0) -> Variable:
    """The sum of the diagonal ``offset`` of a matrix, or of each of a stack."""
    x = as_variable(x)
    if x.ndim < 2:
        raise RankError(
            f"a trace is of matrices, got {x.ndim} dimensions", arguments=[("x", x.type)], where=here()
        )
    result: Variable = sum(diagonal(x, offset, -2, -1), -1)
    return result


def matrix_power(x: Operand, n: int) -> Variable:
    """The product of ``n`` copies of a square matrix, by repeated squaring; of its inverse for n < 0."""
    x = as_variable(x)
    if x.ndim < 2:
        raise RankError(
            f"a power is of square matrices, got {x.ndim} dimensions", arguments=[("x", x.type)], where=here()
        )
    try:
        exponent = int(n.__index__())
    except (AttributeError, TypeError):
        raise ArgumentError(
            f"the exponent of a matrix must be an integer, got {n!r}",
            where=here(),
            hint="expm is the exponential",
        ) from None
    rows, columns = x.type.shape[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise ShapeError(
            f"a power needs square matrices, got {rows} rows and {columns} columns",
            arguments=[("x", x.type)],
            where=here(),
        )
    if exponent == 0:
        ones: Variable = second(x, identity(size_of(x, -1), x.dtype))
        return ones
    if exponent < 0:
        x, exponent = inv(x), -exponent
    result: Variable | None = None
    while exponent:
        if exponent & 1:
            result = x if result is None else matmul(result, x)
        exponent >>= 1
        if exponent:
            x = matmul(x, x)
    assert result is not None
    return result


def multi_dot(arrays: Sequence[Operand]) -> Variable:
    """The product of two or more matrices, the first and the last of which may be vectors.

    Where all sizes are known the products are done in the order that takes the fewest multiplications
    (Cormen, Introduction to Algorithms, 15.2), else from the left.
    """
    factors: list[Variable] = [as_variable(array) for array in arrays]
    if len(factors) < 2:
        raise ArgumentError(f"multi_dot needs two factors or more, got {len(factors)}", where=here())
    for place, factor in enumerate(factors):
        if factor.ndim != 2 and not (factor.ndim == 1 and place in (0, len(factors) - 1)):
            raise RankError(
                f"factor {place} of multi_dot must be a matrix, got {factor.ndim} dimensions",
                arguments=[(f"factor {place}", factor.type)],
                where=here(),
                hint="only the first and the last may be vectors",
            )
    sizes = [1 if factors[0].ndim == 1 else factors[0].type.shape[0], factors[0].type.shape[-1]]
    sizes += [1 if factor.ndim == 1 else factor.type.shape[1] for factor in factors[1:]]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        result = factors[0]
        for factor in factors[1:]:
            result = matmul(result, factor)
        return result
    return _best(factors, known)


def _best(factors: list[Variable], sizes: list[int]) -> Variable:
    """The product in the cheapest order, by dynamic programming over runs of factors."""
    best = {(place, place): (0, factor) for place, factor in enumerate(factors)}
    for length in range(1, len(factors)):
        for first in range(len(factors) - length):
            last = first + length
            options = [
                (best[first, k][0] + best[k + 1, last][0] + sizes[first] * sizes[k + 1] * sizes[last + 1], k)
                for k in range(first, last)
            ]
            cost, k = sorted(options)[0]
            best[first, last] = cost, matmul(best[first, k][1], best[k + 1, last][1])
    return best[0, len(factors) - 1][1]


def tensorinv(x: Operand, ind: int = 2) -> Variable:
    """The inverse for ``tensordot(x, y, ind)``: of x as a square matrix, its first ``ind`` axes the rows."""
    x = as_floating(x, "tensorinv")
    if not 0 < ind < max(x.ndim, 1) + 1:
        raise OptionError(
            f"tensorinv of {x.ndim} dimensions needs 0 < ind <= {x.ndim}, got {ind}", where=here()
        )
    shape = [size_of(x, axis) for axis in range(x.ndim)]
    square = reshape(x, [count_of(x, range(ind)), count_of(x, range(ind, x.ndim))])
    return reshape(inv(square), [*shape[ind:], *shape[:ind]])


def tensorsolve(a: Operand, b: Operand, axes: Sequence[int] | None = None) -> Variable:
    """The x with ``tensordot(a, x, x.ndim) = b``.

    Parameters
    ----------
    a : variable or array_like
        Of the shape of b, followed by that of x; the products of both are equal.
    b : variable or array_like
    axes : sequence of int, optional
        Axes of ``a`` that go to the end first.
    """
    a, b = as_floating(a, "tensorsolve"), as_floating(b, "tensorsolve")
    if axes is not None:
        last = [normalised_axis(axis, a) for axis in axes]
        a = dimshuffle(a, *(axis for axis in range(a.ndim) if axis not in last), *last)
    if a.ndim < b.ndim:
        raise RankError(
            f"tensorsolve needs as many axes in a as in b or more, got {a.ndim} and {b.ndim}",
            arguments=[("a", a.type), ("b", b.type)],
            where=here(),
        )
    shape = [size_of(a, axis) for axis in range(b.ndim, a.ndim)]
    square = reshape(a, [count_of(a, range(b.ndim)), count_of(a, range(b.ndim, a.ndim))])
    return reshape(solve(square, reshape(b, [count_of(b)])), shape)


def block_diag(*matrices: Operand) -> Variable:
    """One matrix with the given ones along its diagonal, and zeros elsewhere; vectors are rows.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.linalg.block_diag([[1, 2]], [[3]]).eval()
    array([[1, 2, 0],
           [0, 0, 3]])
    """
    blocks: list[Variable] = [as_variable(block) for block in matrices]
    blocks = [block if block.ndim == 2 else dimshuffle(block, *["x"] * (2 - block.ndim), *range(block.ndim))
              if block.ndim < 2 else _refused(block) for block in blocks]  # fmt: skip
    if not blocks:
        raise ArgumentError("block_diag needs one matrix or more", where=here())
    rows = []
    for place, block in enumerate(blocks):
        parts = [
            block if other is block and at == place
            else zeros([size_of(block, 0), size_of(other, 1)], block.dtype)
            for at, other in enumerate(blocks)
        ]  # fmt: skip
        rows.append(concatenate(parts, 1) if len(parts) > 1 else block)
    return concatenate(rows, 0) if len(rows) > 1 else rows[0]


def _refused(block: Variable) -> Variable:
    raise RankError(
        f"block_diag takes matrices, got {block.ndim} dimensions",
        arguments=[("block", block.type)],
        where=here(),
    )


__all__ = [
    "block_diag", "cond", "expm", "kron", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm",
    "outer", "tensorinv", "tensorsolve", "trace", "vector_norm",
]  # fmt: skip
