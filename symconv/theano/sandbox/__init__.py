"""``theano.sandbox``: what scripts take from there; imports its modules."""

from symconv.theano._names import refuses
from symconv.theano.sandbox import rng_mrg, softsign

__getattr__ = refuses("theano.sandbox", globals())

__all__ = ["rng_mrg", "softsign"]
