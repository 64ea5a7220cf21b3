"""``theano.gradient``: derivatives; imports symconv."""

from collections.abc import Mapping, Sequence
from typing import Any

import symconv as sc
from symconv.errors import DisconnectedInputError, DTypeError, GradientError
from symconv.graph.nodes import Variable
from symconv.theano._names import present, refuses
from symconv.theano._variables import adopted, theirs

NAMES = ("disconnected_grad", "grad_clip", "grad_scale", "zero_grad", "jacobian", "hessian")
globals().update({name: theirs(getattr(sc, name)) for name in present(sc, *NAMES)})
consider_constant = theirs(sc.disconnected_grad)


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
    """``symconv.grad`` with Theano's arguments.

    The gradient of a named cost by a named variable is named; that of an integer cost is 0.

    Raises
    ------
    DTypeError
        For a cost that is no scalar, or ``wrt`` that is neither a variable nor a list or tuple of them.
    """
    listed = wrt if isinstance(wrt, list | tuple) else [wrt]
    if isinstance(wrt, set) or not all(isinstance(variable, Variable) for variable in listed):
        raise DTypeError(
            "wrt must be a variable, or a list or tuple of them", arguments=[("wrt", repr(wrt)[:60])]
        )
    if cost is not None and cost.type.is_discrete:
        cost = sc.cast(sc.disconnected_grad(cost), sc.config.floatX)
        disconnected_inputs = "ignore"
    found = sc.grad(
        cost,
        list(listed),
        consider_constant=consider_constant or (),
        disconnected_inputs=disconnected_inputs,
        known_grads=known_grads,
        return_disconnected="none" if return_disconnected == "None" else return_disconnected,
    )
    results = adopted(list(found))
    if add_names and cost is not None and cost.name is not None:
        for result, variable in zip(results, listed, strict=True):
            if result is not None and variable.name is not None and result.name is None:
                result.name = f"(d{cost.name}/d{variable.name})"
    return type(wrt)(results) if isinstance(wrt, list | tuple) else results[0]


def Lop(
    f: Any, wrt: Any, eval_points: Any, consider_constant: Any = None, disconnected_inputs: Any = "raise"
) -> Any:
    """Jacobian times a vector from the left."""
    return adopted(sc.Lop(f, wrt, eval_points))


def Rop(
    f: Any, wrt: Any, eval_points: Any, disconnected_outputs: Any = "raise", return_disconnected: Any = "zero"
) -> Any:
    """Jacobian times a vector from the right."""
    return adopted(sc.Rop(f, wrt, eval_points))


def verify_grad(fun: Any, pt: Any, n_tests: int = 2, rng: Any = None, **options: Any) -> None:
    """``symconv.verify_grad``; tolerances are chosen by dtype, other options are accepted."""
    sc.verify_grad(fun, pt)


verify_grad.E_grad = GradientError  # type: ignore[attr-defined]

__getattr__ = refuses("theano.gradient", globals())

__all__ = [
    *present(sc, *NAMES), "DisconnectedInputError", "GradientError", "Lop", "Rop", "consider_constant",
    "grad", "verify_grad",
]  # fmt: skip
