"""JAX on the CPU (XLA), compiled. Imports jax when it starts."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.kinds import elementwise_chain, mlp_step, network, reduction
from benchmarks.peers import Arrays, Peer, Prepared, flipped


class Jax(Peer):
    """Parameters are closed over, for XLA to treat them as constants; inputs are on its device already."""

    requires = ("jax", "jaxlib")
    variants = {  # noqa: RUF012
        "conv_layer": ("jit", "channels_last"),
        "tiny_call": ("jit",),
        "elementwise_chain": ("jit",),
        "reduction": ("jit",),
        "softmax_cross_entropy": ("jit",),
        "mlp_step": ("jit",),
        "recurrent": ("jit",),
        "batch_slices": ("jit",),
        "convolution": ("jit",),
        "network": ("jit",),
    }

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

    def put(self, *names: str):
        """A `convert` that copies these arrays to its device."""
        put = self.library.device_put
        return lambda fed: tuple(put(np.array(fed[name])).block_until_ready() for name in names)

    def elementwise_chain(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        numpy, number = self.library.numpy, parameters["ops"]
        call = self.library.jit(lambda x, y: elementwise_chain.chain(numpy, number, x, y))
        return Prepared(lambda pair: np.asarray(call(*pair)), self.put("x", "y"))

    def reduction(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        numpy, axis, what = self.library.numpy, parameters["axis"], reduction.WHAT[parameters["what"]]
        call = self.library.jit(lambda x, y: what(numpy, x, y, axis))
        return Prepared(lambda pair: np.asarray(call(*pair)), self.put("x", "y"))

    def loss(self, scores: object, labels: object) -> object:
        """The mean cross-entropy of softmax."""
        right = self.library.numpy.take_along_axis(
            self.library.nn.log_softmax(scores), labels[:, None], axis=1
        )
        return -right.mean()

    def softmax_cross_entropy(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        call = self.library.jit(self.library.value_and_grad(self.loss))
        return Prepared(lambda pair: tuple(map(np.asarray, call(*pair))), self.put("scores", "labels"))

    def mlp_step(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax = self.library

        def cost(weights: list, x: object, labels: object) -> object:
            W1, b1, W2, b2 = weights
            scores = jax.numpy.tanh(x @ W1 + b1) @ W2 + b2
            return self.loss(scores, labels) + mlp_step.L2 * ((W1 * W1).sum() + (W2 * W2).sum())

        @jax.jit
        def step(weights: list, x: object, labels: object, rate: object) -> tuple:
            value, gradients = jax.value_and_grad(cost)(weights, x, labels)
            return value, [
                weight - rate * gradient for weight, gradient in zip(weights, gradients, strict=True)
            ]

        weights = list(self.put(*mlp_step.NAMES)(arrays))

        def run(batch: tuple) -> tuple[np.ndarray, ...]:
            value, weights[:] = step(weights, *batch)
            return np.asarray(value), *map(np.asarray, weights)

        return Prepared(run, self.put(*mlp_step.FED))

    def recurrent(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax = self.library
        h0 = arrays["h0"]

        def cost(weights: list, x: object) -> object:
            W, U, b = weights
            step = lambda h, into: (jax.numpy.tanh(into + h @ U), None)  # noqa: E731
            last, _ = jax.lax.scan(step, h0, x @ W + b)
            return (last * last).mean()

        call = jax.jit(jax.value_and_grad(cost))
        weights = self.put("W", "U", "b")(arrays)

        def run(x: object) -> tuple[np.ndarray, ...]:
            value, gradients = call(weights, x)
            return np.asarray(value), *map(np.asarray, gradients)

        return Prepared(run, lambda fed: self.put("x")(fed)[0])

    def batch_slices(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax, batch = self.library, parameters["batch"]
        (data,) = self.put("data")(arrays)

        @jax.jit
        def call(data: object, index: object) -> object:
            return jax.lax.dynamic_slice_in_dim(data, index * batch, batch).mean(axis=0)

        return Prepared(lambda index: np.asarray(call(data, index)), lambda fed: int(fed["index"]))

    def largest(self, x: object, window: int) -> object:
        """The largest of each window over the spatial axes."""
        jax, size = self.library, (1, 1, *(window,) * (x.ndim - 2))
        return jax.lax.reduce_window(x, -np.inf, jax.lax.max, size, size, "VALID")

    def convolution(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax, part, numpy = self.library, parameters["part"], self.library.numpy
        filters, ndim = arrays["filters"], arrays["image"].ndim - 2
        bias = arrays["bias"].reshape(-1, *(1,) * ndim)

        def maps(image: object, filters: object) -> object:
            return jax.lax.conv_general_dilated(
                image, filters, parameters["stride"], [tuple(pair) for pair in parameters["pads"]],
                rhs_dilation=parameters["dilation"], feature_group_count=parameters["groups"],
            )  # fmt: skip

        def forward(image: object, gradient: object) -> object:
            found = maps(image, filters)
            found = self.largest(found, parameters["pool"]) if parameters["pool"] else found
            return (numpy.tanh if parameters["act"] == "tanh" else jax.nn.relu)(found + bias)

        def backward(image: object, gradient: object) -> object:
            if part == "by_image":
                return jax.vjp(lambda x: maps(x, filters), image)[1](gradient)[0]
            return jax.vjp(lambda w: maps(image, w), filters)[1](gradient)[0]

        call = jax.jit(forward if part == "forward" else backward)
        return Prepared(lambda pair: np.asarray(call(*pair)), self.put("image", "gradient"))

    def network(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        jax, numpy, train = self.library, self.library.numpy, parameters["train"]
        plan = [(layer, list(own)) for layer, _, own in network.named(parameters)]

        def scores(weights: dict, x: object) -> object:
            stack = []
            column = lambda vector: vector[:, None, None]  # noqa: E731
            for layer, own in plan:
                mine = [weights[name] for name in own]
                match layer:
                    case ["conv", _, _, pad, bias]:
                        x = jax.lax.conv_general_dilated(x, mine[0], (1, 1), [(pad, pad)] * 2)
                        x = x + column(mine[1]) if bias else x
                    case ["norm"]:
                        number = own[0].removeprefix("gamma")
                        if train:
                            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
                        else:
                            mean, variance = arrays[f"mean{number}"], arrays[f"variance{number}"]
                        scale = mine[0] / numpy.sqrt(variance + network.EPSILON)
                        x = (x - column(mean)) * column(scale) + column(mine[1])
                    case ["pool", window]:
                        x = self.largest(x, window)
                    case ["dense", _]:
                        x = x.reshape(len(x), -1) @ mine[0] + mine[1]
                    case ["mean"]:
                        x = x.mean((2, 3))
                    case ["push"]:
                        stack.append(x)
                    case ["add"]:
                        x = x + stack.pop()
                    case ["relu"]:
                        x = jax.nn.relu(x)
                    case ["tanh"]:
                        x = numpy.tanh(x)
            return x

        names = network.names(parameters)
        weights = dict(zip(names, self.put(*names)(arrays), strict=True))
        if not train:
            closed = jax.jit(lambda x: scores({name: arrays[name] for name in names}, x))
            return Prepared(lambda given: np.asarray(closed(given[0])), self.put("image"))

        @jax.jit
        def step(weights: dict, x: object, labels: object, rate: object) -> tuple:
            cost = lambda weights: self.loss(scores(weights, x), labels)  # noqa: E731
            value, gradients = jax.value_and_grad(cost)(weights)
            return value, {name: weights[name] - rate * gradients[name] for name in names}

        def run(batch: tuple) -> tuple[np.ndarray, ...]:
            value, new = step(weights, *batch)
            weights.update(new)
            return np.asarray(value), *(np.asarray(weights[name]) for name in names)

        return Prepared(run, self.put(*network.FED))


PEER = Jax()
