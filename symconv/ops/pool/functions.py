"""Pooling as people write it: pool, pool_1d, pool_2d, pool_3d; imports the graph and its neighbours."""

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from symconv.errors import OptionError, RankError
from symconv.graph.about import about
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.types import Dim
from symconv.ops.pool.geometry import MODES, PoolGeometry
from symconv.ops.pool.ops import Pool, Route
from symconv.ops.shape import MakeVector

Sizes = int | Sequence[Any] | Variable


def pool(
    x: Operand,
    window: Sizes,
    stride: Sizes | None = None,
    pad: Sizes = 0,
    mode: str = "max",
    ignore_border: bool = True,
    ndim: int | None = None,
) -> Variable:
    """The largest element, the sum or the average of each window over the last axes.

    Parameters
    ----------
    x : tensor_like, [..., *sizes]
        Any number of leading axes.
    window : int, sequence of int, or integer vector
        Sizes of a window, one for each pooled axis. A symbolic vector makes the shape of the result depend
        on values.
    stride : like ``window``, optional
        Steps between windows; by default the window: they lie side by side.
    pad : like ``window``
        Cells around the tensor, on both sides of each axis, smaller than the window. They take no part in a
        maximum and add 0 to a sum.
    mode : {"max", "sum", "average_inc_pad", "average_exc_pad"}
        What is computed. The averages count the cells of padding, or only those of ``x``.
    ignore_border : bool
        Whether windows that hang over the end are left out; if not, they hold what is there, and there can
        be no padding. (Theano's old default is to keep them.)
    ndim : int, optional
        Number of pooled axes, where ``window`` does not say it.

    Returns
    -------
    Variable
        [..., *windows], of the dtype of ``x``: along each axis of size i,
        (i + 2 pad - window) // stride + 1 windows, or with the border kept (i - 1) // stride + 1 where
        stride >= window, and max(0, i - 1 - window + stride) // stride + 1 elsewhere.

    Raises
    ------
    OptionError
        For a mode that does not exist, sizes that make no sense, padding as large as the window, and
        padding where the border is kept.
    RankError
        For fewer axes than are to be pooled.
    DTypeError
        For complex numbers, and averages of integers.

    Notes
    -----
    The gradient of a maximum goes in full to every cell that ties for it, as in Theano. A NaN in a window is
    its maximum.

    Examples
    --------
    >>> import numpy as np
    >>> import symconv as sc
    >>> x = sc.matrix("x")
    >>> sc.pool(x, (2, 2)).eval({x: np.arange(16.0).reshape(4, 4)})
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = as_variable(x)
    with about(x=x):
        if mode not in MODES:
            hint = "choose one of " + ", ".join(map(repr, MODES))
            raise OptionError(f"pooling has no mode {mode!r}", hint=hint)
        count = _count(window, ndim)
        parts = {"window": window, "stride": window if stride is None else stride, "pad": pad}
        static = {name: _static(name, value, count) for name, value in parts.items()}
        sizes = {name: value for name, value in static.items() if value is not None}
        if len(sizes) == len(parts):
            geometry = PoolGeometry(**sizes, ignore_border=bool(ignore_border))
            result: Variable = Pool(mode, count, bool(ignore_border), geometry)(x)
            return result
        vectors = [_vector(name, value, count) for name, value in parts.items()]
    result = Pool(mode, count, bool(ignore_border), None)(x, *vectors)
    return result


def pool_1d(
    x: Operand,
    window: Sizes,
    stride: Sizes | None = None,
    pad: Sizes = 0,
    mode: str = "max",
    ignore_border: bool = True,
) -> Variable:
    """Pooling over the last axis; see ``pool``."""
    return pool(x, window, stride, pad, mode, ignore_border, ndim=1)


def pool_2d(
    x: Operand,
    window: Sizes,
    stride: Sizes | None = None,
    pad: Sizes = 0,
    mode: str = "max",
    ignore_border: bool = True,
) -> Variable:
    """Pooling over the last two axes, rows and columns; see ``pool``."""
    return pool(x, window, stride, pad, mode, ignore_border, ndim=2)


def pool_3d(
    x: Operand,
    window: Sizes,
    stride: Sizes | None = None,
    pad: Sizes = 0,
    mode: str = "max",
    ignore_border: bool = True,
) -> Variable:
    """Pooling over the last three axes; see ``pool``."""
    return pool(x, window, stride, pad, mode, ignore_border, ndim=3)


def max_pool_2d_same_size(x: Operand, patch_size: Sequence[int]) -> Variable:
    """The tensor itself where an element is the largest of its patch, and 0 elsewhere.

    Parameters
    ----------
    x : tensor_like, [..., rows, columns]
    patch_size : (int, int)
        Rows and columns of the patches, which lie side by side; cells beyond the last whole patch are 0.

    Returns
    -------
    Variable
        Of the shape and dtype of ``x``; elements that tie for the largest are all kept.
    """
    x = as_variable(x)
    with about(x=x):
        size = _static("patch_size", patch_size, 2)
        if size is None:
            raise OptionError(
                "patch_size must be two integers",
                hint="where a size is symbolic: sc.grad of sc.pool(x, window).sum() by x marks the largest",
            )
        geometry = PoolGeometry(size, size, (0, 0), True)
    largest = Pool("max", 2, True, geometry)(x)
    result: Variable = Route("max", 2, True, geometry)(x, largest, largest)
    return result


def _count(window: Sizes, ndim: int | None) -> int:
    """How many axes are pooled."""
    length: Dim = None
    if isinstance(window, Variable):
        length = window.type.shape[0] if window.ndim == 1 else None
    elif not isinstance(window, int | np.integer):
        length = len(window)
    if ndim is None and length is None:
        raise RankError(
            "pooling needs to know over how many axes",
            hint="give the window one entry for each axis, or state ndim",
        )
    if ndim is not None and length is not None and ndim != length:
        what = f"pooling over {ndim} axes needs a window of {ndim} sizes, got {length}"
        raise OptionError(what, hint="pool_2d takes two sizes, pool_3d three; pool as many as you give")
    return int(ndim if ndim is not None else length or 0)


def _static(name: str, value: Any, count: int) -> tuple[int, ...] | None:
    """Sizes as integers, or None where one is symbolic."""
    if isinstance(value, Constant):
        value = value.data.tolist()
    if isinstance(value, Variable):
        return None
    try:
        entries = [value] * count if not hasattr(value, "__len__") else list(value)
        entries = [entry.data.item() if isinstance(entry, Constant) else entry for entry in entries]
        if any(isinstance(entry, Variable) for entry in entries):
            return None
        sizes = tuple(index(entry) for entry in entries)
    except TypeError:
        raise OptionError(
            f"pooling needs {name} in whole numbers, got {value!r}", hint="round them first: int(...)"
        ) from None
    if len(sizes) != count:
        what = f"pooling over {count} axes needs {count} entries of {name}, got {value!r}"
        raise OptionError(what, hint="one number stands for all axes")
    return sizes


def _vector(name: str, value: Any, count: int) -> Variable:
    """Sizes as a symbolic vector of integers."""
    if isinstance(value, Variable) and value.ndim == 1:
        return value
    if isinstance(value, Variable) and value.ndim > 1:
        raise OptionError(f"pooling needs {name} as a vector of {count} integers, got {value.type}",
                          hint="a vector has one size for each pooled axis")  # fmt: skip
    entries = list(value) if isinstance(value, list | tuple) else [value] * count
    if len(entries) != count:
        raise OptionError(f"pooling over {count} axes needs {count} entries of {name}, got {value!r}",
                          hint="one number stands for all axes")  # fmt: skip
    result: Variable = MakeVector(count)(*(as_variable(entry) for entry in entries))
    return result
