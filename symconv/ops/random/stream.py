"""``Stream``: the states of draws, and the functions that draw; imports its neighbours."""

from typing import Any

import numpy as np

from symconv.errors import DTypeError, OptionError, ShapeError
from symconv.graph.container import Container
from symconv.graph.nodes import Constant, Operand, Variable, constant
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array, TensorType
from symconv.ops.dtypes import dtype_name
from symconv.ops.elemwise_rows import cast, log1p, lt
from symconv.ops.random.arguments import (
    Lengths,
    Shape,
    check_fit,
    check_rank,
    check_supply,
    checked_seed,
    floating_dtype,
    integer_dtype,
    joined,
    lengths_of,
    parameter_of,
    with_axis,
)
from symconv.ops.random.draw import DISTRIBUTIONS, Draw, next_state
from symconv.ops.shape import size_of


class Stream:
    """A source of random draws that can be repeated.

    Every call of a method makes a draw with a state of its own: a shared variable of two key words and a
    count. The keys are spawned from the seed in the order of creation (NumPy's ``SeedSequence``), the
    count grows by one with every call of a compiled function that uses the draw (its ``default_update``).
    So the numbers depend on the seed, on which draw of the stream it is, on how often it was drawn, and on
    the place in the tensor (Philox 4x64, a counter-based generator), and never on threads or on what else
    the function computes. Two streams of one seed, used alike, give identical draws.

    Mutable because it counts the draws that were made.

    Parameters
    ----------
    seed : int
        Any number from 0 on.

    Attributes
    ----------
    states : list of SharedVariable
        The states of all draws, in order of creation.

    Raises
    ------
    OptionError
        For a seed that is negative or no integer.

    Notes
    -----
    The parameters of ``uniform``, ``normal``, ``truncated_normal``, ``exponential`` and ``gamma`` that shift
    and stretch have gradients: the result is computed from a standard draw. Nothing else has.

    binomial, poisson, gamma and multinomial are NumPy's algorithms, which reject candidates: a draw
    is one pass over the whole tensor, and its numbers may change with a new version of NumPy. All
    others are a fixed function of the place in the tensor.

    Examples
    --------
    >>> import symconv as sc
    >>> stream = sc.random.Stream(seed=1)
    >>> f = sc.function([], stream.uniform((2,)))
    >>> f(), f()
    (array([0.21212741, 0.8209949 ]), array([0.00435599, 0.22544625]))
    >>> stream.seed(1)
    >>> f()
    array([0.21212741, 0.8209949 ])
    """

    def __init__(self, seed: int) -> None:
        self._seed = checked_seed(seed)
        self.states: list[SharedVariable] = []

    def seed(self, seed: int | None = None) -> None:
        """Set all draws back to their beginning, under another seed if one is given."""
        self._seed = self._seed if seed is None else checked_seed(seed)
        for index, state in enumerate(self.states):
            state.set_value(self._first(index))

    def state_updates(self) -> list[tuple[SharedVariable, Variable]]:
        """Each state and the one that follows it, for ``function(updates=...)``."""
        return [(state, next_state(state)) for state in self.states]

    def _first(self, index: int) -> Array:
        key = np.random.SeedSequence(self._seed, spawn_key=(index,)).generate_state(2, np.uint64)
        return np.array([*key, 0], "uint64")

    def _draw(self, name: str, lengths: Lengths, dtype: str, *parameters: Variable) -> Variable:
        vector, sizes = lengths
        index = len(self.states)
        state = SharedVariable(
            TensorType("uint64", (3,)), Container(self._first(index)), f"{name}_state_{index}"
        )
        result: Variable = Draw(DISTRIBUTIONS[name], sizes, dtype)(state, vector, *parameters)
        state.default_update = next_state(state)
        self.states.append(state)  # only now: a draw that failed is none
        return result

    # Continuous distributions

    def uniform(
        self, shape: Shape = None, low: Operand = 0.0, high: Operand = 1.0, dtype: Any = None
    ) -> Variable:
        """low + (high - low) · u, with u uniform in [0, 1).

        Parameters
        ----------
        shape : int, sequence of (int or integer scalar), or integer vector, optional
            The shape of the result; by default that of the parameters together.
        low, high : number or tensor
            They broadcast to the shape, and have gradients.
        dtype : str, optional
            ``floatX`` if not given. All numbers that u takes are equally likely: multiples of 2^-53 in
            float64, of 2^-24 in float32, of 2^-11 in float16. By rounding, the result can equal ``high``
            where the interval is not [0, 1).

        Returns
        -------
        Variable

        Raises
        ------
        DTypeError
            For a dtype that is not real floating point.
        ShapeError
            For a negative size, or parameters that do not broadcast to the shape.
        """
        dtype = floating_dtype(dtype)
        start, end = parameter_of(low, dtype), parameter_of(high, dtype)
        lengths = check_fit(lengths_of(shape, start, end), low=start, high=end)
        drawn = self._draw("uniform", lengths, dtype)
        return drawn if _is(start, 0) and _is(end, 1) else _stretched(drawn, start, end - start)

    def normal(
        self, shape: Shape = None, mean: Operand = 0.0, std: Operand = 1.0, dtype: Any = None
    ) -> Variable:
        """mean + std · z, with z normal (Box and Muller's method).

        Parameters, dtype and errors are those of ``uniform``; z goes to 8.6 in float64, to 6.7 in float32.
        """
        dtype = floating_dtype(dtype)
        centre, width = parameter_of(mean, dtype), parameter_of(std, dtype)
        lengths = check_fit(lengths_of(shape, centre, width), mean=centre, std=width)
        return _stretched(self._draw("normal", lengths, dtype), centre, width)

    def truncated_normal(
        self,
        shape: Shape = None,
        mean: Operand = 0.0,
        std: Operand = 1.0,
        low: Operand = -2.0,
        high: Operand = 2.0,
        dtype: Any = None,
    ) -> Variable:
        """mean + std · z, with z normal given that low <= z <= high (by the quantile function).

        ``low`` and ``high`` count in standard deviations, and have no gradient; ``mean`` and ``std`` have.
        Parameters, dtype and errors are else those of ``uniform``; ``OptionError`` where low >= high.
        """
        dtype = floating_dtype(dtype)
        centre, width = parameter_of(mean, dtype), parameter_of(std, dtype)
        bounds = parameter_of(low, "float64"), parameter_of(high, "float64")
        lengths = check_fit(lengths_of(shape, centre, width, *bounds), mean=centre, std=width)
        return _stretched(self._draw("truncated_normal", lengths, dtype, *bounds), centre, width)

    def exponential(self, shape: Shape = None, scale: Operand = 1.0, dtype: Any = None) -> Variable:
        """-scale · log(1 - u), with u uniform: mean ``scale``, which has a gradient."""
        dtype = floating_dtype(dtype)
        given = parameter_of(scale, dtype)
        lengths = check_fit(lengths_of(shape, given), scale=given)
        return _stretched(-log1p(-self._draw("uniform", lengths, dtype)), None, given)

    def gamma(
        self, shape: Shape = None, alpha: Operand = 1.0, scale: Operand = 1.0, dtype: Any = None
    ) -> Variable:
        """scale · g, with g of density x^(alpha - 1) exp(-x) / Γ(alpha); only ``scale`` has a gradient."""
        dtype = floating_dtype(dtype)
        form, given = parameter_of(alpha, "float64"), parameter_of(scale, dtype)
        lengths = check_fit(lengths_of(shape, form, given), scale=given)
        return _stretched(self._draw("gamma", lengths, dtype, form), None, given)

    # Counts

    def bernoulli(self, shape: Shape = None, p: Operand = 0.5, dtype: Any = "int64") -> Variable:
        """1 with probability p, else 0.

        Parameters
        ----------
        shape
            As of ``uniform``.
        p : number or tensor
            Compared with a uniform draw of its dtype: of float32 p is met to 2^-24. Numbers have the
            dtype asked for, ``floatX`` if that is discrete.
        dtype : str
            dtype of the result.

        Raises
        ------
        OptionError
            For a number that is no probability.
        """
        dtype = dtype_name(dtype)
        wanted = dtype if dtype[0] == "f" else dtype_name(None)
        given = as_variable(p) if isinstance(p, Variable | np.ndarray) else constant(p, dtype=wanted)
        if isinstance(given, Constant) and not np.all((given.data >= 0) & (given.data <= 1)):
            raise OptionError(
                f"a probability lies between 0 and 1, got {p}", arguments=[("p", given.type)], where=here()
            )
        lengths = check_fit(lengths_of(shape, given), p=given)
        drawn = self._draw("uniform", lengths, given.dtype if given.type.is_float else "float64")
        return cast(lt(drawn, given), dtype)

    def binomial(
        self, shape: Shape = None, n: Operand = 1, p: Operand = 0.5, dtype: Any = "int64"
    ) -> Variable:
        """The number of successes in n trials of probability p.

        Raises
        ------
        OptionError
            For n < 0, or p outside [0, 1]: at once if they are numbers, else when the function runs.
        """
        given = parameter_of(n, "int64"), parameter_of(p, "float64")
        return self._draw("binomial", lengths_of(shape, *given), dtype_name(dtype), *given)

    def poisson(self, shape: Shape = None, mean: Operand = 1.0, dtype: Any = "int64") -> Variable:
        """The number of events of a mean number; ``OptionError`` for a negative mean."""
        given = parameter_of(mean, "float64")
        return self._draw("poisson", lengths_of(shape, given), dtype_name(dtype), given)

    def integers(
        self, shape: Shape = None, low: Operand = 0, high: Operand = 2, dtype: Any = "int64"
    ) -> Variable:
        """Integers from ``low`` to ``high - 1``, equally likely to (high - low) / 2^64.

        Raises
        ------
        OptionError
            Where low >= high: at once if they are numbers, else when the function runs.
        """
        given = parameter_of(low, "int64"), parameter_of(high, "int64")
        return self._draw("integers", lengths_of(shape, *given), integer_dtype(dtype), *given)

    def multinomial(
        self, shape: Shape = None, n: Operand = 1, pvals: Operand = (0.5, 0.5), dtype: Any = "int64"
    ) -> Variable:
        """How often each of k categories occurs in n trials.

        Parameters
        ----------
        shape
            The shape of the draws, to which n and all axes of ``pvals`` but the last broadcast; by
            default theirs. The result has one axis more, of size k.
        n : int or tensor
            Number of trials.
        pvals : tensor [..., k]
            Probabilities; they must add up to 1 to within 1e-3, and are divided by their sum.

        Raises
        ------
        OptionError
            For n < 0, negative probabilities or a wrong sum.
        """
        trials, chances = parameter_of(n, "int64"), parameter_of(pvals, "float64")
        check_rank("pvals", chances, least=1)
        lengths = lengths_of(shape, trials, chances.sum(axis=-1))
        return self._draw("multinomial", with_axis(lengths, chances), dtype_name(dtype), trials, chances)

    # Selections

    def choice(
        self, a: Operand, shape: Shape = (), replace: bool = True, p: Operand | None = None
    ) -> Variable:
        """Elements of ``a``, drawn along its first axis.

        Parameters
        ----------
        a : int, integer scalar or tensor
            A number n stands for 0, ..., n - 1, int64.
        shape
            The shape of the draws, as of ``uniform``; other axes of ``a`` follow it.
        replace : bool
            Whether an element may be drawn more than once.
        p : vector, optional
            Their probabilities, which add up to 1; all equal if not given.

        Raises
        ------
        ShapeError
            Where more elements are asked for than there are, without replacement.
        OptionError
            For probabilities that are none, or nothing to choose from.
        """
        values = as_variable(a)
        from_range = values.ndim == 0
        if from_range and values.dtype[0] not in "iu":
            raise DTypeError(
                "choice from a scalar needs an integer", arguments=[("a", values.type)], where=here()
            )
        count = parameter_of(values, "int64") if from_range else size_of(values, 0)
        lengths = lengths_of(shape)
        if not replace:
            check_supply(count, lengths[1])
        if p is not None:
            chances = parameter_of(p, "float64")
            check_rank("p", chances, least=1, most=1)
            if isinstance(count, Constant) and chances.type.shape[0] not in (None, int(count.data)):
                raise ShapeError(
                    f"choice among {count.data} elements got {chances.type.shape[0]} probabilities",
                    arguments=[("a", values.type), ("p", chances.type)],
                    where=here(),
                )
            drawn = self._draw("categorical" if replace else "weighted_subset", lengths, "int64", chances)
        elif replace:
            drawn = self._draw("integers", lengths, "int64", constant(0), count)
        else:
            drawn = self._draw("subset", lengths, "int64", count)
        return drawn if from_range else _rows(values, drawn)

    def permutation(self, x: Operand, shape: Shape = ()) -> Variable:
        """A random order of 0, ..., n - 1, int64; or the rows of a tensor in random order.

        Parameters
        ----------
        x : int, integer scalar or tensor
            n, or the tensor.
        shape
            For n: how many orders; the result has the shape (*shape, n).
        """
        values = as_variable(x)
        if values.ndim == 0:
            if values.dtype[0] not in "iu":
                raise DTypeError(
                    "permutation of a scalar needs an integer", arguments=[("x", values.type)], where=here()
                )
            vector, sizes = lengths_of(shape)
            last = parameter_of(values, "int64")
            known = int(last.data) if isinstance(last, Constant) else None
            return self._draw("permutation", joined(vector, sizes, last, known), "int64")
        return _rows(values, self._draw("permutation", lengths_of((size_of(values, 0),)), "int64"))

    def shuffle(self, x: Operand) -> Variable:
        """The rows of a tensor in random order, as a new tensor."""
        values = as_variable(x)
        check_rank("x", values, least=1)
        return self.permutation(values)


# Standard draws, shifted and stretched


def _is(x: Variable, number: float) -> bool:
    return isinstance(x, Constant) and x.ndim == 0 and bool(x.data == number)


def _stretched(drawn: Variable, shift: Variable | None, scale: Variable) -> Variable:
    """shift + scale · drawn."""
    result = drawn if _is(scale, 1) else drawn * scale
    return result if shift is None or _is(shift, 0) else result + shift


def _rows(values: Variable, positions: Variable) -> Variable:
    return values[positions]


__all__ = ["Stream"]
