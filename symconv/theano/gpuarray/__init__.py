"""``theano.gpuarray``: there, and not in use; imports its module."""

from typing import Any

from symconv.errors import OptionError
from symconv.theano._names import refuses
from symconv.theano.gpuarray import dnn

pygpu_activated = False


def use(device: Any, *arguments: Any, **options: Any) -> None:
    """Not possible.

    Raises
    ------
    OptionError
        For any device but the CPU.
    """
    if device != "cpu":
        raise OptionError(f"there is no device {device!r}", hint="symconv computes on the CPU")


__getattr__ = refuses("theano.gpuarray", globals())

__all__ = ["dnn", "pygpu_activated", "use"]
