"""The one pool of threads, and BLAS held to one thread inside it; imports nothing of symconv.

Blocks are handed out one at a time to whoever is free, so a core that another process takes slows the
rest by its share and no more. The caller works too: a pool that is busy delays nobody.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class Pool:
    """Threads that wait for work; mutable because it starts them when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._size = 0

    def executor(self, size: int) -> "ThreadPoolExecutor":
        """At least ``size`` threads."""
        from concurrent.futures import ThreadPoolExecutor  # slow: it brings logging along

        with self._lock:
            if self._executor is None or self._size < size:
                if self._executor is not None:
                    self._executor.shutdown(wait=False)
                self._executor = ThreadPoolExecutor(size, thread_name_prefix="symconv")
                self._size = size
            return self._executor

    def forget(self) -> None:
        """After a fork there are no threads: start anew."""
        self.__init__()  # type: ignore[misc]


POOL = Pool()


class BlasLimit:
    """Holds BLAS to one thread while parallel loops run; mutable because it counts them.

    The library's own setting is process-wide, so it is lowered by the first loop that starts and restored
    by the last that ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loops = 0
        self._libraries: list[Any] | None = None
        self._before: list[int] = []

    def _find(self) -> list[Any]:
        if self._libraries is None:
            from threadpoolctl import ThreadpoolController  # slow: it searches the loaded libraries

            self._libraries = ThreadpoolController().select(user_api="blas").lib_controllers
        return self._libraries

    def enter(self) -> None:
        """A parallel loop begins."""
        with self._lock:
            self._loops += 1
            if self._loops == 1:
                libraries = self._find()
                self._before = [library.get_num_threads() for library in libraries]
                for library, before in zip(libraries, self._before, strict=True):
                    if before != 1:
                        library.set_num_threads(1)

    def leave(self) -> None:
        """A parallel loop ends."""
        with self._lock:
            self._loops -= 1
            if self._loops == 0:
                for library, before in zip(self._find(), self._before, strict=True):
                    if before != 1:
                        library.set_num_threads(before)

    def forget(self) -> None:
        """After a fork nothing runs."""
        self._lock = threading.Lock()
        self._loops = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """One BLAS thread within this block."""
        self.enter()
        try:
            yield
        finally:
            self.leave()


BLAS = BlasLimit()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=POOL.forget)
    os.register_at_fork(after_in_child=BLAS.forget)


def parallel(
    block: Callable[..., None], tasks: Sequence[tuple[int, ...]], scratch: Sequence[Any], arguments: tuple[Any, ...]
) -> None:
    """Call ``block(*task, *arguments, scratch)`` for every task, on as many threads as there is scratch for.

    Parameters
    ----------
    block : callable
        What to do for one task.
    tasks : sequence of tuple of int
        Where each block begins, and how long it is.
    scratch : sequence
        The memory of each worker.
    arguments : tuple
        What all blocks share.

    Raises
    ------
    Exception
        The first that a block raised; the other workers have stopped by then.
    """
    waiting = iter(tasks)

    def work(mine: Any) -> None:
        with np.errstate(all="ignore"):
            for task in waiting:
                block(*task, *arguments, mine)

    workers = min(len(scratch), len(tasks))
    with BLAS.one():
        if workers == 1:
            work(scratch[0])
            return
        executor = POOL.executor(workers - 1)
        futures = [executor.submit(work, mine) for mine in scratch[1:workers]]
        try:
            work(scratch[0])
        finally:
            started = [future for future in futures if not future.cancel()]
            for future in started:
                future.exception()
        for future in started:
            future.result()


def serial(
    block: Callable[..., None], tasks: Sequence[tuple[int, ...]], scratch: Sequence[Any], arguments: tuple[Any, ...]
) -> None:
    """Call ``block(*task, *arguments, scratch)`` for every task, one after the other."""
    for task in tasks:
        block(*task, *arguments, scratch[0])
