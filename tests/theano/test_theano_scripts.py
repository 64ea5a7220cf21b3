"""Unchanged scripts, run as a user runs them."""

import runpy
from pathlib import Path

import numpy as np
from scipy.signal import convolve

SCRIPTS = Path(__file__).parent / "scripts"


def test_the_chapters_program(theano, capsys):
    found = runpy.run_path(str(SCRIPTS / "chapter.py"))
    W, b, image = found["W"].get_value(), found["b"].get_value(), found["image"]
    maps = [sum(convolve(c, w, "valid", "direct") for c, w in zip(image[0], ws, strict=True)) for ws in W]
    expected = np.tanh(np.array(maps) + b[:, None, None])[None]
    np.testing.assert_allclose(found["filtered"], expected, rtol=0, atol=1e-12)
    assert len(found["f"].stages["program"].kernels) == 1
    assert capsys.readouterr().out.startswith("(1, 2, 112, 152) float64")
