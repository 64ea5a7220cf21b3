"""Tensors made from sizes and numbers: filled ones and ranges; imports ops of shapes and rows.

    Alloc   a value repeated along new axes
    Arange  numbers a step apart
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.config import current
from symconv.errors import DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.axes import dimshuffle
from symconv.ops.dtypes import common_dtype, dtype_name
from symconv.ops.elemwise_rows import cast, eq, maximum, ones_like, second, switch, zeros_like
from symconv.ops.reduce import sum as total
from symconv.ops.shape import size_of, stated_shape
from symconv.ops.sizes import check_count

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


@frozen
class Alloc(Op):
    """A value placed along some axes of a new tensor and repeated along all others.

    The inputs are the value and the new shape, an integer vector. Nothing is stretched: an axis of the
    value has the size of the axis where it is placed.

    Attributes
    ----------
    axes : tuple of int
        For each axis of the value the axis of the result, ascending.
    sizes : tuple of (int or None)
        What was known of the shape when the expression was written.
    """

    role: ClassVar[Role] = "anchor"
    argument_names: ClassVar[tuple[str, ...]] = ("value", "shape")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    generates: ClassVar[bool] = True
    axes: tuple[int, ...]
    sizes: tuple[Dim, ...]

    def out_types(self, value: TensorType, shape: TensorType) -> TensorType:
        sizes: list[Dim] = list(self.sizes)
        if shape.value is not None:
            for axis, stated in enumerate(map(int, shape.value)):
                if sizes[axis] not in (None, stated):
                    raise ShapeError(f"axis {axis} has size {stated}, but {sizes[axis]} was expected")
                sizes[axis] = stated
        negative = [size for size in sizes if size is not None and size < 0]
        if negative:
            raise ShapeError(f"a tensor of negative size {negative[0]}", hint="sizes must be 0 or more")
        for axis, size in zip(self.axes, value.shape, strict=True):
            if size is not None and sizes[axis] not in (None, size):
                raise ShapeError(
                    f"a value of size {size} does not fill axis {axis} of size {sizes[axis]}",
                    hint="only a size that is known to be 1 is stretched: promise it with specify_shape",
                )
            sizes[axis] = size if sizes[axis] is None else sizes[axis]
        return TensorType(value.dtype, tuple(sizes))

    def perform(self, value: Array, shape: Array) -> Array:
        placed = value.reshape(self._placed(value.shape))
        return np.array(np.broadcast_to(placed, tuple(map(int, shape))))

    def _placed(self, sizes: Sequence[Any]) -> tuple[Any, ...]:
        """A shape in which the value broadcasts to the result."""
        known = dict(zip(self.axes, sizes, strict=True))
        return tuple(known.get(axis, 1) for axis in range(len(self.sizes)))

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """One broadcasting copy."""
        value = inputs[0]
        at = k.whole(outputs[0].ndim)
        tile = k.tile(at)
        new = (slice(None) if axis in self.axes else None for axis in range(len(self.sizes)))
        k.copy(value[tuple(new)] if self.sizes else value, tile)
        k.epilogue(tile, at)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        gradient = gradients[0]
        if gradient is None or inputs[0].type.is_discrete:
            return [None, None]
        repeated = [axis for axis in range(len(self.sizes)) if axis not in self.axes]
        return [total(gradient, repeated), None]

    def fold(self, node: Apply) -> Variable | None:
        """What repeats nothing vanishes, where the sizes are known to be equal."""
        value = node.inputs[0]
        same = len(self.axes) == len(self.sizes) and None not in value.type.shape
        return value if same and value.type == node.outputs[0].type else None

    @property
    def details(self) -> tuple[str, ...]:
        """What is known of the new shape."""
        return tuple("?" if size is None else str(size) for size in self.sizes)


@frozen
class Arange(Op):
    """The numbers from start, a step apart, that do not reach stop.

    Attributes
    ----------
    dtype : str
        dtype of the result, and of all three inputs where it is floating.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("start", "stop", "step")
    reads_values: ClassVar[tuple[int, ...]] = (0, 1, 2)
    generates: ClassVar[bool] = True
    dtype: str

    def out_types(self, start: TensorType, stop: TensorType, step: TensorType) -> TensorType:
        for type in (start, stop, step):
            if type.ndim:
                raise RankError(f"arange needs scalars, got {type}")
            if type.is_complex:
                raise DTypeError(f"arange needs real numbers, got {type}")
        values = [type.value for type in (start, stop, step)]
        if values[2] is not None and values[2] == 0:
            raise ShapeError("arange with step 0 never ends", hint="give a step that is not 0")
        known = [value for value in values if value is not None]
        return TensorType(self.dtype, (None if len(known) < 3 else _count(*known),))

    def perform(self, start: Array, stop: Array, step: Array) -> Array:
        if _are_whole(start, stop, step):
            return np.arange(int(start), int(stop), int(step)).astype(self.dtype)
        steps = np.arange(_count(start, stop, step))
        return (float(start) + steps * float(step)).astype(self.dtype)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        gradient = gradients[0]
        if gradient is None or outputs[0].type.is_discrete:
            return [None, None, None]
        steps = cast(arange(size_of(outputs[0], 0)), gradient.dtype)
        return [total(gradient), None, total(gradient * steps)]


def _are_whole(*values: Array) -> bool:
    return all(np.asarray(value).dtype.kind in "biu" for value in values)


def _count(start: Array, stop: Array, step: Array) -> int:
    """How many numbers a range has; integers are counted exactly."""
    if _are_whole(start, stop, step):
        return len(range(int(start), int(stop), int(step)))
    steps = (float(stop) - float(start)) / float(step)
    if not math.isfinite(steps):
        raise ShapeError(f"a range from {start} to {stop} by {step} has no length")
    return max(math.ceil(steps), 0)


# Filled


def alloc(value: Operand, *shape: Any) -> Variable:
    """A tensor of a shape, filled with a value.

    Parameters
    ----------
    value : variable or array_like
        Of no more dimensions than the result. Its axes are the last ones of the result; where it is known
        to have size 1, it is repeated.
    *shape : int or integer scalar variable, or one shape
        The sizes.

    Returns
    -------
    Variable
        Of the value's dtype.

    Raises
    ------
    ShapeError
        For a negative size, and a value that does not fit; when run, where sizes are known only then.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.alloc(sc.dvector("b"), 3, sc.lscalar("n")).type
    TensorType(float64[3,?])
    """
    sizes = shape[0] if len(shape) == 1 and not _is_size(shape[0]) else shape
    return broadcast_to(value, sizes)


def _is_size(value: Any) -> bool:
    return not isinstance(value, tuple | list | np.ndarray) and not (
        isinstance(value, Variable) and value.ndim == 1
    )


def broadcast_to(x: Operand, shape: Any, ndim: int | None = None) -> Variable:
    """The tensor repeated to a shape, as NumPy broadcasts; but a size that is unknown is never stretched.

    Parameters
    ----------
    x : variable or array_like
    shape : int, sequence of (int or integer scalar variable), or integer vector
    ndim : int, optional
        The number of dimensions, needed where ``shape`` is a vector of unknown length.

    Raises
    ------
    ShapeError, RankError
        For a negative size, and where ``x`` does not fit; when run, where sizes are known only then.
    """
    x = as_variable(x)
    lengths, known = stated_shape(shape, ndim)
    missing = len(known) - x.ndim
    if missing < 0:
        raise RankError(
            f"{x.ndim} dimensions do not fit into a shape of {len(known)}",
            arguments=[("x", x.type), ("shape", known)],
            where=here(),
        )
    axes = [
        axis for axis in range(x.ndim) if x.type.shape[axis] != 1 or known[missing + axis] == 1
    ]
    value = x if len(axes) == x.ndim else dimshuffle(x, *axes)
    result: Variable = Alloc(tuple(missing + axis for axis in axes), known)(value, lengths)
    return result


def full(shape: Any, value: Operand, dtype: Any = None, ndim: int | None = None) -> Variable:
    """A tensor of a shape, filled with a value that broadcasts to it; of the value's dtype by default."""
    filled = as_variable(value) if dtype is None else cast(value, dtype)
    return broadcast_to(filled, shape, ndim)


def zeros(shape: Any, dtype: Any = None, ndim: int | None = None) -> Variable:
    """Zeros of a shape.

    Parameters
    ----------
    shape : int, sequence of (int or integer scalar variable), or integer vector
        The sizes; those that are written as numbers are known, so that a 1 broadcasts.
    dtype : str, optional
        ``floatX`` by default.
    ndim : int, optional
        The number of dimensions, needed where ``shape`` is a vector of unknown length.

    Raises
    ------
    ShapeError
        For a negative size; when run, where it is known only then.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.zeros((3, sc.lscalar("n"), 1)).type
    TensorType(float64[3,?,1])
    """
    return full(shape, Constant(np.zeros((), dtype_name(dtype))), None, ndim)


def ones(shape: Any, dtype: Any = None, ndim: int | None = None) -> Variable:
    """Ones of a shape; parameters, dtype and errors as of ``zeros``."""
    return full(shape, Constant(np.ones((), dtype_name(dtype))), None, ndim)


def empty(shape: Any, dtype: Any = None, ndim: int | None = None) -> Variable:
    """A tensor of a shape of which nothing is promised but the dtype; it holds zeros."""
    return zeros(shape, dtype, ndim)


def full_like(x: Operand, value: Operand, dtype: Any = None) -> Variable:
    """A tensor of the shape and dtype of ``x`` filled with a value that broadcasts to it."""
    x = as_variable(x)
    return second(x, cast(value, x.dtype if dtype is None else dtype))


def fill(x: Operand, value: Operand) -> Variable:
    """A tensor of the shape of ``x`` filled with a value, whose dtype it has; numbers take that of ``x``."""
    return second(x, value)


def empty_like(x: Operand, dtype: Any = None) -> Variable:
    """A tensor of the shape of ``x`` of which nothing is promised but the dtype; it holds zeros."""
    return zeros_like(x, dtype)


# Ranges


def arange(start: Operand, stop: Operand = None, step: Operand = 1, dtype: Any = None) -> Variable:
    """The numbers start, start + step, ... that do not reach stop.

    Parameters
    ----------
    start, stop, step : scalar variable or number
        With one argument it is the stop, and the start 0.
    dtype : str, optional
        By default int64 for integers; else that of the floating arguments, ``floatX`` for Python's own.

    Returns
    -------
    Variable
        A vector of ceil((stop - start) / step) elements. The gradient flows to the start and the step of
        floating ranges.

    Raises
    ------
    ShapeError
        For a step that is 0.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.arange(2, 11, 3).eval()
    array([2, 5, 8])
    """
    if stop is None:
        start, stop = 0, start
    bounds = [as_variable(value) for value in (start, stop, step)]
    if dtype is not None:
        name = dtype_name(dtype)
    elif all(bound.type.is_discrete for bound in bounds):
        name = "int64"
    else:
        given = [
            variable.dtype
            for variable, value in zip(bounds, (start, stop, step), strict=True)
            if not isinstance(value, bool | int | float)
        ]
        floats = any(np.dtype(one).kind not in "biu" for one in given)
        name = common_dtype(tuple(given)) if floats else current().floatX
    result: Variable = Arange(name)(*bounds)
    return result


def linspace(
    start: Operand, stop: Operand, num: Operand = 50, endpoint: bool = True, dtype: Any = None
) -> Variable:
    """``num`` numbers evenly apart from start to stop, or up to the step before it.

    Parameters
    ----------
    start, stop : scalar variable or number
    num : int or integer scalar variable
    endpoint : bool
        Whether the last number is ``stop`` itself.
    dtype : str, optional
        By default that of start and stop where floating, else ``floatX``.
    """
    first, last, count = as_variable(start), as_variable(stop), as_variable(num)
    if not count.type.is_discrete or count.ndim:
        raise DTypeError(
            "linspace needs an integer number of elements", arguments=[("num", count.type)], where=here()
        )
    check_count(count, "linspace")
    known = common_dtype((first.dtype, last.dtype))
    name = dtype_name(dtype) if dtype is not None else known if known[0] == "f" else current().floatX
    inner = name if name[0] == "f" else "float64"
    first, last = cast(first, inner), cast(last, inner)
    index = arange(count)
    steps = cast(maximum(count - 1 if endpoint else count, 1), inner)
    numbers = first + cast(index, inner) * ((last - first) / steps)
    if endpoint:
        numbers = switch(eq(index, maximum(count - 1, 1)), last, numbers)
    return cast(numbers, name)


METHODS.update(fill=fill, ones_like=ones_like, zeros_like=zeros_like)

__all__ = [
    "alloc", "arange", "broadcast_to", "empty", "empty_like", "fill", "full", "full_like", "linspace",
    "ones", "zeros",
]  # fmt: skip
