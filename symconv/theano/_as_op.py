"""``theano.as_op``: ops of plain functions; imports symconv."""

from collections.abc import Callable
from typing import Any

from symconv.errors import RankError
from symconv.graph.origin import here
from symconv.graph.types import TensorType
from symconv.theano.gof.op import Method, Op


class FromFunctionOp(Op):
    """A function of arrays as an op."""

    def __init__(self, fn: Method, itypes: Any, otypes: Any, infer_shape: Any = None) -> None:
        self.fn = fn
        self.itypes = list(itypes) if isinstance(itypes, list | tuple) else [itypes]
        self.otypes = list(otypes) if isinstance(otypes, list | tuple) else [otypes]
        self.shapes = infer_shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FromFunctionOp) and self.fn is other.fn

    def __hash__(self) -> int:
        return hash(self.fn)

    def __str__(self) -> str:
        return f"FromFunctionOp{{{self.fn.__name__}}}"

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """Call it."""
        found = self.fn(*inputs)
        listed = list(found) if isinstance(found, list | tuple) else [found]
        for cell, value in zip(outputs, listed, strict=True):
            cell[0] = value


def as_op(itypes: Any, otypes: Any, infer_shape: Any = None) -> Callable[[Method], FromFunctionOp]:
    """A decorator that makes a function of arrays an op.

    Parameters
    ----------
    itypes, otypes : type or list of types
        What it takes and gives, as ``theano.tensor.dmatrix``.
    infer_shape : callable, optional
        Accepted; the results show their sizes.
    """
    for name, listed in (("itypes", itypes), ("otypes", otypes)):
        for type in listed if isinstance(listed, list | tuple) else [listed]:
            if not isinstance(type, TensorType):
                raise RankError(f"{name} of as_op holds {type!r}, which is no type", where=here())
    return lambda function: FromFunctionOp(function, itypes, otypes, infer_shape)


__all__ = ["FromFunctionOp", "as_op"]
