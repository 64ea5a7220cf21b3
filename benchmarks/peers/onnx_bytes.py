"""ONNX models written as bytes, by hand: enough for the peers onnxruntime and openvino. Imports kinds.

The onnx package could do it, but importing it would count against ONNX Runtime's memory, and whoever runs a
model from a file does not need it. A message is a sequence of fields; a field is its number, its encoding,
and its value (protobuf's wire format). The numbers below are those of onnx.proto3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.kinds import network

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


def node(operation: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]) -> bytes:
    """NodeProto: input 1, output 2, op_type 4, attribute 5."""
    names = b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, operation)
    return names + b"".join(field(5, attribute(name, value)) for name, value in attributes.items())


def attribute(name: str, value: int | Sequence[int]) -> bytes:
    """AttributeProto: name 1, i 3, ints 8, type 20 (2 for an integer, 7 for several)."""
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    return field(1, name) + b"".join(field(8, each) for each in value) + field(20, 7)


def refusal(kind: str, parameters: Mapping[str, Any]) -> str | None:
    """Why a model cannot say this, or None."""
    if parameters.get("part", "forward") != "forward" or parameters.get("train"):
        return "it computes no gradients"
    return None


def convolution(parameters: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """The model of the forward part of the kind `convolution`, from `image` to `y`."""
    ndim, pads = len(parameters["stride"]), parameters["pads"]
    nodes = [
        node(
            "Conv", ["image", "filters", "bias"], "maps", strides=parameters["stride"],
            dilations=parameters["dilation"], group=parameters["groups"],
            pads=[low for low, _ in pads] + [high for _, high in pads],
        )
    ]  # fmt: skip
    last = "maps"
    if parameters["pool"]:
        window, last = [parameters["pool"]] * ndim, "pooled"
        nodes.append(node("MaxPool", ["maps"], last, kernel_shape=window, strides=window))
    nodes.append(node("Tanh" if parameters["act"] == "tanh" else "Relu", [last], "y"))
    constants = {name: arrays[name] for name in ("filters", "bias")}
    return model(nodes, "image", arrays["image"], constants)


def networks(parameters: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """The model of the scores of the kind `network`, from `image` to `y`."""
    nodes: list[bytes] = []
    stack, last = [], "image"
    constants: dict[str, np.ndarray] = {}
    plan = list(network.named(parameters))
    for number, (layer, _, own) in enumerate(plan):
        given, out = [last, *own], "y" if number == len(plan) - 1 else f"x{number}"
        constants |= {name: arrays[name] for name in own}
        match layer:
            case ["conv", _, _, pad, _]:
                nodes.append(node("Conv", given, out, pads=[pad] * 4))
            case ["norm"]:
                statistics = [f"mean{number}", f"variance{number}"]
                constants |= {name: arrays[name] for name in statistics}
                nodes.append(node("BatchNormalization", [*given, *statistics], out))
            case ["pool", window]:
                nodes.append(node("MaxPool", given, out, kernel_shape=[window] * 2, strides=[window] * 2))
            case ["dense", _]:
                nodes += [node("Flatten", [last], f"flat{number}"),
                          node("Gemm", [f"flat{number}", *own], out)]  # fmt: skip
            case ["mean"]:
                nodes.append(node("GlobalAveragePool", given, out))
            case ["push"]:
                stack.append(last)
                continue
            case ["add"]:
                nodes.append(node("Add", [last, stack.pop()], out))
            case [name]:
                nodes.append(node(name.capitalize(), given, out))
        last = out
    return model(nodes, "image", arrays["image"], constants)


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
