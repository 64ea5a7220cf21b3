"""Choosing elements by position or condition: take, choose, nonzero, where; imports its neighbours."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from symconv.errors import ArgumentError, DTypeError, IndexingError, OptionError, RankError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Gradients, Op, argument, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.elemwise_rows import cast, eq, maximum, minimum, mod, switch
from symconv.ops.index.advanced import Nonzero, Positions
from symconv.ops.index.basic import applied
from symconv.ops.index.functions import getitem
from symconv.ops.shape import flatten, normalised_axis, size_of

Mode = Literal["raise", "wrap", "clip"]


def take(x: Operand, indices: Operand, axis: int | None = None, mode: Mode = "raise") -> Variable:
    """Elements of ``x`` along an axis: ``x[:, indices]`` for axis 1.

    Parameters
    ----------
    x : variable or array_like
    indices : integer variable or array_like
        Of any rank; its axes stand where ``axis`` was.
    axis : int, optional
        Without one, ``x`` is flattened first.
    mode : {"raise", "wrap", "clip"}
        What happens to an index that is out of range: an error; it counts around; it becomes the nearest one
        that is in range (then negative ones become 0).

    Returns
    -------
    Variable
        ``set_subtensor`` and ``inc_subtensor`` write where it points.

    Raises
    ------
    IndexingError
        For an index out of range, where ``mode`` is "raise".

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dmatrix("x")
    >>> sc.take(x, [[0, 1], [1, 0]], axis=1).type
    TensorType(float64[?,2,2])
    """
    x = as_variable(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = normalised_axis(axis, x)
    positions = in_range(_integers(indices, "indices"), size_of(x, axis), mode)
    return getitem(x, (slice(None),) * axis + (positions,))


def take_along_axis(x: Operand, indices: Operand, axis: int | None = -1) -> Variable:
    """For each place of ``indices`` the element of ``x`` at that position along an axis.

    Parameters
    ----------
    x : variable or array_like
    indices : integer variable or array_like
        Of the rank of ``x``; the other axes have its sizes, or 1 on either side.
    axis : int or None
        None flattens both first.

    Returns
    -------
    Variable
        ``result[i, j] = x[indices[i, j], j]`` for axis 0 of a matrix.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dmatrix("x")
    >>> sc.take_along_axis(x, [[0], [1]], axis=1).eval({x: [[1.0, 2.0], [3.0, 4.0]]})
    array([[1.],
           [4.]])
    """
    x, positions = as_variable(x), _integers(indices, "indices")
    if axis is None:
        x, positions, axis = flatten(x), flatten(positions), 0
    axis = normalised_axis(axis, x)
    if positions.ndim != x.ndim:
        raise RankError(
            f"take_along_axis needs indices of {x.ndim} dimensions, got {positions.ndim}",
            arguments=[("x", x.type), ("indices", positions.type)],
            where=here(),
            hint="give the indices axes of size 1, or use take",
        )
    key = [positions if a == axis else applied(Positions(a), x) for a in range(x.ndim)]
    return getitem(x, tuple(key))


def in_range(positions: Variable, size: Variable, mode: Mode) -> Variable:
    """Positions as an index of an axis: those out of range treated as the mode says.

    Raises
    ------
    OptionError
        For a mode that does not exist.
    """
    if mode == "raise":
        return positions
    positions = cast(positions, "int64")
    if mode == "wrap":
        return mod(positions, size)
    if mode == "clip":
        return maximum(0, minimum(positions, size - 1))
    raise OptionError(
        f"mode cannot be {mode!r}", where=here(), hint="choose one of 'raise', 'wrap', 'clip'"
    )


def _integers(value: Operand, name: str) -> Variable:
    """An integer variable; an empty list counts as integers."""
    if isinstance(value, list | tuple) and not isinstance(value, Variable) and np.size(value) == 0:
        value = np.zeros(np.shape(value), "int64")
    variable = as_variable(value)
    if variable.dtype[0] not in "iu":
        raise DTypeError(
            f"{name} must be integers, got {variable.dtype}",
            arguments=[(name, variable.type)],
            where=here(),
            hint="convert them with cast, or index by a mask: x[mask]",
        )
    return variable


# Choosing among tensors


@frozen
class Checked(Op):
    """Integers as they are, if all are in 0 to ``count`` - 1.

    Attributes
    ----------
    count : int
        How many values are allowed.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("index",)
    count: int

    def out_types(self, x: TensorType) -> TensorType:
        return x.with_value(None)

    def perform(self, x: Array) -> Array:
        if x.size and not (0 <= x.min() and x.max() < self.count):
            wrong = x[(x < 0) | (x >= self.count)].flat[0]
            raise IndexingError(
                f"there is no choice {wrong} among {self.count}",
                hint=f"choices go from 0 to {self.count - 1}",
            )
        return x

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]


def choose(index: Operand, choices: Operand | Sequence[Operand], mode: Mode = "raise") -> Variable:
    """For each place the element of the choice that ``index`` names there.

    Parameters
    ----------
    index : integer variable or array_like
    choices : sequence of variables, or a tensor of them along its first axis
        They broadcast with each other and with ``index``.
    mode : {"raise", "wrap", "clip"}
        What happens to an index that is out of range, as in ``take``.

    Returns
    -------
    Variable
        ``result[i, j] = choices[index[i, j]][i, j]``.

    Raises
    ------
    IndexingError
        For a negative index or one that is too large, where ``mode`` is "raise".

    Examples
    --------
    >>> import symconv as sc
    >>> i, x = sc.lvector("i"), sc.dvector("x")
    >>> sc.choose(i, [x, -x]).eval({i: [0, 1, 0], x: [1.0, 2.0, 3.0]})
    array([ 1., -2.,  3.])
    """
    index = _integers(index, "index")
    if isinstance(choices, Variable | np.ndarray):
        tensor = as_variable(choices)
        if tensor.ndim == 0:
            raise RankError("choose needs choices along an axis, got a scalar", where=here())
        count = tensor.type.shape[0]
        if count is None:
            raise ArgumentError(
                "choose needs to know how many choices there are",
                arguments=[("choices", tensor.type)],
                where=here(),
                hint="promise it with specify_shape, or use take_along_axis",
            )
        choices = [tensor[position] for position in range(count)]
    listed = [as_variable(choice) for choice in choices]
    if not listed:
        raise ArgumentError("choose needs at least one choice", where=here())
    count = len(listed)
    position = in_range(index, as_variable(count), mode)
    if mode == "raise":
        position = applied(Checked(count), position)
    result = listed[-1]
    for number in range(count - 2, -1, -1):
        result = switch(eq(position, number), listed[number], result)
    return result if count > 1 else switch(eq(position, 0), result, result)


def compress(condition: Operand, x: Operand, axis: int | None = None) -> Variable:
    """The slices of ``x`` along an axis for which a condition holds.

    Parameters
    ----------
    condition : vector of bool, or what counts as such
        May be shorter than the axis: what it does not reach is left out.
    x : variable or array_like
    axis : int, optional
        Without one, ``x`` is flattened first.

    Returns
    -------
    Variable
    """
    condition = as_variable(condition)
    if condition.ndim != 1:
        raise RankError(
            f"compress needs a vector as condition, got {condition.ndim} dimensions",
            arguments=[("condition", condition.type)],
            where=here(),
        )
    return take(x, flatnonzero(condition), axis)


# Where something holds


def nonzero(x: Operand, return_matrix: bool = False) -> Any:
    """The positions of the elements that are not 0, in C order.

    Parameters
    ----------
    x : variable or array_like
        Of at least one dimension.
    return_matrix : bool
        Whether to stack them: int64[ndim, count].

    Returns
    -------
    tuple of Variable, or Variable
        For each axis of ``x`` an int64 vector. ``y[x.nonzero()]`` is ``y[neq(x, 0)]``.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dmatrix("x")
    >>> rows, columns = x.nonzero()
    >>> columns.eval({x: [[0.0, 5.0], [7.0, 0.0]]})
    array([1, 0])
    """
    positions = Nonzero().apply(as_variable(x)).outputs
    if not return_matrix:
        return positions
    rows = [row.dimshuffle("x", 0) for row in positions]
    return choose(np.arange(len(rows))[:, None], rows, mode="clip")


def flatnonzero(x: Operand) -> Variable:
    """The positions of the elements of flattened ``x`` that are not 0, int64[count]."""
    (positions,) = nonzero(flatten(x))
    result: Variable = positions
    return result


def nonzero_values(x: Operand) -> Variable:
    """The elements of ``x`` that are not 0, in C order, as a vector."""
    flat = flatten(x)
    return getitem(flat, flatnonzero(flat))


def where(condition: Operand, *choices: Operand) -> Any:
    """``where(condition, a, b)`` chooses between two tensors; ``where(condition)`` is ``nonzero(condition)``.

    Parameters
    ----------
    condition : variable or array_like
    *choices : variable or array_like
        Two, or none. They broadcast with the condition.

    Returns
    -------
    Variable, or tuple of Variable
        ``a`` where the condition is not 0, else ``b``; or the positions where it is not 0.
    """
    if len(choices) not in (0, 2):
        raise ArgumentError(
            f"where takes a condition, or a condition and two choices, got {1 + len(choices)} arguments",
            arguments=[argument(f"argument {n}", value) for n, value in enumerate((condition, *choices))],
            where=here(),
            hint="where(condition, a, b)",
        )
    return switch(condition, *choices) if choices else nonzero(condition)


METHODS.update(
    take=take, choose=choose, nonzero=nonzero, nonzero_values=nonzero_values,
    compress=lambda x, condition, axis=None: compress(condition, x, axis),
)  # fmt: skip
