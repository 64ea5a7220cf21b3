"""OpenVINO's CPU plug-in. Imports openvino when it starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.peers import Arrays, Peer, Prepared, flipped, onnx_bytes


class OpenVino(Peer):
    """Held to float32 (it may choose bfloat16) and to latency; inputs and outputs are shared, not copied."""

    requires = ("openvino",)
    variants = {  # noqa: RUF012
        "conv_layer": ("latency",),
        "tiny_call": ("latency",),
        "convolution": ("latency",),
        "network": ("latency",),
    }

    def start(self, threads: int) -> None:
        # With this module OpenVINO forks a process that reports on the user; without, it has its own stub.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        import openvino
        import openvino.opset13

        self.library, self.ops, self.threads = openvino, openvino.opset13, threads
        self.core = openvino.Core()

    def version(self) -> str:
        return self.library.__version__

    def refuses(self, kind: str, parameters: Mapping[str, Any], dtype: str) -> str | None:
        if dtype == "float64":
            return "its CPU plug-in computes float64 in float32"
        return onnx_bytes.refusal(kind, parameters)

    def request(self, result: object, parameter: object) -> object:
        """An inference request of the model with this one input and output."""
        return self.of_model(self.library.Model([result], [parameter], "case"))

    def of_model(self, model: object) -> object:
        """An inference request of a model."""
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": self.threads,
        }
        return self.core.compile_model(model, "CPU", settings).create_infer_request()

    def prepared(self, request: object, name: str) -> Prepared:
        """Runs the request on the array fed under `name`."""

        def run(array: np.ndarray) -> np.ndarray:
            return request.infer([array], share_inputs=True, share_outputs=True)[0]

        return Prepared(run, lambda fed: fed[name])

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        ops = self.ops
        image = ops.parameter(arrays["image"].shape, arrays["image"].dtype)
        filters, bias = flipped(arrays["filters"]), arrays["bias"].reshape(1, -1, 1, 1)
        maps = ops.convolution(image, filters, [1, 1], [0, 0], [0, 0], [1, 1])
        return self.prepared(self.request(ops.tanh(ops.add(maps, bias)), image), "image")

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        ops = self.ops
        x = ops.parameter(arrays["x"].shape, arrays["x"].dtype)
        one = np.ones((), arrays["x"].dtype)
        return self.prepared(self.request(ops.tanh(ops.add(x, one)), x), "x")

    def convolution(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        model = self.core.read_model(onnx_bytes.convolution(parameters, arrays))
        return self.prepared(self.of_model(model), "image")

    def network(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        model = self.core.read_model(onnx_bytes.networks(parameters, arrays))
        return self.prepared(self.of_model(model), "image")


PEER = OpenVino()
