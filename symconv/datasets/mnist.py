"""MNIST for who has its files: the original format and mnist.pkl.gz; imports the images and the reader.

    file = 0 0 type(1 byte) ndim(1 byte) { size(4 bytes, big-endian) } { element }          (IDX)

    mnist.pkl.gz = a gzipped pickle of ((images, labels), (images, labels), (images, labels))

The pickle is read by an unpickler that can build tuples, lists, numbers and NumPy arrays, and nothing else.
"""

import gzip
import io
import math
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from symconv.datasets.images import Array, Images, Split
from symconv.errors import FileError, OptionError
from symconv.files import read_bytes, write_atomically

MOST_BYTES = 1 << 31
_IDX_DTYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_HOW = (
    "symconv downloads nothing: fetch the four files of MNIST (train-images-idx3-ubyte.gz and so on) or "
    "mnist.pkl.gz once, from a mirror that you trust; symconv.datasets.digits() needs no file"
)


def mnist(path: str | os.PathLike[str], *, valid: int = 10_000, dtype: str = "float32") -> Split:
    """The 70,000 digits of MNIST, from files that you have.

    Parameters
    ----------
    path : path
        The folder of the four original files, packed by gzip or not; or a ``mnist.pkl.gz``.
    valid : int
        How many of the original's training images, its last, are for validation; ``mnist.pkl.gz``
        has its own split.
    dtype : {"float32", "float64"}
        dtype of the images.

    Returns
    -------
    Split
        Images [n, 28, 28] from 0 to 1, labels int64 from 0 to 9.

    Raises
    ------
    FileError
        When a file is missing, damaged or something else.
    OptionError
        For a dtype or a count that cannot be.
    """
    if dtype not in ("float32", "float64"):
        raise OptionError(f"images have no dtype {dtype!r}", hint="float32 or float64")
    folder = Path(path)
    if not folder.is_dir():
        return _as_images(read_mnist_pickle(folder), dtype)
    (images, labels), test = (_pair(folder, part) for part in ("train", "test"))
    if not 0 < valid < len(labels):
        raise OptionError(f"valid={valid} of {len(labels)} images leaves a part without any")
    first = len(labels) - valid
    parts = [(images[:first], labels[:first]), (images[first:], labels[first:]), test]
    return Split(*(Images(x.astype(dtype) / 255, y.astype(np.int64)) for x, y in parts))


def read_idx(path: str | os.PathLike[str], *, most: int = MOST_BYTES) -> Array:
    """The array of a file in MNIST's own format (IDX), packed by gzip or not.

    Raises
    ------
    FileError
        When the file cannot be read, has another magic number, or another length than its sizes say.
    """
    name = os.fspath(path)
    data = _unpacked(path, most)
    ndim = data[3] if len(data) >= 4 else 0
    start = 4 + 4 * ndim
    if len(data) < start or data[:2] != b"\0\0" or data[2] not in _IDX_DTYPES:
        raise FileError(
            f"{name!r} is no IDX file: it begins with {data[:4].hex(' ') or 'nothing'}",
            hint="images of MNIST begin with 00 00 08 03, its labels with 00 00 08 01",
        )
    shape = tuple(int.from_bytes(data[place : place + 4], "big") for place in range(4, start, 4))
    dtype = np.dtype(_IDX_DTYPES[data[2]])
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise FileError(
            f"{name!r} is incomplete: {list(shape)} of {dtype.name} needs "
            f"{math.prod(shape) * dtype.itemsize} "
            f"bytes, it has {len(data) - start}",
            hint="fetch it again",
        )
    return np.frombuffer(data, dtype, offset=start).astype(dtype.newbyteorder("=")).reshape(shape)


def read_mnist_pickle(
    path: str | os.PathLike[str], *, most: int = MOST_BYTES
) -> tuple[tuple[Array, Array], ...]:
    """The three pairs (images [n, 784], labels [n]) of a ``mnist.pkl.gz``: training, validation, test.

    Nothing in the file is executed: whatever is no tuple, list, number or array is refused.

    Raises
    ------
    FileError
        When the file cannot be read, is damaged, or holds anything else.
    """
    name = os.fspath(path)
    data = _unpacked(path, most)
    try:
        found = _ArraysOnly(io.BytesIO(data), encoding="latin1").load()
    except FileError:
        raise
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to ask for
        raise FileError(f"{name!r} is damaged, or no pickle: {error}", hint=_HOW) from error
    pairs = tuple(map(_pair_of, found)) if _is_sequence(found) else ()
    if len(pairs) != 3 or None in pairs:
        raise FileError(f"{name!r} holds no three pairs of images [n, pixels] and labels [n]", hint=_HOW)
    return tuple(pair for pair in pairs if pair is not None)


def write_mnist_pickle(path: str | os.PathLike[str], data: Split) -> Path:
    """Write images as a ``mnist.pkl.gz``, which the chapters' published programs read.

    Examples
    --------
    >>> import tempfile
    >>> from symconv.datasets import digits, mnist
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mnist(write_mnist_pickle(f"{folder}/mnist.pkl.gz", digits(28))).valid.images.shape
    (250, 28, 28)
    """
    parts = tuple((part.rows, part.labels) for part in (data.train, data.valid, data.test))
    return write_atomically(path, gzip.compress(pickle.dumps(parts, protocol=2), 6, mtime=0))


def _is_sequence(value: Any) -> bool:
    return type(value) in (tuple, list)


def _pair_of(value: Any) -> tuple[Array, Array] | None:
    """Images and labels, if that is what it is; labels may be a list of numbers."""
    if not _is_sequence(value) or len(value) != 2:
        return None
    images, labels = (part.array if isinstance(part, _Array) else part for part in value)
    if type(labels) is list and all(type(label) is int for label in labels):
        labels = np.array(labels, np.int64)
    for array in (images, labels):
        if type(array) is not np.ndarray or array.dtype.kind not in "fui":
            return None
    return (images, labels) if images.ndim == 2 and labels.shape == images.shape[:1] else None


def _as_images(pairs: tuple[tuple[Array, Array], ...], dtype: str) -> Split:
    found = []
    for images, labels in pairs:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise FileError(f"images of {images.shape[1]} pixels are not square", hint=_HOW)
        found.append(Images(images.astype(dtype).reshape(-1, side, side), labels.astype(np.int64)))
    return Split(*found)


def _pair(folder: Path, part: str) -> tuple[Array, Array]:
    images, labels = (read_idx(_find(folder, name)) for name in _FILES[part])
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise FileError(
            f"{os.fspath(folder)!r} has {part} images {list(images.shape)} and labels {list(labels.shape)}",
            hint="each image needs one label; " + _HOW,
        )
    return images, labels


def _find(folder: Path, name: str) -> Path:
    for candidate in (name, f"{name}.gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"):
        if (folder / candidate).is_file():
            return folder / candidate
    raise FileError(f"there is no {name} or {name}.gz in {os.fspath(folder)!r}", hint=_HOW)


def _unpacked(path: str | os.PathLike[str], most: int) -> bytes:
    if not os.path.isfile(path):
        raise FileError(f"there is no file {os.fspath(path)!r}", hint=_HOW)
    data = read_bytes(path, most)
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            content = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{os.fspath(path)!r} cannot be unpacked: {error}", hint="fetch it again") from error
    if len(content) > most:
        raise FileError(f"{os.fspath(path)!r} unpacks to more than {most} bytes")
    return content


class _ArraysOnly(pickle.Unpickler):
    """Builds numbers, texts, tuples, lists and descriptions of arrays; every other name is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(("numpy.core.", "numpy._core.")):
            module = "numpy.core"
        known = _ALLOWED.get((module, name))
        if known is None:
            raise FileError(
                f"the pickle asks for {module}.{name}, and may ask for NumPy arrays only",
                hint="nothing was executed; is it really data?",
            )
        return known


class _DType:
    """Stands for a dtype while the pickle is read; mutable because pickles are."""

    def __init__(self, text: Any, *_: Any) -> None:
        self.dtype = np.dtype(str(text))
        if self.dtype.kind not in "buif":
            raise FileError(f"the pickle asks for an array of {self.dtype}", hint="nothing was executed")

    def __setstate__(self, state: Any) -> None:
        if state[1] not in ("<", ">", "|", "="):
            raise FileError(f"the pickle has a byte order {state[1]!r}")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands for an array while the pickle is read; mutable because pickles are."""

    def __init__(self, *_: Any) -> None:
        self.array: Array = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, by_columns, data = state
        self._fill(data, dtype, shape, by_columns)

    def _fill(self, data: Any, dtype: Any, shape: Any, by_columns: Any) -> None:
        raw = data.encode("latin1") if isinstance(data, str) else bytes(data)
        flat = np.frombuffer(raw, dtype.dtype).astype(dtype.dtype.newbyteorder("="))
        self.array = flat.reshape(shape, order="F" if by_columns else "C")


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    """What protocol 5 calls."""
    found = _Array()
    found._fill(data, dtype, shape, order == "F")
    return found


def _encoded(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes."""
    if encoding != "latin1":
        raise FileError(f"the pickle has bytes as {encoding!r}")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core", "_reconstruct"): _Array,
    ("numpy.core", "_frombuffer"): _from_buffer,
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encoded,
}
