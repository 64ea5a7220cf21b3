"""Derivatives, by going backwards through a graph; imports the graph and ops.

    cost       grad: of a scalar cost by variables
    products   Lop, Rop: the Jacobian times a vector, from the left and from the right
    matrices   jacobian, hessian
    parts      subgraph_grad: a long graph differentiated piece by piece
    checking   verify_grad, numeric_grad: gradients held against differences

Only the first two are loaded at once; the others when one of their names is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symconv.gradient.cost import grad
from symconv.gradient.products import Lop, Rop
from symconv.ops.cut import disconnected_grad

if TYPE_CHECKING:
    from symconv.gradient.checking import numeric_grad, verify_grad
    from symconv.gradient.matrices import hessian, jacobian
    from symconv.gradient.parts import subgraph_grad

_LATER = {
    "numeric_grad": "checking", "verify_grad": "checking", "hessian": "matrices", "jacobian": "matrices",
    "subgraph_grad": "parts",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Lop", "Rop", "disconnected_grad", "grad", "hessian", "jacobian", "numeric_grad", "subgraph_grad",
    "verify_grad",
]  # fmt: skip
