"""The rules of each pass; with its modules the one part of the compiler that imports ops.

    algebra     elementwise functions, as equations
    reductions  sums, products and extremes of what was permuted, scaled, negated, stretched
    filled      elementwise use of filled tensors
    quotients   log, softmax and sigmoid, and what they leave in gradients
    loops       the last state of a loop
    matrices    inverses, determinants and linear equations

The last two are imported once their ops are: until then no graph holds any, and these families take as long
to import as a network takes to compile.
"""

import sys
from importlib import import_module
from types import ModuleType

from symconv.compile.rewrite import AnyRule
from symconv.compile.rules import algebra, filled, quotients, reductions

GENERAL: tuple[ModuleType, ...] = (algebra, reductions, filled, quotients)
OF_FAMILIES = {"symconv.ops.scan": "loops", "symconv.ops.linalg": "matrices"}


def rules_in_use(stage: str) -> tuple[AnyRule, ...]:
    """The rules of a pass ("canonical", "stable" or "specialised") for all ops that have been imported."""
    loaded = [name for family, name in OF_FAMILIES.items() if family in sys.modules]
    return _rules(stage, loaded)


def all_rules(stage: str) -> tuple[AnyRule, ...]:
    """The rules of a pass for all ops that there are."""
    return _rules(stage, list(OF_FAMILIES.values()))


def _rules(stage: str, names: list[str]) -> tuple[AnyRule, ...]:
    modules = (*GENERAL, *(import_module(f"{__name__}.{name}") for name in names))
    return tuple(rule for module in modules for rule in getattr(module, stage.upper(), ()))
