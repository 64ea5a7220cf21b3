"""The generated source: golden files, names as data, reproducible, in tracebacks, bounded in number."""

import ast
import builtins
import gc
import keyword
import linecache
import os
import re
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from strategies import tiny_blocks

import symconv as sc
from symconv.compile import emit, execute

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


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_comment_ends_no_line(name):
    x = sc.vector("x")
    y = x + 1
    y.name = name
    f = sc.function([x], sc.tanh(y.T) * y, name=name or None)
    f(np.ones(3))
    for line in f.source.splitlines():
        assert line.isprintable()
    ast.parse(f.source)
    if "raise" in name:
        assert not any(isinstance(node, ast.Raise) for node in ast.walk(ast.parse(f.source)))


# Golden files: change them on purpose only, with SYMCONV_UPDATE_GOLDEN=1

GOLDEN = Path(__file__).parent / "golden"


def layer(shape):
    """The chapter's layer called with an image."""
    rng = np.random.default_rng(23455)
    image = sc.tensor4("image")
    W = sc.shared(rng.uniform(-0.06, 0.06, (2, 3, 9, 9)), name="W")
    b = sc.shared(rng.uniform(-0.5, 0.5, 2), name="b")
    f = sc.function([image], sc.tanh(sc.conv2d(image, W) + b.dimshuffle("x", 0, "x", "x")), name="layer")
    return f, [rng.uniform(size=shape)]


def diamond():
    """(c + d) * tanh(c): one region, in blocks."""
    c, d = sc.matrix("c"), sc.row("d")
    value = np.linspace(-1, 1, 600 * 500).reshape(600, 500)
    return sc.function([c, d], (c + d) * sc.tanh(c), name="diamond"), [value, value[:1]]


def total():
    """A reduction with work before and after it."""
    x = sc.matrix("x")
    return sc.function([x], sc.exp(sc.sqr(x).sum(axis=0) * -1), name="total"), [np.ones((50, 40))]


def normalised():
    """Batch normalisation and a rectifier: statistics, and what follows from them, for a block of channels."""
    x, gamma, beta = sc.ftensor4("x"), sc.fvector("gamma"), sc.fvector("beta")
    y = sc.relu(sc.batch_normalization_train(x, gamma, beta, "spatial")[0])
    value = np.linspace(-1, 1, 16 * 8 * 32 * 32, dtype="float32").reshape(16, 8, 32, 32)
    ones = np.ones(8, "float32")
    return sc.function([x, gamma, beta], y, name="normalised"), [value, ones, ones]


PROGRAMS = {
    "layer_120x160": lambda: layer((1, 3, 120, 160)),
    "layer_photo": lambda: layer((1, 3, 639, 516)),
    "diamond": diamond,
    "total": total,
    "normalised": normalised,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_source_is_as_it_was(name):
    f, values = PROGRAMS[name]()
    with sc.settings(threads=2):
        f(*values)
    text = re.sub(r"test_source\.py:\d+", "test_source.py:N", f.source)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("SYMCONV_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()
    code = re.sub(r'"""[^"]*"""', "", text)  # a formula may be longer
    assert max(map(len, code.splitlines())) <= 120


def test_every_golden_file_has_its_program():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(PROGRAMS)


SCRIPT = """
import numpy as np
import symconv as sc
x, w = sc.tensor4("x"), sc.shared(np.ones((2, 3, 3, 3)), name="w")
y = sc.log(1 + sc.exp(sc.conv2d(x, w))) * sc.tanh(x.sum()) + 1 / (1 + sc.exp(-x.mean()))
f = sc.function([x], [y, sc.grad(y.sum(), w), sc.dot(x.flatten(2), x.flatten(2).T)], name="f")
with sc.settings(threads=2):
    f(np.ones((2, 3, 40, 30)))
print(f.source)
print(*f.log, sep="\\n")
print(*f.stages["fused"].nodes, sep="\\n")
"""


def test_the_source_is_the_same_in_every_process():
    texts = set()
    for seed in ("0", "1", "12345"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1
    assert "def run(" in texts.pop()


def test_compiling_twice_gives_the_same_source():
    first, values = diamond()
    second, _ = diamond()
    for f in (first, second):
        f(*values)
    assert first.source == second.source


# Tracebacks


@dataclass(frozen=True)
class Broken(sc.Op):
    """An op of a user that fails when it runs."""

    def out_types(self, x):
        return x

    def perform(self, x):
        raise ZeroDivisionError("the user's own mistake")


def test_a_traceback_shows_the_generated_lines():
    x = sc.vector("x")
    f = sc.function([x], sc.tanh(Broken()(x + 1)))
    with pytest.raises(ZeroDivisionError, match="own mistake") as caught:
        f(np.ones(3))
    text = "".join(traceback.format_exception(caught.value))
    assert "<symconv plan" in text
    assert "perform_broken(" in text
    assert "self.run" in text or "in run" in text


def test_forgotten_plans_leave_no_source_behind():
    x = sc.vector("x")

    def lines():
        gc.collect()
        return {name for name in linecache.cache if name.startswith("<symconv plan")}

    before = lines()
    f = sc.function([x], x + 1)
    with sc.settings(plans=3):
        for size in range(1, 12):
            f(np.zeros(size))
    kept = lines() - before
    assert len(kept) == 3
    assert all(linecache.getline(name, 1).startswith('"""') for name in kept)
    linecache.checkcache()
    assert lines() - before == kept
    f.free()
    assert lines() - before == set()


# The check before anything is executed


@pytest.mark.parametrize(
    "text",
    [
        "import os", "x = ().__class__", "x = __import__", "def f():\n    global x", "x = lambda: 0",
        "while True:\n    pass", "x = {y for y in z}", "x = np._core", "class A:\n    pass", "raise x",
        "x = f'{y}'", "with x:\n    pass", "try:\n    pass\nexcept x:\n    pass", "del x", "x: int = 1",
        "x = y if z else w",
    ],
)  # fmt: skip
def test_source_that_the_grammar_does_not_have_is_refused(text):
    executed = []
    with pytest.raises(sc.CompileError):
        execute.load(emit.Source(f"f()\n{text}\n", {"f": lambda: executed.append(1)}), "<symconv test>")
    assert not executed


def test_generated_code_has_no_builtins():
    with pytest.raises(NameError):
        execute.load(emit.Source("x = open('/etc/passwd')\n", {}), "<symconv test>")
