"""Every op, found from the definitions: value, product test, differences, second derivative, both ways."""

import numpy as np
import pytest
from every_op import ENTRIES, FORMULAS, REDUCTIONS, ops, reduction_use, row_use, rows, scipy_use
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import symconv as sc
from symconv.graph.traverse import toposort

SIZE = st.integers(1, 3)
RANDOM = st.integers(0, 999)
KINDS = {op.__name__: op for op in ops()}


def some(count):
    """So many examples in the fast profile, and more in proportion in the thorough one; none is made smaller."""
    return settings(max_examples=max(1, count * settings.default.max_examples // 15), phases=[Phase.generate])


def compiled(inputs, outputs, mode="compiled"):
    return sc.function(inputs, outputs, on_unused_input="ignore", mode=mode)


def typed(use):
    """A variable for each array; a size of 1 is known where it is meant to stretch."""
    one = 1 if use.stretches else None
    shapes = [tuple(one if size == 1 else None for size in a.shape) for a in use.arrays]
    return [sc.tensor(a.dtype.name, s, f"x{i}") for i, (a, s) in enumerate(zip(use.arrays, shapes, strict=True))]


def pairing(first, second):
    """A sum of products of two lists of arrays, and the sum of their sizes."""
    products = [np.asarray(a, float) * b for a, b in zip(first, second, strict=True)]
    return sum(float(p.sum()) for p in products), sum(float(np.abs(p).sum()) for p in products) + 1e-300


def agree(first, second, scale=0.0):
    """Two sums of products are equal but for rounding, of terms of this scale as well."""
    (a, size), (b, other) = first, second
    assert abs(a - b) <= 1e-10 * max(size, other) + 1e-13 * scale, (a, b)


def check(use, rng):
    """All that is asked of an op."""
    inputs = typed(use)
    result = use.build(*inputs)
    value = compiled(inputs, result, "checked")(*use.arrays)
    floats = [v for v in inputs if v.type.is_float]
    if not use.orders or not floats:
        assert_nothing_flows(result, inputs, use.arrays)
        return result
    u = rng.uniform(0.5, 1.5, value.shape) * rng.choice([-1.0, 1.0], value.shape)
    v, w = ([rng.normal(size=a.shape) for a in use.arrays] for _ in range(2))

    def derivative(variables, result, way):
        """The gradients of a weighted sum, and the change of the sum along a way as an expression."""
        slopes = sc.grad((result * sc.constant(u)).sum(), variables, disconnected_inputs="ignore")
        return slopes, sum((s * sc.constant(d)).sum() for s, d in zip(slopes, way, strict=True))

    slopes, along_v = derivative(floats, result, v)
    wanted = [sc.Rop(result, floats, [sc.constant(d) for d in v]), *slopes]
    if use.orders > 1:
        _, along_w = derivative(floats, result, w)
        wanted += sc.grad(along_v, floats, disconnected_inputs="ignore")
        wanted += sc.grad(along_w, floats, disconnected_inputs="ignore")
        wanted += sc.Rop(slopes, floats, [sc.constant(d) for d in w])
    count = len(floats)
    forward, *found = compiled(inputs, wanted)(*use.arrays)
    slope, hv, hw, pushed = (found[place * count : (place + 1) * count] for place in range(4))
    product = pairing(slope, v)
    agree(pairing([u], [forward]), product)
    sc.verify_grad(use.build, use.arrays, directions=1, tolerance=1e-6)
    if use.orders > 1:
        agree(pairing(hv, w), pairing(hw, v), product[1])  # it is symmetric
        agree(pairing(hv, w), pairing(pushed, v), product[1])  # and the same forwards
        sc.verify_grad(
            lambda *xs: derivative(xs, use.build(*xs), v)[1], use.arrays, directions=1, tolerance=1e-6
        )
    return result


def assert_nothing_flows(result, inputs, arrays):
    """There is no derivative, or it is 0, or it is said to be undefined."""
    for variable in inputs:
        if variable.type.is_float:
            try:
                slope = sc.grad(result.astype("float64").sum(), variable)
            except sc.GradientError:
                continue
            np.testing.assert_array_equal(compiled(inputs, slope)(*arrays), 0)


def test_every_op_has_an_entry():
    assert set(KINDS) == set(ENTRIES)


@pytest.mark.parametrize("name", sorted(ENTRIES))
@some(2)
@given(SIZE, SIZE, SIZE, RANDOM)
def test_an_op(name, n, m, k, seed):
    rng = np.random.default_rng(seed)
    use = ENTRIES[name](n, m, k, rng)
    result = check(use, rng)
    assert any(type(node.op) is KINDS[name] for node in toposort([result])), "the entry does not use the op"


@pytest.mark.parametrize("name", rows())
@some(2)
@given(SIZE, SIZE, RANDOM)
def test_a_row(name, n, m, seed):
    rng = np.random.default_rng(seed)
    check(row_use(name, n, m, rng), rng)


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
@some(3)
@given(SIZE, SIZE, SIZE, RANDOM)
def test_a_reduction(name, n, m, k, seed):
    rng = np.random.default_rng(seed)
    check(reduction_use(name, n, m, k, rng), rng)


@pytest.mark.parametrize("name", sorted(FORMULAS))
@some(2)
@given(SIZE, SIZE, RANDOM)
def test_a_function_of_scipy(name, n, m, seed):
    rng = np.random.default_rng(seed)
    check(scipy_use(name, n, m, rng), rng)
