"""Images to learn from: what comes with symconv, and files that are read without running anything."""

import contextlib
import gzip
import hashlib
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import zoom

import symconv as sc
from symconv.datasets import digits, enlarge, mnist, read_idx, read_mnist_pickle, write_mnist_pickle

# Digits


def test_the_digits_are_those_of_the_set():
    with np.load(os.path.join(os.path.dirname(sc.__file__), "data", "digits.npz")) as arrays:
        raw = arrays["images"].tobytes() + arrays["labels"].tobytes()
    assert hashlib.sha256(raw).hexdigest() == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


@pytest.mark.parametrize("size", [8, 28])
def test_a_split_has_every_digit_once(size):
    data = digits(size, dtype="float64")
    parts = (data.train, data.valid, data.test)
    images = np.concatenate([part.images for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    assert images.shape == (1797, size, size)
    assert (images.min(), images.max()) == (0, 1)
    assert len({image.tobytes() for image in images}) == 1797
    np.testing.assert_array_equal(np.bincount(labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    for part in parts:
        assert np.ptp(np.bincount(part.labels) / len(part.labels)) < 0.02


def test_a_split_depends_on_its_seed_alone():
    first, again, other = digits(), digits(), digits(seed=1)
    np.testing.assert_array_equal(first.test.images, again.test.images)
    assert hashlib.sha256(first.test.labels.tobytes()).hexdigest()[:8] == "1e6836a7"
    assert not np.array_equal(first.test.labels, other.test.labels)


@pytest.mark.parametrize("wrong", [{"size": 7}, {"dtype": "int8"}, {"shares": (1700, 97)}, {"shares": (0, 5)}])
def test_digits_that_there_are_not(wrong):
    with pytest.raises(sc.OptionError, match="digits"):
        digits(**wrong)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 20))
def test_enlarging_is_scipys_linear_zoom(height, width, size):
    images = np.random.default_rng(0).random((2, height, width))
    meant = [zoom(image, (size / height, size / width), order=1, grid_mode=True, mode="nearest") for image in images]
    np.testing.assert_allclose(enlarge(images, size), meant, atol=1e-12)


@pytest.mark.parametrize(("images", "size"), [(np.zeros((8, 8)), 28), (np.zeros((1, 0, 8)), 28), (np.zeros((1, 8, 8)), 0)])
def test_what_cannot_be_enlarged(images, size):
    with pytest.raises(sc.ShapeError, match="enlarge"):
        enlarge(images, size)


# IDX


def idx(array, code=8):
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for part, count in (("train", 30), ("t10k", 10)):
        images = random.integers(0, 256, (count, 28, 28), np.uint8)
        labels = random.integers(0, 10, count).astype(np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    return tmp_path


def test_mnist_in_its_own_format(folder):
    data = mnist(folder, valid=10)
    assert [part.images.shape for part in (data.train, data.valid, data.test)] == [(20, 28, 28), (10, 28, 28), (10, 28, 28)]
    raw = read_idx(folder / "train-images-idx3-ubyte")
    np.testing.assert_array_equal(data.valid.images, raw[20:].astype("float32") / 255)
    assert data.test.labels.dtype == np.int64


@pytest.mark.parametrize("code", [8, 9, 11, 12, 13, 14])
def test_every_type_of_idx(tmp_path, code):
    dtype = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}[code]
    array = np.arange(6).reshape(2, 3).astype(dtype)
    (tmp_path / "a").write_bytes(idx(array, code))
    np.testing.assert_array_equal(read_idx(tmp_path / "a"), array)


GOOD = idx(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"\x00\x00\x08", "no IDX file"),
        (b"\x89PNG" + GOOD, "begins with 89 50 4e 47"),
        (b"\x00\x00\x07\x01" + GOOD[4:], "no IDX file"),
        (GOOD[:-1], "needs 6 bytes, it has 5"),
        (GOOD + b"x", "needs 6 bytes, it has 7"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "incomplete"),
        (gzip.compress(GOOD, mtime=0)[:-9], "cannot be unpacked"),
        (b"\x1f\x8bxx", "cannot be unpacked"),
    ],
)
def test_damaged_idx(tmp_path, content, message):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(sc.FileError, match=message) as caught:
        read_idx(tmp_path / "a")
    assert caught.value.hint


def test_too_much(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(GOOD + bytes(10_000)))
    with pytest.raises(sc.FileError, match="unpacks to more than 1000 bytes"):
        read_idx(tmp_path / "a", most=1000)


def test_mnist_without_its_files(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    for path in (folder, folder / "mnist.pkl.gz"):
        with pytest.raises(sc.FileError, match="there is no") as caught:
            mnist(path)
        assert "fetch" in caught.value.hint


def test_images_without_labels(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(idx(np.zeros(9, np.uint8)))
    with pytest.raises(sc.FileError, match="test images .* and labels"):
        mnist(folder)


# mnist.pkl.gz


def pairs(order="C", dtype="float32"):
    images = np.asarray(np.random.default_rng(0).random((6, 784)), dtype=dtype, order=order)
    return [(images[k : k + 2], np.array([k, k + 1], np.int64)) for k in (0, 2, 4)]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", ">f8"])
def test_pickles_of_every_protocol(tmp_path, protocol, order, dtype):
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(pairs(order, dtype), protocol)))
    for found, meant in zip(read_mnist_pickle(path), pairs(order, dtype), strict=True):
        np.testing.assert_array_equal(found[0], meant[0])
        np.testing.assert_array_equal(found[1], meant[1])


# Written by Python 2.7 and NumPy 1: the bytes are texts.
PYTHON_2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01K\x02K\x02\x86"
    b"cnumpy\ndtype\nq\x04U\x02f4K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x10"
    + np.array([[0, 1], [0.5, -1]], "<f4").tobytes()
    + b"tbq\x06h\x01h\x02K\x00\x85U\x01b\x87R(K\x01K\x02\x85h\x04U\x02i8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK\x00tb\x89U\x10" + np.array([7, 200], "<i8").tobytes() + b"tb\x86q\x07h\x07h\x07\x87."
)


def test_a_pickle_of_python_2(tmp_path):
    (tmp_path / "a").write_bytes(PYTHON_2)
    for images, labels in read_mnist_pickle(tmp_path / "a"):
        np.testing.assert_array_equal(images, np.array([[0, 1], [0.5, -1]], "float32"), strict=True)
        np.testing.assert_array_equal(labels, np.array([7, 200]), strict=True)


def test_what_is_written_is_read(tmp_path):
    data = digits(28)
    again = mnist(write_mnist_pickle(tmp_path / "mnist.pkl.gz", data))
    np.testing.assert_array_equal(again.test.images, data.test.images)
    with gzip.open(tmp_path / "mnist.pkl.gz") as file:
        np.testing.assert_array_equal(pickle.load(file, encoding="latin1")[0][1], data.train.labels)


class Trap:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    "content",
    [
        Trap(os.mkdir, "trap"),
        Trap(eval, "1"),
        Trap(np.load, "trap"),
        np.array([Trap(os.mkdir, "trap")], object),
        np.array(["text"]),
        np.zeros(2, [("a", "f4")]),
        [1, 2, 3],
        "text",
        {},
        [(np.zeros((2, 4)), np.zeros(3))] * 3,
        [(np.zeros((2, 4)), np.zeros(2))] * 2,
        [(np.zeros((2, 5)), np.zeros(2))] * 3,
    ],
    ids=[
        "mkdir", "eval", "load", "inside", "text array", "records", "numbers", "text", "mapping", "lengths",
        "two sets", "widths",
    ],
)
def test_pickles_of_anything_else(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(sc.FileError):
        mnist(tmp_path / "mnist.pkl")
    assert os.listdir(tmp_path) == ["mnist.pkl"]


@given(st.data())
def test_changed_bytes_of_a_pickle(data):
    content = bytearray(PYTHON_2)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = os.path.join(_FOLDER, "a")
    with open(path, "wb") as file:
        file.write(content)
    with contextlib.suppress(sc.FileError):
        assert len(read_mnist_pickle(path)) == 3


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory):
    global _FOLDER
    _FOLDER = str(tmp_path_factory.mktemp("pickles"))
