"""Sizes are asked of what elementwise work reads, not of its result: that may be inside a kernel.

Imports graph, and what decides that two tensors have the same sizes.
"""

from symconv.compile.merge import pattern
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import as_tuple
from symconv.graph.origin import written_at


def measured_at_the_source(graph: FunctionGraph) -> FunctionGraph:
    """Sizes are asked of what elementwise work reads, not of its result: that may be inside a kernel."""
    results = set(graph.results)
    source: dict[Variable, Variable] = {}
    new: dict[Variable, Variable] = {}
    for node in graph.nodes:
        inputs = tuple(new.get(variable, variable) for variable in node.inputs)
        if node.op.role == "elementwise":
            (output,) = node.outputs
            same = [v for v in node.inputs if pattern(v.type.shape) == pattern(output.type.shape)]
            for operand in same:
                if not isinstance(operand, Constant):
                    source[output] = source.get(operand, operand)
                    break
        elif _is_a_size(node) and any(v in source for v in node.inputs):
            sources = (_measured_at(variable, source, graph, results) for variable in node.inputs)
            moved = tuple(new.get(variable, variable) for variable in sources)
            types = as_tuple(node.op.out_types(*(variable.type for variable in moved)))
            if types == tuple(output.type for output in node.outputs):
                inputs = moved
        if inputs != node.inputs:
            with written_at(node.origin):
                copy = node.op.apply(*inputs)
            for old, fresh in zip(node.outputs, copy.outputs, strict=True):
                fresh.name = old.name
                new[old] = fresh
    return graph.with_results([new.get(variable, variable) for variable in graph.results]) if new else graph


def _measured_at(
    variable: Variable, source: dict[Variable, Variable], graph: FunctionGraph, results: set[Variable]
) -> Variable:
    """Of what to ask the sizes of a variable that elementwise work computes.

    Where only sizes are asked for, what holds two tensors against each other stays, to be checked.
    """
    while variable in source and variable not in results and len(graph.clients[variable]) == 1:
        assert variable.owner is not None
        tensors = [operand for operand in variable.owner.inputs if not all(operand.broadcastable)]
        if len(tensors) != 1 or pattern(tensors[0].type.shape) != pattern(variable.type.shape):
            return variable
        (variable,) = tensors
    return source.get(variable, variable)


def _is_a_size(node: Apply) -> bool:
    """Whether an apply asks its inputs for nothing but their types."""
    return all(position in node.op.ignores_values for position in range(len(node.inputs)))
