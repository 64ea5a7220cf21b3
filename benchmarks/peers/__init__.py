"""The peers, one module each. Imports NumPy alone: a peer's library is imported when its process starts.

A peer is a module of this folder whose `PEER` is an instance of a subclass of `Peer`. For each kind of case
that it can express it has a row in `variants` and a method of the kind's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

# In the order of the tables: the subject first, then from the plainest to the largest.
NAMES = ("symconv", "numpy_plain", "scipy", "torch", "onnxruntime", "openvino", "jax", "pytensor")

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Prepared:
    """A case as a peer runs it: `run(convert(arrays))` is the result, and only `run` is timed.

    `convert` takes the arrays to what the peer likes best (its own tensor, its own layout): that is a gift to
    the peers, for symconv takes NumPy's arrays as they are. `run` returns a NumPy array of any
    strides, or a tuple of arrays.
    """

    run: Callable[[Any], np.ndarray | tuple[np.ndarray, ...]]
    convert: Callable[[Arrays], Any]
    details: Mapping[str, float] | None = None
    explain: Callable[[], str] | None = None


class Peer:
    """What the worker asks of a peer."""

    requires: tuple[str, ...] = ()
    """The modules that must be installed."""
    variants: Mapping[str, tuple[str, ...]] = {}
    """By kind, the ways in which this peer can say it; each is measured and the best one counts."""
    one_thread_only: bool = False

    def missing(self) -> list[str]:
        """The required modules that are not installed here."""
        return [module for module in self.requires if find_spec(module) is None]

    def available(self) -> bool:
        """Whether this peer can run here."""
        return not self.missing()

    def start(self, threads: int) -> None:
        """Import the library and hold it to so many threads. The environment's variables are set."""

    def version(self) -> str:
        """The library's version, asked after `start`."""
        raise NotImplementedError

    def refuses(self, kind: str, parameters: Mapping[str, Any], dtype: str) -> str | None:
        """Why this case cannot be said in this peer, or None when it can."""
        return None

    def prepare(self, kind: str, variant: str, parameters: Mapping[str, Any], arrays: Arrays) -> Prepared:
        """The case, ready to run: model built, function compiled, filters flipped if the peer correlates."""
        return getattr(self, kind)(variant, parameters, arrays)


def flipped(filters: np.ndarray) -> np.ndarray:
    """The filters turned by 180 degrees: correlating with them is convolving with the given ones."""
    # A copy: ascontiguousarray would keep the negative strides of a 1x1 filter, which torch refuses.
    return filters[:, :, ::-1, ::-1].copy()


def in_order(*names: str) -> Callable[[Arrays], tuple[np.ndarray, ...]]:
    """A `convert` that hands over these arrays as they are."""
    return lambda fed: tuple(fed[name] for name in names)


def load(module: str) -> Peer:
    """The `PEER` of a module, given by its full name."""
    return import_module(module).PEER
