"""``Stream``: the states of draws, and the functions that draw; imports its neighbours."""

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.graph.container import Container
from symconv.graph.nodes import Constant, Operand, Variable, constant
from symconv.graph.op import argument, as_variable
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.elemwise import dtype_name
from symconv.ops.elemwise_rows import cast, log1p, lt
from symconv.ops.random.draw import DISTRIBUTIONS, Draw, next_state
from symconv.ops.shape import MakeVector, size_of
from symconv.ops.shape import shape as shape_of

Shape = Any  # None, an integer, a sequence of integers or symbolic scalars, or an integer vector
Lengths = tuple[Variable, tuple[Dim, ...]]  # a shape as an int64 vector, and what is known of it


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
        self._seed = _checked_seed(seed)
        self.states: list[SharedVariable] = []

    def seed(self, seed: int | None = None) -> None:
        """Set all draws back to their beginning, under another seed if one is given."""
        self._seed = self._seed if seed is None else _checked_seed(seed)
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
        dtype = _floating(dtype)
        start, end = _parameter(low, dtype), _parameter(high, dtype)
        lengths = _check_fit(_lengths(shape, start, end), low=start, high=end)
        drawn = self._draw("uniform", lengths, dtype)
        return drawn if _is(start, 0) and _is(end, 1) else _stretched(drawn, start, end - start)

    def normal(
        self, shape: Shape = None, mean: Operand = 0.0, std: Operand = 1.0, dtype: Any = None
    ) -> Variable:
        """mean + std · z, with z normal (Box and Muller's method).

        Parameters, dtype and errors are those of ``uniform``; z goes to 8.6 in float64, to 6.7 in float32.
        """
        dtype = _floating(dtype)
        centre, width = _parameter(mean, dtype), _parameter(std, dtype)
        lengths = _check_fit(_lengths(shape, centre, width), mean=centre, std=width)
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
        dtype = _floating(dtype)
        centre, width = _parameter(mean, dtype), _parameter(std, dtype)
        bounds = _parameter(low, "float64"), _parameter(high, "float64")
        lengths = _check_fit(_lengths(shape, centre, width, *bounds), mean=centre, std=width)
        return _stretched(self._draw("truncated_normal", lengths, dtype, *bounds), centre, width)

    def exponential(self, shape: Shape = None, scale: Operand = 1.0, dtype: Any = None) -> Variable:
        """-scale · log(1 - u), with u uniform: mean ``scale``, which has a gradient."""
        dtype = _floating(dtype)
        given = _parameter(scale, dtype)
        lengths = _check_fit(_lengths(shape, given), scale=given)
        return _stretched(-log1p(-self._draw("uniform", lengths, dtype)), None, given)

    def gamma(
        self, shape: Shape = None, alpha: Operand = 1.0, scale: Operand = 1.0, dtype: Any = None
    ) -> Variable:
        """scale · g, with g of density x^(alpha - 1) exp(-x) / Γ(alpha); only ``scale`` has a gradient."""
        dtype = _floating(dtype)
        form, given = _parameter(alpha, "float64"), _parameter(scale, dtype)
        lengths = _check_fit(_lengths(shape, form, given), scale=given)
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
        lengths = _check_fit(_lengths(shape, given), p=given)
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
        given = _parameter(n, "int64"), _parameter(p, "float64")
        return self._draw("binomial", _lengths(shape, *given), dtype_name(dtype), *given)

    def poisson(self, shape: Shape = None, mean: Operand = 1.0, dtype: Any = "int64") -> Variable:
        """The number of events of a mean number; ``OptionError`` for a negative mean."""
        given = _parameter(mean, "float64")
        return self._draw("poisson", _lengths(shape, given), dtype_name(dtype), given)

    def integers(
        self, shape: Shape = None, low: Operand = 0, high: Operand = 2, dtype: Any = "int64"
    ) -> Variable:
        """Integers from ``low`` to ``high - 1``, equally likely to (high - low) / 2^64.

        Raises
        ------
        OptionError
            Where low >= high: at once if they are numbers, else when the function runs.
        """
        given = _parameter(low, "int64"), _parameter(high, "int64")
        return self._draw("integers", _lengths(shape, *given), _discrete(dtype), *given)

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
        trials, chances = _parameter(n, "int64"), _parameter(pvals, "float64")
        _check_rank("pvals", chances, least=1)
        lengths = _lengths(shape, trials, chances.sum(axis=-1))
        return self._draw("multinomial", _with_axis(lengths, chances), dtype_name(dtype), trials, chances)

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
        count = _parameter(values, "int64") if from_range else size_of(values, 0)
        lengths = _lengths(shape)
        if not replace:
            _check_supply(count, lengths[1])
        if p is not None:
            chances = _parameter(p, "float64")
            _check_rank("p", chances, least=1, most=1)
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
            vector, sizes = _lengths(shape)
            last = _parameter(values, "int64")
            known = int(last.data) if isinstance(last, Constant) else None
            return self._draw("permutation", _joined(vector, sizes, last, known), "int64")
        return _rows(values, self._draw("permutation", _lengths((size_of(values, 0),)), "int64"))

    def shuffle(self, x: Operand) -> Variable:
        """The rows of a tensor in random order, as a new tensor."""
        values = as_variable(x)
        _check_rank("x", values, least=1)
        return self.permutation(values)


def _checked_seed(seed: Any) -> int:
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise OptionError(
            f"a seed is an integer from 0 on, got {seed!r}", where=here(), hint="Stream(12345)"
        )
    return number


# Parameters


def _floating(dtype: Any) -> str:
    name = dtype_name(dtype)
    if name[0] != "f":
        raise DTypeError(f"a continuous distribution cannot be drawn as {name}", where=here(), hint="cast it")
    return name


def _discrete(dtype: Any) -> str:
    name = dtype_name(dtype)
    if name[0] not in "iu":
        raise DTypeError(f"integers cannot be drawn as {name}", where=here(), hint="cast them")
    return name


def _parameter(value: Operand, dtype: str) -> Variable:
    variable = as_variable(value)
    if dtype[0] == "i" and not variable.type.is_discrete:
        raise DTypeError(
            f"this parameter must be an integer, got {variable.type}",
            arguments=[argument("parameter", variable)],
            where=here(),
            hint="convert it: cast(..., 'int64')",
        )
    return Constant(variable.data.astype(dtype)) if isinstance(variable, Constant) else cast(variable, dtype)


def _check_rank(name: str, x: Variable, least: int, most: int | None = None) -> None:
    if x.ndim < least or (most is not None and x.ndim > most):
        more = "s or more" if most is None else ""
        raise RankError(
            f"{name} needs {least} dimension{more}, got {x.ndim}",
            arguments=[(name, x.type)],
            where=here(),
        )


def _check_supply(count: Variable, sizes: Sequence[Dim]) -> None:
    """What is drawn without replacement must be there."""
    known = [size for size in sizes if size is not None]
    if isinstance(count, Constant) and len(known) == len(sizes) and math.prod(known) > count.data:
        raise ShapeError(
            f"cannot choose {math.prod(known)} of {count.data} without replacement", where=here()
        )


def _is(x: Variable, number: float) -> bool:
    return isinstance(x, Constant) and x.ndim == 0 and bool(x.data == number)


def _stretched(drawn: Variable, shift: Variable | None, scale: Variable) -> Variable:
    """shift + scale · drawn."""
    result = drawn if _is(scale, 1) else drawn * scale
    return result if shift is None or _is(shift, 0) else result + shift


def _check_fit(lengths: Lengths, **parameters: Variable) -> Lengths:
    """The shape, to which parameters must broadcast: they do not make it larger."""
    sizes = lengths[1]
    for name, parameter in parameters.items():
        pairs = zip(reversed(parameter.type.shape), reversed(sizes), strict=False)
        if parameter.ndim > len(sizes) or any(
            mine not in (1, size) and (size == 1 or None not in (mine, size)) for mine, size in pairs
        ):
            text = ", ".join("?" if size is None else str(size) for size in sizes)
            raise ShapeError(
                f"{name} does not broadcast to the shape ({text}) that is drawn",
                arguments=[(name, parameter.type)],
                where=here(),
                hint="leave the shape out: the parameters then decide it",
            )
    return lengths


# Shapes


def _lengths(shape: Shape, *parameters: Variable) -> Lengths:
    """A shape as a vector, with what is known of it; None is the shape that parameters broadcast to."""
    if shape is None:
        together = parameters[0]
        for parameter in parameters[1:]:
            together = together * cast(parameter, together.dtype)
        return shape_of(together), together.type.shape
    if isinstance(shape, Variable) and shape.ndim == 1:
        length = shape.type.shape[0]
        if length is None:
            raise RankError(
                "a shape must be a vector of known length",
                arguments=[("shape", shape.type)],
                where=here(),
                hint="take its elements apart: (shape[0], shape[1])",
            )
        known = tuple(shape.data.tolist()) if isinstance(shape, Constant) else (None,) * length
        return shape, known
    listed = list(shape) if isinstance(shape, tuple | list | np.ndarray) else [shape]
    known = tuple(_known_size(size) for size in listed)
    if None in known:
        vector: Variable = MakeVector(len(listed))(*listed)
        return vector, known
    return Constant(np.array(known, "int64")), known


def _known_size(size: Any) -> int | None:
    if isinstance(size, Variable) and not isinstance(size, Constant):
        return None
    try:
        number = int(operator.index(size.data if isinstance(size, Constant) else size))
    except TypeError:
        raise ArgumentError(
            f"a size must be an integer, got {size!r}", where=here(), hint="or an integer scalar variable"
        ) from None
    if number < 0:
        raise ShapeError(f"a size is 0 or more, got {number}", where=here(), hint="sizes count elements")
    return number


def _with_axis(lengths: Lengths, x: Variable) -> Lengths:
    """A shape with the last axis of ``x`` behind it."""
    return _joined(*lengths, size_of(x, -1), x.type.shape[-1])


def _joined(vector: Variable, sizes: tuple[Dim, ...], last: Variable, known: Dim) -> Lengths:
    if isinstance(vector, Constant) and known is not None:
        return Constant(np.array([*vector.data, known], "int64")), (*sizes, known)
    whole: Variable = MakeVector(len(sizes) + 1)(*_elements(vector, len(sizes)), last)
    return whole, (*sizes, known)


def _elements(vector: Variable, count: int) -> Sequence[Operand]:
    if isinstance(vector, Constant):
        return list(vector.data)
    if vector.owner is not None and isinstance(vector.owner.op, MakeVector):
        return vector.owner.inputs
    return [vector[index] for index in range(count)]


def _rows(values: Variable, positions: Variable) -> Variable:
    return values[positions]


__all__ = ["Stream"]
