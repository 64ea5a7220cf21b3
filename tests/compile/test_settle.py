"""What depends on shared values alone: computed once per version of them, and never stale."""

import threading

import numpy as np
import pytest

import symconv as sc
from symconv.compile.program import Call, Kernel


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def counted(function):
    """How often the newest plan computes what is settled, from now on."""
    (plan,) = function._executor.plans
    settle, calls = plan._settle, []

    def counting(*arguments):
        calls.append(1)
        return settle(*arguments)

    plan._settle = counting
    return calls


@pytest.fixture
def layer():
    """A function that lays out its filters anew, its filters, and what it means."""
    W = sc.shared(numbers(8, 16, 5, 5), "W", shape=(8, 16, None, None))
    x = sc.tensor4("x")
    f = sc.function([x], sc.tanh(sc.conv2d(x, W)))
    values = numbers(1, 16, 12, 12, seed=1)
    meant = sc.function([x], sc.tanh(sc.conv2d(x, W)), mode="interpreted")
    with sc.settings(conv_algorithm="rows only"):
        f(values)
        yield W, f, lambda: np.testing.assert_allclose(f(values), meant(values), rtol=1e-12, atol=1e-12)


def test_it_is_computed_once_per_version(layer):
    W, f, check = layer
    assert [kernel.name for kernel in f.stages["program"].settled] == ["conv2d_tanh_settled"]
    calls = counted(f)
    for _ in range(3):
        check()
    assert len(calls) == 0
    W.set_value(W.get_value() * 2)
    for _ in range(3):
        check()
    assert len(calls) == 1


def test_the_first_call_computes_it_once():
    W, x = sc.shared(numbers(40, 50), "W"), sc.matrix("x")
    f = sc.function([x], sc.dot(x, sc.exp(W)))
    f(numbers(3, 40))
    calls = counted(f)
    np.testing.assert_allclose(f(numbers(3, 40)), numbers(3, 40) @ np.exp(W.get_value()))
    assert not calls
    assert "def settle(W, memory, scratch)" in f.source


def test_an_array_that_was_lent_has_no_version(layer):
    W, f, check = layer
    lent = W.get_value(borrow=True)
    for factor in (2, -1, 0.5):
        lent *= factor
        check()
    calls = counted(f)
    check()
    assert len(calls) == 1
    W.set_value(numbers(8, 16, 5, 5, seed=3))  # a copy: nobody else holds it
    check()
    check()
    assert len(calls) == 2
    mine = numbers(8, 16, 5, 5, seed=4)
    W.set_value(mine, borrow=True)
    check()
    mine += 1
    check()
    assert len(calls) == 4


def test_every_way_to_change_a_value_makes_a_version(layer):
    W, _, check = layer
    W.zero(borrow=True)
    check()
    sc.function([], [], updates=[(W, W + 1.0)])()
    check()
    other = sc.function([], [], updates=[(W, W * 3.0)])
    for _ in range(3):  # its memory changes places
        other()
        check()
    W.clone().set_value(numbers(8, 16, 5, 5, seed=5))
    check()
    W.zero()
    check()
    W.set_value(numbers(8, 16, 3, 3, seed=6))  # another shape, another plan
    check()


def test_zeros_written_into_the_array_itself_make_a_version(layer):
    W, _, check = layer
    check()
    assert not W.container.lent
    W.zero(borrow=True)
    check()


def test_what_a_function_updates_is_not_settled_for_it():
    W, x = sc.shared(numbers(40, 50), "W"), sc.matrix("x")
    f = sc.function([x], sc.dot(x, sc.exp(W)), updates=[(W, W * 0.5)])
    for _ in range(3):
        expected = numbers(3, 40) @ np.exp(W.get_value())
        np.testing.assert_allclose(f(numbers(3, 40)), expected)
    assert not f.stages["program"].settled


def test_a_function_may_update_something_else():
    W, n, x = sc.shared(numbers(40, 50), "W"), sc.shared(0, "n"), sc.matrix("x")
    f = sc.function([x], sc.dot(x, sc.exp(W)), updates=[(n, n + 1)])
    f(numbers(3, 40))
    f(numbers(3, 40))
    calls = counted(f)
    for factor in (1.0, 2.0, 2.0):
        if factor > 1:
            W.set_value(W.get_value() * factor)
        f(numbers(3, 40))
        np.testing.assert_allclose(f(numbers(3, 40)), numbers(3, 40) @ np.exp(W.get_value()))
    assert len(calls) == 2
    assert n.get_value() == 8


def test_constants_do_not_change():
    W = numbers(8, 16, 5, 5)
    image = sc.tensor4("image")
    g = sc.function([image], sc.conv2d(image, W))
    with sc.settings(conv_algorithm="rows only"):
        first = g(numbers(1, 16, 12, 12))
        assert g.stages["program"].settled
        calls = counted(g)
        np.testing.assert_array_equal(g(numbers(1, 16, 12, 12)), first)
        assert not calls


def test_python_of_the_users_runs_at_every_call():
    runs = []

    def doubled(w):
        runs.append(1)
        return w * 2

    matrices = sc.TensorType("float64", (None, None))
    op = sc.as_op(matrices, matrices, shapes=lambda w: w)(doubled)
    W, x = sc.shared(numbers(40, 50), "W"), sc.matrix("x")
    f = sc.function([x], sc.dot(x, op(W)))
    before = len(runs)
    for _ in range(3):
        f(numbers(3, 40))
    assert len(runs) == before + 3


def test_little_is_not_worth_comparing_versions():
    W, x = sc.shared(numbers(4, 5), "W"), sc.matrix("x")
    f = sc.function([x], sc.dot(x, sc.exp(W)))
    f(numbers(3, 4))
    assert not f.stages["program"].settled


def test_results_are_fresh_all_the_same():
    W = sc.shared(numbers(100, 100), "W")
    f = sc.function([], sc.exp(W))
    first, second = f(), f()
    assert not np.shares_memory(first, second)
    assert not f.stages["program"].settled


def test_many_callers_see_a_version_each_as_a_whole():
    """While values change, every result is that of one of them."""
    W, x = sc.shared(np.full((60, 60), 1.0), "W"), sc.matrix("x")
    f = sc.function([x], sc.dot(x, W * 2.0 + sc.sqr(W)))
    ones = np.ones((2, 60))
    f(ones)
    stop, wrong = threading.Event(), []

    def call():
        while not stop.is_set():
            result = f(ones)
            value = result.flat[0] / 60
            if not (result == result.flat[0]).all() or value not in meant:
                wrong.append(result)

    meant = {v * 2 + v * v for v in map(float, range(1, 5))}
    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for turn in range(300):
            W.set_value(np.full((60, 60), 1.0 + turn % 4))
            np.testing.assert_array_equal(f(ones), 60 * ((1.0 + turn % 4) * 2 + (1.0 + turn % 4) ** 2))
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert not wrong


def test_a_failure_leaves_nothing_settled(layer):
    W, f, check = layer
    check()
    (plan,) = f._executor.plans
    settle = plan._settle

    def fail(*arguments):
        settle(*arguments)
        raise MemoryError

    plan._settle = fail
    W.set_value(numbers(8, 16, 5, 5, seed=7))
    with pytest.raises(MemoryError):
        check()
    plan._settle = settle
    check()


def test_settled_memory_is_not_shared_with_anything_else(layer):
    _, f, _ = layer
    program, memory = f.stages["program"], f.stages["slots"]
    kept = {
        buffer for kernel in program.settled for buffer in kernel.buffers if buffer.kind == "memory"
    } & {buffer for kernel in program.kernels for buffer in kernel.buffers}
    assert kept
    for slot in memory.shared.slots:
        for other in memory.shared.slots:
            if slot.buffer in kept and other is not slot:
                assert slot.offset + slot.size <= other.offset or other.offset + other.size <= slot.offset


def test_the_program_prints_its_settled_kernels(layer):
    _, f, _ = layer
    text = str(f.stages["program"])
    assert "settled kernel conv2d_tanh_settled:" in text
    assert isinstance(f.stages["program"].settled[0], Kernel)
    assert all(isinstance(instr, Call) for instr in f.stages["program"].settled[0].body)
