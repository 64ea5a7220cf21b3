"""What Lasagne and its kin ask of the convolution modules: signatures, classes, what exists."""

import inspect

import numpy as np
import pytest

import symconv.theano as theano
import symconv.theano.tensor as T
from symconv.theano.tensor.nnet import abstract_conv


def test_signatures_can_be_read():
    parameters = inspect.signature(T.nnet.conv2d).parameters
    assert parameters["num_groups"].default == 1
    assert list(inspect.signature(T.nnet.conv3d).parameters)[:5] == [
        "input", "filters", "input_shape", "filter_shape", "border_mode"
    ]  # fmt: skip
    for kind in (abstract_conv.AbstractConv2d, abstract_conv.AbstractConv2d_gradInputs):
        names = list(inspect.signature(kind.__init__).parameters)
        assert names[1:] == [
            "imshp", "kshp", "border_mode", "subsample", "filter_flip", "filter_dilation", "num_groups",
            "unshared",
        ]  # fmt: skip
    assert hasattr(T.nnet.abstract_conv, "AbstractConv3d_gradInputs")
    assert hasattr(T.signal.pool, "pool_3d")


def test_ops_of_equal_parameters_are_equal():
    one, same = (abstract_conv.AbstractConv2d(imshp=(1, 2, 3, 4)) for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)
    assert one != abstract_conv.AbstractConv2d(filter_flip=False)
    assert "border_mode='valid'" in str(one)
    assert abstract_conv.AbstractConv2d.__name__ == "AbstractConv2d"


def test_transposed_layers_with_symbolic_sizes():
    """As Lasagne's TransposedConv2DLayer writes it."""
    x, W, n = T.tensor4("x"), T.tensor4("W"), T.lvector("n")
    op = abstract_conv.AbstractConv2d_gradInputs(
        imshp=(None, None, None, None), kshp=(3, 2, 3, 3), subsample=(2, 2), border_mode=(1, 1), filter_flip=False
    )
    rng = np.random.default_rng(0)
    gradient, bank = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(3, 2, 3, 3))
    results = [
        theano.function([W, x], op(W, x, (7, 9)))(bank, gradient),
        theano.function([W, x, n], op(W, x, n))(bank, gradient, [7, 9]),
        theano.function([W, x, n], op(W, x, (n[0], n[1])))(bank, gradient, [7, 9]),
    ]
    image = T.tensor4("image")
    forward = T.nnet.conv2d(image, W, border_mode=(1, 1), subsample=(2, 2), filter_flip=False)
    exact = theano.function([image, W, x], T.grad(None, image, known_grads={forward: x}))
    expected = exact(np.zeros((2, 2, 7, 9)), bank, gradient)
    for result in results:
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_unshared_filters_and_their_gradients():
    x, W = T.tensor4("x"), T.TensorType("float64", (False,) * 6)("W")
    rng = np.random.default_rng(1)
    image, bank = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(4, 3, 3, 3, 3, 2))
    y = T.nnet.conv2d(x, W, unshared=True, filter_flip=False)
    found = theano.function([x, W], y)(image, bank)
    direct = np.zeros((2, 4, 3, 3))
    for r in range(3):
        for c in range(3):
            patch = image[:, None, :, r : r + 3, c : c + 2]
            direct[:, :, r, c] = (patch * bank[None, :, r, c]).sum((2, 3, 4))
    np.testing.assert_allclose(found, direct, rtol=1e-12)
    g = rng.normal(size=direct.shape)
    by_image, by_bank = (
        theano.function([x, W], T.grad((y * g).sum(), one))(image, bank) for one in (x, W)
    )
    G = T.tensor4("G")
    again = abstract_conv.conv2d_grad_wrt_inputs(G, W, (2, 3, 5, 4), filter_flip=False, unshared=True)
    np.testing.assert_allclose(theano.function([G, W], again)(g, bank), by_image, rtol=1e-12)
    shape = (4, 3, 3, 3, 3, 2)
    again = abstract_conv.conv2d_grad_wrt_weights(x, G, shape, filter_flip=False, unshared=True)
    np.testing.assert_allclose(theano.function([x, G], again)(image, g), by_bank, rtol=1e-12)


def test_errors():
    x = T.tensor4("x")
    with pytest.raises(ValueError, match="over 4 axes is not supported"):
        abstract_conv.AbstractConv(4)
    with pytest.raises(NotImplementedError, match="unshared convolution over 3 axes"):
        abstract_conv.AbstractConv(3, unshared=True)
    with pytest.raises(TypeError, match="unshared causal convolution"):
        abstract_conv.causal_conv1d(T.tensor3("s"), T.tensor3("w"), (1, 1, 3), unshared=True)
    with pytest.raises(ValueError, match="border_mode needs"):
        T.nnet.conv3d2d.conv3d(T.dtensor5("v"), T.dtensor5("w"), border_mode="same")
    with pytest.raises(ValueError, match="actual must be a vector"):
        T.nnet.confusion_matrix(T.imatrix("m"), T.ivector("n"))
    assert abstract_conv.assert_shape(x, (None, 3, None, None)).type.shape == (None, 3, None, None)
