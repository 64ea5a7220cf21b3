"""The comparison with other libraries, with SciPy as the one that the tests have, and with one that is wrong."""

import numpy as np
import pytest

from benchmarks import agree


def test_scipy_agrees():
    (tally,) = agree.agree([agree.Scipy()], 6, 1).values()
    assert tally.cases == 6
    assert tally.apart == []
    assert 0 < tally.worst < 1


class Wrong:
    """Symconv's own results, one of them off by as little as must be noticed."""

    def __init__(self, spoilt, by):
        self.needs, self.spoilt, self.by = f"wrong by {by}", spoilt, by

    def answer(self, case):
        results = agree.of_symconv(case)
        if self.spoilt in results and results[self.spoilt].size:
            spoilt = results[self.spoilt]
            spoilt.flat[abs(spoilt).argmax()] *= 1 + self.by
        return results

    conv = pool = answer


@pytest.mark.parametrize("name", ["forward", "by the image", "by the filters", "pooled", "gradient"])
def test_who_is_wrong_is_found(name):
    right, wrong = agree.agree([Wrong(name, 0), Wrong(name, 0.1)], 2, 2).values()
    assert (right.cases, right.worst, right.apart) == (4, 0, [])
    assert len(wrong.apart) == 2
    assert all(line.startswith(name) for line in wrong.apart)


def test_cases_repeat_and_reach_everything():
    first, second = (list(agree.cases(30, 5)) for _ in range(2))
    assert [str(case) for case in first] == [str(case) for case in second]
    np.testing.assert_array_equal(first[0].image, second[0].image)
    convolutions, poolings = first[::2], first[1::2]
    assert {case.geometry.ndim for case in convolutions} == {1, 2, 3}
    assert {case.geometry.groups for case in convolutions} == {1, 2, 3}
    assert any(a != b for case in convolutions for a, b in case.pads)
    assert {case.mode for case in poolings} == set(agree.MODES)
    assert {case.ignore_border for case in poolings} == {True, False}


def test_the_command_says_who_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(agree, "find_spec", lambda name: name == "scipy")
    assert agree.main(["--cases", "2"]) == 0
    printed = capsys.readouterr().out
    assert "missing: torch\nmissing: jax" in printed
    assert "scipy: 2 cases, 2 that it cannot express" in printed
    monkeypatch.setattr(agree, "ROUNDINGS", 0.0)
    assert agree.main(["--cases", "2"]) == 1
    assert "DISAGREES" in capsys.readouterr().out
