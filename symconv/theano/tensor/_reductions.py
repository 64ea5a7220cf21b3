"""Sums, means and extremes over axes, with Theano's names and defaults; imports symconv, its neighbours."""

from collections.abc import Callable
from typing import Any

import numpy as np

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.theano._functions import called, noted
from symconv.theano._operands import as_tensor_variable, constant
from symconv.theano._variables import METHODS, adopted
from symconv.theano.tensor.elemwise import cast, pow, sqrt, sub


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The largest element over axes; no axes are all axes."""
    return _extreme("max", sc.max, x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The smallest element over axes; no axes are all axes."""
    return adopted(sc.min(as_tensor_variable(x), _axes(axis) if axis != () else None, keepdims))


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The position of the largest element over axes."""
    return _extreme("argmax", sc.argmax, x, axis, keepdims)


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The position of the smallest element over axes; its name is "argmax", too."""
    return _extreme("argmax", sc.argmin, x, axis, keepdims)


def _extreme(name: str, function: Callable[..., Variable], x: Any, axis: Any, keepdims: bool) -> Variable:
    axes = None if axis == () else _axes(axis)
    result: Variable = called(name, function)(as_tensor_variable(x), axes, keepdims)
    return result


def max_and_argmax(a: Any, axis: Any = None, keepdims: bool = False) -> list[Variable]:
    """The largest elements over axes, and where they are."""
    return [max(a, axis=_axes(axis), keepdims=keepdims), argmax(a, axis=_axes(axis), keepdims=keepdims)]


def _reduced(
    function: Callable[..., Variable], x: Any, axis: Any, dtype: Any, keepdims: bool, acc: Any
) -> Variable:
    x = as_tensor_variable(x)
    if acc is not None:
        result = function(x, axis=_axes(axis), keepdims=keepdims, dtype=acc)
        return cast(result, dtype or function(x, axis=_axes(axis)).dtype)
    result = adopted(function(x, axis=_axes(axis), keepdims=keepdims, dtype=dtype))
    return result if keepdims or result is x else noted(result, axis=_said(axis, x.ndim))


def _said(axis: Any, ndim: int) -> tuple[int, ...] | None:
    """The axes as a program said them, none if it named none."""
    axes = _axes(axis)
    listed = axes if axes is None or isinstance(axes, tuple) else (axes,)
    return None if listed is None else tuple(int(one) % ndim for one in listed)


def _axes(axis: Any) -> Any:
    """Axes as a program gives them, in a list or array say, as symconv takes them."""
    if axis is None or isinstance(axis, int | Variable):
        return axis
    return int(axis) if np.ndim(axis) == 0 else tuple(map(int, axis))


def sum(
    input: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
) -> Variable:
    """The sum over axes; ``acc_dtype`` is the dtype of the additions."""
    return _reduced(sc.sum, input, axis, dtype, keepdims, acc_dtype)


def prod(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    acc_dtype: Any = None,
    no_zeros_in_input: bool = False,
) -> Variable:
    """The product over axes; ``no_zeros_in_input`` is accepted, and changes nothing."""
    return _reduced(sc.prod, input, axis, dtype, keepdims, acc_dtype)


def mean(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    op: bool = False,
    keepdims: bool = False,
    acc_dtype: Any = None,
) -> Variable:
    """The mean over axes; ``op`` is without meaning."""
    x = as_tensor_variable(input)
    result = _reduced(sc.mean, x, axis, dtype, keepdims, acc_dtype)
    if result.name is None:
        result.name = "mean"
    if result.owner is not None and result.owner.inputs[0].owner is not None:
        noted(result.owner.inputs[0], axis=_said(axis, x.ndim))
    return result


def var(
    input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> Variable:
    """The variance over axes, by two passes; ``corrected`` is accepted, and changes nothing."""
    x = as_tensor_variable(input)
    axes = tuple(range(x.ndim)) if axis is None else axis
    if not x.type.is_float or ddof or not x.ndim:
        result: Variable = called("var", sc.var)(x, _axes(axis), ddof, keepdims)
        return result
    squares = pow(sub(x, mean(x, axis=axes, keepdims=True)), constant(2, dtype=x.dtype))
    result = mean(squares, axis=axes, keepdims=keepdims)
    result.name = "var"
    return result


def std(
    input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> Variable:
    """The standard deviation over axes."""
    result: Variable = sqrt(var(input, axis, ddof, keepdims, corrected))
    result.name = "std"
    return result


METHODS.update(
    max=max, argmax=argmax, argmin=argmin, max_and_argmax=max_and_argmax, sum=sum, prod=prod, mean=mean,
    var=var, std=std,
)  # fmt: skip

__all__ = ["argmax", "argmin", "max", "max_and_argmax", "mean", "min", "prod", "std", "sum", "var"]
