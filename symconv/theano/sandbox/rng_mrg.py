"""``theano.sandbox.rng_mrg``: draws of MRG31k3p, the generator of most scripts; imports symconv."""

import math
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, OptionError, ShapeError
from symconv.graph.container import Container
from symconv.graph.nodes import Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.random import mrg
from symconv.ops.shape import MakeVector
from symconv.theano._names import refuses
from symconv.theano._operands import as_parameter, upcast
from symconv.theano._sizes import size_of_draw
from symconv.theano._variables import adopted

MOST_STREAMS = 60 * 256
NUMBER = (int, np.integer)


class UnsupportedError(OptionError, NotImplementedError):
    """What Theano's own generator does not do either."""


def guess_n_streams(size: Any, warn: bool = False) -> int:
    """How many streams a draw gets: a sixth of its elements, or the most where that is not known.

    Sizes that are NumPy's integers are not known, for Theano: so that the draws are the same.
    """
    if isinstance(size, tuple | list) and all(isinstance(length, int) for length in size):
        count = math.prod(size)
        return min(count // 6 if count > 6 else count, MOST_STREAMS)
    return MOST_STREAMS


class MRG_RandomStreams:
    """Draws of MRG31k3p; each draw has streams of its own, 2^134 steps after those of the draw before.

    Mutable because it counts the draws that were made.

    Parameters
    ----------
    seed : int, or six of them
        From 1 to 2147462578; of six the first three, and the last three, must not all be 0.

    Raises
    ------
    OptionError
        For another seed.

    Examples
    --------
    >>> import symconv as sc
    >>> streams = MRG_RandomStreams(seed=42)
    >>> draw = streams.uniform((2,), dtype="float64")
    >>> sc.function([], draw, updates=streams.updates())()
    array([0.08075202, 0.92676401])
    """

    def __init__(self, seed: Any = 12345) -> None:
        self.state_updates: list[tuple[SharedVariable, Variable, Any, int | None]] = []
        self.default_instance_seed = seed
        self.set_rstate(seed)

    def updates(self) -> list[tuple[SharedVariable, Variable]]:
        """The pairs of states and next states of all draws."""
        return [(state, after) for state, after, _, _ in self.state_updates]

    def set_rstate(self, seed: Any) -> None:
        """Where the next draw begins."""
        self.rstate: Array = mrg.checked_seed(seed)

    def inc_rstate(self) -> None:
        """Go on to the next draw's beginning."""
        self.rstate = mrg.jumped(self.rstate, mrg.jump_of(134))

    def get_substream_rstates(self, n_streams: int, dtype: str, inc_rstate: bool = True) -> Array:
        """The states of a draw, int32[n_streams, 6]."""
        states = mrg.streams(self.rstate, n_streams)
        if inc_rstate:
            self.inc_rstate()
        return states

    def n_streams(self, size: Any) -> int:
        """How many streams a draw of this size gets."""
        return guess_n_streams(size)

    def seed(self, seed: Any = None) -> None:
        """Set all draws back to their beginning, under another seed if one is given."""
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for state, after, size, count in self.state_updates:
            states = self.get_substream_rstates(self.n_streams(size) if count is None else count, after.dtype)
            state.set_value(states)

    def uniform(
        self,
        size: Any,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        target: str | None = None,
    ) -> Variable:
        """Uniform in the open interval (low, high).

        Parameters
        ----------
        size : tuple of (int or integer scalar), or integer vector
            A size of 1 in a tuple broadcasts.
        low, high : number or Variable
            No gradient flows to them.
        ndim : int, optional
            The length of the size, where it is not known.
        dtype : str, optional
            By default what holds ``floatX`` and both bounds.
        nstreams : int, optional
            How many streams, if not a guess.

        Raises
        ------
        ArgumentError
            For a size that is neither a tuple nor an integer vector.
        ShapeError
            For a size of 0 or less.
        UnsupportedError
            For bounds that do not broadcast to the size.
        """
        if isinstance(size, tuple):
            if not all(isinstance(length, (*NUMBER, Variable)) for length in size):
                raise ArgumentError(f"a size must be a tuple of integers or variables, got {size}")
            _check_positive(size)
        elif not (isinstance(size, Variable) and size.ndim == 1):
            raise ArgumentError(
                f"a size must be a tuple of integers, or a vector, got {size!r}",
                hint="write (n,) for n numbers",
            )
        bounds = as_parameter(low), as_parameter(high)
        dtype = upcast(sc.config.floatX, *(bound.dtype for bound in bounds)) if dtype is None else dtype
        start, end = (sc.disconnected_grad(sc.cast(bound, dtype)) for bound in bounds)
        vector, sizes = size_of_draw(size, ndim)
        count = self.n_streams(size) if nstreams is None else nstreams
        state = SharedVariable(
            TensorType("int32", (None, None)), Container(self.get_substream_rstates(count, dtype))
        )
        after, drawn = mrg.MrgUniform(sizes, dtype)(state, vector)
        drawn.rstate, drawn.update = state, (state, after)
        state.default_update = after
        self.state_updates.append((state, after, size, nstreams))
        result: Variable = drawn * (end - start) + start
        if result.broadcastable != drawn.broadcastable:
            raise UnsupportedError(
                "low and high do not broadcast to the size of the draw",
                arguments=[("draw", drawn.type), ("result", result.type)],
            )
        return adopted(result)

    def binomial(
        self,
        size: Any = None,
        n: Any = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        target: str | None = None,
    ) -> Variable:
        """1 with probability p, else 0; only ``n=1``, as in Theano."""
        if n != 1:
            raise UnsupportedError("MRG_RandomStreams.binomial draws for n=1 only", hint="add up n draws")
        drawn = self.uniform(size=size, ndim=ndim, nstreams=nstreams)
        return adopted(sc.cast(sc.lt(drawn, sc.disconnected_grad(as_parameter(p))), dtype))

    def multinomial(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        target: str | None = None,
    ) -> Variable:
        """How often each category comes in n trials, for each row of ``pvals``, a matrix."""
        if size is not None or ndim is not None:
            raise OptionError(
                "MRG_RandomStreams.multinomial takes its size from pvals", hint="leave size and ndim out"
            )
        chances = _matrix("multinomial", pvals)
        trials = sc.as_variable(n)
        drawn = self._for_rows(chances, trials, nstreams)
        result: Variable = mrg.MultinomialFromUniform(dtype)(chances, drawn, trials)
        return adopted(result)

    def choice(
        self,
        size: Any = 1,
        a: Any = None,
        replace: bool = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        target: str | None = None,
    ) -> Variable:
        """``size`` different categories for each row of ``p``, a matrix; only ``replace=False``."""
        if replace:
            raise UnsupportedError(
                "MRG_RandomStreams.choice draws without replacement only", hint="pass replace=False"
            )
        if a is not None:
            raise ArgumentError("MRG_RandomStreams.choice takes the categories from p", hint="leave a out")
        if ndim is not None:
            raise OptionError("MRG_RandomStreams.choice takes its size from p", hint="leave ndim out")
        chances = _matrix("choice", p)
        count = sc.as_variable(size)
        drawn = self._for_rows(chances, count, nstreams)
        result: Variable = mrg.ChoiceFromUniform(dtype)(chances, drawn, count)
        return adopted(result)

    def multinomial_wo_replacement(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        target: str | None = None,
    ) -> Variable:
        """``choice`` of ``n`` without replacement, by its older name."""
        return self.choice(n, None, False, pvals, ndim, dtype, nstreams)

    def _for_rows(self, chances: Variable, count: Variable, nstreams: int | None) -> Variable:
        total = sc.cast(sc.size_of(chances, 0) * sc.cast(count, "int64"), "int64")
        return self.uniform(size=_symbolic(total), ndim=1, nstreams=nstreams)

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        truncate: bool = False,
        target: str | None = None,
    ) -> Variable:
        """Normal of mean ``avg`` and standard deviation ``std``; ``truncate`` redraws beyond 2 of them."""
        given = as_parameter(avg), as_parameter(std)
        if dtype is None:
            dtype = upcast(sc.config.floatX, *(parameter.dtype for parameter in given))
        mean, width = (sc.disconnected_grad(sc.cast(parameter, dtype)) for parameter in given)
        if isinstance(size, tuple | list | int | np.integer):
            _check_positive(size if isinstance(size, tuple | list) else (size,))
        elif not isinstance(size, Variable):
            raise OptionError(f"a size must be an integer, a tuple, a list or a variable, got {size!r}")
        vector, sizes = size_of_draw(size, ndim)
        count = sc.prod(vector)
        half = (count + count % 2) // 2
        drawn = self.uniform(_symbolic(2 * half), ndim=1, dtype=dtype, nstreams=nstreams)
        samples = self._box_muller(drawn, half, truncate, dtype, nstreams)
        return adopted(sc.reshape(samples[:count], _entries(vector, sizes)) * width + mean)

    def _box_muller(
        self, drawn: Variable, half: Variable, truncate: bool, dtype: str, nstreams: int | None
    ) -> Variable:
        radius = sc.sqrt(-2.0 * sc.log(drawn[:half]))
        angle = np.array(2.0 * np.pi, dtype) * drawn[half:]
        cosine, sine = sc.cos(angle), sc.sin(angle)
        if not truncate:
            return sc.concatenate([radius * cosine, radius * sine])
        parts, far = [radius * cosine, radius * sine], []
        for part in parts:
            far.append(sc.nonzero(sc.abs(part) > 2)[0])
        redrawn = self.uniform(
            _symbolic(sc.size_of(far[0], 0) + sc.size_of(far[1], 0)),
            low=np.array(1 / np.e**2, dtype), high=1.0, ndim=1, dtype=dtype, nstreams=nstreams,
        )  # fmt: skip
        again = sc.sqrt(-2.0 * sc.log(redrawn))
        first = sc.size_of(far[0], 0)
        fixed = [again[:first] * cosine[far[0]], again[first:] * sine[far[1]]]
        kept = [part[sc.nonzero(sc.abs(part) <= 2)[0]] for part in parts]
        return sc.concatenate([kept[0], fixed[0], kept[1], fixed[1]])

    def truncated_normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        target: str | None = None,
    ) -> Variable:
        """Normal, truncated so that ``std`` is the standard deviation of the result."""
        # The standard deviation of a normal variable truncated at 2.
        width = as_parameter(std) / np.array(0.87962566103423978, sc.config.floatX)
        return self.normal(size, avg, width, ndim, dtype, nstreams, truncate=True)


def _check_positive(size: Any) -> None:
    for length in size:
        if not isinstance(length, (*NUMBER, Variable)):
            raise OptionError(f"a size must be made of integers and variables, got {length!r}")
        if isinstance(length, NUMBER) and length <= 0:
            raise ShapeError(f"a size must be 1 or more, got {length} in {tuple(size)}")


def _symbolic(count: Variable) -> Variable:
    """A size of one dimension that counts as not known: Theano takes the most streams for it."""
    result: Variable = MakeVector(1)(count)
    return result


def _entries(vector: Variable, sizes: tuple[Dim, ...]) -> list[Any]:
    return [vector[place] if size is None else size for place, size in enumerate(sizes)]


def _matrix(name: str, pvals: Any) -> Variable:
    if pvals is None:
        raise ArgumentError(f"MRG_RandomStreams.{name} needs probabilities")
    chances = sc.disconnected_grad(as_parameter(pvals))
    if chances.ndim != 2:
        raise UnsupportedError(
            f"MRG_RandomStreams.{name} needs a matrix of probabilities", arguments=[("pvals", chances.type)]
        )
    return chances


__getattr__ = refuses("theano.sandbox.rng_mrg", globals())

__all__ = ["MRG_RandomStreams", "UnsupportedError", "guess_n_streams"]
