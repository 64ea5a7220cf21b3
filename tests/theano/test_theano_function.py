"""theano.function: what a call may give, In, Out, modes, copies, and the errors that programs catch."""

import copy
import pickle

import numpy as np
import pytest

import symconv as sc


@pytest.fixture
def T(theano):
    return theano.tensor


# The table of Theano 1.0.5: value, dtype of the input, floatX; whether it is taken
COERCION = [
    (np.int16([1]), "float32", "float64", True),
    (np.int32([1]), "float32", "float64", False),
    (np.int64([1]), "float32", "float64", False),
    (np.float64([1]), "float32", "float64", False),
    ([[0.5]], "float32", "float64", True),
    ([[0.1]], "float32", "float64", False),
    ([[0.1]], "float32", "float32", False),
    (0.1, "float32", "float32", True),
    (0.1, "float32", "float64", False),
    (0.5, "float32", "float64", True),
    (np.float64(0.1), "float32", "float32", False),
    (np.float64(0.5), "float32", "float64", True),
    (np.int64(3), "int32", "float64", True),
    (np.int64(2**40), "int32", "float64", False),
    ("3", "int32", "float64", True),
    (3, "int8", "float64", True),
    (300, "int8", "float64", False),
    ("x", "float32", "float64", False),
]


@pytest.mark.parametrize(("value", "dtype", "floatX", "taken"), COERCION)
def test_what_a_call_may_give(theano, T, value, dtype, floatX, taken):
    with sc.settings(floatX=floatX):
        x = T.TensorType(dtype, (False,) * np.ndim(value))("x") if hasattr(T, "TensorType") else (
            sc.tensor(dtype, (None,) * np.ndim(value), "x")
        )  # fmt: skip
        f = theano.function([x], x * 1)
        if taken:
            assert f(value).dtype == dtype
        else:
            with pytest.raises(ValueError if value == "x" else TypeError):
                f(value)
        if not isinstance(value, str):
            loose = theano.function([x], x * 1, allow_input_downcast=True)
            assert loose(value).dtype == dtype
            none = theano.function([theano.In(x, allow_downcast=False)], x * 1)
            if type(value) is float and value == 0.1:
                with pytest.raises(TypeError):
                    none(value)
        strict = theano.function([theano.In(x, strict=True)], x * 1)
        if not (isinstance(value, np.ndarray) and value.dtype == dtype):
            with pytest.raises(TypeError):
                strict(value)


def test_trust_input(theano, T):
    x = T.dvector("x")
    f = theano.function([x], x + 1)
    assert not f.trust_input
    f.trust_input = True
    assert f([1.0]).tolist() == [2]


def test_in_and_states(theano, T):
    x, s = T.dscalar("x"), T.dscalar("s")
    f = theano.function([theano.In(x, value=1.0), theano.In(s, name="sum", value=0.0, update=s + x)], s + x)
    assert [float(value) for value in (f(), f(4.0), f(x=2.0))] == [1, 5, 7]
    assert f["sum"] == f[s] == f.value["sum"] == f.container["sum"].value == 7
    f["sum"] = 1.0
    assert f() == 2
    for copied in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f), f.copy(share_memory=True)):
        assert type(copied) is type(f)
        assert copied() == 3


def test_results_of_a_dict_come_in_the_order_of_their_names(theano, T):
    x = T.dscalar("x")
    f = theano.function([x], {"b": x + 1, "a": theano.Out(x * 2)})
    assert list(f(1.0)) == ["a", "b"]
    assert f(1.0, output_subset=["b"]) == {"b": 2}
    with pytest.raises(AssertionError):
        theano.function([x], {1: x})


def test_updates_by_default(theano, T):
    s = theano.shared(np.float64(1), name="s")
    s.default_update = s * 2
    assert theano.function([], s)() == 1
    assert theano.function([], s, no_default_updates=True)() == 2
    assert theano.function([], s, no_default_updates=[s])() == 2
    assert theano.function([], s, updates=[(s, s + 1)])() == 2
    assert s.get_value() == 3
    f = theano.function([], s, updates={s: s + 1})
    other = theano.shared(np.float64(10), name="other")
    g = f.copy(swap={s: other}, name="g")
    assert (g(), other.get_value(), s.get_value(), g.name) == (10, 11, 3, "g")
    assert f.get_shared() == [s]
    assert f.copy(delete_updates=True)() == 3
    assert s.get_value() == 3


def test_errors_are_of_the_classes_that_programs_catch(theano, T):
    x, y, s = T.dscalar("x"), T.dscalar("y"), theano.shared(1.0, name="s")
    row, matrix = T.drow("row"), theano.shared(np.ones((2, 2)), name="matrix")
    f = theano.function([x, y], x + y)
    for wrong, kind in (
        (lambda: f(1.0), TypeError), (lambda: f(1.0, 2.0, 3.0), TypeError), (lambda: f(1.0, z=3), TypeError),
        (lambda: f([1.0], 2.0), TypeError),
        (lambda: theano.function([row], row * 1)(np.zeros((2, 2))), TypeError),
        (lambda: theano.function([x], x, givens={x: y}), RuntimeError),
        (lambda: theano.function([], [], updates=[(matrix, matrix.sum())]), TypeError),
        (lambda: theano.function([row], [], updates=[(matrix, row)]), TypeError), (lambda: f(x, 2.0), TypeError),
        (lambda: theano.function(x, x), Exception), (lambda: theano.function([s], s), TypeError),
        (lambda: theano.function([T.constant(1.0)], x), TypeError), (lambda: theano.function([3], x), TypeError),
        (lambda: theano.function([x, x], x), sc.UnusedInputError),
        (lambda: theano.function([x, y], x), sc.UnusedInputError),
        (lambda: theano.function([], x), sc.MissingInputError),
        (lambda: theano.function([], s, updates=[(s, s), (s, s + 1)]), ValueError),
        (lambda: theano.function([], s, updates=(s, s + 1)), ValueError),
        (lambda: theano.function([x], x, updates=[(x, x + 1)]), TypeError),
        (lambda: theano.function([], s, updates=[(s, s.astype("float32"))]), TypeError),
        (lambda: theano.function([x], x, givens={"x": y}), TypeError),
        (lambda: theano.function([x], x, mode="SLOW"), Exception),
        (lambda: theano.function([x], x, no_default_updates=[x]), TypeError),
        (lambda: (x + 1).eval({"x": 1.0}), TypeError),
    ):  # fmt: skip
        with pytest.raises(kind):
            wrong()


def test_modes_are_names_or_objects(theano, T):
    x = T.dscalar("x")
    for mode in (None, "FAST_RUN", theano.Mode(optimizer=None), theano.compile.get_default_mode(),
                 theano.compile.get_mode("DebugMode").excluding("fusion")):  # fmt: skip
        assert theano.function([x], T.log(x), mode=mode)(1.0) == 0
    guarded = theano.function([x], T.log(x), mode="NanGuardMode")
    assert guarded(1.0) == 0
    with pytest.raises(AssertionError, match="log"):
        guarded(-1.0)


def test_clone(theano, T):
    x, w = T.dscalar("x"), theano.shared(2.0, name="w")
    assert theano.clone(w, share_inputs=False).container is w.container
    y, z = theano.clone([x * w, x], replace={x: w + 1})
    assert theano.function([], [y, z])() == [6, 3]
    w.zero()
    assert w.get_value() == 0
