"""Decodes PNG files, which are hostile until proven otherwise; imports the errors of symconv.

    file  = signature, chunk IHDR, { chunk }, chunk IEND
    chunk = length, kind (4 letters), data, CRC-32 of kind and data

Eight bits a sample, grey, grey with alpha, colour, colour with alpha or palette, not interlaced: the PNG
specification (second edition), sections 5, 7, 9 and 11. Every size is checked before it is used.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symconv.errors import FileError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 100_000_000
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type: samples a pixel
Picture = npt.NDArray[np.uint8]


class ImageError(FileError):
    """A picture that cannot be read, or is not what it claims to be."""


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    colour_type: int

    @property
    def samples(self) -> int:
        return _SAMPLES[self.colour_type]


def decode_png(data: bytes, name: str) -> Picture | None:
    """The picture [h, w, 3], transparency laid over white; None for a kind of PNG that is not for us.

    Raises
    ------
    ImageError
        When the file is damaged or too large.
    """
    header: _Header | None = None
    palette = transparency = b""
    parts: list[bytes] = []
    for kind, content in _chunks(data, name):
        if header is None:
            if kind != b"IHDR":
                raise _damaged(name, f"it begins with a chunk {kind!r} instead of IHDR")
            header = _header(content, name)
            if header is None:
                return None
        elif kind == b"PLTE":
            palette = content
        elif kind == b"tRNS":
            transparency = content
        elif kind == b"IDAT":
            parts.append(content)
    if header is None or not parts:
        raise _damaged(name, "it holds no pixels")
    rows = _rows(b"".join(parts), header, name)
    pixels = _unfilter(rows, header.samples, name).reshape(header.height, header.width, header.samples)
    return _to_colour(pixels, header, palette, transparency, name)


def _damaged(name: str, why: str) -> ImageError:
    return ImageError(f"the PNG file {name!r} is damaged: {why}", hint="fetch or export it again")


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise _damaged(name, f"it ends at byte {len(data)}, before its last chunk")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise _damaged(name, f"a chunk {kind!r} claims {length} bytes, {len(data) - at - 12} are left")
        content = data[at + 8 : end - 4]
        if zlib.crc32(kind + content) != int.from_bytes(data[end - 4 : end], "big"):
            raise _damaged(name, f"the checksum of a chunk {kind!r} is wrong")
        if kind == b"IEND":
            return
        yield kind, content
        at = end


def _header(content: bytes, name: str) -> _Header | None:
    if len(content) != 13:
        raise _damaged(name, f"its header has {len(content)} bytes instead of 13")
    width, height, depth, colour_type, *methods, interlacing = struct.unpack(">IIBBBBB", content)
    if not width or not height or colour_type not in _SAMPLES or any(methods) or interlacing > 1:
        raise _damaged(name, "its header says what no PNG may say")
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"the picture {name!r} has {width} x {height} pixels, more than {MOST_PIXELS}",
            hint="make it smaller first",
        )
    if depth != 8 or interlacing:
        return None
    return _Header(width, height, colour_type)


def _rows(packed: bytes, header: _Header, name: str) -> Picture:
    """The filtered rows [h, 1 + bytes], each after the number of its filter."""
    row = 1 + header.width * header.samples
    expected = header.height * row
    # Deflate shrinks at most 1032 times: what claims more is known to be false before memory is taken.
    if expected > 1032 * len(packed) + 1032:
        raise _damaged(name, f"{len(packed)} packed bytes cannot hold {expected}")
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, expected + 1)
    except zlib.error as error:
        raise _damaged(name, f"its pixels cannot be unpacked ({error})") from error
    if len(raw) != expected:
        raise _damaged(name, f"it holds {len(raw)} bytes of pixels instead of {expected}")
    return np.frombuffer(raw, np.uint8).reshape(header.height, row)


def _unfilter(rows: Picture, step: int, name: str) -> Picture:
    """Undo the filters: each byte was stored less a guess from its neighbours left and above."""
    kinds = rows[:, 0]
    if kinds.max() > 4:
        raise _damaged(name, f"a row has filter {kinds.max()}, and there are 0 to 4")
    height, width = rows.shape[0], (rows.shape[1] - 1) // step
    pixels = rows[:, 1:].reshape(height, width, step)
    start = 0
    result = np.empty((height, width, step), np.uint8)
    above = np.zeros((1, width, step), np.uint8)
    hard = kinds > 2
    while start < height:
        end = start + 1
        if hard[start]:
            while end < height and hard[end]:
                end += 1
            result[start:end] = _diagonally(pixels[start:end], kinds[start:end], above[0])
        else:
            result[start] = _simply(pixels[start], int(kinds[start]), above[0])
        above = result[end - 1 : end]
        start = end
    return result


def _simply(row: Picture, kind: int, above: Picture) -> Picture:
    if kind == 1:
        return np.cumsum(row, axis=0, dtype=np.uint8)  # wraps at 256, as it must
    return row + above if kind == 2 else row


def _diagonally(rows: Picture, kinds: npt.NDArray[Any], above: Picture) -> Picture:
    """Rows of the filters Average and Paeth, a diagonal at a time.

    Both need the pixels left, above and above left. Along a diagonal from lower left to upper right no
    pixel needs another, so each diagonal is one array operation. Bytes are padded by a column of zeros
    left and by the row above; ``wave[d]`` holds the pixels (r, d - r).
    """
    height, width, step = rows.shape
    padded = np.zeros((height + 1, width + 1, step), np.int16)
    padded[0, 1:] = above
    average = (kinds == 3)[:, None]
    source = rows.astype(np.int16)
    index = np.arange(height)
    for diagonal in range(height + width - 1):
        first, last = max(0, diagonal - width + 1), min(height, diagonal + 1)
        row = index[first:last]
        column = diagonal - row
        left, up, corner = padded[row + 1, column], padded[row, column + 1], padded[row, column]
        guess = np.where(average[first:last], (left + up) >> 1, _paeth(left, up, corner))
        padded[row + 1, column + 1] = (source[row, column] + guess) & 255
    return padded[1:, 1:].astype(np.uint8)


def _paeth(left: npt.NDArray[Any], up: npt.NDArray[Any], corner: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The neighbour nearest to left + up - corner; a tie goes to left, then up."""
    to_left, to_up = abs(up - corner), abs(left - corner)
    to_corner = abs(left + up - 2 * corner)
    return np.where(
        (to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner)
    )


def _to_colour(
    pixels: Picture, header: _Header, palette: bytes, transparency: bytes, name: str
) -> Picture:
    if header.colour_type == 3:
        return _from_palette(pixels[:, :, 0], palette, transparency, name)
    if header.colour_type in (4, 6):
        colour = pixels[:, :, :-1]
        return _over_white(np.broadcast_to(colour, (*colour.shape[:2], 3)), pixels[:, :, -1:])
    colour = np.broadcast_to(pixels, (header.height, header.width, 3))
    if transparency:
        if len(transparency) != 2 * header.samples:
            raise _damaged(name, f"its transparent colour has {len(transparency)} bytes")
        hidden = np.frombuffer(transparency, ">u2")
        alpha = np.where((pixels == hidden).all(axis=2, keepdims=True), 0, 255).astype(np.uint8)
        return _over_white(colour, alpha)
    return np.array(colour)


def _from_palette(indices: Picture, palette: bytes, transparency: bytes, name: str) -> Picture:
    colours = len(palette) // 3
    if not palette or len(palette) % 3 or colours > 256 or len(transparency) > colours:
        raise _damaged(name, f"its palette has {len(palette)} bytes, its transparency {len(transparency)}")
    if int(indices.max()) >= colours:
        raise _damaged(name, f"a pixel has colour {indices.max()} of a palette of {colours}")
    alpha = np.full((colours, 1), 255, np.uint8)
    alpha[: len(transparency), 0] = np.frombuffer(transparency, np.uint8)
    table = _over_white(np.frombuffer(palette, np.uint8).reshape(colours, 3), alpha)
    shown: Picture = table[indices]
    return shown


def _over_white(colour: Picture, alpha: Picture) -> Picture:
    """What one sees when it lies on white paper, rounded to the nearest."""
    opaque = alpha.astype(np.uint32)
    blended: Picture = ((colour * opaque + 255 * (255 - opaque) + 127) // 255).astype(np.uint8)
    return blended
