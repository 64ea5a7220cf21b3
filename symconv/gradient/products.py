"""Lop and Rop: the Jacobian times a vector, from the left and from the right; imports the graph and ops."""

from collections.abc import Iterable, Sequence, Set
from typing import Any

from symconv.errors import ArgumentError, DisconnectedInputError, DTypeError, GradientError, ShapeError
from symconv.gradient.cost import Disconnection, Wanted, grad, listed
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import NoGradient, as_variable
from symconv.graph.origin import here, written_at
from symconv.graph.traverse import substitute, toposort
from symconv.ops.backward import Missing, backpropagate, compatible, gradients_of
from symconv.ops.elemwise_rows import cast, second, zeros_like


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

    Raises
    ------
    ArgumentError, ShapeError, DTypeError
        For a vector that does not fit the outputs.

    Examples
    --------
    >>> import symconv as sc
    >>> x, u = sc.dvectors("x", "u")
    >>> sc.Lop(x**2, x, u).eval({x: [1.0, 2.0], u: [1.0, 10.0]})
    array([ 2., 40.])
    """
    known: dict[Variable, Variable] = {}
    for output, point in _paired(outputs, eval_points):
        known[output] = known[output] + point if output in known else point
    return grad(None, wrt, consider_constant, disconnected_inputs, known_grads=known)


def Rop(
    outputs: Wanted, wrt: Wanted, eval_points: Any, disconnected_outputs: Disconnection = "ignore"
) -> Any:
    """The product of the Jacobian of ``outputs`` by ``wrt`` and a column vector.

    Parameters
    ----------
    outputs : Variable, or list or tuple of them
        What is differentiated, of any shape.
    wrt : Variable, or sequence of them
        What to differentiate by.
    eval_points : array_like or Variable, or sequence of them
        The vector: for each variable of ``wrt`` a tensor of its shape.
    disconnected_outputs : {"ignore", "raise"}
        What to do about an output that does not depend on ``wrt``: 0, or an error.

    Returns
    -------
    Variable, list or tuple
        In the form of ``outputs``.

    Raises
    ------
    ArgumentError, ShapeError, DTypeError
        For a vector that does not fit the variables.
    DisconnectedInputError
        If asked for.

    Notes
    -----
    The graph is walked from the variables to the outputs. An op that has a ``rop`` of its own says itself how
    its outputs change. Any other op's ``grad`` is linear in the gradient u that it is given: the product is
    the derivative by u of what ``grad`` gives times the change of the inputs, for whatever u.

    Examples
    --------
    >>> import symconv as sc
    >>> x, v = sc.dvectors("x", "v")
    >>> sc.Rop((x**2).sum(), x, v).eval({x: [1.0, 2.0], v: [1.0, 10.0]})
    array(42.)
    """
    changes: dict[Variable, Variable] = {}
    for variable, point in _paired(wrt, eval_points):
        changes[variable] = changes[variable] + point if variable in changes else point
    wanted = listed(outputs)
    nodes = toposort(wanted, stop=changes)
    used = {*wanted, *(variable for node in nodes for variable in node.inputs)}
    for node in nodes:
        tangents = [changes.get(variable) for variable in node.inputs]
        if any(tangent is not None for tangent in tangents):
            with written_at(node.origin):
                found = _pushed(node, tangents, used)
            changes.update((o, t) for o, t in zip(node.outputs, found, strict=True) if t is not None)
    results = []
    for output in wanted:
        if output not in changes and disconnected_outputs == "raise":
            raise DisconnectedInputError(
                f"{output} does not depend on what to differentiate by",
                arguments=[(str(output), output.type)],
                where=here(),
                hint="allow it with disconnected_outputs='ignore'",
            )
        results.append(changes[output] if output in changes else _nothing(output))
    if not isinstance(outputs, list | tuple):
        return results[0]
    return tuple(results) if isinstance(outputs, tuple) else results


def _pushed(
    node: Apply, tangents: Sequence[Variable | None], used: Set[Variable]
) -> list[Variable | None]:
    """The changes of a node's outputs, given those of its inputs."""
    own = node.op.rop(node.inputs, node.outputs, tangents)
    if own is not None:
        return _checked(node, own)
    dummies = [
        Variable(output.type) if output in used and not output.type.is_discrete else None
        for output in node.outputs
    ]
    present = [dummy for dummy in dummies if dummy is not None]
    if not present:
        return [None] * len(node.outputs)
    seeds: dict[Variable, Variable] = {}
    rows = gradients_of(node, dummies)
    for variable, row, tangent in zip(node.inputs, rows, tangents, strict=True):
        if row is None or tangent is None:
            continue
        if isinstance(row, NoGradient):
            raise Missing(row.reason, node).error(variable)
        seeds[row] = seeds[row] + tangent if row in seeds else tangent
    border = {*node.inputs, *node.outputs, *(tangent for tangent in tangents if tangent is not None)}
    columns = backpropagate(seeds, present, frozenset(border))
    found = [None if dummy is None else columns.get(dummy) for dummy in dummies]
    # What is linear in u still knows its shape.
    fixed: dict[Variable, Variable] = {variable: variable for variable in border}
    pairs = zip(dummies, node.outputs, strict=True)
    fixed.update((dummy, zeros_like(output)) for dummy, output in pairs if dummy is not None)
    results = iter(substitute([column for column in found if column is not None], fixed))
    return [None if column is None else next(results) for column in found]


def _nothing(output: Variable) -> Variable:
    return zeros_like(output, "floatX" if output.type.is_discrete else output.dtype)


def _checked(node: Apply, own: Sequence[Variable | None]) -> list[Variable | None]:
    """What an op says itself, if it fits."""
    if not isinstance(own, list | tuple) or len(own) != len(node.outputs):
        raise GradientError(
            f"{node.op} has {len(node.outputs)} outputs, and its rop gave {own!r}",
            arguments=node.op.describe(node.inputs),
            where=node.origin,
            hint="it gives a list with one entry for each output",
        )
    results: list[Variable | None] = []
    for output, change in zip(node.outputs, own, strict=True):
        if change is None or output.type.is_discrete:
            results.append(None)
            continue
        change = as_variable(change)
        if not compatible(output.type, change.type) or change.type.is_discrete:
            raise GradientError(
                f"{node.op} gave a change that does not fit its output",
                arguments=[("output", output.type), ("change", change.type)],
                where=node.origin,
            )
        results.append(cast(change, output.dtype))
    return results


def _paired(variables: Wanted, points: Any) -> list[tuple[Variable, Variable]]:
    """Variables, each with the tensor that belongs to it."""
    several = listed(variables)
    given = [points] if isinstance(variables, Variable) else points
    if not isinstance(given, list | tuple):
        raise ArgumentError(
            f"several variables need a list of eval_points, got {type(points).__name__}", where=here()
        )
    if len(several) != len(given):
        raise ArgumentError(
            f"{len(several)} variables need as many eval_points, got {len(given)}",
            arguments=[(str(variable), variable.type) for variable in several],
            where=here(),
            hint="one of the shape of each",
        )
    return [_fitting(variable, as_variable(point)) for variable, point in zip(several, given, strict=True)]


def _fitting(variable: Variable, point: Variable) -> tuple[Variable, Variable]:
    arguments = [(str(variable), variable.type), ("its vector", point.type)]
    if variable.type.is_discrete or (point.type.is_complex and not variable.type.is_complex):
        raise DTypeError(
            f"there is no derivative of {variable}, which is {variable.dtype}, along {point.dtype}",
            arguments=arguments,
            where=here(),
        )
    if point.ndim == 0 < variable.ndim:
        point = second(variable, point)
    if not compatible(variable.type, point.type):
        raise ShapeError(
            f"the vector for {variable} has another shape",
            arguments=arguments,
            where=here(),
            hint="it has the shape of the variable",
        )
    return variable, cast(point, variable.dtype)


__all__ = ["Lop", "Rop"]
