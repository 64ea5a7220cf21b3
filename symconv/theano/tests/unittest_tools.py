"""``theano.tests.unittest_tools``: seeds, comparisons, checks of programs' ops; imports the layer."""

from collections.abc import Callable, Sequence
from typing import Any
from unittest import TestCase

import numpy as np

from symconv.errors import ArgumentError
from symconv.graph.traverse import toposort
from symconv.theano import gradient
from symconv.theano._names import refuses
from symconv.theano.compile import function
from symconv.theano.configuration import config


def fetch_seed(pseed: int | None = None) -> int:
    """The seed of tests: ``config.unittests.rseed``, or ``pseed`` where that is "random"."""
    seed = str(config.unittests.rseed)
    if seed == "random":
        return int(np.random.randint(0, 2**31 - 1)) if pseed is None else int(pseed)  # noqa: NPY002  # as Theano does
    return int(seed)


def seed_rng(pseed: int | None = None) -> int:
    """Seed NumPy's generator with ``fetch_seed``, which is returned."""
    seed = fetch_seed(pseed)
    np.random.seed(seed)  # noqa: NPY002  # what programs' tests draw from
    return seed


def verify_grad(
    op: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    *arguments: Any,
    **options: Any,
) -> None:
    """``theano.gradient.verify_grad`` with a generator of its own where none is given."""
    if rng is None:
        seed_rng()
        rng = np.random
    gradient.verify_grad(op, pt, n_tests, rng, *arguments, **options)


class DifferentError(ArgumentError, AssertionError):
    """Arrays that should be nearly equal."""


WrongValue = DifferentError


def assert_allclose(expected: Any, value: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """Raise unless two arrays are nearly equal, by their dtype if no tolerance is given.

    Raises
    ------
    DifferentError
        An AssertionError.
    """
    single = {np.asarray(one).dtype.name for one in (expected, value)} & {"float32", "complex64"}
    found = np.asarray(value)
    rtol, atol = rtol or (1e-5 if single else 1e-7), atol or (1e-6 if single else 1e-8)
    if not np.allclose(expected, found, rtol=rtol, atol=atol, equal_nan=True):
        largest = np.max(np.abs(np.asarray(expected) - found))
        raise DifferentError(
            f"arrays differ by up to {largest:.3g}, more than rtol={rtol:g} and atol={atol:g} allow",
            arguments=[("expected", repr(np.asarray(expected))), ("value", repr(found))],
        )


class InferShapeTester(TestCase):
    """Tests of ``infer_shape``: compares the shapes that are inferred with those of the results."""

    def setUp(self) -> None:
        """Seed NumPy's generator."""
        seed_rng()

    def _compile_and_check(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        numeric_inputs: Sequence[Any],
        cls: Any,
        excluding: Any = None,
        warn: bool = True,
        check_topo: bool = True,
    ) -> None:
        """Whether the shapes of the outputs are those that the graph says."""
        found = function(list(inputs), list(outputs), on_unused_input="ignore")(*numeric_inputs)
        shapes = function(list(inputs), [output.shape for output in outputs], on_unused_input="ignore")
        if check_topo:
            listed = cls if isinstance(cls, tuple | list) else (cls,)
            nodes = toposort(list(outputs))
            assert any(isinstance(node.op, tuple(listed)) for node in nodes), f"no {cls} is in the graph"
        for value, shape in zip(found, shapes(*numeric_inputs), strict=True):
            assert tuple(shape) == np.shape(value)


__getattr__ = refuses("theano.tests.unittest_tools", globals())

__all__ = [
    "DifferentError", "InferShapeTester", "WrongValue", "assert_allclose", "fetch_seed", "seed_rng",
    "verify_grad",
]  # fmt: skip
