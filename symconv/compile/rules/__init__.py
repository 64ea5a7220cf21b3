"""The rules of each pass; with its modules the one part of the compiler that imports ops.

    algebra     elementwise functions, as equations
    reductions  sums, products and extremes of what was permuted, scaled, negated, stretched
    filled      elementwise use of filled tensors
    softmaxes   softmax and its logarithm, found where they are written out
    quotients   the divisions that log, softmax and sigmoid leave in gradients
    pooling     gradients of max pooling
    loops       the last state of a loop
    matrices    inverses, determinants and linear equations

The last three are imported once their ops are: until then no graph holds any, and these families take as long
to import as a network takes to compile.
"""

import sys
from importlib import import_module
from types import ModuleType

from symconv.compile.rewrite import AnyRule, Change
from symconv.compile.rules import algebra, filled, quotients, reductions, softmaxes
from symconv.graph.function_graph import FunctionGraph

GENERAL: tuple[ModuleType, ...] = (algebra, reductions, filled, softmaxes, quotients)
OF_FAMILIES = {
    "symconv.ops.pool": "pooling", "symconv.ops.scan": "loops", "symconv.ops.linalg": "matrices",
}  # fmt: skip


def rules_in_use(stage: str) -> tuple[AnyRule, ...]:
    """The rules of a pass ("canonical", "stable" or "specialised") for all ops that have been imported."""
    loaded = [name for family, name in OF_FAMILIES.items() if family in sys.modules]
    return _rules(stage, loaded)


def all_rules(stage: str) -> tuple[AnyRule, ...]:
    """The rules of a pass for all ops that there are."""
    return _rules(stage, list(OF_FAMILIES.values()))


def winners_kept(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """Of tensors that were pooled only the winners are kept, where that is enough: see ``pooling``."""
    if "symconv.ops.pool" not in sys.modules:
        return graph
    result: FunctionGraph = import_module(f"{__name__}.pooling").keep_winners(graph, log)
    return result


def softmax_scaled(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """What softmax is scaled by, it is scaled by on the way: see ``softmaxes``."""
    return softmaxes.scale_softmax(graph, log)


def _rules(stage: str, names: list[str]) -> tuple[AnyRule, ...]:
    modules = (*GENERAL, *(import_module(f"{__name__}.{name}") for name in names))
    return tuple(rule for module in modules for rule in getattr(module, stage.upper(), ()))
