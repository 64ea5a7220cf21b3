"""subgraph_grad: a long graph differentiated piece by piece; imports the graph and gradients of costs."""

from collections.abc import Mapping
from typing import Any

from symconv.gradient.cost import Wanted, grad, listed
from symconv.graph.nodes import Variable
from symconv.graph.traverse import substitute


def subgraph_grad(
    wrt: Wanted,
    end: Wanted,
    start: Mapping[Variable, Any] | None = None,
    cost: Variable | None = None,
) -> tuple[list[Variable], list[Variable]]:
    """The gradients between two borders of a graph: what is computed before ``end`` counts as given.

    Parameters
    ----------
    wrt : Variable, or list or tuple of them
        What to differentiate by, after ``end``.
    end : Variable, or list or tuple of them
        Where to stop, on the way from the cost back.
    start : mapping of Variable to its gradient, optional
        Where to start: for the piece nearest to the cost, nothing; for each further piece, the ``end`` of the
        one before and the gradients that came out there.
    cost : Variable, optional
        A cost that starts here, beside ``start``.

    Returns
    -------
    wrt_grads, end_grads : list of Variable
        The gradients by ``wrt``, and by ``end``. What does not depend on them has zeros.

    Raises
    ------
    ArgumentError
        With neither ``start`` nor ``cost``, and as ``grad`` does.

    Examples
    --------
    >>> import symconv as sc
    >>> x, w, v = sc.dscalars("x", "w", "v")
    >>> hidden = sc.tanh(w * x)
    >>> last, border = sc.gradient.subgraph_grad([v], [hidden], cost=(v * hidden) ** 2)
    >>> first, _ = sc.gradient.subgraph_grad([w], [x], start={hidden: border[0]})
    >>> whole = sc.grad((v * hidden) ** 2, w)
    >>> values = {x: 0.5, w: 1.0, v: 2.0}
    >>> float(first[0].eval(values)) == float(whole.eval(values))
    True
    """
    wanted, border = listed(wrt), listed(end)
    stand_ins = {variable: Variable(variable.type, name=variable.name) for variable in border}
    given = dict(start or {})
    sources = [*given, *([] if cost is None else [cost])]
    inner = substitute(sources, stand_ins)
    known = dict(zip(inner, given.values(), strict=False))
    found = grad(
        None if cost is None else inner[-1],
        [stand_ins.get(variable, variable) for variable in (*wanted, *border)],
        disconnected_inputs="ignore",
        known_grads=known or None,
    )
    found = substitute(found, {stand_in: variable for variable, stand_in in stand_ins.items()})
    return found[: len(wanted)], found[len(wanted) :]


__all__ = ["subgraph_grad"]
