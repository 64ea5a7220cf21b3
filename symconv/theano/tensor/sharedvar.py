"""``theano.tensor.sharedvar``: the class of shared tensors; imports the graph."""

from symconv.graph.nodes import SharedVariable as TensorSharedVariable
from symconv.theano._names import refuses

__getattr__ = refuses("theano.tensor.sharedvar", globals())

__all__ = ["TensorSharedVariable"]
