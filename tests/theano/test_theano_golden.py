"""The compatibility layer gives what Theano 1.0.5 gave: ``golden/*.json``, recorded by ``golden/record.py``."""

import builtins
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent / "golden"
sys.path.insert(0, str(HERE))
import cases  # noqa: E402

DIFFERENT = {
    # What is better here, and the layer does not undo
    "b / b": "0 / 0 is NaN; Theano divides before it computes and finds 1",
    "i / i": "0 / 0 is NaN; Theano divides before it computes and finds 1",
    "T.cumsum(b)": "Theano's result does not have the dtype that it declares",
    "T.cumsum(i)": "Theano's result does not have the dtype that it declares",
    "T.cumsum(bo)": "Theano's result does not have the dtype that it declares",
    "T.specify_shape(d, (3, 3))": "a wrong shape is a ShapeError, a ValueError",
    "T.grad((f * e).sum(), f)": "a gradient has the dtype of what it is a gradient by",
    "theano.scan(lambda a: a * np.float64(2), outputs_info=T.constant(0.), n_steps=2)":
        "the initial state of a loop takes the wider dtype of the step",
    "r, _ = theano.scan(lambda: None, n_steps=2); result = r": "a loop without outputs has none",
    "T.nlinalg.lstsq()(d.T, v.dimshuffle(0, 'x'), -1)[0]": "a size that is known to be 1 may broadcast",
    "T.nlinalg.lstsq()(d.T, v.dimshuffle(0, 'x'), -1)[2]":
        "Theano's result does not have the dtype that it declares",
    "T.nlinalg.tensorsolve(T.dot(d, e.T).reshape((2, 2, 1)), v[:2])": "a size that is known to be 1 may broadcast",
    "exec(FAMILY); result = do([d], [T.nnet.prepend_0_to_each_row(d), T.nnet.prepend_1_to_each_row(d)], data(2, 3))":
        "Theano takes the two for one and prepends 0 twice",
    **{
        f"exec(FAMILY); result = {code}": why
        for why, codes in {
            "sizes may be symbolic one by one": ["do([x4, n], P.pool_2d(x4, (n, 2), False), x, 3)"],
            "refused at once, not when it runs": [
                "P.pool_2d(x4, (2, 2), True, (1, 1, 1))", "P.pool_2d(x4, (2, 2), True, pad=(-1, 0))",
                "N.images2neibs(x4, (0, 2))",
            ],
            "a neighbourhood larger than the image goes round it more than once": [
                "do([x4], N.images2neibs(x4, (9, 9), (1, 1), 'wrap_centered'), x)",
            ],
            "how to unroll says nothing about the result; Theano wants sizes for it": [
                "do(i4, T.nnet.conv.conv2d(x4, w4, unroll_batch=2, unroll_kern=3), x, w)",
            ],
            "Theano divides the number of filters by the groups, not that of their channels": [
                f"[A.get_conv_gradweights_shape((2, 4, 9, 8), (2, 4, 7, 7), {border}, s, (1, 1), 2) for s in ((1, 1), (2, 1))]"
                for border in ("'valid'", "'full'", "'half'", "2")
            ],
        }.items()
        for code in codes
    },
    "T.var(d, ddof=1, corrected=True)": "the number of elements less ddof; Theano takes ddof off each axis",
    "op = theano.OpFromGraph([d], [d * 2], name='twice'); op.grad = lambda i_, g_: [g_[0] * 5]; "
    "result = theano.function([d], T.grad(op(d).sum(), d))(np.ones((1, 1)))":
        "a gradient that a program sets is the gradient, as until Theano 0.9",
    # What is not there
    "T.grad(T.cast(i, 'float64').sum(), i)": "no gradient goes to integers",
    "x = T.dmatrix('x'); iter(x)": "iterating raises at once, not at the first element",
}
SHOWN = "exec(SHOW, globals()); result = show({})"
DIFFERENT |= {
    SHOWN.format(code): reason
    for reason, codes in {
        "a function of symconv's that Theano makes of other parts": (
            "T.outer(v, v)", "T.tensordot(d, e, axes=1)", "T.eye(3)", "T.tile(v, 2)", "T.repeat(v, 2)", "d.size",
            "T.split(d, [1, 2], 2, axis=0)[1]",
        ),
        "its numbers have the dtype of the tensor": ("d.norm(2)", "T.nnet.hard_sigmoid(d)"),
        "pp prints the indices in their order; Theano in reverse": ("d[0, 1]", "t3[1, :, n]"),
        "the bound of a slice that is 0 is none": ("d[0:]",),
        "a product that every step repeats is taken out of the loop": (
            "theano.scan(lambda t, h: T.tanh(T.dot(t, W) + h), sequences=t3, outputs_info=T.zeros((2, 2)))[0]",
        ),
        "the last state is an output of the loop": ("theano.reduce(lambda a, b: a + b, v, s)[0]",),
        "gradients are symconv's own graphs": (
            "T.grad(d.sum(), d)", "T.grad((d ** 2).sum(), d)", "T.grad(T.dot(d, W).sum(), W)", "T.grad(s ** 2, s)",
        ),
    }.items()
    for code in codes
}  # fmt: skip
DIFFERENT[
    "exec(SHOW, globals()); a = d + e; ids = {}; result = [debugprint(a, file='str', used_ids=ids), "
    "debugprint(a * e, file='str', used_ids=ids)]"
] = "Theano forgets the identifiers that it is given"
COPY = "x = T.dscalar('x'); A = theano.shared(1.); f_ = theano.function([x], A * 1, updates=[(A, A + x)]); "
DIFFERENT[COPY + "g_ = f_.copy(share_memory=False); f_(2.); result = g_(1.)"] = "the copy of a function returns the same"

NOT_YET: tuple[str, ...] = ()
"""Names that the layer takes over as soon as symconv has them; until then they are refused by name."""


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


def refused(code, found):
    """Whether the code uses a name that symconv does not have yet, and is told so."""
    return "AttributeError" in found.get("raises", ()) and any(name in code for name in NOT_YET)


def agrees(expected, found):
    """The same result, or an exception that those who catch Theano's catch too."""
    if "raises" in expected:
        wanted = expected["raises"]
        builtin = next(name for name in wanted if hasattr(builtins, name))
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
                if not agrees(expected, found) and not refused(code, found):
                    wrong[f"{code}  # floatX={float_x}"] = f"expected {expected}, found {found}"
    return wrong


@pytest.mark.parametrize("section", cases.SECTIONS)
def test_replay(theano, section):
    wrong = replay(theano, section)
    differing = {code.split("  # floatX")[0] for code in wrong}
    unexpected = {code: text for code, text in wrong.items() if code.split("  # floatX")[0] not in DIFFERENT}
    assert not unexpected, "\n".join(f"{code}\n    {text}" for code, text in unexpected.items())
    assert differing == set(DIFFERENT) & set(cases.SECTIONS[section])  # what is listed as different is
