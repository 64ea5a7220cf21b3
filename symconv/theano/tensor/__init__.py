"""``theano.tensor``: what expressions are written with; imports symconv and the modules below it."""

from symconv.graph.nodes import Constant, Variable
from symconv.theano import gradient
from symconv.theano._names import refuses
from symconv.theano._operands import AsTensorError, as_tensor_variable
from symconv.theano.gof.op import Apply, Op
from symconv.theano.gradient import *  # noqa: F403
from symconv.theano.tensor import (
    _classes,
    _more,
    basic,
    elemwise,
    extra_ops,
    nlinalg,
    nnet,
    sharedvar,
    slinalg,
    xlogx,
)
from symconv.theano.tensor._more import *  # noqa: F403
from symconv.theano.tensor.basic import *  # noqa: F403
from symconv.theano.tensor.elemwise import *  # noqa: F403
from symconv.theano.tensor.sort import ArgSortOp, SortOp
from symconv.theano.tensor.var import TensorConstant, TensorSharedVariable, TensorVariable

sort, var = basic.sort, basic.var  # modules of these names do not hide the functions
globals().update({name: getattr(_classes, name) for name in _classes.NAMES})
_ALIASES = {
    "square": "sqr", "abs": "abs_", "sgn": "sgn", "floor_div": "int_div", "conjugate": "conj",
    "bitwise_and": "and_", "bitwise_or": "or_", "bitwise_xor": "xor", "bitwise_not": "invert",
    "largest": "maximum", "smallest": "minimum", "as_tensor": "as_tensor_variable",
}  # fmt: skip
globals().update({name: globals()[known] for name, known in _ALIASES.items() if known in globals()})

__getattr__ = refuses("theano.tensor", globals())

__all__ = [
    *_classes.NAMES,
    *_more.__all__, *basic.__all__, *elemwise.__all__, *(name for name in _ALIASES if name in globals()),
    *gradient.__all__, "Apply", "ArgSortOp", "AsTensorError", "Constant", "Op", "SortOp", "TensorConstant",
    "TensorSharedVariable", "TensorVariable", "Variable", "as_tensor_variable", "basic", "elemwise",
    "extra_ops", "nlinalg", "nnet", "sharedvar", "slinalg", "xlogx",
]  # fmt: skip
