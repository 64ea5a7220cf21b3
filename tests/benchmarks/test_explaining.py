"""What the plots of the page on convolution are measured with; no test here judges a time."""

import json

import numpy as np
import pytest

import symconv as sc
from benchmarks import crossover, statements
from benchmarks.calibrate import Shape


def test_a_clock_behind_each_line_changes_no_result_and_misses_no_time():
    x, w, b = sc.ftensor4("x"), sc.shared(np.ones((2, 3, 5, 5), "float32")), sc.shared(np.ones(2, "float32"), "bias")
    image = np.random.default_rng(0).standard_normal((2, 3, 200, 200)).astype("float32")
    with sc.settings(threads=1):
        f = sc.function([x], sc.tanh(sc.conv2d(x, w) + b.dimshuffle("x", 0, "x", "x")))
        expected = f(image)
        (plan,) = f._executor.plans
        clock = statements.clocked(plan)
        clock.last = began = statements.perf_counter()
        np.testing.assert_array_equal(f(image), expected)
        took = 1e3 * (statements.perf_counter() - began)
    parts = clock.parts(1)
    assert all(parts[name] > 0 for name in ("multiplying", "bias and tanh"))
    assert 0 < sum(parts.values()) < 1.1 * took


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("unrolled[:, 3] = image[0, :, top:top + 9, 3:9]", "laying out"),
        ("products_in_pieces(bank, columns, tile)", "multiplying"),
        ("np.matmul(bank, columns, out=tile)", "multiplying"),
        ("np.add(tile, products[2], out=tile)", "adding up"),
        ("np.add(tile, bias[:, None, None], out=tile)", "bias and tanh"),
        ("np.tanh(tile, out=result[0])", "bias and tanh"),
        ("shifts(image[0, :, top:top + 36], 1, 1, unrolled)", "laying out"),
        ("add_shifted(products, 1, 1, tile)", "adding up"),
        ("products_in_pieces(constant_3, tiles, seen)", "transforming"),
        ("unrolled = memory[:3].reshape(3)", "handing out blocks"),
    ],
)
def test_lines_are_known_by_what_they_do(line, part):
    assert statements.part_of(line) == part


def test_layers_are_added_to_the_results_and_drawn(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="draws")
    results, picture = tmp_path / "s.json", tmp_path / "s.svg"
    arguments = ["--dtype", "float32", "--seconds", "0", "--results", str(results)]
    assert statements.main([*arguments, "--layers", "res1x1"]) == 0
    assert statements.main([*arguments, "--layers", "seed1", "--plot", str(picture)]) == 0
    document = json.loads(results.read_text())
    assert [one["case"] for one in document["layers"]] == ["seed1", "res1x1"]
    assert document["layers"][1]["algorithm"] == "pointwise"
    text = picture.read_text()
    assert all(words in text for words in ("seed1", "pointwise", "multiplying", document["date"]))
    assert "res1x1" in capsys.readouterr().out


def test_every_algorithm_that_fits_is_measured_and_drawn(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib", reason="draws")
    tiny = tuple((size, Shape((1, 2, size, size), (2, 2, 3, 3))) for size in (6, 8))
    monkeypatch.setattr(crossover, "PANELS", {"tiny": crossover.Panel("tiny", "size", tiny)})
    results, picture = tmp_path / "c.json", tmp_path / "c.svg"
    assert crossover.main(["--seconds", "0", "--results", str(results), "--plot", str(picture)]) == 0
    points = json.loads(results.read_text())["panels"]["tiny"]
    assert [point["value"] for point in points] == [6, 8]
    assert all({"columns", "rows only", "winograd"} <= set(point["ms"]) for point in points)
    assert all(point["chosen"] in point["ms"] for point in points)
    assert all(words in picture.read_text() for words in ("rows only", "chosen by the estimates", "tiny"))
    with pytest.raises(SystemExit):
        crossover.main(["--panels", "colours"])
    assert "unknown panels colours" in capsys.readouterr().err
