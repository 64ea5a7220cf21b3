"""``theano.tensor.nnet.abstract_conv``: convolution with a strict set of keywords; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import as_tensor_variable


def conv2d(
    input: Variable,
    filters: Variable,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Variable:
    """``symconv.conv2d`` with Theano's arguments.

    Parameters
    ----------
    input : Variable [N, C, H, W]
        The images.
    filters : Variable [K, C / num_groups, h, w]
        The filters.
    input_shape, filter_shape : sequence of (int or None), optional
        Sizes, where known.
    border_mode : str, int, or tuple
        "valid", "full", "half", or how many zeros to put around the image.
    subsample, filter_dilation : (int, int)
        The strides; the distance between the taps of a filter.
    filter_flip : bool
        True: convolution; False: correlation.
    num_groups : int
        Groups of channels that do not see one another.
    unshared : bool
        Only False yet.

    Returns
    -------
    Variable [N, K, H', W']

    Raises
    ------
    OptionError
        For ``unshared=True``, and as ``symconv.conv2d``.
    """
    if unshared:
        raise OptionError("symconv does not support unshared=True of conv2d yet", hint="leave it out")
    result: Variable = sc.conv2d(
        as_tensor_variable(input),
        as_tensor_variable(filters),
        input_shape=input_shape,
        filter_shape=filter_shape,
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=filter_flip,
        filter_dilation=filter_dilation,
        num_groups=num_groups,
    )
    return result


__getattr__ = refuses("theano.tensor.nnet.abstract_conv", globals())

__all__ = ["conv2d"]
