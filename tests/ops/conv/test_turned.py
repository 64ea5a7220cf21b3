"""Images that lie image by image next to one another, read by an algorithm that wants them one after the other."""

import numpy as np
import pytest

import symconv as sc
from symconv.ops.conv.algorithms.problem import Problem


def two_layers(images, scratch_bytes=1 << 23):
    """A first layer whose images are last, a second one that reads row by row; run, and what it means."""
    random = np.random.default_rng(3)
    x = sc.tensor4("x", dtype="float32")
    V = sc.shared(random.normal(size=(16, 3, 3, 3)).astype("float32"), "V")
    W = sc.shared(random.normal(size=(16, 16, 3, 3)).astype("float32"), "W")
    hidden = sc.tanh(sc.conv2d(x, V, border_mode="half"))
    result = sc.conv2d(hidden, W, border_mode="half")
    outputs = [result, *sc.grad(sc.sqr(result).sum(), [x, V, W])]
    value = random.normal(size=(images, 3, 32, 32)).astype("float32")
    with sc.settings(scratch_bytes=scratch_bytes):
        f = sc.function([x], outputs)
        found = f(value)
    return f.source, found, sc.function([x], outputs, mode="interpreted")(value)


def lines(images, **settings):
    """The lines of the source that mention such a copy; the results are held against their meaning."""
    source, found, meant = two_layers(images, **settings)
    for one, other in zip(found, meant, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max())
    return [line.strip() for line in source.splitlines() if "plain" in line]


@pytest.mark.parametrize("images", [8, 20, 33])
@pytest.mark.parametrize("scratch_bytes", [1 << 12, 1 << 18, 1 << 23])
def test_each_block_turns_the_images_that_it_reads(images, scratch_bytes):
    found = lines(images, scratch_bytes=scratch_bytes)
    assert any(line.startswith("plain_part[...] = ") for line in found)
    assert not any(line.startswith("plain[...] = ") for line in found)


def test_where_a_block_reads_parts_of_images_all_are_turned_before_the_loop(monkeypatch):
    monkeypatch.setattr(Problem, "images", lambda self, k, image, blocks: k.stored(image)[blocks[0].slice])
    source, *_ = two_layers(20)
    found = lines(20)
    assert sum(line.startswith("plain[...] = ") for line in found) == 1
    assert source.index("    plain[...] = ") < source.index("parallel(", source.index("    plain[...] = "))
