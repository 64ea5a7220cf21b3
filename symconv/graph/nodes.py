"""The nodes of a graph: variables, and the applications of ops that compute them; imports its neighbours.

    variable = input | constant | shared variable | an output of an apply
    apply    = op, inputs (variables), outputs (variables), origin (where the user wrote it)

A graph is acyclic and never changes: whoever rewrites makes new nodes. Variables are compared and hashed
by identity; their ``name`` may be set by the user at any time, as may attributes of the user's own.
"""

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, SupportsIndex

import numpy as np

from symconv.config import current
from symconv.errors import ArgumentError, DTypeError
from symconv.graph.operators import METHODS, UFUNCS, Dialect
from symconv.graph.origin import Origin, here
from symconv.graph.types import DTYPES, Array, TensorType, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from symconv.graph.op import Op

UNTRAVELLED = ("eval_functions",)  # attributes that no copy takes along: what can be made again
Operand = Any  # a Variable, a number, or what NumPy makes an array of


def operate(method: str, *operands: Operand) -> "Variable":
    """What the operator table says that a method means."""
    for operand in operands:
        if isinstance(operand, Variable) and operand.dialect is not None:
            dialect = operand.dialect
            result: Variable = dialect.adopt(dialect.function(method, depth=3)(*operands))
            return result
    result = METHODS[method](*operands)
    return result


class Variable:
    """A value that is not known yet: an input, or the output of an ``Apply``.

    Parameters
    ----------
    type : TensorType
        dtype and static shape.
    name : str, optional
        The user's name for it.

    Attributes
    ----------
    owner : Apply or None
        The application that computes it; None for inputs, constants and shared variables.
    index : int
        Which output of ``owner`` it is.
    made : Origin or None
        Where the user made it, for inputs.
    """

    made: Origin | None = None

    __array_priority__ = 1000.0
    dialect: ClassVar[Dialect | None] = None
    """Who else's operators and methods a user writes with it; that of what is computed from it, too."""

    def __init__(
        self, type: TensorType, name: str | None = None, owner: "Apply | None" = None, index: int = 0
    ) -> None:
        self.type = type
        self.name = name
        self.owner = owner
        self.index = index

    # What it is

    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self.type.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each dimension, whether it is known to be 1 and so may be stretched."""
        return self.type.broadcastable

    @property
    def origin(self) -> Origin | None:
        """Where the user wrote the expression that computes it."""
        return self.owner.origin if self.owner is not None else None

    def __str__(self) -> str:
        if self.name is not None:
            return str(self.name)
        if self.owner is None:
            return f"<{self.type}>"
        return f"{self.owner.op}.{self.index}"

    def __repr__(self) -> str:
        return f"{self}: {self.type}" if self.name is not None or self.owner is not None else str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from symconv.viz import mimebundle  # drawing is loaded when first used

        return mimebundle(self)

    def clone(self) -> "Variable":
        """An input of the same type and name, computed by nothing."""
        return Variable(self.type, self.name)

    # What it is not: a value

    def __bool__(self) -> bool:
        if self.dtype == "bool":
            raise DTypeError(
                "a symbolic condition has no truth value before it is computed",
                arguments=[(str(self), self.type)],
                where=here(),
                hint="choose between values with switch(condition, a, b)",
            )
        return True

    def _no_value(self, what: str) -> NoReturn:
        raise ArgumentError(
            f"a symbolic variable has no {what} before it is computed",
            arguments=[(str(self), self.type)],
            where=here(),
            hint="compute it with function([inputs], variable) or variable.eval({input: value})",
        )

    def __len__(self) -> int:
        self._no_value("length")

    def __float__(self) -> float:
        self._no_value("number")

    def __int__(self) -> int:
        self._no_value("number")

    def __iter__(self) -> "Iterator[Variable]":
        length = self.type.shape[0] if self.ndim else None
        if length is None:
            self._no_value("known number of elements to iterate over")
        return iter([self[position] for position in range(length)])

    def __contains__(self, value: Any) -> NoReturn:
        self._no_value("elements to compare with")

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise ArgumentError(
            "a symbolic variable cannot be assigned to",
            arguments=[(str(self), self.type)],
            where=here(),
            hint="make a new one: set_subtensor(x[index], y), or inc_subtensor",
        )

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._no_value("array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = UFUNCS.get(ufunc.__name__)
        if method != "__call__" or kwargs or function is None:
            raise ArgumentError(
                f"numpy.{ufunc.__name__} with these arguments has no symbolic counterpart",
                hint="use symconv's own functions on symbolic variables",
            )
        return function(*inputs)

    # Operators and methods, through the table

    def __add__(self, other: Operand) -> "Variable":
        return operate("__add__", self, other)

    def __radd__(self, other: Operand) -> "Variable":
        return operate("__add__", other, self)

    def __sub__(self, other: Operand) -> "Variable":
        return operate("__sub__", self, other)

    def __rsub__(self, other: Operand) -> "Variable":
        return operate("__sub__", other, self)

    def __mul__(self, other: Operand) -> "Variable":
        return operate("__mul__", self, other)

    def __rmul__(self, other: Operand) -> "Variable":
        return operate("__mul__", other, self)

    def __truediv__(self, other: Operand) -> "Variable":
        return operate("__truediv__", self, other)

    def __rtruediv__(self, other: Operand) -> "Variable":
        return operate("__truediv__", other, self)

    def __floordiv__(self, other: Operand) -> "Variable":
        return operate("__floordiv__", self, other)

    def __rfloordiv__(self, other: Operand) -> "Variable":
        return operate("__floordiv__", other, self)

    def __mod__(self, other: Operand) -> "Variable":
        return operate("__mod__", self, other)

    def __rmod__(self, other: Operand) -> "Variable":
        return operate("__mod__", other, self)

    def __divmod__(self, other: Operand) -> "tuple[Variable, Variable]":
        return self // other, self % other

    def __pow__(self, other: Operand) -> "Variable":
        return operate("__pow__", self, other)

    def __rpow__(self, other: Operand) -> "Variable":
        return operate("__pow__", other, self)

    def __matmul__(self, other: Operand) -> "Variable":
        return operate("__matmul__", self, other)

    def __rmatmul__(self, other: Operand) -> "Variable":
        return operate("__matmul__", other, self)

    def __and__(self, other: Operand) -> "Variable":
        return operate("__and__", self, other)

    def __rand__(self, other: Operand) -> "Variable":
        return operate("__and__", other, self)

    def __or__(self, other: Operand) -> "Variable":
        return operate("__or__", self, other)

    def __ror__(self, other: Operand) -> "Variable":
        return operate("__or__", other, self)

    def __xor__(self, other: Operand) -> "Variable":
        return operate("__xor__", self, other)

    def __rxor__(self, other: Operand) -> "Variable":
        return operate("__xor__", other, self)

    def __lshift__(self, other: Operand) -> "Variable":
        return operate("__lshift__", self, other)

    def __rlshift__(self, other: Operand) -> "Variable":
        return operate("__lshift__", other, self)

    def __rshift__(self, other: Operand) -> "Variable":
        return operate("__rshift__", self, other)

    def __rrshift__(self, other: Operand) -> "Variable":
        return operate("__rshift__", other, self)

    def __neg__(self) -> "Variable":
        return operate("__neg__", self)

    def __pos__(self) -> "Variable":
        return self

    def __abs__(self) -> "Variable":
        return operate("__abs__", self)

    def __invert__(self) -> "Variable":
        return operate("__invert__", self)

    def __lt__(self, other: Operand) -> "Variable":
        return operate("__lt__", self, other)

    def __le__(self, other: Operand) -> "Variable":
        return operate("__le__", self, other)

    def __gt__(self, other: Operand) -> "Variable":
        return operate("__gt__", self, other)

    def __ge__(self, other: Operand) -> "Variable":
        return operate("__ge__", self, other)

    def __getitem__(self, index: Any) -> "Variable":
        return operate("__getitem__", self, index)

    @property
    def T(self) -> "Variable":
        """The transpose: all axes reversed."""
        return operate("transpose", self)

    @property
    def shape(self) -> "Variable":
        """The sizes as an int64 vector."""
        return operate("shape", self)

    @property
    def size(self) -> "Variable":
        """The number of elements as an int64 scalar."""
        return operate("size", self)

    def __getattr__(self, name: str) -> Any:
        # Every other method (x.sum(), x.dimshuffle(...), x.tanh()) is a function of the operator table.
        if name.startswith("_") or name not in (METHODS if self.dialect is None else self.dialect):
            raise AttributeError(f"a symbolic variable has no attribute {name!r}")
        function = METHODS[name] if self.dialect is None else self.dialect.function(name, depth=2)

        def method(*args: Any, **kwargs: Any) -> Any:
            result = function(self, *args, **kwargs)
            return result if self.dialect is None else self.dialect.adopt(result)

        method.__name__ = name
        method.__doc__ = function.__doc__
        return method

    def eval(self, inputs: "Mapping[Variable, Any] | None" = None) -> Any:
        """The value of the expression for values of its inputs; see ``symconv.compile.function.evaluate``."""
        from symconv.compile.function import evaluate  # the compiler is loaded when first used

        return evaluate(self, inputs)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in METHODS if not name.startswith("_"))]

    # Copies and pickles go through a flat list of nodes (symconv.graph.flat), however deep the graph

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        from symconv.graph.flat import freeze, thaw_one  # flat builds nodes and so comes after them

        if self.owner is None:
            return super().__reduce_ex__(protocol)
        return thaw_one, (freeze([self]),)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in UNTRAVELLED}


class Constant(Variable):
    """A value known while the graph is built.

    Parameters
    ----------
    data : ndarray
        The value; kept read-only.
    """

    def __init__(self, data: Array, name: str | None = None) -> None:
        data = np.array(data, order="C")
        data.flags.writeable = False
        super().__init__(type_of(data), name)
        self.data = data

    def clone(self) -> "Constant":
        """Another constant of the same value."""
        return Constant(self.data, self.name)

    def __str__(self) -> str:
        if self.name is not None:
            return str(self.name)
        if self.data.ndim == 0:
            return repr(self.data.item())
        if self.data.size <= 6:
            return np.array2string(self.data, separator=", ").replace("\n", "")
        return f"<constant {self.type}>"


class Apply:
    """One application of an op to inputs.

    Attributes
    ----------
    op : Op
        What is computed.
    inputs, outputs : tuple of Variable
        From what, and what comes out.
    origin : Origin or None
        Where the user wrote it.
    """

    __slots__ = ("__weakref__", "inputs", "op", "origin", "outputs")

    def __init__(
        self,
        op: "Op",
        inputs: tuple[Variable, ...],
        types: tuple[TensorType, ...],
        origin: Origin | None = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.origin = here() if origin is None else origin
        kind: type[Variable] = Variable
        for variable in inputs:
            if variable.dialect is not None:
                kind = variable.dialect.variable
                if type(self) is Apply:
                    self.__class__ = variable.dialect.apply
                break
        self.outputs = tuple(kind(type, owner=self, index=index) for index, type in enumerate(types))

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.inputs))})"


def constant(value: Any, name: str | None = None, dtype: str | None = None) -> Constant:
    """A constant.

    Parameters
    ----------
    value : array_like
        The value; NumPy decides its dtype, but a Python float takes ``floatX``.
    name : str, optional
        A name for printing.
    dtype : str, optional
        The dtype to give it.

    Returns
    -------
    Constant

    Examples
    --------
    >>> constant([1, 2, 3]).type
    TensorType(int64[3])
    """
    if isinstance(value, Variable):
        raise ArgumentError(f"a constant needs a value, got the symbolic variable {value}")
    if dtype is None and type(value) is float:
        dtype = current().floatX
    array = np.asarray(value, dtype=dtype)
    if array.dtype.name not in DTYPES:
        raise DTypeError(
            f"a constant cannot hold {array.dtype} values (got {type(value).__name__})",
            where=here(),
            hint="the dtypes are " + ", ".join(DTYPES),
        )
    return Constant(array, name)


__all__ = ["Apply", "Constant", "Operand", "Variable", "constant"]
