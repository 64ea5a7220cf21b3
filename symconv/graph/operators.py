"""The operator table: what ``x + y``, ``x.sum()`` and ``numpy.tanh(x)`` mean; imports nothing of symconv.

``Variable.__add__`` needs the op ``add``, and ``add`` needs ``Variable``. The knot is untied by data: ops
enter the functions here under the Python method that they implement, and ``Variable`` reads the table.
"""

from collections.abc import Callable
from typing import Any

METHODS: dict[str, Callable[..., Any]] = {}
"""Functions on variables by the name of the method that they implement (``__add__``, ``sum``, ...)."""

UFUNCS: dict[str, Callable[..., Any]] = {}
"""Functions on variables by the name of the NumPy ufunc that they stand for."""


def implements(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function in the table under the methods that it implements."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            METHODS[name] = function
        return function

    return enter
