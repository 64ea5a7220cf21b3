"""``theano.tensor.type``: the type of tensors; imports the layer's variables."""

from symconv.theano._names import refuses
from symconv.theano._variables import TensorType

__getattr__ = refuses("theano.tensor.type", globals())

__all__ = ["TensorType"]
