"""Where windows lie on a tensor's last axes, and every size that follows from it; imports only errors.

Along one axis, with size i, window w, stride s and padding p on both sides:

    border ignored      o = (i + 2p - w) // s + 1       windows that hang over the end are left out
    border kept, p = 0  o = (i - 1) // s + 1            where s >= w: every cell is in a window
                        o = max(0, i - 1 - w + s) // s + 1    where s < w

Window number j covers the padded cells j s .. j s + w - 1. Padding takes no part in a maximum and adds 0 to a
sum. An unknown size is None, and what depends on it is None too.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from symconv.errors import OptionError
from symconv.frozen import frozen

Dim = int | None
MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


@frozen
class PoolGeometry:
    """How windows are laid on the last axes of a tensor.

    Parameters
    ----------
    window : tuple of int
        Sizes of a window, one for each pooled axis.
    stride : tuple of int
        Steps between neighbouring windows.
    pad : tuple of int
        Cells of padding on both sides.
    ignore_border : bool
        Whether windows that are not whole are left out.

    Raises
    ------
    OptionError
        For sizes that make no sense, and for padding where the border is kept.

    Examples
    --------
    >>> PoolGeometry((2, 3), (2, 2), (0, 0), ignore_border=False).output_sizes((5, 8))
    (3, 4)
    """

    window: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    ignore_border: bool

    def __post_init__(self) -> None:
        if not self.window or not len(self.window) == len(self.stride) == len(self.pad):
            raise OptionError(
                f"window {self.window}, stride {self.stride} and pad {self.pad} need one entry for each axis",
                hint="one number stands for all axes",
            )
        if min(self.window) < 1 or min(self.stride) < 1 or min(self.pad) < 0:
            raise OptionError(
                f"pooling needs a window and a stride of at least 1 and padding of at least 0, "
                f"got window {self.window}, stride {self.stride}, pad {self.pad}",
                hint="without a stride the windows lie side by side; without padding pad=0",
            )
        if any(self.pad) and not self.ignore_border:
            raise OptionError(
                "padding and ignore_border=False do not go together",
                hint="with padding the border is part of the image: say ignore_border=True",
            )
        if any(pad >= window for pad, window in zip(self.pad, self.window, strict=True)):
            raise OptionError(
                f"padding {self.pad} leaves windows of {self.window} with nothing but padding in them",
                hint="padding must be smaller than the window",
            )

    @property
    def ndim(self) -> int:
        """Number of pooled axes."""
        return len(self.window)

    def output_sizes(self, sizes: Sequence[Dim]) -> tuple[Dim, ...]:
        """How many windows there are along each pooled axis."""
        return tuple(
            None if size is None else self._windows(size, *parts)
            for size, *parts in zip(sizes, self.window, self.stride, self.pad, strict=True)
        )

    def _windows(self, size: int, window: int, stride: int, pad: int) -> int:
        if self.ignore_border:
            return max(0, (size + 2 * pad - window) // stride + 1)
        if size == 0:
            return 0
        if stride >= window:
            return (size - 1) // stride + 1
        return max(0, size - 1 - window + stride) // stride + 1

    def covered(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The padded cells along each axis that windows reach to, from the first padded cell on."""
        outputs = self.output_sizes(sizes)
        return tuple(
            ((count or 0) - 1) * stride + window if count else 0
            for count, stride, window in zip(outputs, self.stride, self.window, strict=True)
        )

    def inside(self, sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """For each axis: where the tensor begins among the covered cells, and how much of it they hold."""
        return tuple(
            (pad, max(0, min(size, covered - pad)))
            for size, pad, covered in zip(sizes, self.pad, self.covered(sizes), strict=True)
        )

    def counts(self, sizes: Sequence[int], mode: str, first: int = 0, rows: int | None = None) -> np.ndarray:
        """By what an average divides each window's sum: the window's size, or its cells within the tensor.

        Of so many rows of windows from the first on; of all of them by default.
        """
        outputs = [count or 0 for count in self.output_sizes(sizes)]
        begins = [first, *(0 for _ in outputs[1:])]
        ends = [outputs[0] if rows is None else first + rows, *outputs[1:]]
        if mode == "average_inc_pad" and self.ignore_border:
            whole = [end - begin for begin, end in zip(begins, ends, strict=True)]
            return np.full(whole, prod(self.window))
        total = np.ones((), int)
        for size, window, stride, pad, begin, end in zip(
            sizes, self.window, self.stride, self.pad, begins, ends, strict=True
        ):
            start = np.arange(begin, end) * stride - pad
            cells = np.minimum(start + window, size) - np.maximum(start, 0)
            total = total[..., None] * cells
        return total
