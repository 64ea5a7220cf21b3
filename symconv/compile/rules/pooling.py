"""Rules for gradients of max pooling: masks move to the windows, and only winners are kept; imports ops."""

from functools import reduce
from math import prod
from typing import Any

import numpy as np

from symconv.compile.rewrite import AnyRule, Change, NodeRule, short
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.origin import written_at
from symconv.ops.elemwise_rows import add, cast, ge, maximum, mul, neg, switch
from symconv.ops.index.basic import subtensor
from symconv.ops.pool.ops import Pool, Route
from symconv.ops.pool.winners import Award, PoolWinners
from symconv.ops.reduce import REDUCTIONS, Reduce

MOST_CELLS = 16  # of a window, whose winners are counted one by one


def _mask_of_route(node: Apply) -> Variable | None:
    """switch(c >= x, 0, Route(x, z, g)) = Route(x, z, switch(c >= z, 0, g)) for x = maximum(c, y), or c >= y.

    Where x has its window's maximum z, c >= y means x = c, and so c >= z. Elsewhere both are 0.
    """
    mask, zero, routed = node.inputs
    route, test = routed.owner, mask.owner
    if route is None or test is None or not isinstance(route.op, Route) or test.op is not ge:
        return None
    if not isinstance(zero, Constant) or zero.data.size != 1 or zero.data.item() != 0:
        return None
    x, pooled, gradient, *rest = route.inputs
    bound, compared = test.inputs
    if x.owner is None or x.owner.op is not maximum or x.owner.inputs[0] is not bound:
        return None
    if compared is not x and compared is not x.owner.inputs[1]:
        return None
    if not isinstance(bound, Constant) or bound.data.size != 1 or routed.type.shape != x.type.shape:
        return None
    limit = bound.data.item()
    masked = switch(ge(limit, pooled), 0, gradient)
    if masked.dtype != gradient.dtype:
        return None
    result: Variable = route.op(x, pooled, masked, *rest)
    return result


SPECIALISED: tuple[AnyRule, ...] = (
    NodeRule("a mask of relu after max pooling's gradient = one before it", switch, _mask_of_route),
)


def keep_winners(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """Where nothing but its gradient needs a tensor that was pooled, keep which of its cells won instead.

    That is a byte a cell. Forward it is made while the tensor's tile is in the cache, and the tensor need not
    be stored; backward it need not be read again. A sum of the gradient over the cells is one over the
    windows: each gives its share as often as it has winners.
    """
    routes = {node.outputs[0]: _routes(graph, node) for node in graph.nodes if _is_max_pooling(node)}
    pools = {route: pooled for pooled, found in routes.items() for route in found}
    if not pools:
        return graph
    new: dict[Variable, Variable] = {}
    winners: dict[Variable, Variable] = {}  # of the old pooled values
    awarded: dict[Variable, tuple[Variable, Variable]] = {}  # of an old route's result: gradient and winners
    for node in graph.nodes:
        inputs = tuple(new.get(variable, variable) for variable in node.inputs)
        (output, *_) = node.outputs
        with written_at(node.origin):
            if routes.get(output):
                made = PoolWinners(*_parameters(node.op)).apply(*inputs)
                new[output], winners[output] = made.outputs
            elif node in pools:
                x, _, gradient = inputs
                new[output] = Award(*_parameters(node.op))(gradient, winners[pools[node]], x)
                awarded[output] = gradient, winners[pools[node]]
            elif node.inputs and node.inputs[0] in awarded and _sums_cells(node):
                gradient, won = awarded[node.inputs[0]]
                new[output] = node.op(mul(gradient, cast(_counted(won), gradient.dtype)))
            elif inputs != node.inputs:
                copy = Apply(node.op, inputs, tuple(one.type for one in node.outputs), node.origin)
                new.update(zip(node.outputs, copy.outputs, strict=True))
        for one in node.outputs:
            if one in new and new[one].name is None:
                new[one].name = one.name
        if routes.get(output) or node in pools:
            log.append(Change("specialised", NAME, short(output), short(new[output]), node.origin))
    return graph.with_results([new.get(variable, variable) for variable in graph.results])


NAME = "Route(x, max pooling of x, g) = Award(g, its winners)"


def _is_max_pooling(node: Apply) -> bool:
    op = node.op
    return type(op) is Pool and op.mode == "max" and op.geometry is not None


def _parameters(op: Any) -> tuple[Any, ...]:
    return op.mode, op.ndim, op.ignore_border, op.geometry


def _routes(graph: FunctionGraph, pool: Apply) -> list[Apply]:
    """The gradients of a pooling, if they and it alone need the tensor; else none."""
    (x,), (pooled,) = pool.inputs, pool.outputs
    if x.owner is None or x.owner.op.role == "view" or x in graph.results:
        return []
    found = []
    for user in graph.clients[x]:
        places = [position for position, variable in enumerate(user.inputs) if variable is x]
        if isinstance(user.op, Route) and _parameters(user.op) == _parameters(pool.op):
            if user.inputs[1] is not pooled or user.inputs[2] is x:
                return []
            found.append(user)
        elif user is not pool and not all(place in user.op.ignores_values for place in places):
            return []
    return found


def _sums_cells(node: Apply) -> bool:
    """Whether an apply sums all pooled axes of a gradient of pooling, and the windows are small."""
    if not isinstance(node.op, Reduce) or node.op.kind is not REDUCTIONS["sum"]:
        return False
    route = node.inputs[0].owner
    assert route is not None
    ndim, op = node.inputs[0].ndim, route.op
    pooled = range(ndim - op.ndim, ndim)  # type: ignore[attr-defined]
    return set(pooled) <= set(node.op.axes) and prod(op.geometry.window) <= MOST_CELLS  # type: ignore[attr-defined]


def _counted(winners: Variable) -> Variable:
    """How many cells of each window won: the sum of its masks, which are -1."""
    window = winners.owner.op.geometry.window  # type: ignore[union-attr]
    masks = [subtensor(winners, offset) for offset in np.ndindex(*window)]
    return neg(reduce(add, masks))
