"""What every elementwise op has in common: a row of facts and the op that reads it; imports graph, dtypes.

    Elemwise  = Row
    Row       = name, operands, formula, dtype rule, emission, meaning, gradient
    emission  = the NumPy ufunc that is called | steps, a function that records several calls

All elementwise functions are rows of one table (symconv.ops.elemwise_rows). A new one is one more row:
typing, printing, fusion, emission, its gradient and its tests follow from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from functools import lru_cache
from inspect import Parameter, Signature
from typing import Any, ClassVar

import numpy as np

from symconv.config import current
from symconv.errors import ArgumentError, DTypeError, SymconvError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Operand, Variable, constant
from symconv.graph.op import Gradients, Op, Role, argument, as_tuple, as_variable, weak_constant
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType, broadcast
from symconv.ops.dtypes import DTypeRule, Loop, compared


@frozen(repr=False)
class Row:
    """What there is to know about one elementwise function; rows are equal if their names are.

    Attributes
    ----------
    name : str
        Its name in symconv.
    operands : tuple of str
        Names of the operands.
    formula : str
        What it computes, for people.
    dtypes : callable
        The rule that gives a ``Loop`` from the row and the operands' dtypes.
    ufunc : str or None
        Name of the NumPy ufunc that is the function.
    steps : callable or None
        Where no ufunc is: ``steps(u, *operands)`` records calls ``u.<ufunc>(...)``, ``u.where(c, a, b)`` and
        ``u.cast(x, dtype)`` and returns the last result. It may return an operand itself, which may then be
        smaller than the broadcast shape.
    meaning : callable
        The same on arrays, as plainly as possible; gets operands in the dtypes of the ``Loop``.
    gradient : callable or None
        ``gradient(*operands, result, g)`` gives one term per operand, before broadcasting is undone, or
        None for an operand that has no derivative. None as a whole: the derivative is zero everywhere.
    trivial : callable or None
        Whether, for an operand of this type, the result is the operand itself.
    weak_from : int
        Operands before this position do not decide the dtype of Python numbers among the others.
    ignores : tuple of int
        Operands of which only the shape matters, not the values.
    hint : str
        What to do about a dtype that the function does not take.
    note : str
        Conventions worth stating in the documentation.
    infix : str
        The sign between (or before) the operands, where Python has one.
    """

    name: str
    operands: tuple[str, ...] = field(compare=False)
    formula: str = field(compare=False)
    dtypes: DTypeRule = field(compare=False)
    ufunc: str | None = field(compare=False)
    steps: Callable[..., Any] | None = field(compare=False)
    meaning: Callable[..., Any] = field(compare=False)
    gradient: Callable[..., Any] | None = field(default=None, compare=False)
    trivial: Callable[[TensorType], bool] | None = field(default=None, compare=False)
    weak_from: int = field(default=0, compare=False)
    ignores: tuple[int, ...] = field(default=(), compare=False)
    hint: str = field(default="", compare=False)
    note: str = field(default="", compare=False)
    infix: str = field(default="", compare=False)

    @property
    def arity(self) -> int:
        """Number of operands."""
        return len(self.operands)

    def loop(self, dtypes: tuple[str, ...]) -> Loop:
        """The dtypes that operands of ``dtypes`` are computed in."""
        return _loop(self, dtypes)

    def emit(self, u: Any, *operands: Any) -> Any:
        """Record the calls that compute the function of tile values or Python numbers with ``u``."""
        if self.steps is not None:
            return self.steps(u, *operands)
        assert self.ufunc is not None
        return getattr(u, self.ufunc)(*operands)

    def refuse(self, dtypes: Sequence[str]) -> DTypeError:
        """The error for dtypes that the function does not take."""
        hint = self.hint or "convert the operands with cast(x, dtype)"
        return DTypeError(f"{self.name} is not defined for {', '.join(dtypes)}", hint=hint)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        if ROWS.get(self.name) is self:
            return row_named, (self.name,)
        return super().__reduce__()


ROWS: dict[str, Row] = {}
"""All rows by name: the table as data, for documentation and tests."""


def row_named(name: str) -> Row:
    """The row of the table with this name."""
    if name.startswith("cast{"):
        return cast_row(name[len("cast{") : -1])
    return ROWS[name]


@lru_cache(maxsize=4096)
def _loop(row: Row, dtypes: tuple[str, ...]) -> Loop:
    return row.dtypes(row, dtypes)


# The op

COMMUTATIVE = frozenset((
    "add", "mul", "maximum", "minimum", "eq", "neq", "and_", "or_", "xor",
    "logical_and", "logical_or", "logical_xor",
))  # fmt: skip

_NUMBERS = (bool, int, float, complex)


@frozen(repr=False)
class Elemwise(Op):
    """An elementwise function of tensors that broadcast, as its row says.

    Dimensions that are known to be 1 are stretched, and missing leading dimensions count as 1; a dimension
    of unknown size is never stretched. Python numbers adapt to the dtypes of the tensors beside them.

    Attributes
    ----------
    row : Row
        The function.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.fmatrix("x")
    >>> (sc.tanh(x) + 1).type
    TensorType(float32[?,?])
    """

    role: ClassVar[Role] = "elementwise"
    core_ndim: ClassVar[int | None] = 0
    row: Row

    def __post_init__(self) -> None:
        attributes = {
            "argument_names": self.row.operands,
            "commutative": self.row.name in COMMUTATIVE,
            "infix": self.row.infix,
            "__name__": self.row.name,
        }
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What the row says, for ``help``."""
        return _documentation(self.row)

    @property
    def __signature__(self) -> Signature:
        return Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in self.row.operands])

    def __reduce__(self) -> Any:
        return Elemwise, (self.row,)

    def __call__(self, *operands: Operand) -> Variable:
        """Apply the function to variables, arrays and numbers."""
        if len(operands) != self.row.arity:
            raise ArgumentError(
                f"{self.row.name} takes {self.row.arity} operands, got {len(operands)}",
                arguments=[argument(f"operand {place}", value) for place, value in enumerate(operands)],
                where=here(),
                hint=f"{self.row.name}({', '.join(self.row.operands)})",
            )
        try:
            variables = _as_operands(self.row, operands)
        except SymconvError as error:
            pairs = zip(self.row.operands, operands, strict=True)
            error.arguments = error.arguments or tuple(argument(name, value) for name, value in pairs)
            raise
        if self.row.trivial is not None and self.row.trivial(variables[0].type):
            return variables[0]
        return self.apply(*variables).outputs[0]

    def out_types(self, *types: TensorType) -> TensorType:
        """The broadcast shape, and the dtype of the row's rule."""
        loop = self.row.loop(tuple(type.dtype for type in types))
        return TensorType(loop.result, broadcast([type.shape for type in types]))

    def perform(self, *arrays: Array) -> Array:
        """The row's meaning; NaN and infinity flow without warnings."""
        loop = self.row.loop(tuple(array.dtype.name for array in arrays))
        with np.errstate(all="ignore"):
            operands = [
                array.astype(dtype, copy=False) for array, dtype in zip(arrays, loop.operands, strict=True)
            ]
            return np.asarray(self.row.meaning(*operands)).astype(loop.result, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        """The row's gradient, summed over what was broadcast; nothing for booleans and integers."""
        if gradients[0] is None or self.row.gradient is None:
            return [None] * len(inputs)
        terms = as_tuple(self.row.gradient(*inputs, outputs[0], gradients[0]))
        return [
            None if term is None or variable.type.is_discrete else sum_to(term, variable.type)
            for variable, term in zip(inputs, terms, strict=True)
        ]

    def fold(self, node: Apply) -> Variable | None:
        """What only copies vanishes: the identity, a cast to the same dtype, a ``second`` of equal shape."""
        source = node.inputs[-1]
        copies = self.row.name in ("identity", "second") or self.row.name.startswith("cast{")
        return source if copies and source.type == node.outputs[0].type and _covers(node) else None

    @property
    def label(self) -> str:
        """The row's name."""
        return self.row.name

    @property
    def details(self) -> tuple[str, ...]:
        """Nothing: the name says it all."""
        return ()

    def __repr__(self) -> str:
        return self.row.name


def _covers(node: Apply) -> bool:
    # The last operand must have the full size of the result. Sizes that are not known yet cannot be
    # stretched, so operands of equal types have equal sizes.
    shape = node.outputs[0].type.shape
    return all(variable.ndim == 0 or variable.type.shape == shape for variable in node.inputs)


def _as_operands(row: Row, values: Sequence[Operand]) -> list[Variable]:
    """The operands as variables; Python numbers take the dtype that goes with the others."""
    variables = [None if type(value) in _NUMBERS else as_variable(value) for value in values]
    dtypes = [variable.dtype for variable in variables[row.weak_from :] if variable is not None]
    numbers = [value for value, variable in zip(values, variables, strict=True) if variable is None]
    return [
        _number(row, value, dtypes, numbers) if variable is None else variable
        for value, variable in zip(values, variables, strict=True)
    ]


def _number(row: Row, value: Any, dtypes: list[str], numbers: list[Any]) -> Constant:
    if dtypes:
        try:
            return weak_constant(value, dtypes)
        except ArgumentError:
            if row.dtypes is compared:  # a comparison is right about any number
                return constant(value)
            raise
    # Numbers alone: as many bits as floatX has, if one of them is not an integer.
    if any(type(number) is complex for number in numbers):
        return constant(value, dtype="complex128" if current().floatX == "float64" else "complex64")
    has_float = any(type(number) is float for number in numbers)
    return constant(value, dtype=current().floatX if has_float else None)


def sum_to(gradient: Variable, type: TensorType) -> Variable:
    """A gradient summed over the axes along which an operand of ``type`` was stretched, in its dtype.

    Parameters
    ----------
    gradient : Variable
        Of the broadcast shape.
    type : TensorType
        Of the operand.

    Returns
    -------
    Variable
        Of the operand's rank, dtype and broadcast pattern.
    """
    missing = gradient.ndim - type.ndim
    stretched = [
        axis
        for axis, dim in enumerate(type.shape)
        if dim == 1 and gradient.type.shape[axis + missing] != 1
    ]
    axes = (*range(missing), *(axis + missing for axis in stretched))
    if axes:  # their size 1 stays: what goes back to the stretched shape can then join the kernel of the sum
        gradient = gradient.sum(axis=axes, keepdims=bool(stretched))
    if stretched and missing:
        gradient = gradient.dimshuffle(*range(missing, gradient.ndim))
    if gradient.type.is_complex and not type.is_complex:
        gradient = gradient.real()
    return gradient if gradient.dtype == type.dtype else gradient.astype(type.dtype)


def cast_row(dtype: str) -> Row:
    """The row of the conversion to a dtype, made when first used."""
    name = f"cast{{{dtype}}}"
    if name not in ROWS:
        ROWS[name] = Row(
            name,
            operands=("x",),
            formula=f"x converted to {dtype}",
            dtypes=_cast_loop,
            ufunc=None,
            steps=lambda u, x: u.cast(x, dtype),
            meaning=lambda x: x.astype(dtype),
            gradient=lambda x, z, g: g,
            hint="say which part you mean: real(x), imag(x) or abs(x)",
        )
    return ROWS[name]


def _cast_loop(row: Row, dtypes: tuple[str, ...]) -> Loop:
    dtype = row.name[len("cast{") : -1]
    if dtypes[0][0] == "c" and dtype[0] not in "cb":
        raise row.refuse(dtypes)
    return Loop(dtypes, dtype)


def _documentation(row: Row) -> str:
    rule = (row.dtypes.__doc__ or "").split("\n")[0]
    parts = [
        f"{row.name}({', '.join(row.operands)}) = {row.formula}, elementwise.",
        f"dtype of the result: {rule[:1].lower()}{rule[1:]}",
    ]
    if row.gradient is None:
        parts.append("Its derivative is zero: no gradient flows through it.")
    if row.note:
        parts.append(row.note)
    return "\n\n".join(parts)


__all__ = ["ROWS", "Elemwise", "Row", "cast_row", "row_named", "sum_to"]
