"""The passes, in their order, in one tuple; and the stages that they lead through; imports its neighbours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from symconv.compile import rules
from symconv.compile.expand import expand
from symconv.compile.fuse import fuse
from symconv.compile.measure import measured_at_the_source
from symconv.compile.rewrite import AnyRule, Change, Driver
from symconv.compile.unite import unite
from symconv.graph.function_graph import FunctionGraph

Transformation = Callable[[FunctionGraph, list[Change]], FunctionGraph]


class Pass(NamedTuple):
    """One step from graph to graph.

    Attributes
    ----------
    name : str
        What the graph is called after it.
    purpose : str
        One sentence.
    run : callable
        The transformation; it enters what it changed in the log.
    """

    name: str
    purpose: str
    run: Transformation


def rewriting(name: str, given: Sequence[AnyRule] | None = None) -> Transformation:
    """The transformation that uses rules until none applies: those of the pass, if none are given."""

    def run(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
        return Driver(name, rules.rules_in_use(name) if given is None else given, log)(graph)

    return run


def canonical(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """Ops that are made of others written out; rewriting; then loops do no more than is read of them."""
    return unite(Driver("canonical", rules.rules_in_use("canonical"), log)(expand(graph, log)), log)


def specialised(graph: FunctionGraph, log: list[Change]) -> FunctionGraph:
    """Rewriting; then what only a look at all readers of a tensor decides.

    Sizes are asked of the tensors that are there anyway; of tensors that were pooled only the winners are
    kept, where that is enough; what softmax is scaled by, it is scaled by on the way.
    """
    rewritten = Driver("specialised", rules.rules_in_use("specialised"), log)(graph)
    kept = rules.winners_kept(measured_at_the_source(rewritten), log)
    return rules.softmax_scaled(kept, log)


PASSES: tuple[Pass, ...] = (
    Pass(
        "canonical",
        "one form for expressions that mean the same; constants computed; nothing computed twice",
        canonical,
    ),
    Pass(
        "stable",
        "forms that lose digits or overflow replaced by ones that do not",
        rewriting("stable"),
    ),
    Pass(
        "specialised",
        "forms that cost less on this machine",
        specialised,
    ),
    Pass(
        "fused",
        "regions become kernels: one apply, one kernel",
        lambda graph, log: fuse(graph),
    ),
)


@dataclass(frozen=True)
class Stages:
    """What became of a graph.

    Attributes
    ----------
    graphs : dict
        The graph after each pass, by name, from "built" on.
    log : tuple of Change
        Every use of a rule, in order.
    seconds : dict
        How long each pass took.
    """

    graphs: dict[str, FunctionGraph]
    log: tuple[Change, ...]
    seconds: dict[str, float]

    @property
    def fused(self) -> FunctionGraph:
        """The last graph."""
        return next(reversed(self.graphs.values()))


def compile_graph(graph: FunctionGraph, passes: Sequence[Pass] = PASSES) -> Stages:
    """Take a graph through the passes."""
    graphs = {"built": graph}
    log: list[Change] = []
    seconds: dict[str, float] = {}
    for step in passes:
        started = perf_counter()
        graph = step.run(graph, log)
        seconds[step.name] = perf_counter() - started
        graphs[step.name] = graph
    return Stages(graphs, tuple(log), seconds)
