"""Sums, products and differences along an axis; imports ops of axes, indexing and joining.

    Cumulate    sums or products of all elements so far
    Recurrence  s[i] = b[i] + a[i] s[i-1]: what the gradient of products is made of
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from symconv.errors import OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.axes import normalised_axis
from symconv.ops.elemwise_rows import neq, ones_like, zeros_like
from symconv.ops.index.functions import getitem
from symconv.ops.join import join
from symconv.ops.shape import flatten

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


@frozen
class Cumulate(Op):
    """The sums or products of all elements so far along an axis.

    Attributes
    ----------
    kind : {"add", "multiply"}
        The ufunc that combines them.
    axis : int
        The axis, from 0.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    kind: Literal["add", "multiply"]
    axis: int

    def out_types(self, x: TensorType) -> TensorType:
        if not 0 <= self.axis < x.ndim:
            raise RankError(f"{self.label} along axis {self.axis} of {x.ndim} dimensions")
        room = {"b": "int64", "i": "int64", "u": "uint64"}
        kind = np.dtype(x.dtype).kind
        return TensorType(room.get(kind, x.dtype), x.shape)

    def perform(self, x: Array) -> Array:
        dtype = self.out_types(TensorType(x.dtype.name, x.shape)).dtype
        inner = "float32" if dtype == "float16" else dtype
        with np.errstate(all="ignore"):
            return np.asarray(getattr(np, self.kind).accumulate(x, self.axis, inner)).astype(dtype)

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """The ufunc's own accumulation."""
        (x,), (out,) = inputs, outputs
        if out.dtype == "float16":
            k.perform(self, inputs, outputs)
        else:
            k.call(f"{self.kind}.accumulate", x, out=out, axis=self.axis, dtype=f"np.{out.dtype}")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (x,), gradient = inputs, gradients[0]
        if gradient is None or x.type.is_discrete:
            return [None]
        if self.kind == "add":
            return [_reversed(Cumulate("add", self.axis)(_reversed(gradient, self.axis)), self.axis)]
        # Without a division, so that it holds where factors are 0: the product of all factors before x[i],
        # times g[i] + x[i+1] (g[i+1] + x[i+2] (...)).
        return [_shifted(outputs[0], self.axis, ones=True) * _backward(x, gradient, self.axis)]

    @property
    def label(self) -> str:
        """cumsum or cumprod."""
        return "cumsum" if self.kind == "add" else "cumprod"

    @property
    def details(self) -> tuple[str, ...]:
        """The axis."""
        return (f"axis={self.axis}",)


@frozen
class Recurrence(Op):
    """s[0] = b[0], s[i] = b[i] + a[i] s[i-1] along an axis; a[0] has no influence.

    Attributes
    ----------
    axis : int
        The axis, from 0.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("a", "b")
    axis: int

    def out_types(self, a: TensorType, b: TensorType) -> TensorType:
        if a.ndim != b.ndim or a.dtype != b.dtype or not 0 <= self.axis < b.ndim:
            raise RankError(f"a recurrence along axis {self.axis} of {a} and {b}")
        for first, other in zip(a.shape, b.shape, strict=True):
            if first != other and None not in (first, other):
                raise ShapeError(f"a recurrence of sizes {a.shape} and {b.shape}")
        sizes = (one if other is None else other for one, other in zip(a.shape, b.shape, strict=True))
        return b.with_shape(sizes)

    def perform(self, a: Array, b: Array) -> Array:
        result = b.copy()
        factors, sums = np.moveaxis(a, self.axis, 0), np.moveaxis(result, self.axis, 0)
        with np.errstate(all="ignore"):
            for position in range(1, len(sums)):
                sums[position] += factors[position] * sums[position - 1]
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (a, _), gradient = inputs, gradients[0]
        if gradient is None:
            return [None, None]
        by_b = _backward(a, gradient, self.axis)
        return [by_b * _shifted(outputs[0], self.axis, ones=False), by_b]


def _at(axis: int, part: slice) -> tuple[slice, ...]:
    return (slice(None),) * axis + (part,)


def _reversed(x: Variable, axis: int) -> Variable:
    return getitem(x, _at(axis, slice(None, None, -1)))


def _shifted(x: Variable, axis: int, ones: bool) -> Variable:
    """For each element the one before it; zero, or one, for the first."""
    first = getitem(x, _at(axis, slice(0, 1)))
    rest = getitem(x, _at(axis, slice(None, -1)))
    return join(axis, ones_like(first) if ones else zeros_like(first), rest)


def _backward(a: Variable, g: Variable, axis: int) -> Variable:
    """r[i] = g[i] + a[i+1] r[i+1]: the same recurrence from the other end."""
    factors = _shifted(_reversed(a, axis), axis, ones=False)
    return _reversed(Recurrence(axis)(factors, _reversed(g, axis)), axis)


def _product_of_others(x: Variable, axes: Sequence[int]) -> Variable:
    """For each element the product of all others along axes: without division, and so right beside zeros.

    Along one axis those before times those after; then times the products of all other lines of that axis.
    """
    result = ones_like(x)
    for number, axis in enumerate(axes):
        before = cumprod(_shifted(x, axis, ones=True), axis)
        after = _reversed(cumprod(_shifted(_reversed(x, axis), axis, ones=True), axis), axis)
        result = before * after if number == 0 else result * (before * after)
        x = x.prod(axis=axis, keepdims=True)
    return result


def _cumulated(kind: Literal["add", "multiply"], x: Operand, axis: int | None) -> Variable:
    x = as_variable(x)
    if axis is None:
        x, axis = flatten(x), 0
    result: Variable = Cumulate(kind, normalised_axis(axis, x))(x)
    return result


def cumsum(x: Operand, axis: int | None = None) -> Variable:
    """The sums of all elements so far along an axis, or of the flat tensor.

    Parameters
    ----------
    x : variable or array_like
    axis : int, optional

    Returns
    -------
    Variable
        int64 or uint64 for booleans and integers, the dtype of ``x`` otherwise.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.cumsum([1.0, 2.0, 3.0]).eval()
    array([1., 3., 6.])
    """
    return _cumulated("add", x, axis)


def cumprod(x: Operand, axis: int | None = None) -> Variable:
    """The products of all elements so far; parameters and dtypes as of ``cumsum``.

    The gradient, of any order, is right where elements are 0.
    """
    return _cumulated("multiply", x, axis)


def diff(x: Operand, n: int = 1, axis: int = -1) -> Variable:
    """The differences of neighbours along an axis, ``n`` times.

    Parameters
    ----------
    x : variable or array_like
        Of booleans it says where neighbours differ.
    n : int
        0 or more.
    axis : int

    Raises
    ------
    OptionError
        For a negative ``n``.
    """
    result: Variable = as_variable(x)
    along = normalised_axis(axis, result)
    if not hasattr(n, "__index__") or n.__index__() < 0:
        raise OptionError(f"diff takes differences n >= 0 times, got n={n!r}", where=here())
    for _ in range(n.__index__()):
        after, before = (getitem(result, _at(along, part)) for part in (slice(1, None), slice(None, -1)))
        result = neq(after, before) if result.dtype == "bool" else after - before
    return result


METHODS.update(cumsum=cumsum, cumprod=cumprod, _product_of_others=_product_of_others)

__all__ = ["cumprod", "cumsum", "diff"]
