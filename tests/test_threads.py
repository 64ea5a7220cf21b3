"""Threads: many callers of one function, many workers of one call, and what happens when one fails."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from unittest import mock

import numpy as np
import pytest
import threadpoolctl
from strategies import tiny_blocks

import symconv as sc
from symconv.compile import threads
from symconv.compile.blocks import Machine


def whole_numbers(*shape, seed=1):
    """Small integers: sums and products of them are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(float)


@pytest.fixture
def blocks(monkeypatch):
    """Small arrays go in blocks, and in parallel."""
    monkeypatch.setattr(Machine, "PARALLEL_BYTES", 64)
    monkeypatch.setattr(Machine, "CALL", 0.01)
    monkeypatch.setattr(Machine, "START", 0.0)


def together(count, work):
    """Results of ``work(0) ... work(count - 1)``, each in a thread of its own, begun at the same moment."""
    barrier = threading.Barrier(count)

    def begin(number):
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(count) as executor:
        return list(executor.map(begin, range(count)))


def layer():
    x, w = sc.tensor4("x"), sc.shared(whole_numbers(3, 2, 3, 3), name="w")
    return x, sc.maximum(sc.conv2d(x, w) + whole_numbers(3).reshape(3, 1, 1), 0)


# One function, many callers


def test_sixteen_callers_of_one_function(blocks):
    x, y = layer()
    f = sc.function([x], [y, y.sum(axis=(2, 3)), sc.sqr(x) + x])
    inputs = [whole_numbers(1, 2, 9 + number % 3, 11, seed=number) for number in range(16)]
    expected = [sc.function([x], f.graph.outputs, mode="interpreted")(value) for value in inputs]
    wrong = []

    def call(number):
        with sc.settings(threads=2, tile_bytes=256):
            for turn in range(60):
                which = (number + turn) % 16
                for result, meant in zip(f(inputs[which]), expected[which], strict=True):
                    if not np.array_equal(result, meant):
                        wrong.append((number, turn))

    together(16, call)
    assert not wrong


def test_callers_whose_plans_push_one_another_out():
    """More shapes than plans are kept: planning, running and forgetting at the same time."""
    x = sc.matrix("x")
    f = sc.function([x], sc.dot(x, x.T) + 1)

    def call(number):
        for turn in range(40):
            value = whole_numbers(1 + (number + turn) % 7, 5, seed=turn)
            np.testing.assert_array_equal(f(value), value @ value.T + 1)
            if turn % 10 == 9:
                f.free()

    with sc.settings(plans=2):
        together(8, call)


def test_updates_of_many_callers_are_all_counted():
    count, total = sc.shared(0, name="count"), sc.shared(np.zeros(3), name="total")
    x = sc.tensor("float64", (3,), name="x")
    f = sc.function([x], [count, total], updates=[(count, count + 1), (total, total + x)])
    results = together(16, lambda number: [f(np.array([1.0, 2.0, number])) for _ in range(50)])
    assert count.get_value() == 800
    np.testing.assert_array_equal(total.get_value(), [800, 1600, 50 * sum(range(16))])
    seen = sorted(int(before) for many in results for before, _ in many)
    assert seen == list(range(800))
    assert all(int(before) == value[0] for many in results for before, value in many)


def test_two_functions_that_update_the_same_value():
    count = sc.shared(0, name="count")
    up = sc.function([], [], updates={count: count + 3})
    down = sc.function([], [], updates={count: count - 2})
    together(8, lambda number: [(up if number % 2 else down)() for _ in range(100)])
    assert count.get_value() == 400


def test_a_reader_sees_all_updates_or_none():
    a, b = sc.shared(np.zeros(100), name="a"), sc.shared(np.zeros(100), name="b")
    write = sc.function([], [], updates=[(a, a + 1), (b, b - 1)])
    read = sc.function([], [a, b])
    torn = []

    def work(number):
        for _ in range(200):
            if number == 0:
                write()
            else:
                first, second = read()
                if not np.array_equal(first, -second) or np.ptp(first):
                    torn.append(number)

    together(6, work)
    assert not torn
    assert a.get_value()[0] == 200


# One call, many workers


@pytest.mark.parametrize("tile_bytes", [64, 1000, 1 << 13])
def test_any_number_of_threads_gives_the_same_bits(blocks, tile_bytes):
    x, w = sc.tensor4("x"), sc.tensor4("w")
    y = sc.tanh(sc.conv2d(x, w)) * 0.3
    outputs = [y, sc.exp(x) / 3 + x, sc.sin(x).sum(axis=(0, 2)), (x * 0.1).sum()]
    f = sc.function([x, w], outputs)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 2, 17, 13)), rng.normal(size=(5, 2, 3, 3))
    results = []
    for count in (1, 2, 3, 5, 16):
        with sc.settings(threads=count, tile_bytes=tile_bytes):
            results.append(f(*values))
    for other in results[1:]:
        for first, second in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("threads_count", [1, 2, 5])
def test_whole_numbers_are_exact_for_any_tile(blocks, threads_count):
    x, y = layer()
    f = sc.function([x], [y, sc.dot(x.flatten(2), np.eye(2 * 9 * 7)), x.sum(axis=0), sc.sqr(x) - x])
    value = whole_numbers(3, 2, 9, 7)
    meant = sc.function([x], f.graph.outputs, mode="interpreted")(value)
    for tile_bytes in (1, 64, 300, 1024, 1 << 20):
        with sc.settings(threads=threads_count, tile_bytes=tile_bytes):
            for result, expected in zip(f(value), meant, strict=True):
                np.testing.assert_array_equal(result, expected, strict=True)


def test_work_is_really_shared():
    """With two threads, two threads do it: each block waits for the other."""
    seen = set()
    barrier = threading.Barrier(2)

    def block(start, scratch):
        barrier.wait(timeout=60)
        seen.add(threading.get_ident())

    threads.parallel(block, [(0,), (1,)], [(), ()], ())
    assert len(seen) == 2


def test_every_block_is_done_once():
    done = []
    tasks = [(number, 3) for number in range(200)]
    threads.parallel(lambda start, length, scratch: done.append((start, length)), tasks, [()] * 7, ())
    assert sorted(done) == tasks


def test_loops_of_different_callers_share_the_pool():
    def nested(number):
        total = []
        threads.parallel(lambda start, scratch: total.append(start), [(i,) for i in range(20)], [()] * 4, ())
        return sorted(total)

    assert together(8, nested) == [list(range(20))] * 8


# Failure


class Bang(Exception):
    """What a failing block raises."""


def test_an_exception_in_a_block_reaches_the_caller():
    after = []

    def block(start, scratch):
        if start == 3:
            raise Bang(start)
        after.append(start)

    for _ in range(20):
        with pytest.raises(Bang, match="3"):
            threads.parallel(block, [(i,) for i in range(10)], [()] * 3, ())
    after.clear()
    threads.parallel(block, [(i,) for i in range(3)], [()] * 3, ())
    assert sorted(after) == [0, 1, 2]


def test_an_interrupt_in_a_worker_reaches_the_caller():
    """Not only what is an Exception: whoever presses control-C in a notebook does."""
    barrier = threading.Barrier(2)
    caller = threading.get_ident()

    def block(start, scratch):
        barrier.wait(timeout=60)
        if threading.get_ident() != caller:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threads.parallel(block, [(0,), (1,)], [(), ()], ())
    test_work_is_really_shared()


@dataclass(frozen=True)
class Failing(sc.Op):
    """The identity, which fails for negative values."""

    def out_types(self, x):
        return x

    def perform(self, x):
        if (x < 0).any():
            raise Bang("a negative value")
        return x.copy()


@pytest.mark.parametrize("mode", ["compiled", "interpreted", "checked"])
def test_a_failing_call_leaves_shared_values_as_they_were(mode):
    a, b, x = sc.shared(1.0, name="a"), sc.shared(np.ones(2), name="b"), sc.vector("x")
    f = sc.function([x], Failing()(x), updates=[(a, a + 1), (b, b * 2)], mode=mode)
    f(np.ones(2))
    version = a.container.version
    with pytest.raises(Bang):
        f(-np.ones(2))
    assert (a.get_value(), a.container.version) == (2.0, version)
    np.testing.assert_array_equal(b.get_value(), [2, 2])
    f(np.ones(2))
    np.testing.assert_array_equal(b.get_value(), [4, 4])


def test_an_update_of_a_wrong_shape_changes_nothing():
    a, b = sc.shared(0.0, name="a"), sc.shared(np.ones(2), name="b", shape=(None,))
    c, x = sc.shared(np.ones(3), name="c", shape=(3,)), sc.vector("x")
    f = sc.function([x], [], updates=[(a, a + 1), (b, x), (c, sc.specify_shape(x, (3,)))])
    f(np.zeros(3))
    with pytest.raises(sc.ShapeError):
        f(np.ones(4))
    assert a.get_value() == 1
    np.testing.assert_array_equal(b.get_value(), np.zeros(3))
    np.testing.assert_array_equal(c.get_value(), np.zeros(3))


def test_a_pool_that_fails_spoils_no_later_call(monkeypatch, blocks):
    x = sc.matrix("x")
    f = sc.function([x], sc.tanh(x + 1))
    value = whole_numbers(50, 30)
    with tiny_blocks(threads=3):
        expected = f(value)
        with monkeypatch.context() as patch:
            patch.setattr(threads.POOL, "submit", mock.Mock(side_effect=RuntimeError("no threads")))
            with pytest.raises(RuntimeError, match="no threads"):
                f(value)
        np.testing.assert_array_equal(f(value), expected)


# BLAS


def blas_threads():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


def test_blas_has_one_thread_inside_and_its_own_again_after():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before, inside = blas_threads(), []

        def block(start, scratch):
            inside.append(blas_threads())
            if start == 5:
                raise Bang

        threads.parallel(lambda start, scratch: inside.append(blas_threads()), [(0,), (1,)], [(), ()], ())
        assert blas_threads() == before
        with pytest.raises(Bang):
            threads.parallel(block, [(i,) for i in range(8)], [(), ()], ())
        assert blas_threads() == before
        assert before
        assert all(set(counts) == {1} for counts in inside)


def test_blas_is_restored_by_the_last_of_many_loops():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas_threads()

        def work(number):
            threads.parallel(lambda start, scratch: None, [(i,) for i in range(30)], [(), ()], ())

        together(8, work)
        assert blas_threads() == before


# NumPy's settings


def test_numpy_buffers_are_small_inside_and_the_callers_own_outside():
    sizes = []

    def block(start, scratch):
        sizes.append((threading.current_thread(), np.getbufsize()))

    before = np.getbufsize()
    threads.parallel(block, [(i,) for i in range(2000)], [(), ()], ())  # this thread's stay as they are
    assert {size for thread, size in sizes if thread is threading.current_thread()} <= {before}
    assert {size for thread, size in sizes if thread is not threading.current_thread()} <= {threads.BUFFER}

    f = sc.function([x := sc.vector("x")], sc.exp(x) + 1)
    f(np.ones(3))
    (plan,) = f._executor.plans
    (workspace,) = plan.idle
    assert workspace.parts[0](np.getbufsize) == threads.BUFFER
    assert np.getbufsize() == before
