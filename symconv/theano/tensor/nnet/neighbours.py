"""``theano.tensor.nnet.neighbours``: patches of images as rows, and back; imports symconv."""

from typing import Any

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import as_tensor_variable, one_adopted


def images2neibs(ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> Variable:
    """Each patch of the images as a row: ``symconv.images2neibs``."""
    return one_adopted(sc.images2neibs(as_tensor_variable(ten4), neib_shape, neib_step, mode))


def neibs2images(neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid") -> Variable:
    """The images of which these are the patches: ``symconv.neibs2images``."""
    return one_adopted(sc.neibs2images(as_tensor_variable(neibs), neib_shape, original_shape, mode))


class Images2Neibs:
    """``images2neibs`` with its mode, as a callable."""

    def __init__(self, mode: str = "valid") -> None:
        self.mode = mode

    def __call__(self, ten4: Any, neib_shape: Any, neib_step: Any = None) -> Variable:
        """The patches."""
        return images2neibs(ten4, neib_shape, neib_step, self.mode)


__getattr__ = refuses("theano.tensor.nnet.neighbours", globals())

__all__ = ["Images2Neibs", "images2neibs", "neibs2images"]
