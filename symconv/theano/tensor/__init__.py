"""``theano.tensor``: constructors, elementwise functions, reductions, shapes, products; imports symconv."""

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Constant as TensorConstant
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.gradient import grad
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
    "sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "all", "any",
    # shapes and products
    "reshape", "flatten", "transpose", "dot",
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

globals().update({name: getattr(sc, name) for name in (*SAME, *PREFIXED)}, **OTHER)


def round(a: Variable, mode: str | None = None) -> Variable:
    """Round to whole numbers, halves to the even one; ``mode="half_away_from_zero"`` does what it says."""
    modes = {None: sc.round, "half_to_even": sc.round, "half_away_from_zero": sc.round_half_away_from_zero}
    if mode not in modes:
        raise OptionError(f"round has no mode {mode!r}", hint="choose one of " + ", ".join(map(repr, modes)))
    result: Variable = modes[mode](a)
    return result


__getattr__ = refuses("theano.tensor", globals())

__all__ = [*SAME, *PREFIXED, *OTHER, "TensorConstant", "Variable", "grad", "nnet", "round", "sharedvar"]
