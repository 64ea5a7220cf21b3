"""Rules for softmax and its logarithm: found where they are written out, and made cheaper; imports ops."""

from symconv.compile.rewrite import AnyRule, Change, NodeRule, short
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import Op
from symconv.graph.origin import written_at
from symconv.graph.traverse import ancestors, substitute
from symconv.ops.along import TakeAlong
from symconv.ops.elemwise_rows import eq, exp, log, mul, neg, sigmoid, softplus, switch, true_div
from symconv.ops.reduce import REDUCTIONS, Reduce
from symconv.ops.shape import DimShuffle, dimshuffle
from symconv.ops.softmax import LogSoftmax, LogSumExp, Softmax, SoftmaxParts
from symconv.ops.special import xlog1py, xlogy

DEPTH = 8  # how far into an expression is looked: the cost of a rule is bounded
SUM = REDUCTIONS["sum"]


def op_of(variable: Variable) -> Op | None:
    """The op that computes a variable, if one does."""
    return None if variable.owner is None else variable.owner.op


# Logarithms of softmax


def _log_of_softmax(node: Apply) -> Variable | None:
    """log(softmax(x)) = log_softmax(x), also of elements picked from it."""
    chain = _picked_from(node.inputs[0], Softmax)
    if chain is None:
        return None
    (first, *rest) = chain
    assert isinstance(first.op, Softmax)
    return _replayed(rest, LogSoftmax(first.op.axes)(first.inputs[0]))


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


# Softmax written out


def _naive_softmax(node: Apply) -> Variable | None:
    """exp(x) / sum(exp(x)) = softmax(x)."""
    powers, denominator = node.inputs
    if op_of(powers) != exp or powers.owner is None or not powers.type.is_float:
        return None
    x, axes = powers.owner.inputs[0], over_sum(denominator, powers)
    if axes is None or x.dtype != powers.dtype:
        return None
    result: Variable = Softmax(axes)(x)
    return result


def over_sum(denominator: Variable, powers: Variable) -> tuple[int, ...] | None:
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


# What costs less


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
    result: Variable = (op(x, node.inputs[1]) - largest) - logarithm
    return result


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
)

SPECIALISED: tuple[AnyRule, ...] = (
    NodeRule("log_softmax(x)[i] = x[i] - logsumexp(x)", TakeAlong, _picked_log_softmax),
    NodeRule("exp(log_softmax(x)) = softmax(x)", exp, _exp_of_log_softmax),
)
