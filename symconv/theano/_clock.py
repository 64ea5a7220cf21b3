"""Time spent in parts of the layer, for its profiles; imports nothing."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any


class Clock:
    """Seconds spent in something; mutable because they are added up."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose calls are measured, the outermost where they are nested."""
        running: list[bool] = []

        @wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            if running:
                return function(*arguments, **options)
            started = perf_counter()
            running.append(True)
            try:
                return function(*arguments, **options)
            finally:
                running.clear()
                self.seconds += perf_counter() - started

        return call


GRADIENTS = Clock()
"""Time in ``theano.grad``."""
