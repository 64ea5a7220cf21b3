"""``theano.tensor.xlogx``: x log x and x log y, 0 where x is; imports symconv."""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import adopted
from symconv.theano.tensor.elemwise import floating


def xlogx(x: Any) -> Variable:
    """x log x, and 0 for x = 0."""
    return xlogy0(x, x)


def xlogy0(x: Any, y: Any) -> Variable:
    """x log y, and 0 for x = 0."""
    result: Variable = adopted(sc.xlogy(floating(x), floating(y)))
    return result


__getattr__ = refuses("theano.tensor.xlogx", globals())

__all__ = ["xlogx", "xlogy0"]
