"""``theano.tests.unittest_tools``: seeds and comparisons for the tests of programs; imports symconv."""

from typing import Any

import numpy as np

from symconv.theano._names import refuses
from symconv.theano.configuration import config
from symconv.theano.gradient import verify_grad as _verify_grad


def fetch_seed(pseed: Any = None) -> int:
    """The seed that ``theano.config.unittests.rseed`` names, a random one for "random"."""
    seed = config.unittests.rseed if pseed is None else pseed
    return int(np.random.default_rng().integers(2**31)) if str(seed) == "random" else int(seed)


def seed_rng(pseed: Any = None) -> int:
    """Seed NumPy's global generator, and return the seed."""
    seed = fetch_seed(pseed)
    np.random.seed(seed)  # noqa: NPY002  the generator that these programs draw from
    return seed


def verify_grad(op: Any, pt: Any, n_tests: int = 2, rng: Any = None, *args: Any, **kwargs: Any) -> None:
    """``theano.gradient.verify_grad`` with a generator of that seed."""
    _verify_grad(
        op, pt, n_tests, np.random.RandomState(fetch_seed()) if rng is None else rng, *args, **kwargs
    )


def assert_allclose(expected: Any, value: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """Raise where two arrays are not nearly equal, by tolerances of the narrower dtype.

    Raises
    ------
    AssertionError
        Saying where and by how much.
    """
    dtypes = [np.asarray(array).dtype for array in (expected, value)]
    narrow = min((dtype for dtype in dtypes if dtype.kind == "f"), key=lambda d: d.itemsize, default=None)
    tolerance = {2: 1e-3, 4: 1e-5, 8: 1e-8}.get(narrow.itemsize if narrow is not None else 8, 1e-8)
    np.testing.assert_allclose(
        value, expected, tolerance if rtol is None else rtol, tolerance if atol is None else atol
    )


__getattr__ = refuses("theano.tests.unittest_tools", globals())

__all__ = ["assert_allclose", "fetch_seed", "seed_rng", "verify_grad"]
