"""For the tests of a project: `assert_clean("exports/detector.onnx")` fails with the findings of the model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from strideinspect import arguments
from strideinspect.errors import StrideinspectError
from strideinspect.settings import InputShapes, InputValues, Settings, Verify, overridden

WIDTH = 100
"""Columns of the findings' text."""


def assert_clean(
    path: str | os.PathLike[str],
    *,
    fail_on: Literal["note", "warning", "error"] = "warning",
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    select: str | Sequence[str] | None = None,
    ignore: str | Sequence[str] | None = None,
    expect: str | Sequence[str] | None = None,
    verify: Verify | None = None,
    baseline: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
) -> None:
    """Inspect an ONNX file and fail the test for findings of severity `fail_on` or higher.

    Args:
        path: The file.
        fail_on: The lowest severity that fails; it replaces that of the settings.
        input_shapes: As for `strideinspect.inspect`, like `select`, `ignore`, `expect` and `verify`.
        input_values: Values of inputs that decide shapes or branches, such as `{"sr": 16000}`.
        select: Only these rules or groups.
        ignore: All rules or groups but these.
        expect: Assertions on geometry, such as `"logits:size=427,stride=32"`.
        verify: Whether onnxruntime is run: `"none"`, `"run"` or `"full"`.
        baseline: A file of accepted findings, which do not fail.
        settings: What holds where an argument is None; the project's configuration (`settings_for(path)`) if not given.

    Raises:
        AssertionError: There are such findings; the message is their text.
        StrideinspectError: The model cannot be inspected or an argument is wrong, as `strideinspect.inspect` says.
    """
    __tracebackhide__ = True
    from strideinspect.configuration.find import settings_for

    model = arguments.model(path)
    asked = overridden(
        settings_for(model) if settings is None else settings,
        fail_on=arguments.severity(fail_on, "fail_on"),
        input_shapes=input_shapes,
        input_values=input_values,
        select=select,
        ignore=ignore,
        expect=expect,
        verify=verify,
        baseline=baseline,
    )
    try:
        findings = failure(model, asked)
    except StrideinspectError as error:
        # The message says all; how this package came to it is of no use in the log of somebody's tests.
        raise error.with_traceback(None) from None
    if findings:
        raise AssertionError(findings)


def failure(path: str | os.PathLike[str], settings: Settings) -> str:
    """The findings of a model that its settings fail on, as text; "" where there are none.

    Raises StrideinspectError where the model cannot be inspected.
    """
    if settings.fail_on is None:
        return ""
    from strideinspect.api import inspect
    from strideinspect.report import text
    from strideinspect.report.layout import plain
    from strideinspect.repository import Repository, root

    report = inspect(path, settings=settings)
    document = text.render_quiet(report, width=WIDTH, show=settings.fail_on, files=Repository(root(Path.cwd())))
    return plain(document).rstrip("\n")
