"""Copies of expressions, with other variables in them where wanted; imports its neighbours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symconv.errors import ArgumentError, DTypeError, RankError
from symconv.graph.fit import fit
from symconv.graph.flat import own_attributes
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.origin import Origin, here, written_at
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves, toposort

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


def clone(outputs: Any, replace: Pairs | None = None, *, share_inputs: bool = True) -> Any:
    """Copy an expression: new nodes, in which variables are replaced by others.

    Parameters
    ----------
    outputs : Variable or sequence of Variable
        What to copy.
    replace : dict or pairs, optional
        Variables of the expression, computed ones too, and what stands in their place: variables or values
        of the same dtype and number of dimensions. What is put in is not searched again.
    share_inputs : bool
        Whether the copy has the same inputs and shared variables. False gives it new ones of the same names
        and types; a new shared variable keeps its value where the old one does.

    Returns
    -------
    Variable or list of Variable
        As ``outputs``.

    Raises
    ------
    ArgumentError
        For what is no variable.
    DTypeError, RankError
        For a replacement of another type.

    Examples
    --------
    >>> import symconv as sc
    >>> x, y = sc.vectors("x", "y")
    >>> sc.function([y], clone(sc.tanh(x) + 1, replace={x: y - 1}))([1.0])
    array([1.])
    """
    origin = here()
    wanted = [outputs] if isinstance(outputs, Variable) else list(outputs)
    for variable in wanted:
        if not isinstance(variable, Variable):
            raise ArgumentError(f"clone copies variables, got {type(variable).__name__}", where=origin)
    new = replacements(replace or (), "clone", origin)
    if not share_inputs:
        for variable in leaves(wanted, stop=new):
            if not isinstance(variable, Constant) and variable not in new:
                new[variable] = _like(variable)
    changed = any(old.type != fresh.type for old, fresh in new.items())
    for node in toposort(wanted, stop=new):
        copy = _copied(node, [new.get(variable, variable) for variable in node.inputs], changed)
        for old, fresh in zip(node.outputs, copy.outputs, strict=True):
            vars(fresh).update(own_attributes(old))
            new.setdefault(old, fresh)
    copies = [new.get(variable, variable) for variable in wanted]
    return copies[0] if isinstance(outputs, Variable) else copies


def _like(variable: Variable) -> Variable:
    """Another leaf of the same type, name and attributes of the user's own."""
    if isinstance(variable, SharedVariable):
        return variable.clone()
    fresh = variable.clone()
    vars(fresh).update(own_attributes(variable))
    return fresh


def _copied(node: Apply, inputs: Sequence[Variable], changed: bool) -> Apply:
    if not changed:
        return Apply(node.op, tuple(inputs), tuple(output.type for output in node.outputs), node.origin)
    with written_at(node.origin):
        return node.op.apply(*inputs)


def replacements(pairs: Pairs, what: str, origin: Origin | None) -> dict[Variable, Variable]:
    """Check what is to be replaced by what.

    Raises
    ------
    ArgumentError
        For what is no variable.
    DTypeError, RankError
        For a replacement of another dtype or number of dimensions.
    """
    checked: dict[Variable, Variable] = {}
    for old, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
        if not isinstance(old, Variable):
            raise ArgumentError(
                f"{what} replaces variables, got {type(old).__name__}",
                arguments=[(repr(old)[:60], type(old).__name__)],
                where=origin,
                hint="the keys are the variables themselves, not their names",
            )
        if isinstance(value, Variable):
            new = value
        else:
            new = Constant(fit(value, old.type, f"the given {old}", where=origin))
        if old.dtype != new.dtype or old.ndim != new.ndim:
            raise (DTypeError if old.dtype != new.dtype else RankError)(
                f"{what} cannot replace {old} by a variable of another type",
                arguments=[(str(old), old.type), ("by", new.type)],
                where=origin,
            )
        checked[old] = new
    return checked


__all__ = ["clone", "replacements"]
