"""MRG31k3p, the combined multiple recursive generator, for the compatibility layer; imports the graph.

L'Ecuyer and Touzin, "Fast combined multiple recursive generators with multipliers of the form
a = ±2^q ± 2^r", WSC 2000. Two recurrences of order 3, modulo M1 and M2:

    x[n] = 2^22 x[n-2] + (2^7 + 1) x[n-3]     modulo M1 = 2^31 - 1
    y[n] = 2^15 y[n-1] + (2^15 + 1) y[n-3]    modulo M2 = 2^31 - 21069

    state = int32[streams, 6]: x and y, the newest first

Element i of a draw comes from stream i modulo the number of streams.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, Dim, TensorType

M1 = 2**31 - 1
M2 = 2**31 - 21069
Matrix = list[list[int]]
STEP_1: Matrix = [[0, 2**22, 2**7 + 1], [1, 0, 0], [0, 1, 0]]
STEP_2: Matrix = [[2**15, 0, 2**15 + 1], [1, 0, 0], [0, 1, 0]]


def _product(a: Matrix, b: Matrix, modulus: int) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[sum(map(int.__mul__, row, column)) % modulus for column in columns] for row in a]


def _doubled(a: Matrix, times: int, modulus: int) -> Matrix:
    """a to the power 2^times."""
    for _ in range(times):
        a = _product(a, a, modulus)
    return a


def jumped(states: Array, jump: tuple[Matrix, Matrix]) -> Array:
    """States, int32[..., 6], after the steps that two matrices stand for."""
    halves = []
    for part, matrix, modulus in ((states[..., :3], jump[0], M1), (states[..., 3:], jump[1], M2)):
        products = np.array(matrix, "int64") * part[..., None, :].astype("int64") % modulus
        halves.append(products.sum(axis=-1) % modulus)
    return np.concatenate(halves, axis=-1).astype("int32")


def jump_of(power: int) -> tuple[Matrix, Matrix]:
    """The matrices of 2^power steps."""
    return _doubled(STEP_1, power, M1), _doubled(STEP_2, power, M2)


def streams(start: Array, count: int) -> Array:
    """``count`` states, the first of them ``start``, each 2^72 steps after the one before."""
    states = start[None]
    jump = jump_of(72)
    while len(states) < count:  # all that there are, jumped by as many streams as there are
        states = np.concatenate([states, jumped(states, jump)])
        jump = _product(jump[0], jump[0], M1), _product(jump[1], jump[1], M2)
    return states[:count]


def advanced(states: Array) -> Array:
    """The states, int64[6, n], one step later."""
    x1, x2, x3, y1, y2, y3 = states
    x = ((x2 & 511) << 22) + (x2 >> 9) + ((x3 & 16777215) << 7) + (x3 >> 24)
    x -= M1 * (x >= M1)
    x += x3
    x -= M1 * (x >= M1)
    first = ((y1 & 65535) << 15) + 21069 * (y1 >> 16)
    first -= M2 * (first >= M2)
    y = ((y3 & 65535) << 15) + 21069 * (y3 >> 16)
    y -= M2 * (y >= M2)
    y += y3
    y -= M2 * (y >= M2)
    y += first
    y -= M2 * (y >= M2)
    return np.stack([x, x1, x2, y, y1, y2])


def _scaled(states: Array, dtype: str) -> Array:
    """The samples that states stand for: in (0, 1), float16 from 15 bits, others from 31."""
    difference = states[0] - states[3]
    difference += M1 * (difference <= 0)
    if dtype == "float16":
        scaled = ((difference & 0x7FFF) + 1) * float(np.float16(3.0458e-05))
        return np.asarray(scaled, "float16")
    # Theano's factor for float32 is the number below 2^-31: so the result stays below 1.
    factor = np.float32(4.6566126e-10) if dtype == "float32" else np.float64(2.0**-31)
    return np.asarray(difference.astype(dtype) * factor)


@frozen
class MrgUniform(Op):
    """Numbers uniform in (0, 1) from MRG31k3p: the states after the draw, and the numbers.

    Attributes
    ----------
    sizes : tuple of (int or None)
        What was known of the size.
    dtype : str
        dtype of the numbers.
    """

    reads_values: ClassVar[tuple[int, ...]] = (1,)
    argument_names: ClassVar[tuple[str, ...]] = ("state", "size")
    sizes: tuple[Dim, ...]
    dtype: str

    def out_types(self, state: TensorType, size: TensorType) -> tuple[TensorType, TensorType]:
        if state.dtype != "int32" or state.ndim != 2:
            raise RankError(f"the state of MRG31k3p is int32[streams,6], got {state}")
        sizes = self.sizes if size.value is None else tuple(map(int, size.value))
        if len(sizes) != len(self.sizes) or any(length is not None and length < 0 for length in sizes):
            raise ShapeError(f"a draw of {len(self.sizes)} dimensions got the size {sizes}")
        return state, TensorType(self.dtype, sizes)

    def perform(self, state: Array, size: Array) -> tuple[Array, Array]:
        sizes = tuple(map(int, size))
        count = math.prod(sizes)
        if count > M1:
            raise ShapeError(f"MRG31k3p draws at most {M1} numbers at once, got {count}")
        states = state.T.astype("int64")
        samples = np.empty(count, self.dtype)
        for start in range(0, count, len(state)):
            used = min(len(state), count - start)
            states[:, :used] = advanced(states[:, :used])
            samples[start : start + used] = _scaled(states[:, :used], self.dtype)
        return np.ascontiguousarray(states.T).astype("int32"), samples.reshape(sizes)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)


@frozen
class MultinomialFromUniform(Op):
    """How often each category comes in draws that uniform numbers decide.

    The inputs are pvals [rows, k], n · rows numbers, and n.

    Attributes
    ----------
    dtype : str
        dtype of the counts.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("pvals", "uniform", "n")
    dtype: str

    def out_types(self, pvals: TensorType, uniform: TensorType, n: TensorType) -> TensorType:
        if pvals.ndim != 2 or uniform.ndim != 1 or n.ndim != 0:
            raise RankError("pvals must be a matrix, the uniform numbers a vector and n a scalar")
        return pvals.with_dtype(self.dtype)

    def perform(self, pvals: Array, uniform: Array, n: Array) -> Array:
        rows, categories = pvals.shape
        _check_count(uniform, rows, int(n))
        result = np.zeros(pvals.shape, self.dtype)
        limits = pvals.cumsum(axis=1, dtype="float64")
        for numbers in uniform.reshape(int(n), rows):
            chosen = (limits <= numbers[:, None]).sum(axis=1)
            hit = chosen < categories
            result[np.flatnonzero(hit), chosen[hit]] += 1
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)


@frozen
class ChoiceFromUniform(Op):
    """Different categories for each row, as uniform numbers decide.

    The inputs are pvals [rows, k], n · rows numbers, and n.

    Attributes
    ----------
    dtype : str
        dtype of the categories.
    """

    reads_values: ClassVar[tuple[int, ...]] = (2,)
    argument_names: ClassVar[tuple[str, ...]] = ("pvals", "uniform", "n")
    dtype: str

    def out_types(self, pvals: TensorType, uniform: TensorType, n: TensorType) -> TensorType:
        if pvals.ndim != 2 or uniform.ndim != 1 or n.ndim != 0:
            raise RankError("pvals must be a matrix, the uniform numbers a vector and n a scalar")
        count = None if n.value is None else int(n.value)
        supply = pvals.shape[1]
        if count is not None and supply is not None and count > supply:
            raise ShapeError(f"cannot choose {count} of {supply} without replacement")
        return TensorType(self.dtype, (pvals.shape[0], count))

    def perform(self, pvals: Array, uniform: Array, n: Array) -> Array:
        rows, count = len(pvals), int(n)
        _check_count(uniform, rows, count)
        left = pvals.copy()
        result = np.full((rows, count), -1, self.dtype)
        for place, numbers in enumerate(uniform.reshape(count, rows)):
            chosen = (left.cumsum(axis=1, dtype="float64") <= numbers[:, None]).sum(axis=1)
            hit = np.flatnonzero(chosen < pvals.shape[1])
            result[hit, place] = chosen[hit]
            left[hit, chosen[hit]] = 0
            with np.errstate(all="ignore"):
                left[hit] /= left[hit].sum(axis=1, keepdims=True)
        return result

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)


def _check_count(uniform: Array, rows: int, n: int) -> None:
    if len(uniform) != rows * n:
        raise ShapeError(f"{n} draws of {rows} rows need {n * rows} uniform numbers, got {len(uniform)}")


def checked_seed(seed: Any) -> Array:
    """Six numbers, int32, from one number or six.

    Raises
    ------
    OptionError
        For 0, for numbers that are too large, and for anything else.
    """
    numbers = [seed] * 6 if hasattr(seed, "__index__") else list(seed)
    if len(numbers) != 6 or not all(hasattr(number, "__index__") for number in numbers):
        raise OptionError(f"a seed is an integer, or six of them, got {seed!r}")
    for part, modulus in ((numbers[:3], M1), (numbers[3:], M2)):
        if not any(part):
            raise OptionError(f"a seed must not be 0, got {seed!r}")
        if any(not 0 <= number < modulus for number in part):
            raise OptionError(f"a seed must be from 0 to {modulus - 1}, got {seed!r}")
    return np.array(numbers, "int32")


__all__ = [
    "ChoiceFromUniform", "M1", "M2", "MrgUniform", "MultinomialFromUniform", "checked_seed", "jump_of",
    "jumped", "streams",
]  # fmt: skip
