"""Pictures, printers and prints of the layer; what is printed of graphs is in the golden files."""

import io
import json
import re

import numpy as np
import pytest

from symconv.viz import graphviz


@pytest.fixture
def T(theano):
    return theano.tensor


@pytest.fixture
def network(theano, T):
    """Logistic regression: a training function, its cost, and its parameters."""
    x, y = T.dmatrix("x"), T.ivector("y")
    W, b = theano.shared(np.ones((3, 2)), name="W"), theano.shared(np.zeros(2), name="b")
    p = T.nnet.softmax(T.dot(x, W) + b)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    cost.name = "cost"
    updates = [(one, one - 0.1 * g) for one, g in zip([W, b], T.grad(cost, [W, b]), strict=True)]
    profile = theano.compile.ProfileStats(atexit_print=False)
    f = theano.function([x, y], cost, updates=updates, profile=profile, name="train")
    f(np.ones((4, 3)), np.int32([0, 1, 0, 1]))
    return f, cost


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setattr("symconv.theano._print.dots.carrier", lambda: None)
    monkeypatch.setattr(graphviz, "carrier", lambda: None)


# debugprint, beyond what was recorded


def test_a_compiled_function_prints_its_kernels(theano, T):
    x = T.dvector("x")
    f = theano.function([x], T.tanh(x) * 2 + 1)
    text = theano.printing.debugprint(f, file="str", print_type=True, print_clients=True)
    assert text.splitlines()[0] == "tanh mul add [id A] <TensorType(float64, vector)> ''   0"
    assert text.splitlines()[1] == " |x [id B] <TensorType(float64, vector)>"
    storage = theano.printing.debugprint(theano.function([], theano.shared(3.0, "s") * 2), file="str", print_storage=True)
    assert "s [id B] [array(3.)]" in storage


def test_debugprint_says_who_reads_a_result(theano, T):
    x = T.dvector("x")
    both = T.exp(x).sum()
    graph = theano.gof.FunctionGraph((x,), (both * 2, both + x.sum()))
    text = theano.printing.debugprint(graph, file="str", print_clients=True)
    assert re.search(r"sum\(axes=\(0,\)\) \[id .\] ''   1 clients:\[\('\[id .\]', \d\), \('\[id .\]', \d\)\]", text)


def test_deep_graphs_are_printed_without_recursion(theano, T):
    x = T.dscalar("x")
    y = x
    for _ in range(3000):
        y = T.exp(y)
    assert theano.printing.debugprint(y, file="str").count("\n") == 3001
    assert theano.printing.min_informative_str(y).count("\n") == 3000
    assert str(y) == "Elemwise{exp,no_inplace}.0"


# pp and its printers


def test_printers_of_a_programs_own(theano, T):
    from theano.printing import FunctionPrinter, IgnorePrinter, OperatorPrinter, PatternPrinter, pprint

    class Twice(theano.Op):
        itypes, otypes, __props__ = [T.dvector], [T.dvector], ()

        def perform(self, node, inputs, storage):
            storage[0][0] = 2 * inputs[0]

    x, y = T.dvectors("x", "y")
    op = Twice()
    mine = pprint.clone()
    mine.assign(op, PatternPrinter(("2*%(0)s", -1000)))
    mine.assign(T.tanh, FunctionPrinter("th"))
    mine.assign("add", OperatorPrinter("plus", -2, "either"))
    mine.assign(lambda pstate, r: r.name == "y", IgnoreNothing())
    assert mine(T.tanh(op(x)) + y) == "(th(2*x) plus <y>)"
    assert pprint(T.tanh(op(x)) + y) == "(tanh(Twice(x)) + y)"
    assert pprint.clone_assign(Twice, IgnorePrinter())(op(x) + 1) == "(x + TensorConstant{1})"
    assert mine(op(x), {"precedence": 3}) == "2*x"
    with pytest.raises(TypeError):
        pprint()
    with pytest.raises(TypeError):
        pprint("x")


class IgnoreNothing:
    """A printer of a program's own."""

    def process(self, output, pstate):
        return f"<{output}>"


def test_pp_of_inputs_outputs_and_updates(theano, T):
    x = T.dvector("x")
    s = theano.shared(np.zeros(2), name="s")
    y = T.exp(x)
    y.name = "y"
    text = theano.pp([x], [y * 2, y + s], {s: s + y})
    assert text == "y = exp(x)\ns <- (s + y)\nout[0] = (y * TensorConstant{2})\nout[1] = (y + s)"
    assert theano.pp([x], y * 2, {}) == "y = exp(x)\nreturn (y * TensorConstant{2})"


# pydotprint


def test_pydotprint_draws_without_pydot_or_graphviz(theano, T, network, tmp_path, no_graphviz, capsys):
    f, cost = network
    theano.printing.pydotprint(cost, tmp_path / "cost.svg", format="svg")
    assert capsys.readouterr().out == f"The output file is available at {tmp_path / 'cost.svg'}\n"
    svg = (tmp_path / "cost.svg").read_text()
    assert svg.startswith("<svg ")
    assert svg.count("<ellipse") == 15
    for text in ("name=x TensorType(float64, matrix)", "Elemwise{log,no_inplace}", "name=cost TensorType(float64, scalar)"):
        assert text in svg
    assert 'style="fill:cyan"' in svg  # shared
    assert 'style="fill:blue"' in svg  # output
    assert 'style="stroke:blue"' in svg  # a view
    for kind in ("png", "pdf"):
        with pytest.raises(RuntimeError, match=f"'{kind}' needs Graphviz"):
            theano.printing.pydotprint(f, tmp_path / f"f.{kind}", format=kind)
    assert not (tmp_path / "f.png").exists()
    html = theano.printing.pydotprint(f, format="html", return_image=True)
    assert html.startswith(b"<!DOCTYPE html>")


def test_labels_and_edges_are_those_of_the_table(theano, T, network):
    f, cost = network
    dot = theano.printing.pydotprint(cost, return_image=True, format="dot", with_ids=True, var_with_name_simple=True).decode()
    assert '[label="x", style="filled", fillcolor="green"' in dot.replace('shape="box", ', "")
    assert "Elemwise{neg,no_inplace} id=14" in dot
    assert 'label="0 TensorType(float64, matrix)"' in dot
    bare = theano.printing.pydotprint(cost, return_image=True, format="dot", high_contrast=False, max_label_size=20).decode()
    assert "filled" not in bare
    assert all(len(label) <= 20 for label in re.findall(r'label="([^"]*)"', bare))
    measured = theano.printing.pydotprint(f, return_image=True, format="dot", colorCodes={"Fused": "orange"}).decode()
    assert re.search(r"Dot add   \(0\.\d{3}s,\d+\.\d{3}%\)", measured)
    assert measured.count('label="UPDATE"') == 2
    wide = theano.printing.pydotprint(T.tanh(T.dvector("x"))[1:], return_image=True, format="dot", compact=False).decode()
    assert wide.count('shape="box"') == 4


def test_branches_and_loops_are_drawn(theano, T, tmp_path):
    from theano.ifelse import ifelse

    x = T.dmatrix("x")
    choice = ifelse(x.sum() > 0, T.exp(x), x + 1, name="pick")
    dot = theano.printing.pydotprint(choice, return_image=True, format="dot", cond_highlight="pick").decode()
    assert 'subgraph "cluster_Left"' in dot
    assert 'subgraph "cluster_Right"' in dot
    assert theano.printing.pydotprint(choice, return_image=True, format="dot", cond_highlight="other").count(b"subgraph") == 0
    loop = theano.scan(lambda a: T.tanh(a) * 2, sequences=x, name="steps")[0]
    theano.printing.pydotprint(loop, tmp_path / "loop.svg", format="svg", scan_graphs=True, print_output_file=False)
    (inner,) = tmp_path.glob("loop_steps_*.svg")
    assert "tanh" in inner.read_text()


def test_what_cannot_be_drawn_says_so(theano, tmp_path):
    for draw in (theano.printing.pydotprint, theano.printing.debugprint):
        with pytest.raises(TypeError, match="str"):
            draw("x")


@pytest.mark.skipif(graphviz.carrier() is None, reason="needs Graphviz")
def test_graphviz_writes_its_formats(theano, T, network):
    f, _ = network
    assert theano.printing.pydotprint(f, return_image=True).startswith(b"\x89PNG")
    assert theano.printing.pydotprint(f, return_image=True, format="pdf").startswith(b"%PDF")


# d3viz


def test_d3viz_writes_one_page(theano, T, network, tmp_path, no_graphviz):
    import theano.d3viz as d3v

    f, cost = network
    d3v.d3viz(f, tmp_path / "pages" / "f.html")
    page = (tmp_path / "pages" / "f.html").read_text()
    assert "<h1>train</h1>" in page
    assert not re.search(r"(src|href)=", page)
    data = json.loads(re.search(r'id="views">(.*?)</script>', page, re.S).group(1))
    rows = [dict(row for row in node) for node in data[0]["nodes"].values()]
    kinds = [row.get("node_type") for row in rows]
    assert {"apply", "input", "shared_input", "constant_input", "output"} <= set(kinds)
    assert any("profile" in row for row in rows)
    assert any(row.get("apply_op") == "Dot add" for row in rows)
    assert any(row.get("dtype") == "dmatrix" for row in rows)
    d3v.d3write(cost, tmp_path / "cost.dot")
    assert 'node_type="apply"' in (tmp_path / "cost.dot").read_text()


def test_the_formatter_counts_as_theanos_does(theano, T):
    from theano.d3viz.formatting import PyDotFormatter, type_to_str

    x, y = T.fmatrix("x"), T.fvector("y")
    graph = PyDotFormatter()(T.dot(x, y))
    assert len(graph.get_nodes()) == 4
    assert [edge.get("label") for edge in graph.get_edges()] == ["0 fmatrix", "1 fvector", "fvector"]
    assert [node.get("label") for node in graph.get_nodes()] == ["Dot", "x", "y", "fvector"]
    assert graph.get_node("n1")[0].get("shape") == "ellipse"
    assert [type_to_str(t) for t in (x.type, T.drow().type, T.dtensor3().type)] == ["fmatrix", "drow", "float64"]


def test_the_graph_of_an_op_is_drawn_inside_it(theano, T):
    from theano.d3viz.formatting import PyDotFormatter

    x, y = T.dscalars("x", "y")
    inner = theano.OpFromGraph([x, y], [x * y + 1], name="inner")
    graph = PyDotFormatter()(inner(x, y) * 2)
    (cluster,) = graph.get_subgraphs()
    box = next(node for node in graph.get_nodes() if node.get("subg"))
    assert box.get("subg") == cluster.get_name()
    assert len(cluster.get_nodes()) == 6
    assert len(json.loads(box.get("subg_map_inputs").replace("'", '"'))) == 2
    assert len(graph.view().groups) == 1


def test_hostile_names_are_only_text(theano, T, tmp_path):
    x = T.dvector('x"]; </script><script>alert(1)</script>')
    theano.d3viz.d3viz(T.exp(x), tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert "<script>alert" not in page
    assert b"<script" not in theano.printing.pydotprint(T.exp(x), return_image=True, format="svg")
    assert 'x\\"]' in theano.printing.pydotprint(T.exp(x), return_image=True, format="dot").decode()


# Breakpoints, updates


def test_a_breakpoint_may_change_what_it_sees(theano, T, monkeypatch, capsys):
    import sys

    from theano.tests import breakpoint

    def set_trace():
        sys._getframe(1).f_locals["monitored"][0] += 1

    monkeypatch.setattr(breakpoint.pdb, "set_trace", set_trace)
    x, y = T.dvectors("x", "y")
    seen = breakpoint.PdbBreakpoint("large")(x.sum() > 10, x, y)
    f = theano.function([x, y], [seen[0] * 2, theano.grad(seen[0].sum(), x)], on_unused_input="ignore")
    assert f([1.0, 2.0], [0.0])[0].tolist() == [2.0, 4.0]
    assert capsys.readouterr().out == ""
    result, gradient = f([10.0, 2.0], [0.0])
    assert result.tolist() == [22.0, 6.0]
    assert gradient.tolist() == [1.0, 1.0]
    assert "Conditional breakpoint 'large' activated" in capsys.readouterr().out


def test_updates_are_united_without_loss(theano):
    a, b = theano.shared(1.0, name="a"), theano.shared(2.0, name="b")
    first, second = theano.updates.OrderedUpdates([(a, a + 1)]), {b: b * 2}
    both = first + second
    assert list(both) == [a, b]
    assert list(second + first) == [b, a]
    with pytest.raises(KeyError, match="a has two new values"):
        first + theano.updates.OrderedUpdates({a: a * 2})
    with pytest.raises(TypeError, match="shared variables"):
        first["a"] = 3


def test_tools_for_tests(theano, T):
    from theano.tests import unittest_tools

    assert unittest_tools.fetch_seed() == 666
    unittest_tools.verify_grad(T.tanh, [np.array([0.1, 0.2])])
    unittest_tools.assert_allclose(np.float32([1.0]), np.float32([1.000001]))
    with pytest.raises(AssertionError):
        unittest_tools.assert_allclose(np.array([1.0]), np.array([1.000001]))


def test_a_summary_can_go_to_a_file_at_the_end(theano, T, tmp_path, monkeypatch):
    from theano.compile import profiling

    monkeypatch.setattr(profiling, "_printed_at_exit", [])
    x = T.dscalar("x")
    f = theano.function([x], x + 1, profile="said")
    f(1.0)
    with theano.change_flags([("profiling.destination", str(tmp_path / "profile.txt"))]):
        profiling.print_global_stats()
    assert "  Message: said" in (tmp_path / "profile.txt").read_text()
    stream = io.StringIO()
    f.profile.summary_globals(stream)
    assert "Time in all call to theano.grad()" in stream.getvalue()
