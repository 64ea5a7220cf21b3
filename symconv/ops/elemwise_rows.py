"""The table of elementwise functions, one row each; imports the op, dtypes and the graph.

    row(signature, formula, dtype rule, gradient, ...)

A gradient is given the operands, the result and the gradient ``g`` by the result, and gives one term per
operand; None stands for no term. Without ``steps`` the row is the NumPy ufunc of its own name, or ``ufunc``.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.operators import METHODS, UFUNCS
from symconv.graph.types import TensorType
from symconv.ops.dtypes import (
    DTypeRule,
    as_numpy,
    chosen,
    compared,
    dtype_name,
    floating,
    floating_real,
    of_last,
    promoted,
    promoted_real,
)
from symconv.ops.elemwise import ROWS, Elemwise, Row, cast_row

BOOLEANS = "booleans have no arithmetic of this kind: use ~x or x ^ y, or convert with cast(x, dtype)"
SIGNED_BITS = "bits are those of booleans and integers of one signedness: convert with cast(x, dtype)"


def row(
    signature: str,
    formula: str,
    dtypes: DTypeRule,
    gradient: Callable[..., Any] | None = None,
    *,
    ufunc: str | None = None,
    steps: Callable[..., Any] | None = None,
    meaning: Callable[..., Any] | None = None,
    methods: tuple[str, ...] = (),
    trivial: Callable[[TensorType], bool] | None = None,
    weak_from: int = 0,
    ignores: tuple[int, ...] = (),
    hint: str = "",
    note: str = "",
    infix: str = "",
) -> Elemwise:
    """Enter a function in the table, under its methods, and as what its NumPy ufunc means."""
    name, operands = signature.rstrip(")").split("(")
    if steps is None:
        ufunc = ufunc or name
        meaning = meaning or getattr(np, ufunc)
    assert meaning is not None
    ROWS[name] = Row(
        name, tuple(operands.split(", ")), formula, dtypes, ufunc, steps, meaning, gradient, trivial,
        weak_from, ignores, hint, note, infix,
    )  # fmt: skip
    op = Elemwise(ROWS[name])
    for method in methods:
        METHODS[method] = op
    if ufunc is not None:
        UFUNCS[getattr(np, ufunc).__name__] = op
    return op


def unary(
    signature: str, formula: str, dtypes: DTypeRule, gradient: Callable[..., Any] | None = None, **facts: Any
) -> Elemwise:
    """A row of one operand, which is also a method of variables under its own name."""
    facts.setdefault("methods", (signature.split("(")[0],))
    return row(signature, formula, dtypes, gradient, **facts)


def _is_real(type: TensorType) -> bool:
    return not type.is_complex


def _is_whole(type: TensorType) -> bool:
    return type.is_discrete


# Comparisons and choices

eq = row("eq(x, y)", "x = y", compared, infix="==", ufunc="equal")
neq = row("neq(x, y)", "x ≠ y", compared, infix="!=", ufunc="not_equal")
lt = row("lt(x, y)", "x < y", compared, infix="<", ufunc="less", methods=("__lt__",))
le = row("le(x, y)", "x <= y", compared, infix="<=", ufunc="less_equal", methods=("__le__",))
gt = row("gt(x, y)", "x > y", compared, infix=">", ufunc="greater", methods=("__gt__",))
ge = row("ge(x, y)", "x >= y", compared, infix=">=", ufunc="greater_equal", methods=("__ge__",))
isnan = row("isnan(x)", "whether x is not a number", compared)
isinf = row("isinf(x)", "whether x is infinite", compared)
isfinite = row("isfinite(x)", "whether x is neither infinite nor NaN", compared)
switch: Elemwise = row("switch(condition, x, y)", "x where the condition holds, else y", chosen,
                       lambda c, x, y, z, g: (None, switch(c, g, 0.0), switch(c, 0.0, g)),
                       steps=lambda u, c, x, y: u.where(c, x, y), meaning=np.where, weak_from=1)


# Arithmetic


def _power_gradient(x: Variable, y: Variable, z: Variable, g: Variable) -> tuple[Variable | None, ...]:
    # Where y is 0 the derivative by x is 0, also at x = 0, where x**(y-1) would be infinite.
    if isinstance(y, Constant):
        exponent: Variable = Constant(np.where(y.data == 0, y.data, y.data - 1).astype(y.dtype))
    else:
        exponent = switch(eq(y, 0), y, y - 1)
    by_x = g * y * x**exponent
    if y.type.is_discrete:
        return by_x, None
    # Where x is 0 the derivative by y is 0 (from y >= 0 on), though log(x) is not finite.
    grows = switch(eq(x, 0) & ge(y, 0), 0.0, z * log(x))
    return by_x, g * grows


def _compared(x: Variable, y: Variable, z: Variable) -> Variable:
    """What tells whether x was chosen: y, or the result z, which a rectifier's y need not outlive."""
    return z if isinstance(x, Constant) and z.dtype == y.dtype else y


def _to_chosen(first: Variable, g: Variable) -> tuple[Variable, Variable]:
    return switch(first, g, 0.0), switch(first, 0.0, g)


def _clip_gradient(
    x: Variable, low: Variable, high: Variable, z: Variable, g: Variable
) -> tuple[Variable, Variable, Variable]:
    ordered = le(low, high)
    inside = le(low, x) & le(x, high)
    return (
        switch(inside, g, 0.0),
        switch(lt(x, low) & ordered, g, 0.0),
        switch(gt(x, high) | ~ordered, g, 0.0),
    )


def _sign_gradient(x: Variable, z: Variable, g: Variable) -> Variable | None:
    # Of complex numbers it is the point on the unit circle, which turns with x and does not grow.
    if not x.type.is_complex:
        return None
    turned = g - conj(z * z * g)
    return switch(eq(x, 0), 0.0, turned / (abs(x) * 2))


add = row("add(x, y)", "x + y", as_numpy, lambda x, y, z, g: (g, g), infix="+", methods=("__add__",))
sub = row("sub(x, y)", "x - y", as_numpy, lambda x, y, z, g: (g, -g),
          infix="-", ufunc="subtract", methods=("__sub__",), hint=BOOLEANS)
mul = row("mul(x, y)", "x · y", as_numpy, lambda x, y, z, g: (g * y, g * x),
          infix="*", ufunc="multiply", methods=("__mul__",))
true_div = row("true_div(x, y)", "x / y", floating, lambda x, y, z, g: (g / y, -(g * z) / y),
               infix="/", ufunc="true_divide", methods=("__truediv__",))
floordiv = row("floordiv(x, y)", "⌊x / y⌋", as_numpy, infix="//", ufunc="floor_divide",
               methods=("__floordiv__",))
mod = row("mod(x, y)", "x - y ⌊x / y⌋", as_numpy, lambda x, y, z, g: (g, -g * (x // y)),
          infix="%", ufunc="remainder", methods=("__mod__",))
pow = row("pow(x, y)", "xʸ", as_numpy, _power_gradient, infix="**", ufunc="power", methods=("__pow__",),
          note="Gradient: 0 by x where y = 0, and by y where x = 0 <= y, so that no NaN arises there. "
               "Integers to negative integer powers raise when computed.")
neg = row("neg(x)", "-x", as_numpy, lambda x, z, g: -g,
          infix="-", ufunc="negative", methods=("__neg__",), hint=BOOLEANS)
sign = unary("sign(x)", "-1, 0 or 1 as x is negative, zero or positive", as_numpy, _sign_gradient,
             note="Of complex x it is x / |x|, or 0. Its derivative is zero where x is real.")
abs = unary("abs(x)", "|x|", as_numpy, lambda x, z, g: g * conj(sign(x)), ufunc="absolute",
            methods=("__abs__", "abs"), note="Gradient: 0 where x = 0.")
reciprocal = unary("reciprocal(x)", "1 / x", floating, lambda x, z, g: -(g * z * z))
sqr = unary("sqr(x)", "x²", as_numpy, lambda x, z, g: g * 2 * x, ufunc="square")
sqrt = unary("sqrt(x)", "√x", floating, lambda x, z, g: g * 0.5 / z,
             note="Gradient: infinite where x = 0.")
maximum = row("maximum(x, y)", "the larger of x and y, NaN if one is", as_numpy,
              lambda x, y, z, g: _to_chosen(ge(x, _compared(x, y, z)), g),
              note="Gradient: all to x where x = y.")
minimum = row("minimum(x, y)", "the smaller of x and y, NaN if one is", as_numpy,
              lambda x, y, z, g: _to_chosen(le(x, _compared(x, y, z)), g),
              note="Gradient: all to x where x = y.")
clip = row("clip(x, low, high)", "min(max(x, low), high)", promoted_real, _clip_gradient,
           steps=lambda u, x, low, high: u.minimum(u.maximum(x, low), high),
           meaning=lambda x, low, high: np.clip(x, low, high), methods=("clip",),
           note="Gradient: all to x where low <= x <= high, the ends included.")

# Exponentials and logarithms

exp = unary("exp(x)", "eˣ", floating, lambda x, z, g: g * z)
exp2 = unary("exp2(x)", "2ˣ", floating, lambda x, z, g: g * z * math.log(2))
expm1 = unary("expm1(x)", "eˣ - 1, also accurate near 0", floating, lambda x, z, g: g * exp(x))
log = unary("log(x)", "the natural logarithm of x", floating, lambda x, z, g: g / x)
log2 = unary("log2(x)", "the logarithm of x to base 2", floating, lambda x, z, g: g / (x * math.log(2)))
log10 = unary("log10(x)", "the logarithm of x to base 10", floating, lambda x, z, g: g / (x * math.log(10)))
log1p = unary("log1p(x)", "log(1 + x), also accurate near 0", floating, lambda x, z, g: g / (x + 1))
logaddexp = row("logaddexp(x, y)", "log(eˣ + eʸ)", floating,
                lambda x, y, z, g: (g * exp(x - z), g * exp(y - z)))

# Trigonometric and hyperbolic functions

sin = unary("sin(x)", "the sine of x radians", floating, lambda x, z, g: g * cos(x))
cos: Elemwise = unary("cos(x)", "the cosine of x radians", floating, lambda x, z, g: -(g * sin(x)))
tan = unary("tan(x)", "the tangent of x radians", floating, lambda x, z, g: g * (z * z + 1))
arcsin = unary("arcsin(x)", "the angle whose sine is x", floating, lambda x, z, g: g / sqrt(1 - x * x))
arccos = unary("arccos(x)", "the angle whose cosine is x", floating, lambda x, z, g: -g / sqrt(1 - x * x))
arctan = unary("arctan(x)", "the angle whose tangent is x", floating, lambda x, z, g: g / (x * x + 1))
arctan2 = row("arctan2(y, x)", "the angle of the point (x, y)", floating,
              lambda y, x, z, g: (g * x / (x * x + y * y), -(g * y) / (x * x + y * y)))
sinh = unary("sinh(x)", "(eˣ - e⁻ˣ) / 2", floating, lambda x, z, g: g * cosh(x))
cosh: Elemwise = unary("cosh(x)", "(eˣ + e⁻ˣ) / 2", floating, lambda x, z, g: g * sinh(x))
tanh = unary("tanh(x)", "sinh(x) / cosh(x)", floating, lambda x, z, g: g * (1 - z * z))
arcsinh = unary("arcsinh(x)", "the inverse of sinh", floating, lambda x, z, g: g / sqrt(x * x + 1))
arccosh = unary("arccosh(x)", "the inverse of cosh", floating,
                lambda x, z, g: g / (sqrt(x - 1) * sqrt(x + 1)))
arctanh = unary("arctanh(x)", "the inverse of tanh", floating, lambda x, z, g: g / ((1 - x) * (1 + x)))
deg2rad = unary("deg2rad(x)", "x · π / 180", floating, lambda x, z, g: g * (math.pi / 180))
rad2deg = unary("rad2deg(x)", "x · 180 / π", floating, lambda x, z, g: g * (180 / math.pi))

# Rounding; booleans and integers are whole already, so that they come back as they are


def _away_from_zero(u: Any, x: Any) -> Any:
    size = u.absolute(x)
    whole = u.floor(size)
    return u.copysign(u.add(whole, u.greater_equal(u.subtract(size, whole), 0.5)), x)


floor = unary("floor(x)", "the largest whole number <= x", floating_real, trivial=_is_whole)
ceil = unary("ceil(x)", "the smallest whole number >= x", floating_real, trivial=_is_whole)
trunc = unary("trunc(x)", "the next whole number towards 0", floating_real, trivial=_is_whole)
round = unary("round(x)", "the nearest whole number, halves to the even one", floating_real,
              ufunc="rint", trivial=_is_whole)
round_half_away_from_zero = row(
    "round_half_away_from_zero(x)", "the nearest whole number, halves away from 0", floating_real,
    steps=_away_from_zero, meaning=lambda x: np.copysign(np.floor(np.abs(x)) + (np.abs(x) % 1 >= 0.5), x),
    trivial=_is_whole)

# Logic and bits

and_ = row("and_(x, y)", "x and y, bit by bit", as_numpy,
           infix="&", ufunc="bitwise_and", methods=("__and__",), hint=SIGNED_BITS)
or_ = row("or_(x, y)", "x or y, bit by bit", as_numpy,
          infix="|", ufunc="bitwise_or", methods=("__or__",), hint=SIGNED_BITS)
xor = row("xor(x, y)", "either x or y, bit by bit", as_numpy,
          infix="^", ufunc="bitwise_xor", methods=("__xor__",), hint=SIGNED_BITS)
invert = row("invert(x)", "not x, bit by bit", as_numpy, infix="~", methods=("__invert__",), hint=SIGNED_BITS)
left_shift = row("left_shift(x, y)", "x · 2ʸ of integers", as_numpy, infix="<<", methods=("__lshift__",),
                 hint=SIGNED_BITS)
right_shift = row("right_shift(x, y)", "⌊x / 2ʸ⌋ of integers", as_numpy, infix=">>", methods=("__rshift__",),
                  hint=SIGNED_BITS)
logical_and = row("logical_and(x, y)", "whether x and y are not 0", compared)
logical_or = row("logical_or(x, y)", "whether x or y is not 0", compared)
logical_xor = row("logical_xor(x, y)", "whether exactly one of x and y is not 0", compared)
logical_not = row("logical_not(x)", "whether x is 0", compared)

# Functions of several steps

sigmoid = row("sigmoid(x)", "1 / (1 + e⁻ˣ)", floating, lambda x, z, g: g * z * (1 - z),
              steps=lambda u, x: u.reciprocal(u.add(u.exp(u.negative(x)), 1)),
              meaning=lambda x: 1 / (1 + np.exp(-x)))
softplus = row("softplus(x)", "log(1 + eˣ)", floating_real, lambda x, z, g: g * sigmoid(x),
               steps=lambda u, x: u.add(u.maximum(x, 0), u.log1p(u.exp(u.negative(u.absolute(x))))),
               meaning=lambda x: np.logaddexp(x, np.zeros_like(x)))

# Copies

identity = row("identity(x)", "x", promoted, lambda x, z, g: g, steps=lambda u, x: x, meaning=np.array,
               methods=("copy",))
second = row("second(x, y)", "y in the broadcast shape of x and y", of_last,
             lambda x, y, z, g: (None, g), steps=lambda u, x, y: y,
             meaning=lambda x, y: np.array(np.broadcast_arrays(x, y)[1]), ignores=(0,))
conj: Elemwise = unary("conj(x)", "the complex conjugate of x", as_numpy, lambda x, z, g: conj(g),
                       ufunc="conjugate", trivial=_is_real)


def cast(x: Operand, dtype: Any) -> Variable:
    """Convert to another dtype, as ``astype`` of arrays does.

    Parameters
    ----------
    x : variable or array_like
    dtype : str or numpy dtype
        The dtype wanted; "floatX" means the setting.

    Returns
    -------
    Variable
        Of the same shape; x itself where it has the dtype already. Gradients pass and are converted back;
        none flows through booleans and integers.

    Raises
    ------
    DTypeError
        For an unknown dtype, and for complex values to be made real.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.cast(sc.lvector("labels"), "float32").type
    TensorType(float32[?])
    """
    x = as_variable(x)
    name = dtype_name(dtype)
    return x if name == x.dtype else Elemwise(cast_row(name))(x)


def zeros_like(x: Operand, dtype: Any = None) -> Variable:
    """Zeros of the shape of ``x``, of its dtype unless another is named."""
    return _filled_like(x, 0, dtype)


def ones_like(x: Operand, dtype: Any = None) -> Variable:
    """Ones of the shape of ``x``, of its dtype unless another is named."""
    return _filled_like(x, 1, dtype)


def _filled_like(x: Operand, value: int, dtype: Any) -> Variable:
    x = as_variable(x)
    fill = Constant(np.asarray(value, x.dtype if dtype is None else dtype_name(dtype)))
    return fill if x.ndim == 0 else second(x, fill)


inv = reciprocal
bitwise_and, bitwise_or, bitwise_xor, bitwise_not = and_, or_, xor, invert
METHODS["astype"] = cast

__all__ = [
    "eq", "neq", "lt", "le", "gt", "ge", "isnan", "isinf", "isfinite", "switch", "add", "sub", "mul",
    "true_div", "floordiv", "mod", "pow", "neg", "sign", "abs", "reciprocal", "sqr", "sqrt", "maximum",
    "minimum", "clip", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "sin",
    "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh",
    "arctanh", "deg2rad", "rad2deg", "floor", "ceil", "trunc", "round", "round_half_away_from_zero",
    "and_", "or_", "xor", "invert", "left_shift", "right_shift", "logical_and", "logical_or",
    "logical_xor", "logical_not", "sigmoid", "softplus", "identity", "second", "conj", "cast",
    "zeros_like", "ones_like", "inv", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not",
]  # fmt: skip
