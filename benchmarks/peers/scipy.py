"""scipy.signal, map by map. Imports SciPy when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.peers import Arrays, Peer, Prepared

MOST_CALLS = 1_000


class Scipy(Peer):
    """For each image and filter one convolution in 3-d: over channels too, where one place is valid."""

    requires = ("scipy",)
    variants = {"conv_layer": ("direct", "fft")}  # noqa: RUF012
    one_thread_only = True

    def start(self, threads: int) -> None:
        import scipy.signal

        self.library = scipy

    def version(self) -> str:
        return self.library.__version__

    def refuses(self, kind: str, parameters: Mapping[str, Any], dtype: str) -> str | None:
        calls = parameters["image"][0] * parameters["filters"][0]
        return f"{calls:,} calls of scipy.signal a run" if calls > MOST_CALLS else None

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        convolve = self.library.signal.convolve
        # Convolution flips the axis of channels too; flipped beforehand, channel meets channel.
        filters, bias = np.ascontiguousarray(arrays["filters"][:, ::-1]), arrays["bias"]
        number, _, rows, columns = filters.shape
        batch, _, height, width = parameters["image"]

        def run(image: np.ndarray) -> np.ndarray:
            out = np.empty((batch, number, height - rows + 1, width - columns + 1), image.dtype)
            for n in range(batch):
                for k in range(number):
                    out[n, k] = convolve(image[n], filters[k], mode="valid", method=variant)[0]
            return np.tanh(out + bias[:, None, None])

        return Prepared(run, lambda fed: fed["image"])


PEER = Scipy()
