"""The op that draws, and the table of distributions; imports the graph and the samplers.

    state  = uint64[3]: two words of the key, and the number of the draw under it
    draw   = a fixed function of state, shape and parameters

The state is an input like any other, so a draw is pure: who wants other numbers passes another state.
``next_state`` is the one that follows.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, ClassVar

import numpy as np

from symconv.errors import OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.random import samplers

Checked = Array | None  # a parameter, None while it is not known


# What parameters may be; called with what is known while building, and with everything before drawing


def _nothing(*_: Checked) -> None:
    pass


def _each(text: str, good: Callable[[Array], Any]) -> Callable[[Checked], None]:
    """A check of one parameter, element by element; NaN never passes."""

    def check(value: Checked) -> None:
        if value is not None and not np.all(good(value)):
            wrong = value[~np.asarray(good(value))].flat[0]
            raise OptionError(f"{text}, got {wrong}")

    return check


_probability = _each("a probability lies between 0 and 1", lambda p: (p >= 0) & (p <= 1))
_count = _each("a number of trials is 0 or more", lambda n: n >= 0)
_mean = _each("a mean number is 0 or more, and below 9e18", lambda m: (m >= 0) & (m < 9e18))
_alpha = _each("alpha of a gamma distribution is 0 or more", lambda a: a >= 0)
_weight = _each("a probability is 0 or more", lambda p: p >= 0)


def _shares(p: Checked) -> None:
    _weight(p)
    if p is not None and not np.all(np.abs(p.sum(axis=-1) - 1) <= 1e-3):
        raise OptionError(
            f"probabilities must add up to 1, got {np.asarray(p.sum(axis=-1)).flat[0]}",
            hint="divide them by their sum",
        )


def _binomial(n: Checked, p: Checked) -> None:
    _count(n)
    _probability(p)


def _multinomial(n: Checked, pvals: Checked) -> None:
    _count(n)
    _shares(pvals)


def _interval(low: Checked, high: Checked) -> None:
    if low is not None and high is not None and not np.all(low < high):
        wrong = np.argmin(low < high)
        lowest, highest = (bound.flat[wrong] for bound in np.broadcast_arrays(low, high))
        raise OptionError(f"low must be below high, got low={lowest} and high={highest}")


@frozen(repr=False)
class Distribution:
    """What there is to know about one distribution; compared by name.

    Attributes
    ----------
    name : str
        Its name.
    formula : str
        What is drawn, for people.
    sample : callable
        ``sample(bits, shape, dtype, *parameters)``: the array.
    parameters : tuple of str
        Names of the parameters.
    lines_up : tuple of (int or None)
        For each parameter how it lines up with the result: 0 with its last axes, -1 with those before its
        last one, None not at all.
    check : callable
        Raises ``OptionError`` for parameters that make no distribution.
    """

    name: str
    formula: str = field(compare=False)
    sample: Callable[..., Array] = field(compare=False)
    parameters: tuple[str, ...] = field(default=(), compare=False)
    lines_up: tuple[int | None, ...] = field(default=(), compare=False)
    check: Callable[..., None] = field(default=_nothing, compare=False)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return distribution_named, (self.name,)


_FIXED = (
    Distribution("uniform", "uniform in [0, 1)", samplers.uniform),
    Distribution("normal", "normal with mean 0 and standard deviation 1", samplers.normal),
    Distribution(
        "truncated_normal", "normal, given that it lies in [low, high]", samplers.truncated_normal,
        ("low", "high"), (0, 0), _interval,
    ),
    Distribution(
        "integers", "low, ..., high - 1, all equally likely", samplers.integers,
        ("low", "high"), (0, 0), _interval,
    ),
    Distribution("categorical", "i with probability p[i]", samplers.categorical, ("p",), (None,), _shares),
    Distribution("permutation", "an order of 0, ..., n - 1 along the last axis", samplers.permutation),
    Distribution(
        "subset", "different ones of 0, ..., n - 1, in any order", samplers.subset,
        ("n",), (None,), _count,
    ),
    Distribution(
        "weighted_subset", "different ones, in proportion to p of what is left", samplers.weighted_subset,
        ("p",), (None,), _shares,
    ),
)  # fmt: skip
REJECTING: tuple[Distribution, ...] = (
    Distribution(
        "binomial", "successes in n trials of probability p", samplers.binomial,
        ("n", "p"), (0, 0), _binomial,
    ),
    Distribution("poisson", "events of a mean number", samplers.poisson, ("mean",), (0,), _mean),
    Distribution("gamma", "x^(alpha - 1) exp(-x) / Γ(alpha)", samplers.gamma, ("alpha",), (0,), _alpha),
    Distribution(
        "multinomial", "how often each of k categories occurs in n trials", samplers.multinomial,
        ("n", "pvals"), (-1, 0), _multinomial,
    ),
)  # fmt: skip

DISTRIBUTIONS = {distribution.name: distribution for distribution in (*_FIXED, *REJECTING)}
"""All distributions by name; first those that read a fixed number of words for each element."""


def distribution_named(name: str) -> Distribution:
    """The distribution of this name."""
    return DISTRIBUTIONS[name]


@frozen(repr=False)
class Draw(Op):
    """A tensor of independent draws from a distribution.

    The inputs are the state, the shape of the result, and the distribution's parameters, which broadcast as
    NumPy's do. No gradient flows through it.

    Attributes
    ----------
    distribution : Distribution
        What is drawn.
    sizes : tuple of (int or None)
        What was known of the shape when the expression was written.
    dtype : str
        dtype of the result.
    """

    reads_values: ClassVar[tuple[int, ...]] = (1,)
    distribution: Distribution
    sizes: tuple[Dim, ...]
    dtype: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "argument_names", ("state", "shape", *self.distribution.parameters))

    def apply(self, *inputs: Variable) -> Any:
        """The application; parameters that are constants are checked at once."""
        try:
            self.distribution.check(*(v.data if isinstance(v, Constant) else None for v in inputs[2:]))
        except OptionError as error:
            error.where, error.arguments = here(), self.describe(inputs)
            raise
        return super().apply(*inputs)

    def out_types(self, state: TensorType, shape: TensorType, *parameters: TensorType) -> TensorType:
        if state.dtype != "uint64" or state.shape != (3,):
            raise RankError(f"the state of a draw is uint64[3], got {state}", hint="take one of a Stream")
        if shape.ndim != 1 or shape.dtype[0] not in "iu" or shape.shape[0] not in (None, len(self.sizes)):
            raise RankError(f"a draw of {len(self.sizes)} dimensions needs an integer vector of that length")
        sizes = self.sizes if shape.value is None else tuple(map(int, shape.value))
        negative = [size for size in sizes if size is not None and size < 0]
        if negative:
            raise ShapeError(f"a draw cannot have a dimension of size {negative[0]}")
        for name, parameter, lines_up in zip(
            self.distribution.parameters, parameters, self.distribution.lines_up, strict=True
        ):
            if lines_up is not None:
                self._check_shape(name, parameter, sizes[: len(sizes) + lines_up])
        return TensorType(self.dtype, sizes)

    def _check_shape(self, name: str, parameter: TensorType, sizes: Sequence[Dim]) -> None:
        fits = parameter.ndim <= len(sizes) and all(
            mine in (1, None) or size is None or mine == size
            for mine, size in zip(reversed(parameter.shape), reversed(sizes), strict=False)
        )
        if not fits:
            text = ", ".join("?" if size is None else str(size) for size in sizes)
            raise ShapeError(
                f"{name} of {self.distribution} does not broadcast to the shape ({text}) that is drawn",
                hint="leave the shape out: the parameters then decide it",
            )

    def perform(self, state: Array, shape: Array, *parameters: Array) -> Array:
        sizes = tuple(map(int, shape))
        self.distribution.check(*parameters)
        return self.distribution.sample(samplers.bits_of(state), sizes, self.dtype, *parameters)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)

    @property
    def label(self) -> str:
        """The distribution's name."""
        return f"draw_{self.distribution}"

    @property
    def details(self) -> tuple[str, ...]:
        """dtype and what is known of the shape."""
        return (self.dtype, *("?" if size is None else str(size) for size in self.sizes))


_ONE_DRAW = np.array([0, 0, 1], "uint64")


def next_state(state: Variable) -> Variable:
    """The state of the draw after this one."""
    return state + _ONE_DRAW


__all__ = ["DISTRIBUTIONS", "Distribution", "Draw", "next_state"]
