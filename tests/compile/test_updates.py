"""Updates: all at once or not at all, in spare memory, by default, from many threads; and copies of them."""

import copy
import gc
import pickle
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

import symconv as sc
from symconv.graph.container import LARGE, Container, committer

MANY = LARGE // 8 + 1  # elements of a value that is large enough for a spare
MODES = ["compiled", "interpreted", "checked"]


@dataclass(frozen=True)
class Raising(sc.Op):
    """The identity, which raises what it is told to."""

    error: type[BaseException]

    def out_types(self, x):
        return x

    def perform(self, x):
        if (x < 0).any():
            raise self.error("told to")
        return x.copy()


def training(error=ValueError):
    """A step with a matrix, a counter and a random state that something may spoil."""
    x = sc.vector("x")
    w, n = sc.shared(np.ones(MANY), name="w"), sc.shared(0, name="n")
    state = sc.shared(np.array([1, 2, 3], "uint64"), name="state")
    state.default_update = state * np.uint64(5) + np.uint64(1)
    loss = Raising(error)(x).sum() + (w.sum() + state.sum().astype("float64")) * 0
    return [w, n, state], sc.function([x], loss, updates=[(w, w * 2 + x.sum()), (n, n + 1)]), x


def values(variables):
    return [(variable.get_value().tolist(), variable.container.version) for variable in variables]


# All or nothing


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError, SystemExit])
@pytest.mark.parametrize("mode", MODES)
def test_whatever_an_op_raises_nothing_is_lost(error, mode):
    variables, f, _ = training(error)
    f.mode = mode
    for _ in range(2):  # the first call plans, the second is quick
        f(np.zeros(2))
        before = values(variables)
        with pytest.raises(error):
            f(-np.ones(2))
        assert values(variables) == before
    f(np.zeros(2))
    assert variables[1].get_value() == 3
    np.testing.assert_array_equal(variables[0].get_value(), np.full(MANY, 8.0))
    assert variables[2].get_value()[0] == ((1 * 5 + 1) * 5 + 1) * 5 + 1


def test_a_size_that_does_not_fit_loses_nothing():
    """The first variable could be updated, the second not; also where a plan is kept already."""
    x = sc.vector("x")
    a = sc.shared(np.ones(3), name="a")
    b = sc.shared(np.ones(3), name="b", shape=(None,))
    c = sc.shared(np.ones(3), name="c")
    f = sc.function([x], [], updates=[(a, a + 1), (b, x), (c, sc.specify_shape(x, (3,)) * 2)])
    f(np.zeros(3))
    before = values([a, b, c])
    for _ in range(3):
        with pytest.raises(sc.ShapeError, match=r"(?s)3.*2.*test_updates\.py"):
            f(np.zeros(2))
        assert values([a, b, c]) == before
    f(np.ones(3))
    assert (a.get_value()[0], c.get_value()[0]) == (3, 2)


def test_a_wrong_argument_loses_nothing():
    variables, f, _ = training()
    f(np.zeros(2))
    before = values(variables)
    for bad in (np.zeros((2, 2)), "text", np.zeros(2, complex)):
        with pytest.raises(sc.SymconvError):
            f(bad)
    assert values(variables) == before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
def test_a_signal_never_parts_what_belongs_together():
    """Interrupted at any time by a timer, all values are those before or all those after a call."""
    names = [sc.shared(np.zeros(3), name=f"v{number}") for number in range(8)]
    f = sc.function([], [], updates=[(v, v + 1) for v in names])
    f()
    interrupts = 0

    def interrupt(number, frame):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # what is raised in hypothesis's callback of the collector is ignored
    try:
        for turn in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 2e-5 + turn % 50 * 2e-6)
                for _ in range(10_000):  # until it comes
                    f()
                pytest.fail("no signal came")
            except KeyboardInterrupt:
                interrupts += 1
            found = [v.container.value[0] for v in names]
            assert len(set(found)) == 1, found
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, old)
    assert interrupts == 300


def test_right_sides_see_old_values():
    a, b = sc.shared(np.full(MANY, 1.0), name="a"), sc.shared(np.full(MANY, 2.0), name="b")
    swap = sc.function([], [a.min(), b.max()], updates=[(a, b), (b, a)])
    assert [swap()[0] for _ in range(5)] == [1, 2, 1, 2, 1]
    fibonacci = sc.function([], [], updates={a: b, b: a + b})
    a.set_value(np.zeros(MANY))
    b.set_value(np.ones(MANY))
    for _ in range(10):
        fibonacci()
    assert (a.get_value()[-1], b.get_value()[0]) == (55, 89)


# In spare memory


def stepping():
    w = sc.shared(np.zeros(MANY), name="w")
    return w, sc.function([], [], updates={w: w + 1})


def address(w):
    return w.container.value.ctypes.data


def test_two_arrays_take_turns():
    w, step = stepping()
    seen = []
    for _ in range(6):
        step()
        seen.append(address(w))
    assert "memory_of_w" in step.source
    assert seen[0] != seen[1]
    assert seen[:2] * 3 == seen
    np.testing.assert_array_equal(w.get_value(), np.full(MANY, 6.0))


@pytest.mark.parametrize(
    "hold",
    [
        lambda w, step: w.get_value(borrow=True),
        lambda w, step: w.get_value(borrow=True)[3:],
        lambda w, step: memoryview(w.get_value(borrow=True)),
        lambda w, step: w.container.value.reshape(1, -1),
    ],
)
def test_who_holds_an_old_value_keeps_it(hold):
    w, step = stepping()
    step()
    held = hold(w, step)
    for _ in range(4):
        step()
    np.testing.assert_array_equal(np.ravel(held), np.ones(np.size(held)))
    assert w.get_value()[0] == 5


def test_a_borrowed_array_of_the_user_is_left_alone():
    mine = np.zeros(MANY)
    w = sc.shared(mine, name="w", borrow=True)
    step = sc.function([], [], updates={w: w + 1})
    for _ in range(4):
        step()
    np.testing.assert_array_equal(mine, np.zeros(MANY))
    window = np.arange(2.0 * MANY)
    w.set_value(window[::2], borrow=True)
    for _ in range(4):
        step()
    np.testing.assert_array_equal(window, np.arange(2.0 * MANY))
    np.testing.assert_array_equal(w.get_value(), window[::2] + 4)


def test_results_never_lie_in_what_is_updated():
    w = sc.shared(np.zeros(MANY), name="w")
    new = w + 1
    f = sc.function([], [w, new, new.dimshuffle(0, "x")], updates={w: new})
    kept = [f() for _ in range(4)]
    for number, (old, whole, part) in enumerate(kept):
        np.testing.assert_array_equal(old, np.full(MANY, float(number)))
        np.testing.assert_array_equal(whole, np.full(MANY, number + 1.0))
        np.testing.assert_array_equal(part, np.full((MANY, 1), number + 1.0))


def test_a_failing_step_does_not_spoil_the_spare():
    x, w = sc.vector("x"), sc.shared(np.zeros(MANY), name="w")
    f = sc.function([x], Raising(ValueError)(x), updates={w: w + x.sum()})
    for number in range(8):
        f(np.ones(1))
        with pytest.raises(ValueError, match="told to"):
            f(-np.ones(1))
        np.testing.assert_array_equal(w.get_value(), np.full(MANY, number + 1.0))


def test_readers_see_no_half_written_value():
    """The old value becomes the spare while others still read it: it must not be written then."""
    a, b = sc.shared(np.zeros(4 * MANY), name="a"), sc.shared(np.zeros(4 * MANY), name="b")
    write = sc.function([], [], updates=[(a, a + 1), (b, b - 1)])
    read = sc.function([], [a.min(), a.max(), b.min(), b.max()])
    torn, stop = [], threading.Event()

    def reader(how):
        while not stop.is_set():
            if how == "call":
                found = [float(value) for value in read()]
                if found != [found[0], found[0], -found[0], -found[0]]:
                    torn.append(found)
            else:
                value = a.get_value() if how == "copy" else a.get_value(borrow=True)
                if np.ptp(value):
                    torn.append(how)

    with ThreadPoolExecutor(4) as executor:
        jobs = [executor.submit(reader, how) for how in ("call", "call", "copy", "borrow")]
        for _ in range(400):
            write()
        stop.set()
        for job in jobs:
            job.result()
    assert not torn
    assert a.get_value()[0] == 400


def test_a_container_gives_its_spare_only_where_it_fits():
    container = Container(np.zeros(MANY))
    commit = committer([container])
    commit([np.ones(MANY)])
    old = container.spare.ctypes.data
    assert container.fresh((MANY, 1), "float64").shape == (MANY, 1)
    commit([np.ones(MANY)])
    assert container.fresh((MANY,), np.float32).dtype == np.float32
    commit([np.ones(MANY)])
    kept = container.spare
    assert container.fresh((MANY,), np.float64) is not kept
    small = Container(np.zeros(3))
    committer([small])([np.ones(3)])
    assert small.spare is None
    assert old


# By default


def counter(start=0, name="state"):
    state = sc.shared(start, name=name)
    state.default_update = state + 1
    return state


def test_default_updates_are_made_unless_refused_or_replaced():
    s, t, x = counter(name="s"), counter(name="t"), sc.scalar("x")
    out = x + s + 10 * t
    cases = [({}, 1, 1), ({"no_default_updates": True}, 0, 0), ({"no_default_updates": [s]}, 0, 1)]
    cases += [({"updates": {s: s + 5}}, 5, 1), ({"updates": {s: s + 5}, "no_default_updates": True}, 5, 0)]
    cases += [({"updates": {s: s + 5}, "no_default_updates": [s]}, 5, 1)]
    for options, first, second in cases:
        s.set_value(0)
        t.set_value(0)
        assert sc.function([x], out, **options)(1.0) == 1
        assert (s.get_value(), t.get_value()) == (first, second)
    for bad in ([x], 3, ["s"]):
        with pytest.raises(sc.ArgumentError, match="no_default_updates"):
            sc.function([x], out, no_default_updates=bad)


def test_what_a_default_update_uses_is_updated_too():
    a, b = counter(name="a"), counter(name="b")
    a.default_update = a + b
    sc.function([], a)()
    assert (a.get_value(), b.get_value()) == (0, 1)
    unused = counter(name="unused")
    sc.function([], a)()
    assert (a.get_value(), b.get_value(), unused.get_value()) == (1, 2, 0)


def test_a_default_update_that_is_smuggled_in():
    """Lasagne: a clone that shares the value is multiplied by zero and added; rewriting must not lose it."""
    x = sc.tensor("float64", (3,), name="x")
    mean = sc.shared(np.zeros(3), name="mean")
    running = sc.clone(mean, share_inputs=False)
    assert running.container is mean.container
    running.default_update = 0.5 * running + 0.5 * x
    f = sc.function([x], x - (mean + 0 * running))
    f(np.ones(3))
    np.testing.assert_array_equal(mean.get_value(), np.full(3, 0.5))
    np.testing.assert_array_equal(f(np.ones(3)), np.full(3, 0.5))
    g = sc.function([x], x - (mean + 0 * running), updates={mean: mean * 0})  # an explicit one goes before
    g(np.ones(3))
    np.testing.assert_array_equal(mean.get_value(), np.zeros(3))
    with pytest.raises(sc.ArgumentError, match="two updates"):
        sc.function([x], x, updates=[(mean, mean), (running, running)])


def test_givens_reach_default_updates_and_hide_what_they_replace():
    s, x, y = counter(), sc.scalar("x"), sc.scalar("y")
    s.default_update = s + x.astype("int64")
    f = sc.function([y], s + x, givens={x: y * 2})
    assert [f(1.0), f(1.0)] == [2, 4]
    hidden = sc.function([], s + x, givens={s: 7, x: 1.0})
    assert hidden() == 8
    assert s.get_value() == 4


def test_a_default_update_of_a_wrong_type():
    s = counter()
    s.default_update = s + 0.5
    with pytest.raises(sc.DTypeError, match=r"(?s)update of state.*int64\[\].*float64\[\].*test_updates\.py"):
        sc.function([], s)


# Copies


def test_functions_pickled_together_share_values_states_and_default_updates():
    s, x = counter(name="s"), sc.scalar("x")
    total = sc.scalar("total")
    f = sc.function([x, sc.In(total, value=0.0, update=total + x)], total + s)
    g = sc.function([], s)
    f(2.0)
    for copied in (pickle.loads(pickle.dumps([f, g])), copy.deepcopy([f, g])):
        f2, g2 = copied
        assert (f2["total"], g2()) == (2, 1)
        f2(3.0)
        assert (f2["total"], f["total"]) == (5, 2)
        assert g2() == 3
    assert s.get_value() == 1
    shallow = copy.copy(f)
    shallow(1.0)
    assert (f["total"], s.get_value()) == (3, 2)


def test_a_copy_with_other_shared_variables():
    x, w, v = sc.vector("x"), sc.shared(np.ones(2), name="w"), sc.shared(np.full(2, 5.0), name="v")
    f = sc.function([x], x * w, updates={w: w + x})
    g = f.copy(swap={w: v}, name="g")
    np.testing.assert_array_equal(g(np.ones(2)), [5, 5])
    assert (g.name, w.get_value()[0], v.get_value()[0]) == ("g", 1, 6)
    assert g.get_shared() == [v]
    h = f.copy(delete_updates=True)
    h(np.ones(2))
    assert w.get_value()[0] == 1
    with pytest.raises(sc.ArgumentError, match=r"(?s)does not use v.*uses w"):
        f.copy(swap={v: w})
    with pytest.raises(sc.DTypeError):
        f.copy(swap={w: sc.shared(np.ones(2, "float32"))})
    with pytest.raises(sc.ArgumentError):
        f.copy(swap={w: x})


def test_a_copy_has_states_of_its_own():
    n = sc.lscalar("n")
    f = sc.function([sc.In(n, value=0, update=n + 1)], n)
    f()
    g = f.copy()
    assert (g(), g(), f()) == (1, 2, 1)
    frozen = f.copy(delete_updates=True)
    assert (frozen(), frozen()) == (2, 2)


def test_an_update_known_to_have_size_1_fits_a_size_that_is_not_known():
    # as the gradient by filters of one channel, which the image tells
    w, x = sc.shared(np.zeros(1), shape=(None,)), sc.vector("x")
    f = sc.function([x], [w.sum()], updates={w: x.sum().dimshuffle("x")})
    assert f(np.ones(3)) == [0]
    assert f(np.ones(5)) == [3]
    np.testing.assert_array_equal(w.get_value(), [5])
