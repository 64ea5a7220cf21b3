"""``theano.tensor.nnet.conv3d2d``: the older convolution of volumes, time second; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import as_tensor_variable, one_adopted


def conv3d(
    signals: Any,
    filters: Any,
    signals_shape: Any = None,
    filters_shape: Any = None,
    border_mode: Any = "valid",
) -> Variable:
    """Convolve [N, T, C, H, W] with [K, t, C, h, w], flipped: [N, T', K, H', W'].

    Parameters
    ----------
    signals, filters : Variable
    signals_shape, filters_shape : tuple of (int or None), optional
        In the order of the tensors' own axes.
    border_mode : str, or one for each of time, rows and columns
        "valid", "full" or "half".

    Raises
    ------
    OptionError
        For other border modes.
    """
    modes = (border_mode,) * 3 if isinstance(border_mode, str) else tuple(border_mode)
    if len(modes) != 3 or any(mode not in ("valid", "full", "half") for mode in modes):
        raise OptionError(
            f"border_mode cannot be {border_mode!r}", hint='"valid", "full", "half", or three of them'
        )
    x, bank = (as_tensor_variable(value).dimshuffle(0, 2, 1, 3, 4) for value in (signals, filters))
    shapes = [_moved(shape) for shape in (signals_shape, filters_shape)]
    if len(set(modes)) > 1:
        border: Any = tuple(_pad(mode, bank, axis) for axis, mode in enumerate(modes, 2))
    else:
        border = modes[0]
    maps: Variable = one_adopted(sc.conv3d(x, bank, shapes[0], shapes[1], border))
    return one_adopted(maps.dimshuffle(0, 2, 1, 3, 4))


def _moved(shape: Any) -> Any:
    return None if shape is None else (shape[0], shape[2], shape[1], *shape[3:])


def _pad(mode: str, bank: Variable, axis: int) -> Any:
    size = bank.type.shape[axis]
    if mode == "valid":
        return 0
    if size is None:
        raise OptionError("border modes that differ need filters of known shape", hint="say filters_shape=")
    return size - 1 if mode == "full" else size // 2


__getattr__ = refuses("theano.tensor.nnet.conv3d2d", globals())

__all__ = ["conv3d"]
