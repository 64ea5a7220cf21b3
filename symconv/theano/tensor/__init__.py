"""``theano.tensor``: constructors, elementwise functions, reductions, shapes, products; imports symconv."""

from collections.abc import Callable
from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Constant as TensorConstant
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.gradient import Lop, Rop, grad
from symconv.theano.tensor import nnet, sharedvar

SAME = [
    # constructors; those with a dtype's letter before them follow below
    "scalar", "vector", "row", "col", "matrix", "tensor3", "tensor4", "tensor5", "constant",
    # elementwise
    "add", "sub", "mul", "true_div", "mod", "pow", "neg", "inv", "sqr", "sqrt", "exp", "exp2", "expm1",
    "log", "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh",
    "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "deg2rad", "rad2deg", "floor", "ceil", "trunc",
    "maximum", "minimum", "clip", "switch", "where", "cast", "eq", "neq", "lt", "le", "gt", "ge", "isnan",
    "isinf", "and_", "or_", "xor", "invert", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not",
    "conj", "zeros_like", "ones_like",
    # reductions
    "max", "min", "argmax", "argmin", "any", "all", "var", "std",
    # shapes and products
    "reshape", "transpose", "dot", "shape", "squeeze", "swapaxes", "shape_padleft", "shape_padright",
    "shape_padaxis", "addbroadcast", "specify_shape",
    # indexing
    "set_subtensor", "inc_subtensor", "take", "choose", "compress", "nonzero", "flatnonzero",
    "nonzero_values",
    # parts of complex numbers
    "real", "imag", "angle",
]  # fmt: skip
"""Names that mean the same in ``theano.tensor`` and in ``symconv``."""

OTHER = {
    "abs_": sc.abs,
    "sgn": sc.sign,
    "square": sc.sqr,
    "int_div": sc.floordiv,
    "floor_div": sc.floordiv,
    "conjugate": sc.conj,
    "TensorVariable": Variable,
}
"""Names that ``symconv`` spells differently."""

PREFIXED = [
    prefix + name
    for prefix in "bwilfdcz"
    for name in ("scalar", "vector", "row", "col", "matrix", "tensor3", "tensor4", "tensor5")
]
PLURALS = ["scalars", "vectors", "rows", "cols", "matrices"]

globals().update({name: getattr(sc, name) for name in (*SAME, *PREFIXED, *PLURALS)}, **OTHER)


def sum(
    input: Variable, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
) -> Variable:
    """``symconv.sum`` with Theano's order of arguments."""
    return _reduced(sc.sum, input, axis, dtype, keepdims, acc_dtype)


def prod(
    input: Variable, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
) -> Variable:
    """``symconv.prod`` with Theano's order of arguments."""
    return _reduced(sc.prod, input, axis, dtype, keepdims, acc_dtype)


def mean(
    input: Variable,
    axis: Any = None,
    dtype: Any = None,
    op: bool = False,
    keepdims: bool = False,
    acc_dtype: Any = None,
) -> Variable:
    """``symconv.mean`` with Theano's order of arguments; ``op`` is without meaning."""
    return _reduced(sc.mean, input, axis, dtype, keepdims, acc_dtype)


def _reduced(
    function: Callable[..., Variable], input: Variable, axis: Any, dtype: Any, keepdims: bool, acc_dtype: Any
) -> Variable:
    if acc_dtype is not None:
        raise OptionError(
            f"symconv does not support acc_dtype={acc_dtype!r} yet",
            hint="dtype= sets the dtype that is summed in and returned",
        )
    return function(input, axis=axis, keepdims=keepdims, dtype=dtype)


def flatten(x: Variable, ndim: int | None = None, outdim: int | None = None) -> Variable:
    """``symconv.flatten``, with the older name ``outdim`` for ``ndim``."""
    return sc.flatten(x, ndim or outdim or 1)


def round(a: Variable, mode: str | None = None) -> Variable:
    """Round to whole numbers, halves to the even one; ``mode="half_away_from_zero"`` does what it says."""
    modes = {None: sc.round, "half_to_even": sc.round, "half_away_from_zero": sc.round_half_away_from_zero}
    if mode not in modes:
        raise OptionError(f"round has no mode {mode!r}", hint="choose one of " + ", ".join(map(repr, modes)))
    result: Variable = modes[mode](a)
    return result


__getattr__ = refuses("theano.tensor", globals())

__all__ = [
    *SAME, *PREFIXED, *PLURALS, *OTHER, "Lop", "Rop", "TensorConstant", "Variable", "flatten", "grad",
    "mean", "nnet", "prod", "round", "sharedvar", "sum",
]  # fmt: skip
