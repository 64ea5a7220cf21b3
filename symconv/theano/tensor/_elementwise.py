"""``Elemwise`` of a scalar function that a program defines by a class; imports ``theano.gof.op``."""

from typing import Any

import numpy as np

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.ops.elemwise import sum_to
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import TensorType
from symconv.theano.gof.op import Apply, Op


class ElementwiseOf(Op):
    """A function of scalars, of each element of tensors that broadcast.

    Parameters
    ----------
    scalar_op : ScalarOp
        The function: ``impl`` of Python numbers, ``grad`` of variables.
    name : str, optional
        For printing.
    """

    __props__ = ("scalar_op",)

    def __init__(self, scalar_op: Any, inplace_pattern: Any = None, name: str | None = None) -> None:
        self.scalar_op = scalar_op
        self.name = name or getattr(scalar_op, "name", None)

    def __str__(self) -> str:
        return self.name or f"Elemwise{{{type(self.scalar_op).__name__},no_inplace}}"

    def make_node(self, *inputs: Any) -> Any:
        """The application to variables, which get as many dimensions as the one with most."""
        variables = [as_tensor_variable(value) for value in inputs]
        ndim = max(variable.ndim for variable in variables)
        padded = [as_tensor_variable(sc.shape_padleft(v, ndim - v.ndim)) for v in variables]
        pattern = [all(v.broadcastable[axis] for v in padded) for axis in range(ndim)]
        dtypes = self.scalar_op.output_dtypes([variable.dtype for variable in padded])
        return Apply(self, padded, [TensorType(dtype, pattern)() for dtype in dtypes])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        """``impl`` of each element."""
        function = np.frompyfunc(self.scalar_op.impl, len(inputs), len(node.outputs))
        found = function(*inputs)
        for cell, value, output in zip(
            output_storage, found if len(node.outputs) > 1 else [found], node.outputs, strict=True
        ):
            cell[0] = np.asarray(value, dtype=output.dtype)

    def grad(  # type: ignore[override]  # the contract is Theano's
        self, inputs: Any, output_grads: Any
    ) -> list[Variable]:
        """``grad`` of the scalar function, whose operators mean each element as well."""
        own = self.scalar_op
        if hasattr(own, "L_op"):
            terms = own.L_op(inputs, self.make_node(*inputs).outputs, output_grads)
        else:
            terms = own.grad(inputs, output_grads)
        return [
            as_tensor_variable(sum_to(as_tensor_variable(term), variable.type))
            for term, variable in zip(terms, inputs, strict=True)
        ]


def elementwise_of(
    scalar_op: Any, inplace_pattern: Any = None, name: str | None = None, **options: Any
) -> Any:
    """What ``Elemwise(scalar_op)`` makes: a function of tensors."""
    if hasattr(scalar_op, "output_dtypes"):
        return ElementwiseOf(scalar_op, inplace_pattern, name)
    return scalar_op  # a function of theano.scalar is elementwise already
