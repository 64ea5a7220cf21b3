"""Making variables: inputs of every rank and dtype, and shared variables; imports the graph.

A constructor without a prefix makes variables of dtype ``floatX``, as it is set at the time of the call;
with one of the prefixes b w i l f d c z their dtype is int8, int16, int32, int64, float32, float64,
complex64 or complex128.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.config import current
from symconv.errors import ArgumentError, DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.container import Container
from symconv.graph.nodes import Variable
from symconv.graph.op import argument
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.types import DTYPES, Dim, TensorType
from symconv.ops.dtypes import dtype_name

PREFIXES = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64",
    "f": "float32", "d": "float64", "c": "complex64", "z": "complex128",
}  # fmt: skip
SHAPES: dict[str, tuple[Dim, ...]] = {
    "scalar": (),
    "vector": (None,),
    "row": (1, None),
    "col": (None, 1),
    "matrix": (None,) * 2,
    "tensor3": (None,) * 3,
    "tensor4": (None,) * 4,
    "tensor5": (None,) * 5,
}
PLURALS = {"matrix": "matrices"}


def tensor(dtype: Any = None, shape: Sequence[int | None] = (), name: str | None = None) -> Variable:
    """An input variable.

    Parameters
    ----------
    dtype : str, optional
        ``floatX`` if not given.
    shape : sequence of (int or None)
        The sizes of its dimensions, None where unknown. A size of 1 may be broadcast, an unknown one not.
    name : str, optional
        Its name.

    Returns
    -------
    Variable

    Examples
    --------
    >>> import symconv as sc
    >>> sc.tensor("float32", (None, 3, None, None), "images")
    images: float32[?,3,?,?]
    """
    variable = Variable(TensorType(dtype_name(dtype), _shape(shape)), _name(name))
    variable.made = here()
    return variable


def _shape(shape: Sequence[int | None]) -> tuple[Dim, ...]:
    try:
        return tuple(None if size is None else operator.index(size) for size in shape)
    except TypeError:
        raise ArgumentError(
            f"a static shape is a sequence of sizes, got {shape!r}",
            where=here(),
            hint="an integer for each dimension, None where it is not known: shape=(None, 3)",
        ) from None


def _name(name: Any) -> str | None:
    if name is not None and not isinstance(name, str):
        raise ArgumentError(
            f"a variable's name must be a string, got {name!r}",
            where=here(),
            hint="static sizes go by keyword: shape=(2, None)",
        )
    return name


@frozen(repr=False)
class Constructor:
    """Makes input variables of one rank.

    Attributes
    ----------
    kind : str
        A name in ``SHAPES``.
    prefix : str
        A letter of ``PREFIXES``, or nothing for ``floatX``.
    """

    kind: str
    prefix: str = ""

    def __post_init__(self) -> None:
        dtype = PREFIXES.get(self.prefix, "floatX, unless another is given,")
        sizes = ",".join("?" if size is None else str(size) for size in SHAPES[self.kind])
        text = (
            f"{self}(name=None, dtype=None, shape=None): a variable of dtype {dtype} and shape [{sizes}], "
            "or of the static shape given."
        )
        object.__setattr__(self, "__name__", str(self))
        object.__setattr__(self, "__doc__", text)

    def __call__(
        self, name: str | None = None, dtype: Any = None, *, shape: Sequence[int | None] | None = None
    ) -> Variable:
        """Make a variable."""
        if self.prefix:
            if dtype is not None and dtype_name(dtype) != PREFIXES[self.prefix]:
                raise DTypeError(f"{self} makes {PREFIXES[self.prefix]}, not {dtype}", where=here())
            dtype = PREFIXES[self.prefix]
        general = SHAPES[self.kind]
        wanted = general if shape is None else _shape(shape)
        if len(wanted) != len(general):
            raise RankError(f"{self} has {len(general)} dimensions, got the shape {wanted}", where=here())
        for size, fixed in zip(wanted, general, strict=True):
            if fixed is not None and size != fixed:
                raise ShapeError(f"a {self.kind} has shape {general}, got {wanted}", where=here())
        return tensor(dtype, wanted, name)

    def __str__(self) -> str:
        return self.prefix + self.kind

    __repr__ = __str__


@frozen(repr=False)
class Plural:
    """Makes several input variables at once: of names, of a text of names, or a number of them.

    Attributes
    ----------
    constructor : Constructor
        What makes each.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.dmatrices("x y")
    [x: float64[?,?], y: float64[?,?]]
    """

    constructor: Constructor

    def __call__(self, *names: str | int, dtype: Any = None) -> list[Variable]:
        """Make variables."""
        wanted: list[str | None] = []
        for name in names:
            if isinstance(name, int):
                wanted += [None] * name
            else:
                wanted += str(_name(name)).replace(",", " ").split()
        return [self.constructor(name, dtype) for name in wanted]

    def __repr__(self) -> str:
        kind = self.constructor.kind
        return self.constructor.prefix + PLURALS.get(kind, f"{kind}s")


_Constructors = tuple[
    Constructor, Constructor, Constructor, Constructor, Constructor, Constructor, Constructor, Constructor
]
_Plurals = tuple[Plural, Plural, Plural, Plural, Plural, Plural, Plural, Plural]


def _prefixed(kind: str) -> _Constructors:
    b, w, i, l, f, d, c, z = (Constructor(kind, prefix) for prefix in PREFIXES)
    return b, w, i, l, f, d, c, z


def _plural(kind: str) -> _Plurals:
    b, w, i, l, f, d, c, z = (Plural(Constructor(kind, prefix)) for prefix in PREFIXES)
    return b, w, i, l, f, d, c, z


scalar, vector, row, col, matrix, tensor3, tensor4, tensor5 = map(Constructor, SHAPES)
scalars, vectors, rows, cols, matrices, tensor3s, tensor4s, tensor5s = (
    Plural(Constructor(kind)) for kind in SHAPES
)

bscalar, wscalar, iscalar, lscalar, fscalar, dscalar, cscalar, zscalar = _prefixed("scalar")
bvector, wvector, ivector, lvector, fvector, dvector, cvector, zvector = _prefixed("vector")
brow, wrow, irow, lrow, frow, drow, crow, zrow = _prefixed("row")
bcol, wcol, icol, lcol, fcol, dcol, ccol, zcol = _prefixed("col")
bmatrix, wmatrix, imatrix, lmatrix, fmatrix, dmatrix, cmatrix, zmatrix = _prefixed("matrix")
btensor3, wtensor3, itensor3, ltensor3, ftensor3, dtensor3, ctensor3, ztensor3 = _prefixed("tensor3")
btensor4, wtensor4, itensor4, ltensor4, ftensor4, dtensor4, ctensor4, ztensor4 = _prefixed("tensor4")
btensor5, wtensor5, itensor5, ltensor5, ftensor5, dtensor5, ctensor5, ztensor5 = _prefixed("tensor5")

bscalars, wscalars, iscalars, lscalars, fscalars, dscalars, cscalars, zscalars = _plural("scalar")
bvectors, wvectors, ivectors, lvectors, fvectors, dvectors, cvectors, zvectors = _plural("vector")
brows, wrows, irows, lrows, frows, drows, crows, zrows = _plural("row")
bcols, wcols, icols, lcols, fcols, dcols, ccols, zcols = _plural("col")
bmatrices, wmatrices, imatrices, lmatrices, fmatrices, dmatrices, cmatrices, zmatrices = _plural("matrix")
btensor3s, wtensor3s, itensor3s, ltensor3s, ftensor3s, dtensor3s, ctensor3s, ztensor3s = _plural("tensor3")
btensor4s, wtensor4s, itensor4s, ltensor4s, ftensor4s, dtensor4s, ctensor4s, ztensor4s = _plural("tensor4")
btensor5s, wtensor5s, itensor5s, ltensor5s, ftensor5s, dtensor5s, ctensor5s, ztensor5s = _plural("tensor5")


def shared(
    value: Any,
    name: str | None = None,
    borrow: bool = False,
    *,
    shape: Sequence[int | None] | None = None,
    strict: bool = False,
) -> SharedVariable:
    """A variable with a value of its own, which functions read and update.

    Parameters
    ----------
    value : array_like
        Its first value. Arrays keep their dtype; a Python float gets ``floatX``.
    name : str, optional
        Its name.
    borrow : bool
        True keeps the array itself: who changes it, changes the shared value. By default it is copied.
    shape : sequence of (int or None), optional
        The static shape, which later values must fit; by default exactly that of ``value``.
    strict : bool
        Whether nothing is converted, now and later: values must be arrays, of the very dtype.

    Returns
    -------
    SharedVariable

    Raises
    ------
    DTypeError, RankError, ShapeError
        For a value that is no tensor or does not fit the shape.

    Examples
    --------
    >>> import symconv as sc
    >>> W = sc.shared([[1.0, 2.0]], name="W", shape=(1, None))
    >>> W
    W: float64[1,?]
    >>> W.set_value([[3.0, 4.0, 5.0]])
    >>> W.get_value()
    array([[3., 4., 5.]])
    """
    if isinstance(value, Variable):
        raise ArgumentError(
            f"a shared variable needs a value, got the symbolic variable {value}",
            where=here(),
            hint="compute it first: shared(variable.eval({...}))",
        )
    if strict and not isinstance(value, np.ndarray):
        raise ArgumentError(
            f"a strict shared variable needs an array, got {type(value).__name__}",
            where=here(),
            hint="convert it yourself: shared(numpy.asarray(value, dtype=...), strict=True)",
        )
    array = np.asarray(value, dtype=current().floatX if type(value) is float else None)
    if array.dtype.name not in DTYPES:
        raise DTypeError(
            f"a shared variable cannot hold {array.dtype} values",
            arguments=[argument("value", value)],
            where=here(),
            hint="the dtypes are " + ", ".join(DTYPES),
        )
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    static = array.shape if shape is None else _shape(shape)
    type_ = TensorType(array.dtype.name, static)
    if not type_.accepts(array.shape):
        kind = RankError if len(static) != array.ndim else ShapeError
        raise kind(f"a shared variable of shape {static} got a value of shape {array.shape}", where=here())
    container = Container(array if borrow else array.copy(), lent=borrow)
    return SharedVariable(type_, container, _name(name), strict)

__all__ = [
    "tensor", "scalar", "vector", "row", "col", "matrix", "tensor3", "tensor4", "tensor5", "scalars",
    "vectors", "rows", "cols", "matrices", "tensor3s", "tensor4s", "tensor5s", "bscalar", "wscalar",
    "iscalar", "lscalar", "fscalar", "dscalar", "cscalar", "zscalar", "bvector", "wvector", "ivector",
    "lvector", "fvector", "dvector", "cvector", "zvector", "brow", "wrow", "irow", "lrow", "frow",
    "drow", "crow", "zrow", "bcol", "wcol", "icol", "lcol", "fcol", "dcol", "ccol", "zcol", "bmatrix",
    "wmatrix", "imatrix", "lmatrix", "fmatrix", "dmatrix", "cmatrix", "zmatrix", "btensor3", "wtensor3",
    "itensor3", "ltensor3", "ftensor3", "dtensor3", "ctensor3", "ztensor3", "btensor4", "wtensor4",
    "itensor4", "ltensor4", "ftensor4", "dtensor4", "ctensor4", "ztensor4", "btensor5", "wtensor5",
    "itensor5", "ltensor5", "ftensor5", "dtensor5", "ctensor5", "ztensor5", "bscalars", "wscalars",
    "iscalars", "lscalars", "fscalars", "dscalars", "cscalars", "zscalars", "bvectors", "wvectors",
    "ivectors", "lvectors", "fvectors", "dvectors", "cvectors", "zvectors", "brows", "wrows", "irows",
    "lrows", "frows", "drows", "crows", "zrows", "bcols", "wcols", "icols", "lcols", "fcols", "dcols",
    "ccols", "zcols", "bmatrices", "wmatrices", "imatrices", "lmatrices", "fmatrices", "dmatrices",
    "cmatrices", "zmatrices", "btensor3s", "wtensor3s", "itensor3s", "ltensor3s", "ftensor3s",
    "dtensor3s", "ctensor3s", "ztensor3s", "btensor4s", "wtensor4s", "itensor4s", "ltensor4s",
    "ftensor4s", "dtensor4s", "ctensor4s", "ztensor4s", "btensor5s", "wtensor5s", "itensor5s",
    "ltensor5s", "ftensor5s", "dtensor5s", "ctensor5s", "ztensor5s", "shared",
]  # fmt: skip
