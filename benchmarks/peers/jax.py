"""JAX on the CPU (XLA), compiled. Imports jax when it starts."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.peers import Arrays, Peer, Prepared, flipped


class Jax(Peer):
    """Parameters are closed over, for XLA to treat them as constants; inputs are on its device already."""

    requires = ("jax", "jaxlib")
    variants = {"conv_layer": ("jit", "channels_last"), "tiny_call": ("jit",)}  # noqa: RUF012

    def start(self, threads: int) -> None:
        # XLA sizes its pool by the cores that it may use, and has no other setting that holds.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        import jax

        jax.config.update("jax_enable_x64", True)
        self.library = jax

    def version(self) -> str:
        return self.library.__version__

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax = self.library
        last = variant == "channels_last"
        axes = (0, 2, 3, 1) if last else (0, 1, 2, 3)
        filters = flipped(arrays["filters"]).transpose((2, 3, 1, 0) if last else (0, 1, 2, 3))
        bias = arrays["bias"] if last else arrays["bias"][:, None, None]
        layouts = ("NHWC", "HWIO", "NHWC") if last else ("NCHW", "OIHW", "NCHW")

        @jax.jit
        def layer(image: object) -> object:
            maps = jax.lax.conv_general_dilated(image, filters, (1, 1), "VALID", dimension_numbers=layouts)
            return jax.numpy.tanh(maps + bias)

        def run(image: object) -> np.ndarray:
            maps = np.asarray(layer(image))
            return maps.transpose(0, 3, 1, 2) if last else maps

        def convert(fed: Arrays) -> object:
            # A copy: on the CPU, JAX may otherwise keep the very memory that it was given.
            return jax.device_put(np.array(fed["image"].transpose(axes), order="C")).block_until_ready()

        return Prepared(run, convert)

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax = self.library
        call = jax.jit(lambda x: jax.numpy.tanh(x + 1))
        return Prepared(lambda x: np.asarray(call(x)), lambda fed: jax.device_put(np.array(fed["x"])))


PEER = Jax()
