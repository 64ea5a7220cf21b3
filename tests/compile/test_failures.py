"""Whatever line of a call fails, shared values and random states are as they were, and the next call is right."""

import sys

import numpy as np
import pytest

import symconv as sc


def program():
    """A function with everything that has a state: large and small updates, draws, loops, cuts, branches."""
    x = sc.dmatrix("x")
    weights = sc.shared(np.linspace(-1, 1, 300 * 300).reshape(300, 300), name="weights")
    count, kept = sc.shared(np.int64(0), name="count"), sc.shared(np.zeros(3), name="kept", shape=(None,))
    stream = sc.random.Stream(5)
    noise = stream.normal((300,))
    hidden = sc.tanh(sc.dot(x, weights) + noise)
    states, loops = sc.scan(
        lambda h: sc.tanh(h * 0.5 + stream.uniform((300,))), outputs_info=hidden[0], n_steps=3
    )
    positive = hidden[0][hidden[0] > 0]
    chosen = sc.ifelse(count > 0, states.sum() * 2, states.mean())
    cost = (hidden**2).mean() + chosen
    slope = sc.grad((hidden**2).mean(), weights)
    updates = {weights: weights - 0.1 * slope, count: count + 1, kept: positive, **loops}
    f = sc.function([x], [cost, positive.sum(), states[-1]], updates=updates)
    return f, [weights, count, kept, *stream.states]


def values(shared):
    return [variable.get_value() for variable in shared]


def same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


class Stop(Exception):
    """What the tracer raises."""


def fail_at(line, kind):
    """Raise when so many lines of generated source have begun."""
    begun = 0

    def inside(frame, event, _):
        nonlocal begun
        if event == "line":
            begun += 1
            if begun == line:
                raise kind("here")
        return inside

    return lambda frame, event, _: inside if frame.f_code.co_filename.startswith("<symconv plan") else None


def traced(f, argument, line, kind):
    """Whether the call failed where it was made to."""
    before = sys.gettrace()
    sys.settrace(fail_at(line, kind))
    try:
        f(argument)
        return False
    except kind:
        return True
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("kind", [Stop, MemoryError, KeyboardInterrupt])
def test_a_call_that_fails_at_any_line_changes_nothing(kind):
    with sc.settings(threads=1):
        f, shared = program()
        argument = np.linspace(-1, 1, 2 * 300).reshape(2, 300)
        begin = values(shared)
        meant = f(argument)
        after = values(shared)
        for variable, value in zip(shared, begin, strict=True):
            variable.set_value(value)
        line = 1
        while traced(f, argument, line, kind):
            same(values(shared), begin)
            line += 1 if kind is Stop else 7  # every line once is enough
        assert line > 30, "the call has that many lines of generated source"
        same(values(shared), after)  # the last one went through
        for variable, value in zip(shared, begin, strict=True):
            variable.set_value(value)
        same(f(argument), meant)
        same(values(shared), after)


@pytest.mark.parametrize("mode", ["compiled", "interpreted", "checked"])
def test_an_op_that_raises_changes_nothing(mode):
    vectors = sc.TensorType("float64", (None,))
    allowed = [3]

    @sc.as_op(vectors, vectors, shapes=lambda x: x)
    def moody(x):
        allowed[0] -= 1
        if allowed[0] < 0:
            raise ValueError("not today")
        return x * 2

    x, total = sc.dvector("x"), sc.shared(np.zeros(4), name="total")
    noise = sc.random.Stream(3).normal((4,))
    f = sc.function([x], moody(x) + noise, updates={total: total + moody(x + total)}, mode=mode)
    state = noise.owner.inputs[0]
    while True:
        begin = values([total, state])
        try:
            f(np.ones(4))
        except ValueError:
            same(values([total, state]), begin)
            break
        assert not np.array_equal(state.get_value(), begin[1])
    allowed[0] = 100
    f(np.ones(4))
    assert not np.array_equal(total.get_value(), begin[0])
