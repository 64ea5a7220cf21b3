"""Writes docs/reference/theano-names.md: Theano's public names, and which are here; imports symconv.

    python docs/make_theano_names.py

The names were recorded from Theano 1.0.5 itself, tests/theano/golden/names.json. A test checks that the page
is what this program writes.
"""

import json
from importlib import import_module
from pathlib import Path

import symconv.theano as theano
from symconv.files import write_atomically

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "theano-names.md"
NAMES = ROOT / "tests" / "theano" / "golden" / "names.json"

HEAD = """# Theano's names

Every public name of Theano 1.0.5's modules, and whether `symconv.theano` has it, written by
`docs/make_theano_names.py`. What is here means what it means there, but for the differences that are stated;
what is not raises an `AttributeError` that names the nearest thing.

"""

DIFFERENT = {
    "theano": {
        "OpFromGraph": "the compiler always sees through it", "Mode": "linker and optimizer change nothing",
        "SymbolicInput": "neither implicit nor shared",
        "FunctionGraph": "frozen: rewriting makes new ones", "as_op": "infer_shape is accepted, not needed",
        "Op": "runs between two planned pieces of the graph; no C code",
        "Type": "tensors only",
    },
    "theano.tensor": {
        "ravel_multi_index": 'mode="raise" does not notice an index out of range',
        "tensor_copy": "the tensor itself", "transfer": 'to "cpu" alone',
        "TensorType": "knows sizes beside the pattern",
        "round": "of floating point alone, as Theano says; halves to even",
    },
    "theano.gradient": {
        "verify_grad": "chooses steps and tolerances by dtype",
        "jacobian": "through one loop, as there; symconv.jacobian takes any rank",
    },
    "theano.compile": {
        "Mode": "linker and optimizer change nothing", "FAST_COMPILE": "an ordinary compilation",
        "NanGuardMode": "goes through the rewritten graph, before fusion",
        "MonitorMode": "goes through the rewritten graph, before fusion",
        "DebugMode": "no C code to compare with; StochasticOrder is never raised",
        "ProfileStats": "measures kernels; no memory of single results",
        "SymbolicInput": "neither implicit nor shared", "In": "neither implicit nor shared",
        "shared_constructor": "accepted, changes nothing",
        "ViewOp": "runs between two planned pieces of the graph",
    },
    "theano.printing": {
        "pydotprint": "needs no pydot; formats beside SVG, HTML and DOT need Graphviz",
        "debugprint": "a compiled function prints its kernels",
    },
    "theano.d3viz": {"d3viz": "one file, which loads nothing"},
    "theano.scalar": {
        "ScalarOp": "impl and grad; no C code", "UnaryScalarOp": "impl and grad; no C code",
        "BinaryScalarOp": "impl and grad; no C code",
    },
    "theano.gof": {
        **dict.fromkeys(("OpRemove", "OpSub", "PatternSub", "local_optimizer", "LocalOptimizer", "optdb"),
                        "rules are taken, and not applied"),
        "FunctionGraph": "frozen: rewriting makes new ones", "Type": "tensors only",
    },
}
"""What is not quite the same: module, name, how."""

INSTEAD = {
    "C code, linkers, compilation to disk": (
        ("CLinker", "Linker", "cc", "cmodule", "callcache", "compilelock", "COp", "OpenMPOp", "lazylinker",
         "CEnum", "ParamsType", "Params", "EnumList", "EnumType", "c_code", "HideC", "vm", "link", "sched",
         "headers"),
        "kernels are NumPy source, made in memory: `f.source`",
    ),
    "rewriting": (
        ("Optimizer", "optdb", "DB", "local_", "opt", "OPT_", "Merge", "PatternSub", "OpSub", "OpRemove",
         "Query", "register_", "Validator", "Supervisor", "Destroy", "inplace", "simplifier", "unify",
         "crossentropy_to"),
        "`symconv.Rule`, and the passes of [stages](../explanation/stages.md)",
    ),
    "GPUs, other machines": (("Gpu", "gpu", "MPI", "mpi", "send", "recv"), "one machine's CPU"),
}
"""Kinds of names that are not here: what begins or contains these, and what there is instead."""


def state(module: str, name: str, found: object) -> str:
    """One cell of the table."""
    if found is not None and hasattr(found, name):
        how = DIFFERENT.get(module, {}).get(name)
        return f"different: {how}" if how else "same"
    for parts, instead in INSTEAD.values():
        if any(name.startswith(part) or (len(part) > 5 and part in name) for part in parts):
            return f"no: {instead}"
    return "no"


def page() -> str:
    """The whole page."""
    theano.install()
    text, here, total = [HEAD], 0, 0
    recorded = json.loads(NAMES.read_text(encoding="utf-8"))
    sections = []
    for module, names in recorded.items():
        try:
            found: object = import_module(module)
        except ModuleNotFoundError:
            found = None
        states = {name: state(module, name, found) for name in names}
        count = sum(not value.startswith("no") for value in states.values())
        here, total = here + count, total + len(names)
        sections.append(f"## {module}: {count} of {len(names)}\n")
        same = [name for name, value in states.items() if value == "same"]
        if same:
            sections.append("Same: " + ", ".join(f"`{name}`" for name in same) + ".\n")
        rest = {name: value for name, value in states.items() if value not in ("same", "no")}
        if rest:
            rows = "\n".join(f"| `{name}` | {value} |" for name, value in rest.items())
            sections.append(f"| name | |\n|---|---|\n{rows}\n")
        gone = [name for name, value in states.items() if value == "no"]
        if gone:
            sections.append("Not here: " + ", ".join(f"`{name}`" for name in gone) + ".\n")
    text.append(f"{here} of {total} names are here; most others are the inside of Theano's compiler.\n\n")
    return "".join(text) + "\n".join(sections)


if __name__ == "__main__":
    print(write_atomically(PAGE, page().encode()))
