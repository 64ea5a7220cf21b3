"""Where gradients stop; imports the graph."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from symconv.graph.nodes import Apply, Operand, Variable
from symconv.graph.op import Gradients, Op, Role, as_variable
from symconv.graph.types import Array, TensorType

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.program import Value


class Disconnected(Op):
    """The input itself, through which no gradient flows."""

    role: ClassVar[Role] = "view"
    argument_names: ClassVar[tuple[str, ...]] = ("x",)

    def out_types(self, x: TensorType) -> TensorType:
        return x

    def perform(self, x: Array) -> Array:
        return x

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        return value

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None]

    def fold(self, node: Apply) -> Variable | None:
        """It vanishes: by the time that graphs are simplified, gradients have been taken."""
        return node.inputs[0]


def disconnected_grad(x: Operand) -> Variable:
    """``x`` itself, but a constant for differentiation.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dscalar("x")
    >>> g = sc.grad(x * sc.disconnected_grad(x), x)
    >>> float(g.eval({x: 3.0}))
    3.0
    """
    result: Variable = Disconnected()(as_variable(x))
    return result


__all__ = ["Disconnected", "disconnected_grad"]
