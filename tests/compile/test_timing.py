"""What kernels take, and who watches applies: measured where asked for, and nowhere else."""

import threading

import numpy as np
import pytest

import symconv as sc
from symconv.compile.check import Watcher
from symconv.compile.timing import Timings


def test_each_kernel_is_measured_under_its_apply():
    x, w = sc.matrix("x"), sc.matrix("w")
    f = sc.function([x, w], [sc.tanh(sc.dot(x, w) + 1), sc.sort(x, axis=0), x.T])
    timings = Timings()
    f.measure(timings)
    for _ in range(3):
        f(np.ones((4, 3)), np.ones((3, 2)))
    kernels = [node for node in f.stages["fused"].nodes if node.op.role != "view"]
    assert set(timings.calls) == set(kernels)
    assert set(timings.calls.values()) == {3}
    assert 0 < sum(timings.seconds.values()) <= timings.running
    f.measure(None)
    f(np.ones((4, 3)), np.ones((3, 2)))
    assert set(timings.calls.values()) == {3}


def test_loops_and_failures_are_measured_too():
    x = sc.vector("x")
    f = sc.function([x], sc.scan(lambda a, total: a + total, x, sc.constant(0.0))[0][-1])
    timings = Timings()
    f.measure(timings)
    f(np.arange(5.0))
    assert any(node.op.graphs for node in timings.calls)
    i = sc.tensor("int64", (), "i")
    g = sc.function([x, i], sc.exp(x)[i])
    g.measure(timings)
    with pytest.raises(IndexError):
        g(np.arange(3.0), 7)
    assert timings.running > 0


def test_many_threads_lose_no_call():
    x = sc.vector("x")
    f = sc.function([x], sc.exp(x))
    timings = Timings()
    f.measure(timings)
    f(np.ones(3))
    threads = [threading.Thread(target=lambda: [f(np.ones(3)) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(timings.calls.values()) == [201]


def test_a_watcher_sees_what_goes_in_and_comes_out():
    x, s = sc.vector("x"), sc.shared(2.0, name="s")
    seen = []
    f = sc.function([x], sc.exp(x * s).sum(), updates=[(s, s + 1)])
    f.watcher = Watcher(
        lambda node, inputs: seen.append((node.op.label, [array.shape for array in inputs])),
        lambda node, results: seen.append(float(results[0].sum())),
    )
    assert f(np.zeros(2)) == 2.0
    assert ("exp", [(2,)]) in seen
    assert seen[-1] in (2.0, 3.0)
    assert s.get_value() == 3.0
    f.watcher = Watcher(after=lambda node, results: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        f(np.zeros(2))
    assert s.get_value() == 3.0
