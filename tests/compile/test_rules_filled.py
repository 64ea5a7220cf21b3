"""Filled tensors: elementwise use takes the value alone, where the sizes are known to agree."""

import numpy as np
import pytest

import symconv as sc

x, y, r = sc.matrix("x"), sc.matrix("y"), sc.row("r")
n = sc.lscalar("n")


def ops(f):
    """The labels of all applies, those inside kernels included."""
    found = []
    for node in f.stages["fused"].nodes:
        inner = getattr(node.op, "inner", None)
        found += [member.op.label for member in inner.nodes] if inner is not None else [node.op.label]
    return found


def check(inputs, output, *values, filled=0):
    f = sc.function(inputs, output, mode="checked")
    plain = sc.function(inputs, output)
    np.testing.assert_array_equal(plain(*values), f(*values), strict=True)
    assert ops(plain).count("Alloc") == filled
    return plain


a, b = np.arange(6.0).reshape(2, 3), np.ones((2, 3))


@pytest.mark.parametrize(
    "build",
    [
        lambda x: sc.zeros(x.shape) + x,
        lambda x: x * sc.full(x.shape, 3.0),
        lambda x: sc.zeros((x.shape[0], x.shape[1])) + sc.tanh(x) * 2,
        lambda x: sc.tanh(x) - sc.ones(sc.shape(sc.exp(x) + 1)),
        lambda x: sc.zeros((x.shape[1], x.shape[0])) + x.T,
        lambda x: sc.zeros((1, x.shape[1])) + x,
        lambda x: sc.zeros((1, 1, 1)) + x,
        lambda x: sc.alloc(x[0], x.shape[0], x.shape[1]) * x,
        lambda x: sc.switch(x > 1, sc.zeros(x.shape), sc.ones(x.shape)),
    ],
)
def test_the_value_alone_is_used(build):
    check([x], build(x), a)


def test_sizes_that_are_known():
    fixed = sc.tensor("float64", (2, 3), "fixed")
    f = check([fixed], sc.ones((2, 3)) + fixed, a)
    assert ops(f) == ["add"]
    assert ops(check([fixed], sc.zeros((2, 3)) + fixed + 0, a)) == []
    check([fixed], sc.zeros((4, 2, 3)) + fixed, a, filled=1)


def test_sizes_that_are_not_known_to_agree_are_still_compared():
    f = check([x, y], sc.zeros(y.shape) + x, a, b, filled=1)
    with pytest.raises(sc.ShapeError, match="sizes 4, 2"):
        f(a, np.ones((4, 3)))
    check([x, n], sc.zeros((n, 3)) + x, a, np.array(2), filled=1)
    check([r, x], sc.zeros(x.shape) + r, a[:1], b, filled=1)  # the row does not have all its sizes


def test_a_function_of_a_filled_tensor_is_filled():
    f = check([n], sc.exp(-sc.ones((n, n))) * 2, np.array(3), filled=1)
    assert [label for label in ops(f) if label in ("exp", "mul", "neg")] == []
    filled = sc.zeros((n, 3))
    check([n], (filled + 1) * (filled + 2), np.array(3), filled=1)
    assert sc.function([], sc.zeros((1000, 1000)).sum())() == 0
