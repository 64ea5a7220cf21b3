"""Products summed over any axes, of vectors and of whole tensors, against NumPy, and their gradients."""

import numpy as np
import pytest
from reference import evaluate

from symconv.compile.function import function
from symconv.errors import ArgumentError, RankError, ShapeError
from symconv.gradient import verify_grad
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType
from symconv.ops import contract as ops


def variable(*shape, dtype="float64", name=None):
    return Variable(TensorType(dtype, shape), name)


def random(shape, dtype="float64"):
    return np.random.default_rng(len(shape) + sum(shape)).normal(size=shape).astype(dtype)


PRODUCTS = [
    (lambda x, y: ops.tensordot(x, y), lambda x, y: np.tensordot(x, y), (2, 3, 5), (3, 5, 7)),
    (lambda x, y: ops.tensordot(x, y, 0), lambda x, y: np.tensordot(x, y, 0), (2, 3), (5,)),
    (lambda x, y: ops.tensordot(x, y, 1), lambda x, y: np.tensordot(x, y, 1), (2, 3), (3, 5, 7)),
    (lambda x, y: ops.tensordot(x, y, (1, 0)), lambda x, y: np.tensordot(x, y, (1, 0)), (2, 3), (3, 5)),
    (lambda x, y: ops.tensordot(x, y, [[0, 2], [1, -1]]), lambda x, y: np.tensordot(x, y, [[0, 2], [1, 2]]),
     (2, 3, 5), (7, 2, 5)),
    (lambda x, y: ops.tensordot(x, y, [[-1, 0], [0, 1]]), lambda x, y: np.tensordot(x, y, [[2, 0], [0, 1]]),
     (2, 3, 5), (5, 2)),
    (ops.outer, np.outer, (3,), (5,)),
    (ops.outer, np.outer, (2, 3), (5,)),
    (ops.inner, np.inner, (3,), (3,)),
    (ops.inner, np.inner, (2, 3), (5, 7, 3)),
    (ops.inner, np.inner, (), (3,)),
    (ops.vdot, np.vdot, (2, 3), (3, 2)),
    (ops.kron, np.kron, (2, 3), (5, 7)),
    (ops.kron, np.kron, (2,), (3, 5)),
    (ops.kron, np.kron, (2, 3, 2), (5,)),
    (ops.kron, np.kron, (), (5,)),
    (ops.batched_dot, lambda x, y: np.stack([a @ b for a, b in zip(x, y, strict=True)]), (2, 3, 5), (2, 5, 7)),
    (ops.batched_dot, lambda x, y: np.stack([a @ b for a, b in zip(x, y, strict=True)]), (2, 5), (2, 5, 7)),
    (ops.batched_dot, lambda x, y: np.stack([a @ b for a, b in zip(x, y, strict=True)]), (2, 3, 5), (2, 5)),
    (ops.batched_dot, lambda x, y: np.stack([a @ b for a, b in zip(x, y, strict=True)]), (2, 5), (2, 5)),
    (ops.batched_dot, lambda x, y: np.stack([a * b for a, b in zip(x, y, strict=True)]), (2,), (2, 5)),
    (ops.batched_dot, lambda x, y: np.stack([np.dot(a, b) for a, b in zip(x, y, strict=True)]), (2, 3, 2, 5), (2, 7, 5, 3)),
    (lambda x, y: ops.batched_tensordot(x, y, [[2, 3], [1, 2]]),
     lambda x, y: np.stack([np.tensordot(a, b, [[1, 2], [0, 1]]) for a, b in zip(x, y, strict=True)]),
     (2, 3, 5, 7), (2, 5, 7)),
    (lambda x, y: ops.batched_tensordot(x, y, 1),
     lambda x, y: np.stack([np.tensordot(a, b, 1) for a, b in zip(x, y, strict=True)]), (2, 3, 5), (2, 5, 7, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("product", "numpy", "left", "right"), PRODUCTS)
@pytest.mark.parametrize("known", [True, False])
def test_products(product, numpy, left, right, known):
    x, y = (variable(*(size if known else None for size in shape)) for shape in (left, right))
    arrays = {x: random(left), y: random(right)}
    expected = numpy(arrays[x], arrays[y])
    result = product(x, y)
    np.testing.assert_allclose(evaluate(result, arrays), expected, rtol=1e-12)
    np.testing.assert_allclose(function([x, y], result, mode="checked")(*arrays.values()), expected, rtol=1e-12)
    if known:
        assert result.type.shape == expected.shape
        verify_grad(lambda a, b: product(a, b) ** 2, list(arrays.values()))


def test_vdot_conjugates():
    x, y = np.array([1 + 2j, 3j]), np.array([2 - 1j, 1 + 1j])
    assert ops.vdot(x, y).eval() == np.vdot(x, y)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda x, y: ops.tensordot(x, y, 2), ShapeError, "axis 0 of x has size 2, axis 0 of y.*3"),
        (lambda x, y: ops.tensordot(x, y, 3), RankError, "no 3 axes"),
        (lambda x, y: ops.tensordot(x, y, [[0, 1], [0]]), ArgumentError, "equally many axes"),
        (lambda x, y: ops.tensordot(x, y, [[1, 1], [0, 0]]), ShapeError, "an axis twice"),
        (lambda x, y: ops.tensordot(x, y, None), ArgumentError, "got None"),
        (lambda x, y: ops.batched_dot(x, y), ShapeError, "2 and 3 products"),
        (lambda x, y: ops.batched_dot(x, y.sum()), RankError, "a scalar lacks"),
        (lambda x, y: ops.batched_tensordot(x, x, [[0], [0]]), ShapeError, "cannot sum over the first"),
    ],
)
def test_products_refused(call, kind, text):
    with pytest.raises(kind, match=rf"(?s){text}.*x: .*at test_contract\.py"):
        call(variable(2, 3), variable(3, 4))
