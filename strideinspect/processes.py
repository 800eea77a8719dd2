"""A pool of processes that ends on Ctrl-C, at once and without a traceback, and when its parent process ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pool(ProcessPoolExecutor):
    """A pool whose tasks raise KeyboardInterrupt on Ctrl-C, which the terminal sends to every process."""

    def __init__(self, processes: int) -> None:
        # Forking a process that has threads, as the caller's may, is not safe.
        super().__init__(processes, multiprocessing.get_context("spawn"), _ready)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Submit a task, as the base class does. That may start a process, which inherits blocked interrupts.

        They stay blocked until the process has its handlers, so that Ctrl-C in between prints no traceback.
        """
        _mask_interrupts("block")
        try:
            return super().submit(_interruptible, fn, *args, **kwargs)
        finally:
            _mask_interrupts("unblock")


def _ready() -> None:
    """Make a new process ignore interrupts while it has no task, and end when its parent does, even if it crashes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _mask_interrupts("unblock")
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


_interrupted = False


def _interruptible(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a task in a process of the pool; after an interrupt, queued tasks are not started."""
    global _interrupted  # noqa: PLW0603  # the interrupt concerns the whole process
    if _interrupted:
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return work(*args, **kwargs)
    except KeyboardInterrupt:
        _interrupted = True
        raise
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _mask_interrupts(how: str) -> None:
    """Block or unblock interrupts in this thread and the processes that it starts; not possible on Windows."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK if how == "block" else signal.SIG_UNBLOCK, {signal.SIGINT})
