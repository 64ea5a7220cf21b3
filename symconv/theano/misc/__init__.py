"""``theano.misc``: what stands nowhere else; imports symconv."""

from symconv.theano._names import refuses

__getattr__ = refuses("theano.misc", globals())

__all__: list[str] = []
