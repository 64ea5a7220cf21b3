"""The chapters' programs in ``examples/``: they learn, they resume as if never stopped, their pictures are whole."""

import importlib.util
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import symconv as sc

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def example(monkeypatch):
    """Loads an example by name, as ``python examples/name.py`` would."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def load(name):
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in ("pictures", "training"):
        sys.modules.pop(name, None)


def is_png(path):
    data = path.read_bytes()
    return data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82") and len(data) > 100


def numbers(folder):
    return sc.io.load_parameters(folder / "checkpoint.npz")


QUICK = {
    "logistic": ["--epochs", "3", "--batches", "12"],
    "mlp": ["--epochs", "3", "--batches", "12", "--hidden", "40"],
    "lenet": ["--epochs", "3", "--batches", "30", "--maps", "6", "10", "--hidden", "60", "--batch", "20"],
}


@pytest.mark.parametrize("name", QUICK)
def test_learns_and_resumes(name, example, tmp_path, capsys):
    program = example(name)
    whole = tmp_path / "whole"
    error = program.main([*QUICK[name], "--out", str(whole)])
    saved = numbers(whole)
    assert len(saved["training.cost"]) == 3
    assert saved["training.cost"][-1] < 0.9 * saved["training.cost"][0]
    assert error < 0.75  # guessing gives 0.9
    shown = capsys.readouterr().out
    assert shown.count("epoch ") == 3
    assert "test error" in shown


@pytest.mark.parametrize("name", QUICK)
def test_resuming_changes_nothing(name, example, tmp_path, capsys):
    """Two epochs and then a third give the same bits as three; the schedule of the rate is that of three."""
    program = example(name)
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    program.main([*QUICK[name], "--out", str(whole)])
    training = sys.modules["training"]
    stopped = training.Training.one_epoch

    def interrupted(self, *arguments):
        if self.epoch == 2:
            raise KeyboardInterrupt
        return stopped(self, *arguments)

    training.Training.one_epoch = interrupted
    with pytest.raises(KeyboardInterrupt):
        program.main([*QUICK[name], "--out", str(halves)])
    training.Training.one_epoch = stopped
    program.main([*QUICK[name], "--out", str(halves), "--resume"])
    assert "resumed after epoch 2" in capsys.readouterr().out
    a, b = numbers(whole), numbers(halves)
    assert a.keys() == b.keys()
    for key in a:
        np.testing.assert_array_equal(a[key], b[key], err_msg=key)


def test_pictures_of_lenet(example, tmp_path):
    example("lenet").main([*QUICK["lenet"], "--epochs", "1", "--out", str(tmp_path)])
    for name in ("filters", "maps1", "maps2"):
        assert is_png(tmp_path / f"{name}.png"), name
    for name in ("curve", "confusion"):
        root = ElementTree.parse(tmp_path / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
    texts = [element.text for element in ElementTree.parse(tmp_path / "confusion.svg").iter() if element.text]
    shown = [int(text) for text in texts if text.strip().isdigit()]
    assert set(range(10)) <= set(shown)


def test_edges(example, tmp_path, capsys):
    example("edges").main(["--out", str(tmp_path)])
    assert is_png(tmp_path / "edges.png")


def test_a_missing_data_set_is_named(example, tmp_path):
    with pytest.raises(sc.FileError, match="nowhere"):
        example("logistic").main(["--data", str(tmp_path / "nowhere"), "--out", str(tmp_path)])
