"""``theano.tensor.slinalg``: Cholesky factors and linear equations; imports symconv."""

from typing import Any

import symconv as sc
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted
from symconv.theano.tensor.nlinalg import Applied, gradient_of

linalg = sc.linalg

MATRIX_STRUCTURES = (
    "general", "symmetric", "lower_triangular", "upper_triangular", "hermitian", "banded", "diagonal",
    "toeplitz",
)  # fmt: skip


@frozen
class Cholesky(Applied):
    """The Cholesky factor."""

    lower: bool = True
    on_error: Any = "raise"

    def compute(self, *inputs: Variable) -> Any:
        return linalg.cholesky(inputs[0], self.lower, self.on_error)


@frozen
class CholeskyGrad(Applied):
    """The gradient of ``Cholesky`` at x and its factor, given that by the factor."""

    lower: bool = True

    def compute(self, *inputs: Variable) -> Any:
        x, _, given = inputs
        return gradient_of(linalg.cholesky(x, self.lower), x, given)


@frozen
class Solve(Applied):
    """The solution of linear equations; structures other than triangular ones are solved as general ones."""

    A_structure: str = "general"
    lower: bool = False
    overwrite_A: bool = False
    overwrite_b: bool = False

    def __post_init__(self) -> None:
        if self.A_structure not in MATRIX_STRUCTURES:
            raise sc.OptionError(
                f"there is no matrix structure {self.A_structure!r}", hint=", ".join(MATRIX_STRUCTURES)
            )

    def compute(self, *inputs: Variable) -> Any:
        triangular = self.A_structure.endswith("triangular")
        return linalg.solve(*inputs, assume_a=self.A_structure if triangular else "gen")


@frozen
class Eigvalsh(Applied):
    """The eigenvalues of a symmetric matrix a, or those w with det(a - w b) = 0, b positive definite."""

    lower: bool = True

    def __call__(self, a: Any, b: Any = None) -> Any:
        a = as_tensor_variable(a)
        return adopted(self.compute(a) if b is None else self.compute(a, as_tensor_variable(b)))

    def compute(self, *inputs: Variable) -> Any:
        if len(inputs) == 1:
            return linalg.eigvalsh(inputs[0], "L" if self.lower else "U")
        a, b = inputs
        a = sc.tril(a) + sc.tril(a, -1).T if self.lower else sc.triu(a) + sc.triu(a, 1).T
        factor = linalg.cholesky(b, self.lower)
        factor = factor if self.lower else factor.T
        half = linalg.solve_triangular(factor, a, lower=True)
        return linalg.eigvalsh(linalg.solve_triangular(factor, half.T, lower=True))


@frozen
class EigvalshGrad(Applied):
    """The gradients of ``Eigvalsh`` by a and b, given that by the eigenvalues."""

    lower: bool = True

    def compute(self, *inputs: Variable) -> Any:
        a, b, given = inputs
        return gradient_of(Eigvalsh(self.lower)(a, b), [a, b], given)


@frozen
class Expm(Applied):
    """The exponential of a matrix."""

    def compute(self, *inputs: Variable) -> Any:
        return linalg.expm(inputs[0])


@frozen
class ExpmGrad(Applied):
    """The gradient of ``Expm`` at A, given that by the exponential."""

    def compute(self, *inputs: Variable) -> Any:
        return gradient_of(linalg.expm(inputs[0]), inputs[0], inputs[1])


cholesky, solve, expm = Cholesky(), Solve(), Expm()
solve_lower_triangular = Solve("lower_triangular", True)
solve_upper_triangular = Solve("upper_triangular", False)
solve_symmetric = Solve("symmetric")


def eigvalsh(a: Any, b: Any, lower: bool = True) -> Any:
    """The eigenvalues of a symmetric matrix, or of a pair."""
    return Eigvalsh(lower)(a, b)


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product, of tensors of three axes or more in all."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.ndim + b.ndim <= 2:
        raise sc.RankError(
            f"kron needs three axes or more in all, got {a.ndim} and {b.ndim}",
            arguments=[("a", a.type), ("b", b.type)],
        )
    if a.ndim == b.ndim:
        return adopted(sc.kron(a, b))
    # As in Theano: of all axes, those of a first, the first and the third are joined, the second and fourth.
    sizes = [sc.size_of(x, axis) for x in (a, b) for axis in range(x.ndim)]
    whole = sc.reshape(sc.outer(a, b), sizes)
    if whole.ndim == 3:
        return adopted(sc.flatten(whole.dimshuffle(1, 0, 2)))
    mixed = whole.dimshuffle(0, 2, 1, *range(3, whole.ndim))
    first, second = whole.shape[0] * whole.shape[2], whole.shape[1] * whole.shape[3]
    return adopted(mixed.reshape([first, second, *(whole.shape[i] for i in range(4, whole.ndim))]))


__getattr__ = refuses("theano.tensor.slinalg", globals())

__all__ = [
    "Cholesky", "CholeskyGrad", "Eigvalsh", "EigvalshGrad", "Expm", "ExpmGrad", "MATRIX_STRUCTURES", "Solve",
    "cholesky", "eigvalsh", "expm", "kron", "solve", "solve_lower_triangular", "solve_symmetric",
    "solve_upper_triangular",
]  # fmt: skip
