"""symconv, the subject, through its public interface alone. Imports symconv when it starts."""

from __future__ import annotations

from time import perf_counter

from benchmarks.peers import Arrays, Peer, Prepared


class Symconv(Peer):
    """Arrays go in as they are and results are fresh, as for any user."""

    requires = ("symconv",)
    variants = {  # noqa: RUF012
        "conv_layer": ("function",),
        "tiny_call": ("function",),
        "elementwise_graph": ("function",),
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


def explanation(function: object) -> str:
    """What the function says of its plan after it ran."""
    return str(function.profile()) if hasattr(function, "profile") else ""


PEER = Symconv()
