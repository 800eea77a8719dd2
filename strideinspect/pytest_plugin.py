"""`pytest --strideinspect`: every `.onnx` file is a test that fails with what is wrong with the model.

The project's configuration says what that is (`fail-on`, rules, input shapes, a baseline). pytest loads this module on
every run of everybody who has the package: without the option it imports nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr, TracebackStyle


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that turns models into tests."""
    parser.getgroup("strideinspect").addoption(
        "--strideinspect", action="store_true", help="inspect every .onnx file; one with findings is a failed test"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a model, if that was asked for."""
    if parent.config.getoption("--strideinspect") and file_path.suffix.lower() == ".onnx":
        return ModelFile.from_parent(parent, path=file_path)
    return None


class ModelFile(pytest.File):
    """An ONNX file, which holds one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """The inspection of the model."""
        yield ModelItem.from_parent(self, name="strideinspect")


class ModelItem(pytest.Item):
    """A test that inspects a model under its project's settings."""

    def runtest(self) -> None:
        """Raise AssertionError with the findings, StrideinspectError where there is nothing to inspect."""
        from strideinspect.configuration.find import settings_for
        from strideinspect.testing import failure

        found = failure(self.path, settings_for(self.path))
        if found:
            raise AssertionError(found)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """What was found and what to do; a traceback through this package would help nobody."""
        from strideinspect.errors import StrideinspectError

        if isinstance(excinfo.value, AssertionError | StrideinspectError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, no line in it, and a heading."""
        return self.path, None, f"strideinspect {self.path.name}"
