"""``theano.tensor.signal.downsample``: what pooling was called before Theano 0.8; imports the newer names."""

from typing import Any

from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano.tensor.signal.pool import Pool, max_pool_2d_same_size, pool_2d


def max_pool_2d(
    input: Any,
    ds: Any,
    ignore_border: bool = False,
    st: Any = None,
    padding: Any = (0, 0),
    mode: str = "max",
) -> Variable:
    """``pool_2d`` by its older names, where windows that begin in the image count silently."""
    return pool_2d(input, ds, bool(ignore_border), st, padding, mode)


class DownsampleFactorMax:
    """``op(x)``: ``max_pool_2d`` with its parameters."""

    def __init__(
        self, ds: Any, ignore_border: bool = False, st: Any = None, padding: Any = (0, 0), mode: str = "max"
    ) -> None:
        self.ds, self.ignore_border, self.st, self.padding, self.mode = ds, ignore_border, st, padding, mode
        self.op = Pool(ignore_border, mode)

    def __call__(self, x: Any) -> Variable:
        return self.op(x, self.ds, self.st, self.padding)

    @staticmethod
    def out_shape(
        imgshape: Any, ds: Any, ignore_border: bool = False, st: Any = None, padding: Any = (0, 0)
    ) -> list[Any]:
        """The shape of the result; see ``Pool.out_shape``."""
        return Pool.out_shape(imgshape, ds, ignore_border, st, padding)


__getattr__ = refuses("theano.tensor.signal.downsample", globals())

__all__ = ["DownsampleFactorMax", "max_pool_2d", "max_pool_2d_same_size"]
