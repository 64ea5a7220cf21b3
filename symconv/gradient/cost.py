"""grad: the gradient of a scalar cost by variables; imports the graph and ops.

The graph is walked once, from the cost back to the variables; each op adds what its ``grad`` says, at the
line where the user wrote the op.

Where numbers are complex, ops pass on g with dC = Re(g dz). The user gets its conjugate, whose real and
imaginary parts are the derivatives of the cost by those of the variable; known gradients are given so.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
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
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import Op, argument, as_variable
from symconv.graph.origin import here
from symconv.graph.traverse import toposort
from symconv.ops.backward import Missing, backpropagate, compatible
from symconv.ops.cut import Disconnected
from symconv.ops.elemwise import Elemwise
from symconv.ops.elemwise_rows import cast, conj, zeros_like

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
        A variable that the cost depends on as well gets the sum.
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
        For a cost that is not real floating point, for an op without gradient on the way, and for an op that
        breaks the rules.
    UndefinedGradientError
        For a variable by which an op on the way declares that there is no gradient.
    DisconnectedInputError
        For a variable that the cost does not depend on, and for integers.
    DTypeError, ShapeError
        For a known gradient that does not fit its variable.

    Notes
    -----
    The gradient by a complex variable z = x + iy is dC/dx + i dC/dy: the direction in which the cost grows
    fastest, as in Theano and PyTorch. (JAX gives its conjugate.)

    Functions that are constant between jumps (comparisons, rounding, casts to integers) have derivative
    zero: a cost that depends on a variable through them alone has gradient 0, and is not disconnected.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> sc.grad((x ** 2).sum(), x).eval({x: [1.0, 2.0]})
    array([2., 4.])
    """
    variables = listed(wrt)
    _option("disconnected_inputs", disconnected_inputs, ("raise", "warn", "ignore"))
    _option("return_disconnected", return_disconnected, ("zero", "none"))
    found = gradients(cost, variables, consider_constant, disconnected_inputs, known_grads)
    if return_disconnected == "zero":
        found = [_zeros(v) if g is None else g for v, g in zip(variables, found, strict=True)]
    if isinstance(wrt, Variable):
        return found[0]
    return tuple(found) if isinstance(wrt, tuple) else found


def gradients(
    cost: Variable | None,
    wrt: Sequence[Variable],
    consider_constant: Iterable[Variable],
    disconnected_inputs: Disconnection,
    known_grads: Mapping[Variable, Any] | None,
    missing: dict[Variable, Missing] | None = None,
) -> list[Variable | None]:
    """Gradients by variables: None where there is no connection, or an entry in ``missing``."""
    seeds = _seeds(cost, known_grads)
    constants = _constants(consider_constant)
    found = backpropagate(seeds, wrt, constants, missing)
    results: list[Variable | None] = []
    for variable in wrt:
        gradient = found.get(variable)
        if gradient is None and (missing is None or variable not in missing):
            if variable.type.is_discrete or not _influences(variable, seeds, constants):
                _complain(variable, disconnected_inputs)
            else:
                gradient = _zeros(variable)
        results.append(None if gradient is None else conj(gradient))
    return results


def _constants(variables: Iterable[Variable]) -> frozenset[Variable]:
    if isinstance(variables, Variable) or not isinstance(variables, Iterable):
        raise ArgumentError(
            "consider_constant must be a list of variables",
            arguments=[("consider_constant", variables)],
            where=here(),
            hint="for one variable: consider_constant=[variable]",
        )
    found = list(variables)
    for variable in found:
        if not isinstance(variable, Variable):
            raise ArgumentError(f"{variable!r} in consider_constant is no symbolic variable", where=here())
    return frozenset(found)


def listed(variables: Wanted) -> list[Variable]:
    """One variable or several as a list."""
    found = [variables] if isinstance(variables, Variable) else variables
    if not isinstance(found, list | tuple):
        raise ArgumentError(
            f"a variable, a list or a tuple of variables is needed, got {type(variables).__name__}",
            where=here(),
        )
    for variable in found:
        if not isinstance(variable, Variable):
            raise ArgumentError(
                f"{variable!r} is no symbolic variable",
                arguments=[argument("wrt", variable)],
                where=here(),
                hint="differentiate by inputs, shared variables, or what is computed from them",
            )
    return list(found)


def _option(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(
            f"{name} cannot be {value!r}", where=here(), hint="choose one of " + ", ".join(map(repr, allowed))
        )


def _seeds(cost: Variable | None, known: Mapping[Variable, Any] | None) -> dict[Variable, Variable]:
    """The gradients from which everything starts."""
    seeds: dict[Variable, Variable] = {}
    if cost is None and not known:
        raise ArgumentError(
            "grad needs a cost or known_grads", where=here(), hint="known_grads={variable: its gradient}"
        )
    if cost is not None:
        cost = _checked_cost(as_variable(cost))
        seeds[cost] = Constant(np.ones((), cost.dtype))
    for variable, value in _known(known):
        gradient = conj(cast(as_variable(value), variable.dtype))
        seeds[variable] = seeds[variable] + gradient if variable in seeds else gradient
    return seeds


def _known(known: Mapping[Variable, Any] | None) -> Iterable[tuple[Variable, Variable]]:
    """Known gradients, each held against its variable."""
    if known is not None and not isinstance(known, Mapping):
        raise ArgumentError(
            f"known_grads must be a dict of variables and their gradients, got {type(known).__name__}",
            where=here(),
        )
    for variable, value in (known or {}).items():
        if not isinstance(variable, Variable):
            raise ArgumentError(f"{variable!r} in known_grads is no symbolic variable", where=here())
        gradient = as_variable(value)
        arguments = [(str(variable), variable.type), ("its gradient", gradient.type)]
        if variable.type.is_discrete or gradient.type.is_discrete:
            raise DTypeError(
                "known gradients must be floating point, as their variables must",
                arguments=arguments,
                where=here(),
            )
        if gradient.type.is_complex and not variable.type.is_complex:
            raise DTypeError(
                f"the known gradient of {variable}, which is real, is complex",
                arguments=arguments,
                where=here(),
                hint="say which part you mean: real(g) or imag(g)",
            )
        if not compatible(variable.type, gradient.type):
            raise ShapeError(
                f"the known gradient of {variable} has another shape",
                arguments=arguments,
                where=here(),
                hint="a gradient has the shape of its variable",
            )
        yield variable, gradient


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
            hint="take abs(cost) or real(cost)" if cost.type.is_complex
            else "convert it with cost.astype('float64')",
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
    return zeros_like(variable, "floatX" if variable.type.is_discrete else variable.dtype)


__all__ = ["grad"]
