"""The chapter's first layer with random filters: two feature maps of a photograph, which find edges.

    python examples/edges.py --photo PHOTO.png --out edges
"""

import argparse
from importlib.resources import files
from pathlib import Path

import numpy as np

import symconv.theano as theano
from symconv.theano import tensor as T
from symconv.theano.tensor.nnet import conv2d
from symconv.viz.images import read_image, tile_images, write_png


def layer(seed: int) -> "theano.compile.function_module.Function":
    """tanh(conv2d(image, W) + b) with two filters of 9 x 9 pixels for three colours."""
    random = np.random.RandomState(seed)
    image = T.tensor4(name="image")
    bound = 1 / np.sqrt(3 * 9 * 9)
    W = theano.shared(random.uniform(-bound, bound, size=(2, 3, 9, 9)).astype(image.dtype), name="W")
    b = theano.shared(random.uniform(-0.5, 0.5, size=2).astype(image.dtype), name="b")
    return theano.function([image], T.tanh(conv2d(image, W) + b.dimshuffle("x", 0, "x", "x")))


def main(arguments: list[str] | None = None) -> np.ndarray:
    """Filter the photograph and write the maps as pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    photo = files("symconv") / "data" / "grace_hopper.png"
    parser.add_argument("--photo", default=str(photo), help="a picture (default: the demo's)")
    parser.add_argument("--seed", type=int, default=23455, help="of the filters (default: 23455)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the pictures (default: out)")
    options = parser.parse_args(arguments)
    picture = read_image(options.photo) / 256.0
    maps = layer(options.seed)(picture.transpose(2, 0, 1)[None].astype(theano.config.floatX))
    options.out.mkdir(parents=True, exist_ok=True)
    print(maps.shape, maps.dtype)
    print(write_png(options.out / "edges.png", tile_images(maps[0], columns=2)))
    return maps


if __name__ == "__main__":
    main()
