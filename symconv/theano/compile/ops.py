"""``theano.compile.ops``: ops about shapes, copies and views, and ops of functions; imports symconv."""

from typing import Any

from symconv.graph.nodes import Variable
from symconv.ops.cut import Pass
from symconv.ops.shape import Shape, ShapeAt, SpecifyShape
from symconv.ops.shape import shape as core_shape
from symconv.ops.shape import specify_shape as core_specify_shape
from symconv.theano._as_op import FromFunctionOp, as_op
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted
from symconv.theano.gof.op import Apply, Op


def shape(x: Any) -> Variable:
    """The vector of sizes."""
    return adopted(core_shape(as_tensor_variable(x)))


def shape_i(var: Any, i: int, fgraph: Any = None) -> Variable:
    """One size."""
    found: Variable = adopted(ShapeAt(i)(as_tensor_variable(var)))
    return found


def specify_shape(x: Any, shape: Any) -> Variable:
    """Promise sizes."""
    found: Variable = adopted(core_specify_shape(as_tensor_variable(x), shape))
    return found


def deep_copy_op(x: Any) -> Variable:
    """The tensor itself: nothing can be written to it."""
    return as_tensor_variable(x)


Shape_i, DeepCopyOp, OutputGuard = ShapeAt, Pass, Pass


class ViewOp(Op):
    """Its input itself; programs subclass it, for another gradient say."""

    __props__ = ()

    def make_node(self, x: Any) -> Any:
        """The application to a variable."""
        x = as_tensor_variable(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        """Hands the array on."""
        output_storage[0][0] = inputs[0]

    def grad(  # type: ignore[override]  # the contract is Theano's
        self, inputs: Any, output_grads: Any
    ) -> Any:
        """The gradient itself."""
        return output_grads


view_op = ViewOp()

__getattr__ = refuses("theano.compile.ops", globals())

__all__ = [
    "DeepCopyOp", "FromFunctionOp", "OutputGuard", "Shape", "Shape_i", "SpecifyShape", "ViewOp", "as_op",
    "deep_copy_op", "shape", "shape_i", "specify_shape", "view_op",
]  # fmt: skip
