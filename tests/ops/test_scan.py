"""Loops: against plain Python loops, their gradients against differences, what they refuse, what they keep."""

import copy
import pickle

import numpy as np
import pytest

import symconv as sc
from symconv.ops.scan.op import Scan

RNG = np.random.default_rng(7)
CHECKED = "checked"


def array(*shape, scale=0.6):
    return RNG.normal(size=shape) * scale


def loops(function, stage="fused"):
    return [node for node in function.stages[stage].nodes if isinstance(node.op, Scan)]


def rnn(x, h0, W, U, b, **options):
    states, _ = sc.scan(
        lambda x_t, h: sc.tanh(sc.dot(x_t, W) + sc.dot(h, U) + b), sequences=x, outputs_info=h0, **options
    )
    return states


def rnn_reference(x, h, W, U, b):
    states = []
    for x_t in x:
        h = np.tanh(x_t @ W + h @ U + b)
        states.append(h)
    return np.array(states).reshape(len(x), *h.shape)


RNN = [array(5, 2, 3), array(2, 4), array(3, 4), array(4, 4), array(4)]


# Values


@pytest.mark.parametrize("length", [0, 1, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_recurrent_network_is_the_loop_that_it_says(length, dtype):
    values = [RNN[0][:length].astype(dtype), *(value.astype(dtype) for value in RNN[1:])]
    inputs = [sc.tensor(dtype, (None,) * value.ndim) for value in values]
    f = sc.function(inputs, rnn(*inputs), mode=CHECKED)
    np.testing.assert_allclose(f(*values), rnn_reference(*values), rtol=1e-5)


def test_sequences_states_and_constants_come_in_this_order():
    x, y, w = sc.dvector("x"), sc.dvector("y"), sc.dscalar("w")
    seen = []

    def step(x_t, y_t, a, w):
        seen.append([str(x_t), str(y_t), str(a), w])
        return a + x_t * y_t, a * w

    results, updates = sc.scan(step, [x, y], [np.float64(1), None], w)
    assert seen[0][:2] == ["x_t", "y_t"]
    assert seen[0][3] is w
    assert updates == {}
    f = sc.function([x, y, w], results, mode=CHECKED)
    sums, products = f([1.0, 2, 3], [1.0, 1, 2, 9], 10.0)  # the shorter sequence decides
    np.testing.assert_array_equal(sums, [2, 4, 10])
    np.testing.assert_array_equal(products, [10, 20, 40])


def test_taps_of_sequences_begin_where_all_entries_exist():
    x = sc.dvector("x")
    results, _ = sc.scan(
        lambda before, now, after: before * 100 + now * 10 + after, {"input": x, "taps": [-2, 0, 1]}
    )
    backwards, _ = sc.scan(
        lambda before, now, after: before * 100 + now * 10 + after,
        {"input": x, "taps": [-2, 0, 1]},
        go_backwards=True,
    )
    f = sc.function([x], [results, backwards], mode=CHECKED)
    forth, back = f([1.0, 2, 3, 4, 5])
    np.testing.assert_array_equal(forth, [134, 245])
    np.testing.assert_array_equal(back, [245, 134])
    later, _ = sc.scan(lambda now, then: now - then, {"input": x, "taps": [0, 2]})
    np.testing.assert_array_equal(later.eval({x: [1.0, 2, 4, 8]}), [-3, -6])


@pytest.mark.parametrize("taps", [[-1, -2], [-2, -1], [-3], [-1, -3]])
def test_states_of_any_depth(taps):
    first = sc.dmatrix("first")
    depth = -min(taps)
    weights = [10.0**place for place in range(len(taps))]

    def step(*values):
        return sum(weight * value for weight, value in zip(weights, values, strict=True)) * 0.1

    results, _ = sc.scan(step, outputs_info={"initial": first, "taps": taps}, n_steps=4)
    given = array(depth, 2)
    history = list(given)
    for _ in range(4):
        history.append(step(*(history[tap] for tap in taps)))
    f = sc.function([first], [results, results[-1]], mode=CHECKED)
    whole, last = f(given)
    np.testing.assert_allclose(whole, history[depth:])
    np.testing.assert_allclose(last, history[-1])
    sc.verify_grad(lambda v: step_cubed(step, v, taps), [given])


def step_cubed(step, initial, taps):
    results, _ = sc.scan(
        lambda *values: sc.tanh(step(*values)) + 0.1 * values[0] ** 2,
        outputs_info={"initial": initial, "taps": taps},
        n_steps=3,
    )
    return (results**3).sum() + (results[-1] ** 2).sum()


def test_results_backwards_are_in_the_order_of_the_steps():
    x = sc.dvector("x")
    sums, _ = sc.scan(lambda x_t, s: s + x_t, x, 0.0, go_backwards=True)
    np.testing.assert_array_equal(sums.eval({x: [1.0, 2, 4]}), [4, 6, 7])
    some, _ = sc.scan(lambda x_t: x_t, x, n_steps=2, go_backwards=True)
    np.testing.assert_array_equal(some.eval({x: [1.0, 2, 4]}), [4, 2])
    sc.verify_grad(
        lambda v, W: sc.scan(lambda v_t, h: sc.tanh(sc.dot(v_t, W) + h), v, np.zeros(3), go_backwards=True)[0],
        [array(4, 2), array(2, 3)],
    )


def test_until_ends_the_loop_after_the_step_where_it_holds():
    limit, x = sc.dscalar("limit"), sc.dvector("x")
    sums, _ = sc.scan(lambda x_t, s: ([s + x_t], sc.until(s + x_t > limit)), x, 0.0)
    f = sc.function([x, limit], [sums, sc.grad(sums.sum(), x), sums.shape[0]], mode=CHECKED)
    values, gradient, length = f([1.0, 2, 3, 4], 2.5)
    np.testing.assert_array_equal(values, [1, 3])
    np.testing.assert_array_equal(gradient, [2, 1, 0, 0])
    assert length == 2
    values, gradient, _ = f([1.0, 2, 3, 4], 100.0)
    np.testing.assert_array_equal(values, [1, 3, 6, 10])
    np.testing.assert_array_equal(gradient, [4, 3, 2, 1])


def test_the_number_of_steps_may_be_a_variable_and_nothing():
    n, x = sc.iscalar("n"), sc.dscalar("x")
    powers, _ = sc.scan(lambda p: p * x, outputs_info=sc.constant(1.0), n_steps=n)
    f = sc.function([n, x], [powers, sc.grad(powers.sum(), x)], mode=CHECKED)
    values, gradient = f(3, 2.0)
    np.testing.assert_array_equal(values, [2, 4, 8])
    assert gradient == 1 + 4 + 12
    values, gradient = f(0, 2.0)
    assert values.shape == (0,)
    assert gradient == 0
    with pytest.raises(sc.ShapeError, match="cannot run -1 times"):
        f(-1, 2.0)


def test_the_last_state_of_no_steps_does_not_exist():
    n = sc.iscalar("n")
    states, _ = sc.scan(lambda p: p * 2, outputs_info=1.0, n_steps=n)
    f = sc.function([n], states[-1])
    assert f(3) == 8
    with pytest.raises(sc.ShapeError):
        f(0)
    x = sc.dvector("x")
    folded, _ = sc.reduce(lambda x_t, s: s + x_t, x, 5.0)
    assert folded.eval({x: np.zeros(0)}) == 5.0


def test_loops_within_loops():
    x, w = sc.dmatrix("x"), sc.dscalar("w")

    def row(row_t, total):
        inner, _ = sc.scan(lambda v, s: sc.tanh(s * w + v * total), row_t, 0.5)
        return total + inner[-1]

    totals, _ = sc.scan(row, x, 0.1)
    f = sc.function([x, w], totals, mode=CHECKED)
    given = array(3, 4)
    total, expected = 0.1, []
    for line in given:
        s = 0.5
        for v in line:
            s = np.tanh(s * 0.7 + v * total)
        total += s
        expected.append(total)
    np.testing.assert_allclose(f(given, 0.7), expected)

    def outer(x, w):
        def row(row_t, total):
            inner, _ = sc.scan(lambda v, s: sc.tanh(s * w + v * total), row_t, 0.5)
            return total + inner[-1]

        return sc.scan(row, x, 0.1)[0]

    sc.verify_grad(outer, [array(2, 3), np.float64(0.7)])


def test_gradients_inside_the_step():
    x = sc.dvector("x")

    def descend(position):
        energy = ((position**2 - 1) ** 2).sum()
        return position - 0.05 * sc.grad(energy, position)

    path, _ = sc.scan(descend, outputs_info=x, n_steps=50)
    f = sc.function([x], path[-1], mode=CHECKED)
    np.testing.assert_allclose(f([0.5, -0.3]), [1, -1], atol=1e-3)
    sc.verify_grad(
        lambda v: sc.scan(
            lambda p: p - 0.05 * sc.grad(((p**2 - 1) ** 2).sum(), p), outputs_info=v, n_steps=4
        )[0],
        [np.array([0.5, -0.3])],
    )


def test_shared_variables_are_read_and_changed():
    counter, weight = sc.shared(3.0, "counter"), sc.shared(np.float64(2), "weight")
    results, updates = sc.scan(lambda: (counter * weight, {counter: counter + 1}), n_steps=4)
    assert list(updates) == [counter]
    f = sc.function([], results, updates=updates)
    np.testing.assert_array_equal(f(), [6, 8, 10, 12])
    assert counter.get_value() == 7
    np.testing.assert_array_equal(f(), [14, 16, 18, 20])
    x = sc.dvector("x")
    broken, updates = sc.scan(lambda x_t: (x_t, {counter: counter + 1}), x, n_steps=4)
    g = sc.function([x], broken, updates=updates)
    with pytest.raises(sc.ShapeError, match="3 entries"):
        g(np.zeros(3))
    assert counter.get_value() == 11


@pytest.mark.parametrize(
    "returned",
    [
        lambda a, u: a, lambda a, u: [a], lambda a, u: (a, u), lambda a, u: (u, a), lambda a, u: ([a], u),
        lambda a, u: (u, [a]), lambda a, u: (a, list(u.items())), lambda a, u: (a, u, sc.until(a > 1e9)),
        lambda a, u: ([a], sc.until(a > 1e9)),
    ],
)  # fmt: skip
def test_a_step_may_return_its_results_in_many_forms(returned):
    state = sc.shared(1.0)
    result, _ = sc.scan(lambda a: returned(a * 2, {state: state + a}), outputs_info=1.0, n_steps=3)
    np.testing.assert_array_equal(result.eval(), [2, 4, 8])


def test_results_are_returned_as_theano_does():
    x = sc.dvector("x")
    one, _ = sc.scan(lambda v: v, x)
    assert isinstance(one, sc.Variable)
    several, _ = sc.scan(lambda v: [v, v + 1], x)
    assert isinstance(several, list)
    listed, _ = sc.scan(lambda v: v, x, return_list=True)
    assert isinstance(listed, list)
    state = sc.shared(0.0)
    none, updates = sc.scan(lambda: {state: state + 1}, n_steps=3)
    assert none is None
    sc.function([], [], updates=updates)()
    assert state.get_value() == 3


def test_map_reduce_and_folds():
    x = sc.dvector("x")
    squares, _ = sc.map(lambda v: v**2, x)
    left, _ = sc.foldl(lambda v, acc: acc * 10 + v, x, 0.0)
    right, _ = sc.foldr(lambda v, acc: acc * 10 + v, x, 0.0)
    both, _ = sc.reduce(lambda v, a, b: [a + v, b * v], x, [0.0, 1.0])
    f = sc.function([x], [squares, left, right, *both], mode=CHECKED)
    results = f([1.0, 2, 3])
    np.testing.assert_array_equal(results[0], [1, 4, 9])
    assert [float(value) for value in results[1:]] == [123, 321, 6, 6]
    with pytest.raises(sc.ArgumentError, match="initial value"):
        sc.reduce(lambda v: v, x, None)


@pytest.mark.parametrize("initial", [0, 0.0, np.float32(0), sc.constant(0), sc.constant(0.0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_and_constants_take_the_dtype_of_the_state(initial, dtype):
    x = sc.vector("x", dtype=dtype)
    sums, _ = sc.scan(lambda x_t, s: sc.cast(s + x_t, dtype), x, initial)
    assert sums.dtype == dtype
    np.testing.assert_array_equal(sums.eval({x: np.array([1, 2], dtype)}), [1, 3])


def test_results_that_grow_are_stacked_only_if_they_agree():
    x = sc.lvector("x")
    pieces, _ = sc.scan(lambda n: sc.arange(n), x)
    f = sc.function([x], pieces)
    np.testing.assert_array_equal(f([2, 2]), [[0, 1], [0, 1]])
    with pytest.raises(sc.ShapeError, match="changes its shape"):
        f([2, 3])


def test_random_states_are_carried_through_the_loop():
    x = sc.dvector("x")
    stream = sc.random.Stream(3)
    walk, updates = sc.scan(lambda x_t, h: h + stream.normal(()) * x_t, x, 0.0)
    f = sc.function([x], walk, updates=updates, mode=CHECKED)
    draw = sc.function([], sc.random.Stream(3).normal(()))
    steps = [float(draw()) for _ in range(8)]
    first, second = f(np.ones(4)), f(np.ones(4))
    np.testing.assert_allclose(np.concatenate([first, first[-1] + second]), np.cumsum(steps))
    forgetful = sc.function([x], walk)  # the stream moves on all the same
    third, fourth = forgetful(np.ones(2)), forgetful(np.ones(2))
    np.testing.assert_allclose(np.diff([0, *third, *(third[-1] + fourth)]), [float(draw()) for _ in range(4)])
    still = sc.function([x], walk, no_default_updates=True)
    np.testing.assert_array_equal(still(np.ones(2)), still(np.ones(2)))


# Gradients


def test_gradients_of_a_recurrent_network():
    sc.verify_grad(rnn, RNN)
    sc.verify_grad(lambda *v: rnn(*v)[-1], RNN)
    sc.verify_grad(lambda *v: (rnn(*v, n_steps=3) ** 2).sum(), RNN)


def test_second_gradients_of_a_recurrent_network():
    def cost(*variables):
        first = sc.grad((sc.tanh(rnn(*variables)) ** 2).sum(), list(variables))
        return sum((g**2).sum() for g in first)

    sc.verify_grad(cost, [array(3, 2, 2), array(2, 2), array(2, 2), array(2, 2), array(2)])


def test_hessian_by_differences_of_a_scalar_loop():
    def third(x, w):
        cost = sc.scan(lambda x_t, s: sc.sin(w * s + x_t), x, 0.3)[0].sum()
        second = sc.grad(sc.grad(cost, w), w)
        return second

    sc.verify_grad(third, [array(3), np.float64(0.4)])


def lstm(x, h0, c0, W, U, b):
    size = 3

    def step(x_t, h, c, W, U, b):
        gates = sc.dot(x_t, W) + sc.dot(h, U) + b
        i, f, o = (sc.sigmoid(gates[:, n * size : (n + 1) * size]) for n in range(3))
        c = f * c + i * sc.tanh(gates[:, 3 * size :])
        h = o * sc.tanh(c)
        return h, c, sc.dot(h, U).sum(axis=1)

    (h, c, readout), _ = sc.scan(step, x, [h0, c0, None], [W, U, b], strict=True)
    return (h**2).sum() + c[-1].sum() + (readout**3).sum()


def test_a_long_short_term_memory():
    values = [array(4, 2, 2), array(2, 3), array(2, 3), array(2, 12), array(3, 12), array(12)]
    sc.verify_grad(lstm, values)
    inputs = [sc.tensor("float64", (None,) * value.ndim) for value in values]
    cost = lstm(*inputs)
    f = sc.function(inputs, [cost, *sc.grad(cost, inputs)], mode=CHECKED)
    f(*values)


def test_truncated_gradients_go_back_so_many_steps():
    x, w = sc.dvector("x"), sc.dscalar("w")
    states, _ = sc.scan(lambda x_t, s: w * s + x_t, x, 0.0, truncate_gradient=2)
    f = sc.function([x, w], sc.grad(states[-1], [x, w]), mode=CHECKED)
    by_x, by_w = f([1.0, 1, 1, 1], 0.5)
    np.testing.assert_array_equal(by_x, [0, 0, 0.5, 1])
    s = [0, 1, 1.5, 1.75]
    assert by_w == s[3] + 0.5 * s[2]
    untouched = f([1.0], 0.5)  # fewer steps than that
    np.testing.assert_array_equal(untouched[0], [1])


def test_a_gradient_by_what_is_not_reached_is_none():
    x, k = sc.dvector("x"), sc.dscalar("k")
    results, _ = sc.scan(lambda x_t, s: sc.floor(k) * 0 + s + x_t, x, 0.0)
    assert sc.function([k, x], sc.grad(results.sum(), k), on_unused_input="ignore")(1.0, [1.0, 2.0]) == 0
    with pytest.raises(sc.DisconnectedInputError):
        sc.grad(results.sum(), sc.dscalar())
    unread, _ = sc.scan(lambda x_t, k: x_t * 2, x, non_sequences=k)
    with pytest.raises(sc.DisconnectedInputError):
        sc.grad(unread.sum(), k)


def test_integer_states_beside_float_ones():
    x = sc.dvector("x")
    (counts, values), _ = sc.scan(lambda x_t, n, s: [n + 1, s * n + x_t], x, [0, 0.0])
    f = sc.function([x], [counts, sc.grad(values[-1], x)], mode=CHECKED)
    counts, gradient = f([1.0, 1, 1])
    np.testing.assert_array_equal(counts, [1, 2, 3])
    np.testing.assert_array_equal(gradient, [2, 2, 1])


# What is taken out of the loop


def test_products_of_entries_alone_are_one_product_before_the_loop():
    inputs = [sc.tensor("float64", (None,) * value.ndim, name) for value, name in zip(RNN, "xhWUb", strict=True)]
    f = sc.function(inputs, rnn(*inputs))
    (loop,) = loops(f)
    dots = [node for node in loop.op.inner.nodes if node.op.label == "Dot"]
    assert len(dots) == 1
    cost = (rnn(*inputs) ** 2).sum()
    g = sc.function(inputs, sc.grad(cost, inputs))
    forward, backward = loops(g)
    assert backward.op.layout.reverse
    assert [sum(node.op.label == "Dot" for node in loop.op.inner.nodes) for loop in (forward, backward)] == [1, 1]
    assert not any(node.op.label == "tanh" for node in backward.op.inner.nodes)  # it reads h


def test_results_that_no_step_reads_are_computed_behind_the_loop():
    x, U, V = sc.tensor3("x"), sc.matrix("U"), sc.matrix("V")

    def both(x, U, V):
        def step(x_t, h):
            h = sc.tanh(x_t + sc.dot(h, U))
            return h, sc.tanh(sc.dot(h, V)) * 2

        (_, y), _ = sc.scan(step, x, [sc.zeros_like(x[0]), None])
        return y

    f = sc.function([x, U, V], both(x, U, V), mode=CHECKED)
    (loop,) = loops(f)
    assert sum(node.op.label == "Dot" for node in loop.op.inner.nodes) == 1
    f(array(4, 2, 3), array(3, 3), array(3, 5))
    sc.verify_grad(both, [array(3, 2, 3), array(3, 3), array(3, 2)])


def test_of_histories_that_nobody_reads_the_end_is_kept():
    x = sc.dmatrix("x")
    states, _ = sc.scan(lambda x_t, s: sc.tanh(s + x_t), x, sc.zeros_like(x[0]))
    f = sc.function([x], states[-1], mode=CHECKED)
    (loop,) = loops(f)
    assert [(state.whole, state.final) for state in loop.op.layout.states] == [(False, True)]
    f(array(4, 3))
    y = sc.dscalar("y")
    (kept, dropped), _ = sc.scan(lambda a, b: [a + 1, b * 2], outputs_info=[y, y], n_steps=3)
    (loop,) = loops(sc.function([y], kept))
    assert len(loop.op.layout.states) == 1
    assert dropped.dtype == "float64"


def test_two_equal_loops_and_one_inside_another_do_not_disturb_each_other():
    x = sc.dvector("x")
    first, second = (sc.scan(lambda x_t, s: s + x_t, x, 0.0)[0] for _ in range(2))
    f = sc.function([x], [first, second, first + second[::-1]], mode=CHECKED)
    a, b, c = f([1.0, 2, 3])
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(c, a + a[::-1])


# What is refused


def test_errors_name_what_is_wrong():
    x, m = sc.dvector("x"), sc.dmatrix("m")
    cases = [
        (sc.ArgumentError, "how many steps", lambda: sc.scan(lambda s: s, outputs_info=0.0)),
        (sc.DTypeError, "begins as int64", lambda: sc.scan(lambda v, s: s + v, x, sc.lscalar())),
        (sc.RankError, "begins with 0 dim", lambda: sc.scan(lambda r, s: s + r, m, 0.0)),
        (sc.ShapeError, "begins with size 1", lambda: sc.scan(lambda r, s: s + r, m, sc.drow()[0:1, 0])),
        (sc.RankError, "is a scalar", lambda: sc.scan(lambda v: v, sc.dscalar())),
        (sc.ArgumentError, "2 results", lambda: sc.scan(lambda v, s: [s, v], x, 0.0)),
        (sc.ArgumentError, "cannot read its own", lambda: sc.scan(lambda s: s, outputs_info={"initial": x, "taps": [0]}, n_steps=2)),
        (sc.ShapeError, "has 1 entries", lambda: sc.scan(lambda a, b: a, outputs_info={"initial": np.zeros(1), "taps": [-1, -2]}, n_steps=2)),
        (sc.ArgumentError, "no field", lambda: sc.scan(lambda v: v, {"input": x, "tap": [0]})),
        (sc.ArgumentError, "different integers", lambda: sc.scan(lambda v: v, {"input": x, "taps": [0, 0]})),
        (sc.OptionError, "cannot be negative", lambda: sc.scan(lambda v: v, x, n_steps=-2)),
        (sc.DTypeError, "integer scalar", lambda: sc.scan(lambda v: v, x, n_steps=2.0)),
        (sc.OptionError, "truncate_gradient", lambda: sc.scan(lambda v: v, x, truncate_gradient=0)),
        (sc.RankError, "scalar condition", lambda: sc.scan(lambda r: (r, sc.until(r > 0)), m)),
        (sc.ArgumentError, "among its results", lambda: sc.scan(lambda v: [v, None], x)),
        (sc.ArgumentError, "only shared", lambda: sc.scan(lambda v: {x: v}, x)),
        (sc.ShapeError, "3 entries", lambda: sc.scan(lambda v: v, np.zeros(3), n_steps=4)),
    ]  # fmt: skip
    for kind, text, build in cases:
        with pytest.raises(kind, match=text) as caught:
            build()
        assert caught.value.where, text
        assert "test_scan.py" in str(caught.value), text


def test_a_strict_loop_uses_what_it_is_given():
    x, w = sc.dvector("x"), sc.shared(2.0, "w")
    with pytest.raises(sc.MissingInputError, match="uses w"):
        sc.scan(lambda v: v * w, x, strict=True)
    given, _ = sc.scan(lambda v, w: v * w, x, non_sequences=w, strict=True)
    np.testing.assert_array_equal(given.eval({x: [1.0, 2.0]}), [2, 4])


def test_sizes_that_differ_from_step_to_step_are_found_when_the_loop_runs():
    x, first = sc.dmatrix("x"), sc.dvector("first")
    states, _ = sc.scan(lambda row, s: row * 2, x, first)
    f = sc.function([x, first], states)
    np.testing.assert_array_equal(f(np.ones((2, 3)), np.ones(3)), np.full((2, 3), 2.0))
    with pytest.raises(sc.ShapeError, match="begins as"):
        f(np.ones((2, 3)), np.ones(4))
    g = sc.function([x], sc.scan(lambda row: row, x, n_steps=3)[0])
    with pytest.raises(sc.ShapeError, match="2 entries, and 3"):
        g(np.ones((2, 3)))


# Around it


def test_a_loop_is_copied_pickled_drawn_and_printed():
    inputs = [sc.tensor("float64", (None,) * value.ndim, name) for value, name in zip(RNN, "xhWUb", strict=True)]
    cost = (rnn(*inputs, name="net") ** 2).sum()
    f = sc.function(inputs, [cost, *sc.grad(cost, inputs)])
    expected = f(*RNN)
    for other in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
        for a, b in zip(expected, other(*RNN), strict=True):
            np.testing.assert_array_equal(a, b)
    text = sc.debugprint(f.stages["built"], file="str")
    assert "Scan(net)" in text
    assert "tanh" in text  # the step is printed too
    assert "inside Scan(net)" in str(sc.draw(f.stages["built"]))


def test_one_function_for_many_threads():
    from concurrent.futures import ThreadPoolExecutor

    inputs = [sc.tensor("float64", (None,) * value.ndim) for value in RNN]
    cost = (rnn(*inputs) ** 2).sum()
    f = sc.function(inputs, [cost, *sc.grad(cost, inputs)])
    expected = f(*RNN)
    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(lambda _: f(*RNN), range(40)):
            for a, b in zip(expected, results, strict=True):
                np.testing.assert_array_equal(a, b)
