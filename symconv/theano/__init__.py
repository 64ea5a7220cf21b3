"""Theano's names for symconv: ``install()`` makes ``import theano`` find them; imports anything but the cli.

    import symconv.theano
    symconv.theano.install()
    import theano                       # this package
    from theano import tensor as T

Names and the translation of arguments only: what an expression means stands in ``symconv``. A name that is
not here yet raises ``AttributeError`` and says so.
"""

import logging
import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from symconv.errors import ArgumentError
from symconv.graph.nodes import Variable
from symconv.theano import (
    compat,
    compile,
    configparser,
    gof,
    gpuarray,
    gradient,
    ifelse,
    misc,
    printing,
    sandbox,
    scalar,
    scan_module,
    tensor,
    tests,
    updates,
    version,
)
from symconv.theano._as_op import as_op
from symconv.theano._from_graph import OpFromGraph
from symconv.theano._names import refuses
from symconv.theano.compile import (
    FunctionMaker,
    In,
    Mode,
    Out,
    Param,
    ProfileStats,
    SymbolicInput,
    SymbolicOutput,
    clone,
    function,
    shared,
)
from symconv.theano.configuration import change_flags, config
from symconv.theano.gof import (
    Apply,
    Constant,
    Container,
    FunctionGraph,
    Generic,
    InconsistencyError,
    Op,
    Type,
    generic,
    object2,
    utils,
)
from symconv.theano.gradient import Lop, Rop, grad, subgraph_grad
from symconv.theano.printing import pp, pprint
from symconv.theano.scan_module import OrderedUpdates, foldl, foldr, map, reduce, scan
from symconv.theano.tensor import dot, get_scalar_constant_value

theano_logger = logging.getLogger("theano")

__version__ = "1.0.5"  # the Theano whose names these are: scripts compare it

MODULES = (
    "compile",
    "compile.builders",
    "compile.debugmode",
    "compile.function_module",
    "compile.io",
    "compile.mode",
    "compile.monitormode",
    "compile.nanguardmode",
    "compile.ops",
    "compile.pfunc",
    "compile.profiling",
    "compile.sharedvalue",
    "compat",
    "configparser",
    "d3viz",
    "d3viz.formatting",
    "gof",
    "gof.fg",
    "gof.graph",
    "gof.null_type",
    "gof.op",
    "gof.opt",
    "gof.type",
    "gof.utils",
    "gpuarray",
    "gpuarray.dnn",
    "gradient",
    "ifelse",
    "misc",
    "printing",
    "sandbox",
    "sandbox.linalg",
    "sandbox.linalg.ops",
    "sandbox.rng_mrg",
    "sandbox.softsign",
    "scalar",
    "scalar.basic",
    "scalar.basic_scipy",
    "scan_module",
    "scan_module.scan_utils",
    "sparse",
    "sparse.basic",
    "tensor",
    "tensor.basic",
    "tensor.elemwise",
    "tensor.extra_ops",
    "tensor.nlinalg",
    "tensor.nnet",
    "tensor.nnet.abstract_conv",
    "tensor.nnet.bn",
    "tensor.nnet.conv",
    "tensor.nnet.conv3d2d",
    "tensor.nnet.corr",
    "tensor.nnet.corr3d",
    "tensor.nnet.neighbours",
    "tensor.nnet.nnet",
    "tensor.nnet.sigm",
    "tensor.opt",
    "tensor.shared_randomstreams",
    "tensor.sharedvar",
    "tensor.signal",
    "tensor.signal.conv",
    "tensor.signal.downsample",
    "tensor.signal.pool",
    "tensor.slinalg",
    "tensor.sort",
    "tensor.subtensor",
    "tensor.type",
    "tensor.utils",
    "tensor.var",
    "tensor.xlogx",
    "tests",
    "tests.breakpoint",
    "tests.unittest_tools",
    "updates",
    "version",
)
"""What scripts can import below ``theano``."""


def sparse_grad(var: Variable) -> Variable:
    """The variable itself: gradients of what is indexed are dense here."""
    return var


def install() -> None:
    """Make ``import theano`` and its submodules find this package, in this process.

    A second call changes nothing.

    Raises
    ------
    ArgumentError
        Where the process has already imported another ``theano``.

    Examples
    --------
    >>> install()
    >>> from theano.tensor.nnet import conv2d
    >>> conv2d.__module__
    'symconv.theano.tensor.nnet'
    """
    own = sys.modules[__name__]
    present: Any = sys.modules.get("theano", own)
    if present is not own:
        raise ArgumentError(
            "another theano is already imported in this process",
            arguments=[("theano", getattr(present, "__file__", None) or repr(present))],
            hint="call symconv.theano.install() before anything imports theano",
        )
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    sys.modules["theano"] = own
    for name in MODULES:  # those that are loaded: an import would hide what a package calls by their name
        if f"{__name__}.{name}" in sys.modules:
            sys.modules[f"theano.{name}"] = sys.modules[f"{__name__}.{name}"]


class _Finder(MetaPathFinder, Loader):
    """Finds ``theano.x`` as the module here that is called x, when a program first imports it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        installed = sys.modules.get("theano") is sys.modules[__name__]
        if installed and name.removeprefix("theano.") in MODULES:
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(f"{__name__}.{spec.name.removeprefix('theano.')}")
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It has been executed under its own name, which it keeps."""
        module.__spec__ = self._own


theano = sys.modules[__name__]  # programs write: from theano import theano

__getattr__ = refuses("theano", globals())

__all__ = [
    "Apply", "Constant", "Container", "FunctionGraph", "FunctionMaker", "Generic", "In",
    "InconsistencyError", "Lop", "Mode", "Op", "OpFromGraph", "OrderedUpdates", "Out", "Param",
    "ProfileStats", "Rop", "SymbolicInput", "SymbolicOutput", "Type", "Variable", "as_op", "change_flags",
    "clone", "compat", "compile", "config", "configparser", "dot", "foldl", "foldr", "function", "generic",
    "get_scalar_constant_value", "gof", "gpuarray", "grad", "gradient", "ifelse", "install", "map", "misc",
    "object2", "pp", "pprint", "printing", "reduce", "sandbox", "scalar", "scan", "scan_module", "shared",
    "sparse_grad", "subgraph_grad", "tensor", "tests", "theano_logger", "updates", "utils", "version",
]  # fmt: skip
