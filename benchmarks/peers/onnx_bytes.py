"""ONNX models written as bytes, by hand: enough for the peer onnxruntime. Imports NumPy alone.

The onnx package could do it, but importing it would count against ONNX Runtime's memory, and whoever runs a
model from a file does not need it. A message is a sequence of fields; a field is its number, its encoding,
and its value (protobuf's wire format). The numbers below are those of onnx.proto3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

ELEMENT_TYPES = {"float32": 1, "int64": 7, "float64": 11}
IR_VERSION, OPSET = 9, 17


def varint(value: int) -> bytes:
    """A number, seven bits a byte, the lowest first; the high bit says that more follow."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | str | bytes) -> bytes:
    """A field: numbers as varints, texts and messages with their length before them."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def node(operation: str, inputs: Sequence[str], output: str) -> bytes:
    """NodeProto: input 1, output 2, op_type 4."""
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, operation)


def tensor(name: str, array: np.ndarray) -> bytes:
    """TensorProto: dims 1, data_type 2, name 8, raw_data 9."""
    dimensions = b"".join(field(1, size) for size in array.shape)
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    kind = field(2, ELEMENT_TYPES[array.dtype.name])
    return dimensions + kind + field(8, name) + field(9, little.tobytes())


def value_info(name: str, dtype: str, shape: Sequence[int | None]) -> bytes:
    """ValueInfoProto: name 1, type 2; in it tensor_type 1 with elem_type 1 and shape 2, a list of dim 1."""
    dimensions = b"".join(field(1, b"" if size is None else field(1, size)) for size in shape)
    kind = field(1, ELEMENT_TYPES[dtype]) + field(2, dimensions)
    return field(1, name) + field(2, field(1, kind))


def model(nodes: Sequence[bytes], name: str, like: np.ndarray, constants: Mapping[str, np.ndarray]) -> bytes:
    """ModelProto of one input `name`, of the type of `like`, and one output `y` of its dtype and rank.

    ModelProto: ir_version 1, graph 7, opset_import 8.
    GraphProto: node 1, name 2, initializer 5, input 11, output 12.
    """
    graph = b"".join(
        [
            *(field(1, each) for each in nodes),
            field(2, "case"),
            *(field(5, tensor(key, value)) for key, value in constants.items()),
            field(11, value_info(name, like.dtype.name, like.shape)),
            field(12, value_info("y", like.dtype.name, [None] * like.ndim)),
        ]
    )
    opset = field(1, "") + field(2, OPSET)
    return field(1, IR_VERSION) + field(7, graph) + field(8, opset)
