"""``theano.tensor.signal.conv``: convolution of single images, without channels; imports symconv."""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._errors import AssertedError
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import one_adopted


def conv2d(
    input: Any,
    filters: Any,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: str = "valid",
    subsample: tuple[int, int] = (1, 1),
    **kargs: Any,
) -> Variable:
    """``symconv.signal_conv2d``: each image with each filter, both plain or stacks of them.

    Further options told ConvOp how to compute, and are without effect.

    Raises
    ------
    AssertedError
        For operands that have neither two nor three dimensions; an ``AssertionError``.
    """
    x, bank = as_tensor_variable(input), as_tensor_variable(filters)
    for name, variable in (("input", x), ("filters", bank)):
        if variable.ndim not in (2, 3):
            raise AssertedError(f"{name} needs 2 or 3 dimensions, got {variable.ndim}",
                                arguments=[(name, variable.type)], where=here())  # fmt: skip
    return one_adopted(sc.signal_conv2d(x, bank, image_shape, filter_shape, border_mode, subsample))


__getattr__ = refuses("theano.tensor.signal.conv", globals())

__all__ = ["conv2d"]
