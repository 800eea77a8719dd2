"""`pytest --strideinspect`: every `.onnx` file is a test that fails with the findings of the model.

The project's configuration decides which findings those are (`fail-on`, rules, input shapes, a baseline). pytest loads
this module in every environment that has the package installed, so it imports nothing more without the option.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr, TracebackStyle


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option --strideinspect."""
    parser.getgroup("strideinspect").addoption(
        "--strideinspect",
        action="store_true",
        help="inspect every .onnx file as a test, which fails for a finding of severity error, for one at or above "
        "fail-on where the project's configuration (strideinspect.toml, pyproject.toml) sets it, and for a model that "
        "cannot be inspected",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect an ONNX file, if the option was given."""
    if parent.config.getoption("--strideinspect") and file_path.suffix.lower() == ".onnx":
        return ModelFile.from_parent(parent, path=file_path)
    return None


class ModelFile(pytest.File):
    """An ONNX file: a collector of one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """The inspection of the model."""
        yield ModelItem.from_parent(self, name="strideinspect")


class ModelItem(pytest.Item):
    """A test that inspects a model under its project's settings."""

    def runtest(self) -> None:
        """Inspect the model.

        Raises AssertionError with the findings, StrideinspectError where the model cannot be inspected.
        """
        from strideinspect.configuration.find import settings_for
        from strideinspect.testing import failure

        findings = failure(self.path, settings_for(self.path))
        if findings:
            raise AssertionError(findings)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """The findings and what to do; a traceback through this package would not help."""
        from strideinspect.errors import StrideinspectError

        if isinstance(excinfo.value, AssertionError | StrideinspectError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, no line, and a heading."""
        return self.path, None, f"strideinspect {self.path.name}"
