"""Elementwise functions: each row against Python's own mathematics, its emission, dtypes and gradient."""

import copy
import inspect
import math
import operator
import pickle
import pydoc

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from reference import evaluate, numeric_gradient

import symconv.ops.reduce
import symconv.ops.shape  # noqa: F401  (methods of variables)
from symconv.config import settings
from symconv.errors import ArgumentError, DTypeError, ShapeError
from symconv.gradient import grad, verify_grad
from symconv.graph.nodes import Constant, Variable, constant
from symconv.graph.operators import METHODS, UFUNCS
from symconv.graph.types import TensorType
from symconv.ops import elemwise_rows as rows
from symconv.ops.elemwise import ROWS, Elemwise, cast_row

EVERYWHERE, POSITIVE, UNIT = (-3.0, 3.0), (0.1, 4.0), (-0.9, 0.9)


def half_even(x):
    return float(round(x))


def half_away(x):
    return math.copysign(math.floor(abs(x) + 0.5), x)


# name -> (the same function of Python numbers, intervals to draw operands from, whether it has a gradient)
FLOATS = {
    "add": (operator.add, [EVERYWHERE] * 2, True),
    "sub": (operator.sub, [EVERYWHERE] * 2, True),
    "mul": (operator.mul, [EVERYWHERE] * 2, True),
    "true_div": (operator.truediv, [EVERYWHERE, POSITIVE], True),
    "floordiv": (operator.floordiv, [EVERYWHERE, POSITIVE], False),
    "mod": (operator.mod, [EVERYWHERE, (1.1, 4.0)], True),
    "pow": (operator.pow, [POSITIVE, EVERYWHERE], True),
    "neg": (operator.neg, [EVERYWHERE], True),
    "abs": (abs, [EVERYWHERE], True),
    "sign": (lambda x: float((x > 0) - (x < 0)), [EVERYWHERE], False),
    "reciprocal": (lambda x: 1 / x, [POSITIVE], True),
    "sqr": (lambda x: x * x, [EVERYWHERE], True),
    "sqrt": (math.sqrt, [POSITIVE], True),
    "maximum": (max, [EVERYWHERE] * 2, True),
    "minimum": (min, [EVERYWHERE] * 2, True),
    "clip": (lambda x, low, high: min(max(x, low), high), [EVERYWHERE, (-2.0, 0.5), (0.6, 2.0)], True),
    "exp": (math.exp, [EVERYWHERE], True),
    "exp2": (lambda x: 2.0**x, [EVERYWHERE], True),
    "expm1": (math.expm1, [EVERYWHERE], True),
    "log": (math.log, [POSITIVE], True),
    "log2": (math.log2, [POSITIVE], True),
    "log10": (math.log10, [POSITIVE], True),
    "log1p": (math.log1p, [UNIT], True),
    "logaddexp": (lambda x, y: math.log(math.exp(x) + math.exp(y)), [EVERYWHERE] * 2, True),
    "sin": (math.sin, [EVERYWHERE], True),
    "cos": (math.cos, [EVERYWHERE], True),
    "tan": (math.tan, [UNIT], True),
    "arcsin": (math.asin, [UNIT], True),
    "arccos": (math.acos, [UNIT], True),
    "arctan": (math.atan, [EVERYWHERE], True),
    "arctan2": (math.atan2, [EVERYWHERE, POSITIVE], True),
    "sinh": (math.sinh, [EVERYWHERE], True),
    "cosh": (math.cosh, [EVERYWHERE], True),
    "tanh": (math.tanh, [EVERYWHERE], True),
    "arcsinh": (math.asinh, [EVERYWHERE], True),
    "arccosh": (math.acosh, [(1.2, 5.0)], True),
    "arctanh": (math.atanh, [UNIT], True),
    "deg2rad": (math.radians, [EVERYWHERE], True),
    "rad2deg": (math.degrees, [EVERYWHERE], True),
    "floor": (math.floor, [EVERYWHERE], False),
    "ceil": (math.ceil, [EVERYWHERE], False),
    "trunc": (math.trunc, [EVERYWHERE], False),
    "round": (half_even, [EVERYWHERE], False),
    "round_half_away_from_zero": (half_away, [EVERYWHERE], False),
    "eq": (operator.eq, [EVERYWHERE] * 2, False),
    "neq": (operator.ne, [EVERYWHERE] * 2, False),
    "lt": (operator.lt, [EVERYWHERE] * 2, False),
    "le": (operator.le, [EVERYWHERE] * 2, False),
    "gt": (operator.gt, [EVERYWHERE] * 2, False),
    "ge": (operator.ge, [EVERYWHERE] * 2, False),
    "isnan": (math.isnan, [EVERYWHERE], False),
    "isinf": (math.isinf, [EVERYWHERE], False),
    "isfinite": (math.isfinite, [EVERYWHERE], False),
    "logical_and": (lambda x, y: bool(x) and bool(y), [EVERYWHERE] * 2, False),
    "logical_or": (lambda x, y: bool(x) or bool(y), [EVERYWHERE] * 2, False),
    "logical_xor": (lambda x, y: bool(x) != bool(y), [EVERYWHERE] * 2, False),
    "logical_not": (operator.not_, [EVERYWHERE], False),
    "sigmoid": (lambda x: 1 / (1 + math.exp(-x)), [EVERYWHERE], True),
    "softplus": (lambda x: math.log(1 + math.exp(x)), [EVERYWHERE], True),
    "identity": (lambda x: x, [EVERYWHERE], True),
    "erf": (math.erf, [EVERYWHERE], True),
    "erfc": (math.erfc, [EVERYWHERE], True),
    "xlogy": (lambda x, y: x * math.log(y), [EVERYWHERE, POSITIVE], True),
    "xlog1py": (lambda x, y: x * math.log1p(y), [EVERYWHERE, UNIT], True),
    "second": (lambda x, y: y, [EVERYWHERE] * 2, True),
}
BITS = {
    "and_": operator.and_, "or_": operator.or_, "xor": operator.xor, "invert": operator.invert,
    "left_shift": operator.lshift, "right_shift": operator.rshift,
}  # fmt: skip
ELSEWHERE = {"switch", "conj"}  # tested below
DIFFERENTIABLE = [name for name, (_, _, smooth) in FLOATS.items() if smooth]

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 0.49999999999999994, 1e-30, -700.0, 700.0,
                    4503599627370497.5, np.inf, -np.inf, np.nan])  # fmt: skip


def op_of(name):
    return Elemwise(ROWS[name])


def variable(dtype, *shape, name=None):
    return Variable(TensorType(dtype, shape), name)


def draw(rng, interval, shape, dtype="float64"):
    return rng.uniform(*interval, shape).astype(dtype)


def values_of(variables, rng, interval=EVERYWHERE):
    return {v: draw(rng, interval, [3 if d is None else d for d in v.type.shape], v.dtype) for v in variables}


def test_every_row_has_its_test():
    tested = {*FLOATS, *BITS, *ELSEWHERE}
    assert {name for name in ROWS if not name.startswith("cast{")} == tested


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_meaning(name, dtype):
    meaning, intervals, _ = FLOATS[name]
    rng = np.random.default_rng(len(name))
    arrays = [draw(rng, interval, (4, 5), dtype) for interval in intervals]
    inputs = [variable(dtype, None, None) for _ in arrays]
    result = op_of(name)(*inputs)
    found = evaluate(result, dict(zip(inputs, arrays, strict=True)))
    expected = np.vectorize(meaning, otypes=["float64"])(*(array.astype("float64") for array in arrays))
    epsilon = np.finfo(dtype).eps
    np.testing.assert_allclose(found.astype("float64"), expected, rtol=40 * epsilon, atol=20 * epsilon)
    assert result.dtype in (dtype, "bool")


@pytest.mark.parametrize("name", BITS)
@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "int64", "uint8"])
def test_bits(name, dtype):
    if dtype == "bool" and "shift" in name:
        pytest.skip("shifting a truth value gives NumPy's int8")
    arrays = [np.array([0, 1, 1, 0]).astype(dtype), np.array([0, 1, 0, 1]).astype(dtype)]
    arrays = arrays[: ROWS[name].arity]
    inputs = [variable(dtype, None) for _ in arrays]
    result = op_of(name)(*inputs)
    expected = [BITS[name](*(array[i] for array in arrays)) for i in range(4)]
    np.testing.assert_array_equal(evaluate(result, dict(zip(inputs, arrays, strict=True))), expected)
    assert result.dtype == dtype


class Recorder:
    """What the compiler's recorder is, computing at once."""

    def __getattr__(self, name):
        return getattr(np, name)

    def where(self, condition, x, y):
        return np.where(condition, x, y)

    def cast(self, x, dtype):
        return np.asarray(x).astype(dtype)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.steps is not None])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_emission_equals_meaning(name, dtype):
    row = ROWS[name]
    with np.errstate(all="ignore"):
        pool = SPECIAL.astype(dtype)
        grids = np.meshgrid(*[pool] * row.arity)
        operands = [g.astype(d) for g, d in zip(grids, row.loop((dtype,) * row.arity).operands, strict=True)]
        emitted = np.asarray(row.emit(Recorder(), *operands))
        expected = np.asarray(row.meaning(*operands))
    np.testing.assert_allclose(emitted, expected, rtol=8 * np.finfo(dtype).eps)
    assert emitted.dtype == expected.dtype


def test_sigmoid_is_accurate_where_it_is_small():
    x = variable("float64", None)
    points = np.array([-700.0, -300.0, -40.0])
    found = evaluate(rows.sigmoid(x), {x: points})
    np.testing.assert_allclose(found, np.exp(points), rtol=1e-15)


def test_halves():
    x = variable("float64", None)
    points = [-2.5, -1.5, -0.5, 0.49999999999999994, 0.5, 1.5, 2.5, np.inf]
    np.testing.assert_array_equal(evaluate(rows.round(x), {x: points}), [-2, -2, -0.0, 0, 0, 2, 2, np.inf])
    away = evaluate(rows.round_half_away_from_zero(x), {x: points})
    np.testing.assert_array_equal(away, [-3, -2, -1, 0, 1, 2, 3, np.inf])


def test_nan_and_infinity_flow_without_warnings():
    x = variable("float64", None)
    found = evaluate([rows.log(x), 1 / x, rows.exp(x), x - x], {x: [0.0, -1.0, np.inf, np.nan]})
    np.testing.assert_array_equal(found[0], [-np.inf, np.nan, np.inf, np.nan])
    np.testing.assert_array_equal(found[1], [np.inf, -1, 0, np.nan])
    np.testing.assert_array_equal(found[3], [0, 0, np.nan, np.nan])


# dtypes


@pytest.mark.parametrize(
    ("expression", "dtypes", "result"),
    [
        (rows.add, "int32 float32", "float64"),
        (rows.add, "int8 float32", "float32"),
        (rows.add, "bool bool", "bool"),
        (rows.mul, "uint64 int64", "float64"),
        (rows.mul, "complex64 float64", "complex128"),
        (rows.true_div, "int8 int8", "float32"),
        (rows.true_div, "uint8 bool", "float32"),
        (rows.true_div, "int16 int8", "float64"),
        (rows.true_div, "int64 float32", "float64"),
        (rows.floordiv, "int32 int32", "int32"),
        (rows.mod, "uint8 uint8", "uint8"),
        (rows.pow, "int8 int8", "int8"),
        (rows.exp, "bool", "float32"),
        (rows.exp, "int8", "float32"),
        (rows.exp, "uint8", "float32"),
        (rows.exp, "int16", "float64"),
        (rows.exp, "int64", "float64"),
        (rows.exp, "float16", "float16"),
        (rows.exp, "complex64", "complex64"),
        (rows.sigmoid, "int8", "float32"),
        (rows.arctan2, "int8 float32", "float32"),
        (rows.reciprocal, "int32", "float64"),
        (rows.sqrt, "int64", "float64"),
        (rows.floor, "int64", "int64"),
        (rows.round, "bool", "bool"),
        (rows.ceil, "float32", "float32"),
        (rows.abs, "complex64", "float32"),
        (rows.abs, "int8", "int8"),
        (rows.sqr, "int16", "int16"),
        (rows.lt, "int64 uint64", "bool"),
        (rows.eq, "complex64 float32", "bool"),
        (rows.isnan, "int32", "bool"),
        (rows.switch, "float32 int8 float32", "float32"),
        (rows.switch, "bool int8 int16", "int16"),
        (rows.maximum, "int8 float16", "float16"),
        (rows.clip, "float32 int8 int8", "float32"),
        (rows.left_shift, "int32 int8", "int32"),
        (rows.second, "float64 int8", "int8"),
        (rows.conj, "float32", "float32"),
    ],
)
def test_dtypes(expression, dtypes, result):
    inputs = [variable(dtype, 2) for dtype in dtypes.split()]
    z = expression(*inputs)
    assert z.dtype == result
    evaluate(z, {x: np.ones(2, x.dtype) for x in inputs})


@pytest.mark.parametrize(
    ("build", "hint"),
    [
        (lambda b, n, x, c: -b, "~x"),
        (lambda b, n, x, c: b - b, "x ^ y"),
        (lambda b, n, x, c: n & x, "cast"),
        (lambda b, n, x, c: ~x, "cast"),
        (lambda b, n, x, c: rows.softplus(c), "cast"),
        (lambda b, n, x, c: rows.arctan2(c, c), "cast"),
        (lambda b, n, x, c: rows.clip(c, 0, 1), "cast"),
        (lambda b, n, x, c: rows.cast(c, "float32"), "real(x)"),
        (lambda b, n, x, c: rows.cast(x, "float80"), "dtypes are"),
    ],
)
def test_dtypes_refused(build, hint):
    operands = variable("bool", 2), variable("int8", 2), variable("float32", 2), variable("complex64", 2)
    with pytest.raises(DTypeError, match=r"(?s)hint: .*") as caught:
        build(*operands)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "number", "result"),
    [
        ("float32", 1, "float32"), ("float32", 0.1, "float32"), ("float32", 1e5, "float32"),
        ("float16", 2.5, "float16"), ("int8", 1, "int8"), ("int8", 0.5, "float64"), ("int32", True, "int32"),
        ("bool", 1, "int64"), ("bool", True, "bool"), ("float32", 1j, "complex64"),
        ("float32", np.float64(1), "float64"), ("int8", np.int64(1), "int64"),
        ("float32", np.array(1.0), "float64"),
    ],
)  # fmt: skip
def test_python_numbers_are_weak(dtype, number, result):
    x = variable(dtype, 3)
    assert (x + number).dtype == result
    assert (number + x).dtype == result


def test_numbers_alone():
    with settings(floatX="float32"):
        assert rows.add(1, 2).dtype == "int64"
        assert rows.add(1, 2.5).dtype == "float32"
        assert rows.switch(variable("bool", 3), 1, 0.0).dtype == "float32"
        assert rows.mul(1, 1j).dtype == "complex64"
    assert rows.exp(1.0).dtype == "float64"
    assert rows.switch(variable("int64", 3), 1, 0).dtype == "int64"


def test_numbers_that_do_not_fit():
    x = variable("uint8", 3)
    with pytest.raises(ArgumentError, match="does not fit into uint8"):
        x + 300
    np.testing.assert_array_equal(evaluate(x < 300, {x: [1, 2, 255]}), [True] * 3)
    np.testing.assert_array_equal(evaluate(rows.eq(x, -1), {x: [1, 2, 255]}), [False] * 3)


@pytest.mark.parametrize("wrong", [None, "text", {}, lambda x: x])
def test_operands_refused(wrong):
    with pytest.raises(ArgumentError, match="cannot be part of an expression"):
        variable("float64", 3) + wrong


def test_wrong_number_of_operands():
    with pytest.raises(ArgumentError, match=r"(?s)tanh takes 1 operands, got 2.*hint: tanh\(x\)"):
        rows.tanh(variable("float64"), 1)


def test_rounding_integers_is_nothing():
    n = variable("int32", 3)
    assert all(f(n) is n for f in (rows.floor, rows.ceil, rows.trunc, rows.round))
    x = variable("float32", 3)
    assert rows.conj(x) is x
    assert rows.cast(x, "float32") is x
    with settings(floatX="float16"):
        assert rows.cast(x, "floatX").dtype == "float16"


# Operators, methods, ufuncs


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x // y,
        lambda x, y: x % y, lambda x, y: x**y, lambda x, y: -x, lambda x, y: abs(x), lambda x, y: x < y,
        lambda x, y: x <= y, lambda x, y: x > y, lambda x, y: x >= y, lambda x, y: 2 + x - 3 * y,
        lambda x, y: 2 / x, lambda x, y: 2**x, lambda x, y: 7 // x, lambda x, y: 7 % x, lambda x, y: 1 - x,
        lambda x, y: divmod(x, y)[0] + divmod(x, y)[1], lambda x, y: np.array([1.0, 2.0, 3.0]) * x,
        lambda x, y: np.float64(2) - x, lambda x, y: (x < y) & (x > 1), lambda x, y: (x < y) | (x > 1),
        lambda x, y: (x < y) ^ True, lambda x, y: ~(x < y), lambda x, y: np.tanh(x) + np.add(x, y),
        lambda x, y: np.maximum(x, y), lambda x, y: np.sqrt(x) * np.exp(y), lambda x, y: +x,
    ],
)  # fmt: skip
def test_operators(function):
    arrays = np.array([1.0, 2.5, 3.0]), np.array([2.0, 2.0, 0.5])
    x, y = variable("float64", 3), variable("float64", None)
    with np.errstate(all="ignore"):
        found = evaluate(function(x, y), {x: arrays[0], y: arrays[1]})
        np.testing.assert_array_equal(found, function(*arrays))


def test_shifts():
    n = variable("int64", 2)
    found = evaluate(rows.left_shift(1, n) + (n >> 1) + (n << 2), {n: [2, 3]})
    np.testing.assert_array_equal(found, [13, 21])


def test_table_entries():
    assert all(METHODS[name] is getattr(rows, name) for name in ("exp", "tanh", "clip", "sqrt", "round"))
    assert UFUNCS["divide"] == rows.true_div
    x = variable("float32", 3)
    assert x.astype("int8").dtype == "int8"
    assert x.clip(0, 1).owner.op == rows.clip
    with pytest.raises(ArgumentError, match=r"numpy\.frexp"):
        np.frexp(x)


def test_help_and_signature():
    assert "tanh(x) = sinh(x) / cosh(x)" in pydoc.render_doc(rows.tanh)
    assert str(inspect.signature(rows.clip)) == "(x, low, high, /)"
    assert all(row.formula and Elemwise(row).__doc__ for row in ROWS.values())


def test_identity_of_ops():
    for op in (rows.tanh, Elemwise(cast_row("int8")), rows.sigmoid):
        assert pickle.loads(pickle.dumps(op)) == op
        assert copy.deepcopy(op) == op
        assert hash(op) == hash(Elemwise(op.row))
    assert rows.tanh != rows.exp
    assert Elemwise(cast_row("int8")) != Elemwise(cast_row("int16"))
    assert str(rows.tanh) == repr(rows.tanh) == "tanh"


# Shapes


@st.composite
def broadcast_operands(draw_from, count=2):
    """Static shapes that broadcast, and concrete ones for them."""
    full = draw_from(st.lists(st.sampled_from([1, 2, 3]), max_size=4))
    static, concrete = [], []
    for _ in range(count):
        tail = full[draw_from(st.integers(0, len(full))) :]
        sizes = [1 if draw_from(st.booleans()) else size for size in tail]
        known = [
            None if size != 1 and draw_from(st.booleans()) else size for size in sizes
        ]
        static.append(tuple(known))
        concrete.append(tuple(sizes))
    return static, concrete


@given(broadcast_operands(3), st.integers(0, 99))
def test_broadcasting(shapes, seed):
    static, concrete = shapes
    rng = np.random.default_rng(seed)
    inputs = [variable("float64", *shape) for shape in static]
    arrays = [rng.normal(size=shape) for shape in concrete]
    x, y, z = inputs
    found = evaluate(rows.switch(x > 0, y * x, z - y), dict(zip(inputs, arrays, strict=True)))
    a, b, c = arrays
    np.testing.assert_array_equal(found, np.where(a > 0, b * a, c - b))


@given(broadcast_operands(2), st.integers(0, 99))
def test_gradient_undoes_broadcasting(shapes, seed):
    static, concrete = shapes
    rng = np.random.default_rng(seed)
    inputs = [variable("float64", *shape) for shape in static]
    arrays = [rng.uniform(0.5, 2, shape) for shape in concrete]
    x, y = inputs
    gradients = grad((x * y + x / y).sum(), inputs)
    found = evaluate(gradients, dict(zip(inputs, arrays, strict=True)))
    expected = numeric_gradient(lambda a, b: (a * b + a / b).sum(), arrays)
    for result, gradient, static_shape, exact in zip(found, gradients, static, expected, strict=True):
        assert [d == 1 for d in gradient.type.shape] == [d == 1 for d in static_shape]
        np.testing.assert_allclose(result, exact, rtol=1e-6, atol=1e-7)


def test_sizes_that_do_not_fit():
    x, y = variable("float64", 2, 3, name="x"), variable("float64", 4)
    with pytest.raises(ShapeError, match=r"(?s)sizes 3, 4.*x: +float64\[2,3\]  \(x\).*test_elemwise\.py"):
        x + y


# Gradients


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradient(name):
    rng = np.random.default_rng(7)
    arrays = [draw(rng, interval, (3, 4)) for interval in FLOATS[name][1]]
    verify_grad(op_of(name), arrays, seed=1)
    meaning = FLOATS[name][0]
    inputs = [variable("float64", None, None) for _ in arrays]
    gradients = grad(op_of(name)(*inputs).sum(), inputs, disconnected_inputs="ignore")
    expected = numeric_gradient(lambda *a: np.vectorize(meaning, otypes=["float64"])(*a).sum(), arrays)
    found = evaluate(gradients, dict(zip(inputs, arrays, strict=True)))
    for result, exact in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, exact, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradient_keeps_the_dtype(name):
    inputs = [variable("float32", 2) for _ in FLOATS[name][1]]
    gradients = grad(op_of(name)(*inputs).sum(), inputs, disconnected_inputs="ignore")
    assert [gradient.dtype for gradient in gradients] == ["float32"] * len(inputs)


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if name != "second"])
def test_second_gradient(name):
    rng = np.random.default_rng(11)
    arrays = [draw(rng, interval, (3,)) for interval in FLOATS[name][1]]

    def gradient(*inputs):
        first = grad(op_of(name)(*inputs).sum(), inputs[0])
        return first * inputs[0]

    verify_grad(gradient, arrays, seed=2)


@pytest.mark.parametrize("name", [name for name, (_, _, smooth) in FLOATS.items() if not smooth])
def test_steps_have_gradient_zero(name):
    inputs = [variable("float64", 2) for _ in FLOATS[name][1]]
    gradients = grad(op_of(name)(*inputs).astype("float64").sum(), inputs)
    found = evaluate(gradients, {x: [0.3, 1.7] for x in inputs})
    assert all(np.array_equal(gradient, [0, 0]) for gradient in found)


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        (rows.abs, [-2, 0, 3], [-1, 0, 1]),
        (lambda x: rows.maximum(x, 1.0), [0, 1, 2], [0, 1, 1]),
        (lambda x: rows.maximum(1.0, x), [0, 1, 2], [0, 0, 1]),
        (lambda x: rows.minimum(x, 1.0), [0, 1, 2], [1, 1, 0]),
        (lambda x: rows.clip(x, 0, 1), [-1, 0, 0.5, 1, 2], [0, 1, 1, 1, 0]),
        (rows.sqrt, [0, 4], [np.inf, 0.25]),
        (lambda x: x**2, [-3, 0, 2], [-6, 0, 4]),
        (lambda x: x**1, [0, 2], [1, 1]),
        (lambda x: x**0, [0, 2], [0, 0]),
        (lambda x: x**0.5, [0, 4], [np.inf, 0.25]),
        (lambda x: x ** constant([0.0, 1.0, 2.0]), [0, 0, 0], [0, 1, 0]),
        (lambda x: rows.switch(x > 0, x, 0.0), [-1, 0, 1], [0, 0, 1]),
        (rows.sigmoid, [-1000, 0, 1000], [0, 0.25, 0]),
        (rows.softplus, [-1000, 0, 1000], [0, 0.5, 1]),
        (rows.tanh, [-1000, 0, 1000], [0, 1, 0]),
    ],
)
def test_conventions(function, points, expected):
    x = variable("float64", None)
    found = evaluate(grad(function(x).sum(), x), {x: points})
    np.testing.assert_allclose(found, expected)


def test_power_with_a_symbolic_exponent_at_zero():
    x, y = variable("float64", None), variable("float64", None)
    values = {x: [0, 0, 0, 2], y: [0, 1, 2, 0]}
    by_x, by_y = evaluate(grad((x**y).sum(), [x, y]), values)
    np.testing.assert_allclose(by_x, [0, 1, 0, 0])
    np.testing.assert_allclose(by_y, [0, 0, 0, math.log(2)])


def test_clip_gives_the_ends_their_gradient():
    x, low, high = (variable("float64", None) for _ in range(3))
    found = evaluate(
        grad(rows.clip(x, low, high).sum(), [x, low, high]),
        {x: [-1, 0.5, 2, 0.5], low: [0, 0, 0, 3], high: [1, 1, 1, 1]},
    )
    np.testing.assert_array_equal(found, [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]])


def test_mixed_dtypes_in_a_gradient():
    x, y, n = variable("float32", 3), variable("float64", 3), variable("int64", 3)
    cost = (x * y * n).sum()
    by_x, by_y = grad(cost, [x, y])
    assert (by_x.dtype, by_y.dtype) == ("float32", "float64")
    found = evaluate([by_x, by_y], {x: [1, 2, 3], y: [2, 2, 2], n: [1, 0, 2]})
    np.testing.assert_array_equal(found, [[2, 0, 4], [1, 0, 6]])


# The rest


def test_switch_takes_any_condition():
    c, x, y = variable("float32", 3), variable("float64", 3), variable("float64", 3)
    found = evaluate(rows.switch(c, x, y), {c: [0, 2, np.nan], x: [1, 2, 3], y: [4, 5, 6]})
    np.testing.assert_array_equal(found, [4, 2, 3])


def test_complex_numbers_flow_forward():
    c = variable("complex128", None)
    point = np.array([1 + 2j, -0.5j])
    for function, expected in [
        (rows.exp, np.exp), (rows.abs, np.abs), (rows.conj, np.conj), (rows.sqrt, np.sqrt),
        (rows.tanh, np.tanh),
        (lambda x: x * (1 + 1j) - x / 2, lambda x: x * (1 + 1j) - x / 2),
        (rows.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    ]:  # fmt: skip
        np.testing.assert_allclose(evaluate(function(c), {c: point}), expected(point))


def test_parts_of_complex_numbers():
    from symconv.ops import complex as parts

    c, x = variable("complex64", None), variable("float32", None)
    point = np.array([1 + 2j, -3j], "complex64")
    np.testing.assert_array_equal(evaluate(parts.real(c), {c: point}), point.real)
    np.testing.assert_array_equal(evaluate(parts.imag(c), {c: point}), point.imag)
    np.testing.assert_allclose(evaluate(parts.angle(c), {c: point}), np.angle(point), rtol=1e-6)
    assert parts.real(x) is x
    made = parts.complex(x, variable("int8", 1))
    assert made.type == TensorType("complex64", (None,))
    infinite = evaluate(parts.complex(x, 1.0), {x: [np.inf]})
    assert infinite[0].real == np.inf
    assert infinite[0].imag == 1


def test_fill():
    x = variable("float32", None, 1)
    assert rows.zeros_like(x).type == x.type
    assert rows.ones_like(x, "int8").type == TensorType("int8", (None, 1))
    np.testing.assert_array_equal(evaluate(rows.ones_like(x), {x: np.zeros((2, 1))}), np.ones((2, 1)))
    assert isinstance(rows.zeros_like(variable("float32")), Constant)


def test_folds():
    x, y = variable("float32", None, 3), variable("float32", None, 3)
    s = variable("float32")
    assert rows.identity.fold(rows.identity(x).owner) is x
    assert rows.second.fold(rows.second(x, y).owner) is y
    assert rows.second.fold(rows.second(s, y).owner) is y
    assert rows.second.fold(rows.second(x, s).owner) is None
    cast = Elemwise(cast_row("float32"))
    assert cast.fold(cast.apply(x)) is x
    assert cast.fold(cast.apply(variable("int8", 3))) is None
    assert rows.tanh.fold(rows.tanh(x).owner) is None
