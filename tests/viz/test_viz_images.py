"""Image tiles, PNG files against Pillow, damaged files, and files that appear all at once."""

import os
import stat
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from symconv import files
from symconv.errors import ArgumentError, FileError, OptionError, ShapeError
from symconv.viz import ImageError, read_image, tile_images, write_atomically, write_png
from symconv.viz.pngfile import decode_png

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(header, rows, *others, end=True):
    parts = [SIGNATURE, chunk(b"IHDR", header), *others, chunk(b"IDAT", zlib.compress(rows))]
    return b"".join([*parts, chunk(b"IEND", b"") if end else b""])


def header(width, height, depth=8, colour=0, compression=0, filtering=0, interlacing=0):
    return struct.pack(">IIBBBBB", width, height, depth, colour, compression, filtering, interlacing)


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 48), (1, 9, 3), (33, 17, 3)])
def test_what_is_written_pillow_reads_and_so_do_we(tmp_path, shape):
    picture = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    path = write_png(tmp_path / "a.png", picture)
    with Image.open(path) as image:
        assert (np.asarray(image) == picture).all()
    expected = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
    result = read_image(path)
    assert result.dtype == np.uint8
    assert (result == expected).all()


def test_a_strided_array_is_written_as_it_looks(tmp_path):
    picture = np.random.default_rng(4).integers(0, 256, (20, 30, 3), dtype=np.uint8)[::-2, 1::3]
    assert (read_image(write_png(tmp_path / "a.png", picture)) == picture).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
def test_what_pillow_writes_we_read(tmp_path, mode):
    y, x = np.mgrid[:61, :83]
    channels = [np.uint8((x * 3 + y) % 256), np.uint8((x + y * 2) % 256), np.uint8(x ^ y), np.uint8(x * 3)]
    rgba = Image.fromarray(np.stack(channels, axis=2))
    image = rgba.convert("RGB").quantize(50) if mode == "P" else rgba.convert(mode)
    path = tmp_path / "a.png"
    image.save(path)
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    expected = np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))
    assert decode_png(path.read_bytes(), "a") is not None
    assert np.abs(read_image(path).astype(int) - expected).max() <= (1 if mode in ("LA", "RGBA") else 0)


@pytest.mark.parametrize("transparent", [(3,), (10, 20, 30)])
def test_a_transparent_colour_is_white(transparent):
    pixels = bytes([0, *transparent, *(9 for _ in transparent)])
    colour = 0 if len(transparent) == 1 else 2
    hidden = chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))
    result = decode_png(png(header(2, 1, colour=colour), pixels, hidden), "a")
    assert result.tolist() == [[[255] * 3, [9] * 3]]


def slow_unfilter(rows, step):
    """The definition, byte by byte (PNG, section 9)."""
    result = []
    above = [0] * (len(rows[0]) - 1)
    for kind, *row in rows:
        current = []
        for i, byte in enumerate(row):
            left = current[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            up = above[i]
            estimate = left + up - corner
            paeth = min((abs(estimate - left), 0, left), (abs(estimate - up), 1, up),
                        (abs(estimate - corner), 2, corner))[2]
            current.append((byte + (0, left, up, (left + up) // 2, paeth)[kind]) % 256)
        result.append(current)
        above = current
    return result


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([0, 2]), st.integers(0, 2**32 - 1))
def test_all_filters_mixed(width, height, colour, seed):
    source = np.random.default_rng(seed)
    step = 1 if colour == 0 else 3
    rows = source.integers(0, 256, (height, 1 + width * step), dtype=np.uint8)
    rows[:, 0] = source.integers(0, 5, height)
    expected = np.array(slow_unfilter(rows.tolist(), step)).reshape(height, width, step)
    result = decode_png(png(header(width, height, colour=colour), rows.tobytes()), "a")
    assert (result == np.broadcast_to(expected, (height, width, 3))).all()


GOOD = png(header(2, 2), bytes(6))
DAMAGED = {
    "empty": b"",
    "text": b"hello, I am no picture at all",
    "signature only": SIGNATURE,
    "cut in the header": GOOD[:20],
    "cut in the pixels": GOOD[:-20],
    "no end": png(header(2, 2), bytes(6), end=False),
    "wrong checksum": GOOD[:-6] + b"\0\0" + GOOD[-4:],
    "flipped bit in the header": GOOD[:19] + b"\7" + GOOD[20:],
    "first chunk is not a header": SIGNATURE + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
    "header too short": SIGNATURE + chunk(b"IHDR", b"\0" * 12) + chunk(b"IEND", b""),
    "no pixels": SIGNATURE + chunk(b"IHDR", header(2, 2)) + chunk(b"IEND", b""),
    "too few rows": png(header(2, 3), bytes(6)),
    "too many rows": png(header(2, 1), bytes(6)),
    "width zero": png(header(0, 2), bytes(6)),
    "width beyond everything": png(header(2**31, 2**31), bytes(6)),
    "claims more than deflate can hold": png(header(9000, 9000), bytes(6)),
    "colour type 5": png(header(2, 2, colour=5), bytes(6)),
    "unknown compression": png(header(2, 2, compression=1), bytes(6)),
    "unknown filter method": png(header(2, 2, filtering=1), bytes(6)),
    "filter 5": png(header(2, 2), bytes([5, 0, 0, 0, 0, 0])),
    "no zlib stream": SIGNATURE + chunk(b"IHDR", header(2, 2)) + chunk(b"IDAT", b"xyz") + chunk(b"IEND", b""),
    "palette missing": png(header(2, 2, colour=3), bytes(6)),
    "palette too small": png(header(2, 2, colour=3), bytes([0, 0, 1, 0, 1, 1]), chunk(b"PLTE", b"abc")),
    "palette of odd length": png(header(2, 2, colour=3), bytes(6), chunk(b"PLTE", b"abcd")),
    "chunk claims 4 GB": SIGNATURE + b"\xff\xff\xff\xffIHDR" + bytes(20),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
@pytest.mark.parametrize("pillow", [True, False])
def test_damaged_files(tmp_path, monkeypatch, data, pillow):
    if not pillow:
        monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert "a.png" in str(caught.value)
    assert caught.value.hint


@given(st.data())
def test_a_changed_byte_is_noticed_or_harmless(data):
    at = data.draw(st.integers(0, len(GOOD) - 1))
    damaged = GOOD[:at] + bytes([GOOD[at] ^ data.draw(st.integers(1, 255))]) + GOOD[at + 1 :]
    try:
        result = decode_png(damaged, "a")
    except ImageError:
        return
    assert result is None or (result == 0).all()


def test_what_is_not_ours_goes_to_pillow(tmp_path, monkeypatch):
    picture = np.random.default_rng(5).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.bmp")
    assert (read_image(tmp_path / "a.bmp") == picture).all()
    Image.fromarray(picture[:, :, 0] > 128).save(tmp_path / "bits.png")
    assert (read_image(tmp_path / "bits.png")[:, :, 1] == np.where(picture[:, :, 0] > 128, 255, 0)).all()
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ImageError, match=r"symconv\[plot\]"):
        read_image(tmp_path / "a.bmp")


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(ImageError):
            read_image(path)
    with pytest.raises(ValueError, match=r"none\.png"):
        read_image(tmp_path / "none.png")


def test_tiles():
    maps = np.arange(24.0).reshape(6, 2, 2)
    picture = tile_images(maps, columns=3)
    assert picture.shape == (7, 10)
    assert picture[0].tolist() == [128] * 10
    assert picture[1:3, 1:3].tolist() == [[0, 85], [170, 255]]
    assert picture[4:6, 7:9].tolist() == [[0, 85], [170, 255]]
    jointly = tile_images(maps, columns=3, normalise="jointly")
    assert jointly[1, 1] == 0
    assert jointly[5, 8] == 255
    assert jointly[2, 2] < 50
    assert tile_images(maps, columns=3, scale=4, padding=0).shape == (16, 24)
    assert tile_images(maps[:5]).dtype == np.uint8


def test_filters_have_a_row_each_and_colour_filters_are_coloured():
    bank = np.random.default_rng(6).normal(size=(4, 2, 9, 9))
    assert tile_images(bank).shape == (41, 21)
    colour = tile_images(bank.repeat(2, axis=1)[:, :3], columns=4)
    assert colour.shape == (11, 41, 3)
    assert colour.max() == 255


def test_tiles_of_values_that_are_not_ordinary():
    maps = np.array([[[np.nan, 1.0], [np.inf, -np.inf]], [[3.0, 3.0], [3.0, 3.0]], [[np.nan] * 2] * 2])
    with np.errstate(all="raise"):
        picture = tile_images(maps, columns=3, padding=0)
    assert picture.tolist() == [[0, 128, 128, 128, 0, 0], [128, 128, 128, 128, 0, 0]]
    wide = np.array([[[-1.7e308, 1.7e308]]])
    assert tile_images(wide, padding=0).tolist() == [[0, 255]]
    assert tile_images(np.array([[[True, False]]]), padding=0).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    ("array", "options", "error"),
    [
        (np.zeros((3, 3)), {}, ShapeError), (np.zeros((0, 3, 3)), {}, ShapeError),
        (np.zeros((1, 1, 1, 2, 2)), {}, ShapeError), (np.zeros((1, 2, 2), complex), {}, ArgumentError),
        (np.array([[["a"]]]), {}, ArgumentError), (np.zeros((1, 2, 2)), {"columns": 0}, OptionError),
        (np.zeros((1, 2, 2)), {"padding": -1}, OptionError), (np.zeros((1, 2, 2)), {"scale": 0}, OptionError),
        (np.zeros((1, 2, 2)), {"normalise": "no"}, OptionError),
    ],
)  # fmt: skip
def test_what_cannot_be_tiled(array, options, error):
    with pytest.raises(error):
        tile_images(array, **options)


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros((3, 3)), ArgumentError), (np.zeros(3, np.uint8), ShapeError),
        (np.zeros((2, 2, 4), np.uint8), ShapeError), (np.zeros((0, 2), np.uint8), ShapeError),
    ],
)  # fmt: skip
def test_what_cannot_be_written(tmp_path, array, error):
    with pytest.raises(error):
        write_png(tmp_path / "a.png", array)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("failing", ["fsync", "replace", "open"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, failing):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, failing, fail)
    with pytest.raises(FileError, match="No space left"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_order_is_write_flush_rename_flush_the_folder(tmp_path, monkeypatch):
    steps = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(descriptor):
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("sync folder" if folder else f"sync {os.fstat(descriptor).st_size} bytes")
        real_sync(descriptor)

    def replace(*paths):
        steps.append("replace")
        real_replace(*paths)

    monkeypatch.setattr(files.os, "fsync", sync)
    monkeypatch.setattr(files.os, "replace", replace)
    write_atomically(tmp_path / "a.txt", b"12345")
    assert steps == ["sync 5 bytes", "replace", *(["sync folder"] if os.name != "nt" else [])]


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_where_nothing_can_be_written(tmp_path):
    for path in (tmp_path / "none" / "a.txt", tmp_path):
        with pytest.raises(FileError):
            write_atomically(path, b"x")
    assert not list(tmp_path.iterdir())
