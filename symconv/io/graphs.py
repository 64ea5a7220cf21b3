"""Whole graphs as JSON: exchanged without pickle, and nothing runs when one is read; imports its neighbours.

    file     = {"format": "symconv-graph", "version": 1, "symconv": version, ["values": file name,] graph}
    graph    = {"leaves": [leaf], "nodes": [node], "inputs": [n], "outputs": [n], "updates": [[n, n]]}
    leaf     = {"kind": "input" | "shared" | "constant", "dtype", "shape", "name", ...}
    node     = {"op": name, "fields": {name: field}, "inputs": [n], "types": [[dtype, shape]], "names": []}

Variables are numbered: the leaves first, then the outputs of each node, in order of computation.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, FileError, OptionError, SymconvError
from symconv.files import read_bytes, write_atomically
from symconv.graph.container import Container
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op, as_tuple
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import toposort
from symconv.graph.types import Array, TensorType
from symconv.io.fields import broken, build, decode_array, encode_array, encode_fields
from symconv.io.parameters import load_parameters, save_parameters
from symconv.io.registry import registered_ops
from symconv.io.strict import parse_json

FORMAT, VERSION = "symconv-graph", 1
MOST_BYTES = 1 << 30
_REFUSALS = (
    SymconvError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError, NotImplementedError,
    RecursionError,
)  # fmt: skip
Ops = Mapping[str, type[Op]]


def save_graph(
    path: str | os.PathLike[str],
    graph: FunctionGraph,
    *,
    values: str | os.PathLike[str] | None = None,
    ops: Ops | None = None,
) -> Path:
    """Write a graph to a JSON file, with the values of its shared variables.

    Parameters
    ----------
    path : path
    graph : FunctionGraph
        Inputs, outputs and updates; a compiled function has its own as ``f.graph``.
    values : path, optional
        Where the shared values go: a file in the same folder that ends in .safetensors or .npz. By
        default they are in the JSON itself.
    ops : mapping of str to Op subclass, optional
        Names for ops of your own; whoever loads the file must pass the like.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        Where an op is neither symconv's nor in ``ops``, or has a field that no file can hold.
    FileError
        When a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import symconv as sc
    >>> x = sc.vector("x")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = sc.io.save_graph(f"{folder}/double.json", sc.FunctionGraph((x,), (2 * x,)))
    ...     graph = sc.io.load_graph(path)
    >>> sc.function(graph.inputs, graph.outputs)([1.0, 2.0])
    [array([2., 4.])]
    """
    if values is None:
        return write_atomically(path, graph_to_json(graph, ops=ops).encode())
    beside = Path(values)
    if Path(path).resolve().parent != beside.resolve().parent:
        raise OptionError(
            f"the values of {os.fspath(path)!r} must go to a file in the same folder, got {str(values)!r}"
        )
    writer = _Writer(ops, apart={})
    document = writer.document(graph) | {"values": beside.name}
    text = _text(document)
    save_parameters(beside, writer.apart or {})
    return write_atomically(path, text.encode())


def load_graph(
    path: str | os.PathLike[str], *, ops: Ops | None = None, most: int = MOST_BYTES
) -> FunctionGraph:
    """Read a graph that `save_graph` wrote; compile it with ``function(graph.inputs, graph.outputs)``.

    Parameters
    ----------
    path : path
    ops : mapping of str to Op subclass, optional
        Ops of your own that the file may name.
    most : int
        A larger file is refused.

    Returns
    -------
    FunctionGraph
        Its variables are new; every type has been inferred again.

    Raises
    ------
    FileError
        When the file cannot be read, is damaged, of another kind or a later version, or names an op that
        is neither symconv's nor in ``ops``.
    """
    document = _document(parse_json(read_bytes(path, most), os.fspath(path)), os.fspath(path))
    values: dict[str, Array] = {}
    if "values" in document:
        name = document["values"]
        if not isinstance(name, str) or name in ("", ".", "..") or any(sign in name for sign in "/\\:\0"):
            broken(f"its values are in {str(name)[:80]!r}, which is no name of a file beside it")
        values = load_parameters(Path(path).parent / name)
    return _read(document, ops, values)


def graph_to_json(graph: FunctionGraph, *, ops: Ops | None = None) -> str:
    """The text that `save_graph` would write."""
    return _text(_Writer(ops, apart=None).document(graph))


def graph_from_json(text: str, *, ops: Ops | None = None) -> FunctionGraph:
    """The graph of a text that `graph_to_json` gave."""
    document = _document(parse_json(text, "the text"), "the text")
    if "values" in document:
        broken("its values are in another file, and a text has none beside it; use load_graph")
    return _read(document, ops, {})


def _text(document: dict[str, Any]) -> str:
    """JSON with a line for each variable and node, so that a person and a version control can read it."""
    lines = []
    for key, value in document.items():
        if key in ("leaves", "nodes") and value:
            rows = ",\n    ".join(json.dumps(row, allow_nan=False) for row in value)
            lines.append(f'  "{key}": [\n    {rows}\n  ]')
        else:
            lines.append(f'  "{key}": {json.dumps(value, allow_nan=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


class _Writer:
    """Describes graphs; mutable because values that go to another file collect here."""

    def __init__(self, ops: Ops | None, apart: dict[str, SharedVariable] | None) -> None:
        self.apart = apart
        self.names = {kind: name for name, kind in (registered_ops() | dict(ops or {})).items()}

    def document(self, graph: FunctionGraph) -> dict[str, Any]:
        if not isinstance(graph, FunctionGraph):
            raise ArgumentError(
                f"a graph is saved from a FunctionGraph, got {type(graph).__name__}",
                hint="f.graph of a compiled function, or FunctionGraph(inputs, outputs)",
            )
        return {"format": FORMAT, "version": VERSION, **self.graph(graph)}

    def graph(self, graph: FunctionGraph) -> dict[str, Any]:
        wanted = [*graph.inputs, *graph.outputs, *(v for pair in graph.updates for v in pair)]
        nodes = _closed(wanted, frozenset(graph.inputs))
        leaves = dict.fromkeys(
            v
            for v in [*(v for node in nodes for v in node.inputs), *wanted]
            if v.owner is None or v in graph.inputs
        )
        defaults = [v.default_update for v in leaves if isinstance(v, SharedVariable)]
        leaves |= dict.fromkeys(v for v in defaults if isinstance(v, Variable) and v.owner is None)
        variables = [*leaves, *(output for node in nodes for output in node.outputs)]
        number = {variable: position for position, variable in enumerate(variables)}
        return {
            "leaves": [self.leaf(leaf, number, set(graph.inputs)) for leaf in leaves],
            "nodes": [self.node(node, number) for node in nodes],
            "inputs": [number[v] for v in graph.inputs],
            "outputs": [number[v] for v in graph.outputs],
            "updates": [[number[target], number[new]] for target, new in graph.updates],
        }

    def leaf(self, leaf: Variable, number: dict[Variable, int], inputs: set[Variable]) -> dict[str, Any]:
        head = {"dtype": leaf.dtype, "shape": list(leaf.type.shape), "name": _name(leaf)}
        if leaf in inputs or not isinstance(leaf, Constant | SharedVariable):
            return {"kind": "input", **head}
        if isinstance(leaf, Constant):
            return {"kind": "constant", "name": _name(leaf), "value": encode_array(leaf.data)}
        described = {"kind": "shared", **head, "strict": leaf.strict, "value": self.value(leaf)}
        if isinstance(leaf.default_update, Variable):
            described["default_update"] = number[leaf.default_update]
        return described

    def value(self, leaf: SharedVariable) -> Any:
        array = leaf.get_value(borrow=False)
        if self.apart is None:
            return encode_array(array)
        name = base = str(leaf.name or "value")
        count = 1
        while name in self.apart:
            count += 1
            name = f"{base}.{count}"
        self.apart[name] = leaf
        return name

    def node(self, node: Apply, number: dict[Variable, int]) -> dict[str, Any]:
        name = self.names.get(type(node.op))
        if name is None:
            own = type(node.op).__name__
            raise ArgumentError(
                f"the op {node.op} is not one of symconv's own, and the file could not name it",
                where=node.origin,
                hint=f'pass ops={{"{own}": {own}}}, here and when loading',
            )
        return {
            "op": name,
            "fields": encode_fields(node.op, self.graph),
            "inputs": [number[variable] for variable in node.inputs],
            "types": [[output.dtype, list(output.type.shape)] for output in node.outputs],
            "names": [_name(output) for output in node.outputs],
        }


def _name(variable: Variable) -> str | None:
    return None if variable.name is None else str(variable.name)


def _closed(wanted: list[Variable], stop: frozenset[Variable]) -> list[Apply]:
    """The nodes that compute variables, and the default updates of the shared ones among their leaves."""
    roots = list(wanted)
    seen: set[Variable] = set()
    while True:
        nodes = list(toposort(roots, stop=stop))
        shared = [
            v for v in [*(v for node in nodes for v in node.inputs), *roots]
            if isinstance(v, SharedVariable) and v not in seen and isinstance(v.default_update, Variable)
        ]  # fmt: skip
        if not shared:
            return nodes
        seen.update(shared)
        roots += [variable.default_update for variable in dict.fromkeys(shared)]


def _document(document: Any, name: str) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileError(f"{name!r} is no graph of symconv", hint="save_graph writes what load_graph reads")
    if document.get("version") != VERSION:
        raise FileError(
            f"{name!r} has version {str(document.get('version'))[:20]} of the format, "
            f"this symconv reads {VERSION}",
            hint="update symconv",
        )
    return document


def _read(document: dict[str, Any], ops: Ops | None, values: dict[str, Array]) -> FunctionGraph:
    known = registered_ops() | dict(ops or {})
    try:
        return _graph(document, known, values, 0)
    except FileError:
        raise
    except _REFUSALS as error:  # an op that refuses its fields or inputs
        raise FileError(
            "the graph cannot be rebuilt: " + (str(error).splitlines() or [type(error).__name__])[0],
            hint="the file was changed, or written by another version of symconv",
        ) from error


def _graph(
    document: Any, known: Mapping[str, type[Op]], values: dict[str, Array], depth: int
) -> FunctionGraph:
    match document:
        case {
            "leaves": list(leaves),
            "nodes": list(nodes),
            "inputs": ins,
            "outputs": outs,
            "updates": list(updates),
        }:
            pass
        case _:
            broken("a graph needs leaves, nodes, inputs, outputs and updates")
    variables = [_leaf(leaf, values) for leaf in leaves]
    for node in nodes:
        variables += _node(node, variables, known, values, depth).outputs
    for leaf, variable in zip(leaves, variables, strict=False):
        if isinstance(variable, SharedVariable) and "default_update" in leaf:
            (variable.default_update,) = _pick([leaf["default_update"]], variables)
    targets = []
    for pair in updates:
        target, new = _pick(pair, variables)
        if not isinstance(target, SharedVariable) or target.dtype != new.dtype or target.ndim != new.ndim:
            broken("an update is not for a shared variable, or of another type")
        targets.append((target, new))
    inputs = _pick(ins, variables)
    if any(v.owner is not None for v in inputs):
        broken("an input is computed")
    return FunctionGraph(tuple(inputs), tuple(_pick(outs, variables)), tuple(targets))


def _pick(numbers: Any, variables: list[Variable]) -> list[Variable]:
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number < len(variables) for number in numbers
    ):
        broken(f"{str(numbers)[:80]} are no numbers of its {len(variables)} variables")
    return [variables[number] for number in numbers]


def _leaf(leaf: Any, values: dict[str, Array]) -> Variable:
    match leaf:
        case {"kind": "constant", "name": str() | None as name, "value": value}:
            return Constant(decode_array(value), name)
        case {"kind": "input", "dtype": dtype, "shape": shape, "name": str() | None as name}:
            return Variable(_type(dtype, shape), name)
        case {
            "kind": "shared", "dtype": dtype, "shape": shape, "name": str() | None as name,
            "strict": bool(strict), "value": value,
        }:  # fmt: skip
            type_ = _type(dtype, shape)
            array = values.get(value) if isinstance(value, str) else decode_array(value)
            if array is None or array.dtype.name != type_.dtype or not type_.accepts(array.shape):
                broken(f"the value of {name!r} is missing or no {type_}")
            return SharedVariable(type_, Container(np.array(array, order="C")), name, strict)
    broken(f"{str(leaf)[:80]} is no leaf")


def _type(dtype: Any, shape: Any) -> TensorType:
    if not isinstance(shape, list) or not isinstance(dtype, str) or len(shape) > 64:
        broken(f"{str(dtype)[:20]}{str(shape)[:80]} is no type")
    return TensorType(dtype, tuple(shape))


def _node(
    node: Any, variables: list[Variable], known: Mapping[str, type[Op]], values: dict[str, Array], depth: int
) -> Apply:
    match node:
        case {
            "op": str(name),
            "fields": given,
            "inputs": numbers,
            "types": list(types),
            "names": list(names),
        }:
            pass
        case _:
            broken(f"{str(node)[:80]} is no node")
    if name not in known:
        raise FileError(
            f"the graph has an op {name[:80]!r}, which is not known here",
            hint="it is of a later symconv, or its author's own: "
                "pass ops={name: class} for an op that you trust",
        )
    if depth > 20:
        broken("its graphs are nested more than 20 deep")
    op = build(known[name], given, lambda inner, _: _graph(inner, known, values, depth + 1))
    inputs = tuple(_pick(numbers, variables))
    inferred = as_tuple(op.out_types(*op.known_types(inputs)))
    if not len(inferred) == len(types) == len(names):
        broken(f"{name} has {len(inferred)} outputs, not {len(types)}")
    both = tuple(_agreed(type_, saved, name) for type_, saved in zip(inferred, types, strict=True))
    apply = Apply(op, inputs, both, here())
    for output, given_name in zip(apply.outputs, names, strict=True):
        if given_name is not None and not isinstance(given_name, str):
            broken("a name is no text")
        output.name = given_name
    return apply


def _agreed(inferred: TensorType, saved: Any, name: str) -> TensorType:
    """The type that was inferred, with what only the file knows: a pass may have known more sizes."""
    if not isinstance(saved, list) or len(saved) != 2:
        broken(f"{name} has an output without a type")
    known = _type(*saved)
    if (
        known.dtype != inferred.dtype
        or known.ndim != inferred.ndim
        or any(
            a is not None and b is not None and a != b
            for a, b in zip(known.shape, inferred.shape, strict=True)
        )
    ):
        broken(f"an output of {name} is {inferred}, and the file says {known}")
    return inferred.with_shape(
        a if a is not None else b for a, b in zip(inferred.shape, known.shape, strict=True)
    )
