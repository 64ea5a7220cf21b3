"""From generated source to code: only what the grammar has is executed; imports emit.

Before it is executed, source is parsed and held against the list of syntax that the grammar needs.
"""

import ast
import linecache
from typing import Any

from symconv.compile.emit import Source
from symconv.errors import CompileError

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Expr, ast.Constant, ast.Assign, ast.Return,
    ast.Pass, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice,
    ast.Tuple, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.UnaryOp, ast.USub, ast.ListComp, ast.comprehension,
)  # fmt: skip
_TEXTS = ("id", "attr", "arg", "name", "kind", "type_comment", "ctx")  # what no node can be hidden in
_FIELDS = {
    kind: tuple(name for name in kind._fields if kind is not ast.Constant and name not in _TEXTS)
    for kind in _ALLOWED
}


def load(source: Source, filename: str) -> dict[str, Any]:
    """Check the source, register it for tracebacks and debuggers, and execute it.

    Returns
    -------
    dict
        The namespace, with ``run`` and, where there is memory, ``make_memory`` and ``make_scratch``.

    Raises
    ------
    CompileError
        Where the source holds anything that the grammar does not.
    """
    tree = ast.parse(source.text, filename)
    _check_grammar(tree)
    lines = source.text.splitlines(keepends=True)
    linecache.cache[filename] = (len(source.text), None, lines, filename)
    namespace = {"__builtins__": {}, **source.namespace}
    exec(compile(tree, filename, "exec"), namespace)
    return namespace


def _check_grammar(tree: ast.Module) -> None:
    """Refuse what the grammar does not have; ``ast.walk`` would take three times as long."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        fields = _FIELDS.get(type(node))
        private = type(node) is ast.Attribute and node.attr.startswith("_")
        named = type(node) is ast.Name and "__" in node.id
        if fields is None or private or named:
            found = ast.dump(node)[:80]
            raise CompileError(f"generated source holds {found}, which its grammar does not have")
        for name in fields:
            child = getattr(node, name)
            if type(child) is list:
                waiting += [one for one in child if one is not None]
            elif isinstance(child, ast.AST):
                waiting.append(child)
