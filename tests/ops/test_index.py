"""Indexing against NumPy: basic and advanced patterns, writing, gradients, plans, and what goes wrong."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from reference import evaluate

import symconv as sc
from symconv.compile.plan import Plan
from symconv.graph.nodes import Constant
from symconv.ops.index import AdvancedSubtensor, IncSubtensor, Subtensor
from symconv.ops.index.pattern import Piece, composed, index
from symconv.ops.shape import MakeVector, ShapeAt

SIZES = (3, 5, 4, 1, 0)


def counting(*shape):
    return np.arange(math.prod(shape), dtype="float64").reshape(shape)


def written(x, key, y, kind):
    """What NumPy makes of a copy."""
    result = x.copy()
    if kind == "set":
        result[key] = y
    else:
        np.add.at(result, key, y)
    return result


@st.composite
def cases(draw, advanced):
    """A shape, which sizes are static, the index for NumPy, and which of its numbers are symbolic."""
    ndim = draw(st.integers(1, 4))
    shape = draw(st.permutations(SIZES))[:ndim] if draw(st.integers(0, 5)) == 0 else [5, 3, 4, 7][:ndim]
    static = [draw(st.booleans()) for _ in shape]
    together = draw(st.sampled_from([(2,), (3, 2), (1, 3), (0,)]))
    key, axis = [], 0
    while axis < ndim:
        size = shape[axis]
        kind = draw(st.sampled_from(["int", "slice", "slice", "new", "array", "mask"][: 6 if advanced else 4]))
        number = st.integers(-size - 2, size + 2)
        if kind == "new":
            key.append(None)
            if len(key) > 5:
                break
            continue
        if kind == "int" and size:
            key.append(draw(st.integers(-size, size - 1)))
        elif kind == "array" and size:
            ends = together[draw(st.integers(0, len(together))) :]
            values = draw(st.lists(st.integers(-size, size - 1), min_size=6, max_size=6))
            key.append(np.array(values[: math.prod(ends)]).reshape(ends))
        elif kind == "mask" and not any(isinstance(item, np.ndarray) for item in key):
            two = axis + 1 < ndim and draw(st.booleans())
            wanted = tuple(shape[axis : axis + 1 + two])
            key.append(np.random.default_rng(draw(st.integers(0, 9))).integers(0, 2, wanted) > 0)
            axis += two
        else:
            bounds = [draw(st.none() | number) for _ in range(2)]
            key.append(slice(*bounds, draw(st.sampled_from([None, 1, 2, -1, -2]))))
        axis += 1
        if draw(st.integers(0, 5)) == 0:
            key.append(Ellipsis)
            break
    return tuple(shape), static, tuple(key), [draw(st.booleans()) for _ in range(3 * len(key))]


def symbolic(key, chosen):
    """The key with variables where chosen; and the values for them."""
    values, chosen = {}, iter(chosen)

    def hide(item):
        if item is None or item is Ellipsis or not next(chosen, False):
            return item
        if isinstance(item, np.ndarray):
            variable = sc.tensor(item.dtype.name, tuple(1 if s == 1 else None for s in item.shape))
        else:
            variable = sc.lscalar()
        values[variable] = np.asarray(item)
        return variable

    def hidden(item):
        if isinstance(item, slice):
            step = hide(item.step)
            return slice(hide(item.start), hide(item.stop), step)
        return hide(item)

    return tuple(hidden(item) for item in key), values


@pytest.mark.parametrize("advanced", [False, True])
@given(data=st.data())
def test_any_index_takes_and_writes_what_numpy_does(advanced, data):
    shape, static, key, chosen = data.draw(cases(advanced))
    array = counting(*shape)
    try:
        expected = array[key]
    except IndexError:
        return  # arrays that do not broadcast
    x = sc.tensor("float64", tuple(s if fixed else None for s, fixed in zip(shape, static, strict=True)), "x")
    entries, values = symbolic(key, chosen)
    part = x[entries]
    assert part.ndim == expected.ndim
    assert part.type.accepts(expected.shape)
    y = sc.tensor("float64", tuple(1 if size == 1 else None for size in part.type.shape), "y")
    added = np.random.default_rng(0).integers(-9, 9, expected.shape).astype(float)
    if not y.type.accepts(added.shape):
        return
    outputs = [part, sc.tanh(part) + 1, sc.set_subtensor(part, y), sc.inc_subtensor(part, y * 2)]
    inputs = [x, y, *values]
    f = sc.function(inputs, outputs, mode="checked")
    taken, shifted, replaced, increased = f(array, added, *values.values())
    np.testing.assert_array_equal(taken, expected, strict=True)
    np.testing.assert_allclose(shifted, np.tanh(expected) + 1, rtol=1e-14)
    np.testing.assert_array_equal(replaced, written(array, key, added, "set"))
    np.testing.assert_array_equal(increased, written(array, key, added * 2, "inc"))
    cost = (part * y).sum()
    by_x, by_y = sc.function(inputs, sc.grad(cost, [x, y]), mode="checked")(array, added, *values.values())
    np.testing.assert_array_equal(by_x, written(np.zeros_like(array), key, added, "inc"))
    np.testing.assert_array_equal(by_y, expected)


REPEATED = np.array([[1, 0, 1], [1, 2, 2]])
KEYS = [
    (1,),
    (slice(None, None, -1), 2),
    (slice(0, 2), None, slice(None, 3, 2)),
    (REPEATED,),
    (slice(1, None), REPEATED),
    (0, slice(None), REPEATED),
    (np.array([0, 2, 0]), np.array([1, 3, 1])),
    (counting(3, 4) % 3 == 0,),
]


@pytest.mark.parametrize("kind", ["set", "inc"])
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_gradients_of_any_order(key, kind):
    """Repeated indices too: what was written over has no influence, what was added has all of it."""
    x = np.random.default_rng(1).uniform(0.5, 1, (3, 4, 3))
    y = np.random.default_rng(2).uniform(0.5, 1, x[key].shape)
    write = sc.set_subtensor if kind == "set" else sc.inc_subtensor

    def square(x, y):
        return write(x[key], y * y) ** 2 * sc.sin(x)

    sc.verify_grad(lambda x: x[key] ** 2, [x])
    sc.verify_grad(square, [x, y])
    for position in range(2):
        sc.verify_grad(lambda x, y, p=position: sc.grad(square(x, y).sum(), [x, y])[p], [x, y])


def test_what_is_written_broadcasts_and_its_gradient_is_summed():
    x, row, number = sc.dmatrix("x"), sc.drow("row"), sc.dscalar("number")
    for part, write in ((x[1:], sc.set_subtensor), (x[[0, 2]], sc.inc_subtensor), (x[:, 0], sc.inc_subtensor)):
        for y in (number, row) if part.ndim == 2 else (number,):
            cost = (write(part, y) * x).sum()
            f = sc.function([x, y], sc.grad(cost, y, disconnected_inputs="raise"), mode="checked")
            array = counting(3, 2)
            value = np.ones((1, 2)) if y is row else np.ones(())
            known = sc.function([x], part)(array)
            np.testing.assert_array_equal(f(array, value), known.sum(axis=0, keepdims=True) if y is row else known.sum())


@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "complex64", "float16"])
def test_the_result_has_the_dtype_of_the_tensor(dtype):
    x = sc.tensor(dtype, (None, None), "x")
    array = (counting(3, 4) % 2).astype(dtype)
    for key in ((slice(1, None),), ([0, 0, 2],)):
        for kind in ("set", "inc"):
            result = (sc.set_subtensor if kind == "set" else sc.inc_subtensor)(x[key], 1)
            assert result.dtype == dtype
            found = sc.function([x], result, mode="checked")(array)
            np.testing.assert_array_equal(found, written(array, key, np.ones(1, dtype), kind))


def test_the_last_write_wins_whatever_the_layout():
    x, i, y = sc.dvector("x"), sc.lmatrix("i"), sc.dmatrix("y")
    f = sc.function([x, i, y], sc.set_subtensor(x[i], y))
    positions, values = np.array([[0, 1], [1, 0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    for order in "CF":
        np.testing.assert_array_equal(f(np.zeros(3), np.asarray(positions, order=order), values), [4, 3, 0])


# Views, cuts and plans


def test_a_part_with_known_bounds_is_a_view_and_fuses():
    x = sc.dmatrix("x")
    f = sc.function([x], sc.tanh(x[1:-1, ::-2]) + x[2:, :2])
    array = counting(5, 4)
    np.testing.assert_allclose(f(array), np.tanh(array[1:-1, ::-2]) + array[2:, :2])
    assert len(f.stages["program"].kernels) == 1
    assert f.source.count("np.tanh") == 1


@pytest.mark.parametrize("step", [-1, -2, -3, 2])
def test_reversed_views_in_blocks(step):
    from strategies import tiny_blocks

    x = sc.dmatrix("x")
    array = counting(37, 41)
    with tiny_blocks():
        f = sc.function([x], sc.sqr(x[::step, 30:2:step] if step < 0 else x[::step, 2:30:step]) + 1)
        expected = array[::step, 30:2:step] if step < 0 else array[::step, 2:30:step]
        np.testing.assert_array_equal(f(array), expected**2 + 1)


@pytest.mark.parametrize("how", ["directly", "givens"])
def test_a_mini_batch_of_a_shared_data_set_is_a_view_and_needs_no_new_plan(monkeypatch, how):
    data = sc.shared(counting(20, 3), "data")
    i, batch, n = sc.lscalar("i"), sc.dmatrix("batch"), 4
    part = data[i * n : (i + 1) * n]
    if how == "directly":
        f = sc.function([i], sc.sqr(part).sum(axis=0))
    else:
        f = sc.function([i], sc.sqr(batch).sum(axis=0), givens={batch: part})
    seen = []
    run = Plan.__call__
    monkeypatch.setattr(Plan, "__call__", lambda plan, arrays: seen.append(arrays) or run(plan, arrays))
    array = data.get_value(borrow=True)
    for number in range(5):
        np.testing.assert_array_equal(f(number), (array[4 * number : 4 * number + 4] ** 2).sum(axis=0))
    assert len(f.sources) == 2  # the bounds, and what is done with the part
    batches = [a for arrays in seen for a in arrays if a.shape == (4, 3)]
    assert len(batches) == 5
    assert all(np.shares_memory(a, array) for a in batches)


def test_results_never_alias():
    data = sc.shared(counting(6, 3), "data")
    x, i = sc.dmatrix("x"), sc.lscalar("i")
    array = counting(6, 3)
    f = sc.function([x, i], [data[1:3], data[i : i + 2], data[i], x[i:], x[::-1], x[i], data[[0, 1]]])
    for result in f(array, 1):
        assert not np.shares_memory(result, array)
        assert not np.shares_memory(result, data.get_value(borrow=True))
    grown = sc.function([x], (x * 2)[0])
    assert grown(array).base is None  # nothing larger is kept alive


def test_bounds_that_depend_on_sizes_alone_cut_nothing():
    x = sc.dmatrix("x")
    f = sc.function([x], x[: x.shape[0] // 2] * 2, mode="checked")
    np.testing.assert_array_equal(f(counting(5, 2)), counting(5, 2)[:2] * 2)
    assert len(f.sources) == 1


def test_writing_copies_once():
    x = sc.dmatrix("x")
    f = sc.function([x], sc.set_subtensor(x[1:], 7))
    f(counting(3, 2))
    assert str(f.stages["program"]).count("copy") == 2
    assert f.stages["slots"].shared.size == 0


# Its own algebra


def simplest(variable, *inputs):
    return sc.function(list(inputs), variable, on_unused_input="ignore").stages["specialised"].outputs[0]


@given(data=st.data())
def test_two_patterns_are_one(data):
    """Composed patterns take what two in a row take, for every size that an unknown axis may have."""
    bounds = st.none() | st.integers(-4, 6)
    step = st.sampled_from([None, 1, 2, -1, -2])
    entry = st.builds(Piece, bounds, bounds, step) | st.none() | st.integers(-2, 3)
    first = tuple(data.draw(st.lists(entry, min_size=1, max_size=3)))
    second = tuple(data.draw(st.lists(entry, min_size=1, max_size=3)))
    static = [data.draw(st.sampled_from([None, 4])) for _ in range(3)]
    both = composed(first, second, static) if sum(e is not None for e in first) <= 3 else None
    if both is None:
        return
    for sizes in ((4, 4, 4), (0, 1, 2), (1, 6, 3), (7, 5, 9)):
        shape = [fixed or size for fixed, size in zip(static, sizes, strict=True)]
        try:
            expected = counting(*shape)[index(first)][index(second)]
        except IndexError:
            continue
        np.testing.assert_array_equal(counting(*shape)[index(both)], expected, strict=True)


def test_what_folds():
    x, y, i = sc.dmatrix("x"), sc.dmatrix("y"), sc.lscalar("i")
    assert simplest(x[:], x) is x
    assert simplest(x[2:9][1:3], x).owner.op == Subtensor((Piece(3, 5),))
    assert simplest(x[::-1][::-1], x) is x
    assert simplest(x[i][2], x, i).owner.op == Subtensor(("?", 2))
    assert simplest(x[i : i + 1][:, None, 2], x, i).owner.op.pattern == (Piece("?", "?"), None, 2)
    assert simplest(sc.set_subtensor(x[1:3], y)[1:3], x, y) is y
    assert isinstance(simplest(sc.inc_subtensor(x[1:3], y)[1:3], x, y).owner.op, Subtensor)
    assert isinstance(simplest(sc.constant([1.0, 2.0, 3.0])[1]), Constant)
    assert simplest(x[sc.constant(1)], x).owner.op == Subtensor((1,))
    assert isinstance(simplest(x[[0, 1]], x).owner.op, AdvancedSubtensor)


def test_sizes_are_read_off_while_building():
    x, n = sc.tensor("float64", (None, 3), "x"), sc.lscalar("n")
    rows, columns = x.shape
    assert rows.owner.op == ShapeAt(0)
    assert isinstance(columns, Constant)
    assert columns.data == 3
    assert x.reshape((x.shape[0], x.shape[1], 1)).type.shape == (None, 3, 1)
    assert x.shape[-1:].type.shape == (1,)
    assert isinstance(x.shape[-1:], Constant)
    assert MakeVector(2)(n, columns)[0] is n
    assert sc.matrix().shape[:1].owner.op == MakeVector(1)
    assert sc.tensor("float64", (4, 3)).shape[0].data == 4
    assert [part.type.shape for part in sc.tensor("float64", (2, 5))] == [(5,), (5,)]


def test_a_scalar_under_a_mask_is_a_choice_between_tensors():
    x, m = sc.dmatrix("x"), sc.vector("m", dtype="bool")
    result = sc.inc_subtensor(x[m], 10)
    assert result.owner.op.label == "switch"
    np.testing.assert_array_equal(
        sc.function([x, m], result, mode="checked")(counting(3, 2), [True, False, True]),
        written(counting(3, 2), [True, False, True], 10, "inc"),
    )


def test_the_gradient_of_a_part_looks_at_no_values():
    x = sc.dmatrix("x")
    gradient = sc.grad((sc.exp(x)[1:] * x[1:]).sum(), x)
    op = next(node.op for node in sc.FunctionGraph((x,), (gradient,)).nodes if isinstance(node.op, IncSubtensor))
    assert op.kind == "place"
    assert op.ignores_values == (0,)


def test_static_sizes_are_as_precise_as_can_be():
    x, i = sc.tensor("float64", (10, None, 1), "x"), sc.lscalar("i")
    for part, shape in [
        (x[2:5], (3, None, 1)), (x[:i], (None, None, 1)), (x[0:1], (1, None, 1)), (x[i], (None, 1)),
        (x[:, ::2], (10, None, 1)), (x[:, :, ::2], (10, None, 1)), (x[:, 3:3], (10, 0, 1)), (x[::-3], (4, None, 1)),
        (x[[1, 2]], (2, None, 1)), (x[..., 0], (10, None)), (x[None, 20:], (1, 0, None, 1)),
        (x[[[1], [2]], :, 0], (2, 1, None)), (x[np.arange(10) > 6], (3, None, 1)),
    ]:  # fmt: skip
        assert part.type.shape == shape, part
    assert evaluate(x[..., 0], {x: counting(10, 2, 1)}).shape == (10, 2)


# What goes wrong when values are known


AT_THE_CALL = {
    "a number": (lambda x, i, s, m: x[s], "9", "s"),
    "a number that is written to": (lambda x, i, s, m: sc.set_subtensor(x[0, s], 1), "9", "s"),
    "an array": (lambda x, i, s, m: x[:, i], "8", "i"),
    "arrays": (lambda x, i, s, m: x[i, i], "8", "i"),
    "an array that is written to": (lambda x, i, s, m: sc.inc_subtensor(x[i], 1), "8", "i"),
    "a constant": (lambda x, i, s, m: x[7], "7", "x"),
    "a mask": (lambda x, i, s, m: x[m], "2", "m"),
    "take": (lambda x, i, s, m: x.take(i), "8", "i"),
    "choose": (lambda x, i, s, m: sc.choose(i, [x[0], x[1]]), "8", "i"),
}


@pytest.mark.parametrize("mode", ["compiled", "interpreted", "checked"])
@pytest.mark.parametrize("name", AT_THE_CALL)
def test_an_index_that_is_out_of_range_is_named(name, mode):
    make, number, variable = AT_THE_CALL[name]
    x, i, s, m = sc.dmatrix("x"), sc.lvector("i"), sc.lscalar("s"), sc.vector("m", dtype="bool")
    target = sc.shared(0.0)
    output = make(x, i, s, m)
    f = sc.function([x, i, s, m], output.sum(), updates={target: target + 1}, mode=mode, on_unused_input="ignore")
    with pytest.raises(sc.IndexingError) as caught:
        f(counting(2, 2), np.array([1, 8]), 9, np.array([True, False, True]) if name == "a mask" else [True, True])
    text = str(caught.value)
    assert isinstance(caught.value, IndexError)
    assert number in text.splitlines()[0] or number in text.splitlines()[1], text
    assert variable in text, text
    assert "at test_index.py:" in text, text
    assert target.get_value() == 0


def test_a_large_array_of_indices_is_looked_through():
    x, i = sc.dmatrix("x"), sc.lvector("i")
    f = sc.function([x, i], sc.tanh(x[i]))
    positions = np.zeros(2000, "int64")
    positions[-1] = -3
    np.testing.assert_array_equal(f(counting(3, 2), positions), np.tanh(counting(3, 2)[positions]))
    for wrong in (3, -4):
        positions[7] = wrong
        with pytest.raises(sc.IndexingError, match=rf"(?s)index {wrong} .*size 3.*\(i\).*test_index\.py"):
            f(counting(3, 2), positions)


def test_sizes_that_do_not_fit():
    x, y, s = sc.dmatrix("x"), sc.dvector("y"), sc.lscalar("s")
    for part in (x[0], x[s], x[s:, 0], x[[1, 0], 0]):
        f = sc.function([x, y, s], sc.set_subtensor(part, y), on_unused_input="ignore")
        for size in (1, 3):  # an unknown size never stretches
            with pytest.raises(sc.ShapeError, match=rf"(?s){size}.*2.*test_index\.py"):
                f(counting(2, 2), np.ones(size), 0)


def test_a_step_that_turns_out_to_be_zero():
    x, s = sc.dvector("x"), sc.lscalar("s")
    with pytest.raises(sc.OptionError, match=r"(?s)cannot be 0.*test_index\.py"):
        sc.function([x, s], x[::s])(np.ones(3), 0)


def test_no_tensor_holds_a_value():
    with pytest.raises(sc.ArgumentError, match="set_subtensor"):
        sc.dvector("x")[0] = 1
    with pytest.raises(TypeError):
        _ = 3 in sc.dvector("x")


@pytest.mark.parametrize("places", [lambda i: slice(None, None, -1), lambda i: i])
def test_what_is_read_where_it_was_written_keeps_its_type(places):
    # y is known to have size 1, what is read is not, and so may not broadcast
    x, i = sc.dmatrix("x"), sc.lvector("i")
    read = sc.set_subtensor(x[places(i)], [[5.0]])[places(i)]
    f = sc.function([x, i], read * 2, on_unused_input="ignore")
    np.testing.assert_array_equal(f(np.zeros((1, 1)), [0]), [[10]])
