"""Complex numbers: their parts, and how they are made of parts; imports rows.

A gradient g by complex z means dC = Re(g dz), see ``Op.grad``: so that of Re z is g, that of Im z is -i g.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Operand, Variable
from symconv.graph.op import Gradients, Op, as_variable
from symconv.graph.operators import METHODS
from symconv.graph.types import Array, TensorType, broadcast
from symconv.ops.dtypes import common_dtype, floating_of
from symconv.ops.elemwise import sum_to
from symconv.ops.elemwise_rows import arctan2, cast, mul, zeros_like

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

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (gradient,) = gradients
        if gradient is None:
            return [None]
        whole = cast(gradient, inputs[0].dtype)
        return [mul(whole, -1j) if self.imaginary else whole]

    def fold(self, node: Apply) -> Variable | None:
        """A part of a number that was made of parts is that part; the real one of a real number itself."""
        maker = node.inputs[0].owner
        if maker is None:
            return None
        dtype = node.outputs[0].dtype
        if isinstance(maker.op, MakeComplex):
            part = maker.inputs[int(self.imaginary)]
            return part if part.type == node.outputs[0].type else None
        made_real = str(maker.op).startswith("cast{") and maker.inputs[0].dtype == dtype
        if not made_real:
            return None
        return zeros_like(maker.inputs[0]) if self.imaginary else maker.inputs[0]


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

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (gradient,) = gradients
        if gradient is None:
            return [None, None]
        terms = real(gradient), -imag(gradient)
        return [sum_to(term, variable.type) for term, variable in zip(terms, inputs, strict=True)]


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
