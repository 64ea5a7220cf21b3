"""``theano.ifelse``: a branch of which only one side is computed; imports symconv."""

from typing import Any

import symconv as sc
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """``symconv.ifelse`` with Theano's dtypes for numbers."""
    return adopted(sc.ifelse(as_tensor_variable(condition), _branch(then_branch), _branch(else_branch), name))


def _branch(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [as_tensor_variable(part) for part in value]
    return as_tensor_variable(value)


__getattr__ = refuses("theano.ifelse", globals())

__all__ = ["ifelse"]
