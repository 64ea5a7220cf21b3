"""What users hand to draws: seeds, dtypes, parameters, and shapes with what is known of them; imports ops."""

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import argument, as_variable
from symconv.graph.origin import here
from symconv.graph.types import Dim
from symconv.ops.dtypes import dtype_name
from symconv.ops.elemwise_rows import cast
from symconv.ops.shape import MakeVector, size_of
from symconv.ops.shape import shape as shape_of

Shape = Any  # None, an integer, a sequence of integers or symbolic scalars, or an integer vector
Lengths = tuple[Variable, tuple[Dim, ...]]  # a shape as an int64 vector, and what is known of it


def checked_seed(seed: Any) -> int:
    """A seed as a number from 0 on."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise OptionError(
            f"a seed is an integer from 0 on, got {seed!r}", where=here(), hint="Stream(12345)"
        )
    return number


def floating_dtype(dtype: Any) -> str:
    """The dtype of a continuous draw, ``floatX`` if None is given."""
    name = dtype_name(dtype)
    if name[0] != "f":
        raise DTypeError(f"a continuous distribution cannot be drawn as {name}", where=here(), hint="cast it")
    return name


def integer_dtype(dtype: Any) -> str:
    """The dtype of a draw of integers."""
    name = dtype_name(dtype)
    if name[0] not in "iu":
        raise DTypeError(f"integers cannot be drawn as {name}", where=here(), hint="cast them")
    return name


def parameter_of(value: Operand, dtype: str) -> Variable:
    """A parameter of a distribution, in a dtype."""
    variable = as_variable(value)
    if dtype[0] == "i" and not variable.type.is_discrete:
        raise DTypeError(
            f"this parameter must be an integer, got {variable.type}",
            arguments=[argument("parameter", variable)],
            where=here(),
            hint="convert it: cast(..., 'int64')",
        )
    return Constant(variable.data.astype(dtype)) if isinstance(variable, Constant) else cast(variable, dtype)


def check_rank(name: str, x: Variable, least: int, most: int | None = None) -> None:
    """Refuse a parameter of another number of dimensions."""
    if x.ndim < least or (most is not None and x.ndim > most):
        more = "s or more" if most is None else ""
        raise RankError(
            f"{name} needs {least} dimension{more}, got {x.ndim}",
            arguments=[(name, x.type)],
            where=here(),
        )


def check_supply(count: Variable, sizes: Sequence[Dim]) -> None:
    """What is drawn without replacement must be there."""
    known = [size for size in sizes if size is not None]
    if isinstance(count, Constant) and len(known) == len(sizes) and math.prod(known) > count.data:
        raise ShapeError(
            f"cannot choose {math.prod(known)} of {count.data} without replacement", where=here()
        )


# Shapes


def lengths_of(shape: Shape, *parameters: Variable) -> Lengths:
    """A shape as a vector, with what is known of it; None is the shape that parameters broadcast to."""
    if shape is None:
        together = parameters[0]
        for parameter in parameters[1:]:
            together = together * cast(parameter, together.dtype)
        return shape_of(together), together.type.shape
    if isinstance(shape, Variable) and shape.ndim == 1:
        length = shape.type.shape[0]
        if length is None:
            raise RankError(
                "a shape must be a vector of known length",
                arguments=[("shape", shape.type)],
                where=here(),
                hint="take its elements apart: (shape[0], shape[1])",
            )
        known = tuple(shape.data.tolist()) if isinstance(shape, Constant) else (None,) * length
        return shape, known
    listed = list(shape) if isinstance(shape, tuple | list | np.ndarray) else [shape]
    known = tuple(_known_size(size) for size in listed)
    if None in known:
        vector: Variable = MakeVector(len(listed))(*listed)
        return vector, known
    return Constant(np.array(known, "int64")), known


def _known_size(size: Any) -> int | None:
    if isinstance(size, Variable) and not isinstance(size, Constant):
        return None
    try:
        number = int(operator.index(size.data if isinstance(size, Constant) else size))
    except TypeError:
        raise ArgumentError(
            f"a size must be an integer, got {size!r}", where=here(), hint="or an integer scalar variable"
        ) from None
    if number < 0:
        raise ShapeError(f"a size is 0 or more, got {number}", where=here(), hint="sizes count elements")
    return number


def check_fit(lengths: Lengths, **parameters: Variable) -> Lengths:
    """The shape, to which parameters must broadcast: they do not make it larger."""
    sizes = lengths[1]
    for name, parameter in parameters.items():
        pairs = zip(reversed(parameter.type.shape), reversed(sizes), strict=False)
        if parameter.ndim > len(sizes) or any(
            mine not in (1, size) and (size == 1 or None not in (mine, size)) for mine, size in pairs
        ):
            text = ", ".join("?" if size is None else str(size) for size in sizes)
            raise ShapeError(
                f"{name} does not broadcast to the shape ({text}) that is drawn",
                arguments=[(name, parameter.type)],
                where=here(),
                hint="leave the shape out: the parameters then decide it",
            )
    return lengths


def with_axis(lengths: Lengths, x: Variable) -> Lengths:
    """A shape with the last axis of ``x`` behind it."""
    return joined(*lengths, size_of(x, -1), x.type.shape[-1])


def joined(vector: Variable, sizes: tuple[Dim, ...], last: Variable, known: Dim) -> Lengths:
    """A shape with one more size behind it, and what is known of that."""
    if isinstance(vector, Constant) and known is not None:
        return Constant(np.array([*vector.data, known], "int64")), (*sizes, known)
    whole: Variable = MakeVector(len(sizes) + 1)(*_elements(vector, len(sizes)), last)
    return whole, (*sizes, known)


def _elements(vector: Variable, count: int) -> Sequence[Operand]:
    if isinstance(vector, Constant):
        return list(vector.data)
    if vector.owner is not None and isinstance(vector.owner.op, MakeVector):
        return vector.owner.inputs
    return [vector[index] for index in range(count)]


__all__ = [
    "Lengths", "Shape", "check_fit", "check_rank", "check_supply", "checked_seed", "floating_dtype",
    "integer_dtype", "joined", "lengths_of", "parameter_of", "with_axis",
]  # fmt: skip
