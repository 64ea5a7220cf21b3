"""The checks behind the modes: compiled against interpreted, values against NaN; imports its neighbours."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from symconv.compile.blocks import Machine
from symconv.compile.plan import Plan
from symconv.compile.rewrite import short
from symconv.config import current
from symconv.errors import CheckError, RuleCheckError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import interpret
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.types import Array, TensorType

if TYPE_CHECKING:
    from symconv.compile.callable import Function


class Watcher(NamedTuple):
    """What sees every apply of a call: the call is then interpreted, apply by apply.

    Attributes
    ----------
    before, after : callable or None
        Called with an apply and its inputs, and with an apply and its results.
    """

    before: Callable[[Apply, Sequence[Array]], None] | None = None
    after: Callable[[Apply, Sequence[Array]], None] | None = None


def close(first: Array, second: Array) -> bool:
    """Whether two results agree up to the rounding of their dtype; NaN equals NaN."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.dtype.kind not in "fc":
        return bool(np.array_equal(first, second))
    tolerance = float(np.finfo(first.dtype).eps) ** 0.5 * 4
    with np.errstate(all="ignore"):
        finite = np.isfinite(second)
        scale = float(np.max(np.abs(second[finite]), initial=0.0))
        return bool(np.allclose(first, second, rtol=tolerance, atol=tolerance * scale, equal_nan=True))


def compare(
    function: "Function", arguments: Sequence[Array], meant: Sequence[Array], results: Sequence[Array]
) -> None:
    """Hold compiled results against interpreted ones; the error names the first kernel that is wrong.

    Raises
    ------
    CheckError
        Where they differ.
    """
    wrong = [i for i, (a, b) in enumerate(zip(results, meant, strict=True)) if not close(a, b)]
    if not wrong:
        return
    node = _guilty(function.stages["fused"], arguments)
    kernel = short(node.outputs[0], 6) if node else "none alone: a rewriting rule is wrong"
    raise (CheckError if node else RuleCheckError)(
        f"compiled and interpreted results differ in output {wrong[0]} of {function.name}",
        arguments=[("kernel", kernel)],
        where=node.origin if node else function.origin,
        hint="this is a defect of symconv",
    )


def _guilty(graph: FunctionGraph, arguments: Sequence[Array]) -> Apply | None:
    """The first node whose kernel differs from its meaning, on the values that reach it."""
    found: list[Apply] = []
    values: dict[Variable, Array] = dict(zip(graph.inputs, arguments, strict=True))
    for variable in graph.shared:
        values[variable] = variable.container.value
    settings = current()
    machine = Machine(
        settings.tile_bytes, settings.thread_count, settings.scratch_bytes, settings.conv_algorithm
    )

    def watch(node: Apply, results: Sequence[Array]) -> None:
        values.update(zip(node.outputs, results, strict=True))
        if found:
            return
        inputs = tuple(dict.fromkeys(v for v in node.inputs if not isinstance(v, Constant)))
        stand_ins = {variable: Variable(variable.type, variable.name) for variable in inputs}
        copy = Apply(
            node.op,
            tuple(stand_ins.get(variable, variable) for variable in node.inputs),
            tuple(output.type for output in node.outputs),
            node.origin,
        )
        alone = FunctionGraph(tuple(stand_ins.values()), copy.outputs)
        types = [TensorType(variable.dtype, values[variable].shape) for variable in inputs]
        with np.errstate(all="ignore"):
            plan = Plan(alone, alone.inputs, types, machine, "one kernel")
            computed = plan([values[variable] for variable in inputs])
        if not all(close(a, b) for a, b in zip(computed, results, strict=True)):
            found.append(node)

    interpret(graph, arguments, watch)
    return found[0] if found else None


def check_finite(node: Apply, results: Sequence[Array]) -> None:
    """Raise where a node gives NaN or infinity.

    Raises
    ------
    CheckError
        Naming the op, the user's line, how many and the first index.
    """
    for result in results:
        if result.dtype.kind not in "fc":
            continue
        bad = ~np.isfinite(result)
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            raise CheckError(
                f"{node.op} gives {int(bad.sum())} of {bad.size} values that are NaN or infinite, "
                f"the first is {result[first]} at {first}",
                arguments=node.op.describe(node.inputs),
                where=node.origin,
                hint="look at the values that go in: variable.eval({...})",
            )
