"""PyTorch on the CPU: as it comes, in channels-last, compiled and frozen. Imports torch when it starts."""

from __future__ import annotations

import shutil

import numpy as np

from benchmarks.peers import Arrays, Peer, Prepared, flipped


class Torch(Peer):
    """tanh is done in place, on the convolution's fresh result, as a careful user would."""

    requires = ("torch",)
    variants = {  # noqa: RUF012
        "conv_layer": ("eager", "channels_last", "compiled", "compiled_channels_last"),
        "tiny_call": ("eager",),
    }

    def start(self, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        self.library = torch

    def version(self) -> str:
        return self.library.__version__

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch = self.library
        last = variant.endswith("channels_last")
        layout = torch.channels_last if last else torch.contiguous_format
        filters = torch.from_numpy(flipped(arrays["filters"])).contiguous(memory_format=layout)
        bias = torch.from_numpy(arrays["bias"])
        if variant.startswith("compiled"):
            layer = self.compiled(filters, bias)
        else:

            def layer(image):
                return torch.conv2d(image, filters, bias).tanh_()

        def run(image: object) -> np.ndarray:
            with torch.inference_mode():
                return layer(image).numpy()

        return Prepared(run, lambda fed: torch.from_numpy(fed["image"]).contiguous(memory_format=layout))

    def compiled(self, filters: object, bias: object):
        """The layer through torch.compile, its parameters frozen in float32."""
        torch = self.library
        if not any(shutil.which(compiler) for compiler in ("g++", "clang++", "c++")):
            raise RuntimeError("torch.compile needs a C++ compiler, and none is on the path")
        torch._dynamo.reset()
        # Freezing lays the filters out for oneDNN, which has no float64 and raises.
        torch._inductor.config.freezing = filters.dtype == torch.float32

        class Layer(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.filters = torch.nn.Parameter(filters, requires_grad=False)
                self.bias = torch.nn.Parameter(bias, requires_grad=False)

            def forward(self, image):
                return torch.tanh(torch.conv2d(image, self.filters, self.bias))

        return torch.compile(Layer().eval())

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch = self.library

        def run(x: object) -> np.ndarray:
            return torch.tanh(x + 1).numpy()

        return Prepared(run, lambda fed: torch.from_numpy(fed["x"]))


PEER = Torch()
