"""What the chapters' programs share: arguments, data, mini-batches, early stopping, a file to resume from.

The examples are written as Theano programs; only ``import symconv.theano as theano`` is new in them.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import symconv as sc
from symconv import datasets

HISTORY = ("cost", "valid")


def parser(description: str, epochs: int, rate: float, batch: int) -> argparse.ArgumentParser:
    """The arguments that all chapters take."""
    found = argparse.ArgumentParser(description=description)
    add = found.add_argument
    add("--data", help="a folder with the files of MNIST, or a mnist.pkl.gz (default: the UCI digits)")
    add("--epochs", type=int, default=epochs, help=f"at most so many (default: {epochs})")
    add("--rate", type=float, default=rate, help=f"learning rate (default: {rate})")
    add("--batch", type=int, default=batch, help=f"images in a mini-batch (default: {batch})")
    add("--patience", type=int, default=10, help="epochs without a better validation (default: 10)")
    add("--seed", type=int, default=0, help="of the split, the weights and the order (default: 0)")
    add("--out", type=Path, default=Path("out"), help="folder of what is written (default: out)")
    add("--resume", action="store_true", help="go on from the folder's checkpoint, if there is one")
    add("--batches", type=int, help="stop each epoch after so many mini-batches (to try things out)")
    return found


def load(options: argparse.Namespace) -> datasets.Split:
    """Images of 28 x 28 pixels."""
    if options.data is None:
        return datasets.digits(28, seed=options.seed)
    return datasets.mnist(options.data)


@dataclass
class Training:
    """A model that is being trained: mutable, because that is what training does.

    Attributes
    ----------
    parameters : dict of str to shared variable
        What is learnt.
    step : callable
        ``step(images, labels, rate)`` changes the parameters and returns the cost.
    mistakes : callable
        ``mistakes(images, labels)``: how many are classified wrongly.
    state : dict of str to shared variable
        What else a step changes; saved beside the parameters, and never judged.
    epoch, best, since : int, float, int
        Epochs done, the best share of mistakes in validation, and the epochs since then.
    history : dict of str to list
        The mean cost and the share of mistakes in validation after each epoch.
    """

    parameters: dict[str, Any]
    step: Callable[..., Any]
    mistakes: Callable[..., Any]
    state: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    best: float = np.inf
    since: int = 0
    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in HISTORY})

    def run(
        self,
        data: datasets.Split,
        options: argparse.Namespace,
        change: Callable[[np.ndarray, np.random.RandomState], np.ndarray] | None = None,
    ) -> float:
        """Train until ``options`` says enough, keeping the best parameters; the share of test mistakes.

        Parameters
        ----------
        change : callable, optional
            ``change(images, random)`` gives the images that a step learns from instead.
        """
        options.out.mkdir(parents=True, exist_ok=True)
        last, best = options.out / "checkpoint.npz", options.out / "best.safetensors"
        if options.resume and last.exists() and best.exists():
            self.restore(last)
            print(f"resumed after epoch {self.epoch}")
        while self.epoch < options.epochs and self.since < options.patience:
            begun = time.perf_counter()
            self.history["cost"].append(self.one_epoch(data.train, options, change))
            self.history["valid"].append(self.share(data.valid, options.batch))
            self.epoch += 1
            self.since += 1
            if self.history["valid"][-1] < self.best:
                self.best, self.since = self.history["valid"][-1], 0
                sc.io.save_parameters(best, self.parameters)
            self.save(last)
            print(
                f"epoch {self.epoch:3d}  cost {self.history['cost'][-1]:.4f}  "
                f"validation error {self.history['valid'][-1]:.2%}  "
                f"{time.perf_counter() - begun:.1f} s{'  best' if self.since == 0 else ''}"
            )
        if best.exists():
            sc.io.load_parameters(best, into=self.parameters)
        error = self.share(data.test, options.batch)
        print(f"best validation error {self.best:.2%}, test error {error:.2%}")
        return error

    def one_epoch(self, images: datasets.Images, options: argparse.Namespace, change: Any) -> float:
        """One pass over the images in an order of its own; the mean cost."""
        random = np.random.RandomState([options.seed, self.epoch])
        order = random.permutation(len(images.labels))
        rate = options.rate * 0.5 * (1 + np.cos(np.pi * self.epoch / options.epochs))  # ends near 0
        starts = range(0, len(order) - options.batch + 1, options.batch)[: options.batches]
        costs = []
        for number, start in enumerate(starts):
            chosen = order[start : start + options.batch]
            pictures = images.images[chosen]
            if change is not None:
                pictures = change(pictures, random)
            costs.append(float(self.step(pictures, images.labels[chosen].astype("int32"), rate)))
            if sys.stdout.isatty():
                print(f"\r  {number + 1}/{len(starts)}", end="\r", flush=True)
        return float(np.mean(costs))

    def share(self, images: datasets.Images, batch: int) -> float:
        """The share of images that are classified wrongly."""
        wrong = 0
        for start in range(0, len(images.labels), batch):
            part = slice(start, start + batch)
            wrong += int(self.mistakes(images.images[part], images.labels[part].astype("int32")))
        return wrong / len(images.labels)

    def save(self, path: Path) -> None:
        """All that is needed to go on, in one file that is complete or not there."""
        numbers = {"epoch": self.epoch, "best": self.best, "since": self.since}
        lists = {name: np.array(values) for name, values in self.history.items()}
        sc.io.save_parameters(path, self.named() | {f"training.{k}": v for k, v in (numbers | lists).items()})

    def restore(self, path: Path) -> None:
        """Go on where `save` was called."""
        arrays = sc.io.load_parameters(path)
        mine = {name: arrays.pop(f"training.{name}") for name in ("epoch", "best", "since", *HISTORY)}
        sc.io.set_parameters(self.named(), arrays, str(path))
        self.epoch, self.best, self.since = int(mine["epoch"]), float(mine["best"]), int(mine["since"])
        self.history = {name: mine[name].tolist() for name in HISTORY}

    def named(self) -> dict[str, Any]:
        """The shared variables by what they are, and by name."""
        learnt = {f"parameter.{name}": variable for name, variable in self.parameters.items()}
        return learnt | {f"state.{name}": variable for name, variable in self.state.items()}


def rows(images: np.ndarray) -> np.ndarray:
    """Each image as one row."""
    return images.reshape(len(images), -1)


def glorot(random: np.random.RandomState, shape: Sequence[int], fans: tuple[float, float]) -> np.ndarray:
    """Weights as large as keeps the variance of signals and gradients (Glorot and Bengio, 2010)."""
    bound = np.sqrt(6.0 / sum(fans))
    return random.uniform(-bound, bound, size=shape).astype("float32")
