"""``theano.tensor.var``: the classes of variables, and those of their methods that differ from symconv's.

Arguments have the names that Theano gives them; imports symconv and its neighbours.
"""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.operators import METHODS as CORE_METHODS
from symconv.theano._names import refuses
from symconv.theano._variables import (
    METHODS,
    TensorConstant,
    TensorSharedVariable,
    TensorVariable,
    _tensor_py_operators,
    adopted,
)
from symconv.theano.tensor import _more, basic, elemwise


def copy(self: Variable, name: str | None = None) -> Variable:
    """A variable that equals this one, with a name of its own."""
    result: Variable = adopted(sc.identity(self))
    result.name = name
    return result


def dot(self: Variable, right: Any) -> Variable:
    """The product of vectors and matrices."""
    return basic.dot(self, right)


def fill(self: Variable, value: Any) -> Variable:
    """``value`` in the shape of this variable."""
    return basic.fill(self, value)


def norm(self: Variable, L: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The ``L``-norm of all elements, or over axes.

    Raises
    ------
    OptionError
        For L = 0, as a NotImplementedError.
    """
    if L == 0:
        raise NoNormError("there is no 0-norm", hint="count elements with neq(x, 0).sum()")
    result = basic.norm(self, L, axis)
    return basic.makeKeepDims(self, result, axis) if keepdims else result


class NoNormError(sc.OptionError, NotImplementedError):
    """A norm that is not defined."""


def reshape(self: Variable, shape: Any, ndim: int | None = None) -> Variable:
    """The same elements in another shape."""
    return basic.reshape(self, shape, ndim)


def swapaxes(self: Variable, axis1: int, axis2: int) -> Variable:
    """Two axes exchanged."""
    return adopted(sc.swapaxes(self, axis1, axis2))


def clip(self: Variable, a_min: Any, a_max: Any) -> Variable:
    """The elements, those beyond a bound replaced by it."""
    result: Variable = elemwise.clip(self, a_min, a_max)
    return result


def compress(self: Variable, a: Any, axis: int | None = None) -> Variable:
    """The slices where ``a`` is true."""
    return adopted(sc.compress(a, self, axis))


def choose(self: Variable, choices: Any, out: Any = None, mode: str = "raise") -> Variable:
    """From each place of one of the choices."""
    return basic.choose(self, choices, out, mode)


def getitem(self: Variable, index: Any) -> Variable:
    """``self[index]``, where a list that holds slices counts as a tuple, as it did for NumPy."""
    if isinstance(index, list) and any(isinstance(part, slice) or part is None for part in index):
        index = tuple(index)
    result: Variable = CORE_METHODS["__getitem__"](self, index)
    return result


METHODS.update(
    __getitem__=getitem, copy=copy, dot=dot, fill=fill, norm=norm, reshape=reshape, swapaxes=swapaxes,
    clip=clip,
    compress=compress, choose=choose, nonzero=basic.SAME["nonzero"], transfer=_more.transfer,
    get_scalar_constant_value=basic.get_scalar_constant_value,
)  # fmt: skip

__getattr__ = refuses("theano.tensor.var", globals())

__all__ = [
    "TensorConstant", "TensorSharedVariable", "TensorVariable", "_tensor_py_operators",
]  # fmt: skip
