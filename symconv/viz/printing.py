"""Expressions as text: one line of mathematics (pp), or a tree (debugprint); imports graph and ops' rows.

Both are iterative: an expression may be as deep as memory allows.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TextIO, overload

from symconv.errors import ArgumentError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.traverse import toposort
from symconv.ops.elemwise import Elemwise
from symconv.viz.escape import clean

LONGEST = 100_000  # characters: an expression repeats what it shares, and may grow without bound


def pp(variable: Variable) -> str:
    """An expression in one line: infix operators in parentheses, everything else as a call.

    What is shared is repeated. A subexpression too long to repeat is shown as ``...``.

    Parameters
    ----------
    variable : Variable

    Returns
    -------
    str

    Examples
    --------
    >>> import symconv as sc
    >>> x, W, b = sc.matrix("x"), sc.matrix("W"), sc.vector("b")
    >>> sc.pp(sc.tanh(sc.dot(x, W) + b))
    'tanh((dot(x, W) + b))'
    """
    if not isinstance(variable, Variable):
        raise ArgumentError(f"pp prints a symbolic variable, got {type(variable).__name__}")
    texts: dict[Variable, str] = {}
    for node in toposort([variable]):
        arguments = [texts.get(child, clean(str(child))) for child in node.inputs]
        text = _applied(node, arguments)
        text = text if len(text) <= LONGEST else "..."
        for output in node.outputs:
            texts[output] = text if len(node.outputs) == 1 else f"{text}.{output.index}"
    return texts.get(variable, clean(str(variable)))


def _applied(node: Apply, arguments: Sequence[str]) -> str:
    op = node.op
    if isinstance(op, Elemwise) and op.row.infix:
        if len(arguments) == 1:
            return f"({op.row.infix}{arguments[0]})"
        return f"({arguments[0]} {op.row.infix} {arguments[1]})"
    label = op.label if len(op.label) > 1 and op.label[1:2].isupper() else op.label[:1].lower() + op.label[1:]
    return f"{label}({', '.join([*arguments, *op.details])})"


@overload
def debugprint(what: Any, file: Literal["str"], depth: int = -1, print_type: bool = True) -> str: ...
@overload
def debugprint(
    what: Any, file: TextIO | None = None, depth: int = -1, print_type: bool = True
) -> None: ...
def debugprint(
    what: Any, file: TextIO | str | None = None, depth: int = -1, print_type: bool = True
) -> str | None:
    """Print an expression as a tree; what is shared is expanded once and then named by its identifier.

    Parameters
    ----------
    what : Variable, FunctionGraph, compiled function, or a sequence of these
    file : file object or "str", optional
        Where to print; "str" returns the text; by default standard output.
    depth : int
        How many levels to print; -1 for all.
    print_type : bool
        Whether to show dtypes and shapes.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.vector("x")
    >>> sc.debugprint(sc.tanh(x + 1))
    tanh [id A] float64[?]
     └ add [id B] float64[?]
       ├ x [id C] float64[?]
       └ 1.0 [id D] float64[]
    """
    roots = list(_roots(what))
    text = "\n".join(_tree(roots, depth, print_type))
    if file == "str":
        return text
    print(text, file=sys.stdout if file is None or isinstance(file, str) else file)
    return None


def _roots(what: Any) -> Iterator[Variable]:
    if isinstance(what, Variable):
        yield what
    elif isinstance(what, FunctionGraph):
        yield from what.results
    elif hasattr(what, "stages"):
        yield from what.stages["fused"].results
    elif isinstance(what, Iterable) and not isinstance(what, str | bytes):
        for item in what:
            yield from _roots(item)
    else:
        raise ArgumentError(
            f"a {type(what).__name__} cannot be printed as a tree",
            hint="pass a symbolic variable, a graph, or a compiled function",
        )


def _tree(roots: Sequence[Variable], depth: int, print_type: bool) -> Iterator[str]:
    letters: dict[object, str] = {}
    stack: list[tuple[Variable, str, str, int]] = [(root, "", "", 0) for root in reversed(roots)]
    while stack:
        variable, lead, indent, level = stack.pop()
        node = variable.owner
        key: object = node if node is not None else variable
        seen = key in letters
        letter = letters.setdefault(key, _letters(len(letters)))
        name = f" '{clean(variable.name)}'" if node is not None and variable.name else ""
        label = clean(str(node.op) if node is not None else str(variable))
        output = f".{variable.index}" if node is not None and len(node.outputs) > 1 else ""
        type_text = f" {variable.type}" if print_type else ""
        yield f"{lead}{label}{output} [id {letter}]{type_text}{name}"
        if node is None or seen or (depth >= 0 and level + 1 >= depth):
            continue
        for position, child in reversed(list(enumerate(node.inputs))):
            last = position == len(node.inputs) - 1
            below = indent + ("   " if last else " │ ")
            stack.append((child, f"{indent} {'└' if last else '├'} ", below, level + 1))


def _letters(number: int) -> str:
    """A, B, ..., Z, BA, BB, ...: numbers written in letters."""
    text = ""
    while True:
        number, digit = divmod(number, 26)
        text = chr(65 + digit) + text
        if number == 0:
            return text
