"""Random draws: the generator against its definition, samples against their distributions, and repetition."""

import math
import pickle

import numpy as np
import pytest
from scipy import special, stats

import symconv as sc
from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.ops.random import DISTRIBUTIONS, Draw, Stream, samplers

MASK = 2**64 - 1


def philox(key, counter):
    """Four words of Philox 4x64 with 10 rounds, as Salmon et al. define it, in Python's integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [(second >> 64) ^ c[1] ^ k[0], second & MASK, (first >> 64) ^ c[3] ^ k[1], first & MASK]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK, (k[1] + 0xBB67AE8584CAA73B) & MASK]
    return c


def word(state, position):
    """The word at a position of a draw."""
    block, place = divmod(position, 4)
    return philox(map(int, state[:2]), (block + 1, int(state[2]), 0, 0))[place]


def draws(variable, times=1, **options):
    """What ``times`` calls of a function draw, advancing all states that it reads."""
    function = sc.function([], variable, mode="checked", updates=updates(variable), **options)
    return np.array([function() for _ in range(times)])


def updates(variable):
    graph = sc.FunctionGraph((), (variable,))
    return [(state, state.default_update) for state in graph.shared if state.default_update is not None]


STATE = np.array([0x0123456789ABCDEF, 42, 7], "uint64")


def sample(name, shape, *parameters, dtype="float64", state=STATE):
    return DISTRIBUTIONS[name].sample(samplers.bits_of(state), shape, dtype, *map(np.asarray, parameters))


# The generator


def test_words_are_those_of_philox():
    drawn = samplers.words(samplers.bits_of(STATE), 11)
    assert [int(w) for w in drawn] == [word(STATE, position) for position in range(11)]


def test_uniform_has_all_digits_of_its_word():
    expected = [word(STATE, position) for position in range(4)]
    np.testing.assert_array_equal(sample("uniform", (4,)), [(w >> 11) / 2**53 for w in expected])
    halves = [half for w in expected for half in (w & 0xFFFFFFFF, w >> 32)]
    single = sample("uniform", (2, 4), dtype="float32")
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single.ravel(), np.array([(h >> 8) / 2**24 for h in halves], "float32"))
    half = sample("uniform", (8,), dtype="float16")
    np.testing.assert_array_equal(half, np.array([(h >> 21) / 2**11 for h in halves], "float16"))


def test_normal_is_the_transform_of_its_pair():
    first, second = ((word(STATE, position) >> 11) for position in (2, 3))
    radius, angle = math.sqrt(-2 * math.log((first + 1) / 2**53)), 2 * math.pi * second / 2**53
    expected = [radius * math.cos(angle), radius * math.sin(angle)]
    np.testing.assert_allclose(sample("normal", (5,))[2:4], expected, rtol=1e-14)


def test_integers_are_the_high_word_of_a_product():
    for low, high in [(-3, 4), (0, 2**63 - 1), (-(2**63), 2**63 - 1), (5, 6)]:
        expected = [low + (word(STATE, i) * (high - low) >> 64) for i in range(6)]
        assert sample("integers", (6,), low, high, dtype="int64").tolist() == expected


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("uniform", ()), ("normal", ()), ("truncated_normal", (-1.0, 2.0)), ("integers", (-3, 9)),
     ("categorical", ([0.2, 0.5, 0.3],))],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_element_depends_on_its_place_alone(name, parameters, dtype):
    long = sample(name, (41,), *parameters, dtype=dtype)
    for count in (1, 2, 7, 40):
        np.testing.assert_array_equal(sample(name, (count,), *parameters, dtype=dtype), long[:count])
    np.testing.assert_array_equal(sample(name, (5, 2, 4), *parameters, dtype=dtype).ravel(), long[:40])


# Streams


def everything(stream):
    """One draw of each kind."""
    return [
        stream.uniform((3, 2), -1, 2), stream.normal((5,), 1, 2, "float32"), stream.truncated_normal((4,)),
        stream.exponential((3,), 2.0), stream.gamma((3,), 0.5, 2.0), stream.bernoulli((6,), 0.3),
        stream.binomial((4,), [5, 10, 0, 100], 0.4), stream.poisson((3,), [0.0, 2.0, 1e3]),
        stream.integers((5,), -3, 10), stream.multinomial((2,), 10, [0.2, 0.0, 0.8]), stream.choice(5, (4,)),
        stream.choice(5, (2, 2), replace=False), stream.choice(3, (4,), p=[0.2, 0.5, 0.3]),
        stream.choice(3, (2,), replace=False, p=[0.2, 0.5, 0.3]), stream.permutation(6),
        stream.permutation(5, (2,)),
    ]  # fmt: skip


def test_equal_seeds_give_equal_draws_and_others_do_not():
    one, two, other = ([draws(v, 2) for v in everything(Stream(seed))] for seed in (5, 5, 6))
    for mine, same in zip(one, two, strict=True):
        np.testing.assert_array_equal(mine, same)
    assert sum(np.array_equal(a, b) for a, b in zip(one, other, strict=True)) <= 2  # few small integers
    stream = Stream(5)
    a, b = draws(stream.uniform((4,))), draws(stream.uniform((4,)))
    assert not np.intersect1d(a, b).size


def test_each_call_draws_anew_and_seed_goes_back():
    stream = Stream(3)
    x, y = stream.uniform((3,)), stream.normal((2,))
    f = sc.function([], [x, y, x])
    first, second = f(), f()
    np.testing.assert_array_equal(first[0], first[2])
    assert not np.intersect1d(first[0], second[0]).size
    stream.seed()
    for again, before in zip(f() + f(), first + second, strict=True):
        np.testing.assert_array_equal(again, before)
    stream.seed(4)
    other = Stream(4)
    np.testing.assert_array_equal(f()[0], draws(other.uniform((3,)))[0])
    assert len(stream.state_updates()) == len(stream.states) == 2


def test_what_else_is_computed_changes_nothing():
    x = sc.matrix("x")
    values = np.ones((50, 40))
    results = []
    for threads in (1, 2):
        noisy = sc.tanh(x * Stream(1).normal(x.shape)) + 1
        with sc.settings(threads=threads):
            results.append(sc.function([x], noisy)(values))
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0], np.tanh(draws(Stream(1).normal((50, 40)))[0]) + 1)


def test_after_an_error_states_are_as_they_were():
    stream = Stream(1)
    p = sc.vector("p")
    f = sc.function([p], stream.binomial((2,), 3, p), updates=stream.state_updates())
    before = stream.states[0].get_value()
    with pytest.raises(OptionError, match=r"between 0 and 1, got 1\.5"):
        f([0.5, 1.5])
    np.testing.assert_array_equal(stream.states[0].get_value(), before)
    f([0.5, 1.0])
    assert stream.states[0].get_value()[2] == before[2] + 1


def test_pickled_draws_go_on():
    x = Stream(2).uniform((3,))
    f = sc.function([], x, updates=updates(x))
    f()
    again = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(f(), again())
    np.testing.assert_array_equal(f(), again())


def test_golden_values():
    """What a seed has given once, it gives for ever."""
    stream = Stream(42)
    expected = [
        (stream.uniform((3,)), GOLDEN_UNIFORM, 0),
        (stream.uniform((3,), dtype="float32"), GOLDEN_SINGLE, 0),
        (stream.normal((3,)), GOLDEN_NORMAL, 1e-14),
        (stream.truncated_normal((3,), low=-1.0, high=3.0), GOLDEN_TRUNCATED, 1e-14),
        (stream.integers((5,), 0, 100), GOLDEN_INTEGERS, 0),
        (stream.permutation(7), GOLDEN_PERMUTATION, 0),
    ]
    for variable, values, rtol in expected:
        np.testing.assert_allclose(draws(variable)[0], values, rtol=rtol)


GOLDEN_UNIFORM = [0.2197435513325704, 0.45619347566841584, 0.18398429463748722]
GOLDEN_SINGLE = [0.7084953784942627, 0.773154616355896, 0.06188857555389404]
GOLDEN_NORMAL = [-1.4706082679315275, 1.6079349398807619, 0.2819480971475527]
GOLDEN_TRUNCATED = [0.5933550840558107, -0.06598415516609799, 0.17288886048154659]
GOLDEN_INTEGERS = [76, 77, 92, 83, 62]
GOLDEN_PERMUTATION = [2, 5, 4, 0, 6, 1, 3]


# Distributions: each test's chance to fail on another seed is 1e-4; the seed is fixed, so it never does


def fits(values, distribution):
    return stats.kstest(values.ravel(), distribution).pvalue > 1e-4


def test_continuous_distributions():
    stream, shape = Stream(0), (40, 100)
    for variable, distribution in [
        (stream.uniform(shape, -1, 3), stats.uniform(-1, 4)),
        (stream.uniform(shape, dtype="float32"), stats.uniform()),
        (stream.normal(shape, 2.0, 0.5), stats.norm(2, 0.5)),
        (stream.normal((3999,), dtype="float32"), stats.norm()),
        (stream.truncated_normal(shape, 1.0, 2.0), stats.truncnorm(-2, 2, 1, 2)),
        (stream.truncated_normal(shape, low=5.0, high=np.inf), stats.truncnorm(5, np.inf)),
        (stream.truncated_normal(shape, low=-40.0, high=-38.0), stats.truncnorm(-40, -38)),
        (stream.exponential(shape, 3.0), stats.expon(scale=3)),
        (stream.gamma(shape, 2.5, 2.0), stats.gamma(2.5, scale=2)),
    ]:
        assert fits(draws(variable)[0], distribution.cdf), variable


def equally(counts, chances):
    """Whether counts go with the chances, by Pearson's test."""
    chances = np.asarray(chances) / np.sum(chances)
    return stats.chisquare(counts, chances * np.sum(counts)).pvalue > 1e-4


def test_discrete_distributions():
    stream, count = Stream(1), 6000
    values = draws(stream.integers((count,), -2, 5))[0]
    assert equally(np.bincount(values + 2), np.ones(7))
    chances = [0.1, 0.2, 0.0, 0.7]
    values = draws(stream.choice(4, (count,), p=chances))[0]
    assert 2 not in values
    assert equally(np.bincount(values)[[0, 1, 3]], [0.1, 0.2, 0.7])
    assert equally(np.bincount(draws(stream.bernoulli((count,), 0.3))[0]), [0.7, 0.3])
    assert equally(np.bincount(draws(stream.binomial((count,), 3, 0.4))[0]), stats.binom(3, 0.4).pmf(range(4)))
    totals = draws(stream.multinomial((count,), 2, chances))[0]
    assert totals.shape == (count, 4)
    assert (totals.sum(axis=1) == 2).all()
    assert equally(totals.sum(axis=0)[[0, 1, 3]], [0.1, 0.2, 0.7])
    orders = draws(stream.permutation(3, (count,)))[0]
    assert equally(np.unique(orders @ [9, 3, 1], return_counts=True)[1], np.ones(6))
    pairs = draws(stream.choice(3, (2,), replace=False, p=[0.2, 0.3, 0.5]), count)
    keys, counts = np.unique(pairs @ [3, 1], return_counts=True)
    p = [0.2, 0.3, 0.5]
    expected = {3 * i + j: p[i] * p[j] / (1 - p[i]) for i in range(3) for j in range(3) if i != j}
    assert sorted(expected) == keys.tolist()
    assert equally(counts, [expected[key] for key in keys])
    pairs = draws(stream.choice(3, (2,), replace=False), count)
    assert equally(np.unique(pairs @ [3, 1], return_counts=True)[1], np.ones(6))


def test_rejecting_samplers_are_numpys():
    bits = samplers.bits_of
    n, p = np.array([5, 1000]), np.array([0.3, 0.9])
    np.testing.assert_array_equal(
        sample("binomial", (3, 2), n, p, dtype="int64"), np.random.Generator(bits(STATE)).binomial(n, p, (3, 2))
    )
    np.testing.assert_array_equal(
        sample("poisson", (3, 2), p, dtype="int64"), np.random.Generator(bits(STATE)).poisson(p, (3, 2))
    )


def test_quantiles_against_scipy():
    p = np.concatenate([[0, 1, 0.5, 0.075, 0.925], np.logspace(-300, -0.31, 200), 1 - np.logspace(-16, -0.31, 99)])
    np.testing.assert_allclose(samplers.normal_quantile(p), special.ndtri(p), rtol=2e-15)
    x = np.linspace(-37, 9, 200)
    np.testing.assert_allclose(samplers.normal_cdf(x), special.ndtr(x), rtol=1e-13)


# Shapes, dtypes, gradients


def test_types_and_symbolic_shapes():
    stream = Stream(0)
    x, n, sizes = sc.fmatrix("x"), sc.lscalar("n"), sc.tensor("int64", (2,), "sizes")
    assert stream.uniform((2, n)).type == sc.TensorType("float64", (2, None))
    assert stream.normal(x.shape, dtype="float32").type == sc.TensorType("float32", (None, None))
    assert stream.normal(None, x, 1.0, "float32").type == sc.TensorType("float32", (None, None))
    assert stream.binomial(None, [[3], [4]], [0.1, 0.2, 0.3]).type == sc.TensorType("int64", (2, 3))
    assert stream.bernoulli((3,), 0.5, "float32").type == sc.TensorType("float32", (3,))
    assert stream.multinomial((n,), 1, [0.5, 0.5]).type == sc.TensorType("int64", (None, 2))
    assert stream.uniform().type == sc.TensorType("float64", ())
    f = sc.function([n], stream.uniform((2, n)), mode="checked")
    assert f(3).shape == (2, 3)
    assert f(0).shape == (2, 0)
    frozen = sc.function([n], stream.uniform((2, n)), no_default_updates=True)
    np.testing.assert_array_equal(frozen(3).ravel()[:2], frozen(1).ravel())
    assert sc.function([sizes], stream.permutation(4, sizes), mode="checked")([2, 3]).shape == (2, 3, 4)
    assert sc.function([x], stream.bernoulli(x.shape), mode="checked")(np.zeros((4, 1), "f")).shape == (4, 1)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2)])
def test_small_and_empty_shapes(shape):
    stream = Stream(0)
    for variable in [
        stream.uniform(shape), stream.normal(shape, dtype="float32"), stream.truncated_normal(shape),
        stream.binomial(shape, 4), stream.poisson(shape), stream.integers(shape), stream.gamma(shape),
        stream.choice(9, shape), stream.choice(9, shape, replace=False), stream.choice(2, shape, p=[0.5, 0.5]),
    ]:  # fmt: skip
        assert draws(variable)[0].shape == shape
    assert draws(stream.permutation(0))[0].shape == (0,)
    assert draws(stream.permutation(1, shape))[0].shape == (*shape, 1)


def test_rows_of_a_tensor():
    stream = Stream(8)
    x = sc.matrix("x")
    values = np.arange(12.0).reshape(6, 2)
    mixed = sc.function([x], stream.shuffle(x))(values)
    assert not np.array_equal(mixed, values)
    np.testing.assert_array_equal(mixed[np.argsort(mixed[:, 0])], values)
    chosen = sc.function([x], stream.choice(x, (4, 3), replace=True))(values)
    assert chosen.shape == (4, 3, 2)
    assert np.isin(chosen[..., 0], values[:, 0]).all()
    assert (chosen[..., 1] == chosen[..., 0] + 1).all()


def test_gradients_by_parameters():
    stream = Stream(2)
    shape = (3, 2)
    z = Stream(2).normal(shape)
    mean, std = sc.vector("mean"), sc.vector("std")
    drawn = stream.normal(shape, mean, std)
    by_mean, by_std = sc.grad(drawn.sum(), [mean, std])
    given = {mean: np.array([1.0, 2.0]), std: np.array([3.0, 4.0])}
    f = sc.function([mean, std], [by_mean, by_std], on_unused_input="ignore")
    ones, sums = f(*given.values())
    np.testing.assert_array_equal(ones, [3.0, 3.0])
    np.testing.assert_allclose(sums, draws(z)[0].sum(axis=0), rtol=1e-15)
    for make in (stream.uniform, stream.normal, stream.truncated_normal):
        state = len(stream.states)
        sc.verify_grad(lambda a, b, make=make: make(shape, a, b), [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
        assert len(stream.states) > state
    p = sc.vector("p")
    with pytest.raises(sc.DisconnectedInputError):
        sc.grad(sc.cast(stream.binomial(None, 3, p), "float64").sum(), p)


# Bad input


def test_bad_input_while_building():
    stream = Stream(0)
    n, x = sc.lscalar("n"), sc.vector("x")
    for build, error, text in [
        (lambda: Stream(-1), OptionError, "-1"),
        (lambda: Stream("a"), OptionError, "'a'"),
        (lambda: stream.uniform((2, -1)), ShapeError, "-1"),
        (lambda: stream.uniform((2.5,)), ArgumentError, "2.5"),
        (lambda: stream.uniform(sc.lvector("sizes")), RankError, "int64[?]"),
        (lambda: stream.uniform((2,), dtype="int32"), DTypeError, "int32"),
        (lambda: stream.uniform((2,), np.zeros(3)), ShapeError, "3"),
        (lambda: stream.normal((), np.zeros(3)), ShapeError, "float64[3]"),
        (lambda: stream.truncated_normal((2,), low=1.0, high=1.0), OptionError, "low=1.0"),
        (lambda: stream.binomial((2,), -1, 0.5), OptionError, "-1"),
        (lambda: stream.binomial((2,), 1, 1.5), OptionError, "1.5"),
        (lambda: stream.binomial((2,), 1.5, 0.5), DTypeError, "float64[]"),
        (lambda: stream.binomial((2,), [1, 2, 3], 0.5), ShapeError, "n of binomial"),
        (lambda: stream.bernoulli((2,), -0.5), OptionError, "-0.5"),
        (lambda: stream.poisson((2,), [-1.0, np.nan]), OptionError, "-1"),
        (lambda: stream.gamma((2,), np.nan), OptionError, "nan"),
        (lambda: stream.integers((2,), 3, 3), OptionError, "low=3"),
        (lambda: stream.integers((2,), 0, 3, "float32"), DTypeError, "float32"),
        (lambda: stream.multinomial((2,), 1, [0.5, 0.6]), OptionError, "1.1"),
        (lambda: stream.multinomial((2,), 1, 0.5), RankError, "0"),
        (lambda: stream.choice(3, (4,), replace=False), ShapeError, "4 of 3"),
        (lambda: stream.choice(3, (4,), replace=False, p=[0.2, 0.2, 0.6]), ShapeError, "4 of 3"),
        (lambda: stream.choice(3, (4,), p=[0.5, 0.5]), ShapeError, "2 probabilities"),
        (lambda: stream.choice(0, (4,)), OptionError, "high=0"),
        (lambda: stream.choice(1.5, (4,)), DTypeError, "float64"),
        (lambda: stream.permutation(1.5), DTypeError, "float64"),
        (lambda: Draw(DISTRIBUTIONS["uniform"], (2,), "float64")(x, [2]), RankError, "uint64[3]"),
    ]:
        with pytest.raises(error) as raised:
            build()
        assert text in str(raised.value)
        assert "test_random.py" in str(raised.value)
    assert not stream.states  # a draw that failed is none
    with pytest.raises(ShapeError, match="-2"):
        sc.function([n], stream.uniform((n,)))(-2)
    with pytest.raises(ShapeError, match="cannot choose 4 of 3"):
        sc.function([n], stream.choice(n, (4,), replace=False))(3)
