"""The slow references that tests hold everything against."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import as_tuple
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import toposort
from symconv.graph.types import TensorType


def evaluate(outputs, values: Mapping[Variable, object]):
    """Outputs by ``perform`` alone; every result is held against the types promised."""
    listed = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    known = {variable: np.asarray(value, variable.dtype) for variable, value in values.items()}

    def value(variable):
        if variable in known:
            return known[variable]
        if isinstance(variable, Constant):
            return variable.data
        assert isinstance(variable, SharedVariable), f"no value for {variable}"
        return variable.container.value

    for node in toposort(listed, stop=known):
        arrays = [value(variable) for variable in node.inputs]
        concrete = as_tuple(node.op.out_types(*(_with_value(array) for array in arrays)))
        results = as_tuple(node.op.perform(*arrays))
        for output, result, promised in zip(node.outputs, results, concrete, strict=True):
            assert isinstance(result, np.ndarray), f"{node.op} gave {type(result)}"
            assert result.dtype.name == output.dtype, f"{node.op}: {result.dtype}, promised {output.type}"
            assert output.type.accepts(result.shape), f"{node.op}: {result.shape}, promised {output.type}"
            assert promised.shape == result.shape, f"{node.op}: {result.shape}, planned {promised}"
            known[output] = result
    results = [value(variable) for variable in listed]
    return results if isinstance(outputs, list | tuple) else results[0]


def _with_value(array):
    return TensorType(array.dtype.name, array.shape, array if array.size <= 64 else None)


def numeric_gradient(function: Callable[..., float], arrays: Sequence[np.ndarray], step: float = 1e-5):
    """Central differences of a scalar function, element by element, in float64."""
    gradients = []
    for position, array in enumerate(arrays):
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            values = []
            for sign in (1, -1):
                moved = [np.array(other, "float64") for other in arrays]
                moved[position][index] += sign * step
                values.append(function(*moved))
            gradient[index] = (values[0] - values[1]) / (2 * step)
        gradients.append(gradient)
    return gradients
