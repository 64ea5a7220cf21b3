"""Theano's words for types, constants and numbered things; imports the graph and NumPy."""

from typing import Any

import numpy as np

from symconv.graph.types import Array, TensorType

GENERAL = ("scalar", "vector", "matrix")
SPECIAL = {(True, False): "row", (False, True): "col"}


def type_text(type: TensorType) -> str:
    """``TensorType(float64, matrix)``: of the sizes only which are 1."""
    pattern = type.broadcastable
    if pattern in SPECIAL:
        return f"TensorType({type.dtype}, {SPECIAL[pattern]})"
    if not any(pattern):
        general = GENERAL[len(pattern)] if len(pattern) < len(GENERAL) else f"{len(pattern)}D"
        return f"TensorType({type.dtype}, {general})"
    return f"TensorType({type.dtype}, {pattern})"


def kind_text(type: Any) -> str:
    """A tensor's type as Theano prints it; another type as itself."""
    return type_text(type) if isinstance(type, TensorType) else str(type)


def constant_text(data: Array) -> str:
    """``TensorConstant{3.5}``; equal elements are said once, long texts are cut."""
    text = str(data)
    if data.ndim and data.size and (data == data.ravel()[0]).all():
        text = f"{data.shape} of {data.ravel()[0]}"
    if len(text) > 20:
        text = text[:10] + ".." + text[-10:]
    return f"TensorConstant{{{text}}}"


def letters(number: int) -> str:
    """A, B, ..., Z, BA, BB, ...: a number in base 26, its digits letters."""
    text = chr(ord("A") + number % 26)
    while number >= 26:
        number //= 26
        text = chr(ord("A") + number % 26) + text
    return text


def small(data: Array) -> bool:
    """Whether Theano keeps one constant for all places that hold this value."""
    return data.size == 1 and data.dtype.kind in "iuf" and bool(np.all(np.abs(data.astype("float64")) <= 10))


def props_text(name: str, props: dict[str, Any]) -> str:
    """``Pool{mode='max', ndim=2}``."""
    return f"{name}{{{', '.join(f'{key}={value!r}' for key, value in props.items())}}}" if props else name
