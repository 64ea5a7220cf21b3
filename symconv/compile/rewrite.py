"""Rewriting: rules as equations, the matcher, the one driver, the log of what fired; imports graph.

    rule = name, left side, right side, condition         an equation between expressions
         | name, function: node -> variable | None        what no equation can say

Both sides of an equation are ordinary expressions over pattern variables, made by ``pattern``. A pattern
variable stands for any variable; a constant of the left side matches any constant of one element with
that value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from symconv.errors import CompileError, RewriteError, SymconvError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op, as_tuple
from symconv.graph.origin import Origin, written_at
from symconv.graph.traverse import toposort
from symconv.graph.types import TensorType

Bindings = dict[Variable, Variable]


class Pattern(Variable):
    """A variable of an equation: it stands for any expression."""


def pattern(*names: str) -> list[Variable]:
    """Pattern variables: float64 scalars as far as the equation's own types are concerned."""
    return [Pattern(TensorType("float64", ()), name) for name in names]


@dataclass(frozen=True, eq=False, repr=False)
class Rule:
    """An equation, used from left to right.

    Attributes
    ----------
    name : str
        The equation as people write it: ``log(exp(x)) = x``.
    left, right : Variable
        Expressions over pattern variables.
    when : callable, optional
        Given the bindings as keyword arguments by name, whether the rule may be used: its domain.
    """

    name: str
    left: Variable
    right: Variable
    when: Callable[..., bool] | None = None

    @property
    def root(self) -> Op:
        """The op that a node must have for the rule to apply."""
        assert self.left.owner is not None
        return self.left.owner.op

    @cached_property
    def lefts(self) -> tuple[Variable, ...]:
        """The left side with the operands of commutative ops in every order."""
        return tuple(_orders(self.left))

    def __call__(self, node: Apply) -> Variable | None:
        """The right side for a node that matches the left one."""
        for left in self.lefts:
            bindings = match(left, node.outputs[0])
            if bindings is not None and self._allows(bindings):
                return instantiate(self.right, bindings)
        return None

    def _allows(self, bindings: Bindings) -> bool:
        if self.when is None:
            return True
        return self.when(**{str(variable.name): bound for variable, bound in bindings.items()})


@dataclass(frozen=True, eq=False, repr=False)
class NodeRule:
    """A rule that no equation can say.

    Attributes
    ----------
    name : str
        What it does, as an equation in words.
    root : Op or type or None
        The op, or class of ops, that it looks at; None for all.
    function : callable
        From a node to the variable that replaces its first output, or None.
    """

    name: str
    root: Any
    function: Callable[[Apply], Variable | None]

    def __call__(self, node: Apply) -> Variable | None:
        """The replacement, or None."""
        return self.function(node)


AnyRule = Rule | NodeRule


def _orders(left: Variable) -> Iterator[Variable]:
    if left.owner is None:
        yield left
        return
    op = left.owner.op
    for inputs in product(*(tuple(_orders(variable)) for variable in left.owner.inputs)):
        yield Apply(op, inputs, (left.type,)).outputs[0]
        if op.commutative and inputs[0] is not inputs[1]:
            yield Apply(op, inputs[::-1], (left.type,)).outputs[0]


def match(left: Variable, variable: Variable) -> Bindings | None:
    """Bind the pattern variables of ``left`` so that it equals the variable, or None."""
    bindings: Bindings = {}
    pairs = [(left, variable)]
    while pairs:
        wanted, found = pairs.pop()
        if isinstance(wanted, Pattern):
            if bindings.setdefault(wanted, found) is not found:
                return None
        elif isinstance(wanted, Constant):
            if not is_number(found, wanted.data.item()):
                return None
        else:
            if found.owner is None or wanted.owner is None or found.owner.op != wanted.owner.op:
                return None
            if found.index != wanted.index or len(found.owner.inputs) != len(wanted.owner.inputs):
                return None
            pairs.extend(zip(wanted.owner.inputs, found.owner.inputs, strict=True))
    return bindings


def is_number(variable: Variable, number: Any) -> bool:
    """Whether a variable is a constant of one element with this value."""
    return (
        isinstance(variable, Constant)
        and variable.data.size == 1
        and bool(variable.data.reshape(()) == number)
    )


def instantiate(right: Variable, bindings: Bindings) -> Variable:
    """The expression with its pattern variables replaced; its constants are weak numbers."""
    values: dict[Variable, Any] = dict(bindings)
    for node in toposort([right], stop=values):
        arguments = [
            variable.data.item() if isinstance(variable, Constant) else values[variable]
            for variable in node.inputs
        ]
        results = node.op(*arguments)
        values.update(zip(node.outputs, as_tuple(results), strict=True))
    if isinstance(right, Constant):
        raise RewriteError("the right side of a rule must not be a bare constant: it has no shape")
    result: Variable = values[right]
    return result


class Change(NamedTuple):
    """One use of a rule.

    Attributes
    ----------
    stage, rule : str
        Which pass, and which rule.
    before, after : str
        The expressions, shortly.
    origin : Origin or None
        Where the user wrote it.
    """

    stage: str
    rule: str
    before: str
    after: str
    origin: Origin | None

    def __str__(self) -> str:
        place = f"  # {self.origin.short}" if self.origin else ""
        return f"{self.stage}: {self.rule}: {self.before} -> {self.after}{place}"


MOST_FOLDED_ELEMENTS = 1 << 16  # a constant larger than this is computed at run time instead of stored


@dataclass(eq=False, repr=False)
class Driver:
    """Rewrites a graph bottom-up until nothing changes; mutable because it remembers what it has done.

    Equal nodes are interned, so a common subexpression exists once. Every node is visited once, and once
    more for each rule that fires on it: the cost is linear in the graph.
    """

    stage: str
    rules: Sequence[AnyRule]
    log: list[Change]
    fold_constants: bool = True
    interned: dict[Any, Apply] = field(default_factory=dict)
    constants: dict[Any, Constant] = field(default_factory=dict)
    done: dict[Variable, Variable] = field(default_factory=dict)
    settled: set[Apply] = field(default_factory=set)
    firing: list[str] = field(default_factory=list)  # the rules used on this node and those that made it

    def __post_init__(self) -> None:
        self.by_op: dict[Any, list[AnyRule]] = {}
        for rule in self.rules:
            self.by_op.setdefault(rule.root, []).append(rule)
        self.for_op: dict[Op, tuple[AnyRule, ...]] = {}

    def __call__(self, graph: FunctionGraph) -> FunctionGraph:
        """The rewritten graph."""
        inputs = frozenset(graph.inputs)
        for variable in graph.inputs:
            self.done[variable] = variable
        for node in toposort(graph.results, stop=inputs):
            self._visit(node)
        return graph.with_results([self._leaf(variable) for variable in graph.results])

    def _leaf(self, variable: Variable) -> Variable:
        """A variable's rewritten form; constants that are equal become one."""
        known = self.done.get(variable)
        if known is not None:
            return known
        result = variable
        if isinstance(variable, Constant) and variable.data.size <= MOST_FOLDED_ELEMENTS:
            data = variable.data
            key = (data.dtype.char, data.shape, data.tobytes())
            result = self.constants.setdefault(key, variable)
        self.done[variable] = result
        return result

    def _visit(self, node: Apply) -> None:
        """Rewrite one node whose inputs are done, and all that the rules make of it."""
        current = self._intern(node)
        begun = len(self.firing)
        while True:
            replaced = self._step(current)
            if replaced is None:
                break
            rule, after = replaced
            self.firing.append(rule)
            before = current.outputs[0]
            self._check(rule, before, after)
            self.log.append(Change(self.stage, rule, short(before), short(after), node.origin))
            if len(self.firing) > 100:
                cycle = list(dict.fromkeys(self.firing[-20:]))
                raise RewriteError(
                    f"rewriting does not end: {' and '.join(cycle)} undo each other",
                    where=node.origin,
                    hint="remove one of these rules, or give it a condition",
                )
            final = self._settle(after)
            if final.owner is not None and len(final.owner.outputs) > 1:
                if final.owner not in self.settled:  # one output of several: the node is done for itself
                    self._visit(final.owner)
                final = self.done[final]
            if final.owner is None or final.owner in self.settled:
                self._finish(node, (final,))
                del self.firing[begun:]
                return
            current = final.owner
        self.settled.add(current)
        self._finish(node, current.outputs)
        del self.firing[begun:]

    def _settle(self, variable: Variable) -> Variable:
        """Intern what a rule made; its inner nodes, but not its root, are rewritten too."""
        if variable.owner is None:
            return self._leaf(variable)
        known = self.done.get(variable)
        if known is not None:
            return known
        order = toposort([variable], stop=_Known(self))
        for node in order[:-1]:
            if node.outputs[0] not in self.done:
                self._visit(node)
        return self._intern(order[-1]).outputs[variable.index]

    def _finish(self, node: Apply, results: Sequence[Variable]) -> None:
        for old, new in zip(node.outputs, results, strict=len(results) != 1):
            if old.name is not None and new.name is None and new.owner is not None:
                new.name = old.name
            self.done[old] = new
            self.done[new] = new

    def _intern(self, node: Apply) -> Apply:
        """The node over rewritten inputs: the one that exists already, if there is one."""
        inputs = tuple(self._leaf(variable) for variable in node.inputs)
        key = (node.op, *map(id, inputs))
        known = self.interned.get(key)
        if known is None:
            if inputs == node.inputs:
                known = node
            else:
                with written_at(node.origin):
                    known = node.op.apply(*inputs)
            self.interned[key] = known
        return known

    def _step(self, node: Apply) -> tuple[str, Variable] | None:
        if self.fold_constants and node.inputs and all(isinstance(v, Constant) for v in node.inputs):
            folded = _fold_constants(node)
            if folded is not None:
                return "constant folding", folded
        with written_at(node.origin):
            simpler = node.op.fold(node)
            if simpler is not None:
                return f"{node.op.label}.fold", simpler
            for rule in self._rules(node.op):
                try:
                    after = rule(node)
                except Exception as error:
                    error.add_note(f"while the rule {rule.name!r} looked at {short(node.outputs[0])}")
                    raise
                if after is not None and _fits(node.outputs[0], after):
                    return rule.name, after
        return None

    def _rules(self, op: Op) -> tuple[AnyRule, ...]:
        """The rules that look at an op: its own first, then its class', then those that look at all."""
        rules = self.for_op.get(op)
        if rules is None:
            rules = tuple(rule for root in (op, type(op), None) for rule in self.by_op.get(root, ()))
            self.for_op[op] = rules
        return rules

    def _check(self, rule: str, before: Variable, after: Variable) -> None:
        if not _fits(before, after):
            raise RewriteError(
                f"{rule} changes the type from {before.type} to {after.type}",
                arguments=[("before", short(before)), ("after", short(after))],
            )


class _Known:
    """The variables that a driver has rewritten already, as a container."""

    def __init__(self, driver: Driver) -> None:
        self.done = driver.done

    def __contains__(self, variable: object) -> bool:
        return variable in self.done


def _fits(before: Variable, after: Variable) -> bool:
    """Whether one may stand for the other: same dtype, same rank, stretched in the same places."""
    return before.dtype == after.dtype and before.broadcastable == after.broadcastable


def _fold_constants(node: Apply) -> Variable | None:
    type = node.outputs[0].type
    runs = node.op.generates or node.op.role == "control"  # made at every call, or who knows how long
    if runs or len(node.outputs) != 1 or any(
        dim is None or dim > MOST_FOLDED_ELEMENTS for dim in type.shape
    ):
        return None
    if int(np.prod([dim or 0 for dim in type.shape], dtype=np.int64)) > MOST_FOLDED_ELEMENTS:
        return None
    try:
        with np.errstate(all="ignore"):
            result = node.op.perform(*(v.data for v in node.inputs if isinstance(v, Constant)))
    except SymconvError:
        return None  # what values it cannot take, it says when it is run, if ever it is
    array = np.asarray(result[0] if isinstance(result, tuple) else result, dtype=type.dtype)
    if not type.accepts(array.shape):
        raise CompileError(f"{node} gave shape {array.shape} where {type} was promised")
    return Constant(array, node.outputs[0].name)


def short(variable: Variable, depth: int = 3, names: Mapping[Variable, str] = MappingProxyType({})) -> str:
    """An expression in one line, cut off below a depth; ``names`` says what to call some variables."""
    if variable in names:
        return names[variable]
    node = variable.owner
    if node is None:
        return str(variable)
    if depth == 0:
        return variable.name or "..."
    inner = [short(child, depth - 1, names) for child in node.inputs]
    if node.op.infix and len(inner) == 2:
        return f"({inner[0]} {node.op.infix} {inner[1]})"
    if node.op.infix and len(inner) == 1:
        return f"({node.op.infix}{inner[0]})"
    return f"{node.op.label}({', '.join([*inner, *node.op.details])})"
