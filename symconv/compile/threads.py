"""The one pool of threads, and BLAS held to one thread inside it; imports nothing of symconv.

Blocks are handed out one at a time to whoever is free, so a core that another process takes slows the
rest by its share and no more. The caller works too: a pool that is busy delays nobody.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np

BUFFER = 1024  # elements that NumPy converts or spreads at a time; its 8192 do not fit a first-level cache


class Job:
    """One worker's share of a loop: run by a thread of the pool, or taken back before one begins with it.

    Mutable because it is claimed once, and then holds what was raised.
    """

    __slots__ = ("_claim", "_done", "error", "work")

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.error: BaseException | None = None
        self._claim = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()

    def run(self) -> None:
        """Do the work, unless it was taken back."""
        if self._claim.acquire(blocking=False):
            try:
                self.work()
            except BaseException as error:  # whoever waits raises it
                self.error = error
            finally:
                self._done.release()

    def finish(self) -> None:
        """Take the job back, or wait where it has begun."""
        if not self._claim.acquire(blocking=False):
            self._done.acquire()


class Pool:
    """Threads that wait for work; mutable because it starts them when first needed.

    ``concurrent.futures`` would do, but importing it takes as long as compiling a layer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._size = 0

    def submit(self, works: Sequence[Callable[[], None]]) -> list[Job]:
        """Jobs for at least as many threads."""
        with self._lock:
            while self._size < len(works):
                name = f"symconv_{self._size + 1}"
                threading.Thread(target=self._serve, name=name, daemon=True).start()
                self._size += 1
        jobs = [Job(work) for work in works]
        for job in jobs:
            self._jobs.put(job)
        return jobs

    def _serve(self) -> None:
        np.setbufsize(BUFFER)
        np.seterr(all="ignore")
        while True:
            self._jobs.get().run()

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
    block: Callable[..., None],
    tasks: Sequence[tuple[int, ...]],
    scratch: Sequence[Any],
    arguments: tuple[Any, ...],
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
        for task in waiting:
            block(*task, *arguments, mine)

    workers = min(len(scratch), len(tasks))
    with BLAS.one():  # NumPy's warnings are off: see ``Plan``
        if workers == 1:
            work(scratch[0])
            return
        jobs = POOL.submit([partial(work, mine) for mine in scratch[1:workers]])
        try:
            work(scratch[0])
        finally:
            for job in jobs:
                job.finish()
        for job in jobs:
            if job.error is not None:
                raise job.error


def serial(
    block: Callable[..., None],
    tasks: Sequence[tuple[int, ...]],
    scratch: Sequence[Any],
    arguments: tuple[Any, ...],
) -> None:
    """Call ``block(*task, *arguments, scratch)`` for every task, one after the other."""
    for task in tasks:
        block(*task, *arguments, scratch[0])
