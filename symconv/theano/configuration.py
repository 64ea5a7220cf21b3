"""``theano.config``: symconv's settings under Theano's names; imports symconv's config."""

from typing import Any

from symconv.config import config as settings

FIXED = {
    "device": "cpu",
    "mode": "FAST_RUN",
    "optimizer": "fast_run",
    "linker": "cvm",
    "cast_policy": "custom",
    "compute_test_value": "off",
    "exception_verbosity": "low",
    "profile": False,
    "openmp": False,
}
"""Flags that scripts read, and what they find: nothing here changes what symconv does."""


class Flags:
    """The flags as attributes.

    Mutable because scripts assign to it. As in Theano, assigning to a flag that does not exist is kept and
    has no effect; reading one raises ``AttributeError``.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        vars(self).update(values)


class Config(Flags):
    """``theano.config``: ``floatX`` and ``on_unused_input`` are symconv's own settings.

    Examples
    --------
    >>> Config(FIXED).floatX
    'float64'
    """

    @property
    def floatX(self) -> str:
        """dtype of constructors that name none."""
        return str(settings.floatX)

    @floatX.setter
    def floatX(self, value: str) -> None:
        settings.floatX = value

    @property
    def on_unused_input(self) -> str:
        """What ``function`` does about an input that nothing needs."""
        return str(settings.on_unused_input)

    @on_unused_input.setter
    def on_unused_input(self, value: str) -> None:
        settings.on_unused_input = value

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"symconv does not support theano.config.{name}")


config = Config(FIXED | {"warn": Flags({})})
