"""``theano.tests``: what programs use of Theano's own tests, module by module; imports symconv."""

from symconv.theano._names import refuses

__getattr__ = refuses("theano.tests", globals())

__all__: list[str] = []
