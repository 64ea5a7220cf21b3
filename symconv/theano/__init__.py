"""Theano's names for symconv: ``install()`` makes ``import theano`` find them; imports anything but the cli.

    import symconv.theano
    symconv.theano.install()
    import theano                       # this package
    from theano import tensor as T

Names and the translation of arguments only: what an expression means stands in ``symconv``. A name that is
not here yet raises ``AttributeError`` and says so.
"""

import sys
from importlib import import_module
from typing import Any

from symconv.errors import ArgumentError
from symconv.graph.nodes import Variable
from symconv.theano import (
    compile,
    configparser,
    gof,
    gpuarray,
    gradient,
    ifelse,
    printing,
    sandbox,
    scalar,
    scan_module,
    tensor,
)
from symconv.theano._as_op import as_op
from symconv.theano._from_graph import OpFromGraph
from symconv.theano._names import refuses
from symconv.theano.compile import In, Mode, Out, Param, clone, function, shared
from symconv.theano.configuration import change_flags, config
from symconv.theano.gof import Apply, Constant, FunctionGraph, Op, Type
from symconv.theano.gradient import Lop, Rop, grad, subgraph_grad
from symconv.theano.printing import pp
from symconv.theano.scan_module import foldl, foldr, map, reduce, scan

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
    "configparser",
    "d3viz",
    "d3viz.formatting",
    "gof",
    "gof.graph",
    "gof.null_type",
    "gof.op",
    "gpuarray",
    "gpuarray.dnn",
    "gradient",
    "ifelse",
    "printing",
    "sandbox",
    "sandbox.linalg",
    "sandbox.linalg.ops",
    "sandbox.rng_mrg",
    "sandbox.softsign",
    "scalar",
    "scan_module",
    "scan_module.scan_utils",
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
    "tensor.shared_randomstreams",
    "tensor.sharedvar",
    "tensor.signal",
    "tensor.signal.conv",
    "tensor.signal.downsample",
    "tensor.signal.pool",
    "tensor.slinalg",
    "tensor.xlogx",
)
"""What scripts can import below ``theano``."""


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
    sys.modules["theano"] = own
    for name in MODULES:
        sys.modules[f"theano.{name}"] = import_module(f"{__name__}.{name}")


__getattr__ = refuses("theano", globals())

__all__ = [
    "Apply", "Constant", "FunctionGraph", "In", "Lop", "Mode", "Op", "OpFromGraph", "Out", "Param", "Rop",
    "Type", "Variable", "as_op", "change_flags", "clone", "compile", "config", "configparser", "foldl",
    "foldr", "function", "gof", "gpuarray", "grad", "gradient", "ifelse", "install", "map", "pp",
    "printing", "reduce", "sandbox", "scalar", "scan", "scan_module", "shared", "subgraph_grad", "tensor",
]  # fmt: skip
