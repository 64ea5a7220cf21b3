"""How Theano's random streams read the size of a draw; imports symconv."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, RankError, ShapeError
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import as_variable
from symconv.graph.types import Dim
from symconv.ops.shape import MakeVector

Size = tuple[Variable, tuple[Dim, ...]]  # an integer vector, and what is known of it


def size_of_draw(size: Any, ndim: int | None = None, parameters: Sequence[Variable] = ()) -> Size:
    """The size as a vector, with what is known of it.

    Parameters
    ----------
    size : None, int, sequence of (int or integer scalar), or integer vector
        None is what the parameters broadcast to; -1 what they have in this place.
    ndim : int, optional
        The number of dimensions.
    parameters : sequence of Variable
        Of the distribution.

    Raises
    ------
    ArgumentError
        For what is no size.
    RankError
        For an ``ndim`` that is not the size's, or not known; for parameters of more dimensions.
    """
    if size is None:
        if not parameters:
            raise ArgumentError("the size of a draw without parameters must be given", hint="pass size=()")
        together = sum(parameters[1:], parameters[0])
        vector, known = together.shape, together.type.shape
    elif isinstance(size, tuple | list):
        entries = [_entry(item, place - len(size), parameters) for place, item in enumerate(size)]
        known = tuple(int(item.data) if isinstance(item, Constant) else None for item in entries)
        vector = MakeVector(len(entries))(*entries)
        if None not in known:
            vector = Constant(np.array(known, "int64"))
    else:
        vector = as_variable(size)
        if vector.ndim == 0 and ndim in (None, 1):
            vector = MakeVector(1)(vector)
        if vector.ndim != 1 or vector.dtype[0] not in "iu":
            raise ArgumentError(
                "a size must be an integer vector or a list of integers", arguments=[("size", vector.type)]
            )
        length = vector.type.shape[0] if ndim is None else ndim
        if length is None:
            raise RankError("the length of the size is not known", hint="pass ndim=")
        known = tuple(vector.data.tolist()) if isinstance(vector, Constant) else (None,) * length
    if ndim is not None and ndim != len(known):
        raise RankError(f"ndim should be {len(known)}, the length of the size, got {ndim}")
    if any(parameter.ndim > len(known) for parameter in parameters):
        raise RankError(f"a draw of {len(known)} dimensions got parameters of more dimensions")
    return sc.cast(vector, "int64"), known


def _entry(item: Any, place: int, parameters: Sequence[Variable]) -> Variable:
    """One size; ``place`` counts from the end."""
    if isinstance(item, Variable):
        return item
    if not hasattr(item, "__index__"):
        raise ArgumentError(f"a size must be an integer, got {item!r}")
    number = item.__index__()
    if number == -1:
        known = [parameter for parameter in parameters if parameter.ndim >= -place]
        if not known:
            raise ShapeError("a size of -1 must overlap with a parameter's shape")
        long = [parameter for parameter in known if parameter.type.shape[place] != 1]
        return sc.size_of((long or known)[0], place)
    if number < 0:
        raise ShapeError(f"a size must be 0 or more, got {number}")
    return Constant(np.array(number, "int64"))
