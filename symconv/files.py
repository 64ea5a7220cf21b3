"""Writes a file all at once or not at all, and reads no more than was allowed; imports the errors only."""

import contextlib
import os
import secrets
from pathlib import Path

from symconv.errors import FileError


def write_atomically(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write ``data`` to ``path`` so that no reader and no crash ever sees half of it.

    The bytes go to a new file in the same folder, are flushed to the disk, and the file is renamed over
    ``path``; then the folder is flushed too. When anything fails, ``path`` is as it was. A file that is
    replaced keeps its permissions; a symbolic link is followed, not replaced.

    Raises
    ------
    FileError
        When the folder does not exist or cannot be written, or ``path`` is a folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "a.txt", b"all of it").read_bytes()
    b'all of it'
    """
    wanted = Path(path)
    target = Path(os.path.realpath(wanted))
    aside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(aside, flags, 0o666)  # less the user's umask, as for any new file
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.chmod(aside, os.stat(target).st_mode & 0o777)
            os.replace(aside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(aside)
            raise
    except OSError as error:
        raise FileError(
            f"the file {str(wanted)!r} cannot be written: {error.strerror or error}",
            arguments=[("folder", target.parent)],
            hint="nothing was changed; the folder must exist and be writable",
        ) from error
    with contextlib.suppress(OSError):  # the file is complete; some file systems cannot flush folders
        _sync_folder(target.parent)
    return wanted


def read_bytes(path: str | os.PathLike[str], most: int) -> bytes:
    """What a file holds, unless that is more than ``most`` bytes.

    Raises
    ------
    FileError
        When the file cannot be read or is larger.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise FileError(
            f"the file {os.fspath(path)!r} cannot be read: {error.strerror or error}", hint="check the path"
        ) from error
    if len(data) > most:
        raise FileError(
            f"the file {os.fspath(path)!r} has more than {most} bytes",
            hint="if it is yours and really so large, pass a larger limit with most=",
        )
    return data


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
