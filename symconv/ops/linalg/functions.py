"""Traces, powers, exponentials and products of matrices; imports inverses and equations.

    Expm  the exponential of a matrix

Everything else is made of other ops.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from symconv.errors import ArgumentError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import dimshuffle, normalised_axis
from symconv.ops.contract import kron, outer
from symconv.ops.diagonals import diagonal
from symconv.ops.dot import matmul
from symconv.ops.elemwise_rows import second, zeros_like
from symconv.ops.fill import zeros
from symconv.ops.join import concatenate
from symconv.ops.linalg.inverses import inv
from symconv.ops.linalg.matrices import as_floating, as_matrices, check_square, identity, transposed
from symconv.ops.linalg.solving import solve
from symconv.ops.reduce import sum
from symconv.ops.shape import count_of, reshape, size_of

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
    "block_diag", "expm", "kron", "matrix_power", "multi_dot", "outer", "tensorinv", "tensorsolve", "trace",
]  # fmt: skip
