"""function and Function: arguments, structure, updates, givens, copies, plans, and graphs of great depth."""

import copy
import pickle
import re
import sys

import cloudpickle
import numpy as np
import pytest

import symconv as sc


def here(offset=0):
    """The line of the caller, as errors print it."""
    frame = sys._getframe(1)
    return f"test_function.py:{frame.f_lineno + offset}"


def assert_four_parts(error, *words, where):
    """What is wrong, the arguments with their types, the user's line, and one hint."""
    text = str(error.value)
    for word in words:
        assert word in text, f"{word!r} is not in:\n{text}"
    assert f"at {where}" in text or where in text, text
    assert re.search(r"^  \S.*:\s+\S", text, re.MULTILINE), f"no arguments in:\n{text}"
    assert text.count("hint:") <= 1


# Arguments of a call


def test_arguments_by_position_and_by_name():
    x, y = sc.vector("x"), sc.scalar("y")
    f = sc.function([x, y], x - y)
    for result in (f([1, 2], 3), f([1, 2], y=3), f(x=[1, 2], y=3), f(y=3, x=[1, 2])):
        np.testing.assert_array_equal(result, [-2, -1])


def test_wrong_arguments_of_a_call():
    x, y = sc.vector("x"), sc.scalar("y")
    f, line = sc.function([x, y], x - y, name="f"), here()
    bad = [
        ((lambda: f([1.0])), ["takes 2 arguments", "got 1", "missing: y", "x: float64[?]"]),
        ((lambda: f()), ["got 0", "missing: x, y"]),
        ((lambda: f([1.0], 2, 3)), ["takes 2 arguments", "got 3"]),
        ((lambda: f([1.0], x=[1.0])), ["'x'", "given twice"]),
        ((lambda: f([1.0], 2, z=3)), ["'z'", "no input"]),
        ((lambda: f(z=3)), ["'z'", "no input"]),
    ]
    for call, words in bad:
        with pytest.raises(sc.ArgumentError) as error:
            call()
        assert isinstance(error.value, TypeError)
        assert_four_parts(error, *words, where=line)


def test_unnamed_inputs_are_given_by_position():
    x, y = sc.vector(), sc.scalar()
    f = sc.function([x, y], x - y)
    np.testing.assert_array_equal(f([1, 2], 3), [-2, -1])
    with pytest.raises(sc.ArgumentError):
        f([1, 2])


def test_inputs_of_equal_names_are_given_by_position():
    a, b = sc.scalar("x"), sc.scalar("x")
    f = sc.function([a, b], a - 2 * b)
    assert f(5, 1) == 3
    with pytest.raises(sc.ArgumentError):
        f(5, x=1)


@pytest.mark.parametrize(
    ("dtype", "value", "fits"),
    [
        ("float64", np.float32([1, 2]), True), ("float64", np.arange(2), True), ("float64", [1, 2], True),
        ("float64", [True, False], True), ("float32", np.float64([1, 2]), False),
        ("float32", [1.5, 2.5], True),
        ("float32", np.arange(2), False), ("float32", np.int16([1, 2]), True), ("float32", [0.1, 0.2], True),
        ("int64", np.float64([1, 2]), False), ("int64", [1.0, 2.0], True), ("int64", [1.5, 2.0], False),
        ("int64", np.int32([1, 2]), True), ("int8", [100, 27], True), ("int8", [100, 128], False),
        ("int8", np.int64([1, 2]), False), ("uint8", [-1, 0], False), ("bool", [True, False], True),
        ("bool", [0, 1], True), ("bool", [0, 2], False), ("complex128", [1, 2], True),
        ("float64", np.complex128([1, 2]), False), ("float64", [1j, 0], False),
        ("float64", ["a", "b"], False),
        ("float64", [None, 1], False), ("float64", np.array([1, 2], ">f8"), True),
        ("int64", [np.nan, 0], False),
        ("int64", [2**70, 0], False),
    ],
)  # fmt: skip
def test_values_are_converted_without_loss_or_refused(dtype, value, fits):
    x = sc.vector("x", dtype=dtype)
    f = sc.function([x], sc.identity(x))
    if fits:
        result = f(value)
        assert result.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(result, np.asarray(value).astype(dtype))
        return
    with pytest.raises(sc.DTypeError) as error:
        f(value)
    assert isinstance(error.value, TypeError)
    assert "argument 0 (x)" in str(error.value)
    assert dtype in str(error.value)


def test_values_of_wrong_rank_and_shape():
    x, s = sc.matrix("x"), sc.tensor("float64", (3, None), name="s")
    f, g = sc.function([x], x + 1), sc.function([s], s + 1)
    for function, value, kind, words in (
        (
            f,
            [1.0, 2.0],
            sc.RankError,
            ["argument 0 (x)", "2 dimensions", "got 1", "float64[?,?]", "float64[2]"],
        ),
        (g, np.ones((2, 4)), sc.ShapeError, ["argument 0 (s)", "(3, ?)", "(2, 4)"]),
        (f, x, sc.ArgumentError, ["symbolic variable x"]),
    ):
        with pytest.raises(kind) as error:
            function(value)
        for word in words:
            assert word in str(error.value)
    with pytest.raises(ValueError, match=r"inhomogeneous|shape"):
        f([[1, 2], [3]])


# Arguments of function


def test_wrong_inputs():
    x, s = sc.vector("x"), sc.shared(1.0, name="s")
    bad = [
        (
            (lambda: sc.function([s], s + 1)),
            ["input 0", "shared variable", "s:", "float64[]", "hint", "givens"],
        ),
        ((lambda: sc.function([x, sc.constant(2.0)], x + 1)), ["input 1", "constant", "hint"]),
        ((lambda: sc.function([x, x], x + 1)), ["input 1", "twice", "x:", "hint"]),
        ((lambda: sc.function([x, "y"], x + 1)), ["input 1", "str", "hint"]),
        ((lambda: sc.function([x, 3], x + 1)), ["input 1", "int", "hint"]),
    ]
    for make, words in bad:
        with pytest.raises(sc.ArgumentError) as error:
            make()
        assert_four_parts(error, *words, where=f"test_function.py:{make.__code__.co_firstlineno}")


def test_missing_and_unused_inputs():
    x, y = sc.vector("x"), sc.scalar("y")
    z, line = x + y, here()
    with pytest.raises(sc.MissingInputError) as error:
        sc.function([x], z)
    assert_four_parts(error, "input y", "float64[]", "hint", where=line)
    with pytest.raises(sc.UnusedInputError) as error:
        sc.function([x, y], x + 1)
    assert_four_parts(error, "input y", "float64[]", "hint", where=here(-1))
    assert isinstance(error.value, ValueError)
    with pytest.warns(UserWarning, match="input y"):
        f = sc.function([x, y], x + 1, on_unused_input="warn")
    np.testing.assert_array_equal(f([1.0], 5), [2.0])
    with sc.settings(on_unused_input="ignore"):
        np.testing.assert_array_equal(sc.function([x, y], x + 1)([1.0], 5), [2.0])
    with pytest.raises(sc.OptionError, match="ignore"):
        sc.function([x], x, on_unused_input="shrug")
    with pytest.raises(sc.OptionError, match="checked"):
        sc.function([x], x, mode="fast")


@pytest.mark.parametrize("bad", ["x", {1, 2}, object(), [["x"]], [None]])
def test_wrong_outputs(bad):
    with pytest.raises(sc.ArgumentError) as error:
        sc.function([], bad)
    assert "output" in str(error.value)
    assert here(-2) in str(error.value)


def test_an_input_may_be_computed_from_another():
    """What is listed as an input is cut there, also in the middle of an expression."""
    x = sc.vector("x")
    y = sc.tanh(x)
    f = sc.function([y], y * 2)
    np.testing.assert_array_equal(f([3.0]), [6.0])


# What comes back


def test_structures_of_outputs():
    x = sc.scalar("x")
    assert sc.function([x], x + 1)(1) == 2
    assert isinstance(sc.function([x], x + 1)(1), np.ndarray)
    assert sc.function([x], [x + 1])(1) == [2]
    assert sc.function([x], (x + 1, x))(1) == [2, 1]
    assert sc.function([x], {"b": x + 1, "a": x})(1) == {"b": 2, "a": 1}
    assert list(sc.function([x], {"b": x + 1, "a": x})(1)) == ["b", "a"]
    assert sc.function([x], {}, on_unused_input="ignore")(1) == {}
    assert sc.function([x], [], on_unused_input="ignore")(1) == []
    assert sc.function([], None)() == []
    assert sc.function([], 3.5)() == 3.5
    np.testing.assert_array_equal(sc.function([], np.arange(3))(), np.arange(3))
    assert sc.function(x, x)(2) == 2


# Updates


def test_updates_happen_together_and_after_the_outputs():
    a, b = sc.shared(1.0, name="a"), sc.shared(2.0, name="b")
    swap = sc.function([], [a, b], updates=[(a, b), (b, a)])
    assert swap() == [1, 2]
    assert (a.get_value(), b.get_value()) == (2, 1)
    assert swap() == [2, 1]
    assert (a.get_value(), b.get_value()) == (1, 2)


@pytest.mark.parametrize("mode", ["compiled", "interpreted", "checked"])
def test_updates_in_every_mode(mode):
    a, x = sc.shared(np.zeros(3), name="a"), sc.tensor("float64", (3,), name="x")
    f = sc.function([x], a.sum(), updates={a: a * 2 + x}, mode=mode)
    assert [float(f(np.ones(3))) for _ in range(4)] == [0, 3, 9, 21]


def test_wrong_updates():
    a, x, n = sc.shared(np.zeros(3, "float32"), name="a"), sc.vector("x"), sc.shared(0, name="n")
    bad = [
        (lambda: sc.function([x], x, updates=[(x, x + 1)]), sc.ArgumentError, ["only shared", "x", "hint"]),
        (lambda: sc.function([], a, updates=[(a, a), (a, a * 2)]), sc.ArgumentError,
         ["a has two updates", "hint"]),
        (lambda: sc.function([], a, updates=[(a, a.astype("float64"))]), sc.DTypeError,
         ["float32[3]", "float64[3]", "astype('float32')"]),
        (lambda: sc.function([], n, updates=[(n, n + 0.5)]), sc.DTypeError, ["int64[]", "float64[]", "hint"]),
        (lambda: sc.function([], a, updates=[(a, a.sum())]), sc.ShapeError, ["float32[3]", "float32[]"]),
        (lambda: sc.function([], n, updates=[(n, 0.5)]), sc.DTypeError, ["update of n", "int64"]),
    ]  # fmt: skip
    for make, kind, words in bad:
        with pytest.raises(kind) as error:
            make()
        for word in words:
            assert word in str(error.value), str(error.value)


def test_an_update_by_a_number():
    n = sc.shared(5, name="n")
    reset = sc.function([], n, updates={n: 0})
    assert reset() == 5
    assert n.get_value() == 0


def test_a_shared_value_may_be_set_between_calls():
    w = sc.shared(np.ones(3), name="w", shape=(None,))
    f = sc.function([], w * 2)
    np.testing.assert_array_equal(f(), [2, 2, 2])
    w.set_value(np.arange(5.0))
    np.testing.assert_array_equal(f(), [0, 2, 4, 6, 8])
    lent = w.get_value(borrow=True)
    lent[0] = 7
    np.testing.assert_array_equal(f(), [14, 2, 4, 6, 8])
    with pytest.raises(sc.RankError):
        w.set_value(np.ones((2, 2)))
    with pytest.raises(sc.DTypeError):
        w.set_value(np.ones(2, complex))
    np.testing.assert_array_equal(f(), [14, 2, 4, 6, 8])


# Givens


def test_givens_replace_in_outputs_and_updates():
    x, y, s = sc.vector("x"), sc.vector("y"), sc.shared(np.ones(2), name="s", shape=(None,))
    f = sc.function([y], x * 2, updates={s: s + x}, givens={x: y + 1})
    np.testing.assert_array_equal(f([1.0, 2.0]), [4, 6])
    np.testing.assert_array_equal(s.get_value(), [3, 4])
    np.testing.assert_array_equal(sc.function([], x * 2, givens=[(x, [1.0, 2.0])])(), [2, 4])
    np.testing.assert_array_equal(sc.function([x], s * 2, givens={s: x})([5.0]), [10])


def test_givens_of_inner_nodes():
    x = sc.vector("x")
    inner = sc.tanh(x)
    np.testing.assert_array_equal(sc.function([x], inner + 1, givens={inner: x * 2})([3.0]), [7])


def test_wrong_givens():
    x = sc.vector("x")
    for givens, kind, word in (
        ({x: sc.matrix("m")}, sc.ShapeError, "float64[?,?]"),
        ({x: sc.fvector("h")}, sc.DTypeError, "float32[?]"),
        ({"x": x}, sc.ArgumentError, "str"), ({x: [[1.0]]}, sc.RankError, "given x"),
    ):  # fmt: skip
        with pytest.raises(kind) as error:
            sc.function([], x * 2, givens=givens)
        assert word in str(error.value)


# Copies


COPIES = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("how", COPIES)
def test_a_function_can_be_copied(how):
    x, w = sc.vector("x"), sc.shared(np.ones(3), name="w")
    f = sc.function([x], {"y": sc.tanh(x) * w}, updates={w: w + 1}, name="step")
    f(np.ones(3))
    g = COPIES[how](f)
    assert g.name == "step"
    np.testing.assert_array_equal(g(x=np.ones(3))["y"], np.tanh(1) * np.full(3, 2.0))
    np.testing.assert_array_equal(w.get_value(), np.full(3, 2.0))  # the copy has a value of its own
    np.testing.assert_array_equal(f(np.ones(3))["y"], np.tanh(1) * np.full(3, 2.0))


@pytest.mark.parametrize("how", COPIES)
def test_functions_copied_together_share_their_values(how):
    w = sc.shared(np.zeros(2), name="w")
    step, read = COPIES[how]([sc.function([], [], updates={w: w + 1}), sc.function([], w)])
    step()
    step()
    np.testing.assert_array_equal(read(), [2, 2])
    np.testing.assert_array_equal(w.get_value(), [0, 0])


@pytest.mark.parametrize("how", COPIES)
def test_expressions_can_be_copied(how):
    x, w = sc.vector("x"), sc.shared(2.0, name="w")
    y = sc.tanh(x * w) + x
    y.name = "y"
    x2, w2, y2 = COPIES[how]((x, w, y))
    assert (y2.name, y2.type, y2.owner.op) == (y.name, y.type, y.owner.op)
    np.testing.assert_array_equal(sc.function([x2], y2)([1.0]), sc.function([x], y)([1.0]))
    w2.set_value(3.0)
    assert w.get_value() == 2


# eval


def test_eval():
    x, s = sc.vector("x"), sc.shared(3.0, name="s")
    y = x * s
    np.testing.assert_array_equal(y.eval({x: [1.0, 2.0]}), [3, 6])
    s.set_value(4.0)
    np.testing.assert_array_equal(y.eval({x: [1.0, 2.0]}), [4, 8])
    assert (s + 1).eval() == 5
    with pytest.raises(sc.MissingInputError):
        y.eval()


# Plans


def test_few_plans_are_kept():
    x = sc.vector("x")
    f = sc.function([x], x + 1)
    with sc.settings(plans=3):
        for size in range(1, 20):
            np.testing.assert_array_equal(f(np.zeros(size)), np.ones(size))
            assert len(f.sources) <= 3
    assert "float64[19]" in f.source
    f.free()
    assert f.sources == []
    np.testing.assert_array_equal(f(np.zeros(2)), [1, 1])
    assert len(f.sources) == 1


def test_the_profile_tells_what_was_done():
    x = sc.matrix("x")
    f = sc.function([x], sc.tanh(sc.dot(x, x) + 1), name="profiled")
    f(np.ones((4, 4)))
    for word in ("profiled", "canonical", "fused", "ms", "bytes"):
        assert word in f.profile()


# Depth


def chain(depth):
    x = sc.vector("x")
    y = x
    for number in range(depth):
        y = y + 1 if number % 2 else -y
    return x, y


@pytest.fixture(scope="module")
def deep():
    """Far deeper than Python's stack."""
    return chain(20_000)


def test_a_graph_of_twenty_thousand_nodes(deep):
    x, y = deep
    limit = sys.getrecursionlimit()
    f = sc.function([x], y)
    np.testing.assert_array_equal(f(np.zeros(3)), sc.function([x], y, mode="interpreted")(np.zeros(3)))
    assert sys.getrecursionlimit() == limit
    assert len(f.stages["fused"].nodes) < 300


@pytest.mark.parametrize("how", COPIES)
def test_a_deep_graph_can_be_copied(how, deep):
    x2, y2 = COPIES[how](deep)
    graph = sc.FunctionGraph((x2,), (y2,))
    assert len(graph.nodes) == 20_000


def test_a_deep_graph_has_a_gradient():
    x, y = chain(2000)
    z = sc.tanh(y).sum()
    f = sc.function([x], sc.grad(z, x))
    np.testing.assert_allclose(
        f([0.25]), sc.function([x], sc.grad(z, x), mode="interpreted")([0.25]), rtol=1e-12
    )


def test_a_wide_graph():
    xs = [sc.scalar(f"x{number}") for number in range(600)]
    f = sc.function(xs, sum(xs[1:], xs[0]))
    assert f(*range(600)) == sum(range(600))


def test_a_graph_that_doubles_at_every_step():
    """Sharing is kept: 2 ** 60 paths, sixty nodes."""
    x = sc.vector("x")
    y = x
    for _ in range(60):
        y = (y + y) * 0.5
    np.testing.assert_array_equal(sc.function([x], y)([3.0]), [3.0])
    np.testing.assert_array_equal(sc.function([x], sc.grad(y.sum(), x))([3.0]), [1.0])
