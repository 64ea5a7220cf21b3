"""Parameters in files: what goes in comes out, and what is damaged is refused before anything is changed."""

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import symconv as sc
from symconv.graph.types import DTYPES
from symconv.io.npz import decode_npz, encode_npz
from symconv.io.safetensors import decode_safetensors, encode_safetensors

MOST = 1 << 20
REAL = [dtype for dtype in DTYPES if dtype != "complex128"]


def arrays_of(dtypes):
    shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    each = st.sampled_from(dtypes).flatmap(lambda dtype: hnp.arrays(dtype, shapes))
    return st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), each, max_size=4)


def assert_same(found, arrays):
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes()
        assert found[name].flags.writeable


@given(arrays_of(REAL))
def test_safetensors_gives_back_what_it_got(arrays):
    assert_same(decode_safetensors(encode_safetensors(arrays, {}), "file"), arrays)


@given(arrays_of(list(DTYPES)))
def test_npz_gives_back_what_it_got_and_numpy_reads_it(arrays):
    arrays = {name.replace("/", "").replace("\\", "") or "x": array for name, array in arrays.items()}
    data = encode_npz(arrays)
    assert data == encode_npz(arrays)
    assert_same(decode_npz(data, "file", MOST), arrays)


def test_npz_of_numpy_is_read_and_read_by_numpy(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.asfortranarray(np.eye(3, dtype=">f4")), "c": np.array(True)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    found = sc.io.load_parameters(tmp_path / "a.npz")
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    sc.io.save_parameters(tmp_path / "b.npz", found)
    with np.load(tmp_path / "b.npz", allow_pickle=False) as again:
        np.testing.assert_array_equal(again["b"], arrays["b"])


def test_the_bytes_of_safetensors_are_those_of_the_format():
    data = encode_safetensors({"b": np.array([1, 2], "int16"), "a": np.array(1.5)}, {"k": "v"})
    (length,) = struct.unpack("<Q", data[:8])
    assert length % 8 == 0
    assert json.loads(data[8 : 8 + length]) == {
        "__metadata__": {"k": "v"},
        "a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
        "b": {"dtype": "I16", "shape": [2], "data_offsets": [8, 12]},
    }
    assert data[8 + length :] == struct.pack("<d2h", 1.5, 1, 2)


def test_bfloat16_is_widened():
    header = json.dumps({"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    data = struct.pack("<Q", len(header)) + header + struct.pack("<2H", 0x3FC0, 0xC000)
    np.testing.assert_array_equal(decode_safetensors(data, "file")["x"], np.array([1.5, -2], "float32"), strict=True)


# Damage


def whole(ending):
    arrays = {"W": np.arange(6.0).reshape(2, 3), "b": np.zeros(3, "float32")}
    return encode_npz(arrays) if ending == "npz" else encode_safetensors(arrays, {})


def read(data, ending):
    return decode_npz(data, "file", MOST) if ending == "npz" else decode_safetensors(data, "file")


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_every_truncation_is_refused(ending):
    data = whole(ending)
    for length in range(len(data)):
        with pytest.raises(sc.FileError):
            read(data[:length], ending)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
@given(st.data())
def test_changed_bytes_are_refused_or_give_arrays_but_nothing_else(ending, data):
    content = bytearray(whole(ending))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(content), ending)
    except sc.FileError:
        return
    assert all(array.dtype.name in DTYPES for array in found.values())


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
@given(content=st.binary(max_size=200))
def test_foreign_bytes_are_refused(ending, content):
    with pytest.raises(sc.FileError):
        read(content, ending)


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_objects_are_never_unpickled(tmp_path):
    trap = tmp_path / "trap"
    np.savez(tmp_path / "evil.npz", W=np.array([Bomb(trap)], object))
    with pytest.raises(sc.FileError, match="never"):
        sc.io.load_parameters(tmp_path / "evil.npz")
    with zipfile.ZipFile(tmp_path / "evil.npz", "w") as archive:
        archive.writestr("W.npy", pickle.dumps(Bomb(trap)))
    with pytest.raises(sc.FileError):
        sc.io.load_parameters(tmp_path / "evil.npz")
    assert not trap.exists()


def npy(header, content=b""):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


@pytest.mark.parametrize(
    "member",
    [
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", b"\0" * 8),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,)}", b"\0" * 16),
        npy("{'descr': '|V8', 'fortran_order': False, 'shape': ()}", b"\0" * 8),
        npy("{'descr': '<U2', 'fortran_order': False, 'shape': ()}", b"\0" * 8),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", b"\0" * 9),
        npy("(" * 3000),
        npy("__import__('os')"),
        b"",
    ],
)  # fmt: skip
def test_headers_that_lie_are_refused(member):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("W.npy", member)
    with pytest.raises(sc.FileError, match="file"):
        decode_npz(file.getvalue(), "file", MOST)


def test_a_file_that_unpacks_to_too_much_is_refused():
    file = io.BytesIO()
    np.savez_compressed(file, W=np.zeros(MOST))
    with pytest.raises(sc.FileError, match=f"more than {MOST} bytes"):
        decode_npz(file.getvalue(), "file", MOST)


@pytest.mark.parametrize(
    ("header", "content"),
    [
        ("[]", b""),
        ('{"W": 1}', b""),
        ('{"W": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}', b"1234"),
        ('{"W": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}', b"12345678"),
        ('{"W": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}', b"12345678"),
        ('{"W": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}', b"1234"),
        ('{"W": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}}', b"1234"),
        ('{"W": {"dtype": "O", "shape": [1], "data_offsets": [0, 8]}}', b"12345678"),
        ('{"W": {"dtype": "F32", "shape": [1e99], "data_offsets": [0, 4]}}', b"1234"),
        ('{"W": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "W": {}}', b"1234"),
        ('{"__metadata__": {"a": 1}}', b""),
        ("[" * 100_000, b""),
        ("\xff", b""),
    ],
)
def test_headers_of_safetensors_that_lie_are_refused(header, content):
    text = header.encode("latin1")
    with pytest.raises(sc.FileError, match="file"):
        decode_safetensors(struct.pack("<Q", len(text)) + text + content, "file")


# Models


def model():
    return [sc.shared(np.arange(6.0).reshape(2, 3), name="W"), sc.shared(np.zeros(3, "float32"), name="b")]


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_a_model_is_saved_and_loaded(tmp_path, ending):
    path = sc.io.save_parameters(tmp_path / f"model.{ending}", model())
    other = model()
    for variable in other:
        variable.set_value(variable.get_value() + 1)
    sc.io.load_parameters(path, into=other)
    for variable, meant in zip(other, model(), strict=True):
        np.testing.assert_array_equal(variable.get_value(), meant.get_value(), strict=True)
    assert os.listdir(tmp_path) == [f"model.{ending}"]


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({"W": np.zeros((2, 3))}, "lacks 1 of 2 parameters and has 0 others"),
        ({"W": np.zeros((2, 3)), "b": np.zeros(3, "float32"), "c": 1.0}, "lacks 0 of 2 parameters and has 1 other"),
        ({"W": np.ones((2, 3)), "b": np.zeros(4, "float32")}, "'b' of another type"),
        ({"W": np.ones((2, 3)), "b": np.zeros(3)}, "'b' of another type"),
    ],
)
def test_what_does_not_fit_changes_nothing(tmp_path, saved, message):
    path = sc.io.save_parameters(tmp_path / "model.npz", saved)
    other = model()
    with pytest.raises(sc.FileError, match=message):
        sc.io.load_parameters(path, into=other)
    np.testing.assert_array_equal(other[0].get_value(), np.arange(6.0).reshape(2, 3))


def test_refusals_when_saving(tmp_path):
    one = sc.shared(1.0, name="W")
    for wrong, error, text in [
        (([one, one.clone()], "m.npz"), sc.ArgumentError, "only 1 different names"),
        (([sc.shared(1.0)], "m.npz"), sc.ArgumentError, "only 0 different names"),
        (([1.0], "m.npz"), sc.ArgumentError, "no shared variable"),
        (({"a": "text"}, "m.npz"), sc.ArgumentError, "which no tensor has"),
        (({"a": None}, "m.npz"), sc.ArgumentError, "object values"),
        (({"": 1.0}, "m.npz"), sc.ArgumentError, "no name"),
        (({"a": 1j}, "m.safetensors"), sc.DTypeError, "no complex128"),
        (([one], "m.pkl"), sc.OptionError, "no format"),
        (([one], "missing/m.npz"), sc.FileError, "cannot be written"),
    ]:
        with pytest.raises(error, match=text):
            sc.io.save_parameters(tmp_path / wrong[1], wrong[0])
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_missing_or_too_large(tmp_path):
    with pytest.raises(sc.FileError, match="cannot be read"):
        sc.io.load_parameters(tmp_path / "missing.npz")
    path = sc.io.save_parameters(tmp_path / "model.npz", model())
    with pytest.raises(sc.FileError, match="more than 100 bytes"):
        sc.io.load_parameters(path, most=100)
