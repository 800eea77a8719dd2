"""A limit on the time that one inspection takes as a whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from strideinspect.errors import TimeLimitError, UsageError


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Let the block run for so many seconds; None for no limit.

    Raises TimeLimitError from whatever runs then, UsageError where no limit can be set: only the main thread of a
    process can be interrupted, and not on Windows.
    """
    if seconds is None:
        yield
        return
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        raise UsageError(
            "a time limit works only in the main thread of a process, and not on Windows",
            "leave it out, or end the process from outside",
        )

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise TimeLimitError(f"not finished after {seconds:g} seconds", "raise --timeout, or try --no-verify")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
