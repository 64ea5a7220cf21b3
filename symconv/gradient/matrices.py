"""jacobian and hessian: all first and all second derivatives, a row at a time; imports the graph and ops."""

from collections.abc import Iterable
from typing import Any

from symconv.errors import GradientError
from symconv.gradient.cost import Disconnection, Wanted, grad, listed
from symconv.graph.nodes import Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.fill import arange
from symconv.ops.scan import map
from symconv.ops.shape import flatten, reshape, size_of


def jacobian(
    expression: Variable,
    wrt: Wanted,
    consider_constant: Iterable[Variable] = (),
    disconnected_inputs: Disconnection = "raise",
) -> Any:
    """The derivatives of every element of an expression by every element of variables.

    Parameters
    ----------
    expression : Variable
        What is differentiated: real floating point, of any shape.
    wrt : Variable, or list or tuple of them
        What to differentiate by.
    consider_constant, disconnected_inputs
        As in ``grad``.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``, each of the shape of the expression and then that of the variable:
        J[i..., j...] = d expression[i...] / d variable[j...].

    Raises
    ------
    GradientError
        For an expression that is not real floating point, and as ``grad`` does.

    Notes
    -----
    A loop over the elements of the expression: the expression itself is computed once, and of each row only
    what depends on the row.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> sc.jacobian(x**2, x).eval({x: [1.0, 3.0]})
    array([[2., 0.],
           [0., 6.]])
    """
    expression = as_variable(expression)
    if not expression.type.is_float:
        raise GradientError(
            f"jacobian needs a real floating-point expression, got {expression.dtype}",
            arguments=[("expression", expression.type)],
            where=here(),
            hint="differentiate real(expression) and imag(expression)"
            if expression.type.is_complex
            else "convert it with astype('float64')",
        )
    variables = listed(wrt)
    if expression.ndim == 0 or not variables:
        found = grad(expression, variables, consider_constant, disconnected_inputs) if variables else []
    else:
        found = _rows(expression, variables, consider_constant, disconnected_inputs)
    if isinstance(wrt, Variable):
        return found[0]
    return tuple(found) if isinstance(wrt, tuple) else found


def _rows(
    expression: Variable,
    variables: list[Variable],
    consider_constant: Iterable[Variable],
    disconnected_inputs: Disconnection,
) -> list[Variable]:
    """One row of each Jacobian after the other."""
    flat = flatten(expression)
    constants = list(consider_constant)

    def row(position: Variable) -> list[Variable]:
        result: list[Variable] = grad(flat[position], variables, constants, disconnected_inputs)
        return result

    positions = arange(size_of(flat, 0))
    stacked, _ = map(row, positions)
    rows = stacked if isinstance(stacked, list) else [stacked]
    if expression.ndim == 1:
        return rows
    return [
        reshape(matrix, [*_sizes(expression), *_sizes(variable)])
        for matrix, variable in zip(rows, variables, strict=True)
    ]


def _sizes(variable: Variable) -> list[Any]:
    return [
        size_of(variable, axis) if size is None else size for axis, size in enumerate(variable.type.shape)
    ]


def hessian(
    cost: Variable,
    wrt: Wanted,
    consider_constant: Iterable[Variable] = (),
    disconnected_inputs: Disconnection = "raise",
) -> Any:
    """The second derivatives of a scalar by every pair of elements of a variable.

    Parameters
    ----------
    cost : Variable
        A real floating-point scalar.
    wrt : Variable, or list or tuple of them
        What to differentiate by. Of several, each is taken by itself: the mixed derivatives of two are
        ``jacobian(grad(cost, x), y)``.
    consider_constant, disconnected_inputs
        As in ``grad``.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``, each of the shape of the variable twice: H[i..., j...] = d² cost / dx[i...]
        dx[j...]. Where the gradient does not depend on the variable, zeros.

    Raises
    ------
    RankError, GradientError, DisconnectedInputError
        As ``grad``.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> sc.hessian((x**3).sum(), x).eval({x: [1.0, 2.0]})
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    constants = list(consider_constant)
    variables = listed(wrt)
    for variable in variables:
        if variable.type.is_complex:
            raise GradientError(
                f"there is no Hessian by {variable}, which is complex",
                arguments=[(str(variable), variable.type)],
                where=here(),
                hint="make it of real and imaginary parts: complex(x, y)",
            )
    slopes = grad(cost, variables, constants, disconnected_inputs)
    found = [
        jacobian(slope, variable, constants, "ignore")
        for slope, variable in zip(slopes, variables, strict=True)
    ]
    if isinstance(wrt, Variable):
        return found[0]
    return tuple(found) if isinstance(wrt, tuple) else found


__all__ = ["hessian", "jacobian"]
