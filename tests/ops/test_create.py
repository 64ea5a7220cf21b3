"""Constructors of every rank and dtype, and shared variables."""

import copy
import pickle

import numpy as np
import pytest

from symconv.config import settings
from symconv.errors import ArgumentError, DTypeError, RankError, ShapeError
from symconv.graph.nodes import constant
from symconv.ops import create

DTYPES = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64",
    "f": "float32", "d": "float64", "c": "complex64", "z": "complex128",
}  # fmt: skip
PATTERNS = {
    "scalar": "", "vector": "?", "row": "1,?", "col": "?,1", "matrix": "?,?", "tensor3": "?,?,?",
    "tensor4": "?,?,?,?", "tensor5": "?,?,?,?,?",
}  # fmt: skip


@pytest.mark.parametrize("kind", PATTERNS)
def test_constructors(kind):
    plural = "matrices" if kind == "matrix" else kind + "s"
    for prefix, dtype in DTYPES.items():
        made = getattr(create, prefix + kind)("x")
        assert str(made.type) == f"{dtype}[{PATTERNS[kind]}]"
        assert made.name == "x"
        pair = getattr(create, prefix + plural)("x", "y")
        assert [str(v.type) for v in pair] == [str(made.type)] * 2
        assert getattr(create, prefix + kind).__doc__.startswith(prefix + kind)
    assert getattr(create, kind)().dtype == "float64"
    with settings(floatX="float32"):
        assert getattr(create, kind)().dtype == "float32"
        assert getattr(create, kind)(dtype="floatX").dtype == "float32"
    assert getattr(create, kind)("x", "int8").dtype == "int8"
    assert getattr(create, plural)(3)[2].name is None


def test_plurals():
    assert [v.name for v in create.matrices("x y")] == ["x", "y"]
    assert [v.name for v in create.matrices("x, y")] == ["x", "y"]
    assert [v.dtype for v in create.vectors("x", "y", dtype="int8")] == ["int8", "int8"]
    assert repr(create.dmatrices) == "dmatrices"


def test_static_shapes():
    assert create.fmatrix("x", shape=(None, 3)).type.shape == (None, 3)
    assert create.row(shape=(1, 4)).type.shape == (1, 4)
    with pytest.raises(RankError, match="matrix has 2 dimensions"):
        create.matrix(shape=(3,))
    with pytest.raises(ShapeError, match="a row has shape"):
        create.row(shape=(2, 4))
    with pytest.raises(ShapeError, match=">= 0"):
        create.matrix(shape=(-1, 4))


def test_refusals():
    with pytest.raises(DTypeError, match="fmatrix makes float32"):
        create.fmatrix(dtype="float64")
    with pytest.raises(DTypeError, match="not a dtype of tensors"):
        create.matrix(dtype="float128x")
    with pytest.raises(ArgumentError, match="must be a string"):
        create.matrix(3)


def test_constructors_are_data():
    assert pickle.loads(pickle.dumps(create.fmatrix)) == create.fmatrix
    assert create.tensor("int8", (None, 2), "t").type.shape == (None, 2)
    assert create.tensor().type.shape == ()


def test_shared_copies_unless_told():
    array = np.ones((2, 3))
    own, lent = create.shared(array, "own"), create.shared(array, "lent", borrow=True)
    array[0, 0] = 7
    assert own.get_value()[0, 0] == 1
    assert lent.get_value()[0, 0] == 7
    assert lent.get_value(borrow=True) is array
    assert (own.name, str(own.type)) == ("own", "float64[2,3]")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "float32[]"), (3, "int64[]"), (True, "bool[]"), ([1.0, 2.0], "float64[2]"),
        (np.float32(2), "float32[]"), (np.zeros((1, 3), ">f4"), "float32[1,3]"), (1j, "complex128[]"),
        (np.asfortranarray(np.ones((2, 3)))[::-1], "float64[2,3]"),
    ],
)  # fmt: skip
def test_shared_types(value, text):
    with settings(floatX="float32"):
        made = create.shared(value)
    assert str(made.type) == text
    np.testing.assert_array_equal(made.get_value(), value)
    assert made.container.value.dtype.isnative


def test_shared_with_free_sizes():
    W = create.shared(np.zeros((1, 3)), shape=(None, None))
    assert W.broadcastable == (False, False)
    W.set_value(np.ones((4, 2)))
    with pytest.raises(RankError):
        W.set_value(np.ones(3))
    fixed = create.shared(np.zeros((1, 3)))
    with pytest.raises(ShapeError):
        fixed.set_value(np.ones((2, 3)))
    assert fixed.get_value().shape == (1, 3)


def test_shared_refusals():
    with pytest.raises(ArgumentError, match="needs a value"):
        create.shared(constant(1.0))
    with pytest.raises(DTypeError, match="cannot hold"):
        create.shared(["text"])
    with pytest.raises(DTypeError, match="cannot hold object"):
        create.shared(None)
    with pytest.raises(ShapeError, match=r"\(2,\) got a value of shape \(3,\)"):
        create.shared([1, 2, 3], shape=(2,))
    with pytest.raises(RankError):
        create.shared([1, 2, 3], shape=(None, 3))


def test_shared_copies_and_pickles():
    W = create.shared(np.arange(3.0), "W")
    for other in (pickle.loads(pickle.dumps(W)), copy.deepcopy(W)):
        assert other.name == "W"
        np.testing.assert_array_equal(other.get_value(), [0, 1, 2])
        other.set_value([5.0, 6.0, 7.0])
    np.testing.assert_array_equal(W.get_value(), [0, 1, 2])
