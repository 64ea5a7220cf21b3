"""``theano.sandbox``: what scripts take from there; imports its modules."""

from types import SimpleNamespace

from symconv.theano._names import refuses
from symconv.theano.sandbox import rng_mrg, softsign

cuda = SimpleNamespace(cuda_available=False, cuda_enabled=False, pygpu_activated=False)
"""What programs ask of the old back-end for GPUs, which cannot be imported."""

__getattr__ = refuses("theano.sandbox", globals())

__all__ = ["cuda", "rng_mrg", "softsign"]
