"""Rules for log, softmax and sigmoid, and for the divisions that they leave in gradients; imports ops.

The gradient of log(p) is g / p, and where p = softmax(x) is nearly 0, g / p overflows, though what it is
multiplied with is p again. So in what a gradient of softmax or sigmoid is given, terms that are divided by p
are found (through signs, factors, choices, and elements that were picked) and the division is undone:

    SoftmaxGradient(p, a / p) = a - p * sum(a)
    (a / p + b / q) * p * q   = a * q + b * p,   where p = sigmoid(x) and q = sigmoid(-x)
"""

from collections.abc import Callable

from symconv.compile.rewrite import AnyRule, Change, NodeRule, is_number, short
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op
from symconv.graph.origin import written_at
from symconv.graph.traverse import ancestors, substitute
from symconv.ops.along import AddAlong, TakeAlong
from symconv.ops.elemwise_rows import (
    add,
    eq,
    exp,
    log,
    mul,
    neg,
    reciprocal,
    second,
    sigmoid,
    softplus,
    sub,
    switch,
    true_div,
)
from symconv.ops.reduce import REDUCTIONS, Reduce
from symconv.ops.reduce import sum as total
from symconv.ops.shape import DimShuffle, dimshuffle
from symconv.ops.softmax import LogSoftmax, LogSumExp, Softmax, SoftmaxGradient, SoftmaxParts
from symconv.ops.special import xlog1py, xlogy

DEPTH = 8  # how far into an expression is looked: the cost of a rule is bounded
SUM = REDUCTIONS["sum"]


def op_of(variable: Variable) -> Op | None:
    """The op that computes a variable, if one does."""
    return None if variable.owner is None else variable.owner.op


def _variable(result: Variable) -> Variable:
    return result


# Logarithms of softmax


def _picked_from(variable: Variable, kind: type[Op]) -> list[Apply] | None:
    """The picking and permuting between an op of a class and a variable, from the op on; the op first."""
    chain: list[Apply] = []
    while variable.owner is not None and len(chain) < DEPTH:
        node = variable.owner
        chain.append(node)
        if isinstance(node.op, kind):
            return chain[::-1]
        if not isinstance(node.op, TakeAlong | DimShuffle):
            return None
        variable = node.inputs[0]
    return None


def _replayed(chain: list[Apply], start: Variable) -> Variable:
    """The picking and permuting of a chain, from another variable on."""
    for node in chain:
        start = node.op(start, *node.inputs[1:])
    return start


def _log_of_softmax(node: Apply) -> Variable | None:
    """log(softmax(x)) = log_softmax(x), also of elements picked from it."""
    chain = _picked_from(node.inputs[0], Softmax)
    if chain is None:
        return None
    (first, *rest) = chain
    assert isinstance(first.op, Softmax)
    return _replayed(rest, LogSoftmax(first.op.axes)(first.inputs[0]))


def _xlogy(node: Apply) -> Variable | None:
    """x log y, where log y has a stable form; 0 where x = 0."""
    x, y = node.inputs
    if y.dtype != node.outputs[0].dtype:
        return None
    logarithm = _log_of_softmax(Apply(log, (y,), (y.type,)))
    if logarithm is None and op_of(y) == sigmoid and y.owner is not None:
        logarithm = neg(softplus(neg(y.owner.inputs[0])))
    return None if logarithm is None else switch(eq(x, 0), 0.0, mul(x, logarithm))


def _xlog1py(node: Apply) -> Variable | None:
    """x log(1 - sigmoid(z)) = -x softplus(z), 0 where x = 0."""
    x, y = node.inputs
    if op_of(y) != neg or y.owner is None or y.dtype != node.outputs[0].dtype:
        return None
    inner = y.owner.inputs[0]
    if op_of(inner) != sigmoid or inner.owner is None:
        return None
    return switch(eq(x, 0), 0.0, mul(x, neg(softplus(inner.owner.inputs[0]))))


def _log_of_sum_of_exp(node: Apply) -> Variable | None:
    """log(sum(exp(x))) = logsumexp(x)."""
    summed = node.inputs[0].owner
    if summed is None or not isinstance(summed.op, Reduce) or summed.op.kind != SUM:
        return None
    powers = summed.inputs[0]
    if op_of(powers) != exp or powers.owner is None or not powers.type.is_float:
        return None
    if powers.dtype != node.outputs[0].dtype:
        return None
    x, axes = powers.owner.inputs[0], summed.op.axes
    if x.dtype != powers.dtype:
        return None
    result: Variable = LogSumExp(axes)(x)
    if summed.op.keepdims:
        return result
    return dimshuffle(result, *(axis for axis in range(x.ndim) if axis not in axes))


def _over_sum(denominator: Variable, powers: Variable) -> tuple[int, ...] | None:
    """The axes over which a denominator is the sum of these powers, its axes kept; None where it is not."""
    if denominator.ndim != powers.ndim:
        return None
    variable, given = denominator, None
    shuffle = denominator.owner
    if shuffle is not None and isinstance(shuffle.op, DimShuffle):
        variable, given = shuffle.inputs[0], shuffle.op.order
    summed = variable.owner
    if summed is None or not isinstance(summed.op, Reduce) or summed.op.kind != SUM:
        return None
    if summed.inputs[0] is not powers:
        return None
    axes = summed.op.axes
    if summed.op.keepdims:
        return axes if given is None else None
    places = iter(range(powers.ndim))
    kept = tuple("x" if axis in axes else next(places) for axis in range(powers.ndim))
    return axes if given == kept and axes else None


def _naive_softmax(node: Apply) -> Variable | None:
    """exp(x) / sum(exp(x)) = softmax(x)."""
    powers, denominator = node.inputs
    if op_of(powers) != exp or powers.owner is None or not powers.type.is_float:
        return None
    x, axes = powers.owner.inputs[0], _over_sum(denominator, powers)
    if axes is None or x.dtype != powers.dtype:
        return None
    result: Variable = Softmax(axes)(x)
    return result


def _exp_times_quotient(node: Apply) -> Variable | None:
    """exp(x) * (a / sum(exp(x))) = a * softmax(x), where a / sum is stretched: the gradient of logsumexp."""
    for powers, other in (node.inputs, node.inputs[::-1]):
        if op_of(powers) != exp or powers.owner is None or not powers.type.is_float:
            continue
        x = powers.owner.inputs[0]
        negative, outer, quotient = False, other, other
        if op_of(quotient) == second and quotient.owner is not None:
            quotient = quotient.owner.inputs[1]
        if op_of(quotient) == neg and quotient.owner is not None:
            negative, quotient = True, quotient.owner.inputs[0]
        shuffled = quotient.owner
        if shuffled is None or x.dtype != powers.dtype or outer.dtype != powers.dtype:
            continue
        order = None
        if isinstance(shuffled.op, DimShuffle):
            order, quotient = shuffled.op.order, shuffled.inputs[0]
        if op_of(quotient) == neg and quotient.owner is not None:
            negative, quotient = not negative, quotient.owner.inputs[0]
        divided = quotient.owner
        if divided is None or divided.op not in (true_div, reciprocal):
            continue
        denominator = divided.inputs[-1]
        if order is not None:
            denominator = _folded(DimShuffle(order, denominator.ndim)(denominator))
        axes = _over_sum(denominator, powers)
        if axes is None:
            continue
        result: Variable = Softmax(axes)(x)
        if divided.op == true_div:
            above = divided.inputs[0]
            if order is not None and above.ndim == len(divided.outputs[0].type.shape):
                above = DimShuffle(order, above.ndim)(above)
            elif above.ndim:
                continue
            result = mul(result, above)
        return neg(result) if negative else result
    return None


# Divisions undone


IsDivisor = Callable[[Variable], bool]


def _terms(variable: Variable, divisors: list[Variable]) -> tuple[list[list[Variable]], list[Variable]]:
    """The terms of a sum: for each divisor the numerators of those divided by it, then the other terms."""
    numerators: list[list[Variable]] = [[] for _ in divisors]
    others: list[Variable] = []
    waiting = [(variable, False, DEPTH)]
    while waiting:
        term, negative, depth = waiting.pop()
        node = term.owner
        if node is not None and depth and _same_size(node):
            if node.op in (add, sub):
                left, right = node.inputs
                waiting.append((right, negative != (node.op == sub), depth - 1))
                waiting.append((left, negative, depth - 1))
                continue
            if node.op == neg:
                waiting.append((node.inputs[0], not negative, depth - 1))
                continue
        for found, divisor in zip(numerators, divisors, strict=True):
            above = numerator(term, lambda v, d=divisor: v is d)  # type: ignore[misc]
            if above is not None:
                above = above if above.broadcastable == term.broadcastable else second(term, above)
                found.append(neg(above) if negative else above)
                break
        else:
            others.append(neg(term) if negative else term)
    return numerators, others


def _same_size(node: Apply) -> bool:
    """Whether none of the operands is stretched."""
    pattern = node.outputs[0].broadcastable
    return all(variable.broadcastable == pattern for variable in node.inputs)


def numerator(variable: Variable, is_divisor: IsDivisor, depth: int = DEPTH) -> Variable | None:
    """The a of a variable that is a / d in disguise, or None; a may be smaller than the variable."""
    node = variable.owner
    if node is None or not depth or variable.ndim == 0:
        return None
    inputs = node.inputs

    def inside(position: int, condition: IsDivisor = is_divisor) -> Variable | None:
        return numerator(inputs[position], condition, depth - 1)

    match node.op:
        case op if op == true_div:
            if is_divisor(inputs[1]):
                return inputs[0]
            above = inside(0)
            return None if above is None else true_div(above, inputs[1])
        case op if op == reciprocal and is_divisor(inputs[0]):
            return second(variable, 1.0)
        case op if op == neg:
            above = inside(0)
            return None if above is None else neg(above)
        case op if op == mul:
            for position in (0, 1):
                above = inside(position)
                if above is not None:
                    return mul(above, inputs[1 - position])
        case op if op == switch:
            for position in (1, 2):
                above = inside(position) if is_number(inputs[3 - position], 0) else None
                if above is not None:
                    choices = [inputs[1], inputs[2]]
                    choices[position - 1] = above
                    return switch(inputs[0], *choices)
        case DimShuffle() as op:
            above = inside(0, lambda v: v.ndim == inputs[0].ndim and is_divisor(_folded(op(v))))
            if above is not None:
                return _variable(op(above if above.type == inputs[0].type else second(inputs[0], above)))
        case AddAlong() as op if _is_zero(inputs[0]):
            above = inside(2, lambda v: _picks(v, op.axis, inputs[1], is_divisor))
            if above is not None:
                above = above if above.type == inputs[2].type else second(inputs[2], above)
    return None


def _is_zero(variable: Variable) -> bool:
    node = variable.owner
    if node is not None and node.op == second:
        variable = node.inputs[1]
    return isinstance(variable, Constant) and bool((variable.data == 0).all())


def _picks(variable: Variable, axis: int, indices: Variable, is_divisor: IsDivisor) -> bool:
    node = variable.owner
    return (
        node is not None
        and node.op == TakeAlong(axis)
        and node.inputs[1] is indices
        and is_divisor(node.inputs[0])
    )


def _folded(variable: Variable) -> Variable:
    """What is left of permutations that follow one another."""
    while variable.owner is not None:
        simpler = variable.owner.op.fold(variable.owner)
        if simpler is None:
            break
        variable = simpler
    return variable


def _sum_of(terms: list[Variable]) -> Variable:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def _softmax_gradient(node: Apply) -> Variable | None:
    """SoftmaxGradient(p, a / p + b) = a - p * sum(a) + SoftmaxGradient(p, b)."""
    p, g = node.inputs
    op, source = node.op, p.owner
    assert isinstance(op, SoftmaxGradient)
    if source is None or not isinstance(source.op, Softmax):
        return None
    (numerators,), others = _terms(g, [p])
    if not numerators:
        return None
    a = _sum_of(numerators)
    result = a - mul(_softmax_with_parts(source), total(a, op.axes, keepdims=True))
    return result if not others else _variable(result + op(p, _sum_of(others)))


def _softmax_with_parts(source: Apply) -> Variable:
    """Softmax, as the op that computes its logarithm's parts too."""
    assert isinstance(source.op, Softmax)
    result: Variable = SoftmaxParts(source.op.axes)(source.inputs[0])[0]
    return result


def _sigmoid_gradient(node: Apply) -> Variable | None:
    """(a / p + b / q) * p * q = a * q + b * p for p = sigmoid(x), q = sigmoid(-x)."""
    first, q = node.inputs
    if op_of(first) != mul or first.owner is None or op_of(q) != sigmoid:
        return None
    g, p = first.owner.inputs
    if op_of(p) != sigmoid or p.owner is None or q.owner is None:
        return None
    if not _opposite(p.owner.inputs[0], q.owner.inputs[0]):
        return None
    (by_p, by_q), others = _terms(g, [p, q])
    if not by_p and not by_q:
        return None
    terms = [mul(_sum_of(by_p), q)] if by_p else []
    terms += [mul(_sum_of(by_q), p)] if by_q else []
    terms += [mul(mul(_sum_of(others), p), q)] if others else []
    return _sum_of(terms)


def _opposite(x: Variable, y: Variable) -> bool:
    return any(
        op_of(a) == neg and a.owner is not None and a.owner.inputs[0] is b for a, b in ((x, y), (y, x))
    )


# What costs less


def _sum_of_scattered(node: Apply) -> Variable | None:
    """The sum of zeros to which values were added along an axis is the sum of the values."""
    op, source = node.op, node.inputs[0].owner
    assert isinstance(op, Reduce)
    if source is None or not isinstance(source.op, AddAlong) or not _is_zero(source.inputs[0]):
        return None
    if op.kind != SUM or source.op.axis not in op.axes:
        return None
    result: Variable = op(source.inputs[2])
    return result


def _scattered_minus(node: Apply) -> Variable | None:
    """What is added to zeros, and then to something, is added to that at once."""
    left, right = node.inputs
    pairs = [(left, right)] if node.op == sub else [(left, right), (right, left)]
    for scattered, other in pairs:
        source = scattered.owner
        if source is None or not isinstance(source.op, AddAlong) or not _is_zero(source.inputs[0]):
            continue
        if other.type.dtype != scattered.dtype or other.broadcastable != scattered.broadcastable:
            continue
        base = other if node.op == add else _negative(other)
        result: Variable = source.op(base, *source.inputs[1:])
        return result
    return None


def _negative(variable: Variable) -> Variable:
    """-x; of a product with something small, the small one's sign is turned."""
    node = variable.owner
    if node is not None and node.op == mul:
        left, right = node.inputs
        if right.broadcastable != variable.broadcastable:
            return mul(left, neg(right))
        if left.broadcastable != variable.broadcastable:
            return mul(neg(left), right)
    return neg(variable)


def _picked_log_softmax(node: Apply) -> Variable | None:
    """log_softmax(x) picked along its axis = (x picked - largest) - log(sum): only chosen logarithms."""
    op, source = node.op, node.inputs[0].owner
    assert isinstance(op, TakeAlong)
    if source is None or not isinstance(source.op, LogSoftmax) or source.op.axes != (op.axis,):
        return None
    if node.outputs[0].type.shape[op.axis] != 1:
        return None
    x = source.inputs[0]
    _, largest, logarithm = SoftmaxParts(source.op.axes)(x)
    return _variable((op(x, node.inputs[1]) - largest) - logarithm)


def _exp_of_log_softmax(node: Apply) -> Variable | None:
    """exp(log_softmax(x)) = softmax(x)."""
    source = node.inputs[0].owner
    if source is None or not isinstance(source.op, LogSoftmax):
        return None
    result: Variable = SoftmaxParts(source.op.axes)(source.inputs[0])[0]
    return result


MOST_SCALED = 8  # times that a graph is rebuilt: the cost stays linear
SCALED = "SoftmaxParts(x)[0] * c = SoftmaxParts(x, c)[0]"


def scale_softmax(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """Where nothing but a product with a number needs softmax itself, the op gives that at once.

    What every element is divided by takes the number in, and a pass over all elements is saved.
    """
    for _ in range(MOST_SCALED):
        found = next(filter(None, (_scaled(graph, node) for node in graph.nodes)), None)
        if found is None:
            return graph
        node, product, factor = found
        with written_at(product.origin):
            made = node.op.apply(node.inputs[0], factor)
        new = dict(zip((product.outputs[0], *node.outputs[1:]), made.outputs, strict=True))
        log.append(
            Change("specialised", SCALED, short(product.outputs[0]), short(made.outputs[0]), product.origin)
        )
        for old, fresh in new.items():
            fresh.name = old.name
        graph = graph.with_results(substitute(graph.results, new))
    return graph


def _scaled(graph: FunctionGraph, node: Apply) -> tuple[Apply, Apply, Variable] | None:
    """An apply of SoftmaxParts, its product with a number, and the number, which does not depend on it."""
    if not isinstance(node.op, SoftmaxParts) or len(node.inputs) > 1:
        return None
    softmax = node.outputs[0]
    users = graph.clients.get(softmax, ())
    if len(users) != 1 or users[0].op != mul or softmax in graph.results:
        return None
    (product,) = users
    factors = [variable for variable in product.inputs if variable is not softmax]
    if len(factors) != 1 or not all(factors[0].broadcastable) or factors[0].dtype != softmax.dtype:
        return None
    (factor,) = factors
    if product.outputs[0].type != softmax.type or any(v in node.outputs for v in ancestors(factors)):
        return None
    lacking = softmax.ndim - factor.ndim
    return node, product, dimshuffle(factor, *("x",) * lacking, *range(factor.ndim)) if lacking else factor


STABLE: tuple[AnyRule, ...] = (
    NodeRule("log(softmax(x)) = log_softmax(x)", log, _log_of_softmax),
    NodeRule("x log(softmax(y)) = x log_softmax(y)", xlogy, _xlogy),
    NodeRule("x log(1 - sigmoid(y)) = -x softplus(y)", xlog1py, _xlog1py),
    NodeRule("log(sum(exp(x))) = logsumexp(x)", log, _log_of_sum_of_exp),
    NodeRule("exp(x) / sum(exp(x)) = softmax(x)", true_div, _naive_softmax),
    NodeRule("exp(x) * (y / sum(exp(x))) = y * softmax(x)", mul, _exp_times_quotient),
    NodeRule("softmax's gradient by y / softmax(x) = y - softmax(x) * sum(y)", SoftmaxGradient,
             _softmax_gradient),
    NodeRule("sigmoid's gradient by y / sigmoid(x) = y * sigmoid(-x)", mul, _sigmoid_gradient),
)  # fmt: skip

SPECIALISED: tuple[AnyRule, ...] = (
    NodeRule("sum of zeros with y added = sum(y)", Reduce, _sum_of_scattered),
    NodeRule("zeros with y added, minus x = -x with y added", sub, _scattered_minus),
    NodeRule("zeros with y added, plus x = x with y added", add, _scattered_minus),
    NodeRule("log_softmax(x)[i] = x[i] - logsumexp(x)", TakeAlong, _picked_log_softmax),
    NodeRule("exp(log_softmax(x)) = softmax(x)", exp, _exp_of_log_softmax),
)
