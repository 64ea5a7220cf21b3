"""``theano.tensor.sharedvar``: the classes of shared tensors; imports the graph."""

from symconv.graph.shared import SharedVariable
from symconv.theano._names import refuses
from symconv.theano._variables import ScalarSharedVariable, TensorSharedVariable

__getattr__ = refuses("theano.tensor.sharedvar", globals())

__all__ = ["ScalarSharedVariable", "SharedVariable", "TensorSharedVariable"]
