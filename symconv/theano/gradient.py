"""``theano.gradient``: derivatives; imports symconv."""

from collections.abc import Mapping, Sequence
from typing import Any

import symconv as sc
from symconv import Lop, Rop, disconnected_grad
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses


def grad(
    cost: Variable | None,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: Any = "raise",
    add_names: bool = True,
    known_grads: Mapping[Variable, Variable] | None = None,
    return_disconnected: Any = "zero",
    null_gradients: str = "raise",
) -> Any:
    """``symconv.grad`` with Theano's arguments."""
    return sc.grad(
        cost,
        wrt,
        consider_constant=consider_constant or (),
        disconnected_inputs=disconnected_inputs,
        known_grads=known_grads,
        return_disconnected=return_disconnected,
    )


__getattr__ = refuses("theano.gradient", globals())

__all__ = ["Lop", "Rop", "disconnected_grad", "grad"]
