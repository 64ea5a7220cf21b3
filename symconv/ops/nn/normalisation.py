"""Batch normalisation and dropout; imports rows, reductions, shape."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from symconv.errors import ArgumentError, OptionError, RankError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.elemwise_rows import cast, lt, maximum, reciprocal, sqr, sqrt, switch
from symconv.ops.nn.activations import floated
from symconv.ops.reduce import mean as mean_of
from symconv.ops.shape import addbroadcast, count_of, dimshuffle, normalised_axes, size_of

Axes = Literal["per-activation", "spatial"] | int | Sequence[int]


def batch_normalization(
    inputs: Operand, gamma: Operand, beta: Operand, mean: Operand, std: Operand
) -> Variable:
    """(x - ``mean``) / ``std`` · ``gamma`` + ``beta``, where all broadcast to x.

    Notes
    -----
    This is the formula alone: ``std`` is the standard deviation, and nothing is added to it.
    """
    result: Variable = (floated(inputs) - mean) / std * gamma + beta
    return result


def batch_normalization_train(
    inputs: Operand,
    gamma: Operand,
    beta: Operand,
    axes: Axes = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: Operand | None = None,
    running_var: Operand | None = None,
) -> tuple[Variable, ...]:
    """Normalise by the batch's own mean and variance (Ioffe and Szegedy 2015, algorithm 1).

    y = (x - mean) / sqrt(var + epsilon) · gamma + beta, mean and variance (biased) taken over ``axes``.

    Parameters
    ----------
    inputs : variable or array_like
        x, of at least one dimension.
    gamma, beta : variable or array_like
        Scale and shift: of the rank of x with size 1 along ``axes``, or with these axes left out.
    axes : {"per-activation", "spatial"}, int or sequence of int
        What to average over: the first axis; all but the second; or those named.
    epsilon : float
        Added to the variance; positive.
    running_average_factor : float
        Weight f of the new values: running = (1 - f) running + f new.
    running_mean, running_var : variable, optional
        Averages over earlier batches, of the shape of ``gamma``: both or neither.

    Returns
    -------
    y : Variable
        Of the shape of x.
    mean, invstd : Variable
        Of the shape of ``gamma``; invstd is 1 / sqrt(var + epsilon).
    new_running_mean, new_running_var : Variable
        Only where running averages are given: their new values, for ``updates``. Into the variance goes the
        unbiased one, m / (m - 1) var for m elements averaged over.

    Raises
    ------
    OptionError
        For unknown ``axes``, and an ``epsilon`` that is not positive.
    RankError
        For parameters that have neither the rank of x nor that of what is left.
    ArgumentError
        For one running average without the other.

    Examples
    --------
    >>> import symconv as sc
    >>> x, gamma, beta = sc.matrix("x"), sc.vector("gamma"), sc.vector("beta")
    >>> y, mean, invstd = sc.batch_normalization_train(x, gamma, beta)
    >>> mean.type
    TensorType(float64[?])
    """
    x, over = _batch(inputs, axes, epsilon)
    kept = _parameters(x, over, gamma=gamma, beta=beta)
    mean = mean_of(x, over, keepdims=True)
    deviation = x - mean
    variance = mean_of(sqr(deviation), over, keepdims=True)
    invstd = reciprocal(sqrt(variance + epsilon))
    out = deviation * (kept["gamma"] * invstd) + kept["beta"]
    like = as_variable(gamma)
    results = [out, _as_given(mean, over, like), _as_given(invstd, over, like)]
    if (running_mean is None) != (running_var is None):
        raise ArgumentError("running_mean and running_var are needed together, got one", where=here())
    if running_mean is not None and running_var is not None:
        old = _parameters(x, over, running_mean=running_mean, running_var=running_var)
        count = count_of(x, over)
        unbiased = cast(count, x.dtype) / cast(maximum(count - 1, 1), x.dtype)
        new = mean, variance * unbiased
        for name, given, value in zip(old, (running_mean, running_var), new, strict=True):
            average = old[name] * (1 - running_average_factor) + value * running_average_factor
            given = as_variable(given)
            results.append(cast(_as_given(average, over, given), given.dtype))
    return tuple(results)


def batch_normalization_test(
    inputs: Operand,
    gamma: Operand,
    beta: Operand,
    mean: Operand,
    var: Operand,
    axes: Axes = "per-activation",
    epsilon: float = 1e-4,
) -> Variable:
    """Normalise by given mean and variance: (x - mean) · gamma / sqrt(var + epsilon) + beta.

    Parameters and errors are those of ``batch_normalization_train``; ``mean`` and ``var`` have the shape of
    ``gamma``.

    Notes
    -----
    Computed as x · scale + shift, where scale = gamma / sqrt(var + epsilon) and shift = beta - mean · scale:
    two calls behind a convolution, and of shared parameters both are computed once. Beside the formula's own
    this rounds by up to one unit in the last place of mean · scale.
    """
    x, over = _batch(inputs, axes, epsilon)
    kept = _parameters(x, over, gamma=gamma, beta=beta, mean=mean, var=var)
    scale = kept["gamma"] / sqrt(kept["var"] + epsilon)
    result: Variable = x * scale + (kept["beta"] - kept["mean"] * scale)
    return result


def _batch(inputs: Operand, axes: Axes, epsilon: float) -> tuple[Variable, tuple[int, ...]]:
    """The inputs as floating point, and the axes to average over."""
    x = floated(inputs)
    if not epsilon > 0:
        raise OptionError(
            f"batch normalisation needs a positive epsilon, got {epsilon}",
            where=here(),
            hint="the default is 1e-4",
        )
    if x.ndim == 0:
        raise RankError("batch normalisation needs at least one axis, got a scalar", where=here())
    if axes == "per-activation":
        return x, (0,)
    if axes == "spatial":
        return x, (0, *range(2, x.ndim))
    if isinstance(axes, str):
        raise OptionError(
            f"batch normalisation knows no axes {axes!r}",
            where=here(),
            hint="choose 'per-activation', 'spatial', or name the axes: (0, 2, 3)",
        )
    return x, normalised_axes(axes, x)


def _parameters(x: Variable, over: tuple[int, ...], **given: Operand) -> dict[str, Variable]:
    """Parameters of the rank of x, of size 1 along the axes averaged over."""
    left = [axis for axis in range(x.ndim) if axis not in over]
    result = {}
    for name, value in given.items():
        parameter = as_variable(value)
        if parameter.ndim == x.ndim:
            result[name] = addbroadcast(parameter, *over)
        elif parameter.ndim == len(left):
            places = iter(range(len(left)))
            pattern = ["x" if axis in over else next(places) for axis in range(x.ndim)]
            result[name] = dimshuffle(parameter, *pattern)
        else:
            raise RankError(
                f"{name} needs {x.ndim} dimensions, or the {len(left)} not averaged over, "
                f"got {parameter.ndim}",
                arguments=[("inputs", x.type), (name, parameter.type)],
                where=here(),
            )
    return result


def _as_given(value: Variable, over: tuple[int, ...], like: Variable) -> Variable:
    """A result with axes of size 1 in the form that a parameter was given in."""
    if like.ndim == value.ndim:
        return value
    return dimshuffle(value, *(axis for axis in range(value.ndim) if axis not in over))


class Stream(Protocol):
    """What dropout needs of a stream of random numbers."""

    def uniform(self, shape: Any, /) -> Variable:
        """Numbers in [0, 1) of a shape, given as a tuple of numbers and scalar variables."""


def dropout(x: Operand, p: Operand, stream: Stream) -> Variable:
    """Each element 0 with probability ``p``, else divided by 1 - p (Srivastava et al. 2014, section 10).

    Parameters
    ----------
    x : variable or array_like
    p : float or variable
        Probability in [0, 1) of being dropped.
    stream : a stream of random numbers
        Anything whose ``uniform(shape)`` draws numbers in [0, 1).

    Returns
    -------
    Variable
        Of the shape and dtype of ``x``; its expectation is ``x``. The gradient passes where x does.

    Raises
    ------
    OptionError
        For a number p outside [0, 1).
    """
    x = floated(x)
    if isinstance(p, int | float) and not 0 <= p < 1:
        raise OptionError(
            f"dropout needs a probability in [0, 1), got {p}",
            where=here(),
            hint="p is the part that is dropped, not the part that stays",
        )
    if isinstance(p, int | float) and p == 0:
        kept: Variable = x
        return kept
    size = tuple(size_of(x, axis) if dim is None else dim for axis, dim in enumerate(x.type.shape))
    keep = 1 - p if isinstance(p, int | float) else 1 - as_variable(p)
    scale = 1 / keep if isinstance(keep, int | float) else cast(reciprocal(keep), x.dtype)
    mask: Variable = lt(stream.uniform(size), keep)
    result: Variable = switch(mask, x * scale, 0)
    return result


__all__ = [
    "batch_normalization", "batch_normalization_test", "batch_normalization_train", "dropout",
]  # fmt: skip
