"""What a graph means: types from types, and values from values by ``perform`` alone; imports graph.

This is the reference that the compiled kernels are held against.
"""

from collections.abc import Callable, Sequence

import numpy as np

from symconv.errors import CompileError, IndexingError, ShapeError, SymconvError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import as_tuple
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array, TensorType, name_of, type_of

Types = dict[Variable, TensorType]


def infer(node: Apply, known: Types) -> None:
    """Enter the types of a node's outputs, given those of its inputs; errors name the user's line."""
    types = []
    for position, variable in enumerate(node.inputs):
        type = known.get(variable, variable.type)
        if position in node.op.reads_values and type.value is None and isinstance(variable, Constant):
            type = type.with_value(variable.data)
        types.append(type)
    try:
        found = as_tuple(node.op.out_types(*types))
        check_stretching(node, [type.shape for type in types])
    except SymconvError as error:
        raise explained(error, node, types) from None
    known.update(zip(node.outputs, found, strict=True))


def result_types(graph: FunctionGraph, types: Sequence[TensorType]) -> tuple[TensorType, ...]:
    """The types of a graph's outputs, given those of its inputs."""
    known: Types = dict(zip(graph.inputs, types, strict=True))
    for node in graph.nodes:
        infer(node, known)
    return tuple(
        type_of(output.data) if isinstance(output, Constant) else known[output].with_value(None)
        for output in graph.outputs
    )


def explained(error: SymconvError, node: Apply, types: Sequence[TensorType]) -> SymconvError:
    """The error with the node's arguments and the user's line."""
    error.where = error.where or node.origin
    if not error.arguments:
        names = node.op.argument_names or tuple(f"input {index}" for index in range(len(types)))
        texts = [
            f"{type}" + (f"  ({variable.name})" if variable.name else "")
            for type, variable in zip(types, node.inputs, strict=True)
        ]
        error.arguments = tuple(zip(names, texts, strict=False))
    return error


def located(error: Exception, node: Apply, types: Sequence[TensorType] | None = None) -> Exception:
    """An error that a node's op raised while computing, with what the user wrote, and where."""
    if isinstance(error, IndexError) and not isinstance(error, SymconvError):
        error = IndexingError(str(error))
    if isinstance(error, SymconvError):
        return explained(error, node, types or [variable.type for variable in node.inputs])
    if node.origin is not None:
        error.add_note(f"in {node.op} at {node.origin}")
    return error


def check_stretching(node: Apply, shapes: Sequence[Sequence[int | None]]) -> None:
    """An unknown size never broadcasts, whatever comes: (3, 1) + (3, 4) needs a 1 that is known.

    Raises
    ------
    ShapeError
        Where a size that was unknown while the graph was built turns out to be 1 and would be stretched.
    """
    core = node.op.core_ndim
    if core is None or len(shapes) < 2:
        return
    ndim = max(map(len, shapes))
    for variable, shape in zip(node.inputs, shapes, strict=True):
        for axis in range(core + 1, len(shape) + 1):
            if shape[-axis] == 1 and variable.type.shape[-axis] is None:
                others = {other[-axis] for other in shapes if len(other) >= axis} - {1, None}
                if others:
                    raise ShapeError(
                        f"dimension {ndim - axis} of {variable} is 1 and would have to stretch "
                        f"to {others.pop()}",
                        hint="an unknown size never broadcasts: state the 1, as in row, col, dimshuffle "
                        "or shape=(None, 1)",
                    )


def interpret(
    graph: FunctionGraph,
    arrays: Sequence[Array],
    watch: Callable[[Apply, Sequence[Array]], None] | None = None,
    before: Callable[[Apply, Sequence[Array]], None] | None = None,
) -> list[Array]:
    """The graph's results by every op's ``perform``, one after the other, on inputs in order.

    Shared variables have their current values. ``before`` sees each node and its inputs, ``watch`` each node
    and its results.
    """
    values: dict[Variable, Array] = dict(zip(graph.inputs, arrays, strict=True))
    for variable in graph.leaves:
        if isinstance(variable, Constant):
            values[variable] = variable.data
        elif isinstance(variable, SharedVariable):
            values.setdefault(variable, variable.container.value)
    remaining = {variable: len(users) for variable, users in graph.clients.items()}
    for variable in graph.results:
        remaining[variable] = remaining.get(variable, 0) + 1
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            given = [values[variable] for variable in node.inputs]
            if before is not None:
                before(node, given)
            results = perform(node, given)
            values.update(zip(node.outputs, results, strict=True))
            if watch is not None:
                watch(node, results)
            for variable in dict.fromkeys(node.inputs):
                remaining[variable] -= 1
                if not remaining[variable]:
                    del values[variable]
    return [values[variable] for variable in graph.results]


def perform(node: Apply, arrays: Sequence[Array]) -> list[Array]:
    """One node by its own ``perform``, shapes and dtypes checked against its promise."""
    shapes = [array.shape for array in arrays]
    types = [TensorType(name_of(array.dtype), array.shape, array) for array in arrays]
    try:
        promised = as_tuple(node.op.out_types(*types))
        check_stretching(node, shapes)
    except SymconvError as error:
        raise explained(error, node, types) from None
    try:
        computed = as_tuple(node.op.perform(*arrays))
    except Exception as error:  # values that the op cannot take
        found = located(error, node, types)
        if found is error:
            raise
        raise found from None
    results = []
    for type, result in zip(promised, computed, strict=True):
        array = np.asarray(result)
        if name_of(array.dtype) != type.dtype or not type.accepts(array.shape):
            raise CompileError(
                f"{node.op} computed {array.dtype}{list(array.shape)} and had promised {type}",
                where=node.origin,
                hint="perform and out_types of the op disagree",
            )
        results.append(array)
    return results
