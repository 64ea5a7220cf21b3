"""PyTensor, Theano's successor: numba, and its C back-end. Imports pytensor when it starts."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kinds import elementwise_chain, mlp_step, reduction
from benchmarks.peers import Arrays, Peer, Prepared, in_order


class PyTensor(Peer):
    """Arrays go in as they are; functions trust them (no check of each argument), which is faster."""

    requires = ("pytensor",)
    variants = dict.fromkeys(
        ("tiny_call", "elementwise_chain", "reduction", "softmax_cross_entropy", "mlp_step"), ("numba", "cvm")
    ) | {"recurrent": ("numba",), "batch_slices": ("numba", "cvm")}

    def start(self, threads: int) -> None:
        import pytensor
        import pytensor.tensor

        self.library, self.tensor = pytensor, pytensor.tensor

    def version(self) -> str:
        return self.library.__version__

    def function(self, variant: str, inputs: list, outputs: Any, **options: Any) -> Any:
        """A compiled function that trusts its arguments."""
        compiled = self.library.function(inputs, outputs, mode=variant.upper(), **options)
        compiled.trust_input = True
        return compiled

    def like(self, array: np.ndarray, name: str) -> Any:
        """A variable for arrays like this one."""
        return self.tensor.tensor(name, dtype=str(array.dtype), shape=(None,) * array.ndim)

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        x = self.like(arrays["x"], "x")
        f = self.function(variant, [x], self.tensor.tanh(x + 1))
        return Prepared(lambda x: np.asarray(f(x)), lambda fed: fed["x"])

    def elementwise_chain(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        x, y = (self.like(arrays[name], name) for name in ("x", "y"))
        f = self.function(variant, [x, y], elementwise_chain.chain(self.tensor, parameters["ops"], x, y))
        return Prepared(lambda pair: f(*pair), in_order("x", "y"))

    def reduction(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        x, y = (self.like(arrays[name], name) for name in ("x", "y"))
        result = reduction.WHAT[parameters["what"]](self.tensor, x, y, parameters["axis"])
        f = self.function(variant, [x, y], result, on_unused_input="ignore")
        return Prepared(lambda pair: np.asarray(f(*pair)), in_order("x", "y"))

    def loss(self, scores: Any, labels: Any) -> Any:
        """The mean cross-entropy of softmax."""
        logs = self.tensor.special.log_softmax(scores, axis=1)
        return -logs[self.tensor.arange(labels.shape[0]), labels].mean()

    def softmax_cross_entropy(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        scores, labels = (self.like(arrays[name], name) for name in ("scores", "labels"))
        loss = self.loss(scores, labels)
        f = self.function(variant, [scores, labels], [loss, self.tensor.grad(loss, scores)])
        return Prepared(lambda pair: tuple(map(np.asarray, f(*pair))), in_order("scores", "labels"))

    def mlp_step(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        x, labels, rate = (self.like(arrays[name], name) for name in mlp_step.FED)
        W1, b1, W2, b2 = weights = [self.library.shared(arrays[name], name) for name in mlp_step.NAMES]
        scores = self.tensor.tanh(x @ W1 + b1) @ W2 + b2
        cost = self.loss(scores, labels) + mlp_step.L2 * ((W1 * W1).sum() + (W2 * W2).sum())
        cost = cost.astype(x.dtype)
        gradients = self.tensor.grad(cost, weights)
        updates = [(w, (w - rate * g).astype(w.dtype)) for w, g in zip(weights, gradients, strict=True)]
        f = self.function(variant, [x, labels, rate], cost, updates=updates)

        def run(batch: tuple) -> tuple[np.ndarray, ...]:
            return np.asarray(f(*batch)), *(weight.get_value(borrow=True) for weight in weights)

        return Prepared(run, in_order(*mlp_step.FED))

    def recurrent(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        x = self.like(arrays["x"], "x")
        W, U, b, h0 = (self.library.shared(arrays[name], name) for name in ("W", "U", "b", "h0"))
        states = self.library.scan(
            lambda into, h, U: self.tensor.tanh(into + h @ U),
            sequences=[x @ W + b], outputs_info=[h0], non_sequences=[U], return_updates=False,
        )  # fmt: skip
        cost = (states[-1] ** 2).mean()
        f = self.function(variant, [x], [cost, *self.tensor.grad(cost, [W, U, b])])
        return Prepared(lambda x: tuple(map(np.asarray, f(x))), lambda fed: fed["x"])

    def batch_slices(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        data, index, batch = self.library.shared(arrays["data"]), self.tensor.lscalar(), parameters["batch"]
        f = self.function(variant, [index], data[index * batch : (index + 1) * batch].mean(axis=0))
        return Prepared(f, lambda fed: fed["index"])


PEER = PyTensor()
