"""Tensors put together and taken apart; imports ops of shapes and indexing.

    Join   tensors one after the other along an axis; each is written straight into its place
    Split  the parts of a tensor along an axis: its adjoint
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from symconv.errors import ArgumentError, DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.origin import here
from symconv.graph.types import Array, Dim, TensorType
from symconv.ops.axes import atleast_1d, atleast_2d, expand_dims, normalised_axis
from symconv.ops.dtypes import common_dtype
from symconv.ops.elemwise_rows import cast, zeros_like
from symconv.ops.index.functions import getitem
from symconv.ops.shape import size_of, specify_shape, stated_shape

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


@frozen
class Join(Op):
    """Tensors of one dtype and equal sizes along the other axes, one after the other along an axis.

    Attributes
    ----------
    axis : int
        The axis, from 0.
    """

    role: ClassVar[Role] = "anchor"
    axis: int

    def out_types(self, *parts: TensorType) -> TensorType:
        first = parts[0]
        sizes: list[Dim] = list(first.shape)
        for position, part in enumerate(parts):
            if part.ndim != first.ndim or part.dtype != first.dtype:
                kind = RankError if part.ndim != first.ndim else DTypeError
                raise kind(f"part {position} of a join is {part}, part 0 is {first}")
            for axis, size in enumerate(part.shape):
                if axis == self.axis or size is None:
                    continue
                if sizes[axis] not in (None, size):
                    raise ShapeError(
                        f"part {position} of a join along axis {self.axis} has size {size} "
                        f"along axis {axis}, those before it {sizes[axis]}",
                        hint="only along the joined axis may sizes differ",
                    )
                sizes[axis] = size
        along = [part.shape[self.axis] for part in parts]
        sizes[self.axis] = None if None in along else sum(size for size in along if size is not None)
        return first.with_shape(sizes)

    def perform(self, *parts: Array) -> Array:
        return np.concatenate(parts, self.axis)

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Each part is copied straight into its place, block by block of the first axis."""
        start = 0
        parts = [part for part in inputs if 0 not in part.shape]
        if not parts:
            at: Any = k.whole(outputs[0].ndim)
            tile = k.tile(at)
            k.fill(0, tile)
            k.epilogue(tile, at)
        for part in parts:
            sizes = [int(size) for size in part.shape]  # type: ignore[arg-type]
            each = 2 * np.dtype(part.dtype).itemsize * math.prod(sizes[1:])
            with k.blocks(k.axis(sizes[0], "start", "length"), bytes_each=each, calls=3) as (block,):
                offset = start if self.axis == 0 else 0
                at = [k.steps(offset + block.start, block.size, 1)]
                at += [slice(None)] * (part.ndim - 1)
                if self.axis:
                    at[self.axis] = k.steps(start, sizes[self.axis], 1)
                tile = k.tile(tuple(at))
                k.copy(part[block.slice], tile)
                k.epilogue(tile, tuple(at))
            start += sizes[self.axis]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        gradient = gradients[0]
        if gradient is None:
            return [None] * len(inputs)
        parts = _parts(gradient, [size_of(part, self.axis) for part in inputs], self.axis)
        return [
            part if part.type.shape == variable.type.shape else specify_shape(part, variable.type.shape)
            for part, variable in zip(parts, inputs, strict=True)
        ]

    def fold(self, node: Apply) -> Variable | None:
        """One part is the whole; parts without elements leave no trace."""
        axis = self.axis
        parts = [part for part in node.inputs if part.type.shape[axis] != 0]
        if len(parts) == len(node.inputs) > 1 or not parts:
            return None
        if len(parts) > 1:
            result = self.apply(*parts).outputs[0]
        else:
            result = parts[0]
        return result if result.type == node.outputs[0].type else None


@frozen
class Split(Op):
    """The parts of a tensor along an axis, one after the other.

    The inputs are the tensor and the sizes of the parts, an integer vector.

    Attributes
    ----------
    axis : int
        The axis, from 0.
    sizes : tuple of (int or None)
        What was known of the sizes when the expression was written.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "sizes")
    reads_values: ClassVar[tuple[int, ...]] = (1,)
    axis: int
    sizes: tuple[Dim, ...]

    def out_types(self, x: TensorType, sizes: TensorType) -> tuple[TensorType, ...]:
        lengths = self.sizes if sizes.value is None else tuple(map(int, sizes.value))
        if len(lengths) != len(self.sizes):
            raise ShapeError(f"split into {len(self.sizes)} parts got {len(lengths)} sizes")
        whole = x.shape[self.axis]
        total = sum(length for length in lengths if length is not None)
        if any(length is not None and length < 0 for length in lengths):
            raise ShapeError(f"split into parts of sizes {lengths}", hint="sizes must be 0 or more")
        if whole is not None and (total > whole or (None not in lengths and total != whole)):
            raise ShapeError(
                f"split axis {self.axis} of size {whole} into parts of sizes {lengths}, {total} in all",
                hint="the sizes must add up to that of the axis",
            )
        before, after = x.shape[: self.axis], x.shape[self.axis + 1 :]
        return tuple(x.with_shape((*before, length, *after)) for length in lengths)

    def perform(self, x: Array, sizes: Array) -> Any:
        parts = np.split(x, np.cumsum(sizes)[:-1], self.axis)
        return tuple(np.array(part) for part in parts)

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """A copy of each part."""
        start = 0
        for out in outputs:
            size = out.shape[self.axis]
            assert isinstance(size, int)
            k.copy(inputs[0][(slice(None),) * self.axis + (k.steps(start, size, 1),)], out)
            start += size

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        parts = [
            zeros_like(output) if gradient is None else gradient
            for output, gradient in zip(outputs, gradients, strict=True)
        ]
        return [join(self.axis, *parts), None]


def _parts(x: Variable, sizes: Sequence[Variable], axis: int) -> list[Variable]:
    """Views of parts of these sizes, one after the other along an axis."""
    parts = []
    start: Any = 0
    for size in sizes:
        length = int(size.data) if isinstance(size, Constant) else size
        parts.append(getitem(x, (slice(None),) * axis + (slice(start, start + length),)))
        start = start + length
    return parts


def join(axis: int, *tensors: Operand) -> Variable:
    """Tensors one after the other along an axis.

    Parameters
    ----------
    axis : int
        Counted from either end.
    *tensors : variable or array_like
        Of equal numbers of dimensions, at least 1, and equal sizes along all other axes.

    Returns
    -------
    Variable
        Of the dtype that NumPy promotes those of the tensors to.

    Raises
    ------
    RankError, ShapeError
        For scalars, an axis that does not exist, and sizes that differ; when run, where they do then.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.join(0, sc.dvector("a"), [1.0, 2.0]).type
    TensorType(float64[?])
    """
    if not tensors:
        raise ArgumentError(
            "a join needs at least one tensor", where=here(), hint="for no elements: zeros((0,))"
        )
    variables = [as_variable(tensor) for tensor in tensors]
    ndim = variables[0].ndim
    if any(variable.ndim != ndim for variable in variables) or ndim == 0:
        ranks = ", ".join(str(variable.ndim) for variable in variables)
        raise RankError(
            f"a join needs tensors of equal rank, 1 or more, got {ranks}",
            arguments=[(f"part {index}", variable.type) for index, variable in enumerate(variables)],
            where=here(),
            hint="stack(tensors) makes an axis for them" if ndim == 0 else "add axes with dimshuffle",
        )
    dtype = common_dtype(tuple(variable.dtype for variable in variables))
    along = normalised_axis(axis, variables[0])
    if len(variables) == 1:
        return variables[0]
    result: Variable = Join(along)(*(cast(variable, dtype) for variable in variables))
    return result


def concatenate(tensors: Sequence[Operand], axis: int = 0) -> Variable:
    """A sequence of tensors one after the other along an axis; as ``join``."""
    return join(axis, *_listed(tensors, "concatenate"))


def _listed(tensors: Any, what: str) -> list[Any]:
    if isinstance(tensors, Variable) or not isinstance(tensors, list | tuple | np.ndarray):
        raise ArgumentError(
            f"{what} needs a list or tuple of tensors, got {tensors!r}",
            where=here(),
            hint=f"{what}([x, y])",
        )
    return list(tensors)


def stack(tensors: Sequence[Operand], axis: int = 0) -> Variable:
    """Tensors of one shape next to each other along a new axis.

    Parameters
    ----------
    tensors : sequence of (variable or array_like)
    axis : int
        Where the new axis stands in the result.

    Raises
    ------
    RankError, ShapeError
        Where numbers of dimensions or sizes differ.

    Examples
    --------
    >>> import symconv as sc
    >>> sc.stack([sc.dvector("a"), sc.dvector("b")], axis=1).type
    TensorType(float64[?,2])
    """
    variables = [as_variable(tensor) for tensor in _listed(tensors, "stack")]
    if not variables:
        raise ArgumentError(
            "stack needs at least one tensor", where=here(), hint="for no elements: zeros((0,))"
        )
    along = normalised_axis(axis, variables[0].ndim + 1)
    if any(variable.ndim != variables[0].ndim for variable in variables):
        raise RankError(
            "stack needs tensors of equal rank",
            arguments=[(f"part {index}", variable.type) for index, variable in enumerate(variables)],
            where=here(),
        )
    return join(along, *(expand_dims(variable, along) for variable in variables))


def split(x: Operand, sizes: Any, n: int | None = None, axis: int = 0) -> list[Variable]:
    """The parts of a tensor along an axis.

    Parameters
    ----------
    x : variable or array_like
    sizes : sequence of (int or integer scalar variable), or integer vector
        The sizes of the parts; they add up to that of the axis.
    n : int, optional
        The number of parts, needed where ``sizes`` is a vector of unknown length.
    axis : int

    Returns
    -------
    list of Variable

    Raises
    ------
    ShapeError
        For sizes that are negative or do not add up; when run, where they are known only then.
    """
    x = as_variable(x)
    along = normalised_axis(axis, x)
    lengths, known = stated_shape(sizes, n)
    if None not in known:
        Split(along, known)(x, lengths)  # for its errors
        total = sum(size for size in known if size is not None)
        x = specify_shape(x, [total if index == along else None for index in range(x.ndim)])
        return _parts(x, [Constant(np.array(size, "int64")) for size in known], along)
    outputs = Split(along, known)(x, lengths)
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


def hstack(tensors: Sequence[Operand]) -> Variable:
    """Tensors next to each other along the second axis, vectors along their only one."""
    variables = [atleast_1d(tensor) for tensor in _listed(tensors, "hstack")]
    return concatenate(variables, 0 if variables and variables[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Operand]) -> Variable:
    """Tensors below each other along the first axis; vectors are rows."""
    return concatenate([atleast_2d(tensor) for tensor in _listed(tensors, "vstack")], 0)


__all__ = ["concatenate", "hstack", "join", "split", "stack", "vstack"]
