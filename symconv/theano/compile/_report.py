"""What a failing call tells: the apply, what went in, where it was written; imports symconv."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from symconv.errors import SymconvError
from symconv.graph.meaning import interpret
from symconv.graph.nodes import Apply
from symconv.graph.types import Array
from symconv.theano._print.tree import debugprint
from symconv.theano.configuration import config

LONGEST = 2.0  # seconds to look for the apply
LARGEST = 5  # elements: a longer value is not shown
HINT = (
    "HINT: Use the Theano flag 'exception_verbosity=high' for a debugprint and storage map footprint of "
    "this apply node."
)


class TooLong(BaseException):
    """The apply is not found in time; no error of a program, so that no op catches it."""


def reported(function: Any, arguments: Sequence[Any], error: Exception) -> Exception:
    """The error of a call, with the apply that raised it and what went into that.

    The graph is interpreted once more to find the apply. Where that does not fail, or takes too long, the
    error stays as it is.
    """
    found: list[tuple[Apply, Sequence[Array]]] = []
    started = perf_counter()

    def before(node: Apply, inputs: Sequence[Array]) -> None:
        if perf_counter() - started > LONGEST:
            raise TooLong
        found[:] = [(node, inputs)]

    try:
        fitted = function._fitted(arguments)
    except Exception:
        return error  # the arguments are wrong: nothing ran
    try:
        interpret(function.graph, fitted, None, before)
    except TooLong:
        return error
    except Exception:
        node, inputs = found[0]
        return _with(error, report(function, node, inputs))
    return error


def report(function: Any, node: Apply, inputs: Sequence[Array]) -> str:
    """The text: op, place, types, shapes, strides, small values, readers, the line, and what helps."""
    graph = function.graph
    readers = [
        [repr(user) for user in graph.clients.get(output, ())] + ["output"] * graph.results.count(output)
        for output in node.outputs
    ]
    high = config.exception_verbosity == "high"
    values = [
        array if array.size <= LARGEST or (high and array.size <= 100) else "not shown" for array in inputs
    ]
    lines = [
        f"Apply node that caused the error: {written_apply(node)}",
        f"Toposort index: {graph.nodes.index(node)}",
        f"Inputs types: {[variable.type for variable in node.inputs]}",
        f"Inputs shapes: {[array.shape for array in inputs]}",
        f"Inputs strides: {[array.strides for array in inputs]}",
        f"Inputs values: {values}",
        f"Outputs clients: {readers}",
        "",
    ]
    if node.origin is None:
        lines.append("HINT: The line where this node was written is not known.")
    else:
        lines.append("Backtrace when the node is created:")
        lines.append(f'  File "{node.origin.file}", line {node.origin.line}, in {node.origin.function}')
    if high:
        lines += ["", "Debugprint of the apply node:", debugprint(node, file="str", print_type=True).rstrip()]
        lines += ["", "Storage map footprint:"]
        for variable, array in zip(node.inputs, inputs, strict=True):
            lines.append(f" - {variable}, Shape: {array.shape}, ElemSize: {array.itemsize} Byte(s), "
                         f"TotalSize: {array.nbytes} Byte(s)")  # fmt: skip
    return "\n".join([*lines, "", HINT])


def written_apply(node: Apply) -> str:
    """An apply as Theano writes it: ``dot(x, W)``."""
    text = str(node.outputs[0]) if node.outputs[0].name is None else ""
    op = text.rpartition(".")[0] or str(node.op)
    return f"{op}({', '.join(map(str, node.inputs))})"


def _with(error: Exception, text: str) -> Exception:
    """An error of the same type that says more."""
    if isinstance(error, SymconvError):
        more = type(error)(f"{error}\n{text}")
    else:
        try:
            more = type(error)(f"{error}\n{text}")  # type: ignore[assignment]
        except Exception:  # a class that cannot be made of a text
            error.add_note(text)
            return error
    vars(more).update(
        {k: v for k, v in vars(error).items() if k not in ("what", "arguments", "where", "hint")}
    )
    return more.with_traceback(error.__traceback__)
