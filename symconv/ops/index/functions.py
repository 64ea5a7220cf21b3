"""``x[...]`` and the functions that write where it points; imports its neighbours."""

from typing import Any

import numpy as np

from symconv.errors import (
    ArgumentError,
    DTypeError,
    IndexingError,
    RankError,
    SymconvError,
)
from symconv.graph.nodes import Constant, Operand, Variable, constant
from symconv.graph.op import Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.ops.elemwise_rows import cast, switch
from symconv.ops.index.advanced import AdvancedIncSubtensor, AdvancedSubtensor, Nonzero, arrays, check_all
from symconv.ops.index.basic import IncSubtensor, Kind, Subtensor, applied, subtensor
from symconv.ops.index.pattern import (
    HOLE,
    WHOLE,
    Entry,
    Pattern,
    Piece,
    canonical,
    check_count,
    emptied,
    shape_of,
)
from symconv.ops.shape import MakeVector, Shape, dimshuffle


def getitem(x: Operand, key: Any) -> Variable:
    """What ``key`` takes from ``x``, as NumPy does it.

    Parameters
    ----------
    x : variable or array_like
    key : index, or tuple of indices
        Integers, slices, None, Ellipsis, arrays or lists of integers, masks (of dtype bool). Integers,
        bounds of slices, arrays and masks may all be symbolic. Arrays broadcast; their axes stand where
        the first of them stood if they are neighbours, else in front.

    Returns
    -------
    Variable
        With integers, slices and new axes alone, and known bounds, a view.

    Raises
    ------
    IndexingError
        For more indices than dimensions, and for an index that is out of range, as early as it is known.
    DTypeError
        For an index that is no integer.
    OptionError
        For a step of 0.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.tensor("float64", (10, None))
    >>> x[2:5, ::-1].type, x[-1].type, x[[0, 2, 4]].type
    (TensorType(float64[3,?]), TensorType(float64[?]), TensorType(float64[3,?]))
    """
    x = as_variable(x)
    entries = _entries(x, key if isinstance(key, tuple) else (key,))
    if any(arrays(entries)):
        pattern, indices = emptied(canonical(entries, x.type.shape))
        return applied(AdvancedSubtensor(pattern), x, *indices)
    result = subtensor(x, entries)
    return _size(result) if x.dtype == "int64" and x.ndim == 1 and result is not x else result


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


def _entries(x: Variable, key: tuple[Any, ...]) -> Pattern:
    """The entries of a pattern, with variables where its holes are, masks as positions."""
    parts = [_entry(x, item) for item in key]
    count = sum(map(_axes_of, parts))
    dots = [position for position, part in enumerate(parts) if part is Ellipsis]
    try:
        check_count(count, x.ndim)
        if len(dots) > 1:
            raise IndexingError("an index can have only one ellipsis", hint="write the other axes as ':'")
        for position in dots:
            parts[position : position + 1] = [WHOLE] * (x.ndim - count)
        entries: list[Entry] = []
        axis = 0
        for part in parts:
            if isinstance(part, Variable) and part.dtype == "bool":
                entries += _positions(part, x, axis)
            else:
                if isinstance(part, Constant):
                    check_all(part.data, axis, x.type.shape[axis])
                entries.append(part)
            axis += _axes_of(part)
        shape_of(tuple(HOLE if isinstance(entry, Variable) else entry for entry in entries), x.type.shape)
    except SymconvError as error:
        error.where = error.where or here()
        error.arguments = error.arguments or tuple((name, str(type)) for name, type in _named(x))
        raise
    return tuple(entries)


def _axes_of(part: Entry) -> int:
    """How many axes of the tensor an index stands for."""
    if isinstance(part, Variable) and part.dtype == "bool":
        return part.ndim
    return int(part is not None and part is not Ellipsis)


def _positions(mask: Variable, x: Variable, axis: int) -> list[Variable]:
    """Where a mask holds, along each of its axes."""
    op = Nonzero(axis)
    op.out_types(mask.type, x.type)
    if isinstance(mask, Constant):
        return [Constant(positions) for positions in op.perform(mask.data)]
    return list(op.apply(mask, x).outputs)


def _entry(x: Variable, item: Any) -> Entry:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return Piece(*(_bound(x, bound) for bound in (item.start, item.stop, item.step)))
    if isinstance(item, list | tuple | np.ndarray) and not (isinstance(item, np.ndarray) and not item.ndim):
        item = _array(item)
    if isinstance(item, Variable) and item.ndim and item.dtype[0] in "biu":
        # NumPy takes no uint64 where it could be beyond int64.
        return item if item.dtype != "uint64" else cast(item, "int64")
    return _number(x, item, "an index")


def _array(item: Any) -> Variable:
    """A list or array as an index; a list may hold scalar variables."""
    if not isinstance(item, np.ndarray) and any(isinstance(one, Variable) for one in item):
        return applied(MakeVector(len(item)), *map(as_variable, item))
    array = np.asarray(item)
    return constant(array.astype("int64") if array.size == 0 and isinstance(item, list) else array)


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
            hint="convert it with cast(index, 'int64')" if item.dtype[0] in "fiu" else None,
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
    op = x.owner.op if isinstance(x, Variable) and x.owner is not None else None
    if not isinstance(op, Subtensor | AdvancedSubtensor):
        raise ArgumentError(
            f"{kind}_subtensor needs a part of a tensor, got {x!r}",
            where=here(),
            hint=f"index first: {kind}_subtensor(x[index], y)",
        )
    assert x.owner is not None
    source, *indices = x.owner.inputs
    value = _fitting(as_variable(y), x, source.dtype)
    mask = _mask(op, source, indices)
    if mask is not None and value.type.shape[0] == 1:
        return _masked(source, mask, value, kind)
    stretched = tuple(
        axis for axis in range(x.ndim) if value.type.shape[axis] == 1 and x.type.shape[axis] != 1
    )
    if isinstance(op, Subtensor):
        return applied(IncSubtensor(op.pattern, kind, stretched), source, value, *indices)
    return applied(AdvancedIncSubtensor(op.pattern, kind, stretched), source, value, *indices)


def _mask(op: Op, source: Variable, indices: list[Variable]) -> Variable | None:
    """The mask, where it is the whole index and stands for the first axes."""
    owner = indices[0].owner if indices else None
    if not isinstance(op, AdvancedSubtensor) or owner is None or not isinstance(owner.op, Nonzero):
        return None
    if op.pattern != (HOLE,) * len(indices) or tuple(indices) != owner.outputs or owner.op.axis != 0:
        return None
    mask = owner.inputs[0]
    # A size of 1 that is not known of the tensor would stretch, and not be compared.
    same = all(size != 1 or x == 1 for size, x in zip(mask.type.shape, source.type.shape, strict=False))
    return mask if same else None


def _masked(source: Variable, mask: Variable, value: Variable, kind: Kind) -> Variable:
    """The same for all elements under a mask is a choice between two tensors: no position is looked for."""
    value = dimshuffle(value, *["x"] * mask.ndim, *range(1, value.ndim))
    mask = dimshuffle(mask, *range(mask.ndim), *["x"] * (source.ndim - mask.ndim))
    return switch(mask, value if kind == "set" else source + value, source)


def _fitting(y: Variable, part: Variable, dtype: str) -> Variable:
    """y in the dtype of where it goes, with axes of size 1 in front."""
    if y.ndim > part.ndim:
        raise RankError(
            f"what is written has {y.ndim} dimensions, where it goes has {part.ndim}",
            arguments=[("x[index]", part.type), ("y", y.type)],
            where=here(),
            hint="y broadcasts to the part, not the part to y",
        )
    if y.ndim < part.ndim:
        y = dimshuffle(y, *["x"] * (part.ndim - y.ndim), *range(y.ndim))
    return cast(y, dtype)


METHODS["__getitem__"] = getitem
