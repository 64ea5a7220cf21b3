"""For every op an expression that is made with it, and arguments at which it is smooth; imports ops.

    entry = (sizes n, m, k; random numbers) -> Use
    Use   = build (of one variable an array), arrays, whether there is a gradient, how often it is differentiated

The table is held against the ops that there are: an op without an entry fails the test.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import symconv as sc
import symconv.ops
from symconv.graph.nodes import constant
from symconv.graph.op import Op
from symconv.graph.types import TensorType
from symconv.ops.along import taken_along
from symconv.ops.complex import complex as make_complex
from symconv.ops.conv.geometry import ConvGeometry
from symconv.ops.conv.patches import Fold, Unfold, UnsharedUnfold
from symconv.ops.elemwise import ROWS, Elemwise
from symconv.ops.index import Positions
from symconv.ops.linalg.decompositions import SingularValues
from symconv.ops.linalg.eigenvalues import Eigvals
from symconv.ops.linalg.inverses import Cofactor
from symconv.ops.pool.geometry import PoolGeometry
from symconv.ops.pool.ops import Route, Select, Spread
from symconv.ops.pool.winners import Award, PoolWinners
from symconv.ops.random.legacy import STATE, PermuteRowElements, RandomFunction, packed
from symconv.ops.random.mrg import ChoiceFromUniform, MrgUniform, MultinomialFromUniform
from symconv.ops.reduce import REDUCTIONS, Reduce
from symconv.ops.scan.axis import Crop, Embed, Flip, Newest
from symconv.ops.scipy_functions import FORMULAS, ScipyFunction
from symconv.ops.softmax import LogSumExp, SoftmaxGradient, SoftmaxParts

L = sc.linalg


@dataclass(frozen=True)
class Use:
    """An expression of one op, and where to look at it.

    Attributes
    ----------
    build : callable
        The expression, of a variable for each of ``arrays``.
    arrays : sequence of ndarray
        float64 where the expression is differentiated by them.
    orders : int
        How many derivatives there are: 0 where none flows, 1 where the second is 0, else 2.
    stretches : bool
        Whether sizes of 1 are known, so that they broadcast.
    """

    build: Callable[..., Any]
    arrays: Sequence[np.ndarray] = field(default_factory=list)
    orders: int = 2
    stretches: bool = False


# Elementwise rows: where each operand lies

EVERYWHERE, POSITIVE, WITHIN, ABOVE_1 = (-2.0, 2.0), (0.3, 2.5), (-0.85, 0.85), (1.2, 3.0)
DOMAINS = {
    "true_div": (EVERYWHERE, POSITIVE), "reciprocal": (POSITIVE,), "pow": (POSITIVE, EVERYWHERE), "sqrt": (POSITIVE,),
    "log": (POSITIVE,), "log2": (POSITIVE,), "log10": (POSITIVE,), "log1p": ((-0.7, 2.0),), "arcsin": (WITHIN,),
    "arccos": (WITHIN,), "arctan2": (EVERYWHERE, POSITIVE), "tan": ((-1.2, 1.2),), "arccosh": (ABOVE_1,),
    "arctanh": (WITHIN,), "xlogy": (EVERYWHERE, POSITIVE), "xlog1py": (EVERYWHERE, POSITIVE),
    "clip": (EVERYWHERE, (-1.0, -0.5), (0.5, 1.0)), "floordiv": ((0.2, 0.9), (1.0, 1.5)), "mod": ((2.2, 2.7), (0.9, 1.05)),
}  # fmt: skip
WHOLE = ("and_", "or_", "xor", "invert", "left_shift", "right_shift")
TRUTHS = ("logical_and", "logical_or", "logical_xor", "logical_not")
FLAT = ("sign", "floor", "ceil", "trunc", "round", "round_half_away_from_zero")  # between jumps


def shaped(rng: Any, shape: tuple[int, ...], domain: tuple[float, float] = EVERYWHERE) -> np.ndarray:
    """Random numbers without ties and away from kinks at 0 and halves."""
    low, high = domain
    values = rng.uniform(low, high, shape)
    return np.where(np.abs(values * 2 - np.round(values * 2)) < 0.02, values + 0.04, values)


def row_use(name: str, n: int, m: int, rng: Any) -> Use:
    """The row's function on operands of which the second and third are smaller."""
    row = ROWS[name]
    op = Elemwise(row)
    shapes = [(n, m), (1, m), ()][: row.arity]
    if name in WHOLE:
        values = [rng.integers(0, 5, shape) for shape in shapes]
        return Use(op, values, orders=0, stretches=True)
    domains = DOMAINS.get(name, (EVERYWHERE,) * row.arity)
    arrays = [shaped(rng, shape, domain) for shape, domain in zip(shapes, domains, strict=True)]
    if name == "switch":
        chosen = rng.integers(0, 2, (n, m)).astype(bool)
        values = [shaped(rng, (n, m)), shaped(rng, (1, m))]
        return Use(lambda a, b: op(constant(chosen), a, b), values, stretches=True)
    return Use(op, arrays, orders=0 if row.gradient is None else 2, stretches=True)


SCIPY_DOMAINS = {
    "erfinv": ((-0.9, 0.9),), "erfcinv": ((0.2, 1.8),), "polygamma": ((1, 3), (0.5, 3.0)), "jv": ((0, 3), (0.5, 4.0)),
    "iv": ((0, 3), (0.5, 3.0)), "chi2sf": ((1, 5), (0.5, 4.0)),
}  # fmt: skip


def scipy_use(name: str, n: int, m: int, rng: Any) -> Use:
    """A function of SciPy's; an order or degree is a whole number and stays."""
    op = ScipyFunction(FORMULAS[name])
    *counts, domain = SCIPY_DOMAINS.get(name, ((0.5, 3.0),))
    whole = [rng.integers(*count, (n, 1), endpoint=True).astype(float) for count in counts]
    return Use(lambda x: op(*map(constant, whole), x), [shaped(rng, (n, m), domain)], stretches=True)


def reduction_use(name: str, n: int, m: int, k: int, rng: Any) -> Use:
    """The reduction over two axes of three."""
    x = shaped(rng, (n, m, k))
    reduce = Reduce(REDUCTIONS[name], (0, 2))
    if name in ("all", "any"):
        return Use(lambda v: reduce(v > 0.3), [x], orders=0)
    return Use(reduce, [x])


# Every other op


def spd(rng: Any, n: int) -> np.ndarray:
    """A well-conditioned symmetric positive definite matrix."""
    a = rng.normal(size=(n, n))
    return a @ a.T / n + np.diag(np.arange(1.0, n + 1))


def square(rng: Any, n: int) -> np.ndarray:
    """A well-conditioned matrix with eigenvalues apart."""
    return rng.uniform(-0.4, 0.4, (n, n)) + np.diag(np.arange(1.0, n + 1) * 1.5)


def tall(rng: Any, n: int, m: int) -> np.ndarray:
    """A matrix whose singular values are apart."""
    a = rng.uniform(-0.3, 0.3, (n, m))
    a[np.arange(min(n, m)), np.arange(min(n, m))] += np.arange(1.0, min(n, m) + 1) * 1.5
    return a


def symmetric(x: Any) -> Any:
    return (x + x.T) / 2


def distinct(rng: Any, *shape: int) -> np.ndarray:
    """Numbers at least 1/4 apart, in random order."""
    return rng.permutation(int(np.prod(shape))).reshape(shape) / 4 + rng.uniform(-0.1, 0.1, shape)


def conv_use(which: int) -> Callable[..., Use]:
    """The convolution, or its gradient by an input: each is bilinear in the other two."""

    def use(n: int, m: int, k: int, rng: Any) -> Use:
        x, w = shaped(rng, (n, 2, 4, 5)), shaped(rng, (m, 2, 2, 3))
        options = {"border_mode": (1, 0), "subsample": (k % 2 + 1, 1)}
        if which == 0:
            return Use(lambda a, b: sc.conv2d(a, b, **options), [x, w])
        out = sc.conv2d(sc.constant(x), sc.constant(w), **options)
        g = shaped(rng, out.type.shape)
        place = 0 if which == 1 else 1
        return Use(
            lambda a, b, c: sc.grad(None, (a, b)[place], known_grads={sc.conv2d(a, b, **options): c}),
            [x, w, g],
        )

    return use


def pooled(kind: str) -> Callable[..., Use]:
    """Pooling and its three relatives, over windows that overlap."""

    def use(n: int, m: int, k: int, rng: Any) -> Use:
        x = distinct(rng, n, 5, 6)
        geometry = PoolGeometry((2, 3), (1, 2), (0, 0), True)
        maximum = ("max", 2, True, geometry)
        z = sc.pool_2d(sc.constant(x), (2, 3), stride=(1, 2), ignore_border=True, mode="max")
        g = shaped(rng, z.type.shape)
        if kind == "Pool":
            mode = ("max", "sum", "average_exc_pad")[k % 3]
            return Use(lambda v: sc.pool_2d(v, (2, 3), stride=(1, 2), ignore_border=True, mode=mode), [x])
        if kind == "Spread":
            return Use(lambda u: Spread("sum", 2, True, geometry)(u, sc.constant(x)), [g], orders=1)
        if kind == "Route":
            return Use(lambda u: Route(*maximum)(sc.constant(x), z, u), [g], orders=1)
        if kind == "PoolWinners":
            return Use(lambda v: PoolWinners(*maximum)(v)[k % 2], [x], orders=0)
        if kind == "Award":
            winners = PoolWinners(*maximum).perform(x)[1]
            return Use(lambda u: Award(*maximum)(u, sc.constant(winners), sc.constant(x)), [g], orders=0)
        return Use(lambda d: Select(*maximum)(sc.constant(x), z, d), [shaped(rng, x.shape)], orders=1)

    return use


def loop_use(n: int, m: int, k: int, rng: Any) -> Use:
    """A recurrence with two taps."""

    def build(x: Any, h: Any, w: Any) -> Any:
        states, _ = sc.scan(
            lambda a, g, f, w: sc.tanh(a * w + f) + 0.3 * g, x, {"initial": h, "taps": [-2, -1]}, non_sequences=w
        )
        return states

    return Use(build, [shaped(rng, (n + 1, m)), shaped(rng, (2, m)), shaped(rng, (m,))])


def branch_use(n: int, m: int, k: int, rng: Any) -> Use:
    """Both sides of a choice, one after the other."""

    def build(x: Any, y: Any) -> Any:
        small = sc.constant(rng.random() * 0) > 1  # not folded while building
        return sc.ifelse(small, x * y, sc.tanh(x) * y) + sc.ifelse(sc.invert(small), sc.exp(x), y)

    return Use(build, [shaped(rng, (n, m)), shaped(rng, (n, m))])


def set_use(advanced: bool, kind: str) -> Callable[..., Use]:
    """Something written into a part, or added there: at repeated places where it is added."""

    def use(n: int, m: int, k: int, rng: Any) -> Use:
        x = shaped(rng, (n + 1, m))
        places = rng.permutation(n + 1)[:n] if kind == "set" else rng.integers(0, n + 1, n)
        key: Any = places if advanced else slice(None, n)
        write = sc.set_subtensor if kind == "set" else sc.inc_subtensor
        return Use(lambda v, y: write(v[key], sc.sin(y)) * v, [x, shaped(rng, (n, m))])

    return use


def both(first: Callable[..., Use], second: Callable[..., Use]) -> Callable[..., Use]:
    """One or the other, as the last size says."""
    return lambda n, m, k, rng: (first if k % 2 else second)(n, m, k, rng)


def of(build: Callable[..., Any], *shapes: str, orders: int = 2, make: Any = shaped) -> Callable[..., Use]:
    """An expression of arrays whose shapes are written in n, m and k."""

    def use(n: int, m: int, k: int, rng: Any) -> Use:
        sizes = {"n": n, "m": m, "k": k}
        return Use(build, [make(rng, tuple(eval(size, sizes) for size in shape.split())) for shape in shapes], orders)

    return use


def matrix(build: Callable[..., Any], make: Callable[..., np.ndarray], *rest: str, wide: bool = False) -> Callable[..., Use]:
    """An expression of a special matrix, and of other arrays."""

    def use(n: int, m: int, k: int, rng: Any) -> Use:
        first = make(rng, n, m) if wide else make(rng, n)
        sizes = {"n": n, "m": m, "k": k}
        others = [shaped(rng, tuple(eval(size, sizes) for size in shape.split())) for shape in rest]
        return Use(build, [first, *others])

    return use


def parts(build: Callable[[Any], Any]) -> Callable[..., Use]:
    """A function of a complex number, of its two parts."""
    return of(lambda a, b: build(make_complex(a, b)), "n m", "n m")


def phases(x: Any) -> Any:
    """Eigenvectors up to their signs."""
    values, vectors = L.eigh(symmetric(x))
    return sc.join(0, sc.sqr(vectors), values.dimshuffle("x", 0))


def factors(x: Any) -> Any:
    """Singular vectors up to their signs."""
    u, s, vh = L.svd(x, False)
    return sc.concatenate([sc.sqr(u).flatten(), s, sc.sqr(vh).flatten()])


def triangle(x: Any) -> Any:
    q, r = L.qr(x)
    return sc.concatenate([q.flatten(), r.flatten()])


def eigen(x: Any) -> Any:
    """Eigenvalues, and right eigenvectors up to their phases."""
    values, vectors = L.eig(x)
    return sc.concatenate([values.real(), values.imag(), sc.sqr(sc.abs(vectors)).flatten()])


def no_gradient(build: Callable[..., Any], *shapes: str, make: Any = shaped) -> Callable[..., Use]:
    return of(build, *shapes, orders=0, make=make)


def apart(rng: Any, shape: tuple[int, ...]) -> np.ndarray:
    return distinct(rng, *shape)


def whole(rng: Any, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, 4, shape)


def unfolded(n: int, m: int, k: int, rng: Any) -> Use:
    geometry = ConvGeometry((k % 2 + 1, 1), flip=bool(m % 2))
    return Use(lambda x: Unfold(geometry)(sc.sin(x), sc.constant(np.zeros((2, 3)))), [shaped(rng, (n, 5, 6))])


def unfolded_unshared(n: int, m: int, k: int, rng: Any) -> Use:
    op, bank = UnsharedUnfold(ConvGeometry((1, 1), flip=bool(n % 2))), sc.constant(np.zeros((k, 4, 4, m, 2, 3)))
    return Use(lambda x: op(sc.sin(x), bank), [shaped(rng, (n, m, 5, 6))])


def folded(n: int, m: int, k: int, rng: Any) -> Use:
    geometry = ConvGeometry((k % 2 + 1, 1), flip=bool(m % 2))
    image, kernel = sc.constant(np.zeros((n, 5, 6))), sc.constant(np.zeros((2, 3)))
    like = Unfold(geometry)(image, kernel)
    return Use(lambda p: Fold(geometry)(sc.sin(p), image), [shaped(rng, like.type.shape)])


def legacy(n: int, m: int, k: int, rng: Any) -> Use:
    state = sc.constant(packed(np.random.RandomState(3)))
    assert state.type == STATE
    draw = RandomFunction("normal", "float64", (None, None))
    return Use(lambda x: draw(state, sc.as_variable([n, m]), x[0], 1.0)[1], [shaped(rng, (n,))], orders=0)


def mrg(n: int, m: int, k: int, rng: Any) -> Use:
    states = rng.integers(1, 1000, (n, 6)).astype("int32")
    return Use(lambda: MrgUniform((n, m), "float64")(sc.constant(states), sc.as_variable([n, m]))[1], orders=0)


CALLED = sc.vector("x")
VECTOR = TensorType("float64", (None,))
ENTRIES: dict[str, Callable[..., Use]] = {
    # places
    "AddAlong": of(lambda x, v: sc.add_along_axis(x, np.zeros((2, 3), int), sc.exp(v), 0) * x, "n 3", "2 3"),
    "TakeAlong": of(lambda x: taken_along(sc.sqr(x), np.zeros((2, 3), int), 0), "n 3"),
    "Subtensor": of(lambda x: sc.exp(x[::-1, 0]) * x[-1, 0], "n m"),
    "IncSubtensor": both(set_use(False, "set"), set_use(False, "inc")),
    "AdvancedSubtensor": of(lambda x: sc.sqr(x[np.zeros(3, int)]) * x[0], "n m"),
    "AdvancedIncSubtensor": both(set_use(True, "set"), set_use(True, "inc")),
    "Nonzero": no_gradient(lambda x: sc.nonzero(x > 0)[0], "n m"),
    "Positions": no_gradient(lambda x: Positions(1)(x) * 2, "n m"),
    "Checked": no_gradient(lambda i: sc.choose(i, [1, 2, 3, 4]), "n", make=whole),
    "PermuteRowElements": of(lambda x: PermuteRowElements()(sc.sin(x), np.zeros((1, 1), int)), "1 1"),
    # shapes
    "DimShuffle": of(lambda x: sc.tanh(x).dimshuffle(1, "x", 0) * x.T.dimshuffle(0, "x", 1), "n m"),
    "Reshape": of(lambda x: sc.exp(x.reshape((-1,))), "n m"),
    "SpecifyShape": of(lambda x: sc.exp(sc.specify_shape(x, (None, None))), "n m"),
    "Diagonal": of(lambda x: sc.exp(sc.diag(x)), "n n"),
    "PlaceDiagonal": of(lambda x: sc.exp(sc.diag(x)), "n"),
    "Join": of(lambda x, y: sc.join(0, sc.sin(x), y * y), "n m", "k m"),
    "Split": of(lambda x: sc.mul(*sc.split(sc.exp(x), sc.argsort(x[:, 0]) * 0 + 1, 2)), "2 m"),
    "Alloc": of(lambda x: sc.alloc(sc.sin(x), 3, 1, 2), ""),
    "Arange": no_gradient(lambda x: sc.arange(x.shape[0]), "n"),
    "MakeVector": no_gradient(lambda x: sc.zeros((x.shape[0], x.shape[1])).shape, "n m"),
    "Shape": no_gradient(lambda x: x.shape * 1, "n m"),
    "ShapeAt": no_gradient(lambda x: sc.size_of(x, 1) * 1, "n m"),
    "RepeatedPositions": of(lambda x: sc.sin(sc.repeat(x, np.array([2, 0, 1]), 0)), "3 m"),
    # control
    "IfElse": branch_use,
    "Scan": loop_use,
    "GraphOp": of(lambda x: sc.OpFromGraph([CALLED], [sc.sin(CALLED) * CALLED])(sc.exp(x)), "n"),
    "FunctionOp": no_gradient(lambda x: sc.as_op([VECTOR], [VECTOR])(np.sin)(x), "n"),
    "Crop": of(lambda x: sc.exp(Crop(1)(x, 1)), "n+1 m"),
    "Embed": of(lambda x: Embed(1)(sc.exp(x), 7), "n m"),
    "Flip": of(lambda x: sc.exp(Flip()(x)) * x, "n m"),
    "Newest": of(lambda x: sc.exp(Newest()(x, x.shape[0])), "n m"),
    # gradients that stop: what they do has tests of its own
    "Clipped": of(lambda x: sc.grad_clip(x, -1e9, 1e9) * x, "n"),
    "Scaled": of(lambda x: sc.grad_scale(sc.sin(x), 1.0), "n"),
    "Disconnected": no_gradient(lambda x: sc.disconnected_grad(x) * 2, "n"),
    "Zeroed": no_gradient(lambda x: sc.zero_grad(x) * 2, "n"),
    "Undefined": no_gradient(lambda x: sc.undefined_grad(x) * 2, "n"),
    # complex numbers
    "MakeComplex": parts(lambda z: sc.sqr(sc.abs(z * z + z))),
    "Part": parts(lambda z: sc.real(sc.exp(z)) * sc.imag(z)),
    # convolution and pooling
    "Conv": conv_use(0),
    "ConvGradInput": conv_use(1),
    "ConvGradFilters": conv_use(2),
    "Unfold": unfolded,
    "UnsharedUnfold": unfolded_unshared,
    "Fold": folded,
    **{kind: pooled(kind) for kind in ("Pool", "Spread", "Route", "Select", "PoolWinners", "Award")},
    # counting and ordering
    "Bincount": of(lambda w: sc.bincount(sc.constant([0, 2, 2]), sc.exp(w)), "3"),
    "SearchSorted": no_gradient(lambda x: sc.searchsorted(sc.constant([-1.0, 0.1]), x), "n"),
    "Unique": of(lambda x: sc.exp(sc.unique(x)), "n", make=apart),
    "Sort": of(lambda x: sc.sin(sc.sort(x, 0)), "n m", make=apart),
    "ArgSort": no_gradient(lambda x: sc.argsort(x, 0), "n m", make=apart),
    "ArgTopK": of(lambda x: sc.sin(sc.topk(x, 1, 0)), "n m", make=apart),
    "ArgReduce": no_gradient(lambda x: sc.argmax(x, 0), "n m", make=apart),
    "Cumulate": of(lambda x: sc.cumprod(sc.cumsum(x, 0), 1), "n m"),
    "Recurrence": of(lambda x: sc.grad(sc.sqr(sc.cumprod(x)).sum(), x), "n"),
    # products
    "Dot": of(lambda x, y: sc.sin(sc.dot(x, y)), "n m", "m k"),
    "MatMul": of(lambda x, y: sc.sin(sc.matmul(x, y)), "2 n m", "2 m k"),
    # softmax and its relatives
    "Softmax": of(lambda x: sc.softmax(x, axis=0), "n m"),
    "LogSoftmax": of(lambda x: sc.log_softmax(x, axis=(0, 1)), "n m"),
    "LogSumExp": of(lambda x: LogSumExp((1,))(x), "n m"),
    "SoftmaxGradient": of(lambda p, g: SoftmaxGradient((1,))(p, g), "n m", "n m"),
    "SoftmaxParts": no_gradient(lambda x: SoftmaxParts((1,))(x)[0], "n m"),
    # linear algebra
    "Inverse": matrix(L.inv, square),
    "PseudoInverse": matrix(L.pinv, tall, wide=True),
    "Det": matrix(L.det, square),
    "Cofactor": matrix(Cofactor(), square),
    "SlogDet": matrix(lambda x: L.slogdet(x)[1], square),
    "Cholesky": matrix(lambda x: L.cholesky(symmetric(x)), spd),
    "Solve": both(
        matrix(L.solve, square, "n m"),
        matrix(lambda a, b: L.solve_triangular(a, b, lower=True), square, "n"),
    ),
    "Eigh": matrix(phases, spd),
    "Eigvalsh": matrix(lambda x: L.eigvalsh(symmetric(x)), spd),
    "Eig": matrix(eigen, square),
    "Eigvals": matrix(lambda x: sc.real(sc.sqr(Eigvals()(x))) + sc.abs(Eigvals()(x)), square),
    "QR": matrix(triangle, lambda rng, n, m: tall(rng, n + m, m), wide=True),
    "SVD": matrix(factors, tall, wide=True),
    "SingularValues": matrix(SingularValues(), tall, wide=True),
    "Expm": matrix(L.expm, square),
    # what SciPy computes: each function of the table has a test
    "ScipyFunction": of(lambda x: sc.gammaln(sc.sqr(x) + 0.5), "n m"),
    # draws: what they are distributed like is tested elsewhere
    "Draw": no_gradient(lambda x: sc.random.Stream(1).normal(x.shape), "n"),
    "RandomFunction": legacy,
    "MrgUniform": mrg,
    "MultinomialFromUniform": no_gradient(
        lambda p: MultinomialFromUniform("int64")(sc.softmax(p, axis=1), sc.constant([0.3, 0.7]), 1), "2 3"
    ),
    "ChoiceFromUniform": no_gradient(
        lambda p: ChoiceFromUniform("int64")(sc.softmax(p, axis=1), sc.constant([0.3, 0.7]), 1), "2 3"
    ),
}


def ops() -> list[type[Op]]:
    """All classes of ops that the package defines, but for those that only others are made from."""
    for module in pkgutil.walk_packages(symconv.ops.__path__, "symconv.ops."):
        importlib.import_module(module.name)
    found, todo = [], [Op]
    while todo:
        below = todo.pop().__subclasses__()
        todo += below
        found += below
    own = [op for op in found if op.__module__.startswith("symconv.ops.") and op.__name__[0] != "_"]
    return [op for op in own if op not in (Elemwise, Reduce) and op.__name__ != "Pass"]


def rows() -> list[str]:
    """All elementwise functions but conversions, which are made when asked for."""
    return [name for name in ROWS if not name.startswith("cast{")]


__all__ = ["ENTRIES", "FORMULAS", "REDUCTIONS", "Use", "ops", "reduction_use", "row_use", "rows", "scipy_use"]
