"""symconv: write tensor expressions, have them compiled to NumPy kernels that a person can read.

    import symconv as sc

    x = sc.tensor4("image")
    f = sc.function([x], sc.tanh(sc.conv2d(x, W) + b.dimshuffle("x", 0, "x", "x")))

This module holds the public names and nothing else.
"""

from importlib import import_module
from typing import Any

from symconv.compile.arguments import In, Out
from symconv.compile.callable import Function
from symconv.compile.function import function
from symconv.compile.pipeline import PASSES
from symconv.compile.rewrite import NodeRule, Rule
from symconv.config import Settings, config, settings
from symconv.errors import (
    ArgumentError,
    CheckError,
    CompileError,
    DisconnectedInputError,
    DTypeError,
    FileError,
    GradientError,
    MissingInputError,
    OptionError,
    RankError,
    RewriteError,
    ShapeError,
    SymconvError,
    UnusedInputError,
)
from symconv.gradient import Lop, Rop, grad, verify_grad
from symconv.graph.clone import clone
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, SharedVariable, Variable, constant
from symconv.graph.op import Op, as_variable
from symconv.graph.types import TensorType
from symconv.ops import branch, create, elemwise_rows, fill, from_graph, index, join, nn
from symconv.ops import scan as loops
from symconv.ops import sort as order
from symconv.ops.branch import *  # noqa: F403
from symconv.ops.complex import angle, imag, real
from symconv.ops.conv import conv1d, conv2d, conv3d
from symconv.ops.create import *  # noqa: F403
from symconv.ops.cut import disconnected_grad
from symconv.ops.dot import dot, matmul
from symconv.ops.elemwise_rows import *  # noqa: F403
from symconv.ops.fill import *  # noqa: F403
from symconv.ops.from_graph import *  # noqa: F403
from symconv.ops.index import *  # noqa: F403
from symconv.ops.join import *  # noqa: F403
from symconv.ops.nn import *  # noqa: F403
from symconv.ops.reduce import all, any, argmax, argmin, max, mean, min, prod, std, sum, var
from symconv.ops.scan import *  # noqa: F403
from symconv.ops.shape import (
    addbroadcast,
    dimshuffle,
    expand_dims,
    flatten,
    reshape,
    shape,
    shape_padaxis,
    shape_padleft,
    shape_padright,
    size_of,
    specify_shape,
    squeeze,
    swapaxes,
    transpose,
)
from symconv.ops.sort import *  # noqa: F403

__version__ = "0.1.0"

__all__ = [
    "addbroadcast", "all", "angle", "any", "Apply", "argmax", "argmin", "ArgumentError", "as_variable",
    "CheckError", "clone", "CompileError", "config", "Constant", "constant", "conv1d", "conv2d", "conv3d",
    "dimshuffle", "disconnected_grad", "DisconnectedInputError", "dot", "DTypeError", "expand_dims",
    "FileError", "flatten", "Function", "function", "FunctionGraph", "grad", "GradientError", "imag",
    "In", "Lop", "matmul", "max", "mean", "min", "MissingInputError", "NodeRule", "Op", "OptionError", "Out",
    "PASSES", "prod", "RankError", "real", "reshape", "RewriteError", "Rop", "Rule", "Settings",
    "settings", "shape", "shape_padaxis", "shape_padleft", "shape_padright", "ShapeError",
    "SharedVariable", "size_of", "specify_shape", "squeeze", "std", "sum", "swapaxes", "SymconvError",
    "TensorType", "transpose", "UnusedInputError", "var", "Variable", "verify_grad",
    *branch.__all__, *create.__all__, *elemwise_rows.__all__, *fill.__all__, *from_graph.__all__,
    *index.__all__, *join.__all__, *nn.__all__, *loops.__all__, *order.__all__,
]  # fmt: skip

_FAMILIES = ("linalg", "random")
_DRAWING = ("debugprint", "draw", "pp", "to_dot", "to_html", "to_networkx")


def __getattr__(name: str) -> Any:
    # Drawing and the families of names of their own are loaded when first used: importing stays quick.
    if name in _DRAWING:
        from symconv import viz

        return getattr(viz, name)
    if name in _FAMILIES:
        return import_module(f"symconv.ops.{name}")
    raise AttributeError(f"module 'symconv' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *_DRAWING, *_FAMILIES]
