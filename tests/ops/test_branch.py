"""The lazy choice: its values, its gradients, what it does not compute, and what it refuses."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import symconv as sc

CHECKED = "checked"
VALUES = np.array([0.3, 0.9, 0.5])


@dataclass(frozen=True)
class Counted(sc.Op):
    """The input itself; it counts how often it is computed."""

    name: str
    calls: ClassVar[dict[str, int]] = {}

    def out_types(self, x):
        return x

    def perform(self, x):
        self.calls[self.name] = self.calls.get(self.name, 0) + 1
        return x.copy()

    def grad(self, inputs, outputs, gradients):
        return [Counted(self.name + " gradient")(gradients[0])]


@pytest.fixture(autouse=True)
def nothing_counted():
    Counted.calls.clear()


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_only_the_branch_taken_is_computed_and_differentiated(mode):
    x, c = sc.dvector("x"), sc.bscalar("c")
    y = sc.ifelse(c, Counted("then")(x) * 2, Counted("else")(x) * 3)
    f = sc.function([c, x], [y, sc.grad(y.sum(), x)], mode=mode)
    Counted.calls.clear()
    value, gradient = f(1, VALUES)
    np.testing.assert_array_equal(value, VALUES * 2)
    np.testing.assert_array_equal(gradient, [2, 2, 2])
    assert not any("else" in name for name in Counted.calls)
    value, gradient = f(0, VALUES)
    np.testing.assert_array_equal(value, VALUES * 3)
    np.testing.assert_array_equal(gradient, [3, 3, 3])
    assert "else" in Counted.calls


def test_what_both_sides_need_is_computed_once_before():
    x = sc.dvector("x")
    common = Counted("common")(x)
    y = sc.ifelse(common.sum() > 1, common * 2, common * 3)
    f = sc.function([x], y)
    Counted.calls.clear()
    np.testing.assert_array_equal(f(VALUES), VALUES * 2)
    assert Counted.calls == {"common": 1}


def test_lists_of_choices_and_what_nobody_uses():
    x, c = sc.dvector("x"), sc.dscalar("c")
    first, second = sc.ifelse(c, [x + 1, Counted("unused")(x)], [x - 1, x])
    f = sc.function([c, x], first, mode=CHECKED)
    Counted.calls.clear()
    np.testing.assert_array_equal(f(2.0, VALUES), VALUES + 1)
    assert second.dtype == "float64"
    g = sc.function([c, x], first)
    Counted.calls.clear()
    np.testing.assert_array_equal(g(0.0, VALUES), VALUES - 1)
    assert not Counted.calls
    assert isinstance(sc.ifelse(c, (x,), (x,)), tuple)


def test_gradients_first_and_second():
    def chosen(x):
        return sc.ifelse(x.sum() > 0, sc.tanh(x) * x, -x)

    for values in (VALUES, -VALUES):
        sc.verify_grad(chosen, [values])
        sc.verify_grad(lambda x: sc.grad((chosen(x) ** 2).sum(), x), [values])
    x, y, c = sc.dvector("x"), sc.dvector("y"), sc.dscalar("c")
    z = sc.ifelse(c, x * 2, y * 3)
    f = sc.function([c, x, y], sc.grad(z.sum(), [x, y]), mode=CHECKED)
    by_x, by_y = f(1.0, VALUES, VALUES)
    np.testing.assert_array_equal(by_x, [2, 2, 2])
    np.testing.assert_array_equal(by_y, [0, 0, 0])


def test_sizes_of_the_choices_may_differ():
    x, c = sc.dvector("x"), sc.dscalar("c")
    y = sc.ifelse(c, x[:2], x)
    assert y.type.shape == (None,)
    f = sc.function([c, x], y * 2, mode=CHECKED)
    np.testing.assert_array_equal(f(1.0, VALUES), VALUES[:2] * 2)
    np.testing.assert_array_equal(f(0.0, VALUES), VALUES * 2)


def test_an_error_of_the_other_branch_does_not_happen():
    x, n = sc.dvector("x"), sc.lscalar("n")
    y = sc.ifelse(n < x.shape[0], x[n], 0.0)
    f = sc.function([x, n], y, mode=CHECKED)
    assert f(VALUES, 1) == 0.9
    assert f(VALUES, 7) == 0


def test_choices_inside_loops_and_loops_inside_choices():
    x, c = sc.dvector("x"), sc.dscalar("c")

    def clipped(x):
        return sc.scan(lambda x_t, s: sc.ifelse(s > 0.8, s * x_t, sc.tanh(s + x_t)), x, 0.5)[0]

    sc.verify_grad(clipped, [VALUES])
    total = sc.ifelse(c, sc.scan(lambda x_t, s: s + x_t, x, 0.0)[0][-1], x[0])
    f = sc.function([c, x], [total, sc.grad(total, x)], mode=CHECKED)
    value, gradient = f(1.0, VALUES)
    np.testing.assert_allclose(value, VALUES.sum())
    np.testing.assert_array_equal(gradient, [1, 1, 1])
    np.testing.assert_array_equal(f(0.0, VALUES)[1], [1, 0, 0])


def test_a_choice_that_is_known_vanishes():
    x = sc.dvector("x")
    f = sc.function([x], sc.ifelse(sc.constant(True), x * 2, x))
    assert "IfElse" not in str(f.stages["canonical"])
    np.testing.assert_array_equal(f(VALUES), VALUES * 2)


def test_errors_name_what_is_wrong():
    x, i = sc.dvector("x"), sc.lvector("i")
    cases = [
        (sc.RankError, "scalar condition", lambda: sc.ifelse(x > 0, x, x)),
        (sc.DTypeError, "different dtypes", lambda: sc.ifelse(x.sum(), x, i)),
        (sc.RankError, "1 and 0 dimensions", lambda: sc.ifelse(x.sum(), x, 0.0)),
        (sc.ArgumentError, "between 1 and 2", lambda: sc.ifelse(x.sum(), [x], [x, x])),
    ]
    for kind, text, build in cases:
        with pytest.raises(kind, match=text) as caught:
            build()
        assert "test_branch.py" in str(caught.value), text
