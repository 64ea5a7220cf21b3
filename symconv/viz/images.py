"""Arrays as pictures and pictures as arrays; imports the errors, the atomic writer and the PNG decoder."""

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symconv.errors import ArgumentError, OptionError, ShapeError
from symconv.files import write_atomically
from symconv.viz.pngfile import MOST_PIXELS, SIGNATURE, ImageError, decode_png

Array = npt.NDArray[Any]
Picture = npt.NDArray[np.uint8]
_MOST_BYTES = 1 << 29


def tile_images(
    array: npt.ArrayLike,
    columns: int | None = None,
    padding: int = 1,
    scale: int = 1,
    normalise: str = "each",
) -> Picture:
    """One picture of many: feature maps or filters side by side.

    Parameters
    ----------
    array : array_like, [n, h, w] or [K, C, h, w]
        Feature maps, n tiles; or a filter bank: a row for each of the K filters and a column for each of
        its C channels, but K colour tiles where C is 3.
    columns : int, optional
        Tiles in a row; by default the picture is about square (C where channels have columns).
    padding : int
        Pixels between tiles and around, in mid-grey.
    scale : int
        Each value becomes scale x scale pixels.
    normalise : {"each", "jointly"}
        Whether each tile spans black to white by itself, or all share one range and can be compared.

    Returns
    -------
    uint8 array, [H, W], or [H, W, 3] for colour filters
        Ready for `write_png`. NaN is drawn black, infinities as the nearest finite extreme.

    Raises
    ------
    ShapeError
        When the array is not of 3 or 4 dimensions, or is empty.
    ArgumentError
        For values that are no real numbers.
    OptionError
        For an unknown ``normalise``, or counts that are too small.

    Examples
    --------
    >>> tile_images(np.arange(12.0).reshape(3, 2, 2), columns=3).shape
    (4, 10)
    """
    values = np.asarray(array)
    _check_tiling(values, columns, padding, scale, normalise)
    if values.ndim == 4 and values.shape[1] != 3:
        columns = values.shape[1] if columns is None and values.shape[1] > 1 else columns
        values = values.reshape(-1, *values.shape[2:])
    colour = values.ndim == 4
    tiles = _to_bytes(values, normalise)
    if colour:
        tiles = tiles.transpose(0, 2, 3, 1)
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width = tiles.shape[:3]
    across = min(columns or _about_square(count, height, width), count)
    down = -(-count // across)
    shape = (down * (height + padding) + padding, across * (width + padding) + padding, *tiles.shape[3:])
    picture = np.full(shape, 128, np.uint8)
    for index in range(count):
        top = padding + index // across * (height + padding)
        left = padding + index % across * (width + padding)
        picture[top : top + height, left : left + width] = tiles[index]
    return picture


def write_png(path: str | os.PathLike[str], array: npt.ArrayLike) -> Path:
    """Write a picture as a PNG file, completely or not at all.

    Parameters
    ----------
    path : path
    array : uint8 array, [h, w] (grey) or [h, w, 3] (colour)

    Returns
    -------
    Path

    Raises
    ------
    ShapeError, ArgumentError
        For any other array.
    FileError
        When the file cannot be written.
    """
    picture = np.ascontiguousarray(array)
    if picture.dtype != np.uint8:
        raise ArgumentError(
            f"a PNG needs uint8 values from 0 to 255, got {picture.dtype}",
            arguments=[("array", f"{picture.dtype}{list(np.shape(array))}")],
            hint="tile_images turns floating-point maps into a picture",
        )
    if not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)) or not picture.size:
        raise ShapeError(
            "a PNG needs an array [h, w] or [h, w, 3] with at least one pixel",
            arguments=[("array", f"uint8{list(picture.shape)}")],
        )
    height, width = picture.shape[:2]
    colour_type = 0 if picture.ndim == 2 else 2
    rows = _filtered(picture.reshape(height, -1), 1 if picture.ndim == 2 else 3)
    data = (
        SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6))
        + _chunk(b"IEND", b"")
    )
    return write_atomically(path, data)


def read_image(path: str | os.PathLike[str]) -> Picture:
    """Read a picture: 8-bit PNG without interlacing by symconv itself, all else by Pillow if it is there.

    Parameters
    ----------
    path : path

    Returns
    -------
    uint8 array, [h, w, 3]
        Grey is repeated; what is transparent is laid over white.

    Raises
    ------
    ImageError
        When the file cannot be read, is damaged, is no picture, or has more than 100 million pixels.
    """
    name = str(path)
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ImageError(
            f"the picture {name!r} cannot be read: {error.strerror or error}", hint="check the path"
        ) from error
    if len(data) > _MOST_BYTES:
        raise ImageError(f"the picture {name!r} has more than {_MOST_BYTES} bytes")
    if data.startswith(SIGNATURE):
        picture = decode_png(data, name)
        if picture is not None:
            return picture
    return _read_with_pillow(data, name)


def _check_tiling(values: Array, columns: int | None, padding: int, scale: int, normalise: str) -> None:
    if values.ndim not in (3, 4) or not values.size:
        raise ShapeError(
            "tiles need feature maps [n, h, w] or filters [K, C, h, w], not empty",
            arguments=[("array", f"{values.dtype}{list(values.shape)}")],
            hint="one image of a batch: maps[0]; one map: maps[0, 0][None]",
        )
    if values.dtype.kind not in "buif":
        raise ArgumentError(
            f"tiles need real numbers, got {values.dtype}",
            hint="take the absolute value of complex maps first" if values.dtype.kind == "c" else None,
        )
    if normalise not in ("each", "jointly"):
        raise OptionError(f"normalise={normalise!r} does not exist", hint='"each" or "jointly"')
    for what, number, least in (("columns", columns, 1), ("padding", padding, 0), ("scale", scale, 1)):
        if number is not None and number < least:
            raise OptionError(f"{what} must be at least {least}, got {number}")


def _to_bytes(values: Array, normalise: str) -> Picture:
    """Values to 0..255, over the range of each tile or of all; one constant tile is mid-grey."""
    real = values.astype(np.float64)
    axes = tuple(range(1, real.ndim)) if normalise == "each" else None
    finite = np.isfinite(real)
    low = np.min(np.where(finite, real, np.inf), axis=axes, keepdims=True)
    high = np.max(np.where(finite, real, -np.inf), axis=axes, keepdims=True)
    low, high = np.where(low > high, 0.0, low), np.where(low > high, 0.0, high)
    # Halves, because high - low overflows for values near the largest of float64.
    span = high / 2 - low / 2
    flat = span == 0
    clipped = np.clip(np.where(np.isnan(real), low, real), low, high)
    part = np.where(flat, 0.5, (clipped / 2 - low / 2) / np.where(flat, 1.0, span))
    shown: Picture = np.where(np.isnan(real), 0.0, np.rint(part * 255)).astype(np.uint8)
    return shown


def _about_square(count: int, height: int, width: int) -> int:
    side: float = (count * height / width) ** 0.5
    return max(1, round(side))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _filtered(rows: Picture, step: int) -> Picture:
    """Each row with the filter that leaves the smallest differences; photographs shrink by half."""
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    above = np.zeros_like(rows)
    above[1:] = rows[:-1]
    choices = np.stack([rows, rows - left, rows - above])
    cost = np.abs(choices.view(np.int8).astype(np.int32)).sum(axis=2)
    best = cost.argmin(axis=0)
    result = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    result[:, 0] = best
    result[:, 1:] = choices[best, np.arange(rows.shape[0])]
    return result


def _read_with_pillow(data: bytes, name: str) -> Picture:
    try:
        from PIL import Image
    except ImportError:
        raise ImageError(
            f"{name!r} is not an 8-bit PNG without interlacing, which is all that symconv reads by itself",
            arguments=[("first bytes", repr(data[:8]))],
            hint='pip install "symconv[plot]" brings Pillow, which reads JPEG and many others',
        ) from None
    return _flatten_with_pillow(Image, data, name)


def _flatten_with_pillow(Image: Any, data: bytes, name: str) -> Picture:
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise ImageError(
                    f"the picture {name!r} has {width} x {height} pixels, more than {MOST_PIXELS}"
                )
            if image.has_transparency_data:
                rgba = image.convert("RGBA")
                white = Image.new("RGBA", image.size, (255, 255, 255, 255))
                image = Image.alpha_composite(white, rgba)
            return np.array(image.convert("RGB"), np.uint8)
    except ImageError:
        raise
    except Exception as error:  # Pillow's decoders raise what they like on damaged files
        raise ImageError(
            f"the picture {name!r} cannot be decoded: {error}",
            arguments=[("first bytes", repr(data[:8]))],
            hint="is it complete, and is it a picture at all?",
        ) from error
