"""A model from standard input, named `-` on the command line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, structs

from strideinspect.errors import StrideinspectError, UsageError
from strideinspect.fleet import Result
from strideinspect.processes import temporary_folders
from strideinspect.results.report import FailedReport

DASH, NAME = "-", "<stdin>"
"""How it is named on the command line, and in reports."""


class SavedInput(Struct, frozen=True):
    """Where standard input was saved: onnxruntime reads files. `file` is "" where no model came that way."""

    file: str = ""

    def models(self, given: Sequence[str]) -> list[str]:
        """The models on the command line as files."""
        return [self.file if model == DASH else model for model in given]

    def shown(self, path: str) -> str:
        """What to call a model: the current folder's configuration holds for standard input."""
        return NAME if path == self.file else path

    def renamed(self, result: Result) -> Result:
        """The result under the name of standard input, if it is the model from there."""
        if not self.file or result.path != self.file:
            return result
        if isinstance(result, FailedReport):
            return structs.replace(result, path=NAME, message=result.message.replace(self.file, NAME))
        return structs.replace(result, path=NAME)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors of the block name standard input instead of the file."""
        try:
            yield
        except StrideinspectError as error:
            if not self.file or self.file not in error.message:
                raise
            raise type(error)(error.message.replace(self.file, NAME), error.help) from error


NOTHING_SAVED = SavedInput()


@contextmanager
def saved(models: Sequence[str]) -> Iterator[SavedInput]:
    """Save standard input to a temporary file while the block runs, if a model is named `-`.

    Raises UsageError where standard input is a terminal.
    """
    if DASH not in models:
        yield NOTHING_SAVED
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads a model from standard input, which is a terminal", "strideinspect - < model.onnx")
    folder = temporary_folders.make()
    try:
        file = Path(folder) / "model.onnx"
        with file.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield SavedInput(str(file))
    finally:
        temporary_folders.remove(folder)
