"""The quick way into a function, and results that their first call makes."""

import numpy as np
import pytest

import symconv as sc
from symconv.compile.entry import written


def multiplied(dtype="float32", ndim=1):
    x, y = (sc.tensor(dtype, (None,) * ndim, name) for name in "xy")
    return sc.function([x, y], x * y)


def test_the_source_reads_as_the_checks_of_each_argument_and_the_call():
    assert written(1, plain=True, single=True) == (
        "def make(ndarray, plan, run, other, structured, x0_dtype, x0_shape):\n"
        "    kernels, new, pop, push = plan.run, plan.workspace, plan.idle.pop, plan.idle.append\n"
        "\n"
        "    def call(x0):\n"
        "        if type(x0) is not ndarray or x0.dtype is not x0_dtype or x0.shape != x0_shape:\n"
        "            return other((x0,))\n"
        "        try:\n"
        "            workspace = pop()\n"
        "        except IndexError:\n"
        "            workspace = new()\n"
        "        enter, memory, scratch = workspace.parts\n"
        "        try:\n"
        "            return enter(kernels, x0, memory, scratch)[0]\n"
        "        except Exception as error:\n"
        "            plan.refuse(error)\n"
        "        finally:\n"
        "            push(workspace)\n"
        "\n"
        "    return call\n"
    )
    assert "return structured(run(()))" in written(0, plain=False, single=False)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 300])
@pytest.mark.parametrize("several", [False, True])
def test_any_number_of_inputs_and_every_kind_of_result(count, several):
    inputs = [sc.vector(f"v{i}") for i in range(count)]
    total = sum(inputs, sc.constant(np.ones(3)))
    f = sc.function(inputs, {"total": total, "twice": total * 2} if several else total)
    for turn in range(3):
        given = [np.full(3, float(i + turn)) for i in range(count)]
        found = f(*given)
        wanted = 1 + sum(i + turn for i in range(count))
        np.testing.assert_allclose(found["total"] if several else found, wanted)
        if several:
            np.testing.assert_allclose(found["twice"], 2 * wanted)


def test_what_does_not_fit_the_newest_plan_is_taken_all_the_same():
    f = multiplied()
    two = np.full(2, 2, "float32")
    for _ in range(2):
        assert f(two, two).tolist() == [4, 4]
        assert f([3, 3], two).tolist() == [6, 6]  # converted
        assert f(np.full(3, 2, "float32"), np.full(3, 5, "float32")).tolist() == [10, 10, 10]
        assert f(y=two, x=two).tolist() == [4, 4]
        with sc.settings(mode="interpreted"):
            assert f(two, two).tolist() == [4, 4]
        with pytest.raises(sc.ShapeError, match="2"):
            f(two, np.full(3, 2, "float32"))
        with pytest.raises(sc.ArgumentError, match="takes 2 arguments"):
            f(two)


def test_a_workspace_is_given_back_whatever_happens():
    def fail_at_two(x):
        if x[0] == 2:
            raise ValueError("two")
        return x

    x, vectors = sc.vector("x"), sc.TensorType("float64", (None,))
    f = sc.function([x], sc.as_op(vectors, vectors, shapes=lambda x: x)(fail_at_two)(x) + 1)
    f(np.ones(3))
    for _ in range(6):
        with pytest.raises(ValueError, match="two"):
            f(np.full(3, 2.0))
        assert f(np.ones(3)).tolist() == [2, 2, 2]
    assert all(len(plan.idle) == 1 for plan in f._executor.plans)


def test_a_small_result_is_made_by_the_first_call_that_writes_it():
    f = multiplied()
    f(np.ones(3, "float32"), np.ones(3, "float32"))
    assert "return np.multiply(x, y)" in f.source
    assert "np.empty" not in f.source


def test_such_a_result_is_a_fresh_array_of_rows_in_the_types_dtype():
    f = multiplied(ndim=2)
    a = np.arange(6, dtype="float32").reshape(3, 2).T
    found = f(a, a)
    assert found.flags.c_contiguous
    assert found.flags.owndata
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, a * a)
    again = f(a, a)
    assert not np.shares_memory(found, again)

    x, W = sc.matrix("x"), sc.matrix("W")
    product = sc.function([x, W], x @ W.T)
    left, right = np.arange(6.0).reshape(3, 2).T, np.arange(12.0).reshape(3, 4).T
    found = product(left, right)
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, left @ right.T)


def test_a_result_without_axes_is_an_array_too():
    f = multiplied(ndim=0)
    found = f(np.float32(2), np.float32(3))
    found = f(np.array(2, "float32"), np.array(3, "float32"))
    assert type(found) is np.ndarray
    assert found.shape == ()
    assert found == 6


def test_mixed_dtypes_and_spread_operands_end_as_the_type_says():
    x, n = sc.fmatrix("x"), sc.tensor("int8", (None,), "n")
    f = sc.function([x, n], [x * n, n + n, sc.eq(n, 1)])
    given = np.ones((2, 3), "float32"), np.array([1, 2, 100], "int8")
    for _ in range(2):
        found, twice, equal = f(*given)
        np.testing.assert_array_equal(found, given[0] * given[1])
        assert (found.dtype, twice.dtype, equal.dtype) == ("float32", "int8", "bool")
        assert (twice[2], equal.tolist()) == (-56, [True, False, False])


def test_one_call_over_much_memory_is_not_cut_where_one_thread_makes_it():
    f = multiplied()
    many = np.ones(1 << 20, "float32")
    f(many, many)
    assert "block" not in f.source
