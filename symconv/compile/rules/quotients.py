"""Rules for the divisions that log, softmax and sigmoid leave in gradients; imports ops and ``softmaxes``.

The gradient of log(p) is g / p, and where p = softmax(x) is nearly 0, g / p overflows, though what it is
multiplied with is p again. So in what a gradient of softmax or sigmoid is given, terms that are divided by p
are found (through signs, factors, choices, and elements that were picked) and the division is undone:

    SoftmaxGradient(p, a / p) = a - p * sum(a)
    (a / p + b / q) * p * q   = a * q + b * p,   where p = sigmoid(x) and q = sigmoid(-x)
"""

from collections.abc import Callable

from symconv.compile.rewrite import AnyRule, NodeRule, is_number
from symconv.compile.rules.softmaxes import DEPTH, SUM, op_of, over_sum
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.ops.along import AddAlong, TakeAlong
from symconv.ops.elemwise_rows import add, exp, mul, neg, reciprocal, second, sigmoid, sub, switch, true_div
from symconv.ops.reduce import Reduce
from symconv.ops.reduce import sum as total
from symconv.ops.shape import DimShuffle
from symconv.ops.softmax import Softmax, SoftmaxGradient, SoftmaxParts

IsDivisor = Callable[[Variable], bool]


# Divisions undone


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
        axes = over_sum(denominator, powers)
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


# Where they are


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


def _variable(result: Variable) -> Variable:
    return result


# Values added to zeros


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


STABLE: tuple[AnyRule, ...] = (
    NodeRule("exp(x) * (y / sum(exp(x))) = y * softmax(x)", mul, _exp_times_quotient),
    NodeRule("softmax's gradient by y / softmax(x) = y - softmax(x) * sum(y)", SoftmaxGradient,
             _softmax_gradient),
    NodeRule("sigmoid's gradient by y / sigmoid(x) = y * sigmoid(-x)", mul, _sigmoid_gradient),
)  # fmt: skip

SPECIALISED: tuple[AnyRule, ...] = (
    NodeRule("sum of zeros with y added = sum(y)", Reduce, _sum_of_scattered),
    NodeRule("zeros with y added, minus x = -x with y added", sub, _scattered_minus),
    NodeRule("zeros with y added, plus x = x with y added", add, _scattered_minus),
)
