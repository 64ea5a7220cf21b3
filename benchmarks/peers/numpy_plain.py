"""The expression written plainly in NumPy: windows, a tensor product, bias, tanh. Imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.kinds import elementwise_chain, mlp_step, recurrent, reduction, softmax_cross_entropy
from benchmarks.peers import Arrays, Peer, Prepared, flipped, in_order


class NumpyPlain(Peer):
    """NumPy, as a reader of its manual would use it; its threads are those of its BLAS."""

    requires = ("numpy",)
    variants = {  # noqa: RUF012
        "conv_layer": ("tensordot", "einsum"),
        "tiny_call": ("calls",),
        "elementwise_chain": ("calls",),
        "reduction": ("calls",),
        "softmax_cross_entropy": ("calls",),
        "mlp_step": ("calls",),
        "recurrent": ("calls",),
        "batch_slices": ("calls",),
    }

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

    def elementwise_chain(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        number = parameters["ops"]
        return Prepared(lambda pair: elementwise_chain.chain(np, number, *pair), in_order("x", "y"))

    def reduction(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        what, axis = reduction.WHAT[parameters["what"]], parameters["axis"]
        return Prepared(lambda pair: np.asarray(what(np, *pair, axis)), in_order("x", "y"))

    def softmax_cross_entropy(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        def run(pair: tuple) -> tuple[np.ndarray, ...]:
            return softmax_cross_entropy.loss_and_gradient(*pair)

        return Prepared(run, in_order("scores", "labels"))

    def mlp_step(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        weights = {name: arrays[name].copy() for name in mlp_step.NAMES}

        def run(batch: tuple) -> tuple[np.ndarray, ...]:
            cost, gradients = mlp_step.step({"x": batch[0], "labels": batch[1], **weights})
            for name, weight in weights.items():
                weight -= batch[2] * gradients[name]
            return np.asarray(cost), *weights.values()

        return Prepared(run, in_order(*mlp_step.FED))

    def recurrent(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        return Prepared(lambda x: recurrent.forward_and_backward(arrays | {"x": x}), lambda fed: fed["x"])

    def batch_slices(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        data, batch = arrays["data"], parameters["batch"]

        def run(index: int) -> np.ndarray:
            return data[index * batch : (index + 1) * batch].mean(axis=0)

        return Prepared(run, lambda fed: int(fed["index"]))


PEER = NumpyPlain()
