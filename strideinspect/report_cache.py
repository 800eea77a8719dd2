"""Reports of models that have not changed, kept in the user's cache folder.

A report is kept under everything that it depends on: what the file system says of the model's file (and of the files
with its weights, where they are run), the settings, the baseline, and the code that made it: this package's own files,
onnx, onnxruntime, numpy and Python. Whatever differs makes another key, and the model is inspected again.
"""

from __future__ import annotations

import os
import pickle
import platform
import tempfile
import time
from contextlib import suppress
from functools import cached_property
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING

from strideinspect import limits
from strideinspect.processes import interrupts
from strideinspect.results.report import Report
from strideinspect.results.verdict import Verdict

if TYPE_CHECKING:
    from strideinspect.fleet import Task

ENVIRONMENT = "STRIDEINSPECT_CACHE_DIR"
"""The variable that names another folder."""
_RUNTIME = ("onnx", "onnxruntime", "numpy")
_PLUGINS = ("strideinspect.rules", "strideinspect.operators")


def default_folder() -> Path:
    """Where the platform keeps caches, or the folder that the environment names."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    import platformdirs  # only needed where nobody names a folder

    return Path(platformdirs.user_cache_dir("strideinspect", appauthor=False))


class ReportCache:
    """Reports in a folder of the user's own.

    Nothing is kept where another package adds rules or operators, whose code may change without notice. A folder that
    cannot be read or written, or is not the user's own, is no cache; that is no error.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, task: Task) -> str | None:
        """What the task's report is kept under, as things are now; None where it must not be kept."""
        if self._code is None or task.failed is not None:
            return None
        model = _state(Path(task.path))
        baseline = "" if task.settings.baseline is None else _state(task.settings.baseline)
        if model is None or baseline is None or not _settled(Path(task.path)):
            return None
        import hashlib  # loads a library of its own, which a model that must not be kept does not need

        whole = (self._code, task.path, os.path.realpath(task.path), model, repr(task.settings), baseline)
        return hashlib.sha256(repr(whole).encode("utf-8", "surrogatepass")).hexdigest()

    def get(self, key: str) -> Report | None:
        """The report that is kept under a key, if it still holds."""
        try:
            beside, report = pickle.loads(self._file(key).read_bytes())  # noqa: S301  # `_usable`: only we write there
            holds = isinstance(report, Report) and all(_state(Path(file)) == state for file, state in beside)
        except Exception:  # noqa: BLE001  # a damaged entry can raise anything, and is as good as none
            return None
        if not holds:
            return None
        with suppress(OSError):  # the time of its last use, which `tidy` looks at
            os.utime(self._file(key))
        kept: Report = report
        return kept

    def put(self, key: str, task: Task, report: Report) -> None:
        """Keep a report, if the next inspection is sure to say the same, and the model is still the one inspected."""
        if not _is_final(task, report):
            return
        beside = []
        if task.settings.verify == "full" or task.settings.erf:
            from strideinspect.model.external_files import external_files  # imports onnx

            beside = [(str(file), _state(file)) for file in external_files(task.path)]
        if self.key(task) != key:
            return
        data = pickle.dumps((beside, report), protocol=5)
        with interrupts.held():  # the temporary file must not be left
            self._write(self._file(key), data)

    def tidy(self) -> None:
        """Remove what has not been used for a month, and the oldest entries where there are too many."""
        if not self._usable:
            return
        entries = []
        for file in self._folder.glob("*/*.report"):
            try:
                entries.append((file.stat().st_mtime, file))
            except OSError:
                continue  # another run has removed it
        entries.sort(reverse=True)
        old = time.time() - limits.CACHE_SECONDS
        for number, (used, file) in enumerate(entries):
            if number >= limits.CACHED_REPORTS or used < old:
                file.unlink(missing_ok=True)

    @cached_property
    def _code(self) -> str | None:
        """What the code is that makes reports; None where it is not ours alone, or there is no folder."""
        if not self._usable or any(entry_points(group=group) for group in _PLUGINS):
            return None
        own = Path(__file__).parent
        files = sorted(own.rglob("*.py"))
        states = [(str(file.relative_to(own)), _state(file)) for file in files]
        others = [(package, version(package)) for package in _RUNTIME]
        return repr((platform.python_version(), platform.machine(), others, states))

    @cached_property
    def _usable(self) -> bool:
        """Whether the folder is there, or can be made, and nobody else can write in it: what is read is executed."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self._folder.stat()
        except OSError:
            return False
        if not hasattr(os, "getuid"):  # Windows: the user's own folders are closed to others
            return True
        return status.st_uid == os.getuid() and not status.st_mode & 0o022

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.report"

    def _write(self, file: Path, data: bytes) -> None:
        """Write a file at once, so that a run beside this one never reads half of it."""
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=file.parent)
        except OSError:
            return  # a full disk or a folder that is gone: there is no cache
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            temporary.replace(file)
        except OSError:
            temporary.unlink(missing_ok=True)


def _is_final(task: Task, report: Report) -> bool:
    """Whether another inspection would say the same: no verification that ran out of time, or lost its process."""
    verification = report.verification
    if task.settings.verify == "none":
        return True
    if verification.status is Verdict.NOT_CHECKED or verification.seconds is None:
        return False
    return verification.seconds < task.settings.verify_timeout / 2


def _settled(file: Path) -> bool:
    """Whether a later change would change the file's state: not where it was changed a moment ago."""
    return time.time() - file.stat().st_ctime > limits.SETTLED_SECONDS


def _state(file: Path) -> str | None:
    """What the file system says of a file: any change to its content changes one of these; None without one."""
    try:
        s = file.stat()
    except (OSError, ValueError):
        return None
    return f"{s.st_dev}:{s.st_ino}:{s.st_size}:{s.st_mtime_ns}:{s.st_ctime_ns}"
