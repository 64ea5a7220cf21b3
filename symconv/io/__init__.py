"""Saving and loading: parameters as .npz and safetensors, graphs as JSON; imports its own modules.

Nothing here reads or writes a pickle, and no file can name anything to import or to call.
"""

from symconv.io.graphs import graph_from_json, graph_to_json, load_graph, save_graph
from symconv.io.parameters import load_parameters, save_parameters, set_parameters
from symconv.io.registry import registered_ops

__all__ = [
    "graph_from_json", "graph_to_json", "load_graph", "load_parameters", "registered_ops", "save_graph",
    "save_parameters", "set_parameters",
]  # fmt: skip
