"""Writes the table of all ops in docs/reference/ops.md from their definitions; imports symconv.

    python docs/make_ops.py

A test checks that the page is what this program writes.
"""

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import symconv as sc
import symconv.ops
from symconv.files import write_atomically
from symconv.graph.op import Op
from symconv.ops.elemwise import ROWS, Elemwise, Row
from symconv.ops.random.draw import DISTRIBUTIONS, REJECTING, Draw
from symconv.ops.reduce import REDUCTIONS, Reduce

PAGE = Path(__file__).resolve().parent / "reference" / "ops.md"

HEAD = """# All ops

What an expression can be made of, written by `docs/make_ops.py` from the definitions themselves. Functions
that are not listed here (`mean`, `var`, `batch_normalization` and so on) are made of these.

*Fused* says what the compiler does with an op: `elementwise` ops join each other and whatever they follow in
one kernel; an `anchor` computes its result tile by tile, and elementwise work continues on each tile while it
is in the cache; a `view` costs nothing; `control` ops run graphs of their own; others are single kernels.

"""
TABLES = {
    "Elementwise: rows of one table": ("function", "formula", "gradient, given that of the result, g"),
    "Reductions: rows of one table": ("reduction", "meaning", "gradient"),
    "Random draws: rows of one table": ("distribution", "what is drawn", "words read for each element"),
    "Classes": ("op", "where", "what it is", "gradient", "fused"),
}


def pages_of_ops() -> None:
    """Import every module that defines ops."""
    for module in pkgutil.walk_packages(symconv.ops.__path__, "symconv.ops."):
        importlib.import_module(module.name)


def gradient_of(row: Row) -> str:
    """The gradient of an elementwise function, for gradient ``g`` of its result, as text."""
    if row.gradient is None:
        return "0"
    operands = [sc.tensor("float64", (), name) for name in row.operands]
    try:
        result = Elemwise(row)(*operands)
    except sc.DTypeError:
        return "0"
    terms = row.gradient(*operands, result, sc.tensor("float64", (), "g"))
    terms = terms if isinstance(terms, tuple) else (terms,)
    return ", ".join("0" if term is None else plain(sc.pp(term)) for term in terms)


def plain(text: str) -> str:
    """A printed expression without what every reader adds in mind."""
    text = re.sub(r"DimShuffle\(\S*\)\(([^()]*)\)", r"\1", text)
    text = text.removeprefix("(").removesuffix(")") if whole(text) else text
    return text.replace("\n", "; ").replace("|", "\\|")


def whole(text: str) -> bool:
    """Whether the first parenthesis closes at the end."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place == len(text) - 1 and text[0] == "("
    return False


def rows() -> Iterator[str]:
    """A line for each elementwise function."""
    for row in sorted(ROWS.values(), key=lambda row: row.name):
        if row.name.startswith("cast{"):  # one for each dtype, as they are asked for
            continue
        formula = f"{row.formula}{f' ({row.note})' if row.note else ''}".replace("|", "\\|")
        yield f"| `{row.name}({', '.join(row.operands)})` | {formula} | `{gradient_of(row)}` |"


def reductions() -> Iterator[str]:
    """A line for each reduction."""
    for name, kind in sorted(REDUCTIONS.items()):
        has = "yes" if kind.gradient is not None else "0"
        yield f"| `{name}` | NumPy's `{kind.ufunc}.reduce` | {has} |"


def distributions() -> Iterator[str]:
    """A line for each distribution."""
    for name, kind in sorted(DISTRIBUTIONS.items()):
        call = f"{name}({', '.join(kind.parameters)})" if kind.parameters else name
        words = "as many as it takes" if kind in REJECTING else "a fixed number"
        yield f"| `{call}` | {kind.formula} | {words} |"


def classes() -> Iterator[str]:
    """A line for every other op."""
    for op in sorted(subclasses(Op), key=lambda op: (op.__module__, op.__name__)):
        own = op.__module__.startswith("symconv.ops") and not op.__name__.startswith("_")
        if not own or op in (Draw, Elemwise, Reduce):
            continue
        sentence = " ".join((inspect.getdoc(op) or "").split("\n\n")[0].split()).replace("|", "\\|")
        module = op.__module__.removeprefix("symconv.ops.")
        role = op.role if isinstance(op.role, str) else "as its parameters allow"
        fused = "no" if role == "opaque" else role
        yield f"| `{op.__name__}` | `{module}` | {sentence} | {derivative(op)} | {fused} |"


def derivative(op: type[Op]) -> str:
    """Whether an op has a gradient, as its class says."""
    if op.grad is Op.grad:
        return "an error"
    source = inspect.getsource(op.grad)
    return "none flows" if re.search(r"return \[None\]( \* len\(inputs\))?\s*$", source) else "yes"


def subclasses(kind: type[Op]) -> Iterator[type[Op]]:
    """All classes below one."""
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def page() -> str:
    """The whole page."""
    pages_of_ops()
    parts = [HEAD]
    contents = (rows(), reductions(), distributions(), classes())
    for (title, columns), lines in zip(TABLES.items(), contents, strict=True):
        parts += [f"## {title}", "", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *lines, ""]
    return "\n".join(parts)


if __name__ == "__main__":
    write_atomically(PAGE, page().encode())
    print(PAGE)
    sys.exit()
