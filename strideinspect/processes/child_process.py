"""What a process that strideinspect starts is given, and how it ends with the one that started it."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def environment() -> Mapping[str, str]:
    """The environment of a process that imports what this one imports."""
    ours = {"PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)}
    if sys.flags.dev_mode:
        ours["PYTHONDEVMODE"] = "1"
    return {"OPENBLAS_NUM_THREADS": "1"} | os.environ | ours  # numpy's threads would take time from the others


def received(read: Callable[[], T]) -> Iterator[T]:
    """What the parent process sends, which `read` waits for; it gives something empty once the pipe is closed.

    Then the parent has ended, and so does this process, whatever it is doing.
    """
    box: queue.SimpleQueue[T] = queue.SimpleQueue()

    def listen() -> None:
        while message := read():
            box.put(message)
        _leave()

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield box.get()


def _leave() -> None:
    """End this process and, if it belongs to a pool, those that it has started, which lead no session of their own."""
    if hasattr(os, "killpg") and os.getsid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
