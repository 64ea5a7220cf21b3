"""``theano.tests.breakpoint``: a debugger that starts where a symbolic condition holds; imports symconv."""

import pdb
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from symconv.errors import RankError
from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, TensorType
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted

BANNER = """

-------------------------------------------------
Conditional breakpoint '{}' activated

The monitored variables are stored, in order,
in the list variable 'monitored' as NumPy arrays.

Their contents can be altered and, when execution
resumes, the updated values will be used.
-------------------------------------------------"""


@frozen
class PdbBreakpoint(Op):
    """The inputs behind the first, as they are; where the first holds, a debugger starts and may change them.

    Attributes
    ----------
    name : str
        What is printed when it starts.

    Examples
    --------
    >>> import symconv.theano.tensor as T
    >>> x = T.dvector("x")
    >>> y = PdbBreakpoint("too large")(T.gt(x.sum(), 100), x)
    >>> y.eval({x: [1.0, 2.0]})
    array([1., 2.])
    """

    name: str

    def __call__(self, condition: Any, *monitored_vars: Any) -> Any:
        """The monitored variables, to be used in place of what was given."""
        variables = [as_tensor_variable(one) for one in (condition, *monitored_vars)]
        return adopted(super().__call__(*variables))

    argument_names: ClassVar[tuple[str, ...]] = ("condition",)

    def out_types(self, condition: TensorType, *monitored: TensorType) -> tuple[TensorType, ...]:
        if condition.ndim:
            raise RankError(f"the condition of a breakpoint is a scalar, got {condition.ndim} dimensions")
        return tuple(type.with_value(None) for type in monitored)

    def perform(self, condition: Array, *given: Array) -> Any:
        found = self._seen(given) if condition else given
        return found if len(found) > 1 else found[0]

    def _seen(self, given: Sequence[Array]) -> Sequence[Array]:
        """What the debugger leaves."""
        monitored = [array.copy() for array in given]
        print(BANNER.format(self.name))
        pdb.set_trace()
        return tuple(np.asarray(array, dtype=old.dtype) for array, old in zip(monitored, given, strict=True))

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [None, *gradients]


__getattr__ = refuses("theano.tests.breakpoint", globals())

__all__ = ["PdbBreakpoint"]
