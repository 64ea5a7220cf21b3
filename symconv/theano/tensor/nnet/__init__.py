"""``theano.tensor.nnet``: what neural networks are made of; imports symconv."""

import warnings
from typing import Any

import symconv as sc
from symconv import elu, hard_sigmoid, logsoftmax, selu, sigmoid, softplus, softsign
from symconv.errors import OptionError, RankError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.tensor.nnet import abstract_conv, conv


def conv2d(
    input: Variable,
    filters: Variable,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: tuple[int, int] = (1, 1),
    filter_flip: bool = True,
    image_shape: Any = None,
    filter_dilation: tuple[int, int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
    **options: Any,
) -> Variable:
    """``abstract_conv.conv2d``, with the older name ``image_shape`` for ``input_shape``.

    An unknown option is ignored with a warning, as in Theano.

    Raises
    ------
    OptionError
        For both names of the input's shape at once; for ``imshp_logical`` and ``kshp_logical``, which would
        change the result.
    """
    if image_shape is not None and input_shape is not None:
        raise OptionError("input_shape and image_shape are the same thing", hint="give input_shape alone")
    for name in options:
        if name in ("imshp_logical", "kshp_logical"):
            raise OptionError(f"conv2d has no option {name} any more", hint="write the resampling yourself")
        warnings.warn(f"conv2d ignores the option {name}", stacklevel=2)
    return abstract_conv.conv2d(
        input,
        filters,
        input_shape if image_shape is None else image_shape,
        filter_shape,
        border_mode,
        subsample,
        filter_flip,
        filter_dilation,
        num_groups,
        unshared,
    )


def relu(x: Variable, alpha: Any = 0) -> Variable:
    """``symconv.relu``: x where it is positive, else ``alpha * x``."""
    result: Variable = sc.relu(x, alpha)
    return result


def softmax(c: Variable) -> Variable:
    """``symconv.softmax`` of each row; a vector counts as a matrix of one row, as in Theano.

    Raises
    ------
    RankError
        For anything but vectors and matrices.
    """
    if c.ndim not in (1, 2):
        raise RankError(
            f"theano.tensor.nnet.softmax needs a vector or a matrix, got {c.ndim} dimensions",
            arguments=[("c", c.type)],
            hint="symconv.softmax(x, axis) takes any number",
        )
    result: Variable = sc.softmax(c.dimshuffle("x", 0) if c.ndim == 1 else c, axis=1)
    return result


__getattr__ = refuses("theano.tensor.nnet", globals())

__all__ = [
    "abstract_conv", "conv", "conv2d", "elu", "hard_sigmoid", "logsoftmax", "relu", "selu", "sigmoid",
    "softmax", "softplus", "softsign",
]  # fmt: skip
