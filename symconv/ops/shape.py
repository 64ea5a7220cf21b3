"""Shapes: stating and changing them; imports axes and sizes, whose names are here too.

    Reshape       the same elements in another shape    a view of a contiguous array
    SpecifyShape  promises sizes                        a view
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from symconv.errors import RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType, type_of
from symconv.ops.axes import (
    DimShuffle,
    dimshuffle,
    expand_dims,
    normalised_axes,
    normalised_axis,
    shape_padaxis,
    shape_padleft,
    shape_padright,
    squeeze,
    swapaxes,
    transpose,
)
from symconv.ops.sizes import MakeVector, Shape, ShapeAt, count_of, shape, size_of, stated_shape

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


@frozen
class Reshape(Op):
    """The same elements, in C order, in another shape.

    The inputs are the tensor and its new shape, an integer vector in which one -1 stands for what is left.

    Attributes
    ----------
    sizes : tuple of (int or None)
        What was known of the new shape when the expression was written.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x", "shape")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    sizes: tuple[Dim, ...]

    def out_types(self, x: TensorType, shape: TensorType) -> TensorType:
        if shape.ndim != 1 or shape.dtype[0] not in "iu" or shape.shape[0] not in (None, len(self.sizes)):
            raise RankError(f"reshape to {len(self.sizes)} dimensions needs an integer vector of that length")
        if shape.value is None:
            return x.with_shape(self.sizes)
        sizes = resolved(tuple(map(int, shape.value)), x.shape)
        for known, size in zip(self.sizes, sizes, strict=True):
            if known is not None and size is not None and known != size:
                raise ShapeError(f"reshape to {_text(sizes)}, but {_text(self.sizes)} was expected")
        return x.with_shape(
            known if size is None else size for known, size in zip(self.sizes, sizes, strict=True)
        )

    def perform(self, x: Array, shape: Array) -> Array:
        return x.reshape([size or 0 for size in resolved(tuple(map(int, shape)), x.shape)])

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """A view where the input has no gaps, else of a copy that has none."""
        contiguous = k.contiguous(value)
        return contiguous.reshape(*shape) if shape else contiguous[(0,) * value.ndim]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        x, gradient = inputs[0], gradients[0]
        return [None if gradient is None else Reshape(x.type.shape)(gradient, shape(x)), None]

    def fold(self, node: Apply) -> Variable | None:
        """A reshape of a reshape is one; one to the shape that the input has already vanishes."""
        x, lengths = node.inputs
        old, new = x.type.shape, node.outputs[0].type.shape
        # With one size unknown and no size 0, the number of elements decides that size.
        if old == new and old.count(None) <= 1 and 0 not in old:
            return x
        if x.owner is not None and isinstance(x.owner.op, Reshape):
            return self.apply(x.owner.inputs[0], lengths).outputs[0]
        return None

    @property
    def label(self) -> str:
        """Op and new shape."""
        return "Reshape"

    @property
    def details(self) -> tuple[str, ...]:
        """What is known of the new shape."""
        return tuple("?" if size is None else str(size) for size in self.sizes)


def resolved(wanted: tuple[int, ...], old: Sequence[Dim]) -> tuple[Dim, ...]:
    """The sizes that a reshape to ``wanted``, where one may be -1, gives to an array of shape ``old``.

    Raises
    ------
    ShapeError
        Where the numbers of elements differ, or what -1 stands for is not defined.
    """
    texts = f"{_text(old)} to {_text(wanted)}"
    if any(size < -1 for size in wanted) or wanted.count(-1) > 1:
        raise ShapeError(f"cannot reshape {texts}", hint="sizes must be >= 0, but for one -1 at most")
    total = None if None in old else math.prod(size for size in old if size is not None)
    rest = math.prod(size for size in wanted if size != -1)
    if total is None:
        return tuple(None if size == -1 else size for size in wanted)
    if -1 not in wanted:
        if rest != total:
            raise ShapeError(
                f"cannot reshape {texts}: {total} elements are not {rest}",
                hint="one size may be -1, which is what the others leave",
            )
        return wanted
    if rest == 0 or total % rest:
        raise ShapeError(f"cannot reshape {texts}: no size for -1 makes {total} elements")
    return tuple(total // rest if size == -1 else size for size in wanted)


def _text(sizes: Sequence[Dim]) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in sizes) + ")"


@frozen
class SpecifyShape(Op):
    """Promise sizes, which are checked when the function runs.

    Attributes
    ----------
    sizes : tuple of (int or None)
        The sizes; None promises nothing.
    """

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    sizes: tuple[Dim, ...]

    def out_types(self, x: TensorType) -> TensorType:
        if x.ndim != len(self.sizes):
            raise RankError(
                f"the shape promised has {len(self.sizes)} dimensions, the tensor {x.ndim}",
                hint="a size for each dimension, None for those that are not promised",
            )
        for promised, size in zip(self.sizes, x.shape, strict=True):
            if promised is not None and size is not None and promised != size:
                raise ShapeError(
                    f"the shape promised is {_text(self.sizes)}, the shape is {_text(x.shape)}",
                    hint="promise None where a size may vary, or hand over what was promised",
                )
        return x.with_shape(
            size if promised is None else promised for promised, size in zip(self.sizes, x.shape, strict=True)
        )

    def perform(self, x: Array) -> Array:
        self.out_types(type_of(x))
        return x

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """The input itself: the promise was checked while planning."""
        return value

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [gradients[0]]

    def fold(self, node: Apply) -> Variable | None:
        """A promise of what is known vanishes."""
        return node.inputs[0] if node.inputs[0].type == node.outputs[0].type else None


def reshape(x: Operand, shape: Any, ndim: int | None = None) -> Variable:
    """The elements of ``x``, in C order, in another shape.

    Parameters
    ----------
    x : variable or array_like
    shape : int, sequence of (int or integer scalar variable), or integer vector
        The new sizes; one of them may be -1 and is then what is left.
    ndim : int, optional
        The number of dimensions, needed where ``shape`` is a vector of unknown length.

    Returns
    -------
    Variable

    Raises
    ------
    ShapeError
        Where the numbers of elements differ, as early as they are known.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.tensor("float64", (6, None)).reshape((2, 3, 1, -1)).type
    TensorType(float64[2,3,1,?])
    """
    lengths, known = stated_shape(shape, ndim)
    # What -1 stands for, the op finds where it can.
    result: Variable = Reshape(tuple(None if size == -1 else size for size in known))(x, lengths)
    return result


def flatten(x: Operand, ndim: int = 1) -> Variable:
    """The first ``ndim - 1`` axes as they are, all others made into one.

    Parameters
    ----------
    x : variable or array_like
    ndim : int
        The number of dimensions of the result, from 1 to that of ``x`` (1 for a scalar).

    Returns
    -------
    Variable
    """
    x = as_variable(x)
    if not 1 <= ndim <= max(x.ndim, 1):
        raise RankError(
            f"flatten to {ndim} dimensions of a tensor that has {x.ndim}",
            arguments=[("x", x.type)],
            where=here(),
            hint=f"choose 1 to {max(x.ndim, 1)}",
        )
    kept = range(ndim - 1)
    return reshape(x, [*(size_of(x, axis) for axis in kept), count_of(x, range(ndim - 1, x.ndim))])


def specify_shape(x: Operand, shape: Sequence[int | None]) -> Variable:
    """Promise sizes that are not known; the promise is checked when the function runs.

    Parameters
    ----------
    x : variable or array_like
    shape : sequence of (int or None)
        The sizes; None promises nothing.

    Returns
    -------
    Variable
        The same tensor, with those sizes known. A size of 1 may be broadcast from here on.

    Raises
    ------
    ShapeError
        Where a size is known to differ; when run, where it does differ.
    """
    result: Variable = SpecifyShape(tuple(shape))(as_variable(x))
    return result


def addbroadcast(x: Operand, *axes: int) -> Variable:
    """Promise that axes have size 1, so that they may be broadcast."""
    x = as_variable(x)
    ones = normalised_axes(axes, x)
    return specify_shape(x, [1 if axis in ones else None for axis in range(x.ndim)])


def unbroadcast(x: Operand, *axes: int) -> Variable:
    """Forget that axes have size 1, so that they do not broadcast: for a place that takes any size."""
    result: Variable = as_variable(x)
    forgotten = normalised_axes(axes, result)
    if any(result.type.shape[axis] == 1 for axis in forgotten):
        sizes = tuple(None if axis in forgotten else size for axis, size in enumerate(result.type.shape))
        # A reshape to its own sizes, whose type says less than it could.
        result = Apply(Reshape(sizes), (result, Shape()(result)), (result.type.with_shape(sizes),)).outputs[0]
    return result


def patternbroadcast(x: Operand, pattern: Sequence[bool]) -> Variable:
    """State for each axis whether it has size 1 and broadcasts; where it has not, running fails."""
    x = as_variable(x)
    if len(pattern) != x.ndim:
        raise RankError(f"a pattern of {len(pattern)} axes for a tensor of {x.ndim}", where=here())
    result = addbroadcast(x, *(axis for axis, one in enumerate(pattern) if one))
    return unbroadcast(result, *(axis for axis, one in enumerate(pattern) if not one))


def ravel(x: Operand) -> Variable:
    """All axes made into one."""
    return flatten(x)


METHODS.update(shape=shape, reshape=reshape, flatten=flatten, ravel=ravel, size=count_of)

__all__ = [
    "DimShuffle", "MakeVector", "Reshape", "Shape", "ShapeAt", "SpecifyShape", "addbroadcast", "count_of",
    "dimshuffle", "expand_dims", "flatten", "normalised_axes", "normalised_axis", "patternbroadcast", "ravel",
    "reshape", "resolved",
    "shape", "shape_padaxis", "shape_padleft", "shape_padright", "size_of", "specify_shape", "squeeze",
    "stated_shape", "swapaxes", "transpose", "unbroadcast",
]  # fmt: skip
