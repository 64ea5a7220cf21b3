"""The demo: what it computes, what it writes, and what it refuses."""

import os
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from symconv import demo
from symconv.errors import FileError, ShapeError
from symconv.viz.images import read_image, write_png


@pytest.fixture
def photo(tmp_path):
    """A small photograph, neither square nor grey."""
    path = tmp_path / "photo.png"
    write_png(path, np.random.default_rng(5).integers(0, 256, size=(31, 43, 3), dtype=np.uint8))
    return path


def test_the_layer_is_the_chapters():
    layer = demo.chapter_layer()
    rng = np.random.RandomState(23455)
    bound = 1.0 / np.sqrt(3 * 9 * 9)
    np.testing.assert_array_equal(layer.W.get_value(), rng.uniform(-bound, bound, (2, 3, 9, 9)))
    np.testing.assert_array_equal(layer.b.get_value(), rng.uniform(-0.5, 0.5, (2,)))
    assert layer.output.origin.file == demo.__file__


def test_the_layer_in_plain_numpy_is_a_convolution():
    rng = np.random.default_rng(6)
    image, W, b = rng.normal(size=(1, 3, 12, 11)), rng.normal(size=(2, 3, 9, 9)), rng.normal(size=2)
    result = demo.plain_layer(image, W, b)
    assert result.shape == (1, 2, 4, 3)
    taps = [(c, i, j) for c in range(3) for i in range(9) for j in range(9)]
    one = sum(image[0, c, 3 + 8 - i, 1 + 8 - j] * W[1, c, i, j] for c, i, j in taps)
    assert result[0, 1, 3, 1] == pytest.approx(np.tanh(one + b[1]))


def test_it_writes_everything_it_says(photo, tmp_path):
    out = tmp_path / "new" / "folder"
    report = demo.demo(photo, out)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path, _ in report.files)
    for path, _ in report.files:
        assert path.stat().st_size > 100
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
        if path.suffix == ".py":
            compile(path.read_text(), path, "exec")
        if path.suffix == ".html":
            assert path.read_text().lower().startswith("<!doctype html>")
    assert read_image(out / "layer.png").shape[0] == 31
    assert report.kernels == 1
    assert report.shape == (31, 43)
    assert report.difference < 1e-10


def test_its_report_is_complete(photo, tmp_path):
    text = str(demo.demo(photo, tmp_path / "out"))
    for part in ("43 x 31 pixels", "1 fused kernel", "times as fast", "layer.png", "graph-before.svg"):
        assert part in text


def test_the_photograph_that_comes_with_it(tmp_path):
    report = demo.demo(out=tmp_path)
    assert report.shape == (488, 416)
    picture = read_image(tmp_path / "layer.png")
    assert picture.shape[0] == 488
    assert picture[:, 416:].std() > 20  # the feature maps show something


def test_a_photograph_of_one_filter(tmp_path):
    path = tmp_path / "nine.png"
    write_png(path, np.arange(9 * 9 * 3, dtype=np.uint8).reshape(9, 9, 3))
    assert demo.demo(path, tmp_path / "out").shape == (9, 9)


def test_grey_is_colour_too(tmp_path):
    path = tmp_path / "grey.png"
    write_png(path, np.arange(400, dtype=np.uint16).astype(np.uint8).reshape(20, 20))
    assert demo.demo(path, tmp_path / "out").shape == (20, 20)


# What it refuses; nothing may be left behind


def refused(tmp_path, photo, error, match, out=None):
    out = out or tmp_path / "out"
    with pytest.raises(error, match=match):
        demo.demo(photo, out)
    assert not (tmp_path / "out").exists()


def test_a_photograph_that_is_not_there(tmp_path):
    refused(tmp_path, tmp_path / "none.png", FileError, "none.png")


def test_a_photograph_that_is_none(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("no picture")
    refused(tmp_path, path, FileError, "text.png")


def test_a_photograph_that_was_cut_off(photo, tmp_path):
    photo.write_bytes(photo.read_bytes()[:200])
    refused(tmp_path, photo, FileError, "photo.png")


def test_a_photograph_smaller_than_a_filter(tmp_path):
    path = tmp_path / "small.png"
    write_png(path, np.zeros((8, 30, 3), np.uint8))
    refused(tmp_path, path, ShapeError, "8 x 30 pixels, the filters need 9 x 9")


def test_a_folder_that_is_a_file(photo, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    refused(tmp_path, photo, FileError, "cannot be made", out=file)
    refused(tmp_path, photo, FileError, "cannot be made", out=file / "below")
    assert file.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(photo, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(FileError, match="cannot be written"):
        demo.demo(photo, closed)
    assert list(closed.iterdir()) == []
