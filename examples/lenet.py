"""LeNet on handwritten digits: two convolutions with pooling, a hidden layer, a softmax; with pictures.

    layer   = max-pool(relu(conv2d(maps, W) + b), 2 x 2)           twice: 28 -> 24 -> 12 -> 8 -> 4 pixels
    hidden  = relu(flat maps W + b), half of it dropped while learning
    p       = softmax(hidden W + b);  cost = mean of -log p(right class)

Each step learns from images that were shifted by up to two pixels, by gradient descent with momentum.

    python examples/lenet.py --out lenet
    python examples/lenet.py --out lenet --resume --epochs 40

The folder then holds the training curve, the learned filters, the feature maps of some digits and the
confusion matrix as pictures, the best parameters, and a checkpoint.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pictures
import training

import symconv.theano as theano
from symconv import datasets
from symconv.theano import tensor as T
from symconv.theano.sandbox.rng_mrg import MRG_RandomStreams
from symconv.theano.tensor.signal import pool
from symconv.viz.images import tile_images, write_png

MOMENTUM = np.float32(0.9)


class LeNet:
    """The network for images [n, h, w]: its parameters and its functions."""

    def __init__(self, options: argparse.Namespace) -> None:
        random = np.random.RandomState(options.seed)
        first, second, hidden = options.maps[0], options.maps[1], options.hidden
        self.x, self.y, rate = T.ftensor3("x"), T.ivector("y"), T.fscalar("rate")
        self.parameters: dict[str, Any] = {}
        self._weights("conv1", (first, 1, 5, 5), (25, first * 25 / 4), random)
        self._weights("conv2", (second, first, 5, 5), (first * 25, second * 25 / 4), random)
        self._weights("hidden", (second * 16, hidden), (second * 16, hidden), random)
        self._weights("output", (hidden, 10), (hidden, 10), random)
        self.layers = [self.x.dimshuffle(0, "x", 1, 2)]
        for name in ("conv1", "conv2"):
            self.layers.append(self._convolved(self.layers[-1], name))
        flat = T.nnet.relu(self._affine(self.layers[-1].flatten(2), "hidden"))
        self.streams = MRG_RandomStreams(options.seed + 1)
        kept = self.streams.binomial(flat.shape, p=0.5, dtype="float32")
        cost = self._cost(T.nnet.softmax(self._affine(flat * kept * np.float32(2), "output")))
        self.p = T.nnet.softmax(self._affine(flat, "output"))
        self.velocities = {
            name: theano.shared(np.zeros_like(v.get_value()), name=f"velocity of {name}")
            for name, v in self.parameters.items()
        }
        self.step = theano.function([self.x, self.y, rate], cost, updates=self._updates(cost, rate))
        self.mistakes = theano.function([self.x, self.y], T.neq(T.argmax(self.p, axis=1), self.y).sum())
        self.classify = theano.function([self.x], T.argmax(self.p, axis=1))
        self.maps = theano.function([self.x], self.layers[1:])

    def _weights(
        self, name: str, shape: tuple[int, ...], fans: tuple[float, float], random: np.random.RandomState
    ) -> None:
        outputs = shape[0] if len(shape) == 4 else shape[1]
        self.parameters[f"{name}.W"] = theano.shared(training.glorot(random, shape, fans), name=f"{name}.W")
        self.parameters[f"{name}.b"] = theano.shared(np.zeros(outputs, "float32"), name=f"{name}.b")

    def _convolved(self, maps: Any, name: str) -> Any:
        W, b = self.parameters[f"{name}.W"], self.parameters[f"{name}.b"]
        found = T.nnet.relu(T.nnet.conv2d(maps, W) + b.dimshuffle("x", 0, "x", "x"))
        return pool.pool_2d(found, (2, 2), ignore_border=True)

    def _affine(self, rows: Any, name: str) -> Any:
        return T.dot(rows, self.parameters[f"{name}.W"]) + self.parameters[f"{name}.b"]

    def _cost(self, p: Any) -> Any:
        return -T.mean(T.log(p)[T.arange(self.y.shape[0]), self.y])

    def _updates(self, cost: Any, rate: Any) -> list[tuple[Any, Any]]:
        """Nesterov's momentum: the velocity after the step, and the step as if it were already there."""
        updates = []
        for name, variable in self.parameters.items():
            gradient, velocity = T.grad(cost, variable), self.velocities[name]
            faster = MOMENTUM * velocity - rate * gradient
            updates += [(velocity, faster), (variable, variable + MOMENTUM * faster - rate * gradient)]
        return updates

    def training(self) -> training.Training:
        """With its momentum and the state of its random numbers, so that resuming changes nothing."""
        state = dict(self.velocities)
        state |= {f"stream {n}": pair[0] for n, pair in enumerate(self.streams.state_updates)}
        return training.Training(
            self.parameters,
            lambda images, labels, rate: self.step(images, labels, np.float32(rate)),
            self.mistakes,
            state,
        )


def shifted(images: np.ndarray, random: np.random.RandomState, most: int = 2) -> np.ndarray:
    """Each image moved by up to so many pixels up, down, left and right."""
    count, height, width = images.shape
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    down, right = random.randint(0, 2 * most + 1, (2, count))
    rows = down[:, None, None] + np.arange(height)[:, None]
    columns = right[:, None, None] + np.arange(width)
    return padded[np.arange(count)[:, None, None], rows, columns]


def draw(net: LeNet, history: dict[str, list[float]], test: datasets.Images, out: Path) -> list[Path]:
    """The pictures of a trained network."""
    some = np.array([np.flatnonzero(test.labels == label)[0] for label in np.unique(test.labels)])
    maps = net.maps(test.images[some[:4]])
    guessed = np.concatenate([net.classify(part) for part in np.array_split(test.images, 5)])
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (test.labels, guessed), 1)
    mistakes = [100 * share for share in history["valid"]]
    curves = {"mean cost": history["cost"], "validation error, %": mistakes}
    filters = net.parameters["conv1.W"].get_value()[:, 0]
    return [
        pictures.write_curves(out / "curve.svg", curves),
        pictures.write_confusion(out / "confusion.svg", matrix),
        write_png(out / "filters.png", tile_images(filters, 10, scale=12, normalise="jointly")),
        write_png(out / "maps1.png", tile_images(maps[0].reshape(-1, 12, 12), maps[0].shape[1], scale=3)),
        write_png(out / "maps2.png", tile_images(maps[1].reshape(-1, 4, 4), maps[1].shape[1], scale=6)),
    ]


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = training.parser(__doc__.splitlines()[0], epochs=25, rate=0.05, batch=50)
    parser.add_argument("--maps", type=int, nargs=2, default=(20, 50), help="feature maps (default: 20 50)")
    parser.add_argument("--hidden", type=int, default=500, help="hidden units (default: 500)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> float:
    """Train, draw and report; the share of mistakes in the test."""
    options = options_of(arguments)
    data, net = training.load(options), LeNet(options)
    trained = net.training()
    error = trained.run(data, options, shifted)
    for path in draw(net, trained.history, data.test, options.out):
        print(path)
    return error


if __name__ == "__main__":
    main()
