"""Compiling with Python's garbage collector paused; imports nothing of symconv.

A compiler makes many objects that all live until it ends. The collector walks through them again and again
and finds nothing: for large graphs it took a third of the time, and more than its share the larger the graph.
"""

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_compiling = 0  # how many threads are
_before = False  # whether the collector was on when the first of them began


@contextmanager
def paused_collection() -> Iterator[None]:
    """No garbage collection in this block: the first thread to compile pauses it, the last one resumes it."""
    global _compiling, _before
    with _lock:
        if _compiling == 0:
            _before = gc.isenabled()
            gc.disable()
        _compiling += 1
    try:
        yield
    finally:
        with _lock:
            _compiling -= 1
            if _compiling == 0 and _before:
                gc.enable()


def _forget() -> None:
    """After a fork no other thread compiles."""
    global _lock, _compiling
    _lock = threading.Lock()
    if _compiling and _before:
        gc.enable()
    _compiling = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
