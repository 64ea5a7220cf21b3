"""Expressions as text: formulas and trees."""

import io

import pytest

import symconv as sc
from symconv.errors import ArgumentError


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda x, y: x, "x"),
        (lambda x, y: x + y, "(x + y)"),
        (lambda x, y: -x, "(-x)"),
        (lambda x, y: (x - y) * 2 ** sc.tanh(x), "((x - y) * (2.0 ** tanh(x)))"),
        (lambda x, y: x.dimshuffle("x", 0), "DimShuffle(x, 0)(x)"),
        (lambda x, y: x < y, "(x < y)"),
    ],
)
def test_formulas(build, text):
    x, y = sc.vector("x"), sc.vector("y")
    assert sc.pp(build(x, y)) == text


def test_a_shared_part_is_written_once():
    x = sc.scalar("x")
    for _ in range(60):
        x = x * x
    assert len(sc.pp(x).splitlines()) == 60


def test_a_deep_formula_stays_linear():
    x = sc.scalar("x")
    for _ in range(20_000):
        x = sc.tanh(x)
    text = sc.pp(x)
    assert text.count("tanh") == 20_000
    assert max(map(len, text.splitlines())) < 1100


def test_a_name_cannot_break_the_line():
    assert "\n" not in sc.pp(sc.scalar("a\nb") + 1)


def test_a_tree():
    x = sc.vector("x")
    y = sc.exp(x)
    y.name = "grown"
    lines = sc.debugprint(y + y, file="str").splitlines()
    place = f"# test_viz_expression.py:{test_a_tree.__code__.co_firstlineno + 2}"
    assert lines[1:] == [f" |exp [B] 'grown' float64[?]  {place}", " | |x float64[?]", " |exp [B] 'grown'"]


def test_a_tree_of_a_function_goes_where_it_is_told(capsys):
    x = sc.vector("x")
    f = sc.function([x], sc.tanh(x + 1))
    target = io.StringIO()
    sc.debugprint(f, file=target)
    sc.debugprint(f, stage="built")
    assert target.getvalue().startswith("add tanh [A]")
    assert capsys.readouterr().out.startswith("tanh [A]")


@pytest.mark.parametrize("printer", [sc.pp, sc.debugprint])
@pytest.mark.parametrize("what", [3, "x", ["x"]])
def test_what_is_no_expression(printer, what):
    with pytest.raises(ArgumentError, match="symbolic"):
        printer(what)
