"""Choosing by bits: what np.where gives, bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symconv as sc
from symconv.compile.selecting import select

SPECIAL = (0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(data=st.data())
def test_select_is_where(dtype, data):
    random = np.random.default_rng(data.draw(st.integers(0, 100)))
    shape = data.draw(st.sampled_from([(5,), (4, 3), (2, 3, 4)]))

    def operand():
        if data.draw(st.booleans()):
            return data.draw(st.sampled_from(SPECIAL))
        array = random.choice(SPECIAL, shape).astype(dtype)
        return np.asfortranarray(array) if data.draw(st.booleans()) else array

    condition = random.random(shape) < 0.5
    if data.draw(st.booleans()):
        condition = condition[:1]
    chosen, otherwise = operand(), operand()
    expected = np.where(condition, np.asarray(chosen, dtype), np.asarray(otherwise, dtype))
    out = (
        otherwise
        if isinstance(otherwise, np.ndarray) and data.draw(st.booleans())
        else np.empty(shape, dtype)
    )
    before = condition.copy()
    select(condition, chosen, otherwise, out)
    np.testing.assert_array_equal(
        out.view(f"i{out.itemsize}"), np.broadcast_to(expected, shape).view(f"i{out.itemsize}")
    )
    np.testing.assert_array_equal(condition, before)


def test_large_choices_are_made_so():
    x, y = sc.matrix("x", dtype="float32"), sc.matrix("y", dtype="float32")
    f = sc.function([x, y], [sc.switch(x > 0, x, y), sc.grad(sc.relu(x).sum(), x)])
    a, b = np.random.default_rng(1).standard_normal((2, 100, 60)).astype("float32")
    chosen, slope = f(a, b)
    assert f.source.count("select(") == 2
    np.testing.assert_array_equal(chosen, np.where(a > 0, a, b))
    np.testing.assert_array_equal(slope, a > 0)
    small = f(a[:5, :5], b[:5, :5])
    assert "select(" not in f.source
    np.testing.assert_array_equal(small[0], np.where(a > 0, a, b)[:5, :5])
