"""Rules for inverses, determinants and linear equations; imports the ops of linear algebra.

Each is an equation of matrices for which its left side exists; where that raises, for a singular matrix whose
inverse is inverted again, say, the right side may give a result.
"""

import numpy as np

from symconv.compile.rewrite import AnyRule, NodeRule
from symconv.graph.nodes import Apply, Variable
from symconv.ops.axes import DimShuffle, shape_padright, squeeze
from symconv.ops.dot import Dot, MatMul
from symconv.ops.elemwise import Elemwise
from symconv.ops.elemwise_rows import abs, ge, log, reciprocal, switch
from symconv.ops.linalg.equations import Solve
from symconv.ops.linalg.inverses import Det, Inverse, SlogDet
from symconv.ops.linalg.matrices import DTYPES, diagonal_of, transposed
from symconv.ops.linalg.solving import Cholesky
from symconv.ops.reduce import prod, sum


def untransposed(x: Variable) -> Variable | None:
    """The matrices of which these are the transposed ones."""
    if x.owner is None or not isinstance(x.owner.op, DimShuffle) or x.ndim < 2:
        return None
    swapped = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    same = x.owner.op.order == swapped and x.owner.inputs[0].ndim == x.ndim
    return x.owner.inputs[0] if same else None


def inverted(x: Variable) -> Variable | None:
    """The matrices of which these are the inverses, transposed or not."""
    if x.owner is not None and isinstance(x.owner.op, Inverse):
        return x.owner.inputs[0]
    source = untransposed(x)
    if source is not None and source.owner is not None and isinstance(source.owner.op, Inverse):
        return transposed(source.owner.inputs[0])
    return None


def _inverse_of_inverse(node: Apply) -> Variable | None:
    return inverted(node.inputs[0])


def _product_with_inverse(node: Apply) -> Variable | None:
    """A third of the work, and more digits."""
    x, y = node.inputs
    if x.dtype not in DTYPES or y.dtype not in DTYPES:
        return None
    if x.ndim > 1 and (matrix := inverted(x)) is not None:
        right = shape_padright(y) if y.ndim == 1 else y
        found: Variable = Solve()(matrix, right)
        return squeeze(found, -1) if y.ndim == 1 else found
    if y.ndim > 1 and (matrix := inverted(y)) is not None:
        right = shape_padright(x) if x.ndim == 1 else transposed(x)
        found = Solve()(transposed(matrix), right)
        return squeeze(found, -1) if x.ndim == 1 else transposed(found)
    return None


def _det_of_transposed(node: Apply) -> Variable | None:
    source = untransposed(node.inputs[0])
    return None if source is None else node.op(source)


def _det_of_inverse(node: Apply) -> Variable | None:
    matrix = inverted(node.inputs[0])
    return None if matrix is None else reciprocal(Det()(matrix))


def _det_of_cholesky(node: Apply) -> Variable | None:
    owner = node.inputs[0].owner
    if owner is None or not isinstance(owner.op, Cholesky):
        return None
    return prod(diagonal_of(node.inputs[0]), -1)


def _log_of_det(node: Apply) -> Variable | None:
    """The determinant over- and underflows, its logarithm does not."""
    x = node.inputs[0]
    if node.op != log or x.owner is None or not x.type.is_float:
        return None
    source = x.owner.inputs[0]
    if isinstance(x.owner.op, Det):
        if source.owner is not None and isinstance(source.owner.op, Cholesky):
            return sum(log(diagonal_of(source)), -1)
        sign, logarithm = SlogDet()(source)
        return switch(ge(sign, 0), logarithm, np.nan)
    if x.owner.op == abs and source.owner is not None and isinstance(source.owner.op, Det):
        absolute: Variable = SlogDet()(source.owner.inputs[0])[1]
        return absolute
    return None


CANONICAL: tuple[AnyRule, ...] = (
    NodeRule("inv(inv(x)) = x", Inverse, _inverse_of_inverse),
    NodeRule("det(x.T) = det(x)", Det, _det_of_transposed),
    NodeRule("log(det(x)) = slogdet(x)[1]", Elemwise, _log_of_det),
)

STABLE: tuple[AnyRule, ...] = (
    NodeRule("inv(x) @ y = solve(x, y)", Dot, _product_with_inverse),
    NodeRule("stacks: inv(x) @ y = solve(x, y)", MatMul, _product_with_inverse),
    NodeRule("det(inv(x)) = 1 / det(x)", Det, _det_of_inverse),
    NodeRule("det(cholesky(x)) = prod(diagonal)", Det, _det_of_cholesky),
)
