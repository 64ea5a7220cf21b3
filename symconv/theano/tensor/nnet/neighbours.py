"""``theano.tensor.nnet.neighbours``: neighbourhoods of pixels as rows of a matrix; imports symconv."""

from typing import Any, ClassVar

import symconv as sc
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._errors import UnsupportedError
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import one_adopted

MODES = ("valid", "ignore_borders", "wrap_centered", "half", "full")


class Images2Neibs:
    """``op(ten4, neib_shape, neib_step)``: see ``images2neibs``.

    Raises
    ------
    UnsupportedError
        For a mode that does not exist.
    """

    __props__: ClassVar[tuple[str, ...]] = ("mode",)

    def __init__(self, mode: str = "valid") -> None:
        if mode not in MODES:
            raise UnsupportedError(
                f"images2neibs has no mode {mode!r}", where=here(), hint="choose one of " + ", ".join(MODES)
            )
        self.mode = mode

    def __call__(self, ten4: Any, neib_shape: Any, neib_step: Any = None) -> Variable:
        return one_adopted(sc.images2neibs(as_tensor_variable(ten4), neib_shape, neib_step, self.mode))


def images2neibs(ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> Variable:
    """``symconv.images2neibs``: the neighbourhoods of images [N, C, H, W] as rows of a matrix."""
    return Images2Neibs(mode)(ten4, neib_shape, neib_step)


def neibs2images(neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid") -> Variable:
    """``symconv.neibs2images``: images of neighbourhoods that lie side by side."""
    if mode not in ("valid", "ignore_borders"):
        raise UnsupportedError(f"neibs2images has no mode {mode!r}", where=here())
    return one_adopted(sc.neibs2images(as_tensor_variable(neibs), neib_shape, original_shape, mode))


__getattr__ = refuses("theano.tensor.nnet.neighbours", globals())

__all__ = ["Images2Neibs", "images2neibs", "neibs2images"]
