"""``theano.tensor.signal.pool``: pooling with Theano's arguments; imports symconv."""

import warnings
from collections.abc import Callable
from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import adopted, as_tensor_variable


def pool_2d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Variable:
    """``symconv.pool_2d`` over the last two axes; ``ds``, ``st`` and ``padding`` are older names.

    Without ``ignore_border`` windows that begin in the image count, with a warning, as in Theano.
    """
    return _pooled(sc.pool_2d, input, _one("ws", ws, ds), ignore_border, _one("stride", stride, st),
                   padding if padding is not None else pad, mode)  # fmt: skip


def pool_3d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Variable:
    """``symconv.pool_3d`` over the last three axes; arguments as of ``pool_2d``."""
    return _pooled(sc.pool_3d, input, _one("ws", ws, ds), ignore_border, _one("stride", stride, st),
                   padding if padding is not None else pad, mode)  # fmt: skip


def max_pool_2d_same_size(input: Any, patch_size: Any) -> Variable:
    """The input where it is the largest of its window, else 0."""
    result: Variable = adopted(sc.max_pool_2d_same_size(as_tensor_variable(input), patch_size))
    return result


def _one(name: str, value: Any, old: Any) -> Any:
    if value is not None and old is not None:
        raise OptionError(f"{name} and its older name were both given", hint=f"give {name} alone")
    return old if value is None else value


def _pooled(
    function: Callable[..., Variable], x: Any, ws: Any, ignore_border: Any, stride: Any, pad: Any, mode: str
) -> Variable:
    if ws is None:
        raise OptionError("pooling needs the window's sizes", hint="pass ws=(rows, cols)")
    if ignore_border is None:
        warnings.warn("pooling without ignore_border counts windows beyond the border", stacklevel=3)
        ignore_border = False
    mode = "max" if mode == "max_deterministic" else mode
    window, stride, pad = (list(v) if isinstance(v, tuple | list) else v for v in (ws, stride, pad))
    return adopted(
        function(as_tensor_variable(x), window, stride, pad, mode, ignore_border=bool(ignore_border))
    )


__getattr__ = refuses("theano.tensor.signal.pool", globals())

__all__ = ["max_pool_2d_same_size", "pool_2d", "pool_3d"]
