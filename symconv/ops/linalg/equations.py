"""The op that solves linear equations; imports what every op on matrices needs."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from symconv.errors import RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, TensorType, broadcast
from symconv.ops.diagonals import tril, triu
from symconv.ops.dtypes import common_dtype
from symconv.ops.elemwise import sum_to
from symconv.ops.linalg.inverses import SINGULAR
from symconv.ops.linalg.matrices import check_matrix, check_square, computed, product, transposed

Structure = Literal["general", "lower", "upper"]

BLOCK = 64  # rows that one call of LAPACK substitutes: above, products of blocks do the work


@frozen
class Solve(Op):
    """The solutions x of a x = b for stacks of matrices of equal rank; leading axes broadcast.

    Attributes
    ----------
    structure : str
        "general"; "lower" or "upper": triangular, and the other triangle is not read.
    """

    core_ndim: ClassVar[int | None] = 2
    argument_names: ClassVar[tuple[str, ...]] = ("a", "b")
    structure: Structure = "general"

    def out_types(self, a: TensorType, b: TensorType) -> TensorType:
        size = check_square(a, "solve")
        check_matrix(b, "solve")
        if a.ndim != b.ndim:
            raise RankError(f"Solve needs stacks of matrices of equal rank, got {a.ndim} and {b.ndim}")
        if size is not None and b.shape[-2] is not None and size != b.shape[-2]:
            raise ShapeError(
                f"{size} equations need right sides of {size} rows, got {b.shape[-2]}",
                hint="the last axis of a meets the last but one of b (its only one if b is a vector)",
            )
        stack = broadcast([a.shape[:-2], b.shape[:-2]])
        rows = b.shape[-2] if size is None else size
        return TensorType(common_dtype((a.dtype, b.dtype)), (*stack, rows, b.shape[-1]))

    def perform(self, a: Array, b: Array) -> Array:
        match self.structure:
            case "general":
                return solved(a, b)
            case "upper":
                return substituted(np.triu(a), b)
            case "lower":  # turned upside down it is an upper one
                return substituted(np.tril(a)[..., ::-1, ::-1], b[..., ::-1, :])[..., ::-1, :]

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        (a, b), (x,), g = inputs, outputs, gradients[0]
        if g is None:
            return [None, None]
        turned: dict[Structure, Structure] = {"general": "general", "lower": "upper", "upper": "lower"}
        back = Solve(turned[self.structure])(transposed(a), g)
        by_matrix = -product(back, transposed(x))
        if self.structure == "lower":
            by_matrix = tril(by_matrix)
        elif self.structure == "upper":
            by_matrix = triu(by_matrix)
        return [sum_to(by_matrix, a.type), sum_to(back, b.type)]


def solved(a: Array, b: Array) -> Array:
    """By LAPACK; a singular matrix raises."""
    result: Array = computed(np.linalg.solve, a, b, trouble="the matrix is singular", hint=SINGULAR)
    return result


def substituted(a: Array, b: Array) -> Array:
    """The solution for upper triangular matrices, from the last rows to the first, by blocks.

    Without entries below the diagonal LAPACK's elimination has nothing to do, and substitutes.
    """
    size = a.shape[-1]
    if size <= BLOCK:
        return solved(a, b)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.empty((*stack, size, b.shape[-1]), np.result_type(a, b))
    for stop in range(size, 0, -BLOCK):
        rows, done = slice(max(stop - BLOCK, 0), stop), slice(stop, size)
        with np.errstate(all="ignore"):
            rest = b[..., rows, :] - a[..., rows, done] @ x[..., done, :]
        x[..., rows, :] = solved(a[..., rows, rows], rest)
    return x
