"""``theano.sparse.basic``: sparse matrices as dense ones of the same values; imports ``theano.tensor``."""

from typing import Any

from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import TensorType, TensorVariable, dense
from symconv.theano.tensor import basic, elemwise

FORMATS = ("csr", "csc")


class SparseType:
    """What makes matrices of a format, which are dense here: no variable's type is one.

    Parameters
    ----------
    format : str
        "csr" or "csc"; it changes nothing.
    dtype : str
        The dtype.

    Raises
    ------
    OptionError
        For another format; a NotImplementedError.
    """

    def __init__(self, format: str, dtype: Any = "floatX", broadcastable: Any = None) -> None:
        if format not in FORMATS:
            raise FormatError(f"there is no format {format!r}", hint="choose one of " + ", ".join(FORMATS))
        self.format = format
        self.dtype = TensorType(dtype, (False, False)).dtype

    def __call__(self, name: str | None = None) -> TensorVariable:
        """A matrix."""
        return TensorType(self.dtype, (False, False))(name)

    def __repr__(self) -> str:
        return f"Sparse[{self.dtype}, {self.format}]"


class SparseVariable:
    """What programs ask of a variable; none is one, for all are dense."""


class SparseConstant(SparseVariable):
    """What programs ask of a constant."""


class FormatError(OptionError, NotImplementedError):
    """A format of sparse matrices that Theano does not have either."""


def matrix(format: str, name: str | None = None, dtype: Any = "floatX") -> TensorVariable:
    """A matrix variable."""
    return SparseType(format, dtype)(name)


def csr_matrix(name: str | None = None, dtype: Any = "floatX") -> TensorVariable:
    """A matrix variable."""
    return matrix("csr", name, dtype)


def csc_matrix(name: str | None = None, dtype: Any = "floatX") -> TensorVariable:
    """A matrix variable."""
    return matrix("csc", name, dtype)


csr_dmatrix, csr_fmatrix = SparseType("csr", "float64"), SparseType("csr", "float32")
csc_dmatrix, csc_fmatrix = SparseType("csc", "float64"), SparseType("csc", "float32")


def as_sparse_variable(x: Any, name: str | None = None) -> Variable:
    """A matrix of SciPy's, or what is a tensor, as a tensor."""
    if isinstance(x, Variable):
        return as_tensor_variable(x)
    found = as_tensor_variable(dense(x))
    found.name = name
    return found


as_sparse = as_sparse_or_tensor_variable = as_sparse_variable
dense_from_sparse = csr_from_dense = csc_from_dense = as_sparse_variable


def dot(x: Any, y: Any) -> Variable:
    """The product of two matrices."""
    return basic.dot(as_sparse_variable(x), as_sparse_variable(y))


structured_dot = true_dot = dot


def add(x: Any, y: Any) -> Variable:
    """x + y."""
    result: Variable = as_sparse_variable(x) + as_sparse_variable(y)
    return result


def sub(x: Any, y: Any) -> Variable:
    """x - y."""
    result: Variable = as_sparse_variable(x) - as_sparse_variable(y)
    return result


def mul(x: Any, y: Any) -> Variable:
    """x · y, element by element."""
    result: Variable = as_sparse_variable(x) * as_sparse_variable(y)
    return result


def transpose(x: Any) -> Variable:
    """Rows as columns."""
    return basic.transpose(as_sparse_variable(x))


def hstack(blocks: Any, format: str | None = None, dtype: Any = None) -> Variable:
    """Matrices side by side."""
    joined = basic.concatenate([as_sparse_variable(block) for block in blocks], axis=1)
    return joined if dtype is None else elemwise.cast(joined, dtype)


def vstack(blocks: Any, format: str | None = None, dtype: Any = None) -> Variable:
    """Matrices one below the other."""
    joined = basic.concatenate([as_sparse_variable(block) for block in blocks], axis=0)
    return joined if dtype is None else elemwise.cast(joined, dtype)


def sp_sum(x: Any, axis: int | None = None, sparse_grad: bool = False) -> Variable:
    """The sum of all elements, or along an axis."""
    return basic.sum(as_sparse_variable(x), axis=axis)


def sp_zeros_like(x: Any) -> Variable:
    """Zeros of the shape and dtype of ``x``."""
    return basic.zeros_like(as_sparse_variable(x))


__getattr__ = refuses("theano.sparse.basic", globals())

__all__ = [
    "SparseConstant", "SparseType", "SparseVariable", "add", "as_sparse", "as_sparse_or_tensor_variable",
    "as_sparse_variable", "csc_dmatrix", "csc_fmatrix", "csc_from_dense", "csc_matrix", "csr_dmatrix",
    "csr_fmatrix", "csr_from_dense", "csr_matrix", "dense_from_sparse", "dot", "hstack", "matrix", "mul",
    "sp_sum", "sp_zeros_like", "structured_dot", "sub", "transpose", "true_dot", "vstack",
]  # fmt: skip
