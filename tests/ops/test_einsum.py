"""einsum against NumPy's: forms, diagonals, broadcasting, several operands; its cost, gradients and errors."""

import numpy as np
import pytest
from reference import evaluate

import symconv as sc
from symconv.errors import ArgumentError, OptionError, RankError, ShapeError
from symconv.graph.traverse import toposort
from symconv.ops.dot import Dot, MatMul

CASES = [
    ("i", [(3,)]), ("ij->ji", [(2, 3)]), ("ij->", [(2, 3)]), ("ij->j", [(2, 3)]), ("ji", [(2, 3)]),
    ("ii", [(3, 3)]), ("ii->i", [(3, 3)]), ("iji->ij", [(3, 2, 3)]), ("iii", [(3, 3, 3)]),
    ("iijj->ij", [(2, 2, 3, 3)]), ("i,i", [(3,), (3,)]), ("i,j", [(2,), (3,)]), ("i,j->ji", [(2,), (3,)]),
    ("ij,jk", [(2, 3), (3, 5)]), ("ij,kj->ik", [(2, 3), (5, 3)]), ("ij,ij->i", [(2, 3), (2, 3)]),
    ("bij,bjk->bik", [(7, 2, 3), (7, 3, 5)]), ("bij,bjk->kib", [(7, 2, 3), (7, 3, 5)]),
    ("ij,jk,kl", [(2, 3), (3, 5), (5, 7)]), ("ij,jk,kl->li", [(2, 3), (3, 5), (5, 7)]),
    ("i,ij,j", [(2,), (2, 3), (3,)]), ("ijk,ilm,njm,nlk,abc->", [(2, 3, 5), (2, 7, 2), (3, 3, 2), (3, 7, 5), (2, 2, 2)]),
    ("...ij,...jk->...ik", [(7, 2, 3), (3, 5)]), ("...ij,...jk", [(7, 2, 3), (11, 7, 3, 5)]),
    ("...,...", [(2, 3), (3,)]), ("i...->...", [(3, 2, 5)]), ("...i->i...", [(3, 2, 5)]), ("i...,i", [(3, 2), (3,)]),
    ("ij,ij->ij", [(2, 1), (2, 3)]), ("ij,jk->ik", [(2, 1), (3, 5)]), ("i,i,i->i", [(3,), (1,), (3,)]),
    (",i->i", [(), (3,)]), (",", [(), ()]), ("->", [()]), (" i j , j -> i ", [(2, 3), (3,)]),
    ("ijk,jl,kl->il", [(2, 3, 5), (3, 7), (5, 7)]), ("ij,j,ik", [(2, 3), (3,), (2, 5)]),
    ("ij,jk", [(0, 3), (3, 5)]), ("ij,jk", [(2, 0), (0, 5)]), ("aab,bc->ac", [(2, 2, 3), (3, 5)]),
]  # fmt: skip


def arrays_of(shapes, dtype="float64"):
    rng = np.random.default_rng(len(shapes))
    return [rng.integers(-3, 4, shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize(("text", "shapes"), CASES)
@pytest.mark.parametrize("known", [True, False])
def test_values(text, shapes, known):
    arrays = arrays_of(shapes)
    expected = np.einsum(text, *arrays)
    variables = [
        sc.tensor("float64", [size if known or size == 1 else None for size in shape]) for shape in shapes
    ]
    result = sc.einsum(text, *variables)
    np.testing.assert_array_equal(evaluate(result, dict(zip(variables, arrays, strict=True))), expected)
    f = sc.function(variables, result, mode="checked")
    np.testing.assert_array_equal(f(*arrays), expected)
    if known:
        assert result.type.shape == expected.shape


@pytest.mark.parametrize("dtype", ["float32", "int8", "int64", "complex128", "bool"])
def test_dtypes(dtype):
    x, y = arrays_of([(2, 3), (3, 2)], dtype)
    for text in ("ij,jk", "ij,ji->i", "ij,jk->i"):
        found = sc.einsum(text, x, y)
        expected = np.einsum(text, x, y)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.eval(), expected)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("ij,jk,kl->li", [(2, 3), (3, 2), (2, 3)]), ("iji,j->i", [(3, 2, 3), (2,)]),
        ("...ij,...jk->...ik", [(2, 2, 3), (3, 2)]), ("bij,bij->b", [(2, 3, 2), (2, 3, 2)]),
        ("ij,ij->ij", [(2, 1), (2, 3)]),
    ],
)  # fmt: skip
def test_gradients(text, shapes):
    rng = np.random.default_rng(0)
    points = [rng.normal(size=shape) for shape in shapes]
    sc.verify_grad(lambda *xs: sc.einsum(text, *xs), points)
    sc.verify_grad(lambda *xs: sc.grad((sc.einsum(text, *xs) ** 2).sum(), xs[0]), points)


def test_products_are_matrix_products_in_the_cheap_order():
    a, b, c = (sc.tensor("float64", shape) for shape in [(1000, 2), (2, 1000), (1000, 3)])
    products = [node for node in toposort([sc.einsum("ij,jk,kl->il", a, b, c)]) if isinstance(node.op, Dot)]
    assert [node.outputs[0].type.shape for node in products] == [(2, 3), (1000, 3)]
    x = sc.tensor3()
    nodes = sc.function([x], sc.einsum("bij,bjk->bik", x, x)).stages["canonical"].nodes
    assert [type(node.op) for node in nodes] == [MatMul]
    nodes = sc.function([x], sc.einsum("bij,bkj->bik", x, x)).stages["canonical"].nodes
    assert [node.op.role for node in nodes] == ["view", "anchor"]  # the transposed stack is not copied


m, n = sc.tensor("float64", (2, 3), "m"), sc.tensor("float64", (4, 5), "n")


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: sc.einsum("ij,jk", m, n), ShapeError, "'j' has the sizes 3 and 4"),
        (lambda: sc.einsum("ii", m), ShapeError, "'i' has the sizes 2 and 3"),
        (lambda: sc.einsum("ijk", m), RankError, "names 3 axes of 2"),
        (lambda: sc.einsum("i", m), RankError, "names 1 axes of 2"),
        (lambda: sc.einsum("ij", m, n), ArgumentError, "1 terms for 2 operands"),
        (lambda: sc.einsum("i1", m), OptionError, "is no term"),
        (lambda: sc.einsum("ij->k", m), OptionError, "one that no operand has"),
        (lambda: sc.einsum("ij->ii", m), OptionError, "names an axis twice"),
        (lambda: sc.einsum(m, n), OptionError, "must be a string, got Variable"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=rf"(?s){text}.*operand 0: float64\[.*at test_einsum\.py"):
        call()
