"""Signals that end a run of the command: within a second, quietly, and with nothing left behind.

The first of SIGINT (Ctrl-C), SIGTERM and SIGHUP (a terminal that closes) raises KeyboardInterrupt wherever the main
thread is, so that every `with` and `finally` cleans up; later ones are ignored, so that nothing stops that. A thread
ends the process all the same where that takes too long, or where a library swallows the exception.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, ClassVar

from strideinspect.limits import ENDING_SECONDS
from strideinspect.processes import temporary_folders

if TYPE_CHECKING:
    import subprocess
    from types import FrameType, TracebackType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class _State:
    """The signal that ends this run, 0 without one; how many `held` blocks are running; processes to end."""

    received = 0
    held = 0
    children: ClassVar[set[subprocess.Popen[str]]] = set()


class held:  # noqa: N801  # used like a function
    """Let a block run to its end first: one that makes something and notes down what has to be removed."""

    def __enter__(self) -> None:
        _State.held += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _State.held -= 1
        if _State.received and not _State.held and error is None:
            raise KeyboardInterrupt


def install() -> None:
    """Let the signals end this process, but for those that it was started to ignore, as `nohup` asks."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def leave() -> None:
    """Remove what is left, as by a time limit, and after a signal end with 128 and its number, as shells have it.

    At once: where an import was interrupted, Python would end with a status of its own.
    """
    _clean()
    if _State.received:
        os._exit(128 + _State.received)


def check() -> None:
    """Raise KeyboardInterrupt if a signal has come: what is handled as an error may be what an import made of it."""
    if _State.received:
        raise KeyboardInterrupt


def end_with_this(process: subprocess.Popen[str]) -> None:
    """Kill the process where a signal ends this one."""
    _State.children.add(process)


def has_ended(process: subprocess.Popen[str]) -> None:
    """Forget a process."""
    _State.children.discard(process)


def _clean() -> None:
    children = [*_State.children]
    for process in children:
        process.kill()
    until = time.monotonic() + ENDING_SECONDS
    while any(process.poll() is None for process in children) and time.monotonic() < until:
        time.sleep(0.01)  # until it has ended, it may write to its folder
    temporary_folders.remove_all()


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    _State.received = number
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    sys.unraisablehook = lambda _: None  # an interrupt in a finalizer is printed, not raised
    _thread.start_new_thread(_insist, ())  # `threading` may be the very module whose import is interrupted
    if not _State.held:
        raise KeyboardInterrupt


def _insist() -> None:
    """End the process after a while. Its own processes end with it: they listen to a pipe from it."""
    time.sleep(ENDING_SECONDS)
    _clean()
    if sys.stderr is not None and sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\x1b[?25h")  # the progress line hides the cursor
    os._exit(128 + _State.received)
