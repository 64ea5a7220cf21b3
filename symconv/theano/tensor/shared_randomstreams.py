"""``theano.tensor.shared_randomstreams``: draws of NumPy's legacy generator, bit for bit; imports symconv."""

from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError
from symconv.graph.container import Container
from symconv.graph.nodes import Constant, Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array
from symconv.ops.random.legacy import STATE, PermuteRowElements, RandomFunction, packed, unpacked
from symconv.theano._names import refuses
from symconv.theano._operands import as_parameter, upcast
from symconv.theano._sizes import size_of_draw
from symconv.theano._variables import adopted


class RandomStateSharedVariable(SharedVariable):
    """The state of a draw: inside an array, to its user a ``numpy.random.RandomState``."""

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """A generator in this state; who changes it hands it back with ``set_value``."""
        return unpacked(self.container.value)

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Go on as this generator would.

        Raises
        ------
        ArgumentError
            For anything but a ``numpy.random.RandomState``.
        """
        if not isinstance(value, np.random.RandomState):
            raise ArgumentError(
                f"the state of a draw is a numpy.random.RandomState, got {type(value).__name__}"
            )
        self.container.assign(packed(value))


class RandomStreams:
    """Draws as NumPy's legacy generator makes them, each from a generator of its own.

    A master ``RandomState(seed)`` gives each draw its seed, in order of creation. A draw has ``rng``, its
    state, and ``update``, the pair of the state and the next one, which is also the state's
    ``default_update``.

    Mutable because it counts the draws that were made.

    Parameters
    ----------
    seed : int, optional
        Of the master; without it every run differs.

    Examples
    --------
    >>> import symconv as sc
    >>> draw = RandomStreams(seed=234).uniform((2,))
    >>> sc.function([], draw, updates=[draw.update])()
    array([0.12672381, 0.97091597])
    """

    def __init__(self, seed: int | None = None) -> None:
        self.state_updates: list[tuple[SharedVariable, Variable]] = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def updates(self) -> list[tuple[SharedVariable, Variable]]:
        """The pairs of states and next states of all draws."""
        return list(self.state_updates)

    def seed(self, seed: int | None = None) -> None:
        """Set all draws back to their beginning, under another seed if one is given."""
        master = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for state, _ in self.state_updates:
            state.set_value(np.random.RandomState(int(master.randint(2**30))))

    def __getitem__(self, item: SharedVariable) -> Any:
        return item.get_value()

    def __setitem__(self, item: SharedVariable, value: Any) -> None:
        item.set_value(value)

    def gen(
        self, function: str, size: Any, dtype: str, *parameters: Variable, ndim: int | None = None
    ) -> Variable:
        """A draw of a function of ``symconv.ops.random.legacy`` with a state of its own."""
        lined_up = {"permutation": (), "choice": (), "multinomial": parameters[:1]}.get(function, parameters)
        vector, sizes = size_of_draw(size, ndim, lined_up)
        first: Array = packed(np.random.RandomState(int(self.gen_seedgen.randint(2**30))))
        state = RandomStateSharedVariable(STATE, Container(first))
        after, drawn = RandomFunction(function, dtype, sizes)(state, vector, *parameters)
        drawn.rng, drawn.update = state, (state, after)
        state.default_update = after
        self.state_updates.append((state, after))
        result: Variable = adopted(drawn)
        return result

    def uniform(
        self, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> Variable:
        """Uniform in [low, high)."""
        return self._continuous("uniform", size, low, high, ndim, dtype)

    def normal(
        self, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> Variable:
        """Normal of mean ``avg`` and standard deviation ``std``."""
        return self._continuous("normal", size, avg, std, ndim, dtype)

    def _continuous(
        self, name: str, size: Any, first: Any, second: Any, ndim: int | None, dtype: Any
    ) -> Variable:
        parameters = as_parameter(first), as_parameter(second)
        if dtype is None:
            dtype = upcast(sc.config.floatX, *(parameter.dtype for parameter in parameters))
        return self.gen(name, size, dtype, *parameters, ndim=ndim)

    def binomial(
        self,
        size: Any = None,
        n: Any = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        prob: Any = None,
    ) -> Variable:
        """The number of successes in n trials of probability p; ``prob`` is the old name of p."""
        chance = as_parameter(p if prob is None else prob)
        return self.gen("binomial", size, dtype, as_parameter(n), chance, ndim=ndim)

    def poisson(
        self, size: Any = None, lam: Any = 1.0, ndim: int | None = None, dtype: str = "int64"
    ) -> Variable:
        """The number of events of mean ``lam``."""
        return self.gen("poisson", size, dtype, as_parameter(lam), ndim=ndim)

    def random_integers(
        self, size: Any = None, low: Any = 0, high: Any = 1, ndim: int | None = None, dtype: str = "int64"
    ) -> Variable:
        """Integers from ``low`` to ``high``, both included."""
        return self.gen("random_integers", size, dtype, as_parameter(low), as_parameter(high), ndim=ndim)

    def choice(
        self,
        size: Any = None,
        a: Any = 2,
        replace: Any = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: str = "int64",
    ) -> Variable:
        """Elements of ``a``, a vector, or a number n for 0, ..., n - 1."""
        chances = Constant(np.zeros(0)) if p is None else as_parameter(p)
        again = Constant(np.array(replace, "int8")) if isinstance(replace, bool) else as_parameter(replace)
        return self.gen("choice", size, dtype, as_parameter(a), again, chances, ndim=ndim)

    def permutation(
        self, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: str = "int64"
    ) -> Variable:
        """Orders of 0, ..., n - 1, as many as ``size`` says, along one axis more."""
        if size is None or (isinstance(size, tuple | list) and not size):
            size, ndim = (), None
        return self.gen("permutation", size, dtype, as_parameter(n), ndim=ndim)

    def multinomial(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = (0.5, 0.5),
        ndim: int | None = None,
        dtype: str = "int64",
    ) -> Variable:
        """How often each of the categories comes in n trials, along one axis more."""
        trials, chances = as_parameter(n), as_parameter(pvals)
        if size is None:
            size = (trials + chances.sum(axis=-1)).shape
        return self.gen("multinomial", size, dtype, trials, chances, ndim=ndim)

    def shuffle_row_elements(self, input: Variable) -> Variable:
        """Each row of ``input`` in an order of its own; the orders are its ``permutation``."""
        sizes = [sc.size_of(input, axis) for axis in range(input.ndim)]
        orders = self.permutation(size=tuple(sizes[:-1]), n=sizes[-1])
        result: Variable = adopted(PermuteRowElements()(input, orders))
        result.permutation = orders  # type: ignore[attr-defined]
        return result


__getattr__ = refuses("theano.tensor.shared_randomstreams", globals())

__all__ = ["RandomStateSharedVariable", "RandomStreams"]
