"""The command line, as a user types it: every command in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symconv as sc
from symconv.viz.images import write_png

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = Path(__file__).parent / "theano" / "scripts" / "chapter.py"


@pytest.fixture
def run(tmp_path):
    """Run ``python -m symconv.cli`` in an empty folder; what it printed, and its exit code."""

    def command(*arguments, program=("-m", "symconv.cli")):
        return subprocess.run(
            [sys.executable, *program, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    return command


@pytest.fixture
def script(tmp_path):
    """Write a script; its path relative to the folder that commands run in."""

    def write(text, name="script.py"):
        (tmp_path / name).write_text(text)
        return name

    return write


def test_help_names_every_command(run):
    done = run("--help")
    assert done.returncode == 0
    for command in ("demo", "run", "draw", "info"):
        assert f"  {command} " in done.stdout


def test_version(run):
    assert run("--version").stdout == f"symconv {sc.__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("paint",), ("draw", "only.py"), ("demo", "--nowhere", "x")])
def test_wrong_usage(run, arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: symconv")


# demo


def test_demo(run, tmp_path):
    write_png(tmp_path / "photo.png", np.random.default_rng(7).integers(0, 256, (30, 40, 3), np.uint8))
    done = run("demo", "photo.png", "--out", "here")
    assert (done.returncode, done.stderr) == (0, "")
    assert "40 x 30 pixels" in done.stdout
    assert (tmp_path / "here" / "layer.png").is_file()


def test_demo_of_an_unreadable_photograph(run, tmp_path):
    done = run("demo", "missing.png")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ImageError: the picture 'missing.png' cannot be read")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# run


def test_run_the_chapter(run):
    done = run("run", CHAPTER)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("(1, 2, 112, 152) float64")


def test_a_script_sees_what_python_shows_it(run, script, tmp_path):
    script("VALUE = 7", "neighbour.py")
    name = script("import sys, neighbour\nprint(__name__, sys.argv, __file__, sys.path[0], neighbour.VALUE)")
    arguments = (name, "--out", "x", "--help", "-v")
    assert run("run", *arguments).stdout == run(*arguments, program=()).stdout


@pytest.mark.parametrize(
    "end", ["pass", "import sys; sys.exit(3)", "import sys; sys.exit('no')", "raise SystemExit"]
)
def test_a_script_ends_as_under_python(run, script, end):
    name = script(f"print('before')\n{end}\n")
    ours, theirs = run("run", name), run(name, program=())
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    raise ValueError('wrong')\n\nf()\n",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError(1) from error\n",
        "x = (\n",
        "import no_such_module\n",
    ],
)
def test_a_script_fails_as_under_python(run, script, text):
    name = script(text)
    ours, theirs = run("run", name), run(name, program=())
    assert ours.returncode == theirs.returncode == 1
    assert ours.stderr == theirs.stderr


def test_a_script_that_misses_what_theano_brought_says_so(run, script):
    done = run("run", script("import sys\nsys.modules['six'] = None\nimport six"))
    assert done.returncode == 1
    assert done.stderr.endswith("hint: Theano brought six, symconv does not: python -m pip install six\n")
    other = run("run", script("import there_is_no_such_module"))
    assert other.stderr.endswith("ModuleNotFoundError: No module named 'there_is_no_such_module'\n")


def test_an_error_of_symconv_in_a_script_shows_the_script(run, script):
    name = script("from theano import tensor as T\nx = T.matrix('x')\ny = x.dimshuffle(0)\n")
    done = run("run", name)
    assert done.returncode == 1
    assert "script.py" in done.stderr
    assert "line 3" in done.stderr


def test_a_script_that_is_not_there(run):
    done = run("run", "missing.py")
    assert done.returncode == 2
    assert done.stderr.startswith("FileError: the script 'missing.py' cannot be read: No such file")


# draw

EXPRESSION = """
import symconv as sc
x = sc.vector("x")
y = sc.tanh(x + 1)
f = sc.function([x], y)
number = 3
"""


@pytest.mark.parametrize("name", ["y", "f"])
@pytest.mark.parametrize("file", ["graph.svg", "graph.html", "graph.dot", "graph.txt"])
def test_draw(run, script, tmp_path, name, file):
    done = run("draw", script(EXPRESSION), name, file)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"{file}\n")
    assert "tanh" in (tmp_path / file).read_text().lower()


def test_draw_a_stage(run, script, tmp_path):
    for stage in ("built", "fused"):
        assert run("draw", script(EXPRESSION), "f", f"{stage}.txt", "--stage", stage).returncode == 0
    assert (tmp_path / "built.txt").read_text() != (tmp_path / "fused.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("z", "graph.svg"), "script.py has no expression or function 'z'"),
        (("number", "graph.svg"), "script.py has no expression or function 'number'"),
        (("y", "graph.xyz"), "no format is known for 'graph.xyz'"),
        (("y", "missing/graph.svg"), "cannot be written"),
    ],
)
def test_draw_refuses(run, script, tmp_path, arguments, message):
    done = run("draw", script(EXPRESSION), *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / arguments[1]).exists()


def test_draw_a_script_that_fails(run, script, tmp_path):
    done = run("draw", script("raise ValueError('wrong')"), "y", "graph.svg")
    assert done.returncode == 1
    assert "ValueError: wrong" in done.stderr
    assert not (tmp_path / "graph.svg").exists()


# info


def test_info(run):
    done = run("info")
    assert (done.returncode, done.stderr) == (0, "")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    for name in ("symconv", "Python", "numpy", "cores", "BLAS", "Graphviz", "floatX", "threads"):
        assert name in names
