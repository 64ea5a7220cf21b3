"""``theano.compile``: functions, modes, profiles, shared variables; imports symconv."""

from symconv.errors import UnusedInputError
from symconv.graph.nodes import Variable
from symconv.graph.shared import SharedVariable
from symconv.theano._as_op import FromFunctionOp, as_op
from symconv.theano._from_graph import OpFromGraph
from symconv.theano._names import refuses
from symconv.theano.compile import (
    builders,
    debugmode,
    function_module,
    io,
    mode,
    monitormode,
    nanguardmode,
    ops,
    pfunc,
    profiling,
    sharedvalue,
)
from symconv.theano.compile.debugmode import DebugMode
from symconv.theano.compile.function_module import (
    Function,
    FunctionMaker,
    alias_root,
    orig_function,
)
from symconv.theano.compile.io import In, Out, SymbolicInput, SymbolicOutput
from symconv.theano.compile.mode import (
    FAST_COMPILE,
    FAST_RUN,
    Mode,
    get_default_mode,
    get_mode,
    predefined_linkers,
    predefined_modes,
    predefined_optimizers,
    register_mode,
)
from symconv.theano.compile.monitormode import MonitorMode
from symconv.theano.compile.nanguardmode import NanGuardMode
from symconv.theano.compile.ops import (
    DeepCopyOp,
    Shape,
    Shape_i,
    SpecifyShape,
    ViewOp,
    deep_copy_op,
    shape,
    specify_shape,
    view_op,
)
from symconv.theano.compile.pfunc import Param, clone, function, rebuild_collect_shared
from symconv.theano.compile.profiling import ProfileStats, ScanProfileStats
from symconv.theano.compile.sharedvalue import shared, shared_constructor
from symconv.theano.configuration import config
from symconv.theano.gof.graph import is_same_graph
from symconv.theano.gof.null_type import DisconnectedType, NullType

__getattr__ = refuses("theano.compile", globals())

__all__ = [
    "DebugMode", "DeepCopyOp", "DisconnectedType", "FAST_COMPILE", "FAST_RUN", "FromFunctionOp", "Function",
    "FunctionMaker", "In", "Mode", "MonitorMode", "NanGuardMode", "NullType", "OpFromGraph", "Out", "Param",
    "ProfileStats", "ScanProfileStats", "Shape", "Shape_i", "SharedVariable", "SpecifyShape",
    "SymbolicInput", "SymbolicOutput", "UnusedInputError", "Variable", "ViewOp", "alias_root", "as_op",
    "builders", "clone", "config", "debugmode", "deep_copy_op", "function", "function_module",
    "get_default_mode", "get_mode", "io", "is_same_graph", "mode", "monitormode", "nanguardmode", "ops",
    "orig_function", "pfunc", "predefined_linkers", "predefined_modes", "predefined_optimizers",
    "profiling", "rebuild_collect_shared", "register_mode", "shape", "shared", "shared_constructor",
    "sharedvalue", "specify_shape", "view_op",
]  # fmt: skip
