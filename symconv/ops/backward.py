"""Gradients of all variables between a cost and what it depends on, backwards; imports the graph and rows.

``grad`` is made of this, and so are ops that differentiate a graph of their own: loops, branches.

Where numbers are complex, a gradient g by z means dC = Re(g dz): the convention of ``Op.grad``.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from symconv.errors import GradientError, UndefinedGradientError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import Gradients, NoGradient, as_variable
from symconv.graph.origin import here, written_at
from symconv.graph.traverse import substitute, toposort
from symconv.graph.types import TensorType
from symconv.ops.complex import real
from symconv.ops.elemwise_rows import cast


class Missing(NamedTuple):
    """Why there is no gradient by a variable.

    Attributes
    ----------
    reason : str
        What the op says.
    node : Apply
        Where.
    """

    reason: str
    node: Apply

    def error(self, variable: Variable) -> UndefinedGradientError:
        """The error for who needs it."""
        return UndefinedGradientError(
            f"there is no gradient by {variable}: {self.reason}",
            arguments=[(str(variable), variable.type)],
            where=self.node.origin or here(),
            hint="leave it out of wrt, or cut the path with disconnected_grad",
        )


def backpropagate(
    seeds: Mapping[Variable, Variable],
    wrt: Sequence[Variable],
    constants: frozenset[Variable],
    missing: dict[Variable, Missing] | None = None,
) -> dict[Variable, Variable]:
    """Gradients of all variables between the seeds and ``wrt`` that have one.

    Parameters
    ----------
    seeds : mapping
        The gradients from which everything starts.
    wrt : sequence of Variable
        What is to be differentiated by.
    constants : frozenset of Variable
        Through which no gradient flows.
    missing : dict, optional
        Where to enter the variables by which an op says that there is none.

    Raises
    ------
    UndefinedGradientError
        Where there is none by one of ``wrt``, unless ``missing`` is given.
    GradientError
        For an op on the way that has no ``grad``, or breaks the rules.
    """
    nodes = toposort(seeds, stop=constants)
    relevant = set(wrt) - constants
    for node in nodes:
        if not relevant.isdisjoint(node.inputs):
            relevant.update(output for output in node.outputs if output not in constants)
    gradients = dict(seeds)
    lost: dict[Variable, Missing] = {}
    for node in reversed(nodes):
        if relevant.isdisjoint(node.inputs):
            continue
        wanted = {v for v in node.inputs if v in relevant and v not in constants and not v.type.is_discrete}
        gone = next((lost[output] for output in node.outputs if output in lost), None)
        if gone is not None:
            for position, variable in enumerate(node.inputs):
                if variable in wanted and position not in node.op.ignores_values:
                    lost.setdefault(variable, gone)
            continue
        given = [gradients.get(output) if output not in constants else None for output in node.outputs]
        if all(gradient is None for gradient in given):
            continue
        with written_at(node.origin):
            for variable, term in zip(node.inputs, gradients_of(node, given), strict=True):
                if term is None or variable not in wanted:
                    continue
                if isinstance(term, NoGradient):
                    lost.setdefault(variable, Missing(term.reason, node))
                else:
                    known = gradients.get(variable)
                    gradients[variable] = term if known is None else known + term
    if missing is not None:
        missing.update(lost)
    for variable in wrt:
        if variable in lost and missing is None:
            raise lost[variable].error(variable)
    return {variable: gradient for variable, gradient in gradients.items() if variable not in lost}


def gradients_of(node: Apply, given: Sequence[Variable | None]) -> list[Variable | NoGradient | None]:
    """What the node's op says, checked."""
    try:
        terms = node.op.grad(node.inputs, node.outputs, given)
    except GradientError as error:
        error.where = error.where or node.origin
        error.arguments = error.arguments or node.op.describe(node.inputs)
        raise
    except Exception as error:
        error.add_note(f"in the gradient of {node.op}" + (f" at {node.origin}" if node.origin else ""))
        raise
    if not isinstance(terms, list | tuple):
        raise _broken(
            node, f"the grad of {node.op} gave {_kind(terms)}", "it gives a list, one entry for each input"
        )
    if len(terms) != len(node.inputs):
        raise _broken(
            node,
            f"{node.op} has {len(node.inputs)} inputs, and its grad gave {len(terms)} gradients",
            "for an input that does not matter, give None",
        )
    pairs = enumerate(zip(node.inputs, terms, strict=True))
    return [_fitted(node, position, variable, term) for position, (variable, term) in pairs]


def _fitted(node: Apply, position: int, variable: Variable, term: object) -> Variable | NoGradient | None:
    """One gradient in the dtype of its input, or the error for one that does not fit."""
    if term is None or variable.type.is_discrete:
        return None
    if isinstance(term, NoGradient):
        return term
    gradient = as_variable(term)
    if gradient.type.is_discrete or not compatible(variable.type, gradient.type):
        raise GradientError(
            f"{node.op} gave a gradient that does not fit its input {position}",
            arguments=[("input", variable.type), ("gradient", gradient.type)],
            where=node.origin,
            hint="a gradient has the shape of its input, and is floating point",
        )
    return cast(gradient if variable.type.is_complex else real(gradient), variable.dtype)


def _broken(node: Apply, what: str, hint: str) -> GradientError:
    return GradientError(what, arguments=node.op.describe(node.inputs), where=node.origin, hint=hint)


def _kind(value: object) -> str:
    return "None" if value is None else f"one {type(value).__name__}"


def gradients_through(
    graph: FunctionGraph, given: Sequence[Variable], gradients: Gradients
) -> list[Variable | None]:
    """Gradients by the inputs of an inner graph, written over the variables that they stand for.

    Parameters
    ----------
    graph : FunctionGraph
        What an op runs.
    given : sequence of Variable
        What its inputs stand for.
    gradients : sequence of Variable or None
        By its outputs.
    """
    seeds: dict[Variable, Variable] = {}
    for output, gradient in zip(graph.outputs, gradients, strict=True):
        if gradient is not None and not output.type.is_discrete:
            seeds[output] = seeds[output] + gradient if output in seeds else gradient
    found = backpropagate(seeds, [v for v in graph.inputs if not v.type.is_discrete], frozenset())
    terms = [found.get(variable) for variable in graph.inputs]
    outside = substitute([t for t in terms if t is not None], dict(zip(graph.inputs, given, strict=True)))
    rest = iter(outside)
    return [None if term is None else next(rest) for term in terms]


def compatible(type: TensorType, gradient: TensorType) -> bool:
    """Whether a gradient of this type fits a variable of that type, as far as sizes are known."""
    return type.ndim == gradient.ndim and all(
        mine is None or theirs is None or mine == theirs
        for mine, theirs in zip(type.shape, gradient.shape, strict=True)
    )
