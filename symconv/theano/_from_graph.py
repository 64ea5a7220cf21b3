"""``theano.OpFromGraph``: ``symconv.OpFromGraph`` with Theano's overrides; imports symconv."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import symconv as sc
from symconv.errors import ArgumentError
from symconv.graph.nodes import Variable
from symconv.graph.op import NoGradient
from symconv.ops.from_graph import DEFAULT, GraphOp
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted
from symconv.theano.gof.null_type import Unconnected, Undefined


class OpFromGraph(GraphOp):
    """An op that computes what an expression computes.

    Parameters
    ----------
    inputs, outputs : sequence of Variable
    inline : bool
        Accepted: the compiler always sees through it.
    lop_overrides, grad_overrides : callable, op, or list of them, optional
        The gradient, as ``f(inputs, outputs, output_grads)`` and ``f(inputs, output_grads)``.
    rop_overrides : callable or op, optional
        The change of the outputs, as ``f(inputs, eval_points)``.
    connection_pattern : optional
        Accepted: what depends on what is read off the expression.
    name : str, optional

    Notes
    -----
    Setting ``op.grad`` to a function of (inputs, output_grads) replaces the gradient of this op.
    """

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        inline: bool = False,
        lop_overrides: Any = "default",
        grad_overrides: Any = "default",
        rop_overrides: Any = "default",
        connection_pattern: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(outputs, list | tuple):
            raise ArgumentError(f"the outputs of OpFromGraph are a list, got {type(outputs).__name__}")
        if lop_overrides != DEFAULT and grad_overrides != DEFAULT:
            raise ArgumentError("lop_overrides and grad_overrides exclude each other")
        backward: Any = None
        if grad_overrides != DEFAULT:
            backward = _each(grad_overrides, lambda f: lambda i, o, g: f(i, g))
        elif lop_overrides != DEFAULT:
            backward = _each(lop_overrides, lambda f: f)
        forward = None
        if rop_overrides != DEFAULT:
            forward = _each(rop_overrides, lambda f: lambda i, o, t: f(i, t))
        made = sc.OpFromGraph(inputs, outputs, grad=backward, rop=forward, name=name)
        for field in fields(GraphOp):
            object.__setattr__(self, field.name, getattr(made, field.name))

    def __setattr__(self, name: str, value: Any) -> None:
        """A gradient of a program's own; anything else as for any object."""
        if name == "grad":
            object.__setattr__(self, "backward", _adapted(lambda i, o, g: value(i, g)))
        else:
            object.__setattr__(self, name, value)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Apply the op: a variable, or a list of them where it has several outputs."""
        found = super().__call__(*(as_tensor_variable(value) for value in arguments))
        if isinstance(found, tuple):
            return adopted(list(found))
        return adopted([found] if options.get("return_list") else found)


def _each(overrides: Any, ordered: Callable[[Any], Any]) -> Any:
    """One override, or one for each input, in symconv's order of arguments."""
    if isinstance(overrides, list | tuple):
        return [f if isinstance(f, str) or f is None else _adapted(ordered(f)) for f in overrides]
    if isinstance(overrides, GraphOp):
        op = overrides
        count = len(op.graph.inputs) - len(op.shared)
        return _adapted(lambda i, o, g: op(*[*i, *o, *g][:count] if count > len(i) + len(g) else [*i, *g]))
    return _adapted(ordered(overrides))


def _adapted(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(inputs: Any, outputs: Any, gradients: Any) -> Any:
        given = [
            adopted(sc.zeros_like(output)) if gradient is None else adopted(gradient)
            for output, gradient in zip(outputs, gradients, strict=False)
        ]
        found = function(adopted(list(inputs)), adopted(list(outputs)), given)
        return [_term(one) for one in found] if isinstance(found, list | tuple) else _term(found)

    return call


def _term(term: Any) -> Any:
    if isinstance(term, Unconnected):
        return None
    return NoGradient(term.reason) if isinstance(term, Undefined) else term


__all__ = ["OpFromGraph"]
