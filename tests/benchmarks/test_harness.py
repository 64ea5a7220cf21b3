"""The benchmark suite itself: its table, its check of results, its report. No test here measures a time."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import kinds, measures, peers, report
from benchmarks.cases import BY_NAME, CASES, FLOATS, Case, convolution, layer, network
from benchmarks.crew import Crew, PeerSpec
from benchmarks.measures import (
    Options,
    against_best_peer,
    best_of_each,
    entry,
    growth,
    learning,
    memory,
    steady,
)
from benchmarks.peers import onnx_bytes

QUICK = Options(rounds=2, seconds=0.0)
SHRUNKEN = replace(BY_NAME["seed1"], parameters=layer((2, 3, 9, 8), (4, 3, 2)))
HONEST = PeerSpec("numpy_plain", "benchmarks.peers.numpy_plain")

LIAR = '''
import numpy as np
from benchmarks.peers import Peer, Prepared, flipped

class Liar(Peer):
    """Correlates where it should convolve; rounds to half precision; answers what it answered before."""
    requires = ("numpy",)
    variants = {"conv_layer": ("unflipped", "half", "remembering", "raising", "dying", "right")}
    one_thread_only = True

    def version(self):
        return "0"

    def conv_layer(self, variant, parameters, arrays):
        from benchmarks.peers.numpy_plain import PEER
        filters = flipped(arrays["filters"]) if variant == "unflipped" else arrays["filters"]
        plain = PEER.conv_layer("tensordot", parameters, arrays | {"filters": filters})
        seen = {}

        def run(image):
            if variant == "raising":
                raise RuntimeError("no such layer")
            if variant == "dying":
                import os
                os._exit(3)
            if variant == "half":
                return plain.run(image.astype(np.float16)).astype(np.float16).astype(image.dtype)
            if variant == "remembering":
                return seen.setdefault(id(image), plain.run(image))
            print("this must not reach the protocol")
            return plain.run(image)

        return Prepared(run, plain.convert)

PEER = Liar()
'''


LENET = [["conv", 3, 5, 0, True], ["pool", 2], ["tanh"], ["dense", 4], ["tanh"], ["dense", 10]]
BLOCKS = [
    ["conv", 2, 3, 1, False], ["push"], ["conv", 2, 3, 1, False], ["norm"], ["add"], ["relu"], ["mean"],
    ["dense", 10],
]  # fmt: skip


@pytest.fixture
def liar(tmp_path, monkeypatch):
    (tmp_path / "liar_peer.py").write_text(LIAR)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return PeerSpec("liar", "liar_peer")


def naive_layer(image, filters, bias):
    """The formula of the chapter, one number at a time."""
    (batch, channels, height, width), (number, _, rows, columns) = image.shape, filters.shape
    out = np.empty((batch, number, height - rows + 1, width - columns + 1))
    for n, k, r, s in np.ndindex(*out.shape):
        total = 0.0
        for c, i, j in np.ndindex(channels, rows, columns):
            total += filters[k, c, i, j] * image[n, c, r + rows - 1 - i, s + columns - 1 - j]
        out[n, k, r, s] = math.tanh(total + bias[k])
    return out


def test_case_table_is_sound():
    assert len(BY_NAME) == len(CASES), "names are unique"
    for case in CASES:
        measure = measures.load(case.measure)
        assert callable(measure.measure)
        assert measure.UNIT
        assert set(case.dtypes) <= set(FLOATS)
        assert set(case.goal) == set(case.dtypes)
        kind = kinds.load(case.kind)
        shapes = case.parameters
        if case.kind == "conv_layer":
            (_, channels, height, width), (_, same, rows, columns) = shapes["image"], shapes["filters"]
            assert channels == same
            assert rows <= height
            assert columns <= width
        for dtype in case.dtypes:
            assert kind.tolerance(dict(shapes), dtype) >= 0
        assert json.loads(json.dumps(dict(shapes))) == dict(shapes), "parameters travel as JSON"
    layers = [case.name for case in CASES if case.kind == "conv_layer" and case.measure == "steady"]
    assert layers == ["seed1", "seed32", "photo", "lenet0", "lenet1", "res3x3", "res1x1", "vgg1", "deep"]


@pytest.mark.parametrize("name", peers.NAMES)
def test_every_peer_expresses_kinds_that_exist(name):
    peer = peers.load(f"benchmarks.peers.{name}")
    assert peer.variants
    for kind, variants in peer.variants.items():
        assert kinds.load(kind)
        assert variants
        assert callable(getattr(peer, kind))


@pytest.mark.parametrize("dtype", FLOATS)
def test_reference_is_the_formula(dtype):
    kind = kinds.load("conv_layer")
    arrays = kind.inputs(dict(SHRUNKEN.parameters), dtype, seed=7)
    assert {array.dtype.name for array in arrays.values()} == {dtype}
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    found = kind.reference(dict(SHRUNKEN.parameters), arrays)
    np.testing.assert_allclose(found, naive_layer(**wide), rtol=1e-13)


@pytest.mark.parametrize("part", ["forward", "by_image", "by_filters"])
def test_gradients_of_the_reference_of_convolutions(part):
    kind = kinds.load("convolution")
    more = {"pads": 1, "stride": 2, "dilation": 2, "groups": 2}
    parameters = convolution((2, 4, 9, 8), (6, 3, 2), part=part, **more)
    arrays = kind.inputs(parameters, "float64", seed=7)
    random = np.random.default_rng(8)
    x, W, g = (arrays[name] for name in ("image", "filters", "gradient"))
    forward = {**parameters, "part": "forward", "act": "relu"}
    shift = 10.0  # so that relu is the identity

    def maps(image, filters):
        given = {**arrays, "image": image, "filters": filters, "bias": np.full(6, shift)}
        return kind.reference(forward, given) - shift

    if part == "forward":
        correlated = np.zeros_like(g)
        padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
        for n, k, r, s, c, i, j in np.ndindex(*g.shape, *W.shape[1:]):
            pixel = padded[n, k // 3 * 2 + c, 2 * r + 2 * i, 2 * s + 2 * j]
            correlated[n, k, r, s] += W[k, c, i, j] * pixel
        np.testing.assert_allclose(maps(x, W), correlated, rtol=1e-12)
        return
    found = kind.reference(parameters, arrays)
    direction = random.uniform(-1, 1, found.shape)
    changed = maps(direction, W) if part == "by_image" else maps(x, direction)
    np.testing.assert_allclose(np.vdot(found, direction), np.vdot(g, changed), rtol=1e-12)


@pytest.mark.parametrize("layers", [LENET, BLOCKS], ids=["lenet", "residual"])
def test_gradients_of_the_reference_of_networks(layers):
    kind = kinds.load("network")
    parameters = network(3, (2, 16, 16), layers, train=True)
    arrays = kind.inputs(parameters, "float64", seed=5) | {"rate": np.asarray(1.0)}
    _, *new = kind.reference(parameters, arrays)
    step = 1e-6
    for name, after in zip(kind.names(parameters), new, strict=True):
        direction = np.random.default_rng(9).uniform(-1, 1, after.shape)
        costs = [
            kind.reference(parameters, {**arrays, name: arrays[name] + sign * step * direction})[0]
            for sign in (-1, 1)
        ]
        slope = np.vdot(arrays[name] - after, direction)
        np.testing.assert_allclose((costs[1] - costs[0]) / (2 * step), slope, rtol=1e-5, atol=1e-8)
    scores = kind.reference({**parameters, "train": False}, arrays)
    assert scores.shape == (3, 10)


@pytest.mark.parametrize("kind", ["tiny_call", "elementwise_graph"])
def test_small_references(kind):
    module, parameters = kinds.load(kind), {"size": 3, "nodes": 2}
    arrays = module.inputs(parameters, "float64", seed=3)
    x = arrays["x"]
    expected = np.tanh(x + 1) if kind == "tiny_call" else np.tanh(x) + x
    np.testing.assert_array_equal(module.reference(parameters, arrays), expected)


SMALL = {
    "elementwise_chain": {"ops": 6, "size": 7},
    "reduction": {"what": "product", "axis": 1, "shape": [3, 5, 7]},
    "softmax_cross_entropy": {"rows": 5, "classes": 7},
    "mlp_step": {"batch": 5, "layers": [7, 11, 3]},
    "recurrent": {"steps": 5, "batch": 3, "features": 7, "hidden": 11},
    "batch_slices": {"data": [35, 7], "batch": 5},
}
CONVOLUTIONS = {
    "forward": ("convolution", convolution((2, 4, 9, 8), (6, 3, 2), pads=1, groups=2, pool=2)),
    "by_image": ("convolution", convolution((2, 4, 20), (6, 3), stride=2, part="by_image")),
    "by_filters": ("convolution", convolution((1, 2, 5, 6, 7), (3, 2, 3, 2), part="by_filters")),
    "scores": ("network", network(3, (2, 16, 16), BLOCKS, train=False)),
    "step": ("network", network(3, (2, 16, 16), LENET, train=True)),
    "blocks": ("network", network(3, (2, 16, 16), BLOCKS, train=True)),
}


@pytest.mark.parametrize("kind", SMALL)
def test_symconv_and_numpy_agree_with_the_references(kind):
    case = Case("small", kind, SMALL[kind])
    with Crew((HONEST, PeerSpec("symconv", "benchmarks.peers.symconv"))) as crew:
        found = steady.measure(case, "float64", crew, QUICK)
        able = [spec.name for spec in crew.present if crew.variants(spec, case)]
    assert {one["peer"] for one in found["entries"]} == set(able) >= {"numpy_plain"}
    assert not [one for one in found["excluded"] if one["wrong"]]


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_symconv_agrees_with_the_references_of_convolutions(name):
    case = Case(name, *CONVOLUTIONS[name])
    with Crew((PeerSpec("symconv", "benchmarks.peers.symconv"),)) as crew:
        found = steady.measure(case, "float64", crew, QUICK)
    assert [one["peer"] for one in found["entries"]]
    assert not found["excluded"]


def test_gradients_of_the_references_are_derivatives():
    """Central differences along the gradient itself, for the kinds that write gradients out."""
    softmax, mlp, rnn = (kinds.load(kind) for kind in ("softmax_cross_entropy", "mlp_step", "recurrent"))

    def mlp_parts(arrays):
        cost, gradients = mlp.step(arrays)
        return cost, *gradients.values()

    for module, varied, parts in (
        (softmax, ("scores",), lambda arrays: softmax.loss_and_gradient(**arrays)),
        (mlp, ("W1", "b1", "W2", "b2"), mlp_parts),
        (rnn, ("W", "U", "b"), rnn.forward_and_backward),
    ):
        arrays = module.inputs(SMALL[module.__name__.rpartition(".")[2]], "float64", seed=3)
        _, *gradients = parts(arrays)
        moves = dict(zip(varied, gradients, strict=True))
        up = parts(arrays | {name: arrays[name] + 1e-6 * move for name, move in moves.items()})[0]
        down = parts(arrays | {name: arrays[name] - 1e-6 * move for name, move in moves.items()})[0]
        along = sum(float(np.sum(gradient * gradient)) for gradient in gradients)
        assert (up - down) / 2e-6 == pytest.approx(along, rel=1e-6), module.__name__


def test_numpy_passes_and_a_liar_is_caught(liar):
    with Crew((HONEST, liar)) as crew:
        found = steady.measure(SHRUNKEN, "float32", crew, QUICK)
    assert {(one["peer"], one["variant"]) for one in found["entries"]} == {
        ("numpy_plain", "tensordot"),
        ("numpy_plain", "einsum"),
        ("liar", "right"),
    }
    for one in found["entries"]:
        assert one["samples"] >= QUICK.rounds
        assert one["difference"] <= 1e-6
    left_out = {one["variant"]: one for one in found["excluded"]}
    assert set(left_out) == {"unflipped", "half", "remembering", "raising", "dying"}
    assert {name for name, one in left_out.items() if one["wrong"]} == {"unflipped", "half", "remembering"}
    assert "after it was timed" in left_out["remembering"]["why"]
    assert "no such layer" in left_out["raising"]["why"]
    assert "status 3" in left_out["dying"]["why"]
    short = report.summary([found])
    assert len(short["wrong"]) == 3


def test_missing_peer_is_named_and_the_document_has_its_schema(tmp_path, monkeypatch, capsys):
    (tmp_path / "absent_peer.py").write_text(
        "from benchmarks.peers import Peer\n"
        "class Absent(Peer):\n"
        "    requires = ('a_library_that_nobody_has',)\n"
        "PEER = Absent()\n"
    )
    package = tmp_path / "more_peers"
    package.mkdir()
    (tmp_path / "absent_peer.py").rename(package / "absent.py")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    out = tmp_path / "results"
    arguments = ["--cases", "tiny-call", "--peers", "numpy_plain,more_peers.absent", "--repeat", "2"]
    assert command.main([*arguments, "--seconds", "0", "--out", str(out)]) == 0

    printed = capsys.readouterr().out
    assert "absent (not installed: a_library_that_nobody_has)" in printed
    assert printed.count("Peers that are missing: absent") == 1

    document = json.loads((out / "results.json").read_text())
    assert set(document) == {"schema", "command", "date", "machine", "method", "peers", "results", "summary"}
    assert document["schema"] == report.SCHEMA
    assert document["peers"]["absent"]["available"] is False
    assert document["peers"]["numpy_plain"] == {"available": True, "version": np.__version__, "why": None}
    (one,) = document["results"]
    assert set(one) == {
        "case", "kind", "measure", "what", "dtype", "parameters", "unit", "goal",
        "entries", "excluded", "best", "verdict",
    }  # fmt: skip
    assert one["unit"] == "µs"
    for timed in one["entries"]:
        assert {"peer", "variant", "threads", "median", "minimum", "samples", "round_medians"} <= set(timed)
        assert 0 < timed["minimum"] <= timed["median"]
        assert len(timed["round_medians"]) == 2
    assert one["verdict"]["met"] is None, "without symconv nothing is claimed"
    assert set(document["summary"]) == {"geometric_means", "peer_ahead", "goals_met", "goals_missed", "wrong"}
    assert (out / "results.md").read_text() in printed
    assert not list(out.glob(".*")), "nothing half-written is left"


def test_memory_of_a_fresh_process():
    parameters = layer((1, 3, 200, 200), (2, 9, 9))
    case = replace(BY_NAME["photo-memory"], parameters=parameters)
    with Crew((HONEST,)) as crew:
        found = memory.measure(case, "float32", crew, Options(rounds=1))
    columns = 3 * 9 * 9 * 192 * 192 * 4 / 2**20  # what tensordot lays out, in MiB
    leanest = min(one["over_baseline"] for one in found["entries"])
    assert leanest > columns
    assert all(one["median"] >= one["over_baseline"] for one in found["entries"])


@pytest.mark.parametrize(
    ("printed", "seconds", "met"),
    [("test error 1.25%", 60, True), ("test error 2.00%", 60, False), ("test error 1.25%", 0, False)],
)
def test_an_example_is_judged_by_what_it_says_and_how_long_it_took(tmp_path, printed, seconds, met):
    (tmp_path / "program.py").write_text(f"import sys; print(sys.argv[2]); print('{printed}')")
    how = {"program": str(tmp_path / "program.py"), "seed": 7, "seconds": seconds}
    case = replace(BY_NAME["lenet-digits"], parameters=how)
    with Crew((PeerSpec("symconv", "benchmarks.peers.symconv"),)) as crew:
        found = learning.measure(case, "float32", crew, QUICK)
    assert found["verdict"]["met"] is met
    assert f"test error {found['verdict']['value']:.2f}%" == printed
    assert found["entries"][0]["seconds"] > 0


def test_an_example_that_fails_is_named(tmp_path):
    (tmp_path / "program.py").write_text("raise SystemExit('no digits today')")
    how = {"program": str(tmp_path / "program.py"), "seed": 7, "seconds": 60}
    with Crew((PeerSpec("symconv", "benchmarks.peers.symconv"),)) as crew:
        found = learning.measure(replace(BY_NAME["lenet-digits"], parameters=how), "float32", crew, QUICK)
    assert not found["entries"]
    assert found["excluded"][0]["why"] == "no digits today"
    assert found["verdict"]["met"] is None


def sample(peer, milliseconds, variant="only"):
    return entry(peer, variant, 1, [[milliseconds / 1e3]], 1e-3)


def test_verdict_is_against_the_best_variant_of_the_best_peer():
    entries = [sample("symconv", 4.0), sample("a", 8.0, "slow"), sample("a", 2.0, "quick"), sample("b", 3.0)]
    assert best_of_each(entries)["a"]["variant"] == "quick"
    verdict = against_best_peer(entries, goal=1.5)
    assert verdict["ratio"] == pytest.approx(0.5)
    assert (verdict["best_peer"], verdict["best_variant"], verdict["met"]) == ("a", "quick", False)
    found = {**measures.result(SHRUNKEN, "float32", "ms", entries, [], verdict)}
    short = report.summary([found])
    assert short["peer_ahead"] == ["seed1 float32: a is ahead by 2.00 x"]
    assert short["goals_missed"] == ["seed1 float32"]
    assert short["geometric_means"] == {"float32": pytest.approx(0.5)}


def test_slots_that_cannot_be_best_stop_early():
    def slot(peer, seconds):
        return steady.Slot(PeerSpec(peer, peer), "v", 1, None, 0.0, [[seconds]])

    best, near, far, slow = slot("a", 1.0), slot("a", 1.9), slot("a", 2.1), slot("b", 3.0)
    assert steady.worth_more([best, near, far, slow]) == [best, near]


def test_growth_names_the_exponent_and_refuses_a_square():
    linear = [{**sample("symconv", 1), "nodes": n, "median": 1e-4 * n} for n in (1000, 2000, 4000)]
    square = [{**sample("symconv", 1), "nodes": n, "median": 1e-8 * n * n} for n in (1000, 2000, 4000)]
    assert growth.verdict(linear, 20.0) | {"text": ""} == {
        "value": pytest.approx(0.4), "exponent": pytest.approx(1.0), "met": True, "text": "",
    }  # fmt: skip
    assert growth.verdict(square, 20.0)["exponent"] == pytest.approx(2.0)
    assert growth.verdict(square, 20.0)["met"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cases", "seed1,nonsense"], "unknown case nonsense"),
        (["--peers", "caffe"], "unknown peer caffe"),
        (["--repeat", "0"], "--repeat"),
    ],
)
def test_wrong_arguments(arguments, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)
    assert said in capsys.readouterr().err


def test_interpreters_by_peer_by_variable_and_for_all(monkeypatch):
    monkeypatch.setenv(command.VARIABLE + "JAX", "/from/variable")
    specs = command.chosen_peers("jax,torch,scipy", ["torch=/for/torch", "/for/all"])
    assert {spec.name: spec.python for spec in specs} == {
        "jax": "/from/variable", "torch": "/for/torch", "scipy": "/for/all",
    }  # fmt: skip


def test_photograph_of_the_demo_is_what_its_readme_says():
    png = Path(__file__).resolve().parents[2] / "symconv" / "data" / "grace_hopper.png"
    head = png.read_bytes()[:29]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(head[start : start + 4], "big") for start in (16, 20))
    depth, colour, _, _, interlaced = head[24:29]
    assert (width, height, depth, colour, interlaced) == (416, 488, 8, 2, 0)
    assert "416 x 488" in (png.parent / "README.md").read_text()
    assert png.stat().st_size <= 350 * 1024


def test_flipped_filters_have_no_negative_strides_even_1x1():
    filters = np.arange(6.0).reshape(3, 2, 1, 1)
    turned = peers.flipped(filters)
    np.testing.assert_array_equal(turned, filters)
    assert min(turned.strides) > 0


def test_onnx_bytes_are_protobuf():
    assert onnx_bytes.varint(300) == b"\xac\x02", "the example of protobuf's manual"
    assert onnx_bytes.field(2, "testing") == b"\x12\x07testing"
    assert onnx_bytes.field(1, 150) == b"\x08\x96\x01"


def test_onnx_bytes_are_read_by_onnx():
    onnx = pytest.importorskip("onnx")
    bias = np.arange(3, dtype=np.float32)
    nodes = [onnx_bytes.node("Add", ["x", "b"], "sum"), onnx_bytes.node("Tanh", ["sum"], "y")]
    model = onnx.load_from_string(onnx_bytes.model(nodes, "x", np.zeros((200, 3), np.float32), {"b": bias}))
    onnx.checker.check_model(model)
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(model.graph.initializer[0]), bias)
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [200, 3]
