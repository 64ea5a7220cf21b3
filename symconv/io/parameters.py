"""Parameters in files: .npz or safetensors, by the name's ending; imports the graph and its own modules."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, FileError, OptionError
from symconv.files import read_bytes, write_atomically
from symconv.graph.container import committer, updating
from symconv.graph.shared import SharedVariable
from symconv.graph.types import DTYPES, Array
from symconv.io.npz import decode_npz, encode_npz
from symconv.io.safetensors import decode_safetensors, encode_safetensors

MOST_BYTES = 1 << 33  # 8 GiB
Parameters = Mapping[str, Any] | Iterable[SharedVariable]


def save_parameters(path: str | os.PathLike[str], parameters: Parameters) -> Path:
    """Write shared values and arrays to a file, all at once or not at all.

    Parameters
    ----------
    path : path
        Ends in ``.npz`` or ``.safetensors``.
    parameters : iterable of SharedVariable, or mapping
        Shared variables with different names; or names with shared variables, arrays or numbers.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        For another ending.
    ArgumentError
        For names that are missing or there twice, or values that are no tensors.
    DTypeError
        For complex128 in safetensors, which has no such dtype.
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import symconv as sc
    >>> W = sc.shared([[1.0, 2.0]], name="W")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = sc.io.save_parameters(f"{folder}/model.safetensors", [W])
    ...     sc.io.load_parameters(path)
    {'W': array([[1., 2.]])}
    """
    ending = _ending(path)
    arrays = {name: _array(name, value) for name, value in named(parameters).items()}
    if ending == ".npz":
        return write_atomically(path, encode_npz(arrays))
    return write_atomically(
        path, encode_safetensors(arrays, {"format": "symconv-parameters", "version": "1"})
    )


def load_parameters(
    path: str | os.PathLike[str], into: Parameters | None = None, *, most: int = MOST_BYTES
) -> dict[str, Array]:
    """Read arrays from a file that `save_parameters`, NumPy or another program wrote.

    Parameters
    ----------
    path : path
        Ends in ``.npz`` or ``.safetensors``.
    into : iterable of SharedVariable, or mapping, optional
        Shared variables that shall get these values; see `set_parameters`.
    most : int
        A file that is larger, or unpacks to more bytes, is refused.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileError
        When the file cannot be read, is damaged, too large, or of another kind, or does not hold just
        the values that ``into`` needs; then no shared value has changed.
    """
    ending = _ending(path)
    data = read_bytes(path, most)
    name = os.fspath(path)
    arrays = decode_npz(data, name, most) if ending == ".npz" else decode_safetensors(data, name)
    if into is not None:
        set_parameters(into, arrays, name)
    return arrays


def set_parameters(parameters: Parameters, arrays: Mapping[str, Array], source: str = "the arrays") -> None:
    """Give shared variables the values of their names: all of them, or none where one does not fit.

    Parameters
    ----------
    parameters : iterable of SharedVariable, or mapping of names to them
    arrays : mapping of str to ndarray
        One for each name and no more, of the variable's dtype and shape.
    source : str
        What errors call the arrays.

    Raises
    ------
    FileError
        When names are missing or too many, or a dtype or shape differs.
    """
    wanted = named(parameters)
    missing, strange = sorted(wanted.keys() - arrays.keys()), sorted(arrays.keys() - wanted.keys())
    if missing or strange:
        raise FileError(
            f"{source!r} lacks {len(missing)} of {len(wanted)} parameters and has {len(strange)} others",
            arguments=[("missing", ", ".join(missing) or "none"), ("others", ", ".join(strange) or "none")],
            hint="it was saved from a model with other names; no value was changed",
        )
    for name, variable in wanted.items():
        array = arrays[name]
        if not isinstance(variable, SharedVariable):
            raise ArgumentError(f"{name!r} is no shared variable, and so cannot be given a value")
        if array.dtype.name != variable.dtype or not variable.type.accepts(array.shape):
            raise FileError(
                f"{source!r} has {name!r} of another type than the model",
                arguments=[("file", f"{array.dtype}{list(array.shape)}"), ("model", variable.type)],
                hint="it was saved from a model of other sizes; no value was changed",
            )
    with updating:
        commit = committer([variable.container for variable in wanted.values()])
        commit([np.array(arrays[name], order="C") for name in wanted])


def named(parameters: Parameters) -> dict[str, Any]:
    """Parameters by name."""
    if isinstance(parameters, Mapping):
        found = dict(parameters)
    else:
        given = list(parameters)
        for variable in given:
            if not isinstance(variable, SharedVariable):
                raise ArgumentError(
                    f"{variable!r} is no shared variable", hint="pass a mapping of names to values"
                )
        found = {str(variable.name): variable for variable in given if variable.name is not None}
        if len(found) != len(given):
            raise ArgumentError(
                f"{len(given)} parameters have only {len(found)} different names",
                hint='name each: shared(value, name="W1"), or pass a mapping of names to parameters',
            )
    for name in found:
        if not isinstance(name, str) or not name or "\x00" in name:
            raise ArgumentError(f"{name!r} is no name for a parameter", hint="use a text, not empty")
    return found


def _array(name: str, value: Any) -> Array:
    array = value.get_value(borrow=True) if isinstance(value, SharedVariable) else np.asarray(value)
    if array.dtype.name not in DTYPES:
        raise ArgumentError(f"{name!r} holds {array.dtype} values, which no tensor has")
    return array


def _ending(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix
    if ending not in (".npz", ".safetensors"):
        raise OptionError(
            f"no format of parameters is known for {os.fspath(path)!r}", hint="end it in .npz or .safetensors"
        )
    return ending
