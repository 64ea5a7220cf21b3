"""Complex numbers: their parts, and how they are made of parts; imports rows.

Forward computation takes complex dtypes everywhere; gradients are defined for real ones only.
"""

from typing import ClassVar

import numpy as np

from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.types import Array, TensorType, broadcast
from symconv.ops.elemwise import common_dtype, floating_of
from symconv.ops.elemwise_rows import arctan2, cast, zeros_like

PARTS = {"complex64": "float32", "complex128": "float64"}
WHOLES = {"float16": "complex64", "float32": "complex64", "float64": "complex128"}


@frozen
class Part(Op):
    """The real or the imaginary part of complex numbers.

    Attributes
    ----------
    imaginary : bool
        Which.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    imaginary: bool

    def out_types(self, x: TensorType) -> TensorType:
        return x.with_dtype(PARTS[x.dtype])

    def perform(self, x: Array) -> Array:
        return (x.imag if self.imaginary else x.real).copy()


class MakeComplex(Op):
    """Complex numbers of real and imaginary parts, which broadcast."""

    argument_names: ClassVar[tuple[str, ...]] = ("real", "imaginary")

    def out_types(self, x: TensorType, y: TensorType) -> TensorType:
        dtype = WHOLES[common_dtype((x.dtype, y.dtype))]
        return TensorType(dtype, broadcast([x.shape, y.shape]))

    def perform(self, x: Array, y: Array) -> Array:
        shape = np.broadcast_shapes(x.shape, y.shape)
        z = np.empty(shape, WHOLES[common_dtype((x.dtype.name, y.dtype.name))])
        z.real, z.imag = x, y
        return z


def real(x: Operand) -> Variable:
    """The real part; of a real tensor itself."""
    x = as_variable(x)
    return Part(False).apply(x).outputs[0] if x.type.is_complex else x


def imag(x: Operand) -> Variable:
    """The imaginary part; zeros of a real tensor."""
    x = as_variable(x)
    return Part(True).apply(x).outputs[0] if x.type.is_complex else zeros_like(x)


def angle(x: Operand) -> Variable:
    """The angle of complex numbers in radians, in (-π, π]; 0 or π of real ones."""
    return arctan2(imag(x), real(x))


def complex(real: Operand, imaginary: Operand) -> Variable:
    """Complex numbers of real and imaginary parts, which broadcast."""
    parts = [as_variable(part) for part in (real, imaginary)]
    floats = [cast(part, floating_of(part.dtype)) for part in parts]
    return MakeComplex().apply(*floats).outputs[0]


METHODS.update(real=real, imag=imag)
