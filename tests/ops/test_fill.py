"""Filled tensors, ranges, diagonals, triangles and grids against NumPy, their static shapes, and gradients."""

import numpy as np
import pytest

import symconv as sc


def value_of(result, **inputs):
    """The compiled value, which is held against the interpreted one."""
    known = {variable.name: variable for variable in sc.graph.traverse.leaves([result], ())}
    variables = [known[name] for name in inputs]
    return sc.function(variables, result, mode="checked")(*inputs.values())


n, m = sc.lscalar("n"), sc.lscalar("m")
x, v = sc.matrix("x"), sc.vector("v")


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (1, 3), [2, 3], 4, np.array([2, 1])])
@pytest.mark.parametrize("dtype", [None, "float32", "int8", "bool"])
def test_filled_with_known_sizes(shape, dtype):
    for mine, theirs in [(sc.zeros, np.zeros), (sc.ones, np.ones), (sc.empty, np.zeros)]:
        result = mine(shape, dtype)
        expected = theirs(shape, dtype or "float64")
        assert result.type.shape == expected.shape
        np.testing.assert_array_equal(value_of(result), expected, strict=True)


def test_filled_with_symbolic_sizes():
    result = sc.zeros((3, n, 1))
    assert result.type.shape == (3, None, 1)
    np.testing.assert_array_equal(value_of(result, n=2), np.zeros((3, 2, 1)), strict=True)
    assert value_of(result, n=0).shape == (3, 0, 1)
    a = np.arange(6.0).reshape(2, 3)
    for like in (sc.zeros(x.shape), sc.zeros((x.shape[0], sc.size_of(x, 1)))):
        np.testing.assert_array_equal(value_of(like + x, x=a), a)
    assert sc.zeros(sc.shape(sc.tensor("float64", (2, None)))).type.shape == (2, None)
    assert value_of(sc.ones(sc.lvector("s"), ndim=2), s=[2, 3]).shape == (2, 3)


def test_alloc():
    b = np.array([1.0, 2.0, 3.0])
    result = sc.alloc(v, n, 1, 3)
    assert result.type.shape == (None, 1, 3)
    np.testing.assert_array_equal(value_of(result, v=b, n=2), np.broadcast_to(b, (2, 1, 3)))
    row = sc.row("r")
    np.testing.assert_array_equal(value_of(sc.broadcast_to(row, (2, 3)), r=b[None]), np.broadcast_to(b, (2, 3)))
    assert sc.alloc(0, 2, 3).dtype == "int64"
    assert sc.alloc(np.float32(1), 2).dtype == "float32"
    assert sc.full((2, 3), 1.5, "float32").type.shape == (2, 3)
    np.testing.assert_array_equal(value_of(sc.full_like(x, 7), x=np.ones((2, 3), "float64")), np.full((2, 3), 7.0))
    assert x.fill(np.float32(1)).dtype == "float32"
    assert sc.fmatrix("f").fill(0).dtype == "float32"
    with pytest.raises(sc.ShapeError, match="size 3 does not fill axis 1 of size 4"):
        sc.alloc(np.ones(3), 2, 4)
    with pytest.raises(sc.ShapeError, match="size 1 does not fill axis 0 of size 4"):  # not known to be 1
        sc.function([v], sc.alloc(v, 4))(np.ones(1))


@pytest.mark.parametrize("rest", [(), (2,), (1, 2)])
def test_gradients_of_alloc(rest):
    def function(a):
        return sc.alloc(a, 3, *rest, 2) ** 2

    point = np.random.default_rng(1).normal(size=(*rest, 2))
    sc.verify_grad(function, [point])
    sc.verify_grad(lambda a: sc.grad(function(a).sum(), a) ** 2, [point])


def test_a_large_constant_is_never_stored():
    wide = sc.ones((10_000_000, 100_000)) * 2  # 8 TB
    f = sc.function([n], [wide[n, :3], sc.zeros((10**6, 10**6)).shape[1] + n])
    assert str(f.stages["fused"]).count("Alloc") <= 1


@pytest.mark.parametrize(
    "arguments", [(5,), (0,), (-3,), (2, 7), (7, 2), (0, 10, 3), (10, 0, -3), (0, 1, 0.3), (1.5,), (0.0, 1.0, 0.25)]
)
def test_arange(arguments):
    result = sc.arange(*arguments)
    expected = np.arange(*arguments)
    assert result.type.shape == expected.shape
    np.testing.assert_allclose(value_of(result), expected, rtol=1e-15, strict=True)
    names = ["a", "b", "c"][: len(arguments)]
    symbols = [sc.tensor(np.asarray(one).dtype.name, (), name) for name, one in zip(names, arguments, strict=True)]
    symbolic = value_of(sc.arange(*symbols), **dict(zip(names, arguments, strict=True)))
    np.testing.assert_allclose(symbolic, expected, rtol=1e-15, strict=True)


def test_dtypes_of_arange():
    assert sc.arange(sc.iscalar("i")).dtype == "int64"
    assert sc.arange(sc.fscalar("f")).dtype == "float32"
    assert sc.arange(0, 1, 0.1).dtype == "float64"
    with sc.settings(floatX="float32"):
        assert sc.arange(0, 1, 0.1).dtype == "float32"
        assert sc.zeros(3).dtype == sc.eye(3).dtype == "float32"
    assert sc.arange(5, dtype="int8").dtype == "int8"
    assert sc.function([x], sc.arange(sc.size_of(x, 0)) * 2)(np.ones((2000, 2))).sum() == 2000 * 1999


def test_gradients_of_ranges():
    def function(a, b):
        return sc.arange(a, a + 10 * b - 0.5 * b, b) ** 2

    points = [np.array(0.3), np.array(0.7)]
    sc.verify_grad(function, points)
    sc.verify_grad(lambda a, b: sc.grad(function(a, b).sum(), [a, b])[1], points)
    sc.verify_grad(lambda a, b: sc.linspace(a, b, 5) ** 2, points)


@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize("num", [0, 1, 2, 7])
def test_linspace(num, endpoint):
    result = sc.linspace(1.0, 3, num, endpoint=endpoint)
    expected = np.linspace(1, 3, num, endpoint=endpoint)
    np.testing.assert_allclose(value_of(result), expected, rtol=1e-15, strict=True)
    np.testing.assert_allclose(value_of(sc.linspace(1.0, 3, n, endpoint=endpoint), n=num), expected, rtol=1e-15)
    assert sc.linspace(0, 1, 5, dtype="float32").dtype == "float32"


@pytest.mark.parametrize("k", [-3, -1, 0, 2])
@pytest.mark.parametrize("sizes", [(3, 3), (2, 4), (4, 2), (0, 2)])
def test_identities_and_triangles(sizes, k):
    for mine, theirs in [(sc.eye, np.eye), (sc.tri, np.tri)]:
        np.testing.assert_array_equal(value_of(mine(*sizes, k)), theirs(*sizes, k), strict=True)
        found = value_of(mine(n, m, k, "int32"), n=sizes[0], m=sizes[1])
        np.testing.assert_array_equal(found, theirs(*sizes, k, "int32"), strict=True)
    a = np.random.default_rng(1).normal(size=(2, *sizes))
    t = sc.tensor3("t")
    np.testing.assert_array_equal(value_of(sc.tril(t, k), t=a), np.tril(a, k))
    np.testing.assert_array_equal(value_of(sc.triu(t, k), t=a), np.triu(a, k))
    np.testing.assert_array_equal(value_of(t.diagonal(k, 1, 2), t=a), np.diagonal(a, k, 1, 2))
    np.testing.assert_array_equal(value_of(t.diagonal(k, 2, 0), t=a), np.diagonal(a, k, 2, 0))
    np.testing.assert_array_equal(value_of(sc.diag(x, k), x=a[0]), np.diag(a[0], k))
    np.testing.assert_array_equal(value_of(sc.diag(v, k), v=a[0, :, 0]), np.diag(a[0, :, 0], k))
    np.testing.assert_array_equal(value_of(sc.diag(x.T, k), x=a[0]), np.diag(a[0].T, k))


@pytest.mark.parametrize(
    "function",
    [
        lambda a: sc.tril(a, -1), lambda a: sc.triu(a, 1), lambda a: sc.diag(a, 1), lambda a: sc.diag(a, -1),
        lambda a: sc.diag(a.flatten(), 2), lambda a: sc.diag(a.flatten(), -1), lambda a: a.diagonal(0, 1, 0),
        lambda a: sc.fill_diagonal(a, a.sum()), lambda a: sc.fill_diagonal_offset(a, a.sum(), 1),
    ],
)  # fmt: skip
def test_gradients_of_diagonals(function):
    point = np.random.default_rng(1).normal(size=(3, 4))
    sc.verify_grad(lambda a: function(a) ** 2, [point])
    sc.verify_grad(lambda a: sc.grad((function(a) ** 3).sum(), a), [point])


@pytest.mark.parametrize("sizes", [(3, 3), (2, 4), (4, 2), (3, 3, 3)])
def test_fill_diagonal(sizes):
    a = np.random.default_rng(1).normal(size=sizes)
    expected = a.copy()
    np.fill_diagonal(expected, 7)
    t = sc.tensor("float64", (None,) * len(sizes), "t")
    np.testing.assert_array_equal(value_of(sc.fill_diagonal(t, 7), t=a), expected)
    if len(sizes) == 2:
        expected = np.where(np.eye(*sizes, k=1, dtype=bool), 7, a)
        np.testing.assert_array_equal(value_of(sc.fill_diagonal_offset(t, 7, n), t=a, n=1), expected)


def test_labels_and_grids():
    y = sc.ivector("y")
    labels = np.array([2, 0, 1, 5, -1], "int32")
    expected = (labels[:, None] == np.arange(3)).astype("float32")
    np.testing.assert_array_equal(value_of(sc.one_hot(y, n, "float32"), y=labels, n=3), expected, strict=True)
    assert sc.to_one_hot(y, 3).type == sc.TensorType("float64", (None, 3))
    for mine, theirs in [
        (sc.mgrid[0:3, 1:2:5j], np.mgrid[0:3, 1:2:5j]), (sc.ogrid[0:3, 1:7:2], np.ogrid[0:3, 1:7:2]),
        (sc.indices((2, 3)), np.indices((2, 3))), (sc.indices((2, 3), sparse=True), np.indices((2, 3), sparse=True)),
        (sc.meshgrid([1, 2], [3.0, 4, 5]), np.meshgrid([1, 2], [3.0, 4, 5])),
        (sc.meshgrid([1, 2], [3, 4, 5], 6, indexing="ij"), np.meshgrid([1, 2], [3, 4, 5], 6, indexing="ij")),
        (sc.meshgrid([1, 2], [3, 4], sparse=True), np.meshgrid([1, 2], [3, 4], sparse=True)),
    ]:  # fmt: skip
        assert len(mine) == len(theirs)
        for one, other in zip(mine, theirs, strict=True):
            assert one.type.shape == other.shape
            np.testing.assert_array_equal(value_of(one), other)
    np.testing.assert_array_equal(value_of(sc.mgrid[0:n], n=4), np.mgrid[0:4])


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda: sc.zeros((2, -1)), sc.ShapeError, r"(?s)negative size -1.*hint: sizes must be 0 or more"),
        (lambda: sc.zeros((2, 1.5)), sc.DTypeError, "integer, got 1.5"),
        (lambda: sc.zeros(sc.dvector("s")), sc.DTypeError, "integers"),
        (lambda: sc.zeros(sc.lvector("s")), sc.RankError, r"(?s)unknown length.*ndim="),
        (lambda: sc.alloc(x, 3), sc.RankError, r"2 dimensions do not fit into a shape of 1"),
        (lambda: sc.arange(0, 3, 0), sc.ShapeError, "step 0 never ends"),
        (lambda: sc.arange(0.0, np.inf), sc.ShapeError, "has no length"),
        (lambda: sc.arange(v), sc.RankError, "scalars"),
        (lambda: sc.arange(sc.zscalar("z")), sc.DTypeError, "real"),
        (lambda: sc.linspace(0, 1, 2.5), sc.DTypeError, "integer number"),
        (lambda: sc.diag(sc.tensor3("t")), sc.RankError, "vector or a matrix, got 3"),
        (lambda: sc.diag(v, 1.5), sc.ArgumentError, "integer, got 1.5"),
        (lambda: x.diagonal(0, 1, 1), sc.ShapeError, "two axes, got 1 twice"),
        (lambda: sc.tril(v), sc.RankError, "2 dimensions or more, got 1"),
        (lambda: sc.one_hot(v, 3), sc.DTypeError, "labels must be integers"),
        (lambda: sc.meshgrid([1], indexing="yx"), sc.OptionError, "'yx'"),
        (lambda: sc.mgrid[3], sc.ArgumentError, "slices with a stop, got 3"),
    ],
)
def test_refused(build, error, text):
    with pytest.raises(error, match=text) as caught:
        build()
    assert "test_fill.py" in str(caught.value)


def test_refused_when_run():
    f = sc.function([n], sc.zeros((n, 2)) + 1)
    with pytest.raises(sc.ShapeError, match=r"(?s)negative size -3.*test_fill\.py.*sizes must be 0 or more"):
        f(-3)
    np.testing.assert_array_equal(f(0), np.ones((0, 2)))
    step = sc.function([n], sc.arange(0, 5, n))
    with pytest.raises(sc.ShapeError, match=r"(?s)step 0 never ends.*test_fill\.py"):
        step(0)
