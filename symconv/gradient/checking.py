"""Gradients held against differences: verify_grad, numeric_grad; imports the graph and ops."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symconv.errors import DTypeError, GradientError
from symconv.gradient.cost import grad
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import as_tuple, as_variable
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import toposort
from symconv.graph.types import Array, TensorType


def verify_grad(
    function: Callable[..., Variable],
    arrays: Sequence[Any],
    *,
    seed: int = 0,
    directions: int = 3,
    step: float | None = None,
    tolerance: float | None = None,
) -> None:
    """Hold the gradient of an expression against five-point differences in random directions.

    Parameters
    ----------
    function : callable
        Gives an expression of any shape for as many variables as there are arrays.
    arrays : sequence of array_like
        Where to differentiate: floating point, at a place without kinks nearby.
    seed : int
        Of the random directions, and of the random weights with which the elements of the result are summed.
    directions : int
        How many directions.
    step : float, optional
        The step, relative to the size of the values.
    tolerance : float, optional
        The largest relative error; what rounding alone may cause is allowed on top of it.

    Raises
    ------
    DTypeError
        For arrays that are not real floating point.
    GradientError
        Where gradient and differences disagree, with the numbers.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.verify_grad(lambda x, y: sc.tanh(x) * y, [[0.5, -1.0], [2.0, 3.0]])
    """
    points = _floats("verify_grad", arrays)
    inputs = [Variable(TensorType(point.dtype.name, point.shape)) for point in points]
    result = as_variable(function(*inputs))
    rng = np.random.default_rng(seed)
    shape = _evaluate([result], dict(zip(inputs, points, strict=True)))[0].shape
    weights = rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
    cost = (result * Constant(weights.astype(result.dtype))).sum()
    gradients = grad(cost, inputs, disconnected_inputs="ignore")
    exact = _evaluate(gradients, dict(zip(inputs, points, strict=True)))
    epsilon = max(float(np.finfo(array.dtype).eps) for array in (*points, weights.astype(result.dtype)))
    step = step or epsilon**0.2
    tolerance = tolerance or epsilon**0.5
    for _ in range(directions):
        along = [rng.uniform(0.5, 1.0, p.shape) * rng.choice([-1.0, 1.0], p.shape) for p in points]
        terms = [np.sum(g.astype("float64") * d) for g, d in zip(exact, along, strict=True)]
        expected = float(np.sum(terms))
        found, noise = _difference(cost, inputs, points, along, step, epsilon)
        size = float(sum(np.sum(np.abs(g * d)) for g, d in zip(exact, along, strict=True)))
        if not abs(expected - found) <= tolerance * max(size, abs(found)) + noise:
            raise GradientError(
                f"the gradient along a random direction is {expected:.12g}, differences say {found:.12g}",
                arguments=[(f"input {index}", variable.type) for index, variable in enumerate(inputs)],
                where=result.origin,
                hint=f"allowed: {tolerance:.1e} of {max(size, abs(found)):.3g}, and {noise:.1e} of rounding",
            )


def numeric_grad(
    function: Callable[..., Any], arrays: Sequence[Any], step: float | None = None
) -> list[Array]:
    """The gradient of a numeric function by five-point differences, one element at a time.

    Parameters
    ----------
    function : callable
        Gives one number for as many arrays as there are: a compiled function, or any other.
    arrays : sequence of array_like
        Where to differentiate: floating point.
    step : float, optional
        The step; by default the fifth root of the precision of the coarsest array.

    Returns
    -------
    list of ndarray
        One for each array, of its shape and dtype.

    Raises
    ------
    DTypeError
        For arrays that are not real floating point.

    Examples
    --------
    >>> import symconv as sc
    >>> (slope,) = sc.gradient.numeric_grad(lambda x: (x**2).sum(), [[1.0, 2.0]])
    >>> slope.round(6)
    array([2., 4.])
    """
    points = _floats("numeric_grad", arrays)
    chosen = step or max((float(np.finfo(point.dtype).eps) for point in points), default=1.0) ** 0.2
    slopes = [np.zeros_like(point) for point in points]
    for point, slope in zip(points, slopes, strict=True):
        for index in np.ndindex(point.shape):
            value = point[index]
            total = 0.0
            for factor, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                point[index] = value + factor * chosen
                total += weight * float(function(*points))
            point[index] = value
            slope[index] = total / (12 * chosen)
    return slopes


def _floats(name: str, arrays: Sequence[Any]) -> list[Array]:
    points = [np.array(array) for array in arrays]
    for point in points:
        if point.dtype.kind != "f":
            raise DTypeError(f"{name} needs floating-point arrays, got {point.dtype}", where=here())
    return points


def _difference(
    cost: Variable,
    inputs: Sequence[Variable],
    points: Sequence[Array],
    along: Sequence[Array],
    step: float,
    epsilon: float,
) -> tuple[float, float]:
    """The five-point difference along a direction, and how much of it may be rounding."""
    values = {}
    for factor in (-2, -1, 1, 2):
        moved = [(p + factor * step * d).astype(p.dtype) for p, d in zip(points, along, strict=True)]
        values[factor] = float(_evaluate([cost], dict(zip(inputs, moved, strict=True)))[0])
    found = (values[-2] - 8 * values[-1] + 8 * values[1] - values[2]) / (12 * step)
    size = max(abs(value) for value in values.values())
    return found, 16 * epsilon * size / step


def _evaluate(outputs: Sequence[Variable], values: Mapping[Variable, Array]) -> list[Array]:
    """The outputs by every op's ``perform``."""
    known: dict[Variable, Array] = dict(values)

    def value(variable: Variable) -> Array:
        if variable not in known:
            if isinstance(variable, Constant):
                return variable.data
            assert isinstance(variable, SharedVariable), f"{variable} has no value"
            return variable.container.value
        return known[variable]

    for node in toposort(outputs, stop=known):
        results = as_tuple(node.op.perform(*(value(variable) for variable in node.inputs)))
        known.update(zip(node.outputs, map(np.asarray, results), strict=True))
    return [value(variable) for variable in outputs]


__all__ = ["numeric_grad", "verify_grad"]
