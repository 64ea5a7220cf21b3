"""symconv: write tensor expressions, have them compiled to NumPy kernels that a person can read.

    import symconv as sc

    x = sc.tensor4("image")
    f = sc.function([x], sc.tanh(sc.conv2d(x, W) + b.dimshuffle("x", 0, "x", "x")))

This module holds the public names and nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symconv.config import Settings, config, settings
from symconv.errors import (
    ArgumentError,
    CheckError,
    CompileError,
    CoverError,
    DisconnectedInputError,
    DTypeError,
    FileError,
    GradientError,
    IndexingError,
    LinAlgError,
    MissingInputError,
    OptionError,
    RankError,
    RewriteError,
    RoomError,
    RuleCheckError,
    ShapeError,
    SymconvError,
    UndefinedGradientError,
    UnusedInputError,
)
from symconv.gradient import Lop, Rop, grad
from symconv.graph.clone import clone
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable, constant
from symconv.graph.op import NoGradient, Op, as_variable
from symconv.graph.shared import SharedVariable
from symconv.graph.types import TensorType
from symconv.ops import (
    axes,
    branch,
    count,
    create,
    cumulate,
    diagonals,
    elemwise_rows,
    from_graph,
    index,
    special,
)
from symconv.ops import cut as cuts
from symconv.ops import dot as products
from symconv.ops import fill as filled
from symconv.ops import join as joined
from symconv.ops import repeat as repeated
from symconv.ops import sort as order
from symconv.ops.along import add_along_axis
from symconv.ops.axes import *  # noqa: F403
from symconv.ops.branch import *  # noqa: F403
from symconv.ops.complex import angle, imag, real
from symconv.ops.conv import conv1d, conv2d, conv3d
from symconv.ops.count import *  # noqa: F403
from symconv.ops.create import *  # noqa: F403
from symconv.ops.cumulate import *  # noqa: F403
from symconv.ops.cut import *  # noqa: F403
from symconv.ops.diagonals import *  # noqa: F403
from symconv.ops.dot import *  # noqa: F403
from symconv.ops.elemwise_rows import *  # noqa: F403
from symconv.ops.fill import *  # noqa: F403
from symconv.ops.from_graph import *  # noqa: F403
from symconv.ops.index import *  # noqa: F403
from symconv.ops.join import *  # noqa: F403
from symconv.ops.reduce import all, any, argmax, argmin, max, max_and_argmax, mean, min, prod, std, sum, var
from symconv.ops.repeat import *  # noqa: F403
from symconv.ops.shape import (
    addbroadcast,
    flatten,
    patternbroadcast,
    ravel,
    reshape,
    shape,
    size_of,
    specify_shape,
    unbroadcast,
)
from symconv.ops.sort import *  # noqa: F403
from symconv.ops.special import *  # noqa: F403

if TYPE_CHECKING:  # the compiler is loaded when first used
    from symconv.compile.arguments import In, Out
    from symconv.compile.callable import Function
    from symconv.compile.function import function
    from symconv.compile.pipeline import PASSES
    from symconv.compile.rewrite import NodeRule, Rule
    from symconv.ops.contract import *  # noqa: F403

__version__ = "0.1.0"

_MODULES = {
    "symconv.compile.callable": "Function",
    "symconv.compile.arguments": "In Out",
    "symconv.compile.rewrite": "NodeRule Rule",
    "symconv.compile.pipeline": "PASSES",
    "symconv.compile.function": "function",
    "symconv.gradient.checking": "numeric_grad verify_grad",
    "symconv.gradient.matrices": "hessian jacobian",
    "symconv.gradient.parts": "subgraph_grad",
    "symconv.viz": "debugprint draw pp to_dot to_html to_networkx",
    "symconv.ops.scan": "foldl foldr map reduce scan until",
    "symconv.ops.pool": "max_pool_2d_same_size pool pool_1d pool_2d pool_3d",
    "symconv.ops.nn":
        "absolute_error batch_normalization batch_normalization_test batch_normalization_train "
        "binary_crossentropy categorical_crossentropy dropout elu gelu hard_sigmoid hard_swish hinge "
        "h_softmax huber isclose leaky_relu linear log_softmax logsoftmax logsumexp mish prelu relu selu "
        "sigmoid sigmoid_binary_crossentropy silu softmax softmax_crossentropy softplus softsign "
        "squared_error swish tanh ultra_fast_sigmoid",
    "symconv.ops.conv.combined": "causal_conv1d depthwise_conv separable_conv signal_conv2d",
    "symconv.ops.conv.transposed":
        "conv1d_transpose conv2d_transpose conv3d_transpose conv_grad_wrt_inputs conv_grad_wrt_weights "
        "conv_transpose",
    "symconv.ops.conv.unshared": "unshared_conv",
    "symconv.ops.conv.neighbours": "images2neibs neibs2images",
    "symconv.ops.conv.upsampling":
        "bilinear_kernel_1D bilinear_kernel_2D bilinear_upsampling frac_bilinear_upsampling",
    "symconv.ops.conv.sizes":
        "assert_conv_shape border_mode_to_pad check_conv_gradinputs_shape get_conv_gradinputs_shape "
        "get_conv_gradweights_shape get_conv_output_shape get_conv_shape_1axis",
    "symconv.ops.nn.response": "local_response_normalization lrn",
    "symconv.ops.grids": "indices meshgrid mgrid ogrid one_hot to_one_hot",
    "symconv.ops.contract": "batched_dot batched_tensordot inner kron outer tensordot vdot",
    "symconv.ops.einsum": "einsum",
    "symconv.ops.scipy_functions":
        "chi2sf erfcinv erfcx erfinv gamma gammaln i0 i1 iv j0 j1 jv polygamma psi tri_gamma",
}
"""What is loaded when first used, and from where: importing stays quick."""

_LATER = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "add_along_axis", "addbroadcast", "all", "angle", "any", "Apply", "argmax", "argmin", "ArgumentError",
    "as_variable", "CheckError", "RuleCheckError", "clone", "CompileError", "config", "Constant", "constant",
    "conv1d",
    "conv2d", "conv3d", "CoverError", "DisconnectedInputError", "DTypeError", "FileError", "flatten",
    "function", "Function", "FunctionGraph", "grad", "GradientError", "imag", "In", "IndexingError",
    "LinAlgError", "Lop", "max", "max_and_argmax", "mean", "min", "MissingInputError", "NodeRule",
    "NoGradient", "Op",
    "OptionError", "Out", "PASSES", "patternbroadcast", "prod", "RankError", "ravel", "real", "reshape",
    "RewriteError", "RoomError", "Rop", "Rule", "Settings", "settings", "shape", "ShapeError",
    "SharedVariable", "size_of", "specify_shape", "std", "sum", "SymconvError", "TensorType",
    "unbroadcast", "UndefinedGradientError", "UnusedInputError", "var", "Variable",
    *axes.__all__, *branch.__all__, *count.__all__, *create.__all__, *cumulate.__all__, *cuts.__all__,
    *diagonals.__all__, *elemwise_rows.__all__, *filled.__all__, *from_graph.__all__,
    *index.__all__, *joined.__all__, *order.__all__,
    *products.__all__, *repeated.__all__, *special.__all__,
    *(name for name, module in _LATER.items() if module != "symconv.viz"),
]  # fmt: skip

_FAMILIES = ("linalg", "random")
_PACKAGES = ("datasets", "io")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = globals()[name] = getattr(import_module(_LATER[name]), name)
        return value
    if name in _FAMILIES:
        return import_module(f"symconv.ops.{name}")
    if name in _PACKAGES:
        return import_module(f"symconv.{name}")
    raise AttributeError(f"module 'symconv' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *_LATER, *_FAMILIES, *_PACKAGES]
