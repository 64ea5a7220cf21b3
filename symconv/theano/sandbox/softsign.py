"""``theano.sandbox.softsign``: the old place of ``softsign``; imports symconv."""

from symconv.theano._names import refuses
from symconv.theano.tensor.nnet import softsign

__getattr__ = refuses("theano.sandbox.softsign", globals())

__all__ = ["softsign"]
