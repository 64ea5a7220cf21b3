"""The expression written plainly in NumPy: windows, a tensor product, bias, tanh. Imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.peers import Arrays, Peer, Prepared, flipped


class NumpyPlain(Peer):
    """NumPy, as a reader of its manual would use it; its threads are those of its BLAS."""

    requires = ("numpy",)
    variants = {"conv_layer": ("tensordot", "einsum"), "tiny_call": ("calls",)}  # noqa: RUF012

    def version(self) -> str:
        return np.__version__

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        filters, bias = flipped(arrays["filters"]), arrays["bias"]

        def tensordot(image: np.ndarray) -> np.ndarray:
            windows = sliding_window_view(image, filters.shape[2:], axis=(2, 3))
            maps = np.tensordot(windows, filters, axes=((1, 4, 5), (1, 2, 3)))
            return np.tanh(maps.transpose(0, 3, 1, 2) + bias[:, None, None])

        def einsum(image: np.ndarray) -> np.ndarray:
            windows = sliding_window_view(image, filters.shape[2:], axis=(2, 3))
            maps = np.einsum("nchwij,kcij->nkhw", windows, filters, optimize=True)
            return np.tanh(maps + bias[:, None, None])

        return Prepared({"tensordot": tensordot, "einsum": einsum}[variant], lambda fed: fed["image"])

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        return Prepared(lambda x: np.tanh(x + 1), lambda fed: fed["x"])


PEER = NumpyPlain()
