"""Gradients of all variables between a cost and what it depends on, backwards; imports the graph and rows.

``gradient.grad`` is made of this, and so are ops that differentiate a graph of their own: loops, branches.
"""

from collections.abc import Mapping, Sequence

from symconv.errors import GradientError
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here, written_at
from symconv.graph.traverse import toposort
from symconv.graph.types import TensorType
from symconv.ops.elemwise_rows import cast


def backpropagate(
    seeds: Mapping[Variable, Variable], wrt: Sequence[Variable], constants: frozenset[Variable]
) -> dict[Variable, Variable]:
    """Gradients of all variables between the seeds and ``wrt`` that have one."""
    nodes = toposort(seeds, stop=constants)
    relevant = set(wrt) - constants
    for node in nodes:
        if not relevant.isdisjoint(node.inputs):
            relevant.update(output for output in node.outputs if output not in constants)
    gradients = dict(seeds)
    for node in reversed(nodes):
        given = [gradients.get(output) if output not in constants else None for output in node.outputs]
        if all(gradient is None for gradient in given) or relevant.isdisjoint(node.inputs):
            continue
        for output, gradient in zip(node.outputs, given, strict=True):
            if gradient is not None and output.type.is_complex:
                raise no_complex(output, node)
        with written_at(node.origin):
            for variable, term in zip(node.inputs, _gradients_of(node, given), strict=True):
                if term is None or variable not in relevant or variable in constants:
                    continue
                known = gradients.get(variable)
                gradients[variable] = term if known is None else known + term
    return gradients


def _gradients_of(node: Apply, given: Sequence[Variable | None]) -> list[Variable | None]:
    """What the node's op says, checked."""
    complex_inputs = [variable for variable in node.inputs if variable.type.is_complex]
    if complex_inputs:
        raise no_complex(complex_inputs[0], node)
    try:
        terms = list(node.op.grad(node.inputs, node.outputs, given))
    except GradientError as error:
        error.where = error.where or node.origin
        raise
    if len(terms) != len(node.inputs):
        raise GradientError(
            f"{node.op} has {len(node.inputs)} inputs, and its grad gave {len(terms)} gradients",
            where=node.origin,
        )
    result: list[Variable | None] = []
    for variable, term in zip(node.inputs, terms, strict=True):
        if term is None or variable.type.is_discrete:
            result.append(None)
            continue
        term = as_variable(term)
        if not compatible(variable.type, term.type) or not term.type.is_float:
            raise GradientError(
                f"{node.op} gave a gradient that does not fit its input",
                arguments=[("input", variable.type), ("gradient", term.type)],
                where=node.origin,
            )
        result.append(cast(term, variable.dtype))
    return result


def no_complex(variable: Variable, node: Apply | None) -> GradientError:
    """The error for a gradient through complex numbers."""
    return GradientError(
        f"there is no gradient through complex numbers: {variable} is {variable.dtype}",
        arguments=[(str(variable), variable.type)],
        where=node.origin if node is not None else here(),
        hint="write the expression with real and imaginary parts as separate real variables",
    )


def compatible(type: TensorType, gradient: TensorType) -> bool:
    """Whether a gradient of this type fits a variable of that type, as far as sizes are known."""
    return type.ndim == gradient.ndim and all(
        mine is None or theirs is None or mine == theirs
        for mine, theirs in zip(type.shape, gradient.shape, strict=True)
    )
