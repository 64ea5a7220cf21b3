"""``theano.tensor.utils``: hashes of arrays, shapes of a graph's variables; imports the layer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.compile import function


def hash_from_ndarray(data: Any) -> str:
    """A text that equal arrays of the same dtype, shape and strides share."""
    array = np.asarray(data)
    return str(hash((array.dtype.str, array.shape, array.strides, array.tobytes())))


def shape_of_variables(
    fgraph: FunctionGraph, input_shapes: Mapping[Variable, Any]
) -> dict[Variable, tuple[int, ...]]:
    """The shape of each variable of a graph, for shapes of its inputs."""
    inputs = list(fgraph.inputs)
    found = list(dict.fromkeys([*inputs, *(out for node in fgraph.nodes for out in node.outputs)]))
    shapes = function(inputs, [variable.shape for variable in found], on_unused_input="ignore")
    values = [np.zeros(input_shapes[variable], variable.dtype) for variable in inputs]
    return {variable: tuple(map(int, shape)) for variable, shape in zip(found, shapes(*values), strict=True)}


__getattr__ = refuses("theano.tensor.utils", globals())

__all__ = ["hash_from_ndarray", "shape_of_variables"]
