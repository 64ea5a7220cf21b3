"""ONNX Runtime's CPU provider. Imports onnx_bytes, and onnxruntime when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.peers import Arrays, Peer, Prepared, flipped, onnx_bytes
from benchmarks.peers.onnx_bytes import node


class OnnxRuntime(Peer):
    """`run` hands out fresh arrays; `bound` writes into one array again and again, which is faster."""

    requires = ("onnxruntime",)
    variants = {  # noqa: RUF012
        "conv_layer": ("run", "bound"),
        "tiny_call": ("run",),
        "convolution": ("run",),
        "network": ("run",),
    }

    def start(self, threads: int) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self.library, self.threads = onnxruntime, threads

    def version(self) -> str:
        return self.library.__version__

    def refuses(self, kind: str, parameters: Mapping[str, Any], dtype: str) -> str | None:
        if kind != "tiny_call" and dtype == "float64":
            return "its Conv on the CPU is float32 only"
        return onnx_bytes.refusal(kind, parameters)

    def session(self, nodes: list[bytes], name: str, array: np.ndarray, constants: Arrays) -> object:
        """A session for a graph with one input `name`, like `array`, and one output `y`."""
        return self.of_model(onnx_bytes.model(nodes, name, array, constants))

    def of_model(self, model: bytes) -> object:
        """A session for a model."""
        options = self.library.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        return self.library.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        nodes = [node("Conv", ["image", "filters", "bias"], "maps"), node("Tanh", ["maps"], "y")]
        constants = {"filters": flipped(arrays["filters"]), "bias": arrays["bias"]}
        session = self.session(nodes, "image", arrays["image"], constants)
        if variant == "run":
            return Prepared(lambda image: session.run(None, {"image": image})[0], lambda fed: fed["image"])

        (batch, _, height, width), (number, _, rows, columns) = parameters["image"], parameters["filters"]
        out = np.empty((batch, number, height - rows + 1, width - columns + 1), arrays["image"].dtype)
        binding = session.io_binding()
        binding.bind_output("y", "cpu", 0, out.dtype.type, out.shape, out.ctypes.data)

        def convert(fed: Arrays) -> np.ndarray:
            image = np.ascontiguousarray(fed["image"])
            binding.bind_cpu_input("image", image)
            return image

        def run(image: np.ndarray) -> np.ndarray:
            session.run_with_iobinding(binding)
            return out

        return Prepared(run, convert)

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        nodes = [node("Add", ["x", "one"], "sum"), node("Tanh", ["sum"], "y")]
        session = self.session(nodes, "x", arrays["x"], {"one": np.ones((), arrays["x"].dtype)})
        return Prepared(lambda x: session.run(None, {"x": x})[0], lambda fed: fed["x"])

    def convolution(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        session = self.of_model(onnx_bytes.convolution(parameters, arrays))
        return Prepared(lambda image: session.run(None, {"image": image})[0], lambda fed: fed["image"])

    def network(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        session = self.of_model(onnx_bytes.networks(parameters, arrays))
        return Prepared(lambda image: session.run(None, {"image": image})[0], lambda fed: fed["image"])


PEER = OnnxRuntime()
