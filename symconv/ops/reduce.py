"""Reductions over axes: sums, products, extremes, and what follows from them; imports ops of shapes and rows.

    Reduce     a NumPy ufunc applied along axes: sum prod max min all any
    ArgReduce  where the extreme is: argmax argmin

The functions here have the names of Python's own (sum, max, all); within this module Python's are not used.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from symconv.errors import DTypeError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.types import Array, TensorType
from symconv.ops.dtypes import dtype_name
from symconv.ops.elemwise_rows import abs, cast, eq, second, sqr, sqrt, switch
from symconv.ops.shape import count_of, dimshuffle, flatten, normalised_axes

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value

Axes = int | Sequence[int] | None


@frozen(repr=False)
class Reduction:
    """What there is to know about one reduction; compared by name.

    Attributes
    ----------
    name : str
        Its name in symconv.
    ufunc : str
        Name of the NumPy ufunc that combines two elements.
    dtype : callable
        dtype of the result by that of the input.
    gradient : callable or None
        ``gradient(x, z, g, axes)`` with the result and its gradient in the shape of kept dimensions.
    empty : bool
        Whether there is a result for no elements.
    """

    name: str
    ufunc: str = field(compare=False)
    dtype: Callable[[str], str] = field(compare=False)
    gradient: Callable[..., Variable] | None = field(default=None, compare=False)
    empty: bool = field(default=True, compare=False)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return reduction_named, (self.name,)


def _counted(dtype: str) -> str:
    """dtype of sums and products: integers get room."""
    return {"b": "int64", "i": "int64", "u": "uint64"}.get(dtype[0] if dtype != "bool" else "b", dtype)


def _prod_gradient(x: Variable, z: Variable, g: Variable, axes: tuple[int, ...]) -> Variable:
    # By products from both ends, which are above this module: z / x would be wrong beside zeros.
    others: Variable = METHODS["_product_of_others"](x, axes)
    return g * others


REDUCTIONS = {
    reduction.name: reduction
    for reduction in (
        Reduction("sum", "add", _counted, lambda x, z, g, axes: second(x, g)),
        Reduction("prod", "multiply", _counted, _prod_gradient),
        Reduction("prod_of_nonzeros", "multiply", _counted, lambda x, z, g, axes: g * z / x),
        Reduction("max", "maximum", str, lambda x, z, g, axes: switch(eq(x, z), g, 0), empty=False),
        Reduction("min", "minimum", str, lambda x, z, g, axes: switch(eq(x, z), g, 0), empty=False),
        Reduction("all", "logical_and", lambda dtype: "bool"),
        Reduction("any", "logical_or", lambda dtype: "bool"),
    )
}


def reduction_named(name: str) -> Reduction:
    """The reduction of this name."""
    return REDUCTIONS[name]


@frozen
class Reduce(Op):
    """Combine all elements along axes.

    Attributes
    ----------
    kind : Reduction
        How two elements are combined.
    axes : tuple of int
        The axes that are reduced, ascending.
    keepdims : bool
        Whether they stay, with size 1.
    dtype : str or None
        dtype of the result; None leaves it to the reduction.
    """

    role: ClassVar[Role] = "reduction"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    kind: Reduction
    axes: tuple[int, ...]
    keepdims: bool = False
    dtype: str | None = None

    def out_types(self, x: TensorType) -> TensorType:
        empty = [axis for axis in self.axes if x.shape[axis] == 0]
        if empty and not self.kind.empty:
            raise ShapeError(f"{self.kind.name} over axis {empty[0]}, which has size 0, does not exist")
        dtype = self.dtype or self.kind.dtype(x.dtype)
        if x.is_complex and dtype[0] != "c" and dtype != "bool":
            raise DTypeError(
                f"{self.kind.name} of {x.dtype} cannot be {dtype}",
                hint="say which part you mean: real(x), imag(x) or abs(x)",
            )
        return TensorType(dtype, reduced(x.shape, self.axes, self.keepdims))

    def accumulator(self, result: str) -> str:
        """The dtype to add up in for a result of this dtype: half precision is too short for it."""
        return "float32" if result == "float16" and self.kind.ufunc in ("add", "multiply") else result

    def perform(self, x: Array) -> Array:
        result = self.out_types(TensorType(x.dtype.name, x.shape)).dtype
        ufunc = getattr(np, self.kind.ufunc)
        options: dict[str, Any] = {"axis": self.axes, "keepdims": self.keepdims}
        if self.kind.ufunc in ("add", "multiply"):
            options["dtype"] = self.accumulator(result)
        with np.errstate(all="ignore"):
            return np.asarray(ufunc.reduce(x, **options)).astype(result, copy=False)

    @property
    def ufunc(self) -> str:
        """Name of the NumPy ufunc that combines two elements."""
        return self.kind.ufunc

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        x, gradient = inputs[0], gradients[0]
        if gradient is None or self.kind.gradient is None or x.type.is_discrete:
            return [None]
        z, g = (restored(variable, self.axes, self.keepdims) for variable in (outputs[0], gradient))
        return [cast(self.kind.gradient(x, z, g, self.axes), x.dtype)]

    def fold(self, node: Apply) -> Variable | None:
        """A reduction over no axes is its input, where the dtype stays and truth is not asked for."""
        same = not self.axes and node.inputs[0].type == node.outputs[0].type
        return node.inputs[0] if same else None

    @property
    def label(self) -> str:
        """The reduction's name."""
        return self.kind.name

    @property
    def details(self) -> tuple[str, ...]:
        """Axes, and what differs from the defaults."""
        keepdims = ("keepdims",) if self.keepdims else ()
        return (f"axes={self.axes}", *keepdims, *((self.dtype,) if self.dtype else ()))


def reduced(shape: tuple[Any, ...], axes: Sequence[int], keepdims: bool) -> tuple[Any, ...]:
    """A shape without the reduced axes, or with 1 in their place."""
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def restored(x: Variable, axes: Sequence[int], keepdims: bool = False) -> Variable:
    """A reduced tensor with the axes back, of size 1."""
    if keepdims or not axes:
        return x
    ndim = x.ndim + len(axes)
    kept = iter(range(x.ndim))
    return dimshuffle(x, *("x" if axis in axes else next(kept) for axis in range(ndim)))


@frozen
class ArgReduce(Op):
    """The position of the first extreme along one axis; a NaN counts as the extreme.

    Attributes
    ----------
    kind : str
        "argmax" or "argmin".
    axis : int
        The axis, which vanishes.
    """

    role: ClassVar[Role] = "anchor"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    kind: Literal["argmax", "argmin"]
    axis: int

    def out_types(self, x: TensorType) -> TensorType:
        if x.shape[self.axis] == 0:
            raise ShapeError(f"{self.kind} over axis {self.axis}, which has size 0, does not exist")
        return TensorType("int64", reduced(x.shape, (self.axis,), False))

    def perform(self, x: Array) -> Array:
        find = np.argmax if self.kind == "argmax" else np.argmin
        return np.asarray(find(x, axis=self.axis), dtype="int64")

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """NumPy's own search."""
        at = k.whole(outputs[0].ndim)
        tile = k.tile(at)
        k.call(self.kind, inputs[0], out=tile, axis=self.axis)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]

    @property
    def label(self) -> str:
        """argmax or argmin."""
        return self.kind

    @property
    def details(self) -> tuple[str, ...]:
        """The axis."""
        return (f"axis={self.axis}",)


# Functions


def _reduce(kind: str, x: Operand, axis: Axes, keepdims: bool, dtype: Any = None) -> Variable:
    x = as_variable(x)
    name = None if dtype is None else dtype_name(dtype)
    result: Variable = Reduce(REDUCTIONS[kind], normalised_axes(axis, x), bool(keepdims), name)(x)
    return result


def sum(x: Operand, axis: Axes = None, keepdims: bool = False, *, dtype: Any = None) -> Variable:
    """The sum over axes.

    Parameters
    ----------
    x : variable or array_like
    axis : int, sequence of int, optional
        The axes, counted from either end; all of them if not given.
    keepdims : bool
        Whether the axes stay, with size 1.
    dtype : str, optional
        dtype of the result and of the additions. By default int64 or uint64 for booleans and integers, and
        the dtype of ``x`` otherwise; float16 is added up in float32.

    Returns
    -------
    Variable
        0 where there is nothing to add.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.tensor4("images").sum(axis=(2, 3)).type
    TensorType(float64[?,?])
    """
    return _reduce("sum", x, axis, keepdims, dtype)


def prod(
    x: Operand, axis: Axes = None, keepdims: bool = False, *, dtype: Any = None, no_zeros: bool = False
) -> Variable:
    """The product over axes; parameters and dtypes as of ``sum``.

    The gradient is right where elements are 0, in any order of derivative. ``no_zeros`` promises that there
    are none: then the gradient is g prod(x) / x, which costs less.
    """
    return _reduce("prod_of_nonzeros" if no_zeros else "prod", x, axis, keepdims, dtype)


def max(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The largest element over axes, NaN if there is one; of the dtype of ``x``.

    Every element that equals the largest receives the full gradient.

    Raises
    ------
    ShapeError
        Over an axis of size 0.
    """
    return _reduce("max", x, axis, keepdims)


def min(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The smallest element over axes, NaN if there is one; gradient and errors as of ``max``."""
    return _reduce("min", x, axis, keepdims)


def all(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Whether all elements over axes are not 0; bool, true for none."""
    return _reduce("all", x, axis, keepdims)


def any(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Whether some element over axes is not 0; bool, false for none."""
    return _reduce("any", x, axis, keepdims)


def mean(x: Operand, axis: Axes = None, keepdims: bool = False, *, dtype: Any = None) -> Variable:
    """The mean over axes: the sum, divided by the number of elements.

    Parameters are those of ``sum``; booleans and integers give float64 unless ``dtype`` says otherwise, and
    float16 is computed in float32. The mean of nothing is NaN.
    """
    x = as_variable(x)
    wanted = x.dtype if not x.type.is_discrete else "float64"
    wanted = wanted if dtype is None else dtype_name(dtype)
    inner = "float32" if wanted == "float16" else wanted
    axes = normalised_axes(axis, x)
    total = sum(x, axes, keepdims, dtype=inner)
    return cast(total / cast(count_of(x, axes), inner), wanted)


def var(x: Operand, axis: Axes = None, ddof: int = 0, keepdims: bool = False) -> Variable:
    """The variance over axes: the sum of squared deviations from the mean, divided by (count - ``ddof``).

    Booleans and integers give float64; complex numbers the variance of their distances, real.
    """
    x = as_variable(x)
    if x.type.is_discrete:
        x = cast(x, "float64")
    axes = normalised_axes(axis, x)
    deviation = x - mean(x, axes, keepdims=True)
    squares = sqr(abs(deviation) if x.type.is_complex else deviation)
    if ddof == 0:
        return mean(squares, axes, keepdims)
    return sum(squares, axes, keepdims) / cast(count_of(x, axes) - ddof, squares.dtype)


def std(x: Operand, axis: Axes = None, ddof: int = 0, keepdims: bool = False) -> Variable:
    """The standard deviation over axes: the root of ``var``."""
    return sqrt(var(x, axis, ddof, keepdims))


def _position(kind: Literal["argmax", "argmin"], x: Operand, axis: Axes, keepdims: bool) -> Variable:
    x = as_variable(x)
    axes = normalised_axes(axis, x)
    kept = [index for index in range(x.ndim) if index not in axes]
    flat = flatten(dimshuffle(x, *kept, *axes), len(kept) + 1) if len(axes) != 1 else x
    result: Variable = ArgReduce(kind, axes[0] if len(axes) == 1 else len(kept))(flat)
    return restored(result, axes) if keepdims else result


def argmax(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The position of the first largest element along an axis, int64.

    Over several axes, or all of them if not given, the position counts through these axes in C order.
    NaN counts as largest. No gradient flows through it.
    """
    return _position("argmax", x, axis, keepdims)


def argmin(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The position of the first smallest element along an axis, int64; as ``argmax``."""
    return _position("argmin", x, axis, keepdims)


def max_and_argmax(x: Operand, axis: Axes = None, keepdims: bool = False) -> tuple[Variable, Variable]:
    """``max`` and ``argmax`` over axes; the gradient of the first goes to every tie, none to the second."""
    return max(x, axis, keepdims), argmax(x, axis, keepdims)


METHODS.update(
    sum=sum, prod=prod, max=max, min=min, all=all, any=any, mean=mean, var=var, std=std,
    argmax=argmax, argmin=argmin,
)  # fmt: skip
