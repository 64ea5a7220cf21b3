"""``theano.tensor.signal.conv``: convolution of stacks of images, without channels; imports symconv."""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import as_tensor_variable, one_adopted


def conv2d(
    input: Any,
    filters: Any,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: str = "valid",
    subsample: tuple[int, int] = (1, 1),
    **kargs: Any,
) -> Variable:
    """Each image with each filter: ``symconv.signal_conv2d``; other options are accepted, and ignored."""
    return one_adopted(
        sc.signal_conv2d(
            as_tensor_variable(input), as_tensor_variable(filters), image_shape, filter_shape, border_mode,
            subsample,
        )
    )  # fmt: skip


__getattr__ = refuses("theano.tensor.signal.conv", globals())

__all__ = ["conv2d"]
