"""Bad input, row by row: the class, the numbers, the arguments' types, the user's own line, one hint."""

import builtins
import operator
import pickle
import re
import sys

import numpy as np
import pytest

import symconv as sc
from symconv import errors
from symconv.errors import SymconvError
from symconv.ops.dot import Dot

ARGUMENT = re.compile(r"^  (?!hint:|at )\S.*: +\S", re.MULTILINE)  # "  name: type"


def image(*shape, dtype="float64"):
    return sc.tensor(dtype, shape, name="image")


def bank(*shape, dtype="float64"):
    return sc.tensor(dtype, shape, name="filters")


def conv(x, w, **options):
    return lambda: sc.conv2d(x, w, **options)


x4, w4 = image(None, 3, None, None), bank(2, 3, 5, 5)
m, v, s = sc.matrix("m"), sc.vector("v"), sc.scalar("s")
i, b, z, h = sc.lvector("i"), sc.vector("b", dtype="bool"), sc.zvector("z"), sc.fvector("h")
theta, counting = sc.shared(np.zeros(3, "float32"), name="theta"), sc.shared(0, name="counting")
counting.default_update = counting + 0.5
three, four = sc.tensor("float64", (3,), name="three"), sc.tensor("float64", (4,), name="four")

# what is done, the class, the built-in that people catch, and what the text must say
WHILE_BUILDING = {
    "image of wrong rank": (
        conv(sc.matrix("image"), w4),
        sc.RankError,
        TypeError,
        ["4", "2", "float64[?,?]"],
    ),
    "filters of wrong rank": (
        conv(x4, bank(2, 4, 3)),
        sc.RankError,
        ValueError,
        ["4", "3", "float64[2,4,3]"],
    ),
    "channels that do not match": (
        conv(x4, bank(2, 4, 9, 9)),
        sc.ShapeError,
        ValueError,
        ["3", "4", "float64[?,3,?,?]", "float64[2,4,9,9]"],
    ),
    "filters larger than the image": (
        conv(image(1, 3, 4, 9), w4),
        sc.ShapeError,
        ValueError,
        ["5", "4", "9"],
    ),
    "no pixels": (conv(image(1, 3, 0, 9), w4), sc.ShapeError, ValueError, ["0", "float64[1,3,0,9]"]),
    "unknown border_mode": (
        conv(x4, w4, border_mode="vaild"),
        sc.OptionError,
        ValueError,
        ["vaild", "valid", "half"],
    ),
    "negative padding": (conv(x4, w4, border_mode=(-1, 0)), sc.OptionError, ValueError, ["-1"]),
    "no stride": (conv(x4, w4, subsample=(0, 1)), sc.OptionError, ValueError, ["0"]),
    "half a stride": (conv(x4, w4, subsample=(1.5, 1)), sc.OptionError, ValueError, ["1.5"]),
    "no dilation": (conv(x4, w4, filter_dilation=(0, 1)), sc.OptionError, ValueError, ["0"]),
    "groups that do not divide": (conv(x4, w4, num_groups=2), sc.ShapeError, ValueError, ["2", "3"]),
    "a hint that is wrong": (
        conv(x4, w4, input_shape=(None, 4, None, None)),
        sc.ShapeError,
        ValueError,
        ["3", "4"],
    ),
    "a hint of wrong length": (conv(x4, w4, filter_shape=(2, 3)), sc.OptionError, ValueError, ["2"]),
    "sizes that differ": (
        lambda: three + four,
        sc.ShapeError,
        ValueError,
        ["3", "4", "float64[3]", "float64[4]", "three"],
    ),
    "product of wrong sizes": (
        lambda: sc.dot(three, four),
        sc.ShapeError,
        ValueError,
        ["3", "4", "three", "four"],
    ),
    "reshape to another count": (lambda: three.reshape((2, 2)), sc.ShapeError, ValueError, ["3", "2"]),
    "two unknowns in reshape": (lambda: m.reshape((-1, -1)), SymconvError, ValueError, ["-1"]),
    "an axis that is not there": (lambda: m.sum(axis=2), SymconvError, ValueError, ["2"]),
    "an axis twice": (lambda: m.sum(axis=(0, 0)), SymconvError, ValueError, ["0"]),
    "dimshuffle without an axis": (lambda: m.dimshuffle(0), SymconvError, ValueError, ["1"]),
    "dimshuffle of what is not there": (lambda: m.dimshuffle(0, 1, 2), SymconvError, ValueError, ["2"]),
    "a promise that is broken": (
        lambda: sc.specify_shape(three, (4,)),
        sc.ShapeError,
        ValueError,
        ["3", "4"],
    ),
    "complex comparison in softplus": (
        lambda: sc.softplus(z),
        sc.DTypeError,
        TypeError,
        ["complex128[?]", "hint"],
    ),
    "bits of floats": (lambda: v & i, sc.DTypeError, TypeError, ["float64", "int64", "hint"]),
    "minus a truth value": (lambda: -b, sc.DTypeError, TypeError, ["bool[?]", "hint"]),
    "complex made real": (lambda: z.astype("float64"), sc.DTypeError, TypeError, ["complex128", "hint"]),
    "a number too large": (
        lambda: sc.vector(dtype="int8") + 300,
        sc.ArgumentError,
        TypeError,
        ["300", "int8", "hint"],
    ),
    "a string in a sum": (lambda: v + "1", sc.ArgumentError, TypeError, ["'1'", "str", "hint"]),
    "None in a sum": (lambda: v + None, sc.ArgumentError, TypeError, ["None", "hint"]),
    "too many operands": (lambda: sc.tanh(v, v), sc.ArgumentError, TypeError, ["1", "2", "hint"]),
    "too many indices": (lambda: m[0, 1, 2], sc.IndexingError, IndexError, ["3", "2", "float64[?,?]"]),
    "a position that is not there": (lambda: three[3], sc.IndexingError, IndexError, ["3", "float64[3]", "three"]),
    "positions that are not there": (lambda: three[[0, -4]], sc.IndexingError, IndexError, ["-4", "3", "three"]),
    "half an index": (lambda: m[1.5], sc.DTypeError, TypeError, ["1.5", "float", "hint"]),
    "an index of floats": (lambda: m[:, v], sc.DTypeError, TypeError, ["float64[?]", "m", "v", "hint"]),
    "a bound that is a vector": (lambda: m[i:], sc.DTypeError, TypeError, ["int64[?]", "m"]),
    "a step of nothing": (lambda: v[::0], sc.OptionError, ValueError, ["0", "float64[?]"]),
    "two ellipses": (lambda: m[..., ...], sc.IndexingError, IndexError, ["one ellipsis"]),
    "a mask of another size": (
        lambda: three[sc.constant([True, False, True, True])],
        sc.IndexingError,
        IndexError,
        ["4", "3", "three"],
    ),
    "indices that do not broadcast": (
        lambda: m[[0, 1], [0, 1, 2]],
        sc.ShapeError,
        ValueError,
        ["2", "3", "float64[?,?]"],
    ),
    "a write of another size": (lambda: sc.set_subtensor(three[1:], four), sc.ShapeError, ValueError, ["4", "2"]),
    "a write of too many dimensions": (
        lambda: sc.inc_subtensor(v[1:], m),
        sc.RankError,
        ValueError,
        ["2", "1", "float64[?,?]"],
    ),
    "an assignment": (lambda: operator.setitem(v, 0, 1.0), sc.ArgumentError, TypeError, ["v", "set_subtensor"]),
    "a write into no part": (lambda: sc.set_subtensor(v, 1), sc.ArgumentError, TypeError, ["v", "hint"]),
    "a negative size of zeros": (lambda: sc.zeros((2, -3)), sc.ShapeError, ValueError, ["-3", "hint"]),
    "a value that does not fill": (
        lambda: sc.alloc(three, 2, 4),
        sc.ShapeError,
        ValueError,
        ["3", "4", "float64[3]", "hint"],
    ),
    "a range that never ends": (lambda: sc.arange(0, i.shape[0], 0), sc.ShapeError, ValueError, ["0", "hint"]),
    "a join of two ranks": (
        lambda: sc.join(0, m, v),
        sc.RankError,
        (TypeError, ValueError),
        ["2", "1", "float64[?,?]", "hint"],
    ),
    "a stack of sizes that differ": (
        lambda: sc.stack([three, four]),
        sc.ShapeError,
        ValueError,
        ["3", "4", "hint"],
    ),
    "a split that does not add up": (
        lambda: sc.split(four, [1, 2]),
        sc.ShapeError,
        ValueError,
        ["4", "3", "(1, 2)", "hint"],
    ),
    "more of the largest than there are": (lambda: sc.topk(three, 4), sc.ShapeError, ValueError, ["3", "4"]),
    "labels that are no integers": (lambda: sc.one_hot(v, 3), sc.DTypeError, TypeError, ["float64[?]"]),
    "an unknown padding": (lambda: sc.pad(v, 1, "mirror"), sc.OptionError, ValueError, ["mirror", "reflect"]),
    "gradient of a vector": (lambda: sc.grad(v, v), SymconvError, (TypeError, ValueError), ["float64[?]"]),
    "gradient by an integer": (
        lambda: sc.grad(i.sum(), i),
        SymconvError,
        (TypeError, ValueError),
        ["int64"],
    ),
    "gradient by a stranger": (lambda: sc.grad(v.sum(), h), sc.DisconnectedInputError, ValueError, ["h"]),
    "an input that is missing": (
        lambda: sc.function([v], v * s),
        sc.MissingInputError,
        ValueError,
        ["s", "float64[]", "hint"],
    ),
    "an input that is not used": (
        lambda: sc.function([v, s], v),
        sc.UnusedInputError,
        ValueError,
        ["s", "hint"],
    ),
    "where a missing input was made": (
        lambda: sc.function([], sc.exp(s)),
        sc.MissingInputError,
        ValueError,
        ["s: float64[], made at test_errors.py", "hint"],
    ),
    "two updates of one variable": (
        lambda: sc.function([], [], updates=[(theta, theta + 1), (theta, theta * 2)]),
        sc.ArgumentError,
        TypeError,
        ["theta has two updates", "float32[3]", "hint"],
    ),
    "an update of what is not shared": (
        lambda: sc.function([v], v, updates={v: v + 1}),
        sc.ArgumentError,
        TypeError,
        ["v", "float64[?]", "hint"],
    ),
    "an update of another dtype": (
        lambda: sc.function([], [], updates={theta: theta.astype("float64") * 2}),
        sc.DTypeError,
        TypeError,
        ["theta", "float32[3]", "float64[3]", "hint"],
    ),
    "an update of another rank": (
        lambda: sc.function([], [], updates={theta: theta.sum()}),
        sc.ShapeError,
        ValueError,
        ["theta", "float32[3]", "float32[]", "hint"],
    ),
    "an update of a size that is not known": (
        lambda: sc.function([h], [], updates={theta: h + 1}),
        sc.ShapeError,
        ValueError,
        ["theta", "float32[3]", "float32[?]", "specify_shape(update, (3,))"],
    ),
    "an update by a value that does not fit": (
        lambda: sc.function([], [], updates={theta: [1.0, 2.0]}),
        sc.ShapeError,
        ValueError,
        ["update of theta", "float32[3]", "(2,)"],
    ),
    "an update that is no pair": (
        lambda: sc.function([], [], updates=[theta]),
        sc.ArgumentError,
        TypeError,
        ["updates", "SharedVariable", "hint"],
    ),
    "a default update of another dtype": (
        lambda: sc.function([], counting),
        sc.DTypeError,
        TypeError,
        ["counting", "int64[]", "float64[]", "hint"],
    ),
    "given in place of an input": (
        lambda: sc.function([v], v + 1, givens={v: [1.0]}),
        sc.ArgumentError,
        TypeError,
        ["givens", "v", "float64[?]", "hint"],
    ),
    "given by name": (
        lambda: sc.function([], v + 1, givens={"v": [1.0]}),
        sc.ArgumentError,
        TypeError,
        ["'v'", "str", "hint"],
    ),
    "given with a loss": (
        lambda: sc.function([], h + 1, givens={h: np.ones(2)}),
        sc.DTypeError,
        TypeError,
        ["given h", "float32", "float64[2]", "hint"],
    ),
    "given another rank": (
        lambda: sc.clone(v + 1, replace={v: m}),
        sc.RankError,
        TypeError,
        ["v", "float64[?]", "float64[?,?]"],
    ),
    "a state without a value": (
        lambda: sc.function([sc.In(s, update=s + 1)], s),
        sc.ArgumentError,
        TypeError,
        ["input 0", "s", "float64[]", "hint"],
    ),
    "a default value of another rank": (
        lambda: sc.function([sc.In(v, value=1.0)], v),
        sc.RankError,
        TypeError,
        ["input 0 (v)", "float64[?]", "1", "0"],
    ),
    "a shared variable as input": (
        lambda: sc.function([theta], theta * 2),
        sc.ArgumentError,
        TypeError,
        ["input 0", "shared", "float32[3]", "givens"],
    ),
    "an evaluation by name": (
        lambda: (s + 1).eval({"s": 1.0}),
        sc.ArgumentError,
        TypeError,
        ["'s'", "str", "hint"],
    ),
    "a call without an argument": (
        lambda: sc.function([v, s], v * s, name="f")([1.0]),
        sc.ArgumentError,
        TypeError,
        ["f takes 2", "missing: s", "f(v: float64[?], s: float64[])"],
    ),
    "a call with an unknown keyword": (
        lambda: sc.function([v], v * 2, name="f")([1.0], w=1),
        sc.ArgumentError,
        TypeError,
        ["'w'", "f(v: float64[?])"],
    ),
    "a call with a loss": (
        lambda: sc.function([h], h * 2, name="f")(np.ones(2)),
        sc.DTypeError,
        TypeError,
        ["argument 0 (h) of f", "float32[?]", "float64[2]", "hint"],
    ),
    "a call with another rank": (
        lambda: sc.function([h], h * 2, name="f")(np.ones((2, 2), "float32")),
        sc.RankError,
        TypeError,
        ["argument 0 (h) of f", "float32[?]", "float32[2,2]"],
    ),
    "a call with a static size that differs": (
        lambda: sc.function([three], three * 2, name="f")(np.ones(4)),
        sc.ShapeError,
        ValueError,
        ["argument 0 (three) of f", "float64[3]", "float64[4]"],
    ),
    "a call with a variable": (
        lambda: sc.function([v], v * 2, name="f")(v),
        sc.ArgumentError,
        TypeError,
        ["argument 0 (v) of f", "symbolic variable v", "float64[?]"],
    ),
}

# The same for what the language has besides: what is done, the class, the built-in, and what the text must say
OF_THE_LANGUAGE = {
    "an axis of softmax": (lambda: sc.softmax(m, axis=2), sc.RankError, ValueError, ["2", "float64[?,?]", "(m)", "hint"]),
    "an axis of sort": (lambda: sc.sort(m, axis=4), sc.RankError, ValueError, ["4", "(m)", "hint"]),
    "an axis of cumsum": (lambda: sc.cumsum(v, axis=1), sc.RankError, ValueError, ["1", "(v)", "hint"]),
    "an axis of argmax": (lambda: m.argmax(axis=3), sc.RankError, ValueError, ["3", "(m)", "hint"]),
    "an axis of join": (lambda: sc.join(5, m, m), sc.RankError, ValueError, ["5", "(m)", "hint"]),
    "half an axis": (lambda: m.sum(axis=1.5), sc.ArgumentError, TypeError, ["1.5", "(m)", "hint"]),
    "an axis moved away": (lambda: sc.swapaxes(m, 0, 5), sc.RankError, ValueError, ["5", "(m)", "hint"]),
    "dimshuffle with an axis twice": (lambda: m.dimshuffle(0, 0), sc.ShapeError, ValueError, ["(0, 0)", "(m)", "hint"]),
    "dimshuffle with a letter": (lambda: m.dimshuffle("y", 0, 1), sc.RankError, ValueError, ["'y'", "(m)", "hint"]),
    "flatten to more": (lambda: m.flatten(4), sc.RankError, ValueError, ["4", "2", "float64[?,?]", "hint"]),
    "objects in a sum": (lambda: sc.add(v, [object()]), sc.DTypeError, TypeError, ["object", "hint"]),
    "an unknown order": (lambda: sc.sort(m, kind="bogo"), sc.OptionError, ValueError, ["bogo", "hint"]),
    "no tensors": (lambda: sc.concatenate([]), sc.ArgumentError, TypeError, ["at least one", "hint"]),
    "a choice of one": (lambda: sc.where(m > 0, m), sc.ArgumentError, TypeError, ["2 arguments", "(m)", "hint"]),
    "a negative identity": (lambda: sc.eye(-2), sc.ShapeError, ValueError, ["-2", "hint"]),
    "a negative number of classes": (lambda: sc.one_hot(i, -3), sc.ShapeError, ValueError, ["-3", "hint"]),
    "a negative number of points": (lambda: sc.linspace(0, 1, -2), sc.ShapeError, ValueError, ["-2", "hint"]),
    "axes that are not there to sum over": (
        lambda: sc.tensordot(m, m, axes=4), sc.RankError, ValueError, ["4", "float64[?,?]", "hint"],
    ),
    "terms of einsum": (lambda: sc.einsum("ij,jk", m), sc.ArgumentError, TypeError, ["2 terms", "1 operands", "hint"]),
    "a matrix that is not square": (
        lambda: sc.linalg.inv(sc.tensor("float64", (2, 3))), sc.ShapeError, ValueError, ["2 rows", "3 columns", "hint"],
    ),
    "an unknown norm": (lambda: sc.linalg.norm(v, "bad"), sc.OptionError, ValueError, ["bad", "hint"]),
    "an option of grad": (
        lambda: sc.grad(v.sum(), v, disconnected_inputs="zz"), sc.OptionError, ValueError, ["zz", "hint"],
    ),
    "no cost": (lambda: sc.grad(None, v), sc.ArgumentError, TypeError, ["cost", "hint"]),
    "an integer cost": (lambda: sc.grad(i.sum(), v), sc.GradientError, ValueError, ["int64[]", "hint"]),
    "a gradient by a number": (lambda: sc.grad(v.sum(), [3]), sc.ArgumentError, TypeError, ["3", "int", "hint"]),
    "a known gradient of another shape": (
        lambda: sc.grad(None, v, known_grads={v: m}), sc.ShapeError, ValueError, ["float64[?]", "float64[?,?]", "hint"],
    ),
    "a direction of another shape": (lambda: sc.Rop(v, v, m), sc.ShapeError, ValueError, ["float64[?,?]", "hint"]),
    "no step": (lambda: sc.scan(None, sequences=v), sc.ArgumentError, TypeError, ["None", "hint"]),
    "an endless loop": (lambda: sc.scan(lambda: 1), sc.ArgumentError, TypeError, ["n_steps", "hint"]),
    "a step of another arity": (
        lambda: sc.scan(lambda a, b: a, sequences=v), sc.ArgumentError, TypeError, ["1 variables", "'b'", "float64[]", "hint"],
    ),
    "results without states": (
        lambda: sc.scan(lambda a, h: (a, h), sequences=v, outputs_info=s), sc.ArgumentError, TypeError, ["2", "1", "hint"],
    ),
    "half a tap": (
        lambda: sc.scan(lambda a: a, sequences={"input": v, "taps": 0.5}), sc.ArgumentError, TypeError, ["0.5", "hint"],
    ),
    "a tap that looks ahead": (
        lambda: sc.scan(lambda a: a, outputs_info={"initial": v, "taps": [1]}, n_steps=3),
        sc.ArgumentError, TypeError, ["[1]", "hint"],
    ),
    "an odd truncation": (
        lambda: sc.scan(lambda h: h, outputs_info=s, n_steps=2, truncate_gradient=-5), sc.OptionError, ValueError, ["-5", "hint"],
    ),
    "a state that changes its dtype": (
        lambda: sc.scan(lambda h: h * 1.5, outputs_info=sc.lscalar("k"), n_steps=2),
        sc.DTypeError, TypeError, ["int64", "float64", "hint"],
    ),
    "a state that changes its rank": (
        lambda: sc.scan(lambda h: h + v, outputs_info=s, n_steps=2), sc.RankError, ValueError, ["0", "1", "hint"],
    ),
    "a state that grows": (
        lambda: sc.scan(lambda h: sc.concatenate([h, h]), outputs_info=three, n_steps=2),
        sc.ShapeError, ValueError, ["3", "6", "hint"],
    ),
    "sides of a choice": (lambda: sc.ifelse(s, [v, v], [v]), sc.ArgumentError, TypeError, ["2", "1", "hint"]),
    "sides of other ranks": (lambda: sc.ifelse(s, v, m), sc.RankError, ValueError, ["float64[?]", "float64[?,?]"]),
    "a negative number of draws": (
        lambda: sc.random.Stream(1).normal((2, -1)), sc.ShapeError, ValueError, ["-1", "hint"],
    ),
    "a seed of letters": (lambda: sc.random.Stream("a"), sc.OptionError, ValueError, ["'a'", "hint"]),
    "an op of other arguments": (
        lambda: sc.OpFromGraph([v], [v * 2])(v, v), sc.ArgumentError, TypeError, ["1 arguments", "2", "float64[?]", "hint"],
    ),
    "an op of another rank": (
        lambda: sc.OpFromGraph([v], [v * 2])(m), sc.RankError, ValueError, ["1 dimensions", "2", "(m)", "hint"],
    ),
    "updates that are no pairs": (
        lambda: sc.function([v], v, updates=3), sc.ArgumentError, TypeError, ["updates", "int", "hint"],
    ),
    "an unknown mode": (lambda: sc.function([v], v, mode="zz"), sc.OptionError, ValueError, ["zz", "hint"]),
    "an unknown action": (lambda: sc.function([v], v, on_unused_input="zz"), sc.OptionError, ValueError, ["zz", "hint"]),
    "an output that is missing its input": (
        lambda: sc.function([], v), sc.MissingInputError, ValueError, ["v", "float64[?]", "hint"],
    ),
    "an iteration over an unknown length": (lambda: list(v), sc.ArgumentError, TypeError, ["v", "float64[?]", "hint"]),
    "a condition as a truth value": (lambda: bool(v > 0), sc.DTypeError, TypeError, ["bool[?]", "switch"]),
}  # fmt: skip
WHILE_BUILDING |= OF_THE_LANGUAGE

# One value is wrong, and the first line says it: there is nothing to add below.
OF_ONE_VALUE = {
    "unknown border_mode", "negative padding", "no stride", "half a stride", "no dilation",
    "a hint of wrong length", "a write into no part", "an unknown padding", "an unknown order", "no tensors",
    "a negative identity", "a negative number of classes", "a negative number of points", "an unknown norm",
    "an option of grad", "no cost", "no step", "half a tap", "a tap that looks ahead", "an endless loop",
    "results without states", "an odd truncation", "sides of a choice", "an unknown mode", "an unknown action",
    "a negative number of draws", "a seed of letters", "objects in a sum",
}  # fmt: skip

WITHOUT_A_LINE = {  # the error is raised right where it is written, before any op exists
    "an unknown dtype": (lambda: sc.tensor("float46", ()), sc.DTypeError, TypeError, ["float46", "hint"]),
    "a cast to nonsense": (lambda: v.astype("nonsense"), sc.DTypeError, TypeError, ["nonsense", "hint"]),
    "a negative size": (lambda: sc.tensor("float64", (-1,)), sc.ShapeError, ValueError, ["-1"]),
    "a shared string": (lambda: sc.shared("text"), SymconvError, TypeError, ["shared", "U4"]),
    "a constant of objects": (lambda: sc.constant([object()]), sc.DTypeError, TypeError, ["object"]),
    "an unknown setting": (
        lambda: sc.settings(colour=1).__enter__(),
        sc.ArgumentError,
        TypeError,
        ["colour", "hint"],
    ),
    "a wrong setting": (
        lambda: sc.settings(threads=0).__enter__(),
        sc.OptionError,
        ValueError,
        ["threads", "0"],
    ),
    "a wrong mode": (
        lambda: sc.settings(mode="fast").__enter__(),
        sc.OptionError,
        ValueError,
        ["fast", "hint"],
    ),
}


@pytest.mark.parametrize("name", WHILE_BUILDING)
def test_bad_input_is_refused_where_it_is_written(name):
    make, kind, builtin, words = WHILE_BUILDING[name]
    with pytest.raises(kind) as caught:
        make()
    error, text = caught.value, str(caught.value)
    assert isinstance(error, builtin)
    for word in words:
        assert (word in text) or (word == "hint" and "hint:" in text), f"{word!r} is not in:\n{text}"
    assert re.search(r"^  at test_errors\.py:\d+", text, re.MULTILINE), f"not the user's line:\n{text}"
    assert name in OF_ONE_VALUE or ARGUMENT.search(text), f"no argument with its type:\n{text}"
    assert len(re.findall("^  hint:", text, re.MULTILINE)) <= 1
    assert "Traceback" not in text


@pytest.mark.parametrize("name", WITHOUT_A_LINE)
def test_what_makes_no_op_is_refused_at_once(name):
    make, kind, builtin, words = WITHOUT_A_LINE[name]
    with pytest.raises(kind) as caught:
        make()
    assert isinstance(caught.value, builtin)
    for word in words:
        assert (word in str(caught.value)) or (word == "hint" and "hint:" in str(caught.value)), str(
            caught.value
        )


def test_an_error_points_at_the_very_line():
    with pytest.raises(sc.ShapeError) as caught:
        three + four
    assert f"test_errors.py:{sys._getframe().f_lineno - 1} in test_an_error_points_at_the_very_line" in str(
        caught.value
    )


# What can be known only when sizes are


AT_THE_CALL = {
    "sizes that differ": (lambda: ([m, v], m + v), [np.ones((2, 3)), np.ones(4)], ["3", "4", "m", "v"]),
    "an unknown 1 stretched": (lambda: ([m, v], m + v), [np.ones((2, 3)), np.ones(1)], ["1", "3", "hint"]),
    "filters larger than the image": (
        lambda: ([x4, w4], sc.conv2d(x4, w4)),
        [np.ones((1, 3, 4, 9)), np.ones((2, 3, 5, 5))],
        ["5", "4", "9"],
    ),
    "no pixels": (
        lambda: ([x4, w4], sc.conv2d(x4, w4)),
        [np.ones((1, 3, 0, 9)), np.ones((2, 3, 5, 5))],
        ["0"],
    ),
    "product of wrong sizes": (lambda: ([m, v], sc.dot(m, v)), [np.ones((2, 3)), np.ones(4)], ["3", "4"]),
    "reshape to another count": (lambda: ([v], v.reshape((2, 2))), [np.ones(5)], ["5", "2"]),
    "a promise that is broken": (lambda: ([v], sc.specify_shape(v, (4,))), [np.ones(5)], ["5", "4"]),
    "the largest of nothing": (lambda: ([v], sc.max(v)), [np.ones(0)], ["0"]),
    "a size that is not 1": (
        lambda: ([m], m.dimshuffle(0, "x", 1).reshape((2, 3))),
        [np.ones((2, 4))],
        ["8", "3"],
    ),
}


@pytest.mark.parametrize("mode", ["compiled", "interpreted", "checked"])
@pytest.mark.parametrize("name", AT_THE_CALL)
def test_sizes_that_are_wrong_at_the_call(name, mode):
    make, values, words = AT_THE_CALL[name]
    inputs, output = make()
    target = sc.shared(0.0, name="target")
    f = sc.function(inputs, output, updates={target: target + 1}, mode=mode)
    with pytest.raises(sc.ShapeError) as caught:
        f(*values)
    text = str(caught.value)
    assert isinstance(caught.value, ValueError)
    for word in words:
        assert word in text, f"{word!r} is not in:\n{text}"
    assert f"at test_errors.py:{make.__code__.co_firstlineno}" in text or "at test_errors.py:" in text, text
    assert ARGUMENT.search(text), text
    assert target.get_value() == 0


def test_the_line_survives_rewriting():
    """Rules replaced every op that the user wrote; the error still names the line, not the rule."""
    y = sc.log(1 + sc.exp(m * 1 + v))
    line = sys._getframe().f_lineno - 1
    f = sc.function([m, v], y)
    assert f.log
    with pytest.raises(sc.ShapeError, match=rf"test_errors\.py:{line}"):
        f(np.ones((2, 3)), np.ones(4))


def test_a_shared_value_of_a_wrong_kind_changes_nothing():
    w = sc.shared(np.ones((2, 3)), name="W")
    for value, kind in (
        (np.ones(3), sc.RankError),
        (np.ones((2, 3), complex), sc.DTypeError),
        ("a", SymconvError),
    ):
        with pytest.raises(kind) as caught:
            w.set_value(value)
        assert "W" in str(caught.value)
        np.testing.assert_array_equal(w.get_value(), np.ones((2, 3)))


def test_the_finite_check_names_the_op_and_the_line():
    y = sc.log(v)
    line = sys._getframe().f_lineno - 1
    f = sc.function([v], y * 2)
    with sc.settings(check_finite=True):
        f(np.ones(3))
        with pytest.raises(sc.CheckError) as caught:
            f(np.array([1.0, -1.0, 0.0]))
    text = str(caught.value)
    for word in ("log", "2 of 3", "(1,)", "nan", f"test_errors.py:{line}", "hint"):
        assert word in text, text
    f(np.array([1.0, -1.0]))


def test_the_checking_mode_finds_a_wrong_kernel(monkeypatch):
    """An op whose lowering lies is caught, and named."""
    lower = Dot.lower

    def wrong(self, k, inputs, outputs):
        lower(self, k, inputs, outputs)
        k.call("add", outputs[0], outputs[0], out=outputs[0])

    monkeypatch.setattr(Dot, "lower", wrong)
    f = sc.function([m], sc.dot(m, m), mode="checked")
    with pytest.raises(sc.CheckError, match=r"(?s)output 0.*@.*test_errors\.py"):
        f(np.ones((3, 3)))


# The classes


CLASSES = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, SymconvError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_what_people_catch_and_can_be_pickled(kind):
    error = kind("3 is not 4", arguments=[("x", "float64[3]")], where="net.py:28", hint="make it 4")
    assert str(error) == "3 is not 4\n  x: float64[3]\n  at net.py:28\n  hint: make it 4"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert type(pickle.loads(pickle.dumps(error))) is kind
    if kind is not SymconvError:
        assert any(base.__module__ == "builtins" and base not in (Exception, BaseException, object)
                   and hasattr(builtins, base.__name__) for base in kind.__mro__)  # fmt: skip
    assert getattr(sc, kind.__name__) is kind


# Symbolic variables are no values


@pytest.mark.parametrize(
    "use",
    [
        lambda: float(s), lambda: int(s), lambda: len(v), lambda: list(v), lambda: np.asarray(v),
        lambda: bool(v > 0),
        lambda: 1 if v > 0 else 2, lambda: np.linalg.norm(v), lambda: np.add.reduce(v), lambda: range(i),
    ],
)  # fmt: skip
def test_a_symbolic_variable_is_no_value(use):
    with pytest.raises(TypeError):
        use()


# NaN and infinity are no errors


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_flow(value):
    data = np.ones((1, 3, 9, 9))
    data[0, 1, 4, 4] = value
    result = sc.function([x4, w4], sc.conv2d(x4, w4))(data, np.ones((2, 3, 5, 5)))
    assert not np.isfinite(result).any()
    np.testing.assert_array_equal(
        sc.function([v], sc.maximum(v, 0))(np.array([value])), np.maximum(value, 0)
    )
