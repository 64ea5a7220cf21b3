"""``theano.gradient``: derivatives; imports symconv."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import (
    DisconnectedInputError,
    DTypeError,
    GradientError,
    OptionError,
    RankError,
    UndefinedGradientError,
)
from symconv.gradient.cost import gradients
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._clock import GRADIENTS
from symconv.theano._functions import theirs
from symconv.theano._names import refuses
from symconv.theano._variables import adopted
from symconv.theano.gof.null_type import (
    DisconnectedType,
    NullType,
    grad_not_implemented,
    grad_undefined,
)

disconnected_grad, zero_grad = theirs(sc.disconnected_grad), theirs(sc.zero_grad)
grad_clip, grad_scale = theirs(sc.grad_clip), theirs(sc.grad_scale)
consider_constant, undefined_grad = theirs(sc.consider_constant), theirs(sc.undefined_grad)
NullTypeGradError = UndefinedGradientError
disconnected_type = DisconnectedType()


@GRADIENTS.timed
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
    missing: Any = {} if null_gradients == "return" else None
    if disconnected_inputs not in ("raise", "warn", "ignore"):
        raise OptionError(f"disconnected_inputs cannot be {disconnected_inputs!r}", where=here())
    with_zeros = return_disconnected == "zero"
    found: list[Any] = adopted(
        gradients(cost, list(listed), consider_constant or (), disconnected_inputs, known_grads, missing)
    )
    results: list[Any] = []
    for variable, gradient in zip(listed, found, strict=True):
        if gradient is None and missing and variable in missing:
            gradient = NullType(missing[variable].reason)()
        elif gradient is None and with_zeros:
            dtype = "floatX" if variable.type.is_discrete else variable.dtype
            gradient = adopted(sc.zeros_like(variable, dtype))
        elif gradient is None and return_disconnected == "Disconnected":
            gradient = DisconnectedType()()
        results.append(_of_pattern(variable, gradient))
    if add_names and cost is not None and cost.name is not None:
        for result, variable in zip(results, listed, strict=True):
            if isinstance(result, Variable) and variable.name is not None and result.name is None:
                result.name = f"(d{cost.name}/d{variable.name})"
    return type(wrt)(results) if isinstance(wrt, list | tuple) else results[0]


def _of_pattern(variable: Variable, gradient: Any) -> Any:
    """The gradient with its variable's pattern: the core may know a 1 besides, as the channel of an image."""
    if not isinstance(gradient, Variable) or not hasattr(gradient, "broadcastable"):
        return gradient
    pairs = zip(gradient.broadcastable, variable.broadcastable, strict=True)
    known = [axis for axis, (mine, theirs) in enumerate(pairs) if mine and not theirs]
    return adopted(sc.unbroadcast(gradient, *known)) if known else gradient


def Lop(
    f: Any, wrt: Any, eval_points: Any, consider_constant: Any = None, disconnected_inputs: Any = "raise"
) -> Any:
    """Jacobian times a vector from the left."""
    return adopted(sc.Lop(f, wrt, eval_points, consider_constant or (), disconnected_inputs))


def Rop(
    f: Any, wrt: Any, eval_points: Any, disconnected_outputs: Any = "raise", return_disconnected: Any = "zero"
) -> Any:
    """Jacobian times a vector from the right."""
    return adopted(sc.Rop(f, wrt, eval_points))


def jacobian(
    expression: Variable, wrt: Any, consider_constant: Any = None, disconnected_inputs: Any = "raise"
) -> Any:
    """All derivatives of a vector or scalar, a row for each element.

    Raises
    ------
    RankError
        For an expression of more dimensions, which ``symconv.jacobian`` takes.
    """
    if expression.ndim > 1:
        raise RankError(
            f"theano.gradient.jacobian needs a vector or scalar, got {expression.ndim} dimensions",
            arguments=[(str(expression), expression.type)],
            hint="symconv.jacobian takes any number",
        )
    return adopted(sc.jacobian(expression, wrt, consider_constant or (), disconnected_inputs))


def hessian(
    cost: Variable, wrt: Any, consider_constant: Any = None, disconnected_inputs: Any = "raise"
) -> Any:
    """All second derivatives of a scalar by a vector, or by each of several.

    Raises
    ------
    RankError
        For anything but vectors, which ``symconv.hessian`` takes.
    """
    for variable in wrt if isinstance(wrt, list | tuple) else [wrt]:
        if variable.ndim != 1:
            raise RankError(
                f"theano.gradient.hessian needs vectors, {variable} has {variable.ndim} dimensions",
                arguments=[(str(variable), variable.type)],
                hint="symconv.hessian takes any number",
            )
    return adopted(sc.hessian(cost, wrt, consider_constant or (), disconnected_inputs))


def subgraph_grad(
    wrt: Sequence[Variable],
    end: Sequence[Variable],
    start: Any = None,
    cost: Any = None,
    details: bool = False,
) -> Any:
    """The gradients by ``wrt`` and ``end``, what lies before ``end`` given; see ``symconv.subgraph_grad``."""
    ours, border = sc.subgraph_grad(list(wrt), list(end), start, cost)
    if not details:
        return adopted(ours), adopted(border)
    from_start = sc.subgraph_grad(list(wrt), list(end), start)[0] if start else None
    from_cost = sc.subgraph_grad(list(wrt), list(end), cost=cost)[0] if cost is not None else None
    return adopted(ours), adopted(border), adopted(from_start), adopted(from_cost)


class numeric_grad:
    """The gradient of a function of arrays by differences: ``gf`` has one array for each argument, or one.

    Parameters
    ----------
    f : callable
        Gives a number.
    pt : array or list of arrays
    eps : float, optional
        The step.
    """

    def __init__(self, f: Any, pt: Any, eps: float | None = None, out_type: Any = None) -> None:
        several = isinstance(pt, list | tuple)
        found = sc.numeric_grad(f, list(pt) if several else [pt], eps)
        self.gf: Any = found if several else found[0]

    @staticmethod
    def abs_rel_err(a: Any, b: Any) -> tuple[Any, Any]:
        """Absolute and relative errors between arrays, element by element."""
        error = np.abs(a - b)
        return error, error / np.maximum(np.abs(a) + np.abs(b), 1e-8)


def verify_grad(fun: Any, pt: Any, n_tests: int = 2, rng: Any = None, **options: Any) -> None:
    """``symconv.verify_grad``; tolerances are chosen by dtype, other options are accepted."""
    sc.verify_grad(fun, pt)


verify_grad.E_grad = GradientError  # type: ignore[attr-defined]

__getattr__ = refuses("theano.gradient", globals())

__all__ = [
    "DisconnectedInputError", "DisconnectedType", "GradientError", "Lop", "NullType", "NullTypeGradError",
    "Rop", "consider_constant", "disconnected_grad", "disconnected_type", "grad", "grad_clip",
    "grad_not_implemented", "grad_scale", "grad_undefined", "hessian", "jacobian", "numeric_grad",
    "subgraph_grad", "undefined_grad", "verify_grad", "zero_grad",
]  # fmt: skip
