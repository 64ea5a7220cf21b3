"""``theano.compile.monitormode``: functions of a program's own called around every op; imports symconv."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symconv.compile.check import Watcher
from symconv.graph.nodes import Apply
from symconv.graph.types import Array
from symconv.theano._names import refuses
from symconv.theano._print.tree import debugprint
from symconv.theano.compile.mode import Mode

Monitor = Callable[[int, Apply, "Thunk"], None]


class Thunk:
    """The values that an op takes and gives, each in a list of its own; what is not computed yet is None.

    Attributes
    ----------
    inputs, outputs : list of list
    """

    def __init__(self, inputs: Sequence[Array], count: int) -> None:
        self.inputs: list[list[Any]] = [[array] for array in inputs]
        self.outputs: list[list[Any]] = [[None] for _ in range(count)]


class MonitorMode(Mode):
    """Every call goes through its graph op by op, and calls back before and after each.

    Parameters
    ----------
    pre_func, post_func : callable, optional
        Called with the op's place in the order, its apply, and an object whose ``inputs`` and ``outputs``
        are lists of lists with one array.
    optimizer, linker : optional
        As for ``Mode``.

    Examples
    --------
    >>> import symconv.theano as theano
    >>> x = theano.tensor.dvector("x")
    >>> def show(i, node, fn):
    ...     print(i, node.op, [float(cell[0].sum()) for cell in fn.outputs])
    >>> f = theano.function([x], theano.tensor.exp(x).sum(), mode=MonitorMode(post_func=show))
    >>> f([0.0, 0.0])
    0 exp [2.0]
    1 sum(axes=(0,)) [2.0]
    array(2.)
    """

    name = "MonitorMode"

    def __init__(
        self,
        pre_func: Monitor | None = None,
        post_func: Monitor | None = None,
        optimizer: Any = "default",
        linker: Any = None,
    ) -> None:
        super().__init__(linker, optimizer)
        self.pre_func = pre_func
        self.post_func = post_func

    def prepare(self, function: Any) -> None:
        """Watch the function's calls."""
        function.watch(self.watcher)

    def watcher(self, function: Any) -> Watcher:
        """What calls back."""
        places = {node: place for place, node in enumerate(function.stages["specialised"].nodes)}
        running: dict[Apply, Thunk] = {}

        def before(node: Apply, inputs: Sequence[Array]) -> None:
            thunk = running[node] = Thunk(inputs, len(node.outputs))
            if self.pre_func is not None:
                self.pre_func(places[node], node, thunk)

        def after(node: Apply, results: Sequence[Array]) -> None:
            thunk = running.pop(node)
            for cell, result in zip(thunk.outputs, results, strict=True):
                cell[0] = result
            if self.post_func is not None:
                self.post_func(places[node], node, thunk)

        return Watcher(before, after)


def detect_nan(i: int, node: Apply, fn: Any) -> None:
    """Print an op that gives NaN, with its inputs and outputs: for ``MonitorMode(post_func=detect_nan)``."""
    if any(cell[0].dtype.kind in "fc" and np.isnan(cell[0]).any() for cell in fn.outputs):
        print("*** NaN detected ***")
        debugprint(node)
        print(f"Inputs : {[cell[0] for cell in fn.inputs]}")
        print(f"Outputs: {[cell[0] for cell in fn.outputs]}")


__getattr__ = refuses("theano.compile.monitormode", globals())

__all__ = ["Mode", "MonitorMode", "detect_nan"]
