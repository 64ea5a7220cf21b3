"""``theano.tensor.nnet.conv3d2d``: convolution of video with time before the channels; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError, RankError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._errors import UnsupportedError
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import one_adopted


def conv3d(
    signals: Any,
    filters: Any,
    signals_shape: Any = None,
    filters_shape: Any = None,
    border_mode: Any = "valid",
) -> Variable:
    """``symconv.conv3d`` of video, filters flipped.

    Parameters
    ----------
    signals : tensor_like, [N, time, C, H, W]
    filters : tensor_like, [K, time, C, h, w]
    signals_shape, filters_shape : sequence of (int or None), optional
        What is known of the shapes.
    border_mode : str, or three of them
        "valid", "full" or "half"; for time, rows and columns, the last two alike.

    Returns
    -------
    Variable, [N, time, K, H', W']
    """
    video, bank = as_tensor_variable(signals), as_tensor_variable(filters)
    for name, x in (("signals", video), ("filters", bank)):
        if x.ndim != 5:
            raise RankError(f"conv3d needs {name} of 5 dimensions, got {x.ndim}", arguments=[(name, x.type)],
                            where=here())  # fmt: skip
    signals_shape, filters_shape = (hint and _swapped(hint) for hint in (signals_shape, filters_shape))
    video, bank = (sc.dimshuffle(x, 0, 2, 1, 3, 4) for x in (video, bank))
    modes = _modes(border_mode)
    sizes = tuple(filters_shape or bank.type.shape)[2:]
    if len(set(modes)) > 1 and any(n is None and m != "valid" for m, n in zip(modes, sizes, strict=True)):
        result = _cut(sc.conv3d(video, bank, signals_shape, filters_shape, "full"), modes, video, bank)
    else:
        result = sc.conv3d(video, bank, signals_shape, filters_shape, _border(modes, sizes))
    return one_adopted(sc.dimshuffle(result, 0, 2, 1, 3, 4))


def _swapped(hint: Any) -> tuple[Any, ...]:
    batch, time, channels, rows, columns = hint
    return (batch, channels, time, rows, columns)


def _modes(mode: Any) -> tuple[str, ...]:
    modes = (mode,) * 3 if isinstance(mode, str) else tuple(mode)
    if len(modes) != 3 or not set(modes) <= {"valid", "full", "half"}:
        raise OptionError(f"border_mode needs 'valid', 'full' or 'half', once or for each axis, got {mode!r}",
                          where=here())  # fmt: skip
    if modes[1] != modes[2]:
        raise UnsupportedError(f"height and width need one border mode, got {mode!r}", where=here())
    return modes


def _border(modes: tuple[str, ...], kernel: Any) -> Any:
    """One mode, or zeros for each axis: for filters whose sizes are known."""
    if len(set(modes)) == 1:
        return modes[0]
    return tuple(
        0 if name == "valid" else size - 1 if name == "full" else size // 2
        for name, size in zip(modes, kernel, strict=True)
    )


def _cut(full: Variable, modes: tuple[str, ...], video: Variable, bank: Variable) -> Variable:
    """Of the full convolution what each axis' mode gives, for filters whose sizes only a call knows."""
    parts = [slice(None), slice(None)]
    for axis, name in enumerate(modes, 2):
        size, taps = video.shape[axis], bank.shape[axis]
        if name == "full":
            parts.append(slice(None))
            continue
        start = taps - 1 if name == "valid" else taps - 1 - taps // 2
        length = size - taps + 1 if name == "valid" else size + 2 * (taps // 2) - taps + 1
        parts.append(slice(start, start + length))
    return full[tuple(parts)]


__getattr__ = refuses("theano.tensor.nnet.conv3d2d", globals())

__all__ = ["conv3d"]
