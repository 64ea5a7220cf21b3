"""Where gradients stop or change, while values pass: cuts, clips and scales; imports the graph and ops."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from symconv.errors import OptionError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Operand, Variable
from symconv.graph.op import Gradients, NoGradient, Op, Role, Terms, as_variable
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType
from symconv.ops.elemwise_rows import clip, mul, zeros_like

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


class Pass(Op):
    """The input itself; what becomes of the gradient, subclasses say."""

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        return x

    def perform(self, x: Array) -> Array:
        return x

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        return value

    def fold(self, node: Apply) -> Variable | None:
        """It vanishes: by the time that graphs are simplified, gradients have been taken."""
        return node.inputs[0]


class Disconnected(Pass):
    """The input itself, through which no gradient flows."""

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]


class Zeroed(Pass):
    """The input itself; its gradient is zero."""

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [zeros_like(inputs[0])]


@frozen
class Undefined(Pass):
    """The input itself; to differentiate through it is an error.

    Attributes
    ----------
    reason : str
        What the error says.
    """

    reason: str = "it was declared undefined"

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Terms:
        return [NoGradient(self.reason)]


@frozen
class Clipped(Pass):
    """The input itself; its gradient is clipped to an interval.

    Attributes
    ----------
    low, high : float
        The interval's ends.
    """

    low: float
    high: float

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None if gradients[0] is None else clip(gradients[0], self.low, self.high)]


@frozen
class Scaled(Pass):
    """The input itself; its gradient is multiplied by a number.

    Attributes
    ----------
    factor : float
        The number.
    """

    factor: float

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None if gradients[0] is None else mul(gradients[0], self.factor)]


def _passed(op: Op, x: Operand) -> Variable:
    return op.apply(as_variable(x)).outputs[0]


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except Exception:
        raise OptionError(
            f"{what} must be a number, got {value!r}", where=here(), hint="a symbolic one will not do"
        ) from None


def disconnected_grad(x: Operand) -> Variable:
    """``x`` itself, but a constant for differentiation: a cost that depends on it alone is disconnected.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dscalar("x")
    >>> g = sc.grad(x * sc.disconnected_grad(x), x)
    >>> float(g.eval({x: 3.0}))
    3.0
    """
    return _passed(Disconnected(), x)


def zero_grad(x: Operand) -> Variable:
    """``x`` itself, whose gradient is zero: it counts as connected."""
    return _passed(Zeroed(), x)


def consider_constant(x: Operand) -> Variable:
    """``x`` itself, whose gradient is zero; another name of ``zero_grad``."""
    return zero_grad(x)


def undefined_grad(x: Operand) -> Variable:
    """``x`` itself; a gradient that would have to go through it raises UndefinedGradientError."""
    return _passed(Undefined(), x)


def grad_clip(x: Operand, lower_bound: float, upper_bound: float) -> Variable:
    """``x`` itself; gradients that arrive there are clipped, element by element.

    Parameters
    ----------
    x : variable or array_like
    lower_bound, upper_bound : float
        The smallest and the largest value that a gradient by ``x`` keeps.

    Returns
    -------
    Variable

    Raises
    ------
    OptionError
        For bounds that are no numbers, or in the wrong order.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dscalar("x")
    >>> g = sc.grad(sc.grad_clip(x, -1, 1) ** 2, x)
    >>> float(g.eval({x: 3.0}))
    1.0
    """
    low, high = _number(lower_bound, "lower_bound"), _number(upper_bound, "upper_bound")
    if not low <= high:
        raise OptionError(f"grad_clip needs bounds in order, got {low} and {high}", where=here())
    return _passed(Clipped(low, high), x)


def grad_scale(x: Operand, multiplier: float) -> Variable:
    """``x`` itself; gradients that arrive there are multiplied by a number, which may be negative."""
    return _passed(Scaled(_number(multiplier, "multiplier")), x)


__all__ = [
    "consider_constant", "disconnected_grad", "grad_clip", "grad_scale", "undefined_grad", "zero_grad",
]  # fmt: skip
