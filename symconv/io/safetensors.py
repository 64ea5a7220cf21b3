"""Reads and writes the safetensors format; imports the errors and the types.

    file   = length of the header (8 bytes, little-endian), header, data
    header = JSON object { name: { "dtype", "shape", "data_offsets": [begin, end] } [, "__metadata__"] }
    data   = the elements of each array, row by row, little-endian, without gaps

The format of https://github.com/huggingface/safetensors, which runs nothing when it is read.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from symconv.errors import DTypeError, FileError
from symconv.graph.types import Array
from symconv.io.strict import parse_json

MOST_HEADER = 100_000_000
_NAMES = {
    "bool": "BOOL", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8",
    "uint16": "U16", "uint32": "U32", "uint64": "U64", "float16": "F16", "float32": "F32",
    "float64": "F64", "complex64": "C64",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in _NAMES.items()} | {"BF16": "bfloat16"}


def encode_safetensors(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file; wide elements come first, so that all are aligned.

    Raises
    ------
    DTypeError
        For complex128, which the format does not know.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    parts: list[bytes] = []
    begin = 0
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        if array.dtype.name not in _NAMES or name == "__metadata__":
            raise DTypeError(
                f"safetensors has no {array.dtype.name} array {name!r}",
                hint="save to a file that ends in .npz, or convert the array, or name it differently",
            )
        parts.append(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
        end = begin + len(parts[-1])
        header[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *parts])


def decode_safetensors(data: bytes, name: str) -> dict[str, Array]:
    """The arrays of a safetensors file; bfloat16 becomes float32, exactly.

    Raises
    ------
    FileError
        When it is damaged, or holds what is no tensor.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, MOST_HEADER):
        raise _damaged(name, f"its header claims {length} bytes, and the file has {len(data)}")
    header = parse_json(data[8 : 8 + length], name)
    if not isinstance(header, dict):
        raise _damaged(name, "its header is no JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise _damaged(name, "its metadata are not texts")
    content = memoryview(data)[8 + length :]
    entries = {key: _entry(entry, f"{name}: {key}") for key, entry in header.items()}
    covered = 0
    for begin, end, *_ in sorted(entries.values(), key=lambda entry: entry[:2]):
        if begin != covered:
            raise _damaged(name, f"its arrays overlap or leave a gap at byte {covered} of the data")
        covered = end
    if covered != len(content):
        raise _damaged(name, f"its arrays take {covered} bytes of data, and there are {len(content)}")
    return {
        key: _array(content[begin:end], dtype, shape) for key, (begin, end, dtype, shape) in entries.items()
    }


def _entry(entry: Any, name: str) -> tuple[int, int, str, list[int]]:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
            pass
        case _:
            raise _damaged(name, "an entry needs dtype, shape and two data_offsets")
    if dtype not in _DTYPES:
        raise FileError(
            f"the array {name!r} has dtype {dtype!r}, which is none of a tensor",
            hint="the dtypes are " + ", ".join(_DTYPES),
        )
    if not all(type(size) is int and size >= 0 for size in shape) or not 0 <= begin <= end:
        raise _damaged(name, f"shape {shape}, bytes {begin} to {end}")
    count = 2 if dtype == "BF16" else np.dtype(_DTYPES[dtype]).itemsize
    for size in shape:
        count *= size
    if count != end - begin:
        raise _damaged(name, f"{shape} of {dtype} needs {count} bytes, got {end - begin}")
    return begin, end, dtype, shape


def _array(content: memoryview, dtype: str, shape: list[int]) -> Array:
    if dtype == "BF16":  # the upper half of a float32
        bits = np.frombuffer(content, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(shape)
    native = np.dtype(_DTYPES[dtype])
    return np.frombuffer(content, native.newbyteorder("<")).astype(native).reshape(shape)


def _damaged(name: str, why: str) -> FileError:
    return FileError(
        f"the file {name!r} is damaged, or no safetensors file: {why}", hint="save or fetch it again"
    )
