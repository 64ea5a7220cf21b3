"""The translation of arguments: shared, function, conv2d, grad, config."""

import inspect

import numpy as np
import pytest

import symconv as sc
from symconv.errors import ArgumentError, OptionError, ShapeError


@pytest.fixture
def T(theano):
    return theano.tensor


@pytest.fixture
def images():
    return np.random.default_rng(3).normal(size=(2, 3, 11, 13))


# shared


def test_shared_values_may_change_their_shape(theano):
    x = theano.shared(np.zeros((1, 3)), name="x")
    assert x.name == "x"
    assert x.type.shape == (None, None)
    assert x.broadcastable == (False, False)
    double = theano.function([], 2 * x)
    assert double().shape == (1, 3)
    x.set_value(np.ones((4, 5)))
    np.testing.assert_array_equal(double(), np.full((4, 5), 2.0))


def test_shared_broadcastable(theano):
    x = theano.shared(np.zeros((1, 3)), broadcastable=(True, False))
    assert x.broadcastable == (True, False)
    with pytest.raises(ShapeError, match="does not fit"):
        theano.shared(np.zeros((2, 3)), broadcastable=(True, False))
    with pytest.raises(ShapeError, match="does not fit"):
        theano.shared(np.zeros((1, 3)), broadcastable=(True,))


@pytest.mark.parametrize(
    ("value", "dtype"), [(0.1, "float64"), (1, "int64"), (True, "bool"), (np.float32(1), "float32")]
)
def test_shared_numbers_ignore_floatX(theano, value, dtype):
    with sc.settings(floatX="float32"):
        assert theano.shared(value).dtype == dtype


def test_shared_borrow(theano):
    array = np.zeros(3)
    copied, borrowed = theano.shared(array), theano.shared(array, borrow=True)
    array[:] = 1
    np.testing.assert_array_equal(copied.get_value(), np.zeros(3))
    np.testing.assert_array_equal(theano.function([], borrowed + 0)(), np.ones(3))


def test_shared_refuses_what_is_no_tensor(theano):
    with pytest.raises(ArgumentError, match=r"numpy\.asarray"):
        theano.shared([1, 2])
    with pytest.raises(ArgumentError, match="needs a NumPy array, got float"):
        theano.shared(1.0, strict=True)
    with pytest.raises(OptionError, match="target"):
        theano.shared(1.0, target="gpu")


# function


def test_function_updates_and_givens(theano, T):
    x, s = T.dvector("x"), theano.shared(np.arange(3.0))
    step = theano.function([x], [s.sum()], updates=[(s, s + x)])
    assert step(np.ones(3)) == [3.0]
    np.testing.assert_array_equal(s.get_value(), [1.0, 2.0, 3.0])
    given = theano.function([], x * 2, givens={x: s})
    np.testing.assert_array_equal(given(), [2.0, 4.0, 6.0])


def test_function_in_and_out(theano, T):
    x = T.dscalar("x")
    f = theano.function([theano.In(x, borrow=True)], theano.Out(x + 1, borrow=True))
    assert f(2.0) == 3.0


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", "DebugMode"])
def test_function_modes(theano, T, mode):
    x = T.dscalar("x")
    assert theano.function([x], T.tanh(x), mode=mode)(0.5) == pytest.approx(np.tanh(0.5))


def test_function_refuses_what_it_cannot_do(theano, T):
    x = T.dscalar("x")
    with pytest.raises(OptionError, match="no mode 'SLOW'"):
        theano.function([x], x + 1, mode="SLOW")
    with pytest.raises(OptionError, match="implicit"):
        theano.In(x, implicit=True)


# conv2d


def test_conv2d_is_a_plain_function_with_num_groups(T):
    parameters = inspect.signature(T.nnet.conv2d).parameters
    assert parameters["num_groups"].default == 1


def test_the_convolutions_agree(theano, T, images):
    x, W = T.dtensor4("x"), theano.shared(np.random.default_rng(4).normal(size=(2, 3, 5, 4)))
    with pytest.warns(UserWarning, match="image_shape"):
        older = T.nnet.conv2d(x, W, image_shape=(2, 3, 11, 13))
    ways = [
        T.nnet.conv2d(x, W),
        older,
        T.nnet.conv.conv2d(x, W, image_shape=(None, 3, None, None), filter_shape=(2, 3, 5, 4), unroll_kern=2),
        T.nnet.abstract_conv.conv2d(x, W),
        T.nnet.conv2d(x, theano.shared(W.get_value()[:, :, ::-1, ::-1]), filter_flip=False),
    ]
    first, *others = (theano.function([x], y)(images) for y in ways)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=0, atol=1e-12)


def test_conv2d_refuses_what_it_cannot_do(T):
    x, W = T.dtensor4("x"), T.dtensor4("W")
    with pytest.raises(OptionError, match="image_shape"):
        T.nnet.conv2d(x, W, input_shape=(1, 1, 9, 9), image_shape=(1, 1, 9, 9))
    with pytest.raises(OptionError, match="imshp_logical"):
        T.nnet.conv2d(x, W, imshp_logical=(1, 9, 9))
    with pytest.warns(UserWarning, match="ignores the option openmp"):
        T.nnet.conv2d(x, W, openmp=True)
    with pytest.raises(TypeError, match="6 dimensions"):
        T.nnet.conv2d(x, W, unshared=True)
    with pytest.raises(OptionError, match="border_mode 'half'"):
        T.nnet.conv.conv2d(x, W, border_mode="half")
    with pytest.raises(OptionError, match="kshp_logical"):
        T.nnet.conv.conv2d(x, W, kshp_logical=(9, 9))


# grad, printing, config


def test_grad(theano, T):
    x = T.dvector("x")
    gradient = theano.grad((x**2).sum(), x)
    np.testing.assert_array_equal(theano.function([x], gradient)(np.arange(3.0)), [0.0, 2.0, 4.0])
    assert T.grad is theano.grad


def test_round(theano, T):
    x = T.dvector("x")
    values = np.array([0.5, 1.5, -0.5])
    np.testing.assert_array_equal(T.round(x).eval({x: values}), [0.0, 2.0, -0.0])
    away = T.round(x, mode="half_away_from_zero")
    np.testing.assert_array_equal(away.eval({x: values}), [1.0, 2.0, -1.0])
    with pytest.raises(OptionError, match="no mode 'up'"):
        T.round(x, mode="up")


def test_names_that_are_spelt_differently(theano, T):
    x = T.dvector("x")
    values = np.array([-2.0, 3.0])
    np.testing.assert_array_equal(T.abs_(x).eval({x: values}), [2.0, 3.0])
    np.testing.assert_array_equal(T.sgn(x).eval({x: values}), [-1.0, 1.0])
    np.testing.assert_array_equal(T.square(x).eval({x: values}), [4.0, 9.0])


def test_reductions_take_theanos_order_of_arguments(theano, T):
    x = T.fmatrix("x")
    assert T.sum(x, 0, "float64").type == T.mean(x, 0, "float64").type == T.dvector().type
    assert T.prod(x, 1, None, True).ndim == 2
    exact = T.sum(x, acc_dtype="float64")
    assert exact.dtype == "float32"
    assert exact.eval({x: np.float32([[2**24, 1, 1]])}) == 2**24 + 2


def test_flatten(theano, T):
    x = T.dtensor3("x")
    assert [y.ndim for y in (T.flatten(x), T.flatten(x, 2), T.flatten(x, outdim=2))] == [1, 2, 2]


def test_relu_and_softmax(theano, T):
    x, values = T.dvector("x"), np.array([-2.0, 0.0, 3.0])
    np.testing.assert_array_equal(T.nnet.relu(x, alpha=0.5).eval({x: values}), [-1.0, 0.0, 3.0])
    rows = T.nnet.softmax(x).eval({x: values})
    np.testing.assert_allclose(rows, (np.exp(values) / np.exp(values).sum())[None], rtol=1e-14)
    with pytest.raises(sc.RankError, match="vector or a matrix"):
        T.nnet.softmax(T.dtensor3())


def test_plural_constructors(theano, T):
    assert [x.name for x in T.matrices("a", "b")] == ["a", "b"]


def test_printing(theano, T):
    x = T.dvector("x")
    assert theano.pp(T.tanh(x)) == theano.printing.pp(T.tanh(x)) == "tanh(x)"


def test_config_is_symconvs(theano, T):
    assert theano.config.floatX == "float64"
    theano.config.floatX = "float32"
    try:
        assert sc.config.floatX == "float32"
        assert T.matrix().dtype == "float32"
    finally:
        theano.config.floatX = "float64"
    with pytest.raises(ValueError, match="floatX"):
        theano.config.floatX = "float7"


def test_config_flags(theano):
    assert theano.config.device == "cpu"
    theano.config.warn.subtensor_merge_bug = False
    with pytest.raises(AttributeError, match="no_such_flag"):
        theano.config.no_such_flag  # noqa: B018


def test_the_old_places_of_linear_algebra(theano):
    old, T = theano.sandbox.linalg, theano.tensor
    x = T.dmatrix("x")
    gradient = T.nlinalg.EighGrad()(x, *T.nlinalg.eigh(x), T.ones((2,)), T.zeros((2, 2)))
    f = theano.function([x], [old.matrix_inverse(x), old.ops.det(old.psd(x)), old.spectral_radius_bound(x, 2), gradient])
    inverse, determinant, bound, slope = f(np.diag([2.0, 4.0]))
    np.testing.assert_allclose(inverse, np.diag([0.5, 0.25]))
    np.testing.assert_allclose([determinant, bound], [8, (2**4 + 4**4) ** 0.25])
    np.testing.assert_allclose(slope, np.eye(2), atol=1e-12)
