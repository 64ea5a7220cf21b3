"""Linear algebra against NumPy and SciPy: values, dtypes, stacks, nothing at all, gradients twice, errors."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import symconv as sc

L = sc.linalg
DTYPES = ["float32", "float64", "complex64", "complex128"]


def computed(function, *arrays):
    inputs = [sc.tensor(a.dtype.name, (None,) * a.ndim, f"x{i}") for i, a in enumerate(arrays)]
    return sc.function(inputs, function(*inputs), mode="checked")(*arrays)


def normal(*shape, dtype="float64", seed=0):
    random = np.random.default_rng(seed)
    values = random.normal(size=shape)
    if dtype[0] == "c":
        values = values + 1j * random.normal(size=shape)
    return values.astype(dtype)


def positive(*shape, dtype="float64", seed=0):
    a = normal(*shape, dtype=dtype, seed=seed)
    return (a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(shape[-1])).astype(dtype)


def close(found, expected):
    expected = np.asarray(expected)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    single = expected.dtype.name in ("float32", "complex64")
    np.testing.assert_allclose(found, expected, rtol=2e-3 if single else 1e-9, atol=1e-4 if single else 1e-11)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (0, 2, 2), (0, 0), (1, 1)])
def test_square_matrices_as_numpy(shape, dtype):
    a, p = normal(*shape, dtype=dtype), positive(*shape, dtype=dtype)
    close(computed(L.inv, a), np.linalg.inv(a))
    close(computed(L.det, a), np.linalg.det(a))
    for found, expected in zip(computed(L.slogdet, a), np.linalg.slogdet(a), strict=True):
        close(found, expected)
    close(computed(L.cholesky, p), np.linalg.cholesky(p))
    close(computed(lambda x: L.cholesky(x, lower=False), p), np.linalg.cholesky(p, upper=True))
    for uplo in "LU":
        close(computed(lambda x, uplo=uplo: L.eigvalsh(x, uplo), a), np.linalg.eigvalsh(a, uplo))
    w, v = computed(L.eigh, p)
    close(w, np.linalg.eigvalsh(p))
    close((v * w[..., None, :]) @ np.conj(np.swapaxes(v, -1, -2)), p)
    if a.size:
        w, v = computed(L.eig, a)
        np.testing.assert_allclose(a @ v, v * w[..., None, :], atol=1e-4 if "64" in dtype[5:] or dtype == "float32" else 1e-10)
    for power in (-2, 0, 1, 5):
        close(computed(lambda x, n=power: L.matrix_power(x, n), p), np.linalg.matrix_power(p, power))
    if a.size and a.ndim == 2:
        close(computed(L.expm, a), scipy.linalg.expm(a.astype(np.result_type(a, "float64"))).astype(dtype))
        close(computed(L.trace, a), np.trace(a))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 4, 3), (2, 3, 3)])
def test_any_matrices_as_numpy(shape, dtype):
    a = normal(*shape, dtype=dtype)
    close(computed(L.svdvals, a), np.linalg.svd(a, compute_uv=False))
    for full in (True, False):
        u, s, vh = computed(lambda x, full=full: L.svd(x, full), a)
        expected = np.linalg.svd(a, full)
        assert [part.shape for part in (u, s, vh)] == [part.shape for part in expected]
        k = s.shape[-1]
        close((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], a)
    for mode in ("reduced", "complete"):
        q, r = computed(lambda x, mode=mode: L.qr(x, mode), a)
        close(q @ r, a)
        close(q, np.linalg.qr(a, mode)[0])
    close(computed(L.pinv, a), np.linalg.pinv(a))
    close(computed(L.matrix_rank, a), np.linalg.matrix_rank(a))
    close(computed(L.cond, a), np.linalg.cond(a))
    for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        for keep in (False, True):
            found = computed(lambda x, o=order, k=keep: L.norm(x, o, (-2, -1), k), a)
            close(found, np.linalg.norm(a, order, (-2, -1), keep).astype(dtype))
    for order in (None, 0, 1, 2, 3, 0.5, -1, np.inf, -np.inf):
        close(computed(lambda x, o=order: L.norm(x, o, 0), a), np.linalg.norm(a, order, 0).astype(dtype))
    b = normal(*shape[:-1], 2, dtype=dtype, seed=1)
    if a.ndim == 2:
        found, expected = computed(lambda a, b: L.lstsq(a, b), a, b), np.linalg.lstsq(a, b)
        close(found[0], expected[0])
        assert found[2] == expected[2]
        close(found[3], expected[3])


@settings(max_examples=25)
@given(st.integers(0, 5), st.integers(0, 3), st.sampled_from([(), (2,), (0,)]), st.integers(0, 99))
def test_equations_are_solved(n, k, stack, seed):
    a, b = positive(*stack, n, n, seed=seed), normal(*stack, n, k, seed=seed + 1)
    for kind, matrix in {
        "gen": a, "sym": a, "pos": a, "lower triangular": np.tril(a), "upper triangular": np.triu(a)
    }.items():  # fmt: skip
        close(computed(lambda a, b, kind=kind: L.solve(a, b, kind), a, b), np.linalg.solve(matrix, b))
    close(computed(L.solve, a, normal(n)), np.linalg.solve(a, normal(n)))


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("n", [64, 65, 150])
def test_triangular_equations_of_any_size(n, lower):
    a = (np.tril if lower else np.triu)(normal(n, n) / n) + np.eye(n)
    b = normal(n, 2)
    for trans in (0, 1):
        found = computed(lambda a, b, t=trans: L.solve_triangular(a, b, lower, t), a, b)
        close(found, scipy.linalg.solve_triangular(a, b, lower=lower, trans=trans))


def test_products_and_tensors_as_numpy():
    a, b, c = normal(3, 4), normal(4, 5), normal(5)
    close(computed(lambda *x: L.multi_dot(x), a, b, c), np.linalg.multi_dot([a, b, c]))
    close(L.multi_dot([a, b, c]).eval(), np.linalg.multi_dot([a, b, c]))
    close(computed(L.block_diag, a, b, c), scipy.linalg.block_diag(a, b, c))
    t = normal(2, 3, 3, 2)
    close(computed(L.tensorinv, t), np.linalg.tensorinv(t))
    close(computed(L.tensorsolve, t, normal(2, 3)), np.linalg.tensorsolve(t, normal(2, 3)))


SQUARE, WIDE, TALL, POSITIVE = normal(2, 3, 3), normal(2, 4), normal(4, 3), positive(3, 3)
GRADIENTS = {
    "inv": (L.inv, [SQUARE]), "det": (L.det, [SQUARE]), "slogdet": (lambda x: L.slogdet(x)[1], [SQUARE]),
    "pinv tall": (L.pinv, [TALL]), "pinv wide": (L.pinv, [WIDE]), "solve": (L.solve, [SQUARE, normal(2, 3, 2)]),
    "solve stretched": (L.solve, [SQUARE, normal(3, 2)]), "solve vector": (L.solve, [SQUARE[0], normal(3)]),
    "solve pos": (lambda a, b: L.solve(a, b, "pos"), [POSITIVE, normal(3, 2)]),
    "lower": (lambda a, b: L.solve(a, b, "lower triangular"), [POSITIVE, normal(3, 2)]),
    "upper": (lambda a, b: L.solve(a, b, "upper triangular"), [POSITIVE, normal(3, 2)]),
    "cholesky": (L.cholesky, [POSITIVE]), "cholesky upper": (lambda x: L.cholesky(x, lower=False), [POSITIVE]),
    "eigh values": (lambda x: L.eigh(x)[0], [POSITIVE]), "eigh vectors": (lambda x: L.eigh(x, "U")[1] ** 2, [POSITIVE]),
    "eigvalsh": (L.eigvalsh, [POSITIVE]), "svdvals": (L.svdvals, [TALL]), "qr wide": (lambda x: L.qr(x)[1], [WIDE]),
    "svd": (lambda x: L.svd(x, False)[0].sum(0) * L.svd(x, False)[2].sum(1), [TALL]),
    "qr": (lambda x: L.qr(x)[0] @ L.qr(x)[1].T, [TALL]), "expm": (L.expm, [SQUARE]),
    "lstsq": (lambda x: L.lstsq(x, np.ones(4)).x, [TALL]), "power": (lambda x: L.matrix_power(x, 3), [SQUARE]),
    "cond": (L.cond, [POSITIVE]), "trace": (L.trace, [SQUARE]), "block_diag": (L.block_diag, [TALL, WIDE]),
    **{f"norm {o}": (lambda x, o=o: L.norm(x, o, (-2, -1)), [SQUARE]) for o in (None, "nuc", 1, 2, -2, np.inf)},
    **{f"vector norm {o}": (lambda x, o=o: L.norm(x, o, 1), [SQUARE]) for o in (1, 2, 3, -1, -np.inf)},
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_once_and_twice(name):
    function, points = GRADIENTS[name]
    sc.verify_grad(function, points)

    def first(*inputs):
        return sc.grad((function(*inputs) ** 2).sum(), list(inputs))[0]

    sc.verify_grad(first, points, tolerance=1e-6)


def test_the_gradient_of_a_singular_determinant_and_of_a_norm_of_zero():
    x = sc.matrix("x")
    cofactors = sc.function([x], sc.grad(L.det(x), x))
    np.testing.assert_allclose(cofactors(np.diag([2.0, 3.0, 0.0])), np.diag([0.0, 0.0, 6.0]), atol=1e-12)
    assert not sc.function([x], sc.grad(L.norm(x), x))(np.zeros((2, 2))).any()


def test_matrices_without_a_result():
    x = sc.matrix("x")
    for function, matrix, text in [
        (L.inv, np.zeros((2, 2)), "singular"), (L.cholesky, -np.eye(2), "not positive definite"),
        (lambda x: L.solve(x, np.ones(2)), np.zeros((2, 2)), "singular"),
        (lambda x: L.solve(x, np.ones(2), "upper triangular"), np.zeros((2, 2)), "singular"),
    ]:  # fmt: skip
        f = sc.function([x], function(x))
        with pytest.raises(np.linalg.LinAlgError) as caught:
            f(matrix)
        assert isinstance(caught.value, sc.SymconvError)
        assert all(part in str(caught.value) for part in (text, "test_linalg.py", "hint"))
    three = sc.tensor3("three")
    stack = np.stack([np.eye(2), np.zeros((2, 2))])
    with pytest.raises(L.LinAlgError, match="matrix 1 of the stack"):
        sc.function([three], L.inv(three))(stack)
    factors = sc.function([three], L.cholesky(three, on_error="nan"))(stack)
    np.testing.assert_array_equal(factors, [np.eye(2), np.full((2, 2), np.nan)])


@pytest.mark.parametrize(
    ("error", "make"),
    [
        (sc.RankError, lambda: L.inv(sc.vector())),
        (sc.ShapeError, lambda: L.inv(sc.tensor("float64", (2, 3)))),
        (sc.ShapeError, lambda: L.solve(np.eye(2), np.ones(3))),
        (sc.DTypeError, lambda: L.det(sc.tensor("float16", (2, 2)))),
        (sc.OptionError, lambda: L.solve(np.eye(2), np.ones(2), "odd")),
        (sc.OptionError, lambda: L.norm(sc.matrix(), 7)),
        (sc.OptionError, lambda: L.norm(sc.vector(), "fro")),
        (sc.OptionError, lambda: L.qr(sc.matrix(), "raw")),
        (sc.OptionError, lambda: L.eigh(sc.matrix(), "X")),
        (sc.RankError, lambda: L.norm(sc.tensor3(), 2)),
        (sc.ArgumentError, lambda: L.matrix_power(sc.matrix(), 1.5)),
    ],
)
def test_bad_input(error, make):
    with pytest.raises(error) as caught:
        make()
    assert "test_linalg.py" in str(caught.value)


def test_gradients_that_do_not_exist():
    x = sc.matrix("x")
    for make in (lambda: L.svd(x)[0], lambda: L.qr(x, "complete")[0]):
        with pytest.raises(sc.GradientError):
            sc.grad(make().sum(), x)


def test_whole_numbers_are_computed_in_double_precision():
    found = computed(L.inv, np.array([[2, 0], [0, 4]]))
    assert found.dtype == "float64"
    np.testing.assert_array_equal(found, [[0.5, 0], [0, 0.25]])


def test_an_inverse_times_whole_numbers_stays_a_product():
    x = sc.matrix("x")
    f = sc.function([x], sc.dot(L.inv(x), sc.constant([[1, 2], [3, 4]])))
    np.testing.assert_allclose(f(2 * np.eye(2)), [[0.5, 1], [1.5, 2]])
    assert not any("solve" in change.rule for change in f.log)


def test_rules_gain_range():
    x = sc.matrix("x")
    f = sc.function([x], [sc.log(L.det(x)), sc.log(L.det(L.cholesky(x)))])
    np.testing.assert_allclose(f(np.eye(400) * 1e-3), [400 * np.log(1e-3), 200 * np.log(1e-3)])
    g = sc.function([x], sc.log(L.det(x)))
    assert np.isnan(g(np.diag([1.0, -1.0])))
    assert g(np.zeros((2, 2))) == -np.inf


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)])
def test_matrices_without_elements(shape):
    a = np.zeros(shape)
    close(computed(L.matrix_rank, a), np.linalg.matrix_rank(a))
    close(computed(L.pinv, a), np.linalg.pinv(a))
    close(computed(L.norm, a), np.linalg.norm(a))
    x, residuals, rank, s = computed(lambda a, b: L.lstsq(a, b), a, np.ones((*shape[:-1], 2)))
    assert x.shape == (*shape[:-2], shape[-1], 2)
    np.testing.assert_array_equal(residuals, np.full((*shape[:-2], 2), float(shape[-2])))
    assert not rank.any()
    assert s.shape == (*shape[:-2], 0)
