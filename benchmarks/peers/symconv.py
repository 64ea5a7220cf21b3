"""symconv, the subject, through its public interface alone. Imports symconv when it starts."""

from __future__ import annotations

from time import perf_counter

from benchmarks.kinds import elementwise_chain, mlp_step, network, reduction
from benchmarks.peers import Arrays, Peer, Prepared, in_order


class Symconv(Peer):
    """Arrays go in as they are and results are fresh, as for any user."""

    requires = ("symconv",)
    variants = {  # noqa: RUF012
        "conv_layer": ("function",),
        "tiny_call": ("function",),
        "elementwise_graph": ("function",),
        "elementwise_chain": ("function",),
        "reduction": ("function",),
        "softmax_cross_entropy": ("function",),
        "mlp_step": ("function",),
        "recurrent": ("function",),
        "batch_slices": ("function",),
        "convolution": ("function",),
        "network": ("function",),
    }

    def start(self, threads: int) -> None:
        import symconv

        symconv.config.threads = threads
        self.library = symconv

    def version(self) -> str:
        return self.library.__version__

    def conv_layer(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        x = sc.tensor4("image", dtype=str(arrays["image"].dtype))
        W = sc.shared(arrays["filters"], name="W")
        b = sc.shared(arrays["bias"], name="b")
        f = sc.function([x], sc.tanh(sc.conv2d(x, W) + b.dimshuffle("x", 0, "x", "x")))
        return Prepared(f, lambda fed: fed["image"], explain=lambda: explanation(f))

    def tiny_call(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        x = sc.vector("x", dtype=str(arrays["x"].dtype))
        f = sc.function([x], sc.tanh(x + 1))
        return Prepared(f, lambda fed: fed["x"], explain=lambda: explanation(f))

    def elementwise_graph(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        begin = perf_counter()
        x = y = sc.vector("x", dtype=str(arrays["x"].dtype))
        for _ in range(parameters["nodes"] // 2):
            y = sc.tanh(y) + x
        built = perf_counter()
        f = sc.function([x], y)
        details = {"build_seconds": built - begin, "compile_seconds": perf_counter() - built}
        return Prepared(f, lambda fed: fed["x"], details)

    def elementwise_chain(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        x, y = (sc.vector(name, dtype=str(arrays[name].dtype)) for name in ("x", "y"))
        f = sc.function([x, y], elementwise_chain.chain(sc, parameters["ops"], x, y))
        return Prepared(lambda pair: f(*pair), in_order("x", "y"), explain=lambda: explanation(f))

    def reduction(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        x, y = (sc.tensor3(name, dtype=str(arrays[name].dtype)) for name in ("x", "y"))
        result = reduction.WHAT[parameters["what"]](sc, x, y, parameters["axis"])
        f = sc.function([x, y], result, on_unused_input="ignore")
        return Prepared(lambda pair: f(*pair), in_order("x", "y"), explain=lambda: explanation(f))

    def softmax_cross_entropy(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        scores = sc.matrix("scores", dtype=str(arrays["scores"].dtype))
        labels = sc.vector("labels", dtype="int64")
        loss = sc.softmax_crossentropy(scores, labels).mean()
        f = sc.function([scores, labels], [loss, sc.grad(loss, scores)])
        convert = in_order("scores", "labels")
        return Prepared(lambda pair: tuple(f(*pair)), convert, explain=lambda: explanation(f))

    def mlp_step(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        dtype = str(arrays["x"].dtype)
        x, rate = sc.matrix("x", dtype=dtype), sc.scalar("rate", dtype=dtype)
        labels = sc.vector("labels", dtype="int64")
        W1, b1, W2, b2 = weights = [sc.shared(arrays[name], name=name) for name in mlp_step.NAMES]
        scores = sc.dot(sc.tanh(sc.dot(x, W1) + b1), W2) + b2
        cost = sc.softmax_crossentropy(scores, labels).mean()
        cost = cost + mlp_step.L2 * (sc.sqr(W1).sum() + sc.sqr(W2).sum())
        gradients = sc.grad(cost, weights)
        updates = [(w, w - rate * gradient) for w, gradient in zip(weights, gradients, strict=True)]
        f = sc.function([x, labels, rate], cost, updates=updates)

        def run(batch: tuple) -> tuple:
            return f(*batch), *(weight.get_value(borrow=True) for weight in weights)

        return Prepared(run, in_order(*mlp_step.FED), explain=lambda: explanation(f))

    def recurrent(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        x = sc.tensor3("x", dtype=str(arrays["x"].dtype))
        W, U, b, h0 = (sc.shared(arrays[name], name=name) for name in ("W", "U", "b", "h0"))
        states, _ = sc.scan(
            lambda now, before: sc.tanh(sc.dot(now, W) + sc.dot(before, U) + b), sequences=x, outputs_info=h0
        )
        cost = sc.sqr(states[-1]).mean()
        f = sc.function([x], [cost, *sc.grad(cost, [W, U, b])])
        return Prepared(lambda x: tuple(f(x)), lambda fed: fed["x"], explain=lambda: explanation(f))

    def batch_slices(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc = self.library
        data, index, batch = sc.shared(arrays["data"], name="data"), sc.lscalar("index"), parameters["batch"]
        f = sc.function([index], data[index * batch : (index + 1) * batch].mean(axis=0))
        return Prepared(f, lambda fed: int(fed["index"]), explain=lambda: explanation(f))

    def convolution(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc, part = self.library, parameters["part"]
        ndim, dtype = arrays["image"].ndim - 2, str(arrays["image"].dtype)
        tensor = getattr(sc, f"tensor{ndim + 2}")
        x, given = tensor("image", dtype=dtype), tensor("gradient", dtype=dtype)
        W, b = sc.shared(arrays["filters"], name="W"), sc.shared(arrays["bias"], name="b")
        convolve, pool = getattr(sc, f"conv{ndim}d"), getattr(sc, f"pool_{ndim}d")
        first = (lambda each: each[0]) if ndim == 1 else tuple
        maps = convolve(
            x, W, border_mode=tuple(map(tuple, parameters["pads"])), subsample=first(parameters["stride"]),
            filter_dilation=first(parameters["dilation"]), num_groups=parameters["groups"], filter_flip=False,
        )  # fmt: skip
        if part == "forward":
            if parameters["pool"]:
                maps = pool(maps, (parameters["pool"],) * ndim, ignore_border=True)
            activate = sc.tanh if parameters["act"] == "tanh" else sc.relu
            result = activate(maps + b.dimshuffle("x", 0, *"x" * ndim))
        else:
            result = sc.grad(None, x if part == "by_image" else W, known_grads={maps: given})
        f = sc.function([x, given], result, on_unused_input="ignore")
        return Prepared(lambda pair: f(*pair), in_order("image", "gradient"), explain=lambda: explanation(f))

    def network(self, variant: str, parameters: dict, arrays: Arrays) -> Prepared:
        sc, train = self.library, parameters["train"]
        dtype = str(arrays["image"].dtype)
        image, rate = sc.tensor4("image", dtype=dtype), sc.scalar("rate", dtype=dtype)
        labels = sc.vector("labels", dtype="int64")
        names = network.names(parameters)
        weights = {name: sc.shared(arrays[name], name=name) for name in names}
        x, stack, bias = image, [], None
        plan = list(network.named(parameters))
        for position, (layer, _, own) in enumerate(plan):
            mine = [weights[name] for name in own]
            match layer:
                case ["conv", _, _, pad, _]:
                    x = sc.conv2d(x, mine[0], border_mode=pad, filter_flip=False)
                    bias = mine[1].dimshuffle("x", 0, "x", "x") if len(mine) > 1 else None
                case ["norm"] if train:
                    x = sc.batch_normalization_train(x, *mine, axes="spatial", epsilon=network.EPSILON)[0]
                case ["norm"]:
                    number = next(iter(own)).removeprefix("gamma")
                    given = [arrays[f"{name}{number}"] for name in ("mean", "variance")]
                    x = sc.batch_normalization_test(x, *mine, *given, axes="spatial", epsilon=network.EPSILON)
                case ["pool", window]:
                    x = sc.pool_2d(x, (window, window), ignore_border=True)
                case ["dense", _]:
                    if x.ndim > 2:
                        x = x.flatten(2)
                    x = sc.dot(x, mine[0]) + mine[1]
                case ["mean"]:
                    x = x.mean(axis=(2, 3))
                case ["push"]:
                    stack.append(x)
                case ["add"]:
                    x = x + stack.pop()
                case [name]:
                    x = getattr(sc, name)(x)
            pool_follows = position + 1 < len(plan) and plan[position + 1][0][0] == "pool"
            if bias is not None and not (layer[0] == "conv" and pool_follows):  # as the chapter does
                x, bias = x + bias, None
        if not train:
            f = sc.function([image], x)
            return Prepared(f, lambda fed: fed["image"], explain=lambda: explanation(f))
        cost = sc.softmax_crossentropy(x, labels).mean()
        gradients = sc.grad(cost, list(weights.values()))
        updates = [(w, w - rate * gradient) for w, gradient in zip(weights.values(), gradients, strict=True)]
        f = sc.function([image, labels, rate], cost, updates=updates)

        def run(batch: tuple) -> tuple:
            return f(*batch), *(weight.get_value(borrow=True) for weight in weights.values())

        return Prepared(run, in_order(*network.FED), explain=lambda: explanation(f))


def explanation(function: object) -> str:
    """What the function says of its plan after it ran."""
    return str(function.profile()) if hasattr(function, "profile") else ""


PEER = Symconv()
