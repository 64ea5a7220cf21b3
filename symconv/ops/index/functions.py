"""``x[...]`` and the functions that write where it points; imports its neighbours."""

from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, IndexingError, OptionError, RankError
from symconv.graph.nodes import Constant, Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.ops.elemwise_rows import cast
from symconv.ops.index.basic import IncSubtensor, Kind, Subtensor, applied, subtensor
from symconv.ops.index.pattern import WHOLE, Entry, Piece, check_count
from symconv.ops.shape import MakeVector, Shape, dimshuffle


def getitem(x: Operand, key: Any) -> Variable:
    """What ``key`` takes from ``x``, as NumPy does it.

    Parameters
    ----------
    x : variable or array_like
    key : int, slice, None, Ellipsis, integer scalar variable, or a tuple of these
        Bounds of slices may be symbolic too.

    Returns
    -------
    Variable

    Raises
    ------
    IndexingError
        For more indices than dimensions, and for an index that is out of range, as early as it is known.
    DTypeError, ArgumentError
        For an index that is no integer.
    OptionError
        For a step of 0.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.tensor("float64", (10, None))
    >>> x[2:5, ::-1].type, x[-1].type
    (TensorType(float64[3,?]), TensorType(float64[?]))
    """
    x = as_variable(x)
    entries = _entries(x, key if isinstance(key, tuple) else (key,))
    result = subtensor(x, tuple(entries))
    node = result.owner
    if node is not None and x.dtype == "int64" and x.ndim == 1:
        return _size(result)
    return result


def _size(result: Variable) -> Variable:
    """Sizes are read off at once: what is known while building is worth more than a uniform graph."""
    node = result.owner
    assert node is not None
    x = node.inputs[0]
    if isinstance(x, Constant) and len(node.inputs) == 1:
        return Constant(node.op.perform(x.data))
    if x.owner is not None and isinstance(x.owner.op, Shape | MakeVector):
        return node.op.fold(node) or result
    return result


def _entries(x: Variable, key: tuple[Any, ...]) -> list[Entry]:
    """The entries of a pattern, with variables where its holes are."""
    parts = [_entry(x, item) for item in key]
    count = sum(part is not None and part is not Ellipsis for part in parts)
    if count > x.ndim:
        try:
            check_count(count, x.ndim)
        except IndexingError as error:
            raise _at(error, x) from None
    dots = [position for position, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexingError("an index can have only one ellipsis", arguments=_named(x), where=here())
    for position in dots:
        parts[position : position + 1] = [WHOLE] * (x.ndim - count)
    return parts


def _entry(x: Variable, item: Any) -> Entry:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        piece = Piece(*(_bound(x, bound) for bound in (item.start, item.stop, item.step)))
        if piece.step == 0:
            raise OptionError("the step of a slice cannot be 0", arguments=_named(x), where=here())
        return piece
    return _number(x, item, "an index")


def _bound(x: Variable, bound: Any) -> Any:
    return None if bound is None else _number(x, bound, "a bound of a slice")


def _number(x: Variable, item: Any, what: str) -> int | Variable:
    """An integer, or an integer scalar variable."""
    if isinstance(item, Constant) and item.ndim == 0:
        item = item.data[()]
    if isinstance(item, Variable):
        if item.ndim == 0 and item.dtype[0] in "iu":
            return item
        raise DTypeError(
            f"{what} must be an integer, got {item.type}",
            arguments=[*_named(x), (str(item), item.type)], where=here(),
            hint="convert it with cast(index, 'int64')",
        )  # fmt: skip
    if isinstance(item, bool | np.bool_) or not hasattr(item, "__index__"):
        raise DTypeError(
            f"{what} must be an integer, got {item!r} of type {type(item).__name__}",
            arguments=_named(x), where=here(),
            hint="round it yourself: int(index)" if isinstance(item, float | np.floating) else None,
        )  # fmt: skip
    return int(item.__index__())


def _named(x: Variable) -> list[tuple[str, object]]:
    return [(x.name or "x", x.type)]


def _at(error: IndexingError, x: Variable) -> IndexingError:
    error.where, error.arguments = here(), tuple((name, str(text)) for name, text in _named(x))
    return error


# Writing


def set_subtensor(x: Variable, y: Operand) -> Variable:
    """The tensor that ``x`` was taken from, with ``y`` there instead.

    Parameters
    ----------
    x : Variable
        What indexing has given: ``tensor[...]``, or ``take(tensor, ...)``.
    y : variable or array_like
        What to write; it is converted to the tensor's dtype, and broadcast where it is known to be 1.
        Where several elements go to the same place, the last one stays.

    Returns
    -------
    Variable
        Of the tensor's shape and dtype. The tensor itself does not change.

    Raises
    ------
    ArgumentError
        For an ``x`` that was not made by indexing.
    ShapeError, RankError
        For a ``y`` that does not fit.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> sc.set_subtensor(x[1:], 0).eval({x: [1.0, 2.0, 3.0]})
    array([1., 0., 0.])
    """
    return _written(x, y, "set")


def inc_subtensor(x: Variable, y: Operand) -> Variable:
    """The tensor that ``x`` was taken from, with ``y`` added there; else as ``set_subtensor``.

    Where several elements go to the same place, all are added.
    """
    return _written(x, y, "inc")


def _written(x: Variable, y: Operand, kind: Kind) -> Variable:
    if not isinstance(x, Variable) or x.owner is None or not isinstance(x.owner.op, Subtensor):
        raise ArgumentError(
            f"{kind}_subtensor needs a part of a tensor, got {x!r}",
            where=here(),
            hint=f"index first: {kind}_subtensor(x[index], y)",
        )
    op = x.owner.op
    source, *numbers = x.owner.inputs
    value = _fitting(as_variable(y), x, source.dtype)
    stretched = tuple(
        axis for axis in range(x.ndim) if value.type.shape[axis] == 1 and x.type.shape[axis] != 1
    )
    return applied(IncSubtensor(op.pattern, kind, stretched), source, value, *numbers)


def _fitting(y: Variable, part: Variable, dtype: str) -> Variable:
    """y in the dtype of where it goes, with axes of size 1 in front."""
    if y.ndim > part.ndim:
        raise RankError(
            f"what is written has {y.ndim} dimensions, where it goes has {part.ndim}",
            arguments=[("x[index]", part.type), ("y", y.type)],
            where=here(),
        )
    if y.ndim < part.ndim:
        y = dimshuffle(y, *["x"] * (part.ndim - y.ndim), *range(y.ndim))
    return cast(y, dtype)


METHODS["__getitem__"] = getitem
