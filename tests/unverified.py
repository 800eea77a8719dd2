"""Models that many tests look at, inspected without running them: once, whichever process of the tests comes first."""

from __future__ import annotations

import os
import pickle
from functools import cache
from pathlib import Path

from strideinspect import Report, inspect

_KEPT: list[Path] = []
"""The folder that the processes of a test run share."""


def keep_in(folder: Path) -> None:
    """Share reports in this folder, which belongs to one run of the tests."""
    folder.mkdir(exist_ok=True)
    _KEPT[:] = [folder]


@cache
def unverified(path: Path) -> Report:
    """The report on a file that does not change while the tests run. Do not change it."""
    kept = _KEPT[0] / f"{path.name}.pickle"
    if kept.exists():
        report: Report = pickle.loads(kept.read_bytes())  # noqa: S301  # written below
        return report
    report = inspect(path, verify="none")
    # Another process may be reading: it must not see a part of the file.
    part = kept.with_suffix(f".{os.getpid()}")
    part.write_bytes(pickle.dumps(report))
    part.replace(kept)
    return report
