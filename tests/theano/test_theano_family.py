"""Names of convolution and pooling as layer libraries use them; values stand in ``golden/convolution.json``."""

import importlib
import inspect
import warnings

import numpy as np
import pytest

import symconv as sc


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def module(name):
    return importlib.import_module(f"theano.tensor.{name}")


def test_grouped_convolution_is_found_by_its_signature(theano):
    parameter = inspect.signature(theano.tensor.nnet.conv2d).parameters["num_groups"]
    assert parameter.default == 1


def test_names_that_decide_which_layers_exist(theano):
    T = theano.tensor
    assert hasattr(T.nnet, "conv3d")
    assert hasattr(module("signal.pool"), "pool_3d")
    assert hasattr(T.nnet.abstract_conv, "AbstractConv3d_gradInputs")


SIZES = {
    "integers": lambda T: ((8, 7), {}),
    "scalars": lambda T: (lambda a, b: ((a, b), {a: 8, b: 7}))(T.lscalar("a"), T.iscalar("b")),
    "vector": lambda T: (lambda v: (v, {v: [8, 7]}))(T.lvector("v")),
    "constant": lambda T: (T.constant([8, 7]), {}),
    "shape": lambda T: (lambda x: (x.shape[2:], {x: np.zeros((1, 1, 8, 7))}))(T.dtensor4("x")),
}


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("unshared", [False, True])
def test_output_size_of_a_transposed_layer(theano, kind, unshared):
    T = theano.tensor
    size, given = SIZES[kind](T)
    W = theano.shared(data(3, *((3, 3) if unshared else ()), 2, 3, 3), "W")
    x = T.tensor4("x")
    op = T.nnet.abstract_conv.AbstractConv2d_gradInputs(
        imshp=(None, 2, None, None), kshp=W.get_value().shape, subsample=(2, 2), border_mode="valid",
        filter_flip=False, unshared=unshared,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = op(W, x, size)
    assert y.ndim == 4
    assert isinstance(y, T.TensorVariable)
    values = data(2, 3, 3, 3, seed=1)
    found = theano.function([x, *given], y)(values, *given.values())
    assert found.shape == (2, 2, 8, 7)
    image = sc.tensor4("image")  # the adjoint, by its definition: <conv(image), x> = <image, y>
    forward = (sc.unshared_conv if unshared else sc.conv2d)(image, W.get_value(), subsample=2, filter_flip=False)
    other = data(2, 2, 8, 7, seed=2)
    np.testing.assert_allclose(
        (forward.eval({image: other}) * values).sum(), (other * found).sum(), rtol=1e-10
    )


@pytest.mark.parametrize("unshared", [False, True])
def test_gradients_of_gradients(theano, unshared):
    T = theano.tensor
    A = T.nnet.abstract_conv
    how = {"unshared": unshared, "num_groups": 2}
    filters = (2, 3, 2, 1, 2, 2) if unshared else (2, 1, 2, 2)
    top, image, bank = data(1, 2, 3, 2), data(1, 2, 4, 3), data(*filters)
    sc.verify_grad(lambda t, w: A.AbstractConv2d_gradInputs(**how)(w, t, (4, 3)), [top, bank])
    sc.verify_grad(lambda x, t: A.AbstractConv2d_gradWeights(**how)(x, t, (2, 2)), [image, top])
    sc.verify_grad(
        lambda x, w: theano.grad((A.conv2d(x, w, **how) ** 3).sum(), w), [image, bank]
    )


def test_shape_hints_are_promises(theano):
    T = theano.tensor
    x, w = T.tensor4(), T.tensor4()
    assert T.nnet.conv2d(x, w, (2, 3, 9, 9), (4, 3, 2, 2)).broadcastable == (False,) * 4
    f = theano.function([x, w], T.nnet.conv2d(x, w, input_shape=(2, 3, None, None)))
    with pytest.raises(ValueError, match="3"):
        f(np.zeros((2, 4, 9, 9)), np.zeros((5, 4, 2, 2)))
    with pytest.warns(UserWarning, match="image_shape"):
        T.nnet.conv2d(x, w, image_shape=(2, 3, 9, 9))
    with pytest.warns(UserWarning, match="version"):
        T.nnet.conv2d(x, w, version=3)


def test_op_classes_compare_and_print_by_their_parameters(theano):
    A = theano.tensor.nnet.abstract_conv
    one = A.AbstractConv3d_gradInputs(border_mode=0)
    assert one == A.AbstractConv3d_gradInputs()
    assert hash(one) == hash(A.AbstractConv3d_gradInputs())
    assert one != A.AbstractConv3d_gradWeights()
    assert "subsample=(1, 1, 1)" in str(one)
    pool = module("signal.pool")
    assert str(pool.Pool(True, "max_deterministic")) == "Pool{ignore_border=True, mode='max', ndim=2}"
    assert pool.Pool(True) != pool.Pool(False)


def test_old_and_new_keywords_of_pooling(theano):
    P, D = module("signal.pool"), module("signal.downsample")
    x = theano.tensor.tensor4()
    values = data(1, 2, 6, 5)
    new = P.pool_2d(x, ws=(3, 2), stride=(1, 2), pad=(1, 0), ignore_border=True)
    with pytest.warns(UserWarning, match="of pooling is called") as warned:
        old = P.pool_2d(x, ds=(3, 2), st=(1, 2), padding=(1, 0), ignore_border=True)
    assert len(warned) == 3
    assert all(warning.filename == __file__ for warning in warned)
    oldest = D.max_pool_2d(x, (3, 2), True, (1, 2), (1, 0))
    again = D.DownsampleFactorMax((3, 2), True, (1, 2), (1, 0))(x)
    results = theano.function([x], [new, old, oldest, again])(values)
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    assert D.DownsampleFactorMax.out_shape((1, 2, 6, 5), (3, 2), True, (1, 2), (1, 0)) == list(results[0].shape)
    kept = D.max_pool_2d(x, (4, 4))  # the border counts silently
    assert theano.function([x], kept)(values).shape == (1, 2, 2, 2)


@pytest.mark.parametrize("ignore_border", [True, False])
def test_shapes_of_pooling_may_be_symbolic(theano, ignore_border):
    P = module("signal.pool")
    n = theano.tensor.lscalar()
    (size,) = P.Pool.out_shape((n,), (3,), ignore_border, (2,), None, ndim=1)
    f = theano.function([n], size)
    for length in range(1, 9):
        assert f(length) == P.Pool.out_shape((length,), (3,), ignore_border, (2,), None, ndim=1)[0]


def test_gradients_of_averages_that_leave_out_the_padding(theano):
    pool = module("signal.pool").pool_2d
    sc.verify_grad(lambda x: pool(x, (3, 3), True, (2, 2), (1, 1), "average_exc_pad"), [data(2, 7, 6)])


def test_directions_of_maxima(theano):
    P = module("signal.pool")
    x, v = theano.tensor.dmatrices("x", "v")
    values = data(4, 6)
    f = theano.function([x, v], [P.MaxPoolRop(True)(x, v, (2, 2)), P.pool_2d(x, (2, 2), True)])
    direction, largest = f(values, values)
    np.testing.assert_array_equal(direction, largest)  # in its own direction a maximum grows by itself


def test_neighbourhoods_that_do_not_fill_the_image(theano):
    N = module("nnet.neighbours")
    x = theano.tensor.tensor4()
    f = theano.function([x], N.images2neibs(x, (2, 2)))
    with pytest.raises(TypeError, match="do not divide"):
        f(np.zeros((1, 1, 3, 4)))
    assert theano.function([x], N.Images2Neibs("ignore_borders")(x, (2, 2)))(np.zeros((1, 1, 3, 4))).shape == (2, 4)
    sc.verify_grad(lambda x: N.images2neibs(x, (3, 3), (2, 1), "wrap_centered"), [data(1, 1, 5, 4)])


def test_video_with_borders_that_differ(theano):
    conv3d = module("nnet.conv3d2d").conv3d
    video, bank = data(1, 4, 2, 5, 6), data(3, 3, 2, 2, 3)
    x, w = theano.tensor.tensor5(), theano.tensor.tensor5()
    mixed = conv3d(x, w, None, bank.shape, ("full", "valid", "valid"))
    full, f = conv3d(x, w, border_mode="full"), theano.function
    np.testing.assert_allclose(f([x, w], mixed)(video, bank), f([x, w], full)(video, bank)[..., 1:-1, 2:-2])
    with pytest.raises(NotImplementedError, match="height and width"):
        conv3d(x, w, border_mode=("valid", "half", "full"))
    half = conv3d(x, w, border_mode=("half", "full", "full"))  # sizes that only the call knows
    padded = conv3d(x, w, None, bank.shape, ("half", "full", "full"))
    np.testing.assert_allclose(f([x, w], half)(video, bank), f([x, w], padded)(video, bank))


def test_correlation_in_three_dimensions(theano):
    C = module("nnet.corr3d")
    x, w = theano.tensor.tensor5(), theano.tensor.tensor5()
    video, bank, top = data(1, 2, 4, 5, 6), data(3, 2, 2, 2, 3), data(1, 3, 3, 4, 4)
    forward = theano.function([x, w], C.Corr3dMM()(x, w))(video, bank)
    back = theano.function([x, w], C.Corr3dMM_gradInputs()(w, x))(top, bank)
    by_filters = theano.function([x, w], C.Corr3dMM_gradWeights()(x, w))(video, top)
    np.testing.assert_allclose((forward * top).sum(), (back * video).sum())
    np.testing.assert_allclose((forward * top).sum(), (by_filters * bank).sum())


def test_losses_are_stable_and_have_gradients(theano):
    T = theano.tensor
    x, y = T.dmatrix(), T.lvector()
    loss, probabilities = T.nnet.crossentropy_softmax_1hot(x, y)
    gradient = theano.grad(loss.sum(), x)
    by_hand = T.nnet.crossentropy_softmax_1hot_with_bias_dx(T.ones_like(loss), probabilities, y)
    values, labels = np.array([[1000.0, 0.0, -1000.0], [0.5, 1.0, 2.0]]), [2, 0]
    found = theano.function([x, y], [loss, gradient, by_hand])(values, labels)
    np.testing.assert_allclose(found[0][0], 2000.0)
    np.testing.assert_allclose(found[1], found[2])
    with pytest.raises(TypeError, match="integer vector"):
        T.nnet.crossentropy_softmax_1hot(x, T.dvector())
    with pytest.raises(TypeError, match="number"):
        T.nnet.Prepend_scalar_constant_to_each_row("one")
