"""The error functions to the last digits, x log y where x is 0, and their gradients."""

import math

import numpy as np
import pytest
from scipy import special

import symconv as sc


def points(count=4000):
    rng = np.random.default_rng(0)
    edges = [0.0, -0.0, 0.25, 0.5, 0.84375, 1.25, 1 / 0.35, 6.0, 26.5, 27.3, 28.0, 1e300, np.inf, np.nan]
    edges = np.array(edges + [np.nextafter(edge, 0) for edge in edges[2:11]])
    spread = rng.normal(size=count) * 10.0 ** rng.uniform(-9, 1.4, count)
    return np.concatenate([edges, -edges, spread, rng.uniform(-7, 28, count)])


@pytest.mark.parametrize(("name", "truth", "units"), [("erf", math.erf, 2), ("erfc", math.erfc, 5)])
def test_error_functions(name, truth, units):
    x = sc.vector("x")
    given = points()
    result = sc.function([x], getattr(sc, name)(x))(given)
    meant = np.array([truth(value) for value in given])
    np.testing.assert_array_equal(np.isnan(result), np.isnan(given))
    with np.errstate(all="ignore"):
        error = np.abs(result - meant) / np.spacing(np.abs(meant))
    assert np.nanmax(error) <= units, given[np.nanargmax(error)]
    np.testing.assert_array_equal(np.signbit(result), np.signbit(meant))
    finite = np.abs(given) < 20
    np.testing.assert_allclose(result[finite], getattr(special, name)(given[finite]), rtol=1e-13)


@pytest.mark.parametrize("name", ["erf", "erfc"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "int8"])
def test_error_functions_of_other_dtypes(name, dtype):
    x = sc.vector("x", dtype=dtype)
    given = np.linspace(-4, 9, 27).astype(dtype)
    result = sc.function([x], getattr(sc, name)(x), mode="checked")(given)
    wanted = "float32" if dtype == "int8" else dtype
    meant = getattr(special, name)(given.astype("float64")).astype(wanted)
    np.testing.assert_allclose(result, meant, rtol=np.finfo(wanted).eps, atol=np.finfo(wanted).tiny)
    assert result.dtype == wanted


@pytest.mark.parametrize("function", [sc.erf, sc.erfc])
def test_slopes_of_error_functions(function):
    sc.verify_grad(function, [np.array([-2.0, -0.3, 0.1, 1.1, 3.0])])
    sc.verify_grad(lambda x: sc.grad(function(x).sum(), x), [np.array([-2.0, -0.3, 0.1, 1.1])])


@pytest.mark.parametrize(
    ("ours", "reference"), [(sc.xlogy, special.xlogy), (sc.xlog1py, special.xlog1py)]
)
def test_products_with_logarithms(ours, reference):
    values = np.array([0.0, -0.0, 1.0, 2.5, np.inf, np.nan, -0.5, 1e-300])
    x, y = (grid.reshape(-1) for grid in np.meshgrid(values, values))
    a, b = sc.vectors("a", "b") if hasattr(sc, "vectors") else (sc.vector("a"), sc.vector("b"))
    result = sc.function([a, b], ours(a, b), mode="checked")(x, y)
    with np.errstate(all="ignore"):
        meant = reference(x, y)
    np.testing.assert_allclose(result, meant, rtol=1e-13)
    sc.verify_grad(ours, [np.array([0.3, 1.2]), np.array([0.7, 2.0])])
    sc.verify_grad(lambda x, y: sc.grad(ours(x, y).sum(), y), [np.array([0.3, 1.2]), np.array([0.7, 2.0])])
    slopes = sc.function([a, b], sc.grad(ours(a, b).sum(), b))(np.zeros(2), np.array([0.0, -1.0]))
    np.testing.assert_array_equal(slopes, [0.0, 0.0])


def test_complex_numbers_are_refused():
    with pytest.raises(sc.DTypeError, match="erf is not defined for complex128"):
        sc.erf(sc.zvector("z"))
