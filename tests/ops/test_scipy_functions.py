"""Functions that SciPy computes: values, dtypes, edges, and what is said where there is no SciPy."""

import numpy as np
import pytest
from scipy import special, stats

import symconv as sc
import symconv.theano.tensor as T
from symconv.ops import scipy_functions

OF_ONE = {
    "gammaln": special.gammaln, "gamma": special.gamma, "psi": special.digamma, "erfinv": special.erfinv,
    "tri_gamma": lambda x: special.polygamma(1, x), "erfcinv": special.erfcinv, "erfcx": special.erfcx,
    "j0": special.j0, "j1": special.j1, "i0": special.i0, "i1": special.i1,
}  # fmt: skip
OF_TWO = {"jv": special.jv, "iv": special.iv, "chi2sf": stats.chi2.sf}


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("dtype", ["int8", "int64", "float16", "float32", "float64"])
def test_functions_of_one(name, dtype):
    values = np.array([0, 1, 2, 3] if dtype[0] == "i" else [0, 0.3, 0.9, 1.5, 3, np.inf, np.nan, -0.5], dtype)
    x = sc.tensor(dtype, (None,), "x")
    found = sc.function([x], getattr(sc, name)(x) * 1, mode="checked")(values)
    wanted = {"int8": "float32", "int64": "float64"}.get(dtype, dtype)
    assert found.dtype == wanted
    with np.errstate(all="ignore"):
        meant = OF_ONE[name](values.astype("float64")).astype(wanted)
    np.testing.assert_array_equal(found, meant)
    assert getattr(T, name)(T.vector(dtype=dtype)).dtype == ("float32" if dtype == "int8" else wanted)


@pytest.mark.parametrize("name", OF_TWO)
def test_functions_of_two(name):
    a, b = np.array([[0.5], [2.0]]), np.array([0.1, 0.7, 3.0, 9.0])
    x, y = sc.col("x"), sc.vector("y")
    found = sc.function([x, y], getattr(sc, name)(x, y))(a, b)
    np.testing.assert_allclose(found, OF_TWO[name](a, b), rtol=1e-14)
    np.testing.assert_array_equal(getattr(T, name)(T.constant(a), T.constant(b)).eval(), found)


def test_there_is_no_derivative_by_an_order():
    v, x = sc.dvector("v"), sc.dvector("x")
    with pytest.raises(sc.UndefinedGradientError, match="order"):
        sc.grad(sc.jv(v, x).sum(), v)
    assert sc.grad(sc.jv(v, x).sum(), x).dtype == "float64"


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(scipy_functions, "_has_scipy", lambda: False)
    x = sc.dvector("x")
    with pytest.raises(sc.ArgumentError, match=r"(?s)gammaln.*float64.*test_scipy_functions.*symconv\[special\]"):
        sc.gammaln(x)


def test_complex_numbers_are_refused():
    with pytest.raises(sc.DTypeError, match="real numbers"):
        sc.gammaln(sc.zvector("z"))
