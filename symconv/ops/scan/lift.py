"""From one step to all steps at once: expressions over entries become expressions over whole sequences.

What a loop computes from the entries of its sequences alone needs no loop: x[t] @ W for all t is one large
product. The same holds for what is computed from its states and not read by the next step, and for sums
over time of products. Imports ops of elements, shapes, products and sums.
"""

from collections.abc import Mapping, Set

from symconv.graph.nodes import Apply, Variable
from symconv.graph.traverse import toposort
from symconv.ops.cut import Disconnected
from symconv.ops.dot import Dot, dot
from symconv.ops.elemwise import Elemwise
from symconv.ops.reduce import REDUCTIONS, Reduce, sum
from symconv.ops.shape import DimShuffle, SpecifyShape, count_of, reshape, size_of


def lift(variable: Variable, lifted: Mapping[Variable, Variable], steps: Set[Variable]) -> Variable | None:
    """The values of an expression at all times, with time as leading axis; None where it needs a loop.

    Parameters
    ----------
    variable : Variable
        An expression of a step.
    lifted : mapping
        What stands for variables of the step at all times.
    steps : set of Variable
        All inputs of the step: what is not among ``lifted`` cannot be had at all times.
    """
    known = dict(lifted)
    for node in toposort([variable], stop=known):
        if any(v in steps and v not in known for v in node.inputs):
            return None
        if any(v in known for v in node.inputs):
            result = _lifted(node, known)
            if result is None:
                return None
            known[node.outputs[0]] = result
    return known.get(variable)


def _lifted(node: Apply, known: Mapping[Variable, Variable]) -> Variable | None:
    """One apply at all times."""
    op, ndim = node.op, node.outputs[0].ndim
    first = known.get(node.inputs[0])
    if isinstance(op, Elemwise):
        return op(*(_padded(known[v], v.ndim, ndim) if v in known else v for v in node.inputs))
    if isinstance(op, Dot):
        return _product(node, known)
    if first is None:
        return None
    result: Variable
    if isinstance(op, DimShuffle):
        order = tuple(axis if isinstance(axis, str) else axis + 1 for axis in op.order)
        result = DimShuffle((0, *order), op.input_ndim + 1)(first)
    elif isinstance(op, Reduce):
        result = Reduce(op.kind, tuple(axis + 1 for axis in op.axes), op.keepdims, op.dtype)(first)
    elif isinstance(op, SpecifyShape):
        result = SpecifyShape((None, *op.sizes))(first)
    elif isinstance(op, Disconnected):
        result = op(first)
    else:
        return None
    return result


def _padded(x: Variable, ndim: int, wanted: int) -> Variable:
    """A lifted operand of rank ``ndim`` with axes of size 1 behind time, as broadcasting would add them."""
    if ndim == wanted:
        return x
    axes = range(1, ndim + 1)
    return x.dimshuffle(0, *(["x"] * (wanted - ndim)), *axes)  # type: ignore[no-any-return]


def _product(node: Apply, known: Mapping[Variable, Variable]) -> Variable | None:
    """The product of one operand at all times and one that never changes."""
    x, y = node.inputs
    if x in known and y in known:
        return sum(known[x] * known[y], axis=1) if x.ndim == y.ndim == 1 else None
    if x in known:
        return dot(known[x], y)
    if y.ndim == 1:
        return dot(known[y], x.T)
    return None


def holds_product(variable: Variable, inside: Mapping[Variable, object]) -> bool:
    """Whether an expression multiplies matrices, and so gains from being computed at all times at once."""
    return any(isinstance(node.op, Dot) for node in toposort([variable], stop=inside))


# Sums over time


class Stacks:
    """What a loop must return at all times so that sums can be taken behind it; mutable: it is asked.

    Attributes
    ----------
    known : dict
        Variables of the step that are known at all times: sequences.
    asked : dict
        Others, and what will stand for them.
    """

    def __init__(self, known: Mapping[Variable, Variable]) -> None:
        self.known = dict(known)
        self.asked: dict[Variable, Variable] = {}

    def __call__(self, variable: Variable) -> Variable:
        """The variable at all times."""
        node = variable.owner
        if variable in self.known:
            return self.known[variable]
        if node is not None and isinstance(node.op, DimShuffle) and variable not in self.asked:
            lifted = _lifted(node, {node.inputs[0]: self(node.inputs[0])})
            assert lifted is not None
            return lifted
        if variable not in self.asked:
            self.asked[variable] = Variable(variable.type.with_shape((None, *variable.type.shape)))
        return self.asked[variable]

    def has(self, variable: Variable) -> bool:
        """Whether it is known or asked for already."""
        return variable in self.known or variable in self.asked


def total(variable: Variable, stacks: Stacks, varies: Set[Variable]) -> Variable | None:
    """The sum over time of an expression of a step, where it is cheaper behind the loop; else None.

    Parameters
    ----------
    variable : Variable
        The expression.
    stacks : Stacks
        What is known at all times, and can be asked for.
    varies : set of Variable
        What changes from step to step.
    """
    node = variable.owner
    if node is None or variable not in varies:
        return None
    result: Variable | None = None
    if isinstance(node.op, DimShuffle):
        inner = total(node.inputs[0], stacks, varies)
        result = None if inner is None else node.op(inner)
    elif isinstance(node.op, Dot):
        result = _total_product(node, stacks, varies)
    elif isinstance(node.op, Elemwise) and node.op.row.name == "mul":
        result = _total_outer(node, stacks, varies)
    elif isinstance(node.op, Elemwise) and node.op.row.name in ("add", "sub"):
        a, b = node.inputs
        if a.type == b.type == variable.type:
            parts = [total(part, stacks, varies) for part in (a, b)]
            if parts[0] is not None and parts[1] is not None:
                result = node.op(*parts)
    elif isinstance(node.op, Reduce) and node.op.kind is REDUCTIONS["sum"] and not node.op.keepdims:
        (x,) = node.inputs
        if stacks.has(x) and node.op.dtype in (None, x.dtype) and x.type.is_float:
            result = sum(stacks(x), axis=(0, *(axis + 1 for axis in node.op.axes)))
    return result


def _total_product(node: Apply, stacks: Stacks, varies: Set[Variable]) -> Variable | None:
    """Products summed over time are one product, whose inner axis is time and theirs together."""
    x, y = node.inputs
    if x not in varies or y not in varies:
        part = total(y if x not in varies else x, stacks, varies)
        if part is None:
            return None
        result: Variable = dot(x, part) if x not in varies else dot(part, y)
        return result
    if x.ndim != 2:
        return None
    return dot(_rows(stacks(x.T)).T, _rows(stacks(y)))


def _total_outer(node: Apply, stacks: Stacks, varies: Set[Variable]) -> Variable | None:
    """Outer products of vectors summed over time are one product."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if x.owner is None or y.owner is None or x not in varies or y not in varies:
            continue
        columns, rows = x.owner.op, y.owner.op
        if columns == DimShuffle((0, "x"), 1) and rows == DimShuffle(("x", 0), 1):
            return dot(stacks(x.owner.inputs[0]).T, stacks(y.owner.inputs[0]))
    return None


def _rows(x: Variable) -> Variable:
    """Time and the first axis as one; a vector at each time is one row."""
    if x.ndim == 2:
        return reshape(x, [count_of(x)])
    return reshape(x, [size_of(x, 0) * size_of(x, 1), *(size_of(x, axis) for axis in range(2, x.ndim))])
