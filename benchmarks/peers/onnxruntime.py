"""ONNX Runtime's CPU provider, on models built with onnx. Imports both when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.peers import Arrays, Peer, Prepared, flipped


class OnnxRuntime(Peer):
    """`run` hands out fresh arrays; `bound` writes into one array again and again, which is faster."""

    requires = ("onnxruntime", "onnx")
    variants = {"conv_layer": ("run", "bound"), "tiny_call": ("run",)}  # noqa: RUF012

    def start(self, threads: int) -> None:
        import onnx
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self.onnx, self.library, self.threads = onnx, onnxruntime, threads

    def version(self) -> str:
        return self.library.__version__

    def refuses(self, kind: str, parameters: Mapping[str, Any], dtype: str) -> str | None:
        return "its Conv on the CPU is float32 only" if (kind, dtype) == ("conv_layer", "float64") else None

    def session(self, nodes: list, name: str, array: np.ndarray, constants: Arrays) -> object:
        """A session for a graph with one input `name`, like `array`, and one output `y`."""
        helper, numpy_helper = self.onnx.helper, self.onnx.numpy_helper
        element = helper.np_dtype_to_tensor_dtype(array.dtype)
        graph = helper.make_graph(
            nodes,
            "case",
            [helper.make_tensor_value_info(name, element, array.shape)],
            [helper.make_tensor_value_info("y", element, None)],
            [numpy_helper.from_array(value, key) for key, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        options = self.library.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        return self.library.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        node = self.onnx.helper.make_node
        nodes = [node("Conv", ["image", "filters", "bias"], ["maps"]), node("Tanh", ["maps"], ["y"])]
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
        node = self.onnx.helper.make_node
        nodes = [node("Add", ["x", "one"], ["sum"]), node("Tanh", ["sum"], ["y"])]
        session = self.session(nodes, "x", arrays["x"], {"one": np.ones((), arrays["x"].dtype)})
        return Prepared(lambda x: session.run(None, {"x": x})[0], lambda fed: fed["x"])


PEER = OnnxRuntime()
