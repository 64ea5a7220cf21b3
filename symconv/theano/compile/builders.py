"""``theano.compile.builders``: ops of expressions; imports symconv."""

from symconv.theano._from_graph import OpFromGraph
from symconv.theano._names import refuses

__getattr__ = refuses("theano.compile.builders", globals())

__all__ = ["OpFromGraph"]
