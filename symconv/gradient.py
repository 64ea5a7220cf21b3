"""Derivatives, by going backwards through a graph; imports the graph and ops.

    grad         of a scalar cost by variables
    Lop, Rop     Jacobian times a vector, from the left and from the right
    verify_grad  holds gradients against differences

The graph is walked once, from the cost back to the variables; each op adds what its ``grad`` says, at the
line where the user wrote the op.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from symconv.errors import (
    ArgumentError,
    DisconnectedInputError,
    DTypeError,
    GradientError,
    OptionError,
    RankError,
    ShapeError,
)
from symconv.graph.nodes import Constant, SharedVariable, Variable
from symconv.graph.op import Op, as_tuple, as_variable
from symconv.graph.origin import here
from symconv.graph.traverse import substitute, toposort
from symconv.graph.types import Array, TensorType
from symconv.ops.backward import backpropagate, compatible, no_complex
from symconv.ops.cut import Disconnected, disconnected_grad
from symconv.ops.elemwise import Elemwise
from symconv.ops.elemwise_rows import cast, second, zeros_like

Wanted = Variable | Sequence[Variable]
Disconnection = Literal["raise", "warn", "ignore"]


def grad(
    cost: Variable | None,
    wrt: Wanted,
    consider_constant: Iterable[Variable] = (),
    disconnected_inputs: Disconnection = "raise",
    known_grads: Mapping[Variable, Any] | None = None,
    return_disconnected: Literal["zero", "none"] = "zero",
) -> Any:
    """The gradient of a scalar by variables.

    Parameters
    ----------
    cost : Variable or None
        A real floating-point scalar. None: only ``known_grads`` count.
    wrt : Variable, or list or tuple of them
        What to differentiate by: inputs, shared variables, or anything computed on the way to the cost.
    consider_constant : iterable of Variable
        Variables through which no gradient flows.
    disconnected_inputs : {"raise", "warn", "ignore"}
        What to do about a variable that the cost does not depend on.
    known_grads : mapping of Variable to its gradient, optional
        Gradients that are known already; what computes these variables is differentiated from there on.
    return_disconnected : {"zero", "none"}
        What stands for the gradient by a variable that the cost does not depend on.

    Returns
    -------
    Variable, list or tuple
        One gradient for each variable, in the form of ``wrt``, of its dtype and shape.

    Raises
    ------
    RankError
        For a cost that is no scalar.
    GradientError
        For a cost or variables that are not real floating point, for an op without gradient on the way,
        and for an op that breaks the rules.
    DisconnectedInputError
        For a variable that the cost does not depend on.

    Notes
    -----
    Functions that are constant between jumps (comparisons, rounding, casts to integers) have derivative
    zero: a cost that depends on a variable through them alone has gradient 0, and is not disconnected.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> sc.grad((x ** 2).sum(), x).eval({x: [1.0, 2.0]})
    array([2., 4.])
    """
    variables = _wanted(wrt)
    _option("disconnected_inputs", disconnected_inputs, ("raise", "warn", "ignore"))
    _option("return_disconnected", return_disconnected, ("zero", "none"))
    seeds = _seeds(cost, known_grads)
    constants = frozenset(as_variable(variable) for variable in consider_constant)
    gradients = backpropagate(seeds, variables, constants)
    results: list[Variable | None] = []
    for variable in variables:
        gradient = gradients.get(variable)
        if gradient is None:
            if not variable.type.is_float or not _influences(variable, seeds, constants):
                _complain(variable, disconnected_inputs)
                results.append(None if return_disconnected == "none" else _zeros(variable))
                continue
            gradient = _zeros(variable)
        results.append(gradient)
    if isinstance(wrt, Variable):
        return results[0]
    return tuple(results) if isinstance(wrt, tuple) else results


def _wanted(wrt: Wanted) -> list[Variable]:
    variables = _listed(wrt)
    for variable in variables:
        if variable.type.is_complex:
            raise no_complex(variable, None)
    return variables


def _listed(variables: Wanted) -> list[Variable]:
    listed = [variables] if isinstance(variables, Variable) else variables
    if not isinstance(listed, list | tuple):
        raise ArgumentError(
            f"a variable, a list or a tuple of variables is needed, got {type(variables).__name__}",
            where=here(),
        )
    for variable in listed:
        if not isinstance(variable, Variable):
            raise ArgumentError(f"{variable!r} is no symbolic variable", where=here())
    return list(listed)


def _option(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(
            f"{name} cannot be {value!r}", where=here(), hint="choose one of " + ", ".join(map(repr, allowed))
        )


def _seeds(cost: Variable | None, known: Mapping[Variable, Any] | None) -> dict[Variable, Variable]:
    """The gradients from which everything starts."""
    seeds: dict[Variable, Variable] = {}
    if cost is None and not known:
        raise ArgumentError("grad needs a cost or known_grads", where=here())
    if cost is not None:
        cost = _checked_cost(as_variable(cost))
        seeds[cost] = Constant(np.ones((), cost.dtype))
    for variable, value in (known or {}).items():
        gradient = as_variable(value)
        if not variable.type.is_float or not gradient.type.is_float:
            raise GradientError(
                "known gradients must be real floating point, as their variables must",
                arguments=[(str(variable), variable.type), ("its gradient", gradient.type)],
                where=here(),
            )
        if not compatible(variable.type, gradient.type):
            raise ShapeError(
                f"the known gradient of {variable} has another shape",
                arguments=[(str(variable), variable.type), ("its gradient", gradient.type)],
                where=here(),
            )
        gradient = cast(gradient, variable.dtype)
        seeds[variable] = seeds[variable] + gradient if variable in seeds else gradient
    return seeds


def _checked_cost(cost: Variable) -> Variable:
    if cost.ndim != 0:
        raise RankError(
            f"grad needs a scalar cost, got {cost.ndim} dimensions",
            arguments=[("cost", cost.type)],
            where=here(),
            hint="reduce it with cost.sum() or cost.mean()",
        )
    if not cost.type.is_float:
        raise GradientError(
            f"grad needs a real floating-point cost, got {cost.dtype}",
            arguments=[("cost", cost.type)],
            where=here(),
            hint="convert it with cost.astype('float64')",
        )
    return cost


def _influences(
    variable: Variable, seeds: Mapping[Variable, Variable], constants: frozenset[Variable]
) -> bool:
    """Whether the cost's value, and not only a shape in it, depends on a variable, if in jumps only."""
    reached = {variable} - constants
    for node in toposort(seeds, stop=constants):
        if isinstance(node.op, Disconnected) or node.op.role == "opaque":
            continue
        ignored = _ignored(node.op)
        if any(x in reached for position, x in enumerate(node.inputs) if position not in ignored):
            reached.update(output for output in node.outputs if output not in constants)
    return not reached.isdisjoint(seeds)


def _ignored(op: Op) -> tuple[int, ...]:
    """Positions of inputs whose values do not reach the outputs' values."""
    shapes_only = op.row.ignores if isinstance(op, Elemwise) else ()
    return (*op.reads_values, *op.ignores_values, *shapes_only)


def _complain(variable: Variable, disconnected_inputs: Disconnection) -> None:
    if disconnected_inputs == "ignore":
        return
    if variable.type.is_discrete:
        what = f"there is no gradient by {variable}, which is {variable.dtype}"
        hint = "make it a floating-point variable, and convert where integers are needed"
    else:
        what = f"the cost does not depend on {variable}"
        hint = "check the expression, or allow it with disconnected_inputs='ignore'"
    if disconnected_inputs == "warn":
        warnings.warn(what, stacklevel=3)
        return
    raise DisconnectedInputError(what, arguments=[(str(variable), variable.type)], where=here(), hint=hint)


def _zeros(variable: Variable) -> Variable:
    """Zeros for a gradient: of the variable's dtype, or floatX for integers."""
    return zeros_like(variable, variable.dtype if variable.type.is_float else "floatX")


# Jacobians times vectors


def Lop(
    outputs: Wanted,
    wrt: Wanted,
    eval_points: Any,
    consider_constant: Iterable[Variable] = (),
    disconnected_inputs: Disconnection = "raise",
) -> Any:
    """The product of a row vector and the Jacobian of ``outputs`` by ``wrt``.

    Parameters
    ----------
    outputs : Variable, or sequence of them
        What is differentiated, of any shape.
    wrt : Variable, or list or tuple of them
        What to differentiate by.
    eval_points : array_like or Variable, or sequence of them
        The vector: for each output a tensor of its shape.
    consider_constant, disconnected_inputs
        As in ``grad``.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``.
    """
    known: dict[Variable, Variable] = {}
    for output, point in zip(*_paired(outputs, eval_points), strict=True):
        known[output] = known[output] + point if output in known else point
    return grad(None, wrt, consider_constant, disconnected_inputs, known_grads=known)


def Rop(outputs: Wanted, wrt: Wanted, eval_points: Any) -> Any:
    """The product of the Jacobian of ``outputs`` by ``wrt`` and a column vector.

    Parameters
    ----------
    outputs : Variable, or list or tuple of them
        What is differentiated, of any shape.
    wrt : Variable, or sequence of them
        What to differentiate by.
    eval_points : array_like or Variable, or sequence of them
        The vector: for each variable of ``wrt`` a tensor of its shape.

    Returns
    -------
    Variable, list or tuple
        In the form of ``outputs``.

    Notes
    -----
    Lop is linear in its vector u, and its transpose is Rop: so Rop is the gradient by u of Lop times the
    given vector, for whatever u.
    """
    variables, points = _paired(wrt, eval_points)
    listed = _listed(outputs)
    dummies = [Variable(output.type) for output in listed]
    rows = Lop(listed, variables, dummies, disconnected_inputs="ignore")
    columns = Lop(rows, dummies, points, disconnected_inputs="ignore")
    zeros = dict(zip(dummies, map(zeros_like, listed), strict=True))
    results = substitute(columns, zeros)
    if not isinstance(outputs, list | tuple):
        return results[0]
    return tuple(results) if isinstance(outputs, tuple) else results


def _paired(variables: Wanted, points: Any) -> tuple[list[Variable], list[Variable]]:
    """Variables and the tensors that belong to them, as lists of one length."""
    listed = _listed(variables)
    given = [points] if isinstance(variables, Variable) else list(points)
    if len(listed) != len(given):
        raise ArgumentError(
            f"{len(listed)} variables need as many eval_points, got {len(given)}", where=here()
        )
    return listed, [
        second(variable, point) if point.ndim < variable.ndim else point
        for variable, point in zip(listed, map(as_variable, given), strict=True)
    ]


# Checking


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
    GradientError
        Where gradient and differences disagree, with the numbers.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.verify_grad(lambda x, y: sc.tanh(x) * y, [[0.5, -1.0], [2.0, 3.0]])
    """
    points = [np.asarray(array) for array in arrays]
    for point in points:
        if point.dtype.kind != "f":
            raise DTypeError(f"verify_grad needs floating-point arrays, got {point.dtype}", where=here())
    inputs = [Variable(TensorType(point.dtype.name, point.shape)) for point in points]
    result = function(*inputs)
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
        moved = [
            (p + factor * step * d).astype(p.dtype) for p, d in zip(points, along, strict=True)
        ]
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


__all__ = ["Lop", "Rop", "disconnected_grad", "grad", "verify_grad"]
