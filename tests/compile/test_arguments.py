"""In, Out, states, defaults, conversions, output_subset, and functions in other processes."""

import multiprocessing
import pickle
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import symconv as sc
from symconv.graph.meaning import interpret


def test_defaults_are_used_where_a_call_gives_nothing_and_are_not_kept():
    x, y = sc.scalar("x"), sc.scalar("y")
    f = sc.function([x, sc.In(y, value=3.0, name="offset")], x + y)
    assert [float(value) for value in (f(1), f(1, 5), f(1), f(1, offset=7), f(offset=1, x=1), f(1))] == [
        4, 6, 4, 8, 2, 4,
    ]  # fmt: skip
    assert (f["offset"], f[y]) == (3, 3)
    f["offset"][...] = 9
    assert f(1) == 4
    for call, word in (
        (f, "missing: x"), (lambda: f(1, y=2), "'y'"), (lambda: f(1, 2, offset=3), "given twice"),
        (lambda: f["x"], "keeps no value"), (lambda: f["z"], "no input"),
        (lambda: f.__setitem__("offset", 3), "no state"),
    ):  # fmt: skip
        with pytest.raises(sc.ArgumentError, match=word):
            call()


@pytest.mark.parametrize("mode", ["compiled", "interpreted", "checked"])
def test_a_state_is_kept_read_and_set(mode):
    x, total = sc.scalar("x"), sc.scalar("total")
    f = sc.function([x, sc.In(total, value=10.0, update=total + x)], total * 1, mode=mode)
    assert [float(f(2)), float(f(3)), float(f["total"])] == [10, 12, 15]
    f["total"] = 1
    f[total] = f[total] + 1
    assert (f(1), f["total"]) == (2, 3)
    assert (f(1, 100), f["total"]) == (100, 101)
    assert (f(total=7.0, x=1), f[total]) == (7, 8)
    with pytest.raises(sc.SymconvError):
        f("text", 50.0)
    with pytest.raises(sc.RankError):
        f(1, [1.0])
    assert f["total"] == 8
    assert f.get_shared() == []
    first = sc.function([sc.In(total, value=0.0, update=total + x), x], total + x, mode=mode)
    assert (first(x=2), first(x=2), first(5.0, 1.0)) == (2, 4, 6)
    with pytest.raises(sc.ArgumentError, match="missing: x"):
        first(1.0)
    with pytest.raises(sc.ArgumentError, match=r"(?s)has an update and no value.*total:.*test_arguments"):
        sc.function([x, sc.In(total, update=total + x)], total)


ALLOWED = {  # value, dtype -> whether it is taken for None, True, False
    "a list": ([0.1], "float32", (1, 1, 0)), "exact": ([0.5], "float32", (1, 1, 1)),
    "an array": (np.array([0.1]), "float32", (0, 1, 0)), "smaller": (np.array([1], "int16"), "float32", (1, 1, 1)),
    "an integer": (np.array([300]), "int8", (0, 1, 0)), "fractions": ([1.5], "int64", (0, 1, 0)),
    "NaN": ([np.nan], "int64", (0, 1, 0)), "complex": ([1j], "float64", (0, 0, 0)),
    "text": (["a"], "float64", (0, 0, 0)), "truth": ([True], "int8", (1, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("whole", [False, True])
def test_allow_downcast(name, whole):
    value, dtype, taken = ALLOWED[name]
    x = sc.vector("x", dtype=dtype)
    for allow, fits in zip((None, True, False), taken, strict=True):
        if whole:
            f = sc.function([x], sc.identity(x), allow_input_downcast=allow)
        else:
            f = sc.function([sc.In(x, allow_downcast=allow)], sc.identity(x), allow_input_downcast=not allow)
            if allow is None:
                continue
        if fits:
            assert f(value).dtype == dtype
        else:
            with pytest.raises(sc.DTypeError, match=r"argument 0 \(x\)"):
                f(value)


def test_strict_takes_nothing_but_the_very_dtype():
    x = sc.vector("x")
    f = sc.function([sc.In(x, strict=True, borrow=True, mutable=True)], sc.Out(x + 1, borrow=True))
    mine = np.ones(2)
    assert f(mine).tolist() == [2, 2]
    assert mine.tolist() == [1, 1]
    for bad in ([1.0], np.ones(2, "float32"), np.ones(2, int)):
        with pytest.raises(sc.DTypeError, match=r"(?s)strict.*float64.*hint"):
            f(bad)
    assert sc.function([x], {"a": sc.Out(x), "b": x + 1})([1.0]) == {"a": [1.0], "b": [2.0]}


@pytest.mark.parametrize("keys", ["list", "dict"])
def test_some_of_the_outputs_and_all_updates(keys):
    x, n = sc.scalar("x"), sc.shared(0, name="n")
    outputs = [x, x + 1, x + 2] if keys == "list" else {"a": x, "b": x + 1, "c": x + 2}
    f = sc.function([x], outputs, updates={n: n + 1})
    if keys == "list":
        assert f(1.0, output_subset=[2, 0]) == [3, 1]
        assert f(x=1.0, output_subset=[]) == []
    else:
        assert f(1.0, output_subset=["c", "a"]) == {"c": 3, "a": 1}
        assert f(x=1.0, output_subset=[]) == {}
    assert n.get_value() == 2
    with pytest.raises(sc.ArgumentError, match="output_subset"):
        f(1.0, output_subset=[9])
    with pytest.raises(sc.ArgumentError, match="output_subset"):
        sc.function([x], x)(1.0, output_subset=[0])


def test_givens_that_replace_an_input_or_each_other():
    x, y, z = sc.scalars("x", "y", "z")
    with pytest.raises(sc.ArgumentError, match=r"(?s)givens replaces x, which is an input.*hint"):
        sc.function([x], x + 1, givens={x: 2.0})
    f = sc.function([y, z], x + y, givens=[(x, y * 10)], on_unused_input="ignore")
    assert f(2, 100) == 22
    with pytest.raises(sc.MissingInputError, match="input y"):  # what is put in is not searched again
        sc.function([], x + 1, givens=[(x, y * 2), (y, 5.0)])


def test_updates_and_givens_that_are_no_pairs():
    x, s = sc.scalar("x"), sc.shared(1.0, name="s")
    for options in ({"updates": (s, s + 1)}, {"updates": [s]}, {"givens": [x]}, {"givens": [(x, 1, 2)]}):
        with pytest.raises(sc.ArgumentError, match=r"(?s)must be a dict or pairs.*hint"):
            sc.function([], s, **options)
    with pytest.raises(sc.ArgumentError, match="input 0"):
        sc.function(3, s)


def test_eval_keeps_a_function_for_each_set_of_inputs():
    x, y = sc.vectors("x", "y")
    z = sc.tanh(x + y)
    a = z.eval({x: [0.0], y: [1.0]})
    np.testing.assert_array_equal(z.eval({y: [1.0], x: [0.0]}), a)
    assert len(vars(z)["eval_functions"]) == 1
    w = sc.exp(z)
    for known in ({z: [1.0]}, {x: [1.0], y: [2.0]}):
        w.eval(known)
    assert len(vars(w)["eval_functions"]) == 2
    with pytest.raises(sc.UnusedInputError, match="x"), sc.settings(on_unused_input="ignore"):
        w.eval({z: [1.0], x: [1.0]})
    with pytest.raises(sc.MissingInputError, match=r"(?s)y: +float64\[\?\], made at test_arguments"):
        w.eval({x: [1.0]})
    with pytest.raises(sc.ArgumentError, match=r"(?s)'x'.*hint"):
        w.eval({"x": [1.0]})


def test_where_a_wrong_value_belongs_is_said():
    x = sc.fvector("x")
    line = sys._getframe().f_lineno - 1
    f = sc.function([x], x + 1)
    for bad in (np.ones(2), np.ones((2, 2), "float32"), 3):
        with pytest.raises(sc.SymconvError, match=rf"(?s)argument 0 \(x\).*test_arguments\.py:{line}"):
            f(bad)


# Other processes


@dataclass(frozen=True)
class ForEachRow(sc.Op):
    """An op that holds a graph and runs it on each row of its input."""

    inner: sc.FunctionGraph
    role = "control"

    @property
    def graphs(self):
        return (self.inner,)

    def out_types(self, x):
        return x

    def drive(self, steps, arrays):
        return np.stack([np.asarray(steps[0](row)[0]) for row in arrays[0]])

    def perform(self, x):
        return self.drive([lambda row: interpret(self.inner, [row])], [x])


def build(depth):
    x, row, w = sc.matrix("x"), sc.vector("row"), sc.shared(np.ones((3, 3)), name="w")
    deep = row
    for number in range(depth):
        deep = deep - row if number % 2 else deep + 1
    rows = ForEachRow(sc.FunctionGraph((row,), (sc.tanh(deep) + deep,)))(x)
    noise = sc.random.Stream(seed=3).normal((3,))
    return sc.function([x], [rows, noise, w.sum()], updates={w: w + sc.dot(x.T, x)}, name="step")


def test_a_deep_graph_inside_an_op_travels():
    f = build(3000)
    g = pickle.loads(pickle.dumps(f))
    for first, second in zip(f(np.ones((2, 3))), g(np.ones((2, 3))), strict=True):
        np.testing.assert_array_equal(first, second)
    inner = next(node.op.inner for node in g.graph.nodes if isinstance(node.op, ForEachRow))
    assert len(inner.nodes) == 3002


def work(f):
    f(np.ones((2, 3)))
    return f(np.full((4, 3), 0.5))


def test_a_function_in_a_spawned_process():
    """Inner graphs, random states and updates travel; the copy goes on where the original stood."""
    f = build(4)
    f(np.zeros((2, 3)))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(work, (f,))
    for theirs, ours in zip(there, work(f), strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_a_pickle_is_read_by_a_fresh_interpreter(tmp_path):
    x, w = sc.vector("x"), sc.shared(np.arange(3.0), name="w")
    f = sc.function([sc.In(x, value=[1.0, 1.0, 1.0])], x * w, updates={w: w * 2})
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(f))
    program = "import pickle, sys; f = pickle.load(open(sys.argv[1], 'rb')); f(); print(f().tolist())"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "f.pkl")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[0.0, 2.0, 4.0]\n"
