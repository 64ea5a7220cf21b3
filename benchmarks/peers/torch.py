"""PyTorch on the CPU: as it comes, in channels-last, compiled and frozen. Imports torch when it starts."""

from __future__ import annotations

import shutil

import numpy as np

from benchmarks.kinds import elementwise_chain, mlp_step, network, reduction
from benchmarks.peers import Arrays, Peer, Prepared, flipped


class Torch(Peer):
    """tanh is done in place, on the convolution's fresh result, as a careful user would."""

    requires = ("torch",)
    variants = {  # noqa: RUF012
        "conv_layer": ("eager", "channels_last", "compiled", "compiled_channels_last"),
        "tiny_call": ("eager",),
        "elementwise_chain": ("eager", "compiled"),
        "reduction": ("eager", "compiled"),
        "softmax_cross_entropy": ("eager", "compiled"),
        "mlp_step": ("eager", "compiled"),
        "recurrent": ("eager",),
        "batch_slices": ("eager",),
        "convolution": ("eager", "channels_last", "compiled", "compiled_channels_last"),
        "network": ("eager", "channels_last", "compiled", "compiled_channels_last"),
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
        self.make_ready_to_compile()
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

    def make_ready_to_compile(self) -> None:
        """Raise where torch.compile cannot work, and let it forget what it has compiled."""
        if not any(shutil.which(compiler) for compiler in ("g++", "clang++", "c++")):
            raise RuntimeError("torch.compile needs a C++ compiler, and none is on the path")
        self.library._dynamo.reset()

    def perhaps_compiled(self, variant: str, call):
        """A function as it is, or through torch.compile."""
        if not variant.startswith("compiled"):
            return call
        self.make_ready_to_compile()
        self.library._inductor.config.freezing = False
        return self.library.compile(call)

    def tensors(self, *names: str):
        """A `convert` to tensors that share the arrays' memory."""
        return lambda fed: tuple(self.library.from_numpy(fed[name]) for name in names)

    def elementwise_chain(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch, number = self.library, parameters["ops"]
        call = self.perhaps_compiled(variant, lambda x, y: elementwise_chain.chain(torch, number, x, y))
        return Prepared(lambda pair: call(*pair).numpy(), self.tensors("x", "y"))

    def reduction(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch, what, axis = self.library, parameters["what"], parameters["axis"]
        if what == "max" and axis is not None:  # its `max` along an axis finds positions too
            call = self.perhaps_compiled(variant, lambda x, y: torch.amax(x, axis))
        elif what == "max":
            call = self.perhaps_compiled(variant, lambda x, y: x.max())
        else:
            call = self.perhaps_compiled(variant, lambda x, y: reduction.WHAT[what](torch, x, y, axis))
        return Prepared(lambda pair: call(*pair).numpy(), self.tensors("x", "y"))

    def softmax_cross_entropy(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch = self.library
        loss = self.perhaps_compiled(variant, torch.nn.functional.cross_entropy)

        def run(pair: tuple) -> tuple[np.ndarray, ...]:
            scores = pair[0].detach().requires_grad_()
            with torch.enable_grad():
                value = loss(scores, pair[1])
                (gradient,) = torch.autograd.grad(value, scores)
            return value.detach().numpy(), gradient.numpy()

        return Prepared(run, self.tensors("scores", "labels"))

    def mlp_step(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch = self.library
        weights = [torch.from_numpy(arrays[name].copy()).requires_grad_() for name in mlp_step.NAMES]

        def cost(x: object, labels: object) -> object:
            W1, b1, W2, b2 = weights
            scores = torch.addmm(b2, torch.tanh(torch.addmm(b1, x, W1)), W2)
            loss = torch.nn.functional.cross_entropy(scores, labels)
            return loss + mlp_step.L2 * (W1.square().sum() + W2.square().sum())

        def update(gradients: tuple, rate: object) -> None:
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= rate * gradient

        forward = self.perhaps_compiled(variant, cost)
        if variant == "compiled":
            update = torch.compile(update)

        def run(batch: tuple) -> tuple[np.ndarray, ...]:
            with torch.enable_grad():
                value = forward(*batch[:2])
                gradients = torch.autograd.grad(value, weights)
            with torch.no_grad():
                update(gradients, batch[2])
            return value.detach().numpy(), *(weight.detach().numpy() for weight in weights)

        return Prepared(run, self.tensors(*mlp_step.FED))

    def recurrent(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch = self.library
        weights = [torch.from_numpy(arrays[name]).requires_grad_() for name in ("W", "U", "b")]
        (h0,) = self.tensors("h0")(arrays)

        def run(x: object) -> tuple[np.ndarray, ...]:
            W, U, b = weights
            with torch.enable_grad():
                h = h0
                for into in (x @ W + b).unbind():
                    h = torch.tanh(torch.addmm(into, h, U))
                cost = h.square().mean()
                gradients = torch.autograd.grad(cost, weights)
            return cost.detach().numpy(), *(gradient.numpy() for gradient in gradients)

        return Prepared(run, lambda fed: torch.from_numpy(fed["x"]))

    def batch_slices(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        (data,), batch = self.tensors("data")(arrays), parameters["batch"]

        def run(index: int) -> np.ndarray:
            return data[index * batch : (index + 1) * batch].mean(0).numpy()

        return Prepared(run, lambda fed: int(fed["index"]))

    def laid_out(self, variant: str, array: np.ndarray):
        """A tensor of an array, of images or filters in the variant's layout."""
        torch = self.library
        tensor = torch.from_numpy(array)
        last = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.ndim)
        if variant.endswith("channels_last") and last is not None:
            return tensor.contiguous(memory_format=last)
        return tensor

    def convolution(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch, part, window = self.library, parameters["part"], parameters["pool"]
        filters, bias = self.laid_out(variant, arrays["filters"]), torch.from_numpy(arrays["bias"])
        ndim, functions = filters.ndim - 2, torch.nn.functional
        pads = [low for low, _ in parameters["pads"]]
        if any(low != high for low, high in parameters["pads"]):
            raise ValueError("torch.conv pads both sides alike")
        steps = parameters["stride"], pads, parameters["dilation"]
        pool = getattr(functions, f"max_pool{ndim}d")
        convolve = getattr(torch, f"conv{ndim}d")
        activate = torch.tanh if parameters["act"] == "tanh" else torch.relu
        inplace = torch.tanh_ if parameters["act"] == "tanh" else torch.relu_
        if variant in ("eager", "channels_last"):
            activate = inplace

        def forward(image, gradient):
            maps = convolve(image, filters, bias, *steps, parameters["groups"])
            return activate(pool(maps, window) if window else maps)

        wanted = [part == "by_image", part == "by_filters", False]

        def backward(image, gradient):
            found = torch.ops.aten.convolution_backward(
                gradient, image, filters, None, *steps, False, [0] * ndim, parameters["groups"], wanted
            )
            return found[0] if part == "by_image" else found[1]

        call = self.perhaps_compiled(variant, forward if part == "forward" else backward)

        def run(given: tuple) -> np.ndarray:
            with torch.inference_mode():
                return call(*given).numpy()

        names = "image", "gradient"
        return Prepared(run, lambda fed: [self.laid_out(variant, fed[name]) for name in names])

    def network(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        torch, functions, train = self.library, self.library.nn.functional, parameters["train"]
        plan = [(layer, list(own)) for layer, _, own in network.named(parameters)]
        weights = {name: self.laid_out(variant, arrays[name].copy()) for name in network.names(parameters)}
        fixed = {name: torch.from_numpy(array) for name, array in arrays.items()
                 if name.startswith(("mean", "variance"))}  # fmt: skip
        if train:
            for weight in weights.values():
                weight.requires_grad_()

        def scores(x):
            stack = []
            for layer, own in plan:
                mine = [weights[name] for name in own]
                match layer:
                    case ["conv", _, _, pad, _]:
                        x = torch.conv2d(x, *mine, padding=pad)
                    case ["norm"]:
                        number = own[0].removeprefix("gamma")
                        known = [fixed.get(f"{name}{number}") for name in ("mean", "variance")]
                        given = [None, None] if train else known
                        x = functions.batch_norm(x, *given, *mine, training=train, eps=network.EPSILON)
                    case ["pool", window]:
                        x = functions.max_pool2d(x, window)
                    case ["dense", _]:
                        x = torch.addmm(mine[1], x.flatten(1), mine[0])
                    case ["mean"]:
                        x = x.mean((2, 3))
                    case ["push"]:
                        stack.append(x)
                    case ["add"]:
                        x = x + stack.pop()
                    case [name]:
                        x = getattr(torch, name)(x)
            return x

        if not train:
            call = self.perhaps_compiled(variant, scores)

            def answer(batch: tuple) -> np.ndarray:
                with torch.inference_mode():
                    return call(batch[0]).numpy()

            return Prepared(answer, lambda fed: [self.laid_out(variant, fed["image"])])

        cost = self.perhaps_compiled(variant, lambda x, labels: functions.cross_entropy(scores(x), labels))

        def update(gradients: tuple, rate: object) -> None:
            for weight, gradient in zip(weights.values(), gradients, strict=True):
                weight -= rate * gradient

        if variant.startswith("compiled"):
            update = torch.compile(update)

        def run(batch: tuple) -> tuple[np.ndarray, ...]:
            with torch.enable_grad():
                value = cost(*batch[:2])
                gradients = torch.autograd.grad(value, list(weights.values()))
            with torch.no_grad():
                update(gradients, batch[2])
            return value.detach().numpy(), *(weight.detach().numpy() for weight in weights.values())

        return Prepared(run, lambda fed: tuple(self.laid_out(variant, fed[name]) for name in network.FED))


PEER = Torch()
