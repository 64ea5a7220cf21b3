"""Who may import whom: the table of the design, held against every import of the package."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "symconv"

# Each layer and what it may import. A module belongs to the longest name that begins its own.
CORE = {"symconv.errors", "symconv.frozen", "symconv.config", "symconv.graph"}
EVERYTHING_BUT_THE_EDGES = {
    *CORE, "symconv", "symconv.ops", "symconv.gradient", "symconv.compile", "symconv.compile.rules",
}  # fmt: skip
ALLOWED = {
    "symconv.errors": set(),
    "symconv.frozen": set(),
    "symconv.files": {"symconv.errors"},
    "symconv.config": {"symconv.errors"},
    "symconv.graph": CORE,
    "symconv.ops": {*CORE, "symconv.ops"},
    "symconv.gradient": {*CORE, "symconv.gradient", "symconv.ops"},
    "symconv.compile": {*CORE, "symconv.compile", "symconv.compile.rules"},
    "symconv.compile.rules": {*CORE, "symconv.ops", "symconv.compile", "symconv.compile.rules"},
    "symconv": EVERYTHING_BUT_THE_EDGES - {"symconv"},
    "symconv.io": {*CORE, "symconv.files", "symconv.ops", "symconv.io"},
    "symconv.datasets": {"symconv.errors", "symconv.files", "symconv.datasets"},
    "symconv.viz": {*EVERYTHING_BUT_THE_EDGES, "symconv.files", "symconv.viz"},
    "symconv.theano": {*EVERYTHING_BUT_THE_EDGES, "symconv.files", "symconv.theano", "symconv.viz"},
    "symconv.demo": {*EVERYTHING_BUT_THE_EDGES, "symconv.files", "symconv.viz"},
    "symconv.cli": {*EVERYTHING_BUT_THE_EDGES, "symconv.viz", "symconv.theano", "symconv.demo"},
}

# Imports inside functions: optional or slow third parties, and these knots, each with its reason.
OPTIONAL_OR_SLOW = {
    "networkx", "graphviz", "pygraphviz", "threadpoolctl", "matplotlib", "PIL", "dask", "zarr", "onnx",
    "concurrent",
}  # fmt: skip
KNOTS = {
    ("symconv.graph.nodes", "symconv.viz"),  # a notebook shows an expression
    ("symconv.graph.nodes", "symconv.compile.function"),  # an expression is evaluated
    ("symconv.compile.callable", "symconv.viz"),  # a notebook shows a function
    ("symconv.theano.printing", "symconv.theano._print.pictures"),  # a graph is drawn
    ("symconv.graph.nodes", "symconv.graph.flat"),  # a pickle of a variable is made of nodes
}


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer_of(module):
    found = [
        layer
        for layer in ALLOWED
        if module == layer or (layer != "symconv" and module.startswith(layer + "."))
    ]
    return max(found, key=len, default=None)


def imports(path, module):
    """(line, imported module, whether inside a function) for every import that runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    stack = [(tree, False)]
    while stack:
        node, inside = stack.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                stack += [(child, inside) for child in node.orelse]
                continue
            case ast.Import():
                yield from ((node.lineno, alias.name, inside) for alias in node.names)
            case ast.ImportFrom():
                base = node.module or ""
                if node.level:
                    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*parents, *([base] if base else [])])
                for alias in node.names:
                    name = f"{base}.{alias.name}"
                    yield node.lineno, name if name in MODULES else base, inside
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                inside = True
        stack += [(child, inside) for child in ast.iter_child_nodes(node)]


def violations(module, path):
    layer = layer_of(module)
    if layer is None:
        yield f"{module} is in no layer: enter it in the table"
        return
    for line, imported, inside in imports(path, module):
        own = imported == "symconv" or imported.startswith("symconv.")
        if inside:
            if (module, imported) not in KNOTS and imported.partition(".")[0] not in OPTIONAL_OR_SLOW:
                yield f"{path.name}:{line}: {module} imports {imported} inside a function"
        elif own and layer_of(imported) not in ALLOWED[layer] and imported != module:
            yield f"{path.name}:{line}: {module} must not import {imported}"


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_table(module):
    assert list(violations(module, MODULES[module])) == []


def test_every_knot_is_still_there():
    found = {
        (module, imported)
        for module, path in MODULES.items()
        for _, imported, inside in imports(path, module)
        if inside
    }
    assert found >= KNOTS


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("symconv.ops.dot", "from symconv.compile import rewrite", "must not import symconv.compile.rewrite"),
        ("symconv.ops.dot", "from ..compile import rewrite", "must not import symconv.compile.rewrite"),
        ("symconv.compile.fuse", "import symconv.ops.dot", "must not import symconv.ops.dot"),
        ("symconv.graph.nodes", "def f():\n    import json", "imports json inside a function"),
        ("symconv.compile.fuse", "import symconv.viz", "must not import symconv.viz"),
        ("symconv.stray", "", "is in no layer"),
    ],
)
def test_a_breach_is_seen(tmp_path, module, source, expected):
    path = tmp_path / "module.py"
    path.write_text(source)
    assert expected in " ".join(violations(module, path))


def test_annotations_are_free(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("if TYPE_CHECKING:\n    from symconv.compile.builder import Builder\n")
    assert list(violations("symconv.graph.op", path)) == []
