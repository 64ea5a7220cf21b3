"""The compatibility layer gives what Theano 1.0.5 gave: ``golden/*.json``, recorded by ``golden/record.py``."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent / "golden"
sys.path.insert(0, str(HERE))
import cases  # noqa: E402

DIFFERENT: dict[str, str] = {}


def same(expected, found):
    """Whether two descriptions of results agree, numbers to rounding."""
    if isinstance(expected, dict) and "values" in expected:
        return (
            isinstance(found, dict)
            and expected["dtype"] == found.get("dtype")
            and expected["shape"] == found.get("shape")
            and close(expected["values"], found["values"], expected["dtype"])
        )
    if isinstance(expected, dict):
        return isinstance(found, dict) and expected.keys() == found.keys() and all(
            same(expected[key], found[key]) for key in expected
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(same, expected, found))
    return expected == found and type(expected) is type(found)


def close(expected, found, dtype):
    digits = 1e-5 if dtype == "float32" else 1e-12
    return np.allclose(np.array(found, float), np.array(expected, float), rtol=digits, atol=digits, equal_nan=True)


def agrees(expected, found):
    """The same result, or an exception that those who catch Theano's catch too."""
    if "raises" in expected:
        wanted = expected["raises"]
        builtin = next(name for name in wanted if name in dir(__builtins__) or name in __builtins__)
        return builtin in found.get("raises", ())
    return "raises" not in found and same(expected, found)


def replay(theano, section):
    recorded = json.loads((HERE / f"{section}.json").read_text(encoding="utf-8"))
    wrong = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for float_x, answers in recorded.items():
            for code, expected in answers.items():
                found = json.loads(json.dumps(cases.outcome(theano, code, float_x)))
                if not agrees(expected, found):
                    wrong[f"{code}  # floatX={float_x}"] = f"expected {expected}, found {found}"
    return wrong


@pytest.mark.parametrize("section", cases.SECTIONS)
def test_replay(theano, section):
    wrong = replay(theano, section)
    unexpected = {code: text for code, text in wrong.items() if code.split("  # floatX")[0] not in DIFFERENT}
    assert not unexpected, "\n".join(f"{code}\n    {text}" for code, text in unexpected.items())


def test_the_differences_differ(theano):
    everything = {code for section in cases.SECTIONS for code in replay(theano, section)}
    differing = {code.split("  # floatX")[0] for code in everything}
    assert set(DIFFERENT) == differing
