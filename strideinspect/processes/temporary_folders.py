"""Temporary folders that are known from before they exist until they are gone, so that no ending leaves one behind."""

from __future__ import annotations

import _thread
import os
import time
from pathlib import Path

_ATTEMPTS, _PAUSE_SECONDS = 20, 0.01

_made: set[str] = set()
_changing = _thread.allocate_lock()
_closed: list[bool] = []  # holds True once all folders are removed, from when on none may be made


def make() -> str:
    """A new folder of this user's own. Raises KeyboardInterrupt where another thread is ending the process."""
    import tempfile  # most of the time nothing else needs it

    folder = Path(tempfile.gettempdir(), f"strideinspect-{os.urandom(8).hex()}")
    with _changing:
        if _closed:
            raise KeyboardInterrupt
        _made.add(str(folder))
        folder.mkdir(mode=0o700)
    return str(folder)


def remove(folder: str) -> None:
    """Remove a folder and what is in it."""
    _remove(folder)
    _made.discard(folder)


def remove_all() -> None:
    """Remove every folder before the process ends. Another one may still write to one, so it is tried for a moment."""
    if _changing.acquire(timeout=_ATTEMPTS * _PAUSE_SECONDS):
        _closed.append(True)
        _changing.release()
    for folder in [*_made]:
        for _ in range(_ATTEMPTS):
            _remove(folder)
            if not Path(folder).exists():
                break
            time.sleep(_PAUSE_SECONDS)
        _made.discard(folder)


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
