"""The memory of large results is used again, once nobody holds them; never before."""

import gc
import threading
import weakref

import numpy as np
import pytest

import symconv as sc
from symconv.graph import container
from symconv.graph.container import LARGE, LARGEST, Recycled

MANY = LARGE // 8
counted = pytest.mark.skipif(not container._COUNTED, reason="references are counted exactly only with a lock")


def doubled():
    x = sc.vector("x")
    f = sc.function([x], x * 2)
    return f, np.arange(float(MANY))


def address(array):
    return array.__array_interface__["data"][0]


@counted
def test_memory_is_used_again_when_a_result_is_thrown_away():
    f, x = doubled()
    places = {address(f(x)) for _ in range(10)}
    assert len(places) == 1
    assert "memory_of_result" in f.source


def test_what_is_held_stays_as_it_is():
    f, x = doubled()
    held = [f(x + number) for number in range(5)]
    for number, result in enumerate(held):
        np.testing.assert_array_equal(result, (x + number) * 2)
    assert len({address(result) for result in held}) == 5


@pytest.mark.parametrize(
    "hold",
    [
        lambda r: r[3:], lambda r: r.reshape(2, -1), memoryview, lambda r: np.frombuffer(r), lambda r: [r],
        lambda r: r.T[::2], lambda r: np.ma.masked_array(r), lambda r: (lambda: r), lambda r: r.data,
    ],
)  # fmt: skip
def test_what_is_held_through_something_else_stays_as_it_is(hold):
    f, x = doubled()
    f(x)
    result = f(x)
    first, holder = result.copy(), hold(result)
    watched = weakref.ref(result)
    del result
    for _ in range(4):
        f(x + 1)
    kept = watched()
    assert kept is not None
    np.testing.assert_array_equal(kept, first)
    del holder


@counted
def test_what_the_caller_changed_is_not_used_again():
    f, x = doubled()
    for change in (lambda r: r.setflags(write=False), lambda r: r.resize((2, MANY // 2), refcheck=False)):
        result = f(x)
        change(result)
        del result
        for _ in range(3):
            again = f(x)
            assert again.shape == x.shape
            assert again.flags.writeable
            np.testing.assert_array_equal(again, x * 2)
            del again


def test_two_results_are_two_arrays():
    x = sc.vector("x")
    f = sc.function([x], [x * 2, x + 1, x * 2])
    for _ in range(3):
        results = f(np.arange(float(MANY)))
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert not np.shares_memory(results[one], results[other])


def test_small_results_and_huge_ones_are_not_kept():
    f, _ = doubled()
    f(np.ones(MANY - 1))
    assert "memory_of" not in f.source
    f(np.ones(LARGEST // 8 + 1))
    assert "memory_of" not in f.source


@counted
def test_a_function_that_forgets_its_plans_keeps_nothing():
    f, x = doubled()
    watched = weakref.ref(f(x))
    assert watched() is not None
    f.free()
    gc.collect()
    assert watched() is None


def test_threads_never_get_the_same_array():
    recycled, wrong = Recycled(), []

    def work(number):
        for turn in range(3000):
            array = recycled.fresh((4,), np.float64)
            array[:] = number
            if turn % 7 == 0:
                threading.Event().wait(0)
            if (array != number).any():
                wrong.append(number)
            del array

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_an_error_keeps_nothing_busy():
    x, i = sc.vector("x"), sc.lscalar("i")
    f = sc.function([x, i], (x * 2)[i] + x)
    value = np.arange(float(MANY))
    f(value, 1)
    with pytest.raises(IndexError):
        f(value, MANY)
    np.testing.assert_array_equal(f(value, 1), value + 2)
