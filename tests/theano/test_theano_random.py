"""The random streams of the compatibility layer: against NumPy's legacy generator, and Theano's own values."""

import itertools
import pickle

import numpy as np
import pytest

import symconv as sc
from symconv.theano.sandbox.rng_mrg import MRG_RandomStreams, guess_n_streams
from symconv.theano.tensor.shared_randomstreams import RandomStreams


def draws(variable, times=1, inputs=()):
    graph = sc.FunctionGraph(tuple(inputs), (variable,))
    updates = [(v, v.default_update) for v in graph.shared if v.default_update is not None]
    return sc.function(list(inputs), variable, updates=updates, mode="checked"), updates


def twice(variable):
    f, _ = draws(variable)
    return np.array([f(), f()])


def masters(seed):
    """Generators as each draw in turn gets them."""
    master = np.random.RandomState(seed)
    while True:
        yield np.random.RandomState(master.randint(2**30))


# RandomStreams


def test_random_streams_are_numpys():
    streams, generators = RandomStreams(234), masters(234)
    low = np.array([[0.0], [2.0]])
    pvals = np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
    for variable, draw in [
        (streams.uniform((2, 3)), lambda r: r.uniform(0, 1, (2, 3))),
        (streams.uniform(None, low, low + 1), lambda r: r.uniform(low, low + 1)),
        (streams.uniform((2, -1), [1.0, 2.0, 3.0], 4.0), lambda r: r.uniform([1, 2, 3], 4, (2, 3))),
        (streams.normal((3,), avg=1, std=2), lambda r: r.normal(1, 2, (3,))),
        (streams.normal((3,), dtype="float32"), lambda r: r.normal(0, 1, (3,)).astype("float32")),
        (streams.normal(), lambda r: r.normal()),
        (streams.binomial((4,), n=10, p=0.3), lambda r: r.binomial(10, 0.3, (4,))),
        (streams.binomial(4, prob=0.3), lambda r: r.binomial(1, 0.3, (4,))),
        (streams.random_integers((5,), 1, 6), lambda r: [r.randint(1, 7) for _ in range(5)]),
        (streams.poisson((3, 2), lam=4.0), lambda r: r.poisson(4.0, (3, 2))),
        (streams.choice((4,), a=7), lambda r: r.choice(7, (4,))),
        (streams.choice((3,), [2.0, 3.0, 5.0], replace=False, p=[0.1, 0.2, 0.7], dtype="float64"),
         lambda r: r.choice([2.0, 3.0, 5.0], (3,), False, [0.1, 0.2, 0.7])),
        (streams.permutation(n=5), lambda r: r.permutation(5)),
        (streams.permutation((2,), n=4), lambda r: [r.permutation(4) for _ in range(2)]),
        (streams.multinomial((2,), 4, [0.5, 0.3, 0.1875]),
         lambda r: [r.multinomial(4, [0.5, 0.3, 0.1875]) for _ in range(2)]),
        (streams.multinomial(None, 4, pvals),
         lambda r: [r.multinomial(4, pvals[0]), r.multinomial(4, pvals[1] * (1 - 5e-5))]),
    ]:  # fmt: skip
        generator = next(generators)
        np.testing.assert_array_equal(twice(variable), [draw(generator), draw(generator)])
    assert len(streams.updates()) == 16


def test_rows_are_shuffled_with_a_gradient():
    x = sc.matrix("x")
    mixed = RandomStreams(5).shuffle_row_elements(x)
    f, _ = draws(mixed, inputs=[x])
    values = np.arange(8.0).reshape(2, 4)
    result = f(values)
    generator = next(masters(5))
    np.testing.assert_array_equal(result, [row[generator.permutation(4)] for row in values])
    weights = np.array([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    g = sc.function([x], [mixed.permutation, sc.grad((mixed * weights).sum(), x)])
    orders, gradient = g(values)
    np.testing.assert_array_equal(np.take_along_axis(gradient, orders, 1), weights)
    assert RandomStreams(0).shuffle_row_elements(sc.vector("v")).type == sc.TensorType("float64", (None,))


def test_state_seed_and_access():
    streams = RandomStreams(1)
    u, n = streams.uniform((2,)), streams.normal((3,))
    f = sc.function([], [u, n], updates=streams.updates())
    first = f()
    f()
    streams.seed(1)
    for again, before in zip(f(), first, strict=True):
        np.testing.assert_array_equal(again, before)
    state = n.rng.get_value(borrow=True)
    assert isinstance(state, np.random.RandomState)
    expected = state.normal(size=3)  # the odd normal number that was drawn ahead is in the state
    np.testing.assert_array_equal(f()[1], expected)
    state.seed(9)
    n.rng.set_value(state, borrow=True)
    streams[u.rng] = np.random.RandomState(8)
    drawn = f()
    np.testing.assert_array_equal(drawn[1], np.random.RandomState(9).normal(size=3))
    np.testing.assert_array_equal(drawn[0], np.random.RandomState(8).uniform(size=2))
    assert isinstance(streams[u.rng], np.random.RandomState)
    assert n.update == streams.updates()[1] == (n.rng, n.rng.default_update)
    with pytest.raises(sc.ArgumentError, match="RandomState"):
        n.rng.set_value(np.zeros(3))
    copied = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(copied()[1], f()[1])


@pytest.mark.parametrize(
    ("size", "ndim", "error"),
    [((2.5,), None, TypeError), ((2, -3), None, ValueError), ((2, 3), 1, ValueError),
     (sc.lvector("n"), None, ValueError), (sc.dvector("d"), None, TypeError), ((-1,), None, ValueError)],
)  # fmt: skip
def test_bad_sizes(size, ndim, error):
    with pytest.raises(error):
        RandomStreams(0).uniform(size, ndim=ndim)
    with pytest.raises(ValueError, match="more dimensions"):
        RandomStreams(0).uniform((2,), low=np.zeros((2, 2)))


def test_symbolic_sizes():
    n, sizes = sc.lscalar("n"), sc.lvector("sizes")
    f, _ = draws(RandomStreams(3).uniform((n, 2)), inputs=[n])
    np.testing.assert_array_equal(f(3), next(masters(3)).uniform(size=(3, 2)))
    f, _ = draws(RandomStreams(3).uniform(sizes, ndim=2), inputs=[sizes])
    np.testing.assert_array_equal(f([2, 3]), next(masters(3)).uniform(size=(2, 3)))
    f, _ = draws(RandomStreams(3).permutation(n=n), inputs=[n])
    np.testing.assert_array_equal(f(6), next(masters(3)).permutation(6))


# MRG31k3p


def test_the_stream_of_seed_42():
    drawn = twice(MRG_RandomStreams(42).uniform((2,), dtype="float64"))
    np.testing.assert_allclose(drawn, [[0.08075202, 0.92676401], [0.08033995, 0.34734231]], atol=5e-9)


def mrg31k3p(seed, steps):
    """The recurrences, by Python's integers."""
    x, y = [seed] * 3, [seed] * 3
    for _ in range(steps):
        x = [(2**22 * x[1] + 129 * x[2]) % (2**31 - 1), *x[:2]]
        y = [(2**15 * y[0] + 32769 * y[2]) % (2**31 - 21069), *y[:2]]
        difference = x[0] - y[0]
        yield (difference + (2**31 - 1 if difference <= 0 else 0)) / 2**31


def test_one_stream_is_the_recurrence():
    drawn = twice(MRG_RandomStreams(77).uniform((4, 25), nstreams=1))
    np.testing.assert_array_equal(drawn.ravel(), list(mrg31k3p(77, 200)))
    single = twice(MRG_RandomStreams(77).uniform((100,), nstreams=1, dtype="float32"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single.ravel(), drawn.ravel(), rtol=2e-7)
    half = twice(MRG_RandomStreams(77).uniform((100,), nstreams=1, dtype="float16"))
    assert (0 < half).all()
    assert (half < 1).all()


def test_jumps_are_steps():
    from symconv.ops.random import mrg

    states = mrg.checked_seed([3, 1, 4, 1, 5, 9])
    stepped = states.astype("int64")[:, None]
    for _ in range(32):
        stepped = mrg.advanced(stepped)
    np.testing.assert_array_equal(mrg.jumped(states, mrg.jump_of(5)), stepped[:, 0])
    many = mrg.streams(states, 7)
    for one, following in itertools.pairwise(many):
        np.testing.assert_array_equal(mrg.jumped(one, mrg.jump_of(72)), following)


def test_equal_seeds_statistics_and_reset():
    shape = (40, 50)
    mine, same = MRG_RandomStreams(11), MRG_RandomStreams(11)
    for make in (lambda s: s.uniform(shape, -1, 3), lambda s: s.binomial(shape, p=0.3),
                 lambda s: s.normal(shape, 1.0, 2.0)):  # fmt: skip
        np.testing.assert_array_equal(twice(make(mine)), twice(make(same)))
    values = twice(mine.normal(shape, 1.0, 2.0))
    assert abs(values.mean() - 1) < 4 * 2 / 4000**0.5
    assert abs(values.std() - 2) < 4 * 2 / 8000**0.5
    u = mine.uniform(shape)
    f = sc.function([], u, updates=mine.updates())
    first = f()
    mine.seed()
    np.testing.assert_array_equal(f(), first)
    mine.seed(12)
    assert not np.array_equal(f(), first)
    assert u.owner.inputs  # a draw is an expression like any other


def test_multinomial_and_choice():
    pvals = np.array([[0.98, 0.01, 0.01], [0.01, 0.49, 0.5]])
    counts = twice(MRG_RandomStreams(4).multinomial(pvals=pvals, n=20))
    assert counts.shape == (2, 2, 3)
    assert (counts.sum(axis=2) == 20).all()
    assert counts[:, 0, 0].min() >= 17  # less has probability 1e-4
    chosen = twice(MRG_RandomStreams(4).choice(size=2, p=pvals, replace=False))
    assert chosen.shape == (2, 2, 2)
    assert (chosen[..., 0] != chosen[..., 1]).all()
    with pytest.raises(sc.ShapeError, match="4 of 3"):
        MRG_RandomStreams(4).choice(size=4, p=pvals, replace=False)


def test_number_of_streams():
    assert [guess_n_streams(size) for size in [(), (6,), (2, 6), (10**6,), (sc.lscalar(),)]] == [
        1, 6, 2, 15360, 15360
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: MRG_RandomStreams(0), ValueError),
        (lambda: MRG_RandomStreams(2147462579), ValueError),
        (lambda: MRG_RandomStreams([0, 0, 0, 1, 1, 1]), ValueError),
        (lambda: MRG_RandomStreams([1, 1, 1, 0, 0, 0]), ValueError),
        (lambda: MRG_RandomStreams([1, 1]), ValueError),
        (lambda: MRG_RandomStreams(1).uniform([2]), TypeError),
        (lambda: MRG_RandomStreams(1).uniform(2), TypeError),
        (lambda: MRG_RandomStreams(1).uniform((2, 0)), ValueError),
        (lambda: MRG_RandomStreams(1).uniform((1,), low=np.zeros(3)), NotImplementedError),
        (lambda: MRG_RandomStreams(1).binomial((2,), n=2), NotImplementedError),
        (lambda: MRG_RandomStreams(1).binomial([2]), TypeError),
        (lambda: MRG_RandomStreams(1).normal((2, -1)), ValueError),
        (lambda: MRG_RandomStreams(1).multinomial((2,), pvals=np.ones((1, 1))), ValueError),
        (lambda: MRG_RandomStreams(1).multinomial(pvals=np.ones(1)), NotImplementedError),
        (lambda: MRG_RandomStreams(1).multinomial(), TypeError),
        (lambda: MRG_RandomStreams(1).choice(), NotImplementedError),
        (lambda: MRG_RandomStreams(1).choice(a=3, replace=False), TypeError),
        (lambda: MRG_RandomStreams(1).choice(replace=False), TypeError),
        (lambda: MRG_RandomStreams(1).choice(p=np.ones(2), replace=False), NotImplementedError),
    ],
)
def test_errors(make, error):
    with pytest.raises(error):
        make()


def test_numpy_integers_are_seeds():
    np.testing.assert_array_equal(
        twice(MRG_RandomStreams(np.int64(5)).uniform((3,))), twice(MRG_RandomStreams(5).uniform((3,)))
    )
