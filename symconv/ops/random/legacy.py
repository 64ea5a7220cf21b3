"""Draws of NumPy's legacy generator, for the compatibility layer; imports the graph.

    state = uint32[628]: 624 words of the Mersenne twister, its position, and the normal number
            that was drawn ahead: whether there is one, and the two halves of it

The op gives the state after the draw and the draw. ``numpy.random.RandomState`` is frozen: its streams never
change, bit for bit.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, Dim, TensorType

STATE = TensorType("uint32", (628,))


def packed(generator: np.random.RandomState) -> Array:
    """The state of a generator as an array."""
    name, key, position, has_normal, normal = generator.get_state(legacy=True)
    if name != "MT19937":
        raise OptionError(f"the state must be that of MT19937, got {name}")
    ahead = np.array([normal], "<f8").view("<u4")
    return np.array([*key, position, has_normal, *ahead], "uint32")


def unpacked(state: Array) -> np.random.RandomState:
    """A generator in a state."""
    generator = np.random.RandomState(0)
    normal = state[626:].astype("<u4").view("<f8")[0]
    generator.set_state(("MT19937", state[:624], int(state[624]), int(state[625]), float(normal)))
    return generator


def _random_integers(r: np.random.RandomState, low: Array, high: Array, size: tuple[int, ...]) -> Array:
    return _one_by_one(lambda low, high: r.randint(low=low, high=high + 1), size, low, high)


def _choice(r: np.random.RandomState, a: Array, replace: Array, p: Array, size: tuple[int, ...]) -> Any:
    return r.choice(a if a.ndim else int(a), size, bool(replace), p if p.size else None)


def _permutation(r: np.random.RandomState, n: Array, size: tuple[int, ...]) -> Array:
    result = np.empty((*size, int(n)), "int64")
    for index in np.ndindex(*size):
        result[index] = r.permutation(int(n))
    return result


def _multinomial(r: np.random.RandomState, n: Array, pvals: Array, size: tuple[int, ...]) -> Array:
    result = np.empty((*size, pvals.shape[-1]))
    counts = np.broadcast_to(n, size)
    chances = np.broadcast_to(pvals, result.shape)
    for index in np.ndindex(*size):
        row, total = chances[index], chances[index].sum()
        # NumPy refuses sums above 1, which float32 gives easily: Theano makes room, and so do we.
        if 1.0 < total < 1.0 + 1e-5 or row[-1] < 5e-5:
            row = row * (1.0 - 5e-5)
        result[index] = r.multinomial(int(counts[index]), row.astype("float64"))
    return result


def _one_by_one(draw: Callable[..., Any], size: tuple[int, ...], *parameters: Array) -> Array:
    result = np.empty(size)
    spread = [np.broadcast_to(parameter, size) for parameter in parameters]
    for index in np.ndindex(*size):
        result[index] = draw(*(parameter[index] for parameter in spread))
    return result


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "uniform": np.random.RandomState.uniform,
    "normal": np.random.RandomState.normal,
    "binomial": np.random.RandomState.binomial,
    "poisson": np.random.RandomState.poisson,
    "random_integers": _random_integers,
    "choice": _choice,
    "permutation": _permutation,
    "multinomial": _multinomial,
}
"""What is called for each draw: the generator, the parameters, the size."""


@frozen
class RandomFunction(Op):
    """A draw of NumPy's legacy generator: the state after it, and the numbers.

    The inputs are the state, the size, and the parameters of the function of that name.

    Attributes
    ----------
    function : str
        A name in ``FUNCTIONS``.
    dtype : str
        dtype of the draw.
    sizes : tuple of (int or None)
        What was known of the size; permutation and multinomial have one axis more.
    """

    function: str
    dtype: str
    sizes: tuple[Dim, ...]
    argument_names: ClassVar[tuple[str, ...]] = ("state", "size")

    def __post_init__(self) -> None:
        # The length of a permutation is a value.
        object.__setattr__(self, "reads_values", (1, 2) if self.function == "permutation" else (1,))

    def out_types(
        self, state: TensorType, size: TensorType, *parameters: TensorType
    ) -> tuple[TensorType, TensorType]:
        if state != STATE:
            raise RankError(f"the state of a legacy generator is {STATE}, got {state}")
        sizes = self.sizes if size.value is None else tuple(map(int, size.value))
        if len(sizes) != len(self.sizes):
            raise ShapeError(f"{self.function} of {len(self.sizes)} dimensions got a size of {len(sizes)}")
        if any(length is not None and length < 0 for length in sizes):
            raise ShapeError(f"{self.function} got the size {sizes}: sizes are 0 or more")
        if self.function == "permutation":
            n = parameters[0].value
            sizes = (*sizes, None if n is None else int(n))
        if self.function == "multinomial":
            sizes = (*sizes, parameters[1].shape[-1])
        return state, TensorType(self.dtype, sizes)

    def perform(self, state: Array, size: Array, *parameters: Array) -> tuple[Array, Array]:
        generator = unpacked(state)
        sizes = tuple(map(int, size))
        drawn = FUNCTIONS[self.function](generator, *parameters, sizes)
        return packed(generator), np.asarray(drawn).astype(self.dtype, copy=False)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None] * len(inputs)


@frozen
class PermuteRowElements(Op):
    """Each row of a tensor, along its last axis, in the order of another.

    Attributes
    ----------
    inverse : bool
        Whether the orders are undone.
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x", "orders")
    inverse: bool = False

    def out_types(self, x: TensorType, orders: TensorType) -> TensorType:
        fits = x.ndim == orders.ndim > 0 and all(
            None in (a, b) or a == b for a, b in zip(x.shape, orders.shape, strict=True)
        )
        if not fits:
            raise ShapeError(f"orders of shape {orders.shape} do not permute the rows of {x.shape}")
        return x

    def perform(self, x: Array, orders: Array) -> Array:
        return np.take_along_axis(x, np.argsort(orders, axis=-1) if self.inverse else orders, axis=-1)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        gradient = gradients[0]
        return [None if gradient is None else PermuteRowElements(not self.inverse)(gradient, inputs[1]), None]


__all__ = ["FUNCTIONS", "STATE", "PermuteRowElements", "RandomFunction", "packed", "unpacked"]
