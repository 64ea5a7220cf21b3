"""Draws the pictures of the README and the documentation, with symconv's own layout; imports symconv.

    python docs/make_pictures.py

A test checks that the pictures in ``docs/images`` are those that this program draws.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from drawings import DRAWINGS

import symconv as sc
from symconv.demo import chapter_layer
from symconv.files import write_atomically

IMAGES = Path(__file__).resolve().parent / "images"


def pictures() -> dict[str, str]:
    """The text of every picture by its file name."""
    layer = chapter_layer()
    layer.input.name = "image"  # as the README calls it
    f = sc.function([layer.input], layer.output, name="layer")
    return {
        "layer-before.svg": sc.draw(f, stage="built", engine="builtin"),
        "layer-after.svg": sc.draw(f, stage="fused", engine="builtin"),
        **{f"{name}.svg": draw() for name, draw in DRAWINGS.items()},
    }


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for name, text in pictures().items():
        write_atomically(IMAGES / name, text.encode())
        print(IMAGES / name)
    sys.exit()
