"""``theano.gpuarray.dnn``: says that it is not there; imports nothing of symconv."""

from typing import Any

from symconv.theano._names import refuses


def dnn_present() -> bool:
    """False."""
    return False


def dnn_available(context_name: Any = None) -> bool:
    """False."""
    return False


__getattr__ = refuses("theano.gpuarray.dnn", globals())

__all__ = ["dnn_available", "dnn_present"]
