"""What ``theano.tensor`` has besides: each against NumPy."""

import numpy as np
import pytest

import symconv.theano as theano
import symconv.theano.tensor as T

M = np.array([[1.0, -2.0, 3.5], [4.0, 0.5, -1.5]])
m, v = T.dmatrix("m"), T.lvector("v")
CASES = {
    "power": (T.power(m, 2), M**2),
    "divmod": (T.divmod(m, 1.5)[1], np.divmod(M, 1.5)[1]),
    "iround": (T.iround(m), np.array([[1, -2, 4], [4, 0, -2]])),
    "ceil_intdiv": (T.ceil_intdiv(T.cast(m, "int64"), 3), np.ceil(np.trunc(M) / 3).astype("int64")),
    "stacklists": (T.stacklists([[m, m], [m + 1, m]]), np.array([[M, M], [M + 1, M]])),
    "horizontal_stack": (T.horizontal_stack(m, m), np.hstack([M, M])),
    "vertical_stack": (T.vertical_stack(m, m), np.vstack([M, M])),
    "cov": (T.cov(m), np.cov(M)),
    "cov of columns": (T.cov(m, rowvar=False, bias=True), np.cov(M, rowvar=False, bias=True)),
    "cov of two": (T.cov(m[0], m[1], ddof=0), np.cov(M[0], M[1], ddof=0)),
    "advanced_subtensor": (T.advanced_subtensor(m, [0, 1], [1, 2]), M[[0, 1], [1, 2]]),
    "tensor_copy": (T.tensor_copy(m), M),
    "transfer": (T.transfer(m, "cpu"), M),
    "fill_diagonal_offset": (T.fill_diagonal_offset(m, 9.0, 1), np.array([[1, 9, 3.5], [4, 0.5, 9]])),
}


@pytest.mark.parametrize("name", CASES)
def test_value(name):
    output, expected = CASES[name]
    found = theano.function([m], output)(M)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_bartlett(count):
    n = T.lscalar("n")
    np.testing.assert_allclose(theano.function([n], T.bartlett(n))(count), np.bartlett(count), atol=1e-15)


@pytest.mark.parametrize("order", ["C", "F"])
def test_flat_positions(order):
    dims, flat = (3, 4, 5), np.array([0, 7, 33, 59])
    parts = theano.function([v], T.unravel_index(v, dims, order=order))(flat)
    np.testing.assert_array_equal(parts, np.unravel_index(flat, dims, order=order))
    back = theano.function([v], T.ravel_multi_index(T.unravel_index(v, dims, order=order), dims, order=order))
    np.testing.assert_array_equal(back(flat), flat)
    symbolic = T.unravel_index(v, T.as_tensor_variable(np.array(dims)), order=order)
    np.testing.assert_array_equal(theano.function([v], symbolic)(flat), parts)
    wild = [np.array([4, -1]), np.array([0, 9]), np.array([1, 2])]
    for mode in ("wrap", "clip"):
        found = T.ravel_multi_index(wild, dims, mode=mode, order=order).eval()
        np.testing.assert_array_equal(found, np.ravel_multi_index(wild, dims, mode=mode, order=order))


def test_inverse_permutation():
    order = np.array([3, 0, 2, 1])
    back = theano.function([v], T.inverse_permutation(v))(order)
    np.testing.assert_array_equal(back[order], np.arange(4))


def test_what_is_known_while_building():
    assert T.get_vector_length(T.as_tensor_variable([1, 2, 3])) == 3
    with pytest.raises(ValueError, match="length of v is not known"):
        T.get_vector_length(v)
    with pytest.raises(TypeError, match="2 dimensions"):
        T.get_vector_length(m)
    assert T.is_flat(v)
    assert not T.is_flat(m)
    assert T.extract_constant(T.constant(2) + 3) == 5
    assert T.extract_constant(m) is m
    assert T.numpy_scalar(np.array([[3]])) == 3
    assert T.as_index_variable(2).dtype == "int8"
    assert T.as_index_variable(None) is None
    with pytest.raises(T.NotScalarConstantError):
        T.numpy_scalar(np.zeros(2))
    with pytest.raises(TypeError, match="whole number"):
        T.as_index_variable(1.5)
    with pytest.raises(ValueError, match="no device 'gpu'"):
        T.transfer(m, "gpu")
    with pytest.raises(TypeError, match="needs matrices"):
        T.vertical_stack(v)


def test_classes_of_ops():
    assert isinstance((m + 1).owner.op, T.Elemwise)
    assert isinstance(m.dimshuffle(1, 0).owner.op, T.DimShuffle)
    assert isinstance(m[0].owner.op, T.Subtensor)
    assert isinstance(T.join(0, m, m).owner.op, T.Join)
    assert isinstance(m.reshape((3, 2)).owner.op, T.Reshape)
    assert isinstance((m + 1).owner.op, theano.Op)
    assert isinstance((m + 1).owner, theano.Apply)
    assert T.tensor("float32", (True, False), "t").type == T.frow


def test_the_extras():
    from symconv.theano.tensor import extra_ops

    assert extra_ops.bartlett is T.bartlett
    assert extra_ops.unravel_index is T.unravel_index
