"""``theano.scalar.basic_scipy``: classes of special functions; imports ``theano.tensor.elemwise``."""

from collections.abc import Callable
from typing import Any

from symconv.theano._names import refuses
from symconv.theano._stand_in import stand_in
from symconv.theano.tensor import elemwise

CLASSES = {
    "Chi2SF": "chi2sf", "Erf": "erf", "Erfc": "erfc", "Erfcinv": "erfcinv", "Erfcx": "erfcx",
    "Erfinv": "erfinv",
    "Gamma": "gamma", "GammaInc": "gammainc", "GammaIncC": "gammaincc", "GammaLn": "gammaln", "I0": "i0",
    "I1": "i1", "Iv": "iv", "J0": "j0", "J1": "j1", "Jv": "jv", "Psi": "psi", "TriGamma": "tri_gamma",
}  # fmt: skip
"""Theano's class, and the function that ``Class(types, name=...)`` gives here."""


def _giving(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda output_types_preference=None, name=None: function


FOUND = {
    name: getattr(elemwise, function) for name, function in CLASSES.items() if hasattr(elemwise, function)
}
globals().update({name: stand_in(name, (), _giving(function)) for name, function in FOUND.items()})
globals().update({CLASSES[name]: function for name, function in FOUND.items()})

__getattr__ = refuses("theano.scalar.basic_scipy", globals())

__all__ = [*FOUND, *(CLASSES[name] for name in FOUND)]
