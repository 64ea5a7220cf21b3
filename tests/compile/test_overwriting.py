"""Writing to parts of a tensor: in its own memory where nothing else needs it, else in a copy."""

import numpy as np
import pytest

import symconv as sc

x, i = sc.matrix("x"), sc.lvector("i")
a = np.arange(12.0).reshape(3, 4)
WRITES = {
    "set": lambda z: sc.set_subtensor(z[1], 7.0),
    "inc": lambda z: sc.inc_subtensor(z[:, 1:3], 1.0),
    "by numbers": lambda z: sc.inc_subtensor(z[i[0]], 1.0),
    "by arrays": lambda z: sc.inc_subtensor(z[i], 1.0),
    "set by arrays": lambda z: sc.set_subtensor(z[i, i], 5.0),
    "along": lambda z: sc.add_along_axis(z, i[:, None], sc.ones((i.shape[0], 1)), axis=1),
}


def overwrites(f):
    """Whether some kernel of the newest plan writes to what another has made."""
    program = f._executor.newest.program
    written = [{v.buffer for call, _ in kernel.calls() for v in call.out} for kernel in program.kernels]
    return any(first & second for n, first in enumerate(written) for second in written[:n])


def check(result, *, in_place):
    """The compiled function against the interpreted one, again and again; and what becomes of the arguments."""
    inputs, values = (x, i), (a, np.array([1, 2, 1]))
    kept = [np.array(value) for value in values]
    f = sc.function(inputs, result, on_unused_input="ignore")
    wanted = sc.function(inputs, result, mode="interpreted", on_unused_input="ignore")(*values)
    for _ in range(3):
        found = f(*values)
        pairs = [(found, wanted)] if isinstance(wanted, np.ndarray) else zip(found, wanted, strict=True)
        for one, other in pairs:
            np.testing.assert_array_equal(one, other, strict=True)
    for value, before in zip(values, kept, strict=True):
        np.testing.assert_array_equal(value, before)
    assert overwrites(f) is in_place


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_nothing_else_needs_is_overwritten(write):
    check(write(sc.tanh(x)), in_place=True)
    check(sc.exp(write(sc.tanh(x))) + 1, in_place=True)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_needed_besides_is_copied(write):
    z = sc.tanh(x)
    check([write(z), z], in_place=False)
    check([write(z), sc.dot(z, z.T)], in_place=False)
    check([write(z), z.sum()], in_place=True)  # the kernel that makes z adds it up too
    check([write(z), z.T], in_place=False)
    check(write(z) * z, in_place=False)
    check([write(z), write(z + 0) + z[0]], in_place=False)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_not_the_programs_own_is_copied(write):
    check(write(x), in_place=False)
    check(write(x.T[:, :3].T), in_place=False)
    check(write(sc.constant(a)), in_place=False)
    shared = sc.shared(a, "shared")
    check(write(shared), in_place=False)
    np.testing.assert_array_equal(shared.get_value(), a)


def test_one_write_after_another_needs_one_memory():
    z = sc.tanh(x)
    for row in range(3):
        z = sc.set_subtensor(z[row], sc.cumsum(z[row - 1]))
    check(z, in_place=True)  # but for the first write: the last row is read from what was there before
    z = sc.tanh(x)
    for row in range(3):
        z = sc.inc_subtensor(z[row], float(row))
    check(z, in_place=True)


def test_both_results_of_one_chain():
    first = sc.set_subtensor(sc.tanh(x)[0], 1.0)
    second = sc.set_subtensor(first[1], 2.0)
    check([first, second], in_place=True)


def test_the_same_tensor_as_part_and_whole():
    z = sc.tanh(x)
    check(sc.inc_subtensor(z[1:], z[:-1]), in_place=False)
    check(sc.set_subtensor(z[:], z[::-1]), in_place=False)


def test_sizes_do_not_need_the_elements():
    z = sc.tanh(x)
    check(sc.set_subtensor(z[0], 1.0) * z.shape[0], in_place=True)


def test_what_was_settled_stays_as_it_is():
    shared = sc.shared(np.ones((200, 200)), "shared")
    z = sc.exp(shared) + 1
    f = sc.function([i], sc.inc_subtensor(z[i], 1.0))
    for row in (3, 5, 3):
        found = f([row])
        assert (found != found[0]).any(axis=1).nonzero()[0].tolist() == [row]
    shared.set_value(np.zeros((200, 200)))
    assert f([7])[7, 7] == 3


def test_in_loops_and_updates():
    state = sc.shared(np.zeros((3, 4)), "state")
    f = sc.function([i], state.sum(), updates=[(state, sc.inc_subtensor(sc.tanh(state)[i], 1.0))])
    meant = np.zeros((3, 4))
    for _ in range(4):
        assert f([1, 1]) == meant.sum()
        meant = np.tanh(meant)
        meant[1] += 2
        np.testing.assert_allclose(state.get_value(), meant)
    steps, _ = sc.scan(
        lambda row, before: sc.set_subtensor(sc.tanh(before + 1)[0], row), sequences=x[:, 0], outputs_info=sc.zeros(4)
    )
    check(steps[-1] + steps[0], in_place=False)
