"""The lazy choice: of two expressions only the one taken is computed; imports the graph and rows."""

from collections.abc import Hashable, Iterable, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from symconv.errors import ArgumentError, DTypeError, RankError
from symconv.frozen import frozen
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import interpret, result_types
from symconv.graph.nodes import Apply, Constant, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, United, as_variable, weak_constant
from symconv.graph.origin import here
from symconv.graph.traverse import ancestors, leaves, substitute, toposort
from symconv.graph.types import Array, TensorType
from symconv.ops.backward import gradients_through
from symconv.ops.elemwise_rows import zeros_like

if TYPE_CHECKING:
    from symconv.graph.op import Step


@frozen
class IfElse(Op):
    """The results of one of two graphs; the inputs are the condition, and what the graphs need.

    Attributes
    ----------
    then, otherwise : FunctionGraph
        The graphs, of the same inputs.
    name : str or None
        The user's name for the choice.
    """

    role: ClassVar[Role] = "control"
    reads_values: ClassVar[tuple[int, ...]] = (0,)
    then: FunctionGraph
    otherwise: FunctionGraph
    name: str | None = None

    @property
    def graphs(self) -> tuple[FunctionGraph, ...]:
        """What runs if the condition holds, and if not."""
        return self.then, self.otherwise

    @property
    def details(self) -> tuple[str, ...]:
        """The name."""
        return (self.name,) if self.name else ()

    def out_types(self, condition: TensorType, *types: TensorType) -> tuple[TensorType, ...]:
        """What both graphs give has the sizes on which they agree; a choice that is known has its own."""
        if condition.value is not None:
            return result_types(self.graphs[0 if condition.value else 1], types)
        pairs = zip(*(result_types(graph, types) for graph in self.graphs), strict=True)
        return tuple(_common(a, b) for a, b in pairs)

    def perform(self, *arrays: Array) -> tuple[Array, ...]:
        """The one graph, interpreted."""
        return self.drive([partial(_interpreted, graph) for graph in self.graphs], arrays)

    def drive(self, steps: "Sequence[Step]", arrays: Sequence[Array]) -> tuple[Array, ...]:
        """The one graph, given what computes either."""
        condition, *given = arrays
        return tuple(steps[0 if condition else 1](*given))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """The derivative of the one graph, by everything that it uses; it is as lazy."""
        condition, *given = inputs
        sides = [gradients_through(graph, given, gradients) for graph in self.graphs]
        wanted = [place for place in range(len(given)) if any(side[place] is not None for side in sides)]
        results: list[Variable | None] = [None] * len(inputs)
        if not wanted:
            return results
        filled: list[list[Variable]] = []
        for side in sides:
            terms = [(side[place], given[place]) for place in wanted]
            filled.append([zeros_like(v) if term is None else term for term, v in terms])
        border = {*inputs, *(gradient for gradient in gradients if gradient is not None)}
        chosen = choose(condition, filled[0], filled[1], border, self.name)
        for place, gradient in zip(wanted, chosen, strict=True):
            results[1 + place] = gradient
        return results

    @property
    def family(self) -> Hashable:
        """A choice runs alone; but it computes no more than is used."""
        return self

    def united(self, nodes: Sequence[Apply], used: Set[Variable]) -> United | None:
        """The same choice between what is used."""
        (node,) = nodes
        kept = [place for place, output in enumerate(node.outputs) if output in used]
        if len(kept) == len(node.outputs):
            return None
        sides = [[graph.outputs[place] for place in kept] for graph in self.graphs]
        read = set(leaves([*sides[0], *sides[1]], frozenset((*self.then.inputs, *self.otherwise.inputs))))
        pairs = zip(self.then.inputs, self.otherwise.inputs, strict=True)
        taken = [place for place, (a, b) in enumerate(pairs) if a in read or b in read]
        graphs = [
            FunctionGraph(tuple(graph.inputs[place] for place in taken), tuple(side))
            for graph, side in zip(self.graphs, sides, strict=True)
        ]
        inputs = (0, *(1 + place for place in taken))
        places = {node.outputs[place]: number for number, place in enumerate(kept)}
        return United(IfElse(graphs[0], graphs[1], self.name), inputs, places)

    def fold(self, node: Apply) -> Variable | None:
        """A choice that is known is the expression itself."""
        condition, *given = node.inputs
        if not isinstance(condition, Constant) or len(node.outputs) > 1:
            return None
        graph = self.graphs[0 if condition.data else 1]
        return substitute(graph.outputs, dict(zip(graph.inputs, given, strict=True)))[0]


def _common(a: TensorType, b: TensorType) -> TensorType:
    return a.with_shape(x if x == y else None for x, y in zip(a.shape, b.shape, strict=True))


def _interpreted(graph: FunctionGraph, *arrays: Array) -> Sequence[Array]:
    return interpret(graph, arrays)


def choose(
    condition: Variable,
    then: Sequence[Variable],
    otherwise: Sequence[Variable],
    border: Iterable[Variable],
    name: str | None,
) -> tuple[Variable, ...]:
    """The choice between expressions; they move into graphs of its own, down to the border."""
    stop = set(border)
    results = [*then, *otherwise]
    given: dict[Variable, None] = {}
    for node in toposort(results, stop):
        given.update((v, None) for v in node.inputs if v in stop or v.owner is None)
    given.update((v, None) for v in results if v in stop or v.owner is None)
    outside = [variable for variable in given if not isinstance(variable, Constant)]
    graphs = []
    for side in (then, otherwise):
        inner = [Variable(variable.type, variable.name) for variable in outside]
        moved = substitute(side, dict(zip(outside, inner, strict=True)))
        graphs.append(FunctionGraph(tuple(inner), tuple(moved)))
    return IfElse(graphs[0], graphs[1], name).apply(condition, *outside).outputs


def ifelse(condition: Operand, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """One of two expressions, or of two lists of them: only the one taken is computed.

    Parameters
    ----------
    condition : variable
        A scalar; anything but 0 is true.
    then_branch, else_branch : variable, or list of them
        The choices, as many on either side, of equal dtypes and ranks.
    name : str, optional
        For printing.

    Returns
    -------
    Variable or list of Variable
        In the form of ``then_branch``. A size that differs between the choices is not known.

    Raises
    ------
    RankError
        For a condition that is no scalar, or choices of different ranks.
    DTypeError
        For choices of different dtypes; numbers take the dtype of the other side.
    ArgumentError
        For lists of different lengths.

    Notes
    -----
    ``switch`` chooses element by element, and computes both sides. What both choices and the condition
    need is computed before; the derivative is as lazy as the choice.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> y = sc.ifelse(x.sum() > 0, sc.sqrt(x), -x)
    >>> y.eval({x: [4.0, 9.0]})
    array([2., 3.])
    """
    condition = as_variable(condition)
    if condition.ndim != 0:
        raise RankError(
            f"ifelse needs a scalar condition, got {condition.ndim} dimensions",
            arguments=[("condition", condition.type)],
            where=here(),
            hint="switch(condition, a, b) chooses element by element",
        )
    listed = isinstance(then_branch, list | tuple)
    sides = [list(side) if isinstance(side, list | tuple) else [side] for side in (then_branch, else_branch)]
    if len(sides[0]) != len(sides[1]):
        raise ArgumentError(
            f"ifelse chooses between {len(sides[0])} and {len(sides[1])} expressions: as many are needed",
            hint="both sides give the same number of results",
            where=here(),
        )
    pairs = [_alike(a, b, place) for place, (a, b) in enumerate(zip(*sides, strict=True))]
    then, otherwise = [a for a, _ in pairs], [b for _, b in pairs]
    needed = [set(ancestors(side)) for side in (then, otherwise)]
    border = (needed[0] & needed[1]) | set(ancestors([condition]))
    results = list(choose(condition, then, otherwise, border, name)) if pairs else []
    if isinstance(then_branch, tuple):
        return tuple(results)
    return results if listed else results[0]


def _alike(a: Any, b: Any, place: int) -> tuple[Variable, Variable]:
    """Two choices of one dtype and rank."""
    if isinstance(a, int | float) and isinstance(b, Variable):
        a = weak_constant(a, [b.dtype])
    elif isinstance(b, int | float) and isinstance(a, Variable):
        b = weak_constant(b, [a.dtype])
    then, otherwise = as_variable(a), as_variable(b)
    arguments = [("then", then.type), ("else", otherwise.type)]
    if then.dtype != otherwise.dtype:
        raise DTypeError(
            f"the choices {place} of ifelse have different dtypes",
            arguments=arguments,
            where=here(),
            hint=f"convert one with cast(..., {then.dtype!r})",
        )
    if then.ndim != otherwise.ndim:
        raise RankError(
            f"the choices {place} of ifelse have {then.ndim} and {otherwise.ndim} dimensions",
            arguments=arguments,
            where=here(),
            hint="a choice does not broadcast: zeros_like(x) instead of 0",
        )
    return then, otherwise


__all__ = ["ifelse"]
