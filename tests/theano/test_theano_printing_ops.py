"""Every op there is, and its gradient, is printed and drawn in every way of Theano's."""

import sys
from pathlib import Path

import numpy as np
import pytest

import symconv as sc

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ops"))
import every_op


def ways(theano, variable):
    """The texts."""
    printing = theano.printing
    return [
        printing.debugprint(variable, file="str", print_type=True),
        theano.pp(variable),
        printing.min_informative_str(variable),
        printing.var_descriptor(variable),
        printing.pydotprint(variable, return_image=True, format="dot", compact=False).decode(),
        theano.d3viz.PyDotFormatter()(variable).to_string(),
        str(theano.tensor.as_tensor_variable(variable)),
    ]


@pytest.mark.parametrize("name", sorted(every_op.ENTRIES))
def test_every_op(theano, name):
    use = every_op.ENTRIES[name](2, 3, 2, np.random.default_rng(0))
    inputs = [sc.tensor(a.dtype.name, (None,) * a.ndim, f"x{i}") for i, a in enumerate(use.arrays)]
    result = use.build(*inputs)
    results = [result]
    if use.orders:
        floats = [v for v in inputs if v.type.is_float]
        results += sc.grad(result.sum(), floats, disconnected_inputs="ignore")
    for one in results:
        tree, formula, brief, descriptor, dot, page, text = ways(theano, one)
        assert all((formula, brief, descriptor.startswith("A="), page.startswith("digraph")))
        head = text.rpartition(".")[0]
        if one.name is None and one.owner is not None:
            assert tree.startswith(head)
            assert dot.count("ellipse") >= 1
        assert " at 0x" not in tree.replace("function", "")
    assert ways(theano, result) == ways(theano, result)  # nothing depends on where objects lie
