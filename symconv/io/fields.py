"""Fields of ops and arrays as JSON and back; imports the ops and its own modules.

    field  = null | bool | int | str | finite float | list (a tuple) | object of one name
    object = {"float": text} | {"complex": [real, imaginary]} | {"row": name} | {"reduction": name}
           | {"distribution": name} | {"record": [name, { field name: field }]} | {"graph": graph}
    array  = {"dtype", "shape", "values": [numbers]} | {"dtype", "shape", "base64": little-endian bytes}
"""

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from symconv.errors import ArgumentError, FileError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.types import DTYPES, Array
from symconv.io.registry import RECORDS, field_hints, field_names, fits
from symconv.ops.elemwise import ROWS, Row, row_named
from symconv.ops.random.draw import DISTRIBUTIONS, Distribution
from symconv.ops.reduce import REDUCTIONS, Reduction

MOST_DEPTH = 50
_READABLE = 8  # so many elements are written as numbers
_TABLES: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "reduction": (Reduction, REDUCTIONS),
    "distribution": (Distribution, DISTRIBUTIONS),
}


def broken(why: str) -> NoReturn:
    """A file that says what no graph says."""
    raise FileError(f"the graph cannot be rebuilt: {why}", hint="save or fetch the file again")


def encode_field(value: Any, graph: Callable[[FunctionGraph], Any]) -> Any:
    """A field's value as JSON; ``graph`` encodes inner graphs.

    Raises
    ------
    ArgumentError
        For what no file can hold: a function, an object of a class of the user's.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is complex:
        return {"complex": [encode_field(value.real, graph), encode_field(value.imag, graph)]}
    if type(value) is tuple:
        return [encode_field(part, graph) for part in value]
    if isinstance(value, FunctionGraph):
        return {"graph": graph(value)}
    if isinstance(value, Row) and ROWS.get(value.name) is value:
        return {"row": value.name}
    for kind, (table_type, table) in _TABLES.items():
        if isinstance(value, table_type) and table.get(key := str(getattr(value, "name", ""))) is value:
            return {kind: key}
    name = type(value).__name__
    if RECORDS.get(name) is type(value):
        return {"record": [name, encode_fields(value, graph)]}
    raise ArgumentError(
        f"{value!r} of type {name} cannot be written to a file",
        hint="a graph's file holds numbers, texts and tuples; pickle can hold more, for those who trust it",
    )


def encode_fields(value: Any, graph: Callable[[FunctionGraph], Any]) -> dict[str, Any]:
    """The fields of an op or a record."""
    return {name: encode_field(getattr(value, name), graph) for name in field_names(type(value))}


def decode_field(value: Any, graph: Callable[[Any, int], FunctionGraph], depth: int = 0) -> Any:
    """What a field holds; ``graph`` decodes inner graphs, one level deeper."""
    if depth > MOST_DEPTH:
        broken(f"its fields are nested more than {MOST_DEPTH} deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return tuple(decode_field(part, graph, depth + 1) for part in value)
    match value:
        case {"float": ("nan" | "inf" | "-inf") as text, **rest} if not rest:
            return float(text)
        case {"complex": [real, imaginary], **rest} if not rest:
            parts = [decode_field(part, graph, depth + 1) for part in (real, imaginary)]
            if all(type(part) is float for part in parts):
                return complex(*parts)
        case {"row": str(name), **rest} if not rest:
            return _row(name)
        case {"record": [str(name), dict(given)], **rest} if not rest and name in RECORDS:
            return build(RECORDS[name], given, graph, depth)
        case {"graph": inner, **rest} if not rest:
            return graph(inner, depth + 1)
        case {**single} if len(single) == 1:
            ((kind, key),) = single.items()
            if kind in _TABLES and isinstance(key, str) and key in _TABLES[kind][1]:
                return _TABLES[kind][1][key]
    broken(f"{str(value)[:80]} is no value of a field")


def _row(name: str) -> Row:
    if name in ROWS or (name.startswith("cast{") and name[5:-1] in DTYPES and name[-1] == "}"):
        return row_named(name)
    raise FileError(
        f"the graph has an elementwise function {name[:80]!r}, which is not known here",
        hint="it is of a later symconv, or of symconv.theano, which must then be imported first",
    )


def build(kind: type[Any], given: Any, graph: Callable[[Any, int], FunctionGraph], depth: int = 0) -> Any:
    """An op or a record of these fields, each held against its annotation."""
    names = field_names(kind)
    if not isinstance(given, dict) or set(given) != set(names):
        broken(f"{kind.__name__} has the fields {', '.join(names) or 'none'}, not {str(given)[:80]}")
    values = {name: decode_field(given[name], graph, depth + 1) for name in names}
    hints = field_hints(kind)  # type: ignore[arg-type]
    for name, value in values.items():
        if not fits(value, hints.get(name, Any)):
            broken(f"{kind.__name__} cannot have {name}={str(value)[:80]}")
    return kind(**values)


def encode_array(array: Array) -> dict[str, Any]:
    """An array as JSON: as numbers where it is small and they are, as bytes otherwise."""
    head = {"dtype": array.dtype.name, "shape": list(array.shape)}
    if array.size <= _READABLE and array.dtype.kind != "c" and np.isfinite(array).all():
        return head | {"values": array.ravel().tolist()}
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return head | {"base64": base64.b64encode(content).decode()}


def decode_array(value: Any) -> Array:
    """The array that JSON describes; its size is checked before anything is allocated."""
    match value:
        case {"dtype": str(name), "shape": list(shape), **content} if len(content) == 1 and name in DTYPES:
            pass
        case _:
            broken(f"{str(value)[:80]} is no array")
    if not all(type(size) is int and size >= 0 for size in shape):
        broken(f"an array has the shape {str(shape)[:80]}")
    dtype, count = np.dtype(name), math.prod(shape)
    match content:
        case {"base64": str(text)}:
            try:
                data = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError) as error:
                broken(f"an array's bytes are not base64: {error}")
            if len(data) != count * dtype.itemsize:
                broken(f"{shape} of {name} needs {count * dtype.itemsize} bytes, got {len(data)}")
            return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
        case {"values": list(numbers)} if len(numbers) == count and dtype.kind != "c":
            allowed = {"b": (bool,), "f": (int, float)}.get(dtype.kind, (int,))
            if name == "bool":
                allowed = (bool,)
            if all(type(number) in allowed for number in numbers):
                try:
                    return np.array(numbers, dtype).reshape(shape)
                except OverflowError:
                    pass
    broken(f"an array of {name}{shape} has other elements: {str(content)[:80]}")
