"""Reads and writes .npz files without pickle; imports the errors and the types.

    file   = ZIP archive of { member }
    member = name ".npy": magic, version, header (dtype, order, shape), the elements

NumPy's ``load`` would allocate what a header claims; here every size is checked against the file first.
"""

import io
import tokenize
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from symconv.errors import FileError
from symconv.graph.types import DTYPES, Array

MOST_ARRAYS = 100_000
_LONGEST_HEADER = 10_000
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, NotImplementedError,
    OverflowError, KeyError, SyntaxError, TypeError, RecursionError, MemoryError, tokenize.TokenError,
)  # fmt: skip


def encode_npz(arrays: Mapping[str, Array]) -> bytes:
    """The bytes of an uncompressed .npz file, the same for the same arrays."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())  # its date is 1980, always
    return file.getvalue()


def decode_npz(data: bytes, name: str, most: int) -> dict[str, Array]:
    """The arrays of an .npz file.

    Raises
    ------
    FileError
        When it is damaged, unpacks to more than ``most`` bytes, or holds anything but tensors.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > most:
                raise FileError(
                    f"{name!r} unpacks to more than {most} bytes or {MOST_ARRAYS} arrays",
                    hint="if it is yours and really so large, pass a larger limit with most=",
                )
            arrays: dict[str, Array] = {}
            for member in members:
                key = member.filename.removesuffix(".npy")
                if key == member.filename or key in arrays:
                    raise _damaged(name, f"{member.filename!r} is no array, or is there twice")
                with archive.open(member) as file:
                    arrays[key] = _decode_npy(file.read(member.file_size + 1), f"{name}: {key}")
            return arrays
    except FileError:
        raise
    except _BROKEN as error:
        raise _damaged(name, str(error) or type(error).__name__) from error


def _decode_npy(data: bytes, name: str) -> Array:
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise _damaged(name, f"version {version} of the array format is not for tensors")
    shape, by_columns, dtype = read(file, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject or dtype.name not in DTYPES:
        raise FileError(
            f"the array {name!r} has dtype {dtype}, which is none of a tensor",
            hint="arrays of objects would have to be unpickled, which symconv never does",
        )
    count = 1
    for size in shape:
        if type(size) is not int or size < 0:
            raise _damaged(name, f"a size is {size!r}")
        count *= size
    rest = len(data) - file.tell()
    if count * dtype.itemsize != rest:
        raise _damaged(name, f"{list(shape)} of {dtype} needs {count * dtype.itemsize} bytes, got {rest}")
    flat = np.frombuffer(data, dtype, count, file.tell()).astype(dtype.newbyteorder("="))
    return flat.reshape(shape, order="F" if by_columns else "C")


def _damaged(name: str, why: str) -> FileError:
    return FileError(
        f"the file {name!r} is damaged, or no .npz file: {why}", hint="save or fetch it again"
    )
