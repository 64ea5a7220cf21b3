"""Labels as rows of zeros and ones, and coordinates of grids; imports fill and ops of shapes and rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import argument, as_variable
from symconv.graph.origin import here
from symconv.ops.axes import dimshuffle, shape_padleft, shape_padright
from symconv.ops.dtypes import common_dtype, dtype_name
from symconv.ops.elemwise_rows import cast, eq
from symconv.ops.fill import Alloc, arange, linspace
from symconv.ops.shape import size_of, stated_shape
from symconv.ops.sizes import check_count

# Labels and grids


def one_hot(y: Operand, n: Operand, dtype: Any = None) -> Variable:
    """Along a new last axis of size ``n`` a 1 at the position of the label, zeros elsewhere.

    Parameters
    ----------
    y : integer variable or array_like
        Labels; one outside 0 <= y < n has no 1 at all.
    n : int or integer scalar variable
        The number of classes, 0 or more.
    dtype : str, optional
        ``floatX`` by default.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.one_hot([2, 0], 3).eval()
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    y = as_variable(y)
    if not y.type.is_discrete:
        raise DTypeError(
            "labels must be integers", arguments=[argument("y", y)], where=here(), hint="cast(y, 'int64')"
        )
    check_count(n, "one_hot")
    return cast(eq(shape_padright(y), arange(n)), dtype_name(dtype))


to_one_hot = one_hot


def meshgrid(*vectors: Operand, indexing: str = "xy", sparse: bool = False) -> list[Variable]:
    """Coordinates of a grid: for each vector a tensor in which it runs along one axis.

    Parameters
    ----------
    *vectors : variable or array_like
        Of one dimension; scalars count as one element.
    indexing : {"xy", "ij"}
        "ij": vector i runs along axis i. "xy": the first two change places, as in pictures.
    sparse : bool
        Whether the other axes have size 1, so that the tensors broadcast.
    """
    if indexing not in ("xy", "ij"):
        raise OptionError(f"indexing must be 'xy' or 'ij', got {indexing!r}", where=here())
    variables = [as_variable(vector) for vector in vectors]
    for variable in variables:
        if variable.ndim > 1:
            raise RankError("meshgrid needs vectors", arguments=[("vector", variable.type)], where=here())
    flat = [shape_padleft(variable, 1 - variable.ndim) for variable in variables]
    places = list(range(len(flat)))
    if indexing == "xy" and len(flat) > 1:
        places[:2] = [1, 0]
    return _grid(flat, places, sparse)


def _grid(vectors: Sequence[Variable], places: Sequence[int], sparse: bool) -> list[Variable]:
    """The vectors along the axes at their places, repeated along the others unless sparse."""
    ndim = len(vectors)
    sizes: list[Any] = [None] * ndim
    for vector, place in zip(vectors, places, strict=True):
        sizes[place] = size_of(vector, 0)
    if sparse:
        return [
            dimshuffle(vector, *(0 if axis == place else "x" for axis in range(ndim)))
            for vector, place in zip(vectors, places, strict=True)
        ]
    lengths, known = stated_shape(sizes)
    return [
        Alloc((place,), known)(vector, lengths) for vector, place in zip(vectors, places, strict=True)
    ]


def indices(shape: Any, sparse: bool = False) -> list[Variable]:
    """For each axis of a shape the index along it, int64, in that shape; or sparse, to be broadcast to it."""
    sizes = list(shape) if isinstance(shape, tuple | list | np.ndarray) else [shape]
    return _grid([arange(size) for size in sizes], range(len(sizes)), sparse)


@frozen
class Grid:
    """Coordinates of a grid by slices: ``mgrid[0:3, 0:1:5j]``; an imaginary step is a number of points.

    Attributes
    ----------
    sparse : bool
        Whether the tensors have size 1 along all axes but their own (``ogrid``).

    Examples
    --------
    >>> import symconv as sc
    >>> rows, columns = sc.mgrid[0:2, 0:3]
    >>> columns.eval()
    array([[0, 1, 2],
           [0, 1, 2]])
    """

    sparse: bool = False

    def __getitem__(self, index: Any) -> Any:
        """One tensor for each slice; for a single slice that vector itself."""
        slices = index if isinstance(index, tuple) else (index,)
        vectors = [self._vector(one) for one in slices]
        if not isinstance(index, tuple):
            return vectors[0]
        dtype = common_dtype(tuple(vector.dtype for vector in vectors))
        return tuple(_grid([cast(v, dtype) for v in vectors], range(len(vectors)), self.sparse))

    @staticmethod
    def _vector(one: Any) -> Variable:
        if not isinstance(one, slice) or one.stop is None:
            raise ArgumentError(f"a grid needs slices with a stop, got {one!r}", where=here())
        start = 0 if one.start is None else one.start
        if isinstance(one.step, complex):
            return linspace(start, one.stop, int(abs(one.step)))
        return arange(start, one.stop, 1 if one.step is None else one.step)


mgrid = Grid()
ogrid = Grid(sparse=True)

__all__ = ["indices", "meshgrid", "mgrid", "ogrid", "one_hot", "to_one_hot"]
