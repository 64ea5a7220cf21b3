"""Norms of vectors and matrices, condition numbers, ranks; imports decompositions, eigenvalues, inverses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.errors import OptionError, RankError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.axes import dimshuffle, moveaxis, normalised_axis
from symconv.ops.elemwise_rows import abs, cast, eq, gt, neq, pow, sqr, sqrt, switch
from symconv.ops.linalg.decompositions import default_rcond, largest_or_0, svdvals
from symconv.ops.linalg.eigenvalues import eigvalsh
from symconv.ops.linalg.inverses import inv
from symconv.ops.linalg.matrices import as_floating, as_matrices, real_of
from symconv.ops.reduce import max as largest
from symconv.ops.reduce import min as smallest
from symconv.ops.reduce import sum
from symconv.ops.shape import count_of, reshape

Order = int | float | str | None


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


__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "vector_norm"]
