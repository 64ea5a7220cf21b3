"""Rules: one property test for every equation, graphs that fire and near misses, and rules that misbehave."""

import math
from itertools import product

import numpy as np
import pytest

import symconv as sc
from symconv.compile import rules
from symconv.compile.pipeline import PASSES, Pass, compile_graph, rewriting
from symconv.compile.rewrite import Driver, NodeRule, Pattern, Rule, instantiate, pattern
from symconv.graph.traverse import ancestors, substitute, toposort
from symconv.ops.along import taken_along

RULES = {stage: rules.all_rules(stage) for stage in ("canonical", "stable", "specialised")}
EQUATIONS = {stage: [rule for rule in given if isinstance(rule, Rule)] for stage, given in RULES.items()}
ALL = [pytest.param(rule, id=rule.name) for given in EQUATIONS.values() for rule in given]
DTYPES = ("bool", "int8", "int64", "uint8", "float16", "float32", "float64", "complex64", "complex128")
SHAPES = [
    ((), ()), ((None,), (None,)), ((1, None), (1, None)), ((None, 7), (7,)), ((None, 1), (1, 7)), ((0,), ()),
    ((3, 1, None), (5, None)),
]  # fmt: skip


def variables_of(rule):
    """The pattern variables of an equation's left side."""
    return [variable for variable in ancestors([rule.left]) if isinstance(variable, Pattern)]


def special_values(dtype):
    """Values at which algebra goes wrong."""
    if dtype == "bool":
        return np.array([False, True])
    if dtype[0] in "iu":
        info = np.iinfo(dtype)
        return np.array([info.min, info.min + 1, 0, 1, 2, 3, 100, info.max - 1, info.max], dtype)
    real = np.dtype(dtype).type(0).real.dtype
    info = np.finfo(real)
    ordinary = [0.0, -0.0, 1.0, -1.0, 0.3, -0.7, 2.5, 9.0, -9.0, 20.0, -20.0, 1e-5, -1e-5]
    ordinary += [np.inf, -np.inf, np.nan]
    extreme = [info.max, -info.max, info.tiny, -info.tiny, info.smallest_subnormal, info.eps, 1 - info.eps]
    extreme += [1 + info.eps, np.log(info.max), -np.log(info.max), 800.0, -800.0, np.sqrt(info.max) * 2]
    with np.errstate(all="ignore"):
        values = np.array(ordinary + extreme).astype(real)
        if dtype[0] == "c":
            values = np.array([complex(a, b) for a in values[:13] for b in values[:13:2]])
        return values.astype(dtype)


def stand_ins(rule, dtypes, shapes):
    """Variables in place of the pattern variables."""
    return {
        variable: sc.tensor(dtype, shape, name=variable.name)
        for variable, dtype, shape in zip(variables_of(rule), dtypes, shapes, strict=False)
    }


def written(side, bindings):
    """A side of an equation as a user writes it: its whole numbers as integers."""
    values = dict(bindings)
    for node in toposort([side], stop=values):
        arguments = [values[v] if v in values else weak(v.data.item()) for v in node.inputs]
        values[node.outputs[0]] = node.op(*arguments)
    return values[side]


def weak(number):
    return int(number) if number == int(number) else number


def sides(rule, bindings):
    """Both sides over the given variables; None where NumPy has no such function."""
    try:
        return written(rule.left, bindings), instantiate(rule.right, bindings)
    except (sc.DTypeError, sc.ArgumentError):  # or where -1 is no number of the dtype
        return None


def admitted(rule, bindings):
    """Whether the rule's own condition, and the driver's check of types, admit these variables."""
    found = sides(rule, bindings)
    if found is None:
        return False
    left, right = found
    if left.owner is None or left.owner.op != rule.root:
        return False
    named = {str(variable.name): bound for variable, bound in bindings.items()}
    fits = left.dtype == right.dtype and left.broadcastable == right.broadcastable
    return fits and (rule.when is None or rule.when(**named))


def cases(rule):
    """Dtypes for which a rule may be used, all variables alike and mixed."""
    count = len(variables_of(rule))
    mixed = [("float32", "float64"), ("float64", "float32"), ("int8", "int64"), ("int64", "int8")]
    mixed += [("uint8", "int8"), ("int8", "float32")]

    choices = [(dtype,) * count for dtype in DTYPES] + (mixed if count == 2 else [])
    return [dtypes for dtypes in choices if admitted(rule, stand_ins(rule, dtypes, [(None,)] * count))]


def fired(f):
    return [change.rule for change in f.log]


def arguments_for(rule, dtypes):
    """Every combination of special values, one argument for each variable."""
    grids = np.meshgrid(*(special_values(dtype) for dtype in dtypes), indexing="ij")
    return [np.ascontiguousarray(grid.reshape(-1)) for grid in grids]


def interpreted(inputs, output, values):
    return sc.function(inputs, output, mode="interpreted")(*values)


# Every equation


@pytest.mark.parametrize("rule", ALL)
def test_an_equation_can_be_used(rule):
    assert cases(rule), "no dtype is admitted"
    assert {("float64",), ("int64",), ("float64", "float64")} & set(cases(rule))


@pytest.mark.parametrize("rule", ALL)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_an_equation_keeps_dtype_and_broadcasting(rule, shapes):
    for dtypes in cases(rule):
        bindings = stand_ins(rule, dtypes, shapes)
        left, right = sides(rule, bindings)
        assert right.dtype == left.dtype
        assert right.broadcastable == left.broadcastable
        assert right.type.shape == left.type.shape


@pytest.mark.parametrize("rule", ALL)
def test_an_equation_fires_in_the_pipeline(rule):
    for dtypes in cases(rule):
        for shapes in SHAPES:
            bindings = stand_ins(rule, dtypes, shapes)
            left, _ = sides(rule, bindings)
            stage = next(stage for stage, given in EQUATIONS.items() if rule in given)
            graph = sc.FunctionGraph(tuple(bindings.values()), (left,))
            log = compile_graph(graph, [Pass(stage, "", rewriting(stage, EQUATIONS[stage]))]).log
            assert rule.name in [change.rule for change in log], f"{dtypes} {shapes}"


TRUTH = {  # the real function for equations that gain digits, in extended precision
    "log(exp(x)) = x": lambda x: x,
    "log(1 + x) = log1p(x)": np.log1p,
    "log1p(exp(x)) = softplus(x)": lambda x: np.logaddexp(x, np.zeros_like(x)),
    "exp(x) - 1 = expm1(x)": np.expm1,
    "1 / (1 + exp(-x)) = sigmoid(x)": lambda x: 1 / (1 + np.exp(-x)),
    "reciprocal(1 + exp(-x)) = sigmoid(x)": lambda x: 1 / (1 + np.exp(-x)),
    "log(sigmoid(x)) = -softplus(-x)": lambda x: -np.logaddexp(-x, np.zeros_like(x)),
    "1 - sigmoid(x) = sigmoid(-x)": lambda x: 1 / (1 + np.exp(x)),
    "log1p(-sigmoid(x)) = -softplus(x)": lambda x: -np.logaddexp(x, np.zeros_like(x)),
    "sqrt(sqr(x)) = abs(x)": np.abs,
    "1 - erf(x) = erfc(x)": np.vectorize(math.erfc, [np.longdouble]),
    "1 - erfc(x) = erf(x)": np.vectorize(math.erf, [np.longdouble]),
    "1 + erf(x) = erfc(-x)": np.vectorize(lambda x: math.erfc(-x), [np.longdouble]),
}
OF_ONE = [rule for rule in EQUATIONS["stable"] if len(cases(rule)[0]) == 1]
QUOTIENT = "y / (1 + exp(x)) * exp(x) = y * sigmoid(x)"  # of two variables, and so below by itself


def distance(result, truth, dtype):
    """Error in units of the last place; 0 where both are NaN or equal, infinite where only one is."""
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        wide = result.astype(np.longdouble)
        truth = np.where(np.abs(truth) > info.max, np.copysign(np.inf, truth), truth)
        same = (wide == truth) | (np.isnan(wide) & np.isnan(truth))
        unit = np.maximum(np.abs(truth), np.longdouble(info.tiny)) * np.longdouble(info.eps)
        error = np.abs(wide - truth) / unit
    return np.where(same, 0, np.where(np.isnan(error), np.inf, error))


@pytest.mark.parametrize("rule", [pytest.param(r, id=r.name) for r in OF_ONE])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_stable_form_is_at_least_as_accurate(rule, dtype):
    assert (dtype,) in cases(rule)
    bindings = stand_ins(rule, (dtype,), [(None,)])
    left, right = sides(rule, bindings)
    rng = np.random.default_rng(1)
    (special,) = arguments_for(rule, (dtype,))
    values = np.concatenate([special, rng.normal(size=500) * 10.0 ** rng.uniform(-8, 3, 500)]).astype(dtype)
    before = interpreted(list(bindings.values()), left, [values])
    f = sc.function(list(bindings.values()), left)
    after = f(values)
    assert rule.name in fired(f)
    with np.errstate(all="ignore"):
        truth = TRUTH[rule.name](values.astype(np.longdouble))
    lost, gained = distance(before, truth, dtype), distance(after, truth, dtype)
    worse = ~((gained <= lost) | (gained <= 4))
    columns = (values[worse], before[worse], after[worse], truth[worse])
    assert not worse.any(), list(zip(*columns, strict=True))[:5]
    assert interpreted(list(bindings.values()), right, [values]).dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_logistic_quotient_holds_where_exp_overflows(dtype):
    x, y = sc.tensor(dtype, (None,), "x"), sc.tensor(dtype, (None,), "y")
    f = sc.function([x, y], y / (1 + sc.exp(x)) * sc.exp(x))
    assert QUOTIENT in fired(f)
    values = np.array([-1000, -20, -1, 0, 1, 20, 1000], dtype)
    expected = 3 / (1 + np.exp(-values.astype(np.longdouble)))
    digits = np.finfo(dtype)
    result = f(values, np.full_like(values, 3))
    np.testing.assert_allclose(result, expected, rtol=4 * digits.eps, atol=float(digits.tiny))


EXACT = [pytest.param(r, id=r.name) for stage in ("canonical", "specialised") for r in EQUATIONS[stage]]


@pytest.mark.parametrize("rule", EXACT)
def test_both_sides_have_equal_values(rule):
    """NaN, infinities, extremes and wrapping included; zeros may differ in their sign."""
    for dtypes in cases(rule):
        bindings = stand_ins(rule, dtypes, [(None,)] * 2)
        inputs = list(bindings.values())
        values = arguments_for(rule, dtypes)
        left, right = sides(rule, bindings)
        before, after = interpreted(inputs, left, values), interpreted(inputs, right, values)
        f = sc.function(inputs, left)
        compiled = f(*values)
        assert rule.name in fired(f), dtypes
        assert before.dtype == after.dtype == compiled.dtype
        if before.dtype.kind == "c":
            for part in (np.real, np.imag):
                np.testing.assert_array_equal(part(compiled), part(before), err_msg=str(dtypes))
            continue
        rounds = before.dtype.kind == "f" and "reciprocal" in rule.name
        tolerance = np.finfo(before.dtype).eps if rounds else 0
        np.testing.assert_allclose(after, before, rtol=tolerance, atol=0, err_msg=str(dtypes))
        np.testing.assert_allclose(compiled, before, rtol=tolerance, atol=0, err_msg=str(dtypes))


SIGN_OF_ZERO_MAY_CHANGE = {"x + 0 = x"}  # -0.0 + 0 is 0.0, and -0.0 stays -0.0


@pytest.mark.parametrize("rule", EXACT)
def test_the_sign_of_zero_is_kept(rule):
    differs = False
    for dtypes in cases(rule):
        if any(dtype[0] != "f" for dtype in dtypes):
            continue
        bindings = stand_ins(rule, dtypes, [(None,)] * 2)
        values = arguments_for(rule, dtypes)
        left, right = sides(rule, bindings)
        before, after = (interpreted(list(bindings.values()), side, values) for side in (left, right))
        zero = (before == 0) & (after == 0)
        differs |= bool((np.signbit(before) != np.signbit(after))[zero].any())
    assert differs == (rule.name in SIGN_OF_ZERO_MAY_CHANGE)


@pytest.mark.parametrize("rule", ALL)
def test_an_equation_respects_broadcasting_of_values(rule):
    for dtypes in cases(rule):
        for shapes in SHAPES:
            bindings = stand_ins(rule, dtypes, shapes)
            inputs = list(bindings.values())
            unknown = [(None, 5, 3, 7)[-v.ndim :] if v.ndim else () for v in inputs]
            sizes = [
                tuple(size if dim is None else dim for dim, size in zip(v.type.shape, given, strict=True))
                for v, given in zip(inputs, unknown, strict=True)
            ]
            values = [np.ones(size).astype(v.dtype) for v, size in zip(inputs, sizes, strict=True)]
            left, _ = sides(rule, bindings)
            meant = interpreted(inputs, left, values)
            result = sc.function(inputs, left)(*values)
            assert (result.shape, result.dtype) == (meant.shape, meant.dtype)


@pytest.mark.parametrize("rule", ALL)
def test_the_gradient_of_both_sides_is_the_same(rule):
    dtypes = ("float64",) * len(variables_of(rule))
    if dtypes not in cases(rule):
        pytest.skip("a rule for integers")
    bindings = stand_ins(rule, dtypes, [(None,)] * 2)
    inputs = list(bindings.values())
    values = [np.linspace(0.2, 2.1, 8) * (1 + 0.3 * i) for i in range(len(inputs))]
    slopes = [
        sc.function(inputs, sc.grad(side.sum(), inputs), on_unused_input="ignore")(*values)
        for side in sides(rule, bindings)
    ]
    for first, second in zip(*slopes, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


def test_commutative_operands_match_in_either_order():
    x = sc.vector("x")
    for output in (x + 0, 0 + x, x * 1, 1 * x, sc.log(x + 1), sc.log(1 + x), 1 / (sc.exp(-x) + 1)):
        assert fired(sc.function([x], output)), sc.pp(output)


# Near misses


def near_misses():
    """Expressions that look like a left side, and the rule that must not fire."""
    x, i, z = sc.vector("x"), sc.lvector("i"), sc.zvector("z")
    u, b = sc.vector("u", dtype="uint8"), sc.vector("b", dtype="bool")
    y, s, m, k = sc.vector("y"), sc.scalar("s"), sc.matrix("m"), sc.matrix("k")
    yield "x + 0 = x", [s], s + np.zeros(3)
    yield "x + 0 = x", [x], x + np.zeros((2, 1))
    yield "x + 0 = x", [i], i + 0.0
    yield "x + 0 = x", [x], x + np.array([0.0, 0.0])
    yield "x + 0 = x", [x], x + 1e-300
    yield "x * 1 = x", [s], s * np.ones(3)
    yield "x * 1 = x", [x], x * np.nextafter(1, 2)
    yield "x * 1 = x", [b], b * True
    yield "x / 1 = x", [i], i / 1
    yield "0 - x = -x", [x], 0 - x
    yield "x * -1 = -x", [b], b * -1
    yield "x * -1 = -x", [z], z * -1
    small = sc.vector("small", dtype="int8")
    yield "x + (-y) = x - y", [i, small], i + -small
    yield "x - (-y) = x + y", [i, small], i - (-small)
    yield "x + (-y) = x - y", [x, small], x + -small
    yield "x + (-y) = x - y", [i, u], i + -u
    yield "maximum(x, x) = x", [x, y], sc.maximum(x, y)
    yield "minimum(x, x) = x", [x], sc.minimum(x, -x)
    yield "abs(-x) = abs(x)", [u], sc.abs(-u)
    yield "(-x) * (-y) = x * y", [x, y], (-x) * y
    yield "log(exp(x)) = x", [z], sc.log(sc.exp(z))
    yield "log(exp(x)) = x", [i], sc.log(sc.exp(i))
    yield "log(exp(x)) = x", [x], sc.log(sc.exp2(x))
    yield "log(exp(x)) = x", [x], sc.log10(sc.exp(x))
    yield "log(1 + x) = log1p(x)", [x], sc.log(2 + x)
    yield "log(1 + x) = log1p(x)", [i], sc.log(1 + i)
    yield "log(1 + x) = log1p(x)", [x], sc.log(x - 1)
    yield "exp(x) - 1 = expm1(x)", [x], 1 - sc.exp(x)
    yield "1 / (1 + exp(-x)) = sigmoid(x)", [x], 1 / (1 + sc.exp(x))
    yield "1 / (1 + exp(-x)) = sigmoid(x)", [x], 2 / (1 + sc.exp(-x))
    yield "1 - sigmoid(x) = sigmoid(-x)", [x], sc.sigmoid(x) - 1
    yield "sqrt(sqr(x)) = abs(x)", [x], sc.sqr(sc.sqrt(x))
    yield "sqrt(sqr(x)) = abs(x)", [z], sc.sqrt(sc.sqr(z))
    yield "x * x = sqr(x)", [x, y], x * y
    yield "x * x = sqr(x)", [m], m * m.T
    yield "1 / x = reciprocal(x)", [x], 2 / x
    yield "x ** 1, 2, -1 = x, sqr(x), reciprocal(x)", [x], x**3
    yield "x ** 1, 2, -1 = x, sqr(x), reciprocal(x)", [i], i**2
    yield "x ** 1, 2, -1 = x, sqr(x), reciprocal(x)", [x, y], x**y
    yield "x ** 1, 2, -1 = x, sqr(x), reciprocal(x)", [x], 2**x
    yield "x / 2**n = x * 2**-n", [x], x / 3
    yield "x / 2**n = x * 2**-n", [x], x / 0.0
    yield "x / 2**n = x * 2**-n", [x], x / 2.0**1023
    yield "x / 2**n = x * 2**-n", [x], x / np.inf
    yield "x / 2**n = x * 2**-n", [x], x / np.nan
    yield "x / 2**n = x * 2**-n", [i], i // 4
    yield "f(view(x)) = view(f(x))", [m], sc.tanh(m.T)
    yield "f(view(x)) = view(f(x))", [m, x], sc.tanh(m).T + x
    yield "sum over permuted axes = sum over the axes", [m], m.sum(axis=0)
    yield "a size of permuted(x) = a size of x", [m], m * m.shape[0]
    yield "f(second(x, v), y) = f(v, y)", [m, k], sc.softmax(m) * sc.second(k[:, :1], 2.0)
    yield "second(f(x), v) = second(x, v)", [x, y], sc.second(x * y, 0.5)
    yield "f(second(x, v), y) = f(v, y)", [x, y], sc.second(x, 0.5) * y
    yield "f(second(x, v), y) = f(v, y)", [m, k, x], sc.second(m, x) * k
    yield "f(second(x, v), y) = f(v, y)", [m, k], sc.second(m, k) * m
    yield "f(second(x, v)) = second(x, f(v))", [m, k], sc.exp(sc.second(m, k))
    three, kept = sc.tensor3("three"), "a reduction's kept axes, dropped = the reduction without them"
    yield kept, [m], m.sum(axis=0, keepdims=True).dimshuffle(1, 0)
    yield kept, [three], three.sum(axis=0, keepdims=True).dimshuffle(2, 0, 1)
    yield "sum over permuted axes = sum over the axes", [three], three.dimshuffle(2, 1, 0).sum(axis=0)
    yield "sum over permuted axes = sum over the axes", [m], m.dimshuffle(0, "x", 1).sum(axis=1)
    yield "sum over permuted axes = sum over the axes", [m], m.T.sum(axis=0, keepdims=True)


@pytest.mark.parametrize(("rule", "inputs", "output"), list(near_misses()))
def test_a_near_miss_does_not_fire(rule, inputs, output):
    names = [r.name for given in RULES.values() for r in given]
    assert rule in names
    f = sc.function(inputs, output)
    assert rule not in fired(f)
    sizes = [(3,) * variable.ndim for variable in inputs]
    values = [np.full(size, 2).astype(v.dtype) for size, v in zip(sizes, inputs, strict=True)]
    meant = sc.function(inputs, output, mode="interpreted")
    if output.type.broadcastable.count(False) or not output.ndim:
        try:
            expected = meant(*values)
        except sc.ShapeError:
            return
        np.testing.assert_allclose(f(*values), expected, rtol=1e-12)


# Rules that no equation can say


def node_rules():
    """Expressions and the rule that must fire on them."""
    x, m, h, three = sc.vector("x"), sc.matrix("m"), sc.fvector("h"), sc.tensor3("three")
    power, half = "x ** 1, 2, -1 = x, sqr(x), reciprocal(x)", "x / 2**n = x * 2**-n"
    view, summed = "f(view(x)) = view(f(x))", "sum over permuted axes = sum over the axes"
    yield power, x, x**1
    yield power, x, x**2
    yield power, x, x**-1.0
    yield power, h, h**2
    yield half, x, x / 2
    yield half, x, x / 0.25
    yield half, x, x / -8.0
    yield half, x, x / 2.0**-1000
    yield half, h, h / 2
    yield view, m, sc.tanh(sc.exp(m).T)
    yield view, m, sc.dot(m, m).dimshuffle(1, "x", 0) * 2
    yield view, m, 3 - m.sum(axis=0).dimshuffle("x", 0)
    yield summed, m, m.T.sum(axis=0)
    yield summed, m, m.T.sum()
    yield summed, m, m.T.max(axis=1)
    yield summed, three, three.dimshuffle(2, 0, 1).sum(axis=0)
    yield "f(filled(v), x) = f(v, x)", m, sc.full(m.shape, 0.5) * m
    yield "f(filled(v)) = filled(f(v))", m, sc.exp(sc.full(m.shape, 0.5))
    yield "second(f(x), v) = second(x, v)", x, sc.second(sc.sqr(x), 0.5)
    yield "f(second(x, v), y) = f(v, y)", m, sc.second(m, 0.5) * sc.tanh(m)
    yield "f(second(x, v)) = second(x, f(v))", m, sc.exp(sc.second(m, 0.5))
    yield "f(second(x, v), y) = f(v, y)", m, sc.second(m, m[0]) * sc.tanh(m)
    yield "f(second(x, v)) = second(x, f(v))", m, sc.exp(sc.second(m, m[0]))
    yield "f(second(x, v), y) = f(v, y)", m, sc.second(m, 0.5).T * sc.tanh(m.T)
    yield "a size of permuted(x) = a size of x", m, m * m.T.shape[0]


def language_rules():
    """The same for the rules of softmax, sigmoid and reductions: what is summed in another order is close."""
    x, m, c, three = sc.vector("x"), sc.matrix("m"), sc.col("c"), sc.tensor3("three")
    s, e, place = sc.sigmoid(x), sc.exp(m), np.array([[0], [2], [1]])
    total = e.sum(axis=1, keepdims=True)
    scattered = sc.add_along_axis(sc.zeros_like(m), place, m[:, :1], 1)
    negated, negative = "-(x * c) = x * (-c), -(x / c) = x / (-c)", "sum(-x) = -sum(x), max(-x) = -min(x)"
    yield negated, x, -(x * 3.0)
    yield negated, x, -(x / 3.0)
    yield negative, m, (-m).sum()
    yield negative, m, (-m).max(axis=0)
    yield "a reduction over axes of size 1 = x", c, c.sum(axis=1)
    yield "a reduction over axes of size 1 = x", c, c.max(axis=1)
    yield "dot(x * c, y) = dot(x, y) * c", m, sc.dot(m * 3.0, m)
    yield "max(x * c + d) = max(x) * c + d", m, (m * 2.0 + 1.0).max(axis=1)
    yield "sum(second(x, v)) = v * count", m, sc.second(m, 2.0).sum()
    dropped = "a reduction's kept axes, dropped = the reduction without them"
    yield dropped, m, m.sum(axis=0, keepdims=True).dimshuffle(1)
    yield dropped, three, three.max(axis=(0, 2), keepdims=True).dimshuffle(1)
    yield "sum(sum(x)) = sum(x), so for each reduction", m, m.sum(axis=0).sum()
    yield "sum(x * c) = sum(x) * c", m, (m * 3.0).sum()
    yield "exp(log_softmax(x)) = softmax(x)", m, sc.exp(sc.log_softmax(m))
    yield "exp(x) / sum(exp(x)) = softmax(x)", m, e / total
    yield "exp(x) * (y / sum(exp(x))) = y * softmax(x)", m, e * (m[0] / e.sum(axis=1)).dimshuffle(0, "x")
    yield "log(softmax(x)) = log_softmax(x)", m, sc.log(sc.softmax(m))
    yield "log(sum(exp(x))) = logsumexp(x)", m, sc.log(e.sum(axis=1))
    picked = sc.categorical_crossentropy(sc.softmax(m), sc.constant([0, 2, 1]))
    yield "log_softmax(x)[i] = x[i] - logsumexp(x)", m, picked
    yield "sigmoid's gradient by y / sigmoid(x) = y * sigmoid(-x)", x, sc.grad(sc.log(s).sum(), x)
    gradient = sc.grad((m * sc.log(sc.softmax(m))).sum(), m)
    yield "softmax's gradient by y / softmax(x) = y - softmax(x) * sum(y)", m, gradient
    yield "x log(1 - sigmoid(y)) = -x softplus(y)", x, sc.xlog1py(x, -s)
    yield "x log(softmax(y)) = x log_softmax(y)", m, sc.xlogy(m, sc.softmax(m))
    inverse, product = sc.linalg.inv(m), "inv(x) @ y = solve(x, y)"
    yield "inv(inv(x)) = x", m, sc.linalg.inv(inverse)
    yield "inv(inv(x)) = x", m, sc.linalg.inv(inverse.T)
    yield product, m, sc.dot(inverse, m[0])
    yield product, m, sc.dot(m[0], inverse.T)
    yield product, m, sc.dot(m * m, inverse)
    yield "stacks: inv(x) @ y = solve(x, y)", three, sc.matmul(sc.linalg.inv(three), three * three)
    yield "det(x.T) = det(x)", m, sc.linalg.det(m.T)
    yield "det(inv(x)) = 1 / det(x)", m, sc.linalg.det(inverse)
    positive = sc.dot(m, m.T)
    factor = sc.linalg.cholesky(positive)
    yield "det(cholesky(x)) = prod(diagonal)", m, sc.linalg.det(factor)
    yield "log(det(x)) = slogdet(x)[1]", m, sc.log(sc.linalg.det(factor))
    yield "log(det(x)) = slogdet(x)[1]", m, sc.log(sc.linalg.det(positive))
    yield "log(det(x)) = slogdet(x)[1]", m, sc.log(sc.abs(sc.linalg.det(m)))
    column = taken_along(m, sc.cast(m[:, 0] > 0, "int64")[:, None], 1)
    yield "f(second(x, v), y) = f(v, y)", m, sc.softmax(m) * sc.second(column, 2.0)
    yield "f(second(x, v), y) = f(v, y)", m, sc.log_softmax(m) + sc.second(column.dimshuffle(0), 2.0).dimshuffle(0, "x")
    yield "sum of zeros with y added = sum(y)", m, scattered.sum(axis=1)
    yield "zeros with y added, plus x = x with y added", m, scattered + m
    yield "zeros with y added, minus x = -x with y added", m, scattered - m
    pooled = sc.pool_2d(sc.relu(sc.tanh(m)), (1, 2), ignore_border=False)
    masked = sc.grad(sc.sqr(pooled).sum(), m)
    yield "a mask of relu after max pooling's gradient = one before it", m, masked


@pytest.mark.parametrize(("rule", "variable", "output"), list(language_rules()))
def test_a_rule_of_the_language_fires_and_keeps_the_meaning(rule, variable, output):
    f = sc.function([variable], output)
    assert rule in fired(f)
    shape = tuple(3 if size is None else size for size in variable.type.shape)
    values = np.random.default_rng(5).normal(size=shape) * 3
    meant = interpreted([variable], output, [values])
    np.testing.assert_allclose(f(values), meant, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("rule", "variable", "output"), list(node_rules()))
def test_a_node_rule_fires_and_keeps_the_meaning(rule, variable, output):
    f = sc.function([variable], output)
    assert rule in fired(f)
    values = special_values(variable.dtype)
    if variable.ndim > 1:
        values = np.arange(3.0 * 3 * (1 if variable.ndim == 2 else 5)).reshape((3, 3, 5)[: variable.ndim]) / 7
    meant = interpreted([variable], output, [values])
    np.testing.assert_allclose(f(values), meant, rtol=np.finfo(meant.dtype).eps)


def test_every_rule_is_tested_here():
    names = {rule.name for given in RULES.values() for rule in given}
    equations = {rule.name for given in EQUATIONS.values() for rule in given}
    of_loops = {"h[-1] of a loop = its final state"}  # tested with the loops themselves
    assert names - equations - of_loops == {rule for rule, *_ in (*node_rules(), *language_rules())}
    assert set(TRUTH) == {rule.name for rule in OF_ONE}
    assert {rule.name for rule in EQUATIONS["stable"]} - set(TRUTH) == {QUOTIENT}
    assert len(names) == len({id(rule) for given in RULES.values() for rule in given})


# What stays what it was


def test_a_rewritten_node_keeps_its_name_type_and_origin():
    x = sc.vector("x")
    y = sc.log(1 + x)
    y.name = "entropy"
    z = sc.exp(y) * 2
    graph = sc.function([x], z).stages["stable"]
    (entropy,) = [v for node in graph.nodes for v in node.outputs if v.name == "entropy"]
    assert entropy.owner.op.label == "log1p"
    assert entropy.origin == y.origin
    assert entropy.type == y.type


def test_nothing_is_changed_that_was_given():
    x = sc.vector("x")
    y = sc.log(1 + x) + 0
    before = str(sc.FunctionGraph((x,), (y,)))
    sc.function([x], y)(np.ones(3))
    assert str(sc.FunctionGraph((x,), (y,))) == before


def test_equal_expressions_are_computed_once():
    x = sc.vector("x")
    f = sc.function([x], [sc.tanh(x + 1) * 2, sc.tanh(x + 1) - 3, sc.tanh(1.0 + x)])
    assert [node.op.label for node in f.stages["canonical"].nodes].count("tanh") <= 2
    g = sc.function([x], sc.exp(sc.sin(x)) + sc.exp(sc.sin(x)))
    assert [node.op.label for node in g.stages["canonical"].nodes] == ["sin", "exp", "add"]


def test_constants_that_only_look_equal_are_kept_apart():
    x = sc.vector("x")
    f = sc.function([x], [x / 0.0, x / -0.0, x * 1e-320, sc.constant(np.int64(0)), sc.constant(0.0)])
    results = f(np.ones(2))
    np.testing.assert_array_equal(results[0], [np.inf] * 2)
    np.testing.assert_array_equal(results[1], [-np.inf] * 2)
    assert (results[3].dtype, results[4].dtype) == (np.int64, np.float64)


def test_folded_constants_keep_dtype_and_shape():
    a = sc.constant(np.array([[1, 2, 3]], "int8"))
    x = sc.tensor("int8", (None, 3), name="x")
    shuffled = sc.cast(a, "float32").dimshuffle(1, "x", 0)
    f = sc.function([x], [x + (a * 100), (a * 100).sum(), (a / 0).T, shuffled])
    results = f(np.zeros((2, 3), "int8"))
    assert any(change.rule == "constant folding" for change in f.log)
    meant = sc.function([x], f.graph.outputs, mode="interpreted")(np.zeros((2, 3), "int8"))
    for result, expected in zip(results, meant, strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)


# Rules that misbehave


def run(output, *given, stage="test"):
    inputs = [v for v in ancestors([output]) if v.owner is None and not isinstance(v, sc.Constant)]
    log = []
    return Driver(stage, given, log)(sc.FunctionGraph(tuple(inputs), (output,))), log


x_, y_ = pattern("x", "y")


def test_rules_that_undo_each_other_are_both_named():
    there = Rule("sin to cos", sc.sin(x_), sc.cos(x_))
    back = Rule("cos to sin", sc.cos(x_), sc.sin(x_))
    x = sc.vector("x")
    with pytest.raises(sc.RewriteError, match=r"test_rules\.py") as caught:
        run(sc.sin(x) + 1, there, back)
    assert "sin to cos" in str(caught.value)
    assert "cos to sin" in str(caught.value)
    assert "hint" in str(caught.value)


def test_a_rule_that_grows_for_ever_is_named():
    grow = Rule("x = -(-x)", sc.sin(x_), sc.neg(sc.sin(sc.neg(x_))))
    with pytest.raises(sc.RewriteError, match=r"x = -\(-x\)"):
        run(sc.sin(sc.vector("x")), grow)


def test_a_rule_that_gives_its_own_node_back_does_not_end_quietly():
    same = NodeRule("nothing", sc.sin, lambda node: node.outputs[0])
    with pytest.raises(sc.RewriteError, match="nothing"):
        run(sc.sin(sc.vector("x")), same)


def test_a_rule_that_crashes_raises_and_is_named():
    def crash(node):
        raise ZeroDivisionError("the rule's own mistake")

    with pytest.raises(ZeroDivisionError, match="own mistake") as caught:
        run(sc.sin(sc.vector("x")) + 1, NodeRule("the culprit", sc.sin, crash))
    assert any("the culprit" in note and "sin(x)" in note for note in caught.value.__notes__)


def test_a_condition_that_crashes_raises_and_is_named():
    def crash(x):
        raise KeyError("condition")

    with pytest.raises(KeyError) as caught:
        run(sc.sin(sc.vector("x")), Rule("conditional", sc.sin(x_), sc.cos(x_), when=crash))
    assert any("conditional" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    "replacement",
    [
        lambda x: sc.cast(x, "float32"), lambda x: x.sum(), lambda x: x.dimshuffle("x", 0),
        lambda x: sc.constant(np.ones(1)), lambda x: x > 0,
    ],
)  # fmt: skip
def test_a_rule_that_changes_the_type_does_not_fire(replacement):
    x = sc.vector("x")
    y = sc.sin(x)
    graph, log = run(y, NodeRule("wrong", sc.sin, lambda node: replacement(node.inputs[0])))
    assert graph.outputs[0].type == y.type
    assert graph.outputs[0].owner.op == y.owner.op
    assert not log


def test_a_pattern_variable_binds_one_thing():
    a, b = sc.vector("a"), sc.vector("b")
    rule = Rule("x - x", sc.sub(x_, x_), sc.mul(x_, 0))
    assert run(a - b, rule)[1] == []
    assert len(run(a - a, rule)[1]) == 1
    assert len(run(sc.sin(a) - sc.sin(a), rule)[1]) == 1  # equal, though written twice


def test_passes_are_named_once_and_say_what_they_do():
    names = [step.name for step in PASSES]
    assert len(set(names)) == len(names)
    assert all(step.purpose for step in PASSES)


@pytest.mark.parametrize("dropped", [step.name for step in PASSES])
def test_each_pass_may_be_left_out(dropped):
    """The passes are independent: without one of them the meaning is the same."""
    x, w = sc.matrix("x"), sc.matrix("w")
    y = sc.log(1 + sc.exp(sc.dot(x, w) * 1 + 0)) / 4 + (x * x).T.sum(axis=0).dimshuffle(0, "x")
    values = np.linspace(-3, 3, 35).reshape(5, 7), np.linspace(2, -1, 35).reshape(7, 5)
    graph = sc.FunctionGraph((x, w), (y,))
    stages = compile_graph(graph, [step for step in PASSES if step.name != dropped])
    last = list(stages.graphs.values())[-1]
    result = sc.function([x, w], last.outputs[0], mode="interpreted")(*values)
    np.testing.assert_allclose(result, interpreted([x, w], y, values), rtol=1e-13)


@pytest.mark.parametrize(("first", "second"), list(product(["canonical", "stable", "specialised"], repeat=2)))
def test_passes_may_follow_one_another_in_any_order(first, second):
    steps = {step.name: step for step in PASSES}
    x = sc.vector("x")
    y = sc.log(1 + sc.exp(sc.neg(sc.neg(x)))) / 4 + x**2 + 1 / (1 + sc.exp(-x)) * 1
    stages = compile_graph(sc.FunctionGraph((x,), (y,)), [steps[first], steps[second]])
    value = np.linspace(-4, 4, 17)
    last = list(stages.graphs.values())[-1].outputs[0]
    np.testing.assert_allclose(interpreted([x], last, [value]), interpreted([x], y, [value]), rtol=1e-13)


def test_rewriting_reaches_a_fixed_point():
    """A second run of a pass finds nothing to do."""
    x = sc.vector("x")
    y = sc.log(1 + sc.exp(sc.neg(sc.neg(x)))) / 4 + x**2 + 1 / (1 + sc.exp(-x)) * 1 - (-(x * -1))
    graph = sc.FunctionGraph((x,), (y,))
    for stage, given in RULES.items():
        graph = Driver(stage, given, [])(graph)
        again = []
        Driver(stage, given, again)(graph)
        assert again == []
    assert substitute(graph.outputs, {}) == list(graph.outputs)
