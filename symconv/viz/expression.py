"""Expressions as text: a formula, or a tree of applies; imports symconv.graph and the escapes.

    formula = { "%" number " = " term newline } term   a line for each part that is long or used twice
    tree    = one line an apply, its arguments below it, indented; what was printed before is not repeated
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TextIO

from symconv.errors import ArgumentError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.graph.traverse import toposort
from symconv.viz.escape import clean

LONGEST = 1000
"""Characters of a part that stays within its line."""


def pp(expression: Variable) -> str:
    """An expression as a formula, every operator in parentheses.

    A part that is long or used twice has a line of its own, so that the text grows only as the graph.

    Parameters
    ----------
    expression : Variable

    Returns
    -------
    str

    Raises
    ------
    ArgumentError
        For what is no expression.

    Examples
    --------
    >>> import symconv as sc
    >>> x, y = sc.vectors("x", "y")
    >>> pp(sc.tanh(x + y) * 2)
    '(tanh((x + y)) * 2.0)'
    >>> z = sc.exp(x)
    >>> print(pp(z / (z + 1)))
    %1 = exp(x)
    (%1 / (%1 + 1.0))
    """
    if not isinstance(expression, Variable):
        raise ArgumentError(
            f"pp prints a symbolic expression, got {type(expression).__name__}",
            hint="debugprint prints functions and lists of expressions",
        )
    nodes = toposort([expression])
    uses = Counter(variable for node in nodes for variable in node.inputs)
    texts: dict[Variable, str] = {}
    lines: list[str] = []

    def text_of(variable: Variable) -> str:
        return texts[variable] if variable in texts else clean(str(variable))

    for node in nodes:
        term = _term(node, [text_of(variable) for variable in node.inputs])
        for output in node.outputs:
            part = term if len(node.outputs) == 1 else f"{term}[{output.index}]"
            if uses[output] > 1 or len(part) > LONGEST:
                lines.append(f"%{len(lines) + 1} = {part}")
                part = f"%{len(lines)}"
            texts[output] = part
    return "\n".join([*lines, text_of(expression)])


def _term(node: Apply, arguments: Sequence[str]) -> str:
    sign = node.op.infix
    if sign and len(arguments) == 2:
        return f"({arguments[0]} {sign} {arguments[1]})"
    if sign and len(arguments) == 1:
        return f"({sign}{arguments[0]})"
    return clean(f"{node.op}({', '.join(arguments)})")


def debugprint(
    what: Any, file: TextIO | Literal["str"] | None = None, stage: str | None = None
) -> str | None:
    """Print an expression as a tree: each apply with its type and the line that it was written on.

    Parameters
    ----------
    what : Variable, sequence of Variable, FunctionGraph or compiled function
    file : text file, or "str", optional
        Where to; by default standard output. "str" returns the text instead.
    stage : str, optional
        Of a function: which stage, for instance "built"; by default "fused".

    Returns
    -------
    str or None

    Examples
    --------
    >>> import symconv as sc
    >>> debugprint([sc.vector("x"), sc.constant(1)])
    x float64[?]
    1 int64[]
    """
    lines = list(_tree(_results(what, stage)))
    if isinstance(file, str):
        return "\n".join(lines)
    print(*lines, sep="\n", file=sys.stdout if file is None else file)
    return None


def _results(what: Any, stage: str | None) -> Sequence[Variable]:
    if hasattr(what, "stages"):
        what = what.stages[stage or "fused"]
    if isinstance(what, FunctionGraph):
        return what.results
    results = [what] if isinstance(what, Variable) else what
    if not isinstance(results, list | tuple) or not all(isinstance(result, Variable) for result in results):
        raise ArgumentError(
            f"a {type(what).__name__} cannot be printed as a tree",
            hint="pass a symbolic variable, a list of them, or a compiled function",
        )
    return results


def _tree(results: Sequence[Variable]) -> Iterator[str]:
    """The tree; then, one after the other, those of the graphs that loops and branches run."""
    names: dict[Apply, str] = {}
    yield from _branches(results, names)
    shown = 0
    while shown < len(names):
        node, letters = list(names.items())[shown]
        shown += 1
        for graph in node.op.graphs:
            inputs = ", ".join(f"{clean(str(variable))} {variable.type}" for variable in graph.inputs)
            yield ""
            yield f"inside {clean(str(node.op))} [{letters}], of {inputs or 'nothing'}"
            yield from _branches(graph.outputs, names)


def _branches(results: Sequence[Variable], names: dict[Apply, str]) -> Iterator[str]:
    stack = [(result, 0) for result in reversed(results)]
    while stack:
        variable, depth = stack.pop()
        indent = " |" * depth
        node = variable.owner
        if node is None:
            yield f"{indent}{clean(str(variable))} {variable.type}"
            continue
        title = clean(str(node.op) + (f".{variable.index}" if len(node.outputs) > 1 else ""))
        label = f" '{clean(variable.name)}'" if variable.name is not None else ""
        if node in names:
            yield f"{indent}{title} [{names[node]}]{label}"
            continue
        names[node] = _letters(len(names))
        place = f"  # {clean(node.origin.short)}" if node.origin is not None else ""
        yield f"{indent}{title} [{names[node]}]{label} {variable.type}{place}"
        stack += [(argument, depth + 1) for argument in reversed(node.inputs)]


def _letters(number: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("A") + digit) + text
    return text
