"""Running commands as whole processes, in turn, and what each took. Imports nothing heavy.

A process' peak memory as the system reports it is at least that of the process that started it, so that this one has
to stay small: models are built in a process of their own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TOO_LONG = 600.0
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Run:
    """One run: wall-clock and processor seconds, and the peak memory in MiB of the process and those it started."""

    seconds: float
    processor: float
    mebibytes: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The counted runs of one command."""

    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """Median wall-clock time."""
        return median(run.seconds for run in self.runs)

    @property
    def mebibytes(self) -> float:
        """Median peak memory."""
        return median(run.mebibytes for run in self.runs)

    def times(self, other: Figures) -> tuple[float, float]:
        """How many times as long as another command, by the clock and by the processors: medians over runs in turn."""
        pairs = list(zip(self.runs, other.runs, strict=True))
        return median(a.seconds / b.seconds for a, b in pairs), median(a.processor / b.processor for a, b in pairs)


class FailedRunError(Exception):
    """A command ended with an exit status that is none of its own, or took too long; the text says which."""


def measured(
    commands: Mapping[str, Sequence[str]], count: int, *, warm: bool
) -> tuple[dict[str, Figures], dict[str, str]]:
    """Every command `count` times, in turn (A B C A B C …), and once before, uncounted, if it is to be `warm`.

    What could not be run is left out of the figures, and the second answer says why.
    """
    failed: dict[str, str] = {}
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(count + warm):
        for name, command in commands.items():
            if name in failed:
                continue
            try:
                run = _run(command)
            except FailedRunError as error:
                failed[name] = str(error)
                continue
            if turn >= warm:
                runs[name].append(run)
    return {name: Figures(tuple(found)) for name, found in runs.items() if name not in failed}, failed


def _run(command: Sequence[str]) -> Run:
    # Python must be allowed to keep what it compiles, or every start compiles the package again.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    peaks: dict[int, int] = {}
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(process.pid, peaks, ended))
    watching.start()
    timer = threading.Timer(TOO_LONG, process.kill)
    timer.start()
    complaints = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    timer.cancel()
    ended.set()
    watching.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: an inspector found something
        last = complaints.decode(errors="replace").strip().splitlines()[-1:]
        raise FailedRunError(f"exit status {process.returncode}" + "".join(f": {line}" for line in last))
    largest = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Run(seconds, usage.ru_utime + usage.ru_stime, max(largest, sum(peaks.values()) / (1 << 10)))


def _watch(pid: int, peaks: dict[int, int], ended: threading.Event) -> None:
    """Keep the highest memory of a process and of all that it starts, in KiB, as far as the system tells."""
    while _PROC.is_dir() and not ended.wait(0.01):
        for member in _family(pid):
            status = _read(_PROC / str(member) / "status")
            peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
            if peak is not None:
                peaks[member] = int(peak)


def _family(pid: int) -> list[int]:
    found = [pid]
    for member in found:
        with contextlib.suppress(OSError):  # it has just ended
            for task in (_PROC / str(member) / "task").iterdir():
                found.extend(map(int, _read(task / "children").split()))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has just ended
        return ""
