"""``theano.tensor.nnet.conv``: the convolution of the old scripts; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._errors import AssertedError
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable

HOW = ("unroll_batch", "unroll_kern", "unroll_patch", "verbose", "version", "direction_hint", "openmp")
"""Options that told ConvOp how to compute, not what: accepted, and without effect."""


def conv2d(
    input: Variable,
    filters: Variable,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: str = "valid",
    subsample: tuple[int, int] = (1, 1),
    **options: Any,
) -> Variable:
    """Convolution of a batch of images with a bank of filters, which are flipped.

    Parameters
    ----------
    input : Variable [N, C, H, W]
        The images.
    filters : Variable [K, C, h, w]
        The filters.
    image_shape, filter_shape : sequence of (int or None), optional
        Sizes, where known.
    border_mode : str
        "valid" or "full".
    subsample : (int, int)
        The strides.
    **options
        Those of ``HOW``.

    Returns
    -------
    Variable [N, K, H', W']

    Raises
    ------
    AssertedError
        For hints whose channels differ.
    OptionError
        For another border mode, or an option that is not among ``HOW``.
    """
    if border_mode not in ("valid", "full"):
        raise OptionError(
            f"theano.tensor.nnet.conv.conv2d has no border_mode {border_mode!r}",
            hint="choose 'valid' or 'full'; theano.tensor.nnet.conv2d has more",
        )
    for name, value in options.items():
        if name not in HOW and value is not None:
            raise OptionError(
                f"theano.tensor.nnet.conv.conv2d has no option {name}={value!r}",
                hint="leave it out",
            )
    if image_shape is not None and filter_shape is not None:
        stack, depth = tuple(image_shape)[1:2], tuple(filter_shape)[1:2]
        if None not in (*stack, *depth) and stack != depth:
            raise AssertedError(
                f"image_shape has {stack[0]} channels, filter_shape {depth[0]}",
                arguments=[("input", f"{input}"), ("filters", f"{filters}")],
                where=here(),
                hint="images are [N, C, H, W], filters [K, C, h, w]",
            )
    result: Variable = sc.conv2d(
        as_tensor_variable(input),
        as_tensor_variable(filters),
        input_shape=image_shape,
        filter_shape=filter_shape,
        border_mode=border_mode,
        subsample=subsample,
    )
    return result


__getattr__ = refuses("theano.tensor.nnet.conv", globals())

__all__ = ["conv2d"]
