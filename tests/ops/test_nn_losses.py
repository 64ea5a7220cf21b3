"""Losses against their formulas, their gradients, and what they refuse."""

import numpy as np
import pytest
from scipy import special

import symconv as sc

P = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
RNG = np.random.default_rng(0)




def test_categorical_of_distributions():
    p, t = sc.matrix("p"), sc.matrix("t")
    targets = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    loss = sc.function([p, t], sc.categorical_crossentropy(p, t), mode="checked")(P, targets)
    np.testing.assert_allclose(loss, -special.xlogy(targets, P).sum(1))  # 0 log 0 is 0
    positive = special.softmax(RNG.normal(size=(3, 4)), 1), special.softmax(RNG.normal(size=(3, 4)), 1)
    sc.verify_grad(sc.categorical_crossentropy, positive)


def test_categorical_of_classes():
    p, t = sc.matrix("p"), sc.ivector("t")
    f = sc.function([p, t], sc.categorical_crossentropy(p, t), mode="checked")
    np.testing.assert_allclose(f(P, np.array([2, 0], "int32")), -np.log([0.5, 1.0]))
    np.testing.assert_allclose(f(P, np.array([-1, -3], "int32")), -np.log([0.5, 1.0]))
    positive = special.softmax(RNG.normal(size=(3, 4)), 1)
    sc.verify_grad(lambda p: sc.categorical_crossentropy(p, [3, 0, 1]), [positive])
    sc.verify_grad(lambda x: sc.softmax_crossentropy(x, [3, 0, 1]), [RNG.normal(size=(3, 4))])
    vector = sc.vector("v")
    loss = sc.function([vector], sc.categorical_crossentropy(vector, np.int64(1)))
    np.testing.assert_allclose(loss(P[0]), -np.log(0.3))


def test_an_empty_batch():
    x, t = sc.matrix("x"), sc.lvector("t")
    loss = sc.categorical_crossentropy(sc.softmax(x), t)
    f = sc.function([x, t], [loss, sc.grad(loss.sum(), x)])
    results = f(np.zeros((0, 3)), np.zeros(0, "int64"))
    assert [result.shape for result in results] == [(0,), (0, 3)]


@pytest.mark.parametrize("of", [sc.categorical_crossentropy, sc.softmax_crossentropy])
def test_what_targets_are_refused(of):
    p = sc.matrix("p")
    with pytest.raises(sc.RankError, match=r"(?s)2 dimensions needs targets of 2 or 1, got 3.*at .*hint"):
        of(p, sc.ltensor3("t"))
    with pytest.raises(sc.DTypeError, match=r"(?s)integers as classes, got float64.*cast\(targets"):
        of(p, sc.vector("t"))
    with pytest.raises(sc.RankError):
        of(sc.scalar("s"), sc.lscalar("t"))
    with pytest.raises(sc.ShapeError, match="axis 0 of x has size 3, that of the indices 4"):
        of(sc.tensor("float64", (3, 5)), sc.tensor("int64", (4,)))


@pytest.mark.parametrize("wrap", [lambda x: x, sc.softmax])
def test_errors_when_run_name_the_line(wrap):
    x, t = sc.matrix("x"), sc.lvector("t")
    loss = sc.categorical_crossentropy(wrap(x), t).sum()
    f = sc.function([x, t], [loss, sc.grad(loss, x)])
    with pytest.raises(IndexError, match=r"(?s)3.*test_nn_losses\.py"):
        f(P, np.array([0, 3]))
    with pytest.raises(sc.ShapeError, match=r"(?s)axis 0 of x has size 2, that of the indices 1.*test_nn_losses"):
        f(P, np.array([0]))


def test_binary():
    p, t = sc.vector("p"), sc.vector("t")
    given, targets = np.array([0.0, 1.0, 0.3, 1e-20]), np.array([0.0, 1.0, 0.6, 0.0])
    loss = sc.function([p, t], sc.binary_crossentropy(p, t), mode="checked")(given, targets)
    meant = -(special.xlogy(targets, given) + special.xlog1py(1 - targets, -given))
    np.testing.assert_allclose(loss, meant, rtol=1e-15)
    sc.verify_grad(sc.binary_crossentropy, [np.array([0.2, 0.9]), np.array([0.4, 0.1])])
    sc.verify_grad(sc.sigmoid_binary_crossentropy, [np.array([0.0, 3.0, -2.0]), np.array([0.4, 0.1, 1.0])])
    slope = sc.grad(sc.sigmoid_binary_crossentropy(p, t).sum(), p)
    np.testing.assert_array_equal(sc.function([p, t], slope)(np.zeros(2), np.array([0.0, 1.0])), [0.5, -0.5])
    assert sc.binary_crossentropy(sc.fvector("p"), sc.bvector("t")).dtype == "float32"


FORMULAS = {
    "hinge": lambda y, t: np.maximum(0, 1 - t * y),
    "squared_error": lambda y, t: (y - t) ** 2,
    "absolute_error": lambda y, t: np.abs(y - t),
    "huber": lambda y, t: special.huber(1.0, y - t),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_errors_of_regression(name):
    y, t = sc.vector("y"), sc.vector("t")
    of = getattr(sc, name)
    given, targets = np.array([-3.0, 0.4, 1.0, 1e200, 0.2]), np.array([1.0, -1.0, 1.0, 1.0, 0.1])
    loss = sc.function([y, t], of(y, t), mode="checked")(given, targets)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(loss, FORMULAS[name](given, targets), rtol=1e-14)
    sc.verify_grad(of, [given[[0, 1, 4]], targets[[0, 1, 4]]])
    assert np.isfinite(sc.function([y], sc.grad(of(y, targets).sum(), y))(given)).all()


def test_huber_needs_a_positive_delta():
    with pytest.raises(sc.OptionError, match="positive delta, got 0"):
        sc.huber(sc.vector("y"), sc.vector("t"), 0)
