"""``theano.scalar.basic``: scalar types, functions by name, and classes for functions that programs define.

A scalar is a tensor without dimensions, so the functions are the elementwise ones; imports ``theano.tensor``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable, constant, upcast
from symconv.theano._variables import TensorType, TensorVariable
from symconv.theano.tensor import elemwise
from symconv.theano.tensor._elementwise import ElementwiseOf

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip


class Scalar(TensorType):
    """The type of single numbers of a dtype; calling it makes a variable."""

    def __init__(self, dtype: Any) -> None:
        super().__init__(dtype, ())


TYPES = {name: Scalar(name) for name in DTYPES}
FUNCTIONS = {
    name: getattr(elemwise, name) for name in elemwise.__all__ if name not in ("cast", "round", "where")
}
globals().update(TYPES)
globals().update(FUNCTIONS)
identity, cast, round_half_to_even = as_tensor_variable, elemwise.cast, elemwise.round

int_types = discrete_types = tuple(TYPES[name] for name in DTYPES if name[0] in "iu")
float_types = continuous_types = tuple(TYPES[name] for name in DTYPES if name[0] == "f")
complex_types = tuple(TYPES[name] for name in DTYPES if name[0] == "c")
all_types = tuple(TYPES.values())


def get_scalar_type(dtype: str) -> Scalar:
    """The type of this dtype."""
    return TYPES[np.dtype(dtype).name]


def float_scalar(name: str | None = None) -> TensorVariable:
    """A scalar of ``floatX``."""
    return Scalar("floatX")(name)


def int_scalar(name: str | None = None) -> TensorVariable:
    """A scalar of int64."""
    return Scalar("int64")(name)


def as_scalar(x: Any, name: str | None = None) -> Variable:
    """A number as a variable."""
    return as_tensor_variable(x, name, 0)


# What types a scalar function gives: functions of the types of its inputs


def upcast_out(*types: Scalar) -> tuple[Scalar, ...]:
    """What all are promoted to."""
    return (TYPES[upcast(*(type.dtype for type in types))],)


upcast_out_nobool = upcast_out_no_complex = upcast_out


def same_out(type: Scalar, *others: Scalar) -> tuple[Scalar, ...]:
    """The first."""
    return (type,)


same_out_nobool = same_out_nocomplex = same_out


def upgrade_to_float(*types: Scalar) -> tuple[Scalar, ...]:
    """Floating point: float32 of integers of up to 16 bits, float64 of longer ones."""
    return upcast_out(*(type if type.is_float or type.is_complex else _float_for(type) for type in types))


def _float_for(type: Scalar) -> Scalar:
    return TYPES["float32" if type.numpy_dtype.itemsize <= 2 else "float64"]


upgrade_to_float_no_complex = upgrade_to_float


def upgrade_to_float64(*types: Scalar) -> tuple[Scalar, ...]:
    """float64."""
    return (TYPES["float64"],)


def float_out(*types: Scalar) -> tuple[Scalar, ...]:
    """float32."""
    return (TYPES["float32"],)


class specific_out:
    """Given types, whatever the inputs have."""

    def __init__(self, *types: Scalar) -> None:
        self.types = types

    def __call__(self, *types: Scalar) -> tuple[Scalar, ...]:
        """The types."""
        return self.types


class transfer_type:
    """The types of inputs at these places, or given types."""

    def __init__(self, *places: int | Scalar) -> None:
        self.places = places

    def __call__(self, *types: Scalar) -> tuple[Scalar, ...]:
        """The types."""
        return tuple(types[one] if isinstance(one, int) else one for one in self.places)


# Functions that programs define


class ScalarOp:
    """A function of numbers that a program defines: subclasses have ``impl``, and ``grad`` if it is needed.

    Calling it, or ``theano.tensor.Elemwise(op)``, applies it to each element of tensors. C code is not used.

    Parameters
    ----------
    output_types_preference : callable, optional
        The dtypes of the results for dtypes of the inputs; by default what they are promoted to.
    name : str, optional
        For printing.

    Examples
    --------
    >>> import symconv.theano.tensor as T
    >>> class Cube(UnaryScalarOp):
    ...     def impl(self, x):
    ...         return x * x * x
    ...     def grad(self, inputs, gradients):
    ...         return [gradients[0] * 3 * inputs[0] ** 2]
    >>> cube = T.Elemwise(Cube(upgrade_to_float, name="cube"))
    >>> x = T.dvector("x")
    >>> T.grad(cube(x).sum(), x).eval({x: [1.0, 2.0]})
    array([ 3., 12.])
    """

    nin = -1
    nout = 1

    def __init__(
        self, output_types_preference: Callable[..., Any] | None = None, name: str | None = None
    ) -> None:
        self.name = name
        preference = output_types_preference or getattr(self, "output_types_preference", None)
        self._preference = preference or upcast_out

    def output_dtypes(self, dtypes: Sequence[str]) -> tuple[str, ...]:
        """The dtypes of the results."""
        return tuple(type.dtype for type in self._preference(*(TYPES[dtype] for dtype in dtypes)))

    def impl(self, *numbers: Any) -> Any:
        """What it computes, of Python or NumPy numbers."""
        raise NotImplementedError(f"{type(self).__name__} has no impl")

    def grad(self, inputs: Sequence[Variable], output_gradients: Sequence[Variable]) -> Any:
        """The gradients by the inputs."""
        raise NotImplementedError(f"{type(self).__name__} has no grad")

    def __call__(self, *inputs: Any) -> Any:
        """The function of each element of tensors."""
        return ElementwiseOf(self)(*inputs)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.name == getattr(other, "name", None)

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return self.name or type(self).__name__


class UnaryScalarOp(ScalarOp):
    """Of one number."""

    nin = 1


class BinaryScalarOp(ScalarOp):
    """Of two numbers."""

    nin = 2


__getattr__ = refuses("theano.scalar.basic", globals())

__all__ = [
    *TYPES, *FUNCTIONS,
    "BinaryScalarOp", "Scalar", "ScalarOp", "UnaryScalarOp", "all_types", "as_scalar", "cast",
    "complex_types", "constant", "continuous_types", "discrete_types", "float_out", "float_scalar",
    "float_types", "get_scalar_type", "identity", "int_scalar", "int_types", "round_half_to_even",
    "same_out", "same_out_nobool", "same_out_nocomplex", "specific_out", "transfer_type", "upcast",
    "upcast_out", "upcast_out_no_complex", "upcast_out_nobool", "upgrade_to_float", "upgrade_to_float64",
    "upgrade_to_float_no_complex",
]  # fmt: skip
