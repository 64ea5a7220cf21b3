"""The generated source: golden files, names as data, reproducible, in tracebacks, bounded in number."""

import ast
import builtins
import keyword
import re

import numpy as np
import pytest
from strategies import tiny_blocks

import symconv as sc

NAMES = [
    "sum", "abs", "x_", "x__", "__x__", "_", "print", "match", "lambda", "None", "np", "run", "scratch",
    "__import__('os')", "x\ny", "x\x00y", '"""', "'''", "\\", "a" * 500, "größe", "ｘ", "1x", "", " ",
    "x); raise SystemExit(0", "{x}", "%s", "#", "memory", "range", "result", "input_0", "allocate",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_data(name):
    x = sc.matrix(name)
    b = sc.shared(np.ones(40), name=name)
    named = sc.exp(x)
    named.name = name
    f = sc.function([x], [sc.tanh(x.T), sc.abs(x) + b, sc.sum(named, axis=0), named], name=name or None)
    with tiny_blocks():
        results = f(np.ones((30, 40)))
    np.testing.assert_array_equal(results[1], np.full((30, 40), 2.0))
    tree = ast.parse(f.source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for identifier in used:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", identifier)
        assert len(identifier) < 100
        assert "__" not in identifier
        assert not keyword.iskeyword(identifier)
        assert not hasattr(builtins, identifier)
