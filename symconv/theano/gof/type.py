"""``theano.gof.type``: the classes of types; imports symconv's."""

from symconv.graph.types import TensorType as Type
from symconv.theano._names import refuses

CLinkerType = CDataType = PureType = Type

__getattr__ = refuses("theano.gof.type", globals())

__all__ = ["CDataType", "CLinkerType", "PureType", "Type"]
